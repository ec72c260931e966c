"""The records of the knowledge base: an article and what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")
PIN_KINDS = ("exact", "contains", "pattern")
AUDIENCES = ("guest", "signed_in")
# Channels whose messages are paid by length and cut by it.
SHORT_CHANNELS = frozenset({"twilio", "sms"})

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
class Pin:
    """What always leads to an article: a whole sentence, a part of one, or a regular expression."""

    kind: str  # one of PIN_KINDS
    text: str


@dataclass(frozen=True)
class Reader:
    """Who reads, as far as it decides what they may see."""

    channel: str | None = None
    signed_in: bool = False


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
    short_answer: Mapping[str, str] = field(default_factory=dict)
    pins: tuple[Pin, ...] = ()
    channels: tuple[str, ...] = ()  # only there; empty: everywhere
    audience: tuple[str, ...] = ()  # only for these of AUDIENCES; empty: for everybody
    source: str = ""
    line: int = 0

    def question_in(self, locale: str) -> str:
        return in_locale(self.question, locale)

    def answer_in(self, locale: str) -> str:
        return in_locale(self.answer, locale)

    def answer_on(self, channel: str | None, locale: str) -> str:
        """What is said on a channel: where messages are short, the short text of this locale if there is one."""
        short = self.short_answer.get(locale) if channel in SHORT_CHANNELS else None
        return short or self.answer_in(locale)

    def category_in(self, locale: str) -> str:
        return in_locale(self.category_name, locale) or self.category

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def is_for(self, reader: Reader) -> bool:
        if self.channels and reader.channel not in self.channels:
            return False
        return not self.audience or ("signed_in" if reader.signed_in else "guest") in self.audience

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Every way this article is asked for, each once, the written questions first."""
        return tuple(dict.fromkeys((*self.question.values(), *self.asked_as)))


@dataclass(frozen=True)
class Heading:
    """What a file says of its category. The category of ``parent`` holds it; without one it stands at the top."""

    id: str
    name: Mapping[str, str]
    parent: str | None = None
    source: str = ""
    line: int = 0  # where the parent is named

    def name_in(self, locale: str) -> str:
        return in_locale(self.name, locale) or self.id


@dataclass(frozen=True)
class Category:
    """The articles of one file and the categories below it, as a customer browses them."""

    id: str
    name: str
    articles: tuple[Article, ...]
    children: tuple[Category, ...] = ()
    parent: str | None = None
