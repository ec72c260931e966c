"""Two people plan the same agent's shifts in the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from waiting import wait_until

from handoff import agents, roster
from handoff.database import Database
from handoff.errors import ShiftsOverlap
from handoff.models import Role
from handoff.records import Agent

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
DAY = timedelta(days=1)
LENGTH = timedelta(hours=8)


def _hire(login: str) -> Callable[[Connection], Agent]:
    return lambda connection: agents.add(connection, login, login.title(), Role.AGENT, "a-long-password", NOW)


def _add(agent_id: int, starts_at: datetime) -> Callable[[Connection], roster.Shift]:
    return lambda connection: roster.add(connection, agent_id, starts_at, starts_at + LENGTH, "", NOW)


def _waits_for_a_lock(connection: Connection) -> bool:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(connection.execute(text(asked)).scalar_one())


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["add", "change"])
def test_of_two_overlapping_shifts_at_the_same_time_one_is_refused(postgres_url: str, how: str) -> None:
    database = Database(postgres_url)
    ben, cleo = (database.write_now(_hire(login)).id for login in ("ben", "cleo"))
    tomorrow = database.write_now(_add(ben, NOW + DAY))
    begin = NOW + 2 * DAY
    second = {
        "add": _add(ben, begin + timedelta(hours=1)),
        "change": lambda c: roster.change(c, tomorrow.id, begin, begin + LENGTH, "", NOW),
    }[how]
    with ThreadPoolExecutor(2) as people:
        with database.engine.begin() as connection:
            first = _add(ben, begin)(connection)
            other = people.submit(database.write_now, second)
            wait_until(lambda: other.done() or database.read_now(_waits_for_a_lock), what="the second one at work")
            # A colleague's shifts wait for nobody.
            assert people.submit(database.write_now, _add(cleo, begin)).result(30).agent_id == cleo
        with pytest.raises(ShiftsOverlap) as refused:
            other.result(30)
    assert refused.value.details["shift"] == first.id
    kept = database.read_now(lambda c: roster.between(c, NOW, NOW + 4 * DAY))
    assert {one.id for one in kept if one.agent_id == ben} == {tomorrow.id, first.id}
    assert next(one for one in kept if one.id == tomorrow.id) == tomorrow
    database.close()
