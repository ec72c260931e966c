"""What gateway tests meet: a bot on the wire, a clock, a customer's page, an agent's seat."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import aiohttp
from aiohttp import web
from argon2 import PasswordHasher
from ports import free_port
from sanic import Sanic
from sqlalchemy import insert
from sqlalchemy.engine import Connection

import shop
import shop.demo
from handoff import agents, models
from handoff.database import Database
from handoff.models import Role
from switchboard.settings import Settings

IDENTITY_SECRET = "the-shop-signs-with-this-secret-of-its-own"
ARTICLES = """
category: {zh-HK: 送貨, zh-TW: 配送, zh-CN: 配送, en: Delivery}
articles:
  - id: delivery-time
    question: {zh-HK: "幾耐送到？", zh-TW: "多久會送到？", zh-CN: "多久能送到？", en: "How long does delivery take?"}
    asked_as: [落單後幾日收到貨, 到货要几天, when will it arrive, 寄到台灣要多久]
    answer: {zh-HK: "三日。", zh-TW: "三天。", zh-CN: "三天。", en: "Three days."}
    related: [delivery-fee]
  - id: delivery-fee
    question: {zh-HK: "運費幾多？", zh-TW: "運費多少？", zh-CN: "运费多少？", en: "What does shipping cost?"}
    asked_as: [郵費, shipping fee, 包邮吗, 滿多少免運]
    answer: {zh-HK: "三十蚊。", zh-TW: "一百元。", zh-CN: "十二元。", en: "HK$30."}
"""
AGENTS = (
    ("ben", "Ben", Role.AGENT),
    ("cleo", "Cleo", Role.AGENT),
    ("sue", "Sue", Role.SUPERVISOR),
    ("eddy", "Eddy", Role.EDITOR),
)
PASSWORD = "a-long-password"


class FakeClock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)  # Monday noon in Hong Kong

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **spans: float) -> None:
        self.now += timedelta(**spans)


class FakeBot:
    """Stands where Rasa stands: a server with a `rest` channel. By default it repeats what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.status = 200
        self.hold: asyncio.Event | None = None
        self.pause: Callable[[], Awaitable[None]] | None = None
        self.address = ""
        self.stop: Callable[[], Awaitable[None]]

    def says(self, to: str, *lines: dict[str, Any]) -> None:
        """Answer a text (or payload) with these lines."""
        self.answers[to] = list(lines)

    def hands_over(self, to: str, **marker: Any) -> None:
        """Answer a text with a handoff marker."""
        self.says(to, {"custom": {"handoff": {"reason": "asked_for_person", **marker}}})

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        if self.hold is not None:
            await self.hold.wait()
        if self.pause is not None:
            await self.pause()
        lines = self.answers.get(body["message"], [{"text": f"bot: {body['message']}"}])
        if callable(lines):
            lines = lines(body)
        return web.json_response(lines, status=self.status)

    @contextlib.asynccontextmanager
    async def running(self, port: int | None = None) -> AsyncIterator[FakeBot]:
        app = web.Application()
        app.router.add_post("/webhooks/rest/webhook", self._webhook)
        app.router.add_get("/webhooks/rest/", lambda _request: web.json_response({"status": "ok"}))
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        port = port or free_port()
        self.stop = runner.cleanup
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.address = f"http://127.0.0.1:{port}"
        try:
            yield self
        finally:
            if self.hold is not None:
                self.hold.set()
            await runner.cleanup()


class Page:
    """A customer's page on the WebSocket: keeps every frame, waits for those it is asked about."""

    def __init__(self, gateway: Gateway, session: dict[str, Any]) -> None:
        self.gateway = gateway
        self.session = session
        self.frames: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self._changed = asyncio.Event()
        self._socket: Any = None
        self._reader: Any = None

    async def connect(self, after: int | None = None, origin: str | None = "own") -> Page:
        headers = {"Origin": self.gateway.base if origin == "own" else origin} if origin else {}
        self._socket = await self.gateway.http.ws_connect(f"{self.gateway.base}/widget/live", headers=headers)
        cursor = self.session.get("cursor", 0) if after is None else after
        await self.send({"type": "hello", "token": self.session.get("token"), "after": cursor})
        self._reader = asyncio.create_task(self._read())
        return self

    async def send(self, frame: Any) -> None:
        await self._socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def say(self, text: str, client_id: str | None = None) -> str:
        client_id = client_id or secrets.token_hex(8)
        await self.send({"type": "message", "client_id": client_id, "text": text})
        return client_id

    async def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 20) -> dict[str, Any]:
        """The first frame, received already or to come, that is wanted."""
        deadline = asyncio.get_running_loop().time() + seconds
        seen = 0
        while True:
            for frame in self.frames[seen:]:
                if wanted(frame):
                    return frame
            seen = len(self.frames)
            self._changed.clear()
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 or self.close_code is not None:
                raise AssertionError(f"no such frame; closed: {self.close_code}; got {self.frames}")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    async def message(self, author: str, text: str = "") -> dict[str, Any]:
        """The first message of this author with this text in it, pushed or caught up with."""

        def found(frame: dict[str, Any]) -> list[dict[str, Any]]:
            lines = [frame["message"]] if frame["type"] == "message" else frame.get("messages", [])
            return [line for line in lines if line["author"] == author and text in line["text"]]

        return found(await self.until(lambda frame: bool(found(frame))))[0]

    async def state(self, status: str) -> dict[str, Any]:
        frame = await self.until(lambda f: f["type"] in ("state", "ready") and f["state"]["status"] == status)
        return frame["state"]

    async def closed(self, seconds: float = 20) -> int | None:
        await asyncio.wait_for(asyncio.shield(self._reader), seconds)
        return self.close_code

    async def leave(self) -> None:
        await self._socket.close()
        await self._reader

    async def _read(self) -> None:
        async for message in self._socket:
            self.frames.append(json.loads(message.data))
            self._changed.set()
        self.close_code = self._socket.close_code
        self._changed.set()


