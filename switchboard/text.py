"""What customers type, made safe to store and to pass on without changing what it says."""

from __future__ import annotations

import re
import unicodedata

from handoff.plain import plain

# Everything that Rasa, or a future Rasa, could take for the slash of a command.
_SLASHES = {"/", "\uff0f", "\u2044", "\u2215", "\u29f8", "\u2571"}
# Zero-width and direction marks: kept inside a text (emoji joiners, Arabic), skipped when looking for its first sign.
_INVISIBLE = {"Cf", "Zs", "Zl", "Zp", "Cc", "Mn", "Me"}
MAX_COMBINING_RUN = 6
_COMBINING = "[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_COMBINING_RUN = re.compile(f"({_COMBINING}{{{MAX_COMBINING_RUN}}}){_COMBINING}+")


def clean(text: str) -> str:
    """The text without control characters, lone surrogates and towers of combining marks; line breaks as LF."""
    return _COMBINING_RUN.sub(r"\1", plain(text)).strip()


def is_blank(text: str) -> bool:
    """Whether nothing in the text can be seen."""
    return all(unicodedata.category(sign) in _INVISIBLE for sign in text)


def harmless(text: str) -> str:
    """The text as the bot may read it: a leading slash becomes a full-width one, which Rasa does not obey.

    Rasa reads a message that begins with `/` as an intent with confidence 1.0 (`/restart` wipes a conversation), so
    typed text must never begin with one, also not behind spaces or zero-width characters.
    """
    for index, sign in enumerate(text):
        if unicodedata.category(sign) in _INVISIBLE:
            continue
        if sign in _SLASHES or unicodedata.normalize("NFKC", sign).startswith("/"):
            return "\uff0f" + text[index + 1 :].lstrip("/")
        return text
    return text
