"""Who can take a customer now: at the desk by their page's heartbeats, willing, and on shift. Nothing of it is stored
but the time of the last heartbeat and what the agent says of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from handoff import agents, conversations, roster
from handoff.models import Presence, Stage
from handoff.records import Agent, Ticket
from handoff.teams import Teams


@dataclass(frozen=True)
class Colleague:
    """Somebody who can be given customers now, how many they answer, and how many they may."""

    agent: Agent
    load: int
    capacity: int
    teams: frozenset[str]  # those they answer in
    falls_back: frozenset[str]  # those they answer in when these do not

    @property
    def is_free(self) -> bool:
        """Whether they may be given one more."""
        return self.load < self.capacity

    @property
    def takes_what_comes(self) -> bool:
        """Whether tickets are given to them unasked; supervisors only where they joined a team."""
        return not self.agent.may_take_over or bool(self.agent.teams)

    def serves(self, ticket: Ticket) -> bool:
        """Whether this ticket is theirs to take, at the stage it has reached."""
        if ticket.stage is Stage.SUPERVISOR:
            return self.agent.may_take_over
        if ticket.stage is Stage.ANYBODY:
            return True
        known = self.agent.languages
        return (
            (ticket.team in self.teams or (ticket.stage is Stage.FALLBACK and ticket.team in self.falls_back))
            and set(ticket.skills) <= set(self.agent.skills)
            and (not known or not ticket.language or ticket.language in known)
        )


def staff(connection: Connection, teams: Teams, now: datetime) -> list[Colleague]:
    """Everybody who can be given customers now."""
    present = [one for one in agents.at_desk(connection, now) if one.presence is Presence.ONLINE]
    if not present:
        return []
    loads = conversations.held_by_agent(connection)
    off = roster.off_duty(connection, [one.id for one in present], now)
    return [_colleague(one, loads.get(one.id, 0), teams) for one in present if one.id not in off]


def colleague(connection: Connection, agent: Agent, teams: Teams) -> Colleague:
    """This agent, who asks for a customer themselves."""
    return _colleague(agent, conversations.held_by_agent(connection).get(agent.id, 0), teams)


def can_take(connection: Connection, agent_id: int, teams: Teams, now: datetime) -> Colleague | None:
    """This agent, if they can be given customers now."""
    return next((one for one in staff(connection, teams, now) if one.agent.id == agent_id), None)


def capacity_of(agent: Agent, teams: Teams) -> int:
    """How many customers an agent answers at a time: their own number, or the largest of their teams'."""
    if agent.capacity is not None:
        return agent.capacity
    return max(teams.of(one).capacity for one in agent.teams or tuple(teams.by_id))


def anybody_for(people: Sequence[Colleague], team: str) -> bool:
    """Whether somebody at the desk answers this team, or the team it falls back to. Supervisors answer all."""
    return any(team in one.teams or team in one.falls_back or one.agent.may_take_over for one in people)


def _colleague(agent: Agent, load: int, teams: Teams) -> Colleague:
    answers = frozenset(agent.teams or teams.by_id)
    falls_back = frozenset(one.id for one in teams.by_id.values() if one.fallback in answers)
    return Colleague(agent, load, capacity_of(agent, teams), answers, falls_back)
