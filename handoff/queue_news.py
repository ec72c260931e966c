"""News of the place in the queue for customers whose channel shows none by itself: at sensible moments only.

The widget shows place and wait as they change. In a text channel each news is a message that rings, so it comes when
the customer is next, or when the place has halved since it was told, and not more often than the setting says.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from handoff import conversations, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.floor import Floor
from handoff.records import Conversation, Message

log = logging.getLogger(__name__)

# Who stands further back has nothing new to hear, and a long queue costs nothing.
FIRST_PLACES = 100


class QueueNews:
    """Goes through those who wait."""

    def __init__(self, database: Database, floor: Floor, every: timedelta, clock: Clock) -> None:
        self._database = database
        self._floor = floor
        self._every = every
        self._clock = clock

    async def look(self) -> int:
        """Tell who has moved up. Returns how many were told."""
        if not self._every:
            return 0
        due = await self._database.read(self._due)
        told = 0
        for conversation_id, position in due:
            done = await self._database.write(lambda c, i=conversation_id, p=position: self._tell(c, i, p))  # type: ignore[misc]
            if done is not None:
                await self._floor.tell_and_deliver(done[0], [done[1]])
                told += 1
        return told

    def _due(self, connection: Connection) -> list[tuple[str, int]]:
        now, due = self._clock(), []
        for place, ticket in enumerate(tickets.waiting_live(connection)[:FIRST_PLACES], start=1):
            conversation = conversations.find(connection, ticket.conversation_id)
            post = self._floor.post
            if post.pulled_by_customer(conversation.channel) or post.answered_in_response(conversation.channel):
                continue
            if self._is_news(connection, ticket.conversation_id, place, now):
                due.append((ticket.conversation_id, place))
        return due

    def _is_news(self, connection: Connection, conversation_id: str, place: int, now: datetime) -> bool:
        told = transcript.last_place_told(connection, conversation_id)
        if told is None or place >= told[0] or now - told[1] < self._every:
            return False
        return place == 1 or place <= told[0] // 2

    def _tell(self, connection: Connection, conversation_id: str, place: int) -> tuple[Conversation, Message] | None:
        line = self._floor.news_of_place(connection, conversation_id, place, self._clock())
        return (conversations.find(connection, conversation_id), line) if line else None
