"""Invitations to chat: who was invited, with which words, and what they said. The only module that writes the table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from handoff.errors import CannotInvite, InvitationOver
from handoff.invitation_rules import Answerer, Limits
from handoff.models import invitations

# Whoever has not seen it by now has left, and whoever has not answered does not mean to.
STANDS_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)
A_DAY = timedelta(days=1)


class State(str, Enum):
    """What became of an invitation."""

    SENT = "sent"  # their page has not shown it yet
    SHOWN = "shown"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    LAPSED = "lapsed"  # no answer in time


_OPEN = (State.SENT.value, State.SHOWN.value)


@dataclass(frozen=True)
class Invitation:
    """One invitation of one visitor."""

    id: int
    visit: str
    agent_id: int | None
    name: str | None  # the agent's, as the visitor saw it
    rule: str | None
    answered_by: Answerer
    team: str
    text: str
    language: str
    state: State
    sent_at: datetime
    shown_at: datetime | None
    settled_at: datetime | None
    conversation_id: str | None

    def stands(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state.value in _OPEN and now - self.sent_at < STANDS_FOR


@dataclass(frozen=True)
class Words:
    """What is said in an invitation, by whom, and who will answer."""

    text: str
    language: str
    agent_id: int | None = None
    name: str | None = None
    rule: str | None = None
    answered_by: Answerer = Answerer.PERSON
    team: str = ""


def of_visit(connection: Connection, visit_id: str, now: datetime, after_no: timedelta = A_DAY) -> list[Invitation]:
    """The invitations that count for this visitor now, the newest first."""
    since = now - max(A_DAY, after_no)
    rows = connection.execute(
        select(invitations)
        .where(invitations.c.visit == visit_id, invitations.c.sent_at > since)
        .order_by(invitations.c.id.desc())
    )
    return [_record(row) for row in rows]


def latest_of(connection: Connection, visit_ids: Collection[str], now: datetime) -> dict[str, list[Invitation]]:
    """The same of several visitors at once."""
    found: dict[str, list[Invitation]] = {}
    for some in _portions(list(visit_ids)):
        rows = connection.execute(
            select(invitations)
            .where(invitations.c.visit.in_(some), invitations.c.sent_at > now - KEPT_FOR)
            .order_by(invitations.c.id.desc())
        )
        for row in rows:
            found.setdefault(row.visit, []).append(_record(row))
    return found


def refusal(known: Sequence[Invitation], limits: Limits, visit_since: datetime, now: datetime) -> str | None:
    """Why this visitor is not invited again now, by what they were asked before; None when they may be."""
    if any(one.stands(now) for one in known):
        return "invited"
    if any(one.state is State.DISMISSED and now - (one.settled_at or now) < limits.after_no for one in known):
        return "said_no"
    today = [one for one in known if now - one.sent_at < A_DAY]
    this_visit = [one for one in known if one.sent_at >= visit_since]
    return "often" if len(today) >= limits.per_day or len(this_visit) >= limits.per_visit else None


def send(
    connection: Connection, visit_id: str, visit_since: datetime, words: Words, limits: Limits, now: datetime
) -> Invitation:
    """Invite. Raises CannotInvite when the limits forbid it, or somebody else did in the same moment."""
    refused = refusal(of_visit(connection, visit_id, now, limits.after_no), limits, visit_since, now)
    if refused is not None:
        raise CannotInvite(reason=refused)
    # What nobody answered in time makes room for the next; what another agent sent since we looked stands.
    _lapse(connection, now, invitations.c.visit == visit_id)
    values = {
        "visit": visit_id,
        "agent_id": words.agent_id,
        "name": words.name,
        "rule": words.rule,
        "answered_by": words.answered_by.value,
        "team": words.team,
        "text": words.text,
        "language": words.language,
        "state": State.SENT.value,
        "sent_at": now,
    }
    try:
        with connection.begin_nested():
            identity = connection.execute(insert(invitations).values(**values)).inserted_primary_key[0]
    except IntegrityError as exc:
        # The unique index lets one open invitation of a visitor in.
        raise CannotInvite(reason="invited") from exc
    return find(connection, visit_id, identity)


def find(connection: Connection, visit_id: str, invitation_id: int) -> Invitation:
    """This invitation of this visitor. Raises InvitationOver."""
    row = connection.execute(
        select(invitations).where(invitations.c.id == invitation_id, invitations.c.visit == visit_id)
    ).first()
    if row is None:
        raise InvitationOver()
    return _record(row)


def shown(connection: Connection, visit_id: str, invitation_id: int, now: datetime) -> bool:
    """The page has shown it; whether that was news."""
    return _settle(connection, visit_id, invitation_id, (State.SENT.value,), state=State.SHOWN.value, shown_at=now)


def dismiss(connection: Connection, visit_id: str, invitation_id: int | None, now: datetime) -> bool:
    """They said no, to this one or to whichever stands; whether one stood."""
    return _settle(connection, visit_id, invitation_id, _OPEN, state=State.DISMISSED.value, settled_at=now)


def accept(connection: Connection, visit_id: str, invitation_id: int, conversation_id: str, now: datetime) -> None:
    """They said yes, and this conversation came of it. Raises InvitationOver when it was settled meanwhile."""
    values = {"state": State.ACCEPTED.value, "settled_at": now, "conversation_id": conversation_id}
    if not _settle(connection, visit_id, invitation_id, _OPEN, **values):
        raise InvitationOver()


def tidy(connection: Connection, now: datetime) -> int:
    """Let go what nobody answered in time, and forget what is old; how many were let go."""
    connection.execute(delete(invitations).where(invitations.c.sent_at < now - KEPT_FOR))
    return _lapse(connection, now)


def any_untidy(connection: Connection, now: datetime) -> bool:
    """Whether there is something to tidy."""
    oldest = connection.execute(
        select(func.min(invitations.c.sent_at)).where(invitations.c.state.in_(_OPEN))
    ).scalar_one()
    first = connection.execute(select(invitations.c.sent_at).order_by(invitations.c.id).limit(1)).scalar()
    return bool((oldest and oldest <= now - STANDS_FOR) or (first and first < now - KEPT_FOR))


def _lapse(connection: Connection, now: datetime, *which: ColumnElement) -> int:
    unanswered = update(invitations).where(
        *which, invitations.c.state.in_(_OPEN), invitations.c.sent_at <= now - STANDS_FOR
    )
    return int(connection.execute(unanswered.values(state=State.LAPSED.value, settled_at=now)).rowcount)


def _settle(
    connection: Connection, visit_id: str, invitation_id: int | None, states: Iterable[str], **values: object
) -> bool:
    which = [invitations.c.visit == visit_id, invitations.c.state.in_(tuple(states))]
    if invitation_id is not None:
        which.append(invitations.c.id == invitation_id)
    return bool(connection.execute(update(invitations).where(*which).values(**values)).rowcount)


def _portions(ids: list[str], size: int = 500) -> Iterable[list[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _record(row: Row) -> Invitation:
    values = dict(row._mapping)
    return Invitation(**{**values, "state": State(values["state"]), "answered_by": Answerer(values["answered_by"])})
