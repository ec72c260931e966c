"""Passing a conversation on over HTTP: transfer, invitations, snoozing, and who the colleagues are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff import agents, mentions
from handoff.database import Database
from handoff.desk.rows import conversation_row
from handoff.desk.wire import Route, body_of, moment_of
from handoff.errors import BadInput
from handoff.passing import Passing
from handoff.records import Agent, Conversation

_TEAM = re.compile(r"[A-Za-z0-9_-]{1,40}")


class PassingApi:
    """What one who has the word may do to share it, give it away or put it aside."""

    def __init__(self, database: Database, passing: Passing, teams: Callable[[], Sequence[str]]) -> None:
        self._database = database
        self._passing = passing
        self._teams = teams

    def routes(self) -> Iterable[Route]:
        one = "/conversations/<conversation_id:str>"
        yield "/colleagues", "GET", self._colleagues
        yield f"{one}/transfer", "POST", self._transfer
        yield f"{one}/guests", "POST", self._invite
        yield f"{one}/guests/<colleague:int>", "DELETE", self._send_away
        yield f"{one}/snooze", "POST", self._snooze
        yield f"{one}/seen", "POST", self._seen

    async def _colleagues(self, agent: Agent, request: Request) -> dict[str, Any]:
        now = self._passing.floor.clock()
        people = [
            {
                "id": one.id,
                "login": one.login,
                "name": one.name,
                "role": one.role.value,
                "present": one.seen_at is not None and now - one.seen_at < agents.PRESENT_WITHIN,
            }
            for one in await self._database.read(agents.listing)
            if one.active and one.answers_customers
        ]
        return {"colleagues": people, "teams": list(self._teams())}

    async def _transfer(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        body = body_of(request)
        note = body.get("note") or ""
        if not isinstance(note, str):
            raise BadInput("note must be text.", field="note")
        if body.get("team") is not None:
            team = body["team"]
            if not isinstance(team, str) or not _TEAM.fullmatch(team) or team not in self._teams():
                raise BadInput(f"team must be one of {', '.join(self._teams())}.", field="team")
            return await self._row(await self._passing.to_team(agent, conversation_id, team, note))
        return await self._row(await self._passing.to_agent(agent, conversation_id, _id(body), note))

    async def _invite(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row(await self._passing.invite(agent, conversation_id, _id(body_of(request))))

    async def _send_away(self, agent: Agent, request: Request, conversation_id: str, colleague: int) -> dict[str, Any]:
        return await self._row(await self._passing.send_away(agent, conversation_id, colleague))

    async def _snooze(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        until = body_of(request).get("until")
        moment: datetime | None = None
        if until is not None:
            moment = moment_of(until if isinstance(until, str) else "never", "until")
        return await self._row(await self._passing.snooze(agent, conversation_id, moment))

    async def _seen(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        """The agent looked at it: notes there that name them are no news any more."""
        now = self._passing.floor.clock()

        def work(connection: Connection) -> bool:
            return mentions.mark_seen(connection, agent.id, conversation_id, now)

        return {"changed": await self._database.write(work)}

    async def _row(self, conversation: Conversation) -> dict[str, Any]:
        return {"conversation": await self._database.read(lambda c: conversation_row(c, conversation))}


def _id(body: dict[str, Any]) -> int:
    wanted = body.get("agent")
    if type(wanted) is not int or not 0 < wanted < 2**31:
        raise BadInput("agent must be the id of a colleague.", field="agent")
    return wanted
