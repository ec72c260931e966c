"""The bot's tests: the model is trained once for its sources, the processes start once for the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bot_parts import Bot, Processes
from running_switchboard import trained_model

import shop.demo


@pytest.fixture(scope="session")
def model() -> Path:
    return trained_model()


@pytest.fixture(scope="session")
def bot(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    data = tmp_path_factory.mktemp("bot")
    shop.demo.fill(f"sqlite:///{data / 'shop.db'}", seed=7)
    processes = Processes(model, data)
    try:
        processes.wait_until_ready()
        yield processes.bot
    finally:
        processes.stop()
