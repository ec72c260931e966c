"""What the shop sells, and a product as a card: the JSON that widget and desk show, and the text that says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from shop.locales import text_in
from shop.records import Labelled

# As prices are written in each place.
_SIGNS = {"HKD": "HK$", "TWD": "NT$", "CNY": "¥"}
_WITHOUT_CENTS = ("TWD", "JPY", "KRW")


class Stock(Labelled):
    IN_STOCK = "in_stock", "有現貨", "有庫存", "有货", "In stock"
    LOW = "low", "少量現貨", "庫存不多", "库存紧张", "Only a few left"
    PREORDER = "preorder", "接受預訂", "可預購", "可预订", "Pre-order"
    SOLD_OUT = "sold_out", "已售罄", "已售完", "已售罄", "Sold out"


@dataclass(frozen=True)
class Product:
    """`url` is its page and `picture` shows it: http(s) addresses, or paths on the gateway's own site (the demo)."""

    id: str
    name: Mapping[str, str]
    price: Decimal
    currency: str
    stock: Stock
    url: str | None
    picture: str | None


def product_card(product: Product, locale: str, site: str) -> dict[str, Any]:
    """`site` goes before paths."""
    return {
        "kind": "product",
        "id": product.id,
        "title": text_in(product.name, locale),
        "price": str(product.price),
        "currency": product.currency,
        "stock": product.stock.value,
        "stock_label": product.stock.label(locale),
        "url": urljoin(f"{site}/", product.url) if product.url else None,
        "picture": urljoin(f"{site}/", product.picture) if product.picture else None,
    }


def product_text(card: Mapping[str, Any]) -> str:
    """What a card says, for channels that show none."""
    price = money_text(Decimal(card["price"]), card["currency"])
    return "\n".join(filter(None, (card["title"], f"{price} · {card['stock_label']}", card["url"])))


def money_text(amount: Decimal, currency: str | None) -> str:
    """`HK$158.00`, `NT$690`; a currency without a sign of its own stands before the amount."""
    if currency in _WITHOUT_CENTS and amount == amount.to_integral_value():
        amount = amount.quantize(Decimal(1))
    return f"{_SIGNS.get(currency or '', f'{currency or str()} ').lstrip()}{amount}"
