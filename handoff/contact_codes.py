"""Codes that go to an address or a number, to come back from the customer. The only module that writes the tables
contact_codes and contact_sends.

A code is kept as a keyed hash, belongs to the sender who asked for it, and only their newest one counts. Each try is
taken by one guarded step before anything is compared, so no two tries at once are counted as one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from faq_kb.columns import INSERTS
from handoff.contact_proofs import Token
from handoff.errors import CodeRefused, CodeSpent, RateLimited
from handoff.models import contact_codes, contact_sends

HOLDS_FOR = timedelta(minutes=10)
TRIES = 5
# Of a customer and to a contact: three columns of contact_sends.
SENDS_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Try:
    """A try that was taken, at this code."""

    id: int
    contact: Token
    salt: str
    code_hash: str


class Codes:
    """Makes and checks codes with this installation's key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def begin(self, connection: Connection, sender: tuple[str, str], contact: Token, now: datetime) -> str:
        """A new code; every earlier one of this sender is over. Raises RateLimited, for any contact alike."""
        connection.execute(delete(contact_codes).where(contact_codes.c.expires_at <= now - SENDS_WINDOW))
        connection.execute(delete(contact_sends).where(contact_sends.c.third_at <= now - SENDS_WINDOW))
        # Always the customer first: two who ask crosswise never wait for each other.
        self.count(connection, "\n".join(("customer", *sender)), now)
        self.count(connection, "\n".join(("contact", contact.kind, contact.value)), now)
        code, salt = f"{secrets.randbelow(1_000_000):06}", secrets.token_hex(16)
        connection.execute(
            insert(contact_codes).values(
                channel=sender[0],
                sender=sender[1],
                kind=contact.kind,
                contact=contact.value,
                salt=salt,
                code_hash=self._hash(salt, code),
                tries=0,
                expires_at=now + HOLDS_FOR,
            )
        )
        return code

    def take_try(self, connection: Connection, sender: tuple[str, str], now: datetime) -> Try:
        """Count a try at the newest code of this sender, which must be committed before it is compared.

        Raises CodeSpent."""
        newest = (
            select(func.max(contact_codes.c.id))
            .where(contact_codes.c.channel == sender[0], contact_codes.c.sender == sender[1])
            .scalar_subquery()
        )
        row = connection.execute(select(contact_codes).where(contact_codes.c.id == newest)).first()
        if row is None:
            raise CodeSpent()
        taken = connection.execute(
            update(contact_codes)
            .where(
                contact_codes.c.id == row.id,
                contact_codes.c.tries < TRIES,
                contact_codes.c.used_at.is_(None),
                contact_codes.c.expires_at > now,
            )
            .values(tries=contact_codes.c.tries + 1)
        )
        if taken.rowcount != 1:
            raise CodeSpent()
        return Try(row.id, Token(row.kind, row.contact), row.salt, row.code_hash)

    def check(self, tried: Try, code: str) -> None:
        """Raises CodeRefused unless it is the code."""
        if not hmac.compare_digest(self._hash(tried.salt, code), tried.code_hash):
            raise CodeRefused()

    def use(self, connection: Connection, tried: Try, now: datetime) -> None:
        """The code is used, once. Raises CodeSpent."""
        used = connection.execute(
            update(contact_codes)
            .where(contact_codes.c.id == tried.id, contact_codes.c.used_at.is_(None))
            .values(used_at=now)
        )
        if used.rowcount != 1:
            raise CodeSpent()

    def count(self, connection: Connection, subject: str, now: datetime) -> None:
        """One more for this subject within the hour, as one step; of a fourth it raises RateLimited."""
        key = hmac.new(self._key, subject.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
        free = now - SENDS_WINDOW
        sends = contact_sends.c
        counted = connection.execute(
            INSERTS[connection.dialect.name](contact_sends)
            .values(subject=key, third_at=now)
            .on_conflict_do_update(
                index_elements=["subject"],
                set_={"first_at": sends.second_at, "second_at": sends.third_at, "third_at": now},
                where=or_(sends.first_at.is_(None), sends.first_at <= free),
            )
        )
        if counted.rowcount != 1:
            first = connection.execute(select(sends.first_at).where(sends.subject == key)).scalar_one()
            raise RateLimited(retry_after=max(1, ceil((first + SENDS_WINDOW - now).total_seconds())))

    def _hash(self, salt: str, code: str) -> str:
        return hmac.new(self._key, f"{salt}\n{code}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
