"""Edits that are not live yet: one an article, joined by whoever works on it. The only writer of their table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from faq_kb.content import Content
from faq_kb.merging import merge
from faq_kb.tables import DraftState, drafts


@dataclass(frozen=True)
class Failure:
    """Why a draft did not go live when its time came: an error's code, and what it says of fields and of problems."""

    code: str
    fields: list[str] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """An edit as it stands."""

    id: int
    article_id: str
    category: str
    content: Content | None  # None when it deletes the article
    base: Content | None  # the published content it began from; None when there was none
    state: DraftState
    version: int
    publish_at: datetime | None
    note: str
    failure: Failure | None  # of the last schedule
    created_by: str
    updated_by: str
    created_at: datetime
    updated_at: datetime

    @property
    def deletes(self) -> bool:
        return self.content is None


class EditConflict(Exception):
    """Somebody else changed the same field; theirs is told, and nothing is overwritten."""

    def __init__(self, fields: list[str], theirs: Content | None, theirs_by: str, version: int) -> None:
        super().__init__(", ".join(fields))
        self.fields, self.theirs, self.theirs_by, self.version = fields, theirs, theirs_by, version


class DraftGone(Exception):
    """There is no such draft, or it is another version by now."""


@dataclass(frozen=True)
class Saving:
    """What an editor's page sends. ``seen`` is what the page showed before the editor began to type."""

    article_id: str
    category: str
    content: Content | None
    draft_version: int  # of the draft the page knows; 0 for none
    base: Content | None
    seen: Content | None = None
    note: str | None = None


def save(connection: Connection, saving: Saving, editor: str, now: datetime) -> Draft:
    """Keep an edit; what somebody else saved meanwhile is merged with it. Raises ``EditConflict``."""
    while True:
        draft = of_article(connection, saving.article_id)
        if draft is None:
            try:
                with connection.begin_nested():
                    return _begin(connection, saving, editor, now)
            except IntegrityError:
                continue  # begun by somebody else this moment: join it
        merged = _merged(saving, draft)
        values = {
            "category": saving.category,
            "content": merged,
            "deletes": merged is None,
            "note": draft.note if saving.note is None else saving.note,
            # What was to go live by itself is not this text.
            **({"state": DraftState.DRAFT.value, "publish_at": None} if draft.state is DraftState.SCHEDULED else {}),
            "problem": "",
        }
        if _change(connection, draft, values, editor, now):
            return _of_id(connection, draft.id)


def rebase(connection: Connection, draft: Draft, content: Content | None, base: Content | None, now: datetime) -> Draft:
    """Put a draft onto what is published by now: its editor is told what is different. Raises ``DraftGone``.

    It does not go live by itself any more: nobody has decided yet between the two.
    """
    values: dict[str, Any] = {"content": content, "deletes": content is None, "base": base}
    if draft.state is DraftState.SCHEDULED:
        values |= {"state": DraftState.DRAFT.value, "publish_at": None}
    if not _change(connection, draft, values, draft.updated_by, now):
        raise DraftGone
    return _of_id(connection, draft.id)


def send_to_review(connection: Connection, article_id: str, note: str, editor: str, now: datetime) -> Draft:
    """Ask others to look. Raises ``DraftGone``."""
    values = {"state": DraftState.REVIEW.value, "note": note, "publish_at": None, "problem": ""}
    return _move(connection, article_id, values, editor, now)


def schedule(connection: Connection, article_id: str, publish_at: datetime, editor: str, now: datetime) -> Draft:
    """Let it go live by itself at a time. Raises ``DraftGone``."""
    values = {"state": DraftState.SCHEDULED.value, "publish_at": publish_at, "problem": ""}
    return _move(connection, article_id, values, editor, now)


def unschedule(connection: Connection, article_id: str, editor: str, now: datetime) -> Draft:
    """Let it not go live by itself. Raises ``DraftGone``."""
    values = {"state": DraftState.DRAFT.value, "publish_at": None, "problem": ""}
    return _move(connection, article_id, values, editor, now)


def fail(connection: Connection, article_id: str, version: int, failure: Failure) -> None:
    """A draft whose time came and that could not go live waits for a person, who is told why."""
    connection.execute(
        update(drafts)
        .where(drafts.c.article_id == article_id, drafts.c.version == version)
        .values(state=DraftState.DRAFT.value, publish_at=None, problem=json.dumps(asdict(failure), ensure_ascii=False))
    )


