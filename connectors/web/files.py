"""The widget's routes for files: sent up before the message that names them, fetched with the visitor's token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

from connectors.web.reception import Reception


class Files(Protocol):
    """What the routes need: files of one visitor."""

    async def receive(self, visitor: Any, request: Request, address: str) -> dict[str, object]:
        """Keep the body of the request for a message to come."""

    async def send(self, visitor: Any, request: Request, attachment_id: str) -> Any:
        """The file, as an answer."""


def add_to(
    routes: Blueprint,
    reception: Reception,
    files: Files,
    bearer: Callable[[Request], str],
    address_of: Callable[[Request], str],
) -> None:
    """POST /attachments?name=…, GET /attachments/<id>."""

    @routes.options("/attachments", name="attachments_options")
    @routes.options("/attachments/<attachment_id:str>", name="attachment_options")
    async def preflight(_request: Request, attachment_id: str = "") -> HTTPResponse:
        return empty()

    @routes.post("/attachments", name="attachment_receive", stream=True)
    async def receive(request: Request) -> HTTPResponse:
        visitor = await reception.visitor_of(bearer(request))
        return json(await files.receive(visitor, request, address_of(request)), ensure_ascii=False)

    @routes.get("/attachments/<attachment_id:str>", name="attachment_send")
    async def send(request: Request, attachment_id: str) -> Any:
        visitor = await reception.visitor_of(bearer(request))
        return await files.send(visitor, request, attachment_id)
