"""How a day is said to a customer."""

from __future__ import annotations

from datetime import datetime

from faq_kb.search import SHOP_TIME

_WEEKDAYS = "一二三四五六日"


def day_in_words(at: datetime | None, now: datetime, locale: str) -> str:
    """`12月3日（星期四）`, `Thursday 3 December`, by the shop's clock; of another year than this one with the year."""
    if at is None:
        return ""
    day = at.astimezone(SHOP_TIME)
    is_far = day.year != now.astimezone(SHOP_TIME).year
    if locale == "en":
        return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if is_far else "")
    return (f"{day.year}年" if is_far else "") + f"{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）"
