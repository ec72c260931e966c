"""kill -9 of a gateway that sends: what it owes leaves later, once and in order, and what nobody knows is shown.

Each round starts gateways, so by day a few pairs of channel and database stand for all: a provider that knows a message
that comes again, one that does not, and either database. At night it is each with each.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gateway_parts import ARTICLES, FakeBot, FakeClock, Gateway, Seat, add_agents
from kit import Customer, Kit
from ports import free_port
from providers.server import Provider
from rounds import IS_NIGHT, rounds
from running_switchboard import ROOT, environment
from sqlalchemy import update
from test_line_channel import KIT as LINE
from test_sms_http import KIT as SMS
from test_telegram_channel import KIT as TELEGRAM
from waiting import eventually

from handoff.database import Database
from handoff.models import conversations, deliveries
from switchboard.outbox import LEASE

pytestmark = pytest.mark.processes
DATABASES = {"sqlite": (), "postgres": (pytest.mark.postgres,)}
READY_SECONDS = 60


def on(*by_day: tuple[Kit, str], at_night: Sequence[Kit] = (LINE, SMS, TELEGRAM)) -> pytest.MarkDecorator:
    """These pairs of channel and database; at night, each of these channels with each database."""
    chosen = itertools.product(at_night, DATABASES) if IS_NIGHT else by_day
    pairs = [
        pytest.param(kit, database, id=f"{kit.channel}-{database}", marks=DATABASES[database])
        for kit, database in chosen
    ]
    return pytest.mark.parametrize(("kit", "database_url"), pairs, indirect=["database_url"])


class Process:
    """A gateway as `switchboard gateway` starts it, with one channel."""

    def __init__(self, kit: Kit, place: Path, database_url: str) -> None:
        self.kit = kit
        self.database_url = database_url
        self.port = free_port()
        self.provider: Provider = kit.provider()
        self.bot = FakeBot()
        self.gateway: Gateway
        self.seat: Seat
        self._place = place
        self._running: subprocess.Popen[bytes] | None = None

    @contextlib.asynccontextmanager
    async def house(self) -> AsyncIterator[Process]:
        """The provider, the bot and the gateway, with ben at the desk."""
        articles = self._place / "articles"
        articles.mkdir()
        (articles / "delivery.yml").write_text(ARTICLES, encoding="utf-8")
        async with self.provider.running(), self.bot.running():
            entry = {self.kit.class_path: self.kit.credentials(self.provider.address)}
            (self._place / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
            base = f"http://127.0.0.1:{self.port}"
            self.gateway = Gateway(base, self.bot, FakeClock(), None, None)  # type: ignore[arg-type]
            try:
                await self.start()
                add_agents(self.database_url)
                self.seat = await self.gateway.seat("ben")
                yield self
            finally:
                self.kill()
                await self.gateway.close()

    async def start(self) -> None:
        settings = {
            "DATABASE_URL": self.database_url,
            "CREDENTIALS_FILE": str(self._place / "credentials.yml"),
            "ARTICLES_DIR": str(self._place / "articles"),
            "BOT_URLS": self.bot.address,
            "BURST_WINDOW_MILLISECONDS": "0",
            "MESSAGES_BURST": "1000",
        }
        given = {f"SWITCHBOARD_{name}": value for name, value in settings.items()}
        with (self._place / "gateway.log").open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "switchboard", "gateway"],
                cwd=ROOT,
                env=environment(self._place / "var", self.port, **given),
                stdout=log,
                stderr=log,
            )
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not await self._is_ready():
            assert self._running.poll() is None, (self._place / "gateway.log").read_text()[-3000:]
            assert asyncio.get_running_loop().time() < deadline, "the gateway is not ready"

    async def _is_ready(self) -> bool:
        try:
            async with self.gateway.http.get(f"{self.gateway.base}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
            return False

    def kill(self) -> None:
        if self._running is not None:
            self._running.send_signal(signal.SIGKILL)
            self._running.wait(10)
            self._running = None

    def time_passes(self, span: timedelta) -> None:
        """The tables as they stand so much later."""

        def older(connection: Any) -> None:
            for row in connection.execute(deliveries.select()).all():
                times = ("next_try_at", "created_at", "updated_at")
                values = {name: getattr(row, name) - span for name in times}
                connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(**values))
            for row in connection.execute(conversations.select()).all():
                if row.wrote_at is not None:
                    wrote = {"wrote_at": row.wrote_at - span}
                    connection.execute(update(conversations).where(conversations.c.id == row.id).values(**wrote))

        database = Database(self.database_url)
        try:
            database.write_now(older)
        finally:
            database.close()

    async def begins_again_after_the_lease(self) -> None:
        self.time_passes(LEASE + timedelta(seconds=1))
        await self.start()

    async def talks_with(self, count: int) -> list[str]:
        """So many customers have a person, who answers ten minutes later."""
        self.bot.hands_over("a person please")
        customer = Customer(self.gateway, self.kit, self.provider)
        taken: list[str] = []
        for sender in range(count):
            await customer.says("a person please", sender=sender)
            taken.append(await self._claimed())
        await self.come_to_an_end()
        self.time_passes(timedelta(minutes=10))
        self.provider.sent.clear()
        return taken

    async def _claimed(self) -> str:
        deadline = asyncio.get_running_loop().time() + 20
        while not (queue := (await self.seat.get("/inbox"))["queue"]):
            assert asyncio.get_running_loop().time() < deadline, "nobody came into the queue"
            await asyncio.sleep(0.02)
        await self.seat.post(f"/tickets/{queue[0]['number']}/claim")
        return str(queue[0]["conversation"])

    def states(self) -> list[str]:
        """Of all rows, in the order in which they are to leave."""
        database = Database(self.database_url)
        try:
            rows = database.read_now(lambda c: c.execute(deliveries.select().order_by(deliveries.c.id)).all())
        finally:
            database.close()
        return [row.state for row in rows]

    async def says(self, conversation: str, text: str) -> None:
        """A line of ben's, sent by his page until it is stored: it keeps its id through every try."""
        body = {"text": text, "client_id": f"{conversation[:8]}-{text}".replace(" ", "-")}
        url = f"{self.gateway.base}/desk/api/conversations/{conversation}/messages"
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while True:
            try:
                headers = {"X-CSRF-Token": self.seat.csrf}
                async with self.seat.http.post(url, json=body, headers=headers) as answer:
                    assert answer.status == 200, await answer.text()
                    return
            except aiohttp.ClientError:
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.05)

    async def shown(self, conversation: str) -> dict[str, str]:
        """What the desk shows of each line of ben's."""
        lines = (await self.seat.get(f"/conversations/{conversation}"))["messages"]
        return {one["text"]: one["delivery"]["state"] for one in lines if one["author"] == "agent"}

    async def come_to_an_end(self) -> None:
        await eventually(lambda: not {"pending", "sending"} & set(self.states()), self.states, 40)


