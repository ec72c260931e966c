"""What the shop's own systems know: customers, orders, parcels, products. One adapter per system, one desk
for their privacy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shop.cards import age_in, order_card, order_text
from shop.errors import (
    BadShopSettings,
    IdentityRefused,
    NotADemoShop,
    NotOffered,
    ShopError,
    ShopUnavailable,
    Unavailable,
)
from shop.http import HttpShop
from shop.identity import (
    Identity,
    LinkedIdentity,
    check_identity_secret,
    sign_identity,
    verify_identity,
    verify_link,
)
from shop.locales import LOCALES, text_in
from shop.products import Product, Stock, money_text, product_card, product_text
from shop.proof import OrderDesk, PhoneProof, Proof, ProvedOrder, Refusal, ShownOrder, Tier
from shop.records import Customer, Item, Order, OrderStatus, Parcel, ParcelEvent, ParcelStatus, Shop, carrier_in
from shop.service_requests import (
    Accepted,
    Allowed,
    Refund,
    RefundState,
    Refused,
    RefusedBecause,
    RequestKind,
    ServiceRequest,
)
from shop.sql import SqlShop

__all__ = [
    "LOCALES",
    "Accepted",
    "Allowed",
    "BadShopSettings",
    "Customer",
    "HttpShop",
    "Identity",
    "IdentityRefused",
    "Item",
    "LinkedIdentity",
    "NotADemoShop",
    "NotOffered",
    "Order",
    "OrderDesk",
    "OrderStatus",
    "Parcel",
    "ParcelEvent",
    "ParcelStatus",
    "PhoneProof",
    "Product",
    "Proof",
    "ProvedOrder",
    "Refund",
    "RefundState",
    "Refusal",
    "Refused",
    "RefusedBecause",
    "RequestKind",
    "ServiceRequest",
    "Shop",
    "ShopError",
    "ShopUnavailable",
    "ShownOrder",
    "SqlShop",
    "Stock",
    "Tier",
    "Unavailable",
    "age_in",
    "carrier_in",
    "check_identity_secret",
    "money_text",
    "open_shop",
    "order_card",
    "order_text",
    "product_card",
    "product_text",
    "sign_identity",
    "text_in",
    "verify_identity",
    "verify_link",
]

_KEYS = {"sql": ("url",), "http": ("base_url", "token")}


def open_shop(settings: Mapping[str, Any]) -> Shop:
    """The adapter the settings name. Raises `BadShopSettings` with the key and what it should have been."""
    adapter = settings.get("adapter")
    if not isinstance(adapter, str) or adapter not in _KEYS:
        raise BadShopSettings(f"adapter: expected one of {', '.join(_KEYS)}")
    given = {key: value for key, value in settings.items() if key != "adapter"}
    for key in given.keys() - set(_KEYS[adapter]):
        raise BadShopSettings(f"{key}: not a setting of the {adapter} adapter; expected {', '.join(_KEYS[adapter])}")
    for key in _KEYS[adapter]:
        if not isinstance(given.get(key), str) or not given[key]:
            raise BadShopSettings(f"{key}: expected a non-empty text for the {adapter} adapter")
    return SqlShop(given["url"]) if adapter == "sql" else HttpShop(given["base_url"], given["token"])
