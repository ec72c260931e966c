"""The migrations, from the first table on, give what the models say on each database; twice is once."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from gateway_parts import add_agents
from sqlalchemy import JSON, column, insert, inspect, table
from sqlalchemy.engine import Connection

from faq_kb import tables
from handoff import agents, conversations, migrations, tags
from handoff.database import Database
from handoff.models import metadata


def test_migrated_database_is_what_the_models_say(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        migrations.upgrade(database)
        migrations.upgrade(database)
        with database.engine.connect() as connection:
            options = {"include_object": _ours, "compare_type": True}
            assert (
                compare_metadata(MigrationContext.configure(connection, opts=options), [metadata, tables.metadata])
                == []
            )
            names = {index["name"] for index in inspect(connection).get_indexes("conversations")}
        assert "one_open_conversation" in names
    finally:
        database.close()


def test_tags_of_wrap_ups_become_tags_of_their_conversations_and_none_is_lost(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    now = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
    try:
        migrations.upgrade(database, "0012")
        add_agents(empty_database_url)

        def work(connection: Connection) -> str:
            ben = agents.by_login(connection, "ben")
            assert ben is not None
            talk = conversations.open_or_begin(connection, "widget", "ana", now, "en")
            tags.put_on(connection, talk.id, "退貨", "orange", ben.id, now)
            names = ("conversation_id", "agent_id", "team", "tags", "at")
            wrap_ups = table("wrap_ups", *(column(one, JSON if one == "tags" else None) for one in names))
            values = (talk.id, ben.id, "sales", ["退货", "late"], now)
            connection.execute(insert(wrap_ups).values(**dict(zip(names, values, strict=True))))
            return talk.id

        talk = database.write_now(work)
        migrations.upgrade(database)
        found = database.read_now(lambda c: tags.of(c, talk))
        assert sorted((one.name, one.colour) for one in found) == [("late", "grey"), ("退貨", "orange")]
    finally:
        database.close()


def _ours(_object: Any, name: str, kind: str, *_: Any) -> bool:
    # The index of the transcript is each database's own.
    own = name == "sqlite_sequence" or name.startswith(("message_grams", "search_progress"))
    return not (kind == "table" and own)
