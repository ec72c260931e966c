"""An order as a card: the JSON that the widget, the desk and a handoff carry. Cards show what they are given; what may
be shown was decided in `shop.proof`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shop.locales import in_four, text_in
from shop.proof import ShownOrder
from shop.records import Item, Order, Parcel, carrier_in

_JUST_NOW = in_four("剛剛更新", "剛剛更新", "刚刚更新", "updated just now")
_AGES = (
    (
        timedelta(days=1),
        in_four("{} 日前更新", "{} 天前更新", "{} 天前更新", "updated {} days ago"),
        "updated 1 day ago",
    ),
    (
        timedelta(hours=1),
        in_four("{} 小時前更新", "{} 小時前更新", "{} 小时前更新", "updated {} hours ago"),
        "updated 1 hour ago",
    ),
    (
        timedelta(minutes=1),
        in_four("{} 分鐘前更新", "{} 分鐘前更新", "{} 分钟前更新", "updated {} minutes ago"),
        "updated 1 minute ago",
    ),
)


def order_card(order: Order | ShownOrder, parcels: Iterable[Parcel], locale: str, now: datetime) -> dict[str, Any]:
    """`total`, `currency` are null and `items` is empty where the reader's tier does not show them."""
    return {
        "number": order.number,
        "status": order.status.value,
        "status_label": order.status.label(locale),
        "placed_at": order.placed_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "age": age_in(locale, order.updated_at, now),
        "total": None if order.total is None else str(order.total),
        "currency": order.currency,
        "items": [_item(item, locale) for item in order.items],
        "parcels": [_parcel(parcel, locale, now) for parcel in parcels],
    }


def order_text(card: Mapping[str, Any]) -> str:
    """What a card says, for channels that show none."""
    total = f"{card['currency']} {card['total']}" if card["total"] and card["currency"] else None
    lines = [
        (card["number"], card["status_label"], total, card["age"]),
        *((f"{one['name']} × {one['quantity']}",) for one in card["items"]),
        *(
            (f"{one['carrier']} {one['tracking_number']}", one["status_label"], one["last_event"], one["age"])
            for one in card["parcels"]
        ),
    ]
    return "\n".join(" · ".join(filter(None, line)) for line in lines)


def age_in(locale: str, updated_at: datetime, now: datetime) -> str:
    """How old a piece of news is, in words: `10 分鐘前更新`."""
    age = now - updated_at
    for unit, texts, one in _AGES:
        if age >= unit:
            count = age // unit
            return one if locale == "en" and count == 1 else text_in(texts, locale).format(count)
    return text_in(_JUST_NOW, locale)


def _item(item: Item, locale: str) -> dict[str, Any]:
    return {"name": text_in(item.name, locale), "quantity": item.quantity, "price": str(item.price)}


def _parcel(parcel: Parcel, locale: str, now: datetime) -> dict[str, Any]:
    return {
        "carrier": carrier_in(parcel.carrier, locale),
        "tracking_number": parcel.tracking_number,
        "status": parcel.status.value,
        "status_label": parcel.status.label(locale),
        "updated_at": parcel.updated_at.isoformat(),
        "age": age_in(locale, parcel.updated_at, now),
        "eta": parcel.eta.isoformat() if parcel.eta else None,
        "last_event": _last_event(parcel, locale),
    }


def _last_event(parcel: Parcel, locale: str) -> str | None:
    if not parcel.events:
        return None
    last = parcel.events[-1]
    return " · ".join(filter(None, (text_in(last.what, locale), last.place)))
