"""Cutting long text into pieces that a provider takes, at the ends of paragraphs and sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Where a piece may end, the best first: a paragraph, a line, a sentence, a clause, a word.
_ENDS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[。！？…!?]+[”’」』）)\"']*|\.(?=\s)"),
    re.compile(r"[，、；：,;:]"),
    re.compile(r"\s"),
)


def characters(text: str) -> int:
    """The size of a text in code points."""
    return len(text)


def utf16_units(text: str) -> int:
    """The size in UTF-16 code units, as JavaScript counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """The size in bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def split(text: str, limit: int, size: Callable[[str], int] = characters) -> list[str]:
    """The text in pieces of at most `limit`; nothing but white space is lost between them."""
    pieces: list[str] = []
    rest = text.strip()
    while rest:
        if size(rest) <= limit:
            pieces.append(rest)
            break
        longest = _longest_start(rest, limit, size)
        end = _best_end(rest, longest)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return pieces


def shorten(text: str, limit: int, size: Callable[[str], int] = characters) -> str:
    """The text, with its end replaced by … when it is too long."""
    if size(text) <= limit:
        return text
    return text[: _longest_start(text, limit - size("…"), size)].rstrip() + "…"


def _longest_start(text: str, limit: int, size: Callable[[str], int]) -> int:
    """How many characters from the start fit; at least one, and never half of one with its accents."""
    low, high = 1, min(len(text), max(1, limit))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    end = low
    while end > 1 and end < len(text) and _continues(text[end - 1], text[end]):
        end -= 1
    return end


def _continues(before: str, after: str) -> bool:
    joiner = "\u200d"
    return bool(unicodedata.combining(after)) or joiner in (before, after) or "\ufe00" <= after <= "\ufe0f"


def _best_end(text: str, longest: int) -> int:
    for end in _ENDS:
        # An end in the first third would leave a stump.
        found = [match.end() for match in end.finditer(text, 0, longest + 1) if longest // 3 < match.end() <= longest]
        if found:
            return found[-1]
    return longest
