"""Sentences as numbers: TF-IDF over hashed features, each kind of feature weighted on its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faq_kb.words import BLOCKS, Features

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]
Hashes = NDArray[np.uint32]

# How much each kind of feature counts. Meanings alone are vague; pairs are telling and rare.
BLOCK_WEIGHTS = {"words": 0.75, "characters": 1.2, "meanings": 0.3, "pairs": 0.9, "pieces": 1.0}
_SHARES = [BLOCK_WEIGHTS[block] ** 2 for block in BLOCKS]
MOST_COUNTED = 255

# A column is what remains of a feature's hash. With this many columns two features seldom meet in one, and where
# they do it is two rare ones; there is no list of all features to keep.
FEWEST_COLUMNS, MOST_COLUMNS = 1 << 16, 1 << 22

# In sets of so many entries and more, how often a feature occurs is told in powers of two, from 64 times on in powers
# of four, and how many entries there are in steps of a quarter. So an edit changes what few features weigh, and the
# rest can stay: the more entries have a feature, the more must be made anew when it weighs another thing.
MANY_ENTRIES = 2_000
_POWERS_OF_FOUR_FROM = 6  # as a power of two
_BITS_OF_TOTAL = 2


@dataclass(frozen=True)
class Packed:
    """Sentences as hashes of their features. Reading a sentence costs far more than weighing it, so these are kept
    from one index to the next."""

    hashes: Hashes
    counts: NDArray[np.uint8]
    lengths: NDArray[np.int32]  # how many features: a row a sentence, a column a block

    def __len__(self) -> int:
        return len(self.lengths)


def pack(sentences: Iterable[Features]) -> Packed:
    hashes: list[int] = []
    counts: list[int] = []
    lengths: list[list[int]] = []
    for sentence in sentences:
        for number, block in enumerate(sentence.blocks):
            hashes += [crc32(feature.encode(), number) for feature in block]
            counts += block.values()
        lengths.append([len(block) for block in sentence.blocks])
    return Packed(
        np.array(hashes, np.uint32),
        np.minimum(np.array(counts, np.int64), MOST_COUNTED).astype(np.uint8),
        np.array(lengths, np.int32).reshape(-1, len(BLOCKS)),
    )


def joined(parts: Sequence[Packed]) -> Packed:
    """All sentences of the parts, in their order."""
    parts = [pack(()), *parts]
    return Packed(
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )


@dataclass(frozen=True)
class Vector:
    """One sentence: where it is not zero, in ascending order, and what stands there. (Making a scipy matrix costs more
    than searching.)"""

    columns: NDArray[np.int32]
    values: Floats
    known: float  # the share of what it is about that was ever said here, rare words counting most


class Space:
    """The features of the entries it was made from, each weighing more the fewer entries have it.

    Counted by entries and not by sentences: what all ten phrasings of one entry say, and no other, tells it apart.
    """

    def __init__(self, hashes: Hashes, entries: int, others: Packed) -> None:
        """``hashes`` are the features of so many entries, each once an entry."""
        self._count = len(hashes)
        self.columns = _columns_for(len(hashes))
        self._held = np.bincount(self._columns_of(hashes), minlength=self.columns).astype(np.int32)
        self._rarity = self._rarities(entries, others)

    def changed(self, gone: Hashes, come: Hashes, entries: int, others: Packed) -> Space | None:
        """What it would be had these features come and those gone; None when that needs other columns."""
        count = self._count - len(gone) + len(come)
        if _columns_for(count) != self.columns:
            return None
        space = copy(self)
        space._count = count
        space._held = self._held.copy()
        np.subtract.at(space._held, self._columns_of(gone), 1)
        np.add.at(space._held, self._columns_of(come), 1)
        space._rarity = space._rarities(entries, others)
        return space

    def weighs_otherwise(self, before: Space) -> Whole:
        """The columns that weigh more or less than in a space of as many columns."""
        return np.flatnonzero(self._rarity != before._rarity)

    def _rarities(self, entries: int, others: Packed) -> Floats:
        frequency = self._held.copy()
        np.add.at(frequency, self._columns_of(others.hashes), 1)
        # What nobody has said before weighs most: half of a sentence understood is not a sentence understood.
        total = np.array([entries + len(others)])
        told = np.arange(frequency.max() + 1)
        if entries >= MANY_ENTRIES:
            total, told = _in_steps(total, _BITS_OF_TOTAL), _in_powers(told)
        rarity_of = np.log((1 + total) / (1 + told)) + 1
        rarities: Floats = rarity_of.astype(np.float32)[frequency]
        return rarities

    def vectors(self, sentences: Packed) -> sparse.csr_matrix:
        """A row of length one for each sentence."""
        columns, values, starts = self._weighed(sentences)
        return sparse.csr_matrix((values, columns, starts), shape=(len(sentences), self.columns))

    def vector(self, sentence: Features) -> Vector:
        """The same of one sentence alone, which takes a question's time."""
        hashes = [crc32(feature.encode(), number) for number, block in enumerate(sentence.blocks) for feature in block]
        count = len(hashes)
        hashes += [crc32(feature.encode(), number) for number, feature in sentence.content]
        columns = self._columns_of(np.array(hashes, np.uint32))
        rarity = self._rarity[columns]
        values, about = rarity[:count], np.square(rarity[count:])
        known = float(about[self._held[columns[count:]] > 0].sum() / max(1e-9, float(about.sum())))
        counts = [number for block in sentence.blocks for number in block.values()]
        if sum(counts) > count:
            values *= 1 + np.log(np.minimum(np.array(counts, np.float32), MOST_COUNTED))
        held = [(len(block), share) for block, share in zip(sentence.blocks, _SHARES, strict=True) if block]
        if held:
            lengths, shares = np.array([length for length, _ in held]), np.array([share for _, share in held])
            squares = np.add.reduceat(np.square(values), lengths.cumsum() - lengths)
            scale = np.sqrt(shares / np.maximum(squares * shares.sum(), 1e-9))
            values *= scale.astype(np.float32)[run_of_each(lengths)]
        order = np.argsort(columns[:count])
        columns, values = columns[order], values[order]
        is_first = np.ones(count, bool)
        np.not_equal(columns[1:], columns[:-1], out=is_first[1:])
        if not is_first.all():  # two features in one column
            columns, values = columns[is_first], np.add.reduceat(values, np.flatnonzero(is_first))
        return Vector(columns, values, known)

    def _weighed(self, sentences: Packed) -> tuple[NDArray[np.int32], Floats, NDArray[np.int32]]:
        columns = self._columns_of(sentences.hashes)
        values = self._rarity[columns]
        repeated = sentences.counts > 1
        values[repeated] *= 1 + np.log(sentences.counts[repeated].astype(np.float32))
        ends = sentences.lengths.ravel().cumsum(dtype=np.int64)
        squares = sums(np.square(values), ends).reshape(sentences.lengths.shape)
        shares = np.where(sentences.lengths > 0, _SHARES, 0)
        scale = np.sqrt(shares / np.maximum(squares * shares.sum(axis=1, keepdims=True), 1e-9))
        values *= scale.astype(np.float32).ravel()[run_of_each(sentences.lengths.ravel())]
        starts = np.concatenate(([0], ends[len(BLOCKS) - 1 :: len(BLOCKS)]))
        return columns, values, starts.astype(np.int32)

    def _columns_of(self, hashes: NDArray[np.uint32]) -> NDArray[np.int32]:
        return (hashes & np.uint32(self.columns - 1)).view(np.int32)


