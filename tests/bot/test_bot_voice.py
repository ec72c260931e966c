"""The voice: the customer's language, and never the same words twice running."""

from __future__ import annotations

from itertools import pairwise

import pytest
from bot_parts import ROOT
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from faq_kb import LOCALES


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


@pytest.fixture
def voice(domain: Domain) -> NaturalLanguageGenerator:
    return NaturalLanguageGenerator.create(EndpointConfig(type="switchboard.bot_voice.VariedVoice"), domain)


async def said(voice: NaturalLanguageGenerator, tracker: DialogueStateTracker, name: str) -> str:
    answer = await voice.generate(name, tracker, "rest")
    assert answer is not None
    tracker.update(BotUttered(answer["text"]))
    return str(answer["text"])


@pytest.mark.parametrize("locale", LOCALES)
async def test_no_text_follows_itself(voice: NaturalLanguageGenerator, domain: Domain, locale: str) -> None:
    tracker = DialogueStateTracker("customer", domain.slots)
    tracker.update(SlotSet("language", locale))
    texts = [await said(voice, tracker, "utter_miss_offer_person") for _ in range(5)]
    assert all(text != following for text, following in pairwise(texts))


async def test_values_are_filled_in(voice: NaturalLanguageGenerator, domain: Domain) -> None:
    tracker = DialogueStateTracker("customer", domain.slots)
    answer = await voice.generate("utter_order_too_many_offer_person", tracker, "rest", minutes=7)
    assert answer is not None and "7" in answer["text"]


async def test_an_unknown_response_is_none(voice: NaturalLanguageGenerator, domain: Domain) -> None:
    tracker = DialogueStateTracker("customer", domain.slots)
    assert await voice.generate("utter_nothing_of_the_kind", tracker, "rest") is None


async def test_it_speaks_the_responses_of_the_model_that_is_loaded_later(domain: Domain) -> None:
    voice = NaturalLanguageGenerator.create(EndpointConfig(type="switchboard.bot_voice.VariedVoice"), Domain.empty())
    voice.responses = domain.responses  # as Rasa's agent does once it has a model
    assert await voice.generate("utter_greet", DialogueStateTracker("customer", domain.slots), "rest")
