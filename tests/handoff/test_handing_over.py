"""A wish for a person comes to exactly one of five results, and the sentence is made from that value alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from house import NOON, House

from handoff import conversations, desk_mode, tickets
from handoff.desk_mode import Mode
from handoff.handing import Closed, Connected, Failed, Full, Queued, Result, sentence
from handoff.models import Author, Status, TicketKind
from handoff.records import Wish
from handoff.texts import LOCALES
from handoff.waits import UNKNOWN, Wait, band

Build = Callable[..., House]
OPENS = datetime(2026, 3, 3, 9, 30, tzinfo=ZoneInfo("Asia/Hong_Kong"))
RESULTS: list[Result] = [
    Connected("Ben", is_new=True),
    Connected("Ben", is_new=False),
    Queued(3, Wait(2, 5), "C-1001", is_new=True),
    Queued(3, UNKNOWN, "C-1001", is_new=True),
    Queued(1, Wait(0, 2), "C-1001", is_new=False),
    Queued(9, Wait(40), "C-1001", is_new=False),
    *(Closed(opens, "C-1001", has) for opens in (OPENS, None) for has in (True, False)),
    *(Full("C-1001", has, there) for has in (True, False) for there in (True, False)),
    Failed("database"),
]
# Words that promise that we come to the customer, without an "if you leave …" before them.
PROMISES = re.compile(
    r"will use it|will follow up|用佢搵你|會跟進|以此與您聯繫|會處理|用它联系您|会跟进|覆你|回覆您|回复您"
)
ASKS = re.compile(r"留低|留下|留聯絡|請留|请留|leave", re.IGNORECASE)


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("result", RESULTS, ids=str)
def test_the_sentence_says_what_the_result_says_and_promises_nothing_more(result: Result, language: str) -> None:
    said = sentence(result, language, NOON)
    assert "{" not in said.text
    if isinstance(result, Connected):
        assert "Ben" in said.text and not said.body
    if isinstance(result, Queued):
        assert str(result.position) in said.text and "C-1001" in said.text and said.body["buttons"]
        numbers = [one for one in (result.wait.least_minutes, result.wait.most_minutes) if one]
        assert all(str(one) in said.text for one in numbers)
    if isinstance(result, (Closed, Full)):
        assert "C-1001" in said.text
        assert ("contact_form" in said.body) is not result.has_contact
        if not result.has_contact:
            before = said.text[: found.start()] if (found := PROMISES.search(said.text)) else said.text
            assert ASKS.search(before), "asked for a contact before anything is promised"
    if isinstance(result, Closed) and result.opens_at:
        assert "09:30" in said.text
    if isinstance(result, Failed):
        assert said.body["buttons"] and not PROMISES.search(said.text)


@pytest.mark.parametrize("language", LOCALES)
def test_every_variant_that_promises_an_answer_belongs_to_a_stored_contact(language: str) -> None:
    for key in ("closed_hours", "nobody", "queue_full", "handoff_failed"):
        from handoff import texts

        for variant in texts.variants(key, language):
            found = PROMISES.search(variant)
            assert found is None or ASKS.search(variant[: found.start()]), variant


async def test_somebody_free_is_given_the_customer_at_once_and_says_so_last(build: Build) -> None:
    house = build()
    ben = house.add_agent("ben")
    house.here(ben)
    receipt = await house.writes("ana", "person please")
    assert [line.author for line in receipt.answers] == [Author.ASSISTANT, Author.SYSTEM]
    assert receipt.answers[-1].body["key"] == "agent_joined" and "Ben" in receipt.answers[-1].text
    assert receipt.conversation.status is Status.AGENT and receipt.conversation.agent_id == ben.id


async def test_two_wishes_are_one_ticket_and_who_has_somebody_is_told_whom(build: Build) -> None:
    house = build()
    ben = house.add_agent("ben", capacity=1)
    house.here(ben)
    await house.writes("ana", "person please")
    first = await house.writes("bo", "person please")
    second = await house.writes("bo", "person please")
    assert [r.answers[-1].body["key"] for r in (first, second)] == ["queued", "still_queued"]
    assert "can't tell yet" in first.answers[-1].text
    again = house.database.write_now(
        lambda c: house.floor.hand_over(c, conversations.open_one(c, "messenger", "ana"), Wish("complaint"), None, None)
    )
    assert again.result == Connected("Ben", is_new=False) and again.is_new is False
    assert len(house.database.read_now(tickets.queue)) == 1


async def test_a_wish_before_any_message_is_handed_over(build: Build) -> None:
    house = build()
    house.here(house.add_agent("ben", capacity=1))

    def ask(connection: object) -> Result:
        conversation = conversations.open_or_begin(connection, "messenger", "zoe", NOON, "zh-TW")
        return house.floor.hand_over(connection, conversation, Wish("asked_for_person"), None, None).result

    assert house.database.write_now(ask) == Connected("Ben", is_new=True)


async def test_closed_full_and_offline_each_say_so_and_keep_the_bot(build: Build) -> None:
    house = build(desk='policy: least-busy, hours: "tue-fri 09:30-18:00", time_zone: Asia/Hong_Kong')
    closed = await house.writes("ana", "person please")
    assert "on Tuesday at 09:30" in closed.answers[-1].text and closed.conversation.status is Status.BOT
    house.clock.forward(days=1)
    nobody = await house.writes("bo", "person please")
    assert nobody.answers[-1].body["key"] == "nobody"
    ben = house.add_agent("ben", capacity=1)
    house.here(ben)
    house.database.write_now(lambda c: desk_mode.change(c, Mode.OFFLINE, "sue", house.clock()))
    offline = await house.writes("cy", "person please")
    assert offline.answers[-1].body["key"] == "closed_hours"
    house.clock.forward(days=-1)
    house.here(ben)
    house.database.write_now(lambda c: desk_mode.change(c, Mode.ONLINE, "sue", house.clock()))
    assert (await house.writes("di", "person please")).answers[-1].body["key"] == "agent_joined"


async def test_a_team_that_is_closed_says_so_while_another_answers(build: Build) -> None:
    house = build(desk="policy: least-busy", returns='hours: "tue-fri 09:30-18:00", time_zone: Asia/Hong_Kong')
    house.here(house.add_agent("ben"))
    house.bot.marker = {"team": "returns"}
    closed = await house.writes("ana", "person please")
    assert closed.answers[-1].body["key"] == "closed_hours" and "on Tuesday at 09:30" in closed.answers[-1].text
    house.bot.marker = {"team": "support"}
    assert (await house.writes("bo", "person please")).answers[-1].body["key"] == "agent_joined"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, "on Wednesday at 14:00"),  # Tuesday, closed by an exception; Wednesday opens later than usual
        (2, "at 14:00"),
        (60, "on Monday at 09:30"),  # Labour Day, a Friday
    ],
    ids=["closed that day", "other hours that day", "a public holiday"],
)
async def test_a_holiday_and_an_exception_are_said_as_when_people_are_back(build: Build, days: int, said: str) -> None:
    exceptions = '[{date: 2026-03-03, hours: closed, name: Stocktaking}, {date: 2026-03-04, hours: "14:00-16:00"}]'
    house = build(
        desk='policy: least-busy, hours: "mon-fri 09:30-18:00", time_zone: Asia/Hong_Kong, holidays: [HK], '
        f"exceptions: {exceptions}"
    )
    ben = house.add_agent("ben")
    house.here(ben)
    open_now = await house.writes("ana", "person please")
    assert open_now.answers[-1].body["key"] == "agent_joined"
    house.clock.forward(days=days)
    house.here(ben)
    closed = await house.writes("bo", "person please")
    assert closed.answers[-1].body["key"] == "closed_hours"
    assert said in closed.answers[-1].text


async def test_who_left_a_contact_hears_that_it_is_kept_and_nobody_else_does(build: Build) -> None:
    house = build(desk='hours: "tue-fri 09:30-18:00", time_zone: Asia/Hong_Kong')
    await house.writes("ana", "person please")
    thanks = await house.writes("ana", "ana@example.com")
    assert thanks.answers[-1].body["key"].startswith("contact_saved")
    again = await house.writes("ana", "person please")
    assert again.answers[-1].body["key"] == "closed_with_contact" and "has your contact" in again.answers[-1].text


async def test_a_full_queue_offers_a_callback(build: Build) -> None:
    house = build(desk="policy: least-busy, queue_limit: 1")
    house.here(house.add_agent("ben", capacity=1))
    said = [(await house.writes(who, "person please")).answers[-1] for who in ("ana", "bo", "cy")]
    assert [line.body["key"] for line in said] == ["agent_joined", "queued", "queue_full"]
    assert said[-1].body["contact_form"]


async def test_what_cannot_be_done_is_said_and_nothing_is_half_done(build: Build) -> None:
    house = build()
    receipt = await house.writes("ana", "hello")

    def ask_closed(connection: object) -> tuple[Result, str]:
        closed = conversations.move(connection, receipt.conversation, Status.CLOSED, NOON, "agent:ben")
        handoff = house.floor.hand_over(connection, closed, Wish("asked_for_person"), None, None)
        return handoff.result, handoff.line.text

    house.here(house.add_agent("ben"))
    result, said = house.database.write_now(ask_closed)
    assert result == Failed("conversation_closed") and "couldn't get you through" in said
    assert house.database.read_now(lambda c: tickets.open_of(c, receipt.conversation.id)) is None


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, Wait(0, 2)), (120, Wait(0, 2)), (121, Wait(2, 5)), (2400, Wait(20, 40)), (2401, Wait(40))],
)
def test_a_wait_is_a_band(seconds: float, expected: Wait) -> None:
    assert band(seconds) == expected


async def test_the_wait_is_estimated_from_what_happened_in_this_team(build: Build) -> None:
    house = build(desk="policy: least-busy, last_agent_hours: 0", returns="")
    house.bot.marker = {"team": "returns"}
    ben = house.add_agent("ben", capacity=1)
    for number in range(6):
        house.here(ben)
        receipt = await house.writes(f"c{number}", "person please")
        house.clock.forward(minutes=8)
        house.here(ben)
        await house.floor.close(ben, receipt.conversation.id)
    await house.writes("ana", "person please")
    first = await house.writes("bo", "person please")
    second = await house.writes("cy", "person please")
    assert "5 to 10 minutes" in first.answers[-1].text and "10 to 20 minutes" in second.answers[-1].text


def test_a_message_left_at_night_waits_as_a_message(build: Build) -> None:
    house = build(desk='hours: "tue-fri 09:30-18:00"')

    def ask(connection: object) -> TicketKind:
        conversation = conversations.open_or_begin(connection, "messenger", "zoe", NOON, "en")
        ticket = house.floor.hand_over(connection, conversation, Wish("asked_for_person"), None, None).ticket
        assert ticket is not None
        return ticket.kind

    assert house.database.write_now(ask) is TicketKind.MESSAGE
