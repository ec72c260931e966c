"""A channel whose provider posts events to us: the base of our input channels.

The order is fixed here: is it the provider (over the raw bytes), parse, hand over each event (messages as they were
written), acknowledge. The gateway's `on_new_message` returns when the message is stored, and the bot answers
afterwards; plain Rasa's returns when the bot has answered.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable
from typing import Any

from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.events import CustomerMessage, Event, Incoming, Linked, Receipt, in_their_order
from connectors.own import OnNewMessage, OwnChannel

log = logging.getLogger(__name__)

# What reading one event may raise when it is not what the provider documents.
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


class Webhook(OwnChannel):
    """An input channel of Rasa with its order fixed. A channel writes `name`, `from_credentials`, `is_genuine`,
    `events_in`, `read` and `get_output_channel`; the rest where its provider differs."""

    # -- what a channel writes -----------------------------------------------------------------------------------

    def is_genuine(self, request: Request) -> bool:
        """Whether the provider sent this, seen from the raw body and the headers, in constant time."""
        raise NotImplementedError

    def events_in(self, body: Any) -> Iterable[Any]:
        """The events of a request, unread."""
        raise NotImplementedError

    def read(self, event: Any) -> Event | None:
        """One event, read. An event that cannot be read may raise what Python raises; the others are kept."""
        raise NotImplementedError

    # -- what a channel may write --------------------------------------------------------------------------------

    def parse(self, request: Request) -> Any:
        """The body; JSON unless the channel says otherwise. Raises ValueError."""
        body = json.loads(request.body, parse_float=finite, parse_constant=finite)
        if not isinstance(body, dict):
            raise ValueError("no object")
        return body

    def handshake(self, request: Request) -> HTTPResponse:
        """What a GET is answered, where a provider checks the address so."""
        return response.json({"status": "ok"})

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """What the provider wants to hear when all is stored."""
        return response.json({})

    # -- the order -----------------------------------------------------------------------------------------------

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """The routes, as Rasa asks for them."""
        routes = Blueprint(f"{self.name()}_webhook", __name__)

        @routes.get("/", name="health")
        async def health(_request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.get("/webhook", name="handshake")
        async def handshake(request: Request) -> HTTPResponse:
            return self.handshake(request)

        @routes.post("/webhook", name="webhook")
        async def webhook(request: Request) -> HTTPResponse:
            return await self.take(request, on_new_message)

        return routes

    async def take(self, request: Request, on_new_message: OnNewMessage) -> HTTPResponse:
        """One request of the provider, from top to bottom."""
        if not self.is_genuine(request):
            self.exchange.unused("forged")
            return _refused(403, "not_genuine", "This request does not carry the provider's proof.")
        try:
            body = self.parse(request)
        except (ValueError, RecursionError):
            self.exchange.unused("unreadable")
            return _refused(400, "bad_input", "The body cannot be read.")
        if not await self._take_all(self._events_of(body), on_new_message):
            # The provider tries again later; what was stored the first time is known then.
            return _refused(503, "not_stored", "Try again.")
        return self.acknowledgement(request)

    def _events_of(self, body: Any) -> list[Any]:
        try:
            return list(self.events_in(body))
        except _UNREADABLE:
            self.exchange.unused("unreadable")
            return []

    async def _take_all(self, raw: Iterable[Any], on_new_message: OnNewMessage) -> bool:
        """Read what came together, and hand over each. False when one could not be stored; the others are."""
        are_stored = True
        for event in in_their_order([self._read(one) for one in raw]):
            are_stored = await self._hand_over(event, on_new_message) and are_stored
        return are_stored

    def _read(self, raw: Any) -> Event | None:
        try:
            return self.read(raw)
        except _UNREADABLE as exc:
            log.warning(
                "An event could not be read",
                extra={"event": "event_unreadable", "channel": self.name(), "error": type(exc).__name__},
            )
            self.exchange.unused("unreadable")
            return None

    async def _hand_over(self, event: Event | None, on_new_message: OnNewMessage) -> bool:
        try:
            if isinstance(event, Incoming):
                await on_new_message(CustomerMessage(event, self.get_output_channel(), self.name()))
            elif isinstance(event, Receipt):
                await self.exchange.receipt(event)
            elif isinstance(event, Linked):
                await self.exchange.linked(event)
            elif event is not None:
                self.exchange.unused(event.kind)
        except Exception:
            log.exception("An event could not be stored", extra={"event": "event_not_stored", "channel": self.name()})
            return False
        return True


def needed(credentials: dict[str, Any] | None, channel: str, *names: str) -> list[str]:
    """These settings of credentials.yml as text. Raises, naming the missing one: a channel without its secret must
    not start."""
    given = credentials or {}
    for name in names:
        if not str(given.get(name) or "").strip():
            raise InvalidConfigException(f"{channel}: `{name}` is missing in credentials.yml.")
    return [str(given[name]).strip() for name in names]


def finite(written: str) -> float:
    """A number that every database can keep. Raises ValueError."""
    number = float(written)
    if not math.isfinite(number):
        raise ValueError("no number")
    return number


def _refused(status: int, code: str, message: str) -> HTTPResponse:
    return response.json({"error": {"code": code, "message": message, "details": {}}}, status=status)
