"""What the words of an answer may give away: another region's vocabulary or script, promises, length, broken links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import opencc

from faq_kb import quick_yaml
from faq_kb.articles import Article
from faq_kb.markup import plain, refused_links
from faq_kb.problems import Level, Problem

# An answer is read in a chat window, on a phone.
MAX_READING_CHARACTERS: Mapping[str, int] = {"zh-HK": 250, "zh-TW": 250, "zh-CN": 250, "en": 700}

_CHINESE = ("zh-HK", "zh-TW", "zh-CN")
_HAN = re.compile(r"[\u4e00-\u9fff]")
# Quoted is what somebody else calls a thing: a button of an app, a product.
_QUOTED = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”|\"[^\"]*\"|《[^《》]*》")


def wording(article: Article) -> Iterator[Problem]:
    """All doubts about the texts that customers read in one article."""
    yield from _wording(article)
    for locale, text in article.answer.items():
        limit, length = MAX_READING_CHARACTERS[locale], len(plain(text))
        if length > limit:
            message = f"expected at most {limit} characters to read, found {length}"
            yield _doubt(article, f"answer.{locale}", message, "long_to_read", limit=limit, count=length)


def _wording(article: Article) -> Iterator[Problem]:
    for field, texts in _texts(article):
        for locale, text in texts.items():
            where = f"{field}.{locale}"
            for word, better in foreign_words(text, locale):
                here = " / ".join(better)
                if better:
                    message = f"expected a word of this region, {word!r} is said elsewhere; here {here}"
                    yield _doubt(article, where, message, "foreign_word", found=word, better=here)
                else:
                    message = f"expected a word of this region, {word!r} is Cantonese"
                    yield _doubt(article, where, message, "cantonese_word", found=word)
            wrong = wrong_script(text, locale)
            if wrong:
                message = f"expected the script of {locale}, found {wrong}"
                yield _doubt(article, where, message, "wrong_script", found=wrong, locale=locale)
            for promise in promises(text, locale):
                yield _doubt(article, where, f"expected no promise, found {promise!r}", "promise", found=promise)
            for url in refused_links(text) if field.endswith("answer") else ():
                message = f"expected https://..., mailto:..., tel:... or a /path in a link, found {url!r}"
                yield _doubt(article, where, message, "unsafe_link", found=url)


def _texts(article: Article) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "question", article.question
    yield "answer", article.answer
    yield "short_answer", article.short_answer
    for link in article.links:
        if len(set(link.label.values())) > 1:
            yield "links.label", link.label


def _doubt(article: Article, field: str, message: str, code: str, **params: str | int) -> Problem:
    return Problem(
        article.source,
        article.line,
        field,
        f"{article.id}: {message}",
        code,
        Level.WARNING,
        {"id": article.id, **params},
    )


# -- regions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    """The words that only other regions use, in simplified script, each with what this region says."""

    better: Mapping[str, tuple[str, ...]]
    kept: tuple[str, ...]  # expressions in which they are no such word, longest first
    pattern: re.Pattern[str]


def foreign_words(text: str, locale: str) -> list[tuple[str, tuple[str, ...]]]:
    """Words of ``text`` that belong to other regions, and what is said in this one instead."""
    if locale not in _CHINESE:
        return []
    words = _words_for(locale)
    shown = _QUOTED.sub(lambda quoted: "\n" * len(quoted.group()), text)
    simple = _simplified(shown)
    for kept in words.kept:
        simple = simple.replace(kept, "\n" * len(kept))
    found: dict[str, tuple[str, ...]] = {}
    for match in words.pattern.finditer(simple):
        # The conversion keeps the length of nearly all texts; where it does not, the word is told in simplified.
        written = shown[match.start() : match.end()] if len(simple) == len(shown) else match.group()
        found[written] = words.better[match.group()]
    return list(found.items())


@lru_cache(maxsize=4)
def _words_for(locale: str) -> _Words:
    file = _shipped("regional_words.yml")
    better: dict[str, tuple[str, ...]] = {}
    kept = [str(name) for name in file["names"]]
    own = {_simplified(str(word)) for row in file["rows"] for word in row[locale]}
    for row in file["rows"]:
        kept += [str(text) for text in row.get("unless", ())]
        for other in _CHINESE:
            for word in map(str, row[other]):
                simple = _simplified(word)
                # One character is part of too many words, and Latin ones are names.
                if other != locale and simple not in own and len(word) > 1 and _HAN.match(word):
                    better.setdefault(simple, tuple(map(str, row[locale])))
    if locale != "zh-HK":
        better.update({_simplified(str(word)): () for word in file["cantonese"] if _simplified(str(word)) not in own})
    simple_kept = {_simplified(text) for text in kept} | {word for word in own if any(one in word for one in better)}
    pattern = re.compile("|".join(map(re.escape, sorted(better, key=len, reverse=True))))
    return _Words(better, tuple(sorted(simple_kept, key=len, reverse=True)), pattern)


def wrong_script(text: str, locale: str) -> str:
    """The characters of ``text`` that are not written in this region, as far as its own character set can tell."""
    encoding = {"zh-HK": "big5hkscs", "zh-TW": "big5", "zh-CN": "gbk"}.get(locale)
    if encoding is None:
        return ""
    shown = _QUOTED.sub("", text)
    return "".join(dict.fromkeys(c for c in _HAN.findall(shown) if not _written_in(c, encoding)))


def _written_in(character: str, encoding: str) -> bool:
    if encoding == "gbk":
        # GBK holds both scripts; what a conversion changes is traditional.
        return _simplified(character) == character
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    # The Hong Kong set holds some simplified characters for names.
    return encoding == "big5" or not _only_simplified(character)


def _only_simplified(character: str) -> bool:
    try:
        character.encode("big5")
    except UnicodeEncodeError:
        return _traditional(character) != character
    return False


# -- promises ----------------------------------------------------------------------------------------------------


def promises(text: str, locale: str) -> list[str]:
    """Words in the text by which a shop promises what it should not."""
    listed = _shipped("promises.yml").get(locale) or {}
    lowered = plain(text).lower()
    for kept in sorted(map(str, listed.get("unless", ())), key=len, reverse=True):
        lowered = lowered.replace(kept.lower(), "\n")
    return [str(phrase) for phrase in listed.get("phrases", ()) if _holds(lowered, str(phrase).lower())]


def _holds(text: str, phrase: str) -> bool:
    if not phrase[0].isascii():
        return phrase in text
    # A Latin word stands there whole.
    return re.search(rf"(?<![a-z0-9]){re.escape(phrase)}(?![a-z0-9])", text) is not None


# -- the files ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _shipped(name: str) -> Mapping[str, Any]:
    read = quick_yaml.read(resources.files("faq_kb").joinpath(name).read_text(encoding="utf-8"))
    return dict(read)


@lru_cache(maxsize=2)
def _converter(name: str) -> Any:
    return opencc.OpenCC(name)


def _simplified(text: str) -> str:
    return str(_converter("t2s").convert(text))


def _traditional(text: str) -> str:
    return str(_converter("s2t").convert(text))


def scripts_of(phrases: Iterable[str]) -> set[str]:
    """Which kinds of writing some phrasings cover: ``en``, ``hant`` and ``hans``; what both scripts share is both."""
    found: set[str] = set()
    for phrase in phrases:
        if not _HAN.search(phrase):
            found.add("en")
            continue
        is_traditional, is_simplified = _simplified(phrase) != phrase, _traditional(phrase) != phrase
        if is_traditional or not is_simplified:
            found.add("hant")
        if is_simplified or not is_traditional:
            found.add("hans")
    return found
