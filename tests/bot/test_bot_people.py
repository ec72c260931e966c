"""A person at any moment; what the bot does for a customer who waits for one."""

from __future__ import annotations

import pytest
from bot_parts import Bot

pytestmark = pytest.mark.bot


@pytest.mark.parametrize(
    ("language", "wish"),
    [("zh-HK", "我想搵真人"), ("zh-TW", "請幫我轉真人客服"), ("zh-CN", "转人工"), ("en", "I want to talk to a human")],
)
def test_a_wish_for_a_person_is_a_marker_and_nothing_else(bot: Bot, language: str, wish: str) -> None:
    (line,) = bot.talk(language).say(wish).lines
    assert "text" not in line
    marker = line["custom"]["handoff"]
    assert marker["reason"] == "asked_for_person"
    assert marker["summary"] and "\n" not in marker["summary"]


def test_the_button_for_a_person_works_as_the_very_first_message(bot: Bot) -> None:
    marker = bot.talk("zh-TW").say("/ask_person").marks["handoff"]
    assert marker["slots"]["language"] == "zh-TW"


def test_a_person_is_reached_from_inside_the_form_whatever_stands_beside(bot: Bot) -> None:
    talk = bot.talk("zh-HK")
    talk.say("查單")
    answer = talk.say("轉真人啦 我個單號係 HG10023847")
    assert len(answer.lines) == 1
    assert answer.marks["handoff"]["slots"]["order_number"] == "HG10023847"
    after = talk.say("多謝")
    assert len(after.lines) == 1, "the form does not go on asking"


def test_a_complaint_goes_to_a_person_with_priority(bot: Bot) -> None:
    answer = bot.talk("en").say("I want to file a complaint about your courier")
    assert len(answer.lines) == 1
    assert answer.marks["handoff"]["reason"] == "complaint"
    assert answer.marks["handoff"]["priority"] == 2


def test_the_marker_carries_who_and_what(bot: Bot) -> None:
    talk = bot.talk("en", identity={"tier": "identity", "customer_id": "c-0001"})
    talk.say("HG10023847")
    talk.say("can I return an opened tea?")
    marker = talk.say("let me talk to someone").marks["handoff"]
    assert marker["profile"]["id"] == "c-0001"
    assert marker["order"]["number"] == "HG10023847" and marker["order"]["age"]
    assert "HG10023847" in marker["summary"] and "opened tea" in marker["summary"]


def test_nothing_of_an_unproved_order_is_in_the_marker(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say("HG10023847")
    marker = talk.say("agent please").marks["handoff"]
    assert marker["order"] is None and marker["profile"] is None
    assert marker["slots"] == {"order_number": "HG10023847", "language": "en", "order_proved": False}


def test_what_the_bot_may_not_serve_while_waiting_is_noted(bot: Bot) -> None:
    talk = bot.talk("zh-HK", waiting=True)
    typed = ("你好", "多謝", "我想搵真人", "講個笑話", "asdf qwer", "係", "我要投訴")
    for text in (*typed, "/ask_person", "/thanks", "/nosuchintent"):
        (line,) = talk.say(text).lines
        assert line["custom"] == {"noted": True}, text
        assert "text" not in line


def test_questions_and_orders_are_served_while_waiting(bot: Bot) -> None:
    talk = bot.talk("zh-HK", waiting=True)
    question = talk.say("運費幾多")
    assert question.marks["faq"]["id"] == "delivery-fee"
    assert "/ask_person" not in [button["payload"] for button in question.buttons]
    assert talk.say("/browse_faq").buttons
    talk.say("我張單去咗邊")
    talk.say("HG10023847")
    assert "已寄出" in talk.say("4567").text


def test_a_note_inside_the_form_neither_ends_it_nor_asks_again(bot: Bot) -> None:
    talk = bot.talk("en", waiting=True)
    talk.say("where is my order")
    assert talk.say("hello?").marks == {"noted": True}
    assert talk.say("tell me a joke").marks == {"noted": True}
    talk.say("HG10023847")
    assert talk.say("nice weather").marks == {"noted": True}
    assert "Shipped" in talk.say("4567").text


def test_no_ends_the_form_while_waiting_too(bot: Bot) -> None:
    talk = bot.talk("en", waiting=True)
    talk.say("where is my order")
    assert talk.say("no").text
    assert talk.say("no").marks == {"noted": True}


def test_back_with_the_bot_it_speaks_again_and_hands_over_nobody(bot: Bot) -> None:
    talk = bot.talk("zh-HK")
    talk.say("我想搵真人")
    talk.say("多謝", waiting=True)
    answer = talk.say("你好")
    assert "AI" in answer.text and "handoff" not in answer.marks


def test_a_waiting_customer_may_leave_the_queue_in_words(bot: Bot) -> None:
    talk = bot.talk("zh-HK", waiting=True)
    (line,) = talk.say("唔等喇 等到頸都長").lines
    assert line["custom"] == {"leave_queue": True} and "text" not in line


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh-HK", "你哋話幾時覆我"),
        ("zh-TW", "說好什麼時候回覆"),
        ("zh-CN", "什么时候回复我"),
        ("en", "when did you say you would reply?"),
    ],
)
def test_when_an_answer_was_promised_is_left_to_the_platform(bot: Bot, language: str, text: str) -> None:
    for waiting in (False, True):
        assert bot.talk(language, waiting=waiting).say(text).marks == {"promises": True}


@pytest.mark.parametrize(
    ("language", "wish", "undo"),
    [
        ("zh-HK", "我想綁定帳戶", "解除帳戶綁定"),
        ("zh-TW", "綁定帳號", "解除帳號綁定"),
        ("zh-CN", "绑定账号", "解除账号绑定"),
        ("en", "link my account", "unlink my account"),
    ],
)
def test_the_account_at_the_shop_is_left_to_the_platform(bot: Bot, language: str, wish: str, undo: str) -> None:
    for waiting in (False, True):
        talk = bot.talk(language, waiting=waiting)
        assert talk.say(wish).marks == {"account_link": "link"}
        assert talk.say(undo).marks == {"account_link": "unlink"}


def test_who_may_tie_their_account_is_offered_it_with_the_first_question_for_an_order(bot: Bot) -> None:
    talk = bot.talk("en", may_link=True)
    assert talk.say("where is my order").marks == {"asks_who": True}
    assert talk.say("hm, where is it").marks == {}
    assert bot.talk("en", may_link=True).say("where is HG10023847").marks == {}
    assert bot.talk("en").say("where is my order").marks == {}


def test_a_waiting_customer_may_ask_for_the_place_and_leave_a_message(bot: Bot) -> None:
    talk = bot.talk("zh-TW", waiting=True)
    assert talk.say("我排第幾位").marks == {"queue_place": True}
    assert talk.say("可以留言嗎").marks == {"leave_message": True}
    assert "handoff" in bot.talk("zh-TW").say("我想留言給客服").marks
    assert "排隊" in bot.talk("zh-TW").say("前面還有幾個人").text
