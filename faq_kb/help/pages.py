"""The routes of the help pages: every address below /help and what stands there."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, raw

from faq_kb.articles import LOCALES, Article
from faq_kb.follower import KnowledgeFollower
from faq_kb.help import graph
from faq_kb.help.changes import Changes, Recorded
from faq_kb.help.images import image
from faq_kb.help.languages import NAMES, nearest, shown_in, wanted, written_in
from faq_kb.help.library import Library, Shelf
from faq_kb.help.site import SERVED_AT, Site
from faq_kb.help.sitemap import languages_of, sitemap
from faq_kb.help.writing import FOLDER, Words, Writer, description
from faq_kb.markup import plain
from faq_kb.search import SHOP_TIME

MAX_QUERY_CHARACTERS = 200
SEARCH = "search"
# Kept, and asked about each time: what an editor saved is read a second later.
_CHECKED = "no-cache"
_GZIP_LEVEL = 5


class Serve(Protocol):
    """Serves a file as it stands."""

    def __call__(
        self, request: Request, path: Path, cache: str = ..., headers: Mapping[str, str] | None = None
    ) -> HTTPResponse: ...


@dataclass(frozen=True)
class Written:
    """A page ready to be sent."""

    body: bytes
    locale: str
    status: int = 200
    is_kept: bool = True


def blueprint(
    site: Site,
    knowledge: KnowledgeFollower,
    recorded: Callable[[], Awaitable[Recorded]],
    clock: Callable[[], datetime],
    serve: Serve,
) -> Blueprint:
    """The help pages of a shop, from the set of articles in force."""
    routes = Blueprint("help")
    pages = HelpPages(site, knowledge, Changes(knowledge.folder, recorded, clock), clock)
    images = knowledge.folder / "images"
    files = {path.name: path for path in (FOLDER / "static").iterdir()}

    @routes.route(SERVED_AT, methods=["GET", "HEAD"], name="start")
    async def start(request: Request) -> HTTPResponse:
        return pages.lead_on(request, "")

    @routes.get(f"{SERVED_AT}/images/<name:str>", name="image")
    async def article_image(request: Request, name: str) -> HTTPResponse:
        return await image(request, images, name) or pages.missing(request)

    @routes.get(f"{SERVED_AT}/static/<name:str>", name="file")
    async def static_file(request: Request, name: str) -> HTTPResponse:
        return serve(request, files[name], cache=_CHECKED) if name in files else pages.missing(request)

    @routes.get(f"{SERVED_AT}/sitemap.xml", name="sitemap")
    async def list_of_pages(request: Request) -> HTTPResponse:
        return await pages.sitemap(request)

    @routes.route(f"{SERVED_AT}/<path:path>", methods=["GET", "HEAD"], name="page")
    async def page(request: Request, path: str) -> HTTPResponse:
        await pages.follow()
        # Sanic drops the last slash of `path`, and it is what tells a category from an article.
        return pages.at(request, request.path.removeprefix(f"{SERVED_AT}/"))

    return routes


class HelpPages:
    """Finds what stands at a path and writes it."""

    def __init__(
        self, site: Site, knowledge: KnowledgeFollower, changes: Changes, clock: Callable[[], datetime]
    ) -> None:
        self.site = site
        self._knowledge = knowledge
        self._clock = clock
        self._changes = changes
        self._writer = Writer()
        self._library = Library(knowledge.current, self._today())
        self._sitemap: tuple[str, bytes] = ("", b"")

    @property
    def library(self) -> Library:
        knowledge, day = self._knowledge.current, self._today()
        if self._library.knowledge is not knowledge or self._library.day != day:
            self._library = Library(knowledge, day)
        return self._library

    async def follow(self) -> None:
        """Know when the articles in force were changed."""
        await self._changes.follow(self._knowledge.current.version)

    def _today(self) -> date:
        return self._clock().astimezone(SHOP_TIME).date()

    @property
    def tag(self) -> str:
        """The same as long as no page reads differently."""
        library = self.library
        return f'W/"{library.knowledge.version}-{library.day:%y%m%d}-{self._writer.design}"'

    # -- what stands where -------------------------------------------------------------------------------------

    def at(self, request: Request, path: str) -> HTTPResponse:
        """The page of a path, a way to it when it is spelt differently, or a page that says there is none."""
        locale, slash, rest = path.partition("/")
        if locale not in LOCALES:
            return self._elsewhere(request, locale, slash + rest)
        if not slash:
            return self._moved(f"{locale}/")
        if rest == SEARCH:
            return self._send(request, self._search(locale, _query_of(request)))
        if _is_known(request, self.tag) and self._stands(rest):
            return self._unchanged(locale)
        library = self.library
        if not rest:
            return self._send(request, self._home(locale))
        if rest in library.articles:
            return self._send(request, self._article(locale, library.articles[rest]))
        if rest.removesuffix("/") in library.shelves:
            if not rest.endswith("/"):
                return self._moved(f"{locale}/{rest}/")
            return self._send(request, self._shelf(locale, library.shelves[rest[:-1]]))
        moved_to = self._changes.moved_to(rest.removesuffix("/"))
        if moved_to in library.articles:
            return self._moved(f"{locale}/{moved_to}")
        return self.missing(request, locale)

    def _stands(self, rest: str) -> bool:
        library = self.library
        return not rest or rest in library.articles or (rest.endswith("/") and rest[:-1] in library.shelves)

    def _elsewhere(self, request: Request, first: str, rest: str) -> HTTPResponse:
        """A locale spelt differently, or an address without one: for a link that suits every reader."""
        meant = nearest(first, self.site.default_locale)
        if meant and self._stands(rest.removeprefix("/")):
            return self._moved(f"{meant}{rest or '/'}")
        if first and self._stands(first + rest):
            return self.lead_on(request, first + rest)
        moved_to = self._changes.moved_to(f"{first}{rest}".removesuffix("/"))
        if moved_to and self._stands(moved_to):
            return self.lead_on(request, moved_to)
        return self.missing(request)

    def lead_on(self, request: Request, path: str) -> HTTPResponse:
        """To the same page in the reader's language."""
        locale = self._locale_of(request)
        headers = {"Location": self.site.link(f"{locale}/{path}"), "Vary": "Accept-Language", "Cache-Control": _CHECKED}
        return empty(302, headers=headers)

    def _moved(self, path: str) -> HTTPResponse:
        return empty(301, headers={"Location": self.site.link(path), "Cache-Control": "public, max-age=3600"})

    def missing(self, request: Request, locale: str | None = None) -> HTTPResponse:
        """There is no such page, said in the reader's language."""
        locale = locale or self._locale_of(request)
        body = self._page("missing", locale, path="", title=Words(locale).say("missing_title"), robots="noindex")
        return self._send(request, Written(body, locale, 404, is_kept=False))

    def _locale_of(self, request: Request) -> str:
        return wanted(request.headers.get("accept-language", ""), self.site.default_locale)

    # -- the pages ---------------------------------------------------------------------------------------------

    def _home(self, locale: str) -> Written:
        words = Words(locale)
        nodes = [
            graph.collection(
                words.say("help_centre"),
                locale,
                self.site.address(f"{locale}/"),
                [(one.name_in(locale), self.site.address(f"{locale}/{one.id}/")) for one in self.library.below(None)],
            )
        ]
        body = self._page(
            "home",
            locale,
            path="",
            title=words.say("help_centre"),
            description=words.say("home_description", shop=self.site.shop_name),
            languages=LOCALES,
            nodes=nodes,
            shelves=self.library.below(None),
        )
        return Written(body, locale)

    def _shelf(self, locale: str, shelf: Shelf) -> Written:
        library, words = self.library, Words(locale)
        name = shelf.name_in(locale)
        path = library.path_to(shelf.id)
        parts = [(one.question_in(locale), self.site.address(f"{locale}/{one.id}")) for one in shelf.articles]
        address = self.site.address(f"{locale}/{shelf.id}/")
        body = self._page(
            "category",
            locale,
            path=f"{shelf.id}/",
            title=name,
            description=words.say("category_description", category=name, shop=self.site.shop_name),
            languages=written_in(shelf.name),
            language=shown_in(shelf.name, locale),
            nodes=[graph.collection(name, locale, address, parts), self._breadcrumbs(locale, path)],
            shelf=shelf,
            above=path[:-1],
            below=library.below(shelf.id),
        )
        return Written(body, locale)

    def _article(self, locale: str, article: Article) -> Written:
        library = self.library
        question, answer = article.question_in(locale), plain(article.answer_in(locale), self.site.origin)
        language = shown_in(article.answer, locale)
        changed = self._changes.changed_on(article)
        above = library.path_to(article.category)
        address = self.site.address(f"{language}/{article.id}")
        body = self._page(
            "article",
            locale,
            path=article.id,
            title=question,
            description=description(answer),
            languages=languages_of(article),
            language=language,
            kind="article",
            nodes=[
                graph.article(question, answer, language, address, changed, self.site.shop_name),
                self._breadcrumbs(locale, above, (question, address)),
            ],
            article=article,
            above=above,
            changed=changed,
            related=library.related_to(article),
        )
        return Written(body, locale)

    def _search(self, locale: str, query: str) -> Written:
        words = Words(locale)
        title = words.say("results_for", query=query) if query else words.say("search_title")
        body = self._page(
            "search",
            locale,
            path=SEARCH,
            title=title,
            robots="noindex, follow",
            query=query,
            found=self.library.search(query) if query else None,
            shelves=self.library.below(None),
        )
        return Written(body, locale, is_kept=False)

    def _breadcrumbs(self, locale: str, path: tuple[Shelf, ...], *more: graph.Crumb) -> graph.Node:
        home = (Words(locale).say("help_centre"), self.site.address(f"{locale}/"))
        shelves = [(one.name_in(locale), self.site.address(f"{locale}/{one.id}/")) for one in path]
        return graph.breadcrumbs([home, *shelves, *more])

    def _page(self, template: str, locale: str, *, path: str, title: str, **shown: Any) -> bytes:
        """What every page says of itself, filled in where it says nothing."""
        languages: tuple[str, ...] = shown.pop("languages", ())
        language: str = shown.pop("language", locale)
        nodes: list[graph.Node] = shown.pop("nodes", [])
        return self._writer.page(
            template,
            locale,
            **{"description": "", "robots": "index, follow", "kind": "website", "query": "", **shown},
            path=path,
            title=title,
            language=language,
            languages=languages,
            graph=graph.document(*nodes) if nodes else None,
            site=self.site,
            names=NAMES,
            library=self.library,
            shown_in=shown_in,
        )

    # -- sending -----------------------------------------------------------------------------------------------

    async def sitemap(self, request: Request) -> HTTPResponse:
        await self.follow()
        tag = self.tag
        headers = {"ETag": tag, "Cache-Control": _CHECKED, "Vary": "Accept-Encoding"}
        if _is_known(request, tag):
            return empty(304, headers=headers)
        if self._sitemap[0] != tag:
            library = self.library
            made = await asyncio.get_running_loop().run_in_executor(None, sitemap, library, self.site, self._changes)
            self._sitemap = (tag, made)
        return _packed(request, self._sitemap[1], 200, "application/xml; charset=utf-8", headers)

    def _send(self, request: Request, page: Written) -> HTTPResponse:
        kept = {"ETag": self.tag, "Cache-Control": _CHECKED} if page.is_kept else {"Cache-Control": "no-store"}
        headers = {**self._headers(page.locale), **kept}
        return _packed(request, page.body, page.status, "text/html; charset=utf-8", headers)

    def _unchanged(self, locale: str) -> HTTPResponse:
        return empty(304, headers={**self._headers(locale), "ETag": self.tag, "Cache-Control": _CHECKED})

    def _headers(self, locale: str) -> dict[str, str]:
        return {
            "Content-Language": locale,
            "Content-Security-Policy": self.site.policy,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }


def _query_of(request: Request) -> str:
    """What was asked, as one line that can be shown: no control characters, not endless."""
    asked = request.args.get("q") or ""
    return " ".join("".join(c if c.isprintable() else " " for c in asked).split())[:MAX_QUERY_CHARACTERS].strip()


def _is_known(request: Request, tag: str) -> bool:
    return tag in (one.strip() for one in request.headers.get("if-none-match", "").split(","))


def _packed(request: Request, body: bytes, status: int, kind: str, headers: dict[str, str]) -> HTTPResponse:
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = gzip.compress(body, _GZIP_LEVEL), {**headers, "Content-Encoding": "gzip"}
    return raw(body, status=status, content_type=kind, headers=headers)
