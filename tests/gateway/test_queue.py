"""The queue: who waits, who comes next, and who gets the ticket when two want it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from gateway_parts import Gateway, Page, Start

from handoff import agents, conversations, migrations, tickets
from handoff.database import Database
from handoff.errors import TicketAlreadyClaimed
from handoff.models import MOVES, Role, Status, TicketKind, TicketStatus
from handoff.records import Ticket, Wish

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)


@pytest.fixture
def database(database_url: str) -> Database:
    database = Database(database_url)
    migrations.upgrade(database)
    return database


def _open(database: Database, sender: str, priority: int = 0, minutes: int = 0) -> Ticket:
    def work(connection: object) -> Ticket:
        at = NOW + timedelta(minutes=minutes)
        conversation = conversations.open_or_begin(connection, "widget", sender, at, "en")
        conversations.move(connection, conversation, Status.WAITING, at, "customer")
        wish = Wish(reason="asked_for_person", priority=priority)
        return tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, at)

    return database.write_now(work)


def test_eight_threads_claim_fifty_tickets_and_each_goes_to_one(database: Database) -> None:
    for number in range(50):
        _open(database, f"c{number}", minutes=number)
    people = [
        database.write_now(lambda c, n=n: agents.add(c, f"a{n}", f"A{n}", Role.AGENT, "a-long-password", NOW))
        for n in range(8)
    ]
    begin = threading.Barrier(8)

    def take_all(agent_id: int) -> list[int]:
        mine = []
        begin.wait()
        while True:
            ticket = database.read_now(tickets.next_waiting)
            if ticket is None:
                return mine
            try:
                database.write_now(lambda c, t=ticket: tickets.claim(c, t, agent_id, NOW))
                mine.append(ticket.id)
            except TicketAlreadyClaimed:
                continue

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take_all, [one.id for one in people]))
    every = [ticket for mine in taken for ticket in mine]
    assert len(every) == len(set(every)) == 50
    holders = database.read_now(lambda c: [tickets.find(c, identity).claimed_by for identity in every])
    assert holders == [person.id for person, mine in zip(people, taken, strict=True) for _ in mine]


def test_eight_threads_opening_one_conversation_open_one(database: Database) -> None:
    begin = threading.Barrier(8)

    def open_it(_: int) -> str:
        begin.wait()
        return database.write_now(lambda c: conversations.open_or_begin(c, "widget", "ana", NOW, "en")).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(open_it, range(8)))) == 1


def test_oldest_comes_first_within_priority_and_messages_last(database: Database) -> None:
    late, early = _open(database, "late", minutes=5), _open(database, "early", minutes=1)
    urgent = _open(database, "urgent", priority=2, minutes=9)
    message = _open(database, "message", priority=3)
    database.write_now(lambda c: tickets.make_message(c, message))
    order = database.read_now(tickets.queue)
    assert [ticket.id for ticket in order] == [urgent.id, early.id, late.id, message.id]
    places = database.read_now(lambda c: [tickets.position(c, ticket) for ticket in order])
    assert places == [1, 2, 3, None]


def test_a_returned_ticket_keeps_its_place(database: Database) -> None:
    first, second = _open(database, "first", minutes=1), _open(database, "second", minutes=2)
    agent = database.write_now(lambda c: agents.add(c, "ben", "Ben", Role.AGENT, "a-long-password", NOW))
    database.write_now(lambda c: tickets.claim(c, first, agent.id, NOW))
    assert database.read_now(lambda c: tickets.position(c, second)) == 1
    returned = database.write_now(lambda c: tickets.put_back(c, tickets.find(c, first.id)))
    assert returned.status is TicketStatus.WAITING
    assert database.read_now(lambda c: tickets.position(c, returned)) == 1


def test_nothing_leaves_closed_and_every_other_state_can_close() -> None:
    assert MOVES[Status.CLOSED] == frozenset()
    assert all(Status.CLOSED in MOVES[state] for state in Status if state is not Status.CLOSED)


async def test_position_is_told_and_updated(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    first = await _wants_person(gateway)
    assert (await first.state("waiting"))["position"] == 1
    second = await _wants_person(gateway)
    assert (await second.state("waiting"))["position"] == 2
    assert "place 2" in (await second.message("system"))["text"]
    rows = (await seat.get("/inbox"))["queue"]
    assert [row["position"] for row in rows] == [1, 2]
    await seat.post(f"/tickets/{rows[0]['number']}/claim")
    moved = await second.until(lambda f: f["type"] == "state" and f["state"]["position"] == 1)
    assert moved["state"]["status"] == "waiting"


async def test_of_two_agents_who_click_at_once_one_gets_it_and_the_other_is_told(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page = await _wants_person(gateway)
    await page.state("waiting")
    (row,) = (await ben.get("/inbox"))["queue"]
    await ben.post(f"/tickets/{row['number']}/claim")
    refused = await cleo.post(f"/tickets/{row['number']}/claim", status=409)
    assert refused["error"]["code"] == "ticket_already_claimed"
    assert refused["error"]["details"]["agent"] == "Ben"


async def test_asking_twice_is_one_ticket_and_another_sentence(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page = await _wants_person(gateway)
    first = await page.message("system")
    await page.send({"type": "person", "client_id": "again"})
    await page.until(
        lambda f: f["type"] == "message" and f["message"]["author"] == "system" and f["message"]["id"] > first["id"]
    )
    lines = [f["message"] for f in page.frames if f["type"] == "message" and f["message"]["author"] == "system"]
    assert "still in the queue" in lines[1]["text"]
    assert len((await seat.get("/inbox"))["queue"]) == 1


async def test_leaving_the_queue_gives_the_word_back_to_the_bot(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page = await _wants_person(gateway)
    await page.state("waiting")
    await page.send({"type": "leave_queue", "client_id": "l"})
    await page.message("system", "left the queue")
    await page.say("hello")
    await page.message("assistant", "bot: hello")
    inbox = await seat.get("/inbox")
    assert inbox["queue"] == [] and inbox["counts"]["waiting"] == 0


async def test_leaving_by_the_button_under_the_sentence(gateway: Gateway) -> None:
    await gateway.seat("ben")
    page = await _wants_person(gateway)
    told = await page.message("system")
    assert [button["title"] for button in told["buttons"]] == ["Leave a message instead", "Leave the queue"]
    await page.send({"type": "button", "client_id": "x", "message_id": told["id"], "index": 1})
    await page.message("system", "left the queue")


async def test_while_waiting_the_bot_answers_labelled_and_the_place_is_kept(gateway: Gateway) -> None:
    await gateway.seat("ben")
    gateway.bot.says("fee?", {"text": "HK$30."})
    gateway.bot.says("my story", {"custom": {"noted": True}})
    page = await _wants_person(gateway)
    await page.state("waiting")
    await page.say("fee?")
    answer = await page.message("assistant", "HK$30.")
    assert answer["waiting"] is True
    assert gateway.bot.asked[-1]["metadata"]["waiting"] is True
    for _ in range(3):
        await page.say("my story")
    await page.until(lambda f: [one["type"] for one in page.frames].count("accepted") == 5)
    noted = [f for f in page.frames if f["type"] == "message" and f["message"]["author"] == "system"]
    assert len(noted) == 2, "the sentence of the queue, and one that it is noted"
    assert (await gateway.session(token=page.session["token"]))["state"]["position"] == 1


async def test_nobody_signed_in_is_said_honestly_and_the_bot_stays(gateway: Gateway) -> None:
    page = await _wants_person(gateway)
    told = await page.message("system")
    assert "Nobody is at the desk" in told["text"] and "place" not in told["text"]
    number = told["contact_form"]["ticket"]
    await page.say("hello")
    await page.message("assistant", "bot: hello")
    await page.send({"type": "contact", "client_id": "c", "ticket": number, "name": "Ana", "phone": "+852 9123 4567"})
    assert number in (await page.message("system", "Thank you Ana"))["text"]
    seat = await gateway.seat("ben")
    (row,) = (await seat.get("/inbox"))["queue"]
    assert (row["number"], row["kind"]) == (number, "message")
    await seat.post(f"/tickets/{number}/claim")
    whole = await seat.get(f"/conversations/{row['conversation']}")
    assert whole["ticket"]["contact"] == {"name": "Ana", "phone": "+852 9123 4567"}
    await page.state("agent")


async def test_a_contact_typed_as_text_is_kept_as_well(gateway: Gateway) -> None:
    """Channels without a form: the customer just writes the number."""
    (told,) = await gateway.rest("human agent please now", language="en")
    gateway.bot.hands_over("human agent please now")
    (told,) = await gateway.rest("human agent please now", language="en")
    assert "Nobody is at the desk" in told["text"]
    (thanks,) = await gateway.rest("ana@example.com")
    assert "Thank you" in thanks["text"]
    seat = await gateway.seat("ben")
    (row,) = (await seat.get("/inbox"))["queue"]
    whole = await seat.get(f"/conversations/{row['conversation']}")
    assert whole["ticket"]["contact"] == {"email": "ana@example.com"}


@pytest.mark.parametrize(
    "contact",
    [
        {},
        {"phone": "call me"},
        {"email": "no-at-sign"},
        {"phone": 5},
        {"email": "a@b.co\nBcc: x@y.zz"},
        {"name": "x" * 81},
    ],
)
async def test_a_contact_that_reaches_nobody_is_refused(start: Start, contact: dict[str, object]) -> None:
    gateway = await start()
    page = await _wants_person(gateway)
    number = (await page.message("system"))["contact_form"]["ticket"]
    await page.send({"type": "contact", "client_id": "c", "ticket": number, **contact})
    refused = await page.until(lambda f: f["type"] == "error")
    assert refused["code"] == "bad_input" and refused["field"]


async def test_attack_5_a_contact_for_somebody_elses_case_is_refused(start: Start) -> None:
    gateway = await start()
    ana = await _wants_person(gateway)
    number = (await ana.message("system"))["contact_form"]["ticket"]
    mallory = await gateway.page()
    for ticket in (number, "C-9999", "C-1e3", "-1", "C-٣٠٠١", ""):
        await mallory.send({"type": "contact", "client_id": ticket or "e", "ticket": ticket, "phone": "+85299999999"})
    await mallory.until(lambda f: [one["type"] for one in mallory.frames].count("error") == 6)
    assert not [f for f in mallory.frames if f["type"] == "message"]


async def test_outside_opening_hours_the_next_opening_is_named(start: Start) -> None:
    gateway = await start(opening_hours="tue-fri 09:30-18:00")
    await gateway.seat("ben")
    page = await _wants_person(gateway)
    assert "on Tuesday at 09:30" in (await page.message("system"))["text"]
    assert (await gateway.session(token=page.session["token"]))["state"]["status"] == "bot"


async def test_an_agent_who_is_gone_for_a_minute_is_not_there(start: Start) -> None:
    gateway = await start()
    seat = await gateway.seat("ben")
    await seat.get("/inbox")
    gateway.clock.forward(seconds=60)
    page = await _wants_person(gateway)
    assert "Nobody is at the desk" in (await page.message("system"))["text"]


async def test_somebody_who_left_a_message_and_asks_again_waits_on_the_line(start: Start) -> None:
    gateway = await start()
    page = await _wants_person(gateway)
    number = (await page.message("system"))["contact_form"]["ticket"]
    seat = await gateway.seat("ben")
    await page.send({"type": "person", "client_id": "again"})
    assert (await page.state("waiting"))["case"] == number
    (row,) = (await seat.get("/inbox"))["queue"]
    assert (row["number"], row["kind"]) == (number, "live")


async def _wants_person(gateway: Gateway) -> Page:
    gateway.bot.hands_over("/ask_person", summary="wants a person")
    page = await gateway.page()
    await page.send({"type": "person", "client_id": "p"})
    return page


async def test_leaving_the_queue_in_words(gateway: Gateway) -> None:
    await gateway.seat("ben")
    page = await _wants_person(gateway)
    await page.state("waiting")
    gateway.bot.says("I give up waiting", {"custom": {"leave_queue": True}})
    await page.say("I give up waiting")
    await page.message("system", "left the queue")
    assert (await gateway.session(token=page.session["token"]))["state"]["status"] == "bot"


async def test_who_complains_is_told_first_that_we_are_sorry_and_never_twice_in_the_same_words(
    gateway: Gateway,
) -> None:
    gateway.bot.hands_over("your courier is a joke", reason="complaint")
    (told,) = await gateway.rest("your courier is a joke", language="en")
    (again,) = await gateway.rest("your courier is a joke", language="en")
    assert "sorry" in told["text"] and "Nobody is at the desk" in told["text"]
    assert "sorry" in again["text"] and again["text"] != told["text"]
    gateway.bot.hands_over("a person please")
    (calm,) = await gateway.rest("a person please", language="en")
    assert "sorry" not in calm["text"]
