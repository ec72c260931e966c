"""The documentation is tested: every setting, error code and command has its line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from handoff import errors
from handoff.models import MOVES
from switchboard.settings import rows

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_has_every_setting_with_its_default() -> None:
    for name, default, _ in rows():
        line = next((line for line in README.splitlines() if line.startswith(f"| `{name}`")), None)
        assert line is not None, name
        shown = {"True": "true", "False": "false"}.get(default, default)
        assert not default or f"`{shown}`" in line, line


def test_readme_has_every_error_code() -> None:
    codes = {
        one.code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.HandoffError)
    }
    assert {code for code in codes if f"`{code}`" not in README} == set()


def test_readme_has_every_state_and_the_two_commands() -> None:
    assert all(status.value in README for status in MOVES)
    assert "make run" in README and "make test" in README


def test_files_that_the_documents_point_to_exist() -> None:
    for path in [ROOT / "README.md", ROOT / "README.zh-TW.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("pattern", [r"--(extra-)?index-url", r"\"resolved\":", r"registry ?= ?"])
def test_no_tracked_file_records_a_download_address(pattern: str) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    locks = [name for name in tracked if name.endswith((".txt", ".json", ".toml", ".lock"))]
    found = [name for name in locks if re.search(pattern, (ROOT / name).read_text(encoding="utf-8", errors="ignore"))]
    assert found == []


def test_every_locked_package_has_a_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        for line in filter(None, map(str.strip, text.splitlines())):
            assert "--hash=sha256:" in line, line[:60]


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == [f"{place:04}" for place in range(1, len(numbers) + 1)]
