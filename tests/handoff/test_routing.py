"""Who gets whom: skills, languages, capacity, policy, priority, the lead, the last agent, and what time does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from house import CHANNEL, House
from sqlalchemy import text

from handoff import agents, conversations, customers, roster, routing, tickets
from handoff.errors import AtCapacity
from handoff.models import Presence, Role, Stage, Status
from handoff.records import Agent, Conversation, Ticket, Wish

Build = Callable[..., House]


def _conversation(house: House, sender: str) -> Conversation:
    found = house.database.read_now(lambda c: conversations.open_one(c, CHANNEL, sender))
    assert found is not None
    return found


def _holder(house: House, sender: str) -> int | None:
    return _conversation(house, sender).agent_id


def _ticket(house: House, sender: str) -> Ticket:
    ticket = house.database.read_now(lambda c: tickets.open_of(c, _conversation(house, sender).id))
    assert ticket is not None
    return ticket


async def _asks(house: House, sender: str, **marker: Any) -> Conversation:
    house.bot.marker = marker
    return (await house.writes(sender, "person please")).conversation


async def _answers(house: House, agent: Agent, sender: str) -> None:
    await house.floor.say(agent, _conversation(house, sender).id, f"Hello, {agent.name} here", None)


@pytest.mark.parametrize(
    ("work", "marker", "gets_it"),
    [
        ({"teams": ("returns",)}, {"team": "returns"}, True),
        ({"teams": ("returns",)}, {"team": "support"}, False),
        ({"languages": ("zh-HK",)}, {}, False),
        ({"languages": ("zh-HK", "en")}, {}, True),
        ({}, {"team": "returns", "skills": ["repair"]}, False),
        ({"skills": ("repair",)}, {"team": "returns", "skills": ["repair"]}, True),
        ({}, {"team": "returns", "skills": ["a-skill-nobody-knows"]}, True),
    ],
)
async def test_only_who_can_help_is_given_the_customer(
    build: Build, work: dict[str, Any], marker: dict[str, Any], gets_it: bool
) -> None:
    house = build(returns="skills: [repair]")
    ben = house.add_agent("ben", **work)
    house.here(ben)
    await _asks(house, "ana", **marker)
    await house.settle()
    # Somebody else waits for them: the queue is not closed to this customer.
    assert (_conversation(house, "ana").status is Status.AGENT) is gets_it


async def test_round_robin_takes_turns_and_least_busy_the_one_with_fewest(build: Build) -> None:
    house = build(desk="policy: round-robin, last_agent_hours: 0", returns="policy: least-busy")
    ben, cleo = house.add_agent("ben"), house.add_agent("cleo")
    house.here(ben, cleo)
    for number in range(4):
        await _asks(house, f"c{number}")
        house.clock.forward(seconds=1)
    assert [_holder(house, f"c{number}") for number in range(4)] == [ben.id, cleo.id, ben.id, cleo.id]
    for sender in ("c1", "c3"):
        await house.floor.close(cleo, _conversation(house, sender).id)
    for number in range(4, 6):
        await _asks(house, f"c{number}", team="returns")
    assert {_holder(house, "c4"), _holder(house, "c5")} == {cleo.id}


async def test_capacity_is_kept_and_a_freed_place_goes_to_the_oldest_within_priority(build: Build) -> None:
    house = build()
    ben = house.add_agent("ben", capacity=1)
    house.here(ben)
    await _asks(house, "first")
    for sender, marker in (("calm", {}), ("later", {}), ("vip", {"profile": {"tags": ["VIP"]}})):
        house.clock.forward(seconds=30)
        house.here(ben)
        await _asks(house, sender, **marker)
    assert await house.router.drain() == 0
    order = []
    for _ in range(3):
        house.here(ben)
        await house.floor.close(ben, _conversation(house, order[-1] if order else "first").id)
        assert await house.router.drain() == 1
        order.append(next(s for s in ("calm", "later", "vip") if s not in order and _holder(house, s) == ben.id))
    assert order == ["vip", "calm", "later"]


async def test_who_picks_themselves_is_stopped_at_their_capacity_and_may_still_take_one_by_name(build: Build) -> None:
    house = build(desk="policy: agents-pick, last_agent_hours: 0")
    ben = house.add_agent("ben", capacity=1)
    house.here(ben)
    for sender in ("ana", "bo"):
        await _asks(house, sender)
    assert await house.router.drain() == 0
    taken = await house.floor.claim_next(ben)
    assert taken is not None and taken.sender == "ana"
    with pytest.raises(AtCapacity):
        await house.floor.claim_next(ben)
    await house.floor.claim(ben, _ticket(house, "bo").number)
    assert _holder(house, "bo") == ben.id


async def test_who_was_written_down_as_vip_is_taken_sooner_as_one_of_the_shop_is(build: Build) -> None:
    house = build()
    ben = house.add_agent("ben", capacity=1)
    house.here(ben)

    def note(sender: str, **facts: str) -> None:
        def work(connection: Any) -> None:
            record = customers.of(connection, (CHANNEL, sender))
            customers.edit(connection, record, record.version, facts, ben, house.clock())

        house.database.write_now(work)

    for sender, kind in (("regular", "regular"), ("vip", "vip"), ("both", "vip")):
        note(sender, **{"class": kind})
    for sender in ("regular", "vip", "unknown"):
        await _asks(house, sender)
    await _asks(house, "both", profile={"tags": ["vip"]})
    levels = {sender: _ticket(house, sender).priority for sender in ("regular", "vip", "unknown", "both")}
    assert levels == {"regular": 0, "vip": 1, "unknown": 0, "both": 1}


def test_priority_comes_from_the_marker_the_reason_and_the_tag_and_waiting_outweighs_it() -> None:
    vip = {"profile": {"tags": ["vip"]}}
    wishes = [Wish("asked_for_person"), Wish("complaint"), Wish("anger", collected=vip), Wish("x", priority=9)]
    assert [routing.priority_of(one) for one in wishes] == [0, 2, 3, 3]
    assert tickets.LEVEL_IS_WORTH * 3 == tickets.LEVEL_IS_WORTH + tickets.LEVEL_IS_WORTH * 2


async def test_nobody_starves_behind_urgent_customers(build: Build) -> None:
    house = build()
    ben = house.add_agent("ben", capacity=1)
    house.here(ben)
    await _asks(house, "held")
    await _asks(house, "calm")
    house.clock.forward(minutes=31)
    house.here(ben)
    await _asks(house, "urgent", priority=3)
    assert house.database.read_now(tickets.next_waiting).id == _ticket(house, "calm").id  # type: ignore[union-attr]


async def test_a_special_delivery_goes_straight_to_the_lead_of_delivery(build: Build) -> None:
    house = build(desk="policy: agents-pick", delivery="lead: lea")
    lea, ben = house.add_agent("lea", capacity=1), house.add_agent("ben")
    house.here(lea, ben)
    for sender in ("ana", "bo"):
        assert (await _asks(house, sender, reason="special_delivery", team="sales")).agent_id == lea.id
    house.database.write_now(lambda c: agents.set_presence(c, lea.id, Presence.AWAY))
    waiting = await _asks(house, "cy", reason="special_delivery")
    assert waiting.status is Status.WAITING and _ticket(house, "cy").team == "delivery"
    assert _ticket(house, "cy").priority == 1


async def test_the_last_agent_comes_first_only_if_free_now(build: Build) -> None:
    house = build(desk="policy: least-busy, last_agent_hours: 24")
    ben, cleo = house.add_agent("ben", capacity=2), house.add_agent("cleo", capacity=2)
    house.here(ben)
    await _asks(house, "ana")
    await house.floor.close(ben, _conversation(house, "ana").id)
    house.here(ben, cleo)
    await _asks(house, "other")
    house.database.write_now(lambda c: agents.set_presence(c, cleo.id, Presence.ONLINE))
    assert (await _asks(house, "ana")).agent_id == ben.id
    await house.floor.close(ben, _conversation(house, "ana").id)
    house.database.write_now(lambda c: agents.set_presence(c, ben.id, Presence.AWAY))
    assert (await _asks(house, "ana")).agent_id == cleo.id
    await house.floor.close(cleo, _conversation(house, "ana").id)
    house.clock.forward(hours=25)
    house.here(cleo)
    assert (await _asks(house, "ana")).agent_id == cleo.id


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.OFFLINE, None])
async def test_who_goes_loses_customers_without_a_word_to_the_head_of_the_queue(
    build: Build, presence: Presence | None
) -> None:
    house = build(desk="policy: agents-pick, last_agent_hours: 0")
    ben, cleo = house.add_agent("ben"), house.add_agent("cleo")
    house.here(ben, cleo)
    await _asks(house, "urgent", priority=3)
    await _asks(house, "ana")
    await house.floor.claim(ben, _ticket(house, "ana").number)
    if presence:
        house.database.write_now(lambda c: agents.set_presence(c, ben.id, presence))
    else:
        house.clock.forward(seconds=46)
        house.here(cleo)
    await house.settle()
    assert _conversation(house, "ana").status is Status.WAITING
    assert house.database.read_now(tickets.next_waiting).id == _ticket(house, "ana").id  # type: ignore[union-attr]
    taken = await house.floor.claim_next(cleo)
    assert taken is not None and taken.sender == "ana"


async def test_who_has_answered_keeps_the_customer_through_a_short_absence_but_not_through_a_night(
    build: Build,
) -> None:
    house = build(desk="policy: agents-pick")
    ben, cleo = house.add_agent("ben"), house.add_agent("cleo")
    house.here(ben, cleo)
    await _asks(house, "ana")
    await house.floor.claim(ben, _ticket(house, "ana").number)
    await _answers(house, ben, "ana")
    house.clock.forward(minutes=2)
    house.here(cleo)
    await house.writes("ana", "and then?")
    await house.settle()
    assert _holder(house, "ana") == ben.id
    house.clock.forward(minutes=2)
    house.here(cleo)
    await house.settle()
    assert _conversation(house, "ana").status is Status.WAITING


async def test_silence_passes_the_customer_on_three_times_and_then_to_the_supervisor(build: Build) -> None:
    house = build(desk="policy: round-robin, first_reply_seconds: 30, fallback_after_seconds: 3600")
    people = [house.add_agent(name) for name in ("ben", "cleo", "dan", "eve")]
    sue = house.add_agent("sue", role=Role.SUPERVISOR)
    house.here(*people, sue)
    await _asks(house, "ana")
    holders = [_holder(house, "ana")]
    for _ in range(3):
        house.clock.forward(seconds=31)
        house.here(*people, sue)
        await house.settle()
        holders.append(_holder(house, "ana"))
    assert holders == [people[0].id, people[1].id, people[2].id, sue.id]
    await _answers(house, sue, "ana")
    house.clock.forward(hours=1)
    house.here(*people, sue)
    await house.settle()
    assert _holder(house, "ana") == sue.id, "who has answered is not timed again"


async def test_after_a_time_the_fallback_team_and_then_everybody_is_asked(build: Build) -> None:
    house = build(
        desk="policy: least-busy, fallback_after_seconds: 60", returns="fallback: sales", sales="", delivery=""
    )
    seller, carrier = house.add_agent("sal", teams=("sales",)), house.add_agent("cal", teams=("delivery",))
    house.here(seller, carrier)
    await _asks(house, "ana", team="returns")
    assert _conversation(house, "ana").status is Status.WAITING
    house.clock.forward(seconds=61)
    house.here(seller, carrier)
    await house.settle()
    assert _holder(house, "ana") == seller.id
    house.database.write_now(lambda c: agents.set_presence(c, seller.id, Presence.OFFLINE))
    await house.settle()
    house.clock.forward(seconds=60)
    house.here(carrier)
    await house.settle()
    assert _holder(house, "ana") == carrier.id


async def test_who_is_on_the_roster_is_given_customers_only_on_shift(build: Build) -> None:
    house = build()
    ben = house.add_agent("ben")
    now = house.clock()
    house.database.write_now(lambda c: roster.add(c, ben.id, now.replace(hour=6), now.replace(hour=14), "", now))
    house.here(ben)
    receipt = await house.writes("ana", "person please")
    assert receipt.answers[-1].body["key"] == "nobody"
    house.clock.forward(hours=2)
    house.here(ben)
    assert (await _asks(house, "bo")).agent_id == ben.id


async def test_impossible_states_are_repaired_and_each_is_logged(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    house = build(desk="policy: agents-pick, last_agent_hours: 0")
    ben = house.add_agent("ben")
    house.here(ben)
    for sender in ("lost", "two", "closed", "bot", "gone", "live"):
        await _asks(house, sender)
    for sender in ("two", "gone", "bot"):
        await house.floor.claim(ben, _ticket(house, sender).number)
        await _answers(house, ben, sender)
    ids = {sender: _conversation(house, sender).id for sender in ("lost", "two", "closed", "bot", "gone", "live")}
    cleo = house.add_agent("cleo")
    by_hand = [
        ("UPDATE tickets SET status = 'closed' WHERE conversation_id = :id", "lost"),
        (f"UPDATE tickets SET claimed_by = {cleo.id} WHERE conversation_id = :id", "two"),
        ("UPDATE conversations SET status = 'closed' WHERE id = :id", "closed"),
        ("UPDATE conversations SET status = 'bot', agent_id = NULL WHERE id = :id", "bot"),
        ("UPDATE conversations SET agent_id = NULL WHERE id = :id", "gone"),
        ("UPDATE conversations SET status = 'bot' WHERE id = :id", "live"),
    ]
    for statement, sender in by_hand:
        house.database.write_now(lambda c, s=statement, i=ids[sender]: c.execute(text(s), {"id": i}))
    with caplog.at_level(logging.ERROR):
        assert (await house.sweeper.sweep()).repaired == 6
    kinds = sorted(r.kind for r in caplog.records if getattr(r, "event", "") == "repaired")
    assert kinds == [
        "bot_with_held_ticket", "bot_with_live_ticket", "closed_with_ticket", "held_by_nobody", "held_by_two",
        "waiting_without_ticket",
    ]  # fmt: skip
    assert (await house.sweeper.sweep()).repaired == 0
    waiting = {one.conversation_id for one in house.database.read_now(tickets.waiting_live)}
    assert waiting == {ids["lost"], ids["gone"]}
    assert _ticket(house, "two").claimed_by == ben.id


async def test_a_supervisor_can_always_close(build: Build) -> None:
    house = build(desk="policy: agents-pick, last_agent_hours: 0")
    ben, sue = house.add_agent("ben"), house.add_agent("sue", role=Role.SUPERVISOR)
    house.here(ben, sue)
    for sender in ("bot", "waiting", "held", "broken"):
        if sender == "bot":
            await house.writes(sender, "hello")
        else:
            await _asks(house, sender)
    await house.floor.claim(ben, _ticket(house, "held").number)
    broken = _conversation(house, "broken").id
    house.database.write_now(
        lambda c: c.execute(text("UPDATE conversations SET status = 'closed' WHERE id = :id"), {"id": broken})
    )
    for sender in ("bot", "waiting", "held"):
        assert (await house.floor.close(sue, _conversation(house, sender).id)).status is Status.CLOSED
    await house.floor.close(sue, broken)
    assert house.database.read_now(tickets.queue) == []


async def test_a_ticket_of_a_team_that_is_gone_is_adopted(build: Build) -> None:
    house = build(desk="policy: agents-pick", returns="")
    house.here(house.add_agent("ben"))
    await _asks(house, "ana", team="returns")
    house.database.write_now(lambda c: c.execute(text("UPDATE tickets SET team = 'dissolved'")))
    await house.sweeper.sweep()
    assert _ticket(house, "ana").team == "support"


def test_the_stages_only_widen() -> None:
    assert list(Stage) == sorted(Stage)
