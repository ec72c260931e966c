"""The bot's tests: the model is trained once for its sources, the processes start once for the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bot_parts import ROOT, Bot, Processes

import shop.demo
from switchboard import training


@pytest.fixture(scope="session")
def model() -> Path:
    return training.model_for(ROOT, ROOT / "var" / "models", ROOT / "var" / "logs", lambda _: None)


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
