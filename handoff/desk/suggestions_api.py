"""Suggested replies: from the articles and from what people answered before. Drafts; nothing is sent by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from faq_kb import KnowledgeFollower, Reader, markup
from handoff import blanks, conversations, shapes, tickets, transcript
from handoff.database import Database
from handoff.desk.canned_api import called_as_noted, filled
from handoff.desk.customers import Customers
from handoff.desk.wire import Route
from handoff.earlier_answers import QUESTION_CHARS, EarlierAnswer, EarlierAnswers
from handoff.models import Author
from handoff.records import Agent, Conversation, Message, Ticket, is_template, is_typed

LINES_LOOKED_AT = 12
ARTICLES = 2
PROBABLE = 0.3


class SuggestionsApi:
    """What the agent could answer to the customer's last question."""

    def __init__(self, database: Database, knowledge: KnowledgeFollower, customers: Customers, site: str) -> None:
        self._database = database
        self._knowledge = knowledge
        self._customers = customers
        self._site = site
        self._earlier = EarlierAnswers()

    def routes(self) -> Iterable[Route]:
        yield "/conversations/<conversation_id:str>/suggestions", "GET", self._suggestions

    async def _suggestions(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        def work(connection: Connection) -> tuple[Conversation, Ticket | None, str, list[EarlierAnswer]]:
            conversation = conversations.find(connection, conversation_id)
            question = _question(transcript.latest_of_conversation(connection, conversation_id, LINES_LOOKED_AT))
            answers = self._earlier.like(connection, conversation, question, agent) if question else []
            ticket = tickets.last_of(connection, conversation.id)
            return called_as_noted(connection, conversation), ticket, question, answers

        conversation, ticket, question, answers = await self._database.read(work)
        found = self._articles(question, conversation)
        for one in answers:
            language = conversation.language
            text = await filled(one.text, conversation, ticket, agent, self._customers, language)
            more = {"message": one.message_id, "by": one.by, "at": shapes.iso(one.at)}
            found.append({"source": "answer", "text": text, "missing": blanks.left_in(text), **more})
        return {"question": question, "suggestions": found}

    def _articles(self, question: str, conversation: Conversation) -> list[dict[str, Any]]:
        base = self._knowledge.current
        reader = Reader(conversation.channel.partition(":")[0])
        hits = base.search(question, limit=ARTICLES, reader=reader) if question else []
        return [
            {
                "source": "article",
                "article": article.id,
                "title": article.question_in(conversation.language),
                "text": markup.plain(article.answer_in(conversation.language), self._site),
                "missing": [],
            }
            for hit in hits
            if hit.score >= PROBABLE and (article := base.articles.get(hit.article_id)) is not None
        ]


def _question(lines: list[Message]) -> str:
    """What the customer said since somebody of us last answered, in one."""
    asked: list[str] = []
    for line in reversed(lines):
        if line.author is Author.AGENT and not is_template(line.body):
            break
        if line.author is Author.CUSTOMER and is_typed(line.payload, line.body):
            asked.insert(0, line.text)
    return " ".join(asked)[-QUESTION_CHARS:].strip()
