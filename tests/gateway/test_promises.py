"""Promises: made while writing, told before they are due, kept, broken, and true when the customer asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway_parts import Gateway, Page, Seat, Start

ASK = "when will you reply?"


async def _with_agent(gateway: Gateway, seat: Seat, **wish: Any) -> tuple[Page, str]:
    gateway.bot.hands_over("a person please")
    gateway.bot.says(ASK, {"custom": {"promises": True}})
    page = await gateway.page(**wish)
    await page.say("a person please")
    await page.state("waiting")
    return page, await seat.claim_only()


async def _promise(
    gateway: Gateway, seat: Seat, conversation: str, text: str = "I'll reply by 3pm", **span: float
) -> None:
    due = gateway.clock() + timedelta(**span)
    body = {"text": text, "client_id": text, "promise": {"due_at": due.isoformat()}}
    await seat.post(f"/conversations/{conversation}/messages", body)


async def _look(gateway: Gateway) -> int:
    return int(await gateway.app.ctx.watches["promises"].look())


async def _only(seat: Seat, whose: str = "mine") -> dict[str, Any]:
    (promise,) = (await seat.get(f"/promises?whose={whose}"))["promises"]
    return dict(promise)


async def test_a_draft_that_names_a_time_is_offered_as_a_promise(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    found = await seat.post("/moment", {"text": "好，聽日下晝三點前覆你", "language": "zh-HK"})
    assert found["moment"] == {"due_at": "2026-03-03T15:00:00+08:00", "said": "聽日下晝三點"}
    assert (await seat.post("/moment", {"text": "好，幫你睇下"}))["moment"] is None
    await seat.post("/moment", {"text": 3}, status=400)


async def test_a_promise_is_kept_by_the_answer_and_not_by_the_same_breath(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    _page, conversation = await _with_agent(gateway, seat)
    await _promise(gateway, seat, conversation, hours=3)
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Anything else?", "client_id": "else"})
    assert (await _only(seat))["state"] == "open"
    gateway.clock.forward(hours=2)
    note = {"text": "checked", "client_id": "n", "note": True}
    await seat.post(f"/conversations/{conversation}/messages", note)
    assert (await _only(seat))["state"] == "open"
    await seat.post(f"/conversations/{conversation}/messages", {"text": "It arrives tomorrow", "client_id": "a"})
    assert (await seat.get("/promises"))["promises"] == []
    (kept,) = (await seat.get(f"/conversations/{conversation}/promises"))["promises"]
    assert kept["state"] == "kept" and kept["owner"]["name"] == "Ben" and kept["what"] == "I'll reply by 3pm"


async def test_a_line_sent_twice_promises_once_and_a_past_time_is_refused_whole(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    _page, conversation = await _with_agent(gateway, seat)
    for _ in range(2):
        await _promise(gateway, seat, conversation, hours=1)
    await _only(seat)
    body = {"text": "by yesterday", "client_id": "y", "promise": {"due_at": "2026-03-01T00:00:00+00:00"}}
    refused = await seat.post(f"/conversations/{conversation}/messages", body, status=400)
    assert refused["error"]["details"]["field"] == "promise"
    for written in ("tomorrow", "2026-03-03T10:00:00", 5, "0001-01-01T00:00:00+14:00"):
        body = {"text": "never sent", "client_id": "z", "promise": {"due_at": written}}
        await seat.post(f"/conversations/{conversation}/messages", body, status=400)
    lines = (await seat.get(f"/conversations/{conversation}"))["messages"]
    assert not any(line["text"] in ("by yesterday", "never sent") for line in lines)


async def test_owner_hears_in_time_then_it_is_broken_and_goes_ahead(gateway: Gateway) -> None:
    seat, boss = await gateway.seat("ben"), await gateway.seat("sue")
    _page, conversation = await _with_agent(gateway, seat)
    await _promise(gateway, seat, conversation, hours=2)
    await seat.post(f"/conversations/{conversation}/close")
    assert await _look(gateway) == 0
    gateway.clock.forward(minutes=95)
    assert await _look(gateway) == 1
    assert await _look(gateway) == 0  # told once
    # The conversation was closed: there is a new one with a ticket, so that somebody can write.
    (row,) = (await seat.get("/inbox"))["queue"]
    assert (row["reason"], row["priority"], row["kind"]) == ("promise_due", 1, "message")
    assert row["conversation"] != conversation
    gateway.clock.forward(minutes=30)
    assert await _look(gateway) == 1
    late = await _only(boss, "all")
    assert late["state"] == "broken" and late["is_overdue"] and late["conversation"] == row["conversation"]
    assert (await seat.get("/inbox"))["queue"][0]["priority"] == 3
    gateway.clock.forward(minutes=20)
    assert await _look(gateway) == 1  # supervisors
    await seat.post(f"/tickets/{row['number']}/claim")
    body = {"text": "Sorry, here it is", "client_id": "late"}
    await seat.post(f"/conversations/{row['conversation']}/messages", body)
    (done,) = (await seat.get(f"/conversations/{conversation}/promises"))["promises"]
    assert done["state"] == "broken" and done["settled_at"] is not None and not done["is_overdue"]
    assert await _look(gateway) == 0


async def test_alerts_reach_the_desk(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    _page, conversation = await _with_agent(gateway, seat)
    await _promise(gateway, seat, conversation, minutes=40)
    live = await seat.http.ws_connect(f"{gateway.base}/desk/live", headers={"Origin": gateway.base})
    await live.send_json({"type": "hello", "csrf": seat.csrf})
    assert (await live.receive_json(timeout=5))["type"] == "ready"
    gateway.clock.forward(minutes=15)
    await _look(gateway)
    while (frame := await live.receive_json(timeout=5))["type"] != "promise":
        pass
    assert frame["stage"] == "soon" and frame["promise"]["conversation"] == conversation
    await live.close()


async def test_customer_asks_and_hears_what_is_true(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat)
    await _promise(gateway, seat, conversation, hours=3)
    await seat.post(f"/conversations/{conversation}/close")
    await page.state("none")
    await page.say(ASK)  # in a new conversation: the promise lasted
    answer = await page.message("assistant", "Ben promised")
    assert answer["text"] == "Ben promised you an answer by Monday 2 March at 15:00 (said on Monday 2 March at 12:00)."
    gateway.clock.forward(hours=4)
    await page.say(ASK)
    assert "has passed" in (await page.message("assistant", "sorry"))["text"]


async def test_nothing_promised_is_said_so_and_nobody_else_hears_of_it(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    _page, conversation = await _with_agent(gateway, seat)
    await _promise(gateway, seat, conversation, hours=3)
    stranger = await gateway.page()
    await stranger.say(ASK)
    assert "no answer on record" in (await stranger.message("assistant"))["text"]


async def test_a_left_message_is_promised_an_answer_in_opening_hours(start: Start, database_url: str) -> None:
    hours = {"opening_hours": "mon-fri 09:00-18:00", "message_reply_minutes": 240}
    gateway = await start(database_url=database_url, **hours)
    gateway.clock.forward(hours=4)  # Monday 16:00
    gateway.bot.hands_over("a person please")
    page = await gateway.page()
    await page.say("a person please")
    form = (await page.message("system"))["contact_form"]
    contact = {"type": "contact", "client_id": "c", "ticket": form["ticket"], "phone": "+852 9123 4567"}
    await page.send(contact)
    assert "by Tuesday 3 March at 11:00" in (await page.message("system", "saved"))["text"]
    await page.send({**contact, "client_id": "c2", "email": "ana@example.com"})
    seat = await gateway.seat("cleo")
    promise = await _only(seat)
    assert (promise["kind"], promise["owner"], promise["due_at"]) == ("callback", None, "2026-03-03T03:00:00+00:00")
    kept = (await seat.post(f"/promises/{promise['id']}/kept"))["promise"]
    assert kept["state"] == "kept"
    again = await seat.post(f"/promises/{promise['id']}/kept", status=409)
    assert again["error"]["code"] == "promise_settled"
    await seat.post("/promises/999/kept", status=404)


async def test_nothing_is_promised_when_the_shop_says_so(start: Start) -> None:
    gateway = await start(message_reply_minutes=0)
    gateway.bot.hands_over("a person please")
    page = await gateway.page()
    await page.say("a person please")
    form = (await page.message("system"))["contact_form"]
    await page.send({"type": "contact", "client_id": "c", "ticket": form["ticket"], "email": "ana@example.com"})
    assert " by " not in (await page.message("system", "saved"))["text"]


async def test_a_promise_of_somebody_else_is_theirs_and_a_broken_one_is_not_withdrawn(gateway: Gateway) -> None:
    ben, cleo, sue = [await gateway.seat(login) for login in ("ben", "cleo", "sue")]
    _page, conversation = await _with_agent(gateway, ben)
    await _promise(gateway, ben, conversation, hours=1)
    promise = await _only(ben)
    assert (await cleo.get("/promises"))["promises"] == []
    await cleo.post(f"/promises/{promise['id']}/kept", status=403)
    gateway.clock.forward(hours=2)
    await ben.post(f"/promises/{promise['id']}/withdraw", status=409)
    late = (await sue.post(f"/promises/{promise['id']}/kept"))["promise"]
    assert late["state"] == "broken"


async def test_what_the_assistant_promises_is_kept_for_the_team_that_does_it(gateway: Gateway) -> None:
    gateway.bot.says(ASK, {"custom": {"promises": True}})
    promise = {"working_days": 1, "team": "returns"}
    gateway.bot.says("return it", {"text": "Within 1 working day we tell you how.", "custom": {"promise": promise}})
    page = await gateway.page()
    await page.say("return it")
    await page.message("assistant", "Within 1 working day")
    broken: list[Any] = [{}, {"working_days": 0}, {"working_days": "1"}, {"working_days": True}, "x", [1]]
    for number, bad in enumerate(broken):
        gateway.bot.says(f"Is it {number}?", {"text": f"Well {number}.", "custom": {"promise": bad, "x": 1}})
        await page.say(f"Is it {number}?")
        # Messages that follow each other at once would be asked as one.
        await page.message("assistant", f"Well {number}.")
    await page.say(ASK)
    answer = await page.message("assistant", "Our team promised")
    assert "by Tuesday 3 March at 18:00" in answer["text"]
    promise = await _only(await gateway.seat("ben"))
    assert (promise["team"], promise["owner"]) == ("returns", None)


async def test_what_is_promised_has_a_view_and_stands_in_the_brief(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    _page, conversation = await _with_agent(gateway, seat)
    assert (await seat.get("/conversations?view=promises"))["conversations"] == []
    await _promise(gateway, seat, conversation, hours=3)
    (row,) = (await seat.get("/conversations?view=promises"))["conversations"]
    assert row["id"] == conversation
    assert (await seat.get("/inbox"))["counts"]["promises"] == 1
    (promised,) = (await seat.get(f"/conversations/{conversation}"))["brief"]["promises"]
    assert promised["what"] == "I'll reply by 3pm" and promised["owner"]["name"] == "Ben"
    cleo = await gateway.seat("cleo")
    assert (await cleo.get("/conversations?view=promises"))["conversations"] == []
    gateway.clock.forward(hours=1)
    await seat.post(f"/conversations/{conversation}/messages", {"text": "It arrives tomorrow", "client_id": "a"})
    assert (await seat.get("/conversations?view=promises"))["conversations"] == []
