"""The moment that a text promises, "聽日下晝三點前覆你" or "by Friday 5pm", and how a moment is said to a customer.

A proposal for the eye of the one who writes: what is past, further than two months away, or no day at all is none. The
day itself is read by `faq_kb/dates.py`, which the bot uses as well; its patterns need spaCy, which the gateway does
without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from faq_kb import fold_keeping_length
from faq_kb.dates import day_named
from handoff import texts

# A promise that names a day only, or "today", holds until people go home.
END_OF_DAY = time(18)
FURTHEST = timedelta(days=62)
MAX_CHARACTERS = 2_000
# Where 3/4 is the fourth of March.
_MONTH_FIRST = frozenset({"zh-TW", "zh-CN"})
# Between the day and the hour there may be a word or two: 「星期五我哋會喺下晝三點前」.
_NEAR = 12

_DIGITS = "0-9一二三四五六七八九十两"
_N = "(?:[0-9]{1,3}|[一二三四五六七八九十两]{1,3})"
_FEW = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
_DAYS_EN = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)"
_MONTHS_EN = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WEEK = "(?:周|星期|礼拜)"
_WITHIN = "(?:以内|之内|内|以后|之后|后)"

# In this order: of two that begin at the same place the first one is meant.
_DAYS: tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...] = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (rf"{_N}\s*个?\s*(?:工作[天日]|working days?)\s*{_WITHIN}?", {"working": 1}),
        (rf"(?:in|within)\s+{_FEW}\s+(?:working|business)\s+days?", {"working": 1}),
        ("大后[日天]", {"days": 3}),
        ("(?<![大然最以之])后[日天]", {"days": 2}),
        (r"\b(?:the )?day after tomorrow", {"days": 2}),
        ("(?<!打)听[日朝晚早]", {"days": 1}),
        ("明[日天早晚朝](?!年)", {"days": 1}),
        (r"\b(?:tomorrow|tmrw?|tmr)\b", {"days": 1}),
        ("今[日天早晚朝]|本日|即日", {"days": 0}),
        ("昨[日天晚]|[寻琴噚][日晚]|(?<!之)(?<!以)前[日天晚]", {"days": -1}),
        (r"\byesterday\b", {"days": -1}),
        (
            r"\b(?:today|tonight|this (?:morning|afternoon|evening)|(?:the )?end of (?:the |this )?day|eod|cob)\b",
            {"days": 0},
        ),
        (rf"下下个?{_WEEK}[一二三四五六日天]", {"week": 2}),
        (rf"下个?{_WEEK}[一二三四五六日天]", {"week": 1}),
        (rf"[这本今]个?{_WEEK}[一二三四五六日天]", {"week": 0}),
        (rf"{_WEEK}[一二三四五六日天]", {"weekday": "coming"}),
        (r"\b(?:the )?end of (?:the |this )?week\b", {"friday": 1}),
        (rf"\bnext {_DAYS_EN}\b", {"weekday": "next"}),
        (rf"\b(?:(?:this|on|by|before|until|coming) )?{_DAYS_EN}\b", {"weekday": "coming"}),
        (rf"{_N}\s*月\s*{_N}\s*[日号]?", {"order": "md"}),
        (rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTHS_EN}\b", {"order": "dm"}),
        (rf"\b{_MONTHS_EN} \d{{1,2}}(?:st|nd|rd|th)?\b", {"order": "md"}),
        (r"(?<![\d/.])\d{1,2}/\d{1,2}(?![\d/.])", {"order": "numeric"}),
        (rf"(?<![月\d一二三四五六七八九十]){_N}号", {"day_of_month": 1}),
        (rf"{_N}\s*[日天]\s*{_WITHIN}", {"count": 1}),
        (rf"{_N}\s*个?{_WEEK}\s*{_WITHIN}", {"count": 7}),
        (rf"\b(?:in|within) {_FEW} days?\b", {"count": 1}),
        (rf"\b(?:in|within) {_FEW} weeks?\b", {"count": 7}),
    )
)
# From now on, to the minute.
_SPANS: tuple[tuple[re.Pattern[str], timedelta], ...] = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (rf"(?<![{_DIGITS}])个半\s*(?:小时|钟头|钟)\s*{_WITHIN}?", timedelta(minutes=90)),
        (rf"(?<!个)半\s*个?\s*(?:小时|钟头|钟)\s*{_WITHIN}?", timedelta(minutes=30)),
        (r"\b(?:in|within) (?:half an hour|30 ?mins?)\b", timedelta(minutes=30)),
        (rf"(?P<n>{_N})\s*个?(?P<half>半)?\s*(?:小时|钟头)\s*{_WITHIN}?", timedelta(hours=1)),
        (rf"(?P<n>{_N})\s*(?:分钟|min(?:ute)?s?\b)\s*{_WITHIN}?", timedelta(minutes=1)),
        (rf"\b(?:in|within) (?:the next )?(?P<n>{_FEW}) (?:hours?|hrs?)\b", timedelta(hours=1)),
        (rf"\b(?:in|within) (?:the next )?(?P<n>{_FEW}) ?(?:minutes?|mins?)\b", timedelta(minutes=1)),
    )
)
_PARTS = {
    "morning": ("凌晨|清晨|早上|上午|朝早|朝|早", "morning"),
    "noon": ("中午|正午", r"noon|midday|lunch(?:time)?"),
    "afternoon": ("晏昼|下昼|下午|傍晚", "afternoon"),
    "evening": ("晚上|夜晚|晚", "evening|tonight|night"),
}
# When each part of a day begins and ends, for who gives no hour.
_PART_HOURS = {"morning": (9, 12), "noon": (12, 13), "afternoon": (12, 18), "evening": (18, 22)}
_ANY_PART = re.compile(
    "|".join(f"(?P<{name}>{chinese}|\\b(?:{english})\\b)" for name, (chinese, english) in _PARTS.items())
)
_CHINESE_PART = "|".join(chinese for chinese, _ in _PARTS.values())
_CLOCKS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<part>{_CHINESE_PART})?\s*(?P<hour>\d{{1,2}}|[一二三四五六七八九十两]{{1,2}})\s*点(?:钟)?\s*"
        rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})分?(?![件个]))?",
        rf"(?P<part>{_CHINESE_PART})?\s*(?<![\d:])(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?![\d:.])\s*(?P<half_day>am|pm|a\.m|p\.m)?",
        r"(?<![\d:.])(?P<hour>\d{1,2})\s*(?P<half_day>am|pm|a\.m|p\.m)\b",
        r"\b(?P<hour>\d{1,2}) ?o'?clock(?: in the (?P<part>morning|afternoon|evening))?",
    )
)
_BEFORE_AFTER_IT = re.compile(r"\s*(?:之|以)?前")
_BEFORE_BEFORE_IT = re.compile(r"\bbefore\s+(?:the\s+)?(?:[a-z]+\s+)?\Z")


@dataclass(frozen=True)
class Moment:
    """A moment in a text: when it is, and from where to where the text says so."""

    due_at: datetime
    start: int
    end: int


@dataclass(frozen=True)
class _Said:
    start: int
    end: int


@dataclass(frozen=True)
class _Day(_Said):
    day: date


@dataclass(frozen=True)
class _Hour(_Said):
    hour: time
    is_late_half: bool  # "下晝三點", "3pm": the half of the day was said


def moment_in(text: str, now: datetime, zone: ZoneInfo, language: str) -> Moment | None:
    """The first moment to come that a text names, or None."""
    folded = fold_keeping_length(text[:MAX_CHARACTERS])
    local = now.astimezone(zone)
    found = _in_so_long(folded, local) or _at_a_time(folded, local, language)
    if found is None or not local < found.due_at <= local + FURTHEST:
        return None
    return found


def in_words(moment: datetime, language: str, zone: ZoneInfo) -> str:
    """`3月3日（星期二）15:00`, `Tuesday 3 March at 15:00`."""
    local = moment.astimezone(zone)
    if language == "en":
        return f"{local:%A} {local.day} {local:%B} at {local:%H:%M}"
    weekday = texts.variants("weekdays", language)[local.weekday()]
    return f"{local.month}月{local.day}日（{weekday}）{local:%H:%M}"


def add_working_days(day: date, count: int) -> date:
    """So many days later, Saturdays and Sundays not counted."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _in_so_long(text: str, now: datetime) -> Moment | None:
    for pattern, unit in _SPANS:
        match = pattern.search(text)
        if match is None:
            continue
        groups = match.groupdict()
        count = _number(groups["n"]) if groups.get("n") else 1
        length = unit * count + (unit / 2 if groups.get("half") else timedelta())
        return Moment(_whole_minute(now + length), match.start(), match.end())
    return None


