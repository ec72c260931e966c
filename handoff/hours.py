"""When people answer: weekly opening hours in a time zone, without holidays, and with exceptions by date.

Written as `mon-fri 09:00-18:00, sat 10:00-14:00`; `mon-sun 00:00-24:00` is always.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from handoff import texts

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLACES = ("HK", "TW", "CN")
CLOSED = "closed"
_SPAN = re.compile(r"^(\d{2}):(\d{2})-(\d{2}):(\d{2})$")
_PART = re.compile(r"^([a-z]{3})(?:-([a-z]{3}))?\s+(\S+)$")
DAY_MINUTES = 24 * 60
# An exception may close the desk for long, but not for longer than this.
LOOKS_AHEAD_DAYS = 400
WEEK = timedelta(days=7)

Span = tuple[int, int]


@dataclass(frozen=True)
class OpeningHours:
    """Spans of minutes for each day of the week, 0 being Monday; a date of its own goes before its weekday."""

    spans: tuple[tuple[Span, ...], ...]
    zone: ZoneInfo
    holidays: tuple[str, ...] = ()
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, written: str, zone: str) -> OpeningHours:
        """Raises ValueError with what is wrong and what was expected."""
        tz = zone_of(zone)
        days: list[list[Span]] = [[] for _ in DAYS]
        for part in filter(None, (piece.strip().lower() for piece in written.split(","))):
            for day, span in _parse_part(part):
                days[day].append(span)
        return cls(tuple(tuple(sorted(day)) for day in days), tz)

    def with_days(self, places: Sequence[str], exceptions: Mapping[date, tuple[Span, ...]]) -> OpeningHours:
        """The same week, closed on the public holidays of these places, and otherwise on these dates."""
        return replace(self, holidays=tuple(places), exceptions=dict(exceptions))

    def is_open(self, now: datetime) -> bool:
        """Whether people answer at this moment."""
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self._spans_on(local.date()))

    def next_opening(self, now: datetime) -> datetime | None:
        """When people answer again, in the zone of these hours; None when they never do."""
        local = now.astimezone(self.zone)
        if not any(self.spans) and not self.exceptions:
            return None
        for ahead in range(LOOKS_AHEAD_DAYS):
            day = local.date() + timedelta(days=ahead)
            for start, _ in self._spans_on(day):
                opening = datetime.combine(day, time(), self.zone) + timedelta(minutes=start)
                # Two times of one zone are compared by the clock on the wall, which a change of the clocks sets back.
                if opening.astimezone(timezone.utc) > now:
                    return opening
        return None

    def _spans_on(self, day: date) -> tuple[Span, ...]:
        if day in self.exceptions:
            return self.exceptions[day]
        if any(day in _holidays_of(place, day.year) for place in self.holidays):
            return ()
        return self.spans[day.weekday()]


def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError when there is no such time zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"no such time zone: {name!r} (expected for example Asia/Hong_Kong)") from exc


def spans_of_day(written: str) -> tuple[Span, ...]:
    """`closed`, or spans such as `10:00-14:00, 15:00-18:00`. Raises ValueError."""
    if written.strip().lower() == CLOSED:
        return ()
    return tuple(sorted(_parse_span(piece.strip(), piece) for piece in written.split(",")))


def opening_in_words(opening: datetime | None, language: str, now: datetime | None = None) -> str:
    """`星期一 09:00`, `on Monday at 09:00`; with the date when that Monday is not the next one."""
    if opening is None:
        return {"en": "later"}.get(language, "稍後" if language != "zh-CN" else "稍后")
    day = texts.variants("weekdays", language)[opening.weekday()]
    if now is not None and opening - now >= WEEK - timedelta(days=1):
        written = f"{opening.day} {opening:%B}" if language == "en" else f"{opening.month}月{opening.day}日"
        day = f"{day} {written}" if language == "en" else f"{written}（{day}）"
    return f"{day} at {opening:%H:%M}" if language == "en" else f"{day} {opening:%H:%M}"


@lru_cache(maxsize=64)
def _holidays_of(place: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(place, years=year))


def _parse_part(part: str) -> list[tuple[int, Span]]:
    match = _PART.match(part)
    if match is None or match[1] not in DAYS or (match[2] or match[1]) not in DAYS or not _SPAN.match(match[3]):
        raise ValueError(f"not opening hours: {part!r} (expected for example 'mon-fri 09:00-18:00')")
    span = _parse_span(match[3], part)
    first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
    if last < first:
        raise ValueError(f"not a range of days: {part!r} (the week begins on mon)")
    return [(day, span) for day in range(first, last + 1)]


def _parse_span(written: str, part: str) -> Span:
    match = _SPAN.match(written)
    if match is None:
        raise ValueError(f"not a span of one day: {part!r} (expected for example 09:00-18:00, or closed)")
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if not 0 <= start < end <= DAY_MINUTES or int(match[2]) > 59 or int(match[4]) > 59:
        raise ValueError(f"not a span of one day: {part!r} (the start must be before the end, 24:00 at most)")
    return start, end
