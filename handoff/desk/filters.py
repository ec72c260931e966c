"""What a list or a search of the desk is narrowed to, checked, and as conditions on conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select

from handoff.desk.wire import moment_of, number_of
from handoff.errors import BadInput
from handoff.models import Status, conversation_tags, conversations, messages, ratings, tickets
from handoff.plain import plain

MAX_WORD_CHARS = 100


@dataclass(frozen=True)
class Filters:
    """One place for each thing that can be asked; None is not asked."""

    state: str | None = None
    channel: str | None = None
    language: str | None = None
    agent: int | None = None
    tag: int | None = None
    team: str | None = None
    rating: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None

    def as_texts(self) -> dict[str, str]:
        """As they stand in an address and in a saved view."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, datetime) else str(value)
            for name, value in given.items()
            if value is not None
        }

    def on_conversations(self) -> list[Any]:
        """Conditions on the table conversations; those on time are the caller's."""
        found: list[Any] = []
        if self.state == "open":
            found.append(conversations.c.status != Status.CLOSED.value)
        elif self.state:
            found.append(conversations.c.status == self.state)
        if self.channel:
            # widget:shop and the like: the channel's kind, or one account of it.
            found.append(
                or_(
                    conversations.c.channel == self.channel,
                    conversations.c.channel.startswith(f"{self.channel}:", autoescape=True),
                )
            )
        if self.language:
            found.append(conversations.c.language == self.language)
        if self.agent is not None:
            spoke = exists(
                select(messages.c.id)
                .where(messages.c.conversation_id == conversations.c.id, messages.c.agent_id == self.agent)
                .correlate(conversations)
            )
            found.append(or_(conversations.c.agent_id == self.agent, spoke))
        if self.tag is not None:
            found.append(
                exists(
                    select(conversation_tags.c.tag_id)
                    .where(
                        conversation_tags.c.conversation_id == conversations.c.id,
                        conversation_tags.c.tag_id == self.tag,
                    )
                    .correlate(conversations)
                )
            )
        if self.team:
            found.append(
                exists(
                    select(tickets.c.id)
                    .where(tickets.c.conversation_id == conversations.c.id, tickets.c.team == self.team)
                    .correlate(conversations)
                )
            )
        if self.rating is not None:
            found.append(
                exists(
                    select(ratings.c.id)
                    .where(ratings.c.conversation_id == conversations.c.id, ratings.c.score == self.rating)
                    .correlate(conversations)
                )
            )
        return found


def filters_of(given: Mapping[str, Any]) -> Filters:
    """Filters from an address or a saved view. Raises BadInput that names the wrong one."""
    texts = {
        name: plain(str(given.get(name) or ""))[:MAX_WORD_CHARS].strip() for name in ("channel", "language", "team")
    }
    state = str(given.get("state") or "")
    if state and state not in ("open", *(one.value for one in Status)):
        raise BadInput("state must be open, bot, waiting, agent or closed.", field="state")
    return Filters(
        state=state or None,
        channel=texts["channel"] or None,
        language=texts["language"] or None,
        agent=_id(given, "agent"),
        tag=_id(given, "tag"),
        team=texts["team"] or None,
        rating=_score(given),
        since=moment_of(str(given.get("since") or ""), "since"),
        until=moment_of(str(given.get("until") or ""), "until"),
        q=plain(str(given.get("q") or ""))[:MAX_WORD_CHARS].strip() or None,
    )


def _score(given: Mapping[str, Any]) -> int | None:
    text = str(given.get("rating") or "")
    if text and text not in ("1", "2", "3", "4", "5"):
        raise BadInput("rating must be a number from 1 to 5.", field="rating")
    return int(text) if text else None


def _id(given: Mapping[str, Any], name: str) -> int | None:
    text = str(given.get(name) or "")
    if not text:
        return None
    number = number_of(text)
    if not 0 < number < 2**31:
        raise BadInput(f"{name} must be a number.", field=name)
    return number
