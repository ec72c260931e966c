"""The check an editor runs before publishing, and that what we ship passes it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import yaml
from openapi_schema_validator import OAS31Validator

import faq_kb
from faq_kb import Level, check

ROOM = Path(faq_kb.__file__).parent
SHIPPED = ROOM / "articles"


def found(folder: Path, today: date | None = None) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in check(folder, today)]


def test_a_good_folder_has_nothing_to_mend(folder: Path) -> None:
    assert check(folder) == []


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
    problems = check(folder, date(2025, 2, 1))
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
    assert [str(problem) for problem in check(SHIPPED)] == []


def test_the_shipped_articles_fit_the_schema_for_editors() -> None:
    schema = json.loads((ROOM / "articles.schema.json").read_text(encoding="utf-8"))
    validator = OAS31Validator(schema)
    for path in sorted(SHIPPED.glob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        assert [error.message for error in validator.iter_errors(content)] == [], path.name


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
