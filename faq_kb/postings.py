"""Which rows of a matrix hold a feature, and with what value."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from faq_kb.vectors import Floats, Vector, run_of_each


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
