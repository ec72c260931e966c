"""Phrases that promise without saying when, or what nobody confirmed: the list of `vague_promises.yml`, in a draft."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from faq_kb.folding import fold_keeping_length
from handoff.texts import LOCALES

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent / "vague_promises.yml"
KINDS = ("vague", "unconfirmed")
MAX_PHRASES = 500
MAX_PHRASE_CHARS = 60
MAX_FILE_BYTES = 200_000
LOOK_EVERY_SECONDS = 0.5
# So far two words of one phrase stand apart: 「盡快同你跟進返覆」.
_GAP = r"[^。！？!?.\n]{0,16}?"


class VaguePromisesError(ValueError):
    """The phrases cannot be used; the message names file, line and place."""


@dataclass(frozen=True)
class Said:
    """A phrase in a draft: `vague` or `unconfirmed`, and where it stands."""

    kind: str
    start: int
    end: int


class VaguePromises:
    """Follows the file: what is found is by the last good reading. The first reading raises VaguePromisesError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._problem: str | None = None
        self._stamp = self._look()
        self._looked_at = time.monotonic()
        self._looking = threading.Lock()
        self._patterns = read(path)

    @property
    def problem(self) -> str | None:
        """What keeps the file on disk from being in force: file, line, place; None when it is."""
        self._follow()
        return self._problem

    def find(self, text: str) -> Said | None:
        """The first phrase of the list in a text; what is unconfirmed weighs more."""
        self._follow()
        folded = fold_keeping_length(text)
        for kind in reversed(KINDS):
            pattern = self._patterns.get(kind)
            found = pattern.search(folded) if pattern else None
            if found:
                return Said(kind, found.start(), found.end())
        return None

    def _follow(self) -> None:
        if time.monotonic() - self._looked_at < LOOK_EVERY_SECONDS or not self._looking.acquire(blocking=False):
            return
        try:
            self._looked_at = time.monotonic()
            stamp = self._look()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._patterns = read(self.path)
            self._problem = None
        except VaguePromisesError as exc:
            self._problem = str(exc)
            log.error("The vague promises stay as they last were: %s", exc, extra={"event": "vague_promises_refused"})
        finally:
            self._looking.release()

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def read(path: Path) -> Mapping[str, re.Pattern[str]]:
    """The phrases of a file, a pattern for each kind. Raises VaguePromisesError with file, line and place."""
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            raise VaguePromisesError(f"{path.name}: more than {MAX_FILE_BYTES} bytes.")
        root = yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
    except OSError as exc:
        raise VaguePromisesError(f"{path.name}: cannot be read ({exc.strerror}).") from exc
    except UnicodeDecodeError as exc:
        raise VaguePromisesError(f"{path.name}: not UTF-8 (byte {exc.start}).") from exc
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise VaguePromisesError(f"{path.name}, line {line}: not valid YAML ({exc.problem}).") from exc
    except (yaml.YAMLError, RecursionError) as exc:
        raise VaguePromisesError(f"{path.name}: not valid YAML ({exc}).") from exc
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
