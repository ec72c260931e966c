"""Two records of one person: united only with proof, parted exactly, and nobody unproved is shown another's past."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from desk_parts import on_screen
from gateway_parts import Gateway, Page, Seat, add_agents
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rounds import rounds
from sqlalchemy import event, select
from sqlalchemy.engine import Connection

from handoff import agents, conversations, customer_merges, customers, models, transcript
from handoff.database import Database
from handoff.errors import CustomerChanged, CustomersNotProved, MergeNotLast, UnknownMerge
from handoff.models import Author
from handoff.records import Agent, Draft

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)


class Talk:
    """A customer's page, and the conversation that an agent sees of it."""

    def __init__(self, page: Page, conversation: str) -> None:
        self.page = page
        self.conversation = conversation


async def _talk(gateway: Gateway, words: str, **wish: Any) -> Talk:
    page = await gateway.page(**wish)
    await page.say(words)
    line = await page.message("assistant", words)
    return Talk(page, line["conversation"])


async def _panel(seat: Seat, talk: Talk) -> Any:
    return await seat.get(f"/conversations/{talk.conversation}/customer?locale=en")


async def _note(seat: Seat, talk: Talk, **values: Any) -> Any:
    version = (await _panel(seat, talk))["customer"]["record"]["version"]
    path, body = f"/conversations/{talk.conversation}/customer", {"version": version, "values": values}
    return (await seat.post(path, body, method="PUT"))["customer"]["record"]


async def _unite(seat: Seat, one: Talk, other: Talk, status: int = 200) -> Any:
    versions = [(await _panel(seat, talk))["customer"]["record"]["version"] for talk in (one, other)]
    body = {"with": other.conversation, "version": versions[0], "other_version": versions[1]}
    answer = await seat.post(f"/conversations/{one.conversation}/customer/merge", body, status=status)
    return answer.get("error", answer)


async def _merges(seat: Seat, talk: Talk) -> Any:
    return await seat.get(f"/conversations/{talk.conversation}/customer/history?locale=en")


def _past(panel: Any) -> set[str]:
    return {one["id"] for one in panel["past"]}


async def test_two_records_of_one_signed_account_are_proposed_united_and_parted(gateway: Gateway) -> None:
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    laptop = await _talk(gateway, "from the laptop", identity=gateway.identity("c-0001"))
    phone = await _talk(gateway, "from the phone", identity=gateway.identity("c-0001"))
    other = await _talk(gateway, "somebody else", identity=gateway.identity("c-0002"))
    await _note(ben, laptop, name="陳小姐", tags=[{"name": "愛貓"}])
    await _note(ben, phone, name="Miss Chan", phone="+852 9123 4567", tags=[{"name": "VIP"}, {"name": "愛貓"}])
    shown = (await _panel(ben, laptop))["customer"]
    (offer,) = shown["proposed"]
    assert (offer["conversation"], shown["record"]["may_merge"]) == (phone.conversation, False)
    assert {one["field"]: one["value"] for one in offer["said"]} == {
        "name": "Miss Chan",
        "phone": "+852 9123 4567",
        "tags": ["VIP", "愛貓"],
    }
    assert (await _panel(ben, other))["customer"]["proposed"] == []
    assert (await _unite(ben, laptop, phone, status=403))["code"] == "not_allowed"
    async with on_screen(sue) as screen:
        await screen.until("ready")
        united = (await _unite(sue, laptop, phone))["customer"]["record"]
        await screen.until("customer")
    assert (united["values"]["name"], united["values"]["phone"]) == ("陳小姐", "+852 9123 4567")
    assert [one["name"] for one in united["values"]["tags"]] == ["愛貓", "VIP"]
    seen = (await _panel(ben, phone))["customer"]
    assert (seen["record"]["id"], seen["record"]["senders"], seen["proposed"]) == (united["id"], 2, [])
    assert (await _unite(sue, laptop, phone, status=409))["details"]["reason"] == "same_record"
    told = await _merges(ben, phone)
    (merge,) = told["merges"]
    assert (merge["by"], merge["account"], merge["may_undo"]) == ("Sue", "c-0001", False)
    said = {(one["field"], one["by"]) for one in told["changes"]}
    assert {("merged", "Sue"), ("phone", "Sue"), ("tags", "Sue"), ("name", "Ben"), ("phone", "Ben")} <= said

    await _note(ben, phone, email="chan@example.hk", tags=[{"name": "愛貓"}, {"name": "VIP"}, {"name": "退貨"}])
    path = f"/customer/merges/{merge['id']}/undo"
    await ben.post(f"/conversations/{laptop.conversation}{path}", status=403)
    assert (await sue.post(f"/conversations/{other.conversation}{path}", status=404))["error"][
        "code"
    ] == "unknown_merge"
    parted = (await sue.post(f"/conversations/{laptop.conversation}{path}"))["customer"]["record"]
    assert (parted["values"]["name"], parted["values"]["phone"]) == ("陳小姐", None)
    assert parted["values"]["email"] == "chan@example.hk", "what was written in between stays with the record kept"
    assert [one["name"] for one in parted["values"]["tags"]] == ["愛貓", "退貨"]
    again = (await _panel(ben, phone))["customer"]
    assert again["record"]["values"]["name"] == "Miss Chan" and again["record"]["senders"] == 1
    assert [one["name"] for one in again["record"]["values"]["tags"]] == ["VIP", "愛貓"]
    assert [one["conversation"] for one in again["proposed"]] == [laptop.conversation]
    assert (await sue.post(f"/conversations/{laptop.conversation}{path}", status=404))["error"][
        "code"
    ] == "unknown_merge"


