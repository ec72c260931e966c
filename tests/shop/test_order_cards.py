"""The card of an order, in four languages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from shop_fakes import NOW

from shop import LOCALES, OrderStatus, ParcelStatus, SqlShop, age_in, order_card, text_in


def test_a_card_has_the_agreed_fields_and_is_json(sql_shop: SqlShop) -> None:
    order = sql_shop.order("HG10023847")
    assert order is not None
    card = json.loads(json.dumps(order_card(order, sql_shop.parcels_of(order.number), "zh-HK", NOW)))
    assert list(card) == [
        "number", "status", "status_label", "placed_at", "updated_at", "age", "total", "currency", "items", "parcels",
    ]  # fmt: skip
    assert (card["status"], card["status_label"], card["age"]) == ("shipped", "已寄出", "40 分鐘前更新")
    assert (card["total"], card["currency"]) == (str(order.total), "HKD")
    assert set(card["items"][0]) == {"name", "quantity", "price"}
    (parcel,) = card["parcels"]
    assert set(parcel) == {
        "carrier",
        "tracking_number",
        "status",
        "status_label",
        "updated_at",
        "age",
        "eta",
        "last_event",
    }
    assert (parcel["carrier"], parcel["status"], parcel["status_label"]) == ("順豐速運", "in_transit", "運送途中")
    assert parcel["last_event"] == "已離開轉運中心 · 青衣轉運中心"


@pytest.mark.parametrize(
    ("locale", "status", "parcel", "carrier"),
    [
        ("zh-HK", "已寄出", "派送出現問題", "中通快遞"),
        ("zh-TW", "已出貨", "配送異常", "中通快遞"),
        ("zh-CN", "已发货", "派送异常", "中通快递"),
        ("en", "Shipped", "Delivery problem", "ZTO Express"),
        ("fr", "Shipped", "Delivery problem", "ZTO Express"),
    ],
)
def test_a_card_speaks_the_readers_language(
    sql_shop: SqlShop, locale: str, status: str, parcel: str, carrier: str
) -> None:
    order = sql_shop.order("HG10024105")
    assert order is not None
    card = order_card(order, sql_shop.parcels_of(order.number), locale, NOW)
    assert card["status_label"] == status
    assert (card["parcels"][0]["status_label"], card["parcels"][0]["carrier"]) == (parcel, carrier)


def test_every_status_has_its_label_in_every_locale() -> None:
    for status in (*OrderStatus, *ParcelStatus):
        assert all(status.labels[locale] for locale in LOCALES)


@pytest.mark.parametrize(
    ("locale", "minutes", "text"),
    [
        ("zh-HK", 0.5, "剛剛更新"),
        ("zh-HK", -10, "剛剛更新"),
        ("zh-TW", 10, "10 分鐘前更新"),
        ("zh-CN", 119, "1 小时前更新"),
        ("zh-HK", 3 * 1440, "3 日前更新"),
        ("en", 1, "updated 1 minute ago"),
        ("en", 2, "updated 2 minutes ago"),
        ("en", 60, "updated 1 hour ago"),
        ("en", 1440, "updated 1 day ago"),
    ],
)
def test_age_is_said_in_words(locale: str, minutes: float, text: str) -> None:
    assert age_in(locale, NOW - timedelta(minutes=minutes), NOW) == text


def test_a_missing_text_falls_back_along_the_declared_chain() -> None:
    texts = {"zh-CN": "简", "en": "plain"}
    assert [text_in(texts, locale) for locale in LOCALES] == ["简", "简", "简", "plain"]
    assert text_in({"zh-TW": "繁", "zh-HK": "港"}, "zh-CN") == "繁"
    assert text_in({"zh-TW": "繁", "zh-HK": "港"}, "en") == "港"
    assert text_in({}, "en") == ""
