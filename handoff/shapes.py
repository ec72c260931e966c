"""How conversations, messages and tickets look on the wire, to the customer and to the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handoff import attachments
from handoff.deliveries import Standing
from handoff.models import Author
from handoff.records import Agent, Conversation, Message, Promise, Ticket


def for_customer(message: Message, rating: bool | None = None) -> dict[str, Any]:
    """A message as the customer's page gets it: no payloads, no provenance, no agent ids."""
    article = _only_id(message.body.get("faq"))
    return {
        "id": message.id,
        "client_id": message.client_id if message.author is Author.CUSTOMER else None,
        "conversation": message.conversation_id,
        "author": message.author.value,
        "name": message.name,
        "text": message.text,
        "at": message.at.isoformat(),
        "buttons": [{"index": index, "title": button["title"]} for index, button in enumerate(message.buttons)],
        "order": message.body.get("order"),
        "card": message.body.get("card"),
        "article": article,
        "can_rate": article is not None,
        "rating": rating,
        "waiting": message.while_waiting,
        "image": message.body.get("image"),
        "attachments": attachments.shapes_in(message.body),
        # The text only stands for the files.
        "wordless": bool(message.body.get("wordless")),
        "contact_form": message.body.get("contact_form"),
        "csat": message.body.get("csat"),
        "lang": message.language,
    }


def for_desk(message: Message, standing: Standing | None = None) -> dict[str, Any]:
    """A message as agents see it, with the provenance of the bot's answers and where it is on its way."""
    shape = for_customer(message)
    shape.update(
        client_id=message.client_id,
        seq=message.seq,
        provenance=message.body.get("faq"),
        is_reply=message.reply_to is not None,
        agent_id=message.agent_id,
        delivery=delivery(standing) if standing else None,
        template=(message.body.get("template") or {}).get("name"),
    )
    return shape


def delivery(standing: Standing) -> dict[str, Any]:
    """Where a message is on its way to the customer's phone."""
    return {"state": standing.state.value, "reason": standing.reason, "detail": standing.detail}


def ticket_row(ticket: Ticket, conversation: Conversation, position: int | None, now: datetime) -> dict[str, Any]:
    """A line of the queue."""
    return {
        "number": ticket.number,
        "conversation": ticket.conversation_id,
        "kind": ticket.kind.value,
        "customer": customer_name(conversation),
        "channel": conversation.channel,
        "language": conversation.language,
        "tier": conversation.tier.value,
        "reason": ticket.reason,
        "team": ticket.team,
        "skills": list(ticket.skills),
        "stage": ticket.stage.name.lower(),
        "priority": ticket.priority,
        "summary": ticket.summary,
        "opened_at": ticket.opened_at.isoformat(),
        "waiting_seconds": max(0, int((now - ticket.opened_at).total_seconds())),
        "position": position,
        "last_text": conversation.last_text,
    }


def ticket_whole(
    ticket: Ticket, conversation: Conversation, position: int | None, now: datetime, claimed_by: str | None
) -> dict[str, Any]:
    """A ticket with all that was collected: the handoff brief."""
    shape = ticket_row(ticket, conversation, position, now)
    shape.update(
        status=ticket.status.value,
        slots=ticket.collected.get("slots") or {},
        order=ticket.collected.get("order"),
        profile=ticket.collected.get("profile"),
        contact=dict(ticket.contact) if ticket.contact else None,
        claimed_by=claimed_by,
        claimed_at=ticket.claimed_at.isoformat() if ticket.claimed_at else None,
    )
    return shape


def conversation_row(conversation: Conversation, agent: Agent | None, ticket: Ticket | None) -> dict[str, Any]:
    """A line of the desk's lists."""
    return {
        "id": conversation.id,
        "status": conversation.status.value,
        "channel": conversation.channel,
        "language": conversation.language,
        "customer": customer_name(conversation),
        "agent": {"id": agent.id, "name": agent.name} if agent else None,
        "last_text": conversation.last_text,
        "last_author": conversation.last_author,
        "last_at": iso(conversation.last_at),
        "unread": conversation.unanswered,
        "opened_at": conversation.opened_at.isoformat(),
        "closed_at": iso(conversation.closed_at),
        "tier": conversation.tier.value,
        "ticket": ticket.number if ticket else None,
        "team": ticket.team if ticket else None,
        "page": conversation.page,
        "last_seq": conversation.last_seq,
        "read_seq": conversation.read_seq,
        "snoozed_until": iso(conversation.snoozed_until),
        # Until when whoever has it must have said their first word; none once they have.
        "reply_due_at": iso(ticket.reply_due_at) if ticket else None,
    }


def agent(record: Agent) -> dict[str, Any]:
    """A member of the team, without anything secret."""
    return {
        "id": record.id,
        "login": record.login,
        "name": record.name,
        "role": record.role.value,
        "language": record.language,
        "presence": record.presence.value,
    }


def customer_name(conversation: Conversation) -> str:
    """The proved name, or a short handle that tells strangers apart."""
    return conversation.customer_name or f"#{conversation.id[:4].upper()}"


def _only_id(faq: Any) -> dict[str, Any] | None:
    return {"id": faq.get("id")} if isinstance(faq, dict) and faq.get("id") else None


def iso(moment: datetime | None) -> str | None:
    """A time on the wire."""
    return moment.isoformat() if moment else None


def promise(record: Promise, conversation: Conversation, owner: Agent | None, now: datetime) -> dict[str, Any]:
    """A promise as the desk shows it; `conversation` is where it can be kept now."""
    return {
        "id": record.id,
        "kind": record.kind.value,
        "state": record.state.value,
        "is_overdue": record.is_overdue(now),
        "what": record.what,
        "owner": {"id": owner.id, "name": owner.name} if owner else None,
        "team": record.team,
        "customer": customer_name(conversation),
        "conversation": conversation.id,
        "made_in": record.conversation_id,
        "message_id": record.message_id,
        "made_at": record.made_at.isoformat(),
        "due_at": record.due_at.isoformat(),
        "settled_at": iso(record.settled_at),
    }
