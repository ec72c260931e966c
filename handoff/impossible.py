"""States that no move leads to: found by comparing conversations with their tickets, and put right.

They come from outside (a row changed by hand, a database put back from a copy), never from a move; whoever waits is
never lost, and the conversation says who has the word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.engine import Connection

from handoff import conversations, tickets
from handoff.models import Status, TicketKind, TicketStatus
from handoff.models import agents as agents_table
from handoff.models import conversations as conversations_table
from handoff.models import tickets as tickets_table
from handoff.records import Wish

MOST_AT_ONCE = 200
_REASON = "repaired"


@dataclass(frozen=True)
class Impossible:
    """What is wrong with a conversation."""

    kind: str
    conversation_id: str


def find(connection: Connection) -> list[Impossible]:
    """Everything that is wrong now."""
    c, t, a = conversations_table, tickets_table, agents_table
    joined = c.outerjoin(t, and_(t.c.conversation_id == c.c.id, t.c.status.in_(tickets.OPEN))).outerjoin(
        a, a.c.id == c.c.agent_id
    )
    waiting, held = t.c.status == TicketStatus.WAITING.value, t.c.status == TicketStatus.CLAIMED.value
    wrong = {
        "waiting_without_ticket": and_(c.c.status == Status.WAITING.value, t.c.id.is_(None)),
        "waiting_with_held_ticket": and_(c.c.status == Status.WAITING.value, held),
        "waiting_as_message": and_(c.c.status == Status.WAITING.value, waiting, t.c.kind == TicketKind.MESSAGE.value),
        "held_by_nobody": and_(c.c.status == Status.AGENT.value, or_(a.c.id.is_(None), a.c.active.is_(False))),
        "held_without_ticket": and_(c.c.status == Status.AGENT.value, t.c.id.is_(None)),
        "held_with_waiting_ticket": and_(c.c.status == Status.AGENT.value, waiting),
        "held_by_two": and_(c.c.status == Status.AGENT.value, held, t.c.claimed_by != c.c.agent_id),
        "bot_with_held_ticket": and_(c.c.status == Status.BOT.value, held),
        "bot_with_live_ticket": and_(c.c.status == Status.BOT.value, waiting, t.c.kind == TicketKind.LIVE.value),
    }
    found = []
    open_ones = c.c.status.in_((Status.BOT.value, Status.WAITING.value, Status.AGENT.value))
    for kind, condition in wrong.items():
        rows = connection.execute(select(c.c.id).select_from(joined).where(open_ones, condition).limit(MOST_AT_ONCE))
        found += [Impossible(kind, row.id) for row in rows]
    rows = connection.execute(
        select(t.c.conversation_id)
        .join(c, c.c.id == t.c.conversation_id)
        .where(t.c.status.in_(tickets.OPEN), c.c.status == Status.CLOSED.value)
        .limit(MOST_AT_ONCE)
    )
    return found + [Impossible("closed_with_ticket", row.conversation_id) for row in rows]


def repair(connection: Connection, wrong: Impossible, now: datetime) -> bool:
    """Put one right. False when it is right by now. May raise StaleEpoch, when somebody else moves it at the moment."""
    if wrong not in find(connection):
        return False
    conversation = conversations.find(connection, wrong.conversation_id)
    ticket = tickets.open_of(connection, conversation.id)
    if wrong.kind == "closed_with_ticket" or wrong.kind == "bot_with_held_ticket":
        tickets.end(connection, conversation.id, TicketStatus.CLOSED, now)
    elif wrong.kind == "bot_with_live_ticket" and ticket is not None:
        tickets.make_message(connection, ticket)
    elif wrong.kind == "waiting_as_message" and ticket is not None:
        tickets.make_live(connection, ticket)
    elif conversation.status is Status.WAITING:
        if ticket is None:
            wish = Wish(reason=_REASON)
            tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now, conversation.language)
        else:
            tickets.put_back(connection, ticket)
    elif wrong.kind == "held_by_nobody":
        if ticket is None:
            wish = Wish(reason=_REASON)
            tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now, conversation.language)
        elif ticket.status is TicketStatus.CLAIMED:
            tickets.put_back(connection, ticket, first=True)
        conversations.move(connection, conversation, Status.WAITING, now, "sweeper", wrong.kind)
    elif conversation.agent_id is not None:
        if ticket is None:
            wish = Wish(reason=_REASON)
            ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now, conversation.language)
        tickets.hand_to(connection, ticket, conversation.agent_id, now)
    return True
