"""`switchboard nlu`: the commands as somebody runs them, on the trained model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bot_parts import ROOT

from nlu.evaluation import Labelled, calibration_error, evaluate, reported
from nlu.parsing import Parsed

pytestmark = pytest.mark.bot

UNDERSTANDING = ROOT / "tests" / "bot" / "understanding"

# What was measured on sentences that nobody tuned on, less two of them, for each kind of language.
FLOORS = {"zh-HK": 0.88, "zh-TW": 0.88, "zh-CN": 0.90, "en": 0.84, "mixed": 0.93}


def switchboard(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "switchboard", "nlu", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_sentences_become_answers_line_by_line(model: Path, tmp_path: Path) -> None:
    queries = lines(
        tmp_path / "queries.jsonl",
        {"qid": "a", "text": "我張單 HG10031234 去咗邊"},
        {"qid": 2, "text": "运费多少"},
        {"qid": "c", "text": ""},
        {"qid": "d", "text": "/restart"},
    )
    out = tmp_path / "answers.jsonl"
    done = switchboard("parse", "--queries", queries, "--out", out, "--model", model)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [one["qid"] for one in answers] == ["a", 2, "c", "d"]
    order = next(one for one in answers[0]["entities"] if one["entity"] == "order_number")
    assert (order["value"], order["start"], order["end"]) == ("HG10031234", 4, 14)
    assert answers[1]["faq"][0]["id"] == "delivery-fee"
    for one in answers[:2]:
        assert 0 <= one["confidence"] <= 1 and one["ranking"][0]["intent"] == one["intent"]


def test_unseen_sentences_hold_their_floor_in_each_kind_of_language(model: Path, tmp_path: Path) -> None:
    picture = tmp_path / "confusion.png"
    queries = UNDERSTANDING / "test.jsonl"
    done = switchboard("eval", "--queries", queries, "--model", model, "--json", "--picture", picture)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = json.loads(done.stdout)
    print({name: found[name] for name in ("accuracy", "macro_f1", "calibration_error", "out_of_scope_auroc")})
    print(found["variants"])
    for variant, floor in FLOORS.items():
        assert found["variants"][variant] >= floor, variant


def test_a_comparison_can_be_had(model: Path, tmp_path: Path) -> None:
    queries = lines(tmp_path / "q.jsonl", {"text": "hello", "intent": "greet"}, {"text": "bye", "intent": "goodbye"})
    done = switchboard("compare", "--queries", queries, "--before", model, "--after", model, "--json")
    both = json.loads(done.stdout)
    assert both["changed"] == [] and both["before"] == both["after"]


@pytest.mark.parametrize(
    "content, said",
    [
        ('{"text": "x", "intent": "greet"}\n{"text": 3}', "q.jsonl:2: text: expected a text"),
        ('{"text": "x"}', "q.jsonl:1: intent: expected the name of an intent"),
        ("[1]", "q.jsonl:1: expected a JSON object"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, content: str, said: str) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text(content, encoding="utf-8")
    done = switchboard("eval", "--queries", queries, "--model", tmp_path / "none.tar.gz")
    assert (done.returncode, done.stderr.strip()) == (2, said)


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    queries = lines(tmp_path / "q.jsonl", {"text": "hello", "intent": "greet"})
    done = switchboard("eval", "--queries", queries, "--model", tmp_path / "none.tar.gz")
    assert done.returncode == 2 and "there is no model" in done.stderr


def parsed(intent: str, confidence: float, guess: tuple[str, float] = ("", 0.0), **ranking: float) -> Parsed:
    return Parsed(intent, confidence, tuple(ranking.items()), (), (), guess=guess)


def test_an_article_stands_beside_the_wish_not_in_its_place() -> None:
    told = reported(parsed("faq", 0.9, ("cancel_order", 0.7), cancel_order=0.7, greet=0.1))
    assert (told.intent, told.confidence) == ("cancel_order", 0.7)
    assert reported(parsed("nlu_fallback", 0.8)).intent == "out_of_scope"


def test_the_figures_are_those_of_the_textbook() -> None:
    labelled = [Labelled("a", "greet"), Labelled("b", "greet"), Labelled("c", "thanks"), Labelled("d", "out_of_scope")]
    found = evaluate(
        labelled,
        [
            parsed("greet", 0.95, greet=0.95),
            parsed("thanks", 0.95, thanks=0.95),
            parsed("thanks", 0.55, thanks=0.55),
            parsed("nlu_fallback", 0.75, greet=0.25),
        ],
    )
    assert found.accuracy == 0.75
    assert (found.intents["thanks"].precision, found.intents["thanks"].recall) == (0.5, 1.0)
    assert found.out_of_scope_auroc == 1.0
    assert found.confused == (("greet", "thanks", 1),)
    assert [
        (row.threshold, row.answered, row.right, row.let_in) for row in found.trade_off if row.threshold in (0.5, 0.6)
    ] == [
        (0.5, 1.0, 0.6667, 0.0),
        (0.6, 0.6667, 0.5, 0.0),
    ]
    assert calibration_error([0.95, 0.95, 0.55, 0.75], [True, False, True, True]) == pytest.approx(
        (2 * abs(0.5 - 0.95) + abs(1 - 0.55) + abs(1 - 0.75)) / 4, abs=1e-4
    )
