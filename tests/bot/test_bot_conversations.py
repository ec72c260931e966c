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


def test_all_four_locales_have_their_share() -> None:
    for locale in ("zh-HK", "zh-TW", "zh-CN", "en"):
        assert sum(one.locale == locale for one in ALL.values()) >= len(ALL) / 8, locale


def _is_one(item: pytest.Item) -> bool:
    return item.name.startswith(f"{test_it_goes_as_written.__name__}[")
