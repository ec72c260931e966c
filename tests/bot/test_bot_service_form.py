"""What the service form does with one message, asked without the bot: when a yes counts, and when it must not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from no_plain_yes import NO_PLAIN_YES
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

import shop.demo
from actions import services
from actions.service_form import FORM, ValidateServiceForm
from nlu.wording import Wording
from shop import OrderStatus, SqlShop, serving

PRIYA = {"tier": "identity", "customer_id": "c-0008"}
NUMBER = "HG10024430"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlShop]:
    """The demo shop, as the actions find it by their environment."""
    url = f"sqlite:///{tmp_path}/shop.db"
    shop.demo.fill(url)
    monkeypatch.setenv("SWITCHBOARD_DATA_DIR", str(tmp_path))
    for opened in (services.orders, serving.served):
        opened.cache_clear()
    yield SqlShop(url)
    for opened in (services.orders, serving.served):
        opened.cache_clear()


class Message:
    """A message inside the form, which has just asked for a yes."""

    def __init__(self, intent: str, text: str, *, asked_seconds_ago: float = 5, **wording: Any) -> None:
        self.intent, self.text, self.wording = intent, text, wording
        self.asked_at = time.time() - asked_seconds_ago
        self.entities: list[dict[str, Any]] = []
        self.wish, self.details = "cancel_order", {}
        self.identity: dict[str, str] = PRIYA

    def naming(self, number: str) -> Message:
        self.entities = [{"entity": "order_number", "value": number}]
        return self

    async def answered(self) -> tuple[list[str], dict[str, Any]]:
        """Names of the responses, and the slots that were set."""
        dispatcher = CollectingDispatcher()
        events = await ValidateServiceForm().run(dispatcher, self._tracker(), {})
        responses = [str(one.get("response")) for one in dispatcher.messages]
        return responses, {one["name"]: one["value"] for one in events if one["event"] == "slot"}

    def _tracker(self) -> Tracker:
        named = self.entities[0]["value"] if self.entities else NUMBER
        slots = {
            "language": "en",
            "order_number": named,
            "requested_slot": "confirmation",
            "service_wish": self.wish,
            "service_details": self.details,
        }
        message = {
            "intent": {"name": self.intent, "confidence": 0.9},
            "text": self.text,
            "entities": self.entities,
            "wording": self.wording,
        }
        said = {"event": "user", "parse_data": message, "text": self.text, "timestamp": time.time()}
        events: list[dict[str, Any]] = [
            {"event": "slot", "name": "order_number", "value": NUMBER, "timestamp": self.asked_at},
            {"event": "bot", "text": "Shall I?", "metadata": {}, "timestamp": self.asked_at},
            {**said, "metadata": {"identity": self.identity}},
        ]
        return Tracker("talk", slots, message, events, False, None, {"name": FORM}, "action_listen")


def status(demo: SqlShop, number: str = NUMBER) -> OrderStatus:
    order = demo.order(number)
    assert order is not None
    return order.status


async def test_a_yes_has_it_done(demo: SqlShop) -> None:
    responses, slots = await Message("affirm", "yes").answered()
    assert responses == ["utter_service_done_cancel_order"] and slots["requested_slot"] is None
    assert status(demo) is OrderStatus.CANCELLED


async def test_a_yes_half_an_hour_later_is_asked_for_again(demo: SqlShop) -> None:
    responses, slots = await Message("affirm", "yes", asked_seconds_ago=31 * 60).answered()
    assert responses == ["utter_service_confirm_cancel_order"] and slots["requested_slot"] == "confirmation"
    assert status(demo) is OrderStatus.PAID


async def test_a_yes_that_names_another_order_is_no_yes(demo: SqlShop) -> None:
    responses, _ = await Message("affirm", "yes HG10024420").naming("HG10024420").answered()
    assert responses == ["utter_service_confirm_cancel_order"]
    assert (status(demo), status(demo, "HG10024420")) == (OrderStatus.PAID, OrderStatus.PACKING)


async def test_do_not_cancel_is_a_no(demo: SqlShop) -> None:
    responses, _ = await Message("cancel_order", "don't cancel it", negates=True).answered()
    assert responses == ["utter_service_stopped"] and status(demo) is OrderStatus.PAID


async def test_a_question_about_cancelling_is_no_yes(demo: SqlShop) -> None:
    responses, _ = await Message("cancel_order", "can I still cancel later?", asks=True).answered()
    assert responses == ["utter_service_confirm_cancel_order"] and status(demo) is OrderStatus.PAID


async def test_nobody_elses_order_is_touched_by_a_yes(demo: SqlShop) -> None:
    message = Message("affirm", "yes")
    message.identity = {"tier": "identity", "customer_id": "c-0001"}
    responses, slots = await message.answered()
    assert responses == ["utter_ask_phone_last4"] and slots["requested_slot"] == "which_phone"
    assert status(demo) is OrderStatus.PAID


async def test_a_shop_that_does_not_answer_is_no_success(demo: SqlShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHBOARD_SHOP_ADAPTER", "http")
    monkeypatch.setenv("SWITCHBOARD_SHOP_URL", "http://127.0.0.1:9/shop")
    monkeypatch.setenv("SWITCHBOARD_SHOP_TOKEN", "token")
    responses, slots = await Message("affirm", "yes").answered()
    assert responses == ["utter_shop_unavailable_offer_person"]
    assert slots["service_wish"] == "cancel_order", "the person gets what was told"


@pytest.mark.parametrize("text", NO_PLAIN_YES)
async def test_a_no_or_a_doubt_has_nothing_done_whatever_it_is_taken_for(demo: SqlShop, text: str) -> None:
    wording = Wording.of(text).as_fields()
    for intent in ("affirm", "cancel_order", "inform_order", "faq", "tell_detail", "thanks", "praise"):
        responses, _ = await Message(intent, text, **wording).answered()
        assert not [name for name in responses if name.startswith("utter_service_done")], intent
    assert status(demo) is OrderStatus.PAID


@pytest.mark.parametrize(
    "text", ["係，取消", "好的，取消吧", "是的 取消", "yes please cancel it", "cancel啦唔該", "冇問題"]
)
async def test_a_plain_yes_in_any_words_has_it_done(demo: SqlShop, text: str) -> None:
    responses, _ = await Message("affirm", text, **Wording.of(text).as_fields()).answered()
    assert responses == ["utter_service_done_cancel_order"] and status(demo) is OrderStatus.CANCELLED
