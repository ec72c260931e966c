"""An agent's own views and preferences over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff.clock import Clock
from handoff.database import Database
from handoff.desk import choices
from handoff.desk.filters import filters_of
from handoff.desk.wire import Route, body_of
from handoff.errors import BadInput
from handoff.records import Agent


class ChoicesApi:
    """What agents keep for themselves."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        yield "/views", "GET", self._views
        yield "/views", "POST", self._save_view
        yield "/views/<view_id:int>", "DELETE", self._delete_view
        yield "/preferences", "GET", self._preferences
        yield "/preferences", "PUT", self._prefer

    async def _views(self, agent: Agent, request: Request) -> dict[str, Any]:
        saved = await self._database.read(lambda c: choices.views_of(c, agent.id))
        return {"views": [_shape(one) for one in saved]}

    async def _save_view(self, agent: Agent, request: Request) -> dict[str, Any]:
        body = body_of(request)
        given = body.get("filters")
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise BadInput("filters must be an object of texts.", field="filters")
        wanted = filters_of(given)
        saved = await self._database.write(
            lambda c: choices.save_view(c, agent.id, body.get("name"), wanted.as_texts(), self._clock())
        )
        return {"view": _shape(saved)}

    async def _delete_view(self, agent: Agent, request: Request, view_id: int) -> dict[str, Any]:
        await self._database.write(lambda c: choices.delete_view(c, agent.id, view_id))
        return {}

    async def _preferences(self, agent: Agent, request: Request) -> dict[str, Any]:
        return {"preferences": await self._database.read(lambda c: choices.preferences_of(c, agent.id))}

    async def _prefer(self, agent: Agent, request: Request) -> dict[str, Any]:
        wanted = body_of(request)

        def work(connection: Connection) -> dict[str, Any]:
            return choices.prefer(connection, agent.id, wanted)

        return {"preferences": await self._database.write(work)}


def _shape(view: choices.SavedView) -> dict[str, Any]:
    return {"id": view.id, "name": view.name, "filters": dict(view.filters)}
