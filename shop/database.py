"""How this package opens a database: any SQLAlchemy URL, and SQLite in a way that suits threads and processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, StaticPool

from shop.errors import BadShopSettings

# Long enough for the demo shop to be filled anew while somebody reads, or for sixteen proofs at once.
SQLITE_BUSY_SECONDS = 10


def open_engine(url: str, begin: str = "BEGIN") -> Engine:
    """An engine whose SQLite transactions start with `begin`; nothing is connected before it is used."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed, begin)
        return create_engine(parsed, future=True, pool_pre_ping=True)
    except (ArgumentError, ImportError) as exc:
        # The cause is dropped: it quotes the URL, which may carry a password.
        raise BadShopSettings(
            f"url: expected an SQLAlchemy database URL with an installed driver ({type(exc).__name__})"
        ) from None


def _sqlite_engine(url: URL, begin: str) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        future=True,
        # A connection per use is cheap for a file, and none is ever shared with a forked worker.
        poolclass=StaticPool if in_memory else NullPool,
        connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # pysqlite opens transactions by itself, and late; we say BEGIN ourselves (SQLAlchemy's documented recipe).
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
