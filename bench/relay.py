"""Customer to desk: lines from many widgets to one agent's page, beside a bare WebSocket echo with the same client.

Each customer sends a line, waits until it is accepted (stored), and sends the next at once. The time of a line runs
from the customer's send to its arrival at the desk; the echo's from send to its return.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeAlias

import aiohttp

from bench.figures import Round
from bench.ours import RelayGateway
from bench.processes import BenchFailed

CUSTOMERS = 16
WITHIN_SECONDS = 60
# A page that sends more than 50 frames in a second is closed as a flood; one waiting for a person sends one a second.
PAUSE_BETWEEN_LONE_LINES_SECONDS = 0.03
DESK_PING_SECONDS = 10

Socket: TypeAlias = "aiohttp.ClientWebSocketResponse[bool]"


class Floor:
    """Customers who talk with an agent, and the agent's page."""

    def __init__(self, gateway: RelayGateway, session: aiohttp.ClientSession) -> None:
        self._gateway = gateway
        self._session = session
        self._csrf = ""
        self._sent_at: dict[str, float] = {}
        self._times_ms: dict[str, float] = {}
        self._twice = 0
        self._last_arrival = 0.0
        self._desk: Socket | None = None
        self.customers: list[Socket] = []

    async def open(self, stack: AsyncExitStack) -> None:
        """Sign the agent in, bring the customers in, and take each of them."""
        self._csrf = (await self._ask_desk("/login", login=self._gateway.login, password=self._gateway.password))[
            "csrf"
        ]
        desk = await stack.enter_async_context(
            self._session.ws_connect(f"{self._gateway.url}/desk/live", origin=self._gateway.url)
        )
        await desk.send_json({"type": "hello", "csrf": self._csrf})
        await _until(desk, "ready")
        self._desk = desk
        for work in (self._read_desk(desk), _ping(desk)):
            task = asyncio.create_task(work)
            stack.callback(task.cancel)
        for _ in range(CUSTOMERS):
            self.customers.append(await self._bring_in(stack))
        for _ in range(CUSTOMERS):
            taken = (await self._ask_desk("/tickets/next/claim"))["conversation"]
            if taken is None:
                raise BenchFailed("A customer who asked for a person is not in the queue.")
            # Who says nothing for three minutes has the customer taken away again.
            await self._ask_desk(f"/conversations/{taken['id']}/messages", text="你好", client_id=uuid.uuid4().hex)

    async def send_from(self, customer: Socket, text: str, lines: int, pause_seconds: float = 0.0) -> list[str]:
        """Send so many lines, each when the one before is accepted; the ids under which they went out."""
        sent = []
        for _ in range(lines):
            frame = _line(text)
            client_id = frame["client_id"]
            self._sent_at[client_id] = time.perf_counter()
            await customer.send_str(json.dumps(frame))
            answer = await _until(customer, "accepted", client_id)
            if not answer["message"]:
                raise BenchFailed("A line was accepted and not stored.")
            sent.append(client_id)
            if pause_seconds:
                await asyncio.sleep(pause_seconds)
        return sent

    async def arrived(self, sent: list[str]) -> tuple[list[float], float]:
        """The times of these lines, and when the last came. Raises BenchFailed when one is lost or comes twice."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while not all(one in self._times_ms for one in sent):
            if time.monotonic() > deadline:
                raise BenchFailed("Lines did not arrive at the desk.")
            await asyncio.sleep(0.005)
        if self._twice:
            raise BenchFailed(f"{self._twice} lines arrived twice at the desk.")
        return [self._times_ms[one] for one in sent], self._last_arrival

    async def _bring_in(self, stack: AsyncExitStack) -> Socket:
        url = self._gateway.url
        wish = {"inbox": "default", "locale": "zh-HK", "page": {"url": f"{url}/", "title": "Bench"}}
        async with self._session.post(f"{url}/widget/session", json=wish, headers={"Origin": url}) as response:
            opened = await response.json()
        if "token" not in opened:
            raise BenchFailed(f"A widget got no session: {opened}")
        customer = await stack.enter_async_context(self._session.ws_connect(f"{url}/widget/live", origin=url))
        await customer.send_json({"type": "hello", "token": opened["token"], "after": opened["cursor"]})
        await _until(customer, "ready")
        asked = {"type": "person", "client_id": uuid.uuid4().hex}
        await customer.send_json(asked)
        await _until(customer, "accepted", asked["client_id"])
        return customer

    async def _ask_desk(self, path: str, **body: str) -> dict[str, Any]:
        headers = {"X-CSRF-Token": self._csrf}
        async with self._session.post(f"{self._gateway.url}/desk/api{path}", json=body, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            if response.status != 200:
                raise BenchFailed(f"The desk refused {path}: {answer}")
            return answer

    async def _read_desk(self, desk: Socket) -> None:
        async for message in desk:
            now = time.perf_counter()
            frame = json.loads(message.data)
            if frame["type"] != "message":
                continue
            client_id = frame["message"]["client_id"]
            if client_id in self._times_ms:
                self._twice += 1
            elif client_id in self._sent_at:
                self._times_ms[client_id] = (now - self._sent_at[client_id]) * 1000
                self._last_arrival = now


@asynccontextmanager
async def floor(gateway: RelayGateway) -> AsyncIterator[Floor]:
    """Everybody in place."""
    timeout = aiohttp.ClientTimeout(total=WITHIN_SECONDS)
    # Cookies of an address without a name are kept on request only.
    jar = aiohttp.CookieJar(unsafe=True)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar, timeout=timeout))
        opened = Floor(gateway, session)
        await asyncio.wait_for(opened.open(stack), WITHIN_SECONDS)
        yield opened


async def relay_round(on: Floor, text: str, lines_each: int) -> Round:
    """All customers at once."""
    began = time.perf_counter()
    sent = await asyncio.gather(*(on.send_from(customer, text, lines_each) for customer in on.customers))
    times, last = await on.arrived([one for some in sent for one in some])
    return Round(last - began, tuple(times))


async def lone_round(on: Floor, text: str, lines: int) -> Round:
    """One customer, who pauses between lines."""
    began = time.perf_counter()
    sent = await on.send_from(on.customers[0], text, lines, PAUSE_BETWEEN_LONE_LINES_SECONDS)
    times, last = await on.arrived(sent)
    return Round(last - began, tuple(times))


async def echo_round(url: str, text: str, lines_each: int) -> Round:
    """As many clients on the bare socket."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        sockets = [await stack.enter_async_context(session.ws_connect(f"{url}/live")) for _ in range(CUSTOMERS)]
        began = time.perf_counter()
        times = await asyncio.gather(*(_echo(socket, text, lines_each) for socket in sockets))
        seconds = time.perf_counter() - began
    return Round(seconds, tuple(time for some in times for time in some))


