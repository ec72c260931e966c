"""A customer writes again soon after the close: the same person, when free to talk now; else the assistant, with what
it knew. It is a new conversation either way, so nothing of how the old one ended is repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from handoff import agents, conversations, tickets
from handoff.floor import Floor
from handoff.models import Status, TicketKind
from handoff.records import Agent, Conversation, Message, Wish

# What the assistant is told of the conversation before, so that nobody has to name it again. The ending of a phone is
# asked for anew: it proves who writes, and a conversation that is over proves nothing of the next.
_KEPT = ("order_number", "product")
# A thank-you after the close wants no person.
_THANKS = re.compile(
    r"[\W_]*(?:thanks?(?: you)?(?: so much| very much| a lot)?|thx|ty|cheers|ok(?:ay)?|bye|great|perfect|got it|noted"
    r"|多謝(?:晒|你|曬)?|唔該(?:晒|你)?|謝謝(?:您|你)?|谢谢(?:您|你)?|感謝|感谢|好(?:的|呀|啊)?|收到|明白|知道(?:了|喇)?|拜拜|再見|再见)+[\W_]*",
    re.IGNORECASE,
)


class Reopening:
    """Decides who answers a customer who comes back."""

    def __init__(self, floor: Floor, window: timedelta) -> None:
        self._floor = floor
        self._window = window

    def take_up(
        self, connection: Connection, conversation: Conversation, text: str, now: datetime
    ) -> tuple[Conversation, Message | None]:
        """A conversation that has just begun, with its first line stored: given back to the person of the one before,
        or left with the assistant, which then knows the orders that were proved."""
        earlier = self._earlier(connection, conversation, now)
        if earlier is None:
            return conversation, None
        for number in earlier.proved_orders:
            conversation = conversations.prove_order(connection, conversation, number)
        agent = self._agent_of(connection, earlier, now)
        if agent is None or _THANKS.fullmatch(text):
            return conversation, None
        before = tickets.last_of(connection, earlier.id)
        wish = Wish(
            reason="reopened",
            team=before.team if before else "support",
            summary=before.summary if before else "",
            collected=before.collected if before else {},
        )
        ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now)
        tickets.claim(connection, ticket, agent.id, now)
        return self._floor.give_word(connection, conversation, agent, now, "reopened", "agent_back")

    def context_of(self, connection: Connection, conversation: Conversation) -> Mapping[str, str]:
        """What the assistant knew at the end of the conversation before, when that was a moment ago."""
        earlier = self._earlier(connection, conversation, conversation.opened_at)
        ticket = tickets.last_of(connection, earlier.id) if earlier else None
        slots: Any = ticket.collected.get("slots") if ticket else None
        known = {name: str(slots[name]) for name in _KEPT if slots and slots.get(name)} if slots else {}
        if earlier is not None and earlier.proved_orders and "order_number" not in known:
            known["order_number"] = earlier.proved_orders[-1]
        return known

    def _earlier(self, connection: Connection, conversation: Conversation, now: datetime) -> Conversation | None:
        if not self._window:
            return None
        for conversation_id in conversations.ids_of_sender(connection, conversation.channel, conversation.sender, 2):
            one = conversations.find(connection, conversation_id)
            if one.id != conversation.id and one.closed_at is not None and one.closed_at >= now - self._window:
                return one
        return None

    def _agent_of(self, connection: Connection, earlier: Conversation, now: datetime) -> Agent | None:
        """The person who had the word at the close, when they can take it now."""
        moves = conversations.moves_of(connection, [earlier.id])
        if len(moves) < 2 or moves[-2].to is not Status.AGENT:
            return None
        agent = agents.by_id(connection, moves[-2].agent_id)
        return agent if agent and self._floor.can_take(connection, agent, now) else None
