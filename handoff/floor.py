"""The floor: who has the word in a conversation, and what happens when it passes on.

Every operation has three beats: check, do (one transaction), tell (after the commit, carrying stored ids).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

import phonenumbers
from sqlalchemy.engine import Connection

from faq_kb.masking import Masking
from handoff import agents, conversations, shapes, texts, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import (
    BadInput,
    ConversationClosed,
    EmptyMessage,
    MoveNotAllowed,
    NotAllowed,
    NotYourConversation,
    StaleEpoch,
    TextTooLong,
    TicketAlreadyClaimed,
    UnknownTicket,
)
from handoff.hours import opening_in_words
from handoff.models import Author, Status, TicketKind, TicketStatus
from handoff.plain import plain
from handoff.records import Agent, Conversation, Draft, Message, Ticket, Wish, ticket_id
from handoff.teams import TeamsFile

log = logging.getLogger(__name__)

MAX_AGENT_CHARS = 10_000
# Answers to a message are its parts 0, 1, 2 ...; this is said of the message itself, before them.
BEFORE_ANSWERS = -1
_EMAIL = re.compile(r"^[^@\s,;<>]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,}$")
_REGIONS = ("HK", "TW", "CN", "MO")
_PHONE = re.compile(r"^\+?[0-9][0-9 ()-]{5,28}[0-9]$")


class Live(Protocol):
    """Where changes are told to pages that look at them. A hint only: the database has the truth."""

    def publish(self, topic: str, event: Mapping[str, Any]) -> None:
        """Tell everybody who follows `topic`."""


class Post(Protocol):
    """How a line of ours leaves through the customer's channel."""

    def deliver(self, conversation: Conversation, lines: Sequence[Message]) -> Awaitable[None]:
        """Send stored lines to the customer, in order."""

    def pulled_by_customer(self, channel: str) -> bool:
        """Whether the customer's page fetches lines itself, so that stored is as good as delivered."""

    def answered_in_response(self, channel: str) -> bool:
        """Whether this channel has no other way to answer than the response to the customer's own request."""


# Who asks for a person for one of these is told first that we are sorry.
UPSET = frozenset({"complaint", "unhelpful"})


class Outcome(str, Enum):
    """What a wish for a person came to. Exactly one holds, and the customer's sentence is made from it alone."""

    QUEUED = "queued"
    STILL_QUEUED = "still_queued"
    WITH_AGENT = "with_agent"
    CLOSED_HOURS = "closed_hours"
    NOBODY = "nobody"
    CASE_OPEN = "case_open"


@dataclass(frozen=True)
class Handoff:
    """The result of a handoff: what it came to, the ticket, and the sentence that was stored for the customer."""

    outcome: Outcome
    ticket: Ticket | None
    conversation: Conversation
    line: Message

    @property
    def is_new(self) -> bool:
        """Whether this began a case, rather than asking again about one."""
        return self.outcome in (Outcome.QUEUED, Outcome.CLOSED_HOURS, Outcome.NOBODY)


def customer_topic(channel: str, sender: str) -> str:
    """Where a customer's pages listen."""
    return f"customer:{channel}:{sender}"


DESK_TOPIC = "desk"
QUEUE_TOPIC = "queue"


