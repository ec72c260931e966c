"""Silence: the reminder, the close, what is never closed, and who answers a customer that comes back."""

from __future__ import annotations

import pytest
from gateway_parts import Gateway, Page, Seat, Start

from handoff import conversations
from handoff.database import Database
from handoff.errors import StaleEpoch
from handoff.models import Author, Status
from handoff.records import Draft
from handoff.transcript import append


async def _with_agent(gateway: Gateway, seat: Seat, **marker: object) -> tuple[Page, str]:
    gateway.bot.hands_over("a person please", **marker)
    page = await gateway.page()
    await page.say("a person please")
    await page.state("waiting")
    return page, await seat.claim_only()


async def _say(seat: Seat, conversation: str, text: str = "Which colour?") -> None:
    await seat.post(f"/conversations/{conversation}/messages", {"text": text, "client_id": text})


async def _look(gateway: Gateway) -> int:
    return int(await gateway.app.ctx.watches["idle"].look())


async def _status(seat: Seat, conversation: str) -> str:
    return str((await seat.get(f"/conversations/{conversation}"))["conversation"]["status"])


async def test_a_silent_customer_is_reminded_once_then_the_conversation_is_closed_and_both_are_told(
    gateway: Gateway,
) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat)
    await _say(seat, conversation)
    gateway.clock.forward(minutes=9)
    assert await _look(gateway) == 0
    gateway.clock.forward(minutes=2)
    assert await _look(gateway) == 1
    await page.message("system", "Are you still there?")
    assert await _look(gateway) == 0
    gateway.clock.forward(minutes=10)
    assert await _look(gateway) == 1
    await page.message("system", "this chat is closed")
    await page.message("system", "How was your chat with Ben?")
    assert await _status(seat, conversation) == "closed"
    assert (await seat.get("/inbox"))["mine"] == []


async def test_who_answers_is_not_reminded_and_starts_the_clock_anew(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat)
    await _say(seat, conversation)
    gateway.clock.forward(minutes=11)
    await _look(gateway)
    await page.say("Green")
    await page.message("customer", "Green")
    gateway.clock.forward(hours=5)
    assert await _look(gateway) == 0  # it waits for us, however long
    await _say(seat, conversation, "Done")
    gateway.clock.forward(minutes=11)
    assert await _look(gateway) == 1
    assert await _status(seat, conversation) == "agent"


