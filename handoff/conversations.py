"""Conversations and their moves. The only module that writes the tables conversations and moves."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, tuple_, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from handoff.errors import ConversationClosed, MoveNotAllowed, StaleEpoch, UnknownConversation
from handoff.models import MOVES, SURE, Status, Tier, conversations, moves
from handoff.records import Conversation, Move

# A language or an order proved long ago says little about who writes today.
CARRY_OVER = timedelta(days=90)
# The reason of a close after which the case goes on in another conversation, whose id follows.
WENT_ON = "moved:"


class Unanswered(Enum):
    """What a line does to the number of the customer's lines that nobody has answered."""

    ONE_MORE = "one more"
    AS_BEFORE = "as before"
    NONE = "none"


def _next_place(unanswered: Unanswered) -> Any:
    counted = {
        Unanswered.ONE_MORE: conversations.c.unanswered + 1,
        Unanswered.AS_BEFORE: conversations.c.unanswered,
        Unanswered.NONE: 0,
    }[unanswered]
    statement = (
        update(conversations)
        .where(conversations.c.id == bindparam("conversation"))
        .values(last_seq=conversations.c.last_seq + 1, unanswered=counted)
        .values({name: bindparam(name) for name in ("last_text", "last_author", "last_at")})
    )
    # A customer who writes wakes a conversation that was put aside.
    return statement.values(snoozed_until=None) if unanswered is Unanswered.ONE_MORE else statement


# What every message runs is built once: making a statement anew costs more than running it.
_NEXT_PLACE = {one: _next_place(one) for one in Unanswered}
_NEXT_PLACE_GUARDED = {
    one: statement.where(conversations.c.epoch == bindparam("expected_epoch")) for one, statement in _NEXT_PLACE.items()
}
_LAST_SEQ = select(conversations.c.last_seq).where(conversations.c.id == bindparam("conversation"))
_FIND = select(conversations).where(conversations.c.id == bindparam("conversation"))
_OPEN = select(conversations).where(
    conversations.c.channel == bindparam("channel"),
    conversations.c.sender == bindparam("sender"),
    conversations.c.status != Status.CLOSED.value,
)


def find(connection: Connection, conversation_id: str) -> Conversation:
    """The conversation with this id. Raises UnknownConversation."""
    row = connection.execute(_FIND, {"conversation": conversation_id}).first()
    if row is None:
        raise UnknownConversation()
    return _record(row)


def by_ids(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, Conversation]:
    """These conversations, by id."""
    if not conversation_ids:
        return {}
    rows = connection.execute(select(conversations).where(conversations.c.id.in_(list(conversation_ids))))
    return {row.id: _record(row) for row in rows}


def open_one(connection: Connection, channel: str, sender: str) -> Conversation | None:
    """The open conversation of this customer, if there is one."""
    row = connection.execute(_OPEN, {"channel": channel, "sender": sender}).first()
    return _record(row) if row is not None else None


def open_or_begin(
    connection: Connection, channel: str, sender: str, now: datetime, language: str, page: Any = None
) -> Conversation:
    """The customer's open conversation, or a new one that keeps their language."""
    current = open_one(connection, channel, sender)
    if current is not None:
        return current
    last = _last_of(connection, channel, sender, now)
    new = {
        "id": secrets.token_hex(16),
        "channel": channel,
        "sender": sender,
        "status": Status.BOT.value,
        "epoch": 1,
        "language": last.language if last else language,
        "language_fixed": last.language_fixed if last else False,
        "tier": Tier.ANONYMOUS.value,
        "proved_orders": [],
        "page": page,
        "last_seq": 0,
        "unanswered": 0,
        "opened_at": now,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(conversations).values(**new))
    except IntegrityError:
        # Two first messages crossed: the unique index let one conversation in, and both go on in that one.
        crossed = open_one(connection, channel, sender)
        if crossed is None:
            raise
        return crossed
    _note_move(connection, new["id"], None, Status.BOT, 1, now, "customer", "opened")
    return find(connection, new["id"])


