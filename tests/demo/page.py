"""The page with all phones: what customers see, as it happens, and what they do."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from demo.call import CallingPhone
from demo.phones import LOOK_EVERY_SECONDS, Phone

STATIC = Path(__file__).resolve().parent / "static"
MAX_CHARACTERS = 2000
# As `make run` adds them.
LOGINS = {"ben": "demo-ben-1234", "sue": "demo-sue-1234"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src * data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


class DemoPage:
    """Serves the page on the loopback address, and lets its viewer be each customer."""

    def __init__(self, phones: list[Phone | CallingPhone], gateway: str) -> None:
        self._phones = {phone.model.id: phone for phone in phones}
        self._gateway = gateway
        self._http: aiohttp.ClientSession
        self._viewers: set[asyncio.Queue[dict[str, Any]]] = set()

    @contextlib.asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application(middlewares=[_guard])
        app.router.add_get("/", self._index)
        app.router.add_get("/phones", self._list)
        app.router.add_get("/events", self._events)
        app.router.add_get("/desk/{login}", self._desk)
        app.router.add_post("/say", self._say)
        app.router.add_post("/tap", self._tap)
        app.router.add_post("/share", self._share)
        app.router.add_static("/static/", STATIC)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as self._http:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            looking = asyncio.create_task(self._look())
            try:
                yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
            finally:
                looking.cancel()
                await runner.cleanup()

    async def _look(self) -> None:
        while True:
            for id, phone in self._phones.items():
                for call in phone.calls() if isinstance(phone, Phone) else ():
                    await phone.posts(self._http, self._gateway, call)
                lines, typing = phone.news()
                for line in lines:
                    self._tell({"phone": id, "line": line})
                if typing:
                    self._tell({"phone": id, "typing": True})
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _tell(self, event: dict[str, Any]) -> None:
        for viewer in self._viewers:
            viewer.put_nowait(event)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _list(self, request: web.Request) -> web.Response:
        gateway = f"http://{request.url.host}:{urlsplit(self._gateway).port}"
        shown = [
            {
                "id": id,
                "name": phone.model.name,
                "as": phone.address,
                "words": phone.model.words,
                "picture": phone.has_picture,
                "lines": phone.lines,
            }
            for id, phone in self._phones.items()
        ]
        return web.json_response({"gateway": gateway, "phones": shown})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        viewer: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._viewers.add(viewer)
        try:
            await response.prepare(request)
            await response.write(b": here\n\n")
            while True:
                event = json.dumps(await viewer.get(), ensure_ascii=False)
                await response.write(f"data: {event}\n\n".encode())
        except ConnectionResetError:
            return response
        finally:
            self._viewers.discard(viewer)

    async def _say(self, request: web.Request) -> web.Response:
        phone, body = await self._asked(request)
        text = str(body.get("text") or "").strip()[:MAX_CHARACTERS]
        if not text:
            raise web.HTTPBadRequest(text="Say something.")
        return self._told(phone, await phone.say(self._http, self._gateway, text))

    async def _tap(self, request: web.Request) -> web.Response:
        phone, body = await self._asked(request)
        title, payload = str(body.get("title") or ""), str(body.get("payload") or "")
        if isinstance(phone, CallingPhone):
            raise web.HTTPBadRequest(text="A call has no buttons.")
        return self._told(phone, await phone.tap(self._http, self._gateway, title, payload))

    async def _share(self, request: web.Request) -> web.Response:
        phone, _ = await self._asked(request)
        if isinstance(phone, CallingPhone) or not phone.has_picture:
            raise web.HTTPBadRequest(text="There is no picture left here.")
        return self._told(phone, await phone.share(self._http, self._gateway))

    def _told(self, phone: Phone | CallingPhone, lines: list[dict[str, Any]]) -> web.Response:
        for line in lines:
            self._tell({"phone": phone.model.id, "line": line})
        return web.json_response(lines)

    async def _asked(self, request: web.Request) -> tuple[Phone | CallingPhone, dict[str, Any]]:
        body = await request.json()
        phone = self._phones.get(str(body.get("phone")))
        if phone is None:
            raise web.HTTPNotFound(text="There is no such phone.")
        return phone, body

    async def _desk(self, request: web.Request) -> web.Response:
        """Sign in and go there. Cookies are of the host, whatever the port."""
        login = request.match_info["login"]
        if login not in LOGINS:
            raise web.HTTPNotFound(text="There is no such agent.")
        body = {"login": login, "password": LOGINS[login]}
        async with self._http.post(f"{self._gateway}/desk/api/login", json=body) as answer:
            cookies = answer.headers.getall("Set-Cookie", [])
        gone = web.HTTPFound(f"http://{request.url.host}:{urlsplit(self._gateway).port}/desk")
        for cookie in cookies:
            gone.headers.add("Set-Cookie", cookie)
        raise gone


@web.middleware
async def _guard(request: web.Request, handler: Any) -> web.StreamResponse:
    """Nobody but the page itself, opened on this machine, makes customers speak."""
    origin = request.headers.get("Origin")
    is_ours = request.url.host in ("127.0.0.1", "localhost") and origin in (None, f"http://{request.host}")
    if not is_ours:
        raise web.HTTPForbidden(text="Open the page at its own address.")
    response: web.StreamResponse = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-cache"
    return response
