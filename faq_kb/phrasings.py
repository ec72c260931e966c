"""The phrasings of each class one by one: how near a question is to every phrasing of a few classes.

A class has each of its columns once and below it the phrasings that hold it. So a question meets a column of twenty
phrasings once, and the mean phrasing of a class lies there ready to be summed. Each class has arrays of its own: an
edit of one leaves those of the others where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple, Union

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faq_kb.vectors import Floats, Hashes, Packed, Space, Vector, Whole, joined, run_of_each, sums

Order = Union[NDArray[np.uint16], NDArray[np.uint32]]
Numbers = NDArray[np.unsignedinteger[Any]]

# A question looks at a column of a class only when it has one itself that ends with the same bits.
_LAST_BITS = np.int32((1 << 12) - 1)
# So many numbers are worked on at a time.
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


class _Class(NamedTuple):
    size: int  # phrasings
    columns: NDArray[np.int32]  # each once, ascending by their last bits
    places: Numbers  # where the numbers below each column begin, and where the last ones end
    values: Floats
    numbers: Numbers  # of the phrasings that these values are of


class Phrasings:
    """``orders`` are those in which the equal features of each class are neighbours."""

    def __init__(self, space: Space, classes: Sequence[Packed], orders: Sequence[Order]) -> None:
        self._classes: list[_Class] = []
        ends = np.array([0, *(len(order) for order in orders)], np.int64).cumsum()
        for some in _some_at_once(ends):
            self._classes += _made(space, classes[some], orders[some])

    def changed(self, fresh: Phrasings, came_from: Whole) -> Phrasings:
        """The classes that stay, by where each comes from, and those of ``fresh``, in their order, where -1 stands."""
        others = iter(fresh._classes)
        phrasings = copy(self)
        phrasings._classes = [self._classes[one] if one >= 0 else next(others) for one in came_from.tolist()]
        return phrasings

    def likeness(self, classes: Whole, query: Vector) -> Floats:
        """The cosine of a sentence with each phrasing of some classes, one class after the other."""
        some = [self._classes[one] for one in classes.tolist()]
        is_asked = np.zeros(int(_LAST_BITS) + 1, bool)
        is_asked[query.columns & _LAST_BITS] = True
        columns = np.concatenate([one.columns for one in some])
        shared = np.flatnonzero(is_asked[columns & _LAST_BITS])
        columns = columns[shared]
        held = np.minimum(np.searchsorted(query.columns, columns), len(query.columns) - 1)
        is_same = query.columns[held] == columns
        shared, held = shared[is_same], held[is_same]
        # Below a column lie the phrasings that hold it.
        widths, lengths, sizes = _lengths(some)
        owners = np.searchsorted(widths.cumsum(), shared, side="right")
        shared += owners  # the places of a class are one more than its columns
        places = np.concatenate([one.places for one in some])
        starts = places[shared].astype(np.int64)
        found, below = _ranges(starts + (lengths.cumsum() - lengths)[owners], places[shared + 1] - starts)
        rows = np.concatenate([one.numbers for one in some])[below] + (sizes.cumsum() - sizes)[owners][found]
        products = np.concatenate([one.values for one in some])[below] * query.values[held][found]
        likeness: Floats = np.bincount(rows, products, minlength=int(sizes.sum())).astype(np.float32)
        return likeness

    def means(self, weights: Floats, columns: int) -> tuple[sparse.csr_matrix, Floats]:
        """The mean phrasing of each class, brought to length one, and the length it had; the weights of a class make
        one."""
        starts = np.array([0, *(len(one.columns) for one in self._classes)], np.int64).cumsum()
        firsts = np.array([0, *(one.size for one in self._classes)], np.int64).cumsum()
        means = np.empty(starts[-1], np.float32)
        indices = np.empty(starts[-1], np.int32)
        lengths = np.empty(len(self._classes), np.float32)
        for some in _some_at_once(starts):
            here = self._classes[some]
            widths, held, _ = _lengths(here)
            owners = firsts[some][run_of_each(held)]
            owners += np.concatenate([one.numbers for one in here])
            ends = np.concatenate([one.places[1:] for one in here]) + (held.cumsum() - held)[run_of_each(widths)]
            values = sums(np.concatenate([one.values for one in here]) * weights[owners], ends)
            squares = sums(np.square(values), widths.cumsum())
            lengths[some] = np.sqrt(np.maximum(squares, 1e-18))
            values /= lengths[some][run_of_each(widths)]
            means[starts[some.start] : starts[some.stop]] = values
            indices[starts[some.start] : starts[some.stop]] = np.concatenate([one.columns for one in here])
        return sparse.csr_matrix((means, indices, starts), shape=(len(lengths), columns)), lengths


def _made(space: Space, classes: Sequence[Packed], orders: Sequence[Order]) -> Iterator[_Class]:
    """A few of them."""
    order, starts = joined_orders(orders)
    vectors = space.vectors(joined(classes))
    columns = vectors.indices[order]
    places = np.flatnonzero(is_first(columns, starts))
    columns = columns[places]
    owners = np.searchsorted(places, starts)
    values = vectors.data[order]
    sentences = run_of_each(np.diff(vectors.indptr))[order]
    places = np.append(places, len(order))
    first = 0
    for number, sentences_held in enumerate(classes):
        begin, end = int(starts[number]), int(starts[number + 1])
        held = slice(owners[number], owners[number + 1])
        size = len(sentences_held)
        yield _Class(
            size,
            columns[held].copy(),
            _brief(places[held.start : held.stop + 1] - begin, end - begin),
            values[begin:end].copy(),
            _brief(sentences[begin:end] - first, size),
        )
        first += size


def _brief(numbers: Whole, most: int) -> Numbers:
    """In as few bytes as hold the largest."""
    return numbers.astype(np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else np.uint32)


def _lengths(classes: Sequence[_Class]) -> tuple[Whole, Whole, Whole]:
    """How many columns, values and phrasings each has."""
    found = np.array([(len(one.columns), len(one.values), one.size) for one in classes], np.int64).reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2]


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


def _ranges(starts: Whole, lengths: Whole) -> tuple[Whole, Whole]:
    """The numbers of several ranges, one range after the other, and before them which range each is of."""
    owners = run_of_each(lengths)
    return owners, (starts - lengths.cumsum() + lengths)[owners] + np.arange(len(owners))
