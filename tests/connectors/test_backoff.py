"""How the outbox waits for a provider that does not take a message: by its own clock and its own chance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from gateway_parts import FakeClock
from providers.server import Fault
from providers.telegram import TelegramProvider
from test_telegram_channel import KIT
from tests_databases import SqliteTemplate
from waiting import eventually

from connectors.output import DeliveryFailed, SentFile
from connectors.provider import Provider
from connectors.telegram import TelegramInput
from handoff import conversations, transcript
from handoff.database import Database
from handoff.models import Author, DeliveryState
from handoff.models import deliveries as table
from handoff.paid_messages import Caps
from handoff.records import Draft
from switchboard.live import LocalLive
from switchboard.outbox import AT_ONCE, Outbox
from switchboard.purse import Purse
from switchboard.senders import OwnSender

ANA, BOB = KIT.customers


class Sending:
    """An outbox that sends through Telegram; `chance` is what its jitter draws."""

    def __init__(self, database: Database, provider: TelegramProvider) -> None:
        self.database, self.provider, self.clock, self.chance = database, provider, FakeClock(), 0.5
        self.outbox = Outbox(database, LocalLive(), self.clock, jitter=lambda: self.chance, hangs_after_seconds=0.05)
        purse = Purse("telegram", database, Caps(), self.clock, lambda _: None)
        channel = TelegramInput.from_credentials(KIT.credentials(provider.address))
        self.outbox.add("telegram", OwnSender(channel, "https://shop.example", Path, lambda *_: "", purse))

    def says(self, to: str, text: str, body: dict[str, Any] | None = None) -> int:
        """A line of ours to this customer; its id."""

        def work(connection: Any) -> int:
            conversation = conversations.open_or_begin(connection, "telegram", to, self.clock(), "en")
            draft = Draft(author=Author.AGENT if body else Author.ASSISTANT, text=text, body=body or {})
            return transcript.append(connection, conversation, draft, self.clock()).id

        found = self.database.write_now(work)
        self.outbox.nudge()
        return found

    def delivery(self, line: int) -> Any:
        query = table.select().where(table.c.message_id == line)
        return self.database.read_now(lambda c: c.execute(query).one())

    def tried(self, line: int) -> tuple[str, int]:
        """Its state and how often it was tried, both of one moment."""
        found = self.delivery(line)
        return found.state, found.attempts

    async def wait_after(self, line: int, attempt: int) -> float:
        """The seconds that this line waits after so many attempts; then they have passed."""
        pending = DeliveryState.PENDING.value
        await eventually(lambda: self.tried(line) == (pending, attempt))
        at = self.delivery(line).next_try_at
        waits: timedelta = at - self.clock()
        self.clock.now = at
        self.outbox.nudge()
        return waits.total_seconds()


@pytest.fixture
async def sending(sqlite_template: SqliteTemplate, tmp_path: Path) -> AsyncIterator[Sending]:
    database = Database(sqlite_template.copy_to(tmp_path / "switchboard.db"))
    provider = TelegramProvider()
    async with provider.running():
        sending = Sending(database, provider)
        running = asyncio.ensure_future(sending.outbox.run())
        yield sending
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    database.close()


async def test_waits_grow_to_a_bound_and_those_who_failed_together_do_not_come_back_together(sending: Sending) -> None:
    doubled = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    for count, (to, chance, share) in enumerate(((ANA, 0.0, 0.75), (BOB, 1.0, 1.25)), 1):
        sending.chance = chance
        sending.provider.faults.extend([Fault(503)] * len(doubled))
        line = sending.says(to, f"to {to}")
        waits = [await sending.wait_after(line, attempt) for attempt in range(1, len(doubled) + 1)]
        assert waits == [seconds * share for seconds in doubled]
        await sending.provider.has_sent(count)


async def test_what_the_provider_asks_us_to_wait_wins_unless_we_would_wait_longer(sending: Sending) -> None:
    asked = ("90", None, "1")
    sending.provider.faults.extend(Fault(503, headers={"Retry-After": one} if one else {}) for one in asked)
    line = sending.says(ANA, "hello")
    assert [await sending.wait_after(line, attempt) for attempt in (1, 2, 3)] == [90, 2, 4]
    await sending.provider.has_sent(1)


async def test_a_conversation_that_waits_holds_no_other_and_keeps_its_own_order(sending: Sending) -> None:
    provider = sending.provider
    provider.faults.append(Fault(503))
    first = sending.says(ANA, "one")
    sending.says(ANA, "two")
    for attempt in range(1, 6):
        await eventually(lambda: not provider.faults)
        sending.says(BOB, f"after {attempt}")
        await provider.has_sent(attempt)
        provider.faults.extend([Fault(503)] * (attempt < 5))
        await sending.wait_after(first, attempt)
    await provider.has_sent(7)
    assert provider.texts == [*(f"after {attempt}" for attempt in range(1, 6)), "one", "two"]


async def test_conversations_that_hang_use_up_no_place_however_many_they_are(sending: Sending) -> None:
    provider, held = sending.provider, [f"{number}" for number in range(100, 100 + 3 * AT_ONCE)]
    provider.chats.update(held)
    provider.hold, provider.holds = asyncio.Event(), ""
    for to in held:
        sending.says(to, "hangs")
    await eventually(lambda: len(provider.asked) == len(held))
    hanging, provider.hold = provider.hold, None
    sending.says(BOB, "and I")
    await provider.has_sent(1)
    assert provider.texts == ["and I"]
    hanging.set()
    await provider.has_sent(1 + len(held))


async def test_a_file_is_given_the_time_that_its_size_needs(sending: Sending, tmp_path: Path) -> None:
    provider, clock = sending.provider, sending.clock
    provider.hold = asyncio.Event()
    sending.outbox._send_timeout_seconds = 0.1
    (tmp_path / "film").write_bytes(b"\0" * 1000)
    film = {"id": str(tmp_path / "film"), "name": "how.mp4", "type": "video/mp4", "bytes": 20_000_000}
    words, file = sending.says(ANA, "too slow"), sending.says(BOB, "", {"attachments": [film], "wordless": True})
    await eventually(lambda: sending.delivery(words).state == "unknown")
    assert sending.delivery(file).state == "sending"
    assert sending.delivery(file).next_try_at - clock() > timedelta(minutes=4), "no other gateway takes it meanwhile"
    provider.hold.set()
    await eventually(lambda: sending.delivery(file).state == "sent")


async def test_a_provider_that_reads_slowly_is_waited_for_as_long_as_the_slowest_line_takes(tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(b"\0" * 2_000_000)
    film = SentFile("how.mp4", "video/mp4", tmp_path / "film", 2_000_000)
    took, is_over = list[int](), asyncio.Event()

    async def reads_slowly(request: web.Request) -> web.Response:
        async for piece in request.content.iter_chunked(250_000):
            took.append(len(piece))
            await asyncio.sleep(0.02)
        return web.json_response({"ok": True})

    async def never_reads(request: web.Request) -> web.Response:
        await is_over.wait()
        return web.Response()

    app = web.Application(client_max_size=10_000_000)
    app.add_routes([web.post("/slow", reads_slowly), web.post("/never", never_reads)])
    async with TestServer(app) as server:
        api = Provider(str(server.make_url("")), timeout_seconds=0.1, bytes_per_second=5_000_000)
        assert (await api.call("POST", "/slow", file=("film", film))).is_good and sum(took) > film.size_bytes
        began = time.monotonic()
        with pytest.raises(DeliveryFailed, match="no_answer"):
            await api.call("POST", "/never", file=("film", film))
        assert 0.4 < time.monotonic() - began < 5
        await api.close()
        is_over.set()


async def test_an_account_rests_as_long_as_the_longest_it_was_told(sending: Sending) -> None:
    provider, is_told = sending.provider, asyncio.Event()

    async def pause() -> None:
        if len(provider.asked) == 1:
            await is_told.wait()

    provider.pause = pause
    rest = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 300}}
    provider.faults.extend([Fault(429, body=rest), Fault(429, body={**rest, "parameters": {}})])
    last = sending.says(BOB, "under way")
    await eventually(lambda: provider.asked)
    first = sending.says(ANA, "told first")
    await eventually(lambda: sending.tried(first) == ("pending", 1))
    is_told.set()
    assert await sending.wait_after(last, 1) == 300, "which a second without parameters does not shorten"
    await provider.has_sent(2)
