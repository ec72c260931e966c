"""Deliveries: each message of ours on its way to the customer's phone. Only this module writes the table deliveries.

A row is made in the transaction that stores the message, so nothing we said is ever forgotten. A row is taken by one
guarded step that also sees to the order: nothing of a conversation leaves before what was said earlier is done with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import String, and_, cast, distinct, exists, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Row

from handoff.models import DeliveryState, conversations, deliveries, messages

_OPEN = (DeliveryState.PENDING.value, DeliveryState.SENDING.value)
# What a receipt may change: a receipt that comes late, twice or in the wrong order takes nothing back.
_BEFORE: Mapping[DeliveryState, tuple[str, ...]] = {
    DeliveryState.SENT: ("sending", "unknown"),
    DeliveryState.DELIVERED: ("sending", "unknown", "sent"),
    DeliveryState.READ: ("sending", "unknown", "sent", "delivered"),
    DeliveryState.FAILED: ("sending", "unknown", "sent"),
}
# The state of a message is the one of its parts that comes first here.
_WORST = ("failed", "unknown", "sending", "pending", "sent", "delivered", "read")


@dataclass(frozen=True)
class Delivery:
    """One message at the provider: a line of ours, or a part of a long one."""

    id: int
    message_id: int
    conversation_id: str
    channel: str
    part: int
    state: DeliveryState
    attempts: int
    next_try_at: datetime
    provider_id: str | None
    reason: str | None
    detail: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Standing:
    """Where a whole message stands, over its parts."""

    state: DeliveryState
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Moved:
    """A message whose delivery changed, for telling the desk."""

    conversation_id: str
    message_id: int


def add(connection: Connection, message_id: int, conversation_id: str, channel: str, now: datetime) -> None:
    """This message is to be sent; in the transaction that stores it."""
    connection.execute(insert(deliveries).values(**_row(message_id, conversation_id, channel, 0, now)))


def due(connection: Connection, channel: str, now: datetime, limit: int, whole_turns: bool = False) -> list[Delivery]:
    """The next delivery of each conversation of this channel that is due, the longest due first. `whole_turns`: not
    what answers a message to which more is still being answered."""
    rows = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.channel == channel,
            deliveries.c.state.in_(_OPEN),
            deliveries.c.next_try_at <= now,
            _nothing_earlier_is_open(),
            *([_all_is_answered()] if whole_turns else []),
        )
        .order_by(deliveries.c.next_try_at, deliveries.c.id)
        .limit(limit)
    )
    return [_record(row) for row in rows]


def next_of(connection: Connection, conversation_id: str, now: datetime, whole_turns: bool = False) -> Delivery | None:
    """What leaves next in this conversation, when it is due; `whole_turns` as above."""
    row = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.conversation_id == conversation_id,
            deliveries.c.state.in_(_OPEN),
            deliveries.c.next_try_at <= now,
            _nothing_earlier_is_open(),
            *([_all_is_answered()] if whole_turns else []),
        )
        .limit(1)
    ).first()
    return _record(row) if row is not None else None


def claim(connection: Connection, delivery: Delivery, now: datetime, until: datetime) -> bool:
    """Take this delivery until then; of several gateways that try, one gets it."""
    taken = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery.id,
            deliveries.c.state == delivery.state.value,
            deliveries.c.attempts == delivery.attempts,
            deliveries.c.next_try_at <= now,
            _nothing_earlier_is_open(),
        )
        .values(
            state=DeliveryState.SENDING.value, attempts=deliveries.c.attempts + 1, next_try_at=until, updated_at=now
        )
    )
    return bool(taken.rowcount == 1)


def behind(connection: Connection, head: Delivery, message_ids: Sequence[int]) -> list[Delivery]:
    """What stands right behind a delivery and as it did, as far as it is of these messages: it may leave together with
    it."""
    rows = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.conversation_id == head.conversation_id,
            or_(
                deliveries.c.message_id > head.message_id,
                and_(deliveries.c.message_id == head.message_id, deliveries.c.part > head.part),
            ),
            deliveries.c.state.in_(_OPEN),
        )
        .order_by(deliveries.c.message_id, deliveries.c.part)
    )
    return list(takewhile(lambda one: one.message_id in message_ids and one.state is head.state, map(_record, rows)))


def take_along(connection: Connection, along: Sequence[Delivery], now: datetime, until: datetime) -> None:
    """Take also these, of those behind a delivery that was taken: nobody else can have them while the first is open."""
    if along:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([one.id for one in along]))
            .values(
                state=DeliveryState.SENDING.value, attempts=deliveries.c.attempts + 1, next_try_at=until, updated_at=now
            )
        )


def hold(connection: Connection, taken: Sequence[Delivery], until: datetime) -> None:
    """Keep these that were taken until then, for it takes long to send them."""
    connection.execute(
        update(deliveries).where(deliveries.c.id.in_([one.id for one in taken])).values(next_try_at=until)
    )


def expand(connection: Connection, delivery: Delivery, parts: int, now: datetime) -> None:
    """This message leaves in so many parts: a row for each of the others, once."""
    there = set(
        connection.execute(select(deliveries.c.part).where(deliveries.c.message_id == delivery.message_id)).scalars()
    )
    rows = [
        _row(delivery.message_id, delivery.conversation_id, delivery.channel, part, now)
        for part in range(parts)
        if part not in there
    ]
    if rows:
        connection.execute(insert(deliveries), rows)


def sent(connection: Connection, delivery: Delivery, provider_id: str | None, now: datetime) -> None:
    """The provider took it, under this id."""
    # A receipt may have been faster than the answer: then only the id is new.
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery.id, deliveries.c.state.in_(["sending", "pending", "unknown"]))
        .values(state=DeliveryState.SENT.value, reason=None, detail=None, updated_at=now)
    )
    if provider_id:
        connection.execute(
            update(deliveries).where(deliveries.c.id == delivery.id).values(provider_id=provider_id[:200])
        )


def try_again(
    connection: Connection, delivery: Delivery, at: datetime, now: datetime, reason: str, detail: str
) -> None:
    """It was not taken this time."""
    _close(connection, delivery, DeliveryState.PENDING, now, reason, detail, next_try_at=at)


def postpone(connection: Connection, delivery: Delivery, at: datetime, now: datetime) -> None:
    """It never left us, for its account has to wait: not counted as an attempt."""
    _close(connection, delivery, DeliveryState.PENDING, now, None, None, next_try_at=at, attempts=delivery.attempts)


def give_up(
    connection: Connection, delivery: Delivery, state: DeliveryState, now: datetime, reason: str, detail: str
) -> None:
    """It will not arrive (failed), or nobody knows (unknown); what is left of the message does not go either."""
    if not _close(connection, delivery, state, now, reason, detail):
        return  # a receipt was faster and knows better
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.message_id == delivery.message_id,
            deliveries.c.part > delivery.part,
            deliveries.c.state == DeliveryState.PENDING.value,
        )
        .values(state=DeliveryState.FAILED.value, reason=reason, detail=detail[:300] or None, updated_at=now)
    )


def send_again(connection: Connection, message_ids: Sequence[int], now: datetime) -> bool:
    """An agent wants these tried once more. False when none of them failed."""
    again = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.message_id.in_(list(message_ids)),
            deliveries.c.state.in_([DeliveryState.FAILED.value, DeliveryState.UNKNOWN.value]),
        )
        .values(
            state=DeliveryState.PENDING.value, next_try_at=now, created_at=now, reason=None, detail=None, updated_at=now
        )
    )
    return bool(again.rowcount)


def carried(connection: Connection, message_ids: Sequence[int], now: datetime) -> None:
    """The response to the customer's own request took these along."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.message_id.in_(list(message_ids)), deliveries.c.state.in_(_OPEN))
        .values(state=DeliveryState.SENT.value, updated_at=now)
    )


