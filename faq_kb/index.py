"""The index: from a customer's words to the entries that fit, and how much speaks for the best one.

Ranking and rejecting are two questions. A logistic regression fitted on all phrasings ranks, or, where there are too
many entries to fit one, how near an entry's mean and its nearest phrasing are. Whether any entry answers at all is
read from that together with how near the nearest phrasing is and how much of what the customer said any entry knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from faq_kb.fitting import fit, gram, log_softmax
from faq_kb.metric import Forgiving, forgiveness_of
from faq_kb.phrasings import Order, Phrasings, is_first, joined_orders, order_of
from faq_kb.postings import Postings
from faq_kb.prototypes import merged, phrasings_kept
from faq_kb.vectors import Floats, Hashes, Packed, Space, Vector, Whole, joined, pack, sums
from faq_kb.words import Synonyms, features_of

# What the kernel is multiplied by before fitting, and how strongly large coefficients are held down. The
# ranking hardly changes between a third and three times of either.
SHARPNESS = 2.0
PENALTY = 0.1

# Without a fitted model: makes likenesses as sharp as its logits, so that both can be read alike.
LIKENESS_SHARPNESS = 14.0
NEAREST_SHARE = 0.5
# So many entries are looked at closely (more where more are wanted), found by the rarest of the words that were said;
# and so many places of the index are read to find them.
CANDIDATES = 8
MOST_PLACES_READ = 6_000

_BLOCKS = 4
# More than one entry of so many changed.
_MUCH_CHANGED = 20


@dataclass(frozen=True)
class Entry:
    """One thing that can be found: its phrasings, read, how much each counts, and their features in an order in which
    those that are equal are neighbours."""

    id: str
    sentences: Packed
    weights: Floats
    order: Order


def entry_of(id: str, phrasings: Sequence[str], hints: Sequence[str], synonyms: Synonyms) -> Entry:
    """The entry of folded phrasings, and of weaker hints that count as half a phrasing each."""
    sentences = pack(features_of(text, synonyms) for text in (*phrasings, *hints))
    weights = np.repeat(np.array([1, 0.5], np.float32), [len(phrasings), len(hints)])
    return Entry(id, sentences, weights, order_of(sentences.hashes))


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


# Classes, the logarithms of their shares, and how near the nearest phrasing is of the one at a place among them.
_Found = tuple[Whole, Floats, Callable[[int], float]]


class Index:
    """``others`` are sentences that no entry answers: the model learns from them what proves nothing. ``before``
    hurries: of entries that stood in it, the same objects, nothing is counted again."""

    def __init__(
        self, entries: Sequence[Entry], synonyms: Synonyms, others: Packed, before: Index | None = None
    ) -> None:
        self._entries = tuple(entries)
        self.ids = [entry.id for entry in entries]
        self._synonyms = synonyms
        parts = [*(entry.sentences for entry in entries), others]
        sizes = np.array([len(part) for part in parts], np.int64)
        self._firsts = np.concatenate(([0], sizes.cumsum()))
        self._weights = np.concatenate([*(entry.weights for entry in entries), np.ones(len(others), np.float32)])
        orders = [*(entry.order for entry in entries), order_of(others.hashes)]
        known = self._space_from(before, others) if before else None
        self._space = known or Space(_features(entries), len(entries), others)
        kept = phrasings_kept(sizes)
        self.is_fitted = kept is not None
        if kept is not None:
            self._phrasings = Phrasings(self._space, parts, orders)
            vectors = self._space.vectors(joined(parts))
            merging, owners, weights = merged(vectors, sizes, self._weights, kept)
            prototypes = merging @ vectors
            kernel = Forgiving(gram(prototypes), owners, weights, forgiveness_of(owners, weights))
            kernel.products *= np.float32(SHARPNESS)
            fitted = fit(kernel.products, owners, len(sizes), PENALTY, weights)
            coefficients = SHARPNESS * kernel.coefficients(fitted)
            # One row a class, side by side in memory: a question is answered several times as fast.
            self._coefficients: Floats = np.ascontiguousarray(coefficients.T)
            self._postings = Postings(prototypes)
        else:
            self._weights /= np.repeat(sums(self._weights, self._firsts[1:]), sizes)
            self._sum_up(parts, orders, before if known else None)

    def _sum_up(self, parts: Sequence[Packed], orders: Sequence[Order], before: Index | None) -> None:
        """Without a fit: the mean of each class. Where all features weigh what they weighed before, it stays."""
        came_from = self._as_before(before) if before else None
        again = np.arange(len(parts)) if came_from is None else np.flatnonzero(came_from < 0)
        fresh = Phrasings(self._space, [parts[one] for one in again], [orders[one] for one in again])
        weights = np.concatenate([self._weights[self._firsts[one] : self._firsts[one + 1]] for one in again])
        means, spread = fresh.means(weights, self._space.columns)
        if before is None or came_from is None:
            self._phrasings, self._postings, self._spread = fresh, Postings(means), spread
        else:
            self._phrasings = before._phrasings.changed(fresh, came_from)
            self._postings = before._postings.changed(means, came_from)
            self._spread = before._spread[came_from]
            self._spread[again] = spread

    def _space_from(self, before: Index, others: Packed) -> Space | None:
        """The counts of an index of much the same entries, and what changed; None when that is quicker done anew."""
        old, new = ({id(entry): entry for entry in index._entries} for index in (before, self))
        gone = [entry for key, entry in old.items() if key not in new]
        come = [entry for key, entry in new.items() if key not in old]
        if (len(gone) + len(come)) * _MUCH_CHANGED > len(new):
            return None
        return before._space.changed(_features(gone), _features(come), len(self._entries), others)

    def _as_before(self, before: Index) -> Whole | None:
        """Where in an index of the same columns each class stood, with all its features weighing the same, or -1; None
        when most are to be made anew."""
        if before.is_fitted:
            return None
        touched = before._postings.rows_holding(self._space.weighs_otherwise(before._space))
        places = {id(entry): place for place, entry in enumerate(before._entries) if not touched[place]}
        found: Whole = np.array([*(places.get(id(entry), -1) for entry in self._entries), -1], np.int64)
        return found if 2 * int((found < 0).sum()) < len(found) else None

    def rank(self, folded: str, limit: int) -> Ranking | None:
        """The entries nearest to a folded sentence; None when it shares nothing with any."""
        sentence = features_of(folded, self._synonyms)
        query = self._space.vector(sentence)
        if not self.ids or not len(query.columns):
            return None
        found = self._by_model(query) if self.is_fitted else self._by_likeness(query, limit)
        if found is None:
            return None
        classes, log_shares, nearest = found
        shares = np.exp(log_shares)
        ours = np.flatnonzero(classes < len(self.ids))
        best = ours[_largest(shares[ours], limit)]
        if not len(best):
            return None
        evidence = Evidence(float(shares[best[0]]), nearest(int(best[0])), query.known, len(sentence.content))
        return Ranking(tuple(classes[best].tolist()), tuple(shares[best].tolist()), evidence)

    def _by_model(self, query: Vector) -> _Found | None:
        likeness = self._postings.likeness(query)
        if not likeness.any():
            return None
        logits = self._coefficients @ likeness
        classes = np.arange(len(logits))
        nearest = self._phrasings.likeness
        return classes, log_softmax(logits), lambda one: float(nearest(classes[[one]], query).max(initial=0.0))

    def _by_likeness(self, query: Vector, limit: int) -> _Found | None:
        rough = self._postings.likeness(query, MOST_PLACES_READ)
        classes = _largest(rough, max(CANDIDATES, limit))
        classes = classes[rough[classes] > 0]
        if not len(classes):
            return None
        likeness = self._phrasings.likeness(classes, query)
        firsts, lasts = self._firsts[classes], self._firsts[classes + 1]
        weights = np.concatenate([self._weights[a:b] for a, b in zip(firsts.tolist(), lasts.tolist(), strict=True)])
        starts = (lasts - firsts).cumsum() - (lasts - firsts)
        means = np.add.reduceat(likeness * weights, starts)
        nearest = np.maximum.reduceat(likeness * np.sqrt(weights), starts)
        logits = LIKENESS_SHARPNESS * (means / self._spread[classes] + NEAREST_SHARE * nearest)
        # What is only listed takes nothing from the share of the best: that is the same whatever the limit.
        log_shares = logits - np.logaddexp.reduce(logits[:CANDIDATES])
        return classes, log_shares, lambda one: float(np.maximum.reduceat(likeness, starts)[one])


def _features(entries: Sequence[Entry]) -> Hashes:
    """Each feature of an entry once."""
    order, starts = joined_orders([entry.order for entry in entries])
    hashes = joined([entry.sentences for entry in entries]).hashes[order]
    return hashes[is_first(hashes, starts)]


def _largest(values: Floats, limit: int) -> Whole:
    """Positions of the largest values, largest first."""
    if limit <= 0:
        return np.empty(0, np.int64)
    # As many blocks as are wanted have a value that no less than ``limit`` values reach; few more reach it.
    width = len(values) // (_BLOCKS * limit)
    some = np.arange(len(values))
    if width > 1:
        blocks = values[: width * _BLOCKS * limit].reshape(-1, width).max(axis=1)
        some = np.flatnonzero(values >= np.partition(blocks, -limit)[-limit])
    order: Whole = some[np.argsort(-values[some], kind="stable")[:limit]]
    return order
