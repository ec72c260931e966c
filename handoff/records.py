"""What travels between the modules: frozen copies of rows, free of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handoff.models import (
    Author,
    Presence,
    PromiseKind,
    PromiseState,
    Role,
    Stage,
    Status,
    TicketKind,
    TicketStatus,
    Tier,
)

# In the body of an agent's line: the line of another channel whose words it repeats.
SAID_AGAIN = "said_again"


@dataclass(frozen=True)
class Conversation:
    """One conversation of one customer on one channel, from its opening to its close."""

    id: str
    channel: str
    sender: str
    status: Status
    epoch: int
    agent_id: int | None
    language: str
    language_fixed: bool
    tier: Tier
    customer_id: str | None
    customer_name: str | None
    identity_until: datetime | None
    proved_orders: tuple[str, ...]
    page: Mapping[str, Any] | None
    last_seq: int
    last_text: str | None
    last_author: str | None
    last_at: datetime | None
    unanswered: int
    reach: Mapping[str, Any] | None
    wrote_at: datetime | None
    read_seq: int
    snoozed_until: datetime | None
    snoozed_by: int | None
    opened_at: datetime
    closed_at: datetime | None

    def signed_in(self, now: datetime) -> bool:
        """Whether an identity signed by the shop holds at this moment."""
        return self.customer_id is not None and self.identity_until is not None and now < self.identity_until


def is_template(body: Mapping[str, Any] | None) -> bool:
    """Whether a line with this body was approved beforehand: it asks its customer to write, and answers nothing."""
    return bool((body or {}).get("template"))


def is_own_words(body: Mapping[str, Any] | None) -> bool:
    """Whether a person of ours wrote what a line with this body says: no template, card or file, no line said again."""
    return not any((body or {}).get(name) for name in ("template", "wordless", SAID_AGAIN))


def is_typed(payload: str | None, body: Mapping[str, Any] | None) -> bool:
    """Whether a customer wrote what such a line says: no button, and no file whose text only names it."""
    return payload is None and not (body or {}).get("wordless")


@dataclass(frozen=True)
class Message:
    """One line of a transcript. `seq` counts within the conversation without gaps; `id` grows over all of them."""

    id: int
    conversation_id: str
    seq: int
    epoch: int
    author: Author
    agent_id: int | None
    name: str | None
    text: str
    payload: str | None
    body: Mapping[str, Any]
    language: str
    while_waiting: bool
    client_id: str | None
    reply_to: int | None
    at: datetime
    settled_at: datetime | None
    delivered_at: datetime | None

    @property
    def buttons(self) -> list[Mapping[str, str]]:
        """The buttons under this message: title and payload, in order."""
        return list(self.body.get("buttons", ()))


@dataclass(frozen=True)
class Card:
    """Something shown beside the words of a line: the text that says the same, and what goes into the line's body."""

    text: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Draft:
    """A message that is not stored yet. The transcript gives it its place."""

    author: Author
    text: str
    body: Mapping[str, Any] = field(default_factory=dict)
    payload: str | None = None
    agent_id: int | None = None
    name: str | None = None
    client_id: str | None = None
    dedup_key: str | None = None
    reply_to: int | None = None
    part: int | None = None
    while_waiting: bool = False
    delivered: bool = False


@dataclass(frozen=True)
class Ticket:
    """A wish for a person: in the queue, in somebody's hands, or done."""

    id: int
    conversation_id: str
    kind: TicketKind
    status: TicketStatus
    team: str
    priority: int
    reason: str
    summary: str
    collected: Mapping[str, Any]
    contact: Mapping[str, Any] | None
    opened_at: datetime
    claimed_at: datetime | None
    claimed_by: int | None
    ended_at: datetime | None
    skills: tuple[str, ...]
    language: str
    turn_at: datetime
    stage: Stage
    wanted_agent: int | None
    reply_due_at: datetime | None
    passed_by: tuple[int, ...]

    @property
    def number(self) -> str:
        """The case number that customers and agents see."""
        return f"C-{1000 + self.id}"


def ticket_id(number: str) -> int | None:
    """The id behind a case number such as `C-1042`, or None when it is not one."""
    digits = number[2:] if number.startswith("C-") else ""
    if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 12):
        return None
    return int(digits) - 1000


@dataclass(frozen=True)
class Agent:
    """A member of the shop's team."""

    id: int
    login: str
    name: str
    role: Role
    language: str
    active: bool
    seen_at: datetime | None
    teams: tuple[str, ...]
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    capacity: int | None
    presence: Presence
    assignments: int
    assigned_at: datetime | None

    @property
    def answers_customers(self) -> bool:
        """Whether this role may see and answer conversations."""
        return self.role is not Role.EDITOR

    @property
    def edits_articles(self) -> bool:
        """Whether this role may change what the assistant answers."""
        return self.role is not Role.AGENT

    @property
    def may_take_over(self) -> bool:
        """Whether this role may take a conversation from somebody else."""
        return self.role in (Role.SUPERVISOR, Role.ADMIN)


@dataclass(frozen=True)
class Wish:
    """What the bot's handoff marker says, checked: why a person is needed and what was collected."""

    reason: str
    team: str = "support"
    priority: int = 0
    summary: str = ""
    skills: tuple[str, ...] = ()
    collected: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Promise:
    """Something dated that was promised to a customer: by whom, until when, and what became of it."""

    id: int
    conversation_id: str
    channel: str
    sender: str
    customer_id: str | None
    kind: PromiseKind
    maker: str
    agent_id: int | None
    team: str
    what: str
    message_id: int | None
    ticket_id: int | None
    made_at: datetime
    counts_from_at: datetime
    due_at: datetime
    state: PromiseState
    soon_at: datetime | None
    overdue_at: datetime | None
    escalated_at: datetime | None
    settled_at: datetime | None
    settled_by: str | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been kept by now and nobody has answered yet."""
        return self.settled_at is None and now > self.due_at


@dataclass(frozen=True)
class Move:
    """The word passed on: to which state, to whom, and when."""

    conversation_id: str
    epoch: int
    to: Status
    agent_id: int | None
    at: datetime
    actor: str
    reason: str


@dataclass(frozen=True)
class Rating:
    """What a customer was asked about one stretch, and what they said."""

    id: int
    conversation_id: str
    epoch: int
    owner: Status
    agent_id: int | None
    message_id: int | None
    asked_at: datetime
    score: int | None
    comment: str
    answered_at: datetime | None
