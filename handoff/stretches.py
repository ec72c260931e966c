"""Stretches: who had the word from when to when, read from the log of moves and the lines, never from a counter.

A bot's time, the time in the queue and a person's time have a clock each, so that none spoils another's figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from handoff import conversations, transcript
from handoff.models import Author, Status
from handoff.records import Move


@dataclass(frozen=True)
class Stretch:
    """One owner's time in one conversation."""

    conversation_id: str
    epoch: int
    owner: Status
    agent_id: int | None
    began_at: datetime
    ended_at: datetime | None
    waiting_since: datetime  # when the customer began to wait for this owner: before a person, the queue counts
    first_line_at: datetime | None  # the owner's first line in it
    lines: int  # how many the owner said
    went_on_in: str | None = None  # the conversation on another channel to which its owner moved it

    @property
    def first_response(self) -> timedelta | None:
        """How long the customer waited for the owner's first line."""
        return self.first_line_at - self.waiting_since if self.first_line_at else None

    @property
    def length(self) -> timedelta | None:
        """From beginning to end; None while it lasts."""
        return self.ended_at - self.began_at if self.ended_at else None


# Whose lines are an owner's own.
_VOICE = {Status.BOT: Author.ASSISTANT, Status.AGENT: Author.AGENT}


def of_conversations(connection: Connection, conversation_ids: Sequence[str]) -> list[Stretch]:
    """The stretches of these conversations, each conversation's in order."""
    lines: dict[tuple[str, int], list[datetime]] = defaultdict(list)
    voices = {(status, author.value) for status, author in _VOICE.items()}
    by_conversation: dict[str, list[Move]] = defaultdict(list)
    owner_at: dict[tuple[str, int], Status] = {}
    for move in conversations.moves_of(connection, conversation_ids):
        by_conversation[move.conversation_id].append(move)
        owner_at[move.conversation_id, move.epoch] = move.to
    for row in transcript.marks_of(connection, conversation_ids):
        owner = owner_at.get((row.conversation_id, row.epoch))
        if (owner, row.author) in voices:
            lines[row.conversation_id, row.epoch].append(row.at)
    return [stretch for moves in by_conversation.values() for stretch in _stretches(moves, lines)]


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """What a person began in one conversation and took along to another channel is one stretch, in the latter."""
    taken_along: dict[tuple[str, datetime | None], Stretch] = {}
    found: list[Stretch] = []
    for one in sorted(stretches, key=lambda one: one.began_at):
        before = taken_along.pop((one.conversation_id, one.began_at), None)
        if before is not None and before.agent_id == one.agent_id:
            found.remove(before)
            one = replace(
                one,
                began_at=before.began_at,
                waiting_since=before.waiting_since,
                first_line_at=before.first_line_at or one.first_line_at,
                lines=before.lines + one.lines,
            )
        if one.went_on_in is not None:
            taken_along[one.went_on_in, one.ended_at] = one
        found.append(one)
    return found


def _stretches(moves: Sequence[Move], lines: dict[tuple[str, int], list[datetime]]) -> Iterable[Stretch]:
    before: Move | None = None
    for move, after in zip(moves, [*moves[1:], None], strict=True):
        if move.to is not Status.CLOSED:
            said = lines.get((move.conversation_id, move.epoch), [])
            waited = before is not None and before.to is Status.WAITING and move.to is Status.AGENT
            yield Stretch(
                move.conversation_id,
                move.epoch,
                move.to,
                move.agent_id,
                move.at,
                after.at if after else None,
                before.at if waited and before else move.at,
                said[0] if said else None,
                len(said),
                conversations.went_on_in(after) if after else None,
            )
        before = move
