"""Finding what was said: an index of the transcript by pairs of characters. The only module that writes message_grams.

Chinese has no spaces, so words are found as what they are made of: each run of letters becomes its overlapping pairs,
and a search is those pairs in a row. Text is folded one way, like the articles: Traditional to Simplified, width, case.
The index follows the transcript by itself, a moment behind, so that no message waits for it.

SQLite has FTS5, PostgreSQL an inverted index over an array; both are kept under the same name (decision 0012).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, and_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, array, insert
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from faq_kb.folding import fold_keeping_length
from handoff.attachments import names_in
from handoff.models import messages

BATCH = 500
# No transaction lives this long: below what is older, every id that will ever be seen is there.
SETTLED_AFTER = timedelta(minutes=5)
MAX_INDEXED_CHARS = 20_000
# Not \w: the underscore is a mark to one of the two indexes and a letter to nobody.
_RUN = re.compile(r"[^\W_]+")

_metadata = MetaData()
# On SQLite the row id of a table of FTS5 is called rowid.
_in_sqlite = Table("message_grams", _metadata, Column("rowid", Integer, primary_key=True), Column("grams", Text))
_in_postgres = Table(
    "message_grams",
    MetaData(),
    Column("message_id", BigInteger, primary_key=True),
    Column("folded", Text),
    Column("grams", ARRAY(Text)),
)
_progress = Table("search_progress", _metadata, Column("one", Integer, primary_key=True), Column("up_to", BigInteger))


def waiting(connection: Connection, limit: int = BATCH) -> list[tuple[int, str]]:
    """Lines that are not in the index yet, folded: what costs time is done while nothing is locked."""
    known = identity(connection)
    floor = connection.execute(select(_progress.c.up_to)).scalar_one()
    rows = connection.execute(
        select(messages.c.id, messages.c.text, messages.c.body)
        .outerjoin(known.table, known == messages.c.id)
        .where(messages.c.id > floor, known.is_(None))
        .order_by(messages.c.id)
        .limit(limit)
    )
    return [(row.id, fold_keeping_length(with_files(row.text, row.body)[:MAX_INDEXED_CHARS])) for row in rows]


def with_files(line: str, body: Any) -> str:
    """What a line is found by: its words, and the names of its files."""
    return "\n".join((line, *names_in(body)))


def add(connection: Connection, folded: Sequence[tuple[int, str]], now: datetime) -> None:
    """Put these lines into the index."""
    _add(connection, folded)
    # SQLite has one writer at a time, so no lower id comes after these, and nobody looks through them again.
    settled = folded[-1][0] if connection.dialect.name == "sqlite" else _settled_before(connection, folded[0][0], now)
    if settled is not None:
        connection.execute(_progress.update().where(_progress.c.up_to < settled).values(up_to=settled))


def forget(connection: Connection, message_ids: Sequence[int]) -> None:
    """Take lines out of the index: they were deleted, or changed and will be indexed anew."""
    known = identity(connection)
    connection.execute(known.table.delete().where(known.in_(list(message_ids))))


def ids_having(connection: Connection, words: str) -> Select[Any] | None:
    """The ids of the lines with these words in them, from the index alone; None when there is nothing to look for."""
    runs = runs_of(words)
    if not runs:
        return None
    if connection.dialect.name == "sqlite":
        phrase = " AND ".join(_phrase(run) for run in runs)
        return select(_in_sqlite.c.rowid).where(text("message_grams MATCH :phrase").bindparams(phrase=phrase))
    grams = sorted({gram for run in runs for gram in _pairs(run) or [run]})
    wanted = [_in_postgres.c.grams.contains(array(grams, type_=Text))]
    # The pairs may stand apart; that they stand in a row is looked up in the text.
    wanted += [_in_postgres.c.folded.contains(run, autoescape=True) for run in runs if len(run) > 2]
    return select(_in_postgres.c.message_id).where(and_(*wanted))


def identity(connection: Connection) -> Any:
    """The message's id as the index has it. To order by this lets SQLite walk its index backwards, page by page."""
    return _in_sqlite.c.rowid if connection.dialect.name == "sqlite" else _in_postgres.c.message_id


def runs_of(words: str) -> list[str]:
    """What is looked for: the runs of letters and digits, folded."""
    return _RUN.findall(fold_keeping_length(words))


def hit_in(line: str, words: str) -> tuple[int, int] | None:
    """Where in a line the first of these words stands: beginning and end, in the line as it was written."""
    folded, runs = fold_keeping_length(line), runs_of(words)
    places = [(at, at + len(run)) for run in runs if (at := folded.find(run)) >= 0]
    return min(places) if places else None


def _add(connection: Connection, folded: Sequence[tuple[int, str]]) -> None:
    if connection.dialect.name == "sqlite":
        rows = [{"rowid": one, "grams": " ".join(_tokens(line))} for one, line in folded]
        # Two at the same lines write the same.
        connection.execute(_in_sqlite.insert().prefix_with("OR REPLACE"), rows)
        return
    values = [
        {"message_id": one, "folded": line.replace("\0", ""), "grams": sorted(_grams(line))} for one, line in folded
    ]
    # Another gateway may be at the same lines.
    connection.execute(insert(_in_postgres).on_conflict_do_nothing(), values)


def _settled_before(connection: Connection, first: int, now: datetime) -> int | None:
    """Up to where nothing is looked for again. A lower id may be committed after a higher one, so it lags."""
    return connection.execute(
        select(messages.c.id)
        .where(messages.c.id < first, messages.c.at < now - SETTLED_AFTER)
        .order_by(messages.c.id.desc())
        .limit(1)
    ).scalar()


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _tokens(line: str) -> list[str]:
    """Pairs in their order, and the last letter of each run by itself: any one letter begins a token."""
    return [token for run in _RUN.findall(line) for token in (*_pairs(run), run[-1])]


def _grams(line: str) -> set[str]:
    runs = _RUN.findall(line)
    return {pair for run in runs for pair in _pairs(run)} | {letter for run in runs for letter in run}


def _phrase(run: str) -> str:
    # Letters and digits only: nothing in it can be an operator of FTS5.
    return f'"{run}" *' if len(run) == 1 else f'"{" ".join(_pairs(run))}"'
