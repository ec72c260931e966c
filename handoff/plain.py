"""Text that every database can store and every terminal can show: no control characters, no half of a character."""

from __future__ import annotations

import re

# Line feed and tab stay. PostgreSQL stores no NUL, and no encoder takes a lone surrogate.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """The text without them; line breaks as LF."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def is_plain(text: str) -> bool:
    """Whether there are none in the text."""
    return _UNPRINTABLE.search(text) is None
