"""The records of the knowledge base: an article and what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")

# Whom a reader understands best when nobody has written in their own variant.
FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "zh-HK": ("zh-HK", "zh-TW", "zh-CN", "en"),
    "zh-TW": ("zh-TW", "zh-HK", "zh-CN", "en"),
    "zh-CN": ("zh-CN", "zh-TW", "zh-HK", "en"),
    "en": ("en", "zh-HK", "zh-TW", "zh-CN"),
}


def in_locale(texts: Mapping[str, str], locale: str) -> str:
    """The text a reader of ``locale`` gets; an unknown locale reads like English. Empty when there is none."""
    for candidate in FALLBACKS.get(locale, FALLBACKS["en"]):
        if candidate in texts:
            return texts[candidate]
    return ""


@dataclass(frozen=True)
class Link:
    label: Mapping[str, str]
    url: str

    def label_in(self, locale: str) -> str:
        return in_locale(self.label, locale) or self.url


@dataclass(frozen=True)
class Article:
    """One thing the shop can explain, as it stands in its file."""

    id: str
    category: str
    question: Mapping[str, str]
    answer: Mapping[str, str]
    category_name: Mapping[str, str] = field(default_factory=dict)
    asked_as: tuple[str, ...] = ()
    not_asked_as: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    image: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None  # the last day on which it is true
    source: str = ""
    line: int = 0

    def question_in(self, locale: str) -> str:
        return in_locale(self.question, locale)

    def answer_in(self, locale: str) -> str:
        return in_locale(self.answer, locale)

    def category_in(self, locale: str) -> str:
        return in_locale(self.category_name, locale) or self.category

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Every way this article is asked for, each once, the written questions first."""
        return tuple(dict.fromkeys((*self.question.values(), *self.asked_as)))


@dataclass(frozen=True)
class Category:
    """The articles of one file, as a customer browses them."""

    id: str
    name: str
    articles: tuple[Article, ...]
