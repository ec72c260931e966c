"""The transcript: every line of every conversation, once and in order. Only this module writes the table messages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, select, text, update
from sqlalchemy.engine import Connection, Row

from handoff import conversations, deliveries
from handoff.models import Author, messages
from handoff.models import conversations as conversations_table
from handoff.records import Conversation, Draft, Message

PAGE = 200
# In the body of a note: the conversation on another channel that went on here.
CAME_FROM = "came_from"
_FROM_US = (Author.ASSISTANT, Author.AGENT, Author.SYSTEM)

# What every message runs is built once: making a statement anew costs more than running it.
_INSERT = insert(messages)
_BY_KEY = select(messages).where(messages.c.dedup_key == bindparam("key"))
_SETTLE = update(messages).where(messages.c.id == bindparam("message"), messages.c.settled_at.is_(None))
_UNSETTLED = (
    select(messages)
    .where(
        messages.c.conversation_id == bindparam("conversation"),
        messages.c.author == Author.CUSTOMER.value,
        messages.c.settled_at.is_(None),
    )
    .order_by(messages.c.id)
)
_UNSETTLED_BEFORE = _UNSETTLED.where(messages.c.id < bindparam("message"))
_UNSETTLED_AFTER = _UNSETTLED.where(messages.c.id > bindparam("message"))
_BEFORE = (
    select(messages)
    .where(messages.c.conversation_id == bindparam("conversation"), messages.c.seq < bindparam("place"))
    .order_by(messages.c.seq.desc())
    .limit(bindparam("limit"))
)
_UNDELIVERED = (
    select(messages)
    .join(conversations_table, conversations_table.c.id == messages.c.conversation_id)
    .where(
        conversations_table.c.channel == bindparam("channel"),
        conversations_table.c.sender == bindparam("sender"),
        # As the index "undelivered_messages" says it: by a list of authors SQLite would read all that was ever said.
        text("messages.author <> 'customer' AND messages.delivered_at IS NULL"),
        messages.c.author != Author.NOTE.value,
        messages.c.at > bindparam("since"),
    )
    .order_by(messages.c.id)
)


def dedup_key(channel: str, sender: str, external_id: str) -> str:
    """The key under which a message from outside is stored once: ids are unique per sender and channel, not more."""
    return hashlib.sha256("\x1f".join((channel, sender, external_id)).encode("utf-8", "replace")).hexdigest()


def append(
    connection: Connection, conversation: Conversation, draft: Draft, now: datetime, guarded: bool = False
) -> Message:
    """Give a line its place. With `guarded` it is refused (StaleEpoch) when the word has passed on meanwhile."""
    if draft.author is Author.NOTE:
        seq = conversations.next_note_place(connection, conversation.id)
    else:
        seq = conversations.next_place(
            connection,
            conversation.id,
            conversation.epoch if guarded else None,
            now,
            draft.text,
            draft.author.value,
            _unanswered_after(draft.author),
        )
    values: dict[str, Any] = {
        "conversation_id": conversation.id,
        "seq": seq,
        "epoch": conversation.epoch,
        "author": draft.author.value,
        "agent_id": draft.agent_id,
        "name": draft.name,
        "text": draft.text,
        "payload": draft.payload,
        "body": dict(draft.body) or None,
        "language": conversation.language,
        "while_waiting": draft.while_waiting,
        "client_id": draft.client_id,
        "dedup_key": draft.dedup_key,
        "reply_to": draft.reply_to,
        "part": draft.part,
        "at": now,
        "delivered_at": now if draft.delivered else None,
    }
    identity = connection.execute(_INSERT, values).inserted_primary_key[0]
    if not draft.delivered and draft.author in _FROM_US:
        deliveries.add(connection, identity, conversation.id, conversation.channel, now)
    for name in ("dedup_key", "part"):
        values.pop(name)
    values.update(id=identity, author=draft.author, body=dict(draft.body), settled_at=None)
    return Message(**values)


def by_key(connection: Connection, key: str) -> Message | None:
    """The message that came from outside under this key, if it is stored already."""
    row = connection.execute(_BY_KEY, {"key": key}).first()
    return _record(row) if row is not None else None


def replies_to(connection: Connection, message_id: int) -> list[Message]:
    """What was answered to a customer's message, in order."""
    rows = connection.execute(select(messages).where(messages.c.reply_to == message_id).order_by(messages.c.id))
    return [_record(row) for row in rows]


def turn_of(connection: Connection, line: Message) -> list[Message]:
    """All that answers what this line of ours answers, in order; the line alone, when it was said unasked."""
    return [line] if line.reply_to is None else replies_to(connection, line.reply_to)


