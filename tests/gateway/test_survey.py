"""How it was: asked once about each stretch in which somebody answered, in the widget and in text channels."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_parts import Gateway, Page, Seat, Start

from handoff import ratings
from handoff.database import Database

ANSWER = {"text": "Three days.", "custom": {"faq": {"id": "delivery-time", "file": "delivery.yml", "line": 1}}}


async def _with_agent(gateway: Gateway, seat: Seat, first: str = "") -> tuple[Page, str]:
    gateway.bot.hands_over("a person please")
    gateway.bot.says("how long is delivery", ANSWER)
    page = await gateway.page()
    if first:
        await page.say(first)
        await page.message("assistant")
    await page.say("a person please")
    await page.state("waiting")
    return page, await seat.claim_only()


async def _say(seat: Seat, conversation: str, text: str = "Here you are") -> None:
    await seat.post(f"/conversations/{conversation}/messages", {"text": text, "client_id": text})


async def _questions(page: Page) -> list[dict[str, Any]]:
    return list((await page.message("system", "How was"))["csat"])


def _kept(gateway: Gateway, conversation: str) -> list[tuple[str, int | None, str]]:
    database = Database(gateway.settings.database)
    try:
        found = database.read_now(lambda c: ratings.of_conversation(c, conversation))
    finally:
        database.close()
    return [(one.owner.value, one.score, one.comment) for one in found]


async def test_each_who_answered_is_asked_about_once_when_it_is_over(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat, "how long is delivery")
    await _say(seat, conversation)
    await seat.post(f"/conversations/{conversation}/close")
    questions = await _questions(page)
    assert [(one["owner"], one["name"]) for one in questions] == [("agent", "Ben"), ("bot", "the AI assistant")]
    frame = {"type": "csat", "client_id": "r", "rating": questions[0]["id"], "score": 5, "comment": " Quick! "}
    await page.send(frame)
    await page.until(lambda f: f["type"] == "accepted" and f["client_id"] == "r")
    assert _kept(gateway, conversation) == [("bot", None, ""), ("agent", 5, "Quick!")]
    for score, fitting in ((5, [conversation]), (1, [])):
        found = await seat.get(f"/conversations?view=closed&rating={score}")
        assert [row["id"] for row in found["conversations"]] == fitting
    assert (await seat.get("/conversations?view=closed&rating=9", status=400))["error"]["details"]["field"] == "rating"
    again = await gateway.session(token=page.session["token"])
    shown = [message["csat"] for message in again["messages"] if message["csat"]]
    assert [(one["score"], one["comment"]) for one in shown[0]] == [(5, "Quick!"), (None, "")]


@pytest.mark.parametrize(
    ("locale", "asked"),
    [
        ("zh-HK", "Ben 今次幫到你嗎？"),
        ("zh-TW", "這次 Ben 的服務如何？"),
        ("zh-CN", "这次 Ben 的服务怎么样？"),
        ("en", "How was your chat with Ben?"),
    ],
)
async def test_each_customer_is_asked_once_in_their_own_language(gateway: Gateway, locale: str, asked: str) -> None:
    gateway.bot.hands_over("a person please")
    seat, page = await gateway.seat("ben"), await gateway.page(locale=locale)
    await page.send({"type": "language", "language": locale})
    await page.say("a person please")
    await page.state("waiting")
    conversation = await seat.claim_only()
    await _say(seat, conversation)
    await seat.post(f"/conversations/{conversation}/close")
    question = await page.message("system", asked)
    assert question["text"] == asked and [one["owner"] for one in question["csat"]] == ["agent"]
    again = await gateway.session(token=page.session["token"])
    assert len([one for one in again["messages"] if one["csat"]]) == 1


async def test_nobody_is_asked_about_somebody_who_said_nothing(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat, "hello")
    await seat.post(f"/conversations/{conversation}/close")
    await page.state("none")
    assert _kept(gateway, conversation) == []


async def test_back_with_the_assistant_only_the_person_is_asked_about_and_later_nobody_twice(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat, "how long is delivery")
    await _say(seat, conversation)
    await seat.post(f"/conversations/{conversation}/handback")
    assert [one["owner"] for one in await _questions(page)] == ["agent"]
    await seat.post(f"/conversations/{conversation}/takeover")
    await _say(seat, conversation, "One more thing")
    await seat.post(f"/conversations/{conversation}/close")
    await page.state("none")
    assert [owner for owner, *_ in _kept(gateway, conversation)] == ["bot", "agent", "agent"]


async def test_in_a_text_channel_a_number_is_the_answer_and_opens_nothing(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    gateway.bot.hands_over("a person please")
    await gateway.rest("a person please")
    conversation = await seat.claim_only()
    await _say(seat, conversation)
    await seat.post(f"/conversations/{conversation}/close")
    asked = len(gateway.bot.asked)
    lines = await gateway.rest("4, thanks")
    question = next(line for line in lines if "Reply with 1 to 5" in line.get("text", ""))
    assert [button["title"][0] for button in question["buttons"]] == ["5", "4", "3", "2", "1"]
    assert len(gateway.bot.asked) == asked
    assert _kept(gateway, conversation) == [("agent", 4, "thanks")]
    await gateway.rest(question["buttons"][-1]["payload"])
    assert _kept(gateway, conversation)[0][:2] == ("agent", 1)
    await gateway.rest("2 items are missing")
    assert len(gateway.bot.asked) == asked + 1


async def test_a_number_long_after_is_a_message(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat)
    await _say(seat, conversation)
    await seat.post(f"/conversations/{conversation}/close")
    await _questions(page)
    gateway.clock.forward(hours=25)
    await page.say("5")
    await page.message("assistant", "bot: 5")
    assert _kept(gateway, conversation) == [("agent", None, "")]


async def test_a_rating_of_somebody_elses_conversation_or_out_of_range_is_refused(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat)
    await _say(seat, conversation)
    await seat.post(f"/conversations/{conversation}/close")
    (question,) = await _questions(page)
    stranger = await gateway.page()
    for who, score in ((stranger, 5), (page, 6), (page, 0), (page, "5")):
        await who.send({"type": "csat", "client_id": f"x{score}", "rating": question["id"], "score": score})
        await who.until(lambda f, score=score: f["type"] == "error" and f["client_id"] == f"x{score}")
    assert _kept(gateway, conversation) == [("agent", None, "")]


async def test_a_shop_may_ask_nobody(start: Start) -> None:
    gateway = await start(ask_rating=False)
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat)
    await _say(seat, conversation)
    await seat.post(f"/conversations/{conversation}/close")
    await page.state("none")
    assert _kept(gateway, conversation) == []
