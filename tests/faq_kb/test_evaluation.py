"""Evaluation: counted as people would count, on any file of questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from faq_kb import Article, ArticleError, KnowledgeBase, asking, evaluate, questions_in
from switchboard.cli import app

ENTRIES = [
    {"id": "lost-card", "questions": ["I lost my card", "my card is missing"]},
    {"id": "top-up", "questions": ["How do I top up?", "add money to my account"]},
    {"id": "rate", "questions": ["what is the exchange rate"]},
]
QUESTIONS = [
    {"text": "my card is lost", "id": "lost-card", "variant": "en"},
    {"text": "adding money", "id": "top-up", "variant": "en"},
    {"text": "exchange rate 幾多", "id": "lost-card", "variant": "mixed"},
    {"text": "the rate of exchange", "id": "gone", "variant": "mixed"},
]
NOTHING = [{"text": "do crocodiles sing"}, {"text": "食咗飯未"}]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, rows in (("kb", ENTRIES), ("queries", QUESTIONS), ("nothing", NOTHING)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


def test_hits_are_counted_by_variant(files: Path) -> None:
    knowledge = KnowledgeBase(Article(row["id"], "", {}, {}, asked_as=tuple(row["questions"])) for row in ENTRIES)
    found = evaluate(asking(knowledge), questions_in(files / "queries.jsonl"), [row["text"] for row in NOTHING])
    assert (found.hits.questions, found.hits.hit_1) == (4, 0.5)
    assert (found.variants["en"].hit_1, found.variants["mixed"].hit_1) == (1.0, 0.0)
    assert found.refusals is not None
    assert (found.refusals.auroc, found.refusals.refused_at_95, found.refusals.answered) == (1.0, 1.0, 0.0)


def test_without_questions_that_nothing_answers_refusing_is_not_judged() -> None:
    assert evaluate(asking(KnowledgeBase([])), []).refusals is None


def test_the_command_measures_any_knowledge_base(files: Path) -> None:
    options = ["faq", "eval", "--kb", str(files / "kb.jsonl"), "--queries", str(files / "queries.jsonl")]
    result = CliRunner().invoke(app, [*options, "--out-of-scope", str(files / "nothing.jsonl"), "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)["queries.jsonl"]
    assert found["hits"]["hit_1"] == 0.5
    assert found["refusals"]["questions"] == 2
    shown = CliRunner().invoke(app, options)
    assert shown.exit_code == 0
    assert "hit@3" in shown.stdout


def test_the_shop_s_own_articles_are_measured_without_options() -> None:
    result = CliRunner().invoke(app, ["faq", "eval", "--json"])
    assert result.exit_code == 0, result.output
    assert all(one["hits"]["hit_3"] > 0.5 for one in json.loads(result.stdout).values())


@pytest.mark.parametrize(("line", "field"), [("{", ""), ('{"id": "a"}', "text"), ('{"text": "a", "id": 1}', "id")])
def test_a_wrong_line_is_named(tmp_path: Path, line: str, field: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"text": "a"}\n' + line, encoding="utf-8")
    with pytest.raises(ArticleError) as refused:
        questions_in(path)
    assert (refused.value.problems[0].line, refused.value.problems[0].field) == (2, field)
    result = CliRunner().invoke(app, ["faq", "eval", "--queries", str(path)])
    assert result.exit_code == 2
