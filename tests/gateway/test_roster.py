"""Shifts, presence and the mode of the desk: who may change what, what is refused, and that it holds at once."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_parts import Gateway, Page, Seat, Start

DAY = {"day": "2026-03-02", "from": "09:00", "to": "18:00"}  # Monday, the clock's day; it is noon


async def _add(seat: Seat, login: str, status: int = 200, **shift: Any) -> Any:
    week = await seat.get("/roster")
    names = {"ben": "Ben", "cleo": "Cleo", "sue": "Sue"}
    who = next(one["id"] for one in week["agents"] if one["name"] == names[login])
    return await seat.post("/roster", {"agent": who, **DAY, **shift}, status=status)


async def _asks(gateway: Gateway) -> Page:
    gateway.bot.hands_over("/ask_person")
    page = await gateway.page()
    await page.send({"type": "person", "client_id": "p"})
    return page


async def test_everybody_reads_the_week_and_agents_change_their_own_shifts(gateway: Gateway) -> None:
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    shift = (await _add(ben, "ben", note="phone"))["shift"]
    assert (shift["day"], shift["from"], shift["to"], shift["is_overnight"]) == ("2026-03-02", "09:00", "18:00", False)
    assert shift["starts_at"] == "2026-03-02T01:00:00+00:00"
    night = (await _add(sue, "cleo", **{"from": "22:00", "to": "06:00"}))["shift"]
    assert night["is_overnight"] is True
    refused = await ben.post(f"/roster/{night['id']}", DAY, method="PUT", status=403)
    assert refused["error"]["code"] == "not_allowed"
    assert (await _add(ben, "cleo", status=403))["error"]["code"] == "not_allowed"
    changed = await sue.post(f"/roster/{shift['id']}", {**DAY, "to": "17:00"}, method="PUT")
    assert changed["shift"]["to"] == "17:00"
    week = await ben.get("/roster?week=2026-03-08")
    assert week["days"][0] == "2026-03-02" and [one["id"] for one in week["shifts"]] == [shift["id"], night["id"]]
    assert [one["may_edit"] for one in week["agents"]] == [True, False, False]
    await ben.post(f"/roster/{shift['id']}", method="DELETE")
    assert (await sue.post(f"/roster/{shift['id']}", method="DELETE", status=404))["error"]["code"] == "unknown_shift"


@pytest.mark.parametrize(
    ("shift", "status", "code", "said"),
    [
        ({"from": "17:00", "to": "19:00"}, 409, "shifts_overlap", "another shift"),
        ({"from": "09:00", "to": "09:00", "day": "2026-03-04"}, 400, "impossible_shift", "16 hours at most"),
        ({"from": "09:00", "to": "09:05", "day": "2026-03-04"}, 400, "impossible_shift", "at least 15 minutes"),
        ({"from": "20:00", "to": "19:00", "day": "2026-03-04"}, 400, "impossible_shift", "16 hours at most"),
        ({"day": "2028-03-04"}, 400, "impossible_shift", "400 days"),
        ({"note": "x" * 201, "day": "2026-03-04"}, 400, "impossible_shift", "200 characters"),
        ({"day": "2026-02-30"}, 400, "bad_input", "a day such as"),
        ({"day": "9999-12-31", "to": "06:00"}, 400, "bad_input", "of this century"),
        ({"from": "9 o'clock"}, 400, "bad_input", "from must be a time"),
        ({"to": "24:00"}, 400, "bad_input", "to must be a time"),
        ({"note": ["a"]}, 400, "bad_input", "note must be text"),
        ({"agent": 999}, 404, "unknown_agent", "no such colleague"),
        ({"agent": "1"}, 400, "bad_input", "id of an agent"),
    ],
)
async def test_an_impossible_shift_is_refused_with_the_reason_and_the_roster_stays(
    start: Start, shift: dict[str, Any], status: int, code: str, said: str
) -> None:
    sue = await (await start()).seat("sue")
    kept = (await _add(sue, "ben"))["shift"]
    refused = (await _add(sue, "ben", status=status, **shift))["error"]
    assert refused["code"] == code and said in refused["message"]
    assert [one["id"] for one in (await sue.get("/roster?week=2026-03-02"))["shifts"]] == [kept["id"]]
    if code == "shifts_overlap":
        assert refused["details"]["starts_at"] == kept["starts_at"]


async def test_a_shift_that_is_over_takes_its_agent_out_of_the_routing(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    await _add(ben, "ben", **{"from": "06:00", "to": "11:00"})
    page = await _asks(gateway)
    assert "Nobody is at the desk" in (await page.message("system"))["text"]
    await _add(ben, "ben", **{"from": "11:00", "to": "15:00"})
    await page.send({"type": "person", "client_id": "again"})
    await page.state("waiting")


async def test_the_desk_is_switched_off_and_on_without_a_restart_and_only_by_a_supervisor(gateway: Gateway) -> None:
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    assert (await gateway.session())["state"]["people_available"] is True
    await sue.post("/team/mode", {"mode": "offline"}, method="PUT")
    assert (await gateway.session())["state"]["people_available"] is False
    page = await _asks(gateway)
    assert "off duty" in (await page.message("system"))["text"]
    assert (await ben.post("/team/mode", {"mode": "online"}, method="PUT", status=403))["error"][
        "code"
    ] == "not_allowed"
    assert (await sue.post("/team/mode", {"mode": "on"}, method="PUT", status=400))["error"]["details"] == {
        "field": "mode"
    }
    seen = await ben.get("/team")
    assert (seen["mode"], seen["mode_changed_by"], seen["teams"][0]["is_open"]) == ("offline", "sue", False)
    await sue.post("/team/mode", {"mode": "hours"}, method="PUT")
    await page.send({"type": "person", "client_id": "again"})
    await page.state("waiting")


async def test_going_away_gives_a_customer_without_a_word_back_to_the_head_of_the_queue(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page = await _asks(gateway)
    await page.state("waiting")
    await ben.claim_only()
    await page.state("agent")
    await ben.post("/team/presence", {"presence": "away"}, method="PUT")
    await page.message("system", "front of the queue")
    assert [row["position"] for row in (await cleo.get("/inbox"))["queue"]] == [1]
    assert (await ben.post("/team/presence", {"presence": "asleep"}, method="PUT", status=400))["error"]["code"]
    assert (await ben.get("/me"))["agent"]["presence"] == "away"


async def test_a_ticket_given_out_shows_at_the_page_and_at_the_desk(start: Start, root: Any) -> None:
    name = "{zh-HK: 隊, zh-TW: 隊, zh-CN: 队, en: Team}"
    teams = root / "teams.yml"
    teams.write_text(f"teams: {{support: {{name: {name}, policy: least-busy}}}}\n", encoding="utf-8")
    gateway = await start(teams_file=teams)
    ben = await gateway.seat("ben")
    await ben.post("/team/presence", {"presence": "away"}, method="PUT")
    cleo = await gateway.seat("cleo")
    first = await _asks(gateway)
    assert (await first.state("agent"))["agent"] == {"name": "Cleo"}
    assert [row["agent"]["name"] for row in (await cleo.get("/inbox"))["mine"]] == ["Cleo"]
    await cleo.post("/team/presence", {"presence": "away"}, method="PUT")
    await first.message("system", "front of the queue")
    await ben.post("/team/presence", {"presence": "online"}, method="PUT")
    joined = await first.until(lambda f: f["type"] == "state" and (f["state"]["agent"] or {}).get("name") == "Ben")
    assert joined["state"]["status"] == "agent"