async def test_without_proof_nothing_is_united_and_the_reason_is_told(gateway: Gateway) -> None:
    sue = await gateway.seat("sue")
    ana = await _talk(gateway, "I am Ana", identity=gateway.identity("c-0001"))
    bob = await _talk(gateway, "I am Bob", identity=gateway.identity("c-0002"))
    nobody = await _talk(gateway, "I am Ana too")
    order = {"number": "HG10000001", "status": "shipped"}
    gateway.bot.says("my order", {"text": "my order", "custom": {"order": order}})
    proved = await _talk(gateway, "my order")
    again = await _talk(gateway, "my order")
    for talk in (ana, nobody):
        await _note(sue, talk, name="Ana Chan", phone="+852 9123 4567", email="ana@example.com")
    for one, other, reason in (
        (ana, bob, "different_accounts"),
        (ana, nobody, "unproved"),
        (nobody, ana, "unproved"),
        (ana, proved, "unproved"),
        (proved, again, "unproved"),
        (ana, ana, "same_record"),
    ):
        refused = await _unite(sue, one, other, status=409)
        assert (refused["code"], refused["details"]["reason"]) == ("customers_not_proved", reason)
    for body in ({}, {"with": 5, "version": 0, "other_version": 0}, {"with": bob.conversation, "version": 0}):
        await sue.post(f"/conversations/{ana.conversation}/customer/merge", body, status=400)
    body = {"with": "none", "version": 0, "other_version": 0}
    await sue.post(f"/conversations/{ana.conversation}/customer/merge", body, status=404)
    for talk in (ana, bob, nobody, proved):
        assert (await _panel(sue, talk))["customer"]["proposed"] == []
    assert (await _merges(sue, ana))["merges"] == []


async def test_who_is_unproved_is_told_nothing_that_was_written_elsewhere(gateway: Gateway) -> None:
    """The record of two places is shut for the next one at the same browser, and for agents who take them for her."""
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    home = await _talk(gateway, "private at home", identity=gateway.identity("c-0001"))
    shared = await _talk(gateway, "private in the library", identity=gateway.identity("c-0001", minutes=5))
    await _note(ben, home, name="陳小姐", phone="+852 9123 4567")
    await _unite(sue, home, shared)
    assert home.conversation in _past(await _panel(ben, shared))
    gateway.clock.forward(minutes=10)
    (row,) = [
        one for one in (await ben.get("/conversations?view=bot"))["conversations"] if one["id"] == shared.conversation
    ]
    gateway.app.ctx.database.write_now(
        lambda c: conversations.move(
            c, conversations.find(c, row["id"]), models.Status.CLOSED, gateway.clock(), "test", "closed"
        )
    )
    await shared.page.say("the next one in the library")
    line = await shared.page.message("assistant", "the next one")
    stranger = Talk(shared.page, line["conversation"])
    assert stranger.conversation != shared.conversation
    panel = await _panel(ben, stranger)
    assert panel["customer"]["record"]["locked"] is True and panel["customer"]["proposed"] == []
    assert (_past(panel), panel["customer"]["past_hidden"]) == (set(), 1), "not even what was said here, signed in"
    assert home.conversation not in _past(panel) and "陳小姐" not in str(panel) and "9123" not in str(panel)
    assert (await _merges(ben, stranger)) == {"changes": [], "merges": []}
    rows = (await ben.get("/conversations?view=bot"))["conversations"]
    assert {one["id"]: one["customer"] for one in rows}[stranger.conversation].startswith("#")
    found = (await ben.get("/search?q=%E9%99%B3%E5%B0%8F%E5%A7%90"))["conversations"]
    assert stranger.conversation not in [one["id"] for one in found] and found
    path = f"/conversations/{stranger.conversation}/customer"
    body = {"version": panel["customer"]["record"]["version"], "values": {"name": "x"}}
    assert (await ben.post(path, body, method="PUT", status=409))["error"]["code"] == "customer_locked"
    heard = [str(frame) for frame in shared.page.frames]
    assert not any("at home" in frame for frame in heard), "and no page of theirs was ever sent another's line"


