"""A day is said in words, by the shop's clock."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from actions.days import day_in_words

NOW = datetime(2026, 11, 29, 16, 30, tzinfo=timezone.utc)  # the 30th in the shop


@pytest.mark.parametrize("locale", ["zh-HK", "zh-TW", "zh-CN"])
def test_a_day_has_its_weekday_and_no_year_that_is_now(locale: str) -> None:
    assert day_in_words(datetime(2026, 12, 2, 16, 0, tzinfo=timezone.utc), NOW, locale) == "12月3日（星期四）"
    assert day_in_words(datetime(2026, 12, 31, 16, 0, tzinfo=timezone.utc), NOW, locale) == "2027年1月1日（星期五）"
    assert day_in_words(None, NOW, locale) == ""


def test_a_day_in_english() -> None:
    assert day_in_words(datetime(2026, 12, 2, 15, 59, tzinfo=timezone.utc), NOW, "en") == "Wednesday 2 December"
    assert day_in_words(datetime(2025, 12, 31, 15, 59, tzinfo=timezone.utc), NOW, "en") == "Wednesday 31 December 2025"
