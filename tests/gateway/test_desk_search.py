"""Search over transcripts: Chinese words of any script, filters, rights, and the index that follows by itself."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from gateway_parts import Gateway, Seat, Start

from handoff.database import Database


async def _indexed(gateway: Gateway) -> None:
    await gateway.app.ctx.repeated["index"]()


async def _found(seat: Seat, words: str, **filters: Any) -> list[str]:
    answer = await seat.get(f"/search?{urlencode({'q': words, **filters})}")
    return [hit["text"] for hit in answer["hits"]]


async def _say(gateway: Gateway, text: str, **wish: Any) -> str:
    page = await gateway.page(**wish)
    await page.say(text)
    accepted = await page.until(lambda f: f["type"] == "accepted")
    return str(accepted["message"]["conversation"])


async def test_words_are_found_in_any_script_width_and_case(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    gateway.bot.answers = {}
    for text in ("我想問運費幾多", "运费太贵了", "ＨＧ10023847 幾時到", "Refund please, 退貨！", "100% cotton_shirt"):
        await _say(gateway, text)
    await _indexed(gateway)
    for words, count in (
        ("運費", 2),
        ("运费", 2),
        ("費", 2),
        ("運", 2),
        ("费太", 1),
        ("費幾多", 1),
        ("運多", 0),
        ("hg10023847", 1),
        ("HG1002", 1),
        ("3847", 1),
        ("REFUND", 1),
        ("ｒｅｆｕｎｄ", 1),
        ("退货", 1),
        ("退貨 refund", 1),
        ("退貨 cotton", 0),
        ("cotton shirt", 1),
        ("100%", 2),
        ("100% cotton", 1),
        ("%", 0),
        ("_", 0),
        ('"運費" OR NOT *', 0),
        ("運費 NEAR cotton", 0),
        ("' OR 1=1 --", 0),
    ):
        mine = [line for line in await _found(seat, words) if not line.startswith("bot:")]
        assert len(mine) == count, (words, mine)
    (hit,) = [one for one in (await seat.get("/search?q=退货"))["hits"] if one["author"] == "customer"]
    assert hit["text"][hit["from"] : hit["to"]] == "退貨"


async def test_the_index_follows_by_itself(start: Start) -> None:
    gateway = await start()
    seat = await gateway.seat("ben")
    await _say(gateway, "退貨")
    deadline = asyncio.get_running_loop().time() + 20
    while not await _found(seat, "退貨"):
        assert asyncio.get_running_loop().time() < deadline, "the index does not follow"
        await asyncio.sleep(0.05)


async def test_what_is_in_the_index_is_not_looked_through_again(gateway: Gateway) -> None:
    for number in range(3):
        await _say(gateway, f"line {number}")
    await _indexed(gateway)
    database = Database(gateway.settings.database)
    try:
        newest, floor = database.read_now(
            lambda c: c.exec_driver_sql("SELECT (SELECT max(id) FROM messages), up_to FROM search_progress").one()
        )
        is_sqlite = database.engine.dialect.name == "sqlite"
    finally:
        database.close()
    # Where several may write at once, a lower number may still come.
    assert newest >= 6 and floor == (newest if is_sqlite else 0)


async def test_filters_narrow_a_search_and_a_list(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    first = await _say(gateway, "運費問題一", locale="zh-HK")
    gateway.clock.forward(hours=2)
    later = gateway.clock()
    gateway.bot.hands_over("運費問題二", team="delivery", summary="運費")
    await gateway.rest("運費問題二", sender="ana")
    second = await ben.claim_only()
    await ben.post(f"/conversations/{second}/messages", {"text": "運費是三十元"})
    tag = (await cleo.post(f"/conversations/{first}/tags", {"name": "VIP", "colour": "red"}))["tags"][0]
    await _indexed(gateway)

    async def conversations(**filters: Any) -> set[str]:
        answer = await ben.get(f"/search?{urlencode({'q': '運費', **filters})}")
        listed = await ben.get(f"/conversations?{urlencode({'view': 'all', **filters})}")
        found = {hit["conversation"]["id"] for hit in answer["hits"]}
        assert found == {row["id"] for row in listed["conversations"]}, filters
        return found

    assert await conversations() == {first, second}
    assert await conversations(channel="widget") == {first}
    assert await conversations(channel="rest") == {second}
    assert await conversations(channel="re_t") == set()
    assert await conversations(language="zh-HK", channel="widget") == {first}
    assert await conversations(agent=ben.agent["id"]) == {second}
    assert await conversations(agent=cleo.agent["id"]) == set()
    assert await conversations(tag=tag["id"]) == {first}
    assert await conversations(team="delivery") == {second}
    assert await conversations(state="agent") == {second}
    assert await conversations(state="open") == {first, second}
    assert await conversations(state="closed") == set()
    assert await conversations(since=later.isoformat()) == {second}
    assert await conversations(until=later.isoformat()) == {first}
    for wrong in ("state=asleep", "agent=x", "tag=-1", "since=yesterday", "until=1"):
        field = wrong.split("=")[0]
        answer = await ben.get(f"/search?q=x&{wrong}", status=400)
        assert answer["error"]["details"]["field"] == field, wrong
    assert (await ben.get("/search?q=", status=400))["error"]["details"]["field"] == "q"


async def test_notes_are_found_by_agents_and_nothing_by_editors(gateway: Gateway) -> None:
    ben, eddy = await gateway.seat("ben"), await gateway.seat("eddy")
    conversation = await _say(gateway, "hello")
    await ben.post(f"/conversations/{conversation}/messages", {"text": "難纏客人", "note": True})
    await _indexed(gateway)
    assert await _found(ben, "难缠") == ["難纏客人"]
    assert (await eddy.get("/search?q=难缠", status=403))["error"]["code"] == "not_allowed"


async def test_names_handles_and_cases_are_found_beside_lines(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page = await gateway.page(identity=gateway.identity("c-0001"))
    gateway.bot.hands_over("/ask_person", summary="wants a person")
    await page.send({"type": "person", "client_id": "p"})
    await page.state("waiting")
    (row,) = (await seat.get("/inbox"))["queue"]
    for words in (row["customer"], row["number"], row["number"].lower(), "c-0001", row["conversation"][:4]):
        named = (await seat.get(f"/search?{urlencode({'q': words})}"))["conversations"]
        assert [one["id"] for one in named] == [row["conversation"]], words


async def test_results_come_in_pages_without_gaps(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    conversation = await _say(gateway, "begin")
    for number in range(35):
        await seat.post(f"/conversations/{conversation}/messages", {"text": f"退款 {number}", "note": True})
    await _indexed(gateway)
    first = await seat.get("/search?q=退款")
    second = await seat.get(f"/search?q=退款&before={first['next']}")
    texts = [hit["text"] for page in (first, second) for hit in page["hits"]]
    assert texts == [f"退款 {number}" for number in reversed(range(35))] and second["next"] is None


@pytest.mark.parametrize("words", ["😀", "x" * 300, "\0", "é́́", "﷽" * 50, "🇭🇰運"])
async def test_odd_words_find_nothing_and_break_nothing(gateway: Gateway, words: str) -> None:
    seat = await gateway.seat("ben")
    await _say(gateway, "hello 😀")
    await _indexed(gateway)
    assert await seat.get(f"/search?{urlencode({'q': words})}", status=400 if words == "\0" else 200)


async def test_a_search_is_narrowed_to_what_customers_thought_of_it(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    gateway.bot.hands_over("運費，找人")
    rated: dict[int, str] = {}
    for score in (2, 5):
        page = await gateway.page()
        await page.say("運費，找人")
        await page.state("waiting")
        rated[score] = await ben.claim_only()
        await ben.post(f"/conversations/{rated[score]}/messages", {"text": "三十元", "client_id": "1"})
        await ben.post(f"/conversations/{rated[score]}/close")
        question = (await page.message("system", "幫到你嗎"))["csat"][0]
        await page.send({"type": "csat", "client_id": "r", "rating": question["id"], "score": score})
        await page.until(lambda f: f["type"] == "accepted" and f["client_id"] == "r")
    await _indexed(gateway)
    for score, talk in rated.items():
        hits = (await ben.get(f"/search?{urlencode({'q': '運費', 'rating': score})}"))["hits"]
        assert {hit["conversation"]["id"] for hit in hits} == {talk}
    assert (await ben.get(f"/search?{urlencode({'q': '運費', 'rating': 3})}"))["hits"] == []
    assert len({hit["conversation"]["id"] for hit in (await ben.get("/search?q=運費"))["hits"]}) == 2
    await ben.get("/search?q=運費&rating=six", status=400)
