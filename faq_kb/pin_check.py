"""What may be wrong with pins: two that want the same sentence, one that takes another article's, one that is slow."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faq_kb.articles import Article, Pin
from faq_kb.folding import fold_words
from faq_kb.pins import Asked, Matcher, matcher
from faq_kb.problems import Level, Problem

# A pin that takes this from customers keeps them from a person.
WISHES_FOR_A_PERSON = (
    "真人客服",
    "我要真人",
    "轉真人",
    "转人工",
    "人工客服",
    "talk to a person",
    "speak to an agent",
    "human please",
)
# Far above what RE2 needs for the longest question.
SLOW_SECONDS = 0.02
_HOSTILE = (
    "a" * 400,
    "a" * 399 + "!",
    "ab" * 200,
    "1" * 400,
    " " * 400,
    "退" * 400,
    "退貨" * 200,
    "a1 " * 133,
    "((((" * 100,
)


@dataclass(frozen=True)
class _Rule:
    article: Article
    pin: Pin
    matches: Matcher


def doubtful_pins(articles: Sequence[Article]) -> Iterator[Problem]:
    """Everything doubtful about the pins of a set."""
    rules = [_Rule(article, pin, matcher(pin)) for article in articles for pin in article.pins]
    if rules:
        yield from _same_pins(rules)
        yield from _overlapping_pins(rules)
        yield from _taken_phrasings(rules, articles)
        yield from _greedy_pins(rules)


def _same_pins(rules: Sequence[_Rule]) -> Iterator[Problem]:
    first: dict[tuple[str, str], _Rule] = {}
    for rule in rules:
        text = rule.pin.text if rule.pin.kind == "pattern" else fold_words(rule.pin.text)
        owner = first.setdefault((rule.pin.kind, text), rule)
        if owner.article is not rule.article:
            message = f"expected one article for {rule.pin.text!r}, {owner.article.id} is pinned to it too"
            yield _problem(rule, message, "same_pin", Level.ERROR, other=owner.article.id)


def _overlapping_pins(rules: Sequence[_Rule]) -> Iterator[Problem]:
    """Sentences and parts of one that another article's pin meets as well."""
    told: set[tuple[str, str]] = set()
    for rule in rules:
        if rule.pin.kind == "pattern":
            continue
        asked = Asked.of(rule.pin.text)
        for other in rules:
            pair = (rule.article.id, other.article.id)
            is_same = other.pin.kind == rule.pin.kind and fold_words(other.pin.text) == fold_words(rule.pin.text)
            if other.article is not rule.article and not is_same and pair not in told and other.matches(asked):
                told.add(pair)
                message = (
                    f"expected to be met by no other pin, {other.pin.text!r} of {other.article.id} "
                    f"meets {rule.pin.text!r}"
                )
                yield _problem(rule, message, "overlapping_pins", other=other.article.id, other_text=other.pin.text)


def _taken_phrasings(rules: Sequence[_Rule], articles: Sequence[Article]) -> Iterator[Problem]:
    """Phrasings of other articles that a pin takes away from them."""
    asked = [(article, text, Asked.of(text)) for article in articles for text in article.phrasings]
    for rule in rules:
        taken = [(one, text) for one, text, said in asked if one is not rule.article and rule.matches(said)]
        if taken:
            other, text = taken[0]
            message = (
                f"expected to take no other article's questions, {rule.pin.text!r} takes {len(taken)}, "
                f"like {text!r} of {other.id}"
            )
            yield _problem(rule, message, "pin_takes_phrasing", other=other.id, other_text=text, count=len(taken))


def _greedy_pins(rules: Sequence[_Rule]) -> Iterator[Problem]:
    wishes = [(text, Asked.of(text)) for text in WISHES_FOR_A_PERSON]
    hostile = [Asked.of(text) for text in _HOSTILE]
    for rule in rules:
        wish = next((text for text, asked in wishes if rule.matches(asked)), None)
        if wish:
            message = f"expected to leave {wish!r} alone, which asks for a person"
            yield _problem(rule, message, "pin_takes_wish_for_person", other_text=wish)
        slowest = max(_seconds(rule.matches, asked) for asked in hostile)
        if slowest > SLOW_SECONDS:
            message = f"expected to be quick, {rule.pin.text!r} took {slowest * 1000:.0f} ms"
            yield _problem(rule, message, "slow_pin", milliseconds=round(slowest * 1000))


def _seconds(matches: Matcher, asked: Asked) -> float:
    """The quicker of two tries: what else runs on the machine says nothing about the pin."""
    tries = []
    for _ in range(2):
        began = time.perf_counter()
        matches(asked)
        tries.append(time.perf_counter() - began)
    return min(tries)


def _problem(rule: _Rule, message: str, code: str, level: Level = Level.WARNING, **params: str | int) -> Problem:
    article = rule.article
    named = {"id": article.id, "text": rule.pin.text, **params}
    return Problem(
        article.source, article.line, f"pins.{rule.pin.kind}", f"{article.id}: {message}", code, level, named
    )
