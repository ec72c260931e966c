"""One Switchboard for the tests of this folder, as `make run` starts it."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_switchboard import Running, switchboard

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "connectors"), str(TESTS / "gateway")]

__all__ = ["Running", "running", "switchboard"]


class House:
    """One Switchboard for the folder; after a test that ended it, the next that needs one has another."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._open = contextlib.ExitStack()
        self._running: Running | None = None

    def running(self) -> Running:
        if self._running is None or self._running.process.poll() is not None:
            self.close()
            data = self._place / secrets.token_hex(4) / "var"
            self._running = self._open.enter_context(switchboard(data, SWITCHBOARD_MESSAGES_BURST="1000"))
        return self._running

    def close(self) -> None:
        self._open.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("run"))
    yield house
    house.close()


@pytest.fixture
def running(house: House) -> Running:
    return house.running()
