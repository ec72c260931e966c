"""The handoff brief: what whoever takes a conversation has to know before the first word, on one screen.

Made from what is stored and nothing else: what the customer asked, what the assistant answered and how that was taken,
and which articles nobody has offered yet. Why the customer waits and what was collected stand in the ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from faq_kb import Decision, KnowledgeFollower
from handoff import agents, promises, shapes
from handoff.clock import Clock
from handoff.learning import faq_of
from handoff.models import Author
from handoff.records import Conversation, Message, is_typed

ASKED_SHOWN = 5
SUGGESTED = 3
# What is shown without having been asked for costs attention: an article must have this chance of being the one.
LIKELY = 0.05
TEXT_CHARS = 160


class Briefs:
    """Sums a conversation up."""

    def __init__(self, knowledge: KnowledgeFollower, clock: Clock) -> None:
        self._knowledge = knowledge
        self._clock = clock

    def of(
        self, connection: Connection, conversation: Conversation, lines: Sequence[Message], locale: str
    ) -> dict[str, Any]:
        """What was asked and answered, what may be answered, what is promised."""
        tried = _tried(lines)
        return {
            "tried": tried[-ASKED_SHOWN:],
            "suggested": self._suggested(lines, {one["article"] for one in tried}, locale),
            "promises": self._promised(connection, conversation),
        }

    def _promised(self, connection: Connection, conversation: Conversation) -> list[dict[str, Any]]:
        standing = promises.outstanding_of(connection, conversation)
        owners = agents.by_ids(connection, {one.agent_id for one in standing if one.agent_id})
        now = self._clock()
        return [shapes.promise(one, conversation, owners.get(one.agent_id or 0), now) for one in standing]

    def _suggested(self, lines: Sequence[Message], given: set[str | None], locale: str) -> list[dict[str, str]]:
        asked = [line.text for line in lines if line.author is Author.CUSTOMER and is_typed(line.payload, line.body)]
        if not asked:
            return []
        base = self._knowledge.current
        found: list[dict[str, str]] = []
        for words in dict.fromkeys(reversed(asked[-3:])):
            hits = base.search(words[:200], limit=SUGGESTED + len(given))
            if base.decide(hits) is Decision.NONE:
                continue
            for hit in hits:
                article = base.articles.get(hit.article_id)
                known = {one["id"] for one in found}
                is_new = article is not None and article.id not in given and article.id not in known
                if article is not None and is_new and hit.score >= LIKELY:
                    found.append({"id": article.id, "question": article.question_in(locale)})
        return found[:SUGGESTED]


def _tried(lines: Sequence[Message]) -> list[dict[str, Any]]:
    """Each question of the customer with what came of it."""
    replies: dict[int, list[Message]] = {}
    for line in lines:
        if line.reply_to is not None:
            replies.setdefault(line.reply_to, []).append(line)
    tried = []
    for line in lines:
        answers = [one for one in replies.get(line.id, ()) if one.author in (Author.ASSISTANT, Author.SYSTEM)]
        if line.author is not Author.CUSTOMER or not answers or _is_handoff(answers):
            continue
        faq: Mapping[str, Any] = next((faq_of(one) for one in answers if faq_of(one)), {})
        missed = any(one.body.get("miss") for one in answers)
        tried.append(
            {
                "asked": _short(line.text),
                "said": _short(answers[0].text),
                "article": faq.get("id"),
                "outcome": "denied" if any(one.body.get("denied") for one in answers) else "missed" if missed else "",
                "message": answers[0].id,
            }
        )
    return tried


def _is_handoff(answers: Sequence[Message]) -> bool:
    return all(one.author is Author.SYSTEM for one in answers)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_CHARS else line[: TEXT_CHARS - 1] + "…"
