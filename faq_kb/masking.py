"""Hides card and identity numbers in what people type, before anything is kept of it.

What is hidden has a check digit that holds, and the length and the beginning of such a number: an order number, a
tracking number and a phone stay. The last four signs stay too, so that two people can speak of the same card.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from faq_kb.check_digits import is_card, is_hong_kong_identity, is_mainland_identity, is_taiwan_identity

HIDDEN = "•••• "
HIDDEN_CODE = "•••"
_KEPT = 4
# The shortest of them, an identity card of Hong Kong, has six digits and a check digit that may be a letter.
_FEWEST_DIGITS = 6
_FEWEST_CARD_DIGITS, _MOST_CARD_DIGITS = 13, 19
# Digits written one by one, or by two.
_SMALL = 2

Span = tuple[int, int]
_Groups = Sequence[re.Match[str]]

# What may stand between the groups of one number. No comma: it stands between two numbers.
_BETWEEN = r"[\s\-‐-―−.·•_/\u200b-\u200f\u2060\ufeff]"
_LINK = re.compile(f"{_BETWEEN}{{1,3}}")
_NOT_PLAIN = re.compile(r"[^0-9a-z]")
_DIGITS = re.compile(r"[0-9]+")
_LETTERS_BEFORE = re.compile(r"[a-z]+\Z")
_LETTERS_AFTER = re.compile(r"[a-z]+")
_PREFIX = re.compile(r"([a-z]{1,6})[\s\-_#:]{0,4}\Z")

# Beginning and lengths of card numbers, as the networks give them out, and of mainland bank cards older than UnionPay.
_CARD = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:62|81|35)[0-9]{14,17}"  # UnionPay, JCB
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11,16}"  # Diners Club
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover
    r"|(?:50|5[6-9]|6[0-9])[0-9]{12,17}"  # Maestro
    r"|(?:955[0-9]|940[0-9])[0-9]{12,15}"
)
# Couriers number parcels with up to 15 digits; a Visa card of 13 is hardly seen any more.
_LONGEST_TRACKING, _OLD_VISA = 15, 13
_SPEAKS_OF_CARD = re.compile(
    r"卡|銀聯|银联|\b(?:credit|debit|cards?|visa|mastercard|master|amex|jcb|unionpay|cvv|cvc)\b", re.ASCII
)
_SPEAKS_OF_PARCEL = re.compile(
    r"順豐|顺丰|黑貓|黑猫|宅急便|中通|[圓圆]通|[韻韵][達达]|申通|[極极]兔|京[東东]|[郵邮]政|快[遞递]|速[遞递]|物流|[運运]單|运单|[貨货][運运]"
    r"|\b(?:sf|ems|yto|zto|sto|yunda|jd|dhl|ups|fedex|track\w*|parcel|waybill|awb|courier)\b",
    re.ASCII,
)
# Letters that somebody may forget to part from a card number; any other few letters make it a code of somebody's.
_NO_PREFIX = frozenset({"card", "visa", "mc", "amex", "jcb", "cc", "no", "num", "nr", "is", "pan", "acct"})
_CODE_LETTERS = 4

_SECURITY_CODE = re.compile(
    r"(?:cvv2?|cvc2?|security code|安全碼|安全码|驗證碼|验证码|[後后]三[碼码])[^0-9]{0,6}([0-9]{3,4})(?![0-9])"
)

_HONG_KONG = re.compile(
    r"(?<![a-z0-9])([a-z]{1,2})[ -]?([0-9]{6})(?:[ -]?\(\s?([0-9a])\s?\)|[ -]?([0-9a]))(?![a-z0-9])"
)
# Two letters without brackets are as likely an article number; these begin identity cards alone.
_HONG_KONG_PAIR = re.compile(r"x[a-z]|w[xz]|ec")
_TAIWAN = re.compile(r"(?<![a-z0-9])([a-z])[ -]?([1289a-d][0-9]{8})(?![a-z0-9])")
_MAINLAND = re.compile(rf"(?<![a-z0-9])[1-8](?:{_BETWEEN}{{0,2}}[0-9]){{16}}{_BETWEEN}{{0,2}}[0-9x](?![a-z0-9])")


class Masking:
    """Knows what to hide, and the numbers of the shop's own that it must never touch."""

    def __init__(self, order_numbers: Iterable[str] = ()) -> None:
        """`order_numbers` are patterns of whole order numbers in their normal form: upper case, no spaces or dashes.
        Raises `re.error` for one that is none."""
        shapes = [f"(?:{shape})" for shape in order_numbers]
        for shape in shapes:
            re.compile(shape)
        self._orders = re.compile("|".join(shapes), re.IGNORECASE) if shapes else None

    def hide(self, text: str) -> str:
        """The text with each card and identity number as `•••• 1234`; the same text when there is none."""
        found = list(self.spans(text))
        if not found:
            return text
        for start, end in reversed(found):
            text = text[:start] + _hidden(text[start:end]) + text[end:]
        return text

    def spans(self, text: str) -> list[Span]:
        """Where the numbers to hide stand, in order."""
        if sum(map(str.isdecimal, text)) < _FEWEST_DIGITS:
            return []
        folded = _folded(text)
        found = [*self._identities(folded)]
        cards = [span for span in self._cards(folded) if not _meets(span, found)]
        if cards:
            found += [code.span(1) for code in _SECURITY_CODE.finditer(folded) if not _meets(code.span(1), cards)]
        return sorted(found + cards)

    # -- identity numbers --------------------------------------------------------------------------------------

    def _identities(self, folded: str) -> Iterator[Span]:
        taken: list[Span] = []
        for pattern, holds in (
            (_MAINLAND, lambda one: is_mainland_identity(_bare(one))),
            (_TAIWAN, lambda one: is_taiwan_identity(_bare(one))),
            (_HONG_KONG, _is_hong_kong),
        ):
            for one in pattern.finditer(folded):
                if holds(one) and not _meets(one.span(), taken) and not self._is_order(one.group()):
                    taken.append(one.span())
                    yield one.span()

    # -- cards -------------------------------------------------------------------------------------------------

    def _cards(self, folded: str) -> Iterator[Span]:
        speaks_of_card = _SPEAKS_OF_CARD.search(folded) is not None
        may_be_parcel = not speaks_of_card and _SPEAKS_OF_PARCEL.search(folded) is not None
        for groups in _linked(folded):
            orders = self._places_of_orders(folded, groups, speaks_of_card)
            at = 0
            while at < len(groups):
                length = self._card_from(folded, groups, at, speaks_of_card, may_be_parcel)
                if length and orders.isdisjoint(range(at, at + length)):
                    yield groups[at].start(), groups[at + length - 1].end()
                at += length or 1

    def _card_from(self, folded: str, groups: _Groups, at: int, speaks_of_card: bool, may_be_parcel: bool) -> int:
        """How many groups, beginning here, are a card number; 0 when it is none."""
        best, digits = 0, ""
        if at and _is_small(groups[at]) and _is_small(groups[at - 1]):
            # Digit by digit: from the first of them, or it is a list of small numbers.
            return 0
        for length, group in enumerate(groups[at : at + _MOST_CARD_DIGITS], start=1):
            digits += group.group()
            if len(digits) > _MOST_CARD_DIGITS:
                break
            if len(digits) < _FEWEST_CARD_DIGITS or not _CARD.fullmatch(digits):
                continue
            if not _is_grouped_like_a_card(groups, at, length, speaks_of_card):
                continue
            is_old_visa = len(digits) == _OLD_VISA and not speaks_of_card
            if is_old_visa or (may_be_parcel and len(digits) <= _LONGEST_TRACKING):
                continue
            if not is_card(digits) or _is_part_of_a_code(folded, (groups[at].start(), group.end())):
                continue
            # Without letters a number may be both; who speaks of a card means a card.
            if speaks_of_card or not self._is_order(digits):
                best = length
        return best

    def _places_of_orders(self, folded: str, groups: _Groups, speaks_of_card: bool) -> set[int]:
        """Which of the groups belong to an order number."""
        found: set[int] = set()
        if self._orders is None:
            return found
        for at, group in enumerate(groups):
            if not speaks_of_card and self._is_order(group.group()):
                found.add(at)
            before = _PREFIX.search(folded, max(0, group.start() - 10), group.start())
            written = before.group(1) if before else ""
            for length, part in enumerate(groups[at : at + _MOST_CARD_DIGITS] if before else (), start=1):
                written += part.group()
                if self._is_order(written):
                    found.update(range(at, at + length))
        return found

    def _is_order(self, written: str) -> bool:
        return self._orders is not None and self._orders.fullmatch(_NOT_PLAIN.sub("", written)) is not None


