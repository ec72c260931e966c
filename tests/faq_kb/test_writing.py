"""Writing articles: what was asked for is what is read again, and nothing else in the file moves."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rounds import rounds

import faq_kb
from faq_kb import ArticleError
from faq_kb.content import content_of, empty, normal
from faq_kb.loading import parse_file
from faq_kb.writing import Edit, IdTaken, NotFound

SHIPPED = Path(faq_kb.__file__).parent / "articles"
WRITTEN = """\
# What we say of delivery. Ask Mei before changing a price.
category: {zh-HK: 送貨, en: "Delivery"}   # as on the site

articles:
  # The most asked one.
  - id: delivery-time
    question:
      zh-HK: "幾耐送到?"
      en: 'How long does it take?'   # keep short
    asked_as:
      - 幾日到   # Hong Kong
      # the mainland
      - "到货要几天"
      - 'when will it arrive'
    answer: {zh-HK: "三日。", en: "Three days."}
    related: [delivery-fee]

  # Changes each January.
  - id: delivery-fee
    question: {en: What is the fee?}
    answer:
      en: |
        Thirty dollars.
        Free over 400.
    keywords: [fee, 'no', "1.10"]
# The end.
"""


def edit(text: str = WRITTEN, **more: str) -> Edit:
    files = {"delivery": text, **more}
    return Edit({name: content.encode() for name, content in files.items()})


def written(change: Edit, category: str = "delivery") -> str:
    content = change.finish()[category]
    assert content is not None
    return content.decode()


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came."""
    compared = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return (
        [line[2:] for line in compared if line.startswith("- ")],
        [line[2:] for line in compared if line.startswith("+ ")],
    )


def changed(change: Edit, article_id: str, **fields: Any) -> Edit:
    content, category = change.content(article_id), change.category_of(article_id)
    assert content is not None and category is not None
    change.put(article_id, category, {**content, **fields})
    return change


@pytest.mark.parametrize(
    ("fields", "gone", "come"),
    [
        (
            {"question": {"zh-HK": "幾耐送到?", "en": "How long?"}},
            ["      en: 'How long does it take?'   # keep short"],
            ["      en: 'How long?'                # keep short"],
        ),
        ({"asked_as": ["幾日到", "到货要几天", "when"]}, ["      - 'when will it arrive'"], ["      - 'when'"]),
        ({"asked_as": ["幾日到", "when will it arrive"]}, ['      - "到货要几天"'], []),
        (
            {"asked_as": ["幾日到", "到货要几天", "幾時到: #", "when will it arrive"]},
            [],
            ["      - '幾時到: #'"],
        ),
        (
            {"answer": {"zh-HK": "四日。", "en": "Three days."}},
            ['    answer: {zh-HK: "三日。", en: "Three days."}'],
            ['    answer: {zh-HK: "四日。", en: "Three days."}'],
        ),
        ({"related": []}, ["    related: [delivery-fee]"], []),
        ({"valid_until": "2026-12-31"}, [], ["    valid_until: 2026-12-31"]),
        ({"keywords": ["𨋢", "a\tb"]}, [], ['    keywords: ["𨋢", "a\\tb"]']),
    ],
)
def test_a_changed_field_touches_its_own_lines(fields: dict[str, Any], gone: list[str], come: list[str]) -> None:
    after = written(changed(edit(), "delivery-time", **fields))
    assert lines_changed(WRITTEN, after) == (gone, come)


def test_an_unchanged_article_is_written_to_the_same_bytes() -> None:
    assert changed(edit(), "delivery-fee").finish() == {}


def test_a_text_of_several_lines_is_written_as_lines() -> None:
    after = written(changed(edit(), "delivery-fee", answer={"en": "Thirty.\n\n- Free over 400\n- Free for gold"}))
    assert "      en: |-\n        Thirty.\n\n        - Free over 400\n        - Free for gold\n" in after


def test_a_new_article_is_added_at_the_end_in_the_manner_of_the_house() -> None:
    change = edit()
    change.put("delivery-late", "delivery", normal({"question": {"en": "Late?"}, "answer": {"en": "Sorry."}}))
    gone, come = lines_changed(WRITTEN, written(change))
    assert gone == []
    assert come == [
        "",
        "  - id: delivery-late",
        "    question:",
        '      en: "Late?"',
        "    answer:",
        '      en: "Sorry."',
    ]


