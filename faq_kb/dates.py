"""The day that a message names, by the calendar of the one who wrote it. A day that does not exist is none.

Lowest room, beside the folding it relies on: the bot reads customers' days with it, the desk the promises of agents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

_NUMERALS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_WORDS = ("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_NUMBER = re.compile(
    rf"[0-9]+|[{''.join(_NUMERALS)}十]+|\b(?:{'|'.join(_MONTHS)})|\b(?:an?|{'|'.join(_WORDS[1:])})\b", re.ASCII
)
# Years that people still speak of.
_YEARS = range(1990, 2100)
_MOST_DAYS = 1_000


def day_named(form: Mapping[str, Any], text: str, today: date, month_first: bool = False) -> date | None:
    """The day that a folded text names in a form of the pattern file, seen from `today`; None when there is none.

    `days: -1` is yesterday; `week: -1` the weekday of last week; `weekday: last|next|coming` the one nearest to today;
    `count: -7` so many weeks ago; `order: ymd` numbers in this order, `order: numeric` those that may be read two ways.
    """
    try:
        return _day(form, text, today, month_first)
    except (ValueError, OverflowError):
        return None


def _day(form: Mapping[str, Any], text: str, today: date, month_first: bool) -> date | None:
    if "days" in form:
        return today + timedelta(days=form["days"])
    if "week" in form:
        return today + timedelta(days=7 * form["week"] - today.weekday() + _weekday(text))
    if "weekday" in form:
        return _nearest_weekday(form["weekday"], _weekday(text), today)
    numbers = list(_numbers(text))
    if "count" in form:
        return today + timedelta(days=form["count"] * numbers[0]) if 0 < numbers[0] <= _MOST_DAYS else None
    order = str(form["order"])
    if order == "numeric":
        order = _readable_order(numbers, month_first)
    named = dict(zip(order, numbers, strict=True))
    if "months" in form:
        year, month = divmod(today.year * 12 + today.month - 1 + form["months"], 12)
        return date(year, month + 1, named["d"])
    if "years" in form:
        return date(today.year + form["years"], named["m"], named["d"])
    if "y" in named:
        return date(named["y"], named["m"], named["d"]) if named["y"] in _YEARS else None
    return _nearest(named["m"], named["d"], today)


def _weekday(text: str) -> int:
    if text[-1] in _CHINESE_WEEKDAYS:
        return _CHINESE_WEEKDAYS[text[-1]]
    return _WEEKDAYS.index(text.split()[-1][:3])


def _nearest_weekday(which: str, weekday: int, today: date) -> date:
    """`last` and `next` are never today; `coming` may be."""
    ahead = (weekday - today.weekday()) % 7
    if which == "last":
        return today - timedelta(days=7 - ahead)
    return today + timedelta(days=ahead if which == "coming" else ahead or 7)


def _readable_order(numbers: list[int], month_first: bool) -> str:
    first, second = numbers[:2]
    order = "md" if second > 12 or (month_first and first <= 12) else "dm"
    return order + "y" * (len(numbers) - 2)


def _nearest(month: int, day: int, today: date) -> date | None:
    """Without a year, the year that brings the day nearest: in January, December was last month."""
    known = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            known.append(date(year, month, day))
        except ValueError:
            continue
    return min(known, key=lambda one: abs(one - today), default=None)


def _numbers(text: str) -> Iterator[int]:
    for found in _NUMBER.finditer(text):
        yield _number(found.group())


def _number(written: str) -> int:
    if written.isdigit() and written.isascii():
        return int(written)
    if written in _MONTHS:
        return _MONTHS.index(written) + 1
    if written.isascii():
        return max(1, _WORDS.index("a" if written == "an" else written))
    if "十" not in written:
        return int("".join(str(_NUMERALS[sign]) for sign in written))
    tens, _, ones = written.partition("十")
    return 10 * (_NUMERALS[tens] if tens else 1) + (_NUMERALS[ones] if ones else 0)
