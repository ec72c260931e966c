"""The queue: tickets waiting for a person. The only module that changes the table tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from handoff.errors import TicketAlreadyClaimed, UnknownTicket
from handoff.models import Stage, TicketKind, TicketStatus, conversations, tickets
from handoff.records import Ticket, Wish

OPEN = (TicketStatus.WAITING.value, TicketStatus.CLAIMED.value)
# A level of priority goes before whoever came this much earlier: urgent cases are first, and nobody waits for ever.
LEVEL_IS_WORTH = timedelta(minutes=10)
# What comes back goes before everybody; the smallest step that each database keeps.
_STEP = timedelta(milliseconds=1)
_LOOK_AT = 8


@dataclass(frozen=True)
class Taker:
    """What somebody may be given: whose ticket it is, what it must not need, in which languages."""

    agent_id: int
    teams: tuple[str, ...]
    falls_back: tuple[str, ...]
    lacks: tuple[str, ...]
    languages: tuple[str, ...]
    is_supervisor: bool


def open_one(
    connection: Connection,
    conversation_id: str,
    wish: Wish,
    kind: TicketKind,
    now: datetime,
    language: str = "",
    wanted_agent: int | None = None,
) -> Ticket:
    """The conversation's open ticket, or a new one: asking twice is one ticket. Without a language anybody may
    answer; `wanted_agent` is asked first."""
    current = open_of(connection, conversation_id)
    if current is not None:
        return current
    values = {
        "conversation_id": conversation_id,
        "kind": kind.value,
        "status": TicketStatus.WAITING.value,
        "team": wish.team[:40],
        "priority": wish.priority,
        "reason": wish.reason[:60],
        "summary": wish.summary,
        "collected": dict(wish.collected),
        "opened_at": now,
        "skills": _joined(wish.skills),
        "language": language,
        "turn_at": now - wish.priority * LEVEL_IS_WORTH,
        "stage": Stage.TEAM.value,
        "wanted_agent": wanted_agent,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(tickets).values(**values))
    except IntegrityError:
        pass  # two requests crossed; the other one's ticket is this one too
    opened = open_of(connection, conversation_id)
    if opened is None:
        raise UnknownTicket()
    return opened


def open_of(connection: Connection, conversation_id: str) -> Ticket | None:
    """The conversation's ticket that waits or is in somebody's hands."""
    row = connection.execute(
        select(tickets).where(tickets.c.conversation_id == conversation_id, tickets.c.status.in_(OPEN))
    ).first()
    return _record(row) if row is not None else None


def last_of(connection: Connection, conversation_id: str) -> Ticket | None:
    """The conversation's newest ticket, open or not."""
    row = connection.execute(
        select(tickets).where(tickets.c.conversation_id == conversation_id).order_by(tickets.c.id.desc()).limit(1)
    ).first()
    return _record(row) if row is not None else None


def last_of_each(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, Ticket]:
    """The newest ticket of each of these conversations that has one."""
    if not conversation_ids:
        return {}
    newest = (
        select(func.max(tickets.c.id))
        .where(tickets.c.conversation_id.in_(list(conversation_ids)))
        .group_by(tickets.c.conversation_id)
    )
    rows = connection.execute(select(tickets).where(tickets.c.id.in_(newest)))
    return {row.conversation_id: _record(row) for row in rows}


def find(connection: Connection, identity: int | None) -> Ticket:
    """The ticket with this id. Raises UnknownTicket."""
    row = None
    if identity is not None:
        row = connection.execute(select(tickets).where(tickets.c.id == identity)).first()
    if row is None:
        raise UnknownTicket()
    return _record(row)


def claim(
    connection: Connection, ticket: Ticket, agent_id: int, now: datetime, reply_due_at: datetime | None = None
) -> Ticket:
    """Take a waiting ticket: one guarded UPDATE, then a look at the row count. Raises TicketAlreadyClaimed."""
    taken = connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status == TicketStatus.WAITING.value)
        .values(status=TicketStatus.CLAIMED.value, claimed_at=now, claimed_by=agent_id, reply_due_at=reply_due_at)
    )
    current = find(connection, ticket.id)
    if taken.rowcount != 1:
        raise TicketAlreadyClaimed(claimed_by=current.claimed_by, status=current.status.value)
    return current


