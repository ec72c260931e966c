"""Ties a message to its conversation: the language it is held in, and whether the customer waits for a person.

The gateway alone writes the metadata of a message; what it says counts more than what a text seems to say. Buttons
reach the bot as payloads, which Rasa reads after this component, so what belongs to them goes into the payload.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from faq_kb import LOCALES
from nlu.follow_ups import TELLS_STATUS, Before

NOTE = "note_while_waiting"

# What the assistant may still do for a customer who waits for a person.
WHILE_WAITING = frozenset(
    {
        "faq",
        "browse_faq",
        "order_status",
        "delivery_status",
        "inform_order",
        "another_order",
        "leave_message",
        "leave_queue",
        "link_account",
        "promise_question",
        "queue_place",
        "not_what_i_asked",
        "unlink_account",
    }
)
# What a conversation takes over from the one it continues. No proof is among it: whoever writes next from the same
# phone or computer may be somebody else.
FROM_BEFORE = ("order_number", "product")
# ... and inside a form: the answers to its questions.
IN_A_FORM = frozenset({"affirm", "deny"})

# After an order was shown, a short question that may be about it is about it.
AT_ALL_LIKELY = 0.2

_PAYLOAD = re.compile(r"/(?P<intent>\w+)(?P<entities>\{.*\})?\s*", re.DOTALL)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ConversationContext(GraphComponent, EntityExtractorMixin):
    """Adds the entity `language`, and turns what has to wait for the person into `note_while_waiting`."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ConversationContext:
        return cls()

    def process(self, messages: list[Message], tracker: DialogueStateTracker | None = None) -> list[Message]:
        before = Before.this_message(tracker)
        for message in messages:
            metadata = message.get("metadata") or {}
            text = str(message.get(TEXT) or "")
            if payload := _PAYLOAD.fullmatch(before.tapped(text) or text):
                self._place_payload(message, payload, metadata, tracker)
            else:
                self._follow_up(message, text, before, metadata)
                self._place(message, metadata, tracker)
        return messages

    def _follow_up(self, message: Message, text: str, before: Before, metadata: Mapping[str, Any]) -> None:
        """What the message means after what the assistant said last."""
        entities = list(message.get(ENTITIES) or [])
        names = {str(entity["entity"]) for entity in entities}
        if ending := before.phone_ending(text, entities):
            entity = {"entity": "phone_last4", "start": ending.start(), "end": ending.end(), "value": ending.group()}
            message.set(ENTITIES, [*entities, {**entity, "extractor": self.name}], add_to_output=True)
        intent, found = message.get(INTENT) or {}, message.get("faq") or {}
        if metadata.get("waiting") is True or "order_number" in names:
            return
        guess, candidates = found.get("guess") or {}, found.get("candidates") or ()
        article, score = (str(candidates[0]["id"]), float(candidates[0]["score"])) if candidates else ("", 0.0)
        meant = before.meant(str(intent.get("name")), str(guess.get("name")), text, article, score, _job(message))
        if meant != intent.get("name"):
            message.set(INTENT, {"name": meant, "confidence": intent.get("confidence", 1.0)}, add_to_output=True)

    def _place(self, message: Message, metadata: Mapping[str, Any], tracker: DialogueStateTracker | None) -> None:
        entities = list(message.get(ENTITIES) or [])
        if language := _language(metadata):
            entity = {"entity": "language", "start": 0, "end": 0, "value": language, "extractor": self.name}
            entities = [*entities, entity]
            message.set(ENTITIES, entities, add_to_output=True)
        if earlier := self._from_before(entities, metadata):
            message.set(ENTITIES, [*entities, *earlier], add_to_output=True)
        intent = message.get(INTENT) or {}
        if metadata.get("waiting") is True and not _may_be_served(str(intent.get("name")), tracker):
            message.set(INTENT, {"name": NOTE, "confidence": 1.0}, add_to_output=True)

    def _from_before(self, entities: list[Any], metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What was known at the end of a conversation that goes on as a new one, unless the message names another."""
        known, named = metadata.get("earlier"), {one.get("entity") for one in entities}
        if not isinstance(known, Mapping) or "order_number" in named:
            return []
        return [
            {"entity": name, "start": 0, "end": 0, "value": known[name], "extractor": self.name}
            for name in FROM_BEFORE
            if isinstance(known.get(name), str) and name not in named
        ]

    def _place_payload(
        self,
        message: Message,
        payload: re.Match[str],
        metadata: Mapping[str, Any],
        tracker: DialogueStateTracker | None,
    ) -> None:
        intent, entities = payload["intent"], _entities(payload["entities"])
        if metadata.get("waiting") is True and not _may_be_served(intent, tracker):
            intent, entities = NOTE, {}
        if language := _language(metadata):
            entities["language"] = language
        message.set(TEXT, f"/{intent}{json.dumps(entities, ensure_ascii=False)}")


def _language(metadata: Mapping[str, Any]) -> str | None:
    language = metadata.get("language")
    return language if language in LOCALES else None


def _may_be_served(intent: str, tracker: DialogueStateTracker | None) -> bool:
    is_in_form = tracker is not None and tracker.active_loop_name is not None
    return intent in WHILE_WAITING or (intent in IN_A_FORM and is_in_form)


def _job(message: Message) -> str:
    """What the message may ask of an order in hand, if that is at all likely."""
    likely = [
        str(one["name"])
        for one in message.get("intent_ranking") or ()
        if one["name"] in TELLS_STATUS and one["confidence"] >= AT_ALL_LIKELY
    ]
    return likely[0] if likely else ""


def _entities(written: str | None) -> dict[str, Any]:
    try:
        entities = json.loads(written or "{}")
    except json.JSONDecodeError:
        return {}
    return entities if isinstance(entities, dict) else {}
