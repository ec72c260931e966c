"""Articles that take each other's questions: by the same words, by much the same words, or as the search has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from faq_kb.articles import Article
from faq_kb.folding import fold, fold_words
from faq_kb.problems import Level, Problem
from faq_kb.search import KnowledgeBase, shipped_synonyms
from faq_kb.vectors import Space, pack
from faq_kb.words import Synonyms, features_of

# Two phrasings this much alike will be taken for each other as soon as a customer drops or adds a word.
COLLIDING_LIKENESS = 0.75
# So many phrasings are compared with all others at a time; it bounds the memory.
_COMPARED_AT_ONCE = 1000
# Neighbours always take a question or two of each other; with this share of them, two articles are hardly two.
MUCH_TAKEN = 0.1
# Each part of the phrasings is asked of an index that was built without it.
_PARTS = 3


@dataclass(frozen=True)
class Taken:
    """A phrasing that leads to another article, once it no longer stands in its own."""

    text: str
    article: Article
    by: Article
    score: float


def repeated_phrasings(articles: Sequence[Article]) -> Iterator[Problem]:
    """A phrasing that two articles share leads to neither for certain."""
    first: dict[str, Article] = {}
    for article in articles:
        for text in article.phrasings:
            owner = first.setdefault(fold_words(text), article)
            if owner is not article:
                message = f"expected a phrasing of its own, {text!r} also leads to {owner.id}"
                yield _warning(article, message, "repeated_phrasing", text=text, other=owner.id)


def similar_phrasings(articles: Sequence[Article], synonyms: Synonyms | None = None) -> Iterator[Problem]:
    """Phrasings of two articles that the search can hardly tell apart."""
    phrasings = [(article, text) for article in articles for text in article.phrasings]
    words = [fold_words(text) for _, text in phrasings]
    if not phrasings:
        return
    sentences = pack(features_of(fold(text), synonyms or shipped_synonyms()) for _, text in phrasings)
    matrix = Space(sentences.hashes, len(sentences), pack(())).vectors(sentences)
    reported: set[tuple[str, str]] = set()
    for start in range(0, len(phrasings), _COMPARED_AT_ONCE):
        likeness = (matrix[start : start + _COMPARED_AT_ONCE] @ matrix.T).tocoo()
        close = likeness.data >= COLLIDING_LIKENESS
        for row, other in zip(likeness.row[close] + start, likeness.col[close], strict=True):
            (article, text), (rival, rival_text) = phrasings[row], phrasings[other]
            pair = (rival.id, article.id)
            if other < row and article is not rival and words[row] != words[other] and pair not in reported:
                reported.add(pair)
                message = f"expected to be told apart, {text!r} is much like {rival_text!r} of {rival.id}"
                yield _warning(
                    article, message, "colliding_phrasings", text=text, other=rival.id, other_text=rival_text
                )


def beaten_phrasings(articles: Sequence[Article], synonyms: Synonyms | None = None) -> Iterator[Problem]:
    """Pairs of articles of which each takes a good part of the other's questions."""
    by_pair: dict[tuple[str, str], list[Taken]] = {}
    for taken in taken_phrasings(articles, synonyms):
        by_pair.setdefault((taken.article.id, taken.by.id), []).append(taken)
    for (id, other), lost in by_pair.items():
        back = by_pair.get((other, id), [])
        if id < other and _is_much(lost) and _is_much(back):
            text, other_text = (max(some, key=lambda one: one.score).text for some in (lost, back))
            message = (
                f"expected to be told apart from {other}: without its own line {text!r} leads there "
                f"({len(lost)} in all), and {other_text!r} of {other} leads here ({len(back)} in all)"
            )
            yield _warning(lost[0].article, message, "beaten_phrasings", text=text, other=other, other_text=other_text)


def _is_much(taken: Sequence[Taken]) -> bool:
    return bool(taken) and len(taken) >= MUCH_TAKEN * len(taken[0].article.phrasings)


def taken_phrasings(articles: Sequence[Article], synonyms: Synonyms | None = None) -> Iterator[Taken]:
    """Phrasings that the search would answer with another article."""
    for part in range(_PARTS):
        left_out = {article.id: article.phrasings[part::_PARTS] for article in articles}
        bare = [_without(article, left_out[article.id]) for article in articles]
        knowledge = KnowledgeBase(bare, synonyms=synonyms)
        for article in articles:
            for text in left_out[article.id]:
                hits = knowledge.search(text, 1)
                if knowledge.answerable(hits) and hits[0].article_id != article.id:
                    yield Taken(text, article, knowledge.articles[hits[0].article_id], hits[0].score)


def _without(article: Article, phrasings: Sequence[str]) -> Article:
    """The article as the search would know it without these phrasings, its days, limits and pins."""
    kept = tuple(text for text in article.phrasings if text not in phrasings)
    return replace(
        article, question={}, asked_as=kept, pins=(), channels=(), audience=(), valid_from=None, valid_until=None
    )


def _warning(article: Article, message: str, code: str, **params: str) -> Problem:
    return Problem(
        article.source,
        article.line,
        "asked_as",
        f"{article.id}: {message}",
        code,
        Level.WARNING,
        {"id": article.id, **params},
    )
