"""The rules of Harbour Goods, as its articles tell them: what is done with an order, in which state and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, timezone

from shop.records import Order, OrderStatus, Parcel, ParcelStatus
from shop.service_requests import Allowed, Refused, RefusedBecause, RequestKind

# The shop's days begin and end in Hong Kong; Taiwan and mainland China keep the same time.
SHOP_TIME = timezone(timedelta(hours=8))

RETURN_DAYS = {"HK": 14, "TW": 14, "CN": 7}
# Mainland law gives longer for goods with a fault.
FAULT_DAYS = {"HK": 14, "TW": 14, "CN": 15}
CHECK_DAYS = 3
# Until the money shows: working days for the slowest card, as the articles promise, in calendar days.
BANK_DAYS = {"HK": 20, "TW": 20, "CN": 10}

FAULTS = frozenset({"faulty", "wrong_item"})

_NOT_SHIPPED = (OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID, OrderStatus.PACKING)
_PAST = {
    OrderStatus.CANCELLED: RefusedBecause.ALREADY_CANCELLED,
    OrderStatus.RETURNING: RefusedBecause.RETURN_IN_PROGRESS,
    OrderStatus.REFUNDED: RefusedBecause.ALREADY_REFUNDED,
}


def verdict(
    kind: RequestKind, order: Order, parcels: Sequence[Parcel], now: datetime, reason: str = ""
) -> Allowed | Refused:
    """Whether the shop would do this to the order now."""
    if order.status in _PAST:
        return Refused(_PAST[order.status])
    if kind in (RequestKind.CANCEL, RequestKind.CHANGE_ADDRESS):
        return _before_dispatch(order, parcels)
    return _after_delivery(order, parcels, now, reason)


def delivered_at(order: Order, parcels: Sequence[Parcel]) -> datetime:
    """When the last parcel arrived: the days to return begin when everything is there."""
    arrived = [parcel.updated_at for parcel in parcels if parcel.status is ParcelStatus.DELIVERED]
    return max(arrived, default=order.updated_at)


def _before_dispatch(order: Order, parcels: Sequence[Parcel]) -> Allowed | Refused:
    if order.status in _NOT_SHIPPED:
        return Allowed()
    if order.status is OrderStatus.SHIPPED:
        return Refused(RefusedBecause.ALREADY_SHIPPED, days=RETURN_DAYS[order.region])
    days = RETURN_DAYS[order.region]
    return Refused(RefusedBecause.ALREADY_DELIVERED, days=days, until=_end_of_day(delivered_at(order, parcels), days))


def _after_delivery(order: Order, parcels: Sequence[Parcel], now: datetime, reason: str) -> Allowed | Refused:
    days = (FAULT_DAYS if reason in FAULTS else RETURN_DAYS)[order.region]
    if order.status in _NOT_SHIPPED:
        return Refused(RefusedBecause.NOT_SHIPPED_YET, days=days)
    if order.status is OrderStatus.SHIPPED:
        return Refused(RefusedBecause.NOT_DELIVERED_YET, days=days)
    until = _end_of_day(delivered_at(order, parcels), days)
    return Allowed(until) if now <= until else Refused(RefusedBecause.TOO_LATE, days=days, until=until)


def _end_of_day(arrived: datetime, days: int) -> datetime:
    """The last moment of the day this many days after: the day of arrival itself does not count."""
    day = arrived.astimezone(SHOP_TIME).date() + timedelta(days=days)
    return datetime.combine(day, time(23, 59, 59), SHOP_TIME).astimezone(timezone.utc)
