"""Lines of the desk's lists: conversations and tickets with who has them, read in a few statements for any number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from handoff import agents, conversations, customers, deliveries, guests, shapes, tags, tickets
from handoff.models import TicketKind
from handoff.records import Conversation, Message, Ticket


def conversation_rows(connection: Connection, shown: Sequence[Conversation]) -> list[dict[str, Any]]:
    """Each conversation as a line of a list, in the order given."""
    holders = agents.by_ids(connection, {one.agent_id for one in shown if one.agent_id is not None})
    ids = [one.id for one in shown]
    last = tickets.last_of_each(connection, ids)
    worn, beside = tags.of_each(connection, ids), guests.of_each(connection, ids)
    called = customers.names_of(connection, shown)
    return [
        {
            **shapes.conversation_row(one, holders.get(one.agent_id) if one.agent_id else None, last.get(one.id)),
            "customer": called.get(one.id) or shapes.customer_name(one),
            "tags": tags.shapes(worn.get(one.id, ())),
            "guests": [{"id": guest, "name": name} for guest, name in beside.get(one.id, ())],
        }
        for one in shown
    ]


def conversation_row(connection: Connection, conversation: Conversation) -> dict[str, Any]:
    """One conversation as a line of a list."""
    return conversation_rows(connection, [conversation])[0]


def lines(connection: Connection, said: Sequence[Message]) -> list[dict[str, Any]]:
    """Lines of a transcript, with where ours are on their way."""
    standing = deliveries.standing_of(connection, [line.id for line in said])
    return [shapes.for_desk(line, standing.get(line.id)) for line in said]


def queue_rows(connection: Connection, waiting: Sequence[Ticket], now: datetime) -> list[dict[str, Any]]:
    """The queue in its order; who waits on the line has a place."""
    known = conversations.by_ids(connection, [ticket.conversation_id for ticket in waiting])
    called = customers.names_of(connection, list(known.values()))
    rows: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for ticket in waiting:
        live = ticket.kind is TicketKind.LIVE
        places[ticket.team] = places.get(ticket.team, 0) + live
        place = places[ticket.team] if live else None
        row = shapes.ticket_row(ticket, known[ticket.conversation_id], place, now)
        rows.append({**row, "customer": called.get(ticket.conversation_id) or row["customer"]})
    return rows


def ticket_of(connection: Connection, conversation: Conversation, now: datetime) -> dict[str, Any] | None:
    """The conversation's newest ticket with all that was collected."""
    ticket = tickets.last_of(connection, conversation.id)
    if ticket is None:
        return None
    holder = agents.by_id(connection, ticket.claimed_by)
    position = tickets.position(connection, ticket)
    return shapes.ticket_whole(ticket, conversation, position, now, holder.name if holder else None)
