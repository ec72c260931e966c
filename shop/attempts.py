"""Wrong attempts to prove an order, counted across threads, processes and restarts. The only writer of their tables.

Kept for an hour as hashes: neither order numbers nor conversations can be read from this database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from shop.clock import Clock
from shop.database import open_engine
from shop.errors import ShopUnavailable, Unavailable

WINDOW = timedelta(hours=1)
WRONG_PER_CONVERSATION = 5
# Across all conversations, since a new conversation costs nothing. 8 of 10,000 endings an hour leads nowhere.
WRONG_PER_ORDER = 8

_WINDOW_MS = WINDOW // timedelta(milliseconds=1)

metadata = MetaData()

attempts = Table(
    "proof_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", String(32), nullable=False),
    Column("order_number", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("proof_attempts_by_conversation", "conversation", "at_ms"),
    Index("proof_attempts_by_order", "order_number", "at_ms"),
    Index("proof_attempts_by_age", "at_ms"),
)

# One row that everybody updates before counting. Counting and adding are then one step on every database; on SQLite
# the transaction itself already is. Proofs are rare and this transaction never waits for the shop.
gate = Table(
    "proof_gate", metadata, Column("id", Integer, primary_key=True), Column("passed", BigInteger, nullable=False)
)


@dataclass(frozen=True)
class Attempt:
    """Counted as wrong from the moment it begins, until it turns out right."""

    id: int


@dataclass(frozen=True)
class TooMany:
    retry_after_seconds: int


class Attempts:
    def __init__(self, url: str, clock: Clock) -> None:
        self._engine = open_engine(url, begin="BEGIN IMMEDIATE", in_line=True)
        self._clock = clock
        self._prepare()

    def close(self) -> None:
        self._engine.dispose()

    def begin(self, conversation_id: str, number: str) -> Attempt | TooMany:
        """Take one attempt, or learn when the next is free. What is refused is not counted."""
        conversation, order = _hashed("conversation", conversation_id), _hashed("order", number)
        now = _milliseconds(self._clock())
        with self._changing() as connection:
            connection.execute(update(gate).values(passed=gate.c.passed + 1))
            connection.execute(delete(attempts).where(attempts.c.at_ms <= now - _WINDOW_MS))
            free_at = max(
                _free_at(connection, attempts.c.conversation == conversation, WRONG_PER_CONVERSATION),
                _free_at(connection, attempts.c.order_number == order, WRONG_PER_ORDER),
            )
            if free_at > now:
                return TooMany(min(ceil((free_at - now) / 1000), int(WINDOW.total_seconds())))
            added = insert(attempts).values(conversation=conversation, order_number=order, at_ms=now)
            return Attempt(connection.execute(added).inserted_primary_key[0])

    def forget(self, attempt: Attempt) -> None:
        """This one was right, or could not be judged."""
        with self._changing() as connection:
            connection.execute(delete(attempts).where(attempts.c.id == attempt.id))

    def _prepare(self) -> None:
        """Make the tables and the gate; processes that start together all try, and one is first."""
        try:
            self._make_tables()
        except ShopUnavailable:
            self._make_tables()
        # A process that forks its workers now has no connection that they would share.
        self._engine.dispose()

    def _make_tables(self) -> None:
        with self._changing() as connection:
            metadata.create_all(connection)
            if connection.execute(select(gate.c.id)).first() is None:
                connection.execute(insert(gate).values(id=1, passed=0))

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """One transaction. What cannot be counted is not allowed: a broken database refuses everybody."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as exc:
            raise ShopUnavailable(Unavailable.DATABASE, type(exc).__name__) from exc


def _free_at(connection: Connection, counted: object, limit: int) -> int:
    """When the newest `limit` attempts are no longer all within the window; 0 when they are not now."""
    newest = select(attempts.c.at_ms).where(counted).order_by(attempts.c.at_ms.desc()).offset(limit - 1).limit(1)
    at_ms = connection.execute(newest).scalar()
    return 0 if at_ms is None else int(at_ms) + _WINDOW_MS


def _hashed(kind: str, text: str) -> str:
    # surrogatepass: a lone surrogate typed by a customer is no reason to fail.
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=kind.encode()).hexdigest()


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
