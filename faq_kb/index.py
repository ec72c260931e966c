"""The index: from a customer's words to the entries that fit, and how much speaks for the best one.

Ranking and rejecting are two questions. A logistic regression fitted on all phrasings ranks, or, where there are too
many entries to fit one, how near an entry's mean and its nearest phrasing are. Whether any entry answers at all is
read from that together with how near the nearest phrasing is and how much of what the customer said any entry knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from faq_kb.fitting import fit, gram, log_softmax
from faq_kb.prototypes import merged, phrasings_kept
from faq_kb.vectors import Floats, Hashes, Packed, Space, Vector, Whole, joined, pack, sums
from faq_kb.words import Features, Synonyms, features_of

# What the kernel is multiplied by before fitting, and how strongly large coefficients are held down. The
# ranking hardly changes between a third and three times of either.
SHARPNESS = 2.0
PENALTY = 0.1

# Without a fitted model: makes likenesses as sharp as its logits, so that both can be read alike.
LIKENESS_SHARPNESS = 14.0
NEAREST_SHARE = 0.5
# So many entries are looked at closely, found by the rarest of the words that were said; and so many places of the
# index are read to find them.
CANDIDATES = 24
MOST_PLACES_READ = 15_000

_SLOTS = 1 << 16


@dataclass(frozen=True)
class Entry:
    """One thing that can be found: its phrasings, read, how much each counts, and each feature of any of them once."""

    id: str
    sentences: Packed
    weights: Floats
    features: Hashes


def entry_of(id: str, phrasings: Sequence[str], hints: Sequence[str], synonyms: Synonyms) -> Entry:
    """The entry of folded phrasings, and of weaker hints that count as half a phrasing each."""
    sentences = pack(features_of(text, synonyms) for text in (*phrasings, *hints))
    weights = np.repeat(np.array([1, 0.5], np.float32), [len(phrasings), len(hints)])
    return Entry(id, sentences, weights, np.unique(sentences.hashes))


@dataclass(frozen=True)
class Evidence:
    """What speaks for the best entry; all between 0 and 1 but the number of words."""

    probability: float  # its share among the entries and what no entry answers
    nearest: float  # likeness of its nearest phrasing
    known: float  # how much of the content any entry knows
    words: int  # how many words of content there are


@dataclass(frozen=True)
class Ranking:
    """Positions of entries, best first, with the share of the probability each has."""

    positions: tuple[int, ...]
    probabilities: tuple[float, ...]
    evidence: Evidence


class Index:
    """``others`` are sentences that no entry answers: the model learns from them what proves nothing."""

    def __init__(self, entries: Sequence[Entry], synonyms: Synonyms, others: Packed) -> None:
        self.ids = [entry.id for entry in entries]
        self._synonyms = synonyms
        ours = joined([entry.sentences for entry in entries])
        sizes = np.array([len(entry.sentences) for entry in entries] + [len(others)], np.int64)
        self._firsts = np.concatenate(([0], sizes.cumsum()))
        self._weights = np.concatenate(
            [np.empty(0, np.float32), *(entry.weights for entry in entries), np.ones(len(others), np.float32)]
        )
        self._space = Space([*(entry.features for entry in entries)], others)
        vectors = self._space.vectors(joined([ours, others]))
        self._rows = _Rows(vectors)
        kept = phrasings_kept(sizes)
        self.is_fitted = kept is not None
        if kept is not None:
            merging, owners, weights = merged(vectors, sizes, self._weights, kept)
            prototypes = merging @ vectors
            kernel = gram(prototypes) * np.float32(SHARPNESS)
            coefficients = SHARPNESS * fit(kernel, owners, len(sizes), PENALTY, weights)
            # One row a class, side by side in memory: a question is answered several times as fast.
            self._coefficients: Floats = np.ascontiguousarray(coefficients.T)
        else:
            prototypes, self._spread = _means(vectors, self._firsts, self._weights)
        self._postings = _Postings(prototypes)

    def rank(self, folded: str, limit: int) -> Ranking | None:
        """The entries nearest to a folded sentence; None when it shares nothing with any."""
        sentence = features_of(folded, self._synonyms)
        query = self._space.vector(sentence)
        if not self.ids or not len(query.columns):
            return None
        found = self._by_model(query) if self.is_fitted else self._by_likeness(query)
        if found is None:
            return None
        classes, logits = found
        shares = np.exp(log_softmax(logits))
        ours = np.flatnonzero(classes < len(self.ids))
        best = ours[_largest(logits[ours], limit)]
        if not len(best):
            return None
        evidence = self._evidence(int(classes[best[0]]), float(shares[best[0]]), query, sentence)
        return Ranking(tuple(classes[best].tolist()), tuple(shares[best].tolist()), evidence)

    def _by_model(self, query: Vector) -> tuple[Whole, Floats] | None:
        likeness = self._postings.likeness(query)
        if not likeness.any():
            return None
        return np.arange(len(self._coefficients)), self._coefficients @ likeness

    def _by_likeness(self, query: Vector) -> tuple[Whole, Floats] | None:
        rough = self._postings.likeness(query, MOST_PLACES_READ)
        classes = _largest(rough, CANDIDATES)
        classes = classes[rough[classes] > 0]
        if not len(classes):
            return None
        firsts, lengths = self._firsts[classes], self._firsts[classes + 1] - self._firsts[classes]
        likeness = self._rows.likeness(firsts, firsts + lengths, query)
        weights = self._weights[_ranges(firsts, lengths)]
        starts = lengths.cumsum() - lengths
        means = np.add.reduceat(likeness * weights, starts) / np.add.reduceat(weights, starts)
        nearest = np.maximum.reduceat(likeness * np.sqrt(weights), starts)
        logits = LIKENESS_SHARPNESS * (means / self._spread[classes] + NEAREST_SHARE * nearest)
        return classes, logits.astype(np.float32)

    def _evidence(self, first: int, share: float, query: Vector, sentence: Features) -> Evidence:
        likeness = self._rows.likeness(self._firsts[[first]], self._firsts[[first + 1]], query)
        return Evidence(
            probability=share,
            nearest=float(likeness.max(initial=0.0)),
            known=self._space.known(sentence),
            words=len(sentence.content),
        )


class _Rows:
    """The phrasings one by one. (Slicing a scipy matrix costs more than the whole search.)"""

    def __init__(self, vectors: sparse.csr_matrix) -> None:
        self._starts = vectors.indptr.astype(np.int64)
        self._columns = vectors.indices
        self._values = vectors.data

    def likeness(self, firsts: Whole, ends: Whole, query: Vector) -> Floats:
        """The cosine of a sentence with each phrasing of some ranges of them."""
        starts, lasts = self._starts[firsts], self._starts[ends]
        columns = np.concatenate([self._columns[a:b] for a, b in zip(starts.tolist(), lasts.tolist(), strict=True)])
        # Found in a table by the last bits of the column, then checked against the column itself.
        slots = np.zeros(_SLOTS, np.int16)
        slots[query.columns & (_SLOTS - 1)] = np.arange(1, len(query.columns) + 1)
        held = slots[columns & (_SLOTS - 1)]
        shared = np.flatnonzero(held)
        held = held[shared] - 1
        same = query.columns[held] == columns[shared]
        shared, held = shared[same], held[same]
        # From the places among the columns read to the places among all, and from these to the phrasings.
        lengths = lasts - starts
        ranges = np.searchsorted(lengths.cumsum(), shared, side="right")
        places = shared + (starts - lengths.cumsum() + lengths)[ranges]
        counts = ends - firsts
        rows = np.searchsorted(self._starts, places, side="right") - 1
        rows += (counts.cumsum() - counts - firsts)[ranges]
        products = self._values[places] * query.values[held]
        found: Floats = np.bincount(rows, products, minlength=int(counts.sum())).astype(np.float32)
        return found


class _Postings:
    """Which rows of a matrix hold a feature, and with what value."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        columns = matrix.tocsc()
        self._starts = columns.indptr.astype(np.int64)
        self._rows = columns.indices
        self._values = columns.data
        self._count = matrix.shape[0]

    def likeness(self, query: Vector, most_places: int | None = None) -> Floats:
        """The products of a sentence with all rows; of its rarest features alone when all are too many to read."""
        columns, values = query.columns, query.values
        starts = self._starts[columns]
        lengths = self._starts[columns + 1] - starts
        if most_places is not None and lengths.sum() > most_places:
            rarest = np.argsort(lengths, kind="stable")
            rarest = rarest[: max(1, int(np.searchsorted(lengths[rarest].cumsum(), most_places)))]
            starts, lengths, values = starts[rarest], lengths[rarest], values[rarest]
        places = _ranges(starts, lengths)
        products = self._values[places] * np.repeat(values, lengths)
        found: Floats = np.bincount(self._rows[places], products, minlength=self._count).astype(np.float32)
        return found


