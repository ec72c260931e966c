"""Suggested replies: from articles and from what people answered before; nothing of another customer in them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from desk_parts import waiting
from gateway_parts import Gateway, Page, Seat

from handoff.earlier_answers import impersonal, tokens_of


async def _asks(gateway: Gateway, seat: Seat, question: str, locale: str = "en", **wish: Any) -> tuple[Page, str]:
    page = await waiting(gateway, locale=locale, **wish)
    conversation = await seat.claim_only()
    await page.say(question)
    await page.until(lambda f: f["type"] == "accepted" and f["message"]["text"] == question)
    return page, conversation


async def _answers(seat: Seat, conversation: str, text: str) -> None:
    await seat.post(f"/conversations/{conversation}/messages", {"text": text})
    await seat.post(f"/conversations/{conversation}/close", {"wrap_up": {"resolution": "solved", "reason": "other"}})


async def _drafts(seat: Seat, conversation: str, source: str = "answer") -> list[str]:
    found = (await seat.get(f"/conversations/{conversation}/suggestions"))["suggestions"]
    return [one["text"] for one in found if one["source"] == source]


async def test_what_a_colleague_answered_comes_as_a_draft_without_their_customer(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    _, first = await _asks(gateway, ben, "The zip of my jacket HG10023847 is broken, can you repair it?")
    await ben.post(f"/conversations/{first}/messages", {"text": "a note on the zip of Mary", "note": True})
    await _answers(ben, first, "Dear Mary Chan, we repair zips for free. Send order HG10023847 to us.")
    _, other = await _asks(gateway, ben, "My jacket's zip is broken too, can you repair it for me?")
    await _answers(ben, other, "Write to mary@example.com or call 9123 4567 about the zip.")
    page, mine = await _asks(gateway, cleo, "the zip of my jacket broke. can you repair it?")
    said = await cleo.get(f"/conversations/{mine}/suggestions")
    (draft,) = [one for one in said["suggestions"] if one["source"] == "answer"]
    assert draft["text"] == "Dear {customer.name}, we repair zips for free. Send order {order.number} to us."
    assert (draft["by"], draft["missing"]) == ("Ben", ["customer.name", "order.number"])
    assert "example.com" not in str(said) and "Mary" not in str(said) and "10023847" not in str(said)
    assert not [f for f in page.frames if "repair zips" in str(f)], "nothing is sent by itself"
    await cleo.post(f"/conversations/{mine}/messages", {"text": draft["text"]}, status=422)
    await cleo.post(f"/conversations/{mine}/messages", {"text": "We do."})
    assert (await cleo.get(f"/conversations/{mine}/suggestions"))["question"] == "", "answered"


async def test_another_language_another_question_and_another_team_bring_nothing(gateway: Gateway) -> None:
    ben, cleo, sue = await gateway.seat("ben"), await gateway.seat("cleo"), await gateway.seat("sue")
    _, first = await _asks(gateway, ben, "件外套條拉鍊壞咗可唔可以整？", "zh-HK")
    await _answers(ben, first, "可以免費維修，麻煩寄返嚟。")
    _, english = await _asks(gateway, cleo, "Where is the nearest parking garage?")
    assert await _drafts(cleo, english) == []
    await _answers(cleo, english, "Under the shop, at the back.")
    _, mine = await _asks(gateway, cleo, "外套拉鍊壞咗，可以整嗎？", "zh-HK")
    assert await _drafts(cleo, mine) == ["可以免費維修，麻煩寄返嚟。"]
    body = {"teams": ["billing"], "skills": [], "languages": [], "capacity": None}
    await sue.post(f"/team/agents/{cleo.agent['id']}", body, method="PUT")
    assert await _drafts(cleo, mine) == [], "what other teams' conversations say is not this agent's"
    assert await _drafts(sue, mine) == ["可以免費維修，麻煩寄返嚟。"]
    await cleo.get("/conversations/none/suggestions", status=404)


async def test_articles_are_suggested_in_the_customers_variant(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    _, mine = await _asks(gateway, ben, "運費多少？", "zh-TW")
    assert (await _drafts(ben, mine, "article"))[0] == "一百元。"


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        ("陳大文先生你好，可以退。", "{customer.name}你好，可以退。"),
        ("王小明您好，七天內可以退。", "{customer.name}您好，七天內可以退。"),
        ("Hi Mary, sure.", "Hi {customer.name}, sure."),
        ("Hi there, sure.", "Hi there, sure."),
        ("Mr. John Smith can return it", "{customer.name} can return it"),
        ("ana lee's order 10023847 left", "{customer.name}'s order {order.number} left"),
        ("打 9123 4567 搵我", None),
        ("寄去彌敦道 100 號", None),
        ("寄到 12 樓 B 室", None),
        ("Send it to Flat 3A, please", None),
        ("卡號 •••• 1111", None),
        ("https://shop.example.com/pay?token=abc", None),
        ("https://shop.example.com/sizes", "https://shop.example.com/sizes"),
        ("三十蚊，三日到。", "三十蚊，三日到。"),
    ],
)
def test_what_is_personal_becomes_a_blank_or_no_draft(text: str, draft: str | None) -> None:
    assert impersonal(text, ["Ana Lee", ""]) == draft


def test_long_texts_cost_little() -> None:
    began = time.process_time()
    for text in ("Hi A" * 3000, "路1" * 5000, "陳" * 10_000, "[" * 10_000, "https://" * 1000):
        impersonal(text[:10_000])
        tokens_of(text)
    assert time.process_time() - began < 5
