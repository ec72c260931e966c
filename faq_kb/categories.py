"""The tree of categories: which file stands below which, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from faq_kb.articles import Article, Category, Heading
from faq_kb.problems import Problem

MAX_LEVELS = 6


def misplaced(headings: Sequence[Heading], present: Collection[str]) -> list[Problem]:
    """Parents that are not there, that lead in a circle, or that lie too deep."""
    known = {heading.id: heading for heading in headings}
    problems = []
    for heading in headings:
        if heading.parent is None:
            continue
        if heading.parent not in present:
            message = f"expected the name of another file, found {heading.parent!r}"
            problems.append(_problem(heading, message, "dead_parent", found=heading.parent))
            continue
        above = ancestors(heading.id, known)
        if heading.id in above:
            message = f"expected a tree, {' > '.join([heading.id, *above])} is a circle"
            problems.append(_problem(heading, message, "parent_circle", found=" > ".join([heading.id, *above])))
        elif len(above) >= MAX_LEVELS:
            problems.append(
                _problem(heading, f"expected at most {MAX_LEVELS} levels", "parent_too_deep", limit=MAX_LEVELS)
            )
    return problems


def _problem(heading: Heading, message: str, code: str, **params: str | int) -> Problem:
    return Problem(heading.source, heading.line, "parent", message, code, params=params)


def ancestors(category_id: str, headings: Mapping[str, Heading]) -> list[str]:
    """The categories above one, nearest first; in a circle, up to and with the first one seen again."""
    above: list[str] = []
    heading = headings.get(category_id)
    while heading and heading.parent and heading.parent in headings:
        again = heading.parent in (category_id, *above)
        above.append(heading.parent)
        if again:
            break
        heading = headings.get(heading.parent)
    return above


def with_missing(headings: Iterable[Heading], articles: Iterable[Article]) -> dict[str, Heading]:
    """The headings, and for articles without one a heading from what the article itself says."""
    known = {heading.id: heading for heading in headings}
    for article in articles:
        if article.category not in known:
            known[article.category] = Heading(article.category, article.category_name)
    return known


def tree(headings: Mapping[str, Heading], articles: Iterable[Article], locale: str) -> list[Category]:
    """The categories at the top with all below them; what holds no article, however deep, is left out.

    Where a parent is not there, or leads in a circle, the category stands at the top.
    """
    standing: dict[str, list[Article]] = {id: [] for id in headings}
    for article in articles:
        standing[article.category].append(article)
    below: dict[str | None, list[Heading]] = {}
    for heading in headings.values():
        parent = heading.parent if heading.parent in headings else None
        if heading.id in ancestors(heading.id, headings):
            parent = None
        below.setdefault(parent, []).append(heading)

    def shown(parent: str | None) -> Iterable[Category]:
        for heading in below.get(parent, ()):
            children = tuple(shown(heading.id))
            if children or standing[heading.id]:
                yield Category(heading.id, heading.name_in(locale), tuple(standing[heading.id]), children, parent)

    return list(shown(None))
