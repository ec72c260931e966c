"""`switchboard faq ...` as an editor and a CI run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from switchboard.cli import app

ROOT = Path(__file__).parent.parent.parent


def faq(*arguments: str | Path, **settings: str | Path) -> tuple[int, str]:
    environment = {f"SWITCHBOARD_{name.upper()}": str(value) for name, value in settings.items()}
    result = CliRunner().invoke(app, ["faq", *map(str, arguments)], env=environment)
    return result.exit_code, result.stdout


def test_warnings_fail_a_strict_check_alone(folder: Path) -> None:
    code, said = faq("check", folder, "--quick")
    assert code == 0
    assert "0 errors, " in said
    assert faq("check", folder, "--quick", "--strict")[0] == 1


def test_an_error_fails_the_check_and_is_told_in_the_editor_s_language(folder: Path) -> None:
    path = folder / "delivery.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("related:", "relatde:"), encoding="utf-8")
    code, said = faq("check", folder, "--quick", "--language", "zh-TW")
    assert code == 1
    assert said.startswith("faq_kb/articles/delivery.yml:7: relatde: 沒有這個欄位，可用的是：id, question")
    assert "1 個錯誤" in said
    code, said = faq("check", folder, "--quick", "--language", "zh-CN", "--format", "json")
    first = json.loads(said)[0]
    assert (code, first["line"], first["level"], first["code"]) == (1, 7, "error", "unknown_field")
    assert first["message"].startswith("没有这个栏位")


def test_what_the_check_does_not_know_is_refused(folder: Path) -> None:
    assert faq("check", folder, "--language", "fr")[0] != 0
    assert faq("check", folder, "--format", "xml")[0] != 0


def test_a_broken_line_of_words_is_an_error_with_its_file_and_line(folder: Path) -> None:
    (folder / "synonyms.txt").write_text("# ours\nalone\n", encoding="utf-8")
    code, said = faq("check", folder, "--quick", "--language", "zh-HK")
    assert code == 1
    assert said.startswith("faq_kb/articles/synonyms.txt:2: ") and "1 個錯誤" in said
    (folder / "synonyms.txt").write_text("# ours\n運費 = postage\n", encoding="utf-8")
    assert faq("check", folder, "--quick")[0] == 0


@pytest.mark.parametrize("name", ["articles/delivery.yml", "articles/synonyms.txt", "synonyms.yml", "promises.yml"])
def test_the_hook_checks_whatever_the_check_reads(name: str) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert re.search(hook["files"], f"faq_kb/{name}")


def test_the_hook_names_a_command_that_there_is() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"].split()[1:] == ["faq", "check", "--quick"]
    assert hook["pass_filenames"] is False


def test_the_command_ranks_ten_at_most_in_the_order_of_the_questions(tmp_path: Path) -> None:
    kb, queries, out = tmp_path / "kb.jsonl", tmp_path / "queries.jsonl", tmp_path / "out.jsonl"
    colours = [
        "red",
        "blue",
        "green",
        "black",
        "white",
        "pink",
        "grey",
        "brown",
        "purple",
        "orange",
        "yellow",
        "golden",
        "silver",
    ]
    entries = [{"id": one, "questions": [f"do you have the {one} bag", f"is the bag {one}"]} for one in colours]
    kb.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    asked = [{"qid": "b", "text": "is there a bag"}, {"qid": "a", "text": "the golden bag"}, {"qid": "c", "text": ""}]
    queries.write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    assert faq("rank", "--kb", kb, "--queries", queries, "--out", out)[0] == 0
    bag, golden, nothing = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [bag["qid"], golden["qid"], nothing["qid"]] == ["b", "a", "c"]
    assert len(bag["ranking"]) == len(set(bag["ranking"])) == 10
    assert golden["ranking"][0] == "golden" and golden["answered"] is True
    assert (nothing["ranking"], nothing["score"], nothing["answered"]) == ([], 0.0, False)


def test_a_file_that_cannot_be_ranked_fails_the_command(tmp_path: Path) -> None:
    kb, queries, out = tmp_path / "kb.jsonl", tmp_path / "queries.jsonl", tmp_path / "out.jsonl"
    kb.write_text('{"id": "a", "questions": ["hello"]}\n', encoding="utf-8")
    queries.write_text('{"qid": 1}\n', encoding="utf-8")
    assert faq("rank", "--kb", kb, "--queries", queries, "--out", out)[0] == 2
    assert faq("rank", "--kb", tmp_path / "none", "--queries", queries, "--out", out)[0] == 2
