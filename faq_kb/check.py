"""What an editor should know before publishing: all that is wrong or doubtful in a folder of articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from faq_kb.articles import LOCALES, Article
from faq_kb.collisions import beaten_phrasings, repeated_phrasings, similar_phrasings
from faq_kb.loading import ArticleFile, article_paths, problems_between, read_file, source_of
from faq_kb.pin_check import doubtful_pins
from faq_kb.problems import ArticleError, Level, Problem
from faq_kb.search import SHOP_TIME, shipped_synonyms
from faq_kb.synonym_file import synonyms_in
from faq_kb.wording import scripts_of, wording
from faq_kb.words import Synonyms

EXPIRES_SOON = timedelta(days=14)
# With fewer the search has to guess more than it knows.
MIN_PHRASINGS = 8
_SCRIPTS = {"en": "English", "hant": "traditional Chinese", "hans": "simplified Chinese"}


def check(folder: Path, today: date | None = None, *, by_search: bool = True) -> list[Problem]:
    """Everything wrong with the articles and words of a folder, errors first; empty when there is nothing to mend.

    ``by_search`` also lets the search tell which articles take each other's questions: seconds, for a large folder.
    """
    files = [read_file(path) for path in article_paths(folder)]
    if not files:
        return [Problem(source_of(folder), 0, "", "expected at least one .yml file with articles", "no_files")]
    articles = [article for file in files for article in file.articles]
    problems = [problem for file in files for problem in file.problems] + problems_between(files)
    try:
        synonyms = synonyms_in(folder)
    except ArticleError as exc:
        synonyms = shipped_synonyms()
        problems += exc.problems
    problems += doubts(articles, today or datetime.now(SHOP_TIME).date(), synonyms)
    problems += _unnamed_categories(files)
    if by_search:
        problems += beaten_phrasings(articles, synonyms)
    return sorted(problems, key=lambda problem: problem.level is not Level.ERROR)


def doubts(articles: Sequence[Article], today: date, synonyms: Synonyms | None = None) -> list[Problem]:
    """What may be wrong with articles that are each in order; quick enough for every save."""
    return [
        *doubtful_pins(articles),
        *_missing_locales(articles),
        *_dead_related(articles),
        *_expired(articles, today),
        *repeated_phrasings(articles),
        *similar_phrasings(articles, synonyms),
        *_thin_phrasings(articles),
        *(problem for article in articles for problem in wording(article)),
    ]


def _warning(article: Article, field: str, message: str, code: str, **params: str | int) -> Problem:
    return Problem(
        article.source,
        article.line,
        field,
        f"{article.id}: {message}",
        code,
        Level.WARNING,
        {"id": article.id, **params},
    )


def _missing_locales(articles: Sequence[Article]) -> Iterator[Problem]:
    for article in articles:
        for field, texts in (("question", article.question), ("answer", article.answer)):
            for locale in LOCALES:
                if locale not in texts:
                    yield _warning(
                        article, f"{field}.{locale}", "expected a text in every locale", "missing_locale", locale=locale
                    )


def _unnamed_categories(files: Sequence[ArticleFile]) -> Iterator[Problem]:
    for heading in (file.heading for file in files if file.heading):
        for locale in LOCALES:
            if locale not in heading.name:
                yield Problem(
                    heading.source,
                    1,
                    f"category.{locale}",
                    f"expected the name of {heading.id} in every locale",
                    "missing_locale",
                    Level.WARNING,
                    {"id": heading.id, "locale": locale},
                )


def _dead_related(articles: Sequence[Article]) -> Iterator[Problem]:
    ids = {article.id for article in articles}
    for article in articles:
        for related in article.related:
            if related == article.id or related not in ids:
                message = f"expected the id of another article, found {related!r}"
                yield _warning(article, "related", message, "dead_related", found=related)


def _expired(articles: Sequence[Article], today: date) -> Iterator[Problem]:
    for article in articles:
        last = article.valid_until
        if last and last < today:
            message = f"expected a day to come, {last} is over"
            yield _warning(article, "valid_until", message, "expired", day=last.isoformat())
        elif last and last < today + EXPIRES_SOON:
            message = f"expected to be true for longer, {last} is its last day"
            yield _warning(article, "valid_until", message, "expires_soon", day=last.isoformat())


def _thin_phrasings(articles: Sequence[Article]) -> Iterator[Problem]:
    for article in articles:
        count = len(article.phrasings)
        if count < MIN_PHRASINGS:
            message = (
                f"expected at least {MIN_PHRASINGS} ways of asking, questions and asked_as together, found {count}"
            )
            yield _warning(article, "asked_as", message, "thin_phrasing", limit=MIN_PHRASINGS, count=count)
        missing = set(_SCRIPTS) - scripts_of(article.asked_as)
        if article.asked_as and missing:
            for script in sorted(missing):
                message = f"expected how customers ask in {_SCRIPTS[script]} too"
                yield _warning(article, "asked_as", message, "no_phrasing_in", script=script)
