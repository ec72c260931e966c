"""Visitors of the shop's pages: the people behind widget tokens. The only module that writes the table visitors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from handoff.models import visitors


@dataclass(frozen=True)
class Visitor:
    """One browser of one person, until they sign in as somebody else or sign out."""

    id: str
    inbox: str
    token_version: int
    customer_id: str | None
    customer_name: str | None
    identity_until: datetime | None
    language: str | None
    page: dict[str, str] | None
    created_at: datetime
    seen_at: datetime

    def signed_in(self, now: datetime) -> bool:
        """Whether an identity signed by the shop holds at this moment."""
        return self.customer_id is not None and self.identity_until is not None and now < self.identity_until


def begin(connection: Connection, inbox: str, language: str | None, now: datetime) -> Visitor:
    """A new, anonymous visitor."""
    identity = secrets.token_hex(16)
    connection.execute(
        insert(visitors).values(
            id=identity, inbox=inbox, token_version=1, language=language, created_at=now, seen_at=now
        )
    )
    visitor = find(connection, identity)
    if visitor is None:
        raise LookupError(identity)
    return visitor


def find(connection: Connection, visitor_id: str) -> Visitor | None:
    """The visitor with this id."""
    row = connection.execute(select(visitors).where(visitors.c.id == visitor_id)).first()
    return Visitor(**row._mapping) if row is not None else None


def by_ids(connection: Connection, visitor_ids: Sequence[str]) -> dict[str, Visitor]:
    """These visitors, by id."""
    if not visitor_ids:
        return {}
    rows = connection.execute(select(visitors).where(visitors.c.id.in_(list(visitor_ids))))
    return {row.id: Visitor(**row._mapping) for row in rows}


def seen(connection: Connection, visitor_id: str, now: datetime) -> None:
    """Remember when this visitor was here last."""
    connection.execute(update(visitors).where(visitors.c.id == visitor_id).values(seen_at=now))


def identify(connection: Connection, visitor_id: str, customer_id: str, name: str | None, until: datetime) -> None:
    """Tie the visitor to a customer whose identity the shop signed, until that signature expires."""
    connection.execute(
        update(visitors)
        .where(visitors.c.id == visitor_id)
        .values(customer_id=customer_id, customer_name=name, identity_until=until)
    )


def revoke(connection: Connection, visitor_id: str) -> None:
    """End every token of this visitor: old pages and sockets get nothing more."""
    connection.execute(
        update(visitors).where(visitors.c.id == visitor_id).values(token_version=visitors.c.token_version + 1)
    )


def set_page(connection: Connection, visitor_id: str, page: Mapping[str, str]) -> None:
    """The shop's page this visitor looks at."""
    connection.execute(update(visitors).where(visitors.c.id == visitor_id).values(page=dict(page)))


def set_language(connection: Connection, visitor_id: str, language: str) -> None:
    """The language this visitor chose."""
    connection.execute(update(visitors).where(visitors.c.id == visitor_id).values(language=language))