@pytest.fixture
async def process(kit: Kit, tmp_path: Path, database_url: str) -> AsyncIterator[Process]:
    async with Process(kit, tmp_path, database_url).house() as running:
        yield running


@on((LINE, "sqlite"), (TELEGRAM, "postgres"))
async def test_what_waits_and_what_is_at_the_provider_when_the_gateway_dies(process: Process) -> None:
    """The provider takes the first line of each customer, and its answer meets nobody."""
    provider, lines = process.provider, ["one", "two", "three"]
    first, second = await process.talks_with(2)
    provider.hold = asyncio.Event()
    asked = len(provider.asked)
    for text in lines:
        for conversation in (first, second):
            await process.says(conversation, text)
    await eventually(lambda: len(provider.asked) >= asked + 2, lambda: len(provider.asked) - asked)
    assert sorted(process.states()[-6:]) == ["pending"] * 4 + ["sending"] * 2
    process.kill()
    provider.hold.set()
    provider.hold = None
    await provider.has_sent(2)
    await process.begins_again_after_the_lease()
    await process.come_to_an_end()
    for conversation, to in zip((first, second), process.kit.customers):
        assert [one.text for one in provider.sent if one.to == to] == lines, "each once, in order"
        held = "sent" if process.kit.repeats_safely else "unknown"
        assert await process.shown(conversation) == {"one": held, "two": "sent", "three": "sent"}


@on((LINE, "postgres"), at_night=[LINE])
async def test_a_reply_has_no_repeat_key_and_is_not_sent_twice(process: Process) -> None:
    """LINE knows a push that comes again, and no reply; the answer of the bot is a reply."""
    provider, customer = process.provider, Customer(process.gateway, process.kit, process.provider)
    process.bot.says("hello", {"text": "one"}, {"text": "two"})
    provider.hold = asyncio.Event()
    await customer.says("hello")
    await eventually(
        lambda: process.states() == ["sending"] * 2 and [one for one in provider.asked if "reply" in one.path]
    )
    process.kill()
    provider.hold.set()
    provider.hold = None
    await provider.has_sent(2)
    await process.begins_again_after_the_lease()
    await process.come_to_an_end()
    assert (provider.texts, process.states()) == (["one", "two"], ["unknown"] * 2)


@pytest.mark.parametrize("moment", range(rounds(1)))
@on((SMS, "sqlite"), (TELEGRAM, "postgres"))
async def test_killed_at_any_moment_nothing_is_lost_doubled_or_out_of_order(process: Process, moment: int) -> None:
    chance, provider = random.Random(f"{process.kit.channel}{moment}"), process.provider
    both = await process.talks_with(2)
    said = [f"line {number}" for number in range(8)]
    provider.pause = lambda: asyncio.sleep(chance.random() * 0.06)
    for turn in range(2):
        part = said[turn * 4 : turn * 4 + 4]
        speaking = [asyncio.create_task(_say_all(process.says, one, part)) for one in both]
        await asyncio.sleep(chance.random() * 0.4)
        process.kill()
        await process.begins_again_after_the_lease()
        await asyncio.gather(*speaking)
    await process.come_to_an_end()
    for conversation, to in zip(both, process.kit.customers):
        shown = await process.shown(conversation)
        assert list(shown) == said, "stored once, in order"
        arrived = [one.text for one in provider.sent if one.to == to and one.text in said]
        assert arrived == [text for text in said if text in arrived], "in order, none twice"
        if process.kit.repeats_safely:
            assert arrived == said and set(shown.values()) == {"sent"}
        else:
            assert set(shown.values()) <= {"sent", "unknown"}
            assert {text for text in said if shown[text] == "sent"} <= set(arrived), "what is missing is shown"


async def _say_all(says: Callable[[str, str], Any], conversation: str, lines: list[str]) -> None:
    for text in lines:
        await says(conversation, text)