class Seat:
    """An agent signed in at the desk."""

    def __init__(self, gateway: Gateway, http: aiohttp.ClientSession, csrf: str, agent: dict[str, Any]) -> None:
        self.gateway = gateway
        self.http = http
        self.csrf = csrf
        self.agent = agent

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.http.get(f"{self.gateway.base}/desk/api{path}") as response:
            body = await response.json()
            assert response.status == status, body
            return body

    async def post(self, path: str, body: Any = None, status: int = 200, method: str = "POST") -> Any:
        headers = {"X-CSRF-Token": self.csrf}
        async with self.http.request(
            method, f"{self.gateway.base}/desk/api{path}", json=body or {}, headers=headers
        ) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer

    async def claim_only(self) -> str:
        """Take the one waiting ticket; its conversation."""
        (row,) = (await self.get("/inbox"))["queue"]
        await self.post(f"/tickets/{row['number']}/claim")
        return row["conversation"]


class Gateway:
    """The running gateway, and ways to meet it."""

    def __init__(self, base: str, bot: FakeBot, clock: FakeClock, settings: Settings, app: Sanic) -> None:
        self.base = base
        self.bot = bot
        self.clock = clock
        self.settings = settings
        self.app = app
        self.http = aiohttp.ClientSession()
        self._others: list[aiohttp.ClientSession] = []

    async def session(self, status: int = 200, **wish: Any) -> dict[str, Any]:
        body = {"inbox": "demo", "locale": "en", **wish}
        async with self.http.post(f"{self.base}/widget/session", json=body) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer

    async def page(self, **wish: Any) -> Page:
        return await Page(self, await self.session(**wish)).connect()

    async def seat(self, login: str) -> Seat:
        jar = aiohttp.CookieJar(unsafe=True)
        http = aiohttp.ClientSession(cookie_jar=jar)
        self._others.append(http)
        body = {"login": login, "password": PASSWORD}
        async with http.post(f"{self.base}/desk/api/login", json=body) as response:
            answer = await response.json()
            assert response.status == 200, answer
        return Seat(self, http, answer["csrf"], answer["agent"])

    async def rest(self, text: str, sender: str = "ana", status: int = 200, **metadata: Any) -> Any:
        body = {"sender": sender, "message": text, "metadata": metadata}
        async with self.http.post(f"{self.base}/webhooks/rest/webhook", json=body) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer

    def identity(self, customer_id: str = "c-0001", minutes: float = 60) -> str:
        return shop.sign_identity(customer_id, IDENTITY_SECRET, self.clock(), minutes)

    async def close(self) -> None:
        await self.http.close()
        for other in self._others:
            await other.close()


def add_agents(url: str) -> None:
    """The people of AGENTS."""
    database = Database(url)
    try:
        database.write_now(add_missing_agents)
    finally:
        database.close()


def add_missing_agents(connection: Connection) -> None:
    """Their password is not as slow to check as those that `agents.add` gives."""
    now = datetime.now(timezone.utc)
    there = {one.login for one in agents.listing(connection)}
    for login, name, role in AGENTS:
        if login not in there:
            given = {"login": login, "name": name, "role": role.value, "password_hash": _quick_hash()}
            connection.execute(insert(models.agents).values(**given, language="en", active=True, created_at=now))


@functools.lru_cache(maxsize=1)
def _quick_hash() -> str:
    # What a check costs is written in the hash: two tenths of a second of processor as `agents.add` wants it.
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


Start = Callable[..., Awaitable[Gateway]]
