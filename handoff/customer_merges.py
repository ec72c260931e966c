"""Two records of one person united, and parted again. The only module that writes the table customer_merges.

Only with proof: both must have shown identities that the shop signed, for one and the same customer, or sent back codes
that went to one and the same address or number, and neither may have proved to be anybody else. Names, numbers and
addresses that somebody typed prove nothing, and neither does an order with the ending of its phone, which stand on
every parcel.

Uniting moves no message and no conversation: it changes whose the senders are. What was moved and what was written down
before is kept, so that parting gives back exactly that. What was written down in between stays with the record that was
kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.engine import Connection, Row

from handoff import contact_proofs, conversations, customers
from handoff.customers import MERGED, PARTED, Customer, Hand
from handoff.errors import CustomersNotProved, MergeNotLast, UnknownMerge
from handoff.models import customer_merges

MOST_PROPOSED = 3
# A customer comes with a new browser now and then; more senders than this are looked at no further.
MOST_SENDERS = 200


@dataclass(frozen=True)
class Merge:
    """Two records that were united, the proof, and what it takes to part them."""

    id: int
    kept_id: int
    gone_id: int
    account: str
    senders: Sequence[Sequence[str]]
    kept_before: Mapping[str, Any]
    kept_after: Mapping[str, Any]
    at: datetime
    agent_id: int | None  # None: the customer's own proof did it
    by: str
    undone_at: datetime | None
    undone_by: str | None


def proved_account(connection: Connection, customer: Customer) -> str | None:
    """The one customer of the shop that the senders of a record proved to be; None for nobody, or for several."""
    accounts = conversations.accounts_of(connection, customer.senders)
    return next(iter(accounts)) if len(accounts) == 1 else None


def proposed(connection: Connection, customer: Customer) -> list[Customer]:
    """Other records that can be united with this one: of the same proved account, and of no other."""
    account = proved_account(connection, customer)
    if account is None:
        return []
    found: dict[customers.Sender, Customer] = {}
    for sender in conversations.senders_of_account(connection, account, MOST_SENDERS):
        if sender in customer.senders or any(sender in one.senders for one in found.values()):
            continue
        other = customers.of(connection, sender)
        if proved_account(connection, other) == account:
            found[sender] = other
            if len(found) == MOST_PROPOSED:
                break
    return list(found.values())


def unite(connection: Connection, kept: Customer, gone: Customer, agent: Hand, now: datetime) -> Merge:
    """Make two records one; what `kept` says stays, `gone` fills in the rest.

    Raises CustomersNotProved with the reason, and CustomerChanged when either was changed since it was read.
    """
    account = _proof(connection, kept, gone)
    # As in `_raise_both` always in the same order.
    by_sender = sorted((kept, gone), key=lambda one: one.senders)
    made = {one.senders: customers.kept(connection, one, agent, now) for one in by_sender}
    kept, gone = made[kept.senders], made[gone.senders]
    if kept.id is None or gone.id is None:
        raise LookupError("a record that was never kept")
    after = filled_in(kept.facts, gone.facts)
    _raise_both(connection, agent, now, (kept, {"facts": after}), (gone, {"merged_into": kept.id}))
    customers.move_senders(connection, gone.senders, gone.id, kept.id)
    identity = connection.execute(
        insert(customer_merges).values(
            kept_id=kept.id,
            gone_id=gone.id,
            account=account,
            senders=[list(one) for one in gone.senders],
            kept_before=dict(kept.facts),
            kept_after=after,
            at=now,
            agent_id=agent.id,
            by=agent.name,
        )
    ).inserted_primary_key[0]
    _note(connection, kept, agent, now, after, MERGED, identity, [one[0] for one in gone.senders])
    return find(connection, identity)


def part(connection: Connection, merge_id: int, agent: Hand, now: datetime) -> Customer:
    """Undo it: senders and what was written down as they were; the record that had been kept.

    Raises UnknownMerge, MergeNotLast while the record that was kept is itself part of another, and CustomerChanged.
    """
    merge = find(connection, merge_id)
    kept, gone = customers.by_id(connection, merge.kept_id), customers.by_id(connection, merge.gone_id)
    if kept.merged_into is not None:
        raise MergeNotLast()
    done = connection.execute(
        update(customer_merges)
        .where(customer_merges.c.id == merge_id, customer_merges.c.undone_at.is_(None))
        .values(undone_at=now, undone_by=agent.name)
    )
    if done.rowcount != 1:
        raise UnknownMerge()
    facts = parted(kept.facts, merge.kept_after, merge.kept_before)
    _raise_both(connection, agent, now, (kept, {"facts": facts}), (gone, {"merged_into": None}))
    senders = [(one[0], one[1]) for one in merge.senders]
    customers.move_senders(connection, senders, merge.kept_id, merge.gone_id)
    _note(connection, kept, agent, now, facts, PARTED, merge_id, [one[0] for one in senders])
    return customers.by_id(connection, merge.kept_id)


def find(connection: Connection, merge_id: int) -> Merge:
    """The merge with this id. Raises UnknownMerge."""
    row = connection.execute(select(customer_merges).where(customer_merges.c.id == merge_id)).first()
    if row is None:
        raise UnknownMerge()
    return _record(row)


def standing(connection: Connection, customer_ids: Sequence[int]) -> list[Merge]:
    """What was united into these records and not parted since, the latest first."""
    ids = list(customer_ids)
    rows = connection.execute(
        select(customer_merges)
        .where(
            or_(customer_merges.c.kept_id.in_(ids), customer_merges.c.gone_id.in_(ids)),
            customer_merges.c.undone_at.is_(None),
        )
        .order_by(customer_merges.c.id.desc())
    )
    return [_record(row) for row in rows]


def filled_in(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    """What a united record says: the first where it says anything; lists are put together."""
    both = {**gone, **kept}
    for name, value in gone.items():
        if isinstance(value, list):
            both[name] = [*kept.get(name, []), *(one for one in value if one not in kept.get(name, []))]
    return both


def parted(there: Mapping[str, Any], after: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What the kept record says after parting: as before uniting, with what was changed in between."""
    result: dict[str, Any] = {}
    for name in sorted({*there, *after, *before}):
        was, became, now = before.get(name), after.get(name), there.get(name)
        if any(isinstance(one, list) for one in (was, became, now)):
            result[name] = customers.rebased(now or [], became or [], was or [])
        else:
            result[name] = was if now == became else now
    return {name: value for name, value in result.items() if value not in (None, [])}