def _ranges(starts: Whole, lengths: Whole) -> Whole:
    """The numbers of several ranges, one after the other."""
    ends = lengths.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    found: Whole = np.repeat(starts - ends + lengths, lengths) + np.arange(total)
    return found


def _means(vectors: sparse.csr_matrix, firsts: Whole, weights: Floats) -> tuple[sparse.csr_matrix, Floats]:
    """The mean phrasing of each class, brought to length one, and the length it had."""
    merging = sparse.csr_matrix((weights, np.arange(len(weights)), firsts), shape=(len(firsts) - 1, len(weights)))
    merging.data /= np.repeat(np.maximum(merging.sum(axis=1).A1, 1e-9), np.diff(firsts))
    means = merging @ vectors
    lengths = np.sqrt(np.maximum(sums(np.square(means.data), means.indptr[1:].astype(np.int64)), 1e-18))
    means.data /= np.repeat(lengths, np.diff(means.indptr))
    return means, lengths


def _largest(values: Floats, limit: int) -> Whole:
    """Positions of the largest values, largest first."""
    count = min(limit, len(values))
    if count <= 0:
        return np.empty(0, np.int64)
    some = np.argpartition(-values, count - 1)[:count]
    order: Whole = some[np.argsort(-values[some], kind="stable")]
    return order
