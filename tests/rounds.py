"""How much a test tries that could try without end: enough in every run, and at night ten times as much at random, each
language with each width, each page in both colours, and a picture of every page to look at."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings

IS_NIGHT = os.environ.get("SWITCHBOARD_NIGHTLY") == "true"
# A picture proves nothing until somebody looks at it, and seven hundred of them are minutes.
TAKES_PICTURES = IS_NIGHT or os.environ.get("SWITCHBOARD_PICTURES") == "true"
# What is narrower is a phone.
NARROW_PX = 600


def rounds(usual: int) -> int:
    return usual * 10 if IS_NIGHT else usual


def crossed(*values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Every value of each at least once, beside another of the others each time; at night, each with each."""
    if IS_NIGHT:
        return list(itertools.product(*values))
    return [tuple(one[number % len(one)] for one in values) for number in range(max(map(len, values)))]


def some(values: Sequence[Any], *by_day: Any) -> list[Any]:
    """All of them at night, and by day these."""
    assert set(by_day) <= set(values), f"{by_day} are not among {values}"
    return list(values if IS_NIGHT else by_day)


def sampled(*pairs: tuple[Any, ...], of: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """These pairs by day; at night, each value with each."""
    return some(list(itertools.product(*of)), *pairs)


def themes(width: int) -> tuple[str, ...]:
    """The colours in which a page of this width is looked at; by day a phone in the dark, what is wider in light."""
    if IS_NIGHT:
        return ("light", "dark")
    return ("dark",) if width < NARROW_PX else ("light",)


def set_up_hypothesis() -> None:
    """A deadline by the wall's clock would measure what else runs here; what must be quick has tests of its own."""
    settings.register_profile(
        "suite", deadline=None, max_examples=rounds(100), suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("suite")