def _proof(connection: Connection, kept: Customer, gone: Customer) -> str:
    if set(kept.senders) & set(gone.senders):
        raise CustomersNotProved("These conversations have one record already.", reason="same_record")
    found = [contact_proofs.people(connection, one.senders) for one in (kept, gone)]
    if any(len(people) > 1 or any(contact_proofs.is_several(one) for one in people) for people in found):
        raise CustomersNotProved(
            "Different people proved who they are from the same place; it may be more than one person.",
            reason="several_accounts",
        )
    if not all(found):
        raise CustomersNotProved(
            "One of the two has never signed in at the shop or sent back a code. A name, a number or an order proves "
            "too little.",
            reason="unproved",
        )
    (one,), (other,) = found
    if not one & other or contact_proofs.is_several(one | other):
        raise CustomersNotProved("The two proved to be different customers.", reason="different_accounts")
    return min(one & other).value


def _raise_both(
    connection: Connection, agent: Hand, now: datetime, *changes: tuple[Customer, Mapping[str, Any]]
) -> None:
    """Change two records, always in the same order: two people who unite crosswise wait for each other, and neither
    locks the other out."""
    for customer, values in sorted(changes, key=lambda one: one[0].id or 0):
        customers.raise_version(connection, customer, agent, now, **values)


def _note(
    connection: Connection,
    kept: Customer,
    agent: Hand,
    now: datetime,
    after: Mapping[str, Any],
    what: str,
    merge_id: int,
    channels: Sequence[str],
) -> None:
    customers.note_change(connection, kept, agent, now, what, None, sorted(set(channels)), merge_id=merge_id)
    for name in sorted({*kept.facts, *after}):
        if kept.facts.get(name) != after.get(name):
            before = kept.facts.get(name)
            customers.note_change(connection, kept, agent, now, name, before, after.get(name), merge_id=merge_id)


def _record(row: Row) -> Merge:
    return Merge(**row._mapping)
