"""Numbers out of measured times. Nothing here measures."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# A result is what becomes JSON: nested mappings of numbers.
Result = dict[str, Any]


@dataclass(frozen=True)
class Round:
    """One round: how long it took, and how long each message took, in the order they were sent."""

    seconds: float
    times_ms: tuple[float, ...]

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return len(self.times_ms) / self.seconds


def percentile(times_ms: Sequence[float], share: float) -> float:
    """The time that `share` of the messages did not exceed."""
    ordered = sorted(times_ms)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(rounds: Sequence[Round], tail: float = 0.95) -> Result:
    """Messages a second (the median round), the median time and the tail of all rounds together."""
    times = [time for one in rounds for time in one.times_ms]
    return {
        "mps": round(statistics.median(one.per_second for one in rounds), 1),
        "p50_ms": round(percentile(times, 0.5), 2),
        f"p{tail * 100:.0f}_ms": round(percentile(times, tail), 2),
        "mps_of_rounds": [round(one.per_second, 1) for one in rounds],
        "messages": len(times),
    }


def typical_ms(times_ms: Sequence[float], places: int) -> float:
    """What a message costs when the same `places` messages were sent again and again.

    The median of each place, then the mean of them: a machine that was busy for a moment does not show, and a message
    that always costs more does.
    """
    return statistics.fmean(statistics.median(times_ms[place::places]) for place in range(places))


def ratio(ours: float, other: float) -> float:
    """How many times `other` ours is."""
    return round(ours / other, 2) if other else 0.0