def _at_a_time(text: str, now: datetime, language: str) -> Moment | None:
    text = _without_past(text, now.date(), language)
    day, hour = _day_in(text, now.date(), language), _hour_in(text)
    if day and hour and not -_NEAR <= max(day.start, hour.start) - min(day.end, hour.end) <= _NEAR:
        hour = None
    part = _part_in(text, day)
    if day is None and hour is None and part is None:
        return None
    saids = [one for one in (day, hour, part) if one]
    start, end = min(one.start for one in saids), max(one.end for one in saids)
    at = hour.hour if hour else part.hour if part else END_OF_DAY
    if hour and day and not hour.is_late_half and part and part.hour >= time(12) and hour.hour < time(12):
        at = time(hour.hour.hour + 12, hour.hour.minute)
    chosen = day.day if day else now.date()
    due = datetime.combine(chosen, at, now.tzinfo)
    if due <= now and day is None:
        due += timedelta(days=1)
    elif due <= now and chosen.weekday() == now.weekday() and chosen == now.date() and _names_weekday(text, day):
        due += timedelta(days=7)
    return Moment(due, start, end)


def _names_weekday(text: str, day: _Day | None) -> bool:
    said = text[day.start : day.end] if day else ""
    return bool(re.search(rf"{_WEEK}[一二三四五六日天]|{_DAYS_EN}", said)) and not re.search("[这本今]|this", said)


