"""Questions that went unanswered, and the customers who want to hear when there is an answer.

The only module that writes faq_misses and faq_asked_again. What customers wrote is kept without what names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.engine import Connection, Row

from faq_kb.columns import INSERTS
from faq_kb.redaction import redact
from faq_kb.tables import Missed, MissState, asked_again, misses

# They are put in clusters, each beside all others. The older ones come up as these are dealt with: nothing expires.
MOST_AT_ONCE = 10_000
MAX_CHARACTERS = 400


@dataclass(frozen=True)
class Question:
    """What a customer asked, where, and what they got."""

    text: str
    before: str  # what the customer said before it
    language: str
    channel: str
    conversation_id: str
    message_id: int
    customer: str  # a hash
    answer_id: int | None = None
    article_id: str | None = None
    right_id: str | None = None  # the article that would have been right, as an agent says
    score: float | None = None
    runners_up: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Miss:
    """A question as it is kept."""

    id: int
    kind: Missed
    state: MissState
    question: Question
    draft_id: int | None
    at: datetime


@dataclass(frozen=True)
class Asker:
    """A customer who agreed to be told, and what to tell them about."""

    id: int
    miss_id: int
    conversation_id: str
    contact: Mapping[str, Any]
    language: str
    article_id: str | None
    question: str


@dataclass(frozen=True)
class PersonsAnswer:
    """What somebody of the team answered in a conversation."""

    conversation_id: str
    message_id: int
    text: str
    agent: str
    at: datetime


_NOTE = {
    name: insert(misses).on_conflict_do_nothing(index_elements=[misses.c.message_id, misses.c.kind])
    for name, insert in INSERTS.items()
}
_AGREE = {
    name: insert(asked_again).on_conflict_do_nothing(
        index_elements=[asked_again.c.miss_id, asked_again.c.conversation_id]
    )
    for name, insert in INSERTS.items()
}
_LATEST = (
    select(misses.c.id)
    .where(misses.c.conversation_id == bindparam("conversation"), misses.c.message_id <= bindparam("message"))
    .order_by(misses.c.id.desc())
    .limit(1)
)


def note(connection: Connection, kind: Missed, question: Question, now: datetime) -> bool:
    """Keep a question that went unanswered in this way. False when it is kept already."""
    values = {
        **vars(question),
        "kind": kind.value,
        "state": MissState.OPEN.value,
        "text": redact(question.text)[:MAX_CHARACTERS],
        "before": redact(question.before)[:MAX_CHARACTERS],
        "runners_up": [dict(one) for one in question.runners_up],
        "at": now,
    }
    return bool(connection.execute(_NOTE[connection.dialect.name], values).rowcount == 1)


def report(connection: Connection, question: Question, now: datetime) -> int:
    """Keep what an agent says of an answer; said again, the last word counts. Returns its id."""
    note(connection, Missed.WRONG_ANSWER, question, now)
    same = (misses.c.message_id == question.message_id) & (misses.c.kind == Missed.WRONG_ANSWER.value)
    is_open = misses.c.state == MissState.OPEN.value
    connection.execute(update(misses).where(same, is_open).values(right_id=question.right_id))
    return int(connection.execute(select(misses.c.id).where(same)).scalar_one())


def take_back(connection: Connection, message_id: int, kind: Missed) -> None:
    """The customer changed their mind; what editors have begun to work on stays."""
    connection.execute(
        delete(misses).where(
            misses.c.message_id == message_id, misses.c.kind == kind.value, misses.c.state == MissState.OPEN.value
        )
    )


def listing(
    connection: Connection, state: MissState, kind: Missed | None = None, language: str | None = None
) -> list[Miss]:
    """The latest questions in this state, oldest first; ``MOST_AT_ONCE`` of them."""
    query = select(misses).where(*_chosen(state, kind, language))
    rows = connection.execute(query.order_by(misses.c.id.desc()).limit(MOST_AT_ONCE)).all()
    return [_record(row) for row in reversed(rows)]


def count(connection: Connection, state: MissState, kind: Missed | None = None, language: str | None = None) -> int:
    """How many there are in this state, however old, beyond what ``listing`` gives at once too."""
    query = select(func.count()).select_from(misses).where(*_chosen(state, kind, language))
    return int(connection.execute(query).scalar_one())


def _chosen(state: MissState, kind: Missed | None, language: str | None) -> list[Any]:
    chosen = [misses.c.state == state.value]
    if kind is not None:
        chosen.append(misses.c.kind == kind.value)
    if language is not None:
        chosen.append(misses.c.language == language)
    return chosen


def find(connection: Connection, ids: Sequence[int]) -> list[Miss]:
    """These questions, as far as they exist, oldest first."""
    rows = connection.execute(select(misses).where(misses.c.id.in_(list(ids))).order_by(misses.c.id))
    return [_record(row) for row in rows]


def dismiss(connection: Connection, ids: Sequence[int]) -> int:
    """No article is needed for these. Returns how many were open."""
    return _move(connection, ids, MissState.DISMISSED)


def begin_draft(connection: Connection, ids: Sequence[int], draft_id: int) -> int:
    """An edit was begun from these. Returns how many were open."""
    return _move(connection, ids, MissState.DRAFTED, draft_id=draft_id)


def draft_dropped(connection: Connection, draft_id: int) -> None:
    """The edit was thrown away: its questions are open again."""
    connection.execute(
        update(misses)
        .where(misses.c.draft_id == draft_id, misses.c.state == MissState.DRAFTED.value)
        .values(state=MissState.OPEN.value, draft_id=None)
    )


def draft_published(connection: Connection, draft_id: int, article_id: str) -> None:
    """The edit is live: its questions have an answer, and who asked to be told will be."""
    born = (misses.c.draft_id == draft_id) & (misses.c.state == MissState.DRAFTED.value)
    ids = select(misses.c.id).where(born)
    connection.execute(
        update(asked_again)
        .where(asked_again.c.miss_id.in_(ids), asked_again.c.told_at.is_(None))
        .values(article_id=article_id)
    )
    connection.execute(update(misses).where(born).values(state=MissState.ANSWERED.value))


def rename(connection: Connection, article_id: str, to: str) -> None:
    """A renamed article keeps the questions it answered badly, and those who wait for it."""
    for column in (misses.c.article_id, misses.c.right_id, asked_again.c.article_id):
        connection.execute(update(column.table).where(column == article_id).values({column.name: to}))


# -- who wants to be told --------------------------------------------------------------------------------------


def agree(
    connection: Connection,
    conversation_id: str,
    message_id: int,
    contact: Mapping[str, Any],
    language: str,
    now: datetime,
) -> bool:
    """The customer agreed to be told when their latest question up to this message has an answer. False when there is
    no such question."""
    latest = {"conversation": conversation_id, "message": message_id}
    miss_id = connection.execute(_LATEST, latest).scalar()
    if miss_id is None:
        return False
    values = {
        "miss_id": miss_id,
        "conversation_id": conversation_id,
        "contact": dict(contact),
        "language": language,
        "agreed_at": now,
    }
    connection.execute(_AGREE[connection.dialect.name], values)
    return True


def disagree(connection: Connection, conversation_id: str) -> None:
    """The customer wants to be told nothing any more."""
    connection.execute(
        delete(asked_again).where(asked_again.c.conversation_id == conversation_id, asked_again.c.told_at.is_(None))
    )


def to_be_told(connection: Connection, limit: int = 1_000) -> list[Asker]:
    """Customers whose question has an answer and who have not been told, the longest waiting first."""
    query = (
        select(asked_again, misses.c.text)
        .join(misses, misses.c.id == asked_again.c.miss_id)
        .where(asked_again.c.article_id.isnot(None), asked_again.c.told_at.is_(None))
        .order_by(asked_again.c.id)
        .limit(limit)
    )
    return [
        Asker(row.id, row.miss_id, row.conversation_id, row.contact, row.language, row.article_id, row.text)
        for row in connection.execute(query)
    ]


def told(connection: Connection, asker_id: int, now: datetime) -> bool:
    """Mark as told. False when somebody else did so before: nobody is told twice."""
    done = connection.execute(
        update(asked_again).where(asked_again.c.id == asker_id, asked_again.c.told_at.is_(None)).values(told_at=now)
    )
    return bool(done.rowcount == 1)


def _move(connection: Connection, ids: Sequence[int], to: MissState, **values: Any) -> int:
    moved = connection.execute(
        update(misses)
        .where(misses.c.id.in_(list(ids)), misses.c.state == MissState.OPEN.value)
        .values(state=to.value, **values)
    )
    return int(moved.rowcount)


def _record(row: Row) -> Miss:
    values = dict(row._mapping)
    question = {name: values[name] for name in Question.__dataclass_fields__}
    question["runners_up"] = tuple(question["runners_up"] or ())
    return Miss(
        values["id"],
        Missed(values["kind"]),
        MissState(values["state"]),
        Question(**question),
        values["draft_id"],
        values["at"],
    )
