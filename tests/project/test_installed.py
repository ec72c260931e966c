"""What a test needs and this machine lacks is a skip at home and a failure in CI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import installed
import pytest


@pytest.fixture(autouse=True)
def nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)


def test_a_browser_that_is_missing_skips_at_home(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="Chromium"):
        installed.chromium()
    browser = tmp_path / "chromium"
    browser.touch(mode=0o755)
    assert installed.chromium() == str(browser)


@pytest.mark.parametrize("look", [installed.chromium, lambda: installed.missing("PostgreSQL")])
def test_what_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch, look: Callable[[], str]) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI skips nothing"):
        look()
