"""What counts when two sentences are compared, learned from the phrasings: the ways in which those of one entry differ
from each other tell no entry from another, so they count less.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from faq_kb.vectors import Floats, Whole

# How much less. The ranking hardly changes between a third and twice of it.
FORGIVENESS = 0.5
# So many sums of differences stand for all of them. More rank no better, and the work grows with them.
DIFFERENCES = 512
# So that an edit never turns a set over, it comes in and goes out little by little: with so many entries, with so many
# phrasings an entry, and with so many phrasings in all. A handful of entries says too little of what tells them apart;
# of one or two phrasings there is no telling how they differ; with thousands nothing is gained, and it takes longest.
ENTRIES = (50, 75)
PHRASINGS_AN_ENTRY = (3, 5)
PHRASINGS = (2_000, 2_400)


class Forgiving:
    """A kernel in which differences within an entry count less: K - KD' (1/f + DKD')^-1 DK.

    D takes from each row the mean of its entry and sums what remains into some signed sums, drawn by a fixed seed.
    """

    def __init__(self, kernel: Floats, owners: Whole, weights: Floats, forgiveness: float) -> None:
        count = len(owners)
        self._solved: Floats | None = None
        self.products = kernel
        if not forgiveness:
            return
        self._differences = _differences(owners, weights)
        differing = self._differences @ kernel
        inner = self._differences @ np.ascontiguousarray(differing.T)
        inner[np.diag_indices_from(inner)] += np.float32(1 / forgiveness)
        self._solved = np.linalg.solve(inner, differing)
        forgiven = kernel - differing.T @ self._solved
        # As long as they were, on average, so that the model is held down as strongly.
        self._scale = np.float32(count / max(1e-9, float(np.trace(forgiven))))
        self.products = forgiven * self._scale

    def coefficients(self, fitted: Floats) -> Floats:
        """What was fitted on this kernel, as coefficients on the plain one."""
        if self._solved is None:
            return fitted
        found: Floats = (fitted - self._differences.T @ (self._solved @ fitted)) * self._scale
        return found


def forgiveness_of(owners: Whole, weights: Floats) -> float:
    """How much less differences count in a set of this size; 0 leaves the plain kernel. The last owner is no entry."""
    entries = int(owners[-1])
    phrasings = float(weights[owners < entries].sum())
    return (
        FORGIVENESS
        * _share(entries, ENTRIES)
        * _share(phrasings / max(1, entries), PHRASINGS_AN_ENTRY)
        * (1 - _share(len(owners), PHRASINGS))
    )


def _share(value: float, between: tuple[int, int]) -> float:
    return min(1.0, max(0.0, (value - between[0]) / (between[1] - between[0])))


def _differences(owners: Whole, weights: Floats) -> sparse.csr_matrix:
    """What to multiply the rows with. The last owner is no entry: its rows have nothing in common."""
    count = len(owners)
    ours = np.flatnonzero(owners < owners[-1])
    draw = np.random.default_rng(1)
    size = max(1, min(len(ours), DIFFERENCES))
    places = draw.permutation(len(ours)) % size
    signs = draw.choice(np.array([-1, 1], np.float32), len(ours))
    summing = sparse.csr_matrix((signs, (places, ours)), shape=(size, count))
    of_entry = sparse.csr_matrix((weights[ours], (owners[ours], ours)), shape=(int(owners[-1]) + 1, count))
    totals = np.maximum(np.bincount(owners, weights), 1e-9).astype(np.float32)
    means = sparse.diags(1 / totals) @ of_entry
    mean_of_row = sparse.csr_matrix(
        (np.ones(len(ours), np.float32), (ours, owners[ours])), shape=(count, means.shape[0])
    )
    return (summing @ (sparse.identity(count, np.float32, "csr") - mean_of_row @ means)).astype(np.float32).tocsr()
