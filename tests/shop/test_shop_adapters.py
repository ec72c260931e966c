"""What every adapter promises, asked of both, and what the HTTP adapter does with a shop system that misbehaves."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from shop_fakes import API_TOKEN, NOW, ShopApi, as_json, drip, send

from shop import (
    Accepted,
    BadShopSettings,
    HttpShop,
    NotOffered,
    OrderStatus,
    ParcelStatus,
    RefundState,
    Refused,
    RefusedBecause,
    RequestKind,
    ServiceRequest,
    Shop,
    ShopUnavailable,
    SqlShop,
    Stock,
    Unavailable,
    open_shop,
)


def test_a_customer_is_found_by_id(shop: Shop) -> None:
    ana = shop.customer("c-0001")
    assert ana is not None
    assert (ana.name, ana.phone, ana.region, ana.locale) == ("陳美玲", "+852 9123 4567", "HK", "zh-HK")
    assert ana.since.tzinfo is timezone.utc


def test_an_order_is_found_with_its_items(shop: Shop) -> None:
    order = shop.order("HG10023847")
    assert order is not None
    assert (order.customer_id, order.status, order.currency) == ("c-0001", OrderStatus.SHIPPED, "HKD")
    assert order.total == sum((item.price * item.quantity for item in order.items), start=Decimal(0))
    assert all(set(item.name) == {"zh-HK", "zh-TW", "zh-CN", "en"} for item in order.items)
    assert order.placed_at < order.updated_at <= NOW


@pytest.mark.parametrize(
    "written", ["hg10023847", " HG 1002 3847 ", "#HG-10023847", "ＨＧ１００２３８４７", "HG‑10023847"]
)
def test_an_order_number_is_found_however_it_is_written(shop: Shop, written: str) -> None:
    order = shop.order(written)
    assert order is not None and order.number == "HG10023847"


def test_products_are_named_in_every_locale_once_and_not_more_than_asked_for(shop: Shop) -> None:
    names = shop.product_names()
    assert len(names) == 18 and all(set(name) == {"zh-HK", "zh-TW", "zh-CN", "en"} for name in names)
    assert len({name["en"] for name in names}) == 18
    assert shop.product_names(3) == names[:3]


def test_a_shop_that_does_not_tell_its_products_has_none(http_shop: HttpShop, shop_api: ShopApi) -> None:
    shop_api.trouble = lambda request: send(request, 404, {"error": {"code": "not_found"}})
    assert http_shop.product_names() == []


@pytest.mark.parametrize(
    ("locale", "words", "price", "currency"),
    [
        ("zh-HK", "烏龍茶", "158.00", "HKD"),
        ("zh-TW", "dong ding", "620.00", "TWD"),
        ("zh-CN", "冻顶 乌龙", "138.00", "CNY"),
        ("en", "ＯＯＬＯＮＧ  tea", "158.00", "HKD"),
    ],
)
def test_a_product_is_found_by_its_name_in_any_language_at_the_readers_price(
    shop: Shop, locale: str, words: str, price: str, currency: str
) -> None:
    (tea,) = shop.products(words, locale)
    assert (tea.id, tea.price, tea.currency, tea.stock) == ("oolong-150g", Decimal(price), currency, Stock.LOW)
    assert set(tea.name) == {"zh-HK", "zh-TW", "zh-CN", "en"}
    assert (tea.url, tea.picture) == ("/#oolong-150g", "/shop/goods/oolong-150g.svg")
    assert shop.product(tea.id, locale) == tea


def test_without_words_the_shop_shows_its_first_products_and_what_is_unknown_is_not_there(shop: Shop) -> None:
    first = shop.products("", "en", limit=3)
    assert [one.id for one in first] == ["canvas-tote", "backpack-20l", "coin-purse"] and first[2].picture is None
    assert len(shop.products("", "en", limit=0)) == 1 and len(shop.products("tea", "en", 10**9)) == 3
    for given in (*HOSTILE, "%", "_", "tea OR 1=1"):
        assert shop.product(given, "en") is None
    assert shop.products("%", "en") == [] == shop.products("no such thing", "en")
    assert shop.product("mini-fan", "xx") is not None, "a reader of no known locale still gets a price"


def test_a_shop_that_does_not_tell_what_it_sells_says_so(http_shop: HttpShop, shop_api: ShopApi) -> None:
    for status in (404, 501):
        shop_api.trouble = lambda request, status=status: send(request, status, {"error": {"code": "not_found"}})
        with pytest.raises(NotOffered):
            http_shop.products("tea", "en")


FINE = {"id": "a", "name": {"en": "Tea"}, "price": "1.00", "currency": "HKD", "stock": "in_stock"}


@pytest.mark.parametrize(
    "trouble",
    [
        *({field: address} for field in ("url", "picture") for address in (
            "javascript:alert(1)", "data:text/html,x", "ftp://shop.example/a", "//evil.example/a", "https://",
            "https://me:secret@shop.example/", "https://shop.example/a b", "https://shop.example\\@evil.example/",
            "/\\evil.example", "https://[shop", "https://shop.example/" + "a" * 2000, "shop.example/a", "", 5,
        )),
        {"price": "-1.00"}, {"price": 1}, {"price": "NaN"}, {"currency": "hk$"}, {"currency": "HKDX"},
        {"stock": "plenty"}, {"name": {}}, {"name": "Tea"}, {"id": "../orders"}, {"id": "b"},
    ],
)  # fmt: skip
def test_a_product_that_is_not_as_documented_is_refused_by_its_field(
    http_shop: HttpShop, shop_api: ShopApi, trouble: dict[str, Any]
) -> None:
    shop_api.trouble = _answers(200, {"product": {**FINE, "url": "https://shop.example/a", **trouble}})
    with pytest.raises(ShopUnavailable) as refused:
        http_shop.product("a", "en")
    assert (refused.value.reason, refused.value.detail) == (Unavailable.UNREADABLE, f"product.{next(iter(trouble))}")


def test_parcels_tell_their_events_and_when_they_were_updated(shop: Shop) -> None:
    (parcel,) = shop.parcels_of("HG10024105")
    assert (parcel.carrier, parcel.status, parcel.eta) == ("ZTO", ParcelStatus.EXCEPTION, None)
    assert [event.at for event in parcel.events] == sorted(event.at for event in parcel.events)
    assert parcel.events[-1].at == parcel.updated_at == NOW - timedelta(hours=5)
    assert parcel.events[-1].what["en"] == "Address incomplete, could not be delivered"


def test_orders_of_a_customer_come_newest_first_and_bounded(shop: Shop) -> None:
    assert [order.number for order in shop.orders_of("c-0001")] == ["HG10023847", "HG10019932"]
    assert [order.number for order in shop.orders_of("c-0001", limit=1)] == ["HG10023847"]
    assert len(shop.orders_of("c-0001", limit=-5)) == 1
    assert all(order.items for order in shop.orders_of("c-0001", limit=10**9))


HOSTILE = [
    "", " ", ".", "..", "../c-0001", "c-0001/orders", "c-0001?x=1", "c-0001\x00", "c-0001\n", "%2e%2e", "' OR 1=1 --",
    "-1", "1e3", "٤٢", "9" * 5000, "\ud800", "<script>", "c-9999", "HG00000000", "\u202eHG10023847",
]  # fmt: skip


@pytest.mark.parametrize("given", HOSTILE)
def test_what_is_not_there_is_none_and_never_an_error(shop: Shop, given: str) -> None:
    assert shop.customer(given) is None
    assert shop.order(given) is None
    assert shop.orders_of(given) == []
    assert shop.parcels_of(given) == []


def test_records_in_a_log_line_carry_no_person(sql_shop: SqlShop) -> None:
    shown = repr(sql_shop.customer("c-0001"))
    assert "c-0001" in shown
    assert not any(secret in shown for secret in ("陳美玲", "4567", "example.com"))


def test_both_adapters_say_the_same(sql_shop: SqlShop, http_shop: HttpShop) -> None:
    for position in range(1, 30):
        customer_id = f"c-{position:04}"
        assert http_shop.customer(customer_id) == sql_shop.customer(customer_id)
        orders = sql_shop.orders_of(customer_id)
        assert http_shop.orders_of(customer_id) == orders
        for order in orders[:2]:
            assert http_shop.order(order.number) == order
            assert http_shop.parcels_of(order.number) == sql_shop.parcels_of(order.number)


def test_a_database_without_the_shop_is_unavailable_and_not_empty(tmp_path: Path) -> None:
    with pytest.raises(ShopUnavailable) as refused:
        SqlShop(f"sqlite:///{tmp_path}/nothing.db").order("HG10023847")
    assert refused.value.reason is Unavailable.DATABASE


def test_the_http_adapter_shows_its_token_and_asks_for_plain_json(shop_api: ShopApi, http_shop: HttpShop) -> None:
    http_shop.order("hg-10023847")
    assert shop_api.requests == ["/shop/v1/orders/HG10023847"]
    assert shop_api.headers["Authorization"] == f"Bearer {API_TOKEN}"
    assert shop_api.headers["Accept-Encoding"] == "identity"


def test_a_hostile_id_is_not_even_asked_for(shop_api: ShopApi, http_shop: HttpShop) -> None:
    for given in ("..", "../admin", "a/b", "a?b", "a\r\nX: y"):
        http_shop.customer(given)
        http_shop.orders_of(given)
    assert shop_api.requests == []


def _answers(status: int, body: Any, **headers: str) -> Any:
    return lambda request: send(request, status, body, **headers)


def _hangs(request: BaseHTTPRequestHandler) -> None:
    """Says nothing until the client has given up and closed."""
    request.rfile.read(1)
    request.close_connection = True


def _hangs_up(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True


def _stops_half_way(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "500")
    request.end_headers()
    request.wfile.write(b'{"order": {')
    request.close_connection = True


TROUBLES = {
    "hangs": (_hangs, Unavailable.TOO_SLOW),
    "drips": (drip, Unavailable.TOO_SLOW),
    "hangs up": (_hangs_up, Unavailable.UNREACHABLE),
    "stops half-way": (_stops_half_way, None),
    "500": (_answers(500, b"<h1>Oops</h1>"), Unavailable.FAILED),
    "503": (_answers(503, {"error": {"code": "maintenance"}}), Unavailable.FAILED),
    "429": (_answers(429, {}), Unavailable.FAILED),
    "401": (_answers(401, {}), Unavailable.REFUSED),
    "403": (_answers(403, {}), Unavailable.REFUSED),
    "redirect": (_answers(302, b"", Location="http://127.0.0.1:1/"), Unavailable.FAILED),
    "204": (_answers(204, b""), Unavailable.FAILED),
    "404 of something else": (_answers(404, b"<html>nginx</html>"), Unavailable.UNREADABLE),
    "404 without our code": (_answers(404, {"detail": "Not Found"}), Unavailable.UNREADABLE),
    "huge": (_answers(200, b" " * (3 * 1024 * 1024)), Unavailable.TOO_LARGE),
    "compressed": (_answers(200, b"\x1f\x8b\x08", Content_Encoding="gzip"), Unavailable.UNREADABLE),
    "empty": (_answers(200, b""), Unavailable.UNREADABLE),
    "not JSON": (_answers(200, b"<html>"), Unavailable.UNREADABLE),
    "not UTF-8": (_answers(200, b'{"order": "\xff\xfe"}'), Unavailable.UNREADABLE),
    "a list": (_answers(200, []), Unavailable.UNREADABLE),
    "null": (_answers(200, b"null"), Unavailable.UNREADABLE),
    "deep": (_answers(200, b"[" * 200_000), Unavailable.UNREADABLE),
    "no order": (_answers(200, {}), Unavailable.UNREADABLE),
}


@pytest.mark.alone
@pytest.mark.parametrize("name", TROUBLES)
def test_a_shop_system_in_trouble_is_unavailable_within_its_time(
    shop_api: ShopApi, http_shop: HttpShop, name: str
) -> None:
    shop_api.trouble, reason = TROUBLES[name]
    started = time.monotonic()
    with pytest.raises(ShopUnavailable) as refused:
        http_shop.order("HG10023847")
    assert time.monotonic() - started < 1.1
    assert reason in (None, refused.value.reason)
    assert str(refused.value) == "The shop's system cannot be asked right now."
    shop_api.trouble = None
    assert http_shop.order("HG10023847") is not None


def test_an_address_where_nobody_listens_is_unreachable(shop_api: ShopApi) -> None:
    shop = HttpShop("http://127.0.0.1:9/shop", API_TOKEN)
    with pytest.raises(ShopUnavailable) as refused:
        shop.customer("c-0001")
    assert refused.value.reason is Unavailable.UNREACHABLE
    shop.close()


def test_a_kept_connection_that_the_server_closed_is_opened_again(shop_api: ShopApi, http_shop: HttpShop) -> None:
    def closes_once(request: BaseHTTPRequestHandler) -> None:
        shop_api.trouble = None
        _hangs_up(request)

    shop_api.trouble = closes_once
    assert http_shop.order("HG10023847") is not None


@pytest.mark.parametrize(
    "change",
    [
        {"number": "HG10019932"},
        {"number": 10023847},
        {"status": "teleported"},
        {"status": None},
        {"total": "NaN"},
        {"total": 12.5},
        {"total": "1e999999"},
        {"placed_at": "2026-03-01T10:00:00"},
        {"placed_at": "yesterday"},
        {"updated_at": None},
        {"updated_at": "0001-01-01T00:00:00+14:00"},
        {"items": {}},
        {"items": [{"name": {"fr": "sac"}, "quantity": 1, "price": "1"}]},
        {"items": [{"name": {"en": "bag"}, "quantity": True, "price": "1"}]},
        {"items": [{"name": {"en": "bag"}, "quantity": -1, "price": "1"}]},
        {"currency": "x" * 10_000},
    ],
    ids=str,
)
def test_an_order_that_is_not_as_documented_is_refused_by_its_field(
    shop_api: ShopApi, http_shop: HttpShop, sql_shop: SqlShop, change: dict[str, Any]
) -> None:
    order = as_json(vars(sql_shop.order("HG10023847")) | {"items": []})
    shop_api.trouble = _answers(200, {"order": order | change})
    with pytest.raises(ShopUnavailable) as refused:
        http_shop.order("HG10023847")
    assert refused.value.reason is Unavailable.UNREADABLE
    assert refused.value.detail.startswith(f"order.{next(iter(change))}")
    shop_api.trouble = _answers(200, {"order": order | {"surprise": [1]}})
    assert http_shop.order("HG10023847") is not None


def test_the_answer_for_another_customer_is_never_used(
    shop_api: ShopApi, http_shop: HttpShop, sql_shop: SqlShop
) -> None:
    somebody_else = as_json(vars(sql_shop.customer("c-0002")))
    shop_api.trouble = _answers(200, {"customer": somebody_else})
    with pytest.raises(ShopUnavailable):
        http_shop.customer("c-0001")
    their_order = as_json(vars(sql_shop.order("HG10024001")) | {"items": []})
    shop_api.trouble = _answers(200, {"orders": [their_order]})
    with pytest.raises(ShopUnavailable):
        http_shop.orders_of("c-0001")


def test_a_wrong_token_is_said_to_be_one(shop_api: ShopApi) -> None:
    shop = HttpShop(shop_api.url, "another-token")
    with pytest.raises(ShopUnavailable) as refused:
        shop.order("HG10023847")
    assert refused.value.reason is Unavailable.REFUSED
    assert "another-token" not in repr(refused.value) + repr(shop)
    shop.close()


def test_threads_share_an_http_shop(http_shop: HttpShop) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = ["HG10023847", "HG10024001", "HG10024105", "HG10024222"] * 10
        found = list(pool.map(http_shop.order, numbers))
    assert [order and order.number for order in found] == numbers


def test_open_shop_gives_the_adapter_that_is_named(shop_url: str, shop_api: ShopApi) -> None:
    for settings in (
        {"adapter": "sql", "url": shop_url},
        {"adapter": "http", "base_url": shop_api.url, "token": API_TOKEN},
    ):
        shop = open_shop(settings)
        assert shop.customer("c-0004") is not None
        shop.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, "adapter"),
        ({"adapter": "ftp"}, "adapter"),
        ({"adapter": ["sql"]}, "adapter"),
        ({"adapter": "sql"}, "url"),
        ({"adapter": "sql", "url": ""}, "url"),
        ({"adapter": "sql", "url": "no url, but secret"}, "url"),
        ({"adapter": "sql", "url": "nosuchdb://secret@host/x"}, "url"),
        ({"adapter": "sql", "url": "sqlite://", "colour": 1}, "colour"),
        ({"adapter": "http", "base_url": "http://shop"}, "token"),
        ({"adapter": "http", "base_url": "file:///etc/passwd", "token": "secret"}, "base_url"),
        ({"adapter": "http", "base_url": "http://me:secret@shop", "token": "secret"}, "base_url"),
        ({"adapter": "http", "base_url": "http://shop?a=b", "token": "secret"}, "base_url"),
        ({"adapter": "http", "base_url": "http://shop", "token": "secret\r\nX: y"}, "token"),
    ],
)
def test_bad_settings_are_refused_by_their_key(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(BadShopSettings) as refused:
        open_shop(settings)
    assert str(refused.value).startswith(f"{key}:")
    assert "secret" not in str(refused.value)


def test_the_documented_examples_are_what_the_adapter_reads(shop_api: ShopApi, http_shop: HttpShop) -> None:
    """Every JSON block of docs/shop-api.md under a `GET` heading is served and read."""
    page = (Path(__file__).parents[2] / "docs" / "shop-api.md").read_text(encoding="utf-8")
    examples = {
        part.split("`", 1)[0].split("?")[0]: json.loads(part.split("```json\n", 1)[1].split("```", 1)[0])
        for part in page.split("### `GET ")[1:]
    }
    assert len(examples) == 9

    shop_api.trouble = _answers(200, examples["/customers/{id}"])
    assert http_shop.customer("c-0001")
    shop_api.trouble = _answers(200, examples["/customers/{id}/orders"])
    assert http_shop.orders_of("c-0001")
    shop_api.trouble = _answers(200, examples["/orders/{number}"])
    assert http_shop.order("HG10023847")
    shop_api.trouble = _answers(200, examples["/orders/{number}/parcels"])
    assert http_shop.parcels_of("HG10023847")
    shop_api.trouble = _answers(200, examples["/products"])
    assert http_shop.product_names()
    shop_api.trouble = _answers(200, examples["/product-search"])
    assert http_shop.products("tea", "en")
    shop_api.trouble = _answers(200, examples["/products/{id}"])
    assert http_shop.product("oolong-150", "en")
    shop_api.trouble = _answers(200, examples["/orders/{number}/refund"])
    assert http_shop.refund_of("HG10023847")
    shop_api.trouble = _answers(200, examples["/orders/{number}/allowed"])
    assert isinstance(http_shop.may_request("HG10023847", RequestKind.CANCEL), Refused)


def test_the_documented_request_is_what_the_adapter_sends_and_its_answer_what_it_reads(
    shop_api: ShopApi, http_shop: HttpShop
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "shop-api.md").read_text(encoding="utf-8")
    sent, answered = page.split("### `POST ")[1].split("```json\n")[1:3]
    request = json.loads(sent.split("```")[0])
    shop_api.trouble = _answers(200, json.loads(answered.split("```")[0]))
    done = http_shop.request(ServiceRequest(RequestKind(request["kind"]), "HG10023120", request["details"]))
    assert isinstance(done, Accepted) and done.reference == "R-7KQ2-M4XW"
    assert shop_api.told.keys() == request.keys() and shop_api.told["details"] == request["details"]


def test_the_documentation_names_every_status() -> None:
    page = (Path(__file__).parents[2] / "docs" / "shop-api.md").read_text(encoding="utf-8")
    assert all(f"`{status.value}`" in page for status in (*OrderStatus, *ParcelStatus, *RefundState))
    assert all(f"`{word.value}`" in page for word in (*RequestKind, *RefusedBecause, *Stock))
