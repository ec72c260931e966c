"""Blanks in a text, `{customer.name}`: which there are, filling them in, and finding the ones that were left.

A canned reply may also take another one in, `{/hours}`; that is `canned_replies.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NAMES = (
    "customer.name",
    "order.number",
    "order.status",
    "parcel.number",
    "parcel.carrier",
    "case.number",
    "agent.name",
)
# As an input method for Chinese writes them too.
_ANY = re.compile(r"[{｛]\s{0,3}(/?[^\s{}｛｝][^{}｛｝\n]{0,60}?)\s{0,3}[}｝]")
_NAME = re.compile(r"\{(" + "|".join(map(re.escape, NAMES)) + r")\}")


def tidied(text: str) -> str:
    """The text with its braces written one way: ｛ order.number ｝ becomes {order.number}."""
    return _ANY.sub(lambda found: "{" + found[1].replace("．", ".").replace("／", "/").lower() + "}", text)


def braces_in(text: str) -> list[str]:
    """What stands in braces in a tidied text, each once, in order."""
    return list(dict.fromkeys(found[1] for found in _ANY.finditer(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the blanks filled in for which there is a value; the others stay as they are."""
    return _NAME.sub(lambda found: values.get(found[1]) or found[0], text)


def left_in(text: str) -> list[str]:
    """The blanks that still stand in a text, however their braces are written; each once, in order."""
    return [one for one in braces_in(tidied(text)) if one in NAMES or one.startswith("/")]
