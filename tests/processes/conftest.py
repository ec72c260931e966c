"""One Switchboard for the tests of this folder, as `make run` starts it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_switchboard import Running, switchboard

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "connectors"), str(TESTS / "gateway")]

__all__ = ["Running", "running", "switchboard"]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with switchboard(tmp_path_factory.mktemp("run") / "var", SWITCHBOARD_MESSAGES_BURST="1000") as started:
        yield started
