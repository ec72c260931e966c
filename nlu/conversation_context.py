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
        "leave_queue",
        "not_what_i_asked",
    }
)
# ... and inside a form: the answers to its questions.
IN_A_FORM = frozenset({"affirm", "deny"})

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

    def process(self, messages: list[Message], tracker: DialogueStateTracker) -> list[Message]:
        for message in messages:
            metadata = message.get("metadata") or {}
            if payload := _PAYLOAD.fullmatch(str(message.get(TEXT) or "")):
                self._place_payload(message, payload, metadata, tracker)
            else:
                self._place(message, metadata, tracker)
        return messages

    def _place(self, message: Message, metadata: Mapping[str, Any], tracker: DialogueStateTracker) -> None:
        entities = list(message.get(ENTITIES) or [])
        if language := _language(metadata):
            entity = {"entity": "language", "start": 0, "end": 0, "value": language, "extractor": self.name}
            message.set(ENTITIES, [*entities, entity], add_to_output=True)
        intent = message.get(INTENT) or {}
        if metadata.get("waiting") is True and not _may_be_served(str(intent.get("name")), tracker):
            message.set(INTENT, {"name": NOTE, "confidence": 1.0}, add_to_output=True)

    def _place_payload(
        self,
        message: Message,
        payload: re.Match[str],
        metadata: Mapping[str, Any],
        tracker: DialogueStateTracker,
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


def _may_be_served(intent: str, tracker: DialogueStateTracker) -> bool:
    return intent in WHILE_WAITING or (intent in IN_A_FORM and tracker.active_loop_name is not None)


def _entities(written: str | None) -> dict[str, Any]:
    try:
        entities = json.loads(written or "{}")
    except json.JSONDecodeError:
        return {}
    return entities if isinstance(entities, dict) else {}
