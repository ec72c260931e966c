"""What customers missed, as editors see it: questions alike stand together, and one step makes a draft of them.

Nothing goes live from here: a draft is published like every other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from faq_kb import drafts, misses, usefulness
from faq_kb.articles import Article
from faq_kb.clusters import Asked, Cluster, clusters_of
from faq_kb.console.editing import Editing, Editor, in_thread
from faq_kb.console.errors import Conflict, NotOpen, UnknownArticle, UnknownCategory
from faq_kb.content import Content, content_of, empty, normal
from faq_kb.drafts import Draft, EditConflict, Saving
from faq_kb.folding import fold
from faq_kb.misses import Miss, PersonsAnswer
from faq_kb.redaction import without_placeholders
from faq_kb.search import SUGGEST_SCORE
from faq_kb.tables import Missed, MissState
from faq_kb.usefulness import COUNTED, Week

MOST_CLUSTERS = 100
MOST_EXAMPLES = 100
MOST_ANSWERS = 3
SUGGESTED = 3

AnswersOfPeople = Callable[[Connection, Sequence[str]], Sequence[PersonsAnswer]]


@dataclass(frozen=True)
class DraftWish:
    """What an editor wants made of some questions."""

    miss_ids: tuple[int, ...]
    into: str | None  # an article; None for a new one
    field: str  # asked_as or not_asked_as
    category: str  # of a new article


class MissedQuestions:
    """Reads what was missed and counted; begins drafts."""

    def __init__(self, editing: Editing, answers_of_people: AnswersOfPeople, clock: Callable[[], datetime]) -> None:
        self._editing = editing
        self._answers_of_people = answers_of_people
        self._clock = clock

    # -- reading -----------------------------------------------------------------------------------------------

    async def clusters(
        self, state: MissState, kind: Missed | None, language: str | None, first: int | None = None
    ) -> dict[str, Any]:
        """What was asked in vain, the most wanted first, with what people then answered; and how many questions are
        kept and not among these.

        The question `first` comes before all others, with those like it: somebody was sent to it.
        """
        storage = self._editing.storage
        found, kept = await storage.read(
            lambda c: (misses.listing(c, state, kind, language), misses.count(c, state, kind, language))
        )
        by_id = {one.id: one for one in found}
        asked = [Asked(one.id, _words(one), one.question.customer, one.at) for one in found]
        synonyms = self._editing.follower.current.synonyms
        wanted = await in_thread(clusters_of, asked, self._clock(), synonyms)
        clusters = sorted(wanted, key=lambda one: first not in {member.id for member in one.members})[:MOST_CLUSTERS]
        conversations = {by_id[one.id].question.conversation_id for cluster in clusters for one in cluster.members}
        answers = await storage.read(lambda c: self._answers_of_people(c, sorted(conversations)))
        shapes = await in_thread(self._shapes, clusters, by_id, answers)
        shown = sum(len(cluster.members) for cluster in clusters)
        return {"clusters": shapes, "left_out": max(0, kept - shown)}

    def _shapes(
        self, clusters: Sequence[Cluster], by_id: dict[int, Miss], answers: Sequence[PersonsAnswer]
    ) -> list[dict[str, Any]]:
        return [self._shape(one, [by_id[member.id] for member in one.members], answers) for one in clusters]

    def _shape(self, cluster: Cluster, members: Sequence[Miss], answers: Sequence[PersonsAnswer]) -> dict[str, Any]:
        knowledge = self._editing.follower.current
        hits = knowledge.search(cluster.members[0].text, SUGGESTED)
        newest = sorted(members, key=lambda one: one.id, reverse=True)
        said = [one.question.right_id for one in newest if one.question.right_id in knowledge.articles]
        return {
            "id": cluster.id,
            "size": cluster.size,
            "count": len({one.question.message_id for one in members}),
            "last_at": cluster.last_at.isoformat(),
            "score": round(cluster.score, 3),
            "miss_ids": [one.id for one in members],
            "examples": [_example(one) for one in newest[:MOST_EXAMPLES]],
            # What an agent said last would have been right.
            "right": _named(knowledge.articles[said[0]]) if said and said[0] else None,
            "suggested": [
                {**_named(knowledge.articles[hit.article_id]), "score": round(hit.score, 3)}
                for hit in hits
                if hit.score >= SUGGEST_SCORE
            ],
            "agent_answers": _answers_after(members, answers),
        }

    async def weeks(self, count: int, article_id: str | None) -> dict[str, Any]:
        """What became of articles, by week and variant."""
        last = usefulness.monday_of(self._clock())
        mondays = [last - timedelta(weeks=back) for back in range(count - 1, -1, -1)]
        found = await self._editing.storage.read(lambda c: usefulness.weeks_since(c, mondays[0], article_id))
        by_article: dict[str, list[Week]] = {}
        for one in found:
            by_article.setdefault(one.count.article_id, []).append(one)
        return {
            "weeks": [day.isoformat() for day in mondays],
            "articles": [
                {
                    "id": id,
                    **{
                        name: [sum(getattr(one.count, name) for one in weeks if one.week == day) for day in mondays]
                        for name in COUNTED
                    },
                    "by_variant": _by_variant(weeks),
                }
                for id, weeks in sorted(by_article.items())
            ],
        }

    # -- doing -------------------------------------------------------------------------------------------------

    async def dismiss(self, miss_ids: Sequence[int]) -> int:
        """No article is needed for these."""
        return await self._editing.storage.write(lambda c: misses.dismiss(c, miss_ids))

    async def draft(self, editor: Editor, wish: DraftWish) -> Draft:
        """Begin a draft from questions, or add them to the one there is. Raises NotOpen, UnknownArticle,
        UnknownCategory, and Conflict when the article is about to be deleted."""
        if wish.into is None and wish.category not in self._editing.follower.files:
            raise UnknownCategory()
        now = self._clock()

        def work(connection: Connection) -> Draft:
            found = [one for one in misses.find(connection, wish.miss_ids) if one.state is MissState.OPEN]
            if not found:
                raise NotOpen()
            saving = (
                self._new(connection, found, wish.category)
                if wish.into is None
                else self._added(connection, found, wish.into, wish.field)
            )
            draft = drafts.save(connection, saving, editor.login, now)
            misses.begin_draft(connection, [one.id for one in found], draft.id)
            return draft

        try:
            return await self._editing.storage.write(work)
        except EditConflict as exc:
            raise Conflict.of(exc) from exc

    def _new(self, connection: Connection, found: Sequence[Miss], category: str) -> Saving:
        """An article that is asked for like this; what it answers is for a person to write."""
        content = empty()
        asked: list[str] = []
        for one in found:
            if one.question.language not in content["question"]:
                content["question"][one.question.language] = _words(one)
            else:
                asked.append(_words(one))
        content["asked_as"] = _fresh(asked, content["question"].values())
        taken = {one.article_id for one in drafts.listing(connection)} | set(self._editing.follower.current.articles)
        return Saving(_id_for(found, taken), category, normal(content), 0, None)

    def _added(self, connection: Connection, found: Sequence[Miss], article_id: str, field: str) -> Saving:
        article = self._editing.follower.current.articles.get(article_id)
        draft = drafts.of_article(connection, article_id)
        if draft is None and article is None:
            raise UnknownArticle()
        if draft is not None and draft.content is None:
            raise EditConflict(["deletes"], None, draft.updated_by, draft.version)
        published = content_of(article) if article else None
        before: Content = (draft.content if draft else published) or empty()
        known = [*before["question"].values(), *before["asked_as"], *before["not_asked_as"]]
        added = _fresh([_words(one) for one in found], known)
        content = normal({**before, field: [*before[field], *added]})
        category = draft.category if draft else article.category if article else ""
        return Saving(article_id, category, content, draft.version if draft else 0, draft.base if draft else published)


def _words(miss: Miss) -> str:
    """What was asked, without the places where something was taken out."""
    return " ".join(without_placeholders(miss.question.text).split())


def _example(miss: Miss) -> dict[str, Any]:
    return {
        "miss_id": miss.id,
        "text": miss.question.text,
        "before": miss.question.before,
        "language": miss.question.language,
        "kind": miss.kind.value,
        "at": miss.at.isoformat(),
        "article_id": miss.question.article_id,
        "channel": miss.question.channel.partition(":")[0],
    }


def _named(article: Article) -> dict[str, Any]:
    return {"id": article.id, "question": dict(article.question)}


def _answers_after(members: Sequence[Miss], answers: Sequence[PersonsAnswer]) -> list[dict[str, Any]]:
    """The first that people answered to these questions, the latest first, each text once."""
    asked = {one.question.conversation_id: one.question.message_id for one in reversed(members)}
    after = [one for one in answers if one.message_id > asked.get(one.conversation_id, one.message_id)]
    firsts = [one for place, one in enumerate(after) if _nth_of_conversation(after, place) < MOST_ANSWERS]
    by_text = {one.text: {"text": one.text, "agent": one.agent, "at": one.at.isoformat()} for one in firsts}
    return list(by_text.values())[::-1][: 3 * MOST_ANSWERS]


def _nth_of_conversation(answers: Sequence[PersonsAnswer], place: int) -> int:
    return sum(one.conversation_id == answers[place].conversation_id for one in answers[:place])


def _by_variant(weeks: Sequence[Week]) -> dict[str, dict[str, int]]:
    languages = sorted({one.count.language for one in weeks})
    return {
        language: {
            name: sum(getattr(one.count, name) for one in weeks if one.count.language == language) for name in COUNTED
        }
        for language in languages
    }


def _fresh(texts: Sequence[str], known: Any) -> list[str]:
    """Each text once, without those that say what is written already."""
    seen = {fold(text) for text in known}
    fresh = []
    for text in texts:
        if fold(text) not in seen:
            seen.add(fold(text))
            fresh.append(text)
    return fresh


def _id_for(found: Sequence[Miss], taken: set[str]) -> str:
    """An id from English words where there are some; editors may rename it."""
    words: list[str] = []
    for one in found:
        words = words or re.findall(r"[a-z]+", _words(one).lower() if one.question.language == "en" else "")
    name = "-".join(words[:6])[:60].strip("-") or f"question-{found[0].id}"
    ids = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return next(id for id in ids if id not in taken)
