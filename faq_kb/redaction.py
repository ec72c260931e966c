"""Taking out of a customer's words what names a person: what is left may be kept and shown to editors.

Rather too much than too little: a number that could be an order, a card, a document or a phone becomes what it seems to
be. Prices, days, sizes and quantities stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from faq_kb.check_digits import is_card, is_hong_kong_identity, is_mainland_identity
from faq_kb.folding import fold_keeping_length

_Check = Callable[[str], bool]


def redact(text: str) -> str:
    """The text with addresses and numbers of persons, cards and orders replaced by what they are."""
    for name, pattern, check in _RULES:
        text = _replaced(text, name, pattern, check)
    return text


def without_placeholders(redacted: str) -> str:
    """What is left to search with: a placeholder is no word of the customer."""
    return _PLACEHOLDER.sub(" ", redacted)


def _replaced(text: str, name: str, pattern: re.Pattern[str], check: _Check) -> str:
    # Full-width digits and letters are found like others; each character keeps its place.
    folded = fold_keeping_length(text)
    parts, end = [], 0
    for found in pattern.finditer(folded):
        if check(found.group()):
            parts += [text[end : found.start()], name]
            end = found.end()
    return "".join([*parts, text[end:]])


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _is_card(text: str) -> bool:
    return is_card(_digits(text))


def _is_hong_kong_id(text: str) -> bool:
    return is_hong_kong_identity(re.sub(r"[^a-z0-9]", "", text))


def _is_phone(text: str) -> bool:
    """At least seven digits that are no day."""
    return len(_digits(text)) >= 7 and not re.fullmatch(r"(19|20)\d\d[ -]?[01]?\d[ -]?[0-3]?\d", text.strip())


def _always(_: str) -> bool:
    return True


# In this order: an address is taken before its digits, an order before what could be a phone number inside it. None
# begins in the middle of what it could take, so that each character is looked at a bounded number of times.
_RULES: tuple[tuple[str, re.Pattern[str], _Check], ...] = (
    (
        "[e-mail]",
        re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}"),
        _always,
    ),
    ("[id]", re.compile(r"(?<![a-z0-9])\d{17}[0-9x](?![a-z0-9])"), is_mainland_identity),
    ("[id]", re.compile(r"(?<![a-z0-9])[a-z]{1,2}\d{6} ?\([0-9a]\)"), _always),
    ("[id]", re.compile(r"(?<![a-z0-9])[a-z]{1,2}\d{6}[0-9a](?![a-z0-9])"), _is_hong_kong_id),
    # Taiwan's card and residence permit, and the passports of all three.
    ("[id]", re.compile(r"(?<![a-z0-9])[a-z](?:[1289a-d]\d{8}|\d{8})(?![a-z0-9])"), _always),
    # The shop's orders and the carriers' parcels: letters and a number; below, an order without its letters.
    (
        "[order]",
        re.compile(r"(?<![a-z0-9])(?:hg ?|[a-z]{2,4})[-_#:]{0,2}\d(?:[-_ ]?\d){5,15}(?:[a-z]{2})?(?![a-z0-9])"),
        _always,
    ),
    ("[card]", re.compile(r"(?<![a-z0-9])\d(?:[ -]?\d){12,18}(?![a-z0-9])"), _is_card),
    ("[number]", re.compile(r"(?<![a-z0-9])\d(?:[ -]?\d){12,30}(?![a-z0-9])"), _always),
    ("[order]", re.compile(r"(?<![a-z0-9+-])1\d{3}[- ]?\d{4}(?![a-z0-9-])"), _always),
    ("[phone]", re.compile(r"(?<![a-z0-9])\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?![a-z0-9])"), _is_phone),
)
_PLACEHOLDER = re.compile(r"\[(?:e-mail|id|order|card|number|phone)\]")
