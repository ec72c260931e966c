"""How much alike two phrasings look: to show which phrasing a question met, and which two are hard to tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from faq_kb.folding import fold_words


def nearest(text: str, phrasings: Iterable[str]) -> tuple[str, float]:
    """The phrasing most like a text, and how much, from 0 to 1."""
    asked = _pairs(text)
    return max(((phrasing, _share(asked, _pairs(phrasing))) for phrasing in phrasings), key=_second, default=("", 0.0))


def _second(found: tuple[str, float]) -> float:
    return found[1]


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Twice what both hold by what each holds (Dice)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


@lru_cache(maxsize=20_000)
def _pairs(text: str) -> frozenset[str]:
    padded = f" {fold_words(text)} "
    return frozenset(padded[place : place + 2] for place in range(len(padded) - 1))