def _hidden(number: str) -> str:
    signs = [sign for sign in number if sign.isalnum()]
    return HIDDEN + "".join(signs[-_KEPT:]) if len(signs) > _KEPT else HIDDEN_CODE


def _folded(text: str) -> str:
    return "".join(map(_fold_one, text))


@lru_cache(maxsize=8192)
def _fold_one(sign: str) -> str:
    """Every script's digits as ours, half-width, lower case; one sign for one, so that places stay."""
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    normal = unicodedata.normalize("NFKC", sign).lower()
    return normal if len(normal) == 1 else sign


def _linked(folded: str) -> Iterator[list[re.Match[str]]]:
    """Groups of digits that could be one number, or several in a row."""
    groups: list[re.Match[str]] = []
    for group in _DIGITS.finditer(folded):
        if groups and not _LINK.fullmatch(folded, groups[-1].end(), group.start()):
            yield groups
            groups = []
        groups.append(group)
    if groups:
        yield groups


def _is_grouped_like_a_card(groups: _Groups, at: int, length: int, speaks_of_card: bool) -> bool:
    sizes = [len(group.group()) for group in groups[at : at + length]]
    if length == 1:
        return True
    if max(sizes) <= _SMALL:
        return not any(map(_is_small, groups[at + length : at + length + 1]))
    # Two phones of eight digits in a row have the length of a card.
    return max(sizes) <= 6 or sizes[0] == 6 or speaks_of_card


def _is_small(group: re.Match[str]) -> bool:
    return len(group.group()) <= _SMALL


def _is_part_of_a_code(folded: str, span: Span) -> bool:
    start, end = span
    before = _LETTERS_BEFORE.search(folded, max(0, start - 12), start)
    if before and len(before.group()) <= _CODE_LETTERS and before.group() not in _NO_PREFIX:
        return True
    after = _LETTERS_AFTER.match(folded, end)
    return after is not None and len(after.group()) <= 2


def _meets(span: Span, others: Iterable[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _is_hong_kong(found: re.Match[str]) -> bool:
    letters, digits, bracketed, bare = found.groups()
    if bare and len(letters) == 2 and not _HONG_KONG_PAIR.fullmatch(letters):
        return False
    return is_hong_kong_identity(letters + digits + (bracketed or bare))


def _bare(found: re.Match[str]) -> str:
    return _NOT_PLAIN.sub("", found.group())
