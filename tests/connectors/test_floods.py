"""What a provider brought is kept, however much of it comes at once: that costs a turn, and no line is lost."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import test_telegram_channel
import test_wecom_channel
from contract import _files, _lines
from gateway_parts import Start
from kit import Customer, Kit
from providers.server import Provider
from providers.stock import StockProviders
from providers.wecom import WeComProvider
from sqlalchemy import func, select
from stock_wire import STOCK, name_in_credentials, post, providers
from test_wecom_channel import Ringing
from waiting import eventually

from handoff.models import Author, attachments

__all__ = ["providers"]


async def _begin(start: Start, root: Path, kit: Kit, provider: Provider, **settings: Any) -> Any:
    entry = {kit.class_path: kit.credentials(provider.address)}
    (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
    kind = Ringing if kit.channel == "wecom" else Customer
    return kind(await start(default_language="en", **settings), kit, provider)


async def _told(customer: Customer) -> list[str]:
    return [line.text for line in await _lines(customer.gateway) if line.author is Author.CUSTOMER]


async def _all_is_settled(customer: Customer) -> None:
    async def is_settled() -> bool:
        lines = await _lines(customer.gateway)
        return all(line.settled_at for line in lines if line.author is Author.CUSTOMER)

    await eventually(is_settled)


async def _counted(customer: Customer) -> dict[str, int]:
    async with customer.gateway.http.get(f"{customer.gateway.base}/readyz") as response:
        found = (await response.json())["events_unused"].get(customer.kit.channel, {})
        return dict(found)


async def test_a_stock_channel_keeps_a_long_text_whole_and_each_line_of_a_flood(
    start: Start, root: Path, providers: StockProviders
) -> None:
    slack = STOCK["slack"]
    name_in_credentials(root, {"slack": slack.entry(providers)})
    limits = {"messages_burst": 1, "messages_per_second": 1, "max_message_chars": 50}
    gateway = await start(default_language="en", **limits)
    gateway.bot.hold = asyncio.Event()
    whole = "where is my parcel?" * 5
    for number, line in enumerate((whole, "hello?", "anybody?"), 1):
        assert (await post(gateway, "slack", slack.call(line, number, gateway, providers)))[0] == 200
    gateway.bot.hold.set()
    lines = [line for line in await _lines(gateway) if line.author is Author.CUSTOMER]
    assert [line.text for line in lines] == [f"{whole[:49]}…", "hello?", "anybody?"]
    assert [one["name"] for one in lines[0].body["attachments"]] == ["message.txt"]


class TestFetched:
    kit = test_wecom_channel.KIT

    async def test_thirty_lines_that_waited_for_the_gateway_are_all_kept_and_soon_answered(
        self, start: Start, root: Path, provider: WeComProvider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider)
        await customer.says("first")
        await provider.has_sent(1)
        await customer.gateway.stop()
        lines = [f"line {number}" for number in range(30)]
        for number, line in enumerate(lines, 10):
            provider.ring(json.loads(self.kit.message(line, number, 0)))
        provider.page = 100
        bot, shipped = customer.gateway.bot, {"messages_burst": 20, "burst_window_milliseconds": 1200}
        bot.hold = asyncio.Event()
        customer = await _begin(start, root, self.kit, provider, bot=bot, **shipped)
        await customer.fetched()
        bot.hold.set()
        await _all_is_settled(customer)
        assert await _told(customer) == ["first", *lines]
        asked = [one["message"] for one in bot.asked]
        assert len(asked) == 3 and "\n".join(asked) == "\n".join(["first", *lines])


class TestBrought:
    kit = test_telegram_channel.KIT

    async def test_attack_33_lines_that_come_too_fast_are_one_question_and_one_ticket(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, messages_burst=2, messages_per_second=1)
        bot, seat = customer.gateway.bot, await customer.gateway.seat("ben")
        bot.hold = asyncio.Event()
        lines = [f"line {number}" for number in range(12)]
        for line in lines:
            assert await customer.says(line) == 200
        bot.hold.set()
        await _all_is_settled(customer)
        assert [one["message"] for one in bot.asked] == ["line 0", "\n".join(lines[1:])]
        bot.hands_over("轉人工")
        for _ in range(6):
            await customer.says("轉人工")
            await customer.says("hello?")
        await eventually(lambda: bot.asked[-1]["message"] == "轉人工")
        await _all_is_settled(customer)
        assert len((await seat.get("/inbox"))["queue"]) == 1
        assert await _told(customer) == [*lines, *["轉人工", "hello?"] * 6]
        asides = [text for text in customer.provider.texts if "a lot at once" in text]
        assert len(asides) == 1 and await _counted(customer) == {}

    async def test_what_comes_again_is_known_before_it_is_too_much(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, messages_burst=2, messages_per_second=1)
        for _ in range(10):
            assert await customer.says("only once", number=1) == 200
        assert await customer.says("and another", number=2) == 200
        await provider.has_sent(2)
        assert provider.texts == ["bot: only once", "bot: and another"]

    async def test_a_flood_without_end_is_bounded_and_the_desk_reads_how_much_is_missing(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        limits = {"messages_burst": 1, "messages_per_second": 1, "flood_lines_per_hour": 2}
        customer = await _begin(start, root, self.kit, provider, **limits)
        seat = await customer.gateway.seat("ben")
        customer.gateway.bot.hold = asyncio.Event()
        for number in range(9):
            assert await customer.says(f"line {number}") == 200
        kept = await _told(customer)
        missing = 9 - len(kept)
        assert 3 <= len(kept) < 9 and await _counted(customer) == {"rate_limited": missing}
        (row,) = (await seat.get("/conversations?view=all"))["conversations"]
        lines = (await seat.get(f"/conversations/{row['id']}"))["messages"]
        notes = [line["text"] for line in lines if line["author"] == "note"]
        assert notes == [f"Lines of this customer that came too fast after this and were not kept: {missing}"]
        assert await customer.says("and I?", sender=1) == 200
        customer.gateway.bot.hold.set()
        await eventually(lambda: "bot: and I?" in provider.texts, lambda: provider.texts)

    async def test_a_flood_that_a_crash_left_is_still_one_question(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider)
        bot = customer.gateway.bot
        bot.hold = asyncio.Event()
        lines = [f"line {number}" for number in range(30)]
        for line in lines:
            await customer.says(line)
        await customer.gateway.stop()
        bot.asked.clear()
        bot.hold.set()
        customer = await _begin(start, root, self.kit, provider, bot=bot)
        await _all_is_settled(customer)
        assert [one["message"] for one in bot.asked] == ["\n".join(lines)]

    async def test_a_text_that_is_too_long_is_kept_whole_as_a_file(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, max_message_chars=50)
        whole = "where is my parcel?" * 5
        for _ in range(2):
            assert await customer.says(whole, number=1) == 200
        await provider.has_sent(1)
        assert await _told(customer) == [f"{whole[:49]}…"]
        (file,) = await _files(customer)
        assert file["name"] == "message.txt"
        seat = await customer.gateway.seat("ben")
        async with seat.http.get(f"{customer.gateway.base}/desk/api/attachments/{file['id']}") as response:
            assert await response.text() == whole
        count = select(func.count()).select_from(attachments)
        assert customer.gateway.app.ctx.database.read_now(lambda c: c.execute(count).scalar_one()) == 1
