"""How well the search does on labelled questions: hits, refusals, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from faq_kb.jsonl import refused, rows
from faq_kb.search import KnowledgeBase

# How many questions that have an answer may be refused when the refusals are compared.
ACCEPTED_SHARE = 0.95


@dataclass(frozen=True)
class Asked:
    """A question; ``article_id`` is what answers it, None when nothing does."""

    text: str
    article_id: str | None
    variant: str = ""


@dataclass(frozen=True)
class Found:
    """What a search makes of a question: ids best first, how sure it is of having an answer, whether it gives one."""

    ids: tuple[str, ...]
    score: float
    is_answered: bool


@dataclass(frozen=True)
class Hits:
    """Of so many questions, the share with the right article first, and among the first three."""

    questions: int
    hit_1: float
    hit_3: float


@dataclass(frozen=True)
class Refusals:
    """Questions that nothing answers, told apart by score from those that something does."""

    questions: int
    auroc: float
    refused_at_95: float  # share refused by the threshold that accepts 95 % of the others
    answered: float  # share answered all the same, at the shipped threshold


@dataclass(frozen=True)
class Evaluation:
    """Shares are between 0 and 1."""

    hits: Hits
    variants: dict[str, Hits]
    answered: float  # share of the questions answered, at the shipped threshold
    precision: float  # share of those answered with the right article
    refusals: Refusals | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def questions_in(path: Path) -> list[Asked]:
    """Lines of ``{"text", "id"?, "variant"?}``; raises ``ArticleError`` naming what is wrong in which line."""
    found = []
    for line, row in rows(path):
        text, id, variant = row.get("text"), row.get("id"), row.get("variant", "")
        if not isinstance(text, str):
            raise refused(path, line, "text", "expected a text")
        if not isinstance(id, (str, type(None))):
            raise refused(path, line, "id", "expected the id of an article")
        found.append(Asked(text, id, variant if isinstance(variant, str) else ""))
    return found


def asking(knowledge: KnowledgeBase) -> Callable[[str], Found]:
    """What is measured of our own search."""

    def ask(text: str) -> Found:
        hits = knowledge.search(text, limit=3)
        score = hits[0].score if hits else 0.0
        return Found(tuple(hit.article_id for hit in hits), score, knowledge.answerable(hits))

    return ask


def evaluate(ask: Callable[[str], Found], questions: Sequence[Asked], out_of_scope: Iterable[str] = ()) -> Evaluation:
    """Ask everything; a question whose article does not exist counts as missed."""
    ranks, scores, answered = [], [], []
    for asked in questions:
        found = ask(asked.text)
        among_three = found.ids[:3]
        ranks.append(next((rank for rank, id in enumerate(among_three, start=1) if id == asked.article_id), 0))
        scores.append(found.score)
        answered.append(found.is_answered)
    right = sum(rank == 1 for rank, given in zip(ranks, answered, strict=True) if given)
    variants = sorted({asked.variant for asked in questions} - {""})
    return Evaluation(
        hits=_hits(ranks),
        variants={
            variant: _hits([rank for rank, asked in zip(ranks, questions, strict=True) if asked.variant == variant])
            for variant in variants
        },
        answered=_share(sum(answered), len(answered)),
        precision=_share(right, sum(answered)),
        refusals=_refusals(scores, [ask(text) for text in out_of_scope]),
    )


def _hits(ranks: Sequence[int]) -> Hits:
    first, among_three = sum(rank == 1 for rank in ranks), sum(rank > 0 for rank in ranks)
    return Hits(len(ranks), _share(first, len(ranks)), _share(among_three, len(ranks)))


def _refusals(inside: Sequence[float], found: Sequence[Found]) -> Refusals | None:
    if not inside or not found:
        return None
    outside = [one.score for one in found]
    # The share of pairs in which the question with an answer scores higher; equal scores count half.
    above = rankdata([*inside, *outside])[: len(inside)].sum() - len(inside) * (len(inside) + 1) / 2
    threshold = np.quantile(inside, 1 - ACCEPTED_SHARE)
    return Refusals(
        questions=len(outside),
        auroc=round(float(above) / (len(inside) * len(outside)), 4),
        refused_at_95=_share(sum(bool(score < threshold) for score in outside), len(outside)),
        answered=_share(sum(one.is_answered for one in found), len(outside)),
    )


def _share(part: int, whole: int) -> float:
    return round(float(part) / whole, 4) if whole else 0.0
