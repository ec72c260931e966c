"""The names of what the shop sells, as customers write them: in any of the four locales, with or without the size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from faq_kb import fold_keeping_length
from shop import text_in

# Of all names one stands for the product, whatever language the customer wrote in.
_NAMED_IN = "zh-HK"
_SIZE = re.compile(r"\s*[（(,，、].*$|\s+[0-9][0-9.,]*\s*\S{0,6}$", re.DOTALL)
_SHORTEST_CHINESE = 2
_SHORTEST_LETTERS = 4
_LONGEST = 80
_START = 2


@dataclass(frozen=True)
class Named:
    """A product's name in a message, between two offsets of its text."""

    start: int
    end: int
    value: str


class ProductNames:
    """Finds the names of some products in folded texts, in the time it takes to read them."""

    def __init__(self, products: Iterable[Mapping[str, str]] = ()) -> None:
        known: dict[str, set[str]] = {}
        for names in products:
            own = text_in(names, _NAMED_IN)
            for name in names.values():
                for written in {_compact(name)[0], _compact(_SIZE.sub("", name))[0]}:
                    if _is_long_enough(written):
                        known.setdefault(written, set()).add(own)
        # A short name of two products names neither: it stands for itself.
        self._values = {written: next(iter(own)) if len(own) == 1 else written for written, own in known.items()}
        self._by_start: dict[str, list[str]] = {}
        for written in sorted(self._values, key=len, reverse=True):
            self._by_start.setdefault(written[:_START], []).append(written)

    def __len__(self) -> int:
        return len(self._values)

    def find(self, folded: str) -> Iterator[Named]:
        """The longest names in the text, from left to right; none overlaps another."""
        if not self._by_start:
            return
        compact, places = _compact(folded)
        at = 0
        while at < len(compact):
            name = self._name_at(compact, places, folded, at)
            if name:
                yield Named(places[at], places[at + len(name) - 1] + 1, self._values[name])
            at += len(name) or 1

    def _name_at(self, compact: str, places: list[int], folded: str, at: int) -> str:
        for name in self._by_start.get(compact[at : at + _START], ()):
            if compact.startswith(name, at) and _stands_alone(folded, places[at], places[at + len(name) - 1] + 1):
                return name
        return ""


def _compact(text: str) -> tuple[str, list[int]]:
    """The folded text without spaces, and where each of its signs stands."""
    folded = fold_keeping_length(text)
    places = [place for place, sign in enumerate(folded) if not sign.isspace()]
    return "".join(folded[place] for place in places), places


def _is_long_enough(written: str) -> bool:
    shortest = _SHORTEST_LETTERS if written.isascii() else _SHORTEST_CHINESE
    return shortest <= len(written) <= _LONGEST and not written.isdigit()


def _stands_alone(folded: str, start: int, end: int) -> bool:
    """Whether a name of letters begins and ends with its words; a plural is the same word."""
    before = folded[start - 1 : start]
    after = folded[end : end + 1]
    if after == "s":
        after = folded[end + 1 : end + 2]
    return not (_is_latin(before) and _is_latin(folded[start])) and not (
        _is_latin(after) and _is_latin(folded[end - 1])
    )


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
