"""When people answer: weekly opening hours in the shop's time zone.

Written as `mon-fri 09:00-18:00, sat 10:00-14:00`; `mon-sun 00:00-24:00` is always.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handoff import texts

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"^([a-z]{3})(?:-([a-z]{3}))?\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})$")
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class OpeningHours:
    """Spans of minutes for each day of the week, 0 being Monday."""

    spans: tuple[tuple[tuple[int, int], ...], ...]
    zone: ZoneInfo

    @classmethod
    def parse(cls, written: str, zone: str) -> OpeningHours:
        """Raises ValueError with what is wrong and what was expected."""
        try:
            tz = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ValueError(f"no such time zone: {zone!r} (expected for example Asia/Hong_Kong)") from exc
        days: list[list[tuple[int, int]]] = [[] for _ in DAYS]
        for part in filter(None, (piece.strip().lower() for piece in written.split(","))):
            for day, span in _parse_part(part):
                days[day].append(span)
        return cls(tuple(tuple(sorted(day)) for day in days), tz)

    def is_open(self, now: datetime) -> bool:
        """Whether people answer at this moment."""
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.spans[local.weekday()])

    def next_opening(self, now: datetime) -> datetime | None:
        """When people answer again, in the shop's zone; None when they never do."""
        local = now.astimezone(self.zone)
        for ahead in range(8):
            day = local.date() + timedelta(days=ahead)
            for start, _ in self.spans[day.weekday()]:
                opening = datetime.combine(day, time(), self.zone) + timedelta(minutes=start)
                if opening > local:
                    return opening
        return None


def opening_in_words(opening: datetime | None, language: str) -> str:
    """`星期一 09:00`, `on Monday at 09:00`."""
    if opening is None:
        return {"en": "later"}.get(language, "稍後" if language != "zh-CN" else "稍后")
    day = texts.variants("weekdays", language)[opening.weekday()]
    return f"{day} at {opening:%H:%M}" if language == "en" else f"{day} {opening:%H:%M}"


def _parse_part(part: str) -> list[tuple[int, tuple[int, int]]]:
    match = _PART.match(part)
    if match is None or match[1] not in DAYS or (match[2] or match[1]) not in DAYS:
        raise ValueError(f"not opening hours: {part!r} (expected for example 'mon-fri 09:00-18:00')")
    start, end = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
    if not 0 <= start < end <= DAY_MINUTES:
        raise ValueError(f"not a span of one day: {part!r} (the start must be before the end, 24:00 at most)")
    first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
    if last < first:
        raise ValueError(f"not a range of days: {part!r} (the week begins on mon)")
    return [(day, (start, end)) for day in range(first, last + 1)]
