"""Files that customers and agents send: what is known of each. The only module that writes the table attachments.

The bytes are in `attachment_store.py`. A file is stored before the message that carries it, belongs until then to who
sent it alone, and is gone a day later if no message came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Connection

from handoff import texts
from handoff.errors import AttachmentsNotTaken, BadInput, UnknownAttachment
from handoff.file_kinds import Kind
from handoff.models import Author, attachments, messages

MAX_A_MESSAGE = 10
# With a Content-Disposition of inline a browser shows these itself, and none of them can hold a script.
SHOWN_IN_PAGE = (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)


@dataclass(frozen=True)
class Attachment:
    """A file that was sent, or is about to be."""

    id: str
    owner: str
    agent_id: int | None
    conversation_id: str | None
    message_id: int | None
    kind: Kind
    media_type: str
    name: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    created_at: datetime

    def shape(self) -> dict[str, Any]:
        """How it stands in its message, and on the wire."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "name": self.name,
            "type": self.media_type,
            "bytes": self.size_bytes,
            "width": self.width,
            "height": self.height,
        }


def customer(channel: str, sender: str) -> str:
    """A customer as an owner."""
    return f"customer:{channel}:{sender}"


def agent(agent_id: int) -> str:
    """An agent as an owner."""
    return f"agent:{agent_id}"


def add(connection: Connection, new: Attachment) -> None:
    """Keep what is known of a new file."""
    connection.execute(insert(attachments).values({**new.__dict__, "kind": new.kind.value}))


def owned(connection: Connection, owner: str, ids: Sequence[str]) -> list[Attachment]:
    """These files of this owner, in the order asked for, sent or not. Raises UnknownAttachment when one is missing."""
    rows = connection.execute(select(attachments).where(attachments.c.id.in_(list(ids)), attachments.c.owner == owner))
    known = {row.id: _record(row) for row in rows}
    if set(ids) - set(known):
        raise UnknownAttachment()
    return [known[one] for one in ids]


def put_into(connection: Connection, owner: str, ids: Sequence[str], conversation_id: str, message_id: int) -> None:
    """They are sent with this message now. Raises UnknownAttachment when one was sent before, or is somebody else's."""
    done = connection.execute(
        update(attachments)
        .where(attachments.c.id.in_(list(ids)), attachments.c.owner == owner, attachments.c.message_id.is_(None))
        .values(conversation_id=conversation_id, message_id=message_id)
    )
    if done.rowcount != len(ids):
        raise UnknownAttachment()


def for_customer(connection: Connection, owner: str, conversation_ids: Sequence[str], wanted: str) -> Attachment:
    """A file as the customer may have it: their own, or one said to them; never one of a note. Raises
    UnknownAttachment."""
    seen = (
        select(messages.c.id)
        .where(messages.c.conversation_id.in_(list(conversation_ids)), messages.c.author != Author.NOTE.value)
        .where(messages.c.id == attachments.c.message_id)
    )
    query = select(attachments).where(attachments.c.id == wanted, or_(attachments.c.owner == owner, seen.exists()))
    return _only(connection.execute(query).first())


def for_agent(connection: Connection, agent_id: int, wanted: str) -> Attachment:
    """A file of any conversation, or one that this agent is about to send. Raises UnknownAttachment."""
    mine = attachments.c.owner == agent(agent_id)
    query = select(attachments).where(attachments.c.id == wanted, or_(attachments.c.message_id.isnot(None), mine))
    return _only(connection.execute(query).first())


def for_link(connection: Connection, wanted: str) -> Attachment | None:
    """A file that an agent sent to a customer; None for any other, and when it was deleted."""
    said = select(messages.c.id).where(
        messages.c.id == attachments.c.message_id, messages.c.author == Author.AGENT.value
    )
    row = connection.execute(select(attachments).where(attachments.c.id == wanted, said.exists())).first()
    return _record(row) if row is not None else None


def unsent(connection: Connection, older_than: datetime, limit: int = 100) -> list[str]:
    """Files that no message came for."""
    query = select(attachments.c.id).where(attachments.c.message_id.is_(None), attachments.c.created_at < older_than)
    return list(connection.execute(query.limit(limit)).scalars())


