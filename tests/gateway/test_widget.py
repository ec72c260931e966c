"""The widget's side of the gateway, as an attacker's page would use it: tokens, identities, sockets, frames."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import aiohttp
import jwt
import pytest
from gateway_parts import IDENTITY_SECRET, Gateway, Page, Start
from itsdangerous import TimestampSigner
from waiting import eventually
from yarl import URL

from switchboard import secrets as switchboard_secrets
from switchboard.tokens import LASTS_SECONDS, VisitorToken, VisitorTokens


async def _ask(gateway: Gateway, method: str, path: str, token: str | None, **more: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with gateway.http.request(method, gateway.base + path, headers=headers, **more) as response:
        return response.status, await response.json()


async def _frames(gateway: Gateway, token: str, *frames: Any) -> list[dict[str, Any]]:
    status, body = await _ask(gateway, "POST", "/widget/frames", token, json=list(frames))
    assert status == 200, body
    return list(body["frames"])


def _listening(gateway: Gateway) -> int:
    """How many sockets and polls of customers wait for something to hear."""
    return gateway.app.ctx.line.floor.live.count("customer:")  # type: ignore[no-any-return]


async def _texts(gateway: Gateway, session: dict[str, Any]) -> list[str]:
    again = await gateway.session(token=session["token"])
    return [line["text"] for line in again["messages"]]


def _forged(gateway: Gateway, session: dict[str, Any]) -> dict[str, str]:
    token = session["token"]
    signer = VisitorTokens(switchboard_secrets.secret(gateway.settings.data_path, "visitors"))
    real = signer.read(token)
    payload, stamp, signature = token.split(".")
    return {
        "empty": "",
        "truncated": token[:-1],
        "another signature": f"{payload}.{stamp}.{signature[::-1]}",
        "another payload": f"{payload[:-2]}AA.{stamp}.{signature}",
        "another key": VisitorTokens("guess").sign(real),
        "another inbox": signer.sign(VisitorToken(real.visitor_id, "other-shop", real.version)),
        "a version to come": signer.sign(VisitorToken(real.visitor_id, real.inbox, real.version + 1)),
        "nobody": signer.sign(VisitorToken("0" * 32, real.inbox, 1)),
        "too long": token + "a" * 600,
        "an identity": gateway.identity(),
    }


async def test_attack_1_a_token_that_is_not_ours_is_refused_and_nothing_is_created(gateway: Gateway) -> None:
    session = await gateway.session()
    for what, token in _forged(gateway, session).items():
        message = {"type": "message", "client_id": "x", "text": "let me in"}
        for method, path, body in (
            ("POST", "/widget/frames", message),
            ("GET", "/widget/poll?after=0", None),
            ("GET", "/widget/orders", None),
        ):
            status, answer = await _ask(gateway, method, path, token, json=body)
            assert (status, answer["error"]["code"]) == (401, "token_refused"), what
        page = await Page(gateway, {"token": token}).connect()
        assert await page.closed() == 4401, what
        assert page.frames == []
    for token in (None, 5, ["x"], {}):
        page = await Page(gateway, {"token": token}).connect()
        assert await page.closed() == 4401
    assert gateway.bot.asked == [] and await _texts(gateway, session) == []


async def test_attack_1_an_expired_token_begins_a_new_visitor(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await start()
    page = await gateway.page()
    await page.say("mine")
    await page.message("assistant")
    now = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) + LASTS_SECONDS + 10)
    assert (await _ask(gateway, "GET", "/widget/poll", page.session["token"]))[0] == 401
    assert (await gateway.session(token=page.session["token"]))["messages"] == []


async def test_attack_1_a_token_of_another_inbox_begins_a_new_visitor_there(start: Start) -> None:
    gateway = await start()
    page = await gateway.page()
    await page.say("said in the demo inbox")
    await page.message("assistant")
    elsewhere = await gateway.session(inbox="other", token=page.session["token"])
    assert elsewhere["messages"] == [] and elsewhere["visitor"]["id"] != page.session["visitor"]["id"]
    assert len(await _texts(gateway, page.session)) == 2, "and the old one still holds"


async def test_attack_2_what_the_shop_did_not_sign_is_refused(start: Start) -> None:
    gateway = await start()
    good = gateway.identity("c-0002")
    head, claims, signature = good.split(".")
    now = int(gateway.clock().timestamp())
    body = {"sub": "c-0002", "iat": now, "exp": now + 600}
    other = gateway.identity("c-0001").split(".")[1]
    session = await gateway.session()
    for identity in (
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{other}.{signature}",
        f"{head}.{claims}.{signature.swapcase()}",
        jwt.encode(body, "another secret of the same length as ours", algorithm="HS256"),
        jwt.encode(body, None, algorithm="none"),
        jwt.encode(body, IDENTITY_SECRET, algorithm="HS512"),
        jwt.encode({**body, "exp": now - 60}, IDENTITY_SECRET, algorithm="HS256"),
        jwt.encode({"sub": "c-0002"}, IDENTITY_SECRET, algorithm="HS256"),
        jwt.encode({**body, "sub": ["c-0002"]}, IDENTITY_SECRET, algorithm="HS256"),
        "c-0002",
        {"customer_id": "c-0002"},
        ["c-0002"],
        5,
        True,
        "\ud800",
    ):
        refused = await gateway.session(status=401, identity=identity, token=session["token"])
        assert refused["error"]["code"] == "identity_refused", identity
        (frame,) = await _frames(gateway, session["token"], {"type": "identify", "identity": identity})
        assert frame["code"] == "identity_refused", identity
    for nothing in (None, "", 0, [], {}, False):
        assert not (await gateway.session(identity=nothing, token=session["token"]))["visitor"]["signed_in"]
        (frame,) = await _frames(gateway, session["token"], {"type": "identify", "identity": nothing})
        assert frame["code"] == "identity_refused"
    again = await gateway.session(token=session["token"])
    assert again["visitor"] == {"id": session["visitor"]["id"], "name": None, "signed_in": False}


async def test_attack_2_contact_of_a_known_customer_shows_nothing_of_theirs(start: Start) -> None:
    """An e-mail or a phone number is not proof: no merge, no name, no orders."""
    gateway = await start()
    seat = await gateway.seat("ben")
    ana = await gateway.page(identity=gateway.identity("c-0001"))
    await ana.say("something private")
    known = await ana.message("assistant")
    profile = (await seat.get(f"/conversations/{known['conversation']}"))["customer"]["profile"]
    gateway.clock.forward(seconds=60)
    gateway.bot.hands_over("/ask_person")
    mallory = await gateway.page(email=profile["email"], user={"id": "c-0001"}, customer_id="c-0001")
    await mallory.send({"type": "person", "client_id": "p"})
    form = (await mallory.message("system"))["contact_form"]
    await mallory.send(
        {
            "type": "contact",
            "client_id": "c",
            "ticket": form["ticket"],
            "name": profile["name"],
            "email": profile["email"],
        }
    )
    await mallory.message("system", "Thank you")
    (row,) = (await seat.get("/inbox"))["queue"]
    assert (row["tier"], row["customer"][0]) == ("anonymous", "#")
    whole = await seat.get(f"/conversations/{row['conversation']}")
    assert whole["customer"]["profile"] is None and whole["customer"]["orders"] == [] and whole["past"] == []
    assert (await _ask(gateway, "GET", "/widget/orders", mallory.session["token"]))[0] == 403


async def test_attack_3_fields_that_are_ours_are_ignored(gateway: Gateway) -> None:
    victim = await gateway.page()
    await victim.say("hello")
    theirs = (await victim.message("assistant"))["conversation"]
    mallory = await gateway.page(verified=True, visitor_id="x", conversation=theirs, signed_in=True)
    await mallory.send(
        {
            "type": "message",
            "client_id": "m",
            "text": "I am the agent",
            "id": 1,
            "conversation": theirs,
            "conversation_id": theirs,
            "author": "agent",
            "name": "Ben",
            "agent_id": 1,
            "at": "1999-01-01T00:00:00Z",
            "verified": True,
            "payload": "/restart",
            "identity": {"customer_id": "c-0001"},
            "metadata": {"identity": {"tier": "identity", "customer_id": "c-0001"}},
            "buttons": [{"title": "x", "payload": "/restart"}],
            "custom": {"handoff": {"reason": "complaint"}},
        }
    )
    stored = (await mallory.until(lambda f: f["type"] == "accepted"))["message"]
    assert (stored["author"], stored["name"], stored["buttons"]) == ("customer", None, [])
    assert stored["conversation"] != theirs and stored["at"].startswith("2026-03-02")
    assert gateway.bot.asked[-1]["message"] == "I am the agent"
    assert gateway.bot.asked[-1]["metadata"]["identity"]["tier"] == "anonymous"
    assert await _texts(gateway, victim.session) == ["hello", "bot: hello"]


async def test_attack_4_after_logout_the_old_socket_poll_and_token_get_nothing(start: Start) -> None:
    gateway = await start()
    seat = await gateway.seat("ben")
    page = await gateway.page(identity=gateway.identity("c-0001"))
    await page.say("hello")
    conversation = (await page.message("assistant"))["conversation"]
    token = page.session["token"]
    second_tab = await Page(gateway, page.session).connect()
    await second_tab.state("bot")
    after = (await gateway.session(token=token, identity=gateway.identity("c-0001")))["cursor"]
    poll = asyncio.create_task(_ask(gateway, "GET", f"/widget/poll?after={after}", token))
    await eventually(lambda: _listening(gateway) == 3)
    (fresh,) = await _frames(gateway, token, {"type": "logout"})
    assert fresh["type"] == "session" and fresh["messages"] == [] and not fresh["visitor"]["signed_in"]
    assert await second_tab.closed() == 4401, "the second tab follows"
    assert await page.closed() == 4401
    await seat.post(f"/conversations/{conversation}/messages", {"text": "for Ana alone"})
    _, polled = await asyncio.wait_for(poll, 5)
    assert not polled.get("messages")
    assert (await _ask(gateway, "GET", "/widget/poll", token))[0] == 401
    assert (await _ask(gateway, "POST", "/widget/frames", token, json={"type": "ping"}))[0] == 401
    assert await (await Page(gateway, page.session).connect()).closed() == 4401
    assert not [f for f in page.frames + second_tab.frames if "Ana alone" in str(f)]


async def test_attack_4_frames_that_follow_a_logout_in_one_request_are_not_taken(start: Start) -> None:
    gateway = await start()
    session = await gateway.session()
    said = {"type": "message", "client_id": "x", "text": "as whom?"}
    answers = await _frames(gateway, session["token"], {"type": "logout"}, said)
    assert [answer["type"] for answer in answers] == ["session"]
    assert gateway.bot.asked == []


async def test_attack_4_another_customer_at_the_same_browser_starts_empty(start: Start) -> None:
    gateway = await start()
    ana = await gateway.page(identity=gateway.identity("c-0001"))
    await ana.say("my diary")
    await ana.message("assistant")
    for wish in ({"identity": gateway.identity("c-0002")}, {}):
        fresh = await gateway.session(token=ana.session["token"], **wish)
        assert fresh["messages"] == [] and fresh["visitor"]["id"] != ana.session["visitor"]["id"]
    assert await ana.closed() == 4401
    (frame,) = await _frames(gateway, fresh["token"], {"type": "identify", "identity": gateway.identity("c-0002")})
    assert frame["type"] == "session" and frame["visitor"]["signed_in"], "an anonymous visitor signs in and stays"
    (frame,) = await _frames(gateway, frame["token"], {"type": "identify", "identity": gateway.identity("c-0003")})
    assert frame["messages"] == []


async def test_attack_38_an_identity_ends_when_it_ends(start: Start) -> None:
    gateway = await start()
    session = await gateway.session(identity=gateway.identity("c-0001", minutes=10))
    assert session["visitor"]["signed_in"]
    status, body = await _ask(gateway, "GET", "/widget/orders?locale=en", session["token"])
    assert status == 200 and body["orders"]
    gateway.clock.forward(minutes=10)
    status, body = await _ask(gateway, "GET", "/widget/orders", session["token"])
    assert (status, body["error"]["code"]) == (403, "not_signed_in")
    await _frames(gateway, session["token"], {"type": "message", "client_id": "m", "text": "my orders"})
    assert gateway.bot.asked[-1]["metadata"]["identity"]["tier"] == "anonymous"
    gateway.clock.now -= timedelta(days=2)  # a clock that jumps back: what was signed "in the future" is refused
    late = jwt.encode({"sub": "c-0001", "iat": 1772424000, "exp": 1772427600}, IDENTITY_SECRET, algorithm="HS256")
    assert (await gateway.session(status=401, identity=late))["error"]["details"]["reason"] == "not_yet_valid"


async def test_attack_8_equal_ids_of_two_visitors_are_two_messages(start: Start) -> None:
    gateway = await start()
    first, second = await gateway.page(), await gateway.page()
    await first.say("mine", client_id="42")
    await second.say("not yours", client_id="42")
    await gateway.rest("nor theirs", sender=first.session["visitor"]["id"], message_id="42")
    assert (await first.until(lambda f: f["type"] == "accepted"))["message"]["text"] == "mine"
    assert (await second.until(lambda f: f["type"] == "accepted"))["message"]["text"] == "not yours"
    assert len({asked["sender"] for asked in gateway.bot.asked}) == 3


ORIGINS = (
    "https://evil.example",
    "https://shop.example.evil.com",
    "https://shop.example.com.evil.com",
    "https://evilshop.example.com",
    "http://shop.example.com",
    "https://shop.example.com:8443",
    "https://shop.example.com@evil.com",
    "https://sub.shop.example.com",
    "HTTPS://SHOP.EXAMPLE.COM.",
    "null",
    "file://",
    "*",
    "https://shop.example.com, https://evil.example",
)


async def test_every_address_of_the_widget_may_be_asked_by_a_page_of_the_shop(start: Start) -> None:
    """A browser asks first for whatever carries a token from a page of another address."""
    gateway = await start(allowed_origins="https://shop.example.com")
    paths = {f"/{route.path}".replace("<", "{").replace(":str>", "}") for route in gateway.app.router.routes}
    asked = sorted(
        path for path in paths if path.startswith("/widget/") and "static" not in path and "live" not in path
    )
    assert "/widget/transcript/addresses" in asked
    headers = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "GET"}
    for path in asked:
        async with gateway.http.options(gateway.base + path, headers=headers) as preflight:
            assert preflight.status in (200, 204), path
            assert preflight.headers["Access-Control-Allow-Origin"] == "https://shop.example.com", path


async def test_attack_30_foreign_origin_is_refused(start: Start) -> None:
    gateway = await start(allowed_origins="https://shop.example.com")
    session = await gateway.session()
    for origin in ORIGINS:
        page = await Page(gateway, session).connect(origin=origin)
        assert await page.closed() == 4403, origin
        assert page.frames == []
        for method, path in (("POST", "/widget/session"), ("OPTIONS", "/widget/session"), ("GET", "/widget/faq")):
            async with gateway.http.request(
                method, gateway.base + path, headers={"Origin": origin}, data=b"{}" if method == "POST" else None
            ) as refused:
                assert refused.status == 403, (origin, path)
                assert "Access-Control-Allow-Origin" not in refused.headers
    without = await Page(gateway, session).connect(origin=None)
    assert await without.closed() == 4403
    allowed = await Page(gateway, session).connect(origin="https://shop.example.com")
    assert (await allowed.state("none"))["status"] == "none"
    headers = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "POST"}
    async with gateway.http.options(f"{gateway.base}/widget/session", headers=headers) as preflight:
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
        assert preflight.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in preflight.headers


async def test_attack_30_cookies_alone_open_no_socket(start: Start) -> None:
    gateway = await start()
    seat = await gateway.seat("ben")
    for path, frames in (("/widget/live", ({"type": "hello"}, {})), ("/desk/live", ({"type": "hello"}, {}))):
        for hello in frames:
            async with seat.http.ws_connect(gateway.base + path, headers={"Origin": gateway.base}) as socket:
                await socket.send_json(hello)
                answer = await socket.receive(5)
                assert answer.type is aiohttp.WSMsgType.CLOSE and answer.data in (4401, 4408), (path, hello)


async def test_a_page_that_was_away_gets_each_line_once_and_in_order(gateway: Gateway) -> None:
    page = await gateway.page()
    for number in range(3):
        await page.say(f"line {number}")
    await page.message("assistant", "line 2")
    lines = [f["message"]["id"] for f in page.frames if f["type"] == "message"]
    await page.leave()
    session = page.session
    for after, expected in ((lines[-1], []), (lines[2], lines[3:]), (0, lines), (lines[-1] + 10**9, [])):
        again = await Page(gateway, session).connect(after=after)
        ready = await again.until(lambda f: f["type"] == "ready")
        assert [line["id"] for line in ready["messages"]] == expected
        await again.leave()
    for odd in ("1", -1, 1.5, True, None, 2**60, [], {}):
        again = Page(gateway, {**session, "cursor": odd})
        ready = await (await again.connect()).until(lambda f: f["type"] == "ready")
        assert [line["id"] for line in ready["messages"]] == lines, odd
        await again.leave()


async def test_a_second_tab_sees_what_the_first_one_says(gateway: Gateway) -> None:
    first = await gateway.page()
    second = await Page(gateway, first.session).connect()
    await second.state("none")
    client_id = await first.say("typed in the first")
    assert (await second.message("customer"))["client_id"] == client_id
    await second.message("assistant", "typed in the first")
    third = await Page(gateway, await gateway.session(token=first.session["token"])).connect(after=0)
    ready = await third.until(lambda f: f["type"] == "ready")
    assert [line["text"] for line in ready["messages"]] == ["typed in the first", "bot: typed in the first"]


async def test_long_polling_serves_where_websocket_is_blocked(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    session = await gateway.session()
    token = session["token"]
    (accepted,) = await _frames(gateway, token, {"type": "message", "client_id": "a", "text": "hello"})
    conversation = accepted["message"]["conversation"]
    _, polled = await _ask(gateway, "GET", f"/widget/poll?after={accepted['message']['id']}", token)
    assert [line["text"] for line in polled["messages"]] == ["bot: hello"]
    waiting = asyncio.create_task(_ask(gateway, "GET", f"/widget/poll?after={polled['cursor']}", token))
    await eventually(lambda: _listening(gateway) == 1)
    assert not waiting.done(), "nothing to tell yet"
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Ben here"})
    _, polled = await asyncio.wait_for(waiting, 5)
    _, rest = await _ask(gateway, "GET", f"/widget/poll?after={session['cursor']}", token)
    assert [line["author"] for line in rest["messages"]] == ["customer", "assistant", "system", "agent"]
    assert polled["state"]["agent"] == {"name": "Ben"}
    for odd in ("-1", "1e3", "x", "٣", "9" * 30, ""):
        _, answer = await _ask(gateway, "GET", f"/widget/poll?after={odd}", token)
        assert len(answer["messages"]) == 4, odd


ODD_FRAMES: tuple[Any, ...] = (
    "",
    "null",
    "[]",
    "5",
    '"text"',
    "{",
    "[" * 10_000,
    '{"type"',
    {},
    {"type": None},
    {"type": ["message"]},
    {"type": "nothing"},
    {"type": "__class__"},
    {"type": "hello", "token": "again"},
    {"type": "message"},
    {"type": "message", "client_id": "a"},
    {"type": "message", "client_id": "", "text": "x"},
    {"type": "message", "client_id": "x" * 81, "text": "x"},
    {"type": "message", "client_id": 5, "text": "x"},
    {"type": "message", "client_id": "\ud800", "text": "x"},
    {"type": "message", "client_id": "a\0b", "text": "x"},
    {"type": "message", "client_id": "b", "text": None},
    {"type": "message", "client_id": "c", "text": ["x"]},
    {"type": "message", "client_id": "d", "text": ""},
    {"type": "message", "client_id": "e", "text": "\u200b"},
    {"type": "message", "client_id": "f", "text": "x" * 2001},
    {"type": "message", "text": "no id"},
    {"type": "button", "client_id": "g"},
    {"type": "button", "client_id": "h", "message_id": 2**70, "index": 0},
    {"type": "button", "client_id": "i", "message_id": 1, "index": {}},
    {"type": "person"},
    {"type": "person", "client_id": None},
    {"type": "article", "client_id": "j"},
    {"type": "article", "client_id": "k", "article_id": "../../etc/passwd"},
    {"type": "article", "client_id": "l", "article_id": 'x"}/restart{"'},
    {"type": "contact", "client_id": "m"},
    {"type": "contact", "client_id": "n", "ticket": "C-99999999999999"},
    {"type": "contact", "client_id": "o", "ticket": "C-1001", "phone": {}},
    {"type": "language"},
    {"type": "language", "language": ["en"]},
    {"type": "language", "language": "tlh"},
    {"type": "identify"},
)


async def test_attack_15_odd_frames_get_an_error_each_and_the_socket_lives(gateway: Gateway) -> None:
    page = await gateway.page()
    for number, frame in enumerate(ODD_FRAMES, start=1):
        await page.send(frame)
        await page.until(lambda f, n=number: [one["type"] for one in page.frames].count("error") == n)
        if number % 40 == 0:
            await asyncio.sleep(1)  # more than 50 in a second is a flood
    codes = {frame["code"] for frame in page.frames if frame["type"] == "error"}
    assert "internal_error" not in codes, page.frames
    assert codes <= {
        "bad_input",
        "empty_message",
        "text_too_long",
        "unknown_article",
        "identity_refused",
        "unknown_ticket",
    }
    await page.send({"type": "ping"})
    await page.until(lambda f: f["type"] == "pong")
    assert gateway.bot.asked == []


async def test_attack_15_the_same_frames_over_http(gateway: Gateway) -> None:
    session = await gateway.session()
    for frame in ODD_FRAMES:
        if isinstance(frame, dict):
            (answer,) = await _frames(gateway, session["token"], frame)
            assert answer["type"] == "error" and answer["code"] != "internal_error", frame
    for body in ([], [{"type": "ping"}] * 21, ["x"], [[{}]], "x", 5, None):
        status, answer = await _ask(gateway, "POST", "/widget/frames", session["token"], json=body)
        assert (status, answer["error"]["code"]) == (400, "bad_input")


async def test_attack_15_odd_wishes_for_a_session_still_speak_one_of_our_languages(gateway: Gateway) -> None:
    for locale in ("fr", "zh_Hant_TW", "x" * 80, "../../en", "\0", 5, None, ["en"], "\ud800"):
        page = await gateway.page(locale=locale, inbox="a\0b", page={"url": "\0\ud800", "title": 5})
        assert page.session["state"]["language"] in ("zh-HK", "zh-TW", "zh-CN", "en"), locale
        await page.send({"type": "person", "client_id": "p"})
        assert (await page.message("customer"))["lang"] in ("zh-HK", "zh-TW", "zh-CN", "en")
        await page.leave()


async def test_attack_21_odd_names_are_bounded_and_plain(gateway: Gateway) -> None:
    gateway.bot.hands_over("/ask_person")
    page = await gateway.page()
    await page.send({"type": "person", "client_id": "p"})
    number = (await page.message("system"))["contact_form"]["ticket"]
    contact = {"type": "contact", "client_id": "c", "ticket": number, "email": "ana@example.com"}
    await page.send({**contact, "name": "Ana\r\nBcc: x@y.zz\x1b[31m\0\ud800 {number}", "note": "one\ntwo\0"})
    told = await page.message("system", "Thank you")
    assert "Ana Bcc: x@y.zz[31m {number}" in told["text"]
    seat = await gateway.seat("ben")
    (row,) = (await seat.get("/inbox"))["queue"]
    whole = await seat.get(f"/conversations/{row['conversation']}")
    assert whole["ticket"]["contact"]["note"] == "one\ntwo"


async def test_attack_21_markup_travels_as_text(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page = await gateway.page(page={"url": "javascript:alert(1)", "title": "<svg onload=alert(1)>"})
    for text in ("<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "\u202egnp.exe", "{{7*7}}${7*7}%s{0}"):
        await page.say(text)
        answer = await page.message("assistant", text)
    rows = await seat.get("/conversations")
    assert rows["conversations"][0]["page"] == {"url": "javascript:alert(1)", "title": "<svg onload=alert(1)>"}
    async with seat.http.get(f"{gateway.base}/desk/api/conversations/{answer['conversation']}") as response:
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_attack_31_a_huge_frame_ends_its_own_socket_only(start: Start) -> None:
    gateway = await start()
    calm, wild, binary = await gateway.page(), await gateway.page(), await gateway.page()
    await wild.send("x" * 2**20)
    assert await wild.closed() == 1009
    await binary._socket.send_bytes(b"\xff" * 1000)
    assert (await binary.until(lambda f: f["type"] == "error"))["code"] == "bad_input"
    await calm.say("still here")
    await calm.message("assistant", "still here")


async def test_attack_31_a_flood_of_frames_is_closed_and_others_are_served(start: Start) -> None:
    gateway = await start(messages_burst=5)
    calm, wild = await gateway.page(), await gateway.page()
    for number in range(300):
        await wild.send({"type": "message", "client_id": f"m{number}", "text": "spam"})
    assert await wild.closed() == 4429
    await calm.say("still here")
    await calm.message("assistant", "still here")
    assert len([one for one in gateway.bot.asked if one["message"] == "spam"]) <= 6


async def test_attack_31_nothing_is_compressed_so_nothing_explodes(start: Start) -> None:
    gateway = await start()
    headers = {"Origin": gateway.base}
    async with gateway.http.ws_connect(f"{gateway.base}/widget/live", headers=headers, compress=15) as socket:
        assert not socket.compress
        await socket.send_str("not json")
        assert (await socket.receive(5)).data == 4408, "hello comes first"


async def test_attack_31_a_page_that_never_reads_holds_nobody_up(start: Start) -> None:
    gateway = await start()
    session = await gateway.session()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.settings.port, limit=1024)
    upgrade = (
        f"GET /widget/live HTTP/1.1\r\nHost: {URL(gateway.base).authority}\r\nOrigin: {gateway.base}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    writer.write(upgrade.encode())
    await reader.readuntil(b"\r\n\r\n")  # what comes before the answer to this is lost
    hello = json.dumps({"type": "hello", "token": session["token"]}).encode()
    writer.write(bytes([0x81, 0x80 | 126]) + len(hello).to_bytes(2, "big") + b"\0\0\0\0" + hello)
    await eventually(lambda: _listening(gateway) == 1)
    writer.transport.pause_reading()
    other = await Page(gateway, session).connect()
    for number in range(10):
        await other.say(f"{number} " + "long " * 390)
        await other.message("assistant", f"bot: {number} ")
    writer.close()


async def test_attack_33_new_sessions_are_limited_by_address_and_old_ones_go_on(start: Start) -> None:
    gateway = await start(sessions_per_minute=2)
    session = await gateway.session()
    await gateway.session()
    limited = await gateway.session(status=429)
    assert limited["error"]["code"] == "rate_limited" and limited["error"]["details"]["retry_after"] > 0
    await gateway.session(token=session["token"])


async def test_attack_33_a_flood_costs_the_queue_one_ticket(start: Start) -> None:
    gateway = await start(messages_burst=10)
    gateway.bot.hands_over("/ask_person")
    seat = await gateway.seat("ben")
    session = await gateway.session()
    answers = []
    for batch in range(3):
        frames = [{"type": "person", "client_id": f"{batch}-{number}"} for number in range(20)]
        answers += await _frames(gateway, session["token"], *frames)
    limited = [one for one in answers if one["type"] == "error"]
    assert {one["code"] for one in limited} == {"rate_limited"} and all(one["retry_after"] >= 1 for one in limited)
    assert len((await seat.get("/inbox"))["queue"]) == 1
