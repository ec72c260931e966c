"""The shop behind an HTTP API (docs/shop-api.md). Every answer is bounded in time and size and checked before use."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from urllib3.exceptions import HTTPError, TimeoutError

from shop import references, wire
from shop.errors import BadShopSettings, NotOffered, ShopUnavailable, Unavailable
from shop.products import Product
from shop.records import Customer, Order, Parcel
from shop.service_requests import Accepted, Allowed, Refund, Refused, RefusedBecause, RequestKind, ServiceRequest

CONNECT_SECONDS = 2.0
# A customer is waiting for the bot, who waits for us.
ANSWER_SECONDS = 5.0
MAX_BODY_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
MAX_ORDERS = 100
MAX_PRODUCTS = 500
MAX_FOUND = 50


class HttpShop:
    """Asks the shop's own system. Safe to share between threads: each has its own connections."""

    def __init__(self, base_url: str, token: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname or "@" in address.netloc:
            raise BadShopSettings(
                "base_url: expected an http(s) address without a login, such as https://shop.example/api"
            )
        if address.query or address.fragment:
            raise BadShopSettings("base_url: expected no query and no fragment")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise BadShopSettings("token: expected a non-empty token of printable ASCII characters")
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._answer_seconds = answer_seconds
        self._of_thread = threading.local()
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    def customer(self, customer_id: str) -> Customer | None:
        if references.customer_id(customer_id) is None:
            return None
        answer = self._get(f"customers/{quote(customer_id, safe='')}")
        if answer is None:
            return None
        customer = answer.one("customer", wire.customer)
        _must_be(customer.id == customer_id, "customer.id")
        return customer

    def orders_of(self, customer_id: str, limit: int = 10) -> list[Order]:
        if references.customer_id(customer_id) is None:
            return []
        limit = max(1, min(limit, MAX_ORDERS))
        answer = self._get(f"customers/{quote(customer_id, safe='')}/orders?limit={limit}")
        orders = list(answer.each("orders", wire.order)) if answer else []
        _must_be(all(order.customer_id == customer_id for order in orders), "orders.customer_id")
        return sorted(orders, key=lambda order: (order.placed_at, order.number), reverse=True)[:limit]

    def order(self, number: str) -> Order | None:
        folded = references.order_number(number)
        answer = self._get(f"orders/{folded}") if folded else None
        if answer is None:
            return None
        order = answer.one("order", wire.order)
        _must_be(references.order_number(order.number) == folded, "order.number")
        return order

    def parcels_of(self, number: str) -> list[Parcel]:
        folded = references.order_number(number)
        answer = self._get(f"orders/{folded}/parcels") if folded else None
        return list(answer.each("parcels", wire.parcel)) if answer else []

    def may_request(self, number: str, kind: RequestKind, reason: str = "") -> Allowed | Refused | None:
        folded = references.order_number(number)
        if not folded:
            return None
        query = urlencode({"kind": kind.value, "reason": reason} if reason else {"kind": kind.value})
        try:
            answer = self._get(f"orders/{folded}/allowed?{query}")
        except NotOffered:
            return Refused(RefusedBecause.NOT_OFFERED)
        return answer.one("verdict", wire.verdict) if answer else None

    def request(self, wish: ServiceRequest) -> Accepted | Refused | None:
        folded = references.order_number(wish.order_number)
        if not folded:
            return None
        # The key travels along: the shop does a wish once, however often a lost connection makes us send it.
        told = {"key": wish.key, "kind": wish.kind.value, "details": dict(wish.details)}
        try:
            answer = self._get(f"orders/{folded}/requests", told)
        except NotOffered:
            return Refused(RefusedBecause.NOT_OFFERED)
        return answer.one("request", wire.accepted_or_refused) if answer else None

    def refund_of(self, number: str) -> Refund | None:
        folded = references.order_number(number)
        answer = self._get(f"orders/{folded}/refund") if folded else None
        return answer.one("refund", wire.refund) if answer else None

    def product_names(self, limit: int = MAX_PRODUCTS) -> list[Mapping[str, str]]:
        answer = self._get(f"products?limit={max(1, min(limit, MAX_PRODUCTS))}")
        return list(answer.each("products", lambda product: product.texts("name")))[:limit] if answer else []

    def products(self, words: str, locale: str, limit: int = 10) -> list[Product]:
        limit = max(1, min(limit, MAX_FOUND))
        answer = self._get(f"product-search?{urlencode({'q': words, 'locale': locale, 'limit': limit})}")
        if answer is None:
            raise NotOffered(Unavailable.FAILED, "404")
        return list(answer.each("products", wire.product))[:limit]

    def product(self, product_id: str, locale: str) -> Product | None:
        if references.product_id(product_id) is None:
            return None
        answer = self._get(f"products/{quote(product_id, safe='')}?{urlencode({'locale': locale})}")
        if answer is None:
            return None
        product = answer.one("product", wire.product)
        _must_be(product.id == product_id, "product.id")
        return product

    def _get(self, path: str, told: dict[str, Any] | None = None) -> wire.Fields | None:
        """The object that was answered to a question, or to what was `told`; None for the documented 404."""
        status, body = self._fetch(path, told)
        if status == 501:
            raise NotOffered(Unavailable.FAILED, "501")
        if status in (401, 403):
            raise ShopUnavailable(Unavailable.REFUSED, str(status))
        if status not in (200, 404):
            raise ShopUnavailable(Unavailable.FAILED, str(status))
        answer = wire.Fields(_parsed(body), "")
        if status == 200:
            return answer
        # A 404 of a proxy or of a wrong base_url must not read as "there is no such order".
        _must_be(answer.one("error", lambda error: error.text("code")) == "not_found", "error.code")
        return None

    def _fetch(self, path: str, told: dict[str, Any] | None) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._answer_seconds
        try:
            try:
                return self._fetch_once(path, told, deadline)
            except requests.ConnectTimeout:
                raise
            except requests.ConnectionError:
                # A kept connection that the server closed just as we used it; asking twice changes nothing, and a
                # wish told twice has one key.
                return self._fetch_once(path, told, deadline)
        except (requests.Timeout, TimeoutError) as exc:
            raise ShopUnavailable(Unavailable.TOO_SLOW) from exc
        except (requests.RequestException, HTTPError, OSError) as exc:
            raise ShopUnavailable(Unavailable.UNREACHABLE, type(exc).__name__) from exc

    def _fetch_once(self, path: str, told: dict[str, Any] | None, deadline: float) -> tuple[int, bytes]:
        with self._session().request(
            "GET" if told is None else "POST",
            f"{self._base_url}/{path}",
            json=told,
            timeout=(min(CONNECT_SECONDS, self._answer_seconds), self._answer_seconds),
            # A redirect would carry our token to wherever it points.
            allow_redirects=False,
            stream=True,
        ) as response:
            return response.status_code, _bounded_body(response, deadline)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
            self._sessions.append(session)
            # Nothing from the environment: a netrc entry would replace our token.
            session.trust_env = False
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.headers.update(
                # No compression: a bomb of a few kilobytes would unpack before we could count.
                {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "Accept-Encoding": "identity"}
            )
        return session


def _bounded_body(response: requests.Response, deadline: float) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ShopUnavailable(Unavailable.UNREADABLE, "Content-Encoding")
    body = bytearray()
    # read1 returns what has arrived, so a body that drips is noticed at the deadline and not at its end.
    while chunk := response.raw.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ShopUnavailable(Unavailable.TOO_LARGE)
        if time.monotonic() > deadline:
            raise ShopUnavailable(Unavailable.TOO_SLOW)
    return bytes(body)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise wire.unreadable("body") from exc


def _must_be(is_so: bool, where: str) -> None:
    """A cache in between that mixes up its answers must not show one customer the order of another."""
    if not is_so:
        raise wire.unreadable(where)
