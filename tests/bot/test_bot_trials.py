"""A sentence that an editor tries: the trained bot says what it would take it for, does nothing, keeps nothing."""

from __future__ import annotations

from typing import Any

import pytest
from bot_parts import Bot

from nlu.article_search import TRIALS, trial_of
from nlu.decision import Search

pytestmark = pytest.mark.bot

FOUND_NOTHING = Search()


def tried(bot: Bot, text: str, search: Search = FOUND_NOTHING, language: str = "en") -> Any:
    talk = bot.talk(language, **trial_of(search))
    talk.id = TRIALS + talk.id
    (line,) = talk.say(text).lines
    assert set(line) == {"recipient_id", "custom"}
    return line["custom"]["trial"]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("where is my parcel", "delivery_status"),
        ("我想搵真人", "ask_person"),
        ("請幫我取消訂單", "cancel_order"),
        ("你好", "greet"),
        ("HG10023847", "inform_order"),
        ("can you play the piano for my neighbour", "out_of_scope"),
    ],
)
def test_it_says_what_it_would_be_taken_for(bot: Bot, text: str, intent: str) -> None:
    taken = tried(bot, text)
    assert (taken["intent"], 0 <= taken["confidence"] <= 1, bool(taken["rule"])) == (intent, True, True)


def test_the_articles_count_as_the_console_found_them(bot: Bot) -> None:
    text = "can you play the piano for my neighbour"
    assert tried(bot, text, Search(0.999, answers=True))["intent"] == "faq"
    assert tried(bot, text, Search(1.0, exact=True))["intent"] == "faq"
    assert tried(bot, "where is my parcel", Search(1.0, answers=True, pinned=True))["intent"] == "faq"
    assert tried(bot, "請幫我取消訂單", Search(1.0, answers=True, exact=True))["intent"] == "cancel_order"


def test_a_customer_s_message_is_no_trial(bot: Bot) -> None:
    answer = bot.talk("en").say("where is my parcel")
    assert answer.text and "trial" not in answer.marks
