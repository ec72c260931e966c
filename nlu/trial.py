"""Whether a message is an editor's trial: what it would be taken for is told, and nothing is done about it.

The console hands the trial over with what its own search found, a draft included; the gateway alone writes metadata.
Comes last, when everything else has had its say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from nlu.article_search import TRIAL
from nlu.decision import Search


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Trial(GraphComponent):
    """Makes a trial the intent `trial`, which the rule answers with what would have been understood."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Trial:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if tried(message) is not None:
                intent = message.get(INTENT) or {}
                rule = (message.get("faq") or {}).get("rule")
                taken = {"intent": intent.get("name"), "confidence": intent.get("confidence"), "rule": rule}
                message.set(TRIAL, taken, add_to_output=True)
                message.set(INTENT, {"name": TRIAL, "confidence": 1.0}, add_to_output=True)
        return messages


def tried(message: Message) -> Search | None:
    """What the articles make of a trial, as the console found it; None for a customer's message."""
    found = (message.get("metadata") or {}).get(TRIAL)
    if not isinstance(found, Mapping):
        return None
    return Search(
        float(found["score"]),
        answers=found["answers"] is True,
        exact=found["exact"] is True,
        pinned=found["pinned"] is True,
    )
