"""What a turn costs as a conversation grows: one customer, 200 turns, nobody else; on our side once 2,000."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.figures import Result, Round, ratio

TURNS = 200
AT = (1, 10, 50, 200)
# Five turns in a row hold the same five sentences wherever they lie, so their medians can be compared.
NEIGHBOURS = 5


def cost(conversations: Sequence[Round]) -> Result:
    """Milliseconds at each of the turns: the median of its neighbours in all conversations."""
    costs: Result = {}
    for turn in AT:
        first = min(max(0, turn - 1 - NEIGHBOURS // 2), TURNS - NEIGHBOURS)
        times = [time for one in conversations for time in one.times_ms[first : first + NEIGHBOURS]]
        costs[str(turn)] = round(statistics.median(times), 2)
    return costs


def last_of(conversation: Round) -> float:
    """Milliseconds at the end of one conversation: the median of its last turns."""
    return round(statistics.median(conversation.times_ms[-NEIGHBOURS:]), 2)


def growth(costs: Result) -> float:
    """The last turn over the first."""
    return ratio(costs[str(AT[-1])], costs[str(AT[0])])
