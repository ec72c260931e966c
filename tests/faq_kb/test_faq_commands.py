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
