"""Phrases that promise without saying when, or what nobody confirmed: the list of `vague_promises.yml`, in a draft."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from faq_kb.folding import fold_keeping_length
from handoff.edited_file import EditedFile, FileRefused, composed
from handoff.texts import LOCALES

SHIPPED = Path(__file__).parent / "vague_promises.yml"
KINDS = ("vague", "unconfirmed")
MAX_PHRASES = 500
MAX_PHRASE_CHARS = 60
MAX_FILE_BYTES = 200_000
# So far two words of one phrase stand apart: 「盡快同你跟進返覆」.
_GAP = r"[^。！？!?.\n]{0,16}?"


class VaguePromisesError(FileRefused):
    """The phrases cannot be used; the message names file, line and place."""


@dataclass(frozen=True)
class Said:
    """A phrase in a draft: `vague` or `unconfirmed`, and where it stands."""

    kind: str
    start: int
    end: int


class VaguePromises(EditedFile["Mapping[str, re.Pattern[str]]"]):
    """The phrases of the file as it is edited. The first reading raises VaguePromisesError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, read, "vague promises")

    def find(self, text: str) -> Said | None:
        """The first phrase of the list in a text; what is unconfirmed weighs more."""
        folded, patterns = fold_keeping_length(text), self.current
        for kind in reversed(KINDS):
            pattern = patterns.get(kind)
            found = pattern.search(folded) if pattern else None
            if found:
                return Said(kind, found.start(), found.end())
        return None


def read(path: Path) -> Mapping[str, re.Pattern[str]]:
    """The phrases of a file, a pattern for each kind. Raises VaguePromisesError with file, line and place."""
    root = composed(path, VaguePromisesError, MAX_FILE_BYTES)
    kinds = _fields(path.name, root, "", KINDS)
    found = {}
    for kind, node in kinds.items():
        phrases = [
            pattern
            for language, listed in _fields(path.name, node, kind, LOCALES).items()
            for pattern in _phrases(path.name, listed, f"{kind}.{language}")
        ]
        if len(phrases) > MAX_PHRASES:
            raise VaguePromisesError(f"{path.name}, {kind}: more than {MAX_PHRASES} phrases.")
        if phrases:
            found[kind] = re.compile("|".join(phrases))
    return found


def _fields(file: str, node: yaml.Node | None, place: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise _refusal(file, node, place, f"expected {' and '.join(known)}.")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in known:
            raise _refusal(file, key, f"{place}.{name}".lstrip("."), f"unknown; known are {', '.join(known)}.")
        if name in found:
            raise _refusal(file, key, f"{place}.{name}".lstrip("."), "stands twice.")
        found[name] = value
    return found


def _phrases(file: str, node: yaml.Node, place: str) -> list[str]:
    if not isinstance(node, yaml.SequenceNode):
        raise _refusal(file, node, place, "expected a list of phrases.")
    return [_pattern(file, one, f"{place}[{number}]") for number, one in enumerate(node.value)]


def _pattern(file: str, node: yaml.Node, place: str) -> str:
    phrase = " ".join(node.value.split()) if isinstance(node, yaml.ScalarNode) else ""
    words = [word.strip() for word in phrase.split("*")]
    if not all(words):
        raise _refusal(file, node, place, "expected a phrase, with words before and after each *.")
    if len(phrase) > MAX_PHRASE_CHARS:
        raise _refusal(file, node, place, f"longer than {MAX_PHRASE_CHARS} characters.")
    return _GAP.join(_whole_words(fold_keeping_length(word)) for word in words)


def _whole_words(word: str) -> str:
    """Words of English are found whole; Chinese has no such ends."""
    begin = r"\b" if word[0].isascii() and word[0].isalnum() else ""
    end = r"\b" if word[-1].isascii() and word[-1].isalnum() else ""
    return begin + r"\s+".join(map(re.escape, word.split())) + end


def _refusal(file: str, node: yaml.Node, place: str, why: str) -> VaguePromisesError:
    where = f", {place}" if place else ""
    return VaguePromisesError(f"{file}, line {node.start_mark.line + 1}{where}: {why}")
