"""The team at the desk: who answers what, who is there, and who may change it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Start

from handoff.team_file import TeamsError


async def _member(seat: Any, login: str) -> dict[str, Any]:
    return next(one for one in (await seat.get("/team"))["agents"] if one["login"] == login)


async def test_a_supervisor_says_what_an_agent_answers_and_everybody_reads_it(gateway: Gateway) -> None:
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    member = await _member(sue, "ben")
    assert (member["teams"], member["languages"], member["capacity"], member["is_present"]) == ([], [], None, True)
    work = {"teams": ["returns", "delivery"], "skills": ["repair"], "languages": ["en"], "capacity": 2}
    await sue.post(f"/team/agents/{member['id']}", work, method="PUT")
    await sue.post(f"/team/agents/{member['id']}", {"capacity": 3}, method="PUT")
    seen = await _member(ben, "ben")
    assert (seen["teams"], seen["skills"], seen["languages"], seen["capacity"]) == (
        ["delivery", "returns"], ["repair"], ["en"], 3,
    )  # fmt: skip
    whole = await ben.get("/team?locale=zh-TW")
    assert [team["name"] for team in whole["teams"]][:2] == ["客戶服務", "售前諮詢"]
    assert whole["may_edit"] is False and whole["problem"] is None
    refused = await ben.post(f"/team/agents/{member['id']}", {"capacity": 50}, method="PUT", status=403)
    assert refused["error"]["code"] == "not_allowed"
    assert (await sue.post("/team/agents/999", {}, method="PUT", status=404))["error"]["code"] == "unknown_agent"


@pytest.mark.parametrize(
    ("work", "field", "said"),
    [
        ({"teams": ["dilevery"]}, "teams", "there is no 'dilevery'; known are support, sales, delivery"),
        ({"teams": "delivery"}, "teams", "must be a list"),
        ({"skills": ["flying"]}, "skills", "there is no 'flying'; known are repair, setup"),
        ({"languages": ["fr"]}, "languages", "known are zh-HK"),
        ({"capacity": 0}, "capacity", "from 1 to 100"),
        ({"capacity": True}, "capacity", "from 1 to 100"),
    ],
)
async def test_what_nobody_can_answer_is_refused_by_name(
    start: Any, work: dict[str, Any], field: str, said: str
) -> None:
    sue = await (await start()).seat("sue")
    member = await _member(sue, "ben")
    refused = (await sue.post(f"/team/agents/{member['id']}", work, method="PUT", status=400))["error"]
    assert refused["details"]["field"] == field and said in refused["message"]
    assert (await _member(sue, "ben"))["teams"] == []


NAME = "{zh-HK: 隊, zh-TW: 隊, zh-CN: 队, en: Team}"
OPEN = f"desk: {{hours: mon-sun 09:00-18:00, time_zone: Asia/Hong_Kong}}\nteams: {{support: {{name: {NAME}}}}}\n"
MISTAKES = [
    (
        OPEN.replace("Hong_Kong}", "Hong_Kong,\n  holidays: [HK, Mars]}"),
        "teams.yml, line 2, desk.holidays",
    ),
    (
        OPEN.replace("Hong_Kong}", "Hong_Kong,\n  exceptions:\n    [{date: 2026-02-30, hours: closed}]}"),
        "teams.yml, line 3, desk.exceptions",
    ),
    (OPEN.replace("mon-sun", "mon-someday"), "teams.yml, line 1, desk.hours"),
    (OPEN + "surprise: 1\n", "teams.yml, line 3"),
]


@pytest.mark.parametrize(("mistake", "place"), MISTAKES, ids=["holiday", "exception", "hours", "key"])
async def test_a_mistake_in_the_file_is_told_with_its_place_and_the_last_good_hours_stay(
    start: Start, root: Path, mistake: str, place: str
) -> None:
    teams = root / "teams.yml"
    teams.write_text(OPEN, encoding="utf-8")
    gateway = await start(teams_file=teams)
    ben = await gateway.seat("ben")

    async def until_it_says(wanted: str | None) -> dict[str, Any]:
        for _ in range(400):
            team = dict(await ben.get("/team"))
            if team["problem"] == wanted or (wanted and wanted in (team["problem"] or "")):
                return team
            await asyncio.sleep(0.05)
        raise AssertionError(team["problem"])

    teams.write_text(mistake, encoding="utf-8")
    team = await until_it_says(place)
    assert team["teams"][0]["is_open"] is True
    assert (await gateway.session())["state"]["people_available"] is True
    teams.write_text(OPEN.replace("mon-sun 09:00", "mon-sun 15:00"), encoding="utf-8")
    assert (await until_it_says(None))["teams"][0]["is_open"] is False


@pytest.mark.parametrize(("mistake", "place"), MISTAKES, ids=["holiday", "exception", "hours", "key"])
async def test_a_mistake_at_the_start_stops_it_with_its_place(
    start: Start, root: Path, mistake: str, place: str
) -> None:
    (root / "teams.yml").write_text(mistake, encoding="utf-8")
    with pytest.raises(TeamsError, match=place):
        await start(teams_file=root / "teams.yml")
