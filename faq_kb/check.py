"""What an editor should know before publishing: all that is wrong or doubtful in a folder of articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from faq_kb.articles import LOCALES, Article
from faq_kb.folding import fold, fold_words
from faq_kb.loading import article_paths, problems_between, read_file, source_of
from faq_kb.problems import Level, Problem
from faq_kb.search import SHOP_TIME, shipped_synonyms
from faq_kb.vectors import Space, pack
from faq_kb.words import features_of

# Two phrasings this much alike will be taken for each other as soon as a customer drops or adds a word.
COLLIDING_LIKENESS = 0.75
# So many phrasings are compared with all others at a time; it bounds the memory.
_COMPARED_AT_ONCE = 1000


def check(folder: Path, today: date | None = None) -> list[Problem]:
    """Everything wrong with the articles of a folder, errors first; empty when there is nothing to mend."""
    files = [read_file(path) for path in article_paths(folder)]
    if not files:
        return [Problem(source_of(folder), 0, "", "expected at least one .yml file with articles", "no_files")]
    articles = [article for file in files for article in file.articles]
    errors = [problem for file in files for problem in file.problems] + problems_between(files)
    return [
        *errors,
        *_missing_locales(articles),
        *_dead_related(articles),
        *_expired(articles, today or datetime.now(SHOP_TIME).date()),
        *_repeated_phrasings(articles),
        *_colliding_phrasings(articles),
    ]


def _warning(article: Article, field: str, message: str, code: str) -> Problem:
    return Problem(article.source, article.line, field, f"{article.id}: {message}", code, Level.WARNING)


def _missing_locales(articles: Sequence[Article]) -> Iterator[Problem]:
    for article in articles:
        for field, texts in (("question", article.question), ("answer", article.answer)):
            for locale in LOCALES:
                if locale not in texts:
                    yield _warning(article, f"{field}.{locale}", "expected a text in every locale", "missing_locale")
    for name, article in {article.category: article for article in reversed(articles)}.items():
        for locale in LOCALES:
            if locale not in article.category_name:
                message = f"expected the name of {name} in every locale"
                yield Problem(article.source, 1, f"category.{locale}", message, "missing_locale", Level.WARNING)


def _dead_related(articles: Sequence[Article]) -> Iterator[Problem]:
    ids = {article.id for article in articles}
    for article in articles:
        for related in article.related:
            if related == article.id or related not in ids:
                message = f"expected the id of another article, found {related!r}"
                yield _warning(article, "related", message, "dead_related")


def _expired(articles: Sequence[Article], today: date) -> Iterator[Problem]:
    for article in articles:
        if article.valid_until and article.valid_until < today:
            message = f"expected a day to come, {article.valid_until} is over"
            yield _warning(article, "valid_until", message, "expired")


def _repeated_phrasings(articles: Sequence[Article]) -> Iterator[Problem]:
    """A phrasing that two articles share leads to neither for certain."""
    first: dict[str, Article] = {}
    for article in articles:
        for text in article.phrasings:
            owner = first.setdefault(fold_words(text), article)
            if owner is not article:
                message = f"expected a phrasing of its own, {text!r} also leads to {owner.id}"
                yield _warning(article, "asked_as", message, "repeated_phrasing")


def _colliding_phrasings(articles: Sequence[Article]) -> Iterator[Problem]:
    """Phrasings of two articles that the search can hardly tell apart."""
    phrasings = [(article, text) for article in articles for text in article.phrasings]
    words = [fold_words(text) for _, text in phrasings]
    sentences = pack(features_of(fold(text), shipped_synonyms()) for _, text in phrasings)
    matrix = Space(sentences, pack(())).vectors(sentences)
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
                yield _warning(article, "asked_as", message, "colliding_phrasings")
