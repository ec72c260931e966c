"""Sentences as numbers: TF-IDF over the features of a set of phrasings, each kind of feature weighted on its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from scipy import sparse

from faq_kb.words import BLOCKS, Features

# How much each kind of feature counts. Meanings alone are vague; pairs are telling and rare.
BLOCK_WEIGHTS = {"words": 1.0, "meanings": 0.4, "pairs": 0.7, "pieces": 1.0}


class Vocabulary:
    """The features of the phrasings it was made from, numbered, each weighing more the fewer phrasings have it."""

    def __init__(self, sentences: Sequence[Features]) -> None:
        total = len(sentences)
        length = math.sqrt(sum(weight * weight for weight in BLOCK_WEIGHTS.values()))
        self._weights = [BLOCK_WEIGHTS[block] / length for block in BLOCKS]
        self._columns: list[dict[str, int]] = []
        self._rarity: list[float] = []
        self._unknown: list[float] = []
        for block in range(len(BLOCKS)):
            frequency = Counter(feature for sentence in sentences for feature in sentence.blocks[block])
            first = len(self._rarity)
            self._columns.append({feature: first + number for number, feature in enumerate(frequency)})
            self._rarity += [math.log((1 + total) / (1 + count)) + 1 for count in frequency.values()]
            self._unknown.append(max(self._rarity[first:], default=1.0))

    def __len__(self) -> int:
        return len(self._rarity)

    def vector(self, sentence: Features) -> tuple[list[int], list[float]]:
        """Columns and values, of length one. What nobody has said before has no column and still takes length:
        half of a sentence understood is not a sentence understood."""
        where: list[int] = []
        what: list[float] = []
        rarity = self._rarity
        for block, counts in enumerate(sentence.blocks):
            columns, weight, unknown = self._columns[block], self._weights[block], self._unknown[block]
            values: list[float] = []
            for feature, count in counts.items():
                column = columns.get(feature)
                if column is not None:
                    where.append(column)
                    values.append(rarity[column] if count == 1 else rarity[column] * (1 + math.log(count)))
            strangers = len(counts) - len(values)
            square = sum([value * value for value in values]) + strangers * unknown * unknown
            if square:
                scale = weight / math.sqrt(square)
                what += [value * scale for value in values]
        return where, what

    def matrix(self, sentences: Iterable[Features]) -> sparse.csr_matrix:
        starts = [0]
        columns: list[int] = []
        values: list[float] = []
        for sentence in sentences:
            where, what = self.vector(sentence)
            columns += where
            values += what
            starts.append(len(columns))
        parts = (np.array(values, np.float32), np.array(columns, np.int32), np.array(starts, np.int32))
        return sparse.csr_matrix(parts, shape=(len(starts) - 1, max(1, len(self))))


class Content:
    """How much of what a sentence is about is known, rare words counting most."""

    def __init__(self, sentences: Sequence[Features]) -> None:
        total = len(sentences)
        counts = Counter(word for sentence in sentences for word in sentence.content)
        self._weights = {word: (math.log((1 + total) / (1 + count)) + 1) ** 2 for word, count in counts.items()}
        self._unknown = (math.log(1 + total) + 1) ** 2

    def explained(self, sentence: Features, known: Collection[str] | None = None) -> float:
        """The share of the sentence's content that is in ``known``, or in any phrasing."""
        total = found = 0.0
        for word in sentence.content:
            weight = self._weights.get(word)
            total += self._unknown if weight is None else weight
            if weight is not None and (known is None or word in known):
                found += weight
        return found / total if total else 0.0
