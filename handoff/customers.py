"""What people write down about customers, with who changed what and when. The only module that writes the tables
customers, customer_senders and customer_changes.

A record belongs to a sender on a channel and is made by the first thing that is written down. It gets more senders
only when it is united with another (`customer_merges.py`), which takes a proof; a name or a number never does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import and_, func, insert, or_, select, tuple_, update
from sqlalchemy.engine import Connection, Row

from faq_kb.columns import INSERTS
from handoff.errors import ChangeSuperseded, CustomerChanged, UnknownChange
from handoff.models import SURE, conversations, customer_changes, customer_senders, customers
from handoff.records import Conversation

# A sender on a channel: channel, sender.
Sender = tuple[str, str]
# What a change is called that is about the record and not a field.
MERGED, PARTED, TIED, UNTIED = "merged", "parted", "tied", "untied"
ABOUT_RECORD = (MERGED, PARTED, TIED, UNTIED)


class Hand(Protocol):
    """Who changes a record: an agent, or (without an id) the customer by a proof of their own."""

    @property
    def id(self) -> int | None:
        """The agent's."""

    @property
    def name(self) -> str:
        """As the history shows it."""


@dataclass(frozen=True)
class Customer:
    """What is written down about one customer. `id` is None and `version` 0 while nothing was."""

    senders: tuple[Sender, ...]
    id: int | None = None
    version: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    merged_into: int | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None


@dataclass(frozen=True)
class Change:
    """One field of one record, from what to what, by whom."""

    id: int
    customer_id: int
    version: int
    at: datetime
    agent_id: int | None
    by: str
    field: str
    before: Any
    after: Any
    undoes: int | None
    merge_id: int | None


def of(connection: Connection, sender: Sender) -> Customer:
    """The record of a sender; an empty one when nothing was written down."""
    query = (
        select(customers)
        .join(customer_senders, customer_senders.c.customer_id == customers.c.id)
        .where(customer_senders.c.channel == sender[0], customer_senders.c.sender == sender[1])
    )
    row = connection.execute(query).first()
    return _record(connection, row) if row is not None else Customer((sender,))


def by_id(connection: Connection, customer_id: int) -> Customer:
    """The record with this id, which the caller knows to be there."""
    return _record(connection, connection.execute(select(customers).where(customers.c.id == customer_id)).one())


def names_of(connection: Connection, shown: Sequence[Conversation]) -> dict[str, str]:
    """What people call the customers of these conversations, by conversation. Left out where a record stays shut."""
    if not shown:
        return {}
    senders = {(one.channel, one.sender) for one in shown}
    beside = customer_senders.alias()
    others = (
        select(func.count())
        .where(beside.c.customer_id == customer_senders.c.customer_id)
        .correlate(customer_senders)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(customer_senders.c.channel, customer_senders.c.sender, customers.c.facts, others.label("senders"))
        .join(customers, customers.c.id == customer_senders.c.customer_id)
        .where(tuple_(customer_senders.c.channel, customer_senders.c.sender).in_(senders))
    )
    known = {(row.channel, row.sender): row for row in rows if row.facts.get("name")}
    return {
        one.id: str(row.facts["name"])
        for one in shown
        if (row := known.get((one.channel, one.sender))) is not None and not is_shut(row.senders, one)
    }


def class_given(connection: Connection, conversation: Conversation) -> str | None:
    """The class that people gave this customer; None where the record stays shut."""
    record = of(connection, (conversation.channel, conversation.sender))
    return None if is_shut(len(record.senders), conversation) else record.facts.get("class")


def is_called_like(words: str) -> Any:
    """A condition on conversations: people wrote down this name, phone or address. One of a record that stays shut
    there is not found by it."""
    fits = [
        func.lower(customers.c.facts[name].as_string()).contains(words.lower(), autoescape=True)
        for name in ("name", "phone", "email")
    ]
    senders = select(customer_senders.c.channel, customer_senders.c.sender).join(
        customers, customers.c.id == customer_senders.c.customer_id
    )
    called = senders.where(or_(*fits))
    alone = select(customer_senders.c.customer_id).group_by(customer_senders.c.customer_id).having(func.count() == 1)
    place = tuple_(conversations.c.channel, conversations.c.sender)
    return or_(
        and_(conversations.c.tier.in_([one.value for one in SURE]), place.in_(called)),
        place.in_(called.where(customers.c.id.in_(alone))),
    )


def noted(connection: Connection, field: str, words: str, limit: int = 200) -> list[str]:
    """What people wrote down as `email` or `phone` that has these words in it."""
    written = customers.c.facts[field].as_string()
    query = select(written).where(func.lower(written).contains(words.lower(), autoescape=True)).limit(limit)
    return [str(one) for one in connection.execute(query).scalars()]


def is_shut(senders: int, conversation: Conversation) -> bool:
    """Whether a record of so many senders stays shut here, because whoever writes has not proved who they are."""
    return senders > 1 and conversation.tier not in SURE


def kept(connection: Connection, customer: Customer, agent: Hand, now: datetime) -> Customer:
    """The record in the database, made when it was not. Raises CustomerChanged when somebody was faster."""
    if customer.id is not None:
        return customer
    values = {"version": 1, "facts": {}, "created_at": now, "changed_at": now, "changed_by": agent.name}
    identity = connection.execute(insert(customers).values(**values)).inserted_primary_key[0]
    (channel, sender) = customer.senders[0]
    taken = connection.execute(
        INSERTS[connection.dialect.name](customer_senders)
        .values(channel=channel, sender=sender, customer_id=identity)
        .on_conflict_do_nothing()
    )
    if taken.rowcount != 1:
        raise CustomerChanged()
    return by_id(connection, identity)


