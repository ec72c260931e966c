"""Customers, bot, agents, timers and restarts in any order: what must never happen does not.

2,000 steps in every run, 100,000 in a nightly one; `SWITCHBOARD_ROUTING_STEPS` says another number.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from house import CHANNEL, House, follow_one_article
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from rounds import IS_NIGHT
from sqlalchemy import select

from faq_kb import KnowledgeFollower
from handoff import agents, conversations, migrations, presence, routing, tickets
from handoff.database import Database
from handoff.errors import HandoffError
from handoff.models import Author, Presence, Role, Stage, Status, TicketKind, TicketStatus
from handoff.models import conversations as conversations_table
from handoff.models import messages as messages_table
from handoff.models import moves as moves_table
from handoff.models import tickets as tickets_table
from handoff.records import Agent, Conversation

STEPS = int(os.environ.get("SWITCHBOARD_ROUTING_STEPS") or (100_000 if IS_NIGHT else 2_000))
STEPS_A_LIFE = 100
# Nothing here waits for anything but the database.
STUCK_AFTER_SECONDS = 60
CUSTOMERS = ("ana", "bo", "cy", "di", "eli")
AGENTS = ("ben", "cleo", "dan", "sue")
FALLBACK_SECONDS = 120
_NAME = "{zh-HK: 隊, zh-TW: 隊, zh-CN: 队, en: Team}"
_TEAMS = f"""
desk: {{policy: least-busy, capacity: 2, first_reply_seconds: 60, fallback_after_seconds: {FALLBACK_SECONDS}}}
general: support
teams:
  support: {{name: {_NAME}}}
  delivery: {{name: {_NAME}, policy: round-robin, lead: ben, fallback: support}}
  returns: {{name: {_NAME}, policy: agents-pick, skills: [repair], fallback: support}}
