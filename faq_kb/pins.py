"""Pins: what an editor wrote down that must always lead to an article, whatever the search makes of it.

Everything is matched after folding, so a pin in one script holds for all. A sentence is matched twice, once with its
characters folded and once with Cantonese words and particles folded as well; a pin that meets either is met.
Patterns run on RE2, which takes time linear in the text whatever the pattern is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import re2

from faq_kb.articles import Article, Pin
from faq_kb.folding import fold, fold_keeping_length, fold_words, words_of

# What one compiled pattern may take; a pattern that needs more counts to thousands and is refused.
_MAX_PATTERN_MEMORY = 1 << 20


class BadPin(Exception):
    """The pin cannot be used."""

    def __init__(self, message: str, code: str, **params: str) -> None:
        super().__init__(message)
        self.code, self.params = code, params


@dataclass(frozen=True)
class Asked:
    """A sentence in the forms in which pins look at it."""

    characters: str  # each character folded, marks kept
    folded: str
    plain: str  # the words of ``characters``
    words: str  # the words of ``folded``

    @classmethod
    def of(cls, text: str) -> Asked:
        characters, folded = fold_keeping_length(text), fold(text)
        return cls(characters, folded, words_of(characters), words_of(folded))


Matcher = Callable[[Asked], bool]


def matcher(pin: Pin) -> Matcher:
    """What tells whether a sentence meets the pin; raises ``BadPin``."""
    if pin.kind == "pattern":
        return _pattern(pin.text)
    plain, words = words_of(fold_keeping_length(pin.text)), fold_words(pin.text)
    if not plain or not words:
        raise BadPin("expected letters or digits", "pin_without_words")
    if pin.kind == "exact":
        return lambda asked: asked.words == words or asked.plain == plain
    return lambda asked: _holds(asked.words, words) or _holds(asked.plain, plain)


def _holds(text: str, part: str) -> bool:
    """Whether the part stands in the text; a Latin word stands there whole."""
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        if not (_joined(text[start - 1 : start], part[0]) or _joined(part[-1], text[end : end + 1])):
            return True
        start = text.find(part, start + 1)
    return False


def _joined(left: str, right: str) -> bool:
    return (left + right).isascii() and left.isalnum() and right.isalnum()


def _pattern(written: str) -> Matcher:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_PATTERN_MEMORY
    try:
        pattern = re2.compile(_folded_pattern(written), options)
    except re2.error as exc:
        reason = exc.args[0].decode() if exc.args and isinstance(exc.args[0], bytes) else str(exc)
        raise BadPin(f"expected a regular expression: {reason}", "bad_pattern", reason=reason) from exc
    if pattern.search(""):
        raise BadPin("expected a pattern that does not match everything", "pattern_matches_all")
    return lambda asked: bool(pattern.search(asked.characters) or pattern.search(asked.folded))


def _folded_pattern(written: str) -> str:
    """The pattern as it meets folded text; what folds into a sign of patterns means the sign itself."""
    folded = []
    for character, other in zip(written, fold_keeping_length(written), strict=True):
        if character.isascii():
            folded.append(character)
        else:
            folded.append(re2.escape(other) if other.isascii() else other)
    return "".join(folded)


class Pins:
    """The pins of a set of articles: a whole sentence wins over parts of one, a longer part over a shorter, any part
    over a pattern."""

    def __init__(self, articles: Iterable[Article]) -> None:
        pins = [(article.id, pin) for article in articles for pin in article.pins]
        self._exact: dict[str, list[str]] = {}
        self._parts: list[tuple[str, str, str]] = []
        for id, pin in sorted(pins, key=lambda one: -len(one[1].text)):
            plain, words = words_of(fold_keeping_length(pin.text)), fold_words(pin.text)
            if pin.kind == "exact":
                for form in {plain, words}:
                    self._exact.setdefault(form, []).append(id)
            elif pin.kind == "contains":
                self._parts.append((plain, words, id))
        self._patterns = [(matcher(pin), id) for id, pin in pins if pin.kind == "pattern"]

    def find(self, text: str, away: Collection[str] = ()) -> str | None:
        """The article this sentence is pinned to; one that is ``away`` pins nothing."""
        if not (self._exact or self._parts or self._patterns):
            return None
        asked = Asked.of(text)
        return next((id for id in self._met_by(asked) if id not in away), None)

    def _met_by(self, asked: Asked) -> Iterator[str]:
        yield from self._exact.get(asked.words, ())
        yield from self._exact.get(asked.plain, ())
        for plain, words, id in self._parts:
            # Most are not there at all, which is told at once.
            if (words in asked.words and _holds(asked.words, words)) or (
                plain in asked.plain and _holds(asked.plain, plain)
            ):
                yield id
        yield from (id for matches, id in self._patterns if matches(asked))
