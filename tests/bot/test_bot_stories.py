"""Rasa's end-to-end stories (tests/bot/stories), through Rasa's own test of a trained model."""

from __future__ import annotations

from pathlib import Path

import pytest
from bot_parts import ROOT
from rasa.core.agent import Agent
from rasa.core.test import test as evaluate_stories

pytestmark = pytest.mark.bot

STORIES = ROOT / "tests" / "bot" / "stories"
FAILED = "failed_test_stories.yml"


async def test_every_story_goes_as_written(model: Path, tmp_path: Path) -> None:
    evaluation = await evaluate_stories(
        str(STORIES), Agent.load(str(model)), out_directory=str(tmp_path), e2e=True, disable_plotting=True
    )
    assert evaluation["is_end_to_end_evaluation"]
    conversations = evaluation["report"]["conversation_accuracy"]
    assert conversations["correct"] == conversations["total"] >= 12, (tmp_path / FAILED).read_text(encoding="utf-8")
