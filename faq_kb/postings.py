"""Which rows of a matrix hold a feature, and with what value."""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faq_kb.vectors import Floats, Vector, Whole, run_of_each


class Postings:
    """Read by a question's features. (A product of scipy matrices costs more than the whole search.)"""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        columns = matrix.tocsc()
        self._starts = columns.indptr
        self._rows = columns.indices
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
        rows = numbers[self._rows]
        stays = rows >= 0
        before = np.concatenate(([0], stays.cumsum(dtype=np.int32)))[self._starts]
        new = fresh.tocsc()
        # Behind those of their column that stay.
        places = before[1:][run_of_each(np.diff(new.indptr))] + np.arange(new.nnz)
        is_old = np.ones(int(before[-1]) + new.nnz, bool)
        is_old[places] = False
        postings = copy(self)
        postings._count = len(came_from)
        postings._starts = (before + new.indptr).astype(np.int32)
        postings._rows = np.empty(len(is_old), np.int32)
        postings._rows[places] = np.flatnonzero(came_from < 0)[new.indices]
        postings._rows[is_old] = rows[stays]
        postings._values = np.empty(len(is_old), np.float32)
        postings._values[places] = new.data
        postings._values[is_old] = self._values[stays]
        return postings
