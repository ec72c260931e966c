"""The console's routes about what customers missed and how useful articles are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from sanic.request import Request

from faq_kb.articles import LOCALES
from faq_kb.console.api import Console
from faq_kb.console.editing import Editor
from faq_kb.console.errors import BadRequest
from faq_kb.console.learning import DraftWish, MissedQuestions
from faq_kb.tables import Missed, MissState

MOST_IDS = 10_000
MOST_WEEKS = 104
WEEKS = 12
Choice = TypeVar("Choice", bound=Enum)


def add_routes(console: Console, learning: MissedQuestions) -> None:
    """Under /faq/api, for editors."""

    async def list_misses(editor: Editor, request: Request) -> dict[str, Any]:
        state = _chosen(MissState, request.args.get("state") or MissState.OPEN.value, "state")
        kind = _chosen(Missed, request.args["kind"][0], "kind") if request.args.get("kind") else None
        variant = request.args.get("variant") or None
        if variant is not None and variant not in LOCALES:
            raise BadRequest(f"variant must be one of {', '.join(LOCALES)}.", field="variant")
        first = request.args.get("first")
        if first is not None and not (first.isascii() and first.isdigit() and len(first) < 19):
            raise BadRequest("first must be the id of a question.", field="first")
        return await learning.clusters(state, kind, variant, int(first) if first else None)

    async def dismiss(editor: Editor, request: Request) -> dict[str, Any]:
        return {"dismissed": await learning.dismiss(_miss_ids(_body(request)))}

    async def draft(editor: Editor, request: Request) -> dict[str, Any]:
        made = await learning.draft(editor, _wish(_body(request)))
        return {"article_id": made.article_id}

    async def stats(editor: Editor, request: Request) -> dict[str, Any]:
        weeks = request.args.get("weeks") or str(WEEKS)
        if not (weeks.isascii() and weeks.isdigit() and len(weeks) < 5 and 0 < int(weeks) <= MOST_WEEKS):
            raise BadRequest(f"weeks must be a number from 1 to {MOST_WEEKS}.", field="weeks")
        return await learning.weeks(int(weeks), (request.args.get("article") or "")[:80] or None)

    console.add("/misses", "GET", list_misses)
    console.add("/misses/dismiss", "POST", dismiss)
    console.add("/misses/draft", "POST", draft)
    console.add("/stats", "GET", stats)


def _wish(body: Mapping[str, Any]) -> DraftWish:
    into, kind, category = body.get("into"), body.get("as"), body.get("category")
    if kind not in ("asked_as", "not_asked_as", "new"):
        raise BadRequest("as must be asked_as, not_asked_as or new.", field="as")
    if into is not None and not (isinstance(into, str) and 0 < len(into) <= 80):
        raise BadRequest("into must be the id of an article.", field="into")
    if (into is None) != (kind == "new"):
        raise BadRequest("A new article has no into; phrasings need one.", field="into")
    if into is None and not isinstance(category, str):
        raise BadRequest("A new article needs a category.", field="category")
    return DraftWish(_miss_ids(body), into, str(kind), str(category))


def _miss_ids(body: Mapping[str, Any]) -> tuple[int, ...]:
    ids = body.get("miss_ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS:
        raise BadRequest(f"miss_ids must be a list of at most {MOST_IDS:,} ids.", field="miss_ids")
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**63 for one in ids):
        raise BadRequest("miss_ids must be whole numbers.", field="miss_ids")
    return tuple(dict.fromkeys(ids))


def _body(request: Request) -> Mapping[str, Any]:
    body = request.json if request.body else {}
    if not isinstance(body, dict):
        raise BadRequest("Expected a JSON object.")
    return body


def _chosen(choices: type[Choice], value: str, field: str) -> Choice:
    try:
        return choices(value)
    except ValueError as exc:
        raise BadRequest(f"{field} must be one of {', '.join(one.value for one in choices)}.", field=field) from exc
