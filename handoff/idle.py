"""Silence: a customer who does not answer a person is reminded, then the conversation is closed; both are told,
wherever they write. A chat with the assistant ends by itself, and is pushed to nobody.

What waits for us is never closed: a customer's unanswered line, the queue, a message that was left, a promise. The
clock is the person's last line; what the assistant or the platform said counts for nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from handoff import conversations, promises, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import HandoffError
from handoff.floor import Floor
from handoff.models import Author, Status, TicketStatus
from handoff.records import Conversation, Message

log = logging.getLogger(__name__)

REMINDER, CLOSED, ASSISTANT_CLOSED = "idle_reminder", "idle_closed", "assistant_idle_closed"
NEVER = timedelta()


@dataclass(frozen=True)
class IdleTerms:
    """After how long what happens; zero is never."""

    reminder: timedelta
    close: timedelta  # after the reminder, or after the line when there is no reminder
    assistant: timedelta


class Idle:
    """Goes through the conversations in which nothing has been said for long."""

    def __init__(self, database: Database, floor: Floor, terms: IdleTerms, clock: Clock) -> None:
        self._database = database
        self._floor = floor
        self._terms = terms
        self._clock = clock

    async def look(self) -> int:
        """Remind and close. Returns how many conversations were touched."""
        now, touched = self._clock(), 0
        for status, least in ((Status.AGENT, self._least()), (Status.BOT, self._terms.assistant)):
            if least == NEVER:
                continue
            bound = now - least
            quiet = await self._database.read(lambda c, s=status, b=bound: conversations.quiet(c, s, b))  # type: ignore[misc]
            for conversation_id in quiet:
                touched += await self._touch(conversation_id)
        return touched

    def _least(self) -> timedelta:
        return min((one for one in (self._terms.reminder, self._terms.close) if one != NEVER), default=NEVER)

    async def _touch(self, conversation_id: str) -> bool:
        try:
            done = await self._database.write(lambda c: self._decide(c, conversation_id))
        except HandoffError as exc:
            # Somebody spoke or moved it at this moment.
            log.info("A silent conversation woke up", extra={"event": "idle_stale", "code": exc.code})
            return False
        if done is None:
            return False
        conversation, lines = done
        is_closed = conversation.status is Status.CLOSED
        log.info(
            "A silent conversation was closed" if is_closed else "A silent customer was reminded",
            extra={"event": "idle_closed" if is_closed else "idle_reminded", "conversation": conversation_id},
        )
        await self._floor.tell_and_deliver(conversation, lines, queue=is_closed)
        return True

    def _decide(self, connection: Connection, conversation_id: str) -> tuple[Conversation, list[Message]] | None:
        now = self._clock()
        conversation = conversations.find(connection, conversation_id)
        last = transcript.last_spoken(connection, conversation_id)
        if last is None or self._waits_for_us(connection, conversation, last):
            return None
        if conversation.status is Status.BOT:
            return self._close_assistants(connection, conversation, now) if self._is_over(conversation, now) else None
        if conversation.status is not Status.AGENT or last.author is not Author.AGENT:
            return None
        reminded = transcript.told_after(connection, conversation_id, REMINDER, last.id)
        if reminded is None and self._terms.reminder != NEVER:
            if now - last.at < self._terms.reminder:
                return None
            return conversation, [self._floor.say_own(connection, conversation, REMINDER, now)]
        since = reminded.at if reminded else last.at
        if self._terms.close == NEVER or now - since < self._terms.close:
            return None
        return self._close(connection, conversation, CLOSED, now)

    def _waits_for_us(self, connection: Connection, conversation: Conversation, last: Message) -> bool:
        if last.author is Author.CUSTOMER or conversation.unanswered:
            return True
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is not None and ticket.status is TicketStatus.WAITING:
            return True
        return bool(promises.outstanding_of(connection, conversation))

    def _is_over(self, conversation: Conversation, now: datetime) -> bool:
        last_at = conversation.last_at
        return last_at is not None and now - last_at >= self._terms.assistant != NEVER

    def _close_assistants(
        self, connection: Connection, conversation: Conversation, now: datetime
    ) -> tuple[Conversation, list[Message]] | None:
        """A day later nobody wants a message on their phone, perhaps a paid one, that only says that nothing happened:
        said where the customer's page fetches it, silent elsewhere. Whoever still waits for us is not closed at all."""
        if self._floor.post.pulled_by_customer(conversation.channel):
            return self._close(connection, conversation, ASSISTANT_CLOSED, now)
        return self._moved(connection, conversation, now), []

    def _close(
        self, connection: Connection, conversation: Conversation, key: str, now: datetime
    ) -> tuple[Conversation, list[Message]]:
        moved = self._moved(connection, conversation, now)
        line = self._floor.say_own(connection, moved, key, now)
        return moved, [line, *self._floor.ask_how_it_was(connection, moved, now)]

    def _moved(self, connection: Connection, conversation: Conversation, now: datetime) -> Conversation:
        """Closed, unless anything was said since we looked."""
        moved = conversations.move(
            connection, conversation, Status.CLOSED, now, "platform", "idle", at_seq=conversation.last_seq
        )
        tickets.end(connection, conversation.id, TicketStatus.CLOSED, now)
        return moved
