"""The far side in the tests of this folder: a clock set by hand, and a shop's own system behind a socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from shop import Accepted, Allowed, RequestKind, ServiceRequest, Shop

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
API_TOKEN = "shop-api-token"


@dataclass
class FixedClock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class ShopApi:
    """A shop's own system as docs/shop-api.md describes it, over a real socket; `trouble` makes it misbehave."""

    shop: Shop
    trouble: Callable[[BaseHTTPRequestHandler], None] | None = None
    requests: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet: two would wait 40 ms for each other.
            wbufsize = 64 * 1024

            def do_GET(self) -> None:
                api.requests.append(self.path)
                api.headers = dict(self.headers)
                (api.trouble or api.answer)(self)

            def do_POST(self) -> None:
                api.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                pass  # a client that hangs up is what some tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/shop/v1"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("Authorization") != f"Bearer {API_TOKEN}":
            return send(request, 401, {"error": {"code": "unauthorized"}})
        address = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        found = self._found([unquote(part) for part in address.path.split("/")[3:]], query, request.command)
        if found is None:
            return send(request, 404, {"error": {"code": "not_found", "message": "No such thing."}})
        return send(request, 200, found)

    def _found(self, parts: list[str], query: dict[str, str], method: str) -> dict[str, Any] | None:
        if parts[0] == "customers" and len(parts) == 2:
            customer = self.shop.customer(parts[1])
            return {"customer": as_json(asdict(customer))} if customer else None
        if parts[0] == "customers":
            if self.shop.customer(parts[1]) is None:
                return None
            return {"orders": as_json([asdict(order) for order in self.shop.orders_of(parts[1], int(query["limit"]))])}
        if parts[0] == "product-search":
            found = self.shop.products(query.get("q", ""), query["locale"], int(query["limit"]))
            return {"products": as_json([vars(product) for product in found])}
        if parts[0] == "products" and len(parts) == 2:
            product = self.shop.product(parts[1], query["locale"])
            return {"product": as_json(vars(product))} if product else None
        if parts[0] == "products":
            return {"products": [{"name": name} for name in self.shop.product_names(int(query["limit"]))]}
        order = self.shop.order(parts[1])
        if order is None:
            return None
        if len(parts) == 2:
            return {"order": as_json(asdict(order))}
        if parts[2] == "refund":
            return {"refund": as_json(vars(self.shop.refund_of(parts[1])))}
        if parts[2] == "allowed":
            verdict = self.shop.may_request(parts[1], RequestKind(query["kind"]), query.get("reason", ""))
            return {"verdict": {"allowed": isinstance(verdict, Allowed), **as_json(vars(verdict))}}
        if parts[2] == "requests" and method == "POST":
            assert self.told["key"]
            wish = ServiceRequest(RequestKind(self.told["kind"]), parts[1], self.told["details"])
            answer = self.shop.request(wish)
            return {"request": {"accepted": isinstance(answer, Accepted), **as_json(vars(answer))}}
        return {"parcels": as_json([asdict(parcel) for parcel in self.shop.parcels_of(parts[1])])}


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, (int, str)) else str(value)


def send(request: BaseHTTPRequestHandler, status: int, body: Any, **headers: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Length", str(len(content)))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    try:
        request.wfile.write(content)
        request.wfile.flush()
    except OSError:
        request.close_connection = True  # the client has heard enough


def drip(request: BaseHTTPRequestHandler) -> None:
    """A body that always goes on, one byte at a time."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.close_connection = True
    try:
        for _ in range(40):
            request.wfile.write(b" ")
            request.wfile.flush()
            # The pace of the fault itself, and no wait for anything: no silence is long enough for a timeout between
            # two bytes, and the whole takes longer than the client may wait.
            time.sleep(0.05)
    except OSError:
        pass
