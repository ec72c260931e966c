"""The widget's routes: session, WebSocket, long poll, what a page browses, and the files as they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

from connectors.web import files as file_routes
from connectors.web import visits as visit_routes
from connectors.web.files import Files
from connectors.web.reception import Reception
from connectors.web.socket import ORIGIN_REFUSED, PageSocket
from connectors.web.visits import Visits
from switchboard.records import SessionWish

POLL_SECONDS = 25
MAX_FRAMES_A_POST = 20


def blueprint(
    reception: Reception,
    files: Files,
    visits: Visits,
    origins: Collection[str],
    refuse: Callable[[int, str, str], HTTPResponse],
    address_of: Callable[[Request], str],
) -> Blueprint:
    """The widget under /widget, for pages of these origins."""
    routes = Blueprint("widget", url_prefix="/widget")

    @routes.middleware("request")
    async def check_origin(request: Request) -> HTTPResponse | None:
        origin = request.headers.get("origin")
        if origin is not None and origin.rstrip("/") not in origins:
            if (request.headers.get("upgrade") or "").lower() == "websocket":
                return None  # answered with a close code, which a page can read
            return refuse(403, "origin_refused", "This page's origin is not in the setting allowed_origins.")
        return None

    @routes.middleware("response")
    async def allow_origin(request: Request, response: HTTPResponse) -> None:
        if response is None:
            return
        origin = request.headers.get("origin")
        if origin and origin.rstrip("/") in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            response.headers["Access-Control-Max-Age"] = "600"

    @routes.options("/session")
    @routes.options("/frames")
    @routes.options("/poll")
    @routes.options("/orders")
    @routes.options("/transcript")
    @routes.options("/proof")
    @routes.options("/transcript/addresses", name="transcript_addresses_options")
    @routes.options("/faq", name="faq_options")
    @routes.options("/faq/<article_id:str>", name="article_options")
    async def preflight(_request: Request, article_id: str = "") -> HTTPResponse:
        return empty()

    @routes.post("/session")
    async def session(request: Request) -> HTTPResponse:
        body = request.json
        if not isinstance(body, dict):
            return refuse(400, "bad_input", "Expected a JSON object.")
        wish = SessionWish(
            inbox=_short(body.get("inbox")) or "default",
            language=_short(body.get("locale")),
            token=body["token"] if isinstance(body.get("token"), str) else None,
            identity=body.get("identity") or None,
            page=_page(body.get("page")),
        )
        return json(await reception.begin(wish, address_of(request)), ensure_ascii=False)

    @routes.websocket("/live")
    async def live(request: Request, socket: Any) -> None:
        origin = request.headers.get("origin")
        # A browser always says where a page comes from; who does not is no browser, and speaks through /webhooks/rest.
        if origin is None or origin.rstrip("/") not in origins:
            await socket.close(ORIGIN_REFUSED, "origin refused")
            return
        await PageSocket(socket, reception).run()

    @routes.post("/frames")
    async def frames(request: Request) -> HTTPResponse:
        visitor = await reception.visitor_of(_bearer(request))
        body = request.json
        given = body if isinstance(body, list) else [body]
        if not 0 < len(given) <= MAX_FRAMES_A_POST or not all(isinstance(frame, dict) for frame in given):
            return refuse(400, "bad_input", f"Expected a frame, or a list of at most {MAX_FRAMES_A_POST}.")
        answers: list[Mapping[str, Any]] = []
        for frame in given:
            taken = await reception.take(visitor, frame)
            answers += taken
            if any(answer["type"] == "session" for answer in taken):
                break  # the token of this request may be no more; what follows belongs to the new session
        return json({"frames": answers}, ensure_ascii=False)

    @routes.get("/poll")
    async def poll(request: Request) -> HTTPResponse:
        visitor = await reception.visitor_of(_bearer(request))
        ear = reception.listen(visitor)
        try:
            if not await reception.still_valid(visitor):  # signed out just before we listened
                return refuse(401, "token_refused", "The token is not valid any more; begin a new session.")
            return await _poll(reception, ear, visitor, _number(request.args.get("after")))
        finally:
            ear.close()

    @routes.get("/faq", name="faq_tree")
    async def faq(request: Request) -> HTTPResponse:
        visitor = await reception.visitor_of(_bearer(request)) if _bearer(request) else None
        return json(reception.faq_tree(request.args.get("locale"), visitor), ensure_ascii=False)

    @routes.get("/faq/<article_id:str>", name="faq_article")
    async def article(request: Request, article_id: str) -> HTTPResponse:
        visitor = await reception.visitor_of(_bearer(request)) if _bearer(request) else None
        return json(reception.faq_article(article_id, request.args.get("locale"), visitor), ensure_ascii=False)

    @routes.get("/orders", name="orders_list")
    async def orders(request: Request) -> HTTPResponse:
        visitor = await reception.visitor_of(_bearer(request))
        return json(await reception.orders_of(visitor, request.args.get("locale")), ensure_ascii=False)

    @routes.get("/transcript", name="transcript_get")
    async def transcript(request: Request) -> HTTPResponse:
        visitor = await reception.visitor_of(_bearer(request))
        as_text = request.args.get("format") == "txt"
        file = await reception.transcript(visitor, _short(request.args.get("locale")), as_text)
        headers = {
            "Content-Disposition": f'attachment; filename="{file.name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return HTTPResponse(file.content, content_type=file.content_type, headers=headers)

    @routes.post("/transcript", name="transcript_mail")
    async def mail_transcript(request: Request) -> HTTPResponse:
        visitor = await reception.visitor_of(_bearer(request))
        body = request.json if isinstance(request.json, dict) else {}
        await reception.mail_transcript(visitor, _short(request.args.get("locale")), body.get("to"))
        return json({})

    @routes.get("/transcript/addresses", name="transcript_addresses")
    async def transcript_addresses(request: Request) -> HTTPResponse:
        return json(await reception.transcript_addresses(await reception.visitor_of(_bearer(request))))

    @routes.get("/proof", name="proof_kinds")
    async def proof(request: Request) -> HTTPResponse:
        return json(await reception.provable(await reception.visitor_of(_bearer(request))))

    file_routes.add_to(routes, reception, files, _bearer, address_of)
    visit_routes.add_to(routes, visits, _bearer, address_of, refuse)
    return routes


async def _poll(reception: Reception, ear: Any, visitor: Any, after: int) -> HTTPResponse:
    """Wait until there is something to tell, at most POLL_SECONDS."""
    caught_up = await reception.catch_up(visitor, after)
    state, typing = caught_up["state"], None
    deadline = asyncio.get_running_loop().time() + POLL_SECONDS
    while not caught_up["messages"] and typing is None and caught_up["state"] == state:
        event = await ear.next(max(0.0, deadline - asyncio.get_running_loop().time()))
        if event is None or event.get("kind") == "revoked":
            break
        if event.get("kind") == "typing":
            typing = {name: event.get(name) for name in ("author", "name", "typing")}
        caught_up = await reception.catch_up(visitor, after)
    return json({**caught_up, "typing": typing}, ensure_ascii=False)


def _bearer(request: Request) -> str:
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _short(value: object) -> str | None:
    return value[:80] if isinstance(value, str) and value[:80].isprintable() and value else None


def _page(value: object) -> dict[str, str] | None:
    """The shop's page, for the agent's eyes only: text, never a link we follow."""
    if not isinstance(value, dict):
        return None
    return {name: value[name][:500] for name in ("url", "title") if isinstance(value.get(name), str)}


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else 0
