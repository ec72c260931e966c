"""Messages whose files are still at the provider, to be fetched. The only module that writes the table pending_media.

A row is made in the transaction that stores the message and goes in the one that stores what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from handoff.models import pending_media


@dataclass(frozen=True)
class Pending:
    """The files of one message."""

    message_id: int
    channel: str
    attempts: int
    next_try_at: datetime


def add(connection: Connection, message_id: int, channel: str, now: datetime) -> None:
    """This message has files to be fetched."""
    connection.execute(
        insert(pending_media).values(message_id=message_id, channel=channel, attempts=0, next_try_at=now)
    )


def due(connection: Connection, now: datetime, limit: int) -> list[Pending]:
    """What may be fetched now, the longest due first."""
    query = select(pending_media).where(pending_media.c.next_try_at <= now).order_by(pending_media.c.next_try_at)
    return [Pending(**row._mapping) for row in connection.execute(query.limit(limit))]


def claim(connection: Connection, pending: Pending, until: datetime) -> bool:
    """Take it; whoever dies over it is given up at `until`. False when another gateway has it."""
    done = connection.execute(
        update(pending_media)
        .where(pending_media.c.message_id == pending.message_id, pending_media.c.next_try_at == pending.next_try_at)
        .values(attempts=pending.attempts + 1, next_try_at=until)
    )
    return bool(done.rowcount)


def try_again(connection: Connection, message_id: int, at: datetime) -> None:
    """The provider did not give it."""
    connection.execute(update(pending_media).where(pending_media.c.message_id == message_id).values(next_try_at=at))


def done(connection: Connection, message_id: int) -> bool:
    """It is settled, well or not. False when it was already."""
    return bool(connection.execute(delete(pending_media).where(pending_media.c.message_id == message_id)).rowcount)
