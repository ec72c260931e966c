"""How far what a provider keeps for us was fetched. The only module that writes the table channel_cursors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from handoff.models import channel_cursors


def find(connection: Connection, channel: str) -> str | None:
    """The cursor of a channel; None when nothing was ever fetched."""
    query = select(channel_cursors.c.cursor).where(channel_cursors.c.channel == channel)
    return connection.execute(query).scalar_one_or_none()


def move(connection: Connection, channel: str, before: str | None, cursor: str, now: datetime) -> bool:
    """Move it from where it was. False when another gateway has moved it meanwhile. Raises IntegrityError when another
    one began at the same moment."""
    if before is None:
        connection.execute(insert(channel_cursors).values(channel=channel, cursor=cursor, moved_at=now))
        return True
    done = connection.execute(
        update(channel_cursors)
        .where(channel_cursors.c.channel == channel, channel_cursors.c.cursor == before)
        .values(cursor=cursor, moved_at=now)
    )
    return bool(done.rowcount)
