"""The promise ledger: what counts as a promise, when it is due, when it is kept, and what a customer is told of it.

Everything here happens inside the caller's transaction; the table is written by `promises.py`, the alerts are in
`promise_watch.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from handoff import agents, promises, texts
from handoff.errors import BadInput
from handoff.models import PromiseKind
from handoff.moments import END_OF_DAY, FURTHEST, add_working_days, in_words
from handoff.records import Agent, Conversation, Message, Promise, Ticket
from handoff.teams import TeamsFile

# What a person says right after a promise belongs to the same breath and is not yet the answer that was promised.
SAME_BREATH = timedelta(minutes=15)
# Working time is counted in steps of this.
_STEP = timedelta(minutes=15)
_LONGEST_CLOSURE = timedelta(days=30)


@dataclass(frozen=True)
class PromiseTerms:
    """How soon before and how long after the time somebody hears of a promise, and how long a left message may wait."""

    soon: timedelta
    escalate: timedelta
    message_reply: timedelta  # of opening hours; zero promises nothing


class Ledger:
    """Makes and keeps promises, and tells the truth about them."""

    def __init__(self, teams: TeamsFile, terms: PromiseTerms, zone: ZoneInfo) -> None:
        self.teams = teams
        self.terms = terms
        self.zone = zone

    def by_agent(
        self,
        connection: Connection,
        conversation: Conversation,
        agent: Agent,
        line: Message,
        due_at: datetime,
        team: str,
    ) -> Promise:
        """An agent's line promised an answer until `due_at`. Raises BadInput for a time that is past or far away."""
        if not line.at < due_at <= line.at + FURTHEST:
            raise BadInput(f"A promise is due after now and within {FURTHEST.days} days.", field="promise")
        return promises.make(
            connection,
            conversation,
            PromiseKind.REPLY,
            "agent",
            team,
            " ".join(line.text.split()),
            line.at,
            line.at + min(SAME_BREATH, (due_at - line.at) / 2),
            due_at,
            agent_id=agent.id,
            message_id=line.id,
        )

    def by_assistant(
        self, connection: Connection, conversation: Conversation, line: Message, working_days: int, team: str
    ) -> Promise:
        """The assistant's line said that somebody is going to do something within so many working days."""
        local = line.at.astimezone(self.zone)
        day = add_working_days(local.date(), working_days)
        return promises.make(
            connection,
            conversation,
            PromiseKind.REPLY,
            "assistant",
            self.teams.current.usable(team),
            " ".join(line.text.split()),
            line.at,
            line.at,
            datetime.combine(day, END_OF_DAY, self.zone),
            message_id=line.id,
        )

    def for_message(
        self,
        connection: Connection,
        conversation: Conversation,
        ticket: Ticket,
        contact: Mapping[str, Any],
        now: datetime,
    ) -> Promise | None:
        """Somebody left a message with a way to reach them: an answer is due within the working time we set for it."""
        due_at = self.reply_due(now, ticket.team)
        if due_at is None:
            return None
        kind = PromiseKind.MESSAGE if contact.get("email") else PromiseKind.CALLBACK
        return promises.make(
            connection,
            conversation,
            kind,
            "platform",
            ticket.team,
            str(contact.get("note") or ticket.summary or ticket.reason),
            now,
            now,
            due_at,
            ticket_id=ticket.id,
        )

    def reply_due(self, now: datetime, team: str) -> datetime | None:
        """When a message left now is answered at the latest, counted in opening hours; None when none is promised."""
        left, teams = self.terms.message_reply, self.teams.current
        if not left:
            return None
        at = now
        while left > timedelta() and at < now + _LONGEST_CLOSURE:
            if teams.is_open(team, at):
                step = min(_STEP, left)
                at, left = at + step, left - step
            else:
                opening = teams.next_opening(team, at)
                if opening is None:
                    return None
                at = opening
        return None if left else at

    def person_wrote(self, connection: Connection, conversation: Conversation, now: datetime) -> int:
        """A person wrote to the customer; what was promised is done with it."""
        return promises.person_wrote(connection, conversation, now)

    def due_in_words(self, promise: Promise, language: str) -> str:
        """The time of a promise as this customer reads it."""
        return in_words(promise.due_at, language, self.zone)

    def answer(self, connection: Connection, conversation: Conversation, now: datetime) -> str:
        """The truth about what was promised to this customer, in their language."""
        spoken = conversation.language
        waiting = promises.outstanding_of(connection, conversation)
        if not waiting:
            return texts.say("promise_none", spoken)
        return "\n".join(self._one(connection, promise, spoken, now) for promise in waiting[:5])

    def _one(self, connection: Connection, promise: Promise, spoken: str, now: datetime) -> str:
        owner = agents.by_id(connection, promise.agent_id)
        key = "promise_overdue" if promise.is_overdue(now) else f"promise_{promise.kind.value}"
        return texts.say(
            key,
            spoken,
            who=owner.name if owner else texts.say("promise_team", spoken),
            due=in_words(promise.due_at, spoken, self.zone),
            made=in_words(promise.made_at, spoken, self.zone),
        )
