"""The views of the desk: which conversations each shows, in which order, and how many there are.

A view that lists something else than conversations by time (mentions, what is asleep, what was promised) brings its own
order; all of them are narrowed by the same filters and read in pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection

from handoff import conversations, customers, guests, mentions, promises, tickets
from handoff.desk.filters import Filters
from handoff.desk.rows import conversation_rows
from handoff.desk.wire import moment_of
from handoff.errors import BadInput
from handoff.models import Status
from handoff.models import conversations as table
from handoff.models import tickets as tickets_table
from handoff.records import Agent, ticket_id

PAGE = 50
# More than this nobody counts; the desk shows 99+.
COUNT_TO = 100
# The list of one view is asked for by name. `queue` is the inbox's own: its rows are tickets.
VIEWS = ("mine", "team", "all", "bot", "closed", "snoozed", "mentions", "promises")


def page_of(
    connection: Connection,
    view: str,
    agent: Agent,
    teams: Sequence[str],
    filters: Filters,
    before: str | None,
    now: datetime,
) -> dict[str, Any]:
    """One page of a view: rows, and where the next page begins (None at the end)."""
    if view not in VIEWS:
        raise BadInput(f"view must be one of {', '.join(VIEWS)}.", field="view")
    if view == "mentions":
        return _page_of_mentions(connection, agent, before)
    if view == "snoozed":
        # Later ones have higher times: the page goes forward.
        order, after = (table.c.snoozed_until, table.c.id), _beyond(table.c.snoozed_until, table.c.id, before, up=True)
    else:
        order, after = (table.c.last_at.desc(), table.c.id.desc()), _beyond(table.c.last_at, table.c.id, before)
    wanted = [*conditions_of(view, agent, teams, now), *_narrowed(filters), *after]
    found = conversations.where(connection, wanted, order, PAGE)
    last = found[-1] if len(found) == PAGE else None
    moment = (last.snoozed_until if view == "snoozed" else last.last_at) if last else None
    return {
        "conversations": conversation_rows(connection, found),
        "next": f"{moment.isoformat()}~{last.id}" if last and moment else None,
    }


def conditions_of(view: str, agent: Agent, teams: Sequence[str], now: datetime) -> list[Any]:
    """What makes a conversation belong to a view."""
    asleep = and_(table.c.snoozed_until.isnot(None), table.c.snoozed_until > now)
    held = and_(table.c.status == Status.AGENT.value, table.c.agent_id == agent.id)
    if view == "mine":
        return [or_(and_(held, ~asleep), guests.has_guest(agent.id))]
    if view == "snoozed":
        return [asleep, held] if not agent.may_take_over else [asleep]
    if view == "promises":
        return [promises.stands_in(agent.id, teams)]
    if view == "team":
        ours = select(tickets_table.c.id).where(
            tickets_table.c.conversation_id == table.c.id,
            tickets_table.c.status.in_(tickets.OPEN),
            tickets_table.c.team.in_(list(teams)),
        )
        return [table.c.status != Status.CLOSED.value, ours.correlate(table).exists()]
    if view in (Status.BOT.value, Status.CLOSED.value):
        return [table.c.status == view, table.c.last_at.isnot(None)]
    return [table.c.last_at.isnot(None)]


def counts(connection: Connection, agent: Agent, teams: Sequence[str], now: datetime) -> dict[str, int]:
    """How many conversations wait in each view where a number means work."""
    counted = {"waiting": tickets.count_waiting(connection), "mentions": mentions.count_unseen(connection, agent.id)}
    for view in ("mine", "team", "snoozed", "promises"):
        counted[view] = count(connection, conditions_of(view, agent, teams, now))
    return counted


def count(connection: Connection, wanted: Sequence[Any]) -> int:
    """How many conversations fit, counted no further than anybody reads."""
    some = select(table.c.id).where(*wanted).limit(COUNT_TO).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _narrowed(filters: Filters) -> list[Any]:
    wanted = filters.on_conversations()
    if filters.since:
        wanted.append(table.c.last_at >= filters.since)
    if filters.until:
        wanted.append(table.c.last_at < filters.until)
    if filters.q:
        wanted.append(named_like(filters.q))
    return wanted


def named_like(words: str, last_text: bool = True) -> Any:
    """A condition on conversations: these words are the customer's name, id, handle, case, or in the last line."""
    fits = [
        func.lower(table.c.customer_name).contains(words.lower(), autoescape=True),
        table.c.customer_id == words,
        customers.is_called_like(words),
    ]
    if last_text:
        fits.append(func.lower(table.c.last_text).contains(words.lower(), autoescape=True))
    handle = words.removeprefix("#").lower()
    if len(handle) == 4 and all(letter in "0123456789abcdef" for letter in handle):
        fits.append(table.c.id.startswith(handle))
    case = ticket_id(words.upper())
    if case is not None:
        fits.append(
            select(tickets_table.c.id)
            .where(tickets_table.c.conversation_id == table.c.id, tickets_table.c.id == case)
            .correlate(table)
            .exists()
        )
    return or_(*fits)


def _beyond(time: Any, identity: Any, before: str | None, up: bool = False) -> list[Any]:
    """What comes after a place in the list; a place is a time, or a time and an id where times are equal."""
    if not before:
        return []
    text, _, last = before.partition("~")
    moment = moment_of(text)
    if moment is None:
        return []
    further = time > moment if up else time < moment
    if not last:
        return [further]
    return [or_(further, and_(time == moment, identity > last if up else identity < last))]


def _page_of_mentions(connection: Connection, agent: Agent, before: str | None) -> dict[str, Any]:
    earlier = int(before) if before and before.isascii() and before.isdigit() and len(before) < 16 else None
    found = mentions.of_agent(connection, agent.id, earlier, PAGE)
    known = conversations.by_ids(connection, [one.conversation_id for one in found])
    rows = {row["id"]: row for row in conversation_rows(connection, list(known.values()))}
    return {
        "conversations": [
            {
                **rows[one.conversation_id],
                "mention": {
                    "message": one.message_id,
                    "by": one.by,
                    "text": one.text[:300],
                    "at": one.at.isoformat(),
                    "seen": one.seen,
                },
            }
            for one in found
        ],
        "next": str(found[-1].message_id) if len(found) == PAGE else None,
    }