def move(
    connection: Connection,
    conversation: Conversation,
    to: Status,
    now: datetime,
    actor: str,
    reason: str = "",
    agent_id: int | None = None,
    at_seq: int | None = None,
) -> Conversation:
    """Give the word to somebody else: one guarded step that raises the epoch and records who and when.

    With `at_seq` it is refused as well when anything was said after that place.

    Raises MoveNotAllowed when the table forbids it, ConversationClosed when it is over, and StaleEpoch when
    somebody else moved the conversation since `conversation` was read.
    """
    if to not in MOVES[conversation.status]:
        if conversation.status is Status.CLOSED:
            raise ConversationClosed()
        raise MoveNotAllowed(f"A conversation cannot go from {conversation.status.value} to {to.value}.")
    epoch = conversation.epoch + 1
    as_read = [conversations.c.id == conversation.id, conversations.c.epoch == conversation.epoch]
    if at_seq is not None:
        as_read.append(conversations.c.last_seq == at_seq)
    moved = connection.execute(
        update(conversations)
        .where(*as_read)
        .values(
            status=to.value,
            epoch=epoch,
            agent_id=agent_id,
            closed_at=now if to is Status.CLOSED else None,
            snoozed_until=None,
        )
    )
    if moved.rowcount != 1:
        raise StaleEpoch()
    _note_move(connection, conversation.id, conversation.status, to, epoch, now, actor, reason, agent_id)
    return find(connection, conversation.id)


def next_place(
    connection: Connection,
    conversation_id: str,
    epoch: int | None,
    now: datetime,
    text: str,
    author: str,
    unanswered: Unanswered,
) -> int:
    """Take the next place in the transcript, and with it the conversation's row until the transaction ends.

    Everything that appends goes through here first, so within a conversation the ids of messages grow in the order in
    which they become visible. With `epoch`, the place is refused (StaleEpoch) when somebody else has the word by now.
    """
    values = {"conversation": conversation_id, "last_text": text[:200], "last_author": author, "last_at": now}
    statement = _NEXT_PLACE[unanswered]
    if epoch is not None:
        statement = _NEXT_PLACE_GUARDED[unanswered]
        values["expected_epoch"] = epoch
    if connection.execute(statement, values).rowcount != 1:
        find(connection, conversation_id)
        raise StaleEpoch()
    return int(connection.execute(_LAST_SEQ, {"conversation": conversation_id}).scalar_one())


def next_note_place(connection: Connection, conversation_id: str) -> int:
    """A place for a private note: it changes nothing that the customer or the inbox sees."""
    taken = connection.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(last_seq=conversations.c.last_seq + 1)
    )
    if taken.rowcount != 1:
        raise UnknownConversation()
    return int(
        connection.execute(select(conversations.c.last_seq).where(conversations.c.id == conversation_id)).scalar_one()
    )


def set_language(connection: Connection, conversation_id: str, language: str, fixed: bool) -> None:
    """Speak this language from now on; `fixed` when the customer chose it and detection must leave it alone."""
    connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(language=language, language_fixed=fixed)
    )


def set_identity(
    connection: Connection, conversation_id: str, customer_id: str, name: str | None, until: datetime
) -> None:
    """Tie the conversation to a customer whose identity the shop signed, until that signature expires."""
    connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(tier=Tier.IDENTITY.value, customer_id=customer_id, customer_name=name, identity_until=until)
    )


def prove_contact(connection: Connection, conversation_id: str) -> None:
    """A code that was sent to an address or number of the customer's came back; what the shop signed says more."""
    connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id, conversations.c.tier != Tier.IDENTITY.value)
        .values(tier=Tier.CONTACT.value)
    )


