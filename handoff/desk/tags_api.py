"""Tags over HTTP: which there are, putting them on, taking them off, painting them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff import conversations, tags
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.wire import Route, body_of
from handoff.floor import DESK_TOPIC, Live
from handoff.records import Agent


class TagsApi:
    """What agents do with tags."""

    def __init__(self, database: Database, live: Live, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        yield "/tags", "GET", self._tags
        yield "/tags/<tag_id:int>", "PUT", self._paint
        yield "/conversations/<conversation_id:str>/tags", "POST", self._put_on
        yield "/conversations/<conversation_id:str>/tags/<tag_id:int>", "DELETE", self._take_off

    async def _tags(self, agent: Agent, request: Request) -> dict[str, Any]:
        known = await self._database.read(tags.listing)
        return {"tags": [{**tags.shapes([tag])[0], "worn": worn} for tag, worn in known], "colours": tags.COLOURS}

    async def _paint(self, agent: Agent, request: Request, tag_id: int) -> dict[str, Any]:
        colour = tags.clean_colour(body_of(request).get("colour"))
        tag = await self._database.write(lambda c: tags.paint(c, tag_id, colour))
        self._live.publish(DESK_TOPIC, {"kind": "inbox"})
        return {"tag": tags.shapes([tag])[0]}

    async def _put_on(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        body = body_of(request)

        def work(connection: Connection) -> list[tags.Tag]:
            conversations.find(connection, conversation_id)
            tags.put_on(connection, conversation_id, body.get("name"), body.get("colour"), agent.id, self._clock())
            return tags.of(connection, conversation_id)

        return self._told(conversation_id, await self._database.write(work))

    async def _take_off(self, agent: Agent, request: Request, conversation_id: str, tag_id: int) -> dict[str, Any]:
        def work(connection: Connection) -> list[tags.Tag]:
            conversations.find(connection, conversation_id)
            tags.take_off(connection, conversation_id, tag_id)
            return tags.of(connection, conversation_id)

        return self._told(conversation_id, await self._database.write(work))

    def _told(self, conversation_id: str, worn: list[tags.Tag]) -> dict[str, Any]:
        self._live.publish(DESK_TOPIC, {"kind": "row", "conversation": conversation_id})
        return {"tags": tags.shapes(worn)}
