"""The database, used from the event loop: each unit of work is one function run in one transaction on a worker thread.

SQLite has one writer, so its writes go through one thread and begin IMMEDIATE, which never deadlocks and never
has to be tried again. PostgreSQL gets a pool. `FOR UPDATE` is nowhere: it compiles to nothing on SQLite.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.pool import QueuePool

T = TypeVar("T")
Work = Callable[[Connection], T]

READERS = 4
POSTGRES_WRITERS = 4


class Database:
    """One engine for writing, one for reading, and the threads that use them."""

    def __init__(self, url: str, sqlite_synchronous: str = "NORMAL") -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            _make_folder(self.url.database)
            self._writer = _sqlite_engine(url, "BEGIN IMMEDIATE", sqlite_synchronous)
            self._reader = _sqlite_engine(url, "BEGIN", sqlite_synchronous)
        else:
            self._writer = self._reader = create_engine(
                url,
                future=True,
                hide_parameters=True,  # an error's text reaches the log; what customers wrote must not
                pool_pre_ping=True,
                pool_size=POSTGRES_WRITERS + READERS,
            )
        writers = 1 if self.is_sqlite else POSTGRES_WRITERS
        self._write_threads = ThreadPoolExecutor(writers, thread_name_prefix="db-write")
        self._read_threads = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")

    @property
    def engine(self) -> Engine:
        """The engine that writes, for migrations."""
        return self._writer

    async def write(self, work: Work[T]) -> T:
        """Run `work(connection)` in one transaction; committed when this returns, undone when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._write_threads, self.write_now, work)

    async def read(self, work: Work[T]) -> T:
        """Run `work(connection)` over one consistent state."""
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, self.read_now, work)

    def write_now(self, work: Work[T]) -> T:
        """The same as `write`, in the calling thread."""
        with self._writer.begin() as connection:
            return work(connection)

    def read_now(self, work: Work[T]) -> T:
        """The same as `read`, in the calling thread."""
        with self._reader.begin() as connection:
            return work(connection)

    def close(self) -> None:
        self._write_threads.shutdown(wait=True)
        self._read_threads.shutdown(wait=True)
        self._writer.dispose()
        self._reader.dispose()


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _sqlite_engine(url: str, begin: str, synchronous: str) -> Engine:
    # SQLAlchemy 1.4 opens and closes a file for each use unless told otherwise, and closing the last connection writes
    # the whole log back, which costs more than the message.
    engine = create_engine(
        url,
        future=True,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=4 * READERS,
        connect_args={"check_same_thread": False, "timeout": 15},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # pysqlite opens transactions by itself, and late; we say BEGIN ourselves (SQLAlchemy's documented recipe).
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
