"""What every provider in the tests can do: be slow, broken, refusing or too busy, and remember what it was sent."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web
from waiting import eventually

# What customers' pictures are: one pixel, as a PNG.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
# The files of the payloads, whoever's they are.
A_PICTURE, A_DOCUMENT = (PICTURE, "image/png"), (b"%PDF-1.4\n%%EOF\n", "application/pdf")


@dataclass
class Sent:
    """One message that the provider took, as the customer sees it."""

    to: str
    text: str
    id: str
    buttons: list[tuple[str, str]] = field(default_factory=list)  # title, what a tap sends back
    image: str | None = None
    how: str = ""  # the provider's own word for the way it was sent
    file: tuple[str, bytes] | None = None  # its name and its bytes
    key: str = ""  # what we called it, where the provider gives that back


@dataclass(frozen=True)
class Fault:
    """What the provider does instead of taking the next message."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    takes_it: bool = False  # it takes the message, and its answer is lost
    refuses: str = ""  # one of the provider's own refusals: `blocked`, `window`, `busy`, `account`


class Provider:
    """A provider on the loopback address. `routes` and `refusal` are the provider's own."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.asked: list[web.Request] = []
        self.typing: list[str] = []
        self.calls: list[bytes] = []  # what it posts to us by itself, unsigned
        self.faults: deque[Fault] = deque()
        # What customers sent, by this provider's own key, and its type. What is not here is unknown, or too old.
        self.files: dict[str, tuple[bytes, str]] = {}
        self.files_asked = 0
        self.uploads: dict[str, tuple[str, bytes]] = {}  # by their ids, the names and the bytes of what was sent up
        self.is_locked = False  # our key opens no files
        self.key_holds = True  # False: our key is over, whatever is asked with it
        self.clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
        self.wrote: dict[str, datetime] = {}  # when somebody last did what opens the window, by this clock
        self.hold: asyncio.Event | None = None
        self.holds = ""  # the one customer whose messages are held: taken, and not answered; else nothing is taken
        self.pause: Callable[[], Awaitable[None]] | None = None
        self.address = ""
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._last_id = 0

    def routes(self) -> list[web.RouteDef]:
        """The provider's API."""
        raise NotImplementedError

    def posts(self, body: bytes) -> None:
        """It posts this to us, and remembers who may be answered, and until when, by its own clock."""
        self.wrote.update(dict.fromkeys(self.writers(parsed(body)), self.clock()))

    def writers(self, body: Any) -> Iterable[str]:
        """Those who did in this what lets us write to them. A body may be anything."""
        return ()

    def wrote_within(self, who: str, span: timedelta) -> bool:
        """Whether the window is open."""
        return who in self.wrote and self.clock() - self.wrote[who] < span

    def refusal(self, kind: str) -> web.Response:
        """How this provider says no: to somebody who blocked us, outside the window, asked too fast, with a bad key."""
        raise NotImplementedError

    def file(self, key: str, gone: web.Response) -> web.Response:
        """A customer's file, for whoever has shown our key."""
        self.files_asked += 1
        if self.is_locked:
            return self.refusal("account")
        content, kind = self.files.get(key, (b"", ""))
        return web.Response(body=content, content_type=kind) if kind else gone

    def upload(self, field: web.FileField, types: Collection[str], most: int) -> str | None:
        """Keep what is sent up; None for what this provider does not take."""
        content = field.file.read()
        if field.content_type not in types or not 0 < len(content) <= most:
            return None
        key = f"upload-{len(self.uploads) + 1}"
        self.uploads[key] = (field.filename, content)
        return key

    def next_id(self) -> str:
        """A new id of a message."""
        self._last_id += 1
        return f"{type(self).__name__.lower()}-{self._last_id}"

    async def take(self, take: Callable[[], web.Response]) -> web.Response:
        """Take a message, unless something else is to happen."""
        if self.hold is not None and not self.holds:
            await self.hold.wait()
        if self.pause is not None:
            await self.pause()
        if not self.faults:
            answer, taken = take(), self.sent[-1:]
            if self.hold is not None and any(one.to == self.holds for one in taken):
                await self.hold.wait()
            return answer
        fault = self.faults.popleft()
        if fault.takes_it:
            take()
        elif fault.refuses:
            return self.refusal(fault.refuses)
        return web.json_response(fault.body or {"error": "fault"}, status=fault.status, headers=fault.headers)

    def hangs_up(self) -> None:
        """Take what comes from now on and end the connection, so that nobody hears of it."""

        async def pause() -> None:
            transport = self.asked[-1].transport
            assert transport is not None
            transport.close()

        self.pause = pause

    @property
    def texts(self) -> list[str]:
        """What customers read."""
        return [one.text for one in self.sent]

    async def has_sent(self, count: int, seconds: float = 15) -> list[Sent]:
        """Wait until so many messages were taken."""
        await eventually(lambda: len(self.sent) >= count, lambda: self.texts, seconds)
        return self.sent

    async def start(self) -> None:
        """Be there, at the same address each time."""
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.address = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Be away."""
        if self.hold is not None:
            self.hold.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Provider]:
        await self.start()
        try:
            yield self
        finally:
            await self.stop()


def parsed(body: bytes) -> Any:
    """A body as JSON; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def each(body: Any, *path: str) -> list[dict[str, Any]]:
    """The objects at the end of lists in lists: what is not so shaped is left out."""
    found = [body] if isinstance(body, dict) else []
    for name in path:
        lists = [one.get(name) for one in found]
        found = [one for many in lists if isinstance(many, list) for one in many if isinstance(one, dict)]
    return found
