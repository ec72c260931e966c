"""Asking the bot what it would take a sentence for that an editor tries. Nothing of it is kept, and nothing is done."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from faq_kb import Hit, KnowledgeBase
from faq_kb.console.trying import Taken, Way
from nlu.article_search import TRIAL, TRIALS, trial_of, weighed
from nlu.decision import FALLBACK, FAQ, OUT_OF_SCOPE, TOPICS
from switchboard.bot_client import Bot, BotFailed

log = logging.getLogger(__name__)

_WAYS = {
    FAQ: Way.ARTICLE,
    FALLBACK: Way.NEAREST,
    OUT_OF_SCOPE: Way.NEAREST,
    **dict.fromkeys(TOPICS, Way.OFFER),
}


class Trials:
    """A guest of the widget who says this first thing, and is gone."""

    def __init__(self, bot: Bot, timeout_seconds: float) -> None:
        self._bot = bot
        self._timeout_seconds = timeout_seconds

    async def taken_for(self, text: str, locale: str, knowledge: KnowledgeBase, hits: Sequence[Hit]) -> Taken | None:
        """With the articles as this editor tries them. None when the bot cannot say."""
        if text.lstrip().startswith("/"):
            return None  # the bot would take it for a button
        metadata = {
            "language": locale,
            "waiting": False,
            "channel": "widget",
            "identity": {"tier": "anonymous"},
            **trial_of(weighed(knowledge, hits, text)),
        }
        try:
            lines = await self._bot.ask(f"{TRIALS}{uuid4().hex}", text, metadata, self._timeout_seconds)
        except BotFailed as exc:
            log.warning("The bot was not asked for an editor: %s", exc, extra={"event": "trial_failed"})
            return None
        return _taken(next((line.marks[TRIAL] for line in lines if TRIAL in line.marks), None))


def _taken(told: Any) -> Taken | None:
    if not isinstance(told, dict) or not isinstance(told.get("intent"), str):
        return None
    intent, confidence = told["intent"], told.get("confidence")
    sure = float(confidence) if isinstance(confidence, (int, float)) else 0.0
    return Taken(intent, sure, _WAYS.get(intent, Way.ELSEWHERE))
