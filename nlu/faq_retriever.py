"""Looks a message up in the shop's articles and, where an article explains it better, makes it the intent `faq`.

An article is found, not classified: an edited file is served a second later by the running bot, with nothing
retrained. The candidates travel in the message under `faq`, also where the intent stays, so that a first miss can
offer the nearest ones.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from faq_kb import KnowledgeBase, KnowledgeFollower, Reader
from faq_kb.search import several_close
from faq_kb.serving import served
from nlu.article_search import weighed
from nlu.decision import ASK_PERSON, FETCHES_A_PERSON, INFORM_ORDER, JOBS, Guess, Thresholds, decide
from nlu.fragments import PRODUCT, fragment
from nlu.intent_classifier import BESIDE_NUMBERS, KNOWN_WORDS
from nlu.trial import tried
from nlu.wording import Wording

CANDIDATES = 5

# How much of a message a name and the words around it may leave, for the message to be nothing but the name.
_FILLER = 4
_JOINT = re.compile(r"[,，。.!！?？;；、\n]\s*|\s+(?=[^\sa-zA-Z0-9])")
_ENDS = " ,，。.!！?？~;；、吧啦呀啊喇"
_NAMES = {
    INFORM_ORDER: ("order_number", "phone_last4"),
    "language_switch": ("language_wish",),
    PRODUCT: ("product",),
}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FaqRetriever(GraphComponent):
    """Follows the articles on disk for as long as the bot runs."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "articles": None,
            "intent_floor": 0.3,
            "faq_over_intent": 0.6,
            "faq_over_job": 0.1,
            "faq_over_small_talk": 0.1,
            "request": 0.4,
            "request_plain": 0.95,
            "request_over_faq": 0.15,
            "faq_alone": 0.6,
            "handoff": 0.5,
            "person_wish": 0.25,
        }

    def __init__(self, config: dict[str, Any], knowledge: KnowledgeFollower) -> None:
        self._knowledge = knowledge
        names = Thresholds.__dataclass_fields__
        self._thresholds = Thresholds(**{name: float(config[name]) for name in names})

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FaqRetriever:
        return cls(config, served(config["articles"]))

    def process(self, messages: list[Message]) -> list[Message]:
        knowledge = self._knowledge.current
        for message in messages:
            text = str(message.get(TEXT) or "")
            if not text.startswith("/"):
                self._judge(message, text, knowledge)
        return messages

    def _judge(self, message: Message, text: str, knowledge: KnowledgeBase) -> None:
        hits = knowledge.search(text, CANDIDATES, reader=_reader(message)) if text.strip() else []
        entities = message.get(ENTITIES) or []
        piece = fragment(text)
        if piece == PRODUCT:
            # The digits in a product number are no phone.
            entities = [{"entity": "product", "start": 0, "end": len(text), "value": text.strip(), "extractor": "shop"}]
            message.set(ENTITIES, entities, add_to_output=True)
        guess = _guess(message)
        wording = Wording.of(text)
        understood = decide(
            guess,
            tried(message) or weighed(knowledge, hits, text),
            {entity["entity"] for entity in entities},
            self._thresholds,
            only_names=_only_names(text, entities),
            fragment=piece,
            wording=wording,
            ends_in_person_wish=_ends_in_person_wish(text, entities),
        )
        # A plain float: what numpy returns does not go into JSON.
        taken = {"name": understood.intent, "confidence": float(understood.confidence)}
        message.set(INTENT, taken, add_to_output=True)
        message.set("wording", wording.as_fields(), add_to_output=True)
        message.set(
            "faq",
            {
                "version": knowledge.version,
                "rule": understood.rule,
                "guess": {"name": guess.intent, "confidence": guess.confidence},
                "candidates": [{"id": hit.article_id, "score": round(hit.score, 4)} for hit in hits],
                # Which of them was meant, the customer is asked.
                "close": [hit.article_id for hit in several_close(hits)],
            },
            add_to_output=True,
        )


def _reader(message: Message) -> Reader:
    """Who asks, from what the gateway wrote into the message's metadata."""
    metadata = message.get("metadata") or {}
    identity = metadata.get("identity") or {}
    return Reader(metadata.get("channel"), signed_in=identity.get("tier") == "identity")


def _guess(message: Message) -> Guess:
    intent = message.get(INTENT) or {}
    name, confidence = str(intent.get("name")), float(intent.get("confidence") or 0.0)
    if _is_foreign(message) or Wording.says_nothing(str(message.get(TEXT) or "")):
        return Guess(name, 0.0)
    likely = {str(one["name"]): float(one["confidence"]) for one in message.get("intent_ranking") or ()}
    beside, beside_confidence = message.get(BESIDE_NUMBERS) or ("", 0.0)
    return Guess(
        name,
        confidence,
        person=likely.get(ASK_PERSON, 0.0),
        upset=sum(likely.get(intent, 0.0) for intent in FETCHES_A_PERSON),
        job=sum(likely.get(job, 0.0) for job in JOBS),
        beside=beside,
        beside_confidence=beside_confidence,
    )


def _is_foreign(message: Message) -> bool:
    """Several words and none that was ever trained: what letters alone suggest is not believed."""
    return len(message.get(TOKENS_NAMES[TEXT]) or ()) > 1 and message.get(KNOWN_WORDS) == 0


def _ends_in_person_wish(text: str, entities: list[dict[str, Any]]) -> bool:
    """ "It is days now. Get me a person": whatever comes before. "How do I get a person" is a question."""
    wishes = [entity for entity in entities if entity["entity"] == "person_wish"]
    if not wishes:
        return False
    last = _JOINT.split(text.rstrip(_ENDS))[-1]
    return wishes[-1]["start"] >= len(text.rstrip(_ENDS)) - len(last) and not Wording.of(last).asks


def _only_names(text: str, entities: list[dict[str, Any]]) -> str | None:
    """The intent of a message that names an order, a phone or a language and says next to nothing else."""
    for intent, names in _NAMES.items():
        named = [entity for entity in entities if entity["entity"] in names]
        length = sum(entity["end"] - entity["start"] for entity in named)
        if named and sum(character.isalnum() for character in text) - length <= _FILLER:
            return intent
    return None
