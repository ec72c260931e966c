"""The file of teams that a shop edits: read and checked, each complaint with its file, line and field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml

from handoff.edited_file import FileRefused, composed
from handoff.hours import LOOKS_AHEAD_DAYS, PLACES, OpeningHours, Span, spans_of_day
from handoff.texts import LOCALES
from handoff.yaml_places import Place

_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SECTIONS = ("desk", "general", "teams")
_HOURS = ("hours", "time_zone", "holidays", "exceptions")
_EXCEPTION = ("date", "until", "hours", "name")
# Least, most, and what a file that says nothing means.
_NUMBERS: dict[str, tuple[int, int, int]] = {
    "capacity": (1, 100, 6),
    "first_reply_seconds": (10, 86_400, 180),
    "fallback_after_seconds": (10, 86_400, 300),
    "last_agent_hours": (0, 24 * 365, 24),
    "queue_limit": (0, 100_000, 0),
}
_SHARED = (*_HOURS, *_NUMBERS, "policy")
_TEAM = (*_SHARED, "name", "skills", "lead", "fallback")
MAX_NAME_CHARS = 40


class TeamsError(FileRefused):
    """The teams cannot be used; the message names file, line and field."""


@dataclass(frozen=True)
class TeamEntry:
    """One team as written, with what holds for all filled in."""

    id: str
    names: Mapping[str, str]
    hours: OpeningHours
    skills: tuple[str, ...]
    lead: str | None
    policy: str
    fallback: str | None
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class TeamEntries:
    """A good file."""

    teams: tuple[TeamEntry, ...]
    general: str


def read(path: Path, hours: OpeningHours, policies: tuple[str, ...]) -> TeamEntries:
    """Raises TeamsError with the first thing that is wrong."""
    root = composed(path, TeamsError)
    if root is None:
        raise TeamsError(f"{path.name}: empty; expected the section teams.")
    return _Reader(path.name, hours, policies).whole(Place(path.name, "", root, TeamsError))


class _Reader:
    """Reads one file."""

    def __init__(self, file: str, hours: OpeningHours, policies: tuple[str, ...]) -> None:
        self._file = file
        self._hours = hours
        self._policies = policies

    def whole(self, root: Place) -> TeamEntries:
        sections = root.below(_SECTIONS)
        if "teams" not in sections:
            raise root.refuse("the section teams is missing.")
        desk = sections["desk"].below(_SHARED) if "desk" in sections and not _is_empty(sections["desk"]) else {}
        fields = sections["teams"].below()
        if not fields:
            raise sections["teams"].refuse("expected at least one team.")
        teams = tuple(self._team(name, place, desk) for name, place in fields.items())
        self._check_fallbacks(teams, fields)
        general = sections["general"].text() if "general" in sections else teams[0].id
        if general not in fields:
            raise sections["general"].refuse(f"there is no team {general!r}; known are {', '.join(fields)}.")
        return TeamEntries(teams, general)

    def _team(self, name: str, place: Place, desk: dict[str, Place]) -> TeamEntry:
        if not _ID.fullmatch(name):
            raise place.refuse("a team's id is made of lower-case letters, digits and hyphens, 40 at most.")
        own = place.below(_TEAM)
        if "name" not in own:
            raise place.refuse(f"the field name is missing; expected {', '.join(LOCALES)}.")
        fields = {**desk, **own}
        return TeamEntry(
            id=name,
            names=own["name"].names(MAX_NAME_CHARS),
            hours=self._hours_of(fields),
            skills=tuple(dict.fromkeys(self._skill(one) for one in own["skills"].items())) if "skills" in own else (),
            lead=own["lead"].text().lower() if "lead" in own else None,
            policy=self._policy(fields["policy"]) if "policy" in fields else self._policies[0],
            fallback=own["fallback"].text() if "fallback" in own else None,
            numbers={
                key: fields[key].whole_number(least, most) if key in fields else usual
                for key, (least, most, usual) in _NUMBERS.items()
            },
        )

    def _skill(self, place: Place) -> str:
        skill = place.text()
        if not _ID.fullmatch(skill):
            raise place.refuse("a skill is made of lower-case letters, digits and hyphens, 40 at most.")
        return skill

    def _policy(self, place: Place) -> str:
        policy = place.text()
        if policy not in self._policies:
            raise place.refuse(f"is {policy!r}; expected one of {', '.join(self._policies)}.")
        return policy

    def _hours_of(self, fields: dict[str, Place]) -> OpeningHours:
        hours = self._hours
        zone = fields["time_zone"].text() if "time_zone" in fields else hours.zone.key
        where = fields.get("hours") or fields.get("time_zone")
        try:
            if "hours" in fields:
                written = fields["hours"].text()
                hours = OpeningHours.parse("" if written == "closed" else written, zone)
            elif where is not None:
                hours = OpeningHours(hours.spans, OpeningHours.parse("", zone).zone)
        except ValueError as exc:
            place = fields["time_zone"] if "time zone" in str(exc) and "time_zone" in fields else where
            raise place.refuse(f"{exc}.") from exc  # type: ignore[union-attr]
        places = [self._place(one) for one in fields["holidays"].items()] if "holidays" in fields else []
        exceptions: dict[date, tuple[Span, ...]] = {}
        for one in fields["exceptions"].items() if "exceptions" in fields else ():
            for day, spans in self._exception(one):
                if day in exceptions:
                    raise one.refuse(f"{day} stands in two exceptions.")
                exceptions[day] = spans
        return hours.with_days(places, exceptions)

    def _place(self, place: Place) -> str:
        code = place.value()
        if code not in PLACES:
            raise place.refuse(f"is {code!r}; expected one of {', '.join(PLACES)}.")
        return str(code)

    def _exception(self, place: Place) -> Iterator[tuple[date, tuple[Span, ...]]]:
        fields = place.below(_EXCEPTION)
        for needed in ("date", "hours"):
            if needed not in fields:
                raise place.refuse(f"the field {needed} is missing.")
        first = fields["date"].day()
        last = fields["until"].day() if "until" in fields else first
        if last < first or last - first > timedelta(days=LOOKS_AHEAD_DAYS):
            raise fields["until"].refuse(f"{last} is before {first}, or more than a year after it.")
        try:
            spans = spans_of_day(fields["hours"].text())
        except ValueError as exc:
            raise fields["hours"].refuse(f"{exc}.") from exc
        for ahead in range((last - first).days + 1):
            yield first + timedelta(days=ahead), spans

    def _check_fallbacks(self, teams: tuple[TeamEntry, ...], fields: dict[str, Place]) -> None:
        for team in teams:
            if team.fallback is None:
                continue
            place = fields[team.id].below()["fallback"]
            if team.fallback not in fields:
                raise place.refuse(f"there is no team {team.fallback!r}; known are {', '.join(fields)}.")
            if team.fallback == team.id:
                raise place.refuse("a team cannot be its own fallback.")


def _is_empty(place: Place) -> bool:
    return isinstance(place.node, yaml.ScalarNode) and place.value() is None
