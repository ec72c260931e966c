"""Going on with a customer on another of their channels: which there are, and the move.

Only the senders of the customer's own record count, which are theirs by proof. A browser counts only while whoever sits
at it has proved who they are. The conversation that is left is closed in the same transaction in which the other one
gets the agent, so asking twice moves once and answers with the same conversation.

It is one case still: its tags go along, what its team wants said at a close is asked at the end of the other one, and
figures count both as one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from handoff import attachments, contact_proofs, conversations, customers, tags, texts, tickets, transcript
from handoff.attachment_store import AttachmentStore
from handoff.attachments import Attachment
from handoff.contact_proofs import ACCOUNT, Token
from handoff.customers import Sender
from handoff.errors import BadInput, ConversationClosed, NotAllowed, NotYourConversation, StaleEpoch
from handoff.floor import Floor
from handoff.models import SURE, Author, Status, TicketKind, TicketStatus
from handoff.records import SAID_AGAIN, Agent, Conversation, Draft, Message, Wish

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a customer can be written to: a sender on a channel, and their newest conversation there."""

    id: str
    channel: str
    sender: str
    last: Conversation | None


class Moving:
    """Knows the places of a customer and moves conversations there."""

    def __init__(self, floor: Floor, store: AttachmentStore) -> None:
        self._floor = floor
        self._store = store

    def places(self, connection: Connection, conversation: Conversation) -> list[Place]:
        """The customer's other places; none where nothing says who writes here."""
        is_page = self._floor.post.pulled_by_customer(conversation.channel)
        if is_page and conversation.tier not in SURE:
            return []
        own = (conversation.channel, conversation.sender)
        found = []
        for channel, sender in self._senders(connection, conversation):
            last = conversations.last_of_sender(connection, channel, sender)
            if (channel, sender) != own and self._is_open_to_us(channel, last):
                name = hashlib.sha256(f"{channel}\n{sender}".encode("utf-8", "replace")).hexdigest()[:16]
                found.append(Place(name, channel, sender, last))
        return found

    def _senders(self, connection: Connection, conversation: Conversation) -> list[Sender]:
        """Of the customer's record; and where the shop signs for them now, what their account was linked from."""
        found = list(customers.of(connection, (conversation.channel, conversation.sender)).senders)
        if conversation.customer_id and conversation.signed_in(self._floor.clock()):
            account = Token(ACCOUNT, conversation.customer_id)
            found += [one for one in contact_proofs.senders_of(connection, account) if one not in found]
        return found

    async def move(self, agent: Agent, conversation_id: str, to: object, message_id: object = None) -> Conversation:
        """Close this conversation and go on at that place, with the message that did not arrive if one is named; the
        conversation there. Raises BadInput, NotAllowed, NotYourConversation, ConversationClosed, StaleEpoch, and where
        the channel there does not send the files of the message, AttachmentsNotTaken."""
        if not agent.answers_customers:
            raise NotAllowed()
        files = await self._files_again(agent, conversation_id, message_id)

        def work(connection: Connection) -> tuple[Conversation, list[tuple[Conversation, list[Message]]]]:
            left = conversations.find(connection, conversation_id)
            known = self._moved_to(connection, left)
            if known is not None:
                return known, []
            if left.status is Status.CLOSED:
                raise ConversationClosed()
            if left.status is not Status.AGENT or left.agent_id != agent.id:
                raise NotYourConversation()
            place = next((one for one in self.places(connection, left) if one.id == to), None)
            if place is None:
                raise BadInput("to must be the id of one of the customer's other channels.", field="to")
            now = self._floor.clock()
            there, lines = self._begin(connection, agent, left, place, now)
            if message_id is not None:
                lines.append(self._again(connection, agent, left, there, message_id, files))
            return there, [self._leave(connection, agent, left, there, place, now), (there, lines)]

        try:
            there, told = await self._floor.database.write(work)
        except StaleEpoch:
            # Somebody moved it in the same moment; a second try of ours finds where to.
            there, told = await self._floor.database.write(work)
        for conversation, lines in told:
            await self._floor.tell_and_deliver(conversation, lines, queue=True)
        log.info("Conversation moved", extra={"event": "moved", "channel": there.channel, "agent_id": agent.id})
        return there

    def _is_open_to_us(self, channel: str, last: Conversation | None) -> bool:
        if self._floor.post.pulled_by_customer(channel):
            return last is not None and last.status is not Status.CLOSED and last.tier in SURE
        # Where the provider makes sure who writes, the customer has to write first.
        may_begin = last is not None or not self._floor.post.is_sender_sure(channel)
        return may_begin and self._floor.post.is_written_to(channel)

    def _begin(
        self, connection: Connection, agent: Agent, left: Conversation, place: Place, now: datetime
    ) -> tuple[Conversation, list[Message]]:
        there = conversations.open_or_begin(connection, place.channel, place.sender, now, left.language)
        if place.last is not None and place.last.id != there.id and place.last.wrote_at is not None:
            # What the channel needs to write back, and since when its time to do so runs.
            conversations.set_reach(connection, there.id, place.last.reach, place.last.wrote_at)
        if contact_proofs.of(connection, [(place.channel, place.sender)]):
            conversations.prove_contact(connection, there.id)
        there = conversations.find(connection, there.id)
        if there.status is Status.AGENT:
            if there.agent_id != agent.id:
                raise NotYourConversation("A colleague talks with the customer on that channel.")
            line = self._floor.system_line(connection, there, "moved_here", now, name=agent.name)
        else:
            ticket = tickets.open_of(connection, there.id)
            if ticket is None:
                before = tickets.open_of(connection, left.id)
                wish = Wish(reason="moved", team=before.team) if before else Wish(reason="moved")
                ticket = tickets.open_one(connection, there.id, wish, TicketKind.LIVE, now)
            tickets.claim(connection, ticket, agent.id, now, self._floor.reply_due(ticket, now))
            there, line = self._floor.give_word(connection, there, agent, now, "moved", "moved_here")
        case = tickets.last_of(connection, left.id)
        words = texts.say("moved_note", agent.language, number=case.number if case else left.id[:4].upper())
        tags.go_along(connection, left.id, there.id)
        body = {transcript.CAME_FROM: left.id}
        draft = Draft(author=Author.NOTE, text=words, body=body, agent_id=agent.id, name=agent.name, delivered=True)
        return there, [line, transcript.append(connection, there, draft, now)]

    async def _files_again(self, agent: Agent, conversation_id: str, message_id: object) -> list[Attachment]:
        """The files of this line, each with an id of its own, for a file is of one message."""

        def work(connection: Connection) -> list[Attachment]:
            left = conversations.find(connection, conversation_id)
            said = transcript.find(connection, [left.id], message_id) if isinstance(message_id, int) else None
            if said is None or said.author is not Author.AGENT:
                return []
            if left.status is not Status.AGENT or left.agent_id != agent.id:
                return []  # it is not theirs, or has been moved already
            ids = [one["id"] for one in said.body.get("attachments") or ()]
            return [attachments.for_agent(connection, agent.id, one) for one in ids]

        known = await self._floor.database.read(work)
        return [await self._store.copy(one, attachments.agent(agent.id), agent.id) for one in known]

    def _again(
        self,
        connection: Connection,
        agent: Agent,
        left: Conversation,
        there: Conversation,
        message_id: object,
        files: Sequence[Attachment],
    ) -> Message:
        """A line of ours that was refused, with its files, said once more."""
        said = transcript.find(connection, [left.id], message_id) if isinstance(message_id, int) else None
        if said is None or said.author is not Author.AGENT or not said.text:
            raise BadInput("message must be the id of a line of an agent in this conversation.", field="message")
        attachments.must_fit(files, self._floor.file_limits(there))
        delivered = self._floor.post.pulled_by_customer(there.channel)
        draft = Draft(
            author=Author.AGENT,
            text=said.text,
            agent_id=agent.id,
            name=agent.name,
            delivered=delivered,
            body={SAID_AGAIN: said.id, **attachments.in_body(files, is_wordless=bool(said.body.get("wordless")))},
        )
        again = transcript.append(connection, there, draft, self._floor.clock(), guarded=True)
        if files:
            attachments.put_into(connection, attachments.agent(agent.id), [one.id for one in files], there.id, again.id)
        return again

    def _leave(
        self,
        connection: Connection,
        agent: Agent,
        left: Conversation,
        there: Conversation,
        place: Place,
        now: datetime,
    ) -> tuple[Conversation, list[Message]]:
        tickets.end(connection, left.id, TicketStatus.CLOSED, now)
        gone = conversations.move(
            connection, left, Status.CLOSED, now, f"agent:{agent.login}", f"{conversations.WENT_ON}{there.id}"
        )
        where = shown(place.channel, place.sender)
        return gone, [self._floor.system_line(connection, gone, "moved_away", now, name=agent.name, place=where)]

    def _moved_to(self, connection: Connection, left: Conversation) -> Conversation | None:
        if left.status is not Status.CLOSED:
            return None
        last = conversations.moves_of(connection, [left.id])[-1]
        there = conversations.went_on_in(last)
        return conversations.find(connection, there) if there else None


def shown(channel: str, sender: str) -> str:
    """A place as its owner knows it, and nobody else learns it."""
    kind = channel.partition(":")[0]
    if "@" in sender:
        name, _, host = sender.partition("@")
        return f"{name[:1]}•••@{host}"
    digits = sender.lstrip("+")
    return f"•••• {digits[-4:]}" if digits.isdecimal() and len(digits) > 4 else kind
