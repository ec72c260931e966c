"""Every conversation of tests/bot/conversations, with the trained bot and the demo shop."""

from __future__ import annotations

import pytest
from bot_parts import Bot
from conversation_table import conversations, had

pytestmark = pytest.mark.bot

ALL = {one.name: one for one in conversations()}


@pytest.fixture(scope="module")
def outcomes(bot: Bot, request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Had together, before the first of them is looked at; only those that this run asks for."""
    names = [item.callspec.params["name"] for item in request.session.items if _is_one(item)]
    return had(bot, [ALL[name] for name in names])


@pytest.mark.parametrize("name", ALL)
def test_it_goes_as_written(outcomes: dict[str, list[str]], name: str) -> None:
    assert not outcomes[name], "\n".join(outcomes[name])


def test_every_kind_of_language_has_its_share() -> None:
    assert len(ALL) >= 200
    for language in ("zh-HK", "zh-TW", "zh-CN", "en", "mixed"):
        assert sum(one.language == language for one in ALL.values()) >= len(ALL) / 8, language


def _is_one(item: pytest.Item) -> bool:
    return item.name.startswith(f"{test_it_goes_as_written.__name__}[")
