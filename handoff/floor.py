"""The floor: who has the word in a conversation, and what happens when it passes on.

Every operation has three beats: check, do (one transaction), tell (after the commit, carrying stored ids).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import phonenumbers
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from faq_kb.masking import Masking
from handoff import (
    agents,
    attachments,
    blanks,
    conversations,
    customers,
    deliveries,
    desk_mode,
    guests,
    mentions,
    presence,
    routing,
    shapes,
    tags,
    texts,
    tickets,
    transcript,
    waits,
    wrap_ups,
)
from handoff.clock import Clock
from handoff.customer_form import CustomerFormFile
from handoff.database import Database
from handoff.desk_mode import Mode
from handoff.errors import (
    AtCapacity,
    BadInput,
    BlankLeft,
    ConversationClosed,
    EmptyMessage,
    HandoffError,
    MoveNotAllowed,
    NotAllowed,
    NothingToSend,
    NotYourConversation,
    StaleEpoch,
    TextTooLong,
    TicketAlreadyClaimed,
    UnknownMessage,
    UnknownTicket,
)
from handoff.handing import (
    NUMBER_WANTED,
    CallBack,
    Closed,
    Connected,
    Failed,
    Full,
    NumberWanted,
    Queued,
    Result,
    sentence,
    while_waiting_buttons,
)
from handoff.ledger import Ledger
from handoff.models import Author, Status, TicketKind, TicketStatus
from handoff.plain import plain
from handoff.presence import Colleague
from handoff.records import Agent, Conversation, Draft, Message, Ticket, Wish, ticket_id
from handoff.spoken_numbers import number_in
from handoff.survey import Survey
from handoff.teams import TeamsFile
from handoff.wrap_ups import WrapUps

log = logging.getLogger(__name__)

MAX_AGENT_CHARS = 10_000
FORCE_TRIES = 5
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

    def is_written_to(self, channel: str) -> bool:
        """Whether this channel's customers can be written to at any time."""

    def is_sender_sure(self, channel: str) -> bool:
        """Whether the provider makes sure who writes; nobody there can be written to who has not written first."""

    def joins_turns(self, channel: str) -> bool:
        """Whether all that answers one message of the customer leaves as one."""

    def file_limits(self, channel: str) -> Mapping[str, int]:
        """The largest file of an agent's line that this channel sends, by its media type; empty where it sends none."""

    def file_link_days(self, channel: str) -> int | None:
        """For how long an agent's file can be fetched, where it goes as a link in the text; None where it does not."""

    def takes_templates(self, channel: str) -> bool:
        """Whether this channel sends what its provider approved beforehand, also when the time to answer is over."""

    def gives_files(self, channel: str) -> bool:
        """Whether the files of this channel's customers are at a provider, and can be fetched there."""

    def shows_numbers(self, channel: str, buttons: Sequence[Mapping[str, str]]) -> bool:
        """Whether this channel shows these choices as a numbered list."""

    def typing(self, conversation: Conversation, is_person: bool = False) -> None:
        """Show the customer that somebody writes: the bot, or a person."""

    def typing_while(self, conversation: Conversation) -> AbstractContextManager[None]:
        """Show the customer that the bot writes, as long as it does."""

    def window(self, conversation_id: str) -> Awaitable[dict[str, Any] | None]:
        """When this customer can be written to, for the desk; None where that is always."""

    def problems(self) -> list[dict[str, str]]:
        """The channels that are left out, and why."""


@dataclass(frozen=True)
class Handoff:
    """The result of a handoff: what it came to, the ticket, and the sentence that was stored for the customer."""

    result: Result
    ticket: Ticket | None
    conversation: Conversation
    line: Message
    is_new: bool  # this began a case, rather than asking again about one


def customer_topic(channel: str, sender: str) -> str:
    """Where a customer's pages listen."""
    return f"customer:{channel}:{sender}"


DESK_TOPIC = "desk"
QUEUE_TOPIC = "queue"


