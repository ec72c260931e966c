"""Files of conversations over HTTP: an agent's upload, and whatever was sent, to look at or to save."""

from __future__ import annotations

from sanic import Blueprint
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse, json

from handoff import attachments, conversations
from handoff.attachment_http import body_of, response_of
from handoff.attachment_store import AttachmentStore
from handoff.database import Database
from handoff.desk.sessions import Sessions


class DeskFiles:
    """What agents attach and open. A file belongs to nobody's message until a line with its id is said."""

    def __init__(self, database: Database, store: AttachmentStore, sessions: Sessions) -> None:
        self._database = database
        self._store = store
        self._sessions = sessions

    def blueprint(self) -> Blueprint:
        """Under /desk/api."""
        routes = Blueprint("desk_files", url_prefix="/desk/api")

        @routes.post("/conversations/<conversation_id:str>/attachments", name="receive", stream=True)
        async def receive(request: Request, conversation_id: str) -> HTTPResponse:
            return await self._receive(request, conversation_id)

        @routes.get("/attachments/<attachment_id:str>", name="send")
        async def send(request: Request, attachment_id: str) -> BaseHTTPResponse:
            return await self._send(request, attachment_id)

        return routes

    async def _receive(self, request: Request, conversation_id: str) -> HTTPResponse:
        agent = await self._sessions.agent_of(request)
        await self._database.read(lambda c: conversations.find(c, conversation_id))
        taken = await self._store.receive(
            body_of(request, self._store.max_bytes),
            request.args.get("name") or "",
            attachments.agent(agent.id),
            agent_id=agent.id,
            conversation_id=conversation_id,
        )
        return json({"attachment": taken.shape()}, ensure_ascii=False)

    async def _send(self, request: Request, attachment_id: str) -> BaseHTTPResponse:
        agent = await self._sessions.agent_of(request)
        found = await self._database.read(lambda c: attachments.for_agent(c, agent.id, attachment_id))
        return response_of(request, found, self._store.path_of(found.id))
