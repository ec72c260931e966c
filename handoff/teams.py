"""Teams: who answers which wishes, when, and how their tickets are given out. What `teams.yml` says, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from handoff import team_file, texts
from handoff.edited_file import EditedFile
from handoff.hours import OpeningHours

SHIPPED = Path(__file__).parent / "teams.yml"


class Policy(str, Enum):
    """How a team's tickets find their agent."""

    AGENTS_PICK = "agents-pick"  # they wait in the list until somebody takes them
    ROUND_ROBIN = "round-robin"  # whoever was given one longest ago
    LEAST_BUSY = "least-busy"  # whoever answers the fewest customers


@dataclass(frozen=True)
class Team:
    """One team. Its name in the file is its id; agents and tickets carry it."""

    id: str
    names: Mapping[str, str]
    hours: OpeningHours
    skills: tuple[str, ...]
    lead: str | None
    policy: Policy
    fallback: str | None
    fallback_after_seconds: int
    first_reply_seconds: int
    capacity: int
    last_agent_hours: int
    queue_limit: int  # 0: none

    def name_in(self, language: str) -> str:
        """What the team is called in this language."""
        return next(self.names[one] for one in texts.FALLBACKS.get(language, texts.LOCALES) if one in self.names)

    @property
    def gives_out(self) -> bool:
        """Whether tickets are given to agents, instead of waiting to be picked."""
        return self.policy is not Policy.AGENTS_PICK

    @property
    def fallback_after(self) -> timedelta:
        """How long a ticket waits before the fallback team is asked as well."""
        return timedelta(seconds=self.fallback_after_seconds)

    @property
    def first_reply(self) -> timedelta:
        """How long an agent may be silent after taking a customer."""
        return timedelta(seconds=self.first_reply_seconds)


@dataclass(frozen=True)
class Teams:
    """All teams of one reading of the file."""

    by_id: Mapping[str, Team]
    general: str

    def of(self, team_id: str) -> Team:
        """The team with this id; the general one when there is no such team (any more)."""
        return self.by_id.get(team_id) or self.by_id[self.general]

    def usable(self, team_id: str) -> str:
        """The id to store for a wish that names this team."""
        return self.of(team_id).id

    @property
    def skills(self) -> tuple[str, ...]:
        """Every skill that some team knows."""
        return tuple(sorted({skill for team in self.by_id.values() for skill in team.skills}))

    def fallback_of(self, team_id: str) -> Team | None:
        """The team that is asked as well when this one does not answer."""
        fallback = self.of(team_id).fallback
        return self.by_id[fallback] if fallback else None

    def is_open(self, team_id: str, now: datetime) -> bool:
        """Whether this team, or the one it falls back to, answers at this moment."""
        fallback = self.fallback_of(team_id)
        return self.of(team_id).hours.is_open(now) or (fallback is not None and fallback.hours.is_open(now))

    def next_opening(self, team_id: str, now: datetime) -> datetime | None:
        """When this team, or the one it falls back to, answers again."""
        fallback = self.fallback_of(team_id)
        openings = [team.hours.next_opening(now) for team in (self.of(team_id), fallback) if team]
        return min((opening for opening in openings if opening), default=None)


class TeamsFile(EditedFile[Teams]):
    """The teams of the file as it is edited. The first reading raises TeamsError."""

    def __init__(self, path: Path, hours: OpeningHours) -> None:
        super().__init__(path, lambda edited: read(edited, hours), "teams")


def read(path: Path, hours: OpeningHours) -> Teams:
    """The teams of a file; `hours` are those of a team that has none. Raises TeamsError with file, line and field."""
    raw = team_file.read(path, hours, tuple(one.value for one in Policy))
    teams = {
        one.id: Team(
            id=one.id,
            names=one.names,
            hours=one.hours,
            skills=one.skills,
            lead=one.lead,
            policy=Policy(one.policy),
            fallback=one.fallback,
            fallback_after_seconds=one.numbers["fallback_after_seconds"],
            first_reply_seconds=one.numbers["first_reply_seconds"],
            capacity=one.numbers["capacity"],
            last_agent_hours=one.numbers["last_agent_hours"],
            queue_limit=one.numbers["queue_limit"],
        )
        for one in raw.teams
    }
    return Teams(teams, raw.general)
