"""Tags with colours on conversations. The only module that writes the tables tags and conversation_tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Connection, Row

from faq_kb.columns import INSERTS
from faq_kb.folding import fold_keeping_length
from handoff.errors import BadInput, TextTooLong, UnknownTag
from handoff.models import conversation_tags, tags
from handoff.plain import plain

COLOURS = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
MAX_NAME_CHARS = 40
MAX_TAGS_A_CONVERSATION = 20
MAX_TAGS = 1000


@dataclass(frozen=True)
class Tag:
    """A word on a conversation, and the colour it is shown in."""

    id: int
    name: str
    colour: str


def put_on(
    connection: Connection, conversation_id: str, name: object, colour: object, agent_id: int | None, now: datetime
) -> Tag:
    """Put a tag on a conversation, made if it is new; twice is once. Raises BadInput or TextTooLong."""
    tag = _find_or_make(connection, clean_name(name), clean_colour(colour), now)
    worn = connection.execute(
        select(func.count())
        .select_from(conversation_tags)
        .where(conversation_tags.c.conversation_id == conversation_id)
    ).scalar_one()
    if worn >= MAX_TAGS_A_CONVERSATION and tag not in of(connection, conversation_id):
        raise BadInput(f"A conversation takes at most {MAX_TAGS_A_CONVERSATION} tags.", field="name")
    insert = INSERTS[connection.dialect.name]
    connection.execute(
        insert(conversation_tags)
        .values(conversation_id=conversation_id, tag_id=tag.id, agent_id=agent_id, at=now)
        .on_conflict_do_nothing()
    )
    return tag


def go_along(connection: Connection, conversation_id: str, other_id: str) -> None:
    """Put the tags of one conversation on another one, as far as there is room."""
    worn = {one.id for one in of(connection, other_id)}
    rows = connection.execute(
        select(conversation_tags)
        .where(conversation_tags.c.conversation_id == conversation_id, conversation_tags.c.tag_id.notin_(worn))
        .order_by(conversation_tags.c.at)
        .limit(max(0, MAX_TAGS_A_CONVERSATION - len(worn)))
    )
    if values := [{**row._mapping, "conversation_id": other_id} for row in rows]:
        connection.execute(INSERTS[connection.dialect.name](conversation_tags).on_conflict_do_nothing(), values)


def take_off(connection: Connection, conversation_id: str, tag_id: int) -> None:
    """Take a tag off a conversation; one that is not there is off already."""
    connection.execute(
        delete(conversation_tags).where(
            conversation_tags.c.conversation_id == conversation_id, conversation_tags.c.tag_id == tag_id
        )
    )


def paint(connection: Connection, tag_id: int, colour: str) -> Tag:
    """Give a tag another colour, on every conversation. Raises UnknownTag or BadInput."""
    done = connection.execute(update(tags).where(tags.c.id == tag_id).values(colour=clean_colour(colour)))
    if done.rowcount != 1:
        raise UnknownTag()
    return _record(connection.execute(select(tags).where(tags.c.id == tag_id)).one())


def of(connection: Connection, conversation_id: str) -> list[Tag]:
    """The tags of one conversation, in the order they were put on."""
    return of_each(connection, [conversation_id]).get(conversation_id, [])


def of_each(connection: Connection, conversation_ids: Collection[str]) -> dict[str, list[Tag]]:
    """The tags of these conversations."""
    if not conversation_ids:
        return {}
    rows = connection.execute(
        select(tags, conversation_tags.c.conversation_id)
        .join(conversation_tags, conversation_tags.c.tag_id == tags.c.id)
        .where(conversation_tags.c.conversation_id.in_(list(conversation_ids)))
        .order_by(conversation_tags.c.at, tags.c.id)
    )
    found: dict[str, list[Tag]] = {}
    for row in rows:
        found.setdefault(row.conversation_id, []).append(_record(row))
    return found


def listing(connection: Connection, limit: int = MAX_TAGS) -> list[tuple[Tag, int]]:
    """Every tag with how many conversations wear it, the most worn first."""
    worn = func.count(conversation_tags.c.conversation_id)
    rows = connection.execute(
        select(tags, worn.label("worn"))
        .outerjoin(conversation_tags, conversation_tags.c.tag_id == tags.c.id)
        .group_by(*tags.c)
        .order_by(worn.desc(), tags.c.name)
        .limit(limit)
    )
    return [(_record(row), row.worn) for row in rows]


def known_or_made(connection: Connection, given: object, most: int, now: datetime) -> list[Tag]:
    """The tags of a list of `{"name", "colour"}`, each made if it is new. Raises BadInput or TextTooLong."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise BadInput("tags must be a list of objects with a name.", field="tags")
    if len(given) > most:
        raise BadInput(f"A customer takes at most {most} tags.", field="tags")
    found = {}
    for one in given:
        tag = _find_or_make(connection, clean_name(one.get("name")), clean_colour(one.get("colour")), now)
        found[tag.id] = tag
    return list(found.values())


def by_ids(connection: Connection, tag_ids: Collection[int]) -> dict[int, Tag]:
    """These tags, by id."""
    rows = connection.execute(select(tags).where(tags.c.id.in_(list(tag_ids)))) if tag_ids else ()
    return {row.id: _record(row) for row in rows}


def clean_name(name: object) -> str:
    """The name as it is kept: one line, not too long. Raises BadInput or TextTooLong."""
    if not isinstance(name, str):
        raise BadInput("name must be text.", field="name")
    cleaned = " ".join(plain(name).split())
    if not cleaned:
        raise BadInput("A tag needs a name.", field="name")
    if len(cleaned) > MAX_NAME_CHARS:
        raise TextTooLong(f"A tag has at most {MAX_NAME_CHARS} characters.", field="name", limit=MAX_NAME_CHARS)
    return cleaned


def clean_colour(colour: object) -> str:
    """One of our colours; without one, grey. Raises BadInput."""
    if colour is None:
        return COLOURS[0]
    if colour not in COLOURS:
        raise BadInput(f"colour must be one of {', '.join(COLOURS)}.", field="colour")
    return str(colour)


def _find_or_make(connection: Connection, name: str, colour: str, now: datetime) -> Tag:
    key = fold_keeping_length(name)[:80]
    row = connection.execute(select(tags).where(tags.c.key == key)).first()
    if row is None:
        if connection.execute(select(func.count()).select_from(tags)).scalar_one() >= MAX_TAGS:
            raise BadInput(f"There are {MAX_TAGS} tags already; use one of them.", field="name")
        insert = INSERTS[connection.dialect.name]
        connection.execute(
            insert(tags).values(key=key, name=name, colour=colour, created_at=now).on_conflict_do_nothing()
        )
        row = connection.execute(select(tags).where(tags.c.key == key)).one()
    return _record(row)


def _record(row: Row) -> Tag:
    return Tag(row.id, row.name, row.colour)


def shapes(worn: Sequence[Tag]) -> list[dict[str, object]]:
    """Tags as the desk gets them."""
    return [{"id": tag.id, "name": tag.name, "colour": tag.colour} for tag in worn]
