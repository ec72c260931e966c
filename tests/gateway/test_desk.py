"""The desk's API and socket: signing in, rights, what agents do, and what customers must never see of it."""

from __future__ import annotations

import asyncio
import json
import re
from http.cookies import Morsel
from typing import Any

import aiohttp
import pytest
from desk_parts import on_screen, waiting
from gateway_parts import PASSWORD, Gateway, Page, Seat, Start
from sqlalchemy import event
from sqlalchemy.engine import Engine

from handoff import agents
from handoff.agents import SESSION_LASTS
from handoff.database import Database


def _cookie(seat: Seat) -> Morsel[str]:
    return next(iter(seat.http.cookie_jar))


async def _log_in(
    gateway: Gateway, body: Any = None, **more: Any
) -> tuple[int, dict[str, Any], aiohttp.ClientResponse]:
    body = {"login": "ben", "password": PASSWORD} if body is None else body
    url = f"{gateway.base}/desk/api/login"
    async with aiohttp.ClientSession() as http, http.post(url, json=body, **more) as response:
        return response.status, await response.json(), response


# -- signing in ------------------------------------------------------------------------------------------------


async def test_attack_9_the_session_cookie_is_out_of_reach(start: Start) -> None:
    for settings, secure in (({}, False), ({"public_url": "https://shop.example.com"}, True)):
        gateway = await start(**settings)
        status, answer, response = await _log_in(gateway)
        cookie = response.cookies["sb_session"]
        assert (status, bool(cookie["secure"])) == (200, secure)
        assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/" and not cookie["domain"]
        assert len(cookie.value) >= 40 and cookie.value not in str(answer)
        assert "password" not in str(answer)


async def test_attack_9_a_session_brought_along_is_never_the_one_that_signs_in(start: Start) -> None:
    gateway = await start()
    seat = await gateway.seat("ben")
    old = _cookie(seat).value
    _, _, response = await _log_in(gateway, cookies={"sb_session": "chosen-by-mallory"})
    assert response.cookies["sb_session"].value != "chosen-by-mallory"
    _, _, response = await _log_in(gateway, cookies={"sb_session": old})
    assert response.cookies["sb_session"].value != old
    await seat.get("/me", status=401)
    for value in ("", "x", old, "' OR 1=1--", "\u0663", "a" * 8000):
        async with gateway.http.get(f"{gateway.base}/desk/api/me", cookies={"sb_session": value}) as response:
            assert response.status in (401, 413), value[:20]


async def test_attack_9_every_change_asks_for_the_token_of_the_page(start: Start) -> None:
    gateway = await start()
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    changes = [
        (route.path, method)
        for route in gateway.app.router.routes
        if route.path.startswith("desk/api") and route.path != "desk/api/login"
        for method in route.methods - {"GET", "HEAD", "OPTIONS"}
    ]
    assert len(changes) >= 12
    for path, method in changes:
        for csrf in (None, "", "x", cleo.csrf, ben.csrf[:-1], ben.csrf.swapcase()):
            headers = {"X-CSRF-Token": csrf} if csrf is not None else {}
            url = f"{gateway.base}/{re.sub('<number:str>', 'C-1001', path)}"
            url = re.sub("<[a-z_]+:[a-z]+>", "1", url)
            async with ben.http.request(method, url, json={"csrf": ben.csrf}, headers=headers) as response:
                answer = await response.json()
                assert (response.status, answer["error"]["code"]) == (403, "csrf_refused"), (path, csrf)
    await ben.get("/me")


async def test_attack_9_a_form_on_another_site_signs_nobody_in(start: Start) -> None:
    gateway = await start()
    body = json.dumps({"login": "ben", "password": PASSWORD})
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
    ):
        async with gateway.http.post(
            f"{gateway.base}/desk/api/login", data=body, headers={"Content-Type": kind}
        ) as response:
            assert response.status == 400 and "Set-Cookie" not in response.headers, kind


