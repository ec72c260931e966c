"""What the shop knows of the customer in a conversation, as far as they proved to be it.

By signed identity everything. By an order with the ending of its phone, which stand on every parcel: who ordered, with
phone and email hidden, and how far that order is.
"""

from __future__ import annotations

import asyncio
from typing import Any

import shop
from handoff import texts
from handoff.clock import Clock
from handoff.errors import ShopUnavailable
from handoff.models import Tier
from handoff.records import Conversation
from shop.proof import ShownOrder

ORDERS_SHOWN = 5


class Customers:
    """Looks customers up in the shop's own systems."""

    def __init__(self, orders: shop.Shop, clock: Clock) -> None:
        self._orders = orders
        self._clock = clock

    async def of(self, conversation: Conversation, locale: str) -> dict[str, Any]:
        """Profile and last orders, as far as they are proved; the problem when the shop does not answer."""
        locale = locale if locale in texts.LOCALES else "en"
        try:
            profile, orders = await asyncio.get_running_loop().run_in_executor(
                None, self._look_up, conversation, locale
            )
            problem = None
        except shop.ShopUnavailable:
            profile, orders, problem = None, [], "shop_unavailable"
        return {
            "tier": conversation.tier.value,
            "profile": profile,
            "orders": orders,
            "problem": problem,
            "asked_at": self._clock().isoformat(),
        }

    async def shown_order(self, conversation: Conversation, number: str, locale: str) -> dict[str, Any] | None:
        """The card of one order as far as this customer may see it now, asked at the shop; None where they may not,
        which is the same for an order of somebody else and for none. Raises ShopUnavailable."""
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self._shown, conversation, number, locale)
        except shop.ShopUnavailable as exc:
            raise ShopUnavailable() from exc

    def _shown(self, conversation: Conversation, number: str, locale: str) -> dict[str, Any] | None:
        signed_in = conversation.tier is Tier.IDENTITY and conversation.signed_in(self._clock())
        if not signed_in and number not in conversation.proved_orders:
            return None
        order = self._orders.order(number)
        if order is None:
            return None
        if signed_in and order.customer_id == conversation.customer_id:
            return self._card(order, locale)
        return self._card(_progress(order), locale) if number in conversation.proved_orders else None

    def _look_up(self, conversation: Conversation, locale: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        if conversation.tier is Tier.IDENTITY and conversation.customer_id:
            return self._in_full(conversation.customer_id, locale)
        return self._by_orders(conversation.proved_orders, locale)

    def _in_full(self, customer_id: str, locale: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        customer = self._orders.customer(customer_id)
        if customer is None:
            return None, []
        orders = [self._card(one, locale) for one in self._orders.orders_of(customer.id, ORDERS_SHOWN)]
        return {
            "name": customer.name,
            "phone": customer.phone,
            "email": customer.email,
            "is_masked": False,
            "locale": customer.locale,
            "region": customer.region,
            "tags": list(customer.tags),
            "since": customer.since.isoformat(),
            "points": customer.points,
        }, orders

    def _by_orders(self, numbers: tuple[str, ...], locale: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        proved = [one for one in (self._orders.order(number) for number in numbers[-ORDERS_SHOWN:]) if one]
        customer = self._orders.customer(proved[-1].customer_id) if proved else None
        cards = [self._card(_progress(one), locale) for one in reversed(proved)]
        if customer is None:
            return None, cards
        return {
            "name": customer.name,
            "phone": masked_phone(customer.phone),
            "email": masked_email(customer.email),
            "is_masked": True,
            "locale": customer.locale,
            "region": customer.region,
            "tags": [],
            "since": None,
            "points": None,
        }, cards

    def _card(self, order: shop.Order | ShownOrder, locale: str) -> dict[str, Any]:
        return shop.order_card(order, self._orders.parcels_of(order.number), locale, self._clock())


def masked_phone(phone: str) -> str:
    """As much of a phone number as its owner gave: `•••• 4567`."""
    digits = [sign for sign in phone if sign.isdecimal()]
    return f"•••• {''.join(digits[-4:])}" if len(digits) > 4 else "••••"


def masked_email(email: str) -> str:
    """Enough of an address to tell two apart: `a•••@example.com`."""
    name, at, host = email.partition("@")
    return f"{name[:1]}•••{at}{host}" if at else "•••"


def _progress(order: shop.Order) -> ShownOrder:
    return ShownOrder(order.number, order.status, order.placed_at, order.updated_at, order.promised_by)
