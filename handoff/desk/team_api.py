"""The desk's API of the team itself: who answers what and who is there. Everybody reads; supervisors change."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy.engine import Connection

from handoff import agents, shapes, tickets, work
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.sessions import Sessions
from handoff.errors import BadInput, NotAllowed, UnknownAgent
from handoff.floor import DESK_TOPIC, Live
from handoff.records import Agent
from handoff.teams import Team, TeamsFile

log = logging.getLogger(__name__)


class TeamDesk:
    """What agents and supervisors may ask and change about the team."""

    def __init__(self, database: Database, live: Live, sessions: Sessions, teams: TeamsFile, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._sessions = sessions
        self._teams = teams
        self._clock = clock

    def blueprint(self) -> Blueprint:
        """The API under /desk/api/team."""
        routes = Blueprint("desk_team_api", url_prefix="/desk/api/team")
        for path, method, handler in (
            ("", "GET", self._whole),
            ("/agents/<agent_id:int>", "PUT", self._set_work),
        ):
            name = f"{handler.__name__.strip('_')}_{method.lower()}"
            routes.add_route(self._for_agents(handler), path, methods=[method], name=name)
        return routes

    def _for_agents(self, handler: Callable[..., Awaitable[dict[str, Any]]]) -> Callable[..., Awaitable[HTTPResponse]]:
        async def handle(request: Request, **arguments: int) -> HTTPResponse:
            agent = await self._sessions.agent_of(request)
            return json(await handler(agent, request, **arguments), ensure_ascii=False)

        return handle

    async def _whole(self, agent: Agent, request: Request) -> dict[str, Any]:
        language = request.args.get("locale") or agent.language
        teams, now = self._teams.current, self._clock()

        def read(connection: Connection) -> dict[str, Any]:
            waiting = tickets.waiting_by_team(connection)
            return {
                "teams": [_team(team, language, waiting.get(team.id, 0), now) for team in teams.by_id.values()],
                "general": teams.general,
                "skills": list(teams.skills),
                "agents": [
                    _member(one, agents.is_present(one, now))
                    for one in agents.listing(connection)
                    if one.active and one.answers_customers
                ],
                "problem": self._teams.problem,
                "may_edit": agent.may_take_over,
            }

        return await self._database.read(read)

    async def _set_work(self, supervisor: Agent, request: Request, agent_id: int) -> dict[str, Any]:
        if not supervisor.may_take_over:
            raise NotAllowed()
        given, teams = request.json if request.body else {}, self._teams.current
        if not isinstance(given, dict):
            raise BadInput("Expected a JSON object.")

        def write(connection: Connection) -> Agent:
            before = agents.by_id(connection, agent_id)
            if before is None:
                raise UnknownAgent()
            wanted = work.checked(given, teams, before)
            agents.set_work(connection, agent_id, wanted.teams, wanted.skills, wanted.languages, wanted.capacity)
            after = agents.by_id(connection, agent_id)
            return after or before

        changed = await self._database.write(write)
        log.info(
            "An agent's work was changed",
            extra={"event": "work_changed", "agent_id": agent_id, "by": supervisor.id},
        )
        self._live.publish(DESK_TOPIC, {"kind": "inbox"})
        return {"agent": _member(changed, agents.is_present(changed, self._clock()))}


def _team(team: Team, language: str, waiting: int, now: Any) -> dict[str, Any]:
    opening = team.hours.next_opening(now)
    return {
        "id": team.id,
        "name": team.name_in(language),
        "names": dict(team.names),
        "policy": team.policy.value,
        "lead": team.lead,
        "fallback": team.fallback,
        "fallback_after_seconds": team.fallback_after_seconds,
        "first_reply_seconds": team.first_reply_seconds,
        "capacity": team.capacity,
        "skills": list(team.skills),
        "time_zone": team.hours.zone.key,
        "is_open": team.hours.is_open(now),
        "next_opening": opening.isoformat() if opening else None,
        "waiting": waiting,
    }


def _member(agent: Agent, is_present: bool) -> dict[str, Any]:
    return {
        **shapes.agent(agent),
        "teams": list(agent.teams),
        "skills": list(agent.skills),
        "languages": list(agent.languages),
        "capacity": agent.capacity,
        "presence": agent.presence.value,
        "is_present": is_present,
    }