def know_account(connection: Connection, conversation_id: str, customer_id: str) -> None:
    """The sender is this customer of the shop by an account link, which shows no orders: no signature holds now."""
    connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id, conversations.c.tier != Tier.IDENTITY.value)
        .values(tier=Tier.CONTACT.value, customer_id=customer_id)
    )


def forget_account(connection: Connection, sender: tuple[str, str], customer_id: str, tier: Tier) -> None:
    """What this sender wrote is this customer's of the shop no more, nor are the orders that they were shown."""
    connection.execute(
        update(conversations)
        .where(
            conversations.c.channel == sender[0],
            conversations.c.sender == sender[1],
            conversations.c.customer_id == customer_id,
        )
        .values(tier=tier.value, customer_id=None, customer_name=None, identity_until=None, proved_orders=[])
    )


def prove_order(connection: Connection, conversation: Conversation, number: str) -> Conversation:
    """Remember that the customer proved this order to be theirs."""
    if number in conversation.proved_orders:
        return conversation
    tier = conversation.tier if conversation.tier in SURE else Tier.ORDER
    connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation.id)
        .values(tier=tier.value, proved_orders=[*conversation.proved_orders, number][-20:])
    )
    return find(connection, conversation.id)


def set_page(connection: Connection, conversation_id: str, page: Any) -> None:
    """Remember the shop's page the customer is on."""
    connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(page=page))


def set_reach(connection: Connection, conversation_id: str, reach: Any, now: datetime | None) -> None:
    """Remember when the customer last wrote (None: they never did), and what the channel needs to write to them."""
    connection.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(reach=reach or None, wrote_at=now)
    )


def mark_read(connection: Connection, conversation_id: str, seq: int) -> bool:
    """The customer's page has shown the lines up to this place; False when that was known, or cannot be."""
    done = connection.execute(
        update(conversations)
        .where(
            conversations.c.id == conversation_id,
            conversations.c.read_seq < seq,
            conversations.c.last_seq >= seq,
        )
        .values(read_seq=seq)
    )
    return bool(done.rowcount == 1)


