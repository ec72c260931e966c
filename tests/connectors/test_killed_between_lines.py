"""An answer of several lines, and a gateway that is killed or stopped between them: each arrives once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import FakeClock
from kit import Kit
from providers.server import Provider
from rasa.shared.utils.common import class_from_module_path
from test_line_channel import KIT as LINE
from test_sms_http import KIT as SMS
from test_telegram_channel import KIT as TELEGRAM
from tests_databases import SqliteTemplate
from waiting import eventually

from handoff import conversations, transcript
from handoff.database import Database
from handoff.models import Author
from handoff.models import deliveries as table
from handoff.paid_messages import Caps
from handoff.records import Draft
from switchboard.live import LocalLive
from switchboard.outbox import LEASE, Outbox
from switchboard.purse import Purse
from switchboard.senders import OwnSender

LINES = [f"line {number}" for number in range(7)]


class House:
    """One gateway's outbox after another, on one database."""

    def __init__(self, kit: Kit, database: Database, provider: Provider, clock: FakeClock) -> None:
        self.kit, self._database, self._provider, self._clock = kit, database, provider, clock
        self._running: asyncio.Task[None] | None = None

    def answers(self, lines: list[str]) -> None:
        """All that answers one message of the customer."""

        def work(connection: Any) -> None:
            now, channel = self._clock(), self.kit.channel
            talk = conversations.open_or_begin(connection, channel, self.kit.customers[0], now, "en")
            asked = transcript.append(connection, talk, Draft(author=Author.CUSTOMER, text="hello"), now)
            for part, text in enumerate(lines):
                draft = Draft(author=Author.ASSISTANT, text=text, reply_to=asked.id, part=part)
                transcript.append(connection, talk, draft, now)
            transcript.settle(connection, asked.id, now)

        self._database.write_now(work)

    def starts(self) -> None:
        outbox = Outbox(self._database, LocalLive(), self._clock)
        purse = Purse(self.kit.channel, self._database, Caps(), self._clock, lambda _: None)
        credentials = self.kit.credentials(self._provider.address)
        channel = class_from_module_path(self.kit.class_path).from_credentials(credentials)
        outbox.add(self.kit.channel, OwnSender(channel, "https://shop.example", Path, lambda *_: "", purse))
        self._running = asyncio.ensure_future(outbox.run())

    async def is_killed(self) -> None:
        """Nothing that was under way gets any further, or notes anything."""
        sending = [one for one in asyncio.all_tasks() if "Outbox._send" in one.get_coro().__qualname__]
        assert sending
        for one in sending:
            one.cancel()
        await self.stops()
        self._clock.now += LEASE

    def stops(self) -> asyncio.Future[Any]:
        """It is asked to, and has done so when this is awaited."""
        if self._running is not None:
            self._running.cancel()
        return asyncio.gather(*filter(None, [self._running]), return_exceptions=True)

    def states(self) -> list[str]:
        rows = table.select().order_by(table.c.message_id, table.c.part)
        return [row.state for row in self._database.read_now(lambda c: c.execute(rows).all())]


@pytest.fixture
async def house(
    request: pytest.FixtureRequest, sqlite_template: SqliteTemplate, tmp_path: Path
) -> AsyncIterator[tuple[House, Provider]]:
    kit: Kit = request.param
    database, clock = Database(sqlite_template.copy_to(tmp_path / "switchboard.db")), FakeClock()
    provider = kit.provider()
    async with provider.running():
        provider.clock = clock
        provider.posts(kit.message("hello", 1, 0))
        house = House(kit, database, provider, clock)
        yield house, provider
        await house.stops()
    database.close()


# Of the first request and of the second: whether it is killed before the provider has taken it, or after.
each_moment = pytest.mark.parametrize(("at", "taken"), [(1, False), (1, True), (2, False), (2, True)])


def _holds_at(provider: Provider, at: int, to: str, taken: bool) -> asyncio.Event:
    """From this request on the provider answers none; `taken`: what it asks for is done all the same."""
    asked, reached = [0], asyncio.Event()

    async def pause() -> None:
        asked[0] += 1
        if asked[0] == at:
            provider.hold, provider.holds = asyncio.Event(), to
            reached.set()
            if not taken:
                await provider.hold.wait()

    provider.pause = pause
    return reached


@each_moment
@pytest.mark.parametrize("house", [LINE, SMS], indirect=True, ids=["line", "sms"])
async def test_a_gateway_that_is_killed_between_the_lines_of_an_answer_sends_each_once_in_order(
    house: tuple[House, Provider], at: int, taken: bool
) -> None:
    """LINE takes five lines in a push, under one key; an SMS gateway each line under its own."""
    gateway, provider = house
    in_one = 5 if gateway.kit is LINE else 1
    reached = _holds_at(provider, at, gateway.kit.customers[0], taken)
    gateway.answers(LINES)
    gateway.starts()
    await reached.wait()
    await provider.has_sent(min(len(LINES), in_one * (at if taken else at - 1)))
    await gateway.is_killed()
    provider.pause = None
    provider.hold.set()  # type: ignore[union-attr]
    provider.hold = None
    gateway.starts()
    await eventually(lambda: set(gateway.states()) == {"sent"}, gateway.states)
    assert provider.texts == LINES and len(gateway.states()) == len(LINES)


@pytest.mark.parametrize("house", [TELEGRAM], indirect=True)
async def test_where_nothing_can_be_asked_again_the_line_that_was_under_way_is_shown_and_the_others_arrive(
    house: tuple[House, Provider],
) -> None:
    gateway, provider = house
    reached = _holds_at(provider, 3, TELEGRAM.customers[0], taken=True)
    gateway.answers(LINES)
    gateway.starts()
    await reached.wait()
    await provider.has_sent(3)
    await gateway.is_killed()
    provider.pause = provider.hold = None
    gateway.starts()
    await eventually(lambda: not {"pending", "sending"} & set(gateway.states()), gateway.states)
    assert provider.texts == LINES
    assert gateway.states() == ["sent"] * 2 + ["unknown"] + ["sent"] * 4


@pytest.mark.parametrize("house", [LINE, TELEGRAM], indirect=True, ids=["line", "telegram"])
async def test_a_gateway_that_is_stopped_between_the_lines_leaves_the_rest_to_the_next_at_once(
    house: tuple[House, Provider],
) -> None:
    gateway, provider = house
    reached = _holds_at(provider, 1, gateway.kit.customers[0], taken=True)
    gateway.answers(LINES)
    gateway.starts()
    await reached.wait()
    stopping = gateway.stops()
    provider.pause = None
    provider.hold.set()  # type: ignore[union-attr]
    provider.hold = None
    await stopping
    first = len(provider.sent)
    assert 0 < first < len(LINES) and gateway.states() == ["sent"] * first + ["pending"] * (len(LINES) - first)
    gateway.starts()
    await eventually(lambda: set(gateway.states()) == {"sent"}, gateway.states)
    assert provider.texts == LINES
