"""What the assistant says about a wish for an order: questions, the summing-up before a yes, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rasa_sdk.executor import CollectingDispatcher

from actions.answers import Button, payload_button
from actions.conversation import Turn
from actions.days import day_in_words
from actions.service_wishes import REASONS, REFUND_STATUS, Service
from actions.texts import text
from shop import Item, Order, ProvedOrder, Refund, RefundState, Refused, RefusedBecause, money_text, text_in

# Said differently for one wish than for the others.
_OWN_WORDS = frozenset({("already_shipped", "change_address"), ("already_delivered", "change_address")})

# What can be done instead, as a button beside the offer of a person.
_INSTEAD = {
    RefusedBecause.ALREADY_DELIVERED: "return_request",
    RefusedBecause.NOT_SHIPPED_YET: "cancel_order",
    RefusedBecause.RETURN_IN_PROGRESS: "refund_status",
    RefusedBecause.ALREADY_REFUNDED: "refund_status",
    RefusedBecause.ALREADY_CANCELLED: "refund_status",
}

LONGEST_ADDRESS = 120

# What the sentence about a wish that was carried out promises, in working days; the platform keeps it.
_PROMISED = {"return_request": 1, "exchange_request": 1}


def ask(dispatcher: CollectingDispatcher, turn: Turn, missing: str, order: ProvedOrder) -> None:
    """The question for one detail; reasons and items to choose from are buttons."""
    buttons: list[Button] = []
    if missing == "reason":
        buttons = [_detail(text(f"utter_label_reason_{reason}", turn.locale), reason) for reason in REASONS]
    elif missing == "item" and order.order.items:
        names = [item_name(item, turn.locale) for item in order.order.items]
        buttons = [_detail(name, name) for name in [*names, text("utter_label_everything", turn.locale)]]
    dispatcher.utter_message(response=f"utter_service_ask_{missing}", buttons=buttons)


def ask_to_confirm(dispatcher: CollectingDispatcher, turn: Turn, service: Service, order: ProvedOrder) -> None:
    details = dict(service.details)
    if "reason" in details:
        details["reason"] = details.get("said") or text(f"utter_label_reason_{details['reason']}", turn.locale)
    if "address" in details:
        details["address"] = details["address"][:LONGEST_ADDRESS]
    dispatcher.utter_message(
        response=f"utter_service_confirm_{service.wish}", order=_order_label(order, turn.locale), **details
    )


def say_done(dispatcher: CollectingDispatcher, turn: Turn, service: Service, number: str, reference: str) -> None:
    told = {"wish": service.wish, "order_number": number, "reference": reference}
    marks: dict[str, object] = {"service": told}
    if service.wish in _PROMISED:
        marks["promise"] = {"working_days": _PROMISED[service.wish], "team": "returns"}
    dispatcher.utter_message(
        response=f"utter_service_done_{service.wish}",
        number=number,
        reference=reference,
        json_message=marks,
    )


def say_refused(
    dispatcher: CollectingDispatcher, turn: Turn, service: Service, order: ProvedOrder, refused: Refused
) -> None:
    """The reason in plain words, a person, and what can be done instead."""
    because = refused.because.value
    own = f"_{service.wish}" if (because, service.wish) in _OWN_WORDS else ""
    instead = _INSTEAD.get(refused.because)
    buttons = [_wish_button(instead, turn.locale)] if instead and instead != service.wish else []
    dispatcher.utter_message(
        response=f"utter_service_{because}{own}_offer_person",
        buttons=buttons,
        json_message={"service": {"wish": service.wish, "order_number": order.order.number, "refused": because}},
        number=order.order.number,
        days=refused.days or "",
        until=day_in_words(refused.until, turn.now, turn.locale),
        reference=refused.reference or "",
    )


def say_refund(dispatcher: CollectingDispatcher, turn: Turn, number: str, refund: Refund) -> None:
    amount = text("utter_label_refund_amount", turn.locale, amount=_money(refund.amount, refund.currency))
    is_shown = refund.state is not RefundState.NONE and refund.amount is not None
    is_overdue = refund.expected_by is not None and refund.expected_by < turn.now
    ending = "_offer_person" if is_overdue or refund.state is RefundState.NONE else ""
    dispatcher.utter_message(
        response=f"utter_service_refund_{'overdue' if is_overdue else refund.state.value}{ending}",
        number=number,
        amount=amount if is_shown else "",
        since=day_in_words(refund.updated_at, turn.now, turn.locale),
        by=day_in_words(refund.expected_by, turn.now, turn.locale),
        json_message={"service": {"wish": REFUND_STATUS, "order_number": number, "refund": refund.state.value}},
    )


def offer_orders(dispatcher: CollectingDispatcher, turn: Turn, service: Service, choice: Sequence[Order]) -> None:
    wish = text(f"utter_label_wish_{service.wish}", turn.locale)
    buttons = [order_button(order, turn.locale) for order in choice]
    dispatcher.utter_message(response="utter_service_which_order", wish=wish, buttons=buttons)


def announce_next(dispatcher: CollectingDispatcher, turn: Turn, service: Service, number: str | None) -> None:
    """The other wish of the same message; the order of the first is one tap away."""
    wish = text(f"utter_label_wish_{service.wish}", turn.locale)
    buttons = [payload_button(number, "inform_order", order_number=number)] if number else []
    dispatcher.utter_message(response="utter_service_next", wish=wish, buttons=buttons)


def order_button(order: Order, locale: str) -> Button:
    title = text("utter_label_order", locale, number=order.number, status=order.status.label(locale))
    return payload_button(title, "inform_order", order_number=order.number)


def item_name(item: Item, locale: str) -> str:
    return text_in(item.name, locale).replace('"', "'")


def _order_label(order: ProvedOrder, locale: str) -> str:
    """The order with what is in it, for an identity; else with its status."""
    shown = order.order
    if shown.total is None:
        status = shown.status.label(locale)
        return text("utter_label_service_order", locale, number=shown.number, status=status)
    count = sum(item.quantity for item in shown.items)
    name = "utter_label_service_order_one" if count == 1 else "utter_label_service_order_in_full"
    return text(name, locale, number=shown.number, count=count, total=_money(shown.total, shown.currency))


def _wish_button(wish: str, locale: str) -> Button:
    return {"title": text(f"utter_label_wish_{wish}", locale), "payload": f"/{wish}"}


def _detail(title: str, value: str) -> Button:
    return payload_button(title, "tell_detail", detail=value)


def _money(amount: Decimal | None, currency: str | None) -> str:
    return "" if amount is None else money_text(amount, currency)