def test_a_deleted_article_goes_with_its_comment_and_leaves_the_others() -> None:
    change = edit()
    change.delete("delivery-time")
    after = written(change)
    assert after.startswith("# What we say of delivery.") and "most asked" not in after
    assert "  # Changes each January.\n  - id: delivery-fee\n" in after and after.endswith("# The end.\n")
    change.delete("delivery-fee")
    after = written(change)
    assert "articles: []\n" in after
    change.put("again", "delivery", normal({"question": {"en": "Q"}, "answer": {"en": "A"}}))
    assert parse_file(written(change).encode(), "x/delivery.yml").articles[0].id == "again"


def test_a_deleted_article_is_no_longer_related() -> None:
    change = edit()
    change.delete("delivery-fee")
    assert [(one.article_id, one.after and one.after["related"]) for one in change.changes] == [
        ("delivery-fee", None),
        ("delivery-time", []),
    ]


def test_a_moved_article_keeps_its_comments_and_quotes() -> None:
    change = edit(other="category: {en: Other}\narticles:\n- id: x\n  question: {en: X}\n  answer: {en: X}\n")
    content = change.content("delivery-time")
    assert content is not None
    change.put("delivery-time", "other", content)
    files = change.finish()
    moved = (files["other"] or b"").decode()
    assert "\n# The most asked one.\n- id: delivery-time\n  question:\n" in moved
    assert "    - 幾日到   # Hong Kong\n    # the mainland\n" in moved
    assert "delivery-time" not in (files["delivery"] or b"").decode()


def test_a_renamed_article_is_related_under_its_new_name() -> None:
    change = edit()
    change.rename("delivery-fee", "shipping-fee")
    gone, come = lines_changed(WRITTEN, written(change))
    assert gone == ["    related: [delivery-fee]", "  - id: delivery-fee"]
    assert come == ["    related: [shipping-fee]", "  - id: shipping-fee"]
    with pytest.raises(IdTaken):
        change.rename("shipping-fee", "delivery-time")
    with pytest.raises(NotFound):
        change.rename("nobody", "somebody")


A, B = ("{id: a, question: {en: Q}, answer: {en: A}}", '{"id": b, question: {en: R}, answer: {en: B}}')


def test_articles_in_braces_can_be_changed_too() -> None:
    change = changed(edit(f"category: {{en: D}}\narticles: [{A}, {B}]\n"), "b", answer={"en": "C"})
    articles = parse_file(written(change).encode(), "x/delivery.yml").articles
    assert [(article.id, article.answer["en"]) for article in articles] == [("a", "A"), ("b", "C")]
    after = written(changed(edit(f"category: {{en: D}}\narticles:\n  - {A}\n  - {B}\n"), "a", answer={"en": "C"}))
    assert f"  - {B}\n" in after


def test_line_ends_and_byte_order_mark_stay() -> None:
    files = {"delivery": b"\xef\xbb\xbf" + WRITTEN.replace("\n", "\r\n").encode()}
    after = changed(Edit(files), "delivery-time", related=[]).finish()["delivery"] or b""
    assert after.startswith(b"\xef\xbb\xbf#") and after.count(b"\r\n") == after.count(b"\n") == WRITTEN.count("\n") - 1


def test_categories_are_begun_and_named_anew() -> None:
    change = edit()
    change.add_category("gifts", {"zh-HK": "禮物", "en": "Gifts"})
    change.put("gift-card", "gifts", normal({"question": {"en": "Cards?"}, "answer": {"en": "Yes."}}))
    change.change_category("delivery", {"zh-HK": "運送", "en": "Delivery"})
    files = change.finish()
    first, second, *_ = (files["gifts"] or b"").decode().split("\n")
    assert first == "# yaml-language-server: $schema=../articles.schema.json"
    assert second == 'category: {zh-HK: "禮物", en: "Gifts"}'
    _, come = lines_changed(WRITTEN, (files["delivery"] or b"").decode())
    assert come == ['category: {zh-HK: 運送, en: "Delivery"}   # as on the site']
    with pytest.raises(IdTaken):
        change.add_category("delivery", {"en": "x"})
    for path in ("../evil", "a/b", ".hidden", "", "A"):
        with pytest.raises(ArticleError):
            change.add_category(path, {"en": "x"})


