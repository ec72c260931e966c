"""Wrapping up: how a conversation ended, what it was about, and which tags it gets with that. Only this module writes
the table wrap_ups; the tags are those of the conversation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from faq_kb import quick_yaml
from faq_kb.columns import INSERTS
from handoff.errors import BadInput, WrapUpMissing
from handoff.models import wrap_ups
from handoff.plain import plain
from handoff.texts import LOCALES

SHIPPED = Path(__file__).parent / "wrap_up.yml"
FIELDS = ("resolution", "reason", "tags")
MOST_TAGS = 10
MAX_TAG_CHARS = 40


class WrapUpFileError(Exception):
    """The file of resolutions and reasons has a mistake."""


@dataclass(frozen=True)
class Choice:
    """A resolution or a reason."""

    id: str
    label: Mapping[str, str]
    asks_rating: bool = True


@dataclass(frozen=True)
class WrapUp:
    """What an agent said of a conversation when closing it."""

    resolution: str | None = None
    reason: str | None = None
    tags: tuple[str, ...] = ()


class WrapUps:
    """What may and what must be said."""

    def __init__(
        self,
        resolutions: Sequence[Choice],
        reasons: Sequence[Choice],
        tags: Sequence[str],
        required: Mapping[str, Sequence[str]],
    ) -> None:
        self.resolutions = tuple(resolutions)
        self.reasons = tuple(reasons)
        self.tags = tuple(tags)
        self._required = required

    def required_of(self, team: str) -> tuple[str, ...]:
        """What a team has to say, in the order of the form."""
        wanted = self._required.get(team, self._required.get("default", ()))
        return tuple(one for one in FIELDS if one in wanted)

    def read(self, given: object, teams: Collection[str], is_tagged: bool) -> WrapUp:
        """A wrap-up as the page sends it, checked; its tags come to those that the conversation has. Raises BadInput,
        or WrapUpMissing naming what the teams ask for."""
        given = given if isinstance(given, Mapping) else {}
        wrap_up = WrapUp(
            _chosen(given, "resolution", self.resolutions), _chosen(given, "reason", self.reasons), _tags(given)
        )
        said = {"resolution": wrap_up.resolution, "reason": wrap_up.reason, "tags": wrap_up.tags or is_tagged}
        required = {name for team in teams for name in self.required_of(team)}
        missing = [name for name in FIELDS if name in required and not said[name]]
        if missing:
            raise WrapUpMissing(fields=missing)
        return wrap_up

    def asks_rating(self, wrap_up: WrapUp) -> bool:
        """Whether the customer is asked how it was after this."""
        return all(one.asks_rating for one in self.resolutions if one.id == wrap_up.resolution)


def load(path: Path) -> WrapUps:
    """Read the file. Raises WrapUpFileError naming the place and what was expected."""
    try:
        loaded = quick_yaml.read(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as exc:
        raise WrapUpFileError(f"{path.name}: cannot be read ({exc}).") from exc
    if not isinstance(loaded, dict):
        raise WrapUpFileError(f"{path.name}: expected a mapping with resolutions, reasons, tags and required.")
    unknown = sorted(set(map(str, loaded)) - {"resolutions", "reasons", "tags", "required"})
    if unknown:
        raise WrapUpFileError(f"{path.name}: unknown key {unknown[0]!r}.")
    required = loaded.get("required") or {}
    for team, fields in required.items() if isinstance(required, dict) else [("required", None)]:
        if not isinstance(fields, list) or not set(map(str, fields)) <= set(FIELDS):
            raise WrapUpFileError(f"{path.name}: required.{team}: expected a list of {', '.join(FIELDS)}.")
    tags = loaded.get("tags") or []
    if not isinstance(tags, list) or any(not isinstance(tag, str) or len(tag) > MAX_TAG_CHARS for tag in tags):
        raise WrapUpFileError(f"{path.name}: tags: expected a list of texts of at most {MAX_TAG_CHARS} characters.")
    return WrapUps(
        _choices(path, loaded.get("resolutions"), "resolutions"),
        _choices(path, loaded.get("reasons"), "reasons"),
        tags,
        required,
    )


def keep(
    connection: Connection, conversation_id: str, agent_id: int, team: str, wrap_up: WrapUp, now: datetime
) -> None:
    """Store what was said; a second word on the same conversation replaces the first."""
    values = {
        "conversation_id": conversation_id,
        "agent_id": agent_id,
        "team": team,
        "resolution": wrap_up.resolution,
        "reason": wrap_up.reason,
        "at": now,
    }
    query = INSERTS[connection.dialect.name](wrap_ups).values(**values)
    connection.execute(query.on_conflict_do_update(index_elements=["conversation_id"], set_=values))


def of_conversation(connection: Connection, conversation_id: str) -> WrapUp | None:
    """What was said of a conversation."""
    row = connection.execute(select(wrap_ups).where(wrap_ups.c.conversation_id == conversation_id)).first()
    return WrapUp(row.resolution, row.reason) if row is not None else None


def reasons_of(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, str]:
    """What these conversations were about, where somebody said so."""
    rows = connection.execute(
        select(wrap_ups.c.conversation_id, wrap_ups.c.reason).where(
            wrap_ups.c.conversation_id.in_(list(conversation_ids)), wrap_ups.c.reason.isnot(None)
        )
    )
    return {row.conversation_id: row.reason for row in rows}


def count_by(connection: Connection, field: str, since: datetime, until: datetime) -> dict[str, int]:
    """How many conversations of a span were closed with each resolution or reason."""
    column = wrap_ups.c[field]
    rows = connection.execute(
        select(column, func.count())
        .where(wrap_ups.c.at >= since, wrap_ups.c.at < until, column.isnot(None))
        .group_by(column)
    )
    return {str(name): int(number) for name, number in rows}


def _choices(path: Path, given: object, name: str) -> list[Choice]:
    if not isinstance(given, list) or not given:
        raise WrapUpFileError(f"{path.name}: {name}: expected a list of entries with id and label.")
    found: list[Choice] = []
    for place, one in enumerate(given, start=1):
        label = one.get("label") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(one.get("id"), str) or not one["id"]:
            raise WrapUpFileError(f"{path.name}: {name}, entry {place}: expected an id.")
        if not isinstance(label, dict) or any(not label.get(locale) for locale in LOCALES):
            raise WrapUpFileError(f"{path.name}: {name}, {one['id']}: expected a label in {', '.join(LOCALES)}.")
        if one["id"] in [known.id for known in found]:
            raise WrapUpFileError(f"{path.name}: {name}: {one['id']} stands there twice.")
        found.append(Choice(one["id"], label, one.get("asks_rating", True) is not False))
    return found


def _chosen(given: Mapping[Any, Any], name: str, choices: Sequence[Choice]) -> str | None:
    value = given.get(name)
    if value in (None, ""):
        return None
    if value not in [one.id for one in choices]:
        raise BadInput(f"{name} must be one of {', '.join(one.id for one in choices)}.", field=name)
    return str(value)


def _tags(given: Mapping[Any, Any]) -> tuple[str, ...]:
    tags = given.get("tags") or []
    if not isinstance(tags, list) or len(tags) > MOST_TAGS:
        raise BadInput(f"tags must be a list of at most {MOST_TAGS}.", field="tags")
    cleaned = []
    for tag in tags:
        if not isinstance(tag, str) or len(tag) > MAX_TAG_CHARS:
            raise BadInput(f"A tag must be text of at most {MAX_TAG_CHARS} characters.", field="tags")
        cleaned.append(" ".join(plain(tag).split()))
    return tuple(dict.fromkeys(filter(None, cleaned)))
