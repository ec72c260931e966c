"""What a message means after what the assistant said last: buttons in words, "when?", the same for the third time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.follow_ups import ASKED_AGAIN, NOT_ANSWERED, Before

ORDERS = [
    {"title": "HG10024510・已付款", "payload": '/order_status{"order_number": "HG10024510"}'},
    {"title": "HG10023010・已签收", "payload": '/order_status{"order_number": "HG10023010"}'},
    {"title": "转人工", "payload": "/ask_person"},
]
ANSWER: Mapping[str, Any] = {"custom": {"faq": {"id": "delivery-fee"}}}
ORDER: Mapping[str, Any] = {"custom": {"order": {"number": "HG10024510"}}}


def after(*events: Event) -> Before:
    slots = [AnySlot(name, mappings=[{}]) for name in ("requested_slot", "order_number")]
    tracker = DialogueStateTracker("a", slots)
    for event in events:
        tracker.update(event)
    return Before.this_message(tracker)


def said(to: str, data: Mapping[str, Any], response: str = "") -> Sequence[Event]:
    return UserUttered(to), BotUttered("...", data=dict(data), metadata={"utter_action": response})


@pytest.mark.parametrize(
    ("text", "place"),
    [("第一个", 0), ("第二張呀", 1), ("the second one please", 1), ("last one", 1), ("2", 1), ("我要第一個", 0),
     ("HG10023010・已签收", 1), ("轉人工", 2)],
)  # fmt: skip
def test_words_that_stand_for_a_button_tap_it(text: str, place: int) -> None:
    assert after(*said("查订单", {"buttons": ORDERS})).tapped(text) == ORDERS[place]["payload"]


@pytest.mark.parametrize(
    "text", ["第三个", "5", "第二次問你", "first time here", "", "好", "the second parcel is late"]
)
def test_other_words_tap_nothing(text: str) -> None:
    assert after(*said("查订单", {"buttons": ORDERS})).tapped(text) is None


def test_a_place_among_buttons_that_are_no_choice_taps_nothing() -> None:
    yes_or_no = [{"title": "好", "payload": "/affirm"}, {"title": "唔使", "payload": "/deny"}]
    assert after(*said("取消", {"buttons": yes_or_no})).tapped("2") is None


def test_nothing_is_left_to_tap_after_a_session() -> None:
    assert after(*said("查订单", {"buttons": ORDERS}), SessionStarted()).tapped("第一个") is None


def test_a_short_question_is_about_the_order_just_shown() -> None:
    shown = after(SlotSet("order_number", "HG10024510"), *said("HG10024510", ORDER))
    assert shown.meant("faq", "x", "到未呀", "delivery-time", job="delivery_status") == "delivery_status"
    assert shown.meant("faq", "x", "順豐定郵局", "delivery-time") == "faq"
    long = "how long does delivery to Taiwan take"
    assert shown.meant("faq", "x", long, "delivery-time", job="delivery_status") == "faq"


@pytest.mark.parametrize("text", ["when?", "How long?", "幾時呀", "什麼時候", "啥时候"])
def test_a_bare_when_is_about_the_order_just_shown_whatever_it_is_taken_for(text: str) -> None:
    shown = after(SlotSet("order_number", "HG10024510"), *said("HG10024510", ORDER))
    assert shown.meant("promise_question", "x", text, "") == "delivery_status"
    assert after(*said("你好", {})).meant("promise_question", "x", text, "") == "promise_question"


def test_a_short_question_is_about_the_product_just_named() -> None:
    named = after(*said("B08-4471", {}, "utter_ask_back_product"))
    assert named.meant("faq", "stock_question", "有貨嗎", "product-restock") == "stock_question"


def test_the_same_for_the_third_time_is_noticed() -> None:
    twice = after(*said("運費幾多", ANSWER), *said("運費幾多呀", ANSWER))
    assert twice.meant("faq", "x", "我問運費幾多", "delivery-fee") == ASKED_AGAIN
    assert twice.meant("faq", "x", "送唔送離島", "delivery-fee") == NOT_ANSWERED
    assert twice.meant("faq", "x", "運費幾多", "delivery-time") == "faq"
    once = after(*said("運費幾多", ANSWER))
    assert once.meant("faq", "x", "運費幾多", "delivery-fee") == "faq"


def test_the_same_order_for_the_third_time_is_noticed() -> None:
    twice = after(SlotSet("order_number", "HG10024510"), *said("HG10024510", ORDER), *said("到哪了", ORDER))
    assert twice.meant("order_status", "order_status", "还没到吗", "delivery-late") == ASKED_AGAIN
    assert twice.meant("faq", "x", "還沒到？", "delivery-late", job="delivery_status") == ASKED_AGAIN


def test_a_yes_to_the_offer_of_a_person_is_heard_in_more_words() -> None:
    offered = after(*said("第二間平啲", {}, "utter_topic_offer_person"))
    assert offered.meant("nlu_fallback", "x", "好，幫我問下", "") == "affirm"
    assert offered.meant("nlu_fallback", "x", "唔好住", "") == "nlu_fallback"
    assert after(*said("你好", {}, "utter_greet")).meant("nlu_fallback", "x", "好，幫我問下", "") == "nlu_fallback"


@pytest.mark.parametrize(
    ("text", "ending"),
    [("好吧 8642", "8642"), ("sure, 9753", "9753"), ("8642 或者 9753", None), ("HG10024510", None), ("2024年", None)],
)
def test_four_digits_are_the_ending_of_a_phone_where_one_is_asked_for(text: str, ending: str | None) -> None:
    asking = after(*said("查订单", {}), ActiveLoop("order_form"), SlotSet("requested_slot", "phone_last4"))
    found = asking.phone_ending(text, [])
    assert (found.group() if found else None) == ending
    assert after(*said("你好", {})).phone_ending(text, []) is None


def test_four_digits_beside_an_order_are_the_ending_of_a_phone() -> None:
    order = {"entity": "order_number", "start": 0, "end": 10}
    found = after().phone_ending("HG10023120 2468 去到邊", [order])
    assert found and found.group() == "2468"