def settle(connection: Connection, message_id: int, now: datetime) -> bool:
    """Mark a customer's message as done with. False when somebody else had settled it before."""
    done = connection.execute(_SETTLE, {"message": message_id, "settled_at": now})
    return bool(done.rowcount == 1)


def unsettled(connection: Connection, older_than: datetime, limit: int = 500) -> list[Message]:
    """Customers' messages that were accepted and never finished, the oldest first."""
    rows = connection.execute(
        select(messages)
        .where(messages.c.author == Author.CUSTOMER.value, messages.c.settled_at.is_(None), messages.c.at <= older_than)
        .order_by(messages.c.id)
        .limit(limit)
    )
    return [_record(row) for row in rows]


def lately_answered(connection: Connection, limit: int) -> list[tuple[Message, str]]:
    """What customers typed and the assistant answered, the newest first, each with its conversation's channel."""
    answers = messages.alias()
    answered = select(answers.c.id).where(
        answers.c.reply_to == messages.c.id, answers.c.author == Author.ASSISTANT.value
    )
    found = connection.execute(
        select(messages.c.id, conversations_table.c.channel)
        .join(conversations_table, conversations_table.c.id == messages.c.conversation_id)
        .where(messages.c.author == Author.CUSTOMER.value, messages.c.payload.is_(None), answered.exists())
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    channels = {row.id: str(row.channel) for row in found}
    rows = connection.execute(select(messages).where(messages.c.id.in_(channels)).order_by(messages.c.id.desc()))
    return [(_record(row), channels[row.id]) for row in rows]


def unsettled_before(connection: Connection, conversation_id: str, message_id: int) -> list[Message]:
    """The unfinished messages of a conversation that came before this one."""
    rows = connection.execute(_UNSETTLED_BEFORE, {"conversation": conversation_id, "message": message_id})
    return [_record(row) for row in rows]


def unsettled_after(connection: Connection, conversation_id: str, message_id: int) -> list[Message]:
    """The unfinished messages of a conversation that came after this one."""
    rows = connection.execute(_UNSETTLED_AFTER, {"conversation": conversation_id, "message": message_id})
    return [_record(row) for row in rows]


def of_conversation(
    connection: Connection, conversation_id: str, after: int = 0, with_notes: bool = True, limit: int = PAGE
) -> list[Message]:
    """The lines after `after` (an id), in order."""
    query = select(messages).where(messages.c.conversation_id == conversation_id, messages.c.id > after)
    if not with_notes:
        query = query.where(messages.c.author != Author.NOTE.value)
    return [_record(row) for row in connection.execute(query.order_by(messages.c.id).limit(limit))]


def first_words(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, str]:
    """What the customer said first in each of these conversations, in their own words."""
    first = (
        select(func.min(messages.c.id))
        .where(
            messages.c.conversation_id.in_(list(conversation_ids)),
            messages.c.author == Author.CUSTOMER.value,
            messages.c.payload.is_(None),
        )
        .group_by(messages.c.conversation_id)
    )
    rows = connection.execute(select(messages.c.conversation_id, messages.c.text).where(messages.c.id.in_(first)))
    return {row.conversation_id: row.text for row in rows}


def latest_of_conversation(connection: Connection, conversation_id: str, limit: int = PAGE) -> list[Message]:
    """The last lines of a conversation, notes and all, in order."""
    query = select(messages).where(messages.c.conversation_id == conversation_id)
    rows = connection.execute(query.order_by(messages.c.id.desc()).limit(limit)).all()
    return [_record(row) for row in reversed(rows)]


def earlier_of_conversation(
    connection: Connection, conversation_id: str, before: int, limit: int = PAGE
) -> list[Message]:
    """The lines before `before` (an id), in order."""
    query = select(messages).where(messages.c.conversation_id == conversation_id, messages.c.id < before)
    rows = connection.execute(query.order_by(messages.c.id.desc()).limit(limit)).all()
    return [_record(row) for row in reversed(rows)]


def before(connection: Connection, message: Message, limit: int) -> list[Message]:
    """The last lines before a message of the same conversation, in order."""
    values = {"conversation": message.conversation_id, "place": message.seq, "limit": limit}
    return [_record(row) for row in connection.execute(_BEFORE, values)][::-1]


def for_customer(
    connection: Connection, channel: str, sender: str, after: int | None, limit: int = PAGE
) -> list[Message]:
    """What a customer may see of their conversations: the lines after an id, or (None) the last. Never a note."""
    ids = conversations.ids_of_sender(connection, channel, sender)
    query = select(messages).where(messages.c.conversation_id.in_(ids), messages.c.author != Author.NOTE.value)
    if after is None:
        rows = connection.execute(query.order_by(messages.c.id.desc()).limit(50)).all()
        return [_record(row) for row in reversed(rows)]
    rows = connection.execute(query.where(messages.c.id > after).order_by(messages.c.id).limit(limit)).all()
    return [_record(row) for row in rows]


def newest_offer(connection: Connection, conversation_id: str, payload: str) -> Message | None:
    """The last message of ours in this conversation that carries a button with this payload."""
    for message in _with_buttons(connection, conversation_id):
        if any(button.get("payload") == payload for button in message.buttons):
            return message
    return None


def standing_offer(connection: Connection, conversation_id: str) -> Message | None:
    """The message whose buttons the customer has before them: the newest with buttons since they last wrote."""
    wrote = connection.execute(
        select(func.max(messages.c.id)).where(
            messages.c.conversation_id == conversation_id, messages.c.author == Author.CUSTOMER.value
        )
    ).scalar_one()
    return next((one for one in _with_buttons(connection, conversation_id) if one.id > (wrote or 0)), None)


def last_from_us(connection: Connection, conversation_id: str) -> Message | None:
    """The last line that did not come from the customer and is no note."""
    row = connection.execute(
        select(messages)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.author.notin_([Author.CUSTOMER.value, Author.NOTE.value]),
        )
        .order_by(messages.c.id.desc())
        .limit(1)
    ).first()
    return _record(row) if row is not None else None