def snooze(connection: Connection, conversation: Conversation, until: datetime | None, agent_id: int) -> bool:
    """Put a conversation aside until a time, or (None) take it up again; guarded by its epoch."""
    done = connection.execute(
        update(conversations)
        .where(
            conversations.c.id == conversation.id,
            conversations.c.epoch == conversation.epoch,
            conversations.c.status == Status.AGENT.value,
        )
        .values(snoozed_until=until, snoozed_by=agent_id)
    )
    return bool(done.rowcount == 1)


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether a snooze is over: asked often, and nearly always answered by an empty index."""
    due = select(conversations.c.id).where(conversations.c.snoozed_until <= now).limit(1)
    return connection.execute(due).first() is not None


def wake(connection: Connection, now: datetime) -> list[Conversation]:
    """End every snooze whose time has come; what came back."""
    due = connection.execute(
        select(conversations.c.id).where(conversations.c.snoozed_until <= now).order_by(conversations.c.snoozed_until)
    ).scalars()
    back = []
    for conversation_id in list(due):
        woken = connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation_id, conversations.c.snoozed_until <= now)
            .values(snoozed_until=None)
        )
        if woken.rowcount == 1:
            back.append(find(connection, conversation_id))
    return back


def of_agent(connection: Connection, agent_id: int) -> list[Conversation]:
    """What this agent is answering now, the longest unanswered first."""
    rows = connection.execute(
        select(conversations)
        .where(conversations.c.status == Status.AGENT.value, conversations.c.agent_id == agent_id)
        .order_by(conversations.c.last_at)
    )
    return [_record(row) for row in rows]


def quiet(connection: Connection, status: Status, before: datetime, limit: int = 200) -> list[str]:
    """Conversations in this state in which the customer has an answer and nothing was said since, longest first."""
    rows = connection.execute(
        select(conversations.c.id)
        .where(
            conversations.c.status == status.value,
            conversations.c.last_at <= before,
            conversations.c.unanswered == 0,
        )
        .order_by(conversations.c.last_at)
        .limit(limit)
    )
    return [row.id for row in rows]


def of_other_agents(connection: Connection, agent_id: int, limit: int = 200) -> list[Conversation]:
    """What colleagues are answering now."""
    rows = connection.execute(
        select(conversations)
        .where(conversations.c.status == Status.AGENT.value, conversations.c.agent_id != agent_id)
        .order_by(conversations.c.last_at.desc())
        .limit(limit)
    )
    return [_record(row) for row in rows]


def where(connection: Connection, wanted: Sequence[Any], order: Sequence[Any], limit: int) -> list[Conversation]:
    """The conversations that fit these conditions, in this order."""
    query = select(conversations).where(*wanted).order_by(*order).limit(limit)
    return [_record(row) for row in connection.execute(query)]


def past_of(
    connection: Connection, conversation: Conversation, senders: Sequence[tuple[str, str]] = (), limit: int = 20
) -> list[Conversation]:
    """Earlier conversations of the same customer: by the same sender on the same channel, by proved identity, and by
    `senders`, whom the caller knows to be the same person."""
    same = [and_(conversations.c.channel == conversation.channel, conversations.c.sender == conversation.sender)]
    if conversation.customer_id:
        same.append(conversations.c.customer_id == conversation.customer_id)
    if senders:
        same.append(_is_one_of(senders))
    rows = connection.execute(
        select(conversations)
        .where(or_(*same), conversations.c.id != conversation.id)
        .order_by(conversations.c.opened_at.desc())
        .limit(limit)
    )
    return [_record(row) for row in rows]


def accounts_of(connection: Connection, senders: Sequence[tuple[str, str]]) -> set[str]:
    """The customers of the shop that these senders proved to be, by identities that the shop signed."""
    rows = connection.execute(
        select(conversations.c.customer_id)
        .where(
            _is_one_of(senders),
            conversations.c.tier == Tier.IDENTITY.value,
            conversations.c.customer_id.isnot(None),
        )
        .distinct()
    )
    return {row.customer_id for row in rows}


def signed_in(connection: Connection, senders: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """As which customer of the shop these senders signed in, by conversation: id, customer."""
    rows = connection.execute(
        select(conversations.c.id, conversations.c.customer_id).where(
            _is_one_of(senders),
            conversations.c.tier == Tier.IDENTITY.value,
            conversations.c.customer_id.isnot(None),
        )
    )
    return [(row.id, row.customer_id) for row in rows]


def senders_of_account(connection: Connection, customer_id: str, limit: int) -> list[tuple[str, str]]:
    """Who proved to be this customer of the shop, on any channel, the latest first."""
    rows = connection.execute(
        select(conversations.c.channel, conversations.c.sender)
        .where(conversations.c.customer_id == customer_id, conversations.c.tier == Tier.IDENTITY.value)
        .group_by(conversations.c.channel, conversations.c.sender)
        .order_by(func.max(conversations.c.opened_at).desc())
        .limit(limit)
    )
    return [(row.channel, row.sender) for row in rows]


def last_of_sender(connection: Connection, channel: str, sender: str) -> Conversation | None:
    """The latest conversation of a sender."""
    rows = where(
        connection,
        [conversations.c.channel == channel, conversations.c.sender == sender],
        [conversations.c.opened_at.desc()],
        1,
    )
    return rows[0] if rows else None


def _is_one_of(senders: Sequence[tuple[str, str]]) -> Any:
    return tuple_(conversations.c.channel, conversations.c.sender).in_([tuple(one) for one in senders])


def ids_of_sender(connection: Connection, channel: str, sender: str, limit: int = 20) -> list[str]:
    """The latest conversations of one sender on one channel, the newest first."""
    rows = connection.execute(
        select(conversations.c.id)
        .where(conversations.c.channel == channel, conversations.c.sender == sender)
        .order_by(conversations.c.opened_at.desc())
        .limit(limit)
    )
    return [row.id for row in rows]


def latest_of_senders(connection: Connection, channel: str, senders: Sequence[str]) -> dict[str, Conversation]:
    """The newest conversation of each of these senders, by sender."""
    if not senders:
        return {}
    newest = (
        select(conversations.c.sender, func.max(conversations.c.opened_at).label("opened_at"))
        .where(conversations.c.channel == channel, conversations.c.sender.in_(list(senders)))
        .group_by(conversations.c.sender)
        .subquery()
    )
    rows = connection.execute(
        select(conversations).where(
            conversations.c.channel == channel,
            conversations.c.sender == newest.c.sender,
            conversations.c.opened_at == newest.c.opened_at,
        )
    )
    return {row.sender: _record(row) for row in rows}


def held_by_agent(connection: Connection) -> dict[int, int]:
    """How many customers each agent answers now."""
    rows = connection.execute(
        select(conversations.c.agent_id, func.count())
        .where(conversations.c.status == Status.AGENT.value, conversations.c.agent_id.isnot(None))
        .group_by(conversations.c.agent_id)
    )
    return dict(rows.all())


def moves_of(connection: Connection, conversation_ids: Sequence[str]) -> list[Move]:
    """Who had the word when, in these conversations, in order."""
    rows = connection.execute(
        select(moves).where(moves.c.conversation_id.in_(list(conversation_ids))).order_by(moves.c.id)
    )
    return [_move_record(row) for row in rows]


def went_on_in(move: Move) -> str | None:
    """The conversation on another channel in which one that ended with this move goes on."""
    return move.reason[len(WENT_ON) :] if move.to is Status.CLOSED and move.reason.startswith(WENT_ON) else None


def moved_since(connection: Connection, since: datetime, until: datetime, limit: int) -> list[str]:
    """The conversations in which the word passed on in this span, the latest first."""
    rows = connection.execute(
        select(moves.c.conversation_id, func.max(moves.c.id).label("last"))
        .where(moves.c.at >= since, moves.c.at < until)
        .group_by(moves.c.conversation_id)
        .order_by(func.max(moves.c.id).desc())
        .limit(limit)
    )
    return [row.conversation_id for row in rows]


def count(connection: Connection) -> dict[str, int]:
    """How many conversations stand in each state."""
    rows = connection.execute(select(conversations.c.status, func.count()).group_by(conversations.c.status))
    return dict(rows.all())


def _last_of(connection: Connection, channel: str, sender: str, now: datetime) -> Conversation | None:
    row = connection.execute(
        select(conversations)
        .where(
            conversations.c.channel == channel,
            conversations.c.sender == sender,
            conversations.c.opened_at > now - CARRY_OVER,
        )
        .order_by(conversations.c.opened_at.desc())
        .limit(1)
    ).first()
    return _record(row) if row is not None else None


def _note_move(
    connection: Connection,
    conversation_id: str,
    before: Status | None,
    after: Status,
    epoch: int,
    now: datetime,
    actor: str,
    reason: str,
    agent_id: int | None = None,
) -> None:
    connection.execute(
        insert(moves).values(
            agent_id=agent_id,
            conversation_id=conversation_id,
            at=now,
            from_status=before.value if before else None,
            to_status=after.value,
            epoch=epoch,
            actor=actor,
            reason=reason[:80],
        )
    )


def _move_record(row: Row) -> Move:
    return Move(row.conversation_id, row.epoch, Status(row.to_status), row.agent_id, row.at, row.actor, row.reason)


def _record(row: Row) -> Conversation:
    fields = dict(row._mapping)
    fields["status"] = Status(fields["status"])
    fields["tier"] = Tier(fields["tier"])
    fields["proved_orders"] = tuple(fields["proved_orders"] or ())
    return Conversation(**fields)
