"""The bot's component that adds to a message what it names, with offsets into the text as it was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.finding import Found
from nlu.order_numbers import PATTERNS
from nlu.vocabulary import Vocabulary, served

# Hong Kong, Taiwan and mainland China share one offset and no summer time.
SHOP_TIME = timezone(timedelta(hours=8))
# Where 3/4 is the fourth of March.
MONTH_FIRST = frozenset({"zh-TW", "zh-CN"})


def today() -> date:
    return datetime.now(SHOP_TIME).date()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ShopEntities(GraphComponent, EntityExtractorMixin):
    """Adds the entities of the pattern file and the shop's products to a message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"patterns": str(PATTERNS)}

    def __init__(self, vocabulary: Vocabulary, today: Callable[[], date] = today) -> None:
        self._vocabulary = vocabulary
        self._today = today

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopEntities:
        return cls(served(Path(config["patterns"])))

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = str(message.get(TEXT) or "")
            found = [] if text.startswith("/") else self._find(text, message)
            entities = [self._entity(one) for one in found]
            message.set(ENTITIES, (message.get(ENTITIES) or []) + entities, add_to_output=True)
        return messages

    def _find(self, text: str, message: Message) -> list[Found]:
        language = (message.get("metadata") or {}).get("language")
        return self._vocabulary.find(text, self._today(), month_first=language in MONTH_FIRST)

    def _entity(self, one: Found) -> dict[str, Any]:
        known = {"entity": one.entity, "start": one.start, "end": one.end, "value": one.value}
        return {**known, "extractor": self.name, **dict(one.about)}
