"""How well the bot understands labelled sentences: right or wrong, how sure, and what is taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from nlu.decision import FALLBACK, FAQ, OUT_OF_SCOPE
from nlu.parsing import Parsed

_BINS = 10


@dataclass(frozen=True)
class Labelled:
    """A sentence and what it should be taken for; `entities` are pairs of name and value, None when not labelled."""

    text: str
    intent: str
    variant: str = ""
    entities: frozenset[tuple[str, str]] | None = None


@dataclass(frozen=True)
class Reported:
    """What is reported of a sentence: the customer's wish, how likely it is, and the likeliest others."""

    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class IntentScore:
    """Of one intent; all but the count between 0 and 1."""

    sentences: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class TradeOff:
    """What believing only what is at least so likely would cost and spare; shares between 0 and 1. None where there is
    no sentence to take a share of."""

    threshold: float
    answered: float | None  # of the sentences in scope
    right: float | None  # of those answered
    let_in: float | None  # of the sentences out of scope


@dataclass(frozen=True)
class Understanding:
    """Shares are between 0 and 1. `calibration_error` is the expected calibration error over ten bins of confidence
    (Naeini et al., AAAI 2015); `out_of_scope_auroc` is None without sentences on both sides."""

    sentences: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    out_of_scope_auroc: float | None
    variants: dict[str, float]
    intents: dict[str, IntentScore]
    confused: tuple[tuple[str, str, int], ...]  # meant, taken for, how often; most often first
    entities: IntentScore | None
    trade_off: tuple[TradeOff, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def reported(parsed: Parsed) -> Reported:
    """The customer's wish in one intent. That an article answers it stands beside the intent, not in its place; and
    what is not understood is out of scope."""
    name, confidence = parsed.intent, parsed.confidence
    if name == FAQ and parsed.guess[0]:
        name, confidence = parsed.guess
    if name == FALLBACK:
        name = OUT_OF_SCOPE
    others = tuple(one for one in parsed.ranking if one[0] != name)
    return Reported(name, min(1.0, confidence), ((name, min(1.0, confidence)), *others))


def evaluate(labelled: Sequence[Labelled], parsed: Sequence[Parsed]) -> Understanding:
    """Compare what was meant with what was understood, a sentence each in the same order."""
    told = [reported(one) for one in parsed]
    pairs = [(one.intent, other.intent) for one, other in zip(labelled, told, strict=True)]
    right = np.array([meant == taken for meant, taken in pairs], bool)
    intents = {name: _score(pairs, name) for name in sorted({meant for meant, _ in pairs})}
    wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
    return Understanding(
        sentences=len(pairs),
        accuracy=_share(right.sum(), len(right)),
        macro_f1=round(float(np.mean([one.f1 for one in intents.values()])), 4) if intents else 0.0,
        calibration_error=calibration_error([one.confidence for one in told], right.tolist()),
        out_of_scope_auroc=_auroc(labelled, parsed),
        variants=_by_variant(labelled, right.tolist()),
        intents=intents,
        confused=tuple((meant, taken, count) for (meant, taken), count in wrong.most_common()),
        entities=_entities(labelled, parsed),
        trade_off=tuple(_trade_off(labelled, parsed, tenth / 10) for tenth in range(1, 10)),
    )


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """How far confidence and accuracy lie apart, on average over bins of confidence."""
    if not confidences:
        return 0.0
    sure, correct = np.array(confidences), np.array(right, float)
    places = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(sure[places == place].mean() - correct[places == place].mean()) * (places == place).mean()
        for place in np.unique(places)
    ]
    return round(float(sum(gaps)), 4)


def _score(pairs: Sequence[tuple[str, str]], name: str) -> IntentScore:
    hit = sum(meant == taken == name for meant, taken in pairs)
    meant_count = sum(meant == name for meant, _ in pairs)
    taken_count = sum(taken == name for _, taken in pairs)
    return _with_f1(meant_count, _share(hit, taken_count), _share(hit, meant_count))


def _with_f1(count: int, precision: float, recall: float) -> IntentScore:
    both = precision + recall
    return IntentScore(count, precision, recall, round(2 * precision * recall / both, 4) if both else 0.0)


def _auroc(labelled: Sequence[Labelled], parsed: Sequence[Parsed]) -> float | None:
    """The share of pairs in which the sentence in scope has the likelier wish; equal ones count half."""
    inside: list[float] = []
    outside: list[float] = []
    for one, found in zip(labelled, parsed, strict=True):
        wishes = [confidence for name, confidence in found.ranking if name != OUT_OF_SCOPE]
        (outside if one.intent == OUT_OF_SCOPE else inside).append(max(wishes, default=0.0))
    if not inside or not outside:
        return None
    above = rankdata([*inside, *outside])[: len(inside)].sum() - len(inside) * (len(inside) + 1) / 2
    return round(float(above) / (len(inside) * len(outside)), 4)


def _trade_off(labelled: Sequence[Labelled], parsed: Sequence[Parsed], threshold: float) -> TradeOff:
    inside: list[bool] = []
    outside: list[bool] = []
    right = 0
    for one, found in zip(labelled, parsed, strict=True):
        name, confidence = found.ranking[0] if found.ranking else (OUT_OF_SCOPE, 0.0)
        is_answered = name != OUT_OF_SCOPE and confidence >= threshold
        (outside if one.intent == OUT_OF_SCOPE else inside).append(is_answered)
        right += is_answered and one.intent == name
    return TradeOff(
        threshold,
        _share(sum(inside), len(inside)) if inside else None,
        _share(right, sum(inside)) if any(inside) else None,
        _share(sum(outside), len(outside)) if outside else None,
    )


def _by_variant(labelled: Sequence[Labelled], right: Sequence[bool]) -> dict[str, float]:
    found: dict[str, list[bool]] = {}
    for one, correct in zip(labelled, right, strict=True):
        if one.variant:
            found.setdefault(one.variant, []).append(correct)
    return {variant: _share(sum(rights), len(rights)) for variant, rights in sorted(found.items())}


def _entities(labelled: Sequence[Labelled], parsed: Sequence[Parsed]) -> IntentScore | None:
    marked = [(one.entities, _values(found)) for one, found in zip(labelled, parsed, strict=True) if one.entities]
    if not marked:
        return None
    names = {name for meant, _ in marked for name, _ in meant or ()}
    hit = sum(len((meant or frozenset()) & found) for meant, found in marked)
    wanted = sum(len(meant or ()) for meant, _ in marked)
    taken = sum(sum(name in names for name, _ in found) for _, found in marked)
    return _with_f1(wanted, _share(hit, taken), _share(hit, wanted))


def _values(parsed: Parsed) -> frozenset[tuple[str, str]]:
    return frozenset((str(one["entity"]), str(one["value"])) for one in parsed.entities)


def _share(part: float, whole: int) -> float:
    return round(float(part) / whole, 4) if whole else 0.0


def entities_of(parsed: Parsed, text: str) -> list[Mapping[str, Any]]:
    """What the sentence itself names, with offsets into it; not what the conversation adds."""
    return [
        {"entity": one["entity"], "value": one["value"], "start": one["start"], "end": one["end"]}
        for one in parsed.entities
        if 0 <= one["start"] < one["end"] <= len(text)
    ]
