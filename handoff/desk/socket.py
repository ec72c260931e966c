"""The desk's live socket: tickets, lines and typing as they happen. Its pings are the agent's presence."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sanic.request import Request
from sqlalchemy.engine import Connection
from websockets.exceptions import ConnectionClosed

from handoff import agents, deliveries, shapes
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.row_reader import RowReader
from handoff.desk.sessions import Sessions
from handoff.errors import NotSignedIn
from handoff.floor import DESK_TOPIC, QUEUE_TOPIC
from handoff.records import Agent

log = logging.getLogger(__name__)

HELLO_WITHIN_SECONDS = 10
# The page pings every 15 s.
SILENT_FOR_SECONDS = 50
MAX_FRAME_CHARS = 4096
# How long a look at the session is good for: who lost it otherwise than by signing out sees no more after that.
SESSION_HOLDS_FOR_SECONDS = 1
SIGNED_OUT, ORIGIN_REFUSED, HELLO_MISSING = 4401, 4403, 4408


class Ear(Protocol):
    """Live events, in order."""

    async def next(self, timeout: float | None = None) -> Mapping[str, Any] | None:
        """The next event, or None when none came in time."""

    def close(self) -> None:
        """Hear nothing more."""


class Exchange(Protocol):
    """Where to listen and tell."""

    def listen(self, *topics: str) -> Ear:
        """Hear these topics."""

    def publish(self, topic: str, event: Mapping[str, Any]) -> None:
        """Tell everybody who follows `topic`."""


class DeskSocket:
    """One page of one agent."""

    def __init__(
        self,
        request: Request,
        socket: Any,
        sessions: Sessions,
        database: Database,
        rows: RowReader,
        exchange: Exchange,
        clock: Clock,
        on_arrival: Callable[[], None],
    ) -> None:
        self._request = request
        self._socket = socket
        self._sessions = sessions
        self._database = database
        self._exchange = exchange
        self._clock = clock
        self._on_arrival = on_arrival
        self._rows = rows
        self._changed: set[str] = set()
        self._has_changed = asyncio.Event()
        self._sending = asyncio.Lock()
        self._checked_at = 0.0

    async def run(self) -> None:
        """Until the page goes or the session ends."""
        try:
            agent = await self._hello()
            if agent is None:
                return
            ear = self._exchange.listen(DESK_TOPIC)
            try:
                await self._mark_present(agent)
                await self._send({"type": "ready"})
                await self._talk(agent, ear)
            finally:
                ear.close()
        except ConnectionClosed:
            return

    async def _hello(self) -> Agent | None:
        """A cookie alone opens nothing: the page must know its CSRF token as well."""
        try:
            frame = _parsed(await asyncio.wait_for(self._socket.recv(), HELLO_WITHIN_SECONDS))
        except asyncio.TimeoutError:
            frame = {}
        if frame.get("type") != "hello":
            await self._socket.close(HELLO_MISSING, "hello expected")
            return None
        try:
            agent, csrf = await self._sessions.session_of(self._request)
        except NotSignedIn:
            await self._socket.close(SIGNED_OUT, "signed out")
            return None
        given = frame.get("csrf")
        if not isinstance(given, str) or not hmac.compare_digest(csrf.encode(), given.encode("utf-8", "replace")):
            await self._socket.close(SIGNED_OUT, "wrong token")
            return None
        if not agent.answers_customers:
            await self._socket.close(SIGNED_OUT, "not allowed")
            return None
        return agent

    async def _talk(self, agent: Agent, ear: Ear) -> None:
        works = (self._listen(ear, agent), self._read(agent), self._tell_rows())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(ConnectionClosed):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, agent: Agent) -> None:
        while True:
            try:
                frame = _parsed(await asyncio.wait_for(self._socket.recv(), SILENT_FOR_SECONDS))
            except asyncio.TimeoutError:
                await self._socket.close(1001, "silent")
                return
            if not await self._is_signed_in():
                return
            if frame.get("type") == "ping":
                await self._mark_present(agent)
                await self._send({"type": "pong"})

    async def _mark_present(self, agent: Agent) -> None:
        now = self._clock()

        def work(connection: Connection) -> tuple[bool, bool]:
            before = agents.present(connection, now)
            known = agents.by_id(connection, agent.id)
            agents.seen(connection, agent.id, now)
            return before == 0, known is None or not agents.is_present(known, now)

        is_first, has_arrived = await self._database.write(work)
        if has_arrived:
            self._on_arrival()
        if is_first:
            # The first person at the desk: pages that said "nobody is there" ask again.
            self._exchange.publish(QUEUE_TOPIC, {"kind": "state"})

    async def _listen(self, ear: Ear, agent: Agent) -> None:
        while True:
            event = await ear.next()
            if event is None:
                continue
            if event.get("kind") == "signed_out":
                self._checked_at = 0.0
            if event.get("kind") == "row":
                self._changed.add(str(event["conversation"]))
                self._has_changed.set()
                continue
            if not await self._is_signed_in():
                return
            frame = await self._frame_for(event, agent)
            if frame is not None:
                await self._send(frame)

    async def _tell_rows(self) -> None:
        """Conversations as they look in a list, beside the lines themselves, which wait for no reading."""
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            changed, self._changed = self._changed, set()
            for row in (await self._rows.of(changed)).values():
                if not await self._is_signed_in():
                    return
                await self._send({"type": "conversation", "conversation": row})

    async def _is_signed_in(self) -> bool:
        """Whether the session still holds; closes the socket when it does not. Asked before anything is shown."""
        now = asyncio.get_running_loop().time()
        if now - self._checked_at < SESSION_HOLDS_FOR_SECONDS:
            return True
        try:
            await self._sessions.session_of(self._request)
        except NotSignedIn:
            await self._socket.close(SIGNED_OUT, "signed out")
            return False
        self._checked_at = now
        return True

    async def _frame_for(self, event: Mapping[str, Any], agent: Agent) -> dict[str, Any] | None:
        kind = event.get("kind")
        if kind in ("inbox", "lagged"):
            return {"type": "inbox"}
        if kind == "visitors":
            return {"type": "visitors"}
        if kind == "came" and event["agent"] == agent.id:
            return {"type": "came", "conversation": event["conversation"]}
        if kind == "canned_replies":
            return {"type": "canned_replies"}
        if kind == "customer":
            return {"type": "customer", **{name: event[name] for name in ("conversation", "record", "version")}}
        if kind == "ticket":
            return {"type": "ticket", "ticket": event["ticket"]}
        if kind == "message":
            return {"type": "message", "conversation": event["conversation"], "message": event["message"]}
        if kind == "escalated" and agent.may_take_over:
            return {"type": "escalated", "ticket": event["ticket"]}
        if kind == "typing":
            return {"type": "typing", "conversation": event["conversation"], "typing": event["typing"]}
        if kind == "delivery":
            return {"type": "delivery", "conversation": event["conversation"], "deliveries": await self._now(event)}
        if kind == "rated":
            return {"type": "rated", "conversation": event["conversation"]}
        if kind == "promise":
            return {"type": "promise", "stage": event["stage"], "promise": event["promise"]}
        if kind == "read":
            return {"type": "read", "conversation": event["conversation"], "seq": event["seq"]}
        if kind == "mention" and agent.login in event["logins"]:
            return {"type": "mention", "conversation": event["conversation"], "by": event["by"]}
        if kind in ("invited", "woke") and event["agent"] == agent.id:
            return {"type": kind, "conversation": event["conversation"], "by": event["by"]}
        return None

    async def _now(self, event: Mapping[str, Any]) -> dict[str, Any]:
        ids = [int(one) for one in event["messages"]]
        found = await self._database.read(lambda c: deliveries.standing_of(c, ids))
        return {str(one): shapes.delivery(standing) for one, standing in found.items()}

    async def _send(self, frame: Mapping[str, Any]) -> None:
        async with self._sending:
            await self._socket.send(json.dumps(frame, ensure_ascii=False))


def _parsed(raw: object) -> dict[str, Any]:
    if not isinstance(raw, str) or len(raw) > MAX_FRAME_CHARS:
        return {}
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return frame if isinstance(frame, dict) else {}
