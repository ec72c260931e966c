"""An article's content as JSON: what drafts and revisions keep, pages send, and files hold. The id stands outside."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from faq_kb.articles import LOCALES, PIN_KINDS, Article
from faq_kb.loading import article_of_nodes
from faq_kb.nodes import List, Map, Node, Text
from faq_kb.problems import Problem

Content = dict[str, Any]

# In the order in which a file shows them, by the kind of value each holds.
FIELDS: Mapping[str, str] = {
    "question": "texts",
    "asked_as": "list",
    "not_asked_as": "list",
    "keywords": "list",
    "pins": "pins",
    "answer": "texts",
    "short_answer": "texts",
    "related": "list",
    "links": "links",
    "image": "text",
    "valid_from": "text",
    "valid_until": "text",
    "channels": "list",
    "audience": "list",
}
# More than any file may hold; what is longer is no article and is not kept as a draft either.
MAX_CONTENT_BYTES = 400_000

_EMPTY: Mapping[str, Any] = {"texts": {}, "list": [], "pins": [], "links": [], "text": None}


class ContentRefused(Exception):
    """This is no content of an article."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in problems[:3]))


def content_of(article: Article) -> Content:
    """The whole content of a loaded article."""
    return {
        **empty(),
        "question": dict(article.question),
        "asked_as": list(article.asked_as),
        "not_asked_as": list(article.not_asked_as),
        "keywords": list(article.keywords),
        "answer": dict(article.answer),
        "short_answer": dict(article.short_answer),
        "pins": [{pin.kind: pin.text} for pin in article.pins],
        "related": list(article.related),
        "links": [{"label": dict(link.label), "url": link.url} for link in article.links],
        "image": article.image,
        "valid_from": article.valid_from.isoformat() if article.valid_from else None,
        "valid_until": article.valid_until.isoformat() if article.valid_until else None,
        "channels": list(article.channels),
        "audience": list(article.audience),
    }


def article_of(
    content: Content,
    article_id: str,
    category: str,
    category_name: Mapping[str, str] | None = None,
    source: str = "",
    line: int = 0,
) -> Article:
    """The article that this content makes, read by the same rules as a file.

    Raises ``ArticleError`` with every problem, and ``ContentRefused`` for what has no such shape.
    """
    values = {name: value for name, value in normal(content).items() if value}
    return article_of_nodes(_node({"id": article_id, **values}, line), category, category_name or {}, source)


def _node(value: Any, line: int) -> Node:
    if isinstance(value, Mapping):
        return Map({name: _node(one, line) for name, one in value.items()}, dict.fromkeys(value, line), line)
    if isinstance(value, list):
        return List(tuple(_node(one, line) for one in value), line)
    return Text(value, line)


def empty() -> Content:
    """The content of an article nobody has written anything for."""
    return {name: json.loads(json.dumps(_EMPTY[kind])) for name, kind in FIELDS.items()}


def version_of(content: Content | None) -> str:
    """A short digest: the same for the same content, however it was come by."""
    if content is None:
        return ""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def normal(given: object) -> Content:
    """Content as the files would hold it: every field, trimmed texts, nothing empty, nothing twice in a list.

    Raises ``ContentRefused`` for what has no such shape. Whether it is *good* is told by reading the written file.
    """
    if not isinstance(given, Mapping):
        raise ContentRefused([Problem("", 0, "", "expected the content of an article", "bad_shape")])
    problems: list[Problem] = []
    content = empty()
    for name, value in given.items():
        kind = FIELDS.get(name)
        if kind is None:
            problems.append(Problem("", 0, str(name)[:80], f"expected one of {', '.join(FIELDS)}", "unknown_field"))
            continue
        try:
            content[name] = _NORMAL[kind](value)
        except ValueError as exc:
            problems.append(Problem("", 0, name, f"expected {exc}", "bad_shape"))
    if not problems and len(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")) > MAX_CONTENT_BYTES:
        problems.append(Problem("", 0, "", f"expected at most {MAX_CONTENT_BYTES:,} bytes", "too_long"))
    if problems:
        raise ContentRefused(problems)
    return content


def _text(value: object) -> str:
    """One text, as a file can hold it: a lone half of a surrogate pair or a control character is in none."""
    if not isinstance(value, str):
        raise ValueError("a text")
    text = re.sub("\r\n?|[\u2028\u2029]", "\n", value).strip()
    if any((ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in text):
        raise ValueError("a text without control characters")
    return text


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value) or None


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or any(locale not in LOCALES for locale in value):
        raise ValueError("texts by locale, like {zh-HK: ..., en: ...}")
    trimmed = {locale: _text(value[locale]) for locale in LOCALES if locale in value}
    return {locale: text for locale, text in trimmed.items() if text}


def _list(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a list of texts")
    return list(dict.fromkeys(text for text in map(_text, value) if text))


def _links(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(
        isinstance(one, Mapping) and set(one) == {"label", "url"} for one in value
    ):
        raise ValueError("a list of {label, url}")
    return [{"label": _texts(one["label"]), "url": _text(one["url"])} for one in value]


def _pins(value: object) -> list[dict[str, str]]:
    if not isinstance(value, list) or not all(
        isinstance(one, Mapping) and len(one) == 1 and next(iter(one)) in PIN_KINDS for one in value
    ):
        raise ValueError(f"a list of pins, each one of {', '.join(PIN_KINDS)}")
    pins = [{kind: _text(text)} for one in value for kind, text in one.items()]
    return [pin for position, pin in enumerate(pins) if all(pin.values()) and pin not in pins[:position]]


_NORMAL = {"texts": _texts, "list": _list, "links": _links, "pins": _pins, "text": _optional_text}
