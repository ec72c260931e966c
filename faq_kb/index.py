"""The index: from a customer's words to the entries that fit, and how much speaks for the best one.

Ranking and rejecting are two questions. A logistic regression fitted on all phrasings ranks; whether any entry
answers at all is read from that model together with how near the nearest phrasing is and how much of what the
customer said the entry knows about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from faq_kb.fitting import Floats, fit, log_softmax
from faq_kb.vectors import Content, Vocabulary
from faq_kb.words import Synonyms, features_of

# What the kernel is multiplied by before fitting, and how strongly large coefficients are held down. The
# ranking hardly changes between a third and three times of either.
SHARPNESS = 2.0
PENALTY = 0.1

# Past these a fit is no longer quick and small, and entries are compared by their mean and nearest phrasing.
MAX_FITTED_PHRASINGS = 9_000
MAX_FITTED_WORK = 2e10  # phrasings squared times entries

# Makes likenesses as sharp as the logits of a fitted model, so that both can be read alike.
_LIKENESS_SHARPNESS = 8.0


@dataclass(frozen=True)
class Entry:
    """One thing that can be found: its folded phrasings, and weaker hints that count as half a phrasing each."""

    id: str
    phrasings: tuple[str, ...]
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What speaks for the best entry; all between 0 and 1 but the logit and the number of words."""

    logit: float
    probability: float
    nearest: float  # likeness of its nearest phrasing
    mean: float  # mean likeness of its phrasings
    explained: float  # how much of the content this entry knows
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

    def __init__(
        self, entries: Sequence[Entry], synonyms: Synonyms, others: Sequence[str] = (), *, fitted: bool = True
    ) -> None:
        self.ids = [entry.id for entry in entries]
        self.synonyms = synonyms
        groups = [
            (number, weight, text)
            for number, entry in enumerate(entries)
            for weight, texts in ((1.0, entry.phrasings), (0.5, entry.hints))
            for text in texts
        ]
        self.is_fitted = fitted and _is_quick(len(groups) + len(others), len(entries))
        sentences = [features_of(text, synonyms) for _, _, text in groups]
        self._content = Content(sentences)
        self._known: list[set[str]] = [set() for _ in entries]
        for (owner, _, _), sentence in zip(groups, sentences, strict=True):
            self._known[owner].update(sentence.content)
        if self.is_fitted:
            # One class more, the last one.
            groups += [(len(entries), 1.0, text) for text in others]
            sentences += [features_of(text, synonyms) for text in others]
        self._owners = np.array([owner for owner, _, _ in groups], dtype=np.int64)
        self._classes = len(entries) + bool(others and self.is_fitted)
        sizes = np.bincount(self._owners, minlength=self._classes)
        self._shares = 1 / np.maximum(sizes, 1)
        self._filled = np.flatnonzero(sizes)
        self._starts = (sizes.cumsum() - sizes)[self._filled]
        self._vocabulary = Vocabulary(sentences)
        matrix = self._vocabulary.matrix(sentences)
        self._postings = _Postings(matrix)
        if self.is_fitted:
            kernel = (matrix @ matrix.T).toarray() * np.float32(SHARPNESS)
            weights = np.array([weight for _, weight, _ in groups], np.float32)
            coefficients = SHARPNESS * fit(kernel, self._owners, self._classes, PENALTY, weights)
            # One row a class, side by side in memory: a question is answered several times as fast.
            self._coefficients: Floats = np.ascontiguousarray(coefficients.T)

    def rank(self, folded: str, limit: int) -> Ranking | None:
        """The entries nearest to a folded sentence; None when it shares nothing with any."""
        sentence = features_of(folded, self.synonyms)
        where, what = self._vocabulary.vector(sentence)
        if not where or not self.ids:
            return None
        likeness = self._postings.likeness(where, what)
        means = np.bincount(self._owners, weights=likeness, minlength=self._classes) * self._shares
        logits = self._logits(likeness, means)
        logs = log_softmax(logits)
        best = _largest(logits[: len(self.ids)], limit)
        first = int(best[0])
        evidence = Evidence(
            logit=float(logits[first]),
            probability=float(np.exp(logs[first])),
            nearest=float(likeness[self._owners == first].max(initial=0.0)),
            mean=float(means[first]),
            explained=self._content.explained(sentence, self._known[first]),
            known=self._content.explained(sentence),
            words=len(sentence.content),
        )
        return Ranking(tuple(best.tolist()), tuple(np.exp(logs[best]).tolist()), evidence)

    def _logits(self, likeness: Floats, means: Floats) -> Floats:
        if self.is_fitted:
            fitted: Floats = self._coefficients @ likeness
            return fitted
        nearest = np.zeros(self._classes, np.float32)
        nearest[self._filled] = np.maximum.reduceat(likeness, self._starts)
        return (_LIKENESS_SHARPNESS * (means + nearest)).astype(np.float32)


class _Postings:
    """Which phrasings hold a feature. (Slicing a scipy matrix costs more than the whole search.)"""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        columns = matrix.tocsc()
        self._starts = columns.indptr.astype(np.int64)
        self._phrasings = columns.indices
        self._values = columns.data
        self._count = matrix.shape[0]

    def likeness(self, where: list[int], what: list[float]) -> Floats:
        """The cosine of a sentence with each phrasing."""
        columns = np.array(where, np.int64)
        starts = self._starts[columns]
        lengths = self._starts[columns + 1] - starts
        ends = lengths.cumsum()
        places = np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1])
        products = self._values[places] * np.repeat(np.array(what, np.float32), lengths)
        found: Floats = np.bincount(self._phrasings[places], products, minlength=self._count).astype(np.float32)
        return found


def _is_quick(phrasings: int, entries: int) -> bool:
    return 0 < phrasings <= MAX_FITTED_PHRASINGS and phrasings * phrasings * entries <= MAX_FITTED_WORK


def _largest(values: Floats, limit: int) -> Floats:
    """Positions of the largest values, largest first."""
    count = min(limit, len(values))
    some = np.argpartition(-values, count - 1)[:count]
    order: Floats = some[np.argsort(-values[some], kind="stable")]
    return order