def drop_unsent(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Forget those of these that are still not sent; which they were."""
    gone = []
    for one in ids:
        query = delete(attachments).where(attachments.c.id == one, attachments.c.message_id.is_(None))
        if connection.execute(query).rowcount:
            gone.append(one)
    return gone


def forget(connection: Connection, conversation_ids: Sequence[str], owner: str | None = None) -> list[str]:
    """Forget the files of these conversations, and all of this owner; which they were."""
    theirs = attachments.c.conversation_id.in_(list(conversation_ids))
    wanted = theirs if owner is None else or_(theirs, attachments.c.owner == owner)
    ids = list(connection.execute(select(attachments.c.id).where(wanted)).scalars())
    connection.execute(delete(attachments).where(attachments.c.id.in_(ids)))
    return ids


def checked_ids(given: object) -> list[str]:
    """The ids in a request. Raises BadInput."""
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, str) and 0 < len(one) <= 40 for one in given):
        raise BadInput("attachments must be a list of ids.", field="attachments")
    if len(given) > MAX_A_MESSAGE or len(set(given)) != len(given):
        raise BadInput(f"At most {MAX_A_MESSAGE} files go with a message, each once.", field="attachments")
    return given


def limit_for(limits: Mapping[str, int], media_type: str) -> int:
    """The largest file of this type, of what is said by type, by `image/*` or by `*` for all others; 0 for none."""
    return next((limits[one] for one in (media_type, f"{media_type.partition('/')[0]}/*", "*") if one in limits), 0)


def must_fit(files: Sequence[Attachment], limits: Mapping[str, int] | None) -> None:
    """Raises AttachmentsNotTaken for a file that the customer's channel does not send."""
    if limits is None:
        return
    for one in files:
        limit = limit_for(limits, one.media_type)
        if one.size_bytes > limit:
            raise AttachmentsNotTaken(name=one.name, limit=limit)


def in_body(files: Sequence[Attachment], is_wordless: bool) -> dict[str, Any]:
    """How they stand in the body of the message that carries them."""
    if not files:
        return {}
    return {"attachments": [one.shape() for one in files], **({"wordless": True} if is_wordless else {})}


def stands_for(kinds: Sequence[str], language: str) -> str:
    """What is written for a message that is nothing but files."""
    first = kinds[0] if kinds else ""
    name = f"sent_{first}" if f"sent_{first}" in texts.catalogue() else "sent_file"
    said = texts.say(name, language)
    return said if len(kinds) < 2 else f"{said} × {len(kinds)}"


def names_in(body: Any) -> list[str]:
    """The names of the files of a message, from what is kept with it."""
    given = body.get("attachments") if isinstance(body, dict) else None
    return [str(one["name"]) for one in given or () if one.get("name")]


def is_awaited(kept: Mapping[str, Any]) -> bool:
    """Whether this file of a message is still at its provider, and may be had there."""
    source = kept.get("source")
    is_file = kept.get("kind") in {one.value for one in Kind}
    return is_file and not kept.get("id") and isinstance(source, dict) and bool(source) and "refused" not in source


def shapes_in(body: Any) -> list[dict[str, Any]]:
    """The files of a message as pages get them. One that is still at a provider has no id, and no address of theirs;
    `refused` says why it will not come."""
    return [
        {
            "id": one.get("id"),
            "kind": one.get("kind"),
            "name": one.get("name"),
            "type": one.get("type") or one.get("mime_type"),
            "bytes": one.get("bytes"),
            "width": one.get("width"),
            "height": one.get("height"),
            **_refused(one),
        }
        for one in body.get("attachments") or ()
    ]


def _refused(kept: Mapping[str, Any]) -> dict[str, Any]:
    source = kept.get("source")
    return {"refused": source["refused"]} if isinstance(source, dict) and "refused" in source else {}


def _only(row: Any) -> Attachment:
    if row is None:
        raise UnknownAttachment()
    return _record(row)


def _record(row: Any) -> Attachment:
    return Attachment(**{**row._mapping, "kind": Kind(row.kind)})
