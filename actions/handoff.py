"""Asking for a person. An action only utters the marker; the platform opens the ticket and says the sentence."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from datetime import datetime, timezone
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.anger import sounds_angry
from actions.conversation import Event, Turn
from actions.fallback import offer_person
from actions.service_wishes import collected
from actions.services import orders, shop
from actions.special_delivery import wants_special_delivery
from actions.texts import text
from shop import Customer, ProvedOrder, ShopUnavailable, age_in, order_card

log = logging.getLogger(__name__)

NORMAL, RAISED, HIGH = 0, 1, 2

# Which team a wish belongs to; the newest wish in the conversation that names one decides.
TEAMS = {
    "order_status": "delivery",
    "delivery_status": "delivery",
    "delivery_problem": "delivery",
    "change_address": "delivery",
    "return_request": "returns",
    "exchange_request": "returns",
    "product_defect": "returns",
    "refund_status": "billing",
    "payment_problem": "billing",
    "invoice_request": "billing",
    "product_question": "sales",
    "stock_question": "sales",
    "price_promotion": "sales",
}
REASONS_OF_OFFERS = {
    "utter_miss_offer_person": "fallback",
    "utter_miss_still_offer_person": "fallback",
    "utter_order_exception_offer_person": "order_exception",
    "utter_order_stale_offer_person": "order_exception",
    "utter_order_late_offer_person": "order_exception",
}
# A no to this is a no to all that was suggested, as it is where the assistant asked which of several was meant.
SUGGESTIONS = frozenset({"utter_not_what_i_asked"})
SYMPATHY = "utter_abuse_offer_person"
# An agent's eye takes in this much of what the customer wrote.
LONGEST_WORDS = 80


class AskPerson(Action):
    def name(self) -> str:
        return "action_ask_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.offer:
            return await _hand_over_as_offered(dispatcher, turn, turn.offer)
        return await hand_over(dispatcher, turn, "asked_for_person")


# Who comes to a person for no worse reason, and is angry, comes ahead of others; and who wants a delivery in a way of
# its own comes to those who can do it.
PLAIN_REASONS = frozenset({"asked_for_person", "bot_offer", "fallback"})
ANGER = "anger"
SPECIAL_DELIVERY = "special_delivery"
# Anger lasts for so many messages.
ANGRY_FOR = 3


# What a customer in a bad way says, why they are handed over, and how far ahead of others.
UPSET = {
    "complaint": ("complaint", HIGH),
    "urgent_unhelpful": ("unhelpful", HIGH),
    "abuse": (ANGER, HIGH),
    "asked_again": ("unhelpful", RAISED),
}
SUMMARIES = {"asked_again": "asked_again"}


class Complaint(Action):
    """A complaint, "you are not helping and it is urgent", the same for the third time: ahead of others in the queue.
    The platform says that it is sorry."""

    def name(self) -> str:
        return "action_complaint"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        return await _hand_over_upset(dispatcher, Turn(tracker))


class Abuse(Action):
    """Swearing: sympathy and the offer of a person; and for who goes on swearing, the person."""

    def name(self) -> str:
        return "action_abuse"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.offer == SYMPATHY and not turn.is_waiting:
            return await _hand_over_upset(dispatcher, turn)
        dispatcher.utter_message(response=SYMPATHY)
        return []


class Affirm(Action):
    """A plain yes: to the person just offered, or to nothing in particular."""

    def name(self) -> str:
        return "action_affirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.offer and not turn.is_waiting:
            return await _hand_over_as_offered(dispatcher, turn, turn.offer)
        dispatcher.utter_message(response="utter_affirm")
        return []


class Deny(Action):
    """A plain no: ends a form, declines a person, or says that no suggestion fits."""

    def name(self) -> str:
        return "action_deny"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.form:
            dispatcher.utter_message(response="utter_form_given_up")
            return turn.leaving_form()
        if turn.was_asked_which or SUGGESTIONS & set(turn.last_said):
            return offer_person(dispatcher, turn)
        dispatcher.utter_message(response="utter_no_person" if turn.offer else "utter_deny")
        return []


async def _hand_over_as_offered(dispatcher: CollectingDispatcher, turn: Turn, offer: str) -> list[Event]:
    if offer == SYMPATHY:
        return await hand_over(dispatcher, turn, ANGER, HIGH)
    return await hand_over(dispatcher, turn, REASONS_OF_OFFERS.get(offer, "bot_offer"))


async def _hand_over_upset(dispatcher: CollectingDispatcher, turn: Turn) -> list[Event]:
    reason, priority = UPSET.get(turn.intent, UPSET["complaint"])
    return await hand_over(dispatcher, turn, reason, priority, SUMMARIES.get(turn.intent, ""))


async def hand_over(
    dispatcher: CollectingDispatcher, turn: Turn, reason: str, priority: int = NORMAL, summary: str = ""
) -> list[Event]:
    """Utter the marker with all that was collected, so that the customer need not say anything twice."""
    customer, proved = await asyncio.to_thread(_looked_up, turn)
    if reason == "order_exception":
        priority = max(priority, RAISED)
    if reason in PLAIN_REASONS:
        if wants_special_delivery(turn.last_words()):
            reason, summary = SPECIAL_DELIVERY, SPECIAL_DELIVERY
        if any(sounds_angry(words) for words in turn.typed()[-ANGRY_FOR:]):
            reason = ANGER if reason != SPECIAL_DELIVERY else reason
            summary = summary or ANGER
            priority = HIGH
    marker = {
        "reason": reason,
        "team": "delivery" if reason == SPECIAL_DELIVERY else _team(turn),
        "priority": priority,
        "summary": _summary(turn, summary or reason, proved),
        "slots": _collected(turn, proved),
        "profile": _profile(customer) if customer else None,
        "order": _facts(turn, proved) if proved else None,
    }
    dispatcher.utter_message(json_message={"handoff": marker})
    return turn.leaving_form()


def _looked_up(turn: Turn) -> tuple[Customer | None, ProvedOrder | None]:
    """A person is asked for whether or not the shop's system answers."""
    try:
        identity = turn.identity
        customer = shop().customer(identity.customer_id) if identity else None
        return customer, _proved_order(turn)
    except ShopUnavailable as unavailable:
        log.warning(
            "Handed over without the shop's facts: %s", unavailable.reason.value, extra={"event": "shop_unavailable"}
        )
        return None, None