"""
T = TypeVar("T")


class _Template:
    """What every life begins with: a migrated database with its people, copied, and one article."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="interleavings"))
        self.knowledge: KnowledgeFollower = follow_one_article(self.folder)
        self.teams = self.folder / "teams.yml"
        self.teams.write_text(_TEAMS, encoding="utf-8")
        self.path = self.folder / "template.db"
        database = Database(f"sqlite:///{self.path}")
        migrations.upgrade(database)
        database.close()
        house = House(f"sqlite:///{self.path}", self.teams, self.knowledge)
        house.add_agent("ben", teams=("delivery",))
        house.add_agent("cleo", teams=("support",), capacity=1, languages=("en",))
        house.add_agent("dan", skills=("repair",))
        house.add_agent("sue", role=Role.SUPERVISOR)
        house.database.close()
        self.lives = 0

    def life(self) -> House:
        self.lives += 1
        path = self.folder / f"{self.lives}.db"
        shutil.copy(self.path, path)
        return House(f"sqlite:///{path}", self.teams, self.knowledge)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Interleavings(RuleBasedStateMachine):
    """Each rule is one thing that somebody does; the invariants look at the database after each."""

    template: _Template
    steps: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.house = self.template.life()
        self.people = {one.login: one for one in self.house.database.read_now(agents.listing)}
        self.sent: dict[str, str] = {}  # what each customer wrote, by the sender's own id for it
        # What agents said, by their desk's own id for it: who, where, and whether it is a note.
        self.said: dict[str, tuple[str, str, bool]] = {}
        self.open: dict[str, asyncio.Task[Any]] = {}  # customers whose line the bot is thinking about
        # What was seen of the database so far.
        self.last_move = self.last_line = 0
        self.word: dict[tuple[str, int], str] = {}
        self.epoch: dict[str, int] = {}
        self.kept: Counter[str] = Counter()
        self.to_be_sent: set[int] = set()  # what agents said to customers

    def teardown(self) -> None:
        self._let_bot_answer()
        self._everybody_is_helped()
        self.house.database.close()
        self.loop.close()

    # -- customers ---------------------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(CUSTOMERS),
        team=st.sampled_from(["", "delivery", "returns", "gone"]),
        reason=st.sampled_from(["asked_for_person", "complaint", "special_delivery"]),
        skilled=st.booleans(),
    )
    def a_customer_asks_for_a_person(self, who: str, team: str, reason: str, skilled: bool) -> None:
        self.house.bot.marker = {"team": team, "reason": reason, "skills": ["repair"] if skilled else []}
        self._write(who, "person please", asks_person=False)

    @rule(who=st.sampled_from(CUSTOMERS))
    def a_customer_presses_the_button_for_a_person(self, who: str) -> None:
        # Goes past a bot that thinks about an earlier line.
        self._write(who, "person", asks_person=True)

    @rule(who=st.sampled_from(CUSTOMERS), fails=st.booleans())
    def a_customer_writes(self, who: str, fails: bool) -> None:
        self.house.bot.fails = fails
        self._write(who, "hello", asks_person=False)
        self.house.bot.fails = False

    @rule(who=st.sampled_from(CUSTOMERS))
    def a_customer_writes_and_the_bot_thinks(self, who: str) -> None:
        if who in self.open:
            return
        self.house.bot.hold = self.house.bot.hold or asyncio.Event()
        self.house.bot.is_asked.clear()
        key = self._new_id(who)
        task = self.loop.create_task(self.house.writes(who, f"think {key}", key))
        asked = self.loop.create_task(self.house.bot.is_asked.wait())
        self._run(asyncio.wait([task, asked], return_when=asyncio.FIRST_COMPLETED))
        asked.cancel()
        if not task.done():
            self.open[who] = task

    @precondition(lambda self: self.open)
    @rule()
    def the_bot_answers(self) -> None:
        self._let_bot_answer()

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def a_provider_repeats_itself(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.sent)))
        if self.sent[key] not in self.open:
            self._run(self.house.writes(self.sent[key], "said again", key))

    @rule(who=st.sampled_from(CUSTOMERS))
    def a_customer_leaves_the_queue(self, who: str) -> None:
        if who not in self.open:
            self._run(self.house.line.leave_queue(CHANNEL, who))

    # -- agents ------------------------------------------------------------------------------------------------

    @rule(login=st.sampled_from(AGENTS), value=st.sampled_from(list(Presence)))
    def an_agent_comes_or_goes(self, login: str, value: Presence) -> None:
        agent = self.people[login]
        self.house.here(agent)
        self.house.database.write_now(lambda c: agents.set_presence(c, agent.id, value))

    @rule(login=st.sampled_from(AGENTS))
    def a_page_is_closed(self, login: str) -> None:
        self.house.database.write_now(lambda c: agents.gone(c, self.people[login].id))

    @rule(login=st.sampled_from(AGENTS))
    def an_agent_takes_the_next(self, login: str) -> None:
        self._try(self.house.floor.claim_next(self._agent(login)))

    @rule(login=st.sampled_from(AGENTS), who=st.sampled_from(CUSTOMERS), is_note=st.booleans())
    def an_agent_says_something(self, login: str, who: str, is_note: bool) -> None:
        key = f"{login}-{len(self.said)}"
        one = self._of(who)
        if one is not None:
            self.said[key] = (login, one.id, is_note)
            if not self._say(key):
                del self.said[key]

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def a_desk_sends_again_what_it_had_no_answer_to(self, data: st.DataObject) -> None:
        self._say(data.draw(st.sampled_from(sorted(self.said))))

    @rule(
        login=st.sampled_from(AGENTS),
        who=st.sampled_from(CUSTOMERS),
        to=st.sampled_from([*AGENTS, "support", "delivery", "returns"]),
    )
    def an_agent_transfers(self, login: str, who: str, to: str) -> None:
        passing, agent = self.house.passing, self._agent(login)
        colleague = self.people.get(to)
        self._to(
            who,
            lambda one: (
                passing.to_agent(agent, one.id, colleague.id, "for you")
                if colleague
                else passing.to_team(agent, one.id, to, "for you")
            ),
        )

    @rule(
        login=st.sampled_from(AGENTS),
        who=st.sampled_from(CUSTOMERS),
        colleague=st.sampled_from(AGENTS),
        comes=st.booleans(),
    )
    def an_agent_brings_a_colleague_in_or_sends_them_away(
        self, login: str, who: str, colleague: str, comes: bool
    ) -> None:
        act = self.house.passing.invite if comes else self.house.passing.send_away
        self._to(who, lambda one: act(self._agent(login), one.id, self.people[colleague].id))

    @rule(login=st.sampled_from(AGENTS), who=st.sampled_from(CUSTOMERS), minutes=st.sampled_from([0, 1, 30]))
    def an_agent_puts_aside_or_takes_up(self, login: str, who: str, minutes: int) -> None:
        until = self.house.clock() + timedelta(minutes=minutes) if minutes else None
        self._to(who, lambda one: self.house.passing.snooze(self._agent(login), one.id, until))

    @rule(
        login=st.sampled_from(AGENTS),
        who=st.sampled_from(CUSTOMERS),
        act=st.sampled_from(["close", "hand_back", "release", "take_over"]),
    )
    def an_agent_passes_the_word_on(self, login: str, who: str, act: str) -> None:
        self._to(who, lambda one: getattr(self.house.floor, act)(self._agent(login), one.id))

    # -- time and misfortune -----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 20, 50, 70, 200, 4000]), stay=st.booleans())
    def time_passes(self, seconds: int, stay: bool) -> None:
        self.house.clock.forward(seconds=seconds)
        if stay:
            self.house.here(*(one for one in self.people.values() if self._agent(one.login).seen_at))
        self._run(self.house.settle())

    @rule()
    def the_gateway_is_killed_and_starts_again(self) -> None:
        for task in self.open.values():
            task.cancel()
        for task in self.open.values():
            with contextlib.suppress(asyncio.CancelledError, HandoffError):
                self._run(task)
        self.open = {}
        self.house.start()
        self._run(self.house.line.take_up_unsettled())

    # -- what must hold ----------------------------------------------------------------------------------------

    @invariant()
    def what_must_hold_holds(self) -> None:
        # The router's loop does this after every change.
        self._run(self.house.router.drain())
        self.steps["all"] += 1
        self.house.database.read_now(self._look)

    def _look(self, connection: Any) -> None:
        self._nobody_free_is_left_beside_somebody_they_could_help(connection)
        self._one_customer_has_one_voice(connection)
        self._no_message_is_lost_or_doubled(connection)
        self._a_ticket_has_one_holder_and_says_the_same_as_its_conversation(connection)

    def _nobody_free_is_left_beside_somebody_they_could_help(self, connection: Any) -> None:
        now, teams = self.house.clock(), self.house.teams.current
        waiting = tickets.queue(connection)
        if not waiting:
            return
        free = [one for one in presence.staff(connection, teams, now) if one.is_free and one.takes_what_comes]
        for ticket in waiting:
            if teams.of(ticket.team).gives_out and ticket.stage is not Stage.SUPERVISOR:
                able = [one for one in free if one.serves(ticket) and one.agent.id not in ticket.passed_by]
                assert not able, f"{able[0].agent.login} is free and {ticket.number} waits"
        assert routing.next_assignment(connection, teams, now) is None

    def _one_customer_has_one_voice(self, connection: Any) -> None:
        """Every new line was said by who had the word under its epoch, and no line is older than one before it."""
        moved = connection.execute(select(moves_table).where(moves_table.c.id > self.last_move))
        for row in moved:
            self.word[row.conversation_id, row.epoch] = row.to_status
            self.last_move = row.id
        new = select(messages_table).where(messages_table.c.id > self.last_line).order_by(messages_table.c.id)
        for line in connection.execute(new):
            holder = self.word[line.conversation_id, line.epoch]
            if line.author == Author.ASSISTANT.value:
                assert holder in (Status.BOT.value, Status.WAITING.value), "the bot spoke out of turn"
            if line.author == Author.AGENT.value:
                assert holder == Status.AGENT.value, "an agent spoke out of turn"
            assert line.epoch >= self.epoch.get(line.conversation_id, 0), "said under an older word than before"
            self.epoch[line.conversation_id] = line.epoch
            self.last_line = line.id
            if line.client_id:
                self.kept[line.client_id] += 1
            if line.author == Author.AGENT.value:
                self.to_be_sent.add(line.id)

    def _no_message_is_lost_or_doubled(self, connection: Any) -> None:
        done = {key for key, who in self.sent.items() if who not in self.open}
        assert all(self.kept[key] == 1 for key in (*done, *self.said)), {key: self.kept[key] for key in done}
        sent = self.house.wire.sent
        assert len(sent) == len(set(sent)), "a customer was told the same line twice"
        assert self.to_be_sent <= set(sent), "a customer was not told what an agent said"
        unsettled = connection.execute(
            select(messages_table.c.client_id).where(
                messages_table.c.author == Author.CUSTOMER.value, messages_table.c.settled_at.is_(None)
            )
        )
        assert not done & {row.client_id for row in unsettled}, "a message became silence"

    def _a_ticket_has_one_holder_and_says_the_same_as_its_conversation(self, connection: Any) -> None:
        rows = connection.execute(select(tickets_table).where(tickets_table.c.status.in_(tickets.OPEN))).all()
        by_conversation = {row.conversation_id: row for row in rows}
        assert len(by_conversation) == len(rows), "two tickets for one conversation"
        for one in connection.execute(select(conversations_table)):
            ticket = by_conversation.get(one.id)
            if one.status == Status.AGENT.value:
                assert ticket is not None and ticket.status == TicketStatus.CLAIMED.value
                assert ticket.claimed_by == one.agent_id, "held by two"
            if one.status == Status.WAITING.value:
                assert ticket is not None and ticket.status == TicketStatus.WAITING.value
                assert ticket.kind == TicketKind.LIVE.value and one.agent_id is None
            if one.status == Status.CLOSED.value:
                assert ticket is None
            if one.status == Status.BOT.value and ticket is not None:
                assert (ticket.status, ticket.kind) == (TicketStatus.WAITING.value, TicketKind.MESSAGE.value)

    # -- the parts ---------------------------------------------------------------------------------------------

    def _everybody_is_helped(self) -> None:
        """With one agent who stays, answers and closes, every wait ends: nobody is in a corner nobody looks at."""
        dan = self.people["dan"]
        for one in self.people.values():
            self.house.database.write_now(lambda c, one=one: agents.gone(c, one.id))
        self.house.database.write_now(lambda c: agents.set_presence(c, dan.id, Presence.ONLINE))
        for _ in range(60):
            self.house.clock.forward(seconds=FALLBACK_SECONDS)
            self.house.here(dan)
            self._run(self.house.settle())
            waiting = self.house.database.read_now(tickets.queue)
            mine = self.house.database.read_now(lambda c: conversations.of_agent(c, dan.id))
            if not waiting and not mine:
                return
            for conversation in mine:
                self._run(self.house.floor.say(dan, conversation.id, "Hello", None))
                self._run(self.house.floor.close(dan, conversation.id))
            # Teams whose agents pick: an agent who is free picks.
            self._try(self.house.floor.claim_next(self._agent("dan")))
        raise AssertionError(f"still waiting: {self.house.database.read_now(tickets.queue)}")

    def _write(self, who: str, text: str, asks_person: bool) -> None:
        if who in self.open and not asks_person:
            return
        key = self._new_id(who)
        held, self.house.bot.hold = self.house.bot.hold, None
        self._run(self.house.writes(who, text, key, asks_person=asks_person))
        self.house.bot.hold = held

    def _new_id(self, who: str) -> str:
        key = f"{who}-{len(self.sent)}"
        self.sent[key] = who
        return key

    def _let_bot_answer(self) -> None:
        if self.house.bot.hold is not None:
            self.house.bot.hold.set()
        for task in self.open.values():
            self._run(task)
        self.house.bot.hold, self.open = None, {}

    def _agent(self, login: str) -> Agent:
        found = self.house.database.read_now(lambda c: agents.by_login(c, login))
        assert found is not None
        return found

    def _say(self, key: str) -> bool:
        login, conversation_id, is_note = self.said[key]
        return self._try(self.house.floor.say(self._agent(login), conversation_id, "Hello", key, note=is_note))

    def _of(self, who: str) -> Conversation | None:
        return self.house.database.read_now(lambda c: conversations.open_one(c, CHANNEL, who))

    def _to(self, who: str, act: Any) -> None:
        one = self._of(who)
        if one is not None:
            self._try(act(one))

    def _try(self, work: Coroutine[Any, Any, Conversation | Any]) -> bool:
        # A refusal is an answer; what it must not leave behind, the invariants look for.
        with contextlib.suppress(HandoffError):
            self._run(work)
            return True
        return False

    def _run(self, work: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, STUCK_AFTER_SECONDS))


@pytest.fixture
def template() -> Iterator[_Template]:
    made = _Template()
    yield made
    made.remove()


@pytest.mark.timeout(300 + STEPS // 5)
def test_no_interleaving_breaks_the_line(template: _Template) -> None:
    Interleavings.template = template
    Interleavings.steps = Counter()
    lives = max(1, STEPS // STEPS_A_LIFE)
    while Interleavings.steps["all"] < STEPS:
        run_state_machine_as_test(
            Interleavings,
            settings=settings(
                max_examples=lives,
                stateful_step_count=STEPS_A_LIFE,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
        lives = max(1, lives // 4)
    print(f"{Interleavings.steps['all']} steps in {template.lives} lives")
