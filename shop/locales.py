"""The four languages of the shop's own texts, and what is read when one of them is missing."""

from __future__ import annotations

from collections.abc import Mapping

LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")

# What a reader of the first understands next best. Texts are never converted from one to another.
FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "zh-HK": ("zh-HK", "zh-TW", "zh-CN", "en"),
    "zh-TW": ("zh-TW", "zh-HK", "zh-CN", "en"),
    "zh-CN": ("zh-CN", "zh-TW", "zh-HK", "en"),
    "en": ("en", "zh-HK", "zh-TW", "zh-CN"),
}


def text_in(texts: Mapping[str, str], locale: str) -> str:
    """The text for a reader of `locale`; an unknown locale reads English; empty when there is no text at all."""
    for candidate in FALLBACKS.get(locale, FALLBACKS["en"]):
        if texts.get(candidate):
            return texts[candidate]
    return ""


def in_four(hk: str, tw: str, cn: str, en: str) -> dict[str, str]:
    """One text in the order of `LOCALES`."""
    return dict(zip(LOCALES, (hk, tw, cn, en), strict=True))
