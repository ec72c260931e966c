"""HTTP as strangers send it: contradicting heads, odd bodies, paths that climb, addresses that are made up."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Start
from openapi_spec_validator import validate_spec

from switchboard import guards

ROOT = Path(__file__).resolve().parent.parent.parent
LENGTHS = "POST /widget/session HTTP/1.1\r\nHost: x\r\n"


async def _raw(gateway: Gateway, request: bytes, seconds: float = 5) -> tuple[int, dict[str, Any], bool]:
    """Send bytes; the status, the first body, and whether the connection was closed after one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.settings.port)
    try:
        writer.write(request)
        answer = b""
        closed = False
        while True:
            try:
                part = await asyncio.wait_for(reader.read(65536), seconds if not answer else 0.3)
            except asyncio.TimeoutError:
                break
            if not part:
                closed = True
                break
            answer += part
    finally:
        writer.close()
    if not answer:
        return 0, {}, closed
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body or b"{}"), closed


async def _once(gateway: Gateway, request: bytes) -> tuple[int, dict[str, Any]]:
    """The same on a connection that ends with the answer, so that nothing has to be waited for."""
    status, answer, _ = await _raw(gateway, request.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n", 1))
    return status, answer


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("ERROR")
    return caplog


async def test_attack_18_a_head_that_two_programs_read_differently_is_refused(
    start: Start, errors: pytest.LogCaptureFixture
) -> None:
    gateway = await start()
    smuggled = b"GET /desk HTTP/1.1\r\nHost: x\r\n\r\n"
    chunked = b"0\r\n\r\n"
    for head, body in (
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunked + smuggled),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked + smuggled),
        ("Content-Length: 2\r\nContent-Length: 40\r\n", b"{}" + smuggled),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", b"{}" + smuggled),
        ("Content-Length: 2, 2\r\n", b"{}" + smuggled),
        ("Host: y\r\nContent-Length: 2\r\n", b"{}"),
        ("Content-Length : 2\r\n", b"{}" + smuggled),
        ("Transfer-Encoding : chunked\r\n", chunked + smuggled),
        ("X: y\r\n Content-Length: 2\r\n", b"{}" + smuggled),
        ("X: y\nContent-Length: 2\r\n", b"{}" + smuggled),
        ("X: y\rContent-Length: 2\r\n", b"{}" + smuggled),
        ("X: \0\r\nContent-Length: 2\r\n", b"{}"),
        ("Content-Length: +2\r\n", b"{}" + smuggled),
        ("Content-Length: -2\r\n", b"{}" + smuggled),
        ("Content-Length: 0x2\r\n", b"{}" + smuggled),
        ("Content-Length: 1_0\r\n", b"{}" + smuggled),
        ("Content-Length: \u0662\r\n", b"{}" + smuggled),
        ("Content-Length: abc\r\n", b"{}" + smuggled),
        ("Content-Length:\r\n", b"{}" + smuggled),
        ("Transfer-Encoding: Chunked\r\n", chunked + smuggled),
        ("Transfer-Encoding: gzip, chunked\r\n", chunked + smuggled),
        ("Transfer-Encoding: identity\r\n", b"{}" + smuggled),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", chunked + smuggled),
        ("Transfer-Encoding: \x0bchunked\r\n", chunked + smuggled),
        (": x\r\n", b""),
        ("no colon\r\n", b""),
    ):
        status, answer, closed = await _raw(gateway, (LENGTHS + head + "\r\n").encode() + body)
        assert (status, closed) == (400, True), head
        assert answer["error"]["code"] == "bad_input", head
    assert (await _raw(gateway, b"GET /healthz HTTP/1.1\r\n\r\n"))[0] == 400, "no Host"
    assert not errors.records