def receipt(
    connection: Connection,
    channel: str,
    provider_id: str,
    state: DeliveryState,
    now: datetime,
    reason: str | None = None,
    detail: str | None = None,
) -> list[Moved]:
    """What the provider says became of a message: of all lines that it holds. Nothing when it has no such message (or
    not yet)."""
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.conversation_id, deliveries.c.message_id).where(
            deliveries.c.channel == channel, deliveries.c.provider_id == provider_id
        )
    ).all()
    if rows:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([row.id for row in rows]), deliveries.c.state.in_(_BEFORE[state]))
            .values(state=state.value, reason=reason, detail=(detail or "")[:300] or None, updated_at=now)
        )
    return [Moved(row.conversation_id, row.message_id) for row in rows]


def is_known(connection: Connection, channel: str, provider_id: str) -> bool:
    """Whether a message of ours has this id at its provider."""
    of_channel = and_(deliveries.c.channel == channel, deliveries.c.provider_id == provider_id)
    return connection.execute(select(deliveries.c.id).where(of_channel).limit(1)).first() is not None


def without_id(connection: Connection, channel: str, since: datetime) -> list[Delivery]:
    """What left, or may have, since then, and has no id of the provider's yet; the newest first."""
    rows = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.channel == channel,
            deliveries.c.provider_id.is_(None),
            deliveries.c.attempts > 0,
            deliveries.c.state.in_([*_OPEN, DeliveryState.UNKNOWN.value]),
            deliveries.c.updated_at >= since,
        )
        .order_by(deliveries.c.id.desc())
        .limit(1000)
    )
    return [_record(row) for row in rows]


