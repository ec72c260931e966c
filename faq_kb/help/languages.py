"""The languages the help pages are written in, and which of them a reader's browser asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from faq_kb.articles import FALLBACKS, LOCALES

NAMES = {"zh-HK": "繁體中文（香港）", "zh-TW": "繁體中文（台灣）", "zh-CN": "简体中文", "en": "English"}
# A browser sends a handful of tags; the rest of a longer header is not read.
MAX_HEADER_CHARACTERS = 500
_PART = re.compile(r"[a-z0-9]{1,8}")


def wanted(accept_language: str, default: str) -> str:
    """The locale nearest to an Accept-Language header."""
    wishes: list[tuple[float, int, str]] = []
    for part in accept_language[:MAX_HEADER_CHARACTERS].split(","):
        tag, _, weight = part.partition(";")
        found = nearest(tag, default)
        if found and (quality := _quality(weight)) > 0:
            wishes.append((-quality, len(wishes), found))
    return min(wishes)[2] if wishes else default


def nearest(tag: str, default: str = "zh-HK") -> str | None:
    """One of ours for a language tag, however it is spelt: zh-hant-tw, ZH_HK, en-GB; None for other languages."""
    parts = tag.strip().replace("_", "-").lower().split("-")
    if not all(_PART.fullmatch(part) for part in parts):
        return None
    if parts[0] == "en":
        return "en"
    if parts[0] not in ("zh", "yue"):
        return None
    if "tw" in parts:
        return "zh-TW"
    if {"hk", "mo"} & set(parts) or parts[0] == "yue":
        return "zh-HK"
    if "hant" in parts:
        return default if default in ("zh-HK", "zh-TW") else "zh-HK"
    return "zh-CN"


def shown_in(texts: Mapping[str, str], locale: str) -> str:
    """The language in which a reader of ``locale`` gets this text."""
    return next((candidate for candidate in FALLBACKS[locale] if candidate in texts), locale)


def written_in(*texts: Mapping[str, str]) -> tuple[str, ...]:
    """The locales in which somebody has written all of these."""
    return tuple(locale for locale in LOCALES if all(locale in one for one in texts))


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    try:
        return min(1.0, max(0.0, float(value))) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
