"""The shop in an SQL database: the demo shop's own tables, and the adapter that reads them.

Only `shop.demo` writes these tables. A shop with a database of its own has other tables: give it an adapter of its own
(docs/shop-api.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, MetaData, String, Table, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from shop import references
from shop.database import open_engine
from shop.errors import ShopUnavailable, Unavailable
from shop.records import Customer, Item, Order, OrderStatus, Parcel, ParcelEvent, ParcelStatus

MAX_ORDERS = 100

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


class SqlShop:
    """Reads the tables above. Answers of one call come from one consistent state, even while the demo is refilled."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)

    def close(self) -> None:
        self._engine.dispose()

    def customer(self, customer_id: str) -> Customer | None:
        if references.customer_id(customer_id) is None:
            return None
        with self._reading() as connection:
            row = connection.execute(select(customers).where(customers.c.id == customer_id)).one_or_none()
            return _customer(row) if row else None

    def orders_of(self, customer_id: str, limit: int = 10) -> list[Order]:
        if references.customer_id(customer_id) is None:
            return []
        with self._reading() as connection:
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
        with self._reading() as connection:
            wanted = (
                select(orders, items.c.line, items.c.name, items.c.quantity, items.c.price)
                .join_from(orders, items, isouter=True)
                .where(orders.c.number == (references.order_number(number) or ""))
                .order_by(items.c.line)
            )
            rows = connection.execute(wanted).all()
            return _order(rows[0], tuple(_item(row) for row in rows if row.line is not None)) if rows else None

    def parcels_of(self, number: str) -> list[Parcel]:
        with self._reading() as connection:
            wanted = (
                select(parcels, parcel_events.c.at, parcel_events.c.place, parcel_events.c.what)
                .join_from(parcels, parcel_events, isouter=True)
                .where(parcels.c.order_number == (references.order_number(number) or ""))
                .order_by(parcels.c.position, parcels.c.tracking_number, parcel_events.c.at, parcel_events.c.position)
            )
            rows = connection.execute(wanted).all()
            return [_parcel(list(of_one)) for _, of_one in groupby(rows, lambda row: row.tracking_number)]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as exc:
            raise ShopUnavailable(Unavailable.DATABASE, type(exc).__name__) from exc
        except (ValueError, ArithmeticError) as exc:
            raise ShopUnavailable(Unavailable.UNREADABLE, type(exc).__name__) from exc


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
