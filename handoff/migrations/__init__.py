"""Bringing a database to the current schema, from the first table on. Written with alembic; run at every start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from handoff.database import Database

# Any fixed number: two gateways that start at once take turns.
_LOCK = 7_203_114


def upgrade(database: Database, to: str = "head") -> None:
    """Run what is missing, in one transaction where the database can."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, to)
