"""How long a customer in the queue will wait: a band, from what really happened lately. Unknown is said as unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.engine import Connection

from handoff import texts
from handoff.models import TicketKind, tickets
from handoff.presence import Colleague
from handoff.records import Ticket

# Fewer than this tell nothing; more than this, and the oldest are of another day.
FEWEST, MOST = 5, 30
RECENT = timedelta(days=7)
# Upper ends in minutes; a longer wait is "more than" the last.
BANDS = (2, 5, 10, 20, 40)


@dataclass(frozen=True)
class Wait:
    """Between so many minutes and so many; without an upper end, longer; without any, nobody knows."""

    least_minutes: int | None = None
    most_minutes: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is an estimate at all."""
        return self.least_minutes is not None


UNKNOWN = Wait()


def band(seconds: float) -> Wait:
    """The band of a wait."""
    least = 0
    for most in BANDS:
        if seconds <= most * 60:
            return Wait(least, most)
        least = most
    return Wait(least)


def estimate(connection: Connection, ticket: Ticket, position: int, staff: Sequence[Colleague], now: datetime) -> Wait:
    """How long the customer at this place of the ticket's team will wait, with these people at the desk."""
    done = connection.execute(
        select(tickets.c.opened_at, tickets.c.claimed_at, tickets.c.ended_at)
        .where(
            tickets.c.team == ticket.team,
            tickets.c.claimed_at > now - RECENT,
            tickets.c.ended_at.isnot(None),
            tickets.c.kind == TicketKind.LIVE.value,
        )
        .order_by(tickets.c.claimed_at.desc())
        .limit(MOST)
    ).all()
    serving = [one for one in staff if one.serves(ticket)]
    places = sum(one.capacity for one in serving)
    if len(done) < FEWEST or not places:
        return UNKNOWN
    # A quarter found their agent at least this fast: what it takes when somebody has a free place.
    picked_up = sorted((row.claimed_at - row.opened_at).total_seconds() for row in done)[len(done) // 4]
    handling = median((row.ended_at - row.claimed_at).total_seconds() for row in done)
    ahead = position - sum(max(0, one.capacity - one.load) for one in serving)
    return band(picked_up + (max(0, ahead) * handling / places))


def in_words(wait: Wait, language: str) -> str:
    """A sentence to follow another."""
    if wait.least_minutes is None:
        return texts.say("wait_unknown", language)
    if wait.most_minutes is None:
        return texts.say("wait_more", language, least=wait.least_minutes)
    if not wait.least_minutes:
        return texts.say("wait_less", language, most=wait.most_minutes)
    return texts.say("wait_between", language, least=wait.least_minutes, most=wait.most_minutes)
