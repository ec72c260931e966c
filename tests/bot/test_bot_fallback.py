"""When the bot does not know: honest, never the same text twice in a row, at a person in two misses."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from bot_parts import ROOT, Answer, Bot

from faq_kb import Article, load_articles

pytestmark = pytest.mark.bot

ARTICLES = {article.id: article for article in load_articles(ROOT / "faq_kb" / "articles")}

GIBBERISH = ("florp wexil quandry", "zibber nolt", "vraxen ploom dreez", "quix yarble", "snorp")


@pytest.mark.parametrize("language", ["zh-HK", "zh-TW", "zh-CN", "en"])
def test_the_ladder(bot: Bot, language: str) -> None:
    talk = bot.talk(language)
    first, second = talk.say(GIBBERISH[0]), talk.say(GIBBERISH[1])
    payloads = [button["payload"] for button in first.buttons]
    assert sum(payload.startswith('/faq{"article"') for payload in payloads) == 3
    assert payloads[-1] == "/ask_person"
    assert first.marks == {"suggestions": True, "miss": 1, "near": candidates(bot, GIBBERISH[0])}
    assert second.marks == {"miss": 2, "near": candidates(bot, GIBBERISH[1])}
    assert [button["payload"] for button in second.buttons] == ["/ask_person", "/deny"]


@pytest.mark.parametrize("language", ["zh-HK", "zh-TW", "zh-CN", "en"])
def test_did_you_mean_asks_in_the_words_of_the_customer_s_variant(bot: Bot, language: str) -> None:
    buttons = bot.talk(language).say(GIBBERISH[0]).buttons
    meant = [button for button in buttons if button["payload"].startswith("/faq{")]
    assert [button["title"] for button in meant] == [article_of(button).question_in(language) for button in meant]
    assert len({button["title"] for button in meant}) == 3


def test_never_the_same_text_twice_in_a_row(bot: Bot) -> None:
    talk = bot.talk("en")
    said = [talk.say(text).text for text in GIBBERISH * 2]
    assert all(text != following for text, following in pairwise(said))


def test_yes_to_the_offer_is_a_person(bot: Bot) -> None:
    talk = bot.talk("zh-HK")
    missed_twice(talk.say(GIBBERISH[0]), talk.say(GIBBERISH[1]))
    marker = talk.say("好呀").marks["handoff"]
    assert marker["reason"] == "fallback"
    assert GIBBERISH[1] in marker["summary"]


def test_no_to_the_offer_goes_on_with_the_bot(bot: Bot) -> None:
    talk = bot.talk("en")
    missed_twice(talk.say(GIBBERISH[0]), talk.say(GIBBERISH[1]))
    assert "handoff" not in talk.say("no thanks").marks
    assert talk.say("how much is shipping").marks["faq"]["id"] == "delivery-fee"


def test_a_hit_between_two_misses_begins_anew(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say(GIBBERISH[0])
    talk.say("thank you")
    assert talk.say(GIBBERISH[1]).marks["miss"] == 1


def test_none_of_the_suggestions_is_a_second_miss(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say(GIBBERISH[0])
    assert talk.say("no, none of those").marks == {"miss": 2}, "and no question of its own"


def test_a_suggestion_is_answered_by_its_article(bot: Bot) -> None:
    talk = bot.talk("en")
    suggested = talk.say(GIBBERISH[0]).payload("/faq")
    assert talk.say(suggested).marks["faq"]["rule"] == "button"


def test_two_misses_in_the_form_end_it_with_the_offer(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say("where is my order")
    assert talk.say(GIBBERISH[0]).lines[-1]["text"], "the form asks again"
    offer = talk.say(GIBBERISH[1])
    assert [button["payload"] for button in offer.buttons] == ["/ask_person", "/deny"]
    assert len([line for line in offer.lines if line.get("text")]) == 1, "and does not ask again"
    assert talk.say("yes please").marks["handoff"]["reason"] == "fallback"


STRANGE = [
    "/",
    "//",
    "/{}",
    "/nosuchintent",
    '/faq{"article": "nosucharticle"}',
    "?",
    "👍👍👍",
    "\u202e\u200b",
    "a" * 2000,
]
STRANGE += ["<script>alert(1)</script>", "'; DROP TABLE orders; --", "{number} {0}"]


@pytest.mark.parametrize("text", STRANGE)
def test_strange_input_gets_something_sensible(bot: Bot, text: str) -> None:
    assert bot.talk("en").say(text).text


@pytest.mark.parametrize(
    ("language", "asked", "denied"),
    [
        ("zh-HK", "運費點計", "唔係問呢樣嘢呀"),
        ("zh-TW", "運費多少", "我不是在問這個啦"),
        ("zh-CN", "运费多少", "我问的不是这个呀"),
        ("en", "how much is shipping", "no that's not what I was asking"),
    ],
)
def test_not_what_i_asked_offers_what_else_was_found(bot: Bot, language: str, asked: str, denied: str) -> None:
    talk = bot.talk(language)
    answer = talk.say(asked)
    runners_up = [one["id"] for one in answer.marks["faq"]["runners_up"]][:3]
    other = talk.say(denied)
    assert other.marks["denied"] is True
    payloads = [button["payload"] for button in other.buttons]
    assert payloads == [f'/faq{{"article": "{one}"}}' for one in runners_up] + ["/ask_person"]
    again = talk.say(denied)
    assert again.marks == {"miss": 2}, "it had offered these; now a person"


def test_not_what_i_asked_leaves_the_form(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say("where is my order")
    assert talk.say("that's not what I asked").marks == {"miss": 2}
    answer = talk.say("how much is shipping")
    assert len([line for line in answer.lines if line.get("text")]) == 1, "and does not ask again"


def candidates(bot: Bot, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bot.parse(text)["faq"]["candidates"]
    return found


def missed_twice(first: Answer, second: Answer) -> None:
    assert (first.marks["miss"], second.marks["miss"]) == (1, 2)


def article_of(button: dict[str, str]) -> Article:
    return ARTICLES[json.loads(button["payload"].removeprefix("/faq"))["article"]]
