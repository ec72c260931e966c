"""Colleagues who were invited beside the one who has the word. The only module that writes the table guests.

An invitation holds for the conversation's epoch: closing, handing back, passing on or taking over raises it, and
whoever has the word then begins alone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, delete, select
from sqlalchemy.engine import Connection

from faq_kb.columns import INSERTS
from handoff.models import Status, agents, conversations, guests
from handoff.records import Conversation

_STANDS = and_(
    guests.c.conversation_id == conversations.c.id,
    guests.c.epoch == conversations.c.epoch,
    conversations.c.status == Status.AGENT.value,
)


def invite(connection: Connection, conversation: Conversation, agent_id: int, by: int, now: datetime) -> bool:
    """Let a colleague read and write beside the one who has the word. False when they are there already."""
    if is_guest(connection, conversation, agent_id):
        return False
    insert = INSERTS[connection.dialect.name]
    fresh = {"epoch": conversation.epoch, "invited_by": by, "at": now}
    connection.execute(
        insert(guests)
        .values(conversation_id=conversation.id, agent_id=agent_id, **fresh)
        .on_conflict_do_update(index_elements=["conversation_id", "agent_id"], set_=fresh)
    )
    return True


def leave(connection: Connection, conversation_id: str, agent_id: int) -> bool:
    """The colleague goes; whether they were there."""
    gone = connection.execute(
        delete(guests).where(guests.c.conversation_id == conversation_id, guests.c.agent_id == agent_id)
    )
    return bool(gone.rowcount)


def is_guest(connection: Connection, conversation: Conversation, agent_id: int) -> bool:
    """Whether this agent may speak beside the one who has the word, in this epoch."""
    if conversation.status is not Status.AGENT:
        return False
    found = connection.execute(
        select(guests.c.agent_id).where(
            guests.c.conversation_id == conversation.id,
            guests.c.agent_id == agent_id,
            guests.c.epoch == conversation.epoch,
        )
    ).first()
    return found is not None


def of_each(connection: Connection, conversation_ids: Collection[str]) -> dict[str, list[tuple[int, str]]]:
    """Who sits beside in these conversations: ids and names."""
    if not conversation_ids:
        return {}
    rows = connection.execute(
        select(guests.c.conversation_id, agents.c.id, agents.c.name)
        .join(conversations, _STANDS)
        .join(agents, agents.c.id == guests.c.agent_id)
        .where(guests.c.conversation_id.in_(list(conversation_ids)))
        .order_by(guests.c.at)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        found.setdefault(row.conversation_id, []).append((row.id, row.name))
    return found


def has_guest(agent_id: int) -> object:
    """A condition on conversations: this agent sits beside."""
    return select(guests.c.agent_id).where(_STANDS, guests.c.agent_id == agent_id).correlate(conversations).exists()
