"""How the bot picks among the variants of a response: the customer's language, and never the text it said last.

A generator for Rasa, named by its class path under `nlg:` in `endpoints.yml`. Rasa's own draws a variant at random,
so every second time it would repeat itself. Runs in the bot process; texts stay in `domain.yml`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import islice
from typing import Any

from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from actions.answers import Asker, article_answer, best_candidate, which_is_meant
from faq_kb import LOCALES, Reader
from faq_kb.serving import served

# How many of its own last messages the bot remembers when it picks its words.
REMEMBERED = 6

# An answer and the question of a form after it.
TOLD = 2

# What is said to the intent `faq`: the article that was asked for, in words or by button. Said here, it costs no call
# of the action server, which is most of what a question would cost.
ANSWER_FAQ = "utter_answer_faq"
TELL_TRIAL = "utter_trial"


class VariedVoice(TemplatedNaturalLanguageGenerator):
    """Says the first variant that was not said lately, else the one said longest ago."""

    def __init__(self, domain: Domain, endpoint_config: EndpointConfig | None = None) -> None:
        """As Rasa calls a generator that is named by its class path."""
        super().__init__(domain.responses)

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """The response with its slots filled in; None when the domain has none of that name."""
        if utter_action not in self.responses:
            return None
        if utter_action == ANSWER_FAQ and (answer := _article_asked_for(tracker)):
            return answer
        if utter_action == TELL_TRIAL and (taken := _taken_for(tracker)):
            return {"custom": {"trial": taken}}
        slots = tracker.current_slot_values()
        # Rasa hands over the responses again with each model that it loads.
        variations = ResponseVariationFilter(self.responses)
        fitting = variations.responses_for_utter_action(utter_action, output_channel, slots)
        drafts = [self._fill_response(copy.deepcopy(one), slots, **kwargs) for one in fitting]
        return _freshest(drafts, _said_lately(tracker))


def _taken_for(tracker: DialogueStateTracker) -> dict[str, Any] | None:
    """What a sentence would be taken for that an editor tries."""
    message = tracker.latest_message
    taken = (message.parse_data or {}).get("trial") if message else None
    return dict(taken) if isinstance(taken, dict) else None


def _article_asked_for(tracker: DialogueStateTracker) -> dict[str, Any] | None:
    """The answer of the article that the latest message asks for; None when there is no such article any more."""
    message = tracker.latest_message
    if message is None:
        return None
    found = (message.parse_data or {}).get("faq") or {}
    base = served().current
    tapped = next(tracker.get_latest_entity_values("article"), None)
    article = base.articles.get(str(tapped or best_candidate(found)))
    metadata = message.metadata or {}
    signed_in = (metadata.get("identity") or {}).get("tier") == "identity"
    reader = Reader(metadata.get("channel"), signed_in=signed_in)
    if article is None or not article.is_for(reader):
        return None
    language = tracker.get_slot("language")
    locale = language if language in LOCALES else "zh-HK"
    asker = Asker(locale, reader, metadata.get("waiting") is True, _told_just_now(tracker))
    # A form asks something already, and an answer to two questions at once could be one to either.
    asked_which = None if tapped or tracker.active_loop_name else which_is_meant(base, found, asker)
    return asked_which or article_answer(base, article, found, asker)


def _told_just_now(tracker: DialogueStateTracker) -> frozenset[str]:
    """The articles of the last answer."""
    before = list(islice((one for one in reversed(tracker.events) if isinstance(one, BotUttered)), TOLD))
    marks = (((one.data or {}).get("custom") or {}).get("faq") or {} for one in before)
    return frozenset(str(mark["id"]) for mark in marks if "id" in mark)


def _said_lately(tracker: DialogueStateTracker) -> list[str]:
    """Texts the bot said, newest first."""
    said = (str(event.text) for event in reversed(tracker.events) if isinstance(event, BotUttered) and event.text)
    return list(islice(said, REMEMBERED))


def _freshest(drafts: Sequence[dict[str, Any]], said: Sequence[str]) -> dict[str, Any] | None:
    def age(draft: dict[str, Any]) -> int:
        text = draft.get("text")
        return said.index(text) if text in said else len(said)

    return max(drafts, key=age, default=None)
