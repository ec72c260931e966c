"""Harbour Goods, the demo shop: the same people and orders at every filling, with dates relative to the moment of it.

python -m shop.demo sqlite:///var/shop.db
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, delete, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from shop import demo_texts as texts
from shop import sql
from shop.clock import Clock, utc_now
from shop.database import open_engine
from shop.demo_shop import DemoShop
from shop.errors import NotADemoShop, ShopError
from shop.products import Stock
from shop.records import Order, Parcel
from shop.service_requests import Refund

# Set beside the shop's tables by this script, and looked for before it replaces anything.
_own = MetaData()
marks = Table(
    "shop_demo_marks", _own, Column("seed", Integer, primary_key=True), Column("filled_at", DateTime(timezone=True))
)


@dataclass(frozen=True)
class Filled:
    customers: int
    orders: int
    parcels: int


def fill(url: str, seed: int = 7, clock: Clock = utc_now) -> Filled:
    """Make the demo shop anew, in one transaction: readers see the old one or the new one. Raises `NotADemoShop` rather
    than replace customers it did not make."""
    engine = open_engine(url, begin="BEGIN IMMEDIATE")
    try:
        _own.create_all(engine)
        sql.metadata.create_all(engine)
        with engine.begin() as connection:
            if _holds_a_real_shop(connection):
                raise NotADemoShop()
            return _replace(connection, DemoShop(Random(seed), clock().replace(microsecond=0)), seed)
    finally:
        engine.dispose()


def _holds_a_real_shop(connection: Connection) -> bool:
    is_marked = connection.execute(select(marks.c.seed)).first() is not None
    return not is_marked and connection.execute(select(sql.customers.c.id)).first() is not None


def _replace(connection: Connection, shop: DemoShop, seed: int) -> Filled:
    for table in (*reversed(sql.metadata.sorted_tables), marks):
        connection.execute(delete(table))
    connection.execute(insert(marks), [{"seed": seed, "filled_at": shop.now}])
    for table, rows in _rows(shop).items():
        connection.execute(insert(table), rows)
    return Filled(len(shop.customers), len(shop.orders), len(shop.parcels))


def _rows(shop: DemoShop) -> dict[Table, list[dict[str, Any]]]:
    return {
        sql.customers: [{**vars(customer), "tags": list(customer.tags)} for customer in shop.customers],
        sql.orders: [_order_row(order) for order in shop.orders],
        sql.items: [
            {"order_number": order.number, "line": line, **vars(item), "price": str(item.price)}
            for order in shop.orders
            for line, item in enumerate(order.items)
        ],
        sql.parcels: [_parcel_row(number, position, parcel) for position, (number, parcel) in enumerate(shop.parcels)],
        sql.parcel_events: [
            {"tracking_number": parcel.tracking_number, "position": position, **vars(event)}
            for _, parcel in shop.parcels
            for position, event in enumerate(parcel.events)
        ],
        sql.refunds: [_refund_row(number, refund) for number, refund in shop.refunds],
        sql.products: [_product_row(position, product) for position, product in enumerate(texts.PRODUCTS)],
    }


def _order_row(order: Order) -> dict[str, Any]:
    row = {name: value for name, value in vars(order).items() if name != "items"}
    return {**row, "status": order.status.value, "total": str(order.total)}


def _parcel_row(number: str, position: int, parcel: Parcel) -> dict[str, Any]:
    row = {name: value for name, value in vars(parcel).items() if name != "events"}
    return {**row, "order_number": number, "position": position, "status": parcel.status.value}


def _refund_row(number: str, refund: Refund) -> dict[str, Any]:
    return {**vars(refund), "order_number": number, "state": refund.state.value, "amount": str(refund.amount)}


def _product_row(position: int, product: texts.Product) -> dict[str, Any]:
    is_shown = product.id in texts.IN_THE_WINDOW
    return {
        "id": product.id,
        "position": position,
        "name": product.name,
        "prices": {currency: f"{price}.00" for currency, price in product.prices.items()},
        "stock": texts.STOCK.get(product.id, Stock.IN_STOCK).value,
        "url": f"/#{product.id if is_shown else 'goods'}",
        "picture": f"/shop/goods/{product.id}.svg" if is_shown else None,
    }


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m shop.demo DATABASE_URL", file=sys.stderr)
        return 2
    try:
        filled = fill(arguments[0])
    except ShopError as exc:
        print(exc, file=sys.stderr)
        return 1
    except (OSError, SQLAlchemyError) as exc:
        # Without the text of the error, which may quote the password in the URL.
        print(f"The database of the demo shop cannot be written ({type(exc).__name__}).", file=sys.stderr)
        return 1
    print(f"Harbour Goods: {filled.customers} customers, {filled.orders} orders, {filled.parcels} parcels")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