async def test_attack_9_guessing_passwords_is_limited_by_login_and_by_address(start: Start) -> None:
    gateway = await start(logins_per_minute=3)
    wrong = {"login": "ben", "password": "not-the-password"}
    assert [(await _log_in(gateway, wrong))[0] for _ in range(3)] == [401, 401, 401]
    status, answer, response = await _log_in(gateway, headers={"X-Forwarded-For": "10.1.2.3"})
    assert (status, answer["error"]["code"]) == (429, "too_many_logins")
    assert int(response.headers["Retry-After"]) > 0
    status, _, _ = await _log_in(gateway, {"login": "cleo", "password": PASSWORD})
    assert status == 429, "another login from the same address"


async def test_attack_9_an_unknown_login_and_a_wrong_password_look_the_same(start: Start) -> None:
    gateway = await start()
    answers = []
    for login, password in (
        ("ben", "wrong-password"),
        ("nobody", PASSWORD),
        ("ben", ""),
        ("", ""),
        ("ben", PASSWORD + "x" * 300),
        ("BEN' --", PASSWORD),
    ):
        status, answer, _ = await _log_in(gateway, {"login": login, "password": password})
        assert status == 401, login
        answers.append(answer)
    assert all(answer == answers[0] for answer in answers)
    for body in ({"login": 5, "password": PASSWORD}, {"login": "ben"}, [], {"login": "b" * 81, "password": "x"}):
        assert (await _log_in(gateway, body))[0] == 400
    assert (await _log_in(gateway, {"login": " Ben ", "password": PASSWORD}))[0] == 200, "as people type it"


async def test_attack_38_a_session_ends_after_twelve_hours_and_at_sign_out(start: Start) -> None:
    gateway = await start()
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    value = _cookie(ben).value
    await ben.post("/logout")
    async with gateway.http.get(f"{gateway.base}/desk/api/inbox", cookies={"sb_session": value}) as response:
        assert response.status == 401, "the server forgot it, not only the browser"
    gateway.clock.forward(seconds=SESSION_LASTS.total_seconds() - 1)
    await cleo.get("/inbox")
    gateway.clock.forward(seconds=2)
    assert (await cleo.get("/inbox", status=401))["error"]["code"] == "not_signed_in"


async def test_a_new_password_and_switching_off_end_every_session(start: Start) -> None:
    gateway = await start()
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    database = Database(gateway.settings.database)
    database.write_now(lambda c: agents.set_password(c, "ben", "another-password"))
    database.write_now(lambda c: agents.set_active(c, "cleo", False))
    database.close()
    for seat in (ben, cleo):
        await seat.get("/inbox", status=401)
    assert (await _log_in(gateway))[0] == 401
    assert (await _log_in(gateway, {"login": "cleo", "password": PASSWORD}))[0] == 401


# -- roles -----------------------------------------------------------------------------------------------------


async def test_attack_10_an_editor_sees_no_conversation_and_does_nothing_to_one(start: Start) -> None:
    gateway = await start()
    ben, eddy = await gateway.seat("ben"), await gateway.seat("eddy")
    page = await waiting(gateway)
    (row,) = (await ben.get("/inbox"))["queue"]
    one = f"/conversations/{row['conversation']}"
    for path in ("/inbox", "/conversations?q=a", one, f"{one}/messages", "/faq?q=fee"):
        assert (await eddy.get(path, status=403))["error"]["code"] == "not_allowed", path
    for path in (
        f"{one}/messages", f"{one}/takeover", f"{one}/close", f"{one}/release", f"{one}/handback", f"{one}/typing",
        f"/tickets/{row['number']}/claim", "/tickets/next/claim",
    ):  # fmt: skip
        assert (await eddy.post(path, {"text": "hello"}, status=403))["error"]["code"] == "not_allowed", path
    async with on_screen(eddy) as screen:
        assert await screen.closed() == 4401 and screen.frames == []
    await eddy.get("/me")
    await eddy.post("/logout")
    assert not [f for f in page.frames if f["type"] == "message" and f["message"]["author"] == "agent"]


async def test_an_editor_alone_at_the_desk_is_nobody_who_answers(start: Start) -> None:
    gateway = await start()
    await gateway.seat("eddy")
    assert (await gateway.session())["state"]["people_available"] is False


