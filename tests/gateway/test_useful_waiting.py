"""While waiting: place and wait are known, a message may be left instead, and text channels hear of it now and then."""

from __future__ import annotations

import asyncio
from typing import Any

import async_timeout
from gateway_parts import Gateway, Page, Seat

from handoff import conversations
from handoff.database import Database
from handoff.records import Wish


async def _waits(gateway: Gateway, **wish: Any) -> Page:
    gateway.bot.hands_over("a person please")
    gateway.bot.says("my place?", {"custom": {"queue_place": True}})
    gateway.bot.says("rather leave a message", {"custom": {"leave_message": True}})
    page = await gateway.page(**wish)
    await page.say("a person please")
    await page.state("waiting")
    return page


async def _take(seat: Seat) -> None:
    (first, *_) = (await seat.get("/inbox"))["queue"]
    await seat.post(f"/tickets/{first['number']}/claim")


async def test_place_and_wait_are_in_the_state_and_told_when_asked(gateway: Gateway) -> None:
    await gateway.seat("ben")
    page = await _waits(gateway)
    state = await page.state("waiting")
    assert state["position"] == 1 and set(state["wait"]) == {"least_minutes", "most_minutes"}
    await page.say("my place?")
    told = await page.message("system", "place 1")
    assert [button["title"] for button in told["buttons"]] == ["Leave a message instead", "Leave the queue"]


async def test_a_message_instead_of_waiting_keeps_the_place_as_a_case(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, behind = await _waits(gateway), await _waits(gateway)
    case = (await page.state("waiting"))["case"]
    await page.send({"type": "leave_message", "client_id": "m"})
    form = (await page.message("system", "No need to wait"))["contact_form"]
    assert form == {"ticket": case}
    assert (await seat.get("/inbox"))["queue"][0]["number"] == case  # still first, until it is sent
    contact = {"type": "contact", "client_id": "c", "ticket": case, "email": "ana@example.com", "note": "Green, please"}
    await page.send(contact)
    await page.message("system", "get back to you by")
    await page.state("bot")
    await behind.until(lambda f: f["type"] == "state" and f["state"]["position"] == 1)
    rows = (await seat.get("/inbox"))["queue"]
    assert [(row["number"] == case, row["kind"]) for row in rows] == [(False, "live"), (True, "message")]
    (promise,) = (await seat.get("/promises"))["promises"]
    assert (promise["kind"], promise["what"]) == ("message", "Green, please")


async def test_a_message_left_is_nobodys_to_put_back_into_the_queue(gateway: Gateway) -> None:
    gateway.bot.hands_over("a person please")
    page = await gateway.page()
    await page.say("a person please")
    conversation = (await page.message("system"))["conversation"]  # nobody is there
    sue = await gateway.seat("sue")
    (case,) = (await sue.get("/inbox"))["queue"]
    refused = await sue.post(f"/conversations/{conversation}/release", status=409)
    assert (refused["error"]["code"], refused["error"]["message"]) == (
        "move_not_allowed",
        "Nobody holds this conversation.",
    )
    assert (await sue.get("/inbox"))["queue"] == [case] and case["kind"] == "message"
    assert (await gateway.session(token=page.session["token"]))["state"]["status"] == "bot"


async def test_the_wish_in_words_and_a_bare_contact_do_the_same(gateway: Gateway) -> None:
    await gateway.seat("ben")
    page = await _waits(gateway)
    await page.say("rather leave a message")
    await page.message("system", "No need to wait")
    await page.say("ana@example.com")
    await page.message("system", "get back to you by")
    await page.state("bot")


async def test_a_contact_for_another_form_does_not_take_anybody_out_of_the_queue(gateway: Gateway) -> None:
    gateway.bot.hands_over("a person please")
    page = await gateway.page()
    await page.say("a person please")
    form = (await page.message("system"))["contact_form"]  # nobody is there
    await gateway.seat("ben")
    await page.say("a person please")
    await page.state("waiting")
    await page.send({"type": "contact", "client_id": "c", "ticket": form["ticket"], "email": "ana@example.com"})
    await page.message("system", "saved")
    await page.say("my place?")
    assert (await gateway.session(token=page.session["token"]))["state"]["status"] == "waiting"


async def test_a_text_channel_hears_of_the_place_when_it_halved_or_is_next_and_not_in_between(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    database, floor = Database(gateway.settings.database), gateway.app.ctx.watches["queue"]._floor
    ids = []
    for number in range(8):

        def enter(connection: object, number: int = number) -> str:
            one = conversations.open_or_begin(connection, "whatsapp", f"c{number}", gateway.clock(), "en")
            floor.hand_over(connection, one, Wish("asked_for_person"), None, None)
            return one.id

        ids.append(database.write_now(enter))
        gateway.clock.forward(seconds=1)
    last = ids[-1]

    async def news() -> list[str]:
        await gateway.app.ctx.watches["queue"].look()
        lines = (await seat.get(f"/conversations/{last}"))["messages"]
        return [line["text"].partition(".")[0] for line in lines if line["text"].startswith("You're n")]

    for _ in range(7):
        await _take(seat)
        gateway.clock.forward(minutes=2)
        await news()
    # The gateway's own watch may be about to tell it, and its line not stored yet.
    async with async_timeout.timeout(20):
        while len(heard := await news()) < 2:
            await asyncio.sleep(0.02)
    # The eighth place is told at the beginning; half of it, then not the second, four minutes later.
    assert heard == ["You're now number 4 in the queue", "You're next (number 1)"]
    gateway.clock.forward(minutes=9)
    assert await news() == heard
    database.close()
