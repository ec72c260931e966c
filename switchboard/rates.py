"""Limits on how fast somebody may do something: token buckets in memory, bounded in number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MAX_BUCKETS = 50_000


class Rates:
    """A bucket for each key: `burst` at once, then `per_second`."""

    def __init__(self, burst: float, per_second: float, monotonic: Callable[[], float]) -> None:
        self._burst = float(burst)
        self._per_second = float(per_second)
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_for(self, key: str) -> float:
        """Take one token; 0 when it was there, else the seconds until one is (and nothing is taken)."""
        now = self._monotonic()
        tokens, then = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._per_second)
        missing = 1 - tokens
        self._buckets[key] = (tokens - 1 if missing <= 0 else tokens, now)
        while len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return 0.0 if missing <= 0 else missing / self._per_second

    def give_back(self, key: str) -> None:
        """A token was not used after all."""
        if key in self._buckets:
            tokens, then = self._buckets[key]
            self._buckets[key] = (min(self._burst, tokens + 1), then)
