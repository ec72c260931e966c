"""Questions that articles answer, in the language of the conversation, and small talk."""

from __future__ import annotations

import json

import pytest
from bot_parts import ROOT, Bot

from faq_kb import load_articles

pytestmark = pytest.mark.bot

ARTICLES = {article.id: article for article in load_articles(ROOT / "faq_kb" / "articles")}


@pytest.mark.parametrize("language", ["zh-HK", "zh-TW", "zh-CN", "en"])
def test_an_answer_is_written_in_the_language_of_the_conversation(bot: Bot, language: str) -> None:
    answer = bot.talk(language).say(ARTICLES["delivery-fee"].question_in(language))
    assert answer.text.startswith(ARTICLES["delivery-fee"].answer_in(language))


def test_an_answer_says_where_it_comes_from(bot: Bot) -> None:
    origin = bot.talk("en").say("how much is shipping").marks["faq"]
    article = ARTICLES[origin["id"]]
    assert (origin["file"], origin["line"]) == (article.source, article.line)
    assert 0 < origin["score"] <= 1 and origin["version"] and origin["rule"]
    assert all(set(one) == {"id", "score"} for one in origin["runners_up"])


@pytest.mark.parametrize("language", ["zh-HK", "zh-TW", "zh-CN", "en"])
def test_a_clear_answer_has_related_articles_as_buttons(bot: Bot, language: str) -> None:
    fee = ARTICLES["delivery-fee"]
    answer = bot.talk(language).say(fee.question_in(language))
    *related, person = answer.buttons
    assert person["payload"] == "/ask_person"
    ids = [json.loads(button["payload"].removeprefix("/faq"))["article"] for button in related]
    assert len(ids) == 2 and "delivery-fee" not in ids
    near = {one["id"] for one in answer.marks["faq"]["runners_up"]}
    assert set(ids) <= {*fee.related, *near} and set(ids) & set(fee.related)
    assert [button["title"] for button in related] == [ARTICLES[id].question_in(language) for id in ids]


def test_browsing_leads_from_category_to_answer(bot: Bot) -> None:
    talk = bot.talk("zh-TW")
    categories = talk.say("/browse_faq")
    assert len(categories.buttons) >= 8
    questions = talk.say(categories.payload('/browse_faq{"category": "delivery"'))
    answer = talk.say(questions.payload("/faq"))
    assert answer.marks["faq"]["rule"] == "button"


def test_a_wish_without_a_dialogue_gets_an_article_or_a_person(bot: Bot) -> None:
    wishes = ("the zip is broken", "my card was declined", "I need an invoice", "do you have the bag in green")
    for text in wishes:
        answer = bot.talk("en").say(text)
        assert "faq" in answer.marks or "/ask_person" in [button["payload"] for button in answer.buttons], text


@pytest.mark.parametrize(
    ("language", "hello"), [("zh-HK", "你好"), ("zh-TW", "哈囉"), ("zh-CN", "在吗"), ("en", "hello")]
)
def test_the_greeting_says_it_is_an_ai_and_offers_a_person(bot: Bot, language: str, hello: str) -> None:
    answer = bot.talk(language).say(hello)
    assert "AI" in answer.text
    assert "/ask_person" in [button["payload"] for button in answer.buttons]


def test_greeting_twice_is_answered_in_other_words(bot: Bot) -> None:
    talk = bot.talk("en")
    assert talk.say("hello").text != talk.say("hello").text


def test_say_that_again(bot: Bot) -> None:
    talk = bot.talk("en")
    first = talk.say("how much is shipping")
    again = talk.say("can you repeat that")
    assert again.text == first.text


@pytest.mark.parametrize(
    ("wish", "locale", "word"),
    [
        ("please switch to English", "en", "English"),
        ("可唔可以講廣東話", "zh-HK", "廣東話"),
        ("请用简体中文", "zh-CN", "简体"),
    ],
)
def test_a_language_switch_is_confirmed_in_the_new_language(bot: Bot, wish: str, locale: str, word: str) -> None:
    answer = bot.talk("zh-TW").say(wish)
    assert answer.marks["language"] == locale
    assert word in answer.text


def test_a_language_that_is_not_named_is_asked_for(bot: Bot) -> None:
    talk = bot.talk("en")
    choice = talk.say("can we use another language")
    assert len(choice.buttons) == 4
    assert talk.say(choice.buttons[2]["payload"]).marks["language"] == "zh-CN"


def test_buttons_speak_the_language_of_the_conversation(bot: Bot) -> None:
    assert bot.talk("zh-CN").say("/greet").text.startswith("您好")
    assert bot.talk("en").say("/greet").text.startswith("Hello")
