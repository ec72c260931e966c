"""Who may see what of an order, and have something done with it. Anonymous: nothing. Number and phone ending: that
order's status. Identity: own orders.

A wrong ending and an unknown order get the same refusal after the same work, so that nobody can find out which
numbers exist.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from shop.service_requests import MAX_DETAIL_LENGTH, Accepted, Allowed, Refund, Refused, RequestKind, ServiceRequest

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


@dataclass(frozen=True)
class PhoneProof:
    """The phone ending that a conversation gave for an order."""

    phone_last4: str = field(repr=False)
    conversation_id: str


# What somebody shows for an order. Nothing is done with an order without one that holds.
Proof = Identity | PhoneProof


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

    def proved(self, number: str, proof: Proof) -> ProvedOrder | Refusal:
        """The order as far as this proof shows it."""
        if isinstance(proof, PhoneProof):
            return self.order_by_proof(number, proof.phone_last4, proof.conversation_id)
        return self.order_for(proof, number)

    def may_request(
        self, kind: RequestKind, number: str, proof: Proof, details: Mapping[str, str]
    ) -> Allowed | Refused | Refusal:
        """Whether the shop would do it, so that nobody is asked to confirm what cannot be done. Changes nothing."""
        proved = self.proved(number, proof)
        if isinstance(proved, Refusal):
            return proved
        return self._shop.may_request(proved.order.number, kind, details.get("reason", "")) or NO_MATCH

    def request(
        self, kind: RequestKind, number: str, proof: Proof, details: Mapping[str, str]
    ) -> Accepted | Refused | Refusal:
        """Have the shop do it. The same request twice has the same reference; who proves nothing gets a `Refusal`."""
        proved = self.proved(number, proof)
        if isinstance(proved, Refusal):
            return proved
        wish = ServiceRequest(kind, proved.order.number, _bounded(details))
        answer = self._shop.request(wish)
        if isinstance(answer, Accepted):
            told = {"event": "service_requested", "kind": kind.value, "reference": answer.reference}
            log.info("The shop took a request", extra=told)
        return answer or NO_MATCH

    def refund_of(self, number: str, proof: Proof) -> Refund | Refusal:
        """How far a refund is; its amount only for an identity, like all that an order cost."""
        proved = self.proved(number, proof)
        if isinstance(proved, Refusal):
            return proved
        refund = self._shop.refund_of(proved.order.number)
        if refund is None:
            return NO_MATCH
        return refund if proved.tier is Tier.IDENTITY else replace(refund, amount=None, currency=None)

    def _proved(self, number: str, phone_last4: str) -> ProvedOrder | None:
        order = self._shop.order(number)
        customer = self._shop.customer(order.customer_id if order else NO_CUSTOMER)
        is_right = _is_ending_of(customer.phone if customer else NO_PHONE, phone_last4)
        if not is_right or order is None or customer is None:
            return None
        return ProvedOrder(Tier.ORDER, _status_only(order), tuple(self._shop.parcels_of(order.number)))


def _bounded(details: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip()[:MAX_DETAIL_LENGTH] for name, value in details.items() if value.strip()}


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
