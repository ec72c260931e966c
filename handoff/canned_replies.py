"""Canned replies: answers that agents keep under a `/shortcut`, shared or their own, each in the customers' languages.
The only module that writes the table canned_replies.

A reply may take another one in, `{/hours}`. A shared one finds shared ones only, and says the same for everybody;
an agent's own finds their own first. One that would come back to itself is refused when it is saved, and left standing
as a blank, which no line may carry to a customer, should it ever be stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from faq_kb.folding import fold_keeping_length
from handoff import blanks, texts
from handoff.errors import (
    BadInput,
    CannedReplyChanged,
    CannedReplyInUse,
    NotAllowed,
    ShortcutRecurs,
    ShortcutTaken,
    TextTooLong,
    UnknownCannedReply,
)
from handoff.models import canned_replies
from handoff.plain import plain
from handoff.records import Agent

MAX_SHORTCUT_CHARS = 32
MAX_TEXT_CHARS = 4_000
# With all that it takes in; the longest line that an agent may send.
MAX_WHOLE_CHARS = 10_000
MAX_SHARED = 1_000
MAX_OWN = 200
_SHORTCUT = re.compile(r"[\w-]+")
_TAKES_IN = re.compile(r"\{/([^{}\n]{1,60})\}")


@dataclass(frozen=True)
class CannedReply:
    """One answer in several languages."""

    id: int
    owner_id: int | None  # None: everybody's
    shortcut: str
    key: str
    texts: Mapping[str, str]
    version: int
    changed_by: str
    changed_at: datetime

    def language_for(self, language: str) -> str:
        """The language it is said in to a customer who speaks `language`."""
        return next(one for one in texts.FALLBACKS.get(language, texts.LOCALES) if self.texts.get(one))

    def takes_in(self, locale: str | None = None) -> list[str]:
        """The keys of the replies that it takes in, in one language or in any."""
        said = [self.texts.get(locale, "")] if locale else self.texts.values()
        return list(dict.fromkeys(key_of(one) for text in said for one in _TAKES_IN.findall(text)))


class Shelf:
    """The replies that one agent has, or (without one) that all share."""

    def __init__(self, replies: Sequence[CannedReply]) -> None:
        self.replies = replies
        self._shared = {one.key: one for one in replies if one.owner_id is None}
        self._own = {one.key: one for one in replies if one.owner_id is not None}

    def found_from(self, reply: CannedReply, key: str) -> CannedReply | None:
        """What `{/key}` in this reply takes in."""
        own = None if reply.owner_id is None else self._own.get(key)
        return own or self._shared.get(key)

    def whole(self, reply: CannedReply, language: str) -> str:
        """The text of a reply with all that it takes in. What is missing, comes back to itself or would be endless
        stays in its braces."""
        return "".join(self._parts(reply, language, (reply.id,), [MAX_WHOLE_CHARS]))

    def _parts(self, reply: CannedReply, language: str, above: tuple[int, ...], room: list[int]) -> Iterator[str]:
        end, text = 0, reply.texts[reply.language_for(language)]
        for found in _TAKES_IN.finditer(text):
            yield from _as_far_as(text[end : found.start()], room)
            end = found.end()
            taken = self.found_from(reply, key_of(found[1]))
            if taken is None or taken.id in above or room[0] <= 0:
                yield found[0]
            else:
                yield from self._parts(taken, language, (*above, taken.id), room)
        yield from _as_far_as(text[end:], room)

    def check(self, reply: CannedReply) -> None:
        """Raises ShortcutRecurs naming the way, BadInput for one that is not there, TextTooLong for the whole."""
        for locale, text in reply.texts.items():
            for named in _TAKES_IN.findall(text):
                if self.found_from(reply, key_of(named)) is None:
                    raise BadInput(f"There is no canned reply /{named} to take in here.", field=f"texts.{locale}")
        way = self._way_back(reply, (reply,))
        if way:
            shown = " → ".join(f"/{one.shortcut}" for one in way)
            raise ShortcutRecurs(f"/{reply.shortcut} would come back to itself: {shown}.", way=shown)
        for locale in reply.texts:
            if self._length(reply, locale, {}) > MAX_WHOLE_CHARS:
                raise TextTooLong(
                    f"With all that it takes in, the reply has more than {MAX_WHOLE_CHARS} characters.",
                    field=f"texts.{locale}",
                    limit=MAX_WHOLE_CHARS,
                )

    def _way_back(self, reply: CannedReply, way: tuple[CannedReply, ...]) -> tuple[CannedReply, ...]:
        seen: set[int] = set()
        waiting = [(reply, way)]
        while waiting:
            one, came = waiting.pop()
            for key in one.takes_in():
                taken = self.found_from(one, key)
                if taken is None:
                    continue
                if taken.id == reply.id:
                    return (*came, taken)
                if taken.id not in seen:
                    seen.add(taken.id)
                    waiting.append((taken, (*came, taken)))
        return ()

    def _length(self, reply: CannedReply, locale: str, known: dict[int, int]) -> int:
        """Counted, not built: replies that take each other in many times would fill the memory."""
        if reply.id not in known:
            known[reply.id] = 0  # not endless, should a circle be stored
            text = reply.texts[reply.language_for(locale)]
            taken = (self.found_from(reply, key_of(one)) for one in _TAKES_IN.findall(text))
            known[reply.id] = len(text) + sum(self._length(one, locale, known) for one in taken if one)
        return known[reply.id]


def key_of(shortcut: str) -> str:
    """What tells shortcuts apart: without the slash, folded, so that /退貨 and /退货 are one."""
    return fold_keeping_length(shortcut.removeprefix("/").strip())


def of_agent(connection: Connection, agent_id: int) -> Shelf:
    """The shared replies and the agent's own, by their shortcuts. Nobody else's."""
    mine = or_(canned_replies.c.owner_id.is_(None), canned_replies.c.owner_id == agent_id)
    rows = connection.execute(select(canned_replies).where(mine).order_by(canned_replies.c.key, canned_replies.c.id))
    return Shelf([_record(row) for row in rows])


def find(connection: Connection, agent_id: int, reply_id: int) -> CannedReply:
    """A reply that this agent may use. Raises UnknownCannedReply."""
    row = connection.execute(select(canned_replies).where(canned_replies.c.id == reply_id)).first()
    if row is None or row.owner_id not in (None, agent_id):
        raise UnknownCannedReply()
    return _record(row)


def add(
    connection: Connection, agent: Agent, shortcut: object, said: object, is_shared: bool, now: datetime
) -> CannedReply:
    """Keep a new reply. Raises BadInput, TextTooLong, ShortcutTaken, ShortcutRecurs, NotAllowed."""
    owner_id = _owner(agent, is_shared)
    values = _checked(shortcut, said)
    count = select(func.count()).select_from(canned_replies).where(_owned_by(owner_id))
    most = MAX_SHARED if is_shared else MAX_OWN
    if connection.execute(count).scalar_one() >= most:
        raise BadInput(f"There are {most} canned replies already; delete one first.", field="shortcut")
    values.update(owner_id=owner_id, version=1, changed_by=agent.name, changed_at=now)
    with _one_of_a_name(connection, owner_id, values["shortcut"]):
        identity = connection.execute(insert(canned_replies).values(**values)).inserted_primary_key[0]
    return _fitting(connection, agent, identity)


def change(
    connection: Connection, agent: Agent, reply_id: int, version: object, shortcut: object, said: object, now: datetime
) -> CannedReply:
    """Change a reply as it was read, at its `version`. Raises as `add`, and CannedReplyChanged, CannedReplyInUse."""
    before = find(connection, agent.id, reply_id)
    _owner(agent, before.owner_id is None)
    values = _checked(shortcut, said)
    if values["key"] != before.key:
        _refuse_if_in_use(connection, agent, before)
    values.update(version=before.version + 1, changed_by=agent.name, changed_at=now)
    same = (canned_replies.c.id == reply_id, canned_replies.c.version == version)
    if not isinstance(version, int) or isinstance(version, bool):
        raise BadInput("version must be the number that came with the reply.", field="version")
    with _one_of_a_name(connection, before.owner_id, values["shortcut"]):
        done = connection.execute(update(canned_replies).where(*same).values(**values))
    if done.rowcount != 1:
        raise CannedReplyChanged(by=before.changed_by, version=before.version)
    return _fitting(connection, agent, reply_id)


def remove(connection: Connection, agent: Agent, reply_id: int) -> None:
    """Forget a reply. Raises UnknownCannedReply, NotAllowed, CannedReplyInUse."""
    before = find(connection, agent.id, reply_id)
    _owner(agent, before.owner_id is None)
    _refuse_if_in_use(connection, agent, before)
    connection.execute(delete(canned_replies).where(canned_replies.c.id == reply_id))


def _owner(agent: Agent, is_shared: bool) -> int | None:
    if is_shared and not agent.may_take_over:
        raise NotAllowed("Shared canned replies are kept by supervisors; keep this one as your own.")
    return None if is_shared else agent.id


def _owned_by(owner_id: int | None) -> Any:
    return canned_replies.c.owner_id.is_(None) if owner_id is None else canned_replies.c.owner_id == owner_id


def _checked(shortcut: object, said: object) -> dict[str, Any]:
    if not isinstance(shortcut, str):
        raise BadInput("shortcut must be text.", field="shortcut")
    cleaned = plain(shortcut).strip().removeprefix("/")
    if len(cleaned) > MAX_SHORTCUT_CHARS:
        raise TextTooLong(
            f"A shortcut has at most {MAX_SHORTCUT_CHARS} characters.", field="shortcut", limit=MAX_SHORTCUT_CHARS
        )
    if not _SHORTCUT.fullmatch(cleaned):
        raise BadInput("A shortcut is made of letters, digits, - and _, such as /hours or /退貨.", field="shortcut")
    return {"shortcut": cleaned, "key": key_of(cleaned), "texts": _checked_texts(said)}


def _checked_texts(said: object) -> dict[str, str]:
    if not isinstance(said, Mapping) or not set(said) <= set(texts.LOCALES):
        raise BadInput(f"texts must be an object with texts in {', '.join(texts.LOCALES)}.", field="texts")
    kept: dict[str, str] = {}
    for locale in texts.LOCALES:
        field, text = f"texts.{locale}", said.get(locale)
        if text is None:
            continue
        if not isinstance(text, str):
            raise BadInput(f"The text in {locale} must be text.", field=field)
        cleaned = blanks.tidied(plain(text)).strip()
        if len(cleaned) > MAX_TEXT_CHARS:
            raise TextTooLong(
                f"The text in {locale} has more than {MAX_TEXT_CHARS} characters.", field=field, limit=MAX_TEXT_CHARS
            )
        for name in blanks.braces_in(cleaned):
            if name not in blanks.NAMES and not name.startswith("/"):
                known = ", ".join(f"{{{one}}}" for one in blanks.NAMES)
                raise BadInput(f"There is no variable {{{name}}}; there are {known}.", field=field, variable=name)
        if cleaned:
            kept[locale] = cleaned
    if not kept:
        raise BadInput("A canned reply needs its text in one language at least.", field="texts")
    return kept


@contextmanager
def _one_of_a_name(connection: Connection, owner_id: int | None, shortcut: str) -> Iterator[None]:
    """What is written inside is refused by the unique index when there is one of this name."""
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as exc:
        whose = "a shared canned reply" if owner_id is None else "a canned reply of yours"
        raise ShortcutTaken(f"There is {whose} /{shortcut} already.", shortcut=shortcut) from exc


def _fitting(connection: Connection, agent: Agent, reply_id: int) -> CannedReply:
    """The stored reply, if it fits what else is there; else the caller's transaction is undone."""
    stored = find(connection, agent.id, reply_id)
    of_agent(connection, agent.id).check(stored)
    return stored


def _refuse_if_in_use(connection: Connection, agent: Agent, reply: CannedReply) -> None:
    shelf = of_agent(connection, agent.id)
    users = [
        f"/{one.shortcut}"
        for one in shelf.replies
        if reply.key in one.takes_in() and one.id != reply.id and shelf.found_from(one, reply.key) == reply
    ]
    if users:
        shown = ", ".join(users[:5])
        raise CannedReplyInUse(f"/{reply.shortcut} is taken in by {shown}; change that first.", by=shown)


def _as_far_as(text: str, room: list[int]) -> Iterator[str]:
    taken = text[: max(0, room[0])]
    room[0] -= len(taken)
    yield taken


def _record(row: Row) -> CannedReply:
    return CannedReply(**dict(row._mapping))
