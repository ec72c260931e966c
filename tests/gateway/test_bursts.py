"""Several short messages in one breath: one question to the bot, each line kept by itself, none waits for nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import async_timeout
import pytest
from gateway_parts import FakeBot, Gateway, Page, Start

from handoff.database import Database
from handoff.models import Author
from switchboard.bursts import announces_more

# Nobody waits that long: a test that passes with it has shown that something else ended the wait.
LONG = 60_000


async def asked(bot: FakeBot, count: int) -> list[str]:
    async with async_timeout.timeout(20):
        while len(bot.asked) < count:
            await asyncio.sleep(0.01)
    return [one["message"] for one in bot.asked]


async def wait_for_their_turn(gateway: Gateway, key: str, count: int) -> None:
    """So many messages of this conversation are here and unanswered; no customer can see that of somebody's request."""
    async with async_timeout.timeout(20):
        while gateway.app.ctx.line.bursts.present(key) < count:
            await asyncio.sleep(0.01)


async def here(page: Page, text: str) -> None:
    """The line is stored."""
    await page.message("customer", text)


def stored(gateway: Gateway) -> list[Any]:
    """Author, text, settled or not, and the text it answers, of all lines."""
    database = Database(gateway.settings.database)
    try:
        rows = database.read_now(
            lambda c: c.exec_driver_sql(
                "SELECT m.author, m.text, m.settled_at IS NOT NULL, q.text FROM messages m "
                "LEFT JOIN messages q ON q.id = m.reply_to ORDER BY m.id"
            ).all()
        )
    finally:
        database.close()
    return [
        (author, text, bool(settled) if author == Author.CUSTOMER.value else None, to)
        for author, text, settled, to in rows
    ]


@pytest.fixture
async def gateway(start: Start, database_url: str) -> Gateway:
    """With the window as shipped; other tests have none."""
    return await start(burst_window_milliseconds=1200, database_url=database_url)


async def test_lines_that_waited_for_their_turn_are_one_question(gateway: Gateway) -> None:
    page = await gateway.page()
    gateway.bot.hold = asyncio.Event()
    await page.say("hello")
    await asked(gateway.bot, 1)
    for line in ("my parcel from last week", "HG10023847", "when will it be here?"):
        await page.say(line, client_id=f"client {line}")
    await page.send({"type": "ping"})
    await page.until(lambda frame: frame["type"] == "pong")
    gateway.bot.hold.set()
    await page.message("assistant", "when will it be here?")
    together = "my parcel from last week\nHG10023847\nwhen will it be here?"
    assert await asked(gateway.bot, 2) == ["hello", together]
    assert stored(gateway)[2:] == [
        ("customer", "my parcel from last week", True, None),
        ("customer", "HG10023847", True, None),
        ("customer", "when will it be here?", True, None),
        ("assistant", f"bot: {together}", None, "when will it be here?"),
    ]
    await page.until(lambda _: sum(frame["type"] == "accepted" for frame in page.frames) == 4)


async def test_an_announcement_waits_for_what_it_announces(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=LONG)
    page = await gateway.page()
    await page.say("我想問")
    await here(page, "我想問")
    await page.say("關於我張單,")
    await here(page, "關於我張單,")
    assert gateway.bot.asked == []
    await page.say("幾時送到?")
    await page.message("assistant")
    assert await asked(gateway.bot, 1) == ["我想問\n關於我張單,\n幾時送到?"]


async def test_an_announcement_with_nothing_after_it_is_answered_after_the_window(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=50)
    page = await gateway.page()
    await page.say("i want to ask something")
    assert (await page.message("assistant"))["text"] == "bot: i want to ask something"


async def test_a_line_that_says_all_waits_for_nothing(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=LONG)
    page = await gateway.page()
    for line in ("hi", "where is my order?", "HG10023847", "退貨", "好", "厚吗", "10袋", "is it waterproof"):
        await page.say(line)
        await page.message("assistant", f"bot: {line}")


async def test_what_is_answered_in_the_response_waits_for_nothing(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=LONG)
    assert (await gateway.rest("i want to ask"))[0]["text"] == "bot: i want to ask"


async def test_over_rest_each_request_is_answered_and_what_was_said_is_said_once(gateway: Gateway) -> None:
    gateway.bot.hold = asyncio.Event()
    requests = []
    for number in range(4):
        requests.append(asyncio.create_task(gateway.rest(f"line {number}", message_id=f"m{number}")))
        await wait_for_their_turn(gateway, "rest:local\x1fana", number + 1)
        await asked(gateway.bot, 1)
    gateway.bot.hold.set()
    answers = await asyncio.gather(*requests)
    assert [[line["text"] for line in answer] for answer in answers] == [
        ["bot: line 0"], [], [], ["bot: line 1\nline 2\nline 3"],
    ]  # fmt: skip
    for number, answer in enumerate(answers):
        assert await gateway.rest(f"line {number}", message_id=f"m{number}") == answer, "a repeat gets the first result"
    assert len(gateway.bot.asked) == 2


