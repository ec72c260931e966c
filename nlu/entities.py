"""Finds what a message names: order numbers, tracking numbers, the tail of a phone number, a language.

Patterns are a file that a shop edits (`entity_patterns.yml`); they run on spaCy's matcher over a blank pipeline, so
no model is needed. Offsets point into the message as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.pipeline import SpanRuler
from spacy.tokens import Doc

from faq_kb import fold_keeping_length

PATTERNS = Path(__file__).with_name("entity_patterns.yml")

# What a customer names stands in the first lines; the rest of a letter is not searched.
MAX_CHARACTERS = 2_000

# A run longer than any number we know is nothing of ours, and is kept away from the patterns.
MAX_RUN = 40

_PIECE = re.compile(r"[a-z]+|[0-9]+|\S")


class PatternsError(ValueError):
    """The entity patterns cannot be used."""


@dataclass(frozen=True)
class Found:
    """One thing that a message names, between two offsets of its text."""

    entity: str
    start: int
    end: int
    value: str


@dataclass(frozen=True)
class Writing:
    """Which part of a match is the value of an entity, and how that value is written."""

    part: re.Pattern[str] | None = None
    keep: re.Pattern[str] | None = None
    prefix: str = ""
    upper: bool = False
    last: int = 0

    def of(self, text: str) -> str:
        value = "".join(self.keep.findall(text)) if self.keep else text
        value = value.upper() if self.upper else value
        if self.prefix and not value.startswith(self.prefix):
            value = self.prefix + value
        return value[-self.last :] if self.last else value


class EntityPatterns:
    """The patterns of one file, ready to look at messages."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._writings = {label: _writing(fields or {}) for label, fields in content.get("values", {}).items()}
        patterns = content.get("patterns") or []
        self._near = {number: pattern["near"] for number, pattern in enumerate(patterns) if "near" in pattern}
        self._values = {number: pattern["id"] for number, pattern in enumerate(patterns) if "id" in pattern}
        self._blank = spacy.blank("xx")
        ruler: SpanRuler = self._blank.add_pipe("span_ruler", config={"validate": True})
        macros = content.get("macros") or {}
        # The pattern's place in the file travels as its id, so that a match finds its line again.
        rules = [
            {"label": pattern["label"], "id": str(number), "pattern": list(_expanded(pattern["pattern"], macros))}
            for number, pattern in enumerate(patterns)
        ]
        ruler.add_patterns(rules)
        self._ruler = ruler

    @classmethod
    def load(cls, path: Path) -> EntityPatterns:
        try:
            return cls(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, re.error) as error:
            raise PatternsError(f"{path.name}: {error}") from error

    def find(self, text: str) -> list[Found]:
        """All that the text names, in its order; of two that overlap the longer."""
        folded = fold_keeping_length(text[:MAX_CHARACTERS])
        if not _worth_a_look(folded):
            return []
        pieces = [piece for piece in _PIECE.finditer(folded) if len(piece.group()) <= MAX_RUN]
        document = Doc(self._blank.vocab, words=["<start>", *(piece.group() for piece in pieces), "<end>"])
        self._ruler(document)
        found: set[tuple[Found, int]] = set()
        for span in document.spans[self._ruler.key]:
            inside = pieces[max(span.start - 1, 0) : span.end - 1]
            if inside:
                number = int(span.id_)
                one = self._found(span.label_, number, folded, inside[0].start(), inside[-1].end())
                found.add((one, number))
        return _longest(self._in_company(found))

    def _found(self, label: str, number: int, folded: str, start: int, end: int) -> Found:
        writing = self._writings.get(label, Writing())
        if writing.part and (part := writing.part.search(folded, start, end)):
            start, end = part.span()
        return Found(label, start, end, self._values.get(number) or writing.of(folded[start:end]))

    def _in_company(self, found: Set[tuple[Found, int]]) -> Iterator[Found]:
        labels = {one.entity for one, _ in found}
        for one, number in found:
            if number not in self._near or self._near[number] in labels:
                yield one


def _worth_a_look(folded: str) -> bool:
    # Most messages name nothing; every pattern but the languages needs digits.
    return any(character.isdigit() for character in folded) or any(word in folded for word in _LANGUAGE_HINTS)


_LANGUAGE_HINTS = ("英", "中", "体", "语", "话", "eng", "chinese", "cantonese", "mandarin", "traditional", "simplified")


def _writing(fields: Mapping[str, Any]) -> Writing:
    return Writing(
        part=re.compile(fields["part"]) if "part" in fields else None,
        keep=re.compile(fields["keep"]) if "keep" in fields else None,
        prefix=fields.get("prefix", ""),
        upper=fields.get("case") == "upper",
        last=int(fields.get("last", 0)),
    )


def _expanded(pattern: Sequence[Mapping[str, Any]], macros: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for piece in pattern:
        yield macros[piece["USE"]] if "USE" in piece else piece


def _longest(found: Iterator[Found]) -> list[Found]:
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ShopEntities(GraphComponent, EntityExtractorMixin):
    """Adds the entities of the pattern file to a message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"patterns": str(PATTERNS)}

    def __init__(self, config: dict[str, Any]) -> None:
        self._patterns = EntityPatterns.load(Path(config["patterns"]))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopEntities:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = str(message.get(TEXT) or "")
            found = [] if text.startswith("/") else self._patterns.find(text)
            entities = [
                {"entity": one.entity, "start": one.start, "end": one.end, "value": one.value, "extractor": self.name}
                for one in found
            ]
            message.set(ENTITIES, (message.get(ENTITIES) or []) + entities, add_to_output=True)
        return messages
