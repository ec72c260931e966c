"""Reading sentences with a trained model, without the bot's HTTP: for measuring. Runs where Rasa runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Parsed:
    """What the bot makes of a sentence. Offsets of entities point into the sentence as it was typed."""

    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[dict[str, Any], ...]
    articles: tuple[tuple[str, float], ...]
    rule: str = ""
    guess: tuple[str, float] = ("", 0.0)
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Parsed:
        intent = data.get("intent") or {}
        found = data.get("faq") or {}
        guess = found.get("guess") or {}
        return cls(
            intent=str(intent.get("name") or ""),
            confidence=float(intent.get("confidence") or 0.0),
            ranking=tuple((str(one["name"]), float(one["confidence"])) for one in data.get("intent_ranking") or ()),
            entities=tuple(data.get("entities") or ()),
            articles=tuple((str(one["id"]), float(one["score"])) for one in found.get("candidates") or ()),
            rule=str(found.get("rule") or ""),
            guess=(str(guess.get("name") or ""), float(guess.get("confidence") or 0.0)),
            raw=data,
        )


def parse_all(model: Path, texts: Sequence[str], language: str | None = None) -> list[Parsed]:
    """Each text read as the first message of a conversation of its own. Raises OSError when there is no such model."""
    if not model.exists():
        raise FileNotFoundError(f"there is no model {model}")
    with _quiet():
        from rasa.core.agent import load_agent

        return asyncio.run(_read(load_agent, model, texts, language))


async def _read(load_agent: Any, model: Path, texts: Sequence[str], language: str | None) -> list[Parsed]:
    agent = await load_agent(model_path=str(model))
    if agent.processor is None:
        raise OSError(f"the model {model} cannot be loaded")
    from rasa.core.channels.channel import UserMessage

    parsed = []
    for number, text in enumerate(texts):
        metadata = {"language": language} if language else {}
        message = UserMessage(text, sender_id=f"measured-{number}", metadata=metadata)
        parsed.append(Parsed.of(await agent.processor.parse_message(message)))
    return parsed


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow and Rasa say much while they are loaded."""
    import logging
    import warnings

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rasa.utils.log_utils import configure_structlog

        configure_structlog(logging.ERROR)
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
