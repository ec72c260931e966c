"""The shop's articles at the desk: searching them, and calling an answer of the assistant wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from sanic.request import Request
from sqlalchemy.engine import Connection

from faq_kb import KnowledgeFollower, markup
from handoff import conversations, texts, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.cards import Cards
from handoff.desk.wire import Route, asker_locale, body_of, words_of
from handoff.errors import BadInput
from handoff.learning import Learning, Reported, faq_of
from handoff.models import Author
from handoff.records import Agent

log = logging.getLogger(__name__)

MAX_ARTICLE_ID = 80


class AnswersApi:
    """What agents do with articles."""

    def __init__(
        self,
        database: Database,
        knowledge: KnowledgeFollower,
        learning: Learning,
        cards: Cards,
        clock: Clock,
        site: str,
    ) -> None:
        self._cards = cards
        self._site = site  # goes before the paths in articles
        self._database = database
        self._knowledge = knowledge
        self._learning = learning
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        yield "/faq", "GET", self._faq
        yield "/messages/<message_id:int>/wrong-answer", "POST", self._wrong_answer

    async def _faq(self, agent: Agent, request: Request) -> dict[str, Any]:
        words, locale = words_of(request), asker_locale(agent, request)
        if locale not in texts.LOCALES:
            raise BadInput(f"locale must be one of {', '.join(texts.LOCALES)}.", field="locale")
        base = self._knowledge.current
        hits = base.search(words, limit=8) if words else []
        found = [(base.articles[hit.article_id], hit.score) for hit in hits if hit.article_id in base.articles]
        return {
            "articles": [
                {
                    "id": article.id,
                    "question": article.question_in(locale),
                    "answer": article.answer_in(locale),
                    # What an agent sends is a message like any other, and nobody shows its markup.
                    "plain": markup.plain(article.answer_in(locale), self._site),
                    # Where an agent can send customers to; null where not everybody may read it.
                    "page": self._cards.page_of(article, locale),
                    "score": round(score, 3),
                }
                for article, score in found
            ]
        }

    async def _wrong_answer(self, agent: Agent, request: Request, message_id: int) -> dict[str, Any]:
        """Keep the question that got a wrong answer; who may edit articles is shown where to mend it.

        `as` says how: `not_asked_as` the article that answered, `asked_as` the one that would be right, or `new`.
        """
        body = body_of(request)
        kind, article = body.get("as"), body.get("article")
        if kind not in ("asked_as", "not_asked_as", "new"):
            raise BadInput("as must be asked_as, not_asked_as or new.", field="as")
        if article is not None and not (isinstance(article, str) and 0 < len(article) <= MAX_ARTICLE_ID):
            raise BadInput("article must be the id of an article.", field="article")
        if kind == "asked_as" and article not in self._knowledge.current.articles:
            raise BadInput("article must be the id of the article that would be right.", field="article")

        def work(connection: Connection) -> tuple[Reported, str]:
            answer = transcript.one(connection, message_id)
            if answer is None or answer.author is not Author.ASSISTANT:
                raise BadInput("Only what the assistant said can be a wrong answer.")
            if kind == "not_asked_as" and not faq_of(answer):
                raise BadInput("No article gave this answer.", field="as")
            conversation = conversations.find(connection, answer.conversation_id)
            right = article if kind == "asked_as" else None
            reported = self._learning.wrong(connection, conversation, answer, right, self._clock())
            if reported is None:
                raise BadInput("No question of the customer led to this.")
            return reported, article or str(faq_of(answer).get("id", ""))

        reported, where = await self._database.write(work)
        log.info("An answer was called wrong", extra={"event": "wrong_answer", "message_id": message_id})
        link = _where_to_mend(reported, kind, where)
        return {"question": reported.question, "link": link if agent.edits_articles else None}


def _where_to_mend(reported: Reported, kind: str, article_id: str) -> str:
    """In the console: the article with the question filled in; or, for a new one, the question among those missed."""
    if kind == "new":
        return f"/faq#/misses?{urlencode({'miss': reported.miss_id})}"
    filled = {"ask": reported.question, "as": kind}
    # The question stays open after a counter-example: it still has no answer.
    if kind == "asked_as":
        filled["miss"] = str(reported.miss_id)
    return f"/faq#/articles/{quote(article_id, safe='')}?{urlencode(filled)}"
