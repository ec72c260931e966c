"""The phrasings of each class one by one: how near a question is to every phrasing of a few classes.

Class after class, with each column of a class once and below it the phrasings that hold it. So a question meets a
column of twenty phrasings once, and the mean phrasing of a class lies there ready to be summed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faq_kb.vectors import Floats, Hashes, Packed, Space, Vector, Whole, joined, run_of_each, sums

Order = Union[NDArray[np.uint16], NDArray[np.uint32]]

# The columns of a class lie in so many drawers, by their last bits. A question looks into those of its own columns.
_DRAWERS = 512
# So many numbers of them are worked on at a time.
_AT_ONCE = 50_000


def order_of(hashes: Hashes) -> Order:
    """An order in which equal columns are neighbours, however few of the last bits of a hash make a column."""
    order = np.argsort(_turned(hashes), kind="stable")
    return order.astype(np.uint16) if len(order) <= 1 << 16 else order.astype(np.uint32)


def _turned(hashes: Hashes) -> Hashes:
    """The bits of each from the last to the first."""
    for mask, shift in ((0x55555555, 1), (0x33333333, 2), (0x0F0F0F0F, 4), (0x00FF00FF, 8), (0x0000FFFF, 16)):
        hashes = ((hashes >> np.uint32(shift)) & np.uint32(mask)) | ((hashes & np.uint32(mask)) << np.uint32(shift))
    return hashes


# In the order in which they lie.
_DRAWER_OF = (_turned(np.arange(_DRAWERS, dtype=np.uint32)) >> np.uint32(23)).astype(np.int32)


class Phrasings:
    """``orders`` are those in which the equal features of each class are neighbours."""

    def __init__(self, space: Space, classes: Sequence[Packed], orders: Sequence[Order]) -> None:
        sizes = [len(sentences) for sentences in classes]
        self._firsts: Whole = np.array([0, *sizes], np.int64).cumsum()
        ends = np.array([0, *(len(order) for order in orders)], np.int64).cumsum()
        # What is not written to is no memory.
        self._columns = np.empty(ends[-1], np.int32)
        self._places = np.empty(ends[-1] + 1, np.int32)
        self._values = np.empty(ends[-1], np.float32)
        self._numbers = np.empty(ends[-1], np.uint16 if max(sizes) <= 1 << 16 else np.uint32)
        self._drawers = np.zeros(_DRAWERS * len(classes) + 1, np.int32)
        self._starts = np.zeros(len(classes) + 1, np.int64)
        filled = 0
        for some in _some_at_once(ends):
            filled = self._fill(some, filled, int(ends[some.start]), space, classes[some], orders[some])
        self._columns = self._columns[:filled]
        self._places = self._places[: filled + 1]
        self._places[filled] = ends[-1]

    def _fill(
        self,
        some: slice,
        filled: int,
        begin: int,
        space: Space,
        classes: Sequence[Packed],
        orders: Sequence[Order],
    ) -> int:
        """Put in a few classes, behind so many columns and at this place; how many columns there are then."""
        order, starts = joined_orders(orders)
        vectors = space.vectors(joined(classes))
        columns = vectors.indices[order]
        places = np.flatnonzero(is_first(columns, starts))
        columns = columns[places]
        owners = np.searchsorted(places, starts)
        drawers = _DRAWER_OF[columns & (_DRAWERS - 1)]
        drawers += run_of_each(np.diff(owners)) * _DRAWERS
        counts = np.bincount(drawers, minlength=_DRAWERS * len(classes))
        sizes = np.diff(self._firsts[some.start : some.stop + 1])
        numbers = np.arange(sizes.sum()) - np.repeat(sizes.cumsum() - sizes, sizes)

        last = filled + len(columns)
        self._columns[filled:last] = columns
        self._places[filled:last] = places + begin
        self._values[begin : begin + len(order)] = vectors.data[order]
        self._numbers[begin : begin + len(order)] = numbers[run_of_each(np.diff(vectors.indptr))[order]]
        self._drawers[some.start * _DRAWERS + 1 : some.stop * _DRAWERS + 1] = counts.cumsum() + filled
        self._starts[some.start + 1 : some.stop + 1] = owners[1:] + filled
        return last

    def changed(self, fresh: Phrasings, came_from: Whole) -> Phrasings:
        """The classes that stay, by where each comes from, and those of ``fresh``, in their order, where -1 stands."""
        sides = [(fresh if number < 0 else self) for number in came_from.tolist()]
        numbers = np.where(came_from < 0, (came_from < 0).cumsum() - 1, came_from)
        cuts = np.flatnonzero((np.diff(numbers) != 1) | np.diff(came_from < 0)) + 1
        runs = [
            (sides[start], slice(int(numbers[start]), int(numbers[start]) + stop - start))
            for start, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(sides)], strict=True)
        ]
        spans = [(int(side._starts[some.start]), int(side._starts[some.stop])) for side, some in runs]
        ranges = [(int(side._places[a]), int(side._places[b])) for (side, _), (a, b) in zip(runs, spans, strict=True)]
        sizes = np.concatenate([np.diff(side._firsts[some.start : some.stop + 1]) for side, some in runs])

        made = copy(self)
        made._firsts = np.array([0, *sizes], np.int64).cumsum()
        columns, numbers_held = sum(b - a for a, b in spans), sum(b - a for a, b in ranges)
        made._columns = np.empty(columns, np.int32)
        made._places = np.empty(columns + 1, np.int32)
        made._places[columns] = numbers_held
        made._values = np.empty(numbers_held, np.float32)
        made._numbers = np.empty(numbers_held, np.uint16 if sizes.max() <= 1 << 16 else np.uint32)
        made._drawers = np.zeros(_DRAWERS * len(sides) + 1, np.int32)
        made._starts = np.zeros(len(sides) + 1, np.int64)
        classes = filled = held = 0
        for (side, some), (a, b), (begin, end) in zip(runs, spans, ranges, strict=True):
            last = classes + some.stop - some.start
            made._columns[filled : filled + b - a] = side._columns[a:b]
            np.add(side._places[a:b], held - begin, out=made._places[filled : filled + b - a])
            made._values[held : held + end - begin] = side._values[begin:end]
            made._numbers[held : held + end - begin] = side._numbers[begin:end]
            drawers = slice(classes * _DRAWERS + 1, last * _DRAWERS + 1)
            of_side = side._drawers[some.start * _DRAWERS + 1 : some.stop * _DRAWERS + 1]
            np.add(of_side, filled - a, out=made._drawers[drawers])
            made._starts[classes + 1 : last + 1] = side._starts[some.start + 1 : some.stop + 1] + (filled - a)
            classes, filled, held = last, filled + b - a, held + end - begin
        return made

    def likeness(self, classes: Whole, query: Vector) -> Floats:
        """The cosine of a sentence with each phrasing of some classes, one class after the other."""
        drawers = np.add.outer(classes * _DRAWERS, _DRAWER_OF[query.columns & (_DRAWERS - 1)]).ravel()
        starts = self._drawers[drawers]
        looks, read = _ranges(starts, self._drawers[drawers + 1] - starts)
        wanted = np.tile(query.columns, len(classes))
        shared = np.flatnonzero(self._columns[read] == wanted[looks])
        owners, held = np.divmod(looks[shared], len(query.columns))
        # Below a column lie the phrasings that hold it.
        starts = self._places[read[shared]]
        found, places = _ranges(starts, self._places[read[shared] + 1] - starts)
        sizes = self._firsts[classes + 1] - self._firsts[classes]
        rows = self._numbers[places] + (sizes.cumsum() - sizes)[owners][found]
        products = self._values[places] * query.values[held][found]
        likeness: Floats = np.bincount(rows, products, minlength=int(sizes.sum())).astype(np.float32)
        return likeness

    def means(self, weights: Floats, columns: int) -> tuple[sparse.csr_matrix, Floats]:
        """The mean phrasing of each class, brought to length one, and the length it had; the weights of a class make
        one."""
        means = np.empty(len(self._columns), np.float32)
        lengths = np.empty(len(self._starts) - 1, np.float32)
        for some in _some_at_once(self._starts):
            starts = self._starts[some.start : some.stop + 1]
            places = self._places[starts[0] : starts[-1] + 1]
            entries = slice(places[0], places[-1])
            owners = self._firsts[some][run_of_each(np.diff(self._places[starts]))]
            values = sums(self._values[entries] * weights[owners + self._numbers[entries]], places[1:] - places[0])
            squares = sums(np.square(values), starts[1:] - starts[0])
            lengths[some] = np.sqrt(np.maximum(squares, 1e-18))
            means[starts[0] : starts[-1]] = values / lengths[some][run_of_each(np.diff(starts))]
        return sparse.csr_matrix((means, self._columns, self._starts), shape=(len(lengths), columns)), lengths


def _some_at_once(ends: Whole) -> Iterator[slice]:
    """A few classes after the other, whose numbers fit into the nearer memory; ``ends`` begins with 0."""
    start = 0
    while start < len(ends) - 1:
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + _AT_ONCE)) - 1)
        yield slice(start, stop)
        start = stop


def joined_orders(orders: Sequence[Order]) -> tuple[NDArray[np.int32], Whole]:
    """One order through all of them, and where each part of it begins."""
    lengths = [len(order) for order in orders]
    starts: Whole = np.array([0, *lengths], np.int64).cumsum()
    order = np.concatenate([np.empty(0, np.int32), *orders], dtype=np.int32)
    order += starts[run_of_each(np.diff(starts))].astype(np.int32)
    return order, starts


def is_first(values: NDArray[Any], starts: Whole) -> NDArray[np.bool_]:
    """Whether each is another one than its neighbour before it, or the first of its class."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    found[starts[starts < len(values)]] = True
    return found


def _ranges(starts: NDArray[np.int32], lengths: NDArray[np.int32]) -> tuple[Whole, Whole]:
    """The numbers of several ranges, one range after the other, and before them which range each is of."""
    owners = run_of_each(lengths)
    return owners, (starts - lengths.cumsum() + lengths)[owners] + np.arange(len(owners))
