"""Content: an article as JSON and back, by the same rules as its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import faq_kb
from faq_kb import Article, ArticleError, ContentRefused
from faq_kb.content import FIELDS, article_of, content_of, empty, normal
from faq_kb.loading import load_articles, parse_file

WHOLE = """\
category: {en: Delivery}
articles:
  - id: delivery-time
    question: {zh-HK: 幾耐?, en: How long?}
    asked_as: [when]
    not_asked_as: [where]
    answer: {en: "**Three** days."}
    short_answer: {en: 3 days.}
    keywords: [time]
    pins: [{exact: how long now}, {contains: 幾耐}, {pattern: 'when.*arrive'}]
    related: [delivery-fee]
    links: [{label: Map, url: /map}]
    image: /help/images/a.png
    valid_from: 2025-01-01
    valid_until: 2025-12-31
    channels: [widget]
    audience: [guest]
"""


def again(article: Article) -> Article:
    content = json.loads(json.dumps(content_of(article)))
    return article_of(content, article.id, article.category, article.category_name, article.source, article.line)


def test_every_field_survives_the_way_to_json_and_back() -> None:
    (article,) = parse_file(WHOLE.encode(), "faq_kb/articles/delivery.yml").articles
    assert all(content_of(article)[field] for field in FIELDS)
    assert again(article) == article


def test_every_shipped_article_survives_it() -> None:
    for article in load_articles(Path(faq_kb.__file__).parent / "articles"):
        assert again(article) == article


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("question", {}, ("question", "missing")),
        ("question", {"en": "a" * 301}, ("question.en", "too_long")),
        ("answer", {"en": " "}, ("answer", "missing")),
        ("related", ["../x"], ("related", "bad_id")),
        ("image", "javascript:alert(1)", ("image", "bad_address")),
        ("links", [{"label": {"en": "x"}, "url": "data:text/html,x"}], ("url", "bad_address")),
        ("valid_from", "tomorrow", ("valid_from", "bad_date")),
        ("pins", [{"pattern": "("}], ("pins.pattern", "bad_pattern")),
        ("audience", ["all"], ("audience", "bad_audience")),
        ("asked_as", ["a"] * 2 + [str(n) for n in range(500)], ("asked_as", "too_many")),
    ],
)
def test_content_is_judged_like_a_file(field: str, value: Any, expected: tuple[str, str]) -> None:
    content = {**empty(), "question": {"en": "When?"}, "answer": {"en": "Soon."}, field: value}
    with pytest.raises(ArticleError) as refused:
        article_of(content, "delivery-time", "delivery")
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [expected]


@pytest.mark.parametrize("article_id", ["", "../etc/passwd", "Delivery", "a" * 81])
def test_an_id_is_an_id(article_id: str) -> None:
    content = {**empty(), "question": {"en": "When?"}, "answer": {"en": "Soon."}}
    for id, category in ((article_id, "delivery"), ("delivery-time", article_id)):
        with pytest.raises(ArticleError):
            article_of(content, id, category)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {"colour": "red"},
        {"question": "When?"},
        {"question": {"fr": "Quand?"}},
        {"question": {"en": 1}},
        {"asked_as": "when"},
        {"asked_as": [["deep"]]},
        {"answer": {"en": "\x00"}},
        {"answer": {"en": "\ud800"}},
        {"answer": {"en": "a" * 500_000}},
        {"links": [{"url": "/x"}]},
        {"pins": [{"exact": "a", "contains": "b"}]},
        {"image": 1},
    ],
)
def test_what_is_no_content_is_refused(content: Any) -> None:
    with pytest.raises(ContentRefused):
        normal(content)


def test_a_missing_field_is_an_empty_one() -> None:
    article = article_of({"question": {"en": "When?"}, "answer": {"en": "Soon."}}, "when", "delivery")
    assert content_of(article) == {**empty(), "question": {"en": "When?"}, "answer": {"en": "Soon."}}
