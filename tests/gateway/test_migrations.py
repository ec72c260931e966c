"""The migrations, from the first table on, give what the models say on each database; twice is once."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from faq_kb import tables
from handoff import migrations
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


def _ours(_object: Any, name: str, kind: str, *_: Any) -> bool:
    # The index of the transcript is each database's own.
    own = name == "sqlite_sequence" or name.startswith(("message_grams", "search_progress"))
    return not (kind == "table" and own)
