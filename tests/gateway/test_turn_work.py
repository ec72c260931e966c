"""What a turn asks of the database: never more because much was said before."""

from __future__ import annotations

from typing import Any

from gateway_parts import Gateway, Start
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from handoff.database import Database
from handoff.models import conversations

# By its number, or by an index that holds nothing but what is still to do.
BOUNDED = ("INTEGER PRIMARY KEY", "INDEX unsettled_messages", "INDEX undelivered_messages")


async def test_a_turn_reads_nothing_of_what_was_said_before(start: Start) -> None:
    gateway = await start()
    await gateway.rest("hello")
    conversation, sender = _only_conversation(gateway)
    asked: list[tuple[Engine, str, Any]] = []

    def note(connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((connection.engine, statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await gateway.rest("where is my order?")
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    # What watches the clock asks meanwhile too, and not for this conversation.
    plans = [
        step
        for engine, statement, values in asked
        if statement.startswith(("SELECT", "UPDATE")) and {conversation, sender} & set(values)
        for step in _plan(engine, statement, values)
    ]
    of_messages = [step for step in plans if "messages" in step]
    assert len(of_messages) >= 2
    assert [step for step in of_messages if not any(how in step for how in BOUNDED)] == []
    assert [step for step in plans if step.startswith("SCAN")] == []


def _only_conversation(gateway: Gateway) -> tuple[str, str]:
    database = Database(gateway.settings.database)
    try:
        row = database.read_now(lambda c: c.execute(select(conversations.c.id, conversations.c.sender)).one())
        return str(row.id), str(row.sender)
    finally:
        database.close()


def _plan(engine: Engine, statement: str, values: Any) -> list[str]:
    raw = engine.raw_connection()
    try:
        return [str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]
    finally:
        raw.close()
