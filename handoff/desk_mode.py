"""Whether the whole desk answers, whatever the hours say. The only module that writes the table desk_mode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import select
from sqlalchemy.engine import Connection

from faq_kb.columns import INSERTS
from handoff.models import desk_mode

_ONLY = 1


class Mode(str, Enum):
    """What decides whether people answer."""

    HOURS = "hours"  # the teams' opening hours
    ONLINE = "online"  # open, whatever the hours say
    OFFLINE = "offline"  # closed, whatever the hours say


@dataclass(frozen=True)
class DeskMode:
    """The mode, and who chose it when."""

    mode: Mode
    changed_by: str | None = None
    changed_at: datetime | None = None


def current(connection: Connection) -> DeskMode:
    """What holds now."""
    row = connection.execute(select(desk_mode).where(desk_mode.c.id == _ONLY)).first()
    return DeskMode(Mode(row.mode), row.changed_by, row.changed_at) if row else DeskMode(Mode.HOURS)


def change(connection: Connection, mode: Mode, by: str, now: datetime) -> DeskMode:
    """Choose another; it holds for the next customer, without a restart."""
    values = {"mode": mode.value, "changed_by": by[:80], "changed_at": now}
    statement = INSERTS[connection.dialect.name](desk_mode).values(id=_ONLY, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    return current(connection)