def take(connection: Connection, article_id: str, version: int) -> Draft:
    """Take a draft out to publish or to discard it: one of two who try gets it. Raises ``DraftGone``."""
    draft = of_article(connection, article_id)
    if draft is None or draft.version != version:
        raise DraftGone
    gone = connection.execute(delete(drafts).where(drafts.c.id == draft.id, drafts.c.version == version))
    if gone.rowcount != 1:
        raise DraftGone
    return draft


def rename(connection: Connection, article_id: str, to: str, now: datetime) -> None:
    """A renamed article takes its draft along."""
    connection.execute(update(drafts).where(drafts.c.article_id == article_id).values(article_id=to, updated_at=now))


def of_article(connection: Connection, article_id: str) -> Draft | None:
    row = connection.execute(select(drafts).where(drafts.c.article_id == article_id)).first()
    return _record(row) if row is not None else None


def listing(connection: Connection) -> list[Draft]:
    """All of them, by article."""
    return [_record(row) for row in connection.execute(select(drafts).order_by(drafts.c.article_id))]


def due(connection: Connection, now: datetime) -> list[Draft]:
    """Those whose time has come, the oldest time first."""
    chosen = select(drafts).where(drafts.c.state == DraftState.SCHEDULED.value, drafts.c.publish_at <= now)
    return [_record(row) for row in connection.execute(chosen.order_by(drafts.c.publish_at, drafts.c.id))]


def _begin(connection: Connection, saving: Saving, editor: str, now: datetime) -> Draft:
    done = connection.execute(
        insert(drafts).values(
            article_id=saving.article_id,
            category=saving.category,
            content=saving.content,
            base=saving.base,
            deletes=saving.content is None,
            state=DraftState.DRAFT.value,
            version=1,
            note=saving.note or "",
            problem="",
            created_by=editor,
            updated_by=editor,
            created_at=now,
            updated_at=now,
        )
    )
    return _of_id(connection, int(done.inserted_primary_key[0]))


def _merged(saving: Saving, draft: Draft) -> Content | None:
    """What the draft will hold. Raises ``EditConflict``."""
    if draft.version == saving.draft_version or saving.content == draft.content:
        return saving.content
    if saving.content is None or draft.content is None:
        raise EditConflict(["deletes"], draft.content, draft.updated_by, draft.version)
    merged, conflicts = merge(saving.seen or saving.base or draft.base, saving.content, draft.content)
    if saving.category != draft.category:
        conflicts = [*conflicts, "category"]
    if conflicts:
        raise EditConflict(conflicts, draft.content, draft.updated_by, draft.version)
    return merged


def _move(connection: Connection, article_id: str, values: Mapping[str, Any], editor: str, now: datetime) -> Draft:
    draft = of_article(connection, article_id)
    if draft is None or not _change(connection, draft, values, editor, now):
        raise DraftGone
    return _of_id(connection, draft.id)


def _change(connection: Connection, draft: Draft, values: Mapping[str, Any], editor: str, now: datetime) -> bool:
    """One guarded step; False when somebody else was quicker."""
    done = connection.execute(
        update(drafts)
        .where(drafts.c.id == draft.id, drafts.c.version == draft.version)
        .values(version=draft.version + 1, updated_by=editor, updated_at=now, **values)
    )
    return bool(done.rowcount == 1)


def _of_id(connection: Connection, draft_id: int) -> Draft:
    return _record(connection.execute(select(drafts).where(drafts.c.id == draft_id)).one())


def _record(row: Row) -> Draft:
    return Draft(
        id=row.id,
        article_id=row.article_id,
        category=row.category,
        content=None if row.deletes else row.content,
        base=row.base,
        state=DraftState(row.state),
        version=row.version,
        publish_at=row.publish_at,
        note=row.note,
        failure=_failure(row.problem),
        created_by=row.created_by,
        updated_by=row.updated_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _failure(written: str) -> Failure | None:
    if not written:
        return None
    # An earlier version wrote a sentence, in English alone.
    return Failure(**json.loads(written)) if written.startswith("{") else Failure("edit_error")
