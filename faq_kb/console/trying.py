"""Trying an edit before customers see it: what would be answered, what is wrong with it, what it would be taken for."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from faq_kb import markup, synonym_file
from faq_kb.articles import Article
from faq_kb.check import check
from faq_kb.collisions import COLLIDING_LIKENESS
from faq_kb.console.editing import Editing, in_thread
from faq_kb.console.errors import ArticleRefused, problem_shape
from faq_kb.console.likeness import nearest
from faq_kb.drafts import Draft
from faq_kb.evaluation import questions_in
from faq_kb.loading import ArticleFile, parse_file
from faq_kb.problems import ArticleError, Problem
from faq_kb.replay import LABELLED, Question, Replay, replay
from faq_kb.search import ANSWER_SCORE, SHOP_TIME, Decision, Hit, KnowledgeBase, several_close

# Building an index takes a moment, and an editor asks several questions of one version.
MAX_KEPT_SETS = 4
MAX_HITS = 8


class Way(Enum):
    """Where the assistant goes with a sentence."""

    ARTICLE = "article"  # the best article is the answer
    NEAREST = "nearest"  # it does not know: the nearest articles as buttons, and a person
    OFFER = "offer"  # no article is sure enough for this wish: a person is offered, and what comes near
    ELSEWHERE = "elsewhere"  # something else is done, and the articles are not asked


@dataclass(frozen=True)
class Taken:
    """What the assistant takes a sentence for, with the articles as the editor tries them."""

    intent: str
    confidence: float
    way: Way

    def as_json(self) -> dict[str, Any]:
        return {"name": self.intent, "confidence": round(self.confidence, 3), "way": self.way.value}


# Asks the assistant; None when it cannot be asked.
TakenFor = Callable[[str, str, KnowledgeBase, Sequence[Hit]], Awaitable[Taken | None]]


async def nobody_asked(text: str, locale: str, knowledge: KnowledgeBase, hits: Sequence[Hit]) -> Taken | None:
    """Where there is no assistant, the search alone decides."""
    return None


class Trying:
    """Sets that nobody is served: the one in force with one draft in it."""

    def __init__(
        self,
        editing: Editing,
        clock: Callable[[], datetime],
        past: Callable[[Connection], list[Question]] = lambda _: [],
        labelled: Path | None = None,
        taken_for: TakenFor = nobody_asked,
    ) -> None:
        self._editing = editing
        self._clock = clock
        self._past = past
        self._labelled = labelled
        self._taken_for = taken_for
        self._kept: OrderedDict[tuple[str, str, int], KnowledgeBase] = OrderedDict()

    async def knowledge_with(self, draft: Draft | None) -> KnowledgeBase:
        """The set in force, with this draft in it. Raises ArticleRefused for a draft that could not be published."""
        current = self._editing.follower.current
        if draft is None:
            return current
        key = (current.version, draft.article_id, draft.version)
        if key not in self._kept:
            files = await self._editing.tried(draft)
            self._kept[key] = await in_thread(_knowledge, files, self._editing.follower.files, current)
            while len(self._kept) > MAX_KEPT_SETS:
                self._kept.popitem(last=False)
        return self._kept[key]

    async def ask(self, text: str, locale: str, draft: Draft | None) -> dict[str, Any]:
        """What a customer who says this would get, and why."""
        knowledge = await self.knowledge_with(draft)
        hits = await in_thread(lambda: knowledge.search(text, limit=MAX_HITS))
        taken = await self._taken_for(text, locale, knowledge, hits) if text.strip() else None
        return await in_thread(lambda: _asked(knowledge, hits, text, locale, taken))

    async def replay(self, draft: Draft | None) -> dict[str, Any]:
        """What customers asked lately and the labelled questions, before this draft and with it."""
        before, after = self._editing.follower.current, await self.knowledge_with(draft)
        past = await self._editing.storage.read(self._past)
        found = await in_thread(lambda: replay(before, after, [*past, *self._labelled_questions()]))
        return found.as_json()

    async def replay_words(self, lines: list[str]) -> dict[str, Any]:
        """The same, before these words mean the same and with them. Raises ArticleRefused for a line that is none."""
        before = self._editing.follower.current
        past = await self._editing.storage.read(self._past)

        def work() -> Replay:
            words = synonym_file.synonyms_of(synonym_file.content_of(lines))
            after = KnowledgeBase(before.articles.values(), before.headings.values(), synonyms=words)
            return replay(before, after, [*past, *self._labelled_questions()])

        try:
            return (await in_thread(work)).as_json()
        except ArticleError as exc:
            raise ArticleRefused(exc.problems) from exc

    def _labelled_questions(self) -> list[Question]:
        if self._labelled is None or not self._labelled.exists():
            return []
        return [Question(one.text, one.variant, LABELLED, one.article_id) for one in questions_in(self._labelled)]

    async def check(self, draft: Draft | None, article_id: str) -> dict[str, Any]:
        """What an editor should know before publishing this article."""
        try:
            files = await self._editing.tried(draft)
            knowledge = await self.knowledge_with(draft)
        except ArticleRefused as exc:
            return {"problems": exc.details["problems"], "collisions": []}
        article = knowledge.articles.get(article_id)
        if article is None:
            return {"problems": [], "collisions": []}
        today = self._clock().astimezone(SHOP_TIME).date()
        return await in_thread(_checked, files, article, knowledge, today)


def _checked(files: dict[str, bytes], article: Article, knowledge: KnowledgeBase, today: date) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, *Path(article.source).parts[:-1])
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        # The search itself is asked below, for this article alone.
        problems = check(folder, today, by_search=False)
    return {
        "problems": [problem_shape(problem) for problem in problems if _concerns(problem, article)],
        "collisions": list(_collisions(article, knowledge)),
    }


def _knowledge(files: dict[str, bytes], known: Mapping[str, ArticleFile], current: KnowledgeBase) -> KnowledgeBase:
    folder = next((file.name.rpartition("/")[0] for file in known.values()), "faq_kb/articles")
    read = [parse_file(content, f"{folder}/{name}") for name, content in sorted(files.items())]
    articles = [article for file in read for article in file.articles]
    return KnowledgeBase(
        articles, [file.heading for file in read if file.heading], before=current, synonyms=current.synonyms
    )


def _asked(knowledge: KnowledgeBase, hits: list[Hit], text: str, locale: str, taken: Taken | None) -> dict[str, Any]:
    found = knowledge.decide(hits)
    decision = _decided(found, hits, taken)
    return {
        "decision": decision,
        "hits": [_hit(knowledge.articles[hit.article_id], hit, text, locale) for hit in hits],
        "answer": _answer(knowledge, hits[0], locale) if decision == Decision.ANSWER.value else None,
        "intent": taken.as_json() if taken else None,
        "why": _why(knowledge, found, hits, text, locale, taken),
    }


def _decided(found: Decision, hits: list[Hit], taken: Taken | None) -> str:
    """What a customer would get: the search finds, the assistant decides."""
    if taken is None:
        return found.value
    if taken.way is Way.ARTICLE and hits:
        return Decision.SUGGEST.value if several_close(hits) else Decision.ANSWER.value
    if taken.way in (Way.OFFER, Way.ELSEWHERE):
        return taken.way.value
    return Decision.SUGGEST.value if hits else Decision.NONE.value


def _hit(article: Article, hit: Hit, text: str, locale: str) -> dict[str, Any]:
    return {
        "id": article.id,
        "question": article.question_in(locale),
        "score": round(hit.score, 3),
        "rule": hit.rule,
        "matched": nearest(text, article.phrasings)[0],
    }


def _answer(knowledge: KnowledgeBase, hit: Hit, locale: str) -> dict[str, Any]:
    article = knowledge.articles[hit.article_id]
    related = [knowledge.articles[one] for one in article.related if one in knowledge.articles]
    return {
        "id": article.id,
        "question": article.question_in(locale),
        "text": article.answer_in(locale),
        "blocks": markup.blocks(article.answer_in(locale)),
        "plain": markup.plain(article.answer_in(locale)),
        "short": article.short_answer.get(locale, ""),
        "links": [{"label": link.label_in(locale), "url": link.url} for link in article.links],
        "image": article.image,
        "related": [{"id": one.id, "question": one.question_in(locale)} for one in related],
    }


def _why(
    knowledge: KnowledgeBase, decision: Decision, hits: list[Hit], text: str, locale: str, taken: Taken | None
) -> dict[str, Any]:
    """A sentence for the page to say, by its key."""
    if not hits:
        return {"key": "nothing_alike", "params": {}}
    best = knowledge.articles[hits[0].article_id]
    params: dict[str, Any] = {
        "question": best.question_in(locale),
        "score": round(hits[0].score, 2),
        "needed": ANSWER_SCORE,
        "matched": nearest(text, best.phrasings)[0],
    }
    if hits[0].is_certain:
        return {"key": hits[0].rule, "params": params}
    if decision is Decision.ANSWER:
        is_believed = taken is None or taken.way is Way.ARTICLE
        return {"key": "clear" if is_believed else "unsure_of_words", "params": params}
    if decision is Decision.NONE:
        return {"key": "too_weak", "params": params}
    if knowledge.answerable(hits):
        other = knowledge.articles[hits[1].article_id].question_in(locale)
        return {"key": "too_close", "params": {**params, "other": other}}
    return {"key": "weak", "params": params}


def _concerns(problem: Problem, article: Article) -> bool:
    if problem.file == article.source and problem.line == article.line:
        return True
    # Two articles that are hard to tell apart are told of once, with the one that stands below.
    return problem.code in ("colliding_phrasings", "repeated_phrasing") and f" {article.id}" in problem.message


def _collisions(article: Article, knowledge: KnowledgeBase) -> Iterator[dict[str, Any]]:
    """Phrasings that another article has too, or has nearly."""
    for text in article.phrasings:
        found = []
        for hit in knowledge.search(text, limit=4):
            if hit.article_id != article.id:
                other = knowledge.articles[hit.article_id]
                phrasing, likeness = nearest(text, other.phrasings)
                found.append((likeness, phrasing, other))
        if found:
            likeness, phrasing, other = max(found, key=lambda one: one[0])
            if likeness >= COLLIDING_LIKENESS:
                shown = {"id": other.id, "question": dict(other.question), "text": phrasing}
                yield {"text": text, "with": shown, "likeness": round(likeness, 2)}
