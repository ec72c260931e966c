"""Fewer phrasings to fit, of the same meaning: those of an entry that are most alike become their mean.

Fitting costs the square of the phrasings. Merged to eight or more an entry, the model ranks as well as on all of them.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from faq_kb.vectors import Floats, Whole

# What can be fitted in well under a second on one core: phrasings squared times entries, and phrasings.
MOST_WORK = 1.5e9
MOST_PHRASINGS = 3_000
# With fewer an entry a fitted model ranks no better than likeness does.
FEWEST_AN_ENTRY = 3


def phrasings_kept(sizes: Whole) -> int | None:
    """To how many phrasings an entry all can be fitted; None when that would be too few. The last class, which is
    what no entry answers, keeps all."""
    largest = int(sizes[:-1].max(initial=0))
    for kept in range(largest, min(largest, FEWEST_AN_ENTRY) - 1, -1):
        count = int(np.minimum(sizes[:-1], kept).sum() + sizes[-1])
        if count <= MOST_PHRASINGS and count * count * len(sizes) <= MOST_WORK:
            return kept if kept else None
    return None


def merged(
    vectors: sparse.csr_matrix, sizes: Whole, weights: Floats, kept: int
) -> tuple[sparse.csr_matrix, Whole, Floats]:
    """What to multiply the phrasings with to get the merged ones, and whose these are and what each weighs."""
    groups = np.empty(len(weights), np.int64)
    owners: list[int] = []
    start = 0
    for owner, size in enumerate(sizes.tolist()):
        rows = slice(start, start + size)
        if size <= kept or owner == len(sizes) - 1:
            found = np.arange(size)
        else:
            found = _alike(vectors[rows], kept)
        groups[rows] = len(owners) + found
        owners += [owner] * (int(found.max(initial=-1)) + 1)
        start += size
    totals = np.bincount(groups, weights, minlength=len(owners)).astype(np.float32)
    shares = weights / totals[groups]
    merging = sparse.csr_matrix((shares, (groups, np.arange(len(groups)))), shape=(len(owners), len(weights)))
    return merging, np.array(owners, np.int64), totals


def _alike(vectors: sparse.csr_matrix, count: int) -> Whole:
    """Which of ``count`` groups each row belongs to. Each group is what is nearest to a row that was far from all
    the leaders before it."""
    # Over the columns that these few rows hold; there are millions.
    columns, places = np.unique(vectors.indices, return_inverse=True)
    rows = np.zeros((vectors.shape[0], len(columns)), np.float32)
    rows[np.repeat(np.arange(len(rows)), np.diff(vectors.indptr)), places] = vectors.data
    likeness = rows @ rows.T
    leaders = [int(likeness.sum(axis=1).argmax())]
    nearest = likeness[leaders[0]].copy()
    while len(leaders) < count:
        leaders.append(int(nearest.argmin()))
        np.maximum(nearest, likeness[leaders[-1]], out=nearest)
        nearest[leaders[-1]] = np.inf
    found = likeness[:, leaders].argmax(axis=1)
    # Two equal rows can both lead; every group must have somebody.
    _, dense = np.unique(found, return_inverse=True)
    result: Whole = dense
    return result
