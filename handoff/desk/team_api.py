"""The desk's API of the team itself: who answers what and who is there. Everybody reads; supervisors change."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy.engine import Connection

from handoff import agents, conversations, desk_mode, presence, roster, shapes, tickets, work
from handoff.clock import Clock
from handoff.desk.sessions import Sessions
from handoff.desk_mode import Mode
from handoff.errors import BadInput, NotAllowed, UnknownAgent
from handoff.floor import DESK_TOPIC, QUEUE_TOPIC, Floor
from handoff.models import Presence
from handoff.records import Agent
from handoff.teams import Team

log = logging.getLogger(__name__)


class TeamDesk:
    """What agents and supervisors may ask and change about the team."""

    def __init__(self, floor: Floor, sessions: Sessions, clock: Clock) -> None:
        self._database = floor.database
        self._floor = floor
        self._sessions = sessions
        self._teams = floor.teams
        self._clock = clock

    def blueprint(self) -> Blueprint:
        """The API under /desk/api/team."""
        routes = Blueprint("desk_team_api", url_prefix="/desk/api/team")
        for path, method, handler in (
            ("", "GET", self._whole),
            ("/agents/<agent_id:int>", "PUT", self._set_work),
            ("/presence", "PUT", self._set_presence),
            ("/mode", "PUT", self._set_mode),
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
            loads = conversations.held_by_agent(connection)
            everybody = [one for one in agents.listing(connection) if one.active and one.answers_customers]
            off = roster.off_duty(connection, [one.id for one in everybody], now)
            mode = desk_mode.current(connection)
            return {
                "mode": mode.mode.value,
                "mode_changed_by": mode.changed_by,
                "mode_changed_at": mode.changed_at.isoformat() if mode.changed_at else None,
                "teams": [
                    _team(team, language, waiting.get(team.id, 0), mode.mode, now) for team in teams.by_id.values()
                ],
                "general": teams.general,
                "skills": list(teams.skills),
                "agents": [
                    {
                        **_member(one, agents.is_present(one, now)),
                        "is_on_shift": one.id not in off,
                        "load": loads.get(one.id, 0),
                        "places": presence.capacity_of(one, teams),
                    }
                    for one in everybody
                ],
                "me": agent.id,
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
        self._tell()
        return {"agent": _member(changed, agents.is_present(changed, self._clock()))}

    async def _set_presence(self, agent: Agent, request: Request) -> dict[str, Any]:
        wanted = _one_of(request, "presence", [one.value for one in Presence])
        await self._database.write(lambda c: agents.set_presence(c, agent.id, Presence(wanted)))
        log.info("Presence changed", extra={"event": "presence", "agent_id": agent.id, "presence": wanted})
        self._tell()
        return {"presence": wanted}

    async def _set_mode(self, agent: Agent, request: Request) -> dict[str, Any]:
        if not agent.may_take_over:
            raise NotAllowed()
        wanted = Mode(_one_of(request, "mode", [one.value for one in Mode]))
        now = self._clock()
        await self._database.write(lambda c: desk_mode.change(c, wanted, agent.login, now))
        log.warning("The desk's mode changed", extra={"event": "desk_mode", "mode": wanted.value, "by": agent.id})
        self._tell()
        return {"mode": wanted.value}

    def _tell(self) -> None:
        """Pages of customers ask again whether people are there, and whoever gives out tickets looks again."""
        self._floor.live.publish(DESK_TOPIC, {"kind": "inbox"})
        self._floor.live.publish(QUEUE_TOPIC, {"kind": "state"})
        self._floor.queue_changed(sweep=True)


def _one_of(request: Request, field: str, allowed: list[str]) -> str:
    body = request.json if request.body else {}
    value = body.get(field) if isinstance(body, dict) else None
    if value not in allowed:
        raise BadInput(f"{field} must be one of {', '.join(allowed)}.", field=field)
    return str(value)


def _team(team: Team, language: str, waiting: int, mode: Mode, now: datetime) -> dict[str, Any]:
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
        "is_open": mode is Mode.ONLINE or (mode is Mode.HOURS and team.hours.is_open(now)),
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
