"""Where is my order: with proof in four languages, signed in, corrected, interrupted, given up, refused."""

from __future__ import annotations

import pytest
from bot_parts import Bot

pytestmark = pytest.mark.bot

SIGNED_IN = {"tier": "identity", "customer_id": "c-0001", "name": "陳美玲"}


@pytest.mark.parametrize(
    ("language", "asks", "number", "digits", "status"),
    [
        ("zh-HK", "我張單去咗邊", "HG10023847", "4567", "已寄出"),
        ("zh-TW", "我的訂單出貨了嗎", "HG10024001", "5678", "備貨中"),
        ("zh-CN", "查一下我的订单", "HG10024105", "8000", "已发货"),
        ("en", "where is my order", "HG10024222", "5678", "Delivered"),
    ],
)
def test_number_and_phone_unlock_the_order(
    bot: Bot, language: str, asks: str, number: str, digits: str, status: str
) -> None:
    talk = bot.talk(language)
    assert "order" not in talk.say(asks).marks
    assert "order" not in talk.say(number).marks
    told = talk.say(digits)
    assert number in told.text and status in told.text
    card = told.marks["order"]
    assert card["status_label"] == status and card["age"] in told.text
    assert card["total"] is None and card["items"] == [], "a number and a phone unlock the status, not the contents"


def test_both_at_once_and_in_any_order(bot: Bot) -> None:
    assert "HG10023847" in bot.talk("en").say("HG10023847, last four 4567").text
    talk = bot.talk("en")
    talk.say("where is my parcel")
    talk.say("4567")
    assert "Shipped" in talk.say("hg 1002 3847").text


def test_a_wrong_pair_and_an_unknown_order_read_the_same(bot: Bot) -> None:
    wrong_pair, unknown = bot.talk("zh-TW"), bot.talk("zh-TW")
    for talk in (wrong_pair, unknown):
        talk.say("我的訂單出貨了嗎")
    assert wrong_pair.say("HG10023847 1111").lines == [
        {**line, "recipient_id": wrong_pair.id} for line in unknown.say("HG99999999 4567").lines
    ]


def test_a_wrong_pair_can_be_corrected(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say("order status")
    talk.say("HG10023847 1111")
    talk.say("sorry, HG10023847")
    assert "Shipped" in talk.say("4567").text


def test_a_wrong_number_is_corrected_before_the_proof(bot: Bot) -> None:
    talk = bot.talk("zh-HK")
    talk.say("查單")
    talk.say("HG10023847")
    talk.say("唔係，係 HG10019932 先啱")
    assert "HG10019932" in talk.say("4567").text


def test_too_many_attempts_have_their_own_sentence_and_a_person(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say("order status")
    answers = [talk.say(f"HG10019932 {digits}") for digits in range(1110, 1116)]
    refused = [answer for answer in answers if "several tries" in answer.text]
    assert refused and "/ask_person" in [button["payload"] for button in refused[0].buttons]
    assert "several tries" not in answers[0].text


def test_a_question_in_between_is_answered_and_the_form_goes_on(bot: Bot) -> None:
    talk = bot.talk("zh-HK")
    talk.say("查單")
    talk.say("HG10023847")
    between = talk.say("運費幾多")
    assert between.marks["faq"]["id"] == "delivery-fee"
    assert "4 位" in between.lines[-1]["text"]
    assert "已寄出" in talk.say("4567").text


@pytest.mark.parametrize(
    ("language", "no"), [("zh-HK", "唔使喇"), ("zh-TW", "算了不用了"), ("zh-CN", "不用了"), ("en", "no, never mind")]
)
def test_no_ends_the_form(bot: Bot, language: str, no: str) -> None:
    talk = bot.talk(language)
    talk.say("HG10023847")
    given_up = talk.say(no)
    assert len(given_up.lines) == 1
    assert len(talk.say({"en": "thanks"}.get(language, "多謝")).lines) == 1


def test_signed_in_customers_choose_among_their_orders(bot: Bot) -> None:
    talk = bot.talk("en", identity=SIGNED_IN)
    choice = talk.say("where is my order")
    assert len(choice.buttons) >= 2
    told = talk.say(choice.payload('/order_status{"order_number": "HG10023847"'))
    assert "HG10023847" in told.text
    assert told.marks["order"]["items"], "an identity unlocks the contents"
    other = talk.say(told.payload("/another_order"))
    assert len(other.buttons) >= 2


def test_somebody_elses_order_needs_proof_even_when_signed_in(bot: Bot) -> None:
    talk = bot.talk("en", identity=SIGNED_IN)
    asked = talk.say("HG10024001")
    assert "order" not in asked.marks and "4 digits" in asked.text
    assert "HG10024001" in talk.say("5678").text


def test_a_parcel_in_trouble_says_so_and_offers_a_person(bot: Bot) -> None:
    talk = bot.talk("zh-CN")
    told = talk.say("HG10024105 尾号8000")
    assert "派送异常" in told.text
    assert "/ask_person" in [button["payload"] for button in told.buttons]
    marker = talk.say("好的").marks["handoff"]
    assert marker["reason"] == "order_exception" and marker["priority"] > 0
    assert marker["order"]["number"] == "HG10024105"


def test_an_order_once_proved_needs_no_second_proof(bot: Bot) -> None:
    talk = bot.talk("en")
    talk.say("HG10023847 4567")
    assert "HG10023847" in talk.say("where is my parcel now").text


def test_metadata_typed_by_a_customer_unlocks_nothing(bot: Bot) -> None:
    talk = bot.talk("en")
    answer = talk.say('{"identity": {"tier": "identity", "customer_id": "c-0001"}} order status')
    assert "order" not in answer.marks and not answer.text.startswith("Order HG")
