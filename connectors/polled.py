"""A channel whose messages we fetch: the base of input channels without a webhook."""

from __future__ import annotations

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.own import OnNewMessage, OwnChannel
from connectors.served import while_served


class Polled(OwnChannel):
    """An input channel of Rasa that runs beside the server. A channel writes `name`, `from_credentials`, `poll` and
    `get_output_channel`."""

    brings_again = True

    async def poll(self, on_new_message: OnNewMessage) -> None:
        """Bring messages until cancelled. A message for which `on_new_message` raises is brought again later."""
        raise NotImplementedError

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """A route that says we are here, and the fetching, which lives as long as the server."""
        routes = Blueprint(f"{self.name()}_poll", __name__)

        @routes.get("/", name="health")
        async def health(_request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        while_served(routes, lambda: self.poll(on_new_message))
        return routes