def _in_steps(counts: Whole, bits: int) -> Whole:
    """Each with so many bits behind its first one, in the middle of those that share them."""
    step = np.left_shift(1, np.maximum(np.frexp(counts)[1] - 1 - bits, 0))
    return counts // step * step + step // 2


def _in_powers(frequencies: Whole) -> Whole:
    """Each as the middle of those between the same two powers."""
    power = np.maximum(np.frexp(frequencies)[1] - 1, 0)
    is_wide = power >= _POWERS_OF_FOUR_FROM
    power -= is_wide & (power % 2 == 1)
    first = np.left_shift(1, power)
    return np.where(frequencies > 0, first + np.where(is_wide, 3 * first, first) // 2, 0)


def _columns_for(count: int) -> int:
    columns = FEWEST_COLUMNS
    while columns < min(MOST_COLUMNS, 2 * count):
        columns *= 2
    return columns


def sums(values: Floats, ends: NDArray[np.integer[Any]]) -> Floats:
    """The sums of neighbouring runs of values, some of them empty, by where each ends."""
    starts = np.concatenate(([0], ends[:-1]))
    found = np.zeros(len(ends), np.float32)
    filled = np.flatnonzero(starts < ends)
    if len(filled):
        found[filled] = np.add.reduceat(values, starts[filled])
    return found


def run_of_each(lengths: NDArray[np.integer[Any]]) -> Whole:
    """Which of several neighbouring runs each number is of: what ``np.repeat`` gives, several times as fast."""
    ends = lengths.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    runs = np.bincount(ends[:-1], minlength=total)[:total]
    return runs.cumsum(out=runs)
