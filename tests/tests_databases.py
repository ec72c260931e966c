"""Servers that tests may use, and databases as the migrations leave them.

Making a PostgreSQL database costs half a second of a disk, and migrating it as much again, so a worker makes few and
empties them between tests; a SQLite one is a copy of a file.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from installed import missing
from sqlalchemy import MetaData, create_engine, delete, insert, select, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from handoff import migrations
from handoff.database import Database

POSTGRES = os.environ.get("SWITCHBOARD_TEST_POSTGRES_URL", "")
REDIS = os.environ.get("SWITCHBOARD_TEST_REDIS_URL", "")


def migrated(url: str) -> str:
    database = Database(url)
    try:
        migrations.upgrade(database)
    finally:
        database.close()
    return url


class SqliteTemplate:
    """One migrated file; a test's database is a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "migrated.db"
        migrated(f"sqlite:///{self._file}")

    def copy_to(self, file: Path) -> str:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._file, file)
        return f"sqlite:///{file}"


class PostgresDatabases:
    """Databases of our own on the server of SWITCHBOARD_TEST_POSTGRES_URL; gone when the run ends."""

    def __init__(self) -> None:
        self._used: list[_Emptied] = []
        self._made: list[str] = []
        self._server = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", future=True) if POSTGRES else None

    @contextlib.contextmanager
    def migrated(self) -> Iterator[str]:
        """The tables of now and nothing in them."""
        # Emptied when it is needed again: by now, what the test before started may still be writing its last.
        again = next((one for one in iter(self._last_used, None) if one.empty()), None)
        database = again or _Emptied(migrated(self._make()))
        try:
            yield database.url
        finally:
            self._used.append(database)

    def _last_used(self) -> _Emptied | None:
        return self._used.pop() if self._used else None

    @contextlib.contextmanager
    def empty(self) -> Iterator[str]:
        """Not even a table."""
        yield self._make()

    def _make(self) -> str:
        if self._server is None:
            missing("PostgreSQL (SWITCHBOARD_TEST_POSTGRES_URL)")
        name = f"switchboard_{secrets.token_hex(6)}"
        try:
            with self._server.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
                # No test lets the server crash, so none needs to wait for its disk.
                connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        except OperationalError:
            missing("PostgreSQL (cannot connect)")
        self._made.append(name)
        return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)

    def drop_all(self) -> None:
        if self._server is None:
            return
        with self._server.connect() as connection:
            for name in self._made:
                connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        self._server.dispose()


class _Emptied:
    """A migrated database that the next test finds as this one did: with what the migrations wrote and nothing else."""

    def __init__(self, url: str) -> None:
        self.url = url
        tables = MetaData()
        with self._connection() as connection:
            tables.reflect(connection)
            self._tables = [one for one in reversed(tables.sorted_tables) if one.name != "alembic_version"]
            self._written = {one: [row._asdict() for row in connection.execute(select(one))] for one in self._tables}
            self._names = self._names_now(connection)
            self._numbers = dict(self._numbers_now(connection))

    def empty(self) -> bool:
        """Whether the database is as new; one whose tables are others than before is not."""
        with self._connection() as connection:
            self._end_other_connections(connection)
            if self._names_now(connection) != self._names:
                return False
            self._delete_all(connection)
            for one in reversed(self._tables):
                for row in self._written[one]:
                    # Named with NULL, a JSON column would get JSON's null.
                    connection.execute(insert(one), {name: value for name, value in row.items() if value is not None})
            for name, _ in self._numbers_now(connection):
                last = self._numbers.get(name)
                setting = {"name": name, "last": last or 1, "used": last is not None}
                connection.execute(text("SELECT setval(CAST(:name AS regclass), :last, :used)"), setting)
        return True

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        engine = create_engine(self.url, future=True)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def _end_other_connections(self, connection: Connection) -> None:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )

    def _names_now(self, connection: Connection) -> list[str]:
        rows = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        return sorted(row.tablename for row in rows)

    def _numbers_now(self, connection: Connection) -> list[tuple[str, int]]:
        """The sequences that have given out a number, and the last one each gave."""
        asked = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences WHERE last_value > 0"
        return [(name, last) for name, last in connection.execute(text(asked))]

    def _delete_all(self, connection: Connection) -> None:
        try:
            with connection.begin_nested():
                for one in self._tables:
                    connection.execute(delete(one))
        except IntegrityError:  # tables that refer to each other in a circle; slower, as each becomes a new file
            connection.execute(text(f"TRUNCATE {', '.join(one.name for one in self._tables)}"))
