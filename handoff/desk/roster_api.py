"""The desk's API of the shift roster. Agents change their own shifts, supervisors everybody's; all read all."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy.engine import Connection

from handoff import agents, roster
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.sessions import Sessions
from handoff.errors import BadInput, NotAllowed, UnknownAgent
from handoff.floor import DESK_TOPIC, Floor
from handoff.plain import plain
from handoff.records import Agent
from handoff.roster import Shift

log = logging.getLogger(__name__)

_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WEEK = timedelta(days=7)
Handler = Callable[..., Awaitable[dict[str, Any]]]


class RosterDesk:
    """Reads a week, and changes shifts. Days and hours are those of the general team's time zone."""

    def __init__(self, database: Database, floor: Floor, sessions: Sessions, clock: Clock) -> None:
        self._database = database
        self._floor = floor
        self._sessions = sessions
        self._clock = clock

    def blueprint(self) -> Blueprint:
        """The API under /desk/api/roster."""
        routes = Blueprint("desk_roster_api", url_prefix="/desk/api/roster")
        for path, method, handler in (
            ("", "GET", self._week),
            ("", "POST", self._add),
            ("/<shift_id:int>", "PUT", self._change),
            ("/<shift_id:int>", "DELETE", self._remove),
        ):
            name = f"{handler.__name__.strip('_')}_{method.lower()}"
            routes.add_route(self._for_agents(handler), path, methods=[method], name=name)
        return routes

    def _for_agents(self, handler: Handler) -> Callable[..., Awaitable[HTTPResponse]]:
        async def handle(request: Request, **arguments: int) -> HTTPResponse:
            agent = await self._sessions.agent_of(request)
            return json(await handler(agent, request, **arguments), ensure_ascii=False)

        return handle

    async def _week(self, agent: Agent, request: Request) -> dict[str, Any]:
        zone = self._zone()
        today = self._clock().astimezone(zone).date()
        wanted = _day(request.args.get("week"), "week") if request.args.get("week") else today
        monday = wanted - timedelta(days=wanted.weekday())
        begin = datetime.combine(monday, time(), zone)

        def read(connection: Connection) -> dict[str, Any]:
            people = [one for one in agents.listing(connection) if one.active and one.answers_customers]
            return {
                "week": monday.isoformat(),
                "today": today.isoformat(),
                "time_zone": zone.key,
                "days": [(monday + timedelta(days=ahead)).isoformat() for ahead in range(7)],
                "agents": [
                    {"id": one.id, "name": one.name, "may_edit": agent.may_take_over or one.id == agent.id}
                    for one in people
                ],
                "shifts": [_shape(one, zone) for one in roster.between(connection, begin, begin + _WEEK)],
            }

        return await self._database.read(read)

    async def _add(self, agent: Agent, request: Request) -> dict[str, Any]:
        body = _body(request)
        who = body.get("agent")
        if type(who) is not int:
            raise BadInput("agent must be the id of an agent.", field="agent")
        starts_at, ends_at, note = self._span(body)

        def write(connection: Connection) -> Shift:
            _must_edit(agent, who)
            of = agents.by_id(connection, who)
            if of is None or not of.active or not of.answers_customers:
                raise UnknownAgent()
            return roster.add(connection, who, starts_at, ends_at, note, self._clock())

        return self._done(agent, "added", await self._database.write(write))

    async def _change(self, agent: Agent, request: Request, shift_id: int) -> dict[str, Any]:
        starts_at, ends_at, note = self._span(_body(request))

        def write(connection: Connection) -> Shift:
            _must_edit(agent, roster.find(connection, shift_id).agent_id)
            return roster.change(connection, shift_id, starts_at, ends_at, note, self._clock())

        return self._done(agent, "changed", await self._database.write(write))

    async def _remove(self, agent: Agent, request: Request, shift_id: int) -> dict[str, Any]:
        def write(connection: Connection) -> Shift:
            shift = roster.find(connection, shift_id)
            _must_edit(agent, shift.agent_id)
            roster.remove(connection, shift_id)
            return shift

        return self._done(agent, "removed", await self._database.write(write))

    def _done(self, agent: Agent, what: str, shift: Shift) -> dict[str, Any]:
        log.info(
            "A shift was changed",
            extra={"event": f"shift_{what}", "shift": shift.id, "agent_id": shift.agent_id, "by": agent.id},
        )
        self._floor.live.publish(DESK_TOPIC, {"kind": "inbox"})
        self._floor.queue_changed()
        return {"shift": _shape(shift, self._zone())}

    def _zone(self) -> ZoneInfo:
        return self._floor.teams.current.of("").hours.zone

    def _span(self, body: dict[str, Any]) -> tuple[datetime, datetime, str]:
        """An end that is not after the start is one of the next day."""
        zone = self._zone()
        day = _day(body.get("day"), "day")
        begin, end = _hour(body.get("from"), "from"), _hour(body.get("to"), "to")
        note = body.get("note") or ""
        if not isinstance(note, str):
            raise BadInput("note must be text.", field="note")
        last = day if end > begin else day + timedelta(days=1)
        return datetime.combine(day, begin, zone), datetime.combine(last, end, zone), plain(note).strip()


def _must_edit(agent: Agent, of: int) -> None:
    if not agent.may_take_over and agent.id != of:
        raise NotAllowed()


def _shape(shift: Shift, zone: ZoneInfo) -> dict[str, Any]:
    begin, end = shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone)
    return {
        "id": shift.id,
        "agent": shift.agent_id,
        "day": begin.date().isoformat(),
        "from": f"{begin:%H:%M}",
        "to": f"{end:%H:%M}",
        "is_overnight": end.date() > begin.date(),
        "note": shift.note,
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
    }


def _body(request: Request) -> dict[str, Any]:
    body = request.json if request.body else {}
    if not isinstance(body, dict):
        raise BadInput("Expected a JSON object.")
    return body


def _day(value: object, field: str) -> date:
    try:
        day = date.fromisoformat(str(value))
    except ValueError as exc:
        raise BadInput(f"{field} must be a day such as 2026-03-02.", field=field) from exc
    if not 2000 <= day.year <= 2200:
        raise BadInput(f"{field} must be a day of this century.", field=field)
    return day


def _hour(value: object, field: str) -> time:
    match = _HOUR.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadInput(f"{field} must be a time such as 09:30.", field=field)
    return time(int(match[1]), int(match[2]))
