"""Reading the bot's handoff marker: what it says is checked, bounded, and never trusted further than that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from handoff.records import Wish

REASONS = (
    "asked_for_person",
    "complaint",
    "unhelpful",
    "anger",
    "fallback",
    "order_exception",
    "bot_offer",
    "bot_failed",
    "too_many_attempts",
    "special_delivery",
)
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}")
MAX_SKILLS = 5
MAX_PRIORITY = 3
MAX_PROMISED_DAYS = 30
_PLAIN_WISH = re.compile(
    r"真人|人工|客服|專員|专员|同事|搵人|搵個人|\b(human|agent|person|someone|representative|operator)\b", re.IGNORECASE
)


def wish_from(marker: Any) -> Wish:
    """The marker as a record; what is unknown or too large is replaced, never an error: the wish itself counts."""
    marker = marker if isinstance(marker, Mapping) else {}
    reason, team, priority = marker.get("reason"), marker.get("team"), marker.get("priority")
    return Wish(
        reason=reason if reason in REASONS else "asked_for_person",
        team=team if isinstance(team, str) and _WORD.fullmatch(team) else "",
        priority=min(MAX_PRIORITY, max(0, priority)) if isinstance(priority, int) else 0,
        summary=str(marker.get("summary") or "")[:500],
        skills=_words(marker.get("skills")),
        collected={
            name: marker[name] for name in ("slots", "profile", "order") if isinstance(marker.get(name), Mapping)
        },
    )


def _words(written: Any) -> tuple[str, ...]:
    words = written if isinstance(written, list) else []
    return tuple(one for one in words if isinstance(one, str) and _WORD.fullmatch(one))[:MAX_SKILLS]


def promise_from(marker: Any) -> tuple[int, str] | None:
    """Within how many working days the bot's line promises something, and which team does it; None when it is none."""
    marker = marker if isinstance(marker, Mapping) else {}
    days, team = marker.get("working_days"), marker.get("team")
    if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= MAX_PROMISED_DAYS:
        return None
    return days, team if isinstance(team, str) else ""


def plainly_asks_for_person(text: str) -> bool:
    """Whether a short text asks for a person in so many words; used only while the bot cannot be asked."""
    return len(text) <= 60 and _PLAIN_WISH.search(text) is not None
