"""The check an editor runs before publishing, and that what we ship passes it."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from pathlib import Path

import pytest
import yaml
from openapi_schema_validator import OAS31Validator

import faq_kb
from faq_kb import LOCALES, Article, Level, Pin, Problem, check
from faq_kb.check import doubts
from faq_kb.collisions import beaten_phrasings
from faq_kb.wording import foreign_words, promises, scripts_of, wrong_script

ROOM = Path(faq_kb.__file__).parent
SHIPPED = ROOM / "articles"


TODAY = date(2025, 2, 1)
GOOD = {"id": "a", "question": {"en": "x"}, "answer": {"en": "x"}}
# What a set of two or three phrasings an article is told for good reason.
THIN = {"thin_phrasing", "no_phrasing_in"}


def mends(folder: Path, today: date | None = None) -> list[Problem]:
    return [problem for problem in check(folder, today, by_search=False) if problem.code not in THIN]


def article(id: str = "a", answer: str = "x", locale: str = "en", **more: object) -> Article:
    return Article(id, "c", {"en": f"question {id}"}, {locale: answer}, **more)  # type: ignore[arg-type]


def codes(*articles: Article, field: str = "") -> set[str]:
    found = doubts(articles, TODAY)
    assert all(problem.message_in(locale) != problem.message for problem in found for locale in LOCALES[:3])
    return {problem.code for problem in found if problem.field.startswith(field)} - {"missing_locale", *THIN}


def test_a_good_folder_has_nothing_to_mend(folder: Path) -> None:
    assert {problem.code for problem in check(folder)} <= THIN


def test_doubts_are_found_and_named(folder: Path) -> None:
    (folder / "more.yml").write_text(
        "category: {zh-HK: 更, zh-TW: 更, zh-CN: 更, en: More}\n"
        "articles:\n"
        "  - id: more-fee\n"
        "    question: {zh-HK: 送貨嘅錢, en: How much is the shipping}\n"
        "    asked_as: [免運費]\n"
        "    answer: {zh-HK: x, zh-TW: x, zh-CN: x, en: x}\n"
        "    related: [nobody, more-fee]\n"
        "    valid_until: 2025-01-31\n",
        encoding="utf-8",
    )
    problems = mends(folder, TODAY)
    assert {(problem.code, problem.field) for problem in problems} == {
        ("missing_locale", "question.zh-TW"),
        ("missing_locale", "question.zh-CN"),
        ("dead_related", "related"),
        ("expired", "valid_until"),
        ("colliding_phrasings", "asked_as"),
    }
    assert {problem.level for problem in problems} == {Level.WARNING}
    assert all(problem.file == "faq_kb/articles/more.yml" and problem.line == 3 for problem in problems)


def test_a_phrasing_of_two_articles_is_found_through_folding(folder: Path) -> None:
    path = folder / "returns.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("send it back", "运费几多"), encoding="utf-8")
    (problem,) = [problem for problem in check(folder) if problem.code == "repeated_phrasing"]
    assert "delivery-fee" in problem.message


def test_errors_come_first_and_name_the_file(folder: Path) -> None:
    path = folder / "delivery.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("related:", "relatde:"), encoding="utf-8")
    problem = check(folder)[0]
    assert (problem.level, problem.field) == (Level.ERROR, "relatde")
    assert str(problem).startswith("faq_kb/articles/delivery.yml:7: relatde: expected one of id, question")


def test_the_shipped_articles_pass_the_check() -> None:
    assert [str(problem) for problem in check(SHIPPED, by_search=False)] == []


def test_phrasings_too_few_or_in_one_script_are_told(folder: Path) -> None:
    thin = [problem for problem in check(folder) if problem.file.endswith("returns.yml")]
    assert [(problem.code, problem.params.get("script")) for problem in thin] == [("thin_phrasing", None)]
    assert scripts_of(["想退返件貨"]) == {"hant"}
    assert scripts_of(["怎么退货", "send it"]) == {"hans", "en"}
    assert scripts_of(["可以退吗", "行不行"]) == {"hans", "hant"}


def test_the_days_before_an_article_ends_are_told() -> None:
    def told(until: date) -> set[str]:
        return codes(article(valid_until=until))

    assert told(date(2025, 1, 31)) == {"expired"}
    assert told(date(2025, 2, 14)) == {"expires_soon"}
    assert told(date(2025, 2, 15)) == set()


@pytest.mark.parametrize(
    ("locale", "text", "words"),
    [
        ("zh-HK", "用快遞寄出", ["快遞"]),
        ("zh-TW", "以速遞寄出，收到短信", ["速遞", "短信"]),
        ("zh-CN", "用速递寄出，请看短訊", ["速递", "短訊"]),
        ("zh-TW", "視頻質量好", ["視頻", "質量"]),
        ("zh-HK", "個視频质量好", ["視频", "质量"]),
        ("zh-TW", "你嘅包裹喺邊度", ["嘅", "喺", "邊度"]),
        ("zh-HK", "你嘅包裹喺邊度，用速遞", []),
        ("zh-TW", "用順豐速運或「速遞易」，再用微信支付", []),
        ("zh-CN", "用顺丰速运，付支付宝", []),
        ("en", "快遞 is courier", []),
    ],
)
def test_words_of_another_region_are_found_in_any_script(locale: str, text: str, words: list[str]) -> None:
    assert [word for word, _ in foreign_words(text, locale)] == words


def test_every_row_of_the_words_names_all_three_regions() -> None:
    file = yaml.safe_load((ROOM / "regional_words.yml").read_text(encoding="utf-8"))
    assert len(file["rows"]) >= 60
    for row in file["rows"]:
        assert set(row) - {"unless"} == {"zh-HK", "zh-TW", "zh-CN"}, row
        for locale in ("zh-HK", "zh-TW", "zh-CN"):
            for word in row[locale]:
                assert word not in [found for found, _ in foreign_words(word, locale)], (locale, word)
                assert not wrong_script(word, locale), (locale, word)


def test_characters_of_another_script_are_found() -> None:
    assert wrong_script("请問几時", "zh-TW") == "请"
    assert wrong_script("请問咗喺", "zh-HK") == "请"
    assert wrong_script("請问后天", "zh-CN") == "請"
    assert wrong_script("「请」問後天", "zh-HK") == ""


@pytest.mark.parametrize(
    ("locale", "text", "words"),
    [
        ("zh-HK", "保證三日內到", ["保證"]),
        ("zh-HK", "我哋未能保證三日內到", []),
        ("zh-TW", "**絕對**一定退", ["絕對", "一定退"]),
        ("zh-CN", "100%正品，100% 棉", ["100%"]),
        ("en", "Delivery is Guaranteed. It can't guarantee more", ["guaranteed"]),
        ("en", "We cannot guarantee a day, the guarantor can", []),
    ],
)
def test_promises_are_found(locale: str, text: str, words: list[str]) -> None:
    assert promises(text, locale) == words


def test_a_promise_in_an_answer_is_a_warning_with_its_file_line_and_field(folder: Path) -> None:
    path = folder / "delivery.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("三日內送到。", "保證三日內送到。"), encoding="utf-8")
    (problem,) = mends(folder, TODAY)
    assert (problem.code, problem.level, problem.file) == ("promise", Level.WARNING, "faq_kb/articles/delivery.yml")
    assert (problem.line, problem.field, problem.params["found"]) == (3, "answer.zh-HK", "保證")


def test_the_check_asks_with_the_editors_words(folder: Path) -> None:
    def collides() -> bool:
        return "colliding_phrasings" in {problem.code for problem in check(folder, TODAY, by_search=False)}

    for name, old, new in (
        ("delivery", "free shipping", "is there any free shipping at weekends"),
        ("returns", "send it back", "is there any free zorgle at weekends"),
    ):
        path = folder / f"{name}.yml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert not collides()
    (folder / "synonyms.txt").write_text("zorgle = shipping\n", encoding="utf-8")
    assert collides()


def test_doubts_about_an_answer_are_told_with_its_locale() -> None:
    assert codes(article(answer="字" * 251, locale="zh-TW"), field="answer.zh-TW") == {"long_to_read"}
    assert codes(article(answer="見 [這裡](javascript:x)", locale="zh-TW")) == {"unsafe_link"}
    assert codes(article(short_answer={"zh-HK": "用快遞"}), field="short_answer.zh-HK") == {"foreign_word"}


def test_pins_that_want_the_same_collide_loudly() -> None:
    one, two = article("a", pins=(Pin("exact", "幾時到"),)), article("b", pins=(Pin("exact", "几时到?"),))
    (problem,) = [problem for problem in doubts([one, two], TODAY) if problem.code == "same_pin"]
    assert (problem.level, problem.params["other"]) == (Level.ERROR, "a")
    assert codes(one, article("b", pins=(Pin("pattern", "到$"),)), field="pins") == {"overlapping_pins"}
    assert codes(one, article("b", pins=(Pin("contains", "退"),)), field="pins") == set()


def test_a_pin_that_takes_what_is_not_its_own_is_told() -> None:
    asked = Article("b", "c", {"en": "Where is my refund?"}, {"en": "x"})
    assert codes(article("a", pins=(Pin("contains", "my refund"),)), asked) == {"pin_takes_phrasing"}
    assert codes(article("a", pins=(Pin("pattern", "真人"),))) == {"pin_takes_wish_for_person"}
    assert codes(article("a", pins=(Pin("pattern", "(x+x+)+y"),))) == set(), "no pattern is slow"


def test_two_articles_that_take_each_other_s_questions_are_told() -> None:
    mixed = ("track my parcel", "parcel tracking", "find my parcel", "where is the parcel", "parcel status now")
    one = Article("one", "c", {"en": "Where is my parcel?"}, {"en": "x"}, asked_as=mixed[::2])
    two = Article("two", "c", {"en": "Where can my parcel be?"}, {"en": "y"}, asked_as=mixed[1::2])
    other = Article("other", "c", {"en": "Opening hours"}, {"en": "z"}, asked_as=("when do you open", "closing time"))
    (problem,) = beaten_phrasings([one, two, other])
    assert (problem.code, problem.params["id"], problem.params["other"]) == ("beaten_phrasings", "one", "two")


def test_an_editor_is_told_in_their_language() -> None:
    late = article("late", valid_until=date(2025, 1, 31), source="x.yml", line=3)
    (problem,) = [problem for problem in doubts([late], TODAY) if problem.code == "expired"]
    assert problem.told("zh-HK") == "x.yml:3: valid_until: late: 已經過期，最後一日係 2025-01-31。"
    assert problem.as_json("zh-CN")["message"] == "late: 已经过期，最后一天是 2025-01-31。"
    assert "2025-01-31 is over" in problem.told("en")


def test_the_sentences_of_a_problem_name_the_same_things_in_every_language() -> None:
    texts = json.loads((ROOM / "problem_texts.json").read_text(encoding="utf-8"))["problems"]
    assert len(texts) > 50
    for name, by_locale in texts.items():
        assert set(by_locale) == set(LOCALES) - {"en"}, name
        fields = {frozenset(re.findall(r"{(\w+)}", text)) for text in by_locale.values()}
        assert len(fields) == 1, name


@pytest.mark.alone
def test_a_check_of_every_save_is_quick() -> None:
    articles = faq_kb.load_articles(SHIPPED)
    doubts(articles, TODAY)
    began = time.perf_counter()
    doubts(articles, TODAY)
    assert time.perf_counter() - began < 20


def test_the_shipped_articles_fit_the_schema_for_editors() -> None:
    schema = json.loads((ROOM / "articles.schema.json").read_text(encoding="utf-8"))
    validator = OAS31Validator(schema)
    for path in sorted(SHIPPED.glob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        assert [error.message for error in validator.iter_errors(content)] == [], path.name


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"colour": "blue"}, []),
        ({"parent": "Not An Id"}, ["parent"]),
        ({"articles": [{"id": "a"}]}, ["articles", 0]),
        ({"articles": [{"id": "a", "question": {"fr": "x"}, "answer": {"en": "x"}}]}, ["articles", 0, "question"]),
        ({"articles": [{"id": "a", "question": {"en": ""}, "answer": {"en": "x"}}]}, ["articles", 0, "question", "en"]),
        ({"articles": [{**GOOD, "image": "javascript:alert(1)"}]}, ["articles", 0, "image"]),
        ({"articles": [{**GOOD, "pins": [{"begins": "x"}]}]}, ["articles", 0, "pins", 0]),
        ({"articles": [{**GOOD, "audience": ["vip"]}]}, ["articles", 0, "audience", 0]),
    ],
)
def test_the_schema_shows_editors_where_a_file_is_wrong(change: dict[str, object], where: list[object]) -> None:
    schema = json.loads((ROOM / "articles.schema.json").read_text(encoding="utf-8"))
    content = {"category": {"en": "C"}, "articles": [GOOD]}
    assert not list(OAS31Validator(schema).iter_errors(content))
    assert where in [list(error.absolute_path) for error in OAS31Validator(schema).iter_errors({**content, **change})]


def test_every_shipped_phrasing_leads_to_its_article() -> None:
    knowledge = faq_kb.KnowledgeBase.load(SHIPPED)
    for article in knowledge.articles.values():
        for text in article.phrasings:
            hits = knowledge.search(text)
            assert hits[0].article_id == article.id, text
            assert knowledge.answerable(hits), text


def test_the_synonyms_and_background_are_lists_of_texts() -> None:
    groups = yaml.safe_load((ROOM / "synonyms.yml").read_text(encoding="utf-8"))
    assert all(len(group) > 1 and all(isinstance(word, str) for word in group) for group in groups)
    background = yaml.safe_load((ROOM / "background.yml").read_text(encoding="utf-8"))
    assert all(isinstance(line, str) for line in background)
