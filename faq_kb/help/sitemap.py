"""The list of all public help pages, for search engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from xml.sax.saxutils import escape, quoteattr

from faq_kb.articles import LOCALES, Article
from faq_kb.help.changes import Changes
from faq_kb.help.languages import written_in
from faq_kb.help.library import Library
from faq_kb.help.site import Site

# The protocol's own limit; 10,000 articles in four locales stay below it.
MAX_ADDRESSES = 50_000


def sitemap(library: Library, site: Site, changes: Changes) -> bytes:
    """Each page in each locale somebody wrote it in, with the others beside it."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
        *islice(_entries(library, site, changes), MAX_ADDRESSES),
        "</urlset>",
    ]
    return "\n".join(lines).encode()


def _entries(library: Library, site: Site, changes: Changes) -> Iterator[str]:
    yield from _page(site, "", LOCALES, None)
    for shelf in library.shelves.values():
        yield from _page(site, f"{shelf.id}/", written_in(shelf.name), None)
    for article in library.articles.values():
        yield from _page(site, article.id, languages_of(article), changes.changed_on(article))


def languages_of(article: Article) -> tuple[str, ...]:
    """The locales that have a page of their own for this article."""
    return written_in(article.question, article.answer)


def _page(site: Site, path: str, locales: tuple[str, ...], changed: date | None) -> Iterator[str]:
    beside = "".join(
        f'<xhtml:link rel="alternate" hreflang="{one}" href={quoteattr(site.address(f"{one}/{path}"))}/>'
        for one in locales
    )
    modified = f"<lastmod>{changed.isoformat()}</lastmod>" if changed else ""
    for locale in locales:
        yield f"<url><loc>{escape(site.address(f'{locale}/{path}'))}</loc>{modified}{beside}</url>"