def test_what_would_break_the_set_is_refused_with_its_field() -> None:
    for fields, field in (
        ({"question": {}}, "question"),
        ({"valid_from": "tomorrow"}, "valid_from"),
        ({"related": ["../x"]}, "related"),
        ({"image": "javascript:x"}, "image"),
        ({"answer": {"en": "x" * 10_001}}, "answer.en"),
    ):
        with pytest.raises(ArticleError) as refused:
            changed(edit(), "delivery-time", **fields).finish()
        assert refused.value.problems[0].field == field
    with pytest.raises(ArticleError) as refused:
        change = edit()
        change.put("../evil", "delivery", normal({"question": {"en": "Q"}, "answer": {"en": "A"}}))
        change.finish()
    assert refused.value.problems[0].code == "bad_id"


def test_a_broken_file_is_named_when_it_is_to_be_changed_and_in_nobodys_way_otherwise() -> None:
    change = edit(broken="category: [")
    with pytest.raises(ArticleError) as refused:
        change.put("x", "broken", empty())
    assert refused.value.problems[0].file == "faq_kb/articles/broken.yml"
    assert set(changed(change, "delivery-time", related=[]).finish()) == {"delivery"}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yml")), ids=lambda path: path.stem)
def test_every_field_of_every_shipped_article_can_be_changed_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for article in parse_file(path.read_bytes(), path.name).articles:
        content = content_of(article)
        for field, value in (
            ("question", {**content["question"], "en": "Changed?"}),
            ("asked_as", [*content["asked_as"], "changed"]),
            ("answer", {**content["answer"], "zh-TW": "改了。"}),
            ("related", [*content["related"], "one-more"]),
            ("keywords", ["one"]),
            ("valid_until", "2026-12-31"),
        ):
            after = written(changed(edit_of(path), article.id, **{field: value}), path.stem)
            gone, come = lines_changed(text, after)
            assert len(gone) <= 1 and len(come) <= 3, (article.id, field, gone, come)


def edit_of(path: Path) -> Edit:
    return Edit({path.stem: path.read_bytes()})


LINES = st.text(
    st.one_of(st.sampled_from("ab:#-{}[]&*!|>'\"%@`,?\\ \n\t~幾𨋢😀\u2028\ufeff\u00a0"), st.characters()), max_size=30
)
TEXTS = st.dictionaries(st.sampled_from(["zh-HK", "zh-TW", "zh-CN", "en"]), LINES, min_size=1)
CONTENTS = st.fixed_dictionaries(
    {"question": TEXTS, "answer": TEXTS},
    optional={
        "asked_as": st.lists(LINES, max_size=4),
        "keywords": st.lists(LINES, max_size=3),
        "related": st.lists(st.sampled_from(["delivery-fee", "a-b"]), max_size=2),
        "links": st.lists(st.fixed_dictionaries({"label": TEXTS, "url": st.just("https://x.example/y")}), max_size=2),
        "valid_from": st.just("2026-01-31"),
    },
)


@settings(max_examples=rounds(150))
@given(st.lists(st.tuples(st.sampled_from(["delivery-time", "delivery-fee", "new"]), CONTENTS), max_size=4))
def test_any_text_is_read_as_it_was_written_or_refused(steps: list[tuple[str, Any]]) -> None:
    change = edit()
    for article_id, given_content in steps:
        try:
            content = normal(given_content)
        except faq_kb.ContentRefused:
            continue
        before = {id: change.content(id) for id in ("delivery-time", "delivery-fee", "new")}
        change.put(article_id, "delivery", content)
        try:
            change.finish()
        except ArticleError as exc:
            # A text that was nothing but blanks, or too long: told by the reader, never by the comparison.
            assert all(problem.code != "not_as_asked" for problem in exc.problems), exc
            change = edit()
            for id, known in before.items():
                if known is not None:
                    change.put(id, "delivery", known)
    files = change.finish()
    for article in parse_file((files.get("delivery") or WRITTEN.encode()), "faq_kb/articles/delivery.yml").articles:
        assert content_of(article) == change.content(article.id)
