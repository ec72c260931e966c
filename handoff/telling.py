"""Telling customers that their question has an answer by now: those who agreed to it, once.

They hear it where they asked, and by mail or SMS where they left a contact and the shop has such a channel.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from faq_kb import Article, KnowledgeFollower, misses
from faq_kb.articles import Reader
from faq_kb.help.library import STRANGER
from faq_kb.misses import Asker
from handoff import conversations, texts, tickets, transcript
from handoff.clock import Clock
from handoff.contact_proofs import EMAIL
from handoff.database import Database
from handoff.floor import Floor
from handoff.models import Author, Status, TicketKind
from handoff.records import Conversation, Draft, Message, Wish

log = logging.getLogger(__name__)

# Hong Kong, Taiwan and mainland China share one offset, and articles are valid by their calendar.
SHOP_OFFSET = timedelta(hours=8)


@dataclass(frozen=True)
class Place:
    """Where somebody can be written to unasked: the kind of contact, the channel that takes it there, the sender."""

    kind: str
    channel: str
    sender: str

    def is_of(self, conversation: Conversation) -> bool:
        """Whether this conversation is held there."""
        address = conversation.sender.rpartition("\x1f")[2]
        return (conversation.channel, address) == (self.channel, self.sender)


# The place of what somebody left, and their language; None where no channel writes there.
PlaceOf = Callable[[Mapping[str, Any], str], "Place | None"]


@dataclass(frozen=True)
class _Told:
    """What was said in a conversation, and whether somebody at the desk has to look at it."""

    conversation: Conversation
    lines: list[Message]
    has_ticket: bool = False


class Telling:
    """Goes through those who wait for an answer."""

    def __init__(
        self,
        database: Database,
        floor: Floor,
        knowledge: KnowledgeFollower,
        place_of: PlaceOf,
        help_address: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._floor = floor
        self._knowledge = knowledge
        self._place_of = place_of
        self._help_address = help_address
        self._clock = clock

    async def tell_all(self) -> int:
        """Tell everybody whose article is served by now. Returns how many were told."""
        told = 0
        for asker in await self._database.read(misses.to_be_told):
            article = self._knowledge.current.articles.get(asker.article_id or "")
            if article is not None and article.is_valid_on((self._clock() + SHOP_OFFSET).date()):
                told += await self._tell(asker, article)
        if told:
            log.info("Customers were told of an answer", extra={"event": "askers_told", "count": told})
        return told

    async def _tell(self, asker: Asker, article: Article) -> bool:
        done = await self._database.write(lambda c: self._store(c, asker, article))
        for told in done or ():
            await self._floor.tell_and_deliver(told.conversation, told.lines, queue=told.has_ticket)
        return done is not None

    def _store(self, connection: Connection, asker: Asker, article: Article) -> list[_Told] | None:
        """The answer where the customer asked and where they left word to be reached; None when it has to wait."""
        now = self._clock()
        asked_in = conversations.find(connection, asker.conversation_id)
        conversation = conversations.open_or_begin(
            connection, asked_in.channel, asked_in.sender, now, asker.language, asked_in.page
        )
        reader = Reader(conversation.channel.partition(":")[0], conversation.signed_in(now))
        # Whoever speaks with the customer now is not interrupted.
        if conversation.status is not Status.BOT or not article.is_for(reader):
            return None
        contact = self._contact_of(connection, asker)
        place = self._place_of(contact, asker.language) if contact else None
        if place is not None and place.is_of(conversation):
            place, contact = None, {}
        if place is not None and not article.is_for(Reader(place.channel.partition(":")[0])):
            place = None
        elsewhere = self._begin_at(connection, place, asker) if place is not None else None
        if elsewhere is not None and elsewhere.status is not Status.BOT:
            return None
        if not misses.told(connection, asker.id, now):
            return None
        told = _Told(conversation, [self._say(connection, conversation, asker.question, article)])
        if elsewhere is not None and place is not None:
            return [told, self._write_to(connection, elsewhere, place, article)]
        reaches = contact.get("email") or contact.get("phone")
        if not reaches:
            return [told]
        note = self._leave_for_agents(connection, conversation, contact, asker, str(reaches), told.lines[0].text)
        return [_Told(conversation, [*told.lines, note], has_ticket=True)]

    def _contact_of(self, connection: Connection, asker: Asker) -> Mapping[str, Any]:
        """What they left when they agreed, or since."""
        left = tickets.contacts_of(connection, [asker.conversation_id])
        return asker.contact or (left[-1] if left else {})

    def _say(self, connection: Connection, conversation: Conversation, question: str, article: Article) -> Message:
        channel, spoken = conversation.channel.partition(":")[0], conversation.language
        opening = texts.say("answer_exists", spoken, question=question)
        return self._append(connection, conversation, article, [opening, "", *_words(article, channel, spoken)])

    def _begin_at(self, connection: Connection, place: Place, asker: Asker) -> Conversation:
        now = self._clock()
        return conversations.open_or_begin(connection, place.channel, place.sender, now, asker.language)

    def _write_to(self, connection: Connection, there: Conversation, place: Place, article: Article) -> _Told:
        """To an address or number that was left and that nobody has proved: in words of the shop alone."""
        spoken, channel = there.language, there.channel.partition(":")[0]
        question, page = article.question_in(spoken), self._page_of(article, spoken)
        opening = texts.say("answer_exists", spoken, question=question)
        if place.kind != EMAIL:
            # Every segment is paid for.
            lines = [opening, article.answer_on(channel, spoken), *filter(None, [page])]
            return _Told(there, [self._append(connection, there, article, lines, with_image=False)])
        online = ["", texts.say("answer_online", spoken, url=page)] if page else []
        lines = [opening, "", *_words(article, channel, spoken), *online, "", texts.say("told_once", spoken)]
        if there.reach is None:
            subject = texts.say("answer_exists_subject", spoken, question=question)
            conversations.set_reach(connection, there.id, {"subject": subject}, None)
        return _Told(conversations.find(connection, there.id), [self._append(connection, there, article, lines)])

    def _page_of(self, article: Article, locale: str) -> str | None:
        return f"{self._help_address}/{locale}/{article.id}" if article.is_for(STRANGER) else None

    def _append(
        self,
        connection: Connection,
        conversation: Conversation,
        article: Article,
        lines: Sequence[str],
        with_image: bool = True,
    ) -> Message:
        body: dict[str, Any] = {
            "key": "answer_exists",
            "faq": {
                "id": article.id,
                "file": article.source,
                "line": article.line,
                "version": self._knowledge.current.version,
                "score": None,
                "runners_up": [],
                "rule": "told",
            },
        }
        if article.image and with_image:
            body["image"] = article.image
        delivered = self._floor.post.pulled_by_customer(conversation.channel)
        draft = Draft(author=Author.ASSISTANT, text="\n".join(lines), body=body, delivered=delivered)
        return transcript.append(connection, conversation, draft, self._clock())

    def _leave_for_agents(
        self,
        connection: Connection,
        conversation: Conversation,
        contact: Mapping[str, Any],
        asker: Asker,
        reaches: str,
        text: str,
    ) -> Message:
        """No channel writes there: the text and the contact wait at the desk, for a person to send."""
        now = self._clock()
        wish = Wish(reason="answer_exists", summary=f"{reaches}: {asker.question}"[:500])
        ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.MESSAGE, now)
        tickets.set_contact(connection, ticket, dict(contact))
        note = Draft(author=Author.NOTE, text=f"{reaches}\n\n{text}", delivered=True)
        return transcript.append(connection, conversation, note, now)


def _words(article: Article, channel: str, locale: str) -> list[str]:
    """What the assistant says with an article on this channel: the answer, then its links."""
    return [article.answer_on(channel, locale), *(f"{link.label_in(locale)}: {link.url}" for link in article.links)]
