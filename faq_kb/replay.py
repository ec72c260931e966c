"""Asking old questions of two sets of articles: what a change would do to customers, before they meet it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from faq_kb.articles import Reader, in_locale
from faq_kb.folding import fold_words
from faq_kb.redaction import without_placeholders
from faq_kb.search import Decision, KnowledgeBase

PAST, LABELLED = "past", "labelled"


@dataclass(frozen=True)
class Question:
    """Something that was asked: by a customer (redacted), or in the labelled set with the article it should find."""

    text: str
    variant: str = ""
    source: str = PAST
    expected: str | None = None
    reader: Reader | None = None  # None: as if every article were for them


@dataclass(frozen=True)
class Outcome:
    """What a set of articles makes of a question: its best article, and whether that is given as the answer."""

    article_id: str
    question: str
    score: float
    decision: Decision

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.article_id,
            "question": self.question,
            "score": round(self.score, 4),
            "decision": self.decision.value,
        }


@dataclass(frozen=True)
class Difference:
    """A question that would fare otherwise; no outcome when nothing at all is found."""

    question: Question
    before: Outcome | None
    after: Outcome | None

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.question.text,
            "variant": self.question.variant,
            "source": self.question.source,
            "expected": self.question.expected,
            "before": self.before.as_json() if self.before else None,
            "after": self.after.as_json() if self.after else None,
        }


@dataclass(frozen=True)
class Replay:
    """What became of all questions asked of both sets."""

    asked: int
    changed: tuple[Difference, ...]  # answered by another article
    lost: tuple[Difference, ...]  # answered no more
    won: tuple[Difference, ...]  # answered now
    reworded: int  # answered by the same article, which now says something else

    @property
    def same(self) -> int:
        return self.asked - len(self.changed) - len(self.lost) - len(self.won)

    @property
    def summary(self) -> str:
        """In one sentence."""
        return (
            f"Of {self.asked} questions {len(self.changed)} change answer, {len(self.lost)} become unanswered, "
            f"{len(self.won)} become answered; {self.same} stay, {self.reworded} of them with other words."
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "changed": [one.as_json() for one in self.changed],
            "lost": [one.as_json() for one in self.lost],
            "won": [one.as_json() for one in self.won],
            "same": self.same,
            "reworded": self.reworded,
        }


def replay(before: KnowledgeBase, after: KnowledgeBase, questions: Iterable[Question]) -> Replay:
    """Ask everything of both sets; what was asked twice counts once."""
    changed, lost, won, reworded = [], [], [], 0
    once = {(fold_words(question.text), question.reader): question for question in questions}
    for question in once.values():
        old, new = _outcome(before, question), _outcome(after, question)
        answered, answers = _answered(old), _answered(new)
        if answered == answers:
            reworded += answered is not None and _says(before, answered) != _says(after, answered)
            continue
        if answers is None:
            lost.append(Difference(question, old, new))
        elif answered is None:
            won.append(Difference(question, old, new))
        else:
            changed.append(Difference(question, old, new))
    return Replay(len(once), tuple(changed), tuple(lost), tuple(won), reworded)


def _outcome(knowledge: KnowledgeBase, question: Question) -> Outcome | None:
    hits = knowledge.search(without_placeholders(question.text), 2, reader=question.reader)
    if not hits:
        return None
    article = knowledge.articles[hits[0].article_id]
    shown = in_locale(article.question, question.variant)
    return Outcome(article.id, shown, hits[0].score, knowledge.decide(hits))


def _answered(outcome: Outcome | None) -> str | None:
    return outcome.article_id if outcome and outcome.decision is Decision.ANSWER else None


def _says(knowledge: KnowledgeBase, article_id: str) -> object:
    article = knowledge.articles[article_id]
    return dict(article.answer), dict(article.short_answer), article.links, article.image
