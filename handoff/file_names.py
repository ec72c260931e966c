"""Names of files as strangers give them, made fit to be shown, saved and sent in a header."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from handoff.plain import plain

MAX_CHARS = 120
# They turn the order of letters round, so that fdp.exe reads as exe.pdf, or cannot be seen at all.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_NEVER_IN_A_NAME = re.compile(r'[\\/:*?"<>|\t\n]')
_COMBINING_RUN = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)


def safe_name(given: str) -> str:
    """The last part of a path without what hides, moves or breaks; empty when nothing is left of it."""
    last = re.split(r"[\\/]", given)[-1]
    name = _INVISIBLE.sub("", plain(unicodedata.normalize("NFC", last)))
    name = _COMBINING_RUN.sub(r"\1", _NEVER_IN_A_NAME.sub(" ", name))
    name = " ".join(name.split()).strip(". ")
    if len(name) <= MAX_CHARS:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 8:
        return name[:MAX_CHARS].rstrip()
    return f"{stem[: MAX_CHARS - len(ending) - 1].rstrip()}.{ending}"


def disposition(name: str, inline: bool) -> str:
    """The value of Content-Disposition for this name (RFC 6266): for old programs in ASCII, for all others as it is."""
    plain_name = re.sub(r"[^A-Za-z0-9._ -]", "_", unicodedata.normalize("NFKD", name)).strip() or "file"
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name, safe='')}"
