"""A queue of 10,000 waiting tickets: how long the next ticket and a place in the queue take, on each database."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError

from bench.figures import Result, percentile
from handoff import migrations, tickets
from handoff.database import Database
from handoff.models import Status, TicketKind, TicketStatus, conversations
from handoff.models import tickets as tickets_table
from handoff.texts import LOCALES
from handoff.tickets import LEVEL_IS_WORTH, Taker

WAITING, QUICK_WAITING = 10_000, 1_000
LOOKS, QUICK_LOOKS = 400, 40
TEAMS = ("support", "sales", "delivery", "returns", "billing", "technical")
SKILLS = ("repair", "setup")
POSTGRES_VARIABLE = "SWITCHBOARD_TEST_POSTGRES_URL"
_BEGIN = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)


def queue(tell: Callable[[str], None], quick: bool) -> Result:
    """Fill a queue on each database that is there, and look at it as an agent and as a customer do."""
    waiting, looks = (QUICK_WAITING, QUICK_LOOKS) if quick else (WAITING, LOOKS)
    results: Result = {"waiting": waiting, "databases": {}}
    for name, url in _databases():
        with url as address:
            if address is None:
                continue
            tell(f"Queue on {name}: filling with {waiting:,} tickets")
            database = Database(address)
            try:
                migrations.upgrade(database)
                database.write_now(lambda c: _fill(c, waiting))
                # A queue does not grow by 10,000 in a second: a server has looked at its tables by then.
                database.write_now(lambda c: c.execute(text("ANALYZE")))
                tell(f"Queue on {name}: looking")
                results["databases"][name] = _look(database, waiting, looks)
            finally:
                database.close()
    return results


def _look(database: Database, waiting: int, looks: int) -> Result:
    """Each look is a transaction of its own, as at the desk."""
    takers = [
        Taker(1, TEAMS, (), SKILLS, (), False),
        Taker(2, ("returns",), ("billing",), ("setup",), ("en",), False),
        Taker(3, ("technical", "sales"), (), (), ("zh-TW", "zh-CN"), False),
    ]
    ids = database.read_now(lambda c: [row.id for row in c.execute(select(tickets_table.c.id))])
    several = [ids[number * len(ids) // looks] for number in range(looks)]
    found = database.read_now(lambda c: [tickets.find(c, one) for one in several])
    nexts = [_timed(database, lambda c, n=n: tickets.next_for(c, takers[n % len(takers)])) for n in range(looks)]
    places = [_timed(database, lambda c, one=one: tickets.position(c, one)) for one in found]
    return {
        "next_p50_ms": round(percentile(nexts, 0.5), 3),
        "next_p99_ms": round(percentile(nexts, 0.99), 3),
        "position_p50_ms": round(percentile(places, 0.5), 3),
        "position_p99_ms": round(percentile(places, 0.99), 3),
    }


def _timed(database: Database, work: Callable[[Connection], Any]) -> float:
    began = time.perf_counter()
    database.read_now(work)
    return (time.perf_counter() - began) * 1000


def _fill(connection: Connection, waiting: int) -> None:
    people, wishes = [], []
    for number in range(waiting):
        at, language = _BEGIN + timedelta(seconds=number), LOCALES[number % 4]
        priority, skill = (number % 17 == 0) * 2, SKILLS[number % 2] if number % 5 == 0 else ""
        people.append(
            {
                "id": f"c{number}",
                "channel": "widget",
                "sender": f"s{number}",
                "status": Status.WAITING.value,
                "language": language,
                "proved_orders": [],
                "opened_at": at,
            }
        )
        wishes.append(
            {
                "conversation_id": f"c{number}",
                "kind": TicketKind.LIVE.value,
                "status": TicketStatus.WAITING.value,
                "team": TEAMS[number % len(TEAMS)],
                "priority": priority,
                "reason": "asked_for_person",
                "opened_at": at,
                "turn_at": at - priority * LEVEL_IS_WORTH,
                "language": language,
                "skills": f",{skill}," if skill else "",
            }
        )
    connection.execute(insert(conversations), people)
    connection.execute(insert(tickets_table), wishes)


def _databases() -> Iterator[tuple[str, Any]]:
    yield "SQLite", _sqlite()
    yield "PostgreSQL", _postgres(os.environ.get(POSTGRES_VARIABLE, ""))


@contextmanager
def _sqlite() -> Iterator[str | None]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'queue.db'}"


@contextmanager
def _postgres(server_url: str) -> Iterator[str | None]:
    """A database of our own; nothing where there is no server."""
    if not server_url:
        yield None
        return
    name = f"switchboard_bench_{secrets.token_hex(6)}"
    server = create_engine(server_url, isolation_level="AUTOCOMMIT", future=True)
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        server.dispose()
        yield None
        return
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()
