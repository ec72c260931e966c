"""A search of the desk: lines of transcripts with the words in them, and conversations that are named so."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from handoff import conversations, search, shapes
from handoff.desk.filters import Filters
from handoff.desk.rows import conversation_rows
from handoff.desk.views import named_like
from handoff.models import conversations as conversations_table
from handoff.models import messages

PAGE = 30
NAMED_SHOWN = 8
# So much of a line stands around the hit.
BEFORE_CHARS, AFTER_CHARS = 40, 160


def page_of(connection: Connection, filters: Filters, before: int = 0) -> dict[str, Any]:
    """The newest lines with the words in them; on the first page also who is called so."""
    words = filters.q or ""
    hits = _hits(connection, filters, words, before)
    known = conversations.by_ids(connection, list({row.conversation_id for row in hits}))
    rows = {row["id"]: row for row in conversation_rows(connection, list(known.values()))}
    return {
        "hits": [{**_excerpt(row, words), "conversation": rows[row.conversation_id]} for row in hits],
        "conversations": [] if before else conversation_rows(connection, _named(connection, filters, words)),
        "next": hits[-1].id if len(hits) == PAGE else None,
    }


def _hits(connection: Connection, filters: Filters, words: str, before: int) -> list[Any]:
    """Which lines, from the index; then these lines alone. What is asked of their conversations joins in between."""
    query = search.ids_having(connection, words)
    if query is None:
        return []
    newest, narrowed = search.identity(connection), filters.on_conversations()
    if narrowed or filters.since or filters.until:
        query = query.join(messages, messages.c.id == newest)
    if narrowed:
        query = query.join(conversations_table, conversations_table.c.id == messages.c.conversation_id).where(*narrowed)
    if before:
        query = query.where(newest < before)
    if filters.since:
        query = query.where(messages.c.at >= filters.since)
    if filters.until:
        query = query.where(messages.c.at < filters.until)
    ids = list(connection.execute(query.order_by(newest.desc()).limit(PAGE)).scalars())
    columns = [
        messages.c[name]
        for name in ("id", "conversation_id", "seq", "author", "name", "text", "body", "language", "at")
    ]
    return connection.execute(select(*columns).where(messages.c.id.in_(ids)).order_by(messages.c.id.desc())).all()


def _named(connection: Connection, filters: Filters, words: str) -> list[Any]:
    wanted = [
        *filters.on_conversations(),
        conversations_table.c.last_at.isnot(None),
        named_like(words, last_text=False),
    ]
    return conversations.where(connection, wanted, [conversations_table.c.last_at.desc()], NAMED_SHOWN)


def _excerpt(row: Any, words: str) -> dict[str, Any]:
    """The line around the hit; `from` and `to` count characters of the excerpt."""
    whole = search.with_files(row.text, row.body)
    begin, end = search.hit_in(whole, words) or (0, 0)
    start = max(0, begin - BEFORE_CHARS)
    shown = whole[start : end + AFTER_CHARS]
    return {
        "message": row.id,
        "seq": row.seq,
        "author": row.author,
        "name": row.name,
        "at": shapes.iso(row.at),
        "lang": row.language,
        "text": ("…" if start else "") + shown + ("…" if end + AFTER_CHARS < len(whole) else ""),
        "from": begin - start + (1 if start else 0),
        "to": end - start + (1 if start else 0),
    }
