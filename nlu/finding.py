"""Finds what a message names, by the shop's pattern file, on spaCy's ruler over a blank pipeline: no model is needed.

A pattern proposes, a reading disposes: what looks like a phone, a parcel or a day is an entity only when there can be
such a one. Offsets point into the message as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import spacy
from spacy.pipeline import SpanRuler
from spacy.tokens import Doc

from faq_kb import fold_keeping_length
from faq_kb.dates import day_named
from faq_kb.masking import Masking
from nlu.numbers import CHECKS, amount, phone
from nlu.pattern_file import PIECE, PatternFile, Rule, Writing

# What a customer names stands in the first lines; the rest of a letter is not searched.
MAX_CHARACTERS = 2_000
MAX_PIECES = 250
# A run longer than any number we know is nothing of ours, and is kept away from the patterns.
MAX_RUN = 40
# As many matches of one label as are read; who names more names nothing.
MAX_MATCHES = 200

# Words that are written without a space before a number; other letters make it a part of something else.
_BEFORE_NUMBER = frozenset(
    {"tel", "phone", "mobile", "mob", "ph", "call", "whatsapp", "order", "orders", "no", "num", "number", "id", "po"}
)
_LETTERS_BEFORE = re.compile(r"[a-z]+\Z")
_GROUP_BEFORE = re.compile(r"[0-9][ \-./]?\Z")
_GROUP_AFTER = re.compile(r"[ \-./]?[0-9]")
_PHONES = frozenset({"phone", "phone_last4"})
_NO_DAYS = frozenset({"24/7"})
_PART_OF_DATE = frozenset("0123456789/.-:$%~")
# Of two that are equally long the first of these is meant.
_RANKS = {"order_number": 0, "phone": 1, "phone_last4": 2, "tracking_number": 3}


@dataclass(frozen=True)
class Found:
    """One thing that a message names, between two offsets of its text; `about` says more of it, such as a courier."""

    entity: str
    start: int
    end: int
    value: str
    about: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """The message that is looked at, and from where."""

    text: str  # folded
    today: date
    month_first: bool


class EntityPatterns:
    """The patterns of one file, ready to look at messages."""

    def __init__(self, file: PatternFile) -> None:
        self._file = file
        self._blank = spacy.blank("xx")
        self._rules: dict[str, list[tuple[int, Rule]]] = {}
        for number, rule in enumerate(file.rules):
            self._rules.setdefault(rule.label, []).append((number, rule))
        self._rulers = {label: self._ruler(label, rules) for label, rules in self._rules.items()}
        self._by_need: dict[frozenset[str], list[Rule]] = {}
        for rule in file.rules:
            self._by_need.setdefault(rule.rarest_need, []).append(rule)
        self._words_needed: dict[str, list[str]] = {}
        for word in sorted({word for rule in file.rules for words in rule.needs for word in words}):
            self._words_needed.setdefault(word[:1], []).append(word)
        self._masking = Masking([file.order_numbers.pattern])

    def _ruler(self, label: str, rules: Sequence[tuple[int, Rule]]) -> SpanRuler:
        # A ruler for each label, so that a message pays for what it may name. The pattern's place in the file travels
        # as its id, so that a match finds its rule again.
        ruler: SpanRuler = self._blank.add_pipe("span_ruler", name=label, config={"spans_key": label})
        ruler.add_patterns(
            [{"label": label, "id": str(number), "pattern": list(rule.tokens)} for number, rule in rules]
        )
        return ruler

    @classmethod
    def load(cls, path: Path) -> EntityPatterns:
        """Raises PatternsError with file and line."""
        return cls(PatternFile.read(path))

    def afresh(self) -> EntityPatterns:
        """The same patterns, with nothing remembered of any message."""
        return EntityPatterns(self._file)

    @property
    def words_known(self) -> int:
        """spaCy remembers every piece it ever saw; who keeps patterns for long makes them anew at times."""
        return len(self._blank.vocab.strings)

    def find(self, text: str, today: date, month_first: bool = False) -> list[Found]:
        """All that the text names, in its order; of two that overlap the longer."""
        folded = fold_keeping_length(text[:MAX_CHARACTERS])
        labels = self._labels_that_may_be_in(folded)
        if not labels:
            return []
        asked = Asked(folded, today, month_first)
        pieces = self._pieces(folded)
        document = Doc(self._blank.vocab, words=["<start>", *(piece.group() for piece in pieces), "<end>"])
        found = [one for label in labels for one in self._matches(label, document, pieces, asked)]
        return longest(folded, list(self._in_company(found)))

    def _labels_that_may_be_in(self, folded: str) -> list[str]:
        # Most messages name nothing, and are told apart by their signs and words alone.
        signs = frozenset(folded)
        present = {word for sign in signs for word in self._words_needed.get(sign, ()) if word in folded}
        likely: set[str] = set()
        for need, rules in self._by_need.items():
            if not need or not need.isdisjoint(present):
                likely.update(rule.label for rule in rules if rule.label not in likely and rule.may_match(present))
        return [label for label in self._rules if label in likely]

    def _pieces(self, folded: str) -> list[re.Match[str]]:
        pieces = list(islice(PIECE.finditer(folded), MAX_PIECES))
        # A number that goes on behind the last of them is still told.
        hidden = self._masking.spans(folded[: pieces[-1].end() + MAX_RUN]) if pieces else []
        return [
            piece
            for piece in pieces
            if len(piece.group()) <= MAX_RUN or "@" in piece.group()
            # A card number is no phone and no parcel, whatever its groups look like.
            if not any(start < piece.end() and piece.start() < end for start, end in hidden)
        ]

    def _matches(
        self, label: str, document: Doc, pieces: Sequence[re.Match[str]], asked: Asked
    ) -> Iterator[tuple[Found, Rule]]:
        self._rulers[label](document)
        for span in islice(document.spans[label], MAX_MATCHES):
            inside = pieces[max(span.start - 1, 0) : span.end - 1]
            rule = self._file.rules[int(span.id_)]
            if inside and (one := self._read(rule, inside[0].start(), inside[-1].end(), asked)):
                yield one, rule

    def _read(self, rule: Rule, start: int, end: int, asked: Asked) -> Found | None:
        """The match as an entity; None when there can be no such thing."""
        writing = self._file.writings.get(rule.label, Writing())
        if writing.part and (part := writing.part.search(asked.text, start, end)):
            start, end = part.span()
        if asked.text[:start].rstrip(" :")[-1:] in tuple(rule.not_after) or asked.text[end : end + 1] in tuple(
            rule.not_before
        ):
            return None
        if rule.beside and not any(_stands_in(word, asked.text) for word in rule.beside):
            return None
        value = rule.value or self._value(rule, writing, start, end, asked)
        return Found(rule.label, start, end, value, self._about(rule, asked)) if value else None

    def _value(self, rule: Rule, writing: Writing, start: int, end: int, asked: Asked) -> str | None:
        written = asked.text[start:end]
        if writing.read == "order_number":
            return self._order_number(writing, start, end, asked)
        if writing.read == "phone":
            return None if _is_glued(asked.text, start, end) else phone(written)
        if writing.read == "date":
            return _day(rule, start, end, asked)
        if writing.read == "amount":
            summed = amount(written)
            return f"{rule.currency} {summed}".strip() if summed else None
        value = writing.of(written)
        if rule.shape and not rule.shape.fullmatch(value):
            return None
        return value if not rule.check or CHECKS[rule.check](value) else None

    def _order_number(self, writing: Writing, start: int, end: int, asked: Asked) -> str | None:
        written = re.sub(r"[^a-z0-9]", "", asked.text[start:end]).upper()
        if not self._file.order_numbers.fullmatch(written):
            return None
        if written.isdigit() and (_is_glued(asked.text, start, end) or not asked.text[start:end].isdigit()):
            return None
        return written if written.startswith(writing.prefix) else writing.prefix + written

    def _about(self, rule: Rule, asked: Asked) -> tuple[tuple[str, str], ...]:
        if rule.currency:
            return (("currency", rule.currency),)
        if self._file.writings.get(rule.label, Writing()).read != "tracking_number":
            return ()
        carrier = rule.carrier or self._carrier_named(asked.text)
        return (("carrier", carrier),) if carrier else ()

    def _carrier_named(self, folded: str) -> str:
        named = [name for name, words in self._file.carriers.items() if any(_stands_in(word, folded) for word in words)]
        return named[0] if len(named) == 1 else ""

    def _in_company(self, found: Sequence[tuple[Found, Rule]]) -> Iterator[Found]:
        labels = {one.entity for one, _ in found}
        for one, rule in found:
            if not rule.near or rule.near in labels:
                yield one


def _day(rule: Rule, start: int, end: int, asked: Asked) -> str | None:
    if rule.date.get("order") == "numeric" and (
        asked.text[start - 1 : start] in _PART_OF_DATE or asked.text[end : end + 1] in _PART_OF_DATE
    ):
        # A slash more, and it is an address of the web or a fraction of something.
        return None
    if asked.text[start:end] in _NO_DAYS:
        return None
    day = day_named(rule.date, asked.text[start:end], asked.today, asked.month_first)
    return day.isoformat() if day else None


def _is_glued(folded: str, start: int, end: int) -> bool:
    """Whether letters or digits stand right beside a number: it is then a part of another."""
    before = _LETTERS_BEFORE.search(folded, max(0, start - 12), start)
    return (before is not None and before.group() not in _BEFORE_NUMBER) or folded[end : end + 1] in _ALPHANUMERIC


_ALPHANUMERIC = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def _stands_in(word: str, folded: str) -> bool:
    """Whether a word is there; one of letters by itself, as `sf` is not in `offs first`."""
    if not word.isascii():
        return word in folded
    at = folded.find(word)
    while at >= 0:
        around = folded[at - 1 : at] if at else "", folded[at + len(word) : at + len(word) + 1]
        if not any(sign in _ALPHANUMERIC and sign.isalpha() for sign in around):
            return True
        at = folded.find(word, at + 1)
    return False


def longest(folded: str, found: list[Found]) -> list[Found]:
    """In the order of the text; of two that overlap the longer, or the one that is more surely meant."""
    kept: list[Found] = []
    # Which characters are taken, by whom: a phone number has its last four digits, all else keeps others away.
    taken = {entity: bytearray(len(folded)) for entity in (*_PHONES, "")}
    for one in sorted(found, key=lambda one: (one.start - one.end, _RANKS.get(one.entity, len(_RANKS)), one.start)):
        kind = one.entity if one.entity in _PHONES else ""
        others = (by for by in taken if by in (kind, "") or not kind)
        if not any(any(taken[by][one.start : one.end]) for by in others):
            kept.append(one)
            taken[kind][one.start : one.end] = b"\1" * (one.end - one.start)
    # In a row of groups that is no phone, some of the groups may look like one.
    phones = [one for one in kept if one.entity == "phone"]
    no_phones = [one for one in kept if one.entity not in _PHONES]
    whole = [one for one in kept if one.entity not in _PHONES or not _is_in_a_row(one, folded, phones, no_phones)]
    return sorted(dict.fromkeys(whole), key=lambda one: (one.start, -one.end))


def _is_in_a_row(one: Found, folded: str, phones: Sequence[Found], others: Sequence[Found]) -> bool:
    if folded[one.start : one.end].isdigit():
        return False
    before = _GROUP_BEFORE.search(folded, max(0, one.start - 2), one.start)
    after = _GROUP_AFTER.match(folded, one.end)
    beside = ([before.start()] if before else []) + ([after.end() - 1] if after else [])
    phone = next((other for other in phones if other.start <= one.start < other.end), one)
    return any(
        not phone.start <= place < phone.end and not any(other.start <= place < other.end for other in others)
        for place in beside
    )
