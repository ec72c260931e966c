"""Watches over what was promised: tells who has to act before a promise is due, and who has to help when it is broken.

A promise whose customer has no open conversation gets one in time, with a ticket, so that somebody can take it and
write. What is overdue goes ahead of others in the queue.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.engine import Connection

from handoff import agents, conversations, promises, shapes, texts, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.floor import DESK_TOPIC, Floor
from handoff.models import Author, Status, TicketKind
from handoff.records import Conversation, Draft, Promise, Wish

log = logging.getLogger(__name__)

SOON, OVERDUE, ESCALATED = "soon", "overdue", "escalated"
# Ahead of who merely waits, and ahead of nearly everybody.
RAISED, URGENT = 1, 3


class PromiseWatch:
    """Goes through the outstanding promises."""

    def __init__(self, database: Database, floor: Floor, clock: Clock) -> None:
        self._database = database
        self._floor = floor
        self._clock = clock

    async def look(self) -> int:
        """Tell what has to be told by now. Returns how many alerts there were."""
        now, terms = self._clock(), self._floor.ledger.terms
        due = await self._database.read(lambda c: promises.to_be_told(c, now, now + terms.soon, now - terms.escalate))
        told = 0
        for promise in due:
            events = await self._database.write(lambda c, one=promise: self._stages(c, one))  # type: ignore[misc]
            for event in events:
                log.info(
                    "A promise needs somebody",
                    extra={"event": f"promise_{event['stage']}", "promise_id": promise.id},
                )
                self._floor.live.publish(DESK_TOPIC, event)
            if events:
                self._floor.live.publish(DESK_TOPIC, {"kind": "inbox"})
            told += len(events)
        return told

    def _stages(self, connection: Connection, promise: Promise) -> list[dict[str, Any]]:
        """The stages this promise has newly reached, in order; each is told once, by whoever comes first."""
        now, terms = self._clock(), self._floor.ledger.terms
        reached = [SOON]
        if promise.due_at < now:
            reached.append(OVERDUE)
        if promise.due_at < now - terms.escalate:
            reached.append(ESCALATED)
        fresh = [stage for stage in reached if promises.mark(connection, promise.id, stage, now)]
        if not fresh:
            return []
        priority = URGENT if OVERDUE in reached else RAISED
        conversation = self._make_answerable(connection, promise, priority)
        # Three alerts at once, after a night without the platform, are one.
        return [self._event(connection, promises.find(connection, promise.id), conversation, fresh[-1])]

    def _make_answerable(self, connection: Connection, promise: Promise, priority: int) -> Conversation:
        """The customer's open conversation with a ticket that is high enough, unless a person has it already."""
        now = self._clock()
        made_in = conversations.find(connection, promise.conversation_id)
        conversation = conversations.open_or_begin(
            connection, promise.channel, promise.sender, now, made_in.language, made_in.page
        )
        ticket = tickets.open_of(connection, conversation.id)
        if ticket is None and conversation.status is not Status.AGENT:
            wish = Wish(reason="promise_due", team=promise.team, priority=priority, summary=promise.what)
            ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.MESSAGE, now)
            self._note(connection, conversation, promise)
        if ticket is not None:
            tickets.raise_priority(connection, ticket, priority)
        return conversation

    def _note(self, connection: Connection, conversation: Conversation, promise: Promise) -> None:
        """What was promised, for whoever takes it, in the language of who promised it."""
        owner = agents.by_id(connection, promise.agent_id)
        spoken = owner.language if owner else conversation.language
        text = texts.say(
            "promise_note",
            spoken,
            who=owner.name if owner else texts.say("promise_team", spoken),
            due=self._floor.ledger.due_in_words(promise, spoken),
            what=promise.what,
        )
        draft = Draft(author=Author.NOTE, text=text, delivered=True)
        transcript.append(connection, conversation, draft, self._clock())

    def _event(
        self, connection: Connection, promise: Promise, conversation: Conversation, stage: str
    ) -> dict[str, Any]:
        owner = agents.by_id(connection, promise.agent_id)
        shape = shapes.promise(promise, conversation, owner, self._clock())
        return {"kind": "promise", "stage": stage, "promise": shape}
