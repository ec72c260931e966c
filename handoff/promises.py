"""What was promised to customers, and what became of it. The only module that writes the table promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from handoff.errors import PromiseSettled, UnknownPromise
from handoff.models import PromiseKind, PromiseState, promises
from handoff.models import conversations as conversations_table
from handoff.records import Conversation, Promise

BY_MESSAGE = "message"


def make(
    connection: Connection,
    conversation: Conversation,
    kind: PromiseKind,
    maker: str,
    team: str,
    what: str,
    made_at: datetime,
    counts_from_at: datetime,
    due_at: datetime,
    agent_id: int | None = None,
    message_id: int | None = None,
    ticket_id: int | None = None,
) -> Promise:
    """Keep a promise. Of one line, and of one ticket while it is outstanding, there is one; the first one holds."""
    values = {
        "conversation_id": conversation.id,
        "channel": conversation.channel,
        "sender": conversation.sender,
        "customer_id": conversation.customer_id,
        "kind": kind.value,
        "maker": maker,
        "agent_id": agent_id,
        "team": team[:40],
        "what": what[:300],
        "message_id": message_id,
        "ticket_id": ticket_id,
        "made_at": made_at,
        "counts_from_at": counts_from_at,
        "due_at": due_at,
        "state": PromiseState.OPEN.value,
    }
    try:
        with connection.begin_nested():
            made = connection.execute(insert(promises).values(**values)).inserted_primary_key[0]
    except IntegrityError:
        known = connection.execute(
            select(promises).where(
                or_(
                    and_(promises.c.message_id.isnot(None), promises.c.message_id == message_id),
                    and_(promises.c.ticket_id.isnot(None), promises.c.ticket_id == ticket_id),
                ),
                promises.c.settled_at.is_(None),
            )
        ).first()
        if known is None:
            raise
        return _record(known)
    return find(connection, made)


def find(connection: Connection, promise_id: int) -> Promise:
    """The promise with this id. Raises UnknownPromise."""
    row = connection.execute(select(promises).where(promises.c.id == promise_id)).first()
    if row is None:
        raise UnknownPromise()
    return _record(row)


def outstanding_of(connection: Connection, conversation: Conversation) -> list[Promise]:
    """What this customer still waits for, over all their conversations, the earliest first."""
    query = select(promises).where(_of_customer(conversation), promises.c.settled_at.is_(None))
    return [_record(row) for row in connection.execute(query.order_by(promises.c.due_at, promises.c.id))]


def of_customer(connection: Connection, conversation: Conversation, limit: int = 20) -> list[Promise]:
    """What was ever promised to this customer: what is outstanding first, then the latest."""
    query = select(promises).where(_of_customer(conversation))
    order = (promises.c.settled_at.isnot(None), promises.c.due_at.desc(), promises.c.id)
    return [_record(row) for row in connection.execute(query.order_by(*order).limit(limit))]


def outstanding(connection: Connection, agent_id: int | None = None, limit: int = 300) -> list[Promise]:
    """What has been promised and not been done, the earliest first; with `agent_id` what concerns this person: their
    own, and what nobody in particular owns."""
    query = select(promises).where(promises.c.settled_at.is_(None))
    if agent_id is not None:
        query = query.where(or_(promises.c.agent_id == agent_id, promises.c.agent_id.is_(None)))
    return [_record(row) for row in connection.execute(query.order_by(promises.c.due_at, promises.c.id).limit(limit))]


def stands_in(agent_id: int, teams: Sequence[str]) -> Any:
    """A condition on conversations: something promised there is not done, by this person or by one of these teams."""
    concerns = or_(
        promises.c.agent_id == agent_id, and_(promises.c.agent_id.is_(None), promises.c.team.in_(list(teams)))
    )
    standing = select(promises.c.id).where(
        promises.c.conversation_id == conversations_table.c.id, promises.c.settled_at.is_(None), concerns
    )
    return standing.correlate(conversations_table).exists()


def person_wrote(connection: Connection, conversation: Conversation, now: datetime) -> int:
    """A person has written to the customer: what was promised to them is done, in time or late. Returns how many."""
    query = update(promises).where(
        _of_customer(conversation), promises.c.settled_at.is_(None), promises.c.counts_from_at <= now
    )
    return int(connection.execute(query.values(**_settled(now, BY_MESSAGE))).rowcount)


def settle(connection: Connection, promise_id: int, by: str, now: datetime) -> Promise:
    """Somebody says that it is done, by phone for instance: kept, or late when it was due before."""
    done = connection.execute(
        update(promises).where(promises.c.id == promise_id, promises.c.settled_at.is_(None)).values(**_settled(now, by))
    )
    return _changed(connection, promise_id, done.rowcount)


def withdraw(connection: Connection, promise_id: int, by: str, now: datetime) -> Promise:
    """It is no longer needed. Not after it was due: a broken promise stays one."""
    done = connection.execute(
        update(promises)
        .where(promises.c.id == promise_id, promises.c.settled_at.is_(None), promises.c.due_at >= now)
        .values(state=PromiseState.WITHDRAWN.value, settled_at=now, settled_by=by[:80])
    )
    return _changed(connection, promise_id, done.rowcount)


def to_be_told(connection: Connection, now: datetime, soon: datetime, escalate: datetime) -> list[Promise]:
    """Outstanding promises that somebody has to hear of: due before `soon`, overdue, or due before `escalate`."""
    query = select(promises).where(
        promises.c.settled_at.is_(None),
        or_(
            and_(promises.c.soon_at.is_(None), promises.c.due_at <= soon),
            and_(promises.c.overdue_at.is_(None), promises.c.due_at < now),
            and_(promises.c.escalated_at.is_(None), promises.c.due_at < escalate),
        ),
    )
    return [_record(row) for row in connection.execute(query.order_by(promises.c.due_at).limit(500))]


def mark(connection: Connection, promise_id: int, stage: str, now: datetime) -> bool:
    """Remember that a stage (`soon`, `overdue`, `escalated`) was told; False when somebody else told it. What is
    overdue is broken from then on."""
    column = promises.c[f"{stage}_at"]
    values: dict[str, Any] = {column.name: now}
    if stage == "overdue":
        values["state"] = PromiseState.BROKEN.value
    told = connection.execute(
        update(promises)
        .where(promises.c.id == promise_id, column.is_(None), promises.c.settled_at.is_(None))
        .values(**values)
    )
    return bool(told.rowcount == 1)


def counts(connection: Connection, since: datetime, until: datetime) -> dict[int | None, dict[str, int]]:
    """How many promises that were due in a span stand in each state; by owner, None being nobody in particular."""
    rows = connection.execute(
        select(promises.c.agent_id, promises.c.state, func.count())
        .where(promises.c.due_at >= since, promises.c.due_at < until)
        .group_by(promises.c.agent_id, promises.c.state)
    )
    found: dict[int | None, dict[str, int]] = {}
    for agent_id, state, number in rows:
        found.setdefault(agent_id, {one.value: 0 for one in PromiseState})[state] = int(number)
    return found


def waits_for_us(connection: Connection, conversation_ids: Sequence[str]) -> set[str]:
    """Which of these conversations have an outstanding promise of ours."""
    rows = connection.execute(
        select(promises.c.conversation_id).where(
            promises.c.conversation_id.in_(list(conversation_ids)), promises.c.settled_at.is_(None)
        )
    )
    return {row.conversation_id for row in rows}


def _settled(now: datetime, by: str) -> dict[str, Any]:
    in_time = and_(promises.c.state == PromiseState.OPEN.value, promises.c.due_at >= now)
    state = case((in_time, PromiseState.KEPT.value), else_=PromiseState.BROKEN.value)
    return {"state": state, "settled_at": now, "settled_by": by[:80]}


def _changed(connection: Connection, promise_id: int, count: int) -> Promise:
    current = find(connection, promise_id)
    if count != 1:
        raise PromiseSettled(state=current.state.value)
    return current


def _of_customer(conversation: Conversation) -> Any:
    same = and_(promises.c.channel == conversation.channel, promises.c.sender == conversation.sender)
    if conversation.customer_id:
        same = or_(same, promises.c.customer_id == conversation.customer_id)
    return same


def _record(row: Row) -> Promise:
    fields = dict(row._mapping)
    fields["kind"] = PromiseKind(fields["kind"])
    fields["state"] = PromiseState(fields["state"])
    return Promise(**fields)