def has_id(connection: Connection, delivery: Delivery, provider_id: str, is_there: bool, now: datetime) -> None:
    """The provider tells of this one under an id of its own. `is_there`: it took it, so it is not sent once more."""
    connection.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(provider_id=provider_id[:200]))
    if is_there:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery.id, deliveries.c.state == DeliveryState.PENDING.value)
            .values(state=DeliveryState.SENT.value, reason=None, detail=None, updated_at=now)
        )


def receipts_until(
    connection: Connection, channel: str, sender: str, until: datetime, state: DeliveryState, now: datetime
) -> list[Moved]:
    """The provider says that all we sent this customer until then was delivered, or read."""
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.conversation_id, deliveries.c.message_id)
        .join(conversations, conversations.c.id == deliveries.c.conversation_id)
        .where(
            conversations.c.channel == channel,
            conversations.c.sender == sender,
            deliveries.c.state.in_(["sent", "delivered"] if state is DeliveryState.READ else ["sent"]),
            deliveries.c.created_at <= until,
        )
    ).all()
    if rows:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([row.id for row in rows]), deliveries.c.state.in_(_BEFORE[state]))
            .values(state=state.value, updated_at=now)
        )
    return [Moved(row.conversation_id, row.message_id) for row in rows]


def standing_of(connection: Connection, message_ids: Sequence[int]) -> dict[int, Standing]:
    """Where each of these messages stands; those that need no sending are not in it."""
    if not message_ids:
        return {}
    rows = connection.execute(
        select(deliveries.c.message_id, deliveries.c.state, deliveries.c.reason, deliveries.c.detail).where(
            deliveries.c.message_id.in_(list(message_ids))
        )
    ).all()
    worst: dict[int, Standing] = {}
    for row in sorted(rows, key=lambda row: _WORST.index(row.state), reverse=True):
        worst[row.message_id] = Standing(DeliveryState(row.state), row.reason, row.detail)
    return worst


def is_done(connection: Connection, message_id: int) -> bool:
    """Whether every part of this message has left us."""
    left = connection.execute(
        select(func.count()).where(deliveries.c.message_id == message_id, deliveries.c.state.in_(_OPEN))
    ).scalar_one()
    return int(left) == 0


def sent_since(connection: Connection, conversation_id: str, since: datetime) -> int:
    """How many messages went out in this conversation since then, for channels that limit them: parts counted, and as
    one what left as one."""
    return int(
        connection.execute(
            select(func.count(distinct(func.coalesce(deliveries.c.provider_id, cast(deliveries.c.id, String))))).where(
                deliveries.c.conversation_id == conversation_id,
                deliveries.c.created_at >= since,
                deliveries.c.state.in_(["sent", "delivered", "read", "unknown"]),
            )
        ).scalar_one()
    )


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many deliveries stand in each state, by channel and state."""
    rows = connection.execute(
        select(deliveries.c.channel, deliveries.c.state, func.count()).group_by(
            deliveries.c.channel, deliveries.c.state
        )
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


def _nothing_earlier_is_open() -> Any:
    earlier = deliveries.alias("earlier")
    return ~exists().where(
        earlier.c.conversation_id == deliveries.c.conversation_id,
        earlier.c.state.in_(_OPEN),
        or_(
            earlier.c.message_id < deliveries.c.message_id,
            and_(earlier.c.message_id == deliveries.c.message_id, earlier.c.part < deliveries.c.part),
        ),
    )


def _all_is_answered() -> Any:
    """The message that this answers is settled: what answers it was stored with that, and nothing comes after."""
    line, asked = messages.alias("line"), messages.alias("asked")
    return ~exists().where(
        line.c.id == deliveries.c.message_id, asked.c.id == line.c.reply_to, asked.c.settled_at.is_(None)
    )


def _close(
    connection: Connection,
    delivery: Delivery,
    state: DeliveryState,
    now: datetime,
    reason: str | None,
    detail: str | None,
    **values: Any,
) -> bool:
    closed = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery.id, deliveries.c.state == DeliveryState.SENDING.value)
        .values(state=state.value, reason=reason, detail=(detail or "")[:300] or None, updated_at=now, **values)
    )
    return bool(closed.rowcount)


def _row(message_id: int, conversation_id: str, channel: str, part: int, now: datetime) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "conversation_id": conversation_id,
        "channel": channel,
        "part": part,
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "next_try_at": now,
        "created_at": now,
        "updated_at": now,
    }


def _record(row: Row) -> Delivery:
    fields = dict(row._mapping)
    fields["state"] = DeliveryState(fields["state"])
    return Delivery(**fields)
