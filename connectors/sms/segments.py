"""How many SMS a text is. Operators charge, and phones put together, by segments of 140 octets.

GSM 03.38 (3GPP TS 23.038) packs 160 characters of its alphabet into one, or 153 where several belong together; a text
with any other character goes as UCS-2, 70 or 67 units of 16 bits. Nothing that takes two is cut in half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and a character
# More than this is not put together again on some phones, and Twilio takes no more characters than ten hold.
MOST_SEGMENTS = 10
MOST_CHARACTERS = 1600


@dataclass(frozen=True)
class Segments:
    """What a text costs."""

    encoding: str  # GSM-7 or UCS-2
    count: int


def segments(text: str) -> Segments:
    """The segments of a text; one for an empty text."""
    if all(one in _BASIC or one in _EXTENDED for one in text):
        return Segments("GSM-7", _filled([2 if one in _EXTENDED else 1 for one in text], 160, 153))
    return Segments("UCS-2", _filled([2 if ord(one) > 0xFFFF else 1 for one in text], 70, 67))


def size_in(most: int) -> Callable[[str], int]:
    """How to measure a text so that MOST_CHARACTERS is also the size of `most` segments."""
    each = MOST_CHARACTERS // most

    def size(text: str) -> int:
        return max(len(text.encode("utf-16-le", "surrogatepass")) // 2, segments(text).count * each)

    return size


def _filled(widths: list[int], alone: int, together: int) -> int:
    if sum(widths) <= alone:
        return 1
    return sum(1 for _ in _starts(widths, together))


def _starts(widths: list[int], room: int) -> Iterator[int]:
    """Where each segment begins."""
    left = 0
    for at, width in enumerate(widths):
        if width > left:
            left = room
            yield at
        left -= width
