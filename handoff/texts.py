"""What the platform says in its own name, in the customer's language. The words stand in `texts.yml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from faq_kb import quick_yaml

LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")
FALLBACKS = {
    "zh-HK": ("zh-HK", "zh-TW", "zh-CN", "en"),
    "zh-TW": ("zh-TW", "zh-HK", "zh-CN", "en"),
    "zh-CN": ("zh-CN", "zh-TW", "zh-HK", "en"),
    "en": ("en", "zh-HK", "zh-TW", "zh-CN"),
}


@lru_cache(maxsize=1)
def catalogue() -> dict[str, dict[str, list[str]]]:
    """Every text: name, locale, variants."""
    loaded: dict[str, dict[str, list[str]]] = quick_yaml.read(
        (Path(__file__).parent / "texts.yml").read_text(encoding="utf-8")
    )
    return loaded


def say(key: str, language: str, /, *, unlike: str | None = None, **values: Any) -> str:
    """The text `key` with its values filled in; a variant other than `unlike`, the last thing said, if there is one."""
    texts = [variant.format(**values) for variant in variants(key, language)]
    return next((text for text in texts if text != unlike), texts[0])


def say_after(opening: str | None, key: str, language: str, /, *, unlike: str | None = None, **values: Any) -> str:
    """The text `key`, after the text `opening` where there is one; together other than `unlike`, if they can be."""
    if opening is None:
        return say(key, language, unlike=unlike, **values)
    lines = [variant.format(**values) for variant in variants(key, language)]
    texts = [first + line for first in variants(opening, language) for line in lines]
    return next((text for text in texts if text != unlike), texts[0])


def variants(name: str, language: str) -> list[str]:
    """All variants of a text in the first locale of the fallback chain that has it."""
    by_locale = catalogue()[name]
    for locale in FALLBACKS.get(language, LOCALES):
        if by_locale.get(locale):
            return by_locale[locale]
    raise KeyError(name)
