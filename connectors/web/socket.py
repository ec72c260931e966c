"""One page of a visitor on a WebSocket: hello, catch up, then frames both ways.

Live events are hints. A line goes straight on when it is the next in its conversation; after any gap the page's
cursor is taken to the database, which knows what came after it. So a page gets each line once and in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed

from connectors.web.reception import Ear, Reception

log = logging.getLogger(__name__)

HELLO_WITHIN_SECONDS = 10
# Pages ping every 25 s; a page that says nothing for this long is gone, half-open or asleep.
SILENT_FOR_SECONDS = 75
MAX_FRAME_CHARS = 16_384
# A page may send this much faster than a person types before it is closed as a flood.
MAX_FRAMES_PER_SECOND = 50
# Frames that begin a turn of the conversation, and may last as long as the bot thinks.
_TURNS = ("message", "button", "person", "article", "leave_queue", "leave_message", "invitation")
TOKEN_REFUSED, ORIGIN_REFUSED, HELLO_MISSING, TOO_MANY, BAD_FRAME = 4401, 4403, 4408, 4429, 4400


class PageSocket:
    """Talks with one page until it goes or its token ends."""

    def __init__(self, socket: Any, reception: Reception) -> None:
        self._socket = socket
        self._reception = reception
        self._visitor: Any = None
        self._cursor = 0
        self._conversation = ""
        self._seq = 0
        self._sending = asyncio.Lock()
        self._second = 0
        self._frames_in_second = 0
        self._leaving = False
        self._turns: set[asyncio.Task[bool]] = set()

    async def run(self) -> None:
        """Until the page goes."""
        try:
            hello = await self._hello()
            if hello is None:
                return
            ear = self._reception.listen(self._visitor)
            try:
                if not await self._reception.still_valid(self._visitor):  # signed out just before we listened
                    await self._socket.close(TOKEN_REFUSED, "signed out")
                    return
                await self._welcome(hello)
                await self._talk(ear)
            finally:
                ear.close()
        except ConnectionClosed:
            return

    async def _hello(self) -> Mapping[str, Any] | None:
        try:
            frame = _parsed(await asyncio.wait_for(self._socket.recv(), HELLO_WITHIN_SECONDS))
        except asyncio.TimeoutError:
            frame = None
        if frame is None or frame.get("type") != "hello":
            await self._socket.close(HELLO_MISSING, "hello expected")
            return None
        try:
            self._visitor = await self._reception.visitor_of(frame.get("token"))
        except Exception as exc:
            if getattr(exc, "code", "") != "token_refused":
                raise
            await self._socket.close(TOKEN_REFUSED, "token refused")
            return None
        return frame

    async def _welcome(self, hello: Mapping[str, Any]) -> None:
        after = hello.get("after")
        whole = isinstance(after, int) and not isinstance(after, bool) and 0 <= after < 2**53
        caught_up = await self._reception.catch_up(self._visitor, after if whole else None)
        self._note_cursor(caught_up["messages"], caught_up["cursor"])
        await self._send({"type": "ready", **caught_up})

    async def _talk(self, ear: Ear) -> None:
        tasks = [asyncio.create_task(self._listen(ear)), asyncio.create_task(self._read())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(ConnectionClosed):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            try:
                raw = await asyncio.wait_for(self._socket.recv(), SILENT_FOR_SECONDS)
            except asyncio.TimeoutError:
                await self._socket.close(1001, "silent")
                return
            if self._is_flood():
                await self._socket.close(TOO_MANY, "too many frames")
                return
            frame = _parsed(raw)
            if frame is None:
                await self._send({"type": "error", "code": "bad_input", "message": "A frame is a JSON object."})
                continue
            if frame.get("type") in _TURNS:
                # The bot's turn may last; pings and a wish for a person must not wait behind it. The turns
                # themselves keep the order in which they began.
                task = asyncio.create_task(self._take(frame))
                self._turns.add(task)
                task.add_done_callback(self._turns.discard)
            elif not await self._take(frame):
                return

    async def _take(self, frame: Mapping[str, Any]) -> bool:
        """Pass a frame on and send what comes back; False when this socket's visitor is no more."""
        try:
            # What this page itself ends must not close its socket before it has the new session.
            self._leaving = frame.get("type") in ("identify", "logout")
            for answer in await self._reception.take(self._visitor, frame):
                await self._send(answer)
                if answer["type"] == "session" and not await self._is_still(answer):
                    await self._socket.close(TOKEN_REFUSED, "identity changed")
                    return False
        except ConnectionClosed:
            return False
        return True

    async def _is_still(self, session: Mapping[str, Any]) -> bool:
        """Whether a new session is of the same visitor; this socket then goes on, with what is known of them now."""
        self._leaving = False
        fresh = await self._reception.visitor_of(session["token"])
        if fresh.id != self._visitor.id:
            return False
        self._visitor = fresh
        return True

    async def _listen(self, ear: Ear) -> None:
        while True:
            event = await ear.next()
            if event is None:
                continue
            kind = event.get("kind")
            if kind == "revoked":
                if self._leaving:
                    continue
                await self._socket.close(TOKEN_REFUSED, "signed out")
                return
            if kind == "message":
                await self._message(event)
            elif kind == "typing":
                await self._send({"type": "typing", **{k: v for k, v in event.items() if k != "kind"}})
            elif kind == "state":
                await self._catch_up()
            elif kind == "lagged":
                if not await self._reception.still_valid(self._visitor):
                    await self._socket.close(TOKEN_REFUSED, "signed out")
                    return
                await self._catch_up()

    async def _message(self, event: Mapping[str, Any]) -> None:
        message = event["message"]
        if message["id"] <= self._cursor:
            return
        if message["conversation"] == self._conversation and event["seq"] == self._seq + 1:
            self._cursor, self._seq = message["id"], event["seq"]
            await self._send({"type": "message", "message": message})
        else:
            await self._catch_up()
            self._conversation, self._seq = message["conversation"], event["seq"]

    async def _catch_up(self) -> None:
        caught_up = await self._reception.catch_up(self._visitor, self._cursor)
        for message in caught_up["messages"]:
            await self._send({"type": "message", "message": message})
        if caught_up["messages"]:
            # How many places lie between is unknown here (notes are not shown), so the next line asks again.
            self._note_cursor(caught_up["messages"], caught_up["cursor"])
        await self._send({"type": "state", "state": caught_up["state"]})

    def _note_cursor(self, messages: list[Any], cursor: int) -> None:
        self._cursor = max(self._cursor, cursor)
        self._conversation, self._seq = "", 0

    async def _send(self, frame: Mapping[str, Any]) -> None:
        async with self._sending:
            await self._socket.send(json.dumps(frame, ensure_ascii=False))

    def _is_flood(self) -> bool:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._frames_in_second = second, 0
        self._frames_in_second += 1
        return self._frames_in_second > MAX_FRAMES_PER_SECOND


def _parsed(raw: object) -> dict[str, Any] | None:
    if not isinstance(raw, str) or len(raw) > MAX_FRAME_CHARS:
        return None
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) else None
