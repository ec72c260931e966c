"""Care for the stock channel of pages that speak Socket.IO: socketio.

It has no proof of who writes, so it is mounted on the operator's word alone.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import OutputChannel
from rasa.core.channels.socketio import SocketIOOutput

from connectors.output import DeliveryFailed, Limits
from connectors.stock.care import Care, Kept, Reach

LONGEST_SESSION_ID = 120
Handler = Callable[[str, Any], Awaitable[None]]


def _namespace(kept: Kept) -> str:
    return str(kept.channel.namespace or "/")


async def _start(kept: Kept) -> None:
    """The channel leaves out its own namespace, and waits for nobody who enters a room."""
    server, namespace, emit = kept.channel.sio, _namespace(kept), kept.channel.sio.emit

    async def emit_there(event: str, *said: Any, **where: Any) -> None:
        await emit(event, *said, **{"namespace": namespace, **where})

    def enter_room(page: str, room: str) -> None:
        server.manager.basic_enter_room(page, namespace, room)

    server.emit, server.enter_room = emit_there, enter_room

    def is_page(session: str) -> bool:
        return bool(server.manager.is_connected(session, namespace))

    handlers = server.handlers[namespace]
    for event in ("session_request", kept.channel.user_message_evt):
        handlers[event] = _careful(handlers[event], str(kept.channel.metadata_key), is_page)


def _careful(handle: Handler, metadata_key: str, is_page: Callable[[str], bool]) -> Handler:
    """Only for what the channel can read: an error in it would be nobody's. And under a session of nobody's page: what
    is said to a page goes to the session of its name."""

    async def careful(page: str, said: Any = None) -> None:
        readable = _readable({} if said is None else said, metadata_key)
        if readable is not None and not is_page(str(readable.get("session_id"))):
            await handle(page, readable)

    return careful


def _readable(said: Any, metadata_key: str) -> dict[str, Any] | None:
    if not isinstance(said, dict):
        return None
    session, words = said.get("session_id"), said.get("message")
    if not (session is None or (isinstance(session, str) and 0 < len(session) <= LONGEST_SESSION_ID)):
        return None
    if not (words is None or isinstance(words, str)):
        return None
    return {**said, "message": words or "", metadata_key: _metadata(said.get(metadata_key))}


def _metadata(given: Any) -> dict[str, Any]:
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class _ToOpenPages(SocketIOOutput):
    """Says so when no page of the customer is open: the library sends into the empty room."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.channel.sio, kept.channel.bot_message_evt)
        self._namespace = _namespace(kept)
        # Without a session the customer is the connection, and that does not come back.
        self._comes_back = bool(kept.channel.session_persistence)

    async def _send_message(self, socket_id: str, response: Any) -> None:
        if not any(self.sio.manager.get_participants(self._namespace, socket_id)):
            reason = "unreachable" if self._comes_back else "unknown_recipient"
            raise DeliveryFailed(reason, "no page is open", permanent=not self._comes_back)
        await super()._send_message(socket_id, response)


def _output(kept: Kept, _reach: Reach) -> OutputChannel:
    return _ToOpenPages(kept)


SOCKETIO = Care(
    output=_output,
    start=_start,
    limits=Limits(text=20_000, buttons=50, button_title=200, images=True),
)
