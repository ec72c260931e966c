"""Telling customers that their question has an answer by now: those who agreed to it, once, where they asked."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy.engine import Connection

from faq_kb import Article, KnowledgeFollower, misses
from faq_kb.articles import Reader
from faq_kb.misses import Asker
from handoff import conversations, texts, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.floor import Floor
from handoff.models import Author, Status, TicketKind
from handoff.records import Conversation, Draft, Message, Wish

log = logging.getLogger(__name__)

# Hong Kong, Taiwan and mainland China share one offset, and articles are valid by their calendar.
SHOP_OFFSET = timedelta(hours=8)


class Telling:
    """Goes through those who wait for an answer."""

    def __init__(self, database: Database, floor: Floor, knowledge: KnowledgeFollower, clock: Clock) -> None:
        self._database = database
        self._floor = floor
        self._knowledge = knowledge
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
        if done is None:
            return False
        conversation, lines, has_ticket = done
        await self._floor.tell_and_deliver(conversation, lines, queue=has_ticket)
        return True

    def _store(
        self, connection: Connection, asker: Asker, article: Article
    ) -> tuple[Conversation, list[Message], bool] | None:
        """The answer in the customer's conversation, and that they were told; None when it has to wait."""
        now = self._clock()
        asked_in = conversations.find(connection, asker.conversation_id)
        conversation = conversations.open_or_begin(
            connection, asked_in.channel, asked_in.sender, now, asker.language, asked_in.page
        )
        reader = Reader(conversation.channel.partition(":")[0], conversation.signed_in(now))
        # Whoever speaks with the customer now is not interrupted.
        if conversation.status is not Status.BOT or not article.is_for(reader):
            return None
        if not misses.told(connection, asker.id, now):
            return None
        lines = [self._say(connection, conversation, asker, article)]
        reaches = asker.contact.get("email") or asker.contact.get("phone")
        if reaches:
            lines.append(self._leave_for_agents(connection, conversation, asker, str(reaches), lines[0].text))
        return conversation, lines, bool(reaches)

    def _say(self, connection: Connection, conversation: Conversation, asker: Asker, article: Article) -> Message:
        spoken = conversation.language
        opening = texts.say("answer_exists", spoken, question=asker.question)
        draft = Draft(
            author=Author.ASSISTANT,
            text=f"{opening}\n\n{article.answer_in(spoken)}",
            body={
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
            },
            delivered=self._floor.post.pulled_by_customer(conversation.channel),
        )
        return transcript.append(connection, conversation, draft, self._clock())

    def _leave_for_agents(
        self, connection: Connection, conversation: Conversation, asker: Asker, reaches: str, text: str
    ) -> Message:
        """There is no mail yet: the text and the address wait at the desk, for a person to send."""
        now = self._clock()
        wish = Wish(reason="answer_exists", summary=f"{reaches}: {asker.question}"[:500])
        ticket = tickets.open_one(connection, conversation.id, wish, TicketKind.MESSAGE, now)
        tickets.set_contact(connection, ticket, dict(asker.contact))
        note = Draft(author=Author.NOTE, text=f"{reaches}\n\n{text}", delivered=True)
        return transcript.append(connection, conversation, note, now)
