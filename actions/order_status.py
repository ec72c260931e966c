"""Where an order is. Shown to those who proved it is theirs, with the age of what is said."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timezone
from math import ceil
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecutionRejected, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import payload_button, person_button
from actions.conversation import Event, Turn
from actions.days import day_in_words
from actions.services import orders
from actions.texts import text
from shop import (
    Identity,
    Order,
    Parcel,
    ProvedOrder,
    Refusal,
    ShopUnavailable,
    age_in,
    carrier_in,
    order_card,
    text_in,
)

log = logging.getLogger(__name__)

FORM = "order_form"

# Said inside the form, these leave it, whatever number stands beside them.
LEAVES_FORM = frozenset(
    {"ask_person", "complaint", "urgent_unhelpful", "asked_again", "not_what_i_asked", "deny", "another_order"}
)
# Said inside the form without a number, these ask for the same again: the form's own question is the answer.
STAYS_IN_FORM = frozenset({"order_status", "delivery_status", "inform_order", "affirm"})

MOST_ORDERS = 6

FORGET_PAIR = [SlotSet("order_number", None), SlotSet("phone_last4", None)]


class ValidateOrderForm(Action):
    """Checks number and phone as soon as both are there. Signed-in customers prove nothing for their own orders."""

    def name(self) -> str:
        return "validate_order_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.intent in LEAVES_FORM and turn.form and not turn.did("action_another_order"):
            return [ActionExecutionRejected(FORM)]
        if turn.has_turned_away:
            return [SlotSet("requested_slot", None)]
        try:
            return await asyncio.to_thread(_validated, dispatcher, turn)
        except ShopUnavailable:
            # action_tell_order says so.
            return [SlotSet("requested_slot", None)]


class TellOrder(Action):
    """What became of the form: the order, a choice of orders, or why not."""

    def name(self) -> str:
        return "action_tell_order"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.has_turned_away:
            return []
        try:
            return await asyncio.to_thread(_told, dispatcher, turn)
        except ShopUnavailable as unavailable:
            log.warning("The shop gave no answer: %s", unavailable.reason.value, extra={"event": "shop_unavailable"})
            dispatcher.utter_message(response="utter_shop_unavailable_offer_person")
            return []


class AnotherOrder(Action):
    """Forgets the order in hand; the form asks for the next one, unless it is named already: by a button, in words, or
    as the other one of a signed-in customer's two."""

    def name(self) -> str:
        return "action_another_order"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        number, digits = turn.entity("order_number"), turn.entity("phone_last4")
        if number is None and turn.words and not turn.words.startswith("/"):
            number = await asyncio.to_thread(_the_other_one, turn)
        return [*turn.leaving_form(), SlotSet("order_number", number), SlotSet("phone_last4", digits)]


def _the_other_one(turn: Turn) -> str | None:
    identity, number = turn.identity, turn.order_number
    if identity is None or number is None:
        return None
    try:
        own = [order.number for order in orders().orders_for(identity, MOST_ORDERS)]
    except ShopUnavailable:
        return None  # The form says so in its turn.
    others = [one for one in own if one != number]
    return others[0] if len(others) == 1 and number in own else None


def _validated(dispatcher: CollectingDispatcher, turn: Turn) -> list[Event]:
    number, digits, identity = turn.order_number, turn.phone_last4, turn.identity
    if identity and (number is None or isinstance(orders().order_for(identity, number), ProvedOrder)):
        return [SlotSet("requested_slot", None)]
    if number and digits:
        refusal = orders().order_by_proof(number, digits, turn.conversation_id)
        if isinstance(refusal, Refusal) and refusal.reason == "no_match":
            dispatcher.utter_message(response="utter_order_no_match")
            return FORGET_PAIR
        return []
    if number is None and turn.question is None and turn.metadata.get("may_link") is True:
        # Who ties the chat to their account need not say a number.
        dispatcher.utter_message(json_message={"asks_who": True})
    if turn.intent in STAYS_IN_FORM:
        # A slot set to what it is: the form goes on asking instead of giving way to other rules.
        return [SlotSet("order_number", number), SlotSet("phone_last4", digits)]
    return []