def _proved_order(turn: Turn) -> ProvedOrder | None:
    number, digits, identity = turn.order_number, turn.phone_last4, turn.identity
    if number and identity:
        own = orders().order_for(identity, number)
        if isinstance(own, ProvedOrder):
            return own
    if number and digits:
        proved = orders().order_by_proof(number, digits, turn.conversation_id)
        if isinstance(proved, ProvedOrder):
            return proved
    return None


def _team(turn: Turn) -> str:
    wish = collected(turn).get("wish")
    wanted = [intent for intent in ((wish,) if wish else turn.recent_intents()) if intent in TEAMS]
    # Who named an order, and nothing that should become of it, asks where it is.
    asks_where = not wish and (turn.order_number or turn.order_named_last)
    return TEAMS[wanted[0]] if wanted else "delivery" if asks_where else "support"


def _summary(turn: Turn, kind: str, proved: ProvedOrder | None) -> str:
    parts = [text(f"utter_label_summary_{kind}", turn.locale)]
    if proved:
        order = proved.order
        age = age_in(turn.locale, order.updated_at, _now())
        status = order.status.label(turn.locale)
        parts.append(text("utter_label_summary_order", turn.locale, number=order.number, status=status, age=age))
    elif number := turn.order_number or turn.order_named_last:
        parts.append(text("utter_label_summary_order_unproved", turn.locale, number=number))
    if wish := collected(turn).get("wish"):
        wanted = text(f"utter_label_wish_{wish}", turn.locale)
        parts.append(text("utter_label_summary_wish", turn.locale, wish=wanted))
    if words := " ".join(turn.last_words().split()):
        parts.append(text("utter_label_summary_last_words", turn.locale, words=words[:LONGEST_WORDS]))
    return " ".join(parts)


def _collected(turn: Turn, proved: ProvedOrder | None) -> dict[str, Any]:
    told = {"order_number": turn.order_number, "phone_last4": turn.phone_last4, "language": turn.locale}
    told["product"] = turn.slot("product")
    # An order whose proof failed is forgotten by the dialogue, and not by the one who takes over.
    told["order_number"] = told["order_number"] or turn.order_named_last
    known = {name: value for name, value in told.items() if value}
    known.update(collected(turn))
    return {**known, "order_proved": proved is not None} if "order_number" in known else known


def _profile(customer: Customer) -> dict[str, Any]:
    profile = dataclasses.asdict(customer)
    return {**profile, "tags": list(customer.tags), "since": customer.since.isoformat()}


def _facts(turn: Turn, proved: ProvedOrder) -> dict[str, Any]:
    return order_card(proved.order, proved.parcels, turn.locale, _now())


def _now() -> datetime:
    return datetime.now(timezone.utc)
