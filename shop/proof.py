"""Who may see what of an order. Anonymous: nothing. Number and phone ending: that order's status. Identity: own orders.

A wrong ending and an unknown order get the same refusal after the same work, so that nobody can find out which
numbers exist.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from hmac import compare_digest
from typing import Literal

from shop import references
from shop.attempts import Attempts, TooMany
from shop.clock import Clock, utc_now
from shop.errors import ShopUnavailable
from shop.identity import Identity
from shop.records import Item, Order, OrderStatus, Parcel, ParcelStatus, Shop

log = logging.getLogger(__name__)

# Looked up where there is no order or no customer to look up, so that a miss costs what a hit costs.
NO_NUMBER = "NOSUCHORDER"
NO_CUSTOMER = "no-such-customer"
NO_PHONE = "+852 9000 0000"


class Tier(Enum):
    """What was proved."""

    ANONYMOUS = "anonymous"
    ORDER = "order"
    IDENTITY = "identity"


@dataclass(frozen=True)
class ShownOrder:
    """As much of an order as its reader may see. Below `identity` that is how far it is, not what is in it or what it
    cost: number and phone ending both stand on the parcel's label, which others in the house read too."""

    number: str
    status: OrderStatus
    placed_at: datetime
    updated_at: datetime
    promised_by: datetime | None
    items: tuple[Item, ...] = ()
    total: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class ProvedOrder:
    tier: Tier
    order: ShownOrder
    parcels: tuple[Parcel, ...]

    def concern(self, now: datetime) -> Literal["exception", "stale", "late"] | None:
        """Why a person should look at this order, if any should."""
        if any(parcel.status is ParcelStatus.EXCEPTION for parcel in self.parcels):
            return "exception"
        if any(parcel.is_stale(now) for parcel in self.parcels):
            return "stale"
        return "late" if _is_late(self.order, now) else None


@dataclass(frozen=True)
class Refusal:
    reason: Literal["no_match", "too_many_attempts"]
    retry_after_seconds: int = 0


NO_MATCH = Refusal("no_match")


class OrderDesk:
    """Orders for those who may see them. Its methods raise `ShopUnavailable` when the shop cannot be asked."""

    def __init__(self, shop: Shop, attempts_url: str, clock: Clock = utc_now) -> None:
        """`attempts_url` is the database of attempts, shared by every process that asks for proofs."""
        self._shop = shop
        self._attempts = Attempts(attempts_url, clock)

    def close(self) -> None:
        self._attempts.close()

    def order_by_proof(self, number: str, phone_last4: str, conversation_id: str) -> ProvedOrder | Refusal:
        folded = references.order_number(number) or NO_NUMBER
        attempt = self._attempts.begin(conversation_id, folded)
        if isinstance(attempt, TooMany):
            log.warning(
                "Order proof refused: too many attempts",
                extra={"event": "order_proof_limited", "conversation_id": conversation_id},
            )
            return Refusal("too_many_attempts", attempt.retry_after_seconds)
        try:
            proved = self._proved(folded, phone_last4)
        except ShopUnavailable:
            self._attempts.forget(attempt)
            raise
        if proved is None:
            log.info("Order proof refused", extra={"event": "order_proof_refused", "conversation_id": conversation_id})
            return NO_MATCH
        self._attempts.forget(attempt)
        return proved

    def orders_for(self, identity: Identity, limit: int = 10) -> list[Order]:
        orders = self._shop.orders_of(identity.customer_id, limit)
        return [order for order in orders if order.customer_id == identity.customer_id]

    def order_for(self, identity: Identity, number: str) -> ProvedOrder | Refusal:
        """Somebody else's order and an unknown one are the same `no_match`."""
        order = self._shop.order(references.order_number(number) or NO_NUMBER)
        if order is None or order.customer_id != identity.customer_id:
            return NO_MATCH
        return ProvedOrder(Tier.IDENTITY, _in_full(order), tuple(self._shop.parcels_of(order.number)))

    def _proved(self, number: str, phone_last4: str) -> ProvedOrder | None:
        order = self._shop.order(number)
        customer = self._shop.customer(order.customer_id if order else NO_CUSTOMER)
        is_right = _is_ending_of(customer.phone if customer else NO_PHONE, phone_last4)
        if not is_right or order is None or customer is None:
            return None
        return ProvedOrder(Tier.ORDER, _status_only(order), tuple(self._shop.parcels_of(order.number)))


def _is_ending_of(phone: str, given: str) -> bool:
    """Constant time in what is compared; two endings that cannot be read never match each other."""
    ending = references.last_four(phone) or "----"
    typed = references.last_four(given) or "????"
    return compare_digest(ending, typed)


def _status_only(order: Order) -> ShownOrder:
    return ShownOrder(order.number, order.status, order.placed_at, order.updated_at, order.promised_by)


def _in_full(order: Order) -> ShownOrder:
    return ShownOrder(
        order.number,
        order.status,
        order.placed_at,
        order.updated_at,
        order.promised_by,
        order.items,
        order.total,
        order.currency,
    )


_UNDELIVERED = (OrderStatus.PAID, OrderStatus.PACKING, OrderStatus.SHIPPED)


def _is_late(order: ShownOrder, now: datetime) -> bool:
    return order.status in _UNDELIVERED and order.promised_by is not None and now > order.promised_by