def customer_name(connection: Connection, conversation_id: str) -> str | None:
    """What the customer was called when they last wrote: by the shop that signed for them, else by the provider."""
    return connection.execute(
        select(messages.c.name)
        .where(messages.c.conversation_id == conversation_id, messages.c.author == Author.CUSTOMER.value)
        .order_by(messages.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def last_spoken(connection: Connection, conversation_id: str) -> Message | None:
    """The last line of somebody: the customer, the assistant or a person; not the platform's own, and no note."""
    speakers = [Author.CUSTOMER.value, Author.ASSISTANT.value, Author.AGENT.value]
    row = connection.execute(
        select(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.author.in_(speakers))
        .order_by(messages.c.id.desc())
        .limit(1)
    ).first()
    return _record(row) if row is not None else None


def told_after(connection: Connection, conversation_id: str, key: str, message_id: int) -> Message | None:
    """The platform's own sentence `key` that was said last, if it was after this message."""
    rows = connection.execute(
        select(messages)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.author == Author.SYSTEM.value,
            messages.c.id > message_id,
        )
        .order_by(messages.c.id.desc())
    )
    return next((one for one in map(_record, rows) if one.body.get("key") == key), None)


def last_form(connection: Connection, conversation_id: str) -> str | None:
    """The name of the sentence under which a contact form was shown last."""
    bodies = connection.execute(
        select(messages.c.body)
        .where(messages.c.conversation_id == conversation_id, messages.c.author == Author.SYSTEM.value)
        .order_by(messages.c.id.desc())
    ).scalars()
    return next((str(body.get("key")) for body in bodies if (body or {}).get("contact_form")), None)


def last_place_told(connection: Connection, conversation_id: str) -> tuple[int, datetime] | None:
    """The place in the queue that the customer was told last, and when."""
    rows = connection.execute(
        select(messages.c.body, messages.c.at)
        .where(messages.c.conversation_id == conversation_id, messages.c.author == Author.SYSTEM.value)
        .order_by(messages.c.id.desc())
    )
    return next(((int(row.body["position"]), row.at) for row in rows if (row.body or {}).get("position")), None)


def was_told(connection: Connection, conversation_id: str, key: str) -> bool:
    """Whether the platform has said this, one of its own sentences, in this conversation."""
    bodies = connection.execute(
        select(messages.c.body).where(
            messages.c.conversation_id == conversation_id, messages.c.author == Author.SYSTEM.value
        )
    ).scalars()
    return any((body or {}).get("key") == key for body in bodies)


def find(connection: Connection, conversation_ids: Sequence[str], message_id: int) -> Message | None:
    """A message by its id, when it belongs to one of these conversations."""
    row = connection.execute(
        select(messages).where(messages.c.id == message_id, messages.c.conversation_id.in_(list(conversation_ids)))
    ).first()
    return _record(row) if row is not None else None


def one(connection: Connection, message_id: int) -> Message | None:
    """A message by its id, for those who may see every conversation."""
    row = connection.execute(select(messages).where(messages.c.id == message_id)).first()
    return _record(row) if row is not None else None


def by_client_id(connection: Connection, conversation_id: str, agent_id: int, client_id: str) -> Message | None:
    """The line that this agent's page sent under its own id, if it arrived before."""
    row = connection.execute(
        select(messages).where(
            messages.c.conversation_id == conversation_id,
            messages.c.agent_id == agent_id,
            messages.c.client_id == client_id,
        )
    ).first()
    return _record(row) if row is not None else None


def said_by_agents(connection: Connection, conversation_ids: Sequence[str], limit: int = 1000) -> list[Message]:
    """What people answered in these conversations, in order."""
    rows = connection.execute(
        select(messages)
        .where(messages.c.conversation_id.in_(list(conversation_ids)), messages.c.author == Author.AGENT.value)
        .order_by(messages.c.id)
        .limit(limit)
    )
    return [_record(row) for row in rows]


def marks_of(connection: Connection, conversation_ids: Sequence[str]) -> list[Row]:
    """What clocks need of every line, in order: conversation_id, epoch, author, agent_id, at."""
    columns = (messages.c.conversation_id, messages.c.epoch, messages.c.author, messages.c.agent_id, messages.c.at)
    query = select(*columns).where(messages.c.conversation_id.in_(list(conversation_ids)))
    return list(connection.execute(query.order_by(messages.c.id)))


def came_from(connection: Connection, conversation_id: str) -> list[str]:
    """The conversations that went on in this one, or in one of those, on other channels."""
    found = [conversation_id]
    for one in found:
        notes = select(messages.c.body).where(messages.c.conversation_id == one, messages.c.author == Author.NOTE.value)
        named = [body[CAME_FROM] for body in connection.execute(notes).scalars() if body and CAME_FROM in body]
        found += [name for name in named if name not in found]
    return found[1:]


def whole(connection: Connection, conversation_id: str) -> list[Message]:
    """Every line of a conversation but the notes, in order."""
    query = select(messages).where(
        messages.c.conversation_id == conversation_id, messages.c.author != Author.NOTE.value
    )
    return [_record(row) for row in connection.execute(query.order_by(messages.c.id))]


def last_note(connection: Connection, conversation_id: str, key: str) -> Message | None:
    """The newest of the platform's own notes `key` for colleagues."""
    rows = connection.execute(
        select(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.author == Author.NOTE.value)
        .order_by(messages.c.id.desc())
    )
    return next((one for one in map(_record, rows) if one.body.get("key") == key), None)


def reword(connection: Connection, note: Message, text: str, body: Mapping[str, Any]) -> Message:
    """Let one of the platform's own notes say something else from now on."""
    connection.execute(update(messages).where(messages.c.id == note.id).values(text=text, body=dict(body)))
    return replace(note, text=text, body=dict(body))


def set_attachments(connection: Connection, message_id: int, kept: Sequence[Mapping[str, Any]]) -> None:
    """How the files of this message stand in it from now on."""
    query = select(messages.c.body).where(messages.c.id == message_id)
    body = connection.execute(query).scalar_one_or_none() or {}
    changed = {**body, "attachments": [dict(one) for one in kept]}
    connection.execute(update(messages).where(messages.c.id == message_id).values(body=changed))


def mark_delivered(connection: Connection, message_ids: Sequence[int], now: datetime) -> None:
    """Remember that the channel took these messages."""
    if not message_ids:
        return
    deliveries.carried(connection, message_ids, now)
    connection.execute(update(messages).where(messages.c.id.in_(list(message_ids))).values(delivered_at=now))


def note_delivered(connection: Connection, message_id: int, now: datetime) -> None:
    """Every part of this message has left us."""
    connection.execute(update(messages).where(messages.c.id == message_id).values(delivered_at=now))


def undelivered(connection: Connection, channel: str, sender: str, now: datetime) -> list[Message]:
    """Lines of ours that this customer's channel has not taken yet, of the last two days, in order."""
    since = now - timedelta(days=2)
    rows = connection.execute(_UNDELIVERED, {"channel": channel, "sender": sender, "since": since})
    return [_record(row) for row in rows]


def _with_buttons(connection: Connection, conversation_id: str) -> list[Message]:
    rows = connection.execute(
        select(messages)
        .where(
            and_(
                messages.c.conversation_id == conversation_id,
                messages.c.author.in_([Author.ASSISTANT.value, Author.SYSTEM.value]),
            )
        )
        .order_by(messages.c.id.desc())
        .limit(30)
    )
    return [message for message in map(_record, rows) if message.buttons]


def _unanswered_after(author: Author) -> conversations.Unanswered:
    """A customer's line waits for an answer; the platform's own sentences are none."""
    if author is Author.CUSTOMER:
        return conversations.Unanswered.ONE_MORE
    return conversations.Unanswered.AS_BEFORE if author is Author.SYSTEM else conversations.Unanswered.NONE


def _record(row: Row) -> Message:
    fields = dict(row._mapping)
    for name in ("dedup_key", "part"):
        fields.pop(name)
    fields["author"] = Author(fields["author"])
    fields["body"] = fields["body"] or {}
    return Message(**fields)
