"""Article files: what is read, and what each broken file is told."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from faq_kb import ArticleError, KnowledgeBase, Pin, Reader, load_articles
from faq_kb.loading import parse_file

HEAD = "category: {en: Delivery}\narticles:\n"
ARTICLE = "  - id: delivery-time\n    question: {en: When?}\n    answer: {en: Soon.}\n"


def problems_of(content: str | bytes) -> list[tuple[int, str, str]]:
    encoded = content if isinstance(content, bytes) else content.encode()
    file = parse_file(encoded, "faq_kb/articles/delivery.yml")
    assert not (file.articles and file.problems), "a broken file gives no articles"
    assert all(problem.message_in("zh-TW") != problem.message for problem in file.problems), "said in every language"
    return [(problem.line, problem.field, problem.code) for problem in file.problems]


def test_an_article_keeps_what_was_written_and_where(folder: Path) -> None:
    articles = {article.id: article for article in load_articles(folder)}
    fee = articles["delivery-fee"]
    assert (fee.source, fee.line, fee.category) == ("faq_kb/articles/delivery.yml", 8, "delivery")
    assert fee.question["zh-HK"] == "運費幾多?"
    assert fee.asked_as == ("送貨收幾錢", "free shipping")
    assert fee.category_in("zh-TW") == "配送"


def test_a_locale_nobody_wrote_falls_back_to_the_nearest() -> None:
    written = HEAD + "  - id: a\n    question: {zh-TW: 台, zh-CN: 大, en: E}\n    answer: {zh-CN: 大, en: E}\n"
    (article,) = parse_file(written.encode(), "x.yml").articles
    assert [article.question_in(locale) for locale in ("zh-HK", "zh-TW", "zh-CN", "en")] == ["台", "台", "大", "E"]
    assert [article.answer_in(locale) for locale in ("zh-HK", "zh-TW", "zh-CN", "en", "fr")] == [
        "大",
        "大",
        "大",
        "E",
        "E",
    ]


def test_optional_fields_are_read() -> None:
    extra = (
        "    keywords: [slow, no]\n"
        "    links: [{label: Map, url: 'https://shop.example/map'}, {label: {en: Us}, url: /us}]\n"
        "    image: /images/map.png\n    valid_from: 2025-01-01\n    valid_until: 2025-12-31\n"
    )
    (article,) = parse_file((HEAD + ARTICLE + extra).encode(), "x.yml").articles
    assert article.keywords == ("slow", "no")
    assert [(link.label_in("zh-HK"), link.url) for link in article.links] == [
        ("Map", "https://shop.example/map"),
        ("Us", "/us"),
    ]
    assert (article.valid_from, article.valid_until) == (date(2025, 1, 1), date(2025, 12, 31))
    assert article.is_valid_on(date(2025, 12, 31))
    assert not article.is_valid_on(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", (1, "", "empty")),
        ("just text", (1, "", "bad_shape")),
        (HEAD + ARTICLE + "---\na: b\n", (6, "", "many_documents")),
        (HEAD + ARTICLE + "    colour: red\n", (6, "colour", "unknown_field")),
        ("title: x\n" + HEAD + ARTICLE, (1, "title", "unknown_field")),
        (HEAD + ARTICLE.replace("{en: When?}", "{fr: Quand?}"), (4, "question.fr", "unknown_field")),
        (HEAD + ARTICLE.replace("{en: When?}", "{}"), (4, "question", "bad_texts")),
        (HEAD + ARTICLE.replace("{en: When?}", "{en: ~}"), (4, "question.en", "bad_text")),
        (HEAD + ARTICLE.replace("{en: When?}", "When?"), (4, "question", "bad_texts")),
        (HEAD + ARTICLE.replace("    answer: {en: Soon.}\n", ""), (3, "answer", "missing")),
        (HEAD + ARTICLE.replace("  - id: delivery-time\n    question", "  - question"), (3, "id", "missing")),
        (HEAD + ARTICLE.replace("delivery-time", "../../etc/passwd"), (3, "id", "bad_id")),
        (HEAD + ARTICLE.replace("delivery-time", "Delivery Time"), (3, "id", "bad_id")),
        (HEAD + ARTICLE.replace("delivery-time", "a" * 81), (3, "id", "bad_id")),
        (HEAD + ARTICLE + ARTICLE, (6, "id", "repeated_id")),
        (HEAD + ARTICLE + "    id: again\n", (6, "id", "repeated_key")),
        (HEAD + ARTICLE + "    asked_as: when\n", (6, "asked_as", "bad_list")),
        (HEAD + ARTICLE + "    asked_as: [[deep]]\n", (6, "asked_as", "bad_text")),
        (HEAD + ARTICLE + "    asked_as: [a" + ", a" * 500 + "]\n", (6, "asked_as", "too_many")),
        (HEAD + ARTICLE + f"    asked_as: [{'a' * 301}]\n", (6, "asked_as", "too_long")),
        (HEAD + ARTICLE + "    related: [../x]\n", (6, "related", "bad_id")),
        (HEAD + ARTICLE + "    valid_from: tomorrow\n", (6, "valid_from", "bad_date")),
        (HEAD + ARTICLE + "    valid_from: 2025-02-02\n    valid_until: 2025-02-01\n", (7, "valid_until", "bad_dates")),
        (HEAD + ARTICLE + "    links: [{label: x, url: 'javascript:alert(1)'}]\n", (6, "url", "bad_address")),
        (HEAD + ARTICLE + "    links: [{label: x, url: '//evil.example'}]\n", (6, "url", "bad_address")),
        (HEAD + ARTICLE + "    links: [{label: x}]\n", (6, "links.url", "missing")),
        (HEAD + ARTICLE + "    image: data:text/html,x\n", (6, "image", "bad_address")),
        (HEAD + ARTICLE + "    image: /../secret\n", (6, "image", "bad_address")),
        (HEAD + ARTICLE + "\tkeywords: [a]\n", (6, "", "tab")),
        (HEAD + ARTICLE + "    keywords: !!python/object:os.system [a]\n", (6, "keywords", "tag")),
        (HEAD + ARTICLE + "    keywords: &a [x]\n", (6, "keywords", "anchor")),
        (HEAD + ARTICLE + "    keywords: *a\n", (6, "keywords", "alias")),
        (HEAD + ARTICLE + "    keywords: [a\n", (7, "keywords", "bad_yaml")),
        (HEAD + ARTICLE + "    keywords: [{[a]: b}]\n", (6, "keywords", "bad_key")),
        ("a: " + "[" * 100_000, (1, "a", "too_deep")),
        ((HEAD + ARTICLE.replace("Soon", "早")).encode("big5"), (5, "", "bad_encoding")),
        ((HEAD + ARTICLE).encode("utf-16"), (1, "", "bad_encoding")),
        (HEAD + ARTICLE.replace("Soon", "\x00"), (0, "", "bad_yaml")),
        (b"a" * 1_000_001, (0, "", "file_too_big")),
    ],
)
def test_a_broken_file_is_told_line_field_and_expectation(content: str | bytes, expected: tuple[int, str, str]) -> None:
    assert expected in problems_of(content)


@pytest.mark.alone
def test_an_anchors_bomb_is_refused_at_once() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
    )
    began = time.perf_counter()
    assert problems_of(bomb) == [(1, "a", "anchor")]
    assert time.perf_counter() - began < 1


def test_a_file_name_that_cannot_be_a_category_is_refused() -> None:
    assert parse_file((HEAD + ARTICLE).encode(), "a/Our Delivery.yml").problems[0].code == "bad_file_name"


def test_windows_line_ends_and_byte_order_mark_are_no_problem() -> None:
    assert problems_of(b"\xef\xbb\xbf" + (HEAD + ARTICLE).replace("\n", "\r\n").encode()) == []


def test_html_in_an_answer_stays_text() -> None:
    (article,) = parse_file((HEAD + ARTICLE.replace("Soon.", "'<script>x</script>'")).encode(), "x.yml").articles
    assert article.answer["en"] == "<script>x</script>"


def test_two_files_may_not_share_an_id(folder: Path) -> None:
    (folder / "again.yml").write_text(HEAD + ARTICLE, encoding="utf-8")
    with pytest.raises(ArticleError) as refused:
        load_articles(folder)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.field) == ("faq_kb/articles/delivery.yml", 3, "id")
    assert "faq_kb/articles/again.yml:3" in str(problem)


def test_an_empty_or_missing_folder_says_so(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ArticleError, match=r"at least one \.yml file"):
            load_articles(folder)


def test_what_editors_leave_beside_the_files_is_not_read(folder: Path) -> None:
    for name in (".#delivery.yml", ".delivery.yml.swp", "delivery.yml~", "notes.txt"):
        (folder / name).write_text("not: ours", encoding="utf-8")
    assert len(load_articles(folder)) == 3


def test_the_fields_for_some_readers_are_read() -> None:
    extra = (
        "    short_answer: {en: Soon.}\n    channels: [widget, telegram]\n    audience: [guest]\n"
        "    pins:\n      - exact: 幾時到?\n      - contains: my parcel\n      - pattern: '到貨.*天'\n"
    )
    (article,) = parse_file((HEAD + ARTICLE + extra).encode(), "x.yml").articles
    assert article.short_answer == {"en": "Soon."}
    short = replace(article, answer={"en": "Soon, within five days."})
    assert [short.answer_on(channel, "en") for channel in ("sms", "widget")] == ["Soon.", "Soon, within five days."]
    assert short.answer_on("sms", "zh-HK") == "Soon, within five days.", "no short one in this locale"
    assert article.pins == (Pin("exact", "幾時到?"), Pin("contains", "my parcel"), Pin("pattern", "到貨.*天"))
    assert article.is_for(Reader("widget"))
    assert not article.is_for(Reader("twilio"))
    assert not article.is_for(Reader("widget", signed_in=True))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("short_answer: {en: " + "a" * 301 + "}", ("short_answer.en", "too_long")),
        ("short_answer: Soon", ("short_answer", "bad_texts")),
        ("channels: [a b]", ("channels", "bad_channel")),
        ("channels: widget", ("channels", "bad_list")),
        ("audience: [everybody]", ("audience", "bad_audience")),
        ("pins: when", ("pins", "bad_list")),
        ("pins: [when]", ("pins", "bad_pin")),
        ("pins: [{is: when}]", ("pins", "bad_pin")),
        ("pins: [{exact: a, contains: b}]", ("pins", "bad_pin")),
        ("pins: [{exact: '?!'}]", ("pins.exact", "pin_without_words")),
        ("pins: [{pattern: '('}]", ("pins.pattern", "bad_pattern")),
        ("pins: [{pattern: '(a)\\1'}]", ("pins.pattern", "bad_pattern")),
        ("pins: [{pattern: '(?=a)'}]", ("pins.pattern", "bad_pattern")),
        ("pins: [{pattern: '(a{1000}){1000}'}]", ("pins.pattern", "bad_pattern")),
        ("pins: [{pattern: 'a*'}]", ("pins.pattern", "pattern_matches_all")),
        ("pins: [{exact: a}" + ", {exact: a}" * 50 + "]", ("pins", "too_many")),
    ],
)
def test_a_wrong_limit_or_pin_is_told_with_its_line(field: str, expected: tuple[str, str]) -> None:
    assert problems_of(f"{HEAD}{ARTICLE}    {field}\n") == [(6, *expected)]


def parent(folder: Path, child: str, parent: str) -> None:
    path = folder / f"{child}.yml"
    path.write_text(f"parent: {parent}\n" + path.read_text(encoding="utf-8"), encoding="utf-8")


def test_categories_stand_below_their_parents(folder: Path) -> None:
    (folder / "help.yml").write_text("category: {en: Help}\narticles: []\n", encoding="utf-8")
    (folder / "empty.yml").write_text("category: {en: Nothing yet}\nparent: help\narticles: []\n", encoding="utf-8")
    parent(folder, "delivery", "help")
    parent(folder, "returns", "delivery")
    knowledge = KnowledgeBase.load(folder)
    (top,) = knowledge.categories("en")
    (delivery,) = top.children
    assert (top.id, top.name, top.articles) == ("help", "Help", ())
    assert (delivery.id, delivery.parent) == ("delivery", "help")
    assert [(one.name, one.articles[0].id) for one in delivery.children] == [("Returns", "returns-how")]
    assert knowledge.headings["empty"].parent == "help"


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"delivery": "nobody"}, [("delivery", "dead_parent")]),
        ({"delivery": "delivery"}, [("delivery", "parent_circle")]),
        ({"delivery": "returns", "returns": "delivery"}, [("delivery", "parent_circle"), ("returns", "parent_circle")]),
        ({"delivery": "../etc"}, [("delivery", "bad_id")]),
    ],
)
def test_a_parent_that_cannot_be_is_told(
    folder: Path, parents: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    for child, above in parents.items():
        parent(folder, child, above)
    with pytest.raises(ArticleError) as refused:
        load_articles(folder)
    assert [(Path(one.file).stem, one.code) for one in refused.value.problems] == expected
    assert {(one.line, one.field) for one in refused.value.problems} == {(1, "parent")}


def test_categories_too_deep_are_told(folder: Path) -> None:
    parent(folder, "delivery", "c1")
    for level in range(1, 9):
        (folder / f"c{level}.yml").write_text(
            f"category: {{en: C}}\nparent: c{level + 1}\narticles: []\n", encoding="utf-8"
        )
    (folder / "c9.yml").write_text("category: {en: C}\narticles: []\n", encoding="utf-8")
    with pytest.raises(ArticleError, match="at most 6 levels"):
        load_articles(folder)
