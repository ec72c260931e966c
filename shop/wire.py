"""The shop's JSON, as documented in docs/shop-api.md, read into records. Unknown fields are ignored; what is missing or
of another kind raises `ShopUnavailable` with the name of the field, never its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, TypeVar

from shop import references
from shop.errors import ShopUnavailable, Unavailable
from shop.locales import LOCALES
from shop.products import Product, Stock
from shop.records import Customer, Item, Order, OrderStatus, Parcel, ParcelEvent, ParcelStatus
from shop.service_requests import Accepted, Allowed, Refund, RefundState, Refused, RefusedBecause

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

MAX_TEXT_LENGTH = 500
MAX_ROWS = 500


def unreadable(where: str) -> ShopUnavailable:
    return ShopUnavailable(Unavailable.UNREADABLE, where)


class Fields:
    """One JSON object, read field by field."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise unreadable(path)
        self._fields: dict[str, Any] = value
        self._path = path

    def one(self, name: str, read: Callable[[Fields], T]) -> T:
        return read(Fields(self._fields.get(name), self._named(name)))

    def each(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        rows = self._fields.get(name)
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            raise unreadable(self._named(name))
        return tuple(read(Fields(row, f"{self._named(name)}[{index}]")) for index, row in enumerate(rows))

    def text(self, name: str, default: str | None = None) -> str:
        value = self._fields.get(name, default)
        if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH:
            raise unreadable(self._named(name))
        return value

    def words(self, name: str) -> tuple[str, ...]:
        values = self._fields.get(name, [])
        if (
            not isinstance(values, list)
            or len(values) > MAX_ROWS
            or not all(isinstance(value, str) for value in values)
        ):
            raise unreadable(self._named(name))
        return tuple(values)

    def texts(self, name: str) -> Mapping[str, str]:
        """A text in at least one of the four locales."""
        values = self._fields.get(name)
        if not isinstance(values, dict):
            raise unreadable(self._named(name))
        known = {locale: values[locale] for locale in LOCALES if values.get(locale)}
        if not known or not all(isinstance(text, str) and len(text) <= MAX_TEXT_LENGTH for text in known.values()):
            raise unreadable(self._named(name))
        return known

    def count(self, name: str, default: int | None = None) -> int:
        value = self._fields.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**12:
            raise unreadable(self._named(name))
        return value

    def money(self, name: str) -> Decimal:
        try:
            amount = Decimal(self.text(name))
        except InvalidOperation as exc:
            raise unreadable(self._named(name)) from exc
        if not amount.is_finite() or abs(amount) >= 10**12:
            raise unreadable(self._named(name))
        return amount

    def product_id(self, name: str) -> str:
        return self._checked(name, self.text(name), references.product_id)

    def currency(self, name: str) -> str:
        return self._checked(name, self.text(name), references.currency)

    def address(self, name: str) -> str:
        """Of a page or a picture: nothing but http(s) ever gets to a customer."""
        value = self._fields.get(name)
        return self._checked(name, value if isinstance(value, str) else "", references.web_address)

    def choice(self, name: str, kind: type[E]) -> E:
        try:
            return kind(self.text(name))
        except ValueError as exc:
            raise unreadable(self._named(name)) from exc

    def yes(self, name: str) -> bool:
        value = self._fields.get(name)
        if not isinstance(value, bool):
            raise unreadable(self._named(name))
        return value

    def none_or(self, name: str, read: Callable[[str], T]) -> T | None:
        return None if self._fields.get(name) is None else read(name)

    def time(self, name: str) -> datetime:
        try:
            # Python 3.10 does not read the Z that everybody writes.
            at = datetime.fromisoformat(self.text(name).replace("Z", "+00:00"))
            if at.tzinfo is None:
                raise unreadable(self._named(name))
            return at.astimezone(timezone.utc)
        except (ValueError, OverflowError) as exc:
            raise unreadable(self._named(name)) from exc

    def time_or_none(self, name: str) -> datetime | None:
        return self.none_or(name, self.time)

    def _checked(self, name: str, value: str, check: Callable[[str], str | None]) -> str:
        checked = check(value)
        if checked is None:
            raise unreadable(self._named(name))
        return checked

    def _named(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def customer(fields: Fields) -> Customer:
    return Customer(
        id=fields.text("id"),
        name=fields.text("name"),
        phone=fields.text("phone", ""),
        email=fields.text("email", ""),
        locale=fields.text("locale"),
        region=fields.text("region"),
        tags=fields.words("tags"),
        since=fields.time("since"),
        points=fields.count("points", 0),
    )


def order(fields: Fields) -> Order:
    return Order(
        number=fields.text("number"),
        customer_id=fields.text("customer_id"),
        placed_at=fields.time("placed_at"),
        status=fields.choice("status", OrderStatus),
        items=fields.each("items", _item),
        total=fields.money("total"),
        currency=fields.text("currency"),
        region=fields.text("region"),
        promised_by=fields.time_or_none("promised_by"),
        updated_at=fields.time("updated_at"),
    )


def _item(fields: Fields) -> Item:
    return Item(name=fields.texts("name"), quantity=fields.count("quantity"), price=fields.money("price"))


def parcel(fields: Fields) -> Parcel:
    events = fields.each("events", _event)
    return Parcel(
        tracking_number=fields.text("tracking_number"),
        carrier=fields.text("carrier"),
        status=fields.choice("status", ParcelStatus),
        events=tuple(sorted(events, key=lambda event: event.at)),
        updated_at=fields.time("updated_at"),
        eta=fields.time_or_none("eta"),
    )


def _event(fields: Fields) -> ParcelEvent:
    return ParcelEvent(at=fields.time("at"), place=fields.text("place", ""), what=fields.texts("what"))


def verdict(fields: Fields) -> Allowed | Refused:
    return Allowed(fields.time_or_none("until")) if fields.yes("allowed") else _refused(fields)


def accepted_or_refused(fields: Fields) -> Accepted | Refused:
    if not fields.yes("accepted"):
        return _refused(fields)
    return Accepted(reference=fields.text("reference"), at=fields.time("at"))


def _refused(fields: Fields) -> Refused:
    return Refused(
        because=fields.choice("because", RefusedBecause),
        days=fields.none_or("days", fields.count),
        until=fields.time_or_none("until"),
        reference=fields.none_or("reference", fields.text),
    )


def refund(fields: Fields) -> Refund:
    return Refund(
        state=fields.choice("state", RefundState),
        amount=fields.none_or("amount", fields.money),
        currency=fields.none_or("currency", fields.text),
        updated_at=fields.time_or_none("updated_at"),
        expected_by=fields.time_or_none("expected_by"),
    )


def product(fields: Fields) -> Product:
    price = fields.money("price")
    if price < 0:
        raise unreadable("product.price")
    return Product(
        id=fields.product_id("id"),
        name=fields.texts("name"),
        price=price,
        currency=fields.currency("currency"),
        stock=fields.choice("stock", Stock),
        url=fields.none_or("url", fields.address),
        picture=fields.none_or("picture", fields.address),
    )
