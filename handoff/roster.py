"""The shift roster: who works when. The only module that writes the table shifts.

Who has shifts in a span of days around now is given customers during them only; who has none, whenever they are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from handoff import agents
from handoff.errors import ImpossibleShift, ShiftsOverlap, UnknownShift
from handoff.models import shifts

LONGEST_SHIFT = timedelta(hours=16)
SHORTEST_SHIFT = timedelta(minutes=15)
# Nobody plans further, and nobody mends what was longer ago.
FURTHEST = timedelta(days=400)
# Whose last shift was, or whose next one is, within this is on the roster.
ROSTERED_WITHIN = timedelta(days=7)
MAX_NOTE_CHARS = 200


@dataclass(frozen=True)
class Shift:
    """One agent's hours on one day (or over one midnight)."""

    id: int
    agent_id: int
    starts_at: datetime
    ends_at: datetime
    note: str


def between(connection: Connection, begin: datetime, end: datetime) -> list[Shift]:
    """Everybody's shifts that touch this span, by time."""
    rows = connection.execute(
        select(shifts)
        .where(shifts.c.starts_at < end, shifts.c.ends_at > begin)
        .order_by(shifts.c.starts_at, shifts.c.id)
    )
    return [Shift(**row._mapping) for row in rows]


def find(connection: Connection, shift_id: int) -> Shift:
    """Raises UnknownShift."""
    row = connection.execute(select(shifts).where(shifts.c.id == shift_id)).first()
    if row is None:
        raise UnknownShift()
    return Shift(**row._mapping)


def add(
    connection: Connection, agent_id: int, starts_at: datetime, ends_at: datetime, note: str, now: datetime
) -> Shift:
    """Raises ImpossibleShift or ShiftsOverlap."""
    agents.hold(connection, agent_id)
    _check(connection, agent_id, starts_at, ends_at, note, now)
    done = connection.execute(insert(shifts).values(agent_id=agent_id, starts_at=starts_at, ends_at=ends_at, note=note))
    return find(connection, int(done.inserted_primary_key[0]))


def change(
    connection: Connection, shift_id: int, starts_at: datetime, ends_at: datetime, note: str, now: datetime
) -> Shift:
    """Raises UnknownShift, ImpossibleShift or ShiftsOverlap."""
    before = find(connection, shift_id)
    agents.hold(connection, before.agent_id)
    _check(connection, before.agent_id, starts_at, ends_at, note, now, but=shift_id)
    connection.execute(
        update(shifts).where(shifts.c.id == shift_id).values(starts_at=starts_at, ends_at=ends_at, note=note)
    )
    return find(connection, shift_id)


def remove(connection: Connection, shift_id: int) -> None:
    """Raises UnknownShift."""
    if connection.execute(delete(shifts).where(shifts.c.id == shift_id)).rowcount != 1:
        raise UnknownShift()


def off_duty(connection: Connection, agent_ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Who of these is on the roster, but not on shift now."""
    rows = connection.execute(
        select(shifts.c.agent_id, shifts.c.starts_at, shifts.c.ends_at).where(
            shifts.c.agent_id.in_(list(agent_ids)),
            shifts.c.starts_at < now + ROSTERED_WITHIN,
            shifts.c.ends_at > now - ROSTERED_WITHIN,
        )
    ).all()
    on_duty = {row.agent_id for row in rows if row.starts_at <= now < row.ends_at}
    return frozenset(row.agent_id for row in rows) - on_duty


def _check(
    connection: Connection,
    agent_id: int,
    starts_at: datetime,
    ends_at: datetime,
    note: str,
    now: datetime,
    but: int | None = None,
) -> None:
    if ends_at <= starts_at:
        raise ImpossibleShift("A shift ends after it starts.", field="to", why="backwards")
    if ends_at - starts_at > LONGEST_SHIFT:
        raise ImpossibleShift("A shift lasts 16 hours at most.", field="to", why="too_long")
    if ends_at - starts_at < SHORTEST_SHIFT:
        raise ImpossibleShift("A shift lasts at least 15 minutes.", field="to", why="too_short")
    if abs(starts_at - now) > FURTHEST:
        raise ImpossibleShift("A shift is at most 400 days away.", field="day", why="too_far")
    if len(note) > MAX_NOTE_CHARS:
        raise ImpossibleShift(f"A note has at most {MAX_NOTE_CHARS} characters.", field="note", why="long_note")
    for other in between(connection, starts_at, ends_at):
        if other.agent_id == agent_id and other.id != but:
            raise ShiftsOverlap(
                shift=other.id, starts_at=other.starts_at.isoformat(), ends_at=other.ends_at.isoformat()
            )
