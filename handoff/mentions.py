"""Colleagues named in private notes. The only module that writes the table mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from handoff import agents
from handoff.models import mentions, messages
from handoff.records import Agent, Message

# A login is what stands behind the @: names have spaces, and two people may share one.
_NAMED = re.compile(r"(?<![\w.@])@([A-Za-z0-9][A-Za-z0-9._-]{0,79})")
MAX_IN_A_NOTE = 20


@dataclass(frozen=True)
class Mention:
    """A note in which an agent was named."""

    message_id: int
    conversation_id: str
    by: str | None
    text: str
    at: datetime
    seen: bool


def named_in(text: str) -> list[str]:
    """The logins that a note names, in order, without repeats."""
    found = (name.rstrip("._-").lower() for name in _NAMED.findall(text))
    return list(dict.fromkeys(name for name in found if name))[:MAX_IN_A_NOTE]


def keep(connection: Connection, note: Message, now: datetime) -> list[Agent]:
    """Remember whom a note names, the writer left out; returns them."""
    logins = named_in(note.text)
    people = agents.with_logins(connection, logins) if logins else []
    people = [one for one in people if one.active and one.answers_customers and one.id != note.agent_id]
    if people:
        row = {"message_id": note.id, "conversation_id": note.conversation_id, "at": now}
        connection.execute(insert(mentions), [{**row, "agent_id": one.id} for one in people])
    return people


def of_agent(connection: Connection, agent_id: int, before: int | None = None, limit: int = 50) -> list[Mention]:
    """Where this agent was named, the newest first; with `before`, a message's id, what came earlier."""
    query = (
        select(mentions.c.message_id, mentions.c.conversation_id, mentions.c.at, mentions.c.seen_at)
        .add_columns(messages.c.name, messages.c.text)
        .join(messages, messages.c.id == mentions.c.message_id)
        .where(mentions.c.agent_id == agent_id)
    )
    if before:
        query = query.where(mentions.c.message_id < before)
    rows = connection.execute(query.order_by(mentions.c.message_id.desc()).limit(limit))
    return [
        Mention(row.message_id, row.conversation_id, row.name, row.text, row.at, row.seen_at is not None)
        for row in rows
    ]


def mark_seen(connection: Connection, agent_id: int, conversation_id: str, now: datetime) -> bool:
    """The agent has opened the conversation; whether anything was unseen."""
    done = connection.execute(
        update(mentions)
        .where(
            mentions.c.agent_id == agent_id,
            mentions.c.conversation_id == conversation_id,
            mentions.c.seen_at.is_(None),
        )
        .values(seen_at=now)
    )
    return bool(done.rowcount)


def count_unseen(connection: Connection, agent_id: int) -> int:
    """How many notes that name this agent they have not opened."""
    query = select(func.count()).select_from(mentions).where(mentions.c.agent_id == agent_id)
    return int(connection.execute(query.where(mentions.c.seen_at.is_(None))).scalar_one())