def put_back(connection: Connection, ticket: Ticket, first: bool = False, silent: int | None = None) -> Ticket:
    """Return a ticket to the queue, at its old place: the customer does not start again at the end. With `first`,
    before everybody; `silent` is the agent who held it and said nothing."""
    turn_at = _before_all(connection, ticket) if first else ticket.turn_at
    passed_by = [*ticket.passed_by, *([] if silent is None else [silent])]
    connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status == TicketStatus.CLAIMED.value)
        .values(
            status=TicketStatus.WAITING.value,
            kind=TicketKind.LIVE.value,
            claimed_at=None,
            claimed_by=None,
            reply_due_at=None,
            turn_at=turn_at,
            passed_by=passed_by,
        )
    )
    return find(connection, ticket.id)


def hand_to(
    connection: Connection, ticket: Ticket, agent_id: int, now: datetime, reply_due_at: datetime | None = None
) -> None:
    """Put an open ticket into this agent's hands, whoever had it."""
    connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status.in_(OPEN))
        .values(status=TicketStatus.CLAIMED.value, claimed_at=now, claimed_by=agent_id, reply_due_at=reply_due_at)
    )


def replied(connection: Connection, conversation_id: str) -> None:
    """Who holds the conversation's ticket has said something to the customer: it is theirs."""
    connection.execute(
        update(tickets)
        .where(
            tickets.c.conversation_id == conversation_id,
            tickets.c.status == TicketStatus.CLAIMED.value,
            tickets.c.reply_due_at.isnot(None),
        )
        .values(reply_due_at=None, passed_by=None)
    )


def raise_priority(connection: Connection, ticket: Ticket, priority: int) -> Ticket:
    """Let a waiting ticket come earlier, never later."""
    if priority <= ticket.priority:
        return ticket
    turn_at = ticket.turn_at - (priority - ticket.priority) * LEVEL_IS_WORTH
    connection.execute(
        update(tickets)
        .where(
            tickets.c.id == ticket.id,
            tickets.c.status == TicketStatus.WAITING.value,
            tickets.c.priority == ticket.priority,
        )
        .values(priority=priority, turn_at=turn_at)
    )
    return find(connection, ticket.id)


def set_language(connection: Connection, conversation_id: str, language: str) -> None:
    """The customer who waits speaks another language now."""
    connection.execute(
        update(tickets)
        .where(tickets.c.conversation_id == conversation_id, tickets.c.status == TicketStatus.WAITING.value)
        .values(language=language)
    )


def send_to(connection: Connection, ticket: Ticket, team: str, skills: Sequence[str] = ()) -> Ticket:
    """Let another team answer this waiting ticket; it keeps its place by time."""
    connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status == TicketStatus.WAITING.value)
        .values(team=team[:40], skills=_joined(skills), stage=Stage.TEAM.value, wanted_agent=None)
    )
    return find(connection, ticket.id)


def widen(connection: Connection, ticket: Ticket, stage: Stage) -> bool:
    """Ask more people to take a waiting ticket. False when it was taken or widened meanwhile."""
    widened = connection.execute(
        update(tickets)
        .where(
            tickets.c.id == ticket.id,
            tickets.c.status == TicketStatus.WAITING.value,
            tickets.c.stage == ticket.stage.value,
        )
        .values(stage=stage.value, wanted_agent=None, passed_by=None)
    )
    return bool(widened.rowcount == 1)


def adopt(connection: Connection, team: str, by: str) -> int:
    """Give the waiting tickets of a team that is no more to another. Returns how many."""
    adopted = connection.execute(
        update(tickets).where(tickets.c.team == team, tickets.c.status == TicketStatus.WAITING.value).values(team=by)
    )
    return int(adopted.rowcount)


def held(connection: Connection) -> list[tuple[Ticket, int]]:
    """Tickets in somebody's hands, and how many lines of the customer nobody has answered."""
    rows = connection.execute(
        select(tickets, conversations.c.unanswered)
        .join(conversations, conversations.c.id == tickets.c.conversation_id)
        .where(tickets.c.status == TicketStatus.CLAIMED.value)
    )
    return [(_record(row, without="unanswered"), int(row.unanswered)) for row in rows]


