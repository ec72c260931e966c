"""Giving waiting tickets to agents, at each change of who waits or who is free, and now and then anyway."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from sqlalchemy.engine import Connection

from handoff import presence, routing
from handoff.clock import Clock
from handoff.database import Database
from handoff.floor import Floor
from handoff.records import Conversation, Message, Ticket
from handoff.sweeper import Sweeper
from handoff.teams import TeamsFile

log = logging.getLogger(__name__)

# What no event tells: a shift that begins, hours that open, a page that is not heard of any more.
LOOK_EVERY_SECONDS = 5.0


class Router:
    """Gives waiting tickets to agents: at each change of who waits or who is free, and now and then anyway."""

    def __init__(self, database: Database, floor: Floor, teams: TeamsFile, clock: Clock) -> None:
        self._database = database
        self._floor = floor
        self._teams = teams
        self._clock = clock

    async def drain(self) -> int:
        """Give out all that can be given out now. Returns how many tickets that were."""
        given = 0
        while True:
            # Looking costs no writer's time; most looks find nothing.
            if await self._database.read(self._next) is None:
                return given
            done = await self._database.write(self._give_next)
            if done is None:
                return given
            conversation, lines = done
            given += 1
            log.info("Ticket given out", extra={"event": "ticket_assigned", "agent_id": conversation.agent_id})
            await self._floor.tell_and_deliver(conversation, lines, queue=True)

    def _next(self, connection: Connection) -> tuple[Ticket, presence.Colleague] | None:
        return routing.next_assignment(connection, self._teams.current, self._clock())

    def _give_next(self, connection: Connection) -> tuple[Conversation, Sequence[Message]] | None:
        found = self._next(connection)
        return self._floor.give(connection, *found) if found else None

    async def run(self, sweeper: Sweeper) -> None:
        """For ever: drain when the queue changes, sweep and drain every few seconds."""
        changed = asyncio.Event()
        loop_time = asyncio.get_running_loop().time
        sweep_at = loop_time()

        def look_again(sweep: bool) -> None:
            nonlocal sweep_at
            sweep_at = loop_time() if sweep else sweep_at
            changed.set()

        self._floor.on_queue_change = look_again
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(changed.wait(), max(0.0, sweep_at - loop_time()) or 0.01)
            changed.clear()
            try:
                if loop_time() >= sweep_at:
                    sweep_at = loop_time() + LOOK_EVERY_SECONDS
                    await sweeper.sweep()
                await self.drain()
            except Exception:
                log.exception("Giving out tickets failed", extra={"event": "routing_failed"})
