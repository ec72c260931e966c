"""Pins: what an editor wrote down leads where they said, in every script, quickly, and only for its readers."""

from __future__ import annotations

import time
from datetime import date

import pytest

from faq_kb import Article, Decision, Hit, KnowledgeBase, Pin, Reader


def article(id: str, question: str, *pins: Pin, **more: object) -> Article:
    return Article(id, "c", {"en": question}, {"en": "x"}, pins=pins, **more)  # type: ignore[arg-type]


def pinned(pin: Pin, text: str) -> bool:
    knowledge = KnowledgeBase([article("other", "opening hours"), article("fee", "shipping fee", pin)])
    return knowledge.search(text)[:1] == [Hit("fee", 1.0, "pinned")]


@pytest.mark.parametrize(
    ("pin", "text"),
    [
        (Pin("exact", "幾時到貨?"), "几时到货"),
        (Pin("exact", "幾耐到"), "多久到"),
        (Pin("exact", "Hello, THERE"), "ｈｅｌｌｏ there!"),
        (Pin("contains", "雙11"), "請問双１１有冇優惠"),
        (Pin("contains", "rma"), "my RMA please"),
        (Pin("contains", "退貨"), "我想退货呀"),
        (Pin("pattern", r"退.{0,4}[貨款]"), "退唔退到货"),
        (Pin("pattern", r"\bSF\d{3,}\b"), "my sf1234 is late"),
        (Pin("pattern", r"^幾錢？$"), "几钱?"),
        (Pin("pattern", "多久.*到"), "幾耐會到"),
    ],
)
def test_a_pin_meets_what_it_says_in_every_script(pin: Pin, text: str) -> None:
    assert pinned(pin, text)


@pytest.mark.parametrize(
    ("pin", "text"),
    [
        (Pin("exact", "幾時到貨"), "幾時到貨同埋幾錢"),
        (Pin("contains", "rma"), "what format is it"),
        (Pin("contains", "雙11"), "雙112"),
        (Pin("pattern", r"\bSF\d{3,}\b"), "sf12"),
        (Pin("pattern", "^fee$"), "fees"),
    ],
)
def test_a_pin_meets_nothing_else(pin: Pin, text: str) -> None:
    assert not pinned(pin, text)


def test_a_pin_wins_over_another_article_s_own_phrasing() -> None:
    knowledge = KnowledgeBase(
        [article("hours", "opening hours"), article("news", "news", Pin("exact", "opening hours"))]
    )
    hits = knowledge.search("opening hours")
    assert (hits[0].article_id, hits[0].rule) == ("news", "pinned")
    assert [hit.article_id for hit in hits].count("news") == 1
    assert hits[1].article_id == "hours"
    assert knowledge.decide(hits) is Decision.ANSWER


def test_whole_sentences_win_over_parts_and_longer_parts_over_shorter() -> None:
    knowledge = KnowledgeBase(
        [
            article("part", "a", Pin("contains", "refund")),
            article("longer", "b", Pin("contains", "refund of points")),
            article("whole", "c", Pin("exact", "refund of points now")),
            article("pattern", "d", Pin("pattern", "refund.*now")),
        ]
    )
    asked = ("refund of points now", "a refund of points", "refund now", "a refund")
    assert [knowledge.search(text)[0].article_id for text in asked] == ["whole", "longer", "part", "part"]


def test_an_article_out_of_its_days_pins_nothing() -> None:
    over = article("sale", "sale", Pin("contains", "sale"), valid_until=date(2025, 1, 31))
    knowledge = KnowledgeBase([over, article("fee", "fee", Pin("pattern", "sale"))], today=lambda: date(2025, 2, 1))
    assert knowledge.search("summer sale")[0].article_id == "fee"


def test_readers_find_and_browse_what_is_for_them() -> None:
    knowledge = KnowledgeBase(
        [
            article("all", "opening hours"),
            article("widget", "how to use the chat", Pin("contains", "chat"), channels=("widget",)),
            article("guest", "how to sign in", audience=("guest",)),
            article("member", "how to close my account", audience=("signed_in",)),
        ]
    )

    def found(reader: Reader | None) -> set[str]:
        asked = ("opening hours", "how to use the chat", "how to sign in", "how to close my account")
        browsed = {one.id for category in knowledge.categories("en", reader=reader) for one in category.articles}
        hits = {hit.article_id for text in asked for hit in knowledge.search(text, reader=reader)}
        assert hits <= browsed
        return {
            text for text in browsed if any(knowledge.search(q, reader=reader)[0].article_id == text for q in asked)
        }

    assert found(None) == {"all", "widget", "guest", "member"}
    assert found(Reader("widget")) == {"all", "widget", "guest"}
    assert found(Reader("sms", signed_in=True)) == {"all", "member"}
    assert found(Reader()) == {"all", "guest"}


@pytest.mark.alone
@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "([a-z]+)*[0-9]$", "(退+)+貨$"])
def test_no_pattern_takes_long(pattern: str) -> None:
    knowledge = KnowledgeBase([article("fee", "fee", Pin("pattern", pattern)), article("other", "other")])
    began = time.perf_counter()
    for text in ("a" * 400 + "!", "退" * 400, "ab" * 200):
        knowledge.search(text)
    assert time.perf_counter() - began < 1
