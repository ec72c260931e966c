"""Addresses, numbers and accounts at the shop that customers proved to be theirs. The only module that writes the table
contact_proofs.

A proof belongs to the sender who typed the code and to the conversation in which it was typed: at a computer that
several people use, the next one proved nothing. Two proofs are of one person where they were made in one conversation,
are of one contact, or say who a sender is wherever it writes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.engine import Connection

from faq_kb.columns import INSERTS
from handoff import conversations
from handoff.models import contact_proofs

EMAIL, PHONE, ACCOUNT = "email", "phone", "account"


@dataclass(frozen=True, order=True)
class Token:
    """One thing that a person proved: a customer of the shop, an address, a number."""

    kind: str
    value: str


def add(connection: Connection, sender: tuple[str, str], contact: Token, conversation_id: str, now: datetime) -> None:
    """This sender proved this contact; twice is once."""
    connection.execute(
        INSERTS[connection.dialect.name](contact_proofs)
        .values(
            channel=sender[0],
            sender=sender[1],
            kind=contact.kind,
            contact=contact.value,
            conversation_id=conversation_id,
            proved_at=now,
        )
        .on_conflict_do_nothing()
    )


def remove(connection: Connection, sender: tuple[str, str], contact: Token) -> bool:
    """This sender proved this contact no more; False when it never did."""
    done = connection.execute(
        delete(contact_proofs).where(
            contact_proofs.c.channel == sender[0],
            contact_proofs.c.sender == sender[1],
            contact_proofs.c.kind == contact.kind,
            contact_proofs.c.contact == contact.value,
        )
    )
    return bool(done.rowcount)


def accounts_linked(connection: Connection, senders: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, str], str]]:
    """Which of these senders an account link tied to which customer of the shop."""
    rows = connection.execute(
        select(contact_proofs.c.channel, contact_proofs.c.sender, contact_proofs.c.contact)
        .where(
            tuple_(contact_proofs.c.channel, contact_proofs.c.sender).in_([tuple(one) for one in senders]),
            contact_proofs.c.kind == ACCOUNT,
            contact_proofs.c.conversation_id == "",
        )
        .order_by(contact_proofs.c.proved_at)
    )
    return [((row.channel, row.sender), row.contact) for row in rows]


def senders_of(connection: Connection, contact: Token) -> list[tuple[str, str]]:
    """Who proved this contact, the first ones first."""
    rows = connection.execute(
        select(contact_proofs.c.channel, contact_proofs.c.sender)
        .where(contact_proofs.c.kind == contact.kind, contact_proofs.c.contact == contact.value)
        .order_by(contact_proofs.c.proved_at, contact_proofs.c.channel, contact_proofs.c.sender)
    )
    return list(dict.fromkeys((row.channel, row.sender) for row in rows))


def of(connection: Connection, senders: Sequence[tuple[str, str]]) -> list[tuple[str, Token]]:
    """What these senders proved by codes and account links: where, and the contact. Where is a conversation, or the
    sender itself."""
    rows = connection.execute(
        select(contact_proofs)
        .where(tuple_(contact_proofs.c.channel, contact_proofs.c.sender).in_([tuple(one) for one in senders]))
        .order_by(contact_proofs.c.proved_at)
    )
    return [(row.conversation_id or anywhere((row.channel, row.sender)), Token(row.kind, row.contact)) for row in rows]


def anywhere(sender: tuple[str, str]) -> str:
    """Where a sender proved what it is wherever it writes."""
    return "\n".join(sender)


def is_itself(connection: Connection, sender: tuple[str, str]) -> bool:
    """Whether this sender is, wherever it writes, the contact or the customer that was proved."""
    own = (contact_proofs.c.channel == sender[0], contact_proofs.c.sender == sender[1])
    query = select(contact_proofs.c.kind).where(*own, contact_proofs.c.conversation_id == "").limit(1)
    return connection.execute(query).first() is not None


def people(
    connection: Connection, senders: Sequence[tuple[str, str]], more: Sequence[tuple[str, Token]] = ()
) -> list[frozenset[Token]]:
    """What these senders proved, and `more`, put together by person."""
    signed = [(talk, Token(ACCOUNT, account)) for talk, account in conversations.signed_in(connection, senders)]
    found: list[tuple[set[str], set[Token]]] = []
    for talk, token in [*signed, *of(connection, senders), *more]:
        same = [one for one in found if token in one[1] or talk in one[0]]
        talks, tokens = {talk}.union(*(one[0] for one in same)), {token}.union(*(one[1] for one in same))
        found = [*(one for one in found if one not in same), (talks, tokens)]
    return [frozenset(tokens) for _, tokens in found]


def is_several(tokens: Collection[Token]) -> bool:
    """Whether these may be more than one person's: two customers of the shop, two addresses or two numbers."""
    kinds = [one.kind for one in tokens]
    return len(kinds) != len(set(kinds))