def narrow(connection: Connection, opened_before: datetime) -> list[Ticket]:
    """Waiting tickets opened before this that not everybody is asked to take yet, and those passed on too often."""
    rows = connection.execute(
        select(tickets).where(
            tickets.c.status == TicketStatus.WAITING.value,
            tickets.c.stage < Stage.SUPERVISOR.value,
            or_(tickets.c.opened_at <= opened_before, tickets.c.passed_by.isnot(None)),
        )
    )
    return [_record(row) for row in rows]


def make_live(connection: Connection, ticket: Ticket) -> Ticket:
    """The customer who left a message waits on the line now; the place in the queue stays."""
    connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status == TicketStatus.WAITING.value)
        .values(kind=TicketKind.LIVE.value)
    )
    return find(connection, ticket.id)


def make_message(connection: Connection, ticket: Ticket) -> Ticket:
    """Nobody waits on the line any more, but the case stays until somebody answers it."""
    connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status == TicketStatus.WAITING.value)
        .values(kind=TicketKind.MESSAGE.value)
    )
    return find(connection, ticket.id)


def end(connection: Connection, conversation_id: str, status: TicketStatus, now: datetime) -> Ticket | None:
    """Close or cancel the conversation's open ticket, if there is one."""
    current = open_of(connection, conversation_id)
    if current is None:
        return None
    connection.execute(
        update(tickets)
        .where(tickets.c.id == current.id, tickets.c.status.in_(OPEN))
        .values(status=status.value, ended_at=now)
    )
    return find(connection, current.id)


def set_contact(connection: Connection, ticket: Ticket, contact: Mapping[str, Any]) -> Ticket:
    """Store how the customer wants to be reached."""
    connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(contact=dict(contact)))
    return find(connection, ticket.id)