async def test_without_a_window_every_line_is_a_turn(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=0)
    page = await gateway.page()
    for number in range(12):
        await page.say(f"line {number}")
    await page.say("i want to ask")
    await page.message("assistant", "i want to ask")
    assert await asked(gateway.bot, 13) == [*(f"line {number}" for number in range(12)), "i want to ask"]


async def test_a_wish_for_a_person_ends_the_wait_and_is_never_joined(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=LONG)
    page = await gateway.page()
    await page.say("我想問")
    await here(page, "我想問")
    await page.say("轉人工")
    await page.message("assistant", "轉人工")
    assert await asked(gateway.bot, 2) == ["我想問", "轉人工"]


async def test_the_button_for_a_person_does_not_wait_for_what_was_announced(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=LONG)
    await gateway.seat("ben")
    page = await gateway.page()
    await page.say("i have a question")
    await here(page, "i have a question")
    await page.send({"type": "person", "client_id": "p"})
    assert (await page.state("waiting"))["position"] == 1
    await page.until(lambda _: sum(frame["type"] == "accepted" for frame in page.frames) == 2)
    assert [settled for author, _, settled, _ in stored(gateway) if author == "customer"] == [True, True]


async def test_a_button_is_never_joined_with_text(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=LONG)
    gateway.bot.says("fees?", {"text": "Which?", "buttons": [{"title": "Shipping", "payload": '/faq{"article":"x"}'}]})
    page = await gateway.page()
    await page.say("fees?")
    offer = await page.message("assistant", "Which?")
    await page.say("i want to ask")
    await here(page, "i want to ask")
    await page.send({"type": "button", "client_id": "b", "message_id": offer["id"], "index": 0})
    assert await asked(gateway.bot, 3) == ["fees?", "i want to ask", '/faq{"article":"x"}']


async def test_what_a_crash_left_of_a_burst_is_answered_at_the_next_start(start: Start, database_url: str) -> None:
    gateway = await start(burst_window_milliseconds=LONG, database_url=database_url)
    page = await gateway.page()
    for line in ("我想問", "我張單"):
        await page.say(line)
        await here(page, line)
    await gateway.stop()  # type: ignore[attr-defined]
    assert [settled for _, _, settled, _ in stored(gateway)] == [False, False]
    again = await start(bot=gateway.bot, burst_window_milliseconds=LONG, database_url=database_url)
    assert await asked(again.bot, 2) == ["我想問", "我張單"]
    while not all(settled for author, _, settled, _ in stored(again) if author == "customer"):
        await asyncio.sleep(0.02)


async def test_a_person_who_takes_over_meanwhile_has_the_word(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=300)
    gateway.bot.hands_over("person please")
    page, seat = await gateway.page(), await gateway.seat("ben")
    await page.say("person please")
    await page.state("waiting")
    await seat.claim_only()
    await page.say("i want to ask")
    await page.say("is it blue?")
    await page.until(lambda _: sum(frame["type"] == "accepted" for frame in page.frames) == 3)
    assert await asked(gateway.bot, 1) == ["person please"]
    assert all(settled for author, _, settled, _ in stored(gateway) if author == "customer")


async def test_a_burst_is_no_longer_than_a_message(start: Start) -> None:
    gateway = await start(burst_window_milliseconds=1200, max_message_chars=100)
    page = await gateway.page()
    gateway.bot.hold = asyncio.Event()
    await page.say("hello")
    await asked(gateway.bot, 1)
    for letter in "abc":
        await page.say(letter * 45)
    await page.send({"type": "ping"})
    await page.until(lambda frame: frame["type"] == "pong")
    gateway.bot.hold.set()
    await page.message("assistant", "c" * 45)
    assert await asked(gateway.bot, 3) == ["hello", "a" * 45 + "\n" + "b" * 45, "c" * 45]


@pytest.mark.parametrize(
    "text",
    ["我想問", "想問下", "你好 我想問", "請問", "請問一下", "唔好意思", "我張單", "我的訂單", "我的快递", "在吗 问一下",
     "关于退货", "幫我查下", "excuse me", "hi i have a question", "my order", "can i ask you something",
     "我買咗兩件,", "尺寸係啱嘅 但係", "i ordered two because", "it came broken and", "有嘢想問"],
)  # fmt: skip
def test_an_announcement_is_heard(text: str) -> None:
    assert announces_more(text)


@pytest.mark.parametrize(
    "text",
    ["退貨", "我張單去咗邊", "HG10023847", "好", "唔該", "你好", "在吗", "hi", "幾時到", "where is my order",
     "厚吗", "10袋", "台中", "4567", "唔使喇", "請問運費多少", "我想退貨", "my order is late", "thanks", "退款",
     "i want to ask for a refund", "查單", "轉人工", "ok", "what can you help with", "關於我那張單為什麼還沒有出貨"],
)  # fmt: skip
def test_what_says_something_announces_nothing(text: str) -> None:
    assert not announces_more(text)


@pytest.mark.alone
def test_no_line_takes_long_to_judge() -> None:
    began = time.process_time()
    for text in ("1" * 100_000, "我想問" * 30_000, "请问" * 30, "," * 60, "my " * 20):
        announces_more(text)
    assert time.process_time() - began < 0.05
