"""What customers thought of each stretch. The only module that writes the table ratings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Connection, Row

from faq_kb.columns import INSERTS
from handoff.errors import BadInput
from handoff.models import Status, ratings
from handoff.records import Rating
from handoff.stretches import Stretch

SCORES = range(1, 6)
MAX_COMMENT_CHARS = 1000


def asked_about(connection: Connection, conversation_id: str) -> set[int]:
    """The epochs of the stretches that were asked about already."""
    rows = connection.execute(select(ratings.c.epoch).where(ratings.c.conversation_id == conversation_id))
    return {row.epoch for row in rows}


def ask(connection: Connection, stretch: Stretch, now: datetime) -> Rating | None:
    """Remember that a stretch is asked about; None when it was before."""
    query = INSERTS[connection.dialect.name](ratings).values(
        conversation_id=stretch.conversation_id,
        epoch=stretch.epoch,
        owner=stretch.owner.value,
        agent_id=stretch.agent_id,
        asked_at=now,
        comment="",
    )
    done = connection.execute(query.on_conflict_do_nothing(index_elements=["conversation_id", "epoch"]))
    if done.rowcount != 1:
        return None
    row = connection.execute(
        select(ratings).where(ratings.c.conversation_id == stretch.conversation_id, ratings.c.epoch == stretch.epoch)
    ).one()
    return _record(row)


def asked_in(connection: Connection, rating_ids: Sequence[int], message_id: int) -> None:
    """Remember the line that asks."""
    connection.execute(update(ratings).where(ratings.c.id.in_(list(rating_ids))).values(message_id=message_id))


def answer(
    connection: Connection,
    conversation_ids: Sequence[str],
    rating_id: int,
    score: int,
    comment: str | None,
    now: datetime,
) -> Rating:
    """The customer's word on a stretch of theirs; it may be changed, and words added. Raises BadInput."""
    if score not in SCORES:
        raise BadInput("score must be a whole number from 1 to 5.", field="score")
    values: dict[str, object] = {"score": score, "answered_at": now}
    if comment is not None:
        if len(comment) > MAX_COMMENT_CHARS:
            raise BadInput(f"comment must be text of at most {MAX_COMMENT_CHARS} characters.", field="comment")
        values["comment"] = comment
    done = connection.execute(
        update(ratings)
        .where(ratings.c.id == rating_id, ratings.c.conversation_id.in_(list(conversation_ids)))
        .values(**values)
    )
    if done.rowcount != 1:
        raise BadInput("rating must be a question that you were asked.", field="rating")
    return _record(connection.execute(select(ratings).where(ratings.c.id == rating_id)).one())


def of_conversation(connection: Connection, conversation_id: str) -> list[Rating]:
    """All that was asked in a conversation, in the order of its stretches."""
    rows = connection.execute(
        select(ratings).where(ratings.c.conversation_id == conversation_id).order_by(ratings.c.epoch)
    )
    return [_record(row) for row in rows]


def of_lines(connection: Connection, message_ids: Sequence[int]) -> list[Rating]:
    """What was asked in these lines."""
    if not message_ids:
        return []
    rows = connection.execute(select(ratings).where(ratings.c.message_id.in_(list(message_ids))))
    return [_record(row) for row in rows]


def asked_between(connection: Connection, since: datetime, until: datetime) -> list[Rating]:
    """All questions of a span, answered or not."""
    rows = connection.execute(select(ratings).where(ratings.c.asked_at >= since, ratings.c.asked_at < until))
    return [_record(row) for row in rows]


def _record(row: Row) -> Rating:
    fields = dict(row._mapping)
    fields["owner"] = Status(fields["owner"])
    fields["comment"] = fields["comment"] or ""
    return Rating(**fields)
