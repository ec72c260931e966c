"""The team at the desk: who answers what, who is there, and who may change it."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_parts import Gateway


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