async def _echo(socket: Socket, text: str, lines: int) -> list[float]:
    times = []
    for _ in range(lines):
        frame = _line(text)
        began = time.perf_counter()
        await socket.send_str(json.dumps(frame))
        back = json.loads(await socket.receive_str(timeout=WITHIN_SECONDS))
        times.append((time.perf_counter() - began) * 1000)
        if back != frame:
            raise BenchFailed("The echo sent back something else.")
    return times


def _line(text: str) -> dict[str, str]:
    return {"type": "message", "client_id": uuid.uuid4().hex, "text": text}


async def _until(socket: Socket, kind: str, client_id: str | None = None) -> Mapping[str, Any]:
    """The next frame of this kind (and this id). Raises BenchFailed on a refusal or a closed socket."""
    while True:
        received = await socket.receive(timeout=WITHIN_SECONDS)
        if received.type is not aiohttp.WSMsgType.TEXT:
            raise BenchFailed(f"The gateway closed a socket ({socket.close_code}).")
        frame: dict[str, Any] = json.loads(received.data)
        if frame["type"] == "error":
            raise BenchFailed(f"The gateway refused a frame: {frame}")
        if frame["type"] == kind and (client_id is None or frame.get("client_id") == client_id):
            return frame


async def _ping(desk: Socket) -> None:
    """The agent stays at the desk."""
    while True:
        await asyncio.sleep(DESK_PING_SECONDS)
        await desk.send_json({"type": "ping"})
