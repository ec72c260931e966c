"""The desk's routes for what comes after a conversation: wrapping up, ratings beside it, figures for supervisors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy.engine import Connection

from handoff import agents, conversations, figures, ratings, tags, wrap_ups
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.sessions import Sessions
from handoff.errors import BadInput, NotAllowed
from handoff.records import Agent
from handoff.wrap_ups import Choice, WrapUps

MOST_DAYS = 31
MOST_TAGS_OFFERED = 50


class AfterDesk:
    """What agents say of a conversation, and what supervisors see of many."""

    def __init__(self, database: Database, choices: WrapUps, sessions: Sessions, clock: Clock) -> None:
        self._database = database
        self._choices = choices
        self._sessions = sessions
        self._clock = clock

    def blueprint(self) -> Blueprint:
        """The routes, beside the desk's others."""
        routes = Blueprint("desk_after", url_prefix="/desk/api")
        for path, handler in (
            ("/wrap-up", self._wrap_up),
            ("/conversations/<conversation_id:str>/outcome", self._outcome),
            ("/figures", self._figures),
        ):
            routes.add_route(self._for_agents(handler), path, methods=["GET"], name=handler.__name__.strip("_"))
        return routes

    def _for_agents(self, handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[HTTPResponse]]:
        async def handle(request: Request, **arguments: str | int) -> HTTPResponse:
            agent = await self._sessions.agent_of(request)
            return json(await handler(agent, request, **arguments), ensure_ascii=False)

        return handle

    async def _wrap_up(self, agent: Agent, request: Request) -> dict[str, Any]:
        known = await self._database.read(lambda c: tags.listing(c, MOST_TAGS_OFFERED))
        return {
            "resolutions": [_shape(one) for one in self._choices.resolutions],
            "reasons": [_shape(one) for one in self._choices.reasons],
            # Those of the file first, then what conversations are tagged with, most often first.
            "tags": list(dict.fromkeys([*self._choices.tags, *(tag.name for tag, _ in known)])),
            "required": list(self._choices.required_of(request.args.get("team") or "")),
        }

    async def _outcome(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        def work(connection: Connection) -> dict[str, Any]:
            conversations.find(connection, conversation_id)
            said = wrap_ups.of_conversation(connection, conversation_id)
            return {
                "wrap_up": {"resolution": said.resolution, "reason": said.reason} if said else None,
                "ratings": [
                    {
                        "owner": one.owner.value,
                        "name": person.name if (person := agents.by_id(connection, one.agent_id)) else None,
                        "score": one.score,
                        "comment": one.comment,
                    }
                    for one in ratings.of_conversation(connection, conversation_id)
                ],
            }

        return await self._database.read(work)

    async def _figures(self, agent: Agent, request: Request) -> dict[str, Any]:
        if not agent.may_take_over:
            raise NotAllowed()
        written = request.args.get("days") or "7"
        if not (written.isascii() and written.isdigit() and 0 < int(written[:4]) <= MOST_DAYS):
            raise BadInput(f"days must be a whole number from 1 to {MOST_DAYS}.", field="days")
        now = self._clock()
        since = now - timedelta(days=int(written))
        return await self._database.read(lambda c: figures.of_span(c, since, now))


def _shape(choice: Choice) -> dict[str, Any]:
    return {"id": choice.id, "label": dict(choice.label)}
