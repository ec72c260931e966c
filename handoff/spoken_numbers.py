"""Phone numbers as callers say them or key them in: digits, Chinese numerals, English words."""

from __future__ import annotations

import re
import unicodedata

_CHINESE = {ord(sign): str("零一二三四五六七八九".index(sign)) for sign in "零一二三四五六七八九"}
_CHINESE.update({ord("〇"): "0", ord("幺"): "1", ord("两"): "2", ord("兩"): "2"})
_ENGLISH = {"zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4}
_ENGLISH.update({"five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9})
_WORD = re.compile(r"[a-z]+")
_GAPS = re.compile(r"(?<=[0-9+])[\s,，、.。()-]+(?=[0-9])")
_NUMBER = re.compile(r"\+?[0-9]{8,15}")


def number_in(said: str) -> str | None:
    """The longest row of digits that is long enough for a phone number; None where there is none."""
    folded = unicodedata.normalize("NFKC", said).lower().translate(_CHINESE)
    folded = _WORD.sub(lambda word: str(_ENGLISH.get(word[0], word[0])), folded)
    return max(_NUMBER.findall(_GAPS.sub("", folded)), key=len, default=None)
