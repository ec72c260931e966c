"""What agents do with a conversation beside answering: views, passing on, inviting, snoozing, tags, mentions."""

from __future__ import annotations

from typing import Any

from desk_parts import on_screen, waiting
from gateway_parts import Gateway, Page, Seat


async def _taken(gateway: Gateway, seat: Seat, **wish: Any) -> tuple[Page, str]:
    page = await waiting(gateway, **wish)
    return page, await seat.claim_only()


async def _ids(seat: Seat, view: str) -> list[str]:
    return [row["id"] for row in (await seat.get(f"/conversations?view={view}"))["conversations"]]


async def test_a_transfer_gives_the_word_ticket_and_note_to_the_colleague(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page, conversation = await _taken(gateway, ben)
    refused = await cleo.post(f"/conversations/{conversation}/transfer", {"agent": cleo.agent["id"]}, status=409)
    assert refused["error"]["code"] == "not_your_conversation"
    async with on_screen(cleo) as shown:
        await shown.until("ready")
        moved = await ben.post(
            f"/conversations/{conversation}/transfer",
            {"agent": cleo.agent["id"], "note": "needs a refund, 4111111111111111"},
        )
        assert (await shown.until("mention"))["conversation"] == conversation
    assert moved["conversation"]["agent"]["name"] == "Cleo"
    await page.until(lambda f: f["type"] == "state" and (f["state"]["agent"] or {}).get("name") == "Cleo")
    whole = await cleo.get(f"/conversations/{conversation}")
    (note,) = [line for line in whole["messages"] if line["author"] == "note"]
    assert note["text"] == "@cleo needs a refund, •••• 1111" and whole["ticket"]["claimed_by"] == "Cleo"
    await ben.post(f"/conversations/{conversation}/messages", {"text": "too late"}, status=409)
    await cleo.post(f"/conversations/{conversation}/messages", {"text": "Cleo here"})
    await page.message("agent", "Cleo here")
    assert "refund" not in str(page.frames)
    for body, status, code in (
        ({"agent": 9999}, 404, "unknown_agent"),
        ({"agent": "cleo"}, 400, "bad_input"),
        ({"agent": True}, 400, "bad_input"),
        ({"agent": cleo.agent["id"]}, 400, "bad_input"),
        ({"agent": ben.agent["id"], "note": "x" * 2001}, 413, "text_too_long"),
        ({"agent": ben.agent["id"], "note": ["x"]}, 400, "bad_input"),
        ({"team": "unicorns"}, 400, "bad_input"),
    ):
        answer = await cleo.post(f"/conversations/{conversation}/transfer", body, status=status)
        assert answer["error"]["code"] == code, body


async def test_a_transfer_to_a_team_waits_there_with_the_note(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page, conversation = await _taken(gateway, ben)
    await ben.post(f"/conversations/{conversation}/transfer", {"team": "returns", "note": "wants to return it"})
    await page.state("waiting")
    (row,) = (await cleo.get("/inbox"))["queue"]
    assert (row["conversation"], row["team"]) == (conversation, "returns")
    await cleo.claim_only()
    assert "wants to return it" in str((await cleo.get(f"/conversations/{conversation}"))["messages"])


async def test_an_invited_colleague_speaks_beside_until_the_word_moves(gateway: Gateway) -> None:
    ben, cleo, sue = await gateway.seat("ben"), await gateway.seat("cleo"), await gateway.seat("sue")
    page, conversation = await _taken(gateway, ben)
    path = f"/conversations/{conversation}"
    await cleo.post(f"{path}/messages", {"text": "x"}, status=409)
    async with on_screen(cleo) as shown:
        await shown.until("ready")
        row = (await ben.post(f"{path}/guests", {"agent": cleo.agent["id"]}))["conversation"]
        assert (await shown.until("invited"))["by"] == "Ben"
    assert (row["agent"]["name"], [one["name"] for one in row["guests"]]) == ("Ben", ["Cleo"])
    await page.message("system", "Cleo from our team has joined")
    await ben.post(f"{path}/guests", {"agent": cleo.agent["id"]})
    assert conversation in await _ids(cleo, "mine") and conversation in await _ids(ben, "mine")
    assert conversation in [one["id"] for one in (await cleo.get("/inbox"))["mine"]]
    await cleo.post(f"{path}/messages", {"text": "Cleo beside Ben"})
    await ben.post(f"{path}/messages", {"text": "Ben still here"})
    assert (await page.message("agent", "Cleo beside Ben"))["name"] == "Cleo"
    await page.message("agent", "Ben still here")
    for move in ("close", "release", "handback", "transfer", "takeover"):
        await cleo.post(f"{path}/{move}", {"agent": cleo.agent["id"]}, status=409)
    await sue.post(f"{path}/takeover")
    refused = await cleo.post(f"{path}/messages", {"text": "x"}, status=409)
    assert refused["error"]["code"] == "not_your_conversation", "whoever takes the word begins alone"
    await sue.post(f"{path}/guests", {"agent": ben.agent["id"]})
    await ben.post(f"{path}/messages", {"text": "thanks"})
    await ben.post(f"{path}/guests/{ben.agent['id']}", method="DELETE")
    await ben.post(f"{path}/messages", {"text": "x"}, status=409)
    joined = [f for f in page.frames if f["type"] == "message" and "has joined as well" in f["message"]["text"]]
    assert len(joined) == 2, "one sentence for each invitation, however often it is pressed"


async def test_a_snoozed_conversation_comes_back_by_time_and_by_the_customer(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    page, conversation = await _taken(gateway, ben)
    path = f"/conversations/{conversation}/snooze"
    until = gateway.clock.now.replace(hour=9)
    for wrong in ("tomorrow", 5, gateway.clock.now.isoformat(), "2099-01-01T00:00:00+00:00"):
        answer = await ben.post(path, {"until": wrong}, status=400)
        assert answer["error"]["details"]["field"] == "until", wrong
    await cleo.post(path, {"until": until.isoformat()}, status=409)
    await ben.post(path, {"until": until.isoformat()})
    assert (await _ids(ben, "mine"), await _ids(ben, "snoozed")) == ([], [conversation])
    assert await _ids(cleo, "snoozed") == []
    counts = (await ben.get("/inbox"))["counts"]
    assert (counts["mine"], counts["snoozed"]) == (0, 1)
    async with on_screen(ben) as shown:
        await shown.until("ready")
        gateway.clock.forward(hours=6)
        assert (await shown.until("woke", seconds=8))["conversation"] == conversation
    assert (await _ids(ben, "mine"), await _ids(ben, "snoozed")) == ([conversation], [])

    await ben.post(path, {"until": (gateway.clock.now.replace(hour=23)).isoformat()})
    assert await _ids(ben, "mine") == []
    await page.say("are you there?")
    await page.until(lambda f: f["type"] == "accepted" and f["message"]["text"] == "are you there?")
    assert await _ids(ben, "mine") == [conversation], "a customer who writes is not kept waiting"
    await ben.post(path, {"until": gateway.clock.now.replace(hour=23).isoformat()})
    assert (await ben.post(path, {"until": None}))["conversation"]["snoozed_until"] is None


async def test_tags_have_colours_and_one_name_in_every_script(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    _, conversation = await _taken(gateway, ben)
    path = f"/conversations/{conversation}/tags"
    (tag,) = (await ben.post(path, {"name": " 退貨\n中 ", "colour": "orange"}))["tags"]
    assert (tag["name"], tag["colour"]) == ("退貨 中", "orange")
    again = (await cleo.post(path, {"name": "退货 中", "colour": "blue"}))["tags"]
    assert again == [tag], "written in the other script it is the same tag"
    assert (await ben.get("/tags"))["tags"] == [{**tag, "worn": 1}]
    await ben.post(f"/tags/{tag['id']}", {"colour": "purple"}, method="PUT")
    (row,) = (await ben.get("/inbox"))["mine"]
    assert row["tags"] == [{**tag, "colour": "purple"}]
    for body, status in (
        ({}, 400),
        ({"name": " \n "}, 400),
        ({"name": ["x"]}, 400),
        ({"name": "x" * 41}, 413),
        ({"name": "長" * 41}, 413),
        ({"name": "x", "colour": "#ff0000"}, 400),
        ({"name": "x", "colour": "red;background:url(//evil)"}, 400),
    ):
        answer = await ben.post(path, body, status=status)
        assert answer["error"]["details"]["field"] in ("name", "colour"), body
    for number in range(19):
        await ben.post(path, {"name": f"tag {number}"})
    assert "at most 20" in (await ben.post(path, {"name": "one more"}, status=400))["error"]["message"]
    await ben.post(path, {"name": "tag 0"})
    await ben.post(f"{path}/{tag['id']}", method="DELETE")
    await ben.post(f"{path}/{tag['id']}", method="DELETE")
    assert (await ben.post("/tags/9999", {"colour": "red"}, status=404, method="PUT"))["error"]["code"] == "unknown_tag"
    assert len((await ben.get(f"/conversations/{conversation}"))["conversation"]["tags"]) == 19


async def test_a_colleague_named_in_a_note_is_told_and_finds_it(gateway: Gateway) -> None:
    ben, cleo, sue = await gateway.seat("ben"), await gateway.seat("cleo"), await gateway.seat("sue")
    _, conversation = await _taken(gateway, ben)
    note = {"text": "@cleo, @CLEO. please look (mail me: x@cleo.example) @nobody @eddy @ben @sue!", "note": True}
    async with on_screen(cleo) as shown, on_screen(sue) as other:
        await shown.until("ready")
        await other.until("ready")
        await ben.post(f"/conversations/{conversation}/messages", note)
        assert (await shown.until("mention"))["by"] == "Ben"
        await other.until("mention")
    for seat, count in ((cleo, 1), (sue, 1), (ben, 0)):
        assert (await seat.get("/inbox"))["counts"]["mentions"] == count, seat.agent
    (row,) = (await cleo.get("/conversations?view=mentions"))["conversations"]
    assert (row["id"], row["mention"]["by"], row["mention"]["seen"]) == (conversation, "Ben", False)
    await cleo.post(f"/conversations/{conversation}/seen")
    (row,) = (await cleo.get("/conversations?view=mentions"))["conversations"]
    assert row["mention"]["seen"] and (await cleo.get("/inbox"))["counts"]["mentions"] == 0
    assert (await sue.get("/inbox"))["counts"]["mentions"] == 1
    await ben.post(f"/conversations/{conversation}/messages", {"text": "@sue this one is for the customer"})
    assert (await sue.get("/inbox"))["counts"]["mentions"] == 1, "only a note names a colleague"


async def test_the_desk_sees_what_the_customer_has_read(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    page, conversation = await _taken(gateway, ben)
    said = (await ben.post(f"/conversations/{conversation}/messages", {"text": "Good day"}))["message"]
    stranger = await gateway.page()

    async def read_seq() -> int:
        return int((await ben.get(f"/conversations/{conversation}"))["conversation"]["read_seq"])

    assert await read_seq() == 0
    async with on_screen(ben) as shown:
        await shown.until("ready")
        for odd in (None, "1", True, -1, 1.5, 2**70, said["id"] + 1, [said["id"]]):
            await page.send({"type": "read", "message_id": odd})
        await stranger.send({"type": "read", "message_id": said["id"]})
        await stranger.send({"type": "ping"})
        await stranger.until(lambda f: f["type"] == "pong")
        assert await read_seq() == 0
        await page.send({"type": "read", "message_id": said["id"]})
        assert (await shown.until("read"))["seq"] == said["seq"]
        await page.send({"type": "read", "message_id": said["id"] - 1})
        await page.send({"type": "ping"})
        await page.until(lambda f: f["type"] == "pong")
    assert await read_seq() == said["seq"], "reading goes forward only"


async def test_saved_views_and_preferences_are_an_agents_own(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    view = (await ben.post("/views", {"name": " 未付款 ", "filters": {"state": "open", "team": "billing"}}))["view"]
    assert (view["name"], view["filters"]) == ("未付款", {"state": "open", "team": "billing"})
    for body, field in (
        ({"filters": {}}, "name"),
        ({"name": "x" * 61, "filters": {}}, "name"),
        ({"name": "未付款", "filters": {}}, "name"),
        ({"name": "x", "filters": []}, "filters"),
        ({"name": "x", "filters": {"state": "asleep"}}, "state"),
        ({"name": "x", "filters": {"agent": 5}}, "filters"),
    ):
        answer = await ben.post("/views", body, status=413 if len(str(body.get("name"))) > 60 else 400)
        assert answer["error"]["details"]["field"] == field, body
    assert (await cleo.get("/views"))["views"] == []
    assert (await cleo.post(f"/views/{view['id']}", method="DELETE", status=404))["error"]["code"] == "unknown_view"
    await ben.post(f"/views/{view['id']}", method="DELETE")
    assert (await ben.get("/views"))["views"] == []

    await ben.post("/preferences", {"ticketSound": False, "theme": "dark"}, method="PUT")
    await ben.post("/preferences", {"theme": "light"}, method="PUT")
    assert (await ben.get("/preferences"))["preferences"] == {"ticketSound": False, "theme": "light"}
    assert (await cleo.get("/preferences"))["preferences"] == {}
    for body in ({"theme": "pink"}, {"ticketSound": 1}, {"ticketSound": None}, {"isAdmin": True}):
        answer = await ben.post("/preferences", body, method="PUT", status=400)
        assert answer["error"]["details"]["field"] == next(iter(body)), body


async def test_views_list_what_they_say_in_pages(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    talks = []
    for number in range(53):
        answer = await gateway.rest(f"hello {number}", sender=f"s{number}")
        assert answer
        gateway.clock.forward(seconds=number % 2)  # some share their moment
    first = await ben.get("/conversations?view=bot")
    second = await ben.get(f"/conversations?view=bot&before={first['next'].replace('+', '%2B')}")
    talks = [row["id"] for page in (first, second) for row in page["conversations"]]
    assert (len(talks), len(set(talks)), second["next"]) == (53, 53, None)
    await ben.post(f"/conversations/{talks[0]}/takeover")
    assert (await _ids(ben, "mine"), await _ids(cleo, "mine")) == ([talks[0]], [])
    assert talks[0] in await _ids(cleo, "team") and talks[0] in await _ids(cleo, "all")
    await ben.post(f"/conversations/{talks[0]}/close")
    assert (await _ids(ben, "closed"), await _ids(cleo, "team")) == ([talks[0]], [])
    for view in ("nothing", "queue; DROP TABLE", ""):
        status = 200 if not view else 400
        await ben.get(f"/conversations?view={view}", status=status)


async def test_watching_leaves_no_trace(gateway: Gateway) -> None:
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    page, conversation = await _taken(gateway, ben)
    async with on_screen(ben) as shown, on_screen(sue) as watching:
        await shown.until("ready")
        await watching.until("ready")
        before = len(page.frames)
        await sue.get(f"/conversations/{conversation}")
        await sue.post(f"/conversations/{conversation}/seen")
        await sue.post(f"/conversations/{conversation}/typing", {"typing": True})
        await page.send({"type": "ping"})
        await page.until(lambda f: f["type"] == "pong")
        # That people are there at all may be told at any moment.
        assert not [f for f in page.frames[before:] if f["type"] not in ("pong", "state")]
        assert "Sue" not in str(page.frames)
        await page.say("hello?")
        await watching.until("message", "hello?")
        await shown.until("message", "hello?")
        assert "Sue" not in str(shown.frames)


async def test_the_brief_says_what_was_tried_and_what_may_help(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    page = await gateway.page(locale="en")
    await page.say("shipping fee?")
    await page.message("assistant")
    whole = await ben.get(f"/conversations/{(await page.message('assistant'))['conversation']}?locale=zh-HK")
    (tried,) = [one for one in whole["brief"]["tried"] if one["asked"] == "shipping fee?"]
    assert tried["said"].startswith("bot:") and tried["outcome"] == ""
    assert whole["brief"]["suggested"][0] == {"id": "delivery-fee", "question": "運費幾多？"}
    assert whole["brief"]["promises"] == []


async def test_the_brief_suggests_nothing_for_words_that_no_article_is_near(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    page = await gateway.page(locale="zh-HK")
    await page.say("我的案號係 C-1007")
    talk = (await page.message("assistant"))["conversation"]
    assert (await ben.get(f"/conversations/{talk}?locale=en"))["brief"]["suggested"] == []


async def test_script_in_every_field_stays_text_on_the_wire(gateway: Gateway) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    ben = await gateway.seat("ben")
    page, conversation = await _taken(
        gateway, ben, page={"url": f"https://shop.example/{evil}", "title": evil, "referrer": evil}
    )
    await page.say(evil)
    await page.until(lambda f: f["type"] == "accepted" and f["message"]["text"] == evil)
    await ben.post(f"/conversations/{conversation}/tags", {"name": "<img src=x onerror=alert(1)>"})
    await ben.post(f"/conversations/{conversation}/messages", {"text": f"@ben {evil}", "note": True})
    url = f"{gateway.base}/desk/api/conversations/{conversation}"
    async with ben.http.get(url) as response:
        assert response.headers["content-type"].startswith("application/json")
        assert response.headers["x-content-type-options"] == "nosniff"
        whole = await response.json()
    assert evil in [line["text"] for line in whole["messages"]]
    for method, path, body in (
        ("POST", f"/conversations/{conversation}/tags", {"name": "x" * 5000}),
        ("POST", f"/conversations/{conversation}/messages", {"text": "x" * 10_001, "note": True}),
    ):
        answer = await ben.post(path, body, status=413, method=method)
        assert answer["error"]["code"] == "text_too_long"