async def test_who_is_unproved_is_offered_nobody_elses_record_even_where_somebody_signed_in_before(
    gateway: Gateway,
) -> None:
    sue = await gateway.seat("sue")
    home = await _talk(gateway, "at home", identity=gateway.identity("c-0001"))
    shared = await _talk(gateway, "in the library", identity=gateway.identity("c-0001", minutes=5))
    await _note(sue, home, name="陳小姐", phone="+852 9123 4567")
    assert len((await _panel(sue, shared))["customer"]["proposed"]) == 1
    gateway.clock.forward(minutes=10)
    gateway.app.ctx.database.write_now(
        lambda c: conversations.move(
            c, conversations.find(c, shared.conversation), models.Status.CLOSED, gateway.clock(), "test", "closed"
        )
    )
    await shared.page.say("the next one in the library")
    stranger = Talk(shared.page, (await shared.page.message("assistant", "the next one"))["conversation"])
    panel = await _panel(sue, stranger)
    assert panel["customer"]["record"]["locked"] is False and panel["customer"]["proposed"] == []
    assert "陳小姐" not in str(panel) and "9123" not in str(panel)
    refused = await _unite(sue, stranger, home, status=409)
    assert (refused["code"], refused["details"]["reason"]) == ("customers_not_proved", "unproved")
    assert len((await _panel(sue, home))["customer"]["proposed"]) == 1, "from where she is signed in, as before"


async def test_of_two_who_unite_crosswise_at_once_one_does(gateway: Gateway) -> None:
    sue = await gateway.seat("sue")
    one = await _talk(gateway, "one", identity=gateway.identity("c-0001"))
    two = await _talk(gateway, "two", identity=gateway.identity("c-0001"))
    await _note(sue, one, name="One")
    await _note(sue, two, name="Two")
    versions = {talk: (await _panel(sue, talk))["customer"]["record"]["version"] for talk in (one, two)}

    async def unite(kept: Talk, gone: Talk) -> int:
        body = {"with": gone.conversation, "version": versions[kept], "other_version": versions[gone]}
        url = f"{gateway.base}/desk/api/conversations/{kept.conversation}/customer/merge"
        async with sue.http.post(url, json=body, headers={"X-CSRF-Token": sue.csrf}) as answer:
            return answer.status

    assert sorted(await asyncio.gather(unite(one, two), unite(two, one))) == [200, 409]
    assert len((await _merges(sue, one))["merges"]) == 1


async def test_two_without_a_record_are_united_crosswise_at_once_and_one_is_told(gateway: Gateway) -> None:
    """Nothing was written down yet, so each makes both records first."""
    sue = await gateway.seat("sue")
    one = await _talk(gateway, "one", identity=gateway.identity("c-0001"))
    two = await _talk(gateway, "two", identity=gateway.identity("c-0001"))
    database, both = gateway.app.ctx.database, threading.Barrier(2)

    def unite(kept: Talk, gone: Talk) -> str:
        def work(connection: Connection) -> str:
            agent = agents.by_login(connection, "sue")
            assert agent is not None
            first, second = (
                customers.of(connection, (talk.channel, talk.sender))
                for talk in (conversations.find(connection, talk.conversation) for talk in (kept, gone))
            )
            if not database.is_sqlite:
                event.listen(connection, "after_cursor_execute", _once_a_record_is_made(both))
            customer_merges.unite(connection, first, second, agent, NOW)
            return "united"

        try:
            return str(database.write_now(work))
        except CustomersNotProved as exc:
            return str(exc.details["reason"])
        except CustomerChanged as exc:
            return exc.code

    loop = asyncio.get_running_loop()
    told = await asyncio.gather(*(loop.run_in_executor(None, unite, *pair) for pair in ((one, two), (two, one))))
    assert "united" in told and set(told) < {"united", "customer_changed", "same_record"}
    assert len((await _merges(sue, one))["merges"]) == 1


