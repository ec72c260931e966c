"""The console's HTTP API. Every route asks first who sends it: an editor, with the page's token on every change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from faq_kb import drafts, history
from faq_kb.articles import LOCALES
from faq_kb.console import shapes
from faq_kb.console.editing import Editing, Editor, in_thread
from faq_kb.console.errors import ArticleRefused, BadRequest, UnknownArticle
from faq_kb.console.presence import Presence
from faq_kb.console.reading import Names, Reading
from faq_kb.console.trying import Trying
from faq_kb.content import Content, ContentRefused, content_of, normal, version_of
from faq_kb.drafts import Saving

MAX_NOTE = 2000
MAX_QUESTION = 2000
MAX_ID = 80
Handler = Callable[..., Awaitable[Any]]


class Editors(Protocol):
    """Who may edit."""

    async def editor_of(self, request: Request) -> Editor: ...


class Console:
    """What editors may ask for and do, under /faq/api. Other modules of the console add routes of their own."""

    def __init__(
        self, editing: Editing, trying: Trying, editors: Editors, presence: Presence, names: Names = lambda _: {}
    ) -> None:
        self._editing = editing
        self._reading = Reading(editing, names)
        self._trying = trying
        self._editors = editors
        self._presence = presence
        self._max_body_bytes: dict[tuple[str, str], int] = {}
        self._routes: list[tuple[str, str, Handler]] = [
            ("/tree", "GET", self._tree),
            ("/live", "GET", self._live),
            ("/history", "GET", self._whole_history),
            ("/articles/<article_id:str>", "GET", self._article),
            ("/articles/<article_id:str>/draft", "PUT", self._save),
            ("/articles/<article_id:str>/draft", "DELETE", self._discard),
            ("/articles/<article_id:str>/delete", "POST", self._delete),
            ("/articles/<article_id:str>/rename", "POST", self._rename),
            ("/articles/<article_id:str>/check", "POST", self._check),
            ("/articles/<article_id:str>/replay", "POST", self._replay),
            ("/words", "GET", self._words),
            ("/words", "PUT", self._save_words),
            ("/words/replay", "POST", self._replay_words),
            ("/articles/<article_id:str>/review", "POST", self._review),
            ("/articles/<article_id:str>/schedule", "POST", self._schedule),
            ("/articles/<article_id:str>/unschedule", "POST", self._unschedule),
            ("/articles/<article_id:str>/publish", "POST", self._publish),
            ("/articles/<article_id:str>/history", "GET", self._history),
            ("/articles/<article_id:str>/revert", "POST", self._revert),
            ("/ask", "POST", self._ask),
            ("/categories", "POST", self._add_category),
            ("/categories/<category:str>", "PUT", self._change_category),
        ]

    def add(self, path: str, method: str, handler: Handler, max_body_bytes: int | None = None) -> None:
        """One more route: ``handler(editor, request, **parts of the path)`` returns what becomes JSON.

        ``max_body_bytes`` for a route that takes files, which are larger than what the gateway takes otherwise.
        """
        self._routes.append((path, method, handler))
        if max_body_bytes is not None:
            self._max_body_bytes[path, method] = max_body_bytes

    def blueprint(self) -> Blueprint:
        routes = Blueprint("faq_api", url_prefix="/faq/api")
        for number, (path, method, handler) in enumerate(self._routes):
            most = self._max_body_bytes.get((path, method))
            handle = self._for_editors(handler, most)
            routes.add_route(handle, path, methods=[method], name=f"route_{number}", stream=most is not None)
        return routes

    def _for_editors(self, handler: Handler, max_body_bytes: int | None) -> Handler:
        async def handle(request: Request, **parts: str) -> HTTPResponse:
            editor = await self._editors.editor_of(request)
            if max_body_bytes is not None:
                # Only an editor's file may be so large, and only now is it read.
                request.stream.request_max_size = max_body_bytes
                await request.receive_body()
            answer = await handler(editor, request, **parts)
            return answer if isinstance(answer, HTTPResponse) else json(answer, ensure_ascii=False)

        return handle

    # -- reading -----------------------------------------------------------------------------------------------

    async def _tree(self, editor: Editor, request: Request) -> dict[str, Any]:
        words, state = request.args.get("q") or "", request.args.get("state") or ""
        return await self._reading.tree(words[:MAX_QUESTION], state)

    async def _live(self, editor: Editor, request: Request) -> dict[str, Any]:
        if request.args.get("article"):
            self._presence.look(editor, request.args["article"][0][:MAX_ID])
        return {"version": await self._reading.version(), "editing": self._presence.all()}

    async def _article(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        article = self._editing.follower.current.articles.get(article_id)
        draft, revisions = await self._editing.storage.read(
            lambda c: (drafts.of_article(c, article_id), history.of_article(c, article_id, limit=5))
        )
        if article is None and draft is None:
            raise UnknownArticle()
        self._presence.look(editor, article_id)
        published = content_of(article) if article else None
        return {
            "id": article_id,
            "category": article.category if article else draft.category if draft else "",
            "source": article.source if article else "",
            "line": article.line if article else 0,
            "version": version_of(published),
            "published": published,
            "draft": shapes.draft(draft) if draft else None,
            "editors": self._presence.of(article_id, but=editor),
            "revisions": [shapes.revision(one) for one in revisions],
        }

    async def _history(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        found = await self._editing.storage.read(lambda c: history.of_article(c, article_id))
        return {"revisions": [shapes.revision(one) for one in found]}

    async def _whole_history(self, editor: Editor, request: Request) -> dict[str, Any]:
        before = _number(request.args.get("before"))
        found = await self._editing.storage.read(lambda c: history.latest(c, before=before))
        return {"revisions": [shapes.revision(one) for one in found]}

    # -- trying ------------------------------------------------------------------------------------------------

    async def _ask(self, editor: Editor, request: Request) -> dict[str, Any]:
        body = _body(request)
        text, locale, article_id = body.get("text"), body.get("locale"), body.get("article")
        if not isinstance(text, str) or len(text) > MAX_QUESTION:
            raise BadRequest(f"text must be text of at most {MAX_QUESTION} characters.", field="text")
        if locale not in LOCALES:
            raise BadRequest(f"locale must be one of {', '.join(LOCALES)}.", field="locale")
        draft = await self._editing.draft(article_id) if isinstance(article_id, str) else None
        return await self._trying.ask(text, str(locale), draft)

    async def _check(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        return await self._trying.check(await self._editing.draft(article_id), article_id)

    async def _replay(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        return await self._trying.replay(await self._editing.draft(article_id))

    # -- words -------------------------------------------------------------------------------------------------

    async def _words(self, editor: Editor, request: Request) -> dict[str, Any]:
        lines, version = await in_thread(self._editing.synonyms)
        return {"lines": lines, "version": version}

    async def _save_words(self, editor: Editor, request: Request) -> dict[str, Any]:
        body = _body(request)
        lines, version = _lines(body), body.get("version")
        if not isinstance(version, str):
            raise BadRequest("version must be text.", field="version")
        return await _to_its_end(self._editing.save_synonyms(editor, lines, version))

    async def _replay_words(self, editor: Editor, request: Request) -> dict[str, Any]:
        return await self._trying.replay_words(_lines(_body(request)))

    # -- drafts ------------------------------------------------------------------------------------------------

    async def _save(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        body = _body(request)
        saving = Saving(
            article_id,
            _text(body, "category", 80),
            _content(body, "content") or {},
            _version(body),
            _content(body, "base"),
            _content(body, "seen"),
            _text(body, "note", MAX_NOTE, "") if body.get("note") is not None else None,
        )
        self._presence.look(editor, article_id)
        return {"draft": shapes.draft(await self._editing.save(editor, saving, _miss_id(body)))}

    async def _discard(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        await self._editing.discard(article_id, _version(_body(request)))
        return {}

    async def _delete(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        body = _body(request)
        version = _version(body) if "draft_version" in body else None
        return {"draft": shapes.draft(await self._editing.mark_deletion(editor, article_id, version))}

    async def _review(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        note = _text(_body(request), "note", MAX_NOTE, "")
        return {"draft": shapes.draft(await self._editing.review(editor, article_id, note))}

    async def _schedule(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        at = _moment(_body(request).get("publish_at"))
        return {"draft": shapes.draft(await self._editing.schedule(editor, article_id, at))}

    async def _unschedule(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        return {"draft": shapes.draft(await self._editing.unschedule(editor, article_id))}

    # -- publishing --------------------------------------------------------------------------------------------

    async def _publish(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        return await _to_its_end(self._editing.publish(editor, article_id, _version(_body(request))))

    async def _revert(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        body = _body(request)
        revision, to = body.get("revision"), body.get("to", "before")
        if not isinstance(revision, int) or isinstance(revision, bool) or not 0 < revision < 2**63:
            raise BadRequest("revision must be the id of a revision.", field="revision")
        if to not in ("before", "after"):
            raise BadRequest("to must be before or after.", field="to")
        return await _to_its_end(self._editing.revert(editor, article_id, revision, to))

    async def _rename(self, editor: Editor, request: Request, article_id: str) -> dict[str, Any]:
        return await _to_its_end(self._editing.rename(editor, article_id, _text(_body(request), "to", 200)))

    async def _add_category(self, editor: Editor, request: Request) -> dict[str, Any]:
        body = _body(request)
        category = _text(body, "id", 200)
        return await _to_its_end(self._editing.add_category(editor, category, _name(body), _parent(body)))

    async def _change_category(self, editor: Editor, request: Request, category: str) -> dict[str, Any]:
        body = _body(request)
        return await _to_its_end(self._editing.change_category(editor, category, _name(body), _parent(body)))


async def _to_its_end(work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """A publication is not cut short because the page that asked for it went away."""
    return await asyncio.shield(asyncio.ensure_future(work))


def _body(request: Request) -> Mapping[str, Any]:
    body = request.json if request.body else {}
    if not isinstance(body, dict):
        raise BadRequest("Expected a JSON object.")
    return body


def _text(body: Mapping[str, Any], field: str, longest: int, default: str | None = None) -> str:
    value = body.get(field, default)
    if not isinstance(value, str) or len(value) > longest or not _is_storable(value):
        raise BadRequest(f"{field} must be text of at most {longest} characters.", field=field)
    return value.strip()


def _is_storable(text: str) -> bool:
    return not any((ord(c) < 32 and c not in "\n\t\r") or 0xD800 <= ord(c) < 0xE000 for c in text)


def _lines(body: Mapping[str, Any]) -> list[str]:
    lines = body.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise BadRequest("lines must be a list of texts.", field="lines")
    return lines


def _version(body: Mapping[str, Any]) -> int:
    value = body.get("draft_version", 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise BadRequest("draft_version must be a whole number.", field="draft_version")
    return value


def _miss_id(body: Mapping[str, Any]) -> int | None:
    value = body.get("miss_id")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63):
        raise BadRequest("miss_id must be the id of a question.", field="miss_id")
    return value


def _content(body: Mapping[str, Any], field: str) -> Content | None:
    if body.get(field) is None:
        return None
    try:
        return normal(body[field])
    except ContentRefused as exc:
        raise ArticleRefused(exc.problems) from exc


def _name(body: Mapping[str, Any]) -> dict[str, str]:
    name = body.get("name")
    content = _content({"name": {"question": name}}, "name")
    return dict(content["question"]) if content else {}


def _parent(body: Mapping[str, Any]) -> str | None:
    return None if body.get("parent") is None else _text(body, "parent", 200) or None


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        moment.astimezone()
    except (ValueError, OverflowError) as exc:
        raise BadRequest("publish_at must be a time such as 2026-01-31T09:00:00+00:00.", field="publish_at") from exc
    if moment.tzinfo is None:
        raise BadRequest("publish_at must say its time zone.", field="publish_at")
    return moment


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else None
