"""Whether articles help: customers' ratings, and what became of each article by week and variant.

The only module that writes faq_ratings and faq_weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.engine import Connection

from faq_kb.columns import INSERTS
from faq_kb.search import SHOP_TIME
from faq_kb.tables import ratings, weeks


@dataclass(frozen=True)
class Count:
    """What is added to an article's week in one variant; a changed rating takes away."""

    article_id: str
    language: str
    asked: int = 0
    answered: int = 0
    helpful: int = 0
    unhelpful: int = 0
    led_to_person: int = 0


@dataclass(frozen=True)
class Rating:
    """What a customer says about one answer."""

    message_id: int
    article_id: str
    conversation_id: str
    language: str
    helpful: bool
    answered_at: datetime


@dataclass(frozen=True)
class Week:
    """An article's week in one variant."""

    week: date
    count: Count


COUNTED = tuple(one.name for one in fields(Count) if one.name not in ("article_id", "language"))


def _adding(insert: Any) -> Any:
    new = insert(weeks)
    sums = {name: weeks.c[name] + new.excluded[name] for name in COUNTED}
    return new.on_conflict_do_update(index_elements=[weeks.c.article_id, weeks.c.week, weeks.c.language], set_=sums)


# What a message may run is built once: making a statement anew costs more than running it.
_ADD = {name: _adding(insert) for name, insert in INSERTS.items()}
_RATE = {
    name: insert(ratings).on_conflict_do_nothing(index_elements=[ratings.c.message_id])
    for name, insert in INSERTS.items()
}
_CHANGE = update(ratings).where(
    and_(ratings.c.message_id == bindparam("rated"), ratings.c.helpful != bindparam("opinion"))
)
_RATED = select(ratings.c.message_id, ratings.c.helpful)


def monday_of(moment: datetime) -> date:
    """The first day of the week that this moment lies in, where the shop is."""
    day = moment.astimezone(SHOP_TIME).date()
    return day - timedelta(days=day.weekday())


def add(connection: Connection, at: datetime, counts: Sequence[Count]) -> None:
    """Add to the week of `at`. The last thing in a transaction: all gateways share these rows."""
    week = monday_of(at)
    # In one order, so that two who count the same articles never wait for each other.
    rows = [{"week": week, **vars(one)} for one in sorted(counts, key=lambda one: (one.article_id, one.language))]
    if rows:
        connection.execute(_ADD[connection.dialect.name], rows if len(rows) > 1 else rows[0])


def rate(connection: Connection, rating: Rating) -> bool:
    """Keep a rating, or change the one there is. False when nothing changed: each answer counts once."""
    values = {name: value for name, value in vars(rating).items() if name != "answered_at"}
    is_new = connection.execute(_RATE[connection.dialect.name], {**values, "at": rating.answered_at}).rowcount == 1
    if not is_new:
        opinion = {"rated": rating.message_id, "opinion": rating.helpful, "helpful": rating.helpful}
        if connection.execute(_CHANGE, opinion).rowcount != 1:
            return False
    before = 0 if is_new else -1
    count = Count(
        rating.article_id,
        rating.language,
        helpful=1 if rating.helpful else before,
        unhelpful=before if rating.helpful else 1,
    )
    # In the week of the answer, so that a change of mind takes away what was added.
    add(connection, rating.answered_at, [count])
    return True


def rename(connection: Connection, article_id: str, to: str) -> None:
    """A renamed article keeps its figures, beside those of an article that had the name before."""
    connection.execute(update(ratings).where(ratings.c.article_id == article_id).values(article_id=to))
    counted = weeks.c.article_id == article_id
    # Nobody counts here between the reading and the taking away: PostgreSQL locks the rows, SQLite has one writer.
    rows = [dict(row._mapping) for row in connection.execute(select(weeks).where(counted).with_for_update())]
    for row in rows:
        connection.execute(_ADD[connection.dialect.name], {**row, "article_id": to})
    connection.execute(delete(weeks).where(counted))


def ratings_of(connection: Connection, message_ids: Sequence[int]) -> dict[int, bool]:
    """Which of these answers were rated, and how."""
    if not message_ids:
        return {}
    rows = connection.execute(_RATED.where(ratings.c.message_id.in_(list(message_ids))))
    return {row.message_id: row.helpful for row in rows}


def weeks_since(connection: Connection, first: date, article_id: str | None = None) -> list[Week]:
    """What was counted from the week of `first` on, oldest first, of one article or of all."""
    query = select(weeks).where(weeks.c.week >= first).order_by(weeks.c.week, weeks.c.article_id, weeks.c.language)
    if article_id is not None:
        query = query.where(weeks.c.article_id == article_id)
    found = (dict(row._mapping) for row in connection.execute(query))
    return [Week(one.pop("week"), Count(**one)) for one in found]
