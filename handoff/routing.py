"""Which ticket goes to whom next. Reads only; who has the word is passed on by the floor.

Oldest first within priority, to somebody at the desk who answers its team, has its skills, speaks its language and has
a free place; among several, as the team's policy says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from sqlalchemy.engine import Connection

from handoff import presence, tickets
from handoff.models import Stage
from handoff.presence import Colleague
from handoff.records import Conversation, Ticket, Wish
from handoff.teams import Policy, Team, Teams

# After this many agents who held it and said nothing, a supervisor is asked.
PASSES = 3
_NEVER = datetime(1, 1, 1, tzinfo=timezone.utc)

# Who asks for a person for one of these is told first that we are sorry.
UPSET = frozenset({"complaint", "unhelpful", "anger"})
SPECIAL_DELIVERY = "special_delivery"
_HIGHEST = 3
_OF_REASON = {"complaint": 2, "unhelpful": 2, "anger": 2, SPECIAL_DELIVERY: 1, "order_exception": 1}


def priority_of(wish: Wish, class_tags: Sequence[str] = ()) -> int:
    """0 to 3: the bot's word, a complaint or anger, and one more for a customer with the shop's tag vip, or of a class
    that people gave them and that has it among its `class_tags`."""
    profile = wish.collected.get("profile") or {}
    tags = profile.get("tags") if isinstance(profile, dict) else None
    worn = [*class_tags, *(tags if isinstance(tags, (list, tuple)) else ())]
    is_vip = any(str(tag).lower() == "vip" for tag in worn)
    return min(_HIGHEST, max(wish.priority, _OF_REASON.get(wish.reason, 0)) + is_vip)


def reconsider(connection: Connection, conversation_id: str, class_tags: Sequence[str]) -> bool:
    """Let a waiting ticket come earlier for the class that its customer has by now; whether it does."""
    ticket = tickets.open_of(connection, conversation_id)
    if ticket is None:
        return False
    wish = Wish(reason=ticket.reason, collected=dict(ticket.collected))
    raised = tickets.raise_priority(connection, ticket, priority_of(wish, class_tags))
    return raised.priority != ticket.priority


def takes(teams: Teams, colleague: Colleague) -> tickets.Taker:
    """What may be given to somebody, as the queue is asked for it."""
    agent = colleague.agent
    return tickets.Taker(
        agent_id=agent.id,
        teams=tuple(colleague.teams),
        falls_back=tuple(colleague.falls_back),
        lacks=tuple(skill for skill in teams.skills if skill not in agent.skills),
        languages=agent.languages,
        is_supervisor=agent.may_take_over,
    )


def next_for(connection: Connection, colleague: Colleague, teams: Teams, only_given_out: bool) -> Ticket | None:
    """The ticket whose turn it is for this agent; with `only_given_out`, not one that waits to be picked."""
    picked = [team.id for team in teams.by_id.values() if not team.gives_out] if only_given_out else []
    return tickets.next_for(connection, takes(teams, colleague), picked)


def next_assignment(connection: Connection, teams: Teams, now: datetime) -> tuple[Ticket, Colleague] | None:
    """The first ticket that somebody can be given now, and who that is."""
    people = presence.staff(connection, teams, now)
    free = [one for one in people if one.is_free and one.takes_what_comes]
    found = [ticket for one in free if (ticket := next_for(connection, one, teams, only_given_out=True))]
    # A supervisor has to, however many they answer; where none is there, whoever is free.
    last_resort = [one for one in people if one.agent.may_take_over] or [one for one in people if one.is_free]
    if last_resort:
        found += tickets.for_supervisors(connection)
    if not found:
        return None
    ticket = min(found, key=lambda one: (one.kind.value, one.turn_at, one.id))
    if ticket.stage is Stage.SUPERVISOR:
        return ticket, min(last_resort, key=lambda one: (one.load, one.agent.id))
    chosen = choose(ticket, free, teams)
    return (ticket, chosen) if chosen else None


def choose(ticket: Ticket, people: Sequence[Colleague], teams: Teams) -> Colleague | None:
    """Who of these gets the ticket. Nobody who held it and said nothing, unless there is nobody else."""
    able = [one for one in people if one.serves(ticket)]
    fresh = [one for one in able if one.agent.id not in ticket.passed_by]
    if not fresh:
        return None
    by_turn = sorted(fresh, key=lambda one: (one.agent.assigned_at or _NEVER, one.agent.id))
    if teams.of(ticket.team).policy is Policy.ROUND_ROBIN:
        return by_turn[0]
    return min(by_turn, key=lambda one: one.load)


def at_once(
    connection: Connection, ticket: Ticket, team: Team, teams: Teams, people: Sequence[Colleague]
) -> Colleague | None:
    """Who takes a new ticket in the same moment: who is asked for and free now, or whose turn it is."""
    wanted = next((one for one in people if one.agent.id == ticket.wanted_agent), None)
    if wanted is not None and (wanted.is_free or ticket.reason == SPECIAL_DELIVERY):
        return wanted
    if not team.gives_out:
        return None
    free = [one for one in people if one.is_free and one.takes_what_comes]
    # Nobody passes those who waited before.
    able = [
        one
        for one in free
        if one.serves(ticket)
        and (first := next_for(connection, one, teams, only_given_out=True)) is not None
        and first.id == ticket.id
    ]
    return choose(ticket, able, teams)


def wanted_agent(
    connection: Connection,
    conversation: Conversation,
    wish: Wish,
    team: Team,
    people: Sequence[Colleague],
    now: datetime,
) -> int | None:
    """Who is asked first, if they can take it now: the team's lead for a special delivery, else who helped last."""
    if wish.reason == SPECIAL_DELIVERY and team.lead:
        return next((one.agent.id for one in people if one.agent.login == team.lead), None)
    if not team.last_agent_hours:
        return None
    since = now - timedelta(hours=team.last_agent_hours)
    last = tickets.last_agent_of(connection, conversation.channel, conversation.sender, since)
    return next((one.agent.id for one in people if one.agent.id == last and one.is_free), None)
