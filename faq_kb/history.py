"""What was published, by whom and when, and how it was before. The only writer of the table of revisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.engine import Connection, Row

from faq_kb.content import Content
from faq_kb.tables import revisions

# Who changed a file that no console wrote: git knows, we do not.
FILE = "file"
# The note of such a revision is "old > new".
RENAME = "rename"
# One name for one lock; PostgreSQL wants a number.
_LOCK = 7_262_311


@dataclass(frozen=True)
class Revision:
    """One publication of one article."""

    id: int
    article_id: str
    category: str
    before: Content | None
    after: Content | None
    action: str
    actor: str
    note: str
    version: str
    at: datetime


@dataclass(frozen=True)
class Published:
    """What is to be remembered of one article."""

    article_id: str
    category: str
    before: Content | None
    after: Content | None
    action: str


@dataclass(frozen=True)
class Standing:
    """An article as it stands in its file."""

    category: str
    content: Content


def write_alone(connection: Connection) -> None:
    """Until this transaction ends nobody else publishes or records: what is on disk and what is recorded go together.

    SQLite has one writer by itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def record(
    connection: Connection, published: Iterable[Published], actor: str, note: str, version: str, now: datetime
) -> list[Revision]:
    """Remember a publication."""
    made = []
    for one in published:
        done = connection.execute(
            insert(revisions).values(
                article_id=one.article_id,
                category=one.category,
                before=one.before,
                after=one.after,
                action=one.action,
                actor=actor,
                note=note,
                version=version,
                at=now,
            )
        )
        row = connection.execute(select(revisions).where(revisions.c.id == done.inserted_primary_key[0])).one()
        made.append(_record(row))
    return made


def served(connection: Connection, revision_ids: Sequence[int], version: str) -> None:
    """Remember the version of the set in which these were served first."""
    chosen = revisions.c.id.in_(revision_ids) & (revisions.c.version == "")
    connection.execute(update(revisions).where(chosen).values(version=version))


def record_files(
    connection: Connection,
    on_disk: Mapping[str, Standing],
    before: Mapping[str, Standing] | None,
    broken: Set[str],
    version: str,
    now: datetime,
) -> list[Revision]:
    """Remember what was changed on disk by other means; called in a transaction that is alone (``write_alone``).

    ``before`` is what this gateway served until now, None at its start; ``broken`` are the categories whose articles
    nobody can read at the moment. What a publication wrote, or another gateway has recorded already, is the last
    revision of its article and is not recorded again.
    """
    last = last_of_all(connection)
    changed = []
    for article_id in sorted(on_disk.keys() | last.keys() | (before or {}).keys()):
        now_there = on_disk.get(article_id)
        if article_id in last:
            known = _standing(last[article_id])
        elif before is None:
            continue  # never published from here and not seen before: as it always was, for all we know
        else:
            known = before.get(article_id)
        if now_there == known or (now_there is None and known is not None and known.category in broken):
            continue
        category = (now_there or known or Standing("", {})).category
        changed.append(Published(article_id, category, _content(known), _content(now_there), FILE))
    return record(connection, changed, FILE, "", version, now)


def _standing(revision: Revision) -> Standing | None:
    return None if revision.after is None else Standing(revision.category, revision.after)


def _content(standing: Standing | None) -> Content | None:
    return standing.content if standing else None


def of_article(connection: Connection, article_id: str, limit: int = 100) -> list[Revision]:
    """The newest first."""
    chosen = select(revisions).where(revisions.c.article_id == article_id)
    return [_record(row) for row in connection.execute(chosen.order_by(revisions.c.id.desc()).limit(limit))]


def latest(connection: Connection, limit: int = 100, before: int | None = None) -> list[Revision]:
    """Of all articles, the newest first; ``before`` an id, for the next page."""
    chosen = select(revisions).order_by(revisions.c.id.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(revisions.c.id < before)
    return [_record(row) for row in connection.execute(chosen)]


def moved(connection: Connection) -> dict[str, str]:
    """For each id that was given up, the id its article has by now."""
    chosen = select(revisions.c.note).where(revisions.c.action == RENAME).order_by(revisions.c.id)
    to: dict[str, str] = {}
    for row in connection.execute(chosen):
        old, _, new = row.note.partition(" > ")
        to = {before: new if after == old else after for before, after in to.items()} | {old: new}
        to.pop(new, None)  # an id that is in use again leads nowhere else
    return to


def find(connection: Connection, revision_id: int) -> Revision | None:
    row = connection.execute(select(revisions).where(revisions.c.id == revision_id)).first()
    return _record(row) if row is not None else None


def last_of_all(connection: Connection) -> dict[str, Revision]:
    """The last revision of each article that has one."""
    newest = select(func.max(revisions.c.id)).group_by(revisions.c.article_id)
    rows = connection.execute(select(revisions).where(revisions.c.id.in_(newest)))
    return {row.article_id: _record(row) for row in rows}


def changed_at(connection: Connection) -> dict[str, datetime]:
    """When each article that has a revision last changed."""
    rows = connection.execute(
        select(revisions.c.article_id, func.max(revisions.c.at).label("at")).group_by(revisions.c.article_id)
    )
    return {row.article_id: row.at for row in rows}


def _record(row: Row) -> Revision:
    return Revision(
        id=row.id,
        article_id=row.article_id,
        category=row.category,
        before=row.before,
        after=row.after,
        action=row.action,
        actor=row.actor,
        note=row.note,
        version=row.version,
        at=row.at,
    )