def contacts_of(connection: Connection, conversation_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """How the customer of these conversations asked to be reached."""
    rows = connection.execute(select(tickets.c.contact).where(tickets.c.conversation_id.in_(list(conversation_ids))))
    return [contact for contact in rows.scalars() if contact]


def queue(connection: Connection, limit: int = 500) -> list[Ticket]:
    """What waits: customers on the line before messages, then the oldest first, urgent ones earlier."""
    rows = connection.execute(
        select(tickets).where(tickets.c.status == TicketStatus.WAITING.value).order_by(*_order()).limit(limit)
    )
    return [_record(row) for row in rows]


def position(connection: Connection, ticket: Ticket) -> int | None:
    """The place in the team's queue, from 1; None when the ticket waits no longer or nobody waits on the line."""
    if ticket.status is not TicketStatus.WAITING or ticket.kind is not TicketKind.LIVE:
        return None
    # The first of the two bounds is what an index can follow.
    before = and_(
        tickets.c.turn_at <= ticket.turn_at,
        or_(tickets.c.turn_at < ticket.turn_at, tickets.c.id < ticket.id),
    )
    ahead = connection.execute(
        select(func.count())
        .select_from(tickets)
        .where(
            tickets.c.team == ticket.team,
            tickets.c.status == TicketStatus.WAITING.value,
            tickets.c.kind == TicketKind.LIVE.value,
            before,
        )
    ).scalar_one()
    return int(ahead) + 1


def next_waiting(connection: Connection) -> Ticket | None:
    """The ticket to take next."""
    rows = queue(connection, limit=1)
    return rows[0] if rows else None


def next_for(connection: Connection, taker: Taker, not_of: Sequence[str] = ()) -> Ticket | None:
    """The ticket whose turn it is among those that `taker` may be given, and that are not of these teams."""
    fits = and_(
        or_(
            tickets.c.team.in_(taker.teams),
            and_(tickets.c.stage == Stage.FALLBACK.value, tickets.c.team.in_(taker.falls_back)),
        ),
        *(~tickets.c.skills.like(f"%,{skill},%") for skill in taker.lacks),
        *([tickets.c.language.in_((*taker.languages, ""))] if taker.languages else []),
        tickets.c.stage <= Stage.FALLBACK.value,
    )
    looked_for = (
        select(tickets)
        .where(
            tickets.c.status == TicketStatus.WAITING.value,
            or_(fits, tickets.c.stage == Stage.ANYBODY.value),
            *([tickets.c.team.notin_(list(not_of))] if not_of else []),
        )
        .order_by(*_order())
    )
    for limit in (1, _LOOK_AT):
        found = [_record(row) for row in connection.execute(looked_for.limit(limit))]
        # Who held it and said nothing is not asked again; there are hardly ever several such tickets at the head.
        fresh = next((one for one in found if taker.agent_id not in one.passed_by), None)
        if fresh is not None or len(found) < limit:
            return fresh
    return None


def for_supervisors(connection: Connection) -> list[Ticket]:
    """The first ticket that was passed on too often."""
    rows = connection.execute(
        select(tickets)
        .where(tickets.c.status == TicketStatus.WAITING.value, tickets.c.stage == Stage.SUPERVISOR.value)
        .order_by(*_order())
        .limit(1)
    )
    return [_record(row) for row in rows]


def last_agent_of(connection: Connection, channel: str, sender: str, since: datetime) -> int | None:
    """Who helped this customer last, if that ended after `since`."""
    found = connection.execute(
        select(tickets.c.claimed_by)
        .join(conversations, conversations.c.id == tickets.c.conversation_id)
        .where(
            conversations.c.channel == channel,
            conversations.c.sender == sender,
            tickets.c.status == TicketStatus.CLOSED.value,
            tickets.c.ended_at > since,
            tickets.c.claimed_by.isnot(None),
        )
        .order_by(tickets.c.id.desc())
        .limit(1)
    ).scalar()
    return int(found) if found is not None else None


def count_live(connection: Connection, team: str) -> int:
    """How many customers wait on the line for this team."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(tickets)
            .where(
                tickets.c.team == team,
                tickets.c.status == TicketStatus.WAITING.value,
                tickets.c.kind == TicketKind.LIVE.value,
            )
        ).scalar_one()
    )


def waiting_live(connection: Connection) -> list[Ticket]:
    """The customers on the line, in the order of the queue."""
    rows = connection.execute(
        select(tickets)
        .where(tickets.c.status == TicketStatus.WAITING.value, tickets.c.kind == TicketKind.LIVE.value)
        .order_by(*_order())
    )
    return [_record(row) for row in rows]


def waiting_by_team(connection: Connection) -> dict[str, int]:
    """How many tickets wait in each team."""
    rows = connection.execute(
        select(tickets.c.team, func.count())
        .where(tickets.c.status == TicketStatus.WAITING.value)
        .group_by(tickets.c.team)
    )
    return dict(rows.all())


def count_waiting(connection: Connection) -> int:
    """How many tickets wait for somebody."""
    return int(
        connection.execute(
            select(func.count()).select_from(tickets).where(tickets.c.status == TicketStatus.WAITING.value)
        ).scalar_one()
    )


def _order() -> tuple[Any, ...]:
    # 'live' < 'message': who waits on the line comes first.
    return (tickets.c.kind, tickets.c.turn_at, tickets.c.id)


def _before_all(connection: Connection, ticket: Ticket) -> datetime:
    first = connection.execute(
        select(tickets.c.turn_at)
        .where(tickets.c.status == TicketStatus.WAITING.value, tickets.c.kind == TicketKind.LIVE.value)
        .order_by(tickets.c.turn_at)
        .limit(1)
    ).scalar()
    return ticket.turn_at if first is None else min(ticket.turn_at, first - _STEP)


def _joined(skills: Sequence[str]) -> str:
    # Commas around each: one LIKE finds a skill and never half of one.
    return "".join(f"{skill}," for skill in ("", *sorted(set(skills))))[:400] if skills else ""


def _record(row: Row, without: str | None = None) -> Ticket:
    fields = dict(row._mapping)
    fields.pop(without, None)
    fields["kind"] = TicketKind(fields["kind"])
    fields["status"] = TicketStatus(fields["status"])
    fields["collected"] = fields["collected"] or {}
    fields["skills"] = tuple(filter(None, fields["skills"].split(",")))
    fields["stage"] = Stage(fields["stage"])
    fields["turn_at"] = fields["turn_at"] or fields["opened_at"]
    fields["passed_by"] = tuple(fields["passed_by"] or ())
    return Ticket(**fields)
