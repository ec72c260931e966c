"""The desk's lists over HTTP: the inbox, the views, and the search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff import conversations, tickets
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk import finding, views
from handoff.desk.filters import filters_of
from handoff.desk.rows import conversation_rows, queue_rows
from handoff.desk.wire import Route, number_of
from handoff.errors import BadInput
from handoff.floor import Floor
from handoff.models import Status
from handoff.models import conversations as conversations_table
from handoff.records import Agent

TeamsOf = Callable[[Agent], Sequence[str]]
COLLEAGUES_SHOWN = 200


class InboxApi:
    """What an agent looks through."""

    def __init__(self, database: Database, floor: Floor, teams_of: TeamsOf, clock: Clock) -> None:
        self._floor = floor
        self._database = database
        self._teams_of = teams_of
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        yield "/inbox", "GET", self._inbox
        yield "/conversations", "GET", self._conversations
        yield "/search", "GET", self._search

    async def _inbox(self, agent: Agent, request: Request) -> dict[str, Any]:
        now, teams = self._clock(), self._teams_of(agent)
        problems = self._floor.post.problems() if agent.may_take_over else []

        def work(connection: Connection) -> dict[str, Any]:
            table = conversations_table
            mine = conversations.where(
                connection, views.conditions_of("mine", agent, teams, now), [table.c.last_at], limit=1000
            )
            others = conversations.where(
                connection,
                [table.c.status == Status.AGENT.value, table.c.agent_id != agent.id],
                [table.c.last_at.desc()],
                COLLEAGUES_SHOWN,
            )
            known = {one.id for one in mine}
            return {
                "queue": queue_rows(connection, tickets.queue(connection), now),
                "mine": conversation_rows(connection, mine),
                "others": conversation_rows(connection, [one for one in others if one.id not in known]),
                "channels_left_out": problems,
                "counts": views.counts(connection, agent, teams, now),
            }

        return await self._database.read(work)

    async def _conversations(self, agent: Agent, request: Request) -> dict[str, Any]:
        view, filters = request.args.get("view") or "all", filters_of(_flat(request))
        before, now, teams = request.args.get("before"), self._clock(), self._teams_of(agent)

        def work(connection: Connection) -> dict[str, Any]:
            return views.page_of(connection, view, agent, teams, filters, before, now)

        return await self._database.read(work)

    async def _search(self, agent: Agent, request: Request) -> dict[str, Any]:
        filters = filters_of(_flat(request))
        if not filters.q:
            raise BadInput("q must say what to look for.", field="q")
        before = number_of(request.args.get("before"))
        return await self._database.read(lambda c: finding.page_of(c, filters, before))


def _flat(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in request.args.items() if values}
