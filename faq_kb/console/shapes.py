"""What the console's page gets: records as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from faq_kb.articles import LOCALES
from faq_kb.content import Content
from faq_kb.drafts import Draft
from faq_kb.history import Revision


def moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def draft(one: Draft) -> dict[str, Any]:
    return {
        "id": one.id,
        "category": one.category,
        "version": one.version,
        "state": one.state.value,
        "content": one.content,
        "base": one.base,
        "deletes": one.deletes,
        "note": one.note,
        "failure": asdict(one.failure) if one.failure else None,
        "publish_at": moment(one.publish_at),
        "created_by": one.created_by,
        "updated_by": one.updated_by,
        "updated_at": moment(one.updated_at),
    }


def revision(one: Revision) -> dict[str, Any]:
    return {
        "id": one.id,
        "article_id": one.article_id,
        "category": one.category,
        "action": one.action,
        "actor": one.actor,
        "at": moment(one.at),
        "note": one.note,
        "before": one.before,
        "after": one.after,
        "version": one.version,
    }


def row(
    article_id: str, content: Content | None, edit: Draft | None, last: Revision | None, is_published: bool
) -> dict[str, Any]:
    """An article in the tree, as its draft has it where there is one."""
    shown = (edit.content if edit else None) or content or {}
    question, answer = shown.get("question", {}), shown.get("answer", {})
    state = "published" if edit is None else edit.state.value
    return {
        "id": article_id,
        "question": question,
        "state": "new" if state == "draft" and not is_published else state,
        "deletes": bool(edit and edit.deletes),
        "failed": bool(edit and edit.failure),
        "publish_at": moment(edit.publish_at) if edit else None,
        "missing": [locale for locale in LOCALES if locale not in question or locale not in answer],
        "valid_from": shown.get("valid_from"),
        "valid_until": shown.get("valid_until"),
        "updated_at": moment(edit.updated_at if edit else last.at if last else None),
        "updated_by": edit.updated_by if edit else last.actor if last else None,
    }
