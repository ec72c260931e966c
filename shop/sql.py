"""The shop in an SQL database: the demo shop's own tables, and the adapter that reads them and takes requests.

`shop.demo` fills these tables; this adapter adds what customers ask for. A shop with a database of its own has other
tables: give it an adapter of its own (docs/shop-api.md).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import groupby, islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from shop import demo_rules, references
from shop.clock import Clock, utc_now
from shop.database import open_engine
from shop.errors import ShopUnavailable, Unavailable
from shop.products import Product, Stock
from shop.records import Customer, Item, Order, OrderStatus, Parcel, ParcelEvent, ParcelStatus
from shop.service_requests import (
    NO_REFUND,
    Accepted,
    Allowed,
    Refund,
    RefundState,
    Refused,
    RefusedBecause,
    RequestKind,
    ServiceRequest,
)

MAX_ORDERS = 100
# As many of the items sold last are looked through for the names of products.
MAX_ITEMS = 20_000
MAX_PRODUCTS = 2_000

metadata = MetaData()

customers = Table(
    "shop_customers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("email", String(200), nullable=False),
    Column("locale", String(5), nullable=False),
    Column("region", String(2), nullable=False),
    Column("tags", JSON, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("points", Integer, nullable=False),
)

orders = Table(
    "shop_orders",
    metadata,
    Column("number", String(40), primary_key=True),
    Column("customer_id", ForeignKey("shop_customers.id"), nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("status", String(20), nullable=False),
    # Money is text: SQLite has no exact decimals.
    Column("total", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("region", String(2), nullable=False),
    Column("promised_by", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("shop_orders_of_customer", "customer_id", "placed_at"),
)

items = Table(
    "shop_order_items",
    metadata,
    Column("order_number", ForeignKey("shop_orders.number"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("name", JSON, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price", String(20), nullable=False),
)

parcels = Table(
    "shop_parcels",
    metadata,
    Column("tracking_number", String(40), primary_key=True),
    Column("order_number", ForeignKey("shop_orders.number"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("carrier", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("eta", DateTime(timezone=True)),
)

parcel_events = Table(
    "shop_parcel_events",
    metadata,
    Column("tracking_number", ForeignKey("shop_parcels.tracking_number"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("place", String(200), nullable=False),
    Column("what", JSON, nullable=False),
)

service_requests = Table(
    "shop_service_requests",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("reference", String(20), nullable=False, unique=True),
    Column("order_number", ForeignKey("shop_orders.number"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("details", JSON, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
)

refunds = Table(
    "shop_refunds",
    metadata,
    Column("order_number", ForeignKey("shop_orders.number"), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("amount", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("expected_by", DateTime(timezone=True)),
)

# What an order becomes when the shop has said yes; an address and an exchange leave it as it is.
_BECOMES = {RequestKind.CANCEL: OrderStatus.CANCELLED, RequestKind.RETURN: OrderStatus.RETURNING}

# Done once for an order, whatever the words: the article says so for exchanges.
_ONCE = (RequestKind.CANCEL, RequestKind.RETURN, RequestKind.EXCHANGE)


products = Table(
    "shop_products",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", JSON, nullable=False),
    # By currency; the first one for whoever has no price of their own.
    Column("prices", JSON, nullable=False),
    Column("stock", String(20), nullable=False),
    Column("url", String(2000)),
    Column("picture", String(2000)),
)

CURRENCY_OF_LOCALE = {"zh-HK": "HKD", "zh-TW": "TWD", "zh-CN": "CNY", "en": "HKD"}


class SqlShop:
    """Reads the tables above. Answers of one call come from one consistent state, even while the demo is refilled."""

    def __init__(self, url: str, clock: Clock = utc_now) -> None:
        self._engine = open_engine(url)
        self._clock = clock

    def close(self) -> None:
        self._engine.dispose()

    def customer(self, customer_id: str) -> Customer | None:
        if references.customer_id(customer_id) is None:
            return None
        with self._asking() as connection:
            row = connection.execute(select(customers).where(customers.c.id == customer_id)).one_or_none()
            return _customer(row) if row else None

    def orders_of(self, customer_id: str, limit: int = 10) -> list[Order]:
        if references.customer_id(customer_id) is None:
            return []
        with self._asking() as connection:
            newest = (
                select(orders)
                .where(orders.c.customer_id == customer_id)
                .order_by(orders.c.placed_at.desc(), orders.c.number.desc())
                .limit(max(1, min(limit, MAX_ORDERS)))
            )
            rows = connection.execute(newest).all()
            items_of = _items_of(connection, [row.number for row in rows])
            return [_order(row, items_of.get(row.number, ())) for row in rows]

    def order(self, number: str) -> Order | None:
        """One query whether the order exists or not, so that its cost tells nothing."""
        with self._asking() as connection:
            return _order_in(connection, references.order_number(number) or "")

    def parcels_of(self, number: str) -> list[Parcel]:
        with self._asking() as connection:
            return _parcels_in(connection, references.order_number(number) or "")

    def may_request(self, number: str, kind: RequestKind, reason: str = "") -> Allowed | Refused | None:
        with self._asking() as connection:
            return self._verdict(connection, references.order_number(number) or "", kind, reason)

    def request(self, wish: ServiceRequest) -> Accepted | Refused | None:
        with self._asking() as connection:
            # Locks the order (on SQLite the database) before anything is read: two wishes are taken one by one.
            locked = update(orders).where(orders.c.number == wish.order_number).values(status=orders.c.status)
            connection.execute(locked)
            done = connection.execute(select(service_requests).where(service_requests.c.key == wish.key)).one_or_none()
            if done is not None:
                return Accepted(done.reference, _utc(done.made_at))
            answer = self._verdict(connection, wish.order_number, wish.kind, wish.details.get("reason", ""))
            if not isinstance(answer, Allowed):
                return answer
            return self._do(connection, wish)

    def refund_of(self, number: str) -> Refund | None:
        with self._asking() as connection:
            wanted = (
                select(orders.c.number, refunds)
                .join_from(orders, refunds, isouter=True)
                .where(orders.c.number == (references.order_number(number) or ""))
            )
            row = connection.execute(wanted).one_or_none()
            return _refund(row) if row else None

    def _verdict(self, connection: Connection, number: str, kind: RequestKind, reason: str) -> Allowed | Refused | None:
        order = _order_in(connection, number)
        if order is None:
            return None
        answer = demo_rules.verdict(kind, order, _parcels_in(connection, number), self._clock(), reason)
        on_file = _reference_in(connection, number, kind)
        if on_file is None or kind not in _ONCE:
            return answer
        return Refused(RefusedBecause.ALREADY_REQUESTED, reference=on_file)

    def _do(self, connection: Connection, wish: ServiceRequest) -> Accepted:
        now = self._clock()
        kept = {"key": wish.key, "reference": wish.reference, "kind": wish.kind.value, "details": dict(wish.details)}
        connection.execute(insert(service_requests).values(**kept, order_number=wish.order_number, made_at=now))
        status = _BECOMES.get(wish.kind)
        order = _order_in(connection, wish.order_number)
        if status and order:
            changed = update(orders).where(orders.c.number == order.number)
            connection.execute(changed.values(status=status.value, updated_at=now))
            self._promise_refund(connection, order, wish.kind, now)
        return Accepted(wish.reference, now)

    def _promise_refund(self, connection: Connection, order: Order, kind: RequestKind, now: datetime) -> None:
        if order.status is OrderStatus.AWAITING_PAYMENT:
            return
        state = RefundState.SENT if kind is RequestKind.CANCEL else RefundState.AWAITING_RETURN
        bank = timedelta(days=demo_rules.BANK_DAYS[order.region])
        connection.execute(delete(refunds).where(refunds.c.order_number == order.number))
        connection.execute(
            insert(refunds).values(
                order_number=order.number,
                state=state.value,
                amount=str(order.total),
                currency=order.currency,
                updated_at=now,
                expected_by=now + bank if state is RefundState.SENT else None,
            )
        )

    def product_names(self, limit: int = 500) -> list[Mapping[str, str]]:
        with self._asking() as connection:
            sold = (
                select(items.c.name)
                .join(orders, orders.c.number == items.c.order_number)
                .order_by(orders.c.placed_at.desc(), items.c.order_number, items.c.line)
                .limit(MAX_ITEMS)
            )
            # Told apart here: not every database compares JSON.
            names = {tuple(sorted(name.items())): name for name in connection.execute(sold).scalars()}
            return list(names.values())[: max(0, limit)]

    def products(self, words: str, locale: str, limit: int = 10) -> list[Product]:
        wanted = _folded(words).split()
        with self._asking() as connection:
            sold = connection.execute(select(products).order_by(products.c.position).limit(MAX_PRODUCTS)).all()
            found = (row for row in sold if all(one in _folded(" ".join(row.name.values())) for one in wanted))
            return [_product(row, locale) for row in islice(found, max(1, limit))]

    def product(self, product_id: str, locale: str) -> Product | None:
        if references.product_id(product_id) is None:
            return None
        with self._asking() as connection:
            row = connection.execute(select(products).where(products.c.id == product_id)).one_or_none()
            return _product(row, locale) if row else None

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as exc:
            raise ShopUnavailable(Unavailable.DATABASE, type(exc).__name__) from exc
        except (ValueError, ArithmeticError) as exc:
            raise ShopUnavailable(Unavailable.UNREADABLE, type(exc).__name__) from exc


def _order_in(connection: Connection, number: str) -> Order | None:
    wanted = (
        select(orders, items.c.line, items.c.name, items.c.quantity, items.c.price)
        .join_from(orders, items, isouter=True)
        .where(orders.c.number == number)
        .order_by(items.c.line)
    )
    rows = connection.execute(wanted).all()
    return _order(rows[0], tuple(_item(row) for row in rows if row.line is not None)) if rows else None


def _parcels_in(connection: Connection, number: str) -> list[Parcel]:
    wanted = (
        select(parcels, parcel_events.c.at, parcel_events.c.place, parcel_events.c.what)
        .join_from(parcels, parcel_events, isouter=True)
        .where(parcels.c.order_number == number)
        .order_by(parcels.c.position, parcels.c.tracking_number, parcel_events.c.at, parcel_events.c.position)
    )
    rows = connection.execute(wanted).all()
    return [_parcel(list(of_one)) for _, of_one in groupby(rows, lambda row: row.tracking_number)]


def _reference_in(connection: Connection, number: str, kind: RequestKind) -> str | None:
    """What is on file of this kind for the order, newest first."""
    wanted = (
        select(service_requests.c.reference)
        .where(service_requests.c.order_number == number, service_requests.c.kind == kind.value)
        .order_by(service_requests.c.made_at.desc())
    )
    found = connection.execute(wanted.limit(1)).scalar()
    return None if found is None else str(found)


def _items_of(connection: Connection, numbers: list[str]) -> dict[str, tuple[Item, ...]]:
    wanted = select(items).where(items.c.order_number.in_(numbers)).order_by(items.c.order_number, items.c.line)
    rows = connection.execute(wanted).all()
    return {number: tuple(map(_item, of_one)) for number, of_one in groupby(rows, lambda row: str(row.order_number))}


# From here on a row is `Any`: SQLAlchemy 1.4 has no types of its own.


def _customer(row: Any) -> Customer:
    return Customer(
        id=row.id,
        name=row.name,
        phone=row.phone,
        email=row.email,
        locale=row.locale,
        region=row.region,
        tags=tuple(row.tags),
        since=_utc(row.since),
        points=row.points,
    )


def _order(row: Any, ordered: Iterable[Item]) -> Order:
    return Order(
        number=row.number,
        customer_id=row.customer_id,
        placed_at=_utc(row.placed_at),
        status=OrderStatus(row.status),
        items=tuple(ordered),
        total=Decimal(row.total),
        currency=row.currency,
        region=row.region,
        promised_by=_utc(row.promised_by) if row.promised_by else None,
        updated_at=_utc(row.updated_at),
    )


def _refund(row: Any) -> Refund:
    if row.state is None:
        return NO_REFUND
    return Refund(
        state=RefundState(row.state),
        amount=Decimal(row.amount),
        currency=row.currency,
        updated_at=_utc(row.updated_at),
        expected_by=_utc(row.expected_by) if row.expected_by else None,
    )


def _product(row: Any, locale: str) -> Product:
    currency = CURRENCY_OF_LOCALE.get(locale, "")
    currency = currency if currency in row.prices else next(iter(row.prices), "")
    addresses = [one and references.web_address(one) for one in (row.url, row.picture)]
    if references.currency(currency) is None or addresses != [row.url, row.picture]:
        raise ValueError("a product whose price or address cannot be shown")
    return Product(row.id, row.name, Decimal(row.prices[currency]), currency, Stock(row.stock), row.url, row.picture)


def _folded(text: str) -> str:
    """Full-width characters and capitals make no difference."""
    return unicodedata.normalize("NFKC", text).casefold()


def _item(row: Any) -> Item:
    return Item(name=row.name, quantity=row.quantity, price=Decimal(row.price))


def _parcel(rows: list[Any]) -> Parcel:
    first = rows[0]
    return Parcel(
        tracking_number=first.tracking_number,
        carrier=first.carrier,
        status=ParcelStatus(first.status),
        events=tuple(ParcelEvent(_utc(row.at), row.place, row.what) for row in rows if row.at is not None),
        updated_at=_utc(first.updated_at),
        eta=_utc(first.eta) if first.eta else None,
    )


def _utc(stored: datetime) -> datetime:
    """SQLite forgets the zone; everything here was written in UTC."""
    return stored.replace(tzinfo=timezone.utc) if stored.tzinfo is None else stored.astimezone(timezone.utc)
