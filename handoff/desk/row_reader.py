"""Lines of the desk's lists for its open pages: what many want at once is read once, and of many changes the last."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from sqlalchemy.engine import Connection

from handoff import conversations
from handoff.database import Database
from handoff.desk.rows import conversation_rows

Rows = dict[str, dict[str, Any]]

# Nobody notices so much; who writes fast is read a few times a second for all pages, not once a line for each of them.
PAUSE_SECONDS = 0.05


class RowReader:
    """One for all pages of a gateway."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted: set[str] = set()
        self._next: asyncio.Task[Rows] | None = None

    async def of(self, conversation_ids: Collection[str]) -> Rows:
        """These conversations as they are after a moment, by id; those that are there."""
        self._wanted.update(conversation_ids)
        if self._next is None:
            self._next = asyncio.create_task(self._read_soon())
        # Others wait for the same: a page that goes away must not take it along.
        found = await asyncio.shield(self._next)
        return {one: found[one] for one in conversation_ids if one in found}

    async def _read_soon(self) -> Rows:
        await asyncio.sleep(PAUSE_SECONDS)
        wanted, self._wanted, self._next = sorted(self._wanted), set(), None

        def work(connection: Connection) -> Rows:
            shown = list(conversations.by_ids(connection, wanted).values())
            return {row["id"]: row for row in conversation_rows(connection, shown)}

        return await self._database.read(work)
