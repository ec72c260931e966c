"""The queue: tickets waiting for a person. The only module that changes the table tickets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from handoff.errors import TicketAlreadyClaimed, UnknownTicket
from handoff.models import TicketKind, TicketStatus, tickets
from handoff.records import Ticket, Wish

OPEN = (TicketStatus.WAITING.value, TicketStatus.CLAIMED.value)


def open_one(connection: Connection, conversation_id: str, wish: Wish, kind: TicketKind, now: datetime) -> Ticket:
    """The conversation's open ticket, or a new one: asking twice is one ticket."""
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


def find(connection: Connection, identity: int | None) -> Ticket:
    """The ticket with this id. Raises UnknownTicket."""
    row = None
    if identity is not None:
        row = connection.execute(select(tickets).where(tickets.c.id == identity)).first()
    if row is None:
        raise UnknownTicket()
    return _record(row)


def claim(connection: Connection, ticket: Ticket, agent_id: int, now: datetime) -> Ticket:
    """Take a waiting ticket: one guarded UPDATE, then a look at the row count. Raises TicketAlreadyClaimed."""
    taken = connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status == TicketStatus.WAITING.value)
        .values(status=TicketStatus.CLAIMED.value, claimed_at=now, claimed_by=agent_id)
    )
    current = find(connection, ticket.id)
    if taken.rowcount != 1:
        raise TicketAlreadyClaimed(claimed_by=current.claimed_by, status=current.status.value)
    return current


def put_back(connection: Connection, ticket: Ticket) -> Ticket:
    """Return a ticket to the queue, at its old place: the customer does not start again at the end."""
    connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status == TicketStatus.CLAIMED.value)
        .values(status=TicketStatus.WAITING.value, kind=TicketKind.LIVE.value, claimed_at=None, claimed_by=None)
    )
    return find(connection, ticket.id)


def hand_to(connection: Connection, ticket: Ticket, agent_id: int, now: datetime) -> None:
    """Put an open ticket into this agent's hands, whoever had it."""
    connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket.id, tickets.c.status.in_(OPEN))
        .values(status=TicketStatus.CLAIMED.value, claimed_at=now, claimed_by=agent_id)
    )


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


def queue(connection: Connection, limit: int = 500) -> list[Ticket]:
    """What waits: customers on the line before messages, then by priority, then the oldest first."""
    rows = connection.execute(
        select(tickets).where(tickets.c.status == TicketStatus.WAITING.value).order_by(*_order()).limit(limit)
    )
    return [_record(row) for row in rows]


def position(connection: Connection, ticket: Ticket) -> int | None:
    """The place in the queue, from 1; None when the ticket waits no longer or nobody waits on the line."""
    if ticket.status is not TicketStatus.WAITING or ticket.kind is not TicketKind.LIVE:
        return None
    before = or_(
        tickets.c.priority > ticket.priority,
        and_(
            tickets.c.priority == ticket.priority,
            or_(
                tickets.c.opened_at < ticket.opened_at,
                and_(tickets.c.opened_at == ticket.opened_at, tickets.c.id < ticket.id),
            ),
        ),
    )
    ahead = connection.execute(
        select(func.count())
        .select_from(tickets)
        .where(tickets.c.status == TicketStatus.WAITING.value, tickets.c.kind == TicketKind.LIVE.value, before)
    ).scalar_one()
    return int(ahead) + 1


def next_waiting(connection: Connection) -> Ticket | None:
    """The ticket to take next."""
    rows = queue(connection, limit=1)
    return rows[0] if rows else None


def waiting_live(connection: Connection) -> list[Ticket]:
    """The customers on the line, in the order of the queue."""
    rows = connection.execute(
        select(tickets)
        .where(tickets.c.status == TicketStatus.WAITING.value, tickets.c.kind == TicketKind.LIVE.value)
        .order_by(*_order())
    )
    return [_record(row) for row in rows]


def count_waiting(connection: Connection) -> int:
    """How many tickets wait for somebody."""
    return int(
        connection.execute(
            select(func.count()).select_from(tickets).where(tickets.c.status == TicketStatus.WAITING.value)
        ).scalar_one()
    )


def _order() -> tuple[Any, ...]:
    # 'live' < 'message': who waits on the line comes first.
    return (tickets.c.kind, tickets.c.priority.desc(), tickets.c.opened_at, tickets.c.id)


def _record(row: Row) -> Ticket:
    fields = dict(row._mapping)
    fields["kind"] = TicketKind(fields["kind"])
    fields["status"] = TicketStatus(fields["status"])
    fields["collected"] = fields["collected"] or {}
    return Ticket(**fields)
