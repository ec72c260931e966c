"""What the shop knows of the customer in a conversation: by signed identity, or by the orders they proved."""

from __future__ import annotations

import asyncio
from typing import Any

import shop
from handoff import texts
from handoff.clock import Clock
from handoff.records import Conversation


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
        return {"tier": conversation.tier.value, "profile": profile, "orders": orders, "problem": problem}

    def _look_up(self, conversation: Conversation, locale: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        now = self._clock()
        customer_id = conversation.customer_id
        if customer_id is None and conversation.proved_orders:
            proved = self._orders.order(conversation.proved_orders[-1])
            customer_id = proved.customer_id if proved else None
        customer = self._orders.customer(customer_id) if customer_id else None
        if customer is None:
            return None, []
        orders = self._orders.orders_of(customer.id, 5)
        cards = [shop.order_card(one, self._orders.parcels_of(one.number), locale, now) for one in orders]
        return {
            "name": customer.name,
            "phone": customer.phone,
            "email": customer.email,
            "locale": customer.locale,
            "region": customer.region,
            "tags": list(customer.tags),
            "since": customer.since.isoformat(),
            "points": customer.points,
        }, cards
