"""The queue moves by itself: whenever somebody becomes free, whoever waits is given to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway_parts import Gateway, Page, Seat, Start

NAME = "{zh-HK: 隊, zh-TW: 隊, zh-CN: 队, en: Team}"


@pytest.fixture
async def full(start: Start, root: Path) -> tuple[Gateway, Seat, list[Page]]:
    """Ben has room for one and has one; another waits."""
    teams = root / "teams.yml"
    teams.write_text(f"desk: {{policy: least-busy, capacity: 1}}\nteams: {{support: {{name: {NAME}}}}}\n", "utf-8")
    gateway = await start(teams_file=teams)
    gateway.bot.hands_over("a person please")
    ben = await gateway.seat("ben")
    pages = []
    for status in ("agent", "waiting"):
        page = await gateway.page()
        await page.say("a person please")
        await page.state(status)
        pages.append(page)
    return gateway, ben, pages


async def _mine(seat: Seat) -> list[str]:
    return [str(row["id"]) for row in (await seat.get("/inbox"))["mine"]]


async def test_who_closes_one_is_given_the_next(full: tuple[Gateway, Seat, list[Page]]) -> None:
    _gateway, ben, (_first, second) = full
    (held,) = await _mine(ben)
    await ben.post(f"/conversations/{held}/close")
    assert (await second.state("agent"))["agent"] == {"name": "Ben"}
    assert len(await _mine(ben)) == 1 and await _mine(ben) != [held]


@pytest.mark.parametrize("way", ["release_to_assistant", "customer_leaves"])
async def test_a_place_that_becomes_free_otherwise_is_taken_too(
    full: tuple[Gateway, Seat, list[Page]], way: str
) -> None:
    gateway, ben, (_first, second) = full
    (held,) = await _mine(ben)
    if way == "customer_leaves":
        third = await gateway.page()
        await third.say("a person please")
        await third.state("waiting")
        await second.send({"type": "leave_queue", "client_id": "l"})
        await second.state("bot")
        second = third
    await ben.post(f"/conversations/{held}/handback")
    assert (await second.state("agent"))["agent"] == {"name": "Ben"}


async def test_who_may_answer_more_is_given_who_waits(full: tuple[Gateway, Seat, list[Page]]) -> None:
    gateway, ben, (_first, second) = full
    sue = await gateway.seat("sue")
    await sue.post(f"/team/agents/{ben.agent['id']}", {"capacity": 2}, method="PUT")
    assert (await second.state("agent"))["agent"] == {"name": "Ben"}
    assert len(await _mine(ben)) == 2
