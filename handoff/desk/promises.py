"""The desk's routes for promises: recognising one in a draft, what is due, and what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy.engine import Connection

from handoff import agents, conversations, promises, shapes, texts
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.sessions import Sessions
from handoff.errors import BadInput, NotAllowed
from handoff.floor import DESK_TOPIC, Live
from handoff.ledger import Ledger
from handoff.moments import moment_in
from handoff.records import Agent, Promise
from handoff.vague_promises import VaguePromises

MAX_DRAFT_CHARS = 10_000


class PromiseDesk:
    """What agents ask of the ledger."""

    def __init__(
        self, database: Database, ledger: Ledger, vague: VaguePromises, live: Live, sessions: Sessions, clock: Clock
    ) -> None:
        self._vague = vague
        self._database = database
        self._ledger = ledger
        self._live = live
        self._sessions = sessions
        self._clock = clock

    def blueprint(self) -> Blueprint:
        """The routes, beside the desk's others."""
        routes = Blueprint("desk_promises", url_prefix="/desk/api")
        for path, method, handler in (
            ("/moment", "POST", self._moment),
            ("/promises", "GET", self._promises),
            ("/conversations/<conversation_id:str>/promises", "GET", self._of_conversation),
            ("/promises/<promise_id:int>/kept", "POST", self._kept),
            ("/promises/<promise_id:int>/withdraw", "POST", self._withdraw),
        ):
            routes.add_route(self._for_agents(handler), path, methods=[method], name=handler.__name__.strip("_"))
        return routes

    def _for_agents(self, handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[HTTPResponse]]:
        async def handle(request: Request, **arguments: str | int) -> HTTPResponse:
            agent = await self._sessions.agent_of(request)
            return json(await handler(agent, request, **arguments), ensure_ascii=False)

        return handle

    async def _moment(self, agent: Agent, request: Request) -> dict[str, Any]:
        """The moment that a draft promises, if it does; and what in it promises without a moment. Nothing is kept."""
        body = request.json if isinstance(request.json, dict) else {}
        text, language = body.get("text"), body.get("language")
        if not isinstance(text, str) or len(text) > MAX_DRAFT_CHARS:
            raise BadInput(f"text must be text of at most {MAX_DRAFT_CHARS} characters.", field="text")
        spoken = language if language in texts.LOCALES else agent.language
        found = moment_in(text, self._clock(), self._ledger.zone, str(spoken))
        return {
            "moment": found and {"due_at": found.due_at.isoformat(), "said": text[found.start : found.end]},
            "vague": self._vague_in(text, is_dated=found is not None),
        }

    def _vague_in(self, text: str, is_dated: bool) -> dict[str, Any] | None:
        said = self._vague.find(text)
        # What says when is not vague: the page offers to promise that time.
        if said is None or (said.kind == "vague" and is_dated):
            return None
        return {"kind": said.kind, "said": text[said.start : said.end]}

    async def _promises(self, agent: Agent, request: Request) -> dict[str, Any]:
        """What is outstanding: `mine` (with what nobody in particular owns) or, for who may see it, `all`."""
        whose = request.args.get("whose") or "mine"
        if whose not in ("mine", "all"):
            raise BadInput("whose must be mine or all.", field="whose")

        def work(connection: Connection) -> dict[str, Any]:
            found = promises.outstanding(connection, None if whose == "all" else agent.id)
            return {"promises": self._shapes(connection, found)}

        # What is wrong with the list of phrases concerns who can mend it.
        problem = self._vague.problem if agent.may_take_over else None
        return {**await self._database.read(work), "phrases_problem": problem}

    async def _of_conversation(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        def work(connection: Connection) -> dict[str, Any]:
            conversation = conversations.find(connection, conversation_id)
            return {"promises": self._shapes(connection, promises.of_customer(connection, conversation))}

        return await self._database.read(work)

    async def _kept(self, agent: Agent, request: Request, promise_id: int) -> dict[str, Any]:
        return await self._change(agent, promise_id, promises.settle)

    async def _withdraw(self, agent: Agent, request: Request, promise_id: int) -> dict[str, Any]:
        return await self._change(agent, promise_id, promises.withdraw)

    async def _change(
        self, agent: Agent, promise_id: int, change: Callable[[Connection, int, str, datetime], Promise]
    ) -> dict[str, Any]:
        def work(connection: Connection) -> dict[str, Any]:
            promise = promises.find(connection, promise_id)
            if promise.agent_id not in (None, agent.id) and not agent.may_take_over:
                raise NotAllowed("This promise is somebody else's.")
            changed = change(connection, promise_id, f"agent:{agent.login}", self._clock())
            return self._shapes(connection, [changed])[0]

        shape = await self._database.write(work)
        self._live.publish(DESK_TOPIC, {"kind": "promise", "stage": "settled", "promise": shape})
        return {"promise": shape}

    def _shapes(self, connection: Connection, found: Sequence[Promise]) -> list[dict[str, Any]]:
        return [self._shape(connection, one) for one in found]

    def _shape(self, connection: Connection, one: Promise) -> dict[str, Any]:
        where = conversations.open_one(connection, one.channel, one.sender)
        conversation = where or conversations.find(connection, one.conversation_id)
        return shapes.promise(one, conversation, agents.by_id(connection, one.agent_id), self._clock())


def promised_until(value: object) -> datetime | None:
    """The time in a message's `promise`, `{"due_at": "2026-03-03T07:00:00+00:00"}`. Raises BadInput."""
    if value is None:
        return None
    written = value.get("due_at") if isinstance(value, dict) else None
    try:
        moment = datetime.fromisoformat(str(written).replace("Z", "+00:00"))
        if moment.tzinfo is None:
            raise ValueError("no zone")
        moment.utctimetuple()
    except (ValueError, OverflowError) as exc:
        raise BadInput("promise.due_at must be a time with its zone.", field="promise") from exc
    return moment
