"""Which rows of a matrix hold a feature, and with what value."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faq_kb.vectors import Floats, Vector, Whole, run_of_each

# So many numbers, and so many columns, are worked on at a time.
_AT_ONCE = 100_000


class Postings:
    """Read by a question's features. (A product of scipy matrices costs more than the whole search.)"""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        columns = matrix.tocsc()
        self._starts = columns.indptr
        self._rows = columns.indices.astype(_type_of(matrix.shape[0]))
        self._values = columns.data
        self._count = matrix.shape[0]

    def likeness(self, query: Vector, most_places: int | None = None) -> Floats:
        """The products of a sentence with all rows; of its rarest features alone when all are too many to read."""
        values = query.values
        starts = self._starts[query.columns]
        lengths = self._starts[query.columns + 1] - starts
        if most_places is not None and lengths.sum() > most_places:
            rarest = np.argsort(lengths, kind="stable")
            rarest = rarest[: max(1, int(np.searchsorted(lengths[rarest].cumsum(), most_places)))]
            starts, lengths, values = starts[rarest], lengths[rarest], values[rarest]
        runs = list(zip(starts.tolist(), (starts + lengths).tolist(), strict=True))
        products = np.concatenate([self._values[start:end] for start, end in runs])
        products *= values[run_of_each(lengths)]
        rows = np.concatenate([self._rows[start:end] for start, end in runs])
        found: Floats = np.bincount(rows, products, minlength=self._count).astype(np.float32)
        return found

    def rows_holding(self, columns: Whole) -> NDArray[np.bool_]:
        """Which rows hold one of the columns."""
        found = np.zeros(self._count, bool)
        for column in columns.tolist():
            found[self._rows[self._starts[column] : self._starts[column + 1]]] = True
        return found

    def changed(self, fresh: sparse.csr_matrix, came_from: Whole) -> Postings:
        """The rows that stay, by where each comes from, and these where -1 stands, one after the other. (In which order
        a column tells its rows is nothing to a question.)"""
        numbers = np.full(self._count, -1, np.int32)
        stay = np.flatnonzero(came_from >= 0)
        numbers[came_from[stay]] = stay
        new = fresh.tocsc()
        new_rows = np.flatnonzero(came_from < 0)
        starts = np.zeros(len(self._starts), np.int32)
        postings = copy(self)
        postings._count = len(came_from)
        most = len(self._rows) + new.nnz
        postings._rows, postings._values = np.empty(most, _type_of(len(came_from))), np.empty(most, np.float32)
        filled = 0
        for first, last in _columns_at_once(self._starts):
            held, come = slice(self._starts[first], self._starts[last]), slice(new.indptr[first], new.indptr[last])
            rows = numbers[self._rows[held]]
            stays = rows >= 0
            before = np.concatenate(([0], stays.cumsum(dtype=np.int32)))
            widths = np.diff(before[self._starts[first : last + 1] - self._starts[first]])
            new_widths = np.diff(new.indptr[first : last + 1])
            # Behind those of their column that stay.
            ends = widths.cumsum()
            places = ends[run_of_each(new_widths)] + np.arange(come.stop - come.start) + filled
            total = int(before[-1]) + len(places)
            is_old = np.ones(total, bool)
            is_old[places - filled] = False
            here = slice(filled, filled + total)
            postings._rows[here][is_old] = rows[stays]
            postings._rows[places] = new_rows[new.indices[come]]
            postings._values[here][is_old] = self._values[held][stays]
            postings._values[places] = new.data[come]
            starts[first + 1 : last + 1] = ends + new_widths.cumsum() + filled
            filled += total
        postings._starts = starts
        postings._rows, postings._values = postings._rows[:filled], postings._values[:filled]
        return postings


def _type_of(rows: int) -> type[np.uint16] | type[np.int32]:
    """What holds the number of each of so many rows."""
    return np.uint16 if rows <= 1 << 16 else np.int32


def _columns_at_once(starts: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Columns whose numbers fit into the nearer memory, from one up to another."""
    first = 0
    while first < len(starts) - 1:
        full = int(np.searchsorted(starts, starts[first] + np.int32(_AT_ONCE), side="right")) - 1
        last = min(max(first + 1, full), first + _AT_ONCE, len(starts) - 1)
        yield first, last
        first = last