# -- conversations ---------------------------------------------------------------------------------------------


async def test_an_agent_reads_everything_answers_and_closes(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page = await gateway.page(identity=gateway.identity("c-0001"), page={"url": "https://shop.example.com/tea"})
    await page.say("hello")
    gateway.bot.hands_over("I want a person", summary="tea is cold", slots={"order": "HG1"})
    await page.say("I want a person")
    await page.state("waiting")
    (row,) = (await seat.get("/inbox"))["queue"]
    assert (row["reason"], row["summary"], row["tier"], row["position"]) == (
        "asked_for_person",
        "tea is cold",
        "identity",
        1,
    )
    taken = (await seat.post(f"/tickets/{row['number']}/claim"))["conversation"]
    assert (taken["status"], taken["agent"]["name"], taken["page"]["url"]) == (
        "agent",
        "Ben",
        "https://shop.example.com/tea",
    )
    whole = await seat.get(f"/conversations/{row['conversation']}?locale=zh-TW")
    assert [line["text"] for line in whole["messages"]][:3] == ["hello", "bot: hello", "I want a person"]
    assert whole["customer"]["profile"]["name"] and whole["customer"]["orders"]
    assert whole["ticket"]["slots"] == {"order": "HG1"} and whole["ticket"]["claimed_by"] == "Ben"
    said = await seat.post(f"/conversations/{row['conversation']}/messages", {"text": "  Good day  ", "client_id": "1"})
    again = await seat.post(
        f"/conversations/{row['conversation']}/messages", {"text": "  Good day  ", "client_id": "1"}
    )
    assert again["message"]["id"] == said["message"]["id"], "a repeat is the same line"
    assert (await page.message("agent"))["text"] == "Good day"
    later = await seat.get(f"/conversations/{row['conversation']}/messages?after={whole['cursor']}")
    assert [line["text"] for line in later["messages"]] == ["Good day"]
    earlier = await seat.get(f"/conversations/{row['conversation']}/messages?before={said['message']['id']}")
    assert earlier["messages"][-1]["id"] < said["message"]["id"] and earlier["more_before"] is False
    await seat.post(f"/conversations/{row['conversation']}/close")
    await page.message("system", "closed")
    for path, body in (
        ("/messages", {"text": "x"}),
        ("/close", {}),
        ("/release", {}),
        ("/handback", {}),
        ("/takeover", {}),
    ):
        refused = await seat.post(f"/conversations/{row['conversation']}{path}", body, status=409)
        assert refused["error"]["code"] == "conversation_closed", path


async def test_lines_that_cannot_be_said_are_refused(start: Start) -> None:
    gateway = await start()
    seat = await gateway.seat("ben")
    await waiting(gateway)
    path = f"/conversations/{await seat.claim_only()}/messages"
    for body, status, code in (
        ({}, 400, "bad_input"),
        ({"text": None}, 400, "bad_input"),
        ({"text": ["x"]}, 400, "bad_input"),
        ({"text": " \0 "}, 400, "empty_message"),
        ({"text": "\ud800"}, 400, "empty_message"),
        ({"text": "x" * 10_001}, 413, "text_too_long"),
        ({"text": "x", "client_id": 5}, 400, "bad_input"),
        ({"text": "x", "client_id": "\ud800"}, 400, "bad_input"),
        ({"text": "x", "client_id": "x" * 81}, 400, "bad_input"),
    ):
        assert (await seat.post(path, body, status=status))["error"]["code"] == code, body
    said = await seat.post(path, {"text": "a\0b\x1b[31mc\r\nd", "author": "customer", "agent_id": 99, "name": "Cleo"})
    assert said["message"]["text"] == "ab[31mc\nd"
    assert (said["message"]["author"], said["message"]["name"]) == ("agent", "Ben")


async def test_attack_7_a_note_never_reaches_the_customer(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page = await waiting(gateway)
    conversation = await ben.claim_only()
    await gateway.rest("hello", sender="ana")
    gateway.bot.hands_over("person please")
    await gateway.rest("person please", sender="ana")
    rest = await ben.claim_only()
    async with on_screen(cleo) as screen:
        await screen.until("ready")
        for one in (conversation, rest):
            await ben.post(f"/conversations/{one}/messages", {"text": "SECRET: a difficult one", "note": True})
            await cleo.post(f"/conversations/{one}/messages", {"text": "SECRET: I know", "note": True})
        frame = await screen.until("message", "I know")
        assert frame["message"]["author"] == "note"
    for one in (conversation, rest):
        await ben.post(f"/conversations/{one}/messages", {"text": "Good day"})
        assert "SECRET" in str((await ben.get(f"/conversations/{one}"))["messages"])
        rows = await ben.get("/conversations")
        assert "SECRET" not in str(rows), "not as the last line of a list either"
    await page.message("agent", "Good day")
    headers = {"Authorization": f"Bearer {page.session['token']}"}
    async with gateway.http.get(f"{gateway.base}/widget/poll?after=0", headers=headers) as polled:
        seen = [await polled.json(), await gateway.session(token=page.session["token"]), page.frames]
    late = await Page(gateway, page.session).connect(after=0)
    seen.append(await late.until(lambda f: f["type"] == "ready"))
    seen.append(await gateway.rest("anything new?", sender="ana"))
    seen.append(gateway.bot.asked)
    assert "Good day" in str(seen) and "SECRET" not in str(seen)


async def test_a_colleague_cannot_speak_close_or_take_and_a_supervisor_can(gateway: Gateway) -> None:
    ben, cleo, sue = await gateway.seat("ben"), await gateway.seat("cleo"), await gateway.seat("sue")
    page = await waiting(gateway)
    conversation = await ben.claim_only()
    for path in ("messages", "takeover", "close", "release", "handback"):
        refused = await cleo.post(f"/conversations/{conversation}/{path}", {"text": "x"}, status=409)
        assert refused["error"]["code"] == "not_your_conversation", path
    refused = await sue.post(f"/conversations/{conversation}/messages", {"text": "x"}, status=409)
    assert refused["error"]["code"] == "not_your_conversation", "first take over, then speak"
    await sue.post(f"/conversations/{conversation}/takeover")
    await page.until(lambda f: f["type"] == "state" and (f["state"]["agent"] or {}).get("name") == "Sue")
    refused = await ben.post(f"/conversations/{conversation}/messages", {"text": "x"}, status=409)
    assert refused["error"]["code"] == "not_your_conversation"
    assert [row["id"] for row in (await ben.get("/inbox"))["others"]] == [conversation]
    await sue.post(f"/conversations/{conversation}/close")
    assert not [f for f in page.frames if f["type"] == "message" and f["message"]["author"] == "agent"]


async def test_a_released_conversation_waits_again_and_a_handed_back_one_is_the_bots(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page = await waiting(gateway)
    conversation = await ben.claim_only()
    await ben.post(f"/conversations/{conversation}/release")
    assert await cleo.claim_only() == conversation
    await ben.post(f"/conversations/{conversation}/handback", status=409)
    await cleo.post(f"/conversations/{conversation}/handback")
    await page.say("and now?")
    assert (await page.message("assistant", "and now?"))["conversation"] == conversation
    for path in ("handback", "release"):
        assert (await cleo.post(f"/conversations/{conversation}/{path}", status=409))["error"]["code"]
    assert (await ben.post("/tickets/next/claim"))["conversation"] is None


async def test_speaking_into_a_bots_conversation_takes_it_over(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page = await gateway.page()
    await page.say("hello")
    conversation = (await page.message("assistant"))["conversation"]
    await ben.post(f"/conversations/{conversation}/messages", {"text": "May I help?"})
    await page.message("agent", "May I help?")
    await page.say("yes")
    await page.until(lambda f: f["type"] == "accepted" and f["message"]["text"] == "yes")
    assert len(gateway.bot.asked) == 1
    await cleo.post(f"/conversations/{conversation}/takeover", status=409)
    assert (await ben.post(f"/conversations/{conversation}/takeover"))["conversation"]["agent"]["name"] == "Ben"


async def test_history_and_search(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    ana = await gateway.page(identity=gateway.identity("c-0001"))
    conversations = []
    for text in ("100% cotton", "under_score", "plain words"):
        await ana.say(text)
        conversations.append((await ana.message("assistant", text))["conversation"])
        await seat.post(f"/conversations/{conversations[-1]}/takeover")
        await seat.post(f"/conversations/{conversations[-1]}/messages", {"text": f"about {text}"})
        gateway.clock.forward(seconds=5)
        if text != "plain words":
            await seat.post(f"/conversations/{conversations[-1]}/handback")
            await ana.say(f"thanks for {text}")
            await ana.message("assistant", f"thanks for {text}")
            await seat.post(f"/conversations/{conversations[-1]}/takeover")
            await seat.post(f"/conversations/{conversations[-1]}/messages", {"text": f"about {text}"})
            await seat.post(f"/conversations/{conversations[-1]}/close")
    rows = (await seat.get("/conversations?view=closed"))["conversations"]
    assert [row["id"] for row in rows] == [conversations[1], conversations[0]]
    whole = await seat.get(f"/conversations/{conversations[2]}")
    assert {row["id"] for row in whole["past"]} == set(conversations[:2])
    name = rows[0]["customer"]
    for words, count in (
        ("plain words", 1),
        ("PLAIN", 1),
        (name, 3),
        ("c-0001", 3),
        ("%25_", 0),
        ("\\", 0),
        ("' OR 1=1 --", 0),
        ("x" * 300, 0),
    ):
        found = (await seat.get(f"/conversations?q={words}"))["conversations"]
        assert len(found) == count, words
    second = (await seat.get("/conversations?before=" + rows[0]["last_at"].replace("+", "%2B")))["conversations"]
    assert [row["id"] for row in second] == [conversations[0]]
    for query in ("view=x", "before=yesterday", "before=0001-01-01T00:00:00%2B14:00"):
        assert (await seat.get(f"/conversations?{query}", status=400))["error"]["code"] == "bad_input", query


async def test_articles_are_found_in_the_agents_language(start: Start) -> None:
    gateway = await start()
    seat = await gateway.seat("ben")
    (first, *_) = (await seat.get("/faq?q=郵費&locale=zh-TW"))["articles"]
    assert (first["id"], first["question"]) == ("delivery-fee", "運費多少？")
    assert (await seat.get("/faq?q="))["articles"] == []
    assert (await seat.get("/faq?q=x&locale=tlh", status=400))["error"]["details"]["field"] == "locale"
    await seat.post("/language", {"language": "zh-CN"}, method="PUT")
    assert (await seat.get("/me"))["agent"]["language"] == "zh-CN"
    await seat.post("/language", {"language": ["en"]}, status=400, method="PUT")


# -- the live socket -------------------------------------------------------------------------------------------


async def test_the_desk_hears_of_a_ticket_and_of_each_line_at_once(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    async with on_screen(seat) as screen:
        await screen.until("ready")
        page = await waiting(gateway)
        ticket = (await screen.until("ticket", seconds=1))["ticket"]
        assert ticket["position"] is None and ticket["summary"] == "wants a person"
        await seat.post(f"/tickets/{ticket['number']}/claim")
        await page.state("agent")
        await page.say("are you there?")
        assert (await screen.until("message", "are you there?"))["message"]["author"] == "customer"
        await page.send({"type": "typing", "typing": True})
        assert (await screen.until("typing"))["typing"] is True
        for odd in ("", "null", "[" * 4000, "x" * 9000, '{"type": ["ping"]}'):
            await screen.socket.send_str(odd)
        await screen.socket.send_json({"type": "ping"})
        await screen.until("pong")


async def test_a_customer_sees_an_agent_type_and_nobody_else_does(gateway: Gateway) -> None:
    seat, other = await gateway.seat("ben"), await gateway.seat("cleo")
    page, stranger = await waiting(gateway), await gateway.page()
    typing = f"/conversations/{await seat.claim_only()}/typing"
    await page.state("agent")
    for is_typing in (True, False):
        await seat.post(typing, {"typing": is_typing})
        frame = await page.until(
            lambda f, is_typing=is_typing: f.get("author") == "agent" and f.get("typing") is is_typing
        )
        assert frame["name"] == "Ben"
    await other.post(typing, {"typing": True})  # who looks on may press keys, and is not shown
    # What is said after it arrives after it.
    await seat.post(typing.replace("typing", "messages"), {"text": "Here you are", "client_id": "1"})
    await page.message("agent", "Here you are")
    await stranger.say("hello")
    await stranger.message("assistant")
    assert [f["typing"] for f in page.frames if f["type"] == "typing" and f.get("name")] == [True, False]
    assert not [f for f in stranger.frames if f["type"] == "typing" and f.get("name")]


async def test_attack_30_the_desks_socket_refuses_foreign_pages_and_strangers(start: Start) -> None:
    gateway = await start(allowed_origins="https://shop.example.com")
    seat, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    for origin in (None, "null", "https://evil.example", "https://shop.example.com", gateway.base + ".evil.com"):
        async with on_screen(seat, origin=origin) as screen:
            assert await screen.closed() == 4403, origin
    for csrf in ("", "x", cleo.csrf, 5, ["x"], {}, True, "\ud800"):
        async with on_screen(seat, csrf=csrf) as screen:
            assert await screen.closed() == 4401, csrf
    stranger = Seat(gateway, gateway.http, seat.csrf, {})
    async with on_screen(stranger) as screen:
        assert await screen.closed() == 4401


@pytest.mark.parametrize("way", ["signs out", "new password", "switched off", "expired"])
async def test_attack_7_who_loses_the_right_hears_nothing_more(start: Start, way: str) -> None:
    gateway = await start()
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page = await waiting(gateway)
    async with on_screen(ben) as screen:
        await screen.until("ready")
        await _lose_right(gateway, ben, way)
        if way != "signs out":
            await asyncio.sleep(1.1)  # SESSION_HOLDS_FOR_SECONDS
        conversation = await (await gateway.seat("sue") if way == "expired" else cleo).claim_only()
        await page.say("for the others alone")
        await page.until(lambda f: f["type"] == "accepted" and f["message"]["text"] == "for the others alone")
        assert await screen.closed() == 4401
        assert conversation not in str(screen.frames) and "alone" not in str(screen.frames)


async def _lose_right(gateway: Gateway, seat: Seat, way: str) -> None:
    if way == "signs out":
        await seat.post("/logout")
        return
    if way == "expired":
        gateway.clock.forward(hours=13)
        return
    database = Database(gateway.settings.database)
    if way == "new password":
        database.write_now(lambda c: agents.set_password(c, "ben", "another-password"))
    else:
        database.write_now(lambda c: agents.set_active(c, "ben", False))
    database.close()


async def test_lines_wait_for_no_reading_and_rows_are_read_once_for_every_page(gateway: Gateway) -> None:
    seats = [await gateway.seat(login) for login in ("ben", "cleo", "sue")]
    page = await waiting(gateway)
    conversation = await seats[0].claim_only()
    reads: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM guests" in statement:  # read for a line of a list, and for nothing else here
            reads.append(statement)

    async with on_screen(seats[0]) as ben, on_screen(seats[1]) as cleo, on_screen(seats[2]) as sue:
        for screen in (ben, cleo, sue):
            await screen.until("ready")
        event.listen(Engine, "before_cursor_execute", note)
        try:
            for number in range(40):
                await page.say(f"line {number}")
            for screen in (ben, cleo, sue):
                await screen.until("conversation", "line 39")
                lines = [frame for frame in screen.frames if frame["type"] == "message"]
                assert [line["message"]["text"] for line in lines] == [f"line {number}" for number in range(40)]
                (last,) = {frame["conversation"]["id"] for frame in screen.frames if frame["type"] == "conversation"}
                assert last == conversation
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    assert 1 <= len(reads) < 40, "three pages and forty lines would be a hundred and twenty"
