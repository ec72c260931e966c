"""What an agent answers: teams, skills, languages, how many customers at a time. Checked against the file of teams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoff.errors import BadInput
from handoff.records import Agent
from handoff.teams import Teams
from handoff.texts import LOCALES

MAX_CAPACITY = 100


@dataclass(frozen=True)
class Work:
    """What one agent takes. No team means every team, no language every language."""

    teams: tuple[str, ...]
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    capacity: int | None


def checked(given: Mapping[str, Any], teams: Teams, before: Agent) -> Work:
    """`given` with what it does not name as it was `before`. Raises BadInput naming field, value and expectation."""
    capacity = given.get("capacity", before.capacity)
    if capacity is not None and not (type(capacity) is int and 1 <= capacity <= MAX_CAPACITY):
        raise BadInput(f"capacity must be a whole number from 1 to {MAX_CAPACITY}, or empty.", field="capacity")
    return Work(
        _known(given, "teams", tuple(teams.by_id), before.teams),
        _known(given, "skills", teams.skills, before.skills),
        _known(given, "languages", LOCALES, before.languages),
        capacity,
    )


def _known(given: Mapping[str, Any], field: str, known: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    if field not in given:
        return before
    values = given[field]
    if not isinstance(values, list):
        raise BadInput(f"{field} must be a list.", field=field)
    for value in values:
        if value not in known:
            raise BadInput(f"{field}: there is no {str(value)[:40]!r}; known are {', '.join(known)}.", field=field)
    return tuple(one for one in known if one in values)
