"""How the outbox waits for a provider that does not take a message: by its own clock and its own chance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import FakeClock
from providers.server import Fault, eventually
from providers.telegram import TelegramProvider
from test_telegram_channel import KIT
from tests_databases import SqliteTemplate

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

    def says(self, to: str, text: str) -> int:
        """A line of ours to this customer; its id."""

        def work(connection: Any) -> int:
            conversation = conversations.open_or_begin(connection, "telegram", to, self.clock(), "en")
            draft = Draft(author=Author.ASSISTANT, text=text)
            return transcript.append(connection, conversation, draft, self.clock()).id

        found = self.database.write_now(work)
        self.outbox.nudge()
        return found

    def delivery(self, line: int) -> Any:
        query = table.select().where(table.c.message_id == line)
        return self.database.read_now(lambda c: c.execute(query).one())

    async def wait_after(self, line: int, attempt: int) -> float:
        """The seconds that this line waits after so many attempts; then they have passed."""
        pending = DeliveryState.PENDING.value
        await eventually(lambda: (self.delivery(line).state, self.delivery(line).attempts) == (pending, attempt))
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
    await eventually(lambda: (sending.delivery(first).state, sending.delivery(first).attempts) == ("pending", 1))
    is_told.set()
    assert await sending.wait_after(last, 1) == 300, "which a second without parameters does not shorten"
    await provider.has_sent(2)
