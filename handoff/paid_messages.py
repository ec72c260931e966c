"""Messages that cost the shop money: when each left, and whom it went to, as a hash. Only this module writes the table
paid_messages. What is older than a day is forgotten."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, insert, select
from sqlalchemy.engine import Connection

from handoff.models import paid_messages

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Caps:
    """How many paid messages of one channel may leave, to one customer and in all; 0 for any number."""

    customer_hour: int = 0
    customer_day: int = 0
    channel_hour: int = 0
    channel_day: int = 0


@dataclass(frozen=True)
class Cap:
    """A number that is reached."""

    setting: str
    is_of_customer: bool
    most: int


def take(connection: Connection, channel: str, recipient: str, caps: Caps, now: datetime) -> int | Cap:
    """Write down that a paid message leaves now; the id of that. Or the cap that it would go over."""
    connection.execute(
        delete(paid_messages).where(paid_messages.c.channel == channel, paid_messages.c.at <= now - _DAY)
    )
    whom = hashlib.sha256(f"{channel}\x1f{recipient}".encode("utf-8", "replace")).hexdigest()
    theirs, lately = paid_messages.c.recipient == whom, paid_messages.c.at > now - _HOUR
    numbers = select(
        func.count(case((theirs & lately, 1))),
        func.count(case((theirs, 1))),
        func.count(case((lately, 1))),
        func.count(),
    ).where(paid_messages.c.channel == channel)
    sent = connection.execute(numbers).one()
    known = (
        Cap("paid_per_customer_hour", True, caps.customer_hour),
        Cap("paid_per_customer_day", True, caps.customer_day),
        Cap("paid_per_channel_hour", False, caps.channel_hour),
        Cap("paid_per_channel_day", False, caps.channel_day),
    )
    reached = next((cap for cap, count in zip(known, sent) if 0 < cap.most <= count), None)
    if reached is not None:
        return reached
    # Two gateways on PostgreSQL may each take the last one: a message too many costs less than a lock.
    done = connection.execute(insert(paid_messages).values(channel=channel, recipient=whom, at=now))
    return int(done.inserted_primary_key[0])


def give_back(connection: Connection, taken: int) -> None:
    """It was not taken by the provider, and costs nothing."""
    connection.execute(delete(paid_messages).where(paid_messages.c.id == taken))
