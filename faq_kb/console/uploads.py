"""The console's routes that take and give files: images, tables."""

from __future__ import annotations

from typing import Any

from sanic.request import File, Request
from sanic.response import HTTPResponse, raw

from faq_kb.console import images, transfer
from faq_kb.console.api import Console
from faq_kb.console.editing import Editing, Editor, in_thread
from faq_kb.console.errors import BadRequest, Conflict, EditError, NotWritable
from faq_kb.content import Content, ContentRefused, content_of, empty
from faq_kb.drafts import Saving

# A form has some bytes around its file.
_AROUND_A_FILE = 10_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Uploads:
    """Adds its routes to the console."""

    def __init__(self, editing: Editing) -> None:
        self._editing = editing

    def add_to(self, console: Console) -> None:
        console.add("/images", "POST", self._image, images.MAX_IMAGE_BYTES + _AROUND_A_FILE)
        console.add("/import", "POST", self._import, transfer.MAX_TABLE_BYTES + _AROUND_A_FILE)
        console.add("/export", "GET", self._export)

    async def _image(self, editor: Editor, request: Request) -> dict[str, Any]:
        content = _file(request, "image").body
        try:
            return {"url": await in_thread(images.store, self._editing.folder, content)}
        except OSError as exc:
            raise NotWritable() from exc

    async def _export(self, editor: Editor, request: Request) -> HTTPResponse:
        kind = request.args.get("format") or "csv"
        if kind not in ("csv", "xlsx"):
            raise BadRequest("format must be csv or xlsx.", field="format")
        articles = [
            (article.id, article.category, content_of(article))
            for article in self._editing.follower.current.articles.values()
        ]
        content = await in_thread(transfer.as_csv if kind == "csv" else transfer.as_xlsx, articles)
        headers = {"Content-Disposition": f'attachment; filename="articles.{kind}"'}
        return raw(content, content_type="text/csv; charset=utf-8" if kind == "csv" else _XLSX, headers=headers)

    async def _import(self, editor: Editor, request: Request) -> dict[str, Any]:
        """Make drafts of the lines of a table; nothing is published."""
        content = _file(request, "file").body
        rehearses = (request.form or {}).get("dry_run") == "1" or request.args.get("dry_run") == "1"
        rows = await in_thread(transfer.read_table, content)
        new: list[str] = []
        changed: list[str] = []
        problems: list[dict[str, Any]] = []
        for row in rows:
            if row.problems:
                problems += [dict(problem) for problem in row.problems]
                continue
            try:
                published = await self._take(editor, row, rehearses)
            except (EditError, ContentRefused) as exc:
                problems += _problems(row, exc)
                continue
            if published is not None:
                (changed if published else new).append(row.article_id)
        return {"rows": len(rows), "new": new, "changed": changed, "problems": problems}

    async def _take(self, editor: Editor, row: transfer.Row, rehearses: bool) -> bool | None:
        """Whether the article was there before; None when the line changes nothing."""
        article = self._editing.follower.current.articles.get(row.article_id)
        base: Content | None = content_of(article) if article else None
        content = row.onto(base or empty())
        category = row.category or (article.category if article else "")
        if base is not None and article is not None and (content, category) == (base, article.category):
            return None
        # Against what is published: what others have drafted meanwhile is merged with it, or told.
        saving = Saving(row.article_id, category, content, 0, base, base)
        self._editing.check_place(saving)
        if not rehearses:
            await self._editing.save(editor, saving)
        return base is not None


def _problems(row: transfer.Row, exc: EditError | ContentRefused) -> list[dict[str, Any]]:
    if isinstance(exc, ContentRefused):
        return [
            {"row": row.number, "field": one.field, "message": one.message, "code": one.code} for one in exc.problems
        ]
    if isinstance(exc, Conflict):
        fields = ", ".join(exc.details["fields"])
        message = f"{exc.details['theirs_by']} is changing the same"
        return [{"row": row.number, "field": fields, "message": message, "code": exc.code}]
    told = exc.details.get("problems") or [{"field": "", "message": str(exc), "code": exc.code}]
    return [{"row": row.number, "field": one["field"], "message": one["message"], "code": one["code"]} for one in told]


def _file(request: Request, name: str) -> File:
    file = request.files.get(name) if request.files else None
    if file is None or not file.body:
        raise BadRequest(f"Expected a form with the file {name}.", field=name)
    return file