async def test_what_waits_for_us_is_never_closed(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    _page, conversation = await _with_agent(gateway, seat)
    gateway.clock.forward(hours=5)  # taken, and nobody said a word
    assert await _look(gateway) == 0
    due = gateway.clock.now.replace(hour=23)
    promise = {"text": "Tonight", "client_id": "p", "promise": {"due_at": due.isoformat()}}
    await seat.post(f"/conversations/{conversation}/messages", promise)
    gateway.clock.forward(hours=3)
    assert await _look(gateway) == 0
    await seat.post(f"/conversations/{conversation}/release")
    gateway.clock.forward(hours=2)
    assert await _look(gateway) == 0
    assert await _status(seat, conversation) == "waiting"


async def test_a_line_at_the_same_moment_wins_over_the_close(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    _page, conversation_id = await _with_agent(gateway, seat)
    await _say(seat, conversation_id)
    database = Database(gateway.settings.database)

    def cross(connection: object) -> None:
        seen = conversations.find(connection, conversation_id)
        append(connection, seen, Draft(author=Author.CUSTOMER, text="wait!"), gateway.clock())
        conversations.move(connection, seen, Status.CLOSED, gateway.clock(), "platform", "idle", at_seq=seen.last_seq)

    with pytest.raises(StaleEpoch):
        database.write_now(cross)
    database.close()


async def test_nothing_happens_when_a_shop_switches_it_off_and_without_reminder_the_line_counts(start: Start) -> None:
    gateway = await start(idle_reminder_minutes=0, idle_close_minutes=0, assistant_idle_minutes=0)
    seat = await gateway.seat("ben")
    _page, conversation = await _with_agent(gateway, seat)
    await _say(seat, conversation)
    gateway.clock.forward(hours=6)
    assert await _look(gateway) == 0
    other = await start(idle_reminder_minutes=0, idle_close_minutes=3, database_url=gateway.settings.database)
    other.clock.now = gateway.clock.now
    assert await _look(other) == 1
    assert await _status(seat, conversation) == "closed"


async def test_a_conversation_with_the_assistant_ends_after_a_day_unless_a_message_was_left(gateway: Gateway) -> None:
    page = await gateway.page()
    await page.say("hello")
    await page.message("assistant")
    gateway.bot.hands_over("a person please")
    waiting = await gateway.page()
    await waiting.say("a person please")
    await waiting.message("system")  # nobody is there: a message is left
    gateway.clock.forward(hours=25)
    assert await _look(gateway) == 1
    await page.message("system", "This chat has ended")


async def test_after_an_automatic_close_only_who_answered_is_asked_about_and_once(gateway: Gateway) -> None:
    gateway.bot.says(
        "how long is delivery",
        {"text": "Three days.", "custom": {"faq": {"id": "delivery-time", "file": "delivery.yml", "line": 1}}},
    )
    seat = await gateway.seat("ben")
    in_vain, answered = await gateway.page(), await gateway.page()
    await in_vain.say("hello")
    await in_vain.message("assistant")
    await answered.say("how long is delivery")
    await answered.message("assistant")
    # Taken, and never a word of the agent.
    silent, conversation = await _with_agent(gateway, seat)
    gateway.clock.forward(hours=25)
    await _look(gateway)
    await answered.message("system", "How was")
    await in_vain.message("system", "This chat has ended")
    assert not [one for page in (in_vain, silent) for one in page.frames if "How was" in str(one)]
    seat = await gateway.seat("ben")
    assert await _status(seat, conversation) != "closed", "what waits for us is never closed"
    before = len(answered.frames)
    gateway.clock.forward(hours=25)
    await _look(gateway)
    assert not [one for one in answered.frames[before:] if "How was" in str(one)]


@pytest.fixture
async def reopening(start: Start, database_url: str) -> Gateway:
    return await start(database_url=database_url, reopen_minutes=60)


async def test_who_comes_back_soon_gets_the_same_person(reopening: Gateway) -> None:
    gateway = reopening
    seat, other = await gateway.seat("ben"), await gateway.seat("cleo")
    page, first = await _with_agent(gateway, seat)
    await _say(seat, first)
    await seat.post(f"/conversations/{first}/close")
    asked = len(gateway.bot.asked)
    gateway.clock.forward(seconds=20)
    await page.say("And in green?")
    await page.message("system", "Ben is back with you")
    (row,) = (await seat.get("/inbox"))["mine"]
    assert row["id"] != first and row["last_text"]
    assert (await other.get("/inbox"))["mine"] == []
    assert len(gateway.bot.asked) == asked
    await _say(seat, row["id"], "Yes, in green too")
    await page.message("agent", "in green too")


async def test_who_only_says_thanks_gets_the_assistant(reopening: Gateway) -> None:
    gateway = reopening
    seat = await gateway.seat("ben")
    page, first = await _with_agent(gateway, seat)
    await _say(seat, first)
    await seat.post(f"/conversations/{first}/close")
    await page.say("Thank you so much!")
    await page.message("assistant", "bot: Thank you")
    assert (await seat.get("/inbox"))["mine"] == []


async def test_when_the_person_is_gone_the_assistant_goes_on_with_what_it_knew(reopening: Gateway) -> None:
    gateway = reopening
    seat, boss = await gateway.seat("ben"), await gateway.seat("sue")
    slots = {"order_number": "HG10023847", "phone_last4": "4567", "language": "en"}
    page, first = await _with_agent(gateway, seat, slots=slots)
    await _say(seat, first)
    await seat.post(f"/conversations/{first}/close")
    gateway.clock.forward(minutes=30)  # no heartbeat since
    await page.say("Where is it now?")
    await page.message("assistant", "bot: Where is it now?")
    earlier = gateway.bot.asked[-1]["metadata"]["earlier"]
    assert earlier == {"order_number": "HG10023847"}, "the proof is asked for anew"
    await page.say("hello?")
    await page.message("assistant", "bot: hello?")
    assert "earlier" not in gateway.bot.asked[-1]["metadata"]
    assert (await boss.get("/inbox"))["mine"] == []


async def test_after_the_window_nothing_is_taken_over(start: Start) -> None:
    gateway = await start(reopen_minutes=5)
    seat = await gateway.seat("ben")
    page, first = await _with_agent(gateway, seat, slots={"order_number": "HG10023847"})
    await _say(seat, first)
    await seat.post(f"/conversations/{first}/close")
    gateway.clock.forward(minutes=6)
    await page.say("Hello again")
    await page.message("assistant", "bot: Hello again")
    assert "earlier" not in gateway.bot.asked[-1]["metadata"]