def edit(
    connection: Connection,
    customer: Customer,
    version: int,
    wanted: Mapping[str, Any],
    agent: Hand,
    now: datetime,
    undoes: int | None = None,
    merge_id: int | None = None,
) -> Customer:
    """Write down other values, at the version that was read; None empties. What changes nothing is nothing.

    Raises CustomerChanged, naming who changed which fields since, when it is another version by now.
    """
    if customer.version != version:
        raise _changed_since(connection, customer, version)
    after = {name: value for name, value in {**customer.facts, **wanted}.items() if value not in (None, [])}
    changed = [name for name in wanted if customer.facts.get(name) != after.get(name)]
    if not changed:
        return customer
    customer = kept(connection, customer, agent, now)
    raise_version(connection, customer, agent, now, facts=after)
    for name in changed:
        note_change(connection, customer, agent, now, name, customer.facts.get(name), after.get(name), undoes, merge_id)
    return by_id(connection, _id(customer))


def undo(connection: Connection, customer: Customer, change_id: int) -> tuple[str, Any]:
    """The field of a change and what it has to become to undo it. Of tags only what that change did is undone.

    Raises UnknownChange, and ChangeSuperseded when the field was changed again since.
    """
    own = (customer_changes.c.id == change_id, customer_changes.c.customer_id == customer.id)
    row = connection.execute(select(customer_changes).where(*own)).first()
    if row is None or row.field in ABOUT_RECORD:
        raise UnknownChange()
    now_there = customer.facts.get(row.field)
    if isinstance(row.before or row.after, list):
        return row.field, rebased(now_there or [], row.after or [], row.before or [])
    if now_there != row.after:
        raise ChangeSuperseded(field=row.field)
    return row.field, row.before


def rebased(there: Sequence[Any], after: Sequence[Any], before: Sequence[Any]) -> list[Any]:
    """A list as it would be had it not gone from `before` to `after`, with what was put in and taken out since."""
    added = [one for one in there if one not in after]
    removed = [one for one in after if one not in there]
    return [one for one in before if one not in removed] + [one for one in added if one not in before]


def history(
    connection: Connection, customer_ids: Collection[int], before: int | None = None, limit: int = 30
) -> list[Change]:
    """What was changed in these records, the latest first."""
    query = select(customer_changes).where(customer_changes.c.customer_id.in_(list(customer_ids)))
    if before:
        query = query.where(customer_changes.c.id < before)
    rows = connection.execute(query.order_by(customer_changes.c.id.desc()).limit(limit))
    return [Change(**row._mapping) for row in rows]


def united_in(connection: Connection, customer: Customer) -> list[int]:
    """This record and all that were united into it."""
    if customer.id is None:
        return []
    found = [customer.id]
    while True:
        more = connection.execute(
            select(customers.c.id).where(customers.c.merged_into.in_(found), customers.c.id.not_in(found))
        ).scalars()
        new = list(more)
        if not new:
            return found
        found += new


# -- for uniting and parting -----------------------------------------------------------------------------------------


def raise_version(connection: Connection, customer: Customer, agent: Hand, now: datetime, **values: Any) -> None:
    """Change a record as it was read: one guarded step. Raises CustomerChanged."""
    done = connection.execute(
        update(customers)
        .where(customers.c.id == customer.id, customers.c.version == customer.version)
        .values(version=customer.version + 1, changed_at=now, changed_by=agent.name, **values)
    )
    if done.rowcount != 1:
        raise _changed_since(connection, by_id(connection, _id(customer)), customer.version)


def move_senders(connection: Connection, senders: Sequence[Sender], from_id: int, to_id: int) -> int:
    """Let these senders be another record's; how many were."""
    if not senders:
        return 0
    columns = tuple_(customer_senders.c.channel, customer_senders.c.sender)
    done = connection.execute(
        update(customer_senders)
        .where(columns.in_([tuple(one) for one in senders]), customer_senders.c.customer_id == from_id)
        .values(customer_id=to_id)
    )
    return int(done.rowcount)


def note_change(
    connection: Connection,
    customer: Customer,
    agent: Hand,
    now: datetime,
    name: str,
    before: Any,
    after: Any,
    undoes: int | None = None,
    merge_id: int | None = None,
) -> None:
    """Remember a change of a record that was read as `customer`."""
    connection.execute(
        insert(customer_changes).values(
            customer_id=customer.id,
            version=customer.version + 1,
            at=now,
            agent_id=agent.id,
            by=agent.name,
            field=name,
            before=before,
            after=after,
            undoes=undoes,
            merge_id=merge_id,
        )
    )


def _changed_since(connection: Connection, customer: Customer, version: int) -> CustomerChanged:
    rows = connection.execute(
        select(customer_changes.c.field, func.max(customer_changes.c.id))
        .where(customer_changes.c.customer_id == customer.id, customer_changes.c.version > version)
        .group_by(customer_changes.c.field)
    )
    return CustomerChanged(by=customer.changed_by, version=customer.version, fields=sorted(row.field for row in rows))


def _id(customer: Customer) -> int:
    if customer.id is None:
        raise LookupError("a record that was never kept")
    return customer.id


def _record(connection: Connection, row: Row) -> Customer:
    senders = connection.execute(
        select(customer_senders.c.channel, customer_senders.c.sender)
        .where(customer_senders.c.customer_id == row.id)
        .order_by(customer_senders.c.channel, customer_senders.c.sender)
    )
    return Customer(
        tuple((one.channel, one.sender) for one in senders),
        row.id,
        row.version,
        row.facts,
        row.merged_into,
        row.changed_at,
        row.changed_by,
    )
