"""Passing a conversation on: to a colleague or a team, bringing a colleague in, putting it aside for a while.

As on the floor, every operation has three beats: check, do (one transaction), tell (after the commit).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from handoff import agents, conversations, guests, mentions, tickets, transcript
from handoff.errors import (
    BadInput,
    ConversationClosed,
    MoveNotAllowed,
    NotYourConversation,
    StaleEpoch,
    TextTooLong,
    UnknownAgent,
)
from handoff.floor import DESK_TOPIC, Floor
from handoff.models import Author, Status, TicketKind
from handoff.plain import plain
from handoff.records import Agent, Conversation, Draft, Message, Wish

log = logging.getLogger(__name__)

MAX_NOTE_CHARS = 2_000
LONGEST_SNOOZE = timedelta(days=90)


class Passing:
    """What one who has the word may do to share it, give it away or put it aside."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    async def to_agent(self, agent: Agent, conversation_id: str, to: int, note: str = "") -> Conversation:
        """Give the word to a colleague, with a note for them. Raises UnknownAgent, NotYourConversation."""
        cleaned = self._note(note)

        def work(connection: Connection) -> tuple[Conversation, list[Message]]:
            now = self.floor.clock()
            conversation = self._held_by(connection, agent, conversation_id)
            receiver = _colleague(connection, to)
            if receiver.id == conversation.agent_id:
                raise BadInput(f"{receiver.name} has this conversation already.", field="agent")
            lines = self._write_note(connection, conversation, agent, f"@{receiver.login} {cleaned}".strip(), now)
            ticket = tickets.open_of(connection, conversation.id)
            if ticket is None:
                wish = Wish(reason="transferred")
                ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now)
            tickets.hand_to(connection, ticket, receiver.id, now, self.floor.reply_due(ticket, now))
            moved, line = self.floor.give_word(
                connection, conversation, receiver, now, f"transferred by {agent.login}", "agent_changed"
            )
            return moved, [*lines, line]

        moved, lines = await self.floor.database.write(work)
        log.info("Conversation passed on", extra={"event": "transferred", "from": agent.id, "to": to})
        await self._told(moved, lines)
        return moved

    async def to_team(self, agent: Agent, conversation_id: str, team: str, note: str = "") -> Conversation:
        """Back into the queue, for another team, with a note for whoever takes it."""
        cleaned = self._note(note)

        def work(connection: Connection) -> tuple[Conversation, list[Message]]:
            now = self.floor.clock()
            conversation = self._held_by(connection, agent, conversation_id)
            lines = self._write_note(connection, conversation, agent, cleaned, now) if cleaned else []
            ticket = tickets.open_of(connection, conversation.id)
            if ticket is None:
                wish = Wish(reason="transferred", team=team)
                ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.LIVE, now)
            ticket = tickets.send_to(connection, tickets.put_back(connection, ticket), team)
            position = tickets.position(connection, ticket) or 1
            moved = conversations.move(
                connection, conversation, Status.WAITING, now, f"agent:{agent.login}", f"transferred:{team}"[:80]
            )
            line = self.floor.system_line(connection, moved, "released", now, name=agent.name, position=position)
            return moved, [*lines, line]

        moved, lines = await self.floor.database.write(work)
        log.info("Conversation passed on", extra={"event": "transferred", "from": agent.id, "team": team})
        await self._told(moved, lines)
        return moved

    async def invite(self, agent: Agent, conversation_id: str, colleague: int) -> Conversation:
        """Bring a colleague in, who may read and write beside; the word stays with the one who has it."""

        def work(connection: Connection) -> tuple[Conversation, list[Message]]:
            now = self.floor.clock()
            conversation = self._held_by(connection, agent, conversation_id)
            guest = _colleague(connection, colleague)
            if guest.id == conversation.agent_id:
                raise BadInput(f"{guest.name} has this conversation already.", field="agent")
            if not guests.invite(connection, conversation, guest.id, agent.id, now):
                return conversation, []
            return conversation, [
                self.floor.system_line(connection, conversation, "colleague_joined", now, name=guest.name)
            ]

        conversation, lines = await self.floor.database.write(work)
        self._tell_agent(colleague, "invited", conversation, agent.name)
        await self._told(conversation, lines)
        return conversation

    async def send_away(self, agent: Agent, conversation_id: str, colleague: int) -> Conversation:
        """The invited colleague goes: by themselves, or asked by the one who has the word."""

        def work(connection: Connection) -> Conversation:
            conversation = conversations.find(connection, conversation_id)
            if colleague != agent.id:
                self._held_by(connection, agent, conversation_id)
            guests.leave(connection, conversation_id, colleague)
            return conversation

        conversation = await self.floor.database.write(work)
        await self._told(conversation, [])
        return conversation

    async def snooze(self, agent: Agent, conversation_id: str, until: datetime | None) -> Conversation:
        """Put a conversation aside; it comes back at the time, or when the customer writes. None takes it up now."""
        now = self.floor.clock()
        if until is not None and not now < until <= now + LONGEST_SNOOZE:
            raise BadInput(f"until must be in the future, at most {LONGEST_SNOOZE.days} days from now.", field="until")

        def work(connection: Connection) -> Conversation:
            conversation = self._held_by(connection, agent, conversation_id)
            if not conversations.snooze(connection, conversation, until, agent.id):
                raise StaleEpoch()
            return conversations.find(connection, conversation_id)

        conversation = await self.floor.database.write(work)
        await self._told(conversation, [])
        return conversation

    async def wake(self) -> int:
        """Bring back what was put aside until now; how many came. Run again and again."""
        now = self.floor.clock()
        if not await self.floor.database.read(lambda c: conversations.any_due(c, now)):
            return 0
        back = await self.floor.database.write(lambda c: conversations.wake(c, now))
        for conversation in back:
            if conversation.agent_id is not None:
                self._tell_agent(conversation.agent_id, "woke", conversation, "")
            self.floor.tell(conversation, [], queue=True)
        return len(back)

    # -- the parts ---------------------------------------------------------------------------------------------

    def _held_by(self, connection: Connection, agent: Agent, conversation_id: str) -> Conversation:
        """The conversation, when a person has it and this one may decide. Raises NotYourConversation and others."""
        conversation = conversations.find(connection, conversation_id)
        if conversation.status is Status.CLOSED:
            raise ConversationClosed()
        if conversation.status is not Status.AGENT:
            raise MoveNotAllowed("Take the conversation first.")
        if conversation.agent_id != agent.id and not agent.may_take_over:
            raise NotYourConversation()
        return conversation

    def _note(self, note: str) -> str:
        cleaned = self.floor.masking.hide(plain(note).strip())
        if len(cleaned) > MAX_NOTE_CHARS:
            raise TextTooLong(f"A note has at most {MAX_NOTE_CHARS} characters.", field="note", limit=MAX_NOTE_CHARS)
        return cleaned

    def _write_note(
        self, connection: Connection, conversation: Conversation, agent: Agent, text: str, now: datetime
    ) -> list[Message]:
        draft = Draft(author=Author.NOTE, text=text, agent_id=agent.id, name=agent.name, delivered=True)
        note = transcript.append(connection, conversation, draft, now)
        mentions.keep(connection, note, now)
        return [note]

    async def _told(self, conversation: Conversation, lines: list[Message]) -> None:
        for line in lines:
            if line.author is Author.NOTE:
                self.floor.tell_named(line)
        await self.floor.tell_and_deliver(conversation, lines, queue=True)

    def _tell_agent(self, agent_id: int, kind: str, conversation: Conversation, by: str) -> None:
        event = {"kind": kind, "agent": agent_id, "conversation": conversation.id, "by": by}
        self.floor.live.publish(DESK_TOPIC, event)


def _colleague(connection: Connection, agent_id: int) -> Agent:
    found = agents.by_id(connection, agent_id)
    if found is None or not found.active or not found.answers_customers:
        raise UnknownAgent()
    return found