async def test_attack_18_requests_that_are_none_are_refused_and_others_are_served(start: Start) -> None:
    gateway = await start()
    for request in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ):
        status, _, _ = await _raw(gateway, request)
        assert status in (0, 400, 404), request
    assert (await _raw(gateway, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200


async def test_attack_18_a_large_head_a_large_body_and_broken_chunks_are_refused(start: Start) -> None:
    gateway = await start()
    large = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 9 * 1024 + b"\r\n\r\n"
    status, answer, closed = await _raw(gateway, large)
    assert (status, answer["error"]["code"], closed) == (413, "body_too_large", True)
    told = f"{LENGTHS}Content-Length: 120000000\r\n\r\n".encode()
    status, answer, _ = await _raw(gateway, told + b"x" * 1000)
    assert (status, answer["error"]["code"]) == (413, "body_too_large")
    chunks = b"Transfer-Encoding: chunked\r\n\r\n"
    for body in (b"zz\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"f" * 70 + b"\r\n", b"fffffff\r\n" + b"x" * 100):
        status, _, _ = await _raw(gateway, LENGTHS.encode() + chunks + body, 1)
        assert status in (400, 413), body[:20]


async def test_attack_18_a_body_of_a_byte_a_second_and_idle_connections_hold_nobody_up(start: Start) -> None:
    gateway = await start()
    gateway.app.config.REQUEST_TIMEOUT = 1
    idle = [await asyncio.open_connection("127.0.0.1", gateway.settings.port) for _ in range(300)]
    reader, writer = idle[0]
    writer.write(f"{LENGTHS}Content-Length: 100\r\n\r\n".encode())

    async def drip() -> None:
        for _ in range(50):
            writer.write(b"x")
            # The pace of a slow line: always more to come, and never done before the request's time is over.
            await asyncio.sleep(0.2)

    dripping = asyncio.create_task(drip())
    assert (await _raw(gateway, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 200
    answer = await asyncio.wait_for(reader.read(), 8)
    assert b" 408 " in answer.split(b"\r\n")[0] and b"too_slow" in answer
    dripping.cancel()
    for _, one in idle:
        one.close()


ODD_BODIES = (
    b"",
    b"null",
    b"[]",
    b"3",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b"\0",
    b'{"\0": 1}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"sender": 1e999}',
    b"{}" * 2,
    b"sender=ana&message=hi",
    ("&".join(f"f{n}=1" for n in range(10_000))).encode(),
    b'{"sender": {"$ne": null}, "message": ["x"]}',
    b'{"login": "\\ud800", "password": "\\ud800"}',
    b'{"login": "a\\u0000b", "password": "x\\u0000y"}',
    b'{"token": "\\ud800", "inbox": "\\ud800", "locale": "\\u0000"}',
    b'{"inbox": "a\\u0000b", "locale": "x-very-long-language-tag", "page": {"url": "\\ud800\\u0000"}}',
)


async def test_attack_15_odd_bodies_are_answered_below_500_in_the_one_shape(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    token = (await gateway.session())["token"]
    headers = {
        "Content-Type": "application/json",
        "X-CSRF-Token": seat.csrf,
        "Authorization": f"Bearer {token}",
    }
    for path in (
        "/widget/session",
        "/widget/frames",
        "/webhooks/rest/webhook",
        "/desk/api/login",
        "/desk/api/conversations/none/messages",
        "/desk/api/conversations/none/typing",
        "/desk/api/tickets/C-1/claim",
    ):
        for body in ODD_BODIES:
            async with seat.http.post(gateway.base + path, data=body, headers=headers) as response:
                answer = await response.json()
                assert response.status < 500, (path, body[:60], answer)
                if response.status >= 400:
                    assert set(answer) == {"error"}
                    assert set(answer["error"]) == {"code", "message", "details"}
    async with seat.http.put(f"{gateway.base}/desk/api/language", data=b"[]", headers=headers) as response:
        assert response.status in (400, 401)


async def test_attack_15_odd_headers_and_queries_are_answered_below_500(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    cookie = next(iter(seat.http.cookie_jar)).value
    ours = f"Host: x\r\nCookie: sb_session={cookie}\r\nX-CSRF-Token: {seat.csrf}\r\n".encode()
    body = b"Content-Length: 2\r\n\r\n{}"
    for head in (
        b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nX-API-Token: \xff\r\n" + body,
        b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\n" + body,
        b"POST /widget/frames HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\n" + body,
        b"POST /widget/session HTTP/1.1\r\nHost: x\r\nOrigin: \xff\r\n" + body,
        b"POST /desk/api/logout HTTP/1.1\r\nX-CSRF-Token: \xff\r\n" + ours.replace(seat.csrf.encode(), b"\xff") + body,
        b"GET /desk/api/me HTTP/1.1\r\nHost: x\r\nCookie: sb_session=\xff\xfe; a\r\n\r\n",
        b"GET /desk/api/conversations?before=0001-01-01T00:00:00%2B14:00 HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/conversations?before=9999-12-31T23:59:59-14:00 HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/conversations?before=%00 HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/conversations?q=%00%ff%25_ HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/conversations?view=%00 HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/conversations/%00 HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/conversations/x/messages?after=99999999999999999999 HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/faq?q=%00%ed%a0%80&locale=en HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /desk/api/faq?locale=%00 HTTP/1.1\r\n" + ours + b"\r\n",
        b"GET /widget/faq?locale=%00%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /widget/faq/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: the-unexpected\r\nContent-Length: 0\r\n\r\n",
    ):
        status, answer = await _once(gateway, head)
        assert 0 < status < 500, (head, answer)


async def test_attack_5_ids_that_are_none_find_nothing(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    for identity in ("-1", "0", "1e3", "٣", "9" * 40, "%2e%2e", "..%2f..", "' OR 1=1--", "null", "C-1001"):
        for path in (f"/conversations/{identity}", f"/conversations/{identity}/messages"):
            async with seat.http.get(f"{gateway.base}/desk/api{path}") as response:
                assert response.status == 404, identity
        for path in (f"/tickets/{identity}/claim", f"/conversations/{identity}/close"):
            async with seat.http.post(
                f"{gateway.base}/desk/api{path}", json={}, headers={"X-CSRF-Token": seat.csrf}
            ) as response:
                assert response.status == 404, identity


async def test_attack_40_errors_have_one_shape_and_tell_nothing(start: Start) -> None:
    gateway = await start()

    for method, path, status, code in (
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/desk/api/nothing", 404, "not_found"),
        ("DELETE", "/widget/session", 405, "method_not_allowed"),
        ("POST", "/desk/api/inbox", 405, "method_not_allowed"),
        ("GET", "/desk/api/inbox", 401, "not_signed_in"),
        ("GET", "/widget/poll", 401, "token_refused"),
        ("GET", "/widget/orders", 401, "token_refused"),
        ("GET", "/widget/faq/none", 404, "unknown_article"),
        ("GET", "/shop/demo-identity", 404, "not_found"),
        ("POST", "/widget/session", 400, "bad_input"),
    ):
        async with gateway.http.request(method, gateway.base + path, data=b"{" if method == "POST" else None) as answer:
            text = await answer.text()
            assert answer.status == status, text
            assert json.loads(text)["error"]["code"] == code, path
            assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers
            assert not re.search(r"sanic|python|traceback|/work|\.py|\d+\.\d+\.\d+", text, re.IGNORECASE), text


async def test_attack_40_an_unexpected_failure_is_logged_and_not_told(
    start: Start, errors: pytest.LogCaptureFixture
) -> None:
    gateway = await start()
    with sqlite3.connect(gateway.settings.data_path / "switchboard.db") as broken:
        broken.execute("DROP TABLE agent_sessions")
    async with gateway.http.get(f"{gateway.base}/desk/api/me", cookies={"sb_session": "x"}) as answer:
        assert answer.status == 500
        assert await answer.json() == {
            "error": {"code": "internal_error", "message": "Something went wrong on our side.", "details": {}}
        }
    (record,) = errors.records
    assert record.event == "request_failed" and record.exc_info


async def test_headers_and_policy_of_every_page(start: Start) -> None:
    gateway = await start()
    for path in ("/", "/desk", "/docs", "/openapi.json", "/healthz", "/nothing", "/desk/api/me", "/widget/faq"):
        async with gateway.http.get(gateway.base + path) as answer:
            policy = dict(
                part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
            )
            assert policy["default-src"] == "'none'", path
            assert policy["frame-ancestors"] == "'none'", "attack 32: nothing of ours can be framed"
            assert not [part for part in policy.values() if "unsafe" in part or "*" in part or "http:" in part], path
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Referrer-Policy" in answer.headers and "Cache-Control" in answer.headers


async def test_attack_24_pages_load_images_of_their_own_only(start: Start) -> None:
    gateway = await start()
    for path in ("/", "/desk", "/faq"):
        async with gateway.http.get(gateway.base + path) as answer:
            # The widget in the shop shows what it was sent from the page's own memory.
            memory = " blob:" if path == "/" else ""
            assert f"img-src 'self' data:{memory};" in answer.headers["Content-Security-Policy"]
            page = await answer.text()
            assert not re.search(r"(src|href)=[\"']?(https?:)?//", page), "nothing from elsewhere"
            assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+=", page), "no script in the page"
    async with gateway.http.get(f"{gateway.base}/chat") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "img-src 'self' https: data: blob:;" in policy, "products are shown with the shop's own pictures"
    assert "media-src 'self' blob:;" in policy and policy.count("https:") == 1


async def test_attack_10_paths_that_climb_out_find_nothing(start: Start) -> None:
    gateway = await start()
    for folder in ("/widget/static/", "/desk/static/", "/faq/static/", "/page/static/", "/shop/"):
        for path in (
            "../widget.py",
            "../../widget.py",
            "..%2f..%2fwidget.py",
            "%2e%2e/%2e%2e/widget.py",
            "..%5c..%5cwidget.py",
            "....//....//widget.py",
            "chat/../../widget.py",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "%00",
            "texts/en.json%00.js",
            "x" * 300,
            "a/" * 2000,
            "",
            ".",
            "chat",
            "~root/.profile",
        ):
            status, answer = await _once(gateway, f"GET {folder}{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert status == 404, folder + path
            assert answer["error"]["code"] == "not_found"


async def test_a_file_is_typed_tagged_and_compressed(start: Start) -> None:
    gateway = await start()
    async with gateway.http.get(f"{gateway.base}/widget.js") as answer:
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Content-Encoding"] == "gzip"
        tag = answer.headers["ETag"]
    async with gateway.http.get(f"{gateway.base}/widget.js", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304 and await answer.read() == b""


async def test_attack_19_a_forged_forwarded_address_does_not_escape_the_limit(start: Start) -> None:
    gateway = await start(sessions_per_minute=3)

    async def statuses(times: int, **headers: str) -> list[int]:
        found = []
        for number in range(times):
            sent = {name: value.format(number) for name, value in headers.items()}
            async with gateway.http.post(
                f"{gateway.base}/widget/session", json={"inbox": "demo"}, headers=sent
            ) as answer:
                found.append(answer.status)
                if answer.status == 429:
                    assert int(answer.headers["Retry-After"]) > 0
        return found

    forged = {"X-Forwarded-For": "10.0.0.{}", "X-Real-IP": "10.0.0.{}", "Forwarded": "for=10.0.0.{}"}
    assert await statuses(6, **forged) == [200, 200, 200, 429, 429, 429]


async def test_attack_19_behind_a_proxy_only_what_the_proxy_wrote_counts(start: Start) -> None:
    gateway = await start(sessions_per_minute=2, trusted_proxies=1)
    # The customer's own header comes first; the proxy adds to it, or adds a second one below.
    for added in (
        "X-Forwarded-For: 6.6.6.{}, 203.0.113.7\r\n",
        "X-Forwarded-For: 6.6.6.{}\r\nX-Forwarded-For: 203.0.113.8\r\n",
    ):
        found = []
        for number in range(4):
            head = f"POST /widget/session HTTP/1.1\r\nHost: x\r\n{added.format(number)}Content-Length: 2\r\n\r\n{{}}"
            found.append((await _once(gateway, head.encode()))[0])
        assert found == [200, 200, 429, 429], added


async def test_attack_19_a_forged_host_changes_no_link(start: Start) -> None:
    gateway = await start()
    for path in ("/", "/desk", "/docs", "/openapi.json"):
        for header in ("Host", "X-Forwarded-Host"):
            async with gateway.http.get(gateway.base + path, headers={header: "evil.example"}) as answer:
                assert "evil.example" not in await answer.text() + str(answer.headers)


def test_ordinary_heads_are_unambiguous() -> None:
    for head in (
        b"GET / HTTP/1.1\r\nHost: x",
        b"POST / HTTP/1.1\r\nhost:x\r\nContent-Length:12\r\nCookie: a=b; c=\xe9",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Tab: a\tb",
    ):
        assert guards.is_unambiguous(head), head


async def test_openapi_lists_exactly_the_routes_of_the_app(start: Start) -> None:
    gateway = await start()
    async with gateway.http.get(f"{gateway.base}/openapi.json") as answer:
        document = await answer.json()
    validate_spec(document)
    listed = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    routed = set()
    for route in gateway.app.router.routes:
        path = "/" + re.sub(r"<(?:__file_uri__|(\w+))(?::\w+)?>", r"{\1}", route.path)
        routed |= {(path.rstrip("/") or "/", method) for method in route.methods - {"OPTIONS", "HEAD"}}
    assert listed == routed


async def test_outside_the_demo_there_is_no_demo_shop(start: Start) -> None:
    gateway = await start(demo="false")
    for path in ("/", "/shop/demo-identity?customer=c-0001", "/shop/orders.html"):
        async with gateway.http.get(gateway.base + path) as answer:
            assert answer.status == 404, path
