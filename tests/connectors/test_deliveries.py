"""The table of deliveries on each database: order, one taker, receipts that only go forwards; what a crash leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import FakeClock, Gateway, Start
from kit import Customer
from sqlalchemy import update
from test_sms_http import KIT as SMS
from test_telegram_channel import KIT as TELEGRAM
from waiting import eventually

from connectors.provider import LONGEST_WAIT_SECONDS, Answer
from handoff import conversations, deliveries, migrations, transcript
from handoff.database import Database
from handoff.models import Author, DeliveryState
from handoff.models import deliveries as table
from handoff.records import Conversation, Draft

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    migrations.upgrade(opened)
    yield opened
    opened.close()


def _say(connection: Any, conversation: Conversation, text: str) -> int:
    return transcript.append(connection, conversation, Draft(author=Author.ASSISTANT, text=text), NOW).id


def _two_lines(database: Database, sender: str = "ana") -> tuple[int, int]:
    def work(connection: Any) -> tuple[int, int]:
        conversation = conversations.open_or_begin(connection, "line", sender, NOW, "en")
        return _say(connection, conversation, "one"), _say(connection, conversation, "two")

    return database.write_now(work)


def _due(database: Database, now: datetime = NOW) -> list[deliveries.Delivery]:
    return database.read_now(lambda c: deliveries.due(c, "line", now, 100))


def _take(database: Database, delivery: deliveries.Delivery, now: datetime = NOW) -> bool:
    return database.write_now(lambda c: deliveries.claim(c, delivery, now, LATER))


def test_what_was_said_first_leaves_first_and_holds_no_other_customer(database: Database) -> None:
    first, second = _two_lines(database)
    other, _ = _two_lines(database, "bob")
    assert [one.message_id for one in _due(database)] == [first, other]
    assert [one.message_id for one in database.read_now(lambda c: deliveries.due(c, "whatsapp", NOW, 9))] == []
    head = _due(database)[0]
    assert _take(database, head)
    assert [one.message_id for one in _due(database)] == [other], "the second line waits for the first"
    database.write_now(lambda c: deliveries.try_again(c, head, LATER, NOW, "busy", "x" * 1000))
    assert [one.message_id for one in _due(database)] == [other]
    assert first in [one.message_id for one in _due(database, LATER)]
    again = database.read_now(lambda c: deliveries.due(c, "line", LATER, 9))[-1]
    assert _take(database, again, LATER)
    database.write_now(lambda c: deliveries.sent(c, again, "p-1", LATER))
    assert second in [one.message_id for one in _due(database, LATER)]


def test_of_many_that_try_at_once_one_takes_it(database: Database) -> None:
    _two_lines(database)
    (head,) = _due(database)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: _take(database, head), range(16)))
    assert taken.count(True) == 1


def test_what_leaves_together_is_taken_in_one_step_and_what_was_said_between_parts_it(database: Database) -> None:
    first, second = _two_lines(database)
    third, fourth = _two_lines(database)
    (head,) = _due(database)
    assert _take(database, head)
    wanted = [first, second, fourth]
    along = database.read_now(lambda c: deliveries.behind(c, head, wanted))
    assert [one.message_id for one in along] == [second]
    database.write_now(lambda c: deliveries.take_along(c, along, NOW, LATER))
    assert database.read_now(lambda c: deliveries.behind(c, head, wanted)) == [], "it is taken"
    assert _due(database, LATER) != _due(database, NOW) == []
    for one in (head, *along):
        database.write_now(lambda c, one=one: deliveries.sent(c, one, "p-1", NOW))
    assert [one.message_id for one in _due(database)] == [third]
    moved = database.write_now(lambda c: deliveries.receipt(c, "line", "p-1", DeliveryState.READ, NOW))
    assert [one.message_id for one in moved] == [first, second]


def test_a_whole_turn_waits_until_all_is_answered(database: Database) -> None:
    def work(connection: Any) -> tuple[int, int]:
        conversation = conversations.open_or_begin(connection, "line", "ana", NOW, "en")
        asked = transcript.append(connection, conversation, Draft(author=Author.CUSTOMER, text="where"), NOW).id
        notice = Draft(author=Author.SYSTEM, text="hidden", reply_to=asked, part=-1)
        return asked, transcript.append(connection, conversation, notice, NOW).id

    asked, notice = database.write_now(work)
    assert [one.message_id for one in _due(database)] == [notice]
    assert database.read_now(lambda c: deliveries.due(c, "line", NOW, 100, whole_turns=True)) == []
    database.write_now(lambda c: transcript.settle(c, asked, NOW))
    (found,) = database.read_now(lambda c: deliveries.due(c, "line", NOW, 100, whole_turns=True))
    assert found.message_id == notice


def test_a_long_line_has_a_row_for_each_part_and_ends_when_one_is_refused(database: Database) -> None:
    first, second = _two_lines(database)
    (head,) = _due(database)
    assert _take(database, head)
    for _ in range(2):
        database.write_now(lambda c: deliveries.expand(c, head, 3, NOW))
    database.write_now(lambda c: deliveries.sent(c, head, "p-1", NOW))
    (part,) = _due(database)
    assert (part.message_id, part.part) == (first, 1), "before the next line"
    assert not database.read_now(lambda c: deliveries.is_done(c, first))
    assert _take(database, part)
    database.write_now(lambda c: deliveries.give_up(c, part, DeliveryState.FAILED, NOW, "blocked", ""))
    standing = database.read_now(lambda c: deliveries.standing_of(c, [first, second]))
    assert standing[first] == deliveries.Standing(DeliveryState.FAILED, "blocked", None)
    assert [one.message_id for one in _due(database)] == [second]
    assert database.write_now(lambda c: deliveries.send_again(c, [first], NOW))
    assert [(one.message_id, one.part) for one in _due(database)] == [(first, 1)], "what arrived is not sent again"


def test_receipts_only_go_forwards(database: Database) -> None:
    first, _ = _two_lines(database)
    (head,) = _due(database)
    assert database.write_now(lambda c: deliveries.receipt(c, "line", "p-1", DeliveryState.READ, NOW)) == []
    assert _take(database, head)
    database.write_now(lambda c: deliveries.sent(c, head, "p-1", NOW))
    for told, holds in (
        (DeliveryState.READ, "read"),
        (DeliveryState.DELIVERED, "read"),
        (DeliveryState.SENT, "read"),
        (DeliveryState.FAILED, "read"),
    ):
        moved = database.write_now(lambda c, told=told: deliveries.receipt(c, "line", "p-1", told, NOW))
        assert [one.message_id for one in moved] == [first]
        assert database.read_now(lambda c: deliveries.standing_of(c, [first]))[first].state.value == holds
    assert database.write_now(lambda c: deliveries.receipt(c, "whatsapp", "p-1", DeliveryState.READ, NOW)) == []


@pytest.mark.parametrize("kit", [TELEGRAM, SMS], ids=["telegram", "sms"])
async def test_a_gateway_that_died_while_it_sent_leaves_no_silence_and_no_double(
    start: Start, root: Path, kit: Any
) -> None:
    clock = FakeClock()
    async with kit.provider().running() as provider:
        entry = {kit.class_path: kit.credentials(provider.address)}
        (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
        gateway = await start(clock=clock, default_language="en")
        await Customer(gateway, kit, provider).says("hello")
        await provider.has_sent(1)
        database = gateway.app.ctx.database

        def is_sent() -> bool:
            rows = database.read_now(lambda c: c.execute(table.select()).all())
            return [row.state for row in rows] == ["sent"]

        await eventually(is_sent)
        await gateway.stop()  # type: ignore[attr-defined]
        # As the table stands when a process is killed between taking a delivery and noting the provider's answer.
        left = Database(gateway.settings.database)
        lease = clock() + timedelta(minutes=2)
        left.write_now(lambda c: c.execute(update(table).values(state="sending", next_try_at=lease, provider_id=None)))
        left.close()
        second = await start(bot=gateway.bot, clock=clock, default_language="en")
        clock.forward(minutes=3)
        second.app.ctx.outbox.nudge()

        def state() -> str:
            return second.app.ctx.database.read_now(lambda c: c.execute(table.select()).one()).state

        # The SMS gateway sends once under one key, so it may be asked. Of Telegram nobody knows: the agent is told.
        await eventually(lambda: state() == ("sent" if kit.repeats_safely else "unknown"), state)
        assert len(provider.sent) == 1


async def test_a_gateway_that_is_stopped_lets_what_it_sends_arrive(start: Start, root: Path) -> None:
    clock = FakeClock()
    async with TELEGRAM.provider().running() as provider:
        entry = {TELEGRAM.class_path: TELEGRAM.credentials(provider.address)}
        (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
        gateway = await start(clock=clock, default_language="en")
        provider.hold = asyncio.Event()
        await Customer(gateway, TELEGRAM, provider).says("hello", number=1)

        def states(running: Gateway) -> list[str]:
            return running.app.ctx.database.read_now(lambda c: [row.state for row in c.execute(table.select())])

        await eventually(lambda: states(gateway) == ["sending"])
        stopping = asyncio.ensure_future(gateway.stop())  # type: ignore[attr-defined]
        await asyncio.wait({stopping}, timeout=0.5)  # long enough for all but a stop that waits for the provider
        provider.hold.set()
        await stopping
        second = await start(bot=gateway.bot, clock=clock, default_language="en")
        assert states(second) == ["sent"]
        # So nothing that is said next has to wait until a lease of two minutes ends.
        await Customer(second, TELEGRAM, provider).says("and another", number=2)
        await provider.has_sent(2)
        assert provider.texts == ["bot: hello", "bot: and another"]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("30", 30.0),
        ("Sun, 29 Nov 2026 02:10:00 GMT", 600.0),
        ("Sun, 29 Nov 2026 01:00:00 GMT", 0.0),
        ("Sun, 29 Nov 2099 01:00:00 GMT", LONGEST_WAIT_SECONDS),
        ("999999999999", LONGEST_WAIT_SECONDS),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_what_a_provider_asks_us_to_wait_is_a_number_or_a_moment_of_its_own_clock(
    given: str, seconds: float | None
) -> None:
    headers = {"retry-after": given, "date": "Sun, 29 Nov 2026 02:00:00 GMT"}
    assert Answer(429, headers, None).retry_after == seconds
