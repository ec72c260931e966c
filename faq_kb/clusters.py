"""Questions of many customers that ask for the same: put together by likeness, the most wanted first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy import sparse

from faq_kb.folding import fold
from faq_kb.search import background, shipped_synonyms
from faq_kb.vectors import Space, pack
from faq_kb.words import Synonyms, features_of

# As alike as this, two sentences ask for the same; measured on paraphrases and neighbours of the shipped articles.
ALIKE = 0.34
# What a customer's question weighs after this long: half.
HALF_LIFE = timedelta(days=14)
# Features that this share of the sentences have tell nothing apart, and cost most of the time.
COMMON_SHARE = 0.05
_BLOCK = 1_000


@dataclass(frozen=True)
class Asked:
    """One customer's question."""

    id: int
    text: str
    customer: str
    at: datetime


@dataclass(frozen=True)
class Cluster:
    """Questions alike, the oldest first. The oldest gives the id: it stays when newer ones come."""

    members: tuple[Asked, ...]
    score: float

    @property
    def id(self) -> str:
        return f"q{self.members[0].id}"

    @property
    def size(self) -> int:
        """How many customers asked."""
        return len({one.customer for one in self.members})

    @property
    def last_at(self) -> datetime:
        return max(one.at for one in self.members)


def clusters_of(questions: Sequence[Asked], now: datetime, synonyms: Synonyms | None = None) -> list[Cluster]:
    """The questions in clusters, those that most customers asked most recently first."""
    ordered = sorted(questions, key=lambda one: one.id)
    folded = [fold(one.text) for one in ordered]
    distinct = list(dict.fromkeys(folded))
    group_of = dict(zip(distinct, _groups(distinct, synonyms or shipped_synonyms()), strict=True))
    members: dict[int, list[Asked]] = {}
    for one, text in zip(ordered, folded, strict=True):
        members.setdefault(group_of[text], []).append(one)
    found = [Cluster(tuple(together), _wanted(together, now)) for together in members.values()]
    return sorted(found, key=lambda cluster: (-cluster.score, cluster.members[0].id))


def _wanted(members: Sequence[Asked], now: datetime) -> float:
    """Each customer counts once, by their latest question, and half as much every two weeks."""
    latest: dict[str, datetime] = {}
    for one in members:
        latest[one.customer] = max(one.at, latest.get(one.customer, one.at))
    return float(sum(0.5 ** (max(timedelta(0), now - at) / HALF_LIFE) for at in latest.values()))


def _groups(texts: Sequence[str], synonyms: Synonyms) -> list[int]:
    """For each text the number of the first of its kind. One after the other, each joins the first it is most like or
    becomes one, so that what comes later moves nothing that came before."""
    matrix = _matrix(texts, synonyms)
    groups: list[int] = []
    firsts = np.empty(len(texts), np.int64)
    count = 0
    for start in range(0, len(texts), _BLOCK):
        end = min(start + _BLOCK, len(texts))
        likeness = (matrix[start:end] @ matrix[:end].T).toarray()
        for number, row in enumerate(likeness, start):
            to_firsts = row[firsts[:count]]
            best = int(to_firsts.argmax()) if count else 0
            if count and to_firsts[best] >= ALIKE:
                groups.append(int(firsts[best]))
            else:
                firsts[count], count = number, count + 1
                groups.append(number)
    return groups


def _matrix(texts: Sequence[str], synonyms: Synonyms) -> sparse.csr_matrix:
    sentences = pack(features_of(text, synonyms) for text in texts)
    # A handful of questions says nothing about which words are common; other sentences do.
    matrix = Space(sentences.hashes, len(sentences), background(synonyms)).vectors(sentences)
    frequency = np.bincount(matrix.indices, minlength=matrix.shape[1])
    matrix.data[frequency[matrix.indices] > max(50, COMMON_SHARE * len(texts))] = 0
    matrix.eliminate_zeros()
    return matrix
