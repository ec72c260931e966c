"""The file of teams: what it says, what is wrong with it and where, and that the last good one stays in force."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from handoff import edited_file, teams
from handoff.hours import OpeningHours, opening_in_words
from handoff.team_file import TeamsError
from handoff.teams import Policy, Teams, TeamsFile
from handoff.texts import LOCALES

ALWAYS = OpeningHours.parse("mon-sun 00:00-24:00", "Asia/Hong_Kong")
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
NAME = "{zh-HK: 送貨, zh-TW: 配送, zh-CN: 物流, en: Delivery}"
GOOD = f"""
desk:
  time_zone: Asia/Taipei
  hours: mon-fri 09:00-18:00
  capacity: 3
general: delivery
teams:
  delivery:
    name: {NAME}
    skills: [cold-chain]
    lead: Ben
    policy: least-busy
    fallback: night
    fallback_after_seconds: 60
  night:
    name: {NAME}
    time_zone: Europe/London
    hours: mon-sun 20:00-24:00
    holidays: [HK]
    exceptions:
      - {{date: 2026-02-17, until: 2026-02-18, hours: "10:00-14:00"}}
      - {{date: 2026-03-02, hours: closed, name: moving house}}
"""


def _read(path: Path, text: str) -> Teams:
    path.write_text(text, encoding="utf-8")
    return teams.read(path, ALWAYS)


def test_what_the_file_says_and_what_it_leaves_to_all(tmp_path: Path) -> None:
    read = _read(tmp_path / "teams.yml", GOOD)
    delivery = read.of("delivery")
    assert (delivery.policy, delivery.lead, delivery.capacity) == (Policy.LEAST_BUSY, "ben", 3)
    assert delivery.hours.zone.key == "Asia/Taipei" and read.of("night").policy is Policy.AGENTS_PICK
    assert read.of("no such team").id == "delivery" and read.skills == ("cold-chain",)
    assert delivery.name_in("zh-CN") == "物流"


def test_the_shipped_teams_have_their_names_in_four_locales() -> None:
    shipped = teams.read(teams.SHIPPED, ALWAYS)
    assert set(shipped.by_id) >= {"sales", "delivery", "returns", "billing", "technical"}
    assert all(set(team.names) == set(LOCALES) for team in shipped.by_id.values())


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("capacity: 3", "capacity: 0", "teams.yml, line 5, desk.capacity: is 0; expected a whole number from 1"),
        ("capacity: 3", "capcity: 3", "line 5, desk.capcity: unknown field; known are"),
        ("mon-fri 09:00", "mon-fry 09:00", "line 4, desk.hours: not opening hours"),
        ("Asia/Taipei", "Asia/Taipeh", "line 3, desk.time_zone: no such time zone: 'Asia/Taipeh'"),
        ("least-busy", "laziest", "line 12, teams.delivery.policy: is 'laziest'; expected one of agents-pick"),
        ("fallback: night", "fallback: nigth", "line 13, teams.delivery.fallback: there is no team 'nigth'"),
        ("fallback: night", "fallback: delivery", "line 13, teams.delivery.fallback: a team cannot be its own"),
        ("general: delivery", "general: x", "line 6, general: there is no team 'x'"),
        ("[HK]", "[HK, XX]", "line 19, teams.night.holidays[1]: is 'XX'; expected one of HK, TW, CN"),
        ("2026-03-02", "2026-02-30", "line 22, teams.night.exceptions[1].date: cannot be read"),
        ("date: 2026-03-02, ", "", "line 22, teams.night.exceptions[1]: the field date is missing"),
        ("until: 2026-02-18", "until: 2026-02-16", "line 21, teams.night.exceptions[0].until: 2026-02-16 is before"),
        ("2026-03-02", "2026-02-18", "line 22, teams.night.exceptions[1]: 2026-02-18 stands in two exceptions"),
        ('"10:00-14:00"', '"14:00-10:00"', "line 21, teams.night.exceptions[0].hours: not a span of one day"),
        ("zh-TW: 配送, ", "", "line 9, teams.delivery.name: the name in zh-TW is missing"),
        ("[cold-chain]", "[Cold Chain]", "line 10, teams.delivery.skills[0]: a skill is made of"),
        ("lead: Ben", "lead: [Ben]", "line 11, teams.delivery.lead: expected one value"),
        ("  night:", "  delivery:", "line 15, teams.delivery: stands twice"),
        ("teams:", "teams: [", "not valid YAML"),
        ("teams:", "teams: " + "[" * 100_000, "not valid YAML"),
        (GOOD, "", "empty; expected the section teams"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in GOOD
    with pytest.raises(TeamsError) as refused:
        _read(tmp_path / "teams.yml", GOOD.replace(before, after, 1))
    assert complaint in str(refused.value)


def test_a_broken_file_leaves_the_last_good_one_in_force_and_a_mended_one_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edited_file, "LOOK_EVERY_SECONDS", 0)
    path = tmp_path / "teams.yml"
    path.write_text(GOOD, encoding="utf-8")
    followed = TeamsFile(path, ALWAYS)
    path.write_text(GOOD.replace("capacity: 3", "capacity: three"), encoding="utf-8")
    assert followed.current.of("delivery").capacity == 3
    assert "line 5, desk.capacity: is 'three'" in (followed.problem or "")
    path.write_text(GOOD.replace("capacity: 3", "capacity: 12"), encoding="utf-8")
    assert followed.current.of("delivery").capacity == 12 and followed.problem is None
    os.remove(path)
    assert followed.current.of("delivery").capacity == 12 and "cannot be read" in (followed.problem or "")


def test_holidays_exceptions_and_time_zones_decide_the_next_opening(tmp_path: Path) -> None:
    night = _read(tmp_path / "teams.yml", GOOD).of("night").hours
    # 17 February 2026 is the first day of the lunar new year: an exception opens it, the 19th stays closed.
    assert night.is_open(datetime(2026, 2, 17, 10, 30, tzinfo=timezone.utc))
    assert not night.is_open(datetime(2026, 2, 19, 20, 30, tzinfo=timezone.utc))
    assert night.next_opening(datetime(2026, 2, 18, 14, 0, tzinfo=timezone.utc)) == datetime(
        2026, 2, 20, 20, 0, tzinfo=timezone.utc
    )
    # London leaves winter time on 29 March 2026.
    assert night.next_opening(datetime(2026, 3, 29, 0, 30, tzinfo=timezone.utc)) == datetime(
        2026, 3, 29, 19, 0, tzinfo=timezone.utc
    )


@pytest.mark.parametrize(("place", "day"), [("HK", (2026, 7, 1)), ("TW", (2026, 10, 10)), ("CN", (2026, 10, 1))])
def test_each_place_has_its_holidays(place: str, day: tuple[int, int, int]) -> None:
    hours = ALWAYS.with_days([place], {})
    noon = datetime(*day, 12, 0, tzinfo=HONG_KONG)
    assert not hours.is_open(noon) and ALWAYS.is_open(noon)


def test_an_opening_more_than_a_week_away_is_said_with_its_date() -> None:
    now = datetime(2026, 2, 14, 12, 0, tzinfo=HONG_KONG)
    far = now + timedelta(days=9)
    assert opening_in_words(far, "en", now) == "on Monday 23 February at 12:00"
    assert opening_in_words(far, "zh-HK", now) == "2月23日（星期一） 12:00"
    assert opening_in_words(now + timedelta(days=2), "en", now) == "on Monday at 12:00"


def test_hours_that_never_open_have_no_next_opening() -> None:
    assert OpeningHours.parse("", "Asia/Hong_Kong").next_opening(datetime(2026, 2, 14, tzinfo=timezone.utc)) is None