class Floor:
    """Moves conversations between assistant, queue and people, and says so to everybody concerned."""

    def __init__(
        self, database: Database, live: Live, post: Post, teams: TeamsFile, masking: Masking, clock: Clock
    ) -> None:
        self.database = database
        self.live = live
        self.post = post
        self.teams = teams
        self.masking = masking
        self.clock = clock

    # -- a person is wanted ------------------------------------------------------------------------------------

    def hand_over(
        self, connection: Connection, conversation: Conversation, wish: Wish, reply_to: int | None, part: int | None
    ) -> Handoff:
        """Ask for a person, inside the caller's transaction. Asking twice is one ticket and another sentence."""
        now = self.clock()
        if conversation.status is Status.AGENT:
            return self._already_with_agent(connection, conversation, reply_to, part, now)
        wish = replace(wish, team=self.teams.current.usable(wish.team))
        ticket = tickets.open_of(connection, conversation.id)
        if self.people_available(connection, now, wish.team):
            fresh = conversation.status is not Status.WAITING
            ticket = ticket or tickets.open_one(
                connection, conversation.id, wish, TicketKind.LIVE, now, conversation.language
            )
            ticket = tickets.make_live(connection, ticket)
            if fresh:
                conversation = conversations.move(
                    connection, conversation, Status.WAITING, now, "customer", f"handoff:{wish.reason}"
                )
            outcome = Outcome.QUEUED if fresh else Outcome.STILL_QUEUED
        elif conversation.status is Status.WAITING and ticket is not None:
            outcome = Outcome.STILL_QUEUED
        else:
            outcome = self._why_nobody(ticket, wish.team, now)
            ticket = ticket or tickets.open_one(
                connection, conversation.id, wish, TicketKind.MESSAGE, now, conversation.language
            )
        is_upset = wish.reason in UPSET and outcome is not Outcome.STILL_QUEUED
        line = self._say_outcome(connection, conversation, outcome, ticket, reply_to, part, now, is_upset=is_upset)
        return Handoff(outcome, ticket, conversation, line)

    def people_available(self, connection: Connection, now: datetime, team: str = "") -> bool:
        """Whether this team (the general one if it is not named) is open and somebody is at the desk."""
        return self.teams.current.is_open(team, now) and agents.present(connection, now) > 0

    def tell_handoff(self, handoff: Handoff) -> None:
        """Announce a handoff after its transaction committed."""
        ticket = handoff.ticket
        if handoff.is_new and ticket is not None:
            log.info(
                "A person is wanted",
                extra={"event": "handoff", "outcome": handoff.outcome.value, "ticket": ticket.number},
            )
            row = shapes.ticket_row(ticket, handoff.conversation, None, self.clock())
            self.live.publish(DESK_TOPIC, {"kind": "ticket", "ticket": row})
        self.tell(handoff.conversation, [handoff.line], queue=True)

    def noted(self, connection: Connection, conversation: Conversation, reply_to: int, part: int) -> Message | None:
        """Tell a waiting customer that their line is kept for the agent; once, not after every line."""
        last = transcript.last_from_us(connection, conversation.id)
        if last is not None and last.body.get("key") == "noted":
            return None
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is None:
            return None
        position = tickets.position(connection, ticket) or 1
        return self._system_line(
            connection, conversation, "noted", self.clock(), reply_to=reply_to, part=part, position=position
        )

    def number_hidden(self, connection: Connection, conversation: Conversation, reply_to: int) -> Message | None:
        """Tell a customer that a number in their line was hidden; once in a conversation."""
        if transcript.was_told(connection, conversation.id, "number_hidden"):
            return None
        return self._system_line(
            connection, conversation, "number_hidden", self.clock(), reply_to=reply_to, part=BEFORE_ANSWERS
        )

    def leave_queue(
        self, connection: Connection, conversation_id: str, reply_to: int | None = None
    ) -> tuple[Conversation, Message]:
        """The customer waits no longer: the ticket is cancelled and the assistant has the word again. In the caller's
        transaction; raises MoveNotAllowed when they do not wait."""
        now = self.clock()
        conversation = conversations.find(connection, conversation_id)
        if conversation.status is not Status.WAITING:
            raise MoveNotAllowed("You are not in the queue.")
        ticket = tickets.end(connection, conversation.id, TicketStatus.CANCELLED, now)
        conversation = conversations.move(connection, conversation, Status.BOT, now, "customer", "left the queue")
        line = self._system_line(
            connection,
            conversation,
            "left_queue",
            now,
            reply_to=reply_to,
            part=None if reply_to is None else 0,
            number=ticket.number if ticket else "",
        )
        return conversation, line

    def keep_contact(
        self,
        connection: Connection,
        conversation_ids: Sequence[str],
        number: str,
        contact: Mapping[str, Any],
        reply_to: int | None = None,
    ) -> tuple[Conversation, Message]:
        """Keep how the customer wants to be reached about a case of theirs, in the caller's transaction. Raises
        BadInput for a contact that reaches nobody, UnknownTicket for somebody else's case."""
        cleaned = _clean_contact({name: self._hidden(value) for name, value in contact.items()})
        ticket = tickets.find(connection, ticket_id(number))
        if ticket.conversation_id not in conversation_ids:
            raise UnknownTicket()
        conversation = conversations.find(connection, ticket.conversation_id)
        tickets.set_contact(connection, ticket, cleaned)
        name = cleaned.get("name", "")
        line = self._system_line(
            connection,
            conversation,
            "contact_saved",
            self.clock(),
            reply_to=reply_to,
            part=None if reply_to is None else 0,
            name=f" {name}" if name and conversation.language == "en" else name,
            number=ticket.number,
        )
        return conversation, line

    # -- a person answers --------------------------------------------------------------------------------------

    async def claim(self, agent: Agent, number: str) -> Conversation:
        """Take a waiting ticket. Of two who try at once one gets it, the other TicketAlreadyClaimed."""
        _must_answer(agent)

        def work(connection: Connection) -> tuple[Conversation, Message]:
            now = self.clock()
            ticket = tickets.find(connection, ticket_id(number))
            try:
                tickets.claim(connection, ticket, agent.id, now)
            except TicketAlreadyClaimed as exc:
                holder = agents.by_id(connection, exc.details.get("claimed_by"))
                raise TicketAlreadyClaimed(
                    agent=holder.name if holder else None, status=exc.details.get("status")
                ) from exc
            conversation = conversations.find(connection, ticket.conversation_id)
            return self._give_word(connection, conversation, agent, now, "claimed", "agent_joined")

        conversation, line = await self.database.write(work)
        log.info("Ticket claimed", extra={"event": "ticket_claimed", "ticket": number, "agent_id": agent.id})
        await self.tell_and_deliver(conversation, [line], queue=True)
        return conversation

    async def claim_next(self, agent: Agent) -> Conversation | None:
        """Take the ticket whose turn it is; None when nobody waits."""
        while True:
            ticket = await self.database.read(tickets.next_waiting)
            if ticket is None:
                return None
            try:
                return await self.claim(agent, ticket.number)
            except TicketAlreadyClaimed:
                continue

    async def say(
        self, agent: Agent, conversation_id: str, text: str, client_id: str | None, note: bool = False
    ) -> Message:
        """An agent's line, or a private note. A line into a conversation nobody holds takes it over first."""
        _must_answer(agent)
        cleaned = self.masking.hide(_clean_line(text))

        def work(connection: Connection) -> tuple[Conversation, list[Message], Message]:
            now = self.clock()
            conversation = conversations.find(connection, conversation_id)
            known = transcript.by_client_id(connection, conversation_id, agent.id, client_id) if client_id else None
            if known is not None:
                return conversation, [], known
            lines: list[Message] = []
            if not note:
                conversation, lines = self._word_for(connection, conversation, agent, now)
            said = transcript.append(
                connection,
                conversation,
                Draft(
                    author=Author.NOTE if note else Author.AGENT,
                    text=cleaned,
                    agent_id=agent.id,
                    name=agent.name,
                    client_id=client_id,
                    delivered=note or self.post.pulled_by_customer(conversation.channel),
                ),
                now,
                guarded=not note,
            )
            return conversation, [*lines, said], said

        conversation, lines, said = await self.database.write(work)
        await self.tell_and_deliver(conversation, lines, queue=len(lines) > 1)
        return said

    async def take_over(self, agent: Agent, conversation_id: str) -> Conversation:
        """Take the word from the assistant or the queue; from a colleague only as a supervisor."""
        _must_answer(agent)

        def work(connection: Connection) -> tuple[Conversation, list[Message]]:
            conversation = conversations.find(connection, conversation_id)
            if conversation.status is Status.AGENT and conversation.agent_id != agent.id:
                if not agent.may_take_over:
                    raise NotYourConversation()
                now = self.clock()
                ticket = tickets.open_of(connection, conversation.id)
                if ticket is not None:
                    tickets.hand_to(connection, ticket, agent.id, now)
                moved, line = self._give_word(connection, conversation, agent, now, "taken over", "agent_changed")
                return moved, [line]
            return self._word_for(connection, conversation, agent, self.clock())

        conversation, lines = await self.database.write(work)
        await self.tell_and_deliver(conversation, lines, queue=True)
        return conversation

    async def close(self, agent: Agent, conversation_id: str) -> Conversation:
        """End a conversation: the customer is told, and their next message opens a new one with the assistant."""
        return await self._let_go(agent, conversation_id, Status.CLOSED, "closed", "agent_closed")

    async def hand_back(self, agent: Agent, conversation_id: str) -> Conversation:
        """Give the word back to the assistant within the same conversation."""
        return await self._let_go(agent, conversation_id, Status.BOT, "handed back", "back_to_bot")

    async def release(self, agent: Agent, conversation_id: str) -> Conversation:
        """Put the conversation back into the queue, at its old place."""
        return await self._let_go(agent, conversation_id, Status.WAITING, "released", "released")

    # -- what a page shows -------------------------------------------------------------------------------------

    def state_for(self, connection: Connection, channel: str, sender: str, language: str) -> dict[str, Any]:
        """Where this customer stands: who has the word, and their place when they wait."""
        now = self.clock()
        conversation = conversations.open_one(connection, channel, sender)
        if conversation is None:
            return {
                "status": "none",
                "position": None,
                "agent": None,
                "case": None,
                "language": language,
                "people_available": self.people_available(connection, now),
            }
        ticket = tickets.open_of(connection, conversation.id)
        agent = agents.by_id(connection, conversation.agent_id)
        waiting = conversation.status is Status.WAITING and ticket is not None
        return {
            "status": conversation.status.value,
            "position": tickets.position(connection, ticket) if waiting and ticket else None,
            "agent": {"name": agent.name} if agent else None,
            "case": ticket.number if ticket else None,
            "language": conversation.language,
            "people_available": self.people_available(connection, now),
        }

    # -- telling -----------------------------------------------------------------------------------------------

    def tell(self, conversation: Conversation, lines: Sequence[Message], queue: bool = False) -> None:
        """Tell the customer's pages and the desk what was stored; with `queue`, that places have changed."""
        topic = customer_topic(conversation.channel, conversation.sender)
        for line in lines:
            if line.author is not Author.NOTE:
                self.live.publish(topic, {"kind": "message", "seq": line.seq, "message": shapes.for_customer(line)})
            self.live.publish(
                DESK_TOPIC,
                {"kind": "message", "conversation": conversation.id, "message": shapes.for_desk(line)},
            )
        if queue:
            self.live.publish(topic, {"kind": "state"})
            self.live.publish(QUEUE_TOPIC, {"kind": "state"})
            self.live.publish(DESK_TOPIC, {"kind": "inbox"})
        elif conversation.status is Status.AGENT:
            self.live.publish(DESK_TOPIC, {"kind": "row", "conversation": conversation.id})

    async def tell_and_deliver(self, conversation: Conversation, lines: Sequence[Message], queue: bool = False) -> None:
        """Tell the pages, then send through the channel what the customer has not got yet."""
        self.tell(conversation, lines, queue)
        outgoing = [line for line in lines if line.author is not Author.NOTE and line.delivered_at is None]
        if outgoing:
            await self.post.deliver(conversation, outgoing)

    # -- the parts ---------------------------------------------------------------------------------------------

    def _hidden(self, value: Any) -> Any:
        return self.masking.hide(value) if isinstance(value, str) else value

    def _why_nobody(self, ticket: Ticket | None, team: str, now: datetime) -> Outcome:
        if ticket is not None and ticket.contact:
            return Outcome.CASE_OPEN
        return Outcome.NOBODY if self.teams.current.is_open(team, now) else Outcome.CLOSED_HOURS

    def _say_outcome(
        self,
        connection: Connection,
        conversation: Conversation,
        outcome: Outcome,
        ticket: Ticket,
        reply_to: int | None,
        part: int | None,
        now: datetime,
        *,
        is_upset: bool = False,
    ) -> Message:
        body: dict[str, Any] = {}
        if outcome in (Outcome.NOBODY, Outcome.CLOSED_HOURS):
            body["contact_form"] = {"ticket": ticket.number}
        if outcome in (Outcome.QUEUED, Outcome.STILL_QUEUED):
            title = texts.say("button_leave_queue", conversation.language)
            body["buttons"] = [{"title": title, "payload": "/leave_queue"}]
        opens = opening_in_words(self.teams.current.next_opening(ticket.team, now), conversation.language, now)
        position = tickets.position(connection, ticket) or 1
        return self._system_line(
            connection,
            conversation,
            outcome.value,
            now,
            reply_to=reply_to,
            part=part,
            body=body,
            opening="sorry" if is_upset else None,
            position=position,
            number=ticket.number,
            opens=opens,
        )

    def _already_with_agent(
        self, connection: Connection, conversation: Conversation, reply_to: int | None, part: int | None, now: datetime
    ) -> Handoff:
        holder = agents.by_id(connection, conversation.agent_id)
        line = self._system_line(
            connection,
            conversation,
            Outcome.WITH_AGENT.value,
            now,
            reply_to=reply_to,
            part=part,
            name=holder.name if holder else "",
        )
        return Handoff(Outcome.WITH_AGENT, tickets.open_of(connection, conversation.id), conversation, line)

    def _word_for(
        self, connection: Connection, conversation: Conversation, agent: Agent, now: datetime
    ) -> tuple[Conversation, list[Message]]:
        """Make sure the agent has the word, taking it from the assistant or the queue; never from a colleague."""
        if conversation.status is Status.CLOSED:
            raise ConversationClosed()
        if conversation.status is Status.AGENT:
            if conversation.agent_id != agent.id:
                raise NotYourConversation()
            return conversation, []
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is None:
            wish = Wish(reason="agent_joined")
            ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now)
        tickets.claim(connection, ticket, agent.id, now)
        moved, line = self._give_word(connection, conversation, agent, now, "joined", "agent_joined")
        return moved, [line]

    def _give_word(
        self, connection: Connection, conversation: Conversation, agent: Agent, now: datetime, reason: str, text: str
    ) -> tuple[Conversation, Message]:
        moved = conversations.move(
            connection, conversation, Status.AGENT, now, f"agent:{agent.login}", reason, agent_id=agent.id
        )
        return moved, self._system_line(connection, moved, text, now, name=agent.name)

    async def _let_go(self, agent: Agent, conversation_id: str, to: Status, reason: str, text: str) -> Conversation:
        _must_answer(agent)

        def work(connection: Connection) -> tuple[Conversation, list[Message]]:
            now = self.clock()
            conversation = conversations.find(connection, conversation_id)
            if conversation.status is Status.CLOSED:
                raise ConversationClosed()
            holds = conversation.status is Status.AGENT and conversation.agent_id == agent.id
            if not holds and not agent.may_take_over:
                raise NotYourConversation()
            position = 1
            if to is Status.WAITING:
                ticket = tickets.open_of(connection, conversation.id)
                if ticket is None:
                    raise MoveNotAllowed("This conversation has no ticket to return to the queue.")
                position = tickets.position(connection, tickets.put_back(connection, ticket)) or 1
            else:
                tickets.end(connection, conversation.id, TicketStatus.CLOSED, now)
            holder = agents.by_id(connection, conversation.agent_id) or agent
            moved = conversations.move(connection, conversation, to, now, f"agent:{agent.login}", reason)
            line = self._system_line(connection, moved, text, now, name=holder.name, position=position)
            return moved, [line]

        moved, lines = await self.database.write(work)
        log.info("Conversation let go", extra={"event": "let_go", "to": to.value, "agent_id": agent.id})
        await self.tell_and_deliver(moved, lines, queue=True)
        return moved

    def _system_line(
        self,
        connection: Connection,
        conversation: Conversation,
        key: str,
        now: datetime,
        reply_to: int | None = None,
        part: int | None = None,
        body: Mapping[str, Any] | None = None,
        opening: str | None = None,
        **values: Any,
    ) -> Message:
        """`opening` names a sentence that comes before the others."""
        last = transcript.last_from_us(connection, conversation.id)
        said = last.text if last else None
        text = texts.say_after(opening, key, conversation.language, unlike=said, **values)
        return transcript.append(
            connection,
            conversation,
            Draft(
                author=Author.SYSTEM,
                text=text,
                body={"key": key, **(body or {})},
                reply_to=reply_to,
                part=part,
                delivered=self.post.pulled_by_customer(conversation.channel),
            ),
            now,
        )


