"""What a stranger may read: the articles and categories of one set on one day, as they stand on the public pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from faq_kb.articles import Article, Category, Reader, in_locale
from faq_kb.categories import tree
from faq_kb.search import Decision, Hit, KnowledgeBase

# The pages are what the widget browses, for whoever comes by.
STRANGER = Reader("widget", signed_in=False)
MAX_HITS = 10
MEANT = 3
# A shopper who searches looks at a list, so less likely ones stand in it than a chat would offer.
ALSO_SCORE = 0.04
MAX_ALSO = 5


@dataclass(frozen=True)
class Shelf:
    """A category with the articles directly in it."""

    id: str
    name: Mapping[str, str]
    articles: tuple[Article, ...]
    parent: str | None = None

    def name_in(self, locale: str) -> str:
        return in_locale(self.name, locale) or self.id


@dataclass(frozen=True)
class Findings:
    """What a search found: the answer when one is clear, what may have been meant, what else comes near."""

    answer: Article | None = None
    meant: tuple[Article, ...] = ()
    also: tuple[Article, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.answer or self.meant or self.also)


class Library:
    """One set of articles on one day; built when either changes."""

    def __init__(self, knowledge: KnowledgeBase, day: date) -> None:
        self.knowledge = knowledge
        self.day = day
        self.articles = {
            one.id: one for one in knowledge.articles.values() if one.is_valid_on(day) and one.is_for(STRANGER)
        }
        top = tree(knowledge.headings, self.articles.values(), "en")
        self.shelves = {shelf.id: shelf for shelf in self._shelves(top)}

    def _shelves(self, categories: Sequence[Category]) -> Iterator[Shelf]:
        for one in categories:
            yield Shelf(one.id, self.knowledge.headings[one.id].name, one.articles, one.parent)
            yield from self._shelves(one.children)

    def below(self, shelf_id: str | None) -> tuple[Shelf, ...]:
        """The categories directly in this one; of None, those at the top."""
        return tuple(shelf for shelf in self.shelves.values() if shelf.parent == shelf_id)

    def path_to(self, shelf_id: str) -> tuple[Shelf, ...]:
        """The categories from the top to this one."""
        path: list[Shelf] = []
        shelf = self.shelves.get(shelf_id)
        while shelf is not None:
            path.insert(0, shelf)
            shelf = self.shelves.get(shelf.parent) if shelf.parent else None
        return tuple(path)

    def count_in(self, shelf: Shelf) -> int:
        """How many articles stand in a category, however deep."""
        return len(shelf.articles) + sum(self.count_in(one) for one in self.below(shelf.id))

    def related_to(self, article: Article) -> tuple[Article, ...]:
        return tuple(self.articles[id] for id in article.related if id in self.articles and id != article.id)

    def search(self, text: str) -> Findings:
        found = self.knowledge.search(text, MAX_HITS, reader=STRANGER)
        hits = [hit for hit in found if hit.article_id in self.articles]
        decision = self.knowledge.decide(hits)
        if decision is Decision.NONE:
            return Findings()
        shown = 1 if decision is Decision.ANSWER else MEANT
        first, rest = self._found(hits[:shown]), self._found(hits[shown:])
        if decision is Decision.ANSWER:
            return Findings(answer=first[0], also=rest or self.related_to(first[0]))
        return Findings(meant=first, also=rest)

    def _found(self, hits: Sequence[Hit]) -> tuple[Article, ...]:
        near = [hit for hit in hits if hit.score >= ALSO_SCORE]
        return tuple(self.articles[hit.article_id] for hit in near[:MAX_ALSO])
