"""The sweeper: what time does to the queue, and what must not be is put right. Each repair is logged.

Time: who took a customer and said nothing loses them to the next, three times, then to a supervisor; who went away
loses those who wait for a word; a ticket that nobody takes is offered to more people. All of it is found by looking at
the database, so that a restart, or a gateway that died, loses nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.engine import Connection

from handoff import agents, impossible, routing, tickets
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import HandoffError
from handoff.floor import DESK_TOPIC, Floor
from handoff.models import Presence, Stage
from handoff.records import Agent, Ticket
from handoff.teams import Teams, TeamsFile

log = logging.getLogger(__name__)

# A page that was not heard of for so long will not come back at once; until then its customers wait for it.
LOST_FOR = timedelta(minutes=3)


@dataclass(frozen=True)
class Sweep:
    """What one look did."""

    passed_on: int
    widened: int
    repaired: int

    @property
    def changed_anything(self) -> bool:
        return bool(self.passed_on or self.widened or self.repaired)


class Sweeper:
    """Looks again and again; each step is a transaction of its own and does nothing when it is late."""

    def __init__(self, database: Database, floor: Floor, teams: TeamsFile, clock: Clock) -> None:
        self._database = database
        self._floor = floor
        self._teams = teams
        self._clock = clock

    async def sweep(self) -> Sweep:
        """One look at everything."""
        repaired = await self._repair()
        passed_on = await self._pass_on()
        widened = await self._widen()
        return Sweep(passed_on, widened, repaired)

    async def _pass_on(self) -> int:
        held = await self._database.read(lambda c: self._without_a_word(c, self._teams.current, self._clock()))
        done = 0
        for ticket, reason, is_silent in held:
            done += await self._floor.put_back_first(ticket, reason, is_silent)
        return done

    def _without_a_word(self, connection: Connection, teams: Teams, now: datetime) -> list[tuple[Ticket, str, bool]]:
        """Tickets to take away: why, and whether it counts as passed on."""
        here = {one.id: one for one in agents.at_desk(connection, now)}
        found = []
        for ticket, unanswered in tickets.held(connection):
            holder = here.get(ticket.claimed_by or 0)
            if ticket.reply_due_at is not None:
                if holder is None or holder.presence is not Presence.ONLINE:
                    found.append((ticket, "agent away", False))
                elif ticket.reply_due_at <= now:
                    found.append((ticket, "no first reply", True))
            elif unanswered and self._is_gone(connection, ticket, holder, now):
                found.append((ticket, "agent away", False))
        return found

    def _is_gone(self, connection: Connection, ticket: Ticket, holder: Agent | None, now: datetime) -> bool:
        if holder is not None:
            return holder.presence is Presence.OFFLINE
        last = agents.by_id(connection, ticket.claimed_by)
        return last is None or last.seen_at is None or last.seen_at < now - LOST_FOR

    async def _widen(self) -> int:
        now, teams = self._clock(), self._teams.current

        def work(connection: Connection) -> list[Ticket]:
            widened = []
            soonest = min(team.fallback_after for team in teams.by_id.values())
            for ticket in tickets.narrow(connection, now - soonest):
                stage = _stage_due(ticket, teams, now)
                if stage is not None and tickets.widen(connection, ticket, stage):
                    widened.append(tickets.find(connection, ticket.id))
            return widened

        widened = await self._database.write(work) if await self._database.read(self._is_any_due) else []
        for ticket in widened:
            log.info(
                "More people are asked to take a ticket",
                extra={"event": "ticket_widened", "ticket": ticket.number, "stage": ticket.stage.name.lower()},
            )
            if ticket.stage is Stage.SUPERVISOR:
                self._floor.live.publish(DESK_TOPIC, {"kind": "escalated", "ticket": ticket.number})
        if widened:
            self._floor.live.publish(DESK_TOPIC, {"kind": "inbox"})
            self._floor.queue_changed()
        return len(widened)

    def _is_any_due(self, connection: Connection) -> bool:
        now, teams = self._clock(), self._teams.current
        soonest = min(team.fallback_after for team in teams.by_id.values())
        return any(_stage_due(one, teams, now) is not None for one in tickets.narrow(connection, now - soonest))

    async def _repair(self) -> int:
        found = await self._database.read(impossible.find)
        done = 0
        for wrong in found:
            try:
                if not await self._database.write(partial(impossible.repair, wrong=wrong, now=self._clock())):
                    continue
            except HandoffError as exc:
                log.error(
                    "A state could not be repaired",
                    extra={"event": "not_repaired", "kind": wrong.kind, "code": exc.code},
                )
                continue
            done += 1
            log.error(
                "An impossible state was repaired",
                extra={"event": "repaired", "kind": wrong.kind, "conversation": wrong.conversation_id},
            )
        teams = self._teams.current
        done += await self._adopt(teams)
        if done:
            self._floor.live.publish(DESK_TOPIC, {"kind": "inbox"})
            self._floor.queue_changed()
        return done

    async def _adopt(self, teams: Teams) -> int:
        """Tickets of a team that is no longer in the file go to the general one."""

        def work(connection: Connection) -> int:
            lost = [team for team in tickets.waiting_by_team(connection) if team not in teams.by_id]
            return sum(tickets.adopt(connection, team, teams.general) for team in lost)

        known = await self._database.read(tickets.waiting_by_team)
        adopted = 0 if set(known) <= set(teams.by_id) else await self._database.write(work)
        if adopted:
            log.warning("Tickets of an unknown team were adopted", extra={"event": "adopted", "count": adopted})
        return adopted


def _stage_due(ticket: Ticket, teams: Teams, now: datetime) -> Stage | None:
    """The stage a waiting ticket has reached, when that is more than it knows."""
    if len(ticket.passed_by) >= routing.PASSES:
        return Stage.SUPERVISOR if ticket.stage is not Stage.SUPERVISOR else None
    team = teams.of(ticket.team)
    waited = int((now - ticket.opened_at) / team.fallback_after)
    reached = Stage(min(waited, Stage.SUPERVISOR.value))
    if reached is Stage.FALLBACK and team.fallback is None:
        reached = Stage.TEAM
    return reached if reached > ticket.stage else None
