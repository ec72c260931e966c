"""The phrasings of each class one by one: how near a question is to every phrasing of a few classes.

Class after class, with each column of a class once and below it the phrasings that hold it. So a question meets a
column of twenty phrasings once, and the mean phrasing of a class lies there ready to be summed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faq_kb.vectors import Floats, Hashes, Vector, Whole, sums

# The columns of a class lie in so many drawers, by their last bits. A question looks into those of its own columns.
_DRAWERS = 256


def order_of(hashes: Hashes) -> NDArray[np.int32]:
    """An order in which equal columns are neighbours, however few of the last bits of a hash make a column."""
    return np.argsort(_turned(hashes), kind="stable").astype(np.int32)


def _turned(hashes: Hashes) -> Hashes:
    """The bits of each from the last to the first."""
    for mask, shift in ((0x55555555, 1), (0x33333333, 2), (0x0F0F0F0F, 4), (0x00FF00FF, 8), (0x0000FFFF, 16)):
        hashes = ((hashes >> np.uint32(shift)) & np.uint32(mask)) | ((hashes & np.uint32(mask)) << np.uint32(shift))
    return hashes


# In the order in which they lie.
_DRAWER_OF = (_turned(np.arange(_DRAWERS, dtype=np.uint32)) >> np.uint32(24)).astype(np.int32)


class Phrasings:
    """``firsts`` says with which row each class begins, ``order`` where its numbers stand in the rows, column by
    column."""

    def __init__(self, vectors: sparse.csr_matrix, firsts: Whole, order: NDArray[np.int32]) -> None:
        starts = vectors.indptr[firsts]
        columns = vectors.indices[order]
        is_first = np.ones(len(columns), bool)
        np.not_equal(columns[1:], columns[:-1], out=is_first[1:])
        is_first[starts[starts < len(columns)]] = True
        places = np.flatnonzero(is_first)
        self._firsts = firsts
        self._columns = columns[places]
        self._starts = np.searchsorted(places, starts)
        drawers = _DRAWER_OF[self._columns & (_DRAWERS - 1)]
        drawers += np.repeat(np.arange(len(firsts) - 1, dtype=np.int32) * _DRAWERS, np.diff(self._starts))
        filled = np.bincount(drawers, minlength=_DRAWERS * (len(firsts) - 1))
        self._drawers = np.concatenate(([0], filled.cumsum())).astype(np.int32)
        self._places = np.append(places, len(columns)).astype(np.int32)
        self._values = vectors.data[order]
        sizes = np.diff(firsts)
        numbers = np.arange(firsts[-1]) - np.repeat(firsts[:-1], sizes)
        numbers = numbers.astype(np.uint16 if sizes.max(initial=0) <= 1 << 16 else np.uint32)
        self._numbers = np.repeat(numbers, np.diff(vectors.indptr))[order]

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
        entries = np.diff(self._places[self._starts])
        rows = self._numbers + np.repeat(self._firsts[:-1].astype(np.int32), entries)
        values = sums(self._values * weights[rows], self._places[1:])
        lengths = np.sqrt(np.maximum(sums(np.square(values), self._starts[1:]), 1e-18))
        values /= np.repeat(lengths, np.diff(self._starts))
        return sparse.csr_matrix((values, self._columns, self._starts), shape=(len(lengths), columns)), lengths


def _ranges(starts: NDArray[np.int32], lengths: NDArray[np.int32]) -> tuple[Whole, Whole]:
    """The numbers of several ranges, one range after the other, and before them which range each is of."""
    owners = np.repeat(np.arange(len(lengths)), lengths)
    return owners, (starts - lengths.cumsum() + lengths)[owners] + np.arange(len(owners))