class Floor:
    """Moves conversations between assistant, queue and people, and says so to everybody concerned."""

    def __init__(
        self,
        database: Database,
        live: Live,
        post: Post,
        teams: TeamsFile,
        masking: Masking,
        ledger: Ledger,
        survey: Survey,
        wrap_ups: WrapUps,
        form: CustomerFormFile,
        clock: Clock,
    ) -> None:
        self.database = database
        self.live = live
        self.post = post
        self.teams = teams
        self.masking = masking
        self.ledger = ledger
        self.survey = survey
        self.wrap_ups = wrap_ups
        self.form = form
        self.clock = clock
        # Called after every change of who waits or who is free.
        self.on_queue_change: Callable[[bool], None] = _nobody_listens

    # -- a person is wanted ------------------------------------------------------------------------------------

    def hand_over(
        self, connection: Connection, conversation: Conversation, wish: Wish, reply_to: int | None, part: int | None
    ) -> Handoff:
        """Ask for a person, inside the caller's transaction. Asking twice is one ticket and another sentence.

        What cannot be done is a result as well; only StaleEpoch is raised, when somebody else has the word by now."""
        try:
            with connection.begin_nested():
                return self._handed_over(connection, conversation, wish, reply_to, part)
        except StaleEpoch:
            raise
        except (HandoffError, SQLAlchemyError) as exc:
            reason = exc.code if isinstance(exc, HandoffError) else "database"
            log.exception("A handoff failed", extra={"event": "handoff_failed", "reason": reason})
            conversation = conversations.find(connection, conversation.id)
            return self._said(connection, conversation, Failed(reason), None, wish, reply_to, part, is_new=False)

    def _handed_over(
        self, connection: Connection, conversation: Conversation, wish: Wish, reply_to: int | None, part: int | None
    ) -> Handoff:
        now, teams = self.clock(), self.teams.current
        ticket = tickets.open_of(connection, conversation.id)
        is_new = ticket is None
        if conversation.status is Status.AGENT:
            holder = agents.by_id(connection, conversation.agent_id)
            result: Result = Connected(holder.name if holder else "", is_new=False)
            return self._said(connection, conversation, result, ticket, wish, reply_to, part, is_new=False)
        given = self.form.current.class_of(customers.class_given(connection, conversation))
        priority = routing.priority_of(wish, given.shop_tags if given else ())
        wish = replace(wish, team=self._team_for(wish), priority=priority)
        number = (conversation.reach or {}).get("call_back")
        if isinstance(number, str) and not number and ticket is None:
            asked = NumberWanted(asdict(wish))
            return self._said(connection, conversation, asked, None, wish, reply_to, part, is_new=False)
        if isinstance(number, str):
            return self._will_call_back(connection, conversation, wish, number, reply_to, part)
        people = presence.staff(connection, teams, now)
        refused = (
            None
            if conversation.status is Status.WAITING and ticket
            else self._refusal(connection, ticket.team if ticket else wish.team, people, now)
        )
        if refused is not None:
            ticket = ticket or self._open(connection, conversation, wish, TicketKind.MESSAGE, None, now)
            result = self._not_now(refused, ticket, now)
            return self._said(connection, conversation, result, ticket, wish, reply_to, part, is_new=is_new)
        was_waiting = conversation.status is Status.WAITING
        team = teams.of(ticket.team if ticket else wish.team)
        wanted = routing.wanted_agent(connection, conversation, wish, team, people, now)
        ticket = ticket or self._open(connection, conversation, wish, TicketKind.LIVE, wanted, now)
        ticket = tickets.raise_priority(connection, tickets.make_live(connection, ticket), wish.priority)
        if not was_waiting:
            conversation = conversations.move(
                connection, conversation, Status.WAITING, now, "customer", f"handoff:{wish.reason}"
            )
        chosen = routing.at_once(connection, ticket, team, teams, people)
        if chosen is not None and agents.take_place(connection, chosen.agent, now):
            ticket = tickets.claim(connection, ticket, chosen.agent.id, now, now + team.first_reply)
            conversation = conversations.move(
                connection, conversation, Status.AGENT, now, "router", "assigned", agent_id=chosen.agent.id
            )
            result = Connected(chosen.agent.name, is_new=True)
        else:
            result = self._place(connection, ticket, people, now, is_new=not was_waiting)
        return self._said(connection, conversation, result, ticket, wish, reply_to, part, is_new=is_new)

    def _will_call_back(
        self,
        connection: Connection,
        conversation: Conversation,
        wish: Wish,
        number: str,
        reply_to: int | None,
        part: int | None,
    ) -> Handoff:
        """Who speaks on the phone with the assistant cannot be written to: a person calls back, with the transcript."""
        known = tickets.open_of(connection, conversation.id)
        ticket = known or self._open(connection, conversation, wish, TicketKind.MESSAGE, None, self.clock())
        if known is None:
            tickets.set_contact(connection, ticket, {"phone": number})
        is_own = number != "" and number == (conversation.reach or {}).get("call_back")
        phone = "" if is_own else str((ticket.contact or {}).get("phone") or number)
        result = CallBack(ticket.number, phone)
        return self._said(connection, conversation, result, ticket, wish, reply_to, part, is_new=known is None)

    def take_number(
        self, connection: Connection, conversation: Conversation, said: str, reply_to: int
    ) -> tuple[Conversation, Message] | None:
        """What a caller with a withheld number answers to the question for one: the case with it, the question once
        more, or that nobody can call back. None where they were not asked."""
        last = transcript.last_from_us(connection, conversation.id)
        kept = last.body.get(NUMBER_WANTED) if last is not None else None
        if last is None or kept is None or conversation.status is not Status.BOT:
            return None
        wish = Wish(**{**kept, "skills": tuple(kept["skills"])})
        number = number_in(said)
        if number is not None and _can_be_called(number):
            done = self._will_call_back(connection, conversation, wish, number, reply_to, 0)
            return done.conversation, done.line
        if number is not None and last.body.get("key") == "call_back_number":
            asked = NumberWanted(kept, is_again=True)
            line = self._said(connection, conversation, asked, None, wish, reply_to, 0, is_new=False).line
        else:
            key = "call_back_nobody"
            line = self.system_line(connection, conversation, key, self.clock(), reply_to=reply_to, part=0)
        return conversation, line

    def people_available(self, connection: Connection, now: datetime, team: str = "") -> bool:
        """Whether this team (the general one if it is not named) is open and somebody is there for it."""
        teams = self.teams.current
        people = presence.staff(connection, teams, now)
        return self.is_open(connection, team, now) and presence.anybody_for(people, teams.usable(team))

    def wait_of(self, connection: Connection, ticket: Ticket, position: int) -> waits.Wait:
        """How long the customer at this place will wait, as far as anybody knows."""
        now = self.clock()
        people = presence.staff(connection, self.teams.current, now)
        return waits.estimate(connection, ticket, position, people, now)

    def can_take(self, connection: Connection, agent: Agent, now: datetime) -> bool:
        """Whether this person can take a customer now."""
        person = presence.can_take(connection, agent.id, self.teams.current, now)
        is_open = any(self.is_open(connection, team, now) for team in (person.teams if person else ()))
        return person is not None and person.is_free and is_open and agents.take_place(connection, agent, now)

    def say_own(
        self, connection: Connection, conversation: Conversation, key: str, now: datetime, **values: Any
    ) -> Message:
        """A sentence of the platform's own, stored in the caller's transaction."""
        return self.system_line(connection, conversation, key, now, **values)

    def tell_handoff(self, handoff: Handoff) -> None:
        """Announce a handoff after its transaction committed."""
        ticket = handoff.ticket
        if handoff.is_new and ticket is not None:
            log.info(
                "A person is wanted",
                extra={"event": "handoff", "outcome": type(handoff.result).__name__.lower(), "ticket": ticket.number},
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
        return self.system_line(
            connection, conversation, "noted", self.clock(), reply_to=reply_to, part=part, position=position
        )

    def place(self, connection: Connection, conversation: Conversation, reply_to: int, part: int) -> Message | None:
        """The place in the queue and how long it may take, for a customer who asks; None when they do not wait."""
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is None or conversation.status is not Status.WAITING:
            return None
        now = self.clock()
        people = presence.staff(connection, self.teams.current, now)
        result = self._place(connection, ticket, people, now, is_new=False)
        wish = Wish(reason=ticket.reason)
        return self._said(connection, conversation, result, ticket, wish, reply_to, part, is_new=False).line

    def news_of_place(
        self, connection: Connection, conversation_id: str, position: int, now: datetime
    ) -> Message | None:
        """The place as it is now, unasked; None when the customer does not wait any more."""
        conversation = conversations.find(connection, conversation_id)
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is None or conversation.status is not Status.WAITING:
            return None
        wait = waits.in_words(self.wait_of(connection, ticket, position), conversation.language)
        body = {"position": position, "buttons": while_waiting_buttons(conversation.language)}
        key = "queue_next" if position == 1 else "queue_news"
        return self.system_line(connection, conversation, key, now, body=body, position=position, wait=wait)

    def offer_message(
        self, connection: Connection, conversation: Conversation, reply_to: int | None, part: int | None
    ) -> Message | None:
        """The form for a message instead of waiting. The place is kept until it is sent; None when nobody waits."""
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is None or conversation.status is not Status.WAITING:
            return None
        return self.system_line(
            connection,
            conversation,
            "leave_message",
            self.clock(),
            reply_to=reply_to,
            part=part,
            body={"contact_form": {"ticket": ticket.number}},
            number=ticket.number,
        )

    def number_hidden(self, connection: Connection, conversation: Conversation, reply_to: int) -> Message | None:
        """Tell a customer that a number in their line was hidden; once in a conversation."""
        if transcript.was_told(connection, conversation.id, "number_hidden"):
            return None
        return self.system_line(
            connection, conversation, "number_hidden", self.clock(), reply_to=reply_to, part=BEFORE_ANSWERS
        )

    def attachment_kept(self, connection: Connection, conversation: Conversation, reply_to: int) -> Message:
        """Tell a customer who sent a picture or a file and no word that it is kept, and offer a person."""
        title = texts.say("button_person", conversation.language)
        buttons = [] if conversation.status is Status.WAITING else [{"title": title, "payload": "/ask_person"}]
        key = "attachment_noted" if conversation.status is Status.WAITING else "attachment_kept"
        return self.system_line(
            connection, conversation, key, self.clock(), reply_to=reply_to, part=0, body={"buttons": buttons}
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
        line = self.system_line(
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
        promise = self.ledger.for_message(connection, conversation, ticket, cleaned, self.clock())
        if conversation.status is Status.WAITING and _was_offered_message(connection, conversation):
            # A message instead of waiting: the case keeps its place among those who left one.
            tickets.make_message(connection, ticket)
            conversation = conversations.move(
                connection, conversation, Status.BOT, self.clock(), "customer", "left a message"
            )
        line = self.system_line(
            connection,
            conversation,
            "contact_saved_until" if promise else "contact_saved",
            self.clock(),
            reply_to=reply_to,
            part=None if reply_to is None else 0,
            name=f" {name}" if name and conversation.language == "en" else name,
            number=ticket.number,
            due=self.ledger.due_in_words(promise, conversation.language) if promise else "",
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
                tickets.claim(connection, ticket, agent.id, now, self.reply_due(ticket, now))
            except TicketAlreadyClaimed as exc:
                holder = agents.by_id(connection, exc.details.get("claimed_by"))
                raise TicketAlreadyClaimed(
                    agent=holder.name if holder else None, status=exc.details.get("status")
                ) from exc
            conversation = conversations.find(connection, ticket.conversation_id)
            return self.give_word(connection, conversation, agent, now, "claimed", "agent_joined")

        conversation, line = await self.database.write(work)
        log.info("Ticket claimed", extra={"event": "ticket_claimed", "ticket": number, "agent_id": agent.id})
        await self.tell_and_deliver(conversation, [line], queue=True)
        return conversation

    async def claim_next(self, agent: Agent) -> Conversation | None:
        """Take the ticket whose turn it is for this agent; None when nobody waits whom they can help. Raises
        AtCapacity."""

        def look(connection: Connection) -> Ticket | None:
            teams = self.teams.current
            seeker = presence.colleague(connection, agent, teams)
            if not seeker.is_free:
                raise AtCapacity(capacity=seeker.capacity)
            escalated = tickets.for_supervisors(connection) if agent.may_take_over else []
            return escalated[0] if escalated else routing.next_for(connection, seeker, teams, only_given_out=False)

        while True:
            ticket = await self.database.read(look)
            if ticket is None:
                return None
            try:
                return await self.claim(agent, ticket.number)
            except TicketAlreadyClaimed:
                continue

    async def say(
        self,
        agent: Agent,
        conversation_id: str,
        text: str,
        client_id: str | None,
        note: bool = False,
        promise_due: datetime | None = None,
        files: Sequence[str] = (),
        shown: Mapping[str, Any] | None = None,
    ) -> Message:
        """An agent's line, or a private note. A line into a conversation nobody holds takes it over first. With
        `promise_due` the line promises an answer until then, and is refused when that cannot be. `files` are ids of
        attachments of this agent; with them no word is needed. `shown` is the body of a card, for which the text
        stands where cards are not shown."""
        _must_answer(agent)
        cleaned = self.masking.hide(_clean_line(text, may_be_empty=bool(files)))
        if not note and (left := blanks.left_in(cleaned)):
            raise BlankLeft(variables=left)

        def work(connection: Connection) -> tuple[Conversation, list[Message], Message]:
            now = self.clock()
            conversation = conversations.find(connection, conversation_id)
            known = transcript.by_client_id(connection, conversation_id, agent.id, client_id) if client_id else None
            if known is not None:
                return conversation, [], known
            owner = attachments.agent(agent.id)
            found = attachments.owned(connection, owner, files) if files else []
            if found and not note:
                attachments.must_fit(found, self.file_limits(conversation))
            words = cleaned or attachments.stands_for([one.kind.value for one in found], conversation.language)
            lines: list[Message] = []
            if not note:
                conversation, lines = self._word_for(connection, conversation, agent, now)
                tickets.replied(connection, conversation.id)
            said = transcript.append(
                connection,
                conversation,
                Draft(
                    author=Author.NOTE if note else Author.AGENT,
                    text=words,
                    body={**attachments.in_body(found, is_wordless=not cleaned), **_as_card(shown)},
                    agent_id=agent.id,
                    name=agent.name,
                    client_id=client_id,
                    delivered=note or self.post.pulled_by_customer(conversation.channel),
                ),
                now,
                guarded=not note,
            )
            if files:
                attachments.put_into(connection, owner, files, conversation.id, said.id)
            if not note:
                self.ledger.person_wrote(connection, conversation, now)
                if promise_due is not None:
                    ticket = tickets.open_of(connection, conversation.id)
                    team = ticket.team if ticket else "support"
                    self.ledger.by_agent(connection, conversation, agent, said, promise_due, team)
            else:
                mentions.keep(connection, said, now)
            return conversation, [*lines, said], said

        conversation, lines, said = await self.database.write(work)
        if note and lines:
            self.tell_named(said)
        await self.tell_and_deliver(conversation, lines, queue=len(lines) > 1)
        return said

    def file_limits(self, conversation: Conversation) -> Mapping[str, int] | None:
        """The largest file from the desk that reaches this customer, by its media type; None where the widget's page
        fetches whatever we have."""
        is_pulled = self.post.pulled_by_customer(conversation.channel)
        return None if is_pulled else self.post.file_limits(conversation.channel)

    async def send_again(self, agent: Agent, message_id: int) -> tuple[Message, deliveries.Standing | None]:
        """Try once more to send a message that did not arrive. Raises UnknownMessage, NothingToSend."""
        _must_answer(agent)

        def work(connection: Connection) -> tuple[Conversation, Message, deliveries.Standing | None]:
            message = transcript.one(connection, message_id)
            if message is None:
                raise UnknownMessage()
            conversation = conversations.find(connection, message.conversation_id)
            together = [message_id]
            if self.post.joins_turns(conversation.channel):
                together = [one.id for one in transcript.turn_of(connection, message)]
            if not deliveries.send_again(connection, together, self.clock()):
                raise NothingToSend()
            return conversation, message, deliveries.standing_of(connection, [message_id]).get(message_id)

        conversation, message, standing = await self.database.write(work)
        event = {"kind": "delivery", "conversation": conversation.id, "messages": [message_id]}
        self.live.publish(DESK_TOPIC, event)
        await self.post.deliver(conversation, [message])
        return message, standing

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
                    tickets.hand_to(connection, ticket, agent.id, now, self.reply_due(ticket, now))
                moved, line = self.give_word(connection, conversation, agent, now, "taken over", "agent_changed")
                return moved, [line]
            return self._word_for(connection, conversation, agent, self.clock())

        conversation, lines = await self.database.write(work)
        await self.tell_and_deliver(conversation, lines, queue=True)
        return conversation

    async def close(self, agent: Agent, conversation_id: str, wrap_up: object = None) -> Conversation:
        """End a conversation: the customer is told, and their next message opens a new one with the assistant. A
        supervisor always can, whatever state it is in and whoever moves it at the same moment. Raises WrapUpMissing
        when the team wants more said of it."""
        for _ in range(FORCE_TRIES if agent.may_take_over else 1):
            try:
                return await self._let_go(agent, conversation_id, Status.CLOSED, "closed", "agent_closed", wrap_up)
            except StaleEpoch:
                continue
            except ConversationClosed:
                if not agent.may_take_over or not await self.database.write(
                    partial(self._end_leftover, conversation_id)
                ):
                    raise
                return await self.database.read(lambda c: conversations.find(c, conversation_id))
        raise StaleEpoch()

    def _end_leftover(self, conversation_id: str, connection: Connection) -> bool:
        """A ticket that outlived its conversation."""
        return tickets.end(connection, conversation_id, TicketStatus.CLOSED, self.clock()) is not None

    async def hand_back(self, agent: Agent, conversation_id: str) -> Conversation:
        """Give the word back to the assistant within the same conversation."""
        return await self._let_go(agent, conversation_id, Status.BOT, "handed back", "back_to_bot")

    async def release(self, agent: Agent, conversation_id: str) -> Conversation:
        """Put the conversation back into the queue, at its old place."""
        return await self._let_go(agent, conversation_id, Status.WAITING, "released", "released")

    def give(
        self, connection: Connection, ticket: Ticket, colleague: Colleague
    ) -> tuple[Conversation, list[Message]] | None:
        """Give a waiting ticket to somebody, in the caller's transaction; None when one of the two is taken by now."""
        now = self.clock()
        if not agents.take_place(connection, colleague.agent, now):
            return None
        tickets.claim(connection, ticket, colleague.agent.id, now, self.reply_due(ticket, now))
        conversation = conversations.find(connection, ticket.conversation_id)
        moved = conversations.move(
            connection, conversation, Status.AGENT, now, "router", "assigned", agent_id=colleague.agent.id
        )
        return moved, [self.system_line(connection, moved, "agent_joined", now, name=colleague.agent.name)]

    async def put_back_first(self, ticket: Ticket, reason: str, is_silent: bool) -> bool:
        """Take a ticket from an agent who does not answer, and put it before all others. False when it moved on."""

        def work(connection: Connection) -> tuple[Conversation, list[Message]] | None:
            now = self.clock()
            current = tickets.find(connection, ticket.id)
            conversation = conversations.find(connection, ticket.conversation_id)
            is_as_seen = (current.claimed_by, current.claimed_at, current.reply_due_at) == (
                ticket.claimed_by,
                ticket.claimed_at,
                ticket.reply_due_at,
            )
            holds = conversation.status is Status.AGENT and conversation.agent_id == ticket.claimed_by
            if current.status is not TicketStatus.CLAIMED or not is_as_seen or not holds:
                return None
            silent = ticket.claimed_by if is_silent else None
            back = tickets.put_back(connection, current, first=True, silent=silent)
            moved = conversations.move(connection, conversation, Status.WAITING, now, "router", reason)
            position = tickets.position(connection, back) or 1
            return moved, [self.system_line(connection, moved, "passed_on", now, position=position)]

        try:
            done = await self.database.write(work)
        except StaleEpoch:
            return False
        if done is None:
            return False
        log.warning(
            "A ticket went back to the head of the queue",
            extra={"event": "put_back", "reason": reason, "ticket": ticket.number, "agent_id": ticket.claimed_by},
        )
        await self.tell_and_deliver(done[0], done[1], queue=True)
        return True

    # -- what a page shows -------------------------------------------------------------------------------------

    def state_for(self, connection: Connection, channel: str, sender: str, language: str) -> dict[str, Any]:
        """Where this customer stands: who has the word, and their place when they wait."""
        now = self.clock()
        conversation = conversations.open_one(connection, channel, sender)
        if conversation is None:
            return {
                "status": "none",
                "position": None,
                "wait": None,
                "agent": None,
                "case": None,
                "language": language,
                "people_available": self.people_available(connection, now),
            }
        ticket = tickets.open_of(connection, conversation.id)
        agent = agents.by_id(connection, conversation.agent_id)
        position = tickets.position(connection, ticket) if ticket and conversation.status is Status.WAITING else None
        wait = self.wait_of(connection, ticket, position) if ticket and position else None
        return {
            "status": conversation.status.value,
            "position": position,
            "wait": {"least_minutes": wait.least_minutes, "most_minutes": wait.most_minutes} if wait else None,
            "agent": {"name": agent.name} if agent else None,
            "case": ticket.number if ticket else None,
            "language": conversation.language,
            "people_available": self.people_available(connection, now),
        }

    def queue_changed(self, sweep: bool = False) -> None:
        """Who waits or who is free has changed: whoever gives out tickets looks again; with `sweep`, first whether
        somebody who went away left customers behind."""
        self.on_queue_change(sweep)

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
            self.queue_changed()
        elif conversation.status is Status.AGENT:
            self.live.publish(DESK_TOPIC, {"kind": "row", "conversation": conversation.id})

    def tell_named(self, note: Message) -> None:
        """Tell the colleagues whom a note names. Who they are is looked up again by their own pages."""
        logins = mentions.named_in(note.text)
        if logins:
            event = {"kind": "mention", "logins": logins, "conversation": note.conversation_id, "by": note.name}
            self.live.publish(DESK_TOPIC, event)

    async def tell_and_deliver(self, conversation: Conversation, lines: Sequence[Message], queue: bool = False) -> None:
        """Tell the pages, then send through the channel what the customer has not got yet."""
        self.tell(conversation, lines, queue)
        outgoing = [line for line in lines if line.author is not Author.NOTE and line.delivered_at is None]
        if outgoing:
            await self.post.deliver(conversation, outgoing)

    # -- the parts ---------------------------------------------------------------------------------------------

    def _hidden(self, value: Any) -> Any:
        return self.masking.hide(value) if isinstance(value, str) else value

    def _team_for(self, wish: Wish) -> str:
        named = "delivery" if wish.reason == routing.SPECIAL_DELIVERY else wish.team
        return self.teams.current.usable(named)

    def _open(
        self,
        connection: Connection,
        conversation: Conversation,
        wish: Wish,
        kind: TicketKind,
        wanted: int | None,
        now: datetime,
    ) -> Ticket:
        known = self.teams.current.skills
        wish = replace(wish, skills=tuple(skill for skill in wish.skills if skill in known))
        return tickets.open_one(connection, conversation.id, wish, kind, now, conversation.language, wanted)

    def is_open(self, connection: Connection, team: str, now: datetime) -> bool:
        """Whether this team answers at this hour, by its own or by what the whole desk was set to."""
        mode = desk_mode.current(connection).mode
        return mode is Mode.ONLINE or (mode is Mode.HOURS and self.teams.current.is_open(team, now))

    def _refusal(
        self, connection: Connection, team: str, people: Sequence[Colleague], now: datetime
    ) -> type[Closed] | Full | None:
        """Why this customer cannot be put on the line; None when they can."""
        if not self.is_open(connection, team, now):
            return Closed
        if not presence.anybody_for(people, team):
            return Full("", has_contact=False)
        limit = self.teams.current.of(team).queue_limit
        if limit and tickets.count_live(connection, team) >= limit:
            return Full("", has_contact=False, is_anybody_there=True)
        return None

    def _not_now(self, refused: type[Closed] | Full, ticket: Ticket, now: datetime) -> Result:
        has_contact = bool(ticket.contact)
        if isinstance(refused, Full):
            return replace(refused, number=ticket.number, has_contact=has_contact)
        return Closed(self.teams.current.next_opening(ticket.team, now), ticket.number, has_contact)

    def _place(
        self, connection: Connection, ticket: Ticket, people: Sequence[Colleague], now: datetime, is_new: bool
    ) -> Queued:
        position = tickets.position(connection, ticket) or 1
        wait = waits.estimate(connection, ticket, position, people, now)
        return Queued(position, wait, ticket.number, is_new)

    def _said(
        self,
        connection: Connection,
        conversation: Conversation,
        result: Result,
        ticket: Ticket | None,
        wish: Wish,
        reply_to: int | None,
        part: int | None,
        is_new: bool,
    ) -> Handoff:
        """Store the sentence of a result; nothing but the result says what is in it."""
        now = self.clock()
        last = transcript.last_from_us(connection, conversation.id)
        said = sentence(
            result,
            conversation.language,
            now,
            is_upset=wish.reason in routing.UPSET,
            unlike=last.text if last else None,
        )
        line = self._store_line(connection, conversation, said.key, said.text, now, reply_to, part, said.body)
        return Handoff(result, ticket, conversation, line, is_new)

    def _word_for(
        self, connection: Connection, conversation: Conversation, agent: Agent, now: datetime
    ) -> tuple[Conversation, list[Message]]:
        """Make sure the agent has the word, taking it from the assistant or the queue; never from a colleague."""
        if conversation.status is Status.CLOSED:
            raise ConversationClosed()
        if conversation.status is Status.AGENT:
            if conversation.agent_id != agent.id and not guests.is_guest(connection, conversation, agent.id):
                raise NotYourConversation()
            return conversation, []
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is None:
            wish = Wish(reason="agent_joined")
            ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now)
        tickets.claim(connection, ticket, agent.id, now, self.reply_due(ticket, now))
        moved, line = self.give_word(connection, conversation, agent, now, "joined", "agent_joined")
        return moved, [line]

    def give_word(
        self, connection: Connection, conversation: Conversation, agent: Agent, now: datetime, reason: str, text: str
    ) -> tuple[Conversation, Message]:
        """Pass the word to this agent and tell the customer, in the caller's transaction."""
        moved = conversations.move(
            connection, conversation, Status.AGENT, now, f"agent:{agent.login}", reason, agent_id=agent.id
        )
        agents.took(connection, agent.id, now)
        return moved, self.system_line(connection, moved, text, now, name=agent.name)

    def reply_due(self, ticket: Ticket, now: datetime) -> datetime:
        """Until when whoever gets this ticket now has to say something."""
        return now + self.teams.current.of(ticket.team).first_reply

    async def _let_go(
        self, agent: Agent, conversation_id: str, to: Status, reason: str, text: str, wrap_up: object = None
    ) -> Conversation:
        _must_answer(agent)

        def work(connection: Connection) -> tuple[Conversation, list[Message]]:
            now = self.clock()
            conversation = conversations.find(connection, conversation_id)
            if conversation.status is Status.CLOSED:
                raise ConversationClosed()
            holds = conversation.status is Status.AGENT and conversation.agent_id == agent.id
            if not holds and not agent.may_take_over:
                raise NotYourConversation()
            position, asks = 1, True
            if to is Status.CLOSED:
                asks = self._wrap_up(connection, conversation, agent, wrap_up, now)
            if to is Status.WAITING:
                ticket = tickets.open_of(connection, conversation.id)
                if ticket is None:
                    raise MoveNotAllowed("This conversation has no ticket to return to the queue.")
                if ticket.status is not TicketStatus.CLAIMED:
                    raise MoveNotAllowed("Nobody holds this conversation.")
                position = tickets.position(connection, tickets.put_back(connection, ticket)) or 1
            else:
                tickets.end(connection, conversation.id, TicketStatus.CLOSED, now)
            holder = agents.by_id(connection, conversation.agent_id) or agent
            moved = conversations.move(connection, conversation, to, now, f"agent:{agent.login}", reason)
            line = self.system_line(connection, moved, text, now, name=holder.name, position=position)
            return moved, [line, *(self.ask_how_it_was(connection, moved, now) if asks else [])]

        moved, lines = await self.database.write(work)
        log.info("Conversation let go", extra={"event": "let_go", "to": to.value, "agent_id": agent.id})
        await self.tell_and_deliver(moved, lines, queue=True)
        return moved

    def _wrap_up(
        self, connection: Connection, conversation: Conversation, agent: Agent, given: object, now: datetime
    ) -> bool:
        """Keep what is said of a conversation at its close; whether the customer is asked about it."""
        ticket = tickets.last_of(connection, conversation.id)
        team = ticket.team if ticket else "support"
        # What began on another channel and went on here ends here, so what its team wants said is said now.
        before = tickets.last_of_each(connection, transcript.came_from(connection, conversation.id))
        teams = {team, *(one.team for one in before.values())}
        wrap_up = self.wrap_ups.read(given, teams, is_tagged=bool(tags.of(connection, conversation.id)))
        for name in wrap_up.tags:
            tags.put_on(connection, conversation.id, name, None, agent.id, now)
        if given:
            wrap_ups.keep(connection, conversation.id, agent.id, team, wrap_up, now)
        return self.wrap_ups.asks_rating(wrap_up)

    def ask_how_it_was(self, connection: Connection, conversation: Conversation, now: datetime) -> list[Message]:
        """The question about the stretch that has just ended; none while a person is still wanted."""
        if conversation.status is Status.WAITING:
            return []
        question = self.survey.after(connection, conversation, self.post.pulled_by_customer(conversation.channel), now)
        return [question] if question else []

    def system_line(
        self,
        connection: Connection,
        conversation: Conversation,
        key: str,
        now: datetime,
        reply_to: int | None = None,
        part: int | None = None,
        body: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Message:
        """Say one of the platform's own sentences, in the caller's transaction."""
        last = transcript.last_from_us(connection, conversation.id)
        said = last.text if last else None
        text = texts.say(key, conversation.language, unlike=said, **values)
        return self._store_line(connection, conversation, key, text, now, reply_to, part, body)

    def _store_line(
        self,
        connection: Connection,
        conversation: Conversation,
        key: str,
        text: str,
        now: datetime,
        reply_to: int | None,
        part: int | None,
        body: Mapping[str, Any] | None,
    ) -> Message:
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


def _nobody_listens(_sweep: bool) -> None:
    """What is done about a change of the queue where nobody waits for one."""


def _was_offered_message(connection: Connection, conversation: Conversation) -> bool:
    """Whether the last form that was shown is the one for a message instead of waiting."""
    return transcript.last_form(connection, conversation.id) == "leave_message"


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


def _as_card(shown: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"wordless": True, **shown} if shown else {}


def _clean_line(text: str, may_be_empty: bool = False) -> str:
    cleaned = plain(text).strip()
    if not cleaned and not may_be_empty:
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
    "Post",
    "StaleEpoch",
    "contact_in",
    "customer_topic",
]