def contact_in(text: str) -> dict[str, str] | None:
    """The contact when a text is nothing but one: a phone number or an e-mail address."""
    written = text.strip()
    if _EMAIL.match(written):
        return {"email": written}
    return {"phone": written} if _PHONE.match(written) and _can_be_called(written) else None


def _can_be_called(number: str) -> bool:
    """Whether this is a phone number somewhere our customers live; an order number without its letters is none."""
    for region in _REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _must_answer(agent: Agent) -> None:
    if not agent.answers_customers:
        raise NotAllowed()


def _clean_line(text: str) -> str:
    cleaned = plain(text).strip()
    if not cleaned:
        raise EmptyMessage()
    if len(cleaned) > MAX_AGENT_CHARS:
        raise TextTooLong(limit=MAX_AGENT_CHARS)
    return cleaned


def _clean_contact(contact: Mapping[str, Any]) -> dict[str, str]:
    cleaned = {}
    for name, limit in (("name", 80), ("phone", 30), ("email", 200), ("note", 1000)):
        value = contact.get(name) or ""
        if not isinstance(value, str) or len(value) > limit:
            raise BadInput(f"{name} must be text of at most {limit} characters.", field=name)
        value = plain(value).strip()
        if value:
            cleaned[name] = value if name == "note" else " ".join(value.split())
    if "phone" in cleaned and not _PHONE.match(cleaned["phone"]):
        raise BadInput("This does not look like a phone number.", field="phone")
    if "email" in cleaned and not _EMAIL.match(cleaned["email"]):
        raise BadInput("This does not look like an e-mail address.", field="email")
    if "phone" not in cleaned and "email" not in cleaned:
        raise BadInput("Leave a phone number or an e-mail address.", field="phone")
    return cleaned


__all__ = [
    "DESK_TOPIC",
    "QUEUE_TOPIC",
    "Floor",
    "Handoff",
    "Live",
    "Outcome",
    "Post",
    "StaleEpoch",
    "contact_in",
    "customer_topic",
]
