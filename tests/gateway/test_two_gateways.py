"""Two gateways on one PostgreSQL and one Redis: one line, one queue, everybody hears."""

from __future__ import annotations

import asyncio
import time

import pytest
from gateway_parts import FakeBot, Gateway, Page, Start
from test_editing import Console, console, until

pytestmark = [pytest.mark.redis, pytest.mark.postgres]
SECRET = "one-secret-for-the-visitors-of-both-gateways"


@pytest.fixture
async def pair(start: Start, postgres_url: str, redis_url: str) -> tuple[Gateway, Gateway]:
    first = await start(database_url=postgres_url, redis_url=redis_url, visitor_secret=SECRET)
    second = await start(bot=first.bot, database_url=postgres_url, redis_url=redis_url, visitor_secret=SECRET)
    return first, second


@pytest.mark.alone
async def test_a_customer_on_one_gateway_and_an_agent_on_the_other_hear_each_other(
    pair: tuple[Gateway, Gateway],
) -> None:
    first, second = pair
    seat = await second.seat("ben")
    page = await first.page()
    first.bot.hands_over("/ask_person")
    await page.send({"type": "person", "client_id": "p"})
    await page.state("waiting")
    conversation = await seat.claim_only()
    await page.state("agent")
    began = time.monotonic()
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Ben here", "client_id": "b"})
    await page.message("agent", "Ben here")
    assert time.monotonic() - began < 1


async def test_a_visitors_token_holds_on_both_and_a_logout_ends_it_on_both(pair: tuple[Gateway, Gateway]) -> None:
    first, second = pair
    page = await first.page()
    other = await Page(second, page.session).connect()
    await other.state("none")
    await page.send({"type": "logout"})
    assert await other.closed() == 4401


async def test_turns_of_one_conversation_never_overlap_over_gateways(pair: tuple[Gateway, Gateway]) -> None:
    first, second = pair
    _measure_overlap(first.bot)
    asked = [
        (first if number % 2 else second).rest(f"line {number}", sender="ana", message_id=f"m{number}")
        for number in range(20)
    ]
    await asyncio.gather(*asked)
    assert first.bot.most_at_once == 1  # type: ignore[attr-defined]
    assert len({body["sender"] for body in first.bot.asked}) == 1
    assert sorted(body["message"] for body in first.bot.asked) == sorted(f"line {number}" for number in range(20))


async def test_one_message_sent_to_both_gateways_is_one_message(pair: tuple[Gateway, Gateway]) -> None:
    first, second = pair
    answers = await asyncio.gather(
        *(gateway.rest("price?", message_id="same") for gateway in (first, second) for _ in range(10))
    )
    assert len(first.bot.asked) == 1
    assert all(answer == answers[0] for answer in answers)


async def test_who_edits_an_article_is_seen_from_the_other_gateway(pair: tuple[Gateway, Gateway]) -> None:
    first, second = pair
    eddy, sue = await console(first, "eddy"), await console(second, "sue")
    await eddy.get("/articles/delivery-fee")
    here = {"id": "delivery-fee", "by": "Eddy"}
    assert await until(lambda: _sees(sue, here))
    assert (await sue.get("/articles/delivery-fee"))["editors"] == ["Eddy"]
    assert await until(lambda: _sees(eddy, {"id": "delivery-fee", "by": "Sue"}))
    second.clock.forward(seconds=16)
    assert not await _sees(sue, here)


async def _sees(seat: Console, editing: dict[str, str]) -> bool:
    return editing in (await seat.get("/live"))["editing"]


def _measure_overlap(bot: FakeBot) -> None:
    """Count how many questions of the bot are open at once."""
    bot.most_at_once = 0  # type: ignore[attr-defined]
    bot.open = 0  # type: ignore[attr-defined]
    bot.pause = _Pause(bot)


class _Pause:
    """Awaited by the fake bot before each answer."""

    def __init__(self, bot: FakeBot) -> None:
        self.bot = bot

    async def __call__(self) -> None:
        bot = self.bot
        bot.open += 1  # type: ignore[attr-defined]
        bot.most_at_once = max(bot.most_at_once, bot.open)  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
        bot.open -= 1  # type: ignore[attr-defined]