def _told(dispatcher: CollectingDispatcher, turn: Turn) -> list[Event]:
    number, digits, identity = turn.order_number, turn.phone_last4, turn.identity
    if identity and number is None:
        return _told_own(dispatcher, turn, identity)
    answer = orders().order_for(identity, number) if identity and number else None
    if not isinstance(answer, ProvedOrder) and number and digits:
        answer = orders().order_by_proof(number, digits, turn.conversation_id)
    if isinstance(answer, ProvedOrder):
        _say_others(dispatcher, turn)
        say_order(dispatcher, turn, answer)
        return [SlotSet("order_number", number)]
    if isinstance(answer, Refusal) and answer.reason == "too_many_attempts":
        minutes = max(1, ceil(answer.retry_after_seconds / 60))
        dispatcher.utter_message(response="utter_order_too_many_offer_person", minutes=minutes)
    else:
        dispatcher.utter_message(response="utter_order_no_match", buttons=[person_button(turn.locale)])
    return FORGET_PAIR


def _say_others(dispatcher: CollectingDispatcher, turn: Turn) -> None:
    """The other orders that were asked after in the same message, as far as the same proof shows them."""
    for number in turn.orders_in_hand[:-1][: MOST_ORDERS - 1]:
        answer = orders().order_for(turn.identity, number) if turn.identity else None
        if not isinstance(answer, ProvedOrder) and turn.phone_last4:
            answer = orders().order_by_proof(number, turn.phone_last4, turn.conversation_id)
        if isinstance(answer, ProvedOrder):
            say_order(dispatcher, turn, answer)
        else:
            dispatcher.utter_message(response="utter_order_other_unproved", number=number)


def _told_own(dispatcher: CollectingDispatcher, turn: Turn, identity: Identity) -> list[Event]:
    own = orders().orders_for(identity, MOST_ORDERS)
    if not own:
        dispatcher.utter_message(response="utter_order_none")
        return []
    if len(own) == 1:
        answer = orders().order_for(identity, own[0].number)
        if isinstance(answer, ProvedOrder):
            say_order(dispatcher, turn, answer)
            return [SlotSet("order_number", own[0].number)]
    dispatcher.utter_message(response="utter_order_which", buttons=[_order_button(order, turn.locale) for order in own])
    return []


def say_order(dispatcher: CollectingDispatcher, turn: Turn, proved: ProvedOrder, *, alone: bool = True) -> None:
    """Status, parcels, their age, and an offer of a person where one should look. Not `alone`: a question of another
    form follows, and offers nothing beside it."""
    now = datetime.now(timezone.utc)
    order = proved.order
    age = age_in(turn.locale, order.updated_at, now)
    status = order.status.label(turn.locale)
    lines = [text("utter_order_status", turn.locale, number=order.number, status=status, age=age)]
    # "And the second parcel?"
    asked_for = turn.chosen_by_place(proved.parcels) if len(proved.parcels) > 1 else None
    lines += [_parcel_line(parcel, turn.locale, now) for parcel in ([asked_for] if asked_for else proved.parcels)]
    concern = proved.concern(now)
    if concern is None and order.promised_by and order.promised_by > now and not proved.parcels:
        lines.append(
            text("utter_label_order_promised", turn.locale, date=day_in_words(order.promised_by, turn.now, turn.locale))
        )
    card = order_card(order, proved.parcels, turn.locale, now)
    another = {"title": text("utter_label_another_order", turn.locale), "payload": "/another_order"}
    dispatcher.utter_message(
        text="\n".join(lines), buttons=[another] if alone and concern is None else [], json_message={"order": card}
    )
    if concern and alone:
        response = "utter_order_concern_noted" if turn.is_waiting else f"utter_order_{concern}_offer_person"
        dispatcher.utter_message(response=response)


def _parcel_line(parcel: Parcel, locale: str, now: datetime) -> str:
    sentences = [
        text(
            "utter_order_parcel",
            locale,
            carrier=carrier_in(parcel.carrier, locale),
            tracking=parcel.tracking_number,
            status=parcel.status.label(locale),
            age=age_in(locale, parcel.updated_at, now),
        )
    ]
    if event := _last_event(parcel, locale):
        sentences.append(text("utter_label_parcel_event", locale, event=event))
    if parcel.eta and parcel.status.is_moving and parcel.eta > now:
        sentences.append(text("utter_label_parcel_eta", locale, date=day_in_words(parcel.eta, now, locale)))
    return (" " if locale == "en" else "").join(sentences)


def _last_event(parcel: Parcel, locale: str) -> str:
    if not parcel.events:
        return ""
    last = parcel.events[-1]
    return " · ".join(filter(None, (text_in(last.what, locale), last.place)))


def _order_button(order: Order, locale: str) -> dict[str, str]:
    title = text("utter_label_order", locale, number=order.number, status=order.status.label(locale))
    return payload_button(title, "order_status", order_number=order.number)
