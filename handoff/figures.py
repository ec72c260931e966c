"""Figures for supervisors, computed from the log when somebody asks: who answered how fast, how long customers waited,
what they thought, which promises were kept. Each owner has a clock of their own, and nothing is counted that did not
happen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median, quantiles
from typing import Any

from sqlalchemy.engine import Connection

from handoff import agents, conversations, promises, ratings, stretches, wrap_ups
from handoff.models import PromiseState, Status
from handoff.records import Rating
from handoff.stretches import Stretch

# More conversations than this are not read at once; the page says so.
MOST_CONVERSATIONS = 20_000
_CHUNK = 500
MOST_COMMENTS = 20


def of_span(connection: Connection, since: datetime, until: datetime) -> dict[str, Any]:
    """Everything the page shows of one span of time."""
    ids = conversations.moved_since(connection, since, until, MOST_CONVERSATIONS)
    found = _stretches(connection, ids)
    begun = [one for one in stretches.joined(found) if since <= one.began_at < until]
    # What went on in another of them is the same case.
    known = set(ids)
    went_on = {one.conversation_id for one in found if one.went_on_in in known}
    answered = ratings.asked_between(connection, since, until)
    kept = promises.counts(connection, since, until)
    names = {one.id: one.name for one in agents.listing(connection)}
    people = {one.agent_id for one in begun if one.owner is Status.AGENT and one.agent_id}
    people |= {agent_id for agent_id in kept if agent_id}
    return {
        "conversations": len(ids) - len(went_on),
        "is_partial": len(ids) == MOST_CONVERSATIONS,
        "queue": _queue([one for one in begun if one.owner is Status.WAITING]),
        "assistant": _owner(begun, answered, Status.BOT, None),
        "people": [
            {
                "name": names.get(agent_id, "?"),
                **_owner(begun, answered, Status.AGENT, agent_id),
                "promises": _kept(kept.get(agent_id)),
            }
            for agent_id in sorted(people, key=lambda one: names.get(one, ""))
        ],
        "promises": {
            **_kept(_sum(kept.values())),
            PromiseState.OPEN.value: len(promises.outstanding(connection)),
        },
        "resolutions": wrap_ups.count_by(connection, "resolution", since, until),
        "reasons": wrap_ups.count_by(connection, "reason", since, until),
        "comments": _comments(answered, names),
    }


def _stretches(connection: Connection, ids: Sequence[str]) -> list[Stretch]:
    found: list[Stretch] = []
    for begin in range(0, len(ids), _CHUNK):
        found += stretches.of_conversations(connection, ids[begin : begin + _CHUNK])
    return found


def _owner(begun: Sequence[Stretch], answered: Sequence[Rating], owner: Status, agent_id: int | None) -> dict[str, Any]:
    own = [one for one in begun if one.owner is owner and one.agent_id == agent_id]
    said = [one for one in answered if one.owner is owner and one.agent_id == agent_id]
    scores = [one.score for one in said if one.score is not None]
    return {
        "stretches": len(own),
        "first_response": _spread(one.first_response.total_seconds() for one in own if one.first_response is not None),
        "handling": _spread(one.length.total_seconds() for one in own if one.length is not None and one.lines),
        "asked": len(said),
        "answered": len(scores),
        "score": round(sum(scores) / len(scores), 2) if scores else None,
        "scores": [scores.count(score) for score in ratings.SCORES],
    }


def _queue(waits: Sequence[Stretch]) -> dict[str, Any]:
    return {
        "stretches": len(waits),
        "waiting": _spread(one.length.total_seconds() for one in waits if one.length is not None),
        "still_waiting": sum(one.ended_at is None for one in waits),
    }


def _spread(seconds: Iterable[float]) -> dict[str, float | int | None]:
    """Median and ninetieth percentile; a mean would be moved by one that was left open over night."""
    measured = sorted(seconds)
    if not measured:
        return {"count": 0, "median": None, "most": None}
    ninety = quantiles(measured, n=10, method="inclusive")[8] if len(measured) > 1 else measured[0]
    return {"count": len(measured), "median": round(median(measured), 1), "most": round(ninety, 1)}


def _kept(counts: dict[str, int] | None) -> dict[str, int]:
    counts = counts or {}
    return {state.value: counts.get(state.value, 0) for state in PromiseState}


def _sum(all_counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for counts in all_counts:
        for state, number in counts.items():
            total[state] += number
    return total


def _comments(answered: Sequence[Rating], names: dict[int, str]) -> list[dict[str, Any]]:
    written = sorted((one for one in answered if one.comment and one.answered_at), key=lambda one: one.id, reverse=True)
    return [
        {
            "conversation": one.conversation_id,
            "who": names.get(one.agent_id or 0),
            "score": one.score,
            "comment": one.comment,
            "at": one.answered_at.isoformat() if one.answered_at else None,
        }
        for one in written[:MOST_COMMENTS]
    ]
