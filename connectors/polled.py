"""A channel whose messages we fetch: the base of input channels without a webhook."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.own import OnNewMessage, OwnChannel


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
        tasks: list[asyncio.Task[None]] = []

        @routes.get("/", name="health")
        async def health(_request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.listener("after_server_start")
        async def begin(_app: Any, _loop: Any) -> None:
            tasks.append(asyncio.get_running_loop().create_task(self.poll(on_new_message)))

        @routes.listener("before_server_stop")
        async def end(_app: Any, _loop: Any) -> None:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        return routes