def _without_past(text: str, today: date, language: str) -> str:
    """The text with days that are over, and the hours beside them, blotted out; as long as before."""
    for pattern, form in _DAYS:
        for match in pattern.finditer(text):
            day = _day_of(form, match.group(), today, language)
            if day is not None and day < today:
                clock = next((one for one in (each.match(text, match.end()) for each in _CLOCKS) if one), match)
                text = text[: match.start()] + "\n" * (clock.end() - match.start()) + text[clock.end() :]
    return text


def _day_in(text: str, today: date, language: str) -> _Day | None:
    found: list[_Day] = []
    for pattern, form in _DAYS:
        for match in pattern.finditer(text):
            day = _day_of(form, match.group(), today, language)
            if day is not None and day >= today:
                found.append(_Day(match.start(), match.end(), day))
                break
    return min(found, key=lambda one: (one.start, one.start - one.end), default=None)


def _day_of(form: Mapping[str, Any], said: str, today: date, language: str) -> date | None:
    if "working" in form:
        return add_working_days(today, _number(said))
    if "friday" in form:
        return today + timedelta(days=(4 - today.weekday()) % 7)
    if "day_of_month" in form:
        this = day_named({"order": "d", "months": 0}, said, today)
        return this if this and this >= today else day_named({"order": "d", "months": 1}, said, today)
    named = said.strip()
    if form.get("weekday") == "coming" and named[-1].isascii():
        named = named.split()[-1]
    return day_named(form, named, today, month_first=language in _MONTH_FIRST)


def _hour_in(text: str) -> _Hour | None:
    for pattern in _CLOCKS:
        for match in pattern.finditer(text):
            read = _hour_of(match.groupdict())
            if read is not None:
                return _Hour(match.start(), match.end(), *read)
    return None


def _hour_of(groups: Mapping[str, str | None]) -> tuple[time, bool] | None:
    hour = _number(groups["hour"] or "")
    minute = 30 if groups.get("half") else 15 * _number(groups["quarter"] or "") if groups.get("quarter") else 0
    if groups.get("minute"):
        minute = _number(groups["minute"] or "")
    if hour > 24 or minute > 59:
        return None
    half_day, part = groups.get("half_day"), groups.get("part")
    name = next((name for name, (zh, en) in _PARTS.items() if part and re.fullmatch(f"{zh}|{en}", part)), None)
    if half_day:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half_day[0] == "p" else 0)
    elif (name in ("afternoon", "evening") and hour < 12) or (name == "noon" and hour < 6):
        hour += 12
    elif name is None and 1 <= hour <= 7:
        hour += 12  # nobody promises three in the morning
    return time(hour % 24, minute), bool(half_day or name)


def _part_in(text: str, day: _Day | None) -> _Hour | None:
    """A part of the day without an hour: before it begins when the text says "before", else until it ends."""
    begin = day.start if day else 0
    end = day.end + 2 * _NEAR if day else len(text)
    match = _ANY_PART.search(text, begin, end)
    if match is None or match.lastgroup is None:
        return None
    if day is None and not re.match(r"(?:上午|早上|中午|下昼|下午|晏昼|傍晚|晚上|夜晚|noon|midday)", match.group()):
        return None
    is_before = bool(_BEFORE_AFTER_IT.match(text, match.end()) or _BEFORE_BEFORE_IT.search(text, 0, match.start()))
    start_hour, end_hour = _PART_HOURS[match.lastgroup]
    return _Hour(
        match.start(), match.end(), time(start_hour if is_before or match.lastgroup == "noon" else end_hour), True
    )


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1 if moment.second or moment.microsecond else 0)


_NUMERALS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _number(said: str) -> int:
    digits = re.search(r"\d+", said)
    if digits:
        return int(digits.group())
    word = re.search(rf"\b(?:an?|{'|'.join(_WORDS)})\b", said)
    if word:
        return max(1, _WORDS.index(word.group())) if word.group() in _WORDS else 1
    signs = [sign for sign in said if sign in _NUMERALS or sign == "十"]
    if "十" not in signs:
        return _NUMERALS[signs[0]] if signs else 0
    at = signs.index("十")
    tens = _NUMERALS.get(signs[at - 1], 1) if at else 1
    ones = _NUMERALS.get(signs[at + 1], 0) if at + 1 < len(signs) else 0
    return 10 * tens + ones
