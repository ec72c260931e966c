"""What the shop knows, as the rest of the house sees it. Where it comes from is the adapters' matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from shop.locales import in_four, text_in
from shop.service_requests import Accepted, Allowed, Refund, Refused, RequestKind, ServiceRequest

if TYPE_CHECKING:
    from typing_extensions import Self

    from shop.products import Product

# A parcel under way that no courier has scanned for this long is worth a person's look.
# Cross-border parcels are seldom scanned on a Sunday or in customs, so two days would cry wolf.
STALE_AFTER = timedelta(hours=72)


class Labelled(Enum):
    """An enum whose members carry, beside their value, what a customer reads, in the order of `LOCALES`."""

    labels: Mapping[str, str]

    def __new__(cls, value: str, *labels: str) -> Self:
        member = object.__new__(cls)
        member._value_ = value
        member.labels = in_four(*labels)
        return member

    def label(self, locale: str) -> str:
        return text_in(self.labels, locale)


class OrderStatus(Labelled):
    AWAITING_PAYMENT = "awaiting_payment", "待付款", "待付款", "待付款", "Awaiting payment"
    PAID = "paid", "已付款", "已付款", "已付款", "Paid"
    PACKING = "packing", "執貨包裝中", "備貨中", "备货中", "Being packed"
    SHIPPED = "shipped", "已寄出", "已出貨", "已发货", "Shipped"
    DELIVERED = "delivered", "已送達", "已送達", "已送达", "Delivered"
    CANCELLED = "cancelled", "已取消", "已取消", "已取消", "Cancelled"
    RETURNING = "returning", "退貨處理中", "退貨處理中", "退货处理中", "Return in progress"
    REFUNDED = "refunded", "已退款", "已退款", "已退款", "Refunded"


class ParcelStatus(Labelled):
    ANNOUNCED = "announced", "待速遞收件", "待物流取件", "待快递揽收", "Waiting for the courier"
    IN_TRANSIT = "in_transit", "運送途中", "配送中", "运输中", "In transit"
    OUT_FOR_DELIVERY = "out_for_delivery", "派送中", "派送中", "派送中", "Out for delivery"
    AWAITING_PICKUP = "awaiting_pickup", "待自取", "待取貨", "待自提", "Ready for pick-up"
    DELIVERED = "delivered", "已送達", "已送達", "已签收", "Delivered"
    EXCEPTION = "exception", "派送出現問題", "配送異常", "派送异常", "Delivery problem"
    RETURNED = "returned", "已退回寄件人", "已退回寄件人", "已退回寄件人", "Returned to sender"

    @property
    def is_moving(self) -> bool:
        """Whether somebody is expected to scan this parcel again soon."""
        return self in (ParcelStatus.ANNOUNCED, ParcelStatus.IN_TRANSIT, ParcelStatus.OUT_FOR_DELIVERY)


CARRIER_NAMES: Mapping[str, Mapping[str, str]] = {
    "SF Express": in_four("順豐速運", "順豐速運", "顺丰速运", "SF Express"),
    "Black Cat": in_four("黑貓宅急便", "黑貓宅急便", "黑猫宅急便", "Black Cat"),
    "ZTO": in_four("中通快遞", "中通快遞", "中通快递", "ZTO Express"),
    "Hongkong Post": in_four("香港郵政", "香港郵政", "香港邮政", "Hongkong Post"),
}


def carrier_in(carrier: str, locale: str) -> str:
    """The courier's name for a reader; one we have no translation of stays as the shop wrote it."""
    return text_in(CARRIER_NAMES.get(carrier, {}), locale) or carrier


# repr=False throughout: a record that ends up in a log line must not carry a person with it.
@dataclass(frozen=True)
class Customer:
    id: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(repr=False)
    locale: str
    region: str
    tags: tuple[str, ...]
    since: datetime
    points: int


@dataclass(frozen=True)
class Item:
    name: Mapping[str, str]
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Order:
    number: str
    customer_id: str
    placed_at: datetime
    status: OrderStatus
    items: tuple[Item, ...]
    total: Decimal
    currency: str
    region: str
    promised_by: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class ParcelEvent:
    at: datetime
    place: str
    what: Mapping[str, str]


@dataclass(frozen=True)
class Parcel:
    """`events` run from the oldest to the newest; `updated_at` is when the courier last told the shop anything."""

    tracking_number: str
    carrier: str
    status: ParcelStatus
    events: tuple[ParcelEvent, ...]
    updated_at: datetime
    eta: datetime | None

    def is_stale(self, now: datetime) -> bool:
        return self.status.is_moving and now - self.updated_at > STALE_AFTER


class Shop(Protocol):
    """What every adapter answers. Each method raises `ShopUnavailable` when the shop's system cannot be asked."""

    def customer(self, customer_id: str) -> Customer | None: ...

    def orders_of(self, customer_id: str, limit: int = 10) -> list[Order]:
        """Newest first; an unknown customer has none."""

    def order(self, number: str) -> Order | None:
        """`number` as customers write it: case, spaces, dashes and full-width characters make no difference."""

    def parcels_of(self, number: str) -> list[Parcel]:
        """In the order they left the shop; an unknown order has none."""

    def may_request(self, number: str, kind: RequestKind, reason: str = "") -> Allowed | Refused | None:
        """Whether the shop would do it now; changes nothing. None for an unknown order."""

    def request(self, wish: ServiceRequest) -> Accepted | Refused | None:
        """Do it, once for each `wish.key`: a repeat gets the first answer. None for an unknown order."""

    def refund_of(self, number: str) -> Refund | None:
        """How far the money is; None for an unknown order."""

    def product_names(self, limit: int = 500) -> list[Mapping[str, str]]:
        """What the shop sells, by locale, the most recently sold first; none when it does not tell."""

    def products(self, words: str, locale: str, limit: int = 10) -> list[Product]:
        """What is sold and called so in any language, best first; without words, what the shop would show first.
        Prices are those of a reader of `locale`. Raises `NotOffered` where the shop does not tell."""

    def product(self, product_id: str, locale: str) -> Product | None:
        """One of them by its id, as it is now."""
