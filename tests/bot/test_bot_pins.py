"""What editors pinned, and what is not for everybody, as the retriever inside the bot finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message

from faq_kb import KnowledgeFollower
from nlu.faq_retriever import FaqRetriever

ARTICLES = """
category: {en: Members}
articles:
  - id: sale
    question: {en: When is the sale?}
    answer: {en: In June.}
    pins: [{contains: where is my order}]
  - id: points
    question: {en: How many points do I have?}
    answer: {en: Many.}
    audience: [signed_in]
  - id: wallet
    question: {en: How do I add the card to a wallet?}
    answer: {en: Tap it.}
    channels: [widget]
"""


@pytest.fixture
def retriever(tmp_path: Path) -> FaqRetriever:
    (tmp_path / "members.yml").write_text(ARTICLES, encoding="utf-8")
    return FaqRetriever(FaqRetriever.get_default_config(), KnowledgeFollower(tmp_path))


def understood(retriever: FaqRetriever, text: str, intent: str, sure: float, **metadata: Any) -> dict[str, Any]:
    guess = {"name": intent, "confidence": sure}
    message = Message({"text": text, "intent": guess, "intent_ranking": [guess], "metadata": metadata})
    (read,) = retriever.process([message])
    return {"intent": read.get("intent")["name"], **read.get("faq")}


def test_a_pinned_sentence_wins_over_a_sure_intent(retriever: FaqRetriever) -> None:
    found = understood(retriever, "Where is my ORDER for the sale", "order_status", 0.95)
    assert (found["intent"], found["rule"], found["candidates"][0]["id"]) == ("faq", "pinned", "sale")


def test_a_plain_wish_for_a_person_stands_above_a_pin(retriever: FaqRetriever) -> None:
    assert understood(retriever, "where is my order, get me a person", "ask_person", 0.9)["intent"] == "ask_person"
    assert understood(retriever, "where is my order", "ask_person", 0.4)["intent"] == "faq"


def test_only_those_an_article_is_for_find_it(retriever: FaqRetriever) -> None:
    def finds(text: str, **metadata: Any) -> bool:
        found = understood(retriever, text, "nlu_fallback", 0.1, **metadata)
        return found["rule"] == "exact_question"

    signed = {"identity": {"tier": "identity", "customer_id": "c-1", "name": None}}
    guest = {"identity": {"tier": "anonymous", "customer_id": None, "name": None}}
    assert finds("how many points do i have", **signed)
    assert not finds("how many points do i have", **guest)
    assert not finds("how many points do i have")
    assert finds("how do i add the card to a wallet", channel="widget")
    assert not finds("how do i add the card to a wallet", channel="telegram")