def _once_a_record_is_made(both: threading.Barrier) -> Callable[..., None]:
    """Wait after the first record, until the other has made one too or cannot."""
    waited: list[bool] = []

    def after(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO customer_senders") and not waited:
            waited.append(True)
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(0.5)

    return after


# -- at random -------------------------------------------------------------------------------------------------------


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    add_agents(database_url)
    database = Database(database_url)
    yield database
    database.close()


def _begin(connection: Connection, account: str | None, facts: dict[str, Any], agent: Agent) -> customers.Sender:
    """A sender with a proof or none, a line of theirs, and what was written down."""
    sender = ("widget", secrets.token_hex(8))
    talk = conversations.open_or_begin(connection, *sender, NOW, "en")
    if account:
        conversations.set_identity(connection, talk.id, account, None, NOW + timedelta(hours=1))
    draft = Draft(author=Author.CUSTOMER, text=f"I am {sender[1]}")
    transcript.append(connection, conversations.find(connection, talk.id), draft, NOW)
    customers.edit(connection, customers.of(connection, sender), 0, facts, agent, NOW)
    return sender


def _whole(connection: Connection, senders: list[customers.Sender]) -> Any:
    """Whose each sender is with what is written there; and every message and conversation."""
    records = [customers.of(connection, one) for one in senders]
    assert all(one.merged_into is None for one in records), "whoever writes has a record that stands"
    known = [(sender, record.senders, dict(record.facts)) for sender, record in zip(senders, records)]
    said = connection.execute(select(models.messages).order_by(models.messages.c.id)).all()
    talks = connection.execute(select(models.conversations).order_by(models.conversations.c.id)).all()
    return known, [tuple(row) for row in said], [tuple(row) for row in talks]


FACTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Ana", "安娜", "A. Chan"]),
        "phone": st.sampled_from(["+852 9123 4567", "+886 912 345 678"]),
        "class": st.sampled_from(["vip", "regular"]),
        "tags": st.lists(st.integers(1, 5), unique=True, min_size=1, max_size=3),
    },
)
PEOPLE = st.lists(st.tuples(st.sampled_from(["c-1", "c-1", "c-2", None]), FACTS), min_size=2, max_size=5)
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6)


@settings(max_examples=rounds(25), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(people=PEOPLE, pairs=PAIRS)
def test_uniting_and_parting_in_turn_gives_back_everything_and_loses_no_message(
    database: Database, people: list[tuple[str | None, dict[str, Any]]], pairs: list[tuple[int, int]]
) -> None:
    with database.engine.connect() as connection, connection.begin() as undone:
        agent = agents.by_login(connection, "sue")
        assert agent is not None
        senders = [_begin(connection, account, facts, agent) for account, facts in people]
        proved = {sender: account for sender, (account, _) in zip(senders, people)}
        states, merges = [_whole(connection, senders)], []
        for left, right in pairs:
            one, other = (customers.of(connection, senders[place % len(senders)]) for place in (left, right))
            try:
                merges.append(customer_merges.unite(connection, one, other, agent, NOW).id)
            except CustomersNotProved:
                accounts = {proved[sender] for record in (one, other) for sender in record.senders}
                assert None in accounts or len(accounts) > 1 or one.senders == other.senders
                continue
            accounts = {proved[sender] for record in (one, other) for sender in record.senders}
            assert len(accounts) == 1 and None not in accounts, "only of one proved account"
            states.append(_whole(connection, senders))
            assert states[-1][1:] == states[0][1:], "no message and no conversation is touched"
        while merges:
            assert _whole(connection, senders) == states.pop()
            merge_id = merges.pop()
            customer_merges.part(connection, merge_id, agent, NOW)
            with pytest.raises(UnknownMerge):
                customer_merges.part(connection, merge_id, agent, NOW)
        assert _whole(connection, senders) == states.pop() and states == []
        undone.rollback()


def test_a_record_that_went_into_another_is_parted_from_the_outside_in(database: Database) -> None:
    with database.engine.connect() as connection, connection.begin():
        agent = agents.by_login(connection, "sue")
        assert agent is not None
        a, b, c = (_begin(connection, "c-1", {"name": name}, agent) for name in "abc")
        inner = customer_merges.unite(connection, customers.of(connection, b), customers.of(connection, c), agent, NOW)
        outer = customer_merges.unite(connection, customers.of(connection, a), customers.of(connection, b), agent, NOW)
        assert set(customers.of(connection, c).senders) == {a, b, c}
        with pytest.raises(MergeNotLast):
            customer_merges.part(connection, inner.id, agent, NOW)
        customer_merges.part(connection, outer.id, agent, NOW)
        assert set(customers.of(connection, c).senders) == {b, c} and customers.of(connection, c).facts["name"] == "b"
        customer_merges.part(connection, inner.id, agent, NOW)
        assert customers.of(connection, c).facts == {"name": "c"}
