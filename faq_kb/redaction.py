"""Taking out of a customer's words what names a person: what is left may be kept and shown to editors.

Rather a number too many than one too few: nobody needs the number to write an article.
"""

from __future__ import annotations

import re

# What Chinese input methods write for the same letters, digits and signs.
_TO_NARROW = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_TO_NARROW |= {
    0xFF20: ord("@"),
    0xFF0B: ord("+"),
    0xFF0D: ord("-"),
    0xFF0E: ord("."),
    0xFF08: ord("("),
    0xFF09: ord(")"),
}

# Chinese stands beside them without a space, so a letter ends only where no other ASCII letter or digit follows.
_AWAY = r"(?<![A-Za-z0-9])"
_END = r"(?![A-Za-z0-9])"
# In this order: an address is taken before its digits, a card before what could be a phone number inside it.
_PATTERNS = (
    ("[e-mail]", r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"),
    ("[order]", _AWAY + r"HG[ -]?\d{6,12}" + _END),
    ("[id]", _AWAY + r"\d{17}[\dX]" + _END),  # mainland China
    ("[card]", _AWAY + r"\d(?:[ -]?\d){12,18}(?!\d)"),
    ("[id]", _AWAY + r"[A-Z][12]\d{8}" + _END),  # Taiwan
    ("[id]", _AWAY + r"[A-Z]{1,2}\d{6} ?\([\dA]\)"),  # Hong Kong
    ("[id]", _AWAY + r"[A-Z]{1,2}\d{6}[\dA]?" + _END),
    ("[order]", _AWAY + r"[A-Z]{2,4}[ -]?\d{6,14}" + _END),  # parcels too
    ("[phone]", r"[+(]?\d(?:[ ().-]{0,2}\d){6,14}(?!\d)"),
)
_COMPILED = [(name, re.compile(pattern, re.ASCII | re.IGNORECASE)) for name, pattern in _PATTERNS]


def redact(text: str) -> str:
    """The text with e-mail addresses and the numbers of phones, cards, identity papers and orders taken out."""
    narrow = text.translate(_TO_NARROW)
    redacted = narrow
    for name, pattern in _COMPILED:
        redacted = pattern.sub(name, redacted)
    # What names nobody stays as it was written.
    return text if redacted == narrow else redacted
