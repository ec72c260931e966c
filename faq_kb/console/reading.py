"""What editors see of all articles at once: the tree, with drafts in it, and a search through it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy.engine import Connection

from faq_kb import drafts, history
from faq_kb.console import shapes
from faq_kb.console.editing import Editing, in_thread
from faq_kb.console.errors import problem_shape
from faq_kb.content import Content, content_of
from faq_kb.drafts import Draft
from faq_kb.folding import fold
from faq_kb.search import KnowledgeBase

MAX_FOUND_BY_INDEX = 20

# What people are called, by what they sign in with: drafts and revisions keep the latter, which never changes.
Names = Callable[[Connection], Mapping[str, str]]


class Reading:
    """Answers from the set in force and from the drafts beside it."""

    def __init__(self, editing: Editing, names: Names) -> None:
        self._editing = editing
        self._names = names
        self._folded: tuple[str, dict[str, str]] = ("", {})

    async def version(self) -> str:
        """Changes whenever the tree does."""
        return self._version(await self._editing.storage.read(drafts.listing))

    def _version(self, edits: Iterable[Draft]) -> str:
        digest = hashlib.sha256(self._editing.follower.current.version.encode())
        for one in edits:
            digest.update(f"{one.article_id} {one.id} {one.version} {one.state.value} {one.failure}\n".encode())
        digest.update(repr(self._editing.follower.problems).encode())
        return digest.hexdigest()[:12]

    async def tree(self, words: str, state: str) -> dict[str, Any]:
        follower = self._editing.follower
        knowledge = follower.current

        def work(connection: Connection) -> tuple[list[Draft], dict[str, history.Revision], dict[str, str]]:
            return drafts.listing(connection), history.last_of_all(connection), dict(self._names(connection))

        edits, last, people = await self._editing.storage.read(work)
        by_article = {one.article_id: one for one in edits}
        chosen = await in_thread(self._matching, knowledge, words, edits) if words.strip() else None
        categories: dict[str, dict[str, Any]] = {
            heading.id: {"id": heading.id, "name": dict(heading.name), "parent": heading.parent, "articles": []}
            for heading in knowledge.headings.values()
        }
        for article in knowledge.articles.values():
            edit = by_article.pop(article.id, None)
            row = shapes.row(article.id, content_of(article), edit, last.get(article.id), is_published=True)
            categories[article.category]["articles"].append(row)
        for edit in by_article.values():
            home = categories.setdefault(
                edit.category, {"id": edit.category, "name": {}, "parent": None, "articles": []}
            )
            row = shapes.row(edit.article_id, None, edit, last.get(edit.article_id), is_published=False)
            home["articles"].append(row)
        for category in categories.values():
            category["articles"] = [
                row
                for row in category["articles"]
                if (chosen is None or row["id"] in chosen) and (not state or row["state"] == state)
            ]
        return {
            "version": self._version(edits),
            "problems": [problem_shape(problem) for problem in follower.problems],
            "categories": list(categories.values()),
            "people": people,
        }

    def _matching(self, knowledge: KnowledgeBase, words: str, edits: list[Draft]) -> set[str]:
        """Articles that hold these words, in their draft or as published, and those that would answer them."""
        if self._folded[0] != knowledge.version:
            folded = {article.id: _folded(article.id, content_of(article)) for article in knowledge.articles.values()}
            self._folded = (knowledge.version, folded)
        wanted = fold(words)
        drafted = {one.article_id: _folded(one.article_id, one.content) for one in edits}
        found = {id for id, text in (*self._folded[1].items(), *drafted.items()) if wanted in text}
        hits = knowledge.search(words, limit=MAX_FOUND_BY_INDEX)
        return found | {hit.article_id for hit in hits if hit.score >= 0.05}


def _folded(article_id: str, content: Content | None) -> str:
    content = content or {}
    texts = [article_id]
    for field in ("question", "answer", "short_answer"):
        texts += content.get(field, {}).values()
    for field in ("asked_as", "keywords"):
        texts += content.get(field, [])
    return "\n".join(map(fold, texts))
