"""How this package opens a database: any SQLAlchemy URL, and SQLite in a way that suits threads and processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from shop.errors import BadShopSettings

# Long enough for the demo shop to be filled anew while somebody reads, or for sixteen proofs at once.
SQLITE_BUSY_SECONDS = 10


def open_engine(url: str, begin: str = "BEGIN", *, in_line: bool = False) -> Engine:
    """An engine that connects when it is used, and whose SQLite transactions start with `begin`.

    With `in_line` the threads of a process use a SQLite file one after the other, in the order in which they came.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed, begin, in_line)
        return create_engine(parsed, future=True, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, ImportError) as exc:
        # The cause is dropped: it quotes the URL, which may carry a password.
        raise BadShopSettings(
            f"url: expected an SQLAlchemy database URL with an installed driver ({type(exc).__name__})"
        ) from None


def _sqlite_engine(url: URL, begin: str, in_line: bool) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    pool: dict[str, Any] = {"poolclass": StaticPool}
    if not in_memory:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        # A connection per use is cheap for a file, and none is ever shared with a forked worker. But whom SQLite keeps
        # waiting for the file looks again after a sleep; one connection goes from one thread to the next at once.
        one = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": SQLITE_BUSY_SECONDS}
        pool = one if in_line else {"poolclass": NullPool}
    engine = create_engine(
        url,
        future=True,
        hide_parameters=True,  # an error's text reaches the log; whose order it was must not
        connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # pysqlite opens transactions by itself, and late; we say BEGIN ourselves (SQLAlchemy's documented recipe).
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        if in_line and not in_memory:
            # A commit then waits for no disk; it outlives a crash of ours, and no other process waits to read.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
