"""Canned replies: kept under shortcuts, shared or one's own, filled in for a customer, never sent with a blank."""

from __future__ import annotations

import asyncio
from typing import Any

from desk_parts import on_screen, waiting
from gateway_parts import Gateway, Seat

from handoff import blanks

HOURS = {
    "zh-HK": "{customer.name}你好，我哋朝九晚六。",
    "zh-TW": "{customer.name}您好，我們早上九點到下午六點。",
    "zh-CN": "{customer.name}您好，我们早上九点到下午六点。",
    "en": "Hello {customer.name}, we answer from nine to six.",
}


async def _keep(seat: Seat, shortcut: str, said: Any, status: int = 200, **more: Any) -> Any:
    return await seat.post("/canned-replies", {"shortcut": shortcut, "texts": said, **more}, status=status)


async def _shortcuts(seat: Seat) -> list[str]:
    return [one["shortcut"] for one in (await seat.get("/canned-replies"))["replies"]]


async def test_shared_ones_are_kept_by_supervisors_and_own_ones_are_nobody_elses(gateway: Gateway) -> None:
    ben, cleo, sue = await gateway.seat("ben"), await gateway.seat("cleo"), await gateway.seat("sue")
    async with on_screen(ben) as shown:
        await shown.until("ready")
        shared = (await _keep(sue, "/hours", HOURS, shared=True))["reply"]
        await shown.until("canned_replies")
    assert (shared["shortcut"], shared["shared"], shared["texts"]) == ("hours", True, HOURS)
    assert (await _keep(ben, "hi", HOURS, shared=True, status=403))["error"]["code"] == "not_allowed"
    own = (await _keep(ben, "hi", {"en": "Hi, {agent.name} here."}))["reply"]
    assert (await _shortcuts(ben), await _shortcuts(cleo), await _shortcuts(sue)) == (
        ["hi", "hours"],
        ["hours"],
        ["hours"],
    )
    seen = {one["shortcut"]: one["may_change"] for one in (await ben.get("/canned-replies"))["replies"]}
    assert seen == {"hi": True, "hours": False}
    for seat, reply, status in ((ben, shared, 403), (cleo, own, 404), (sue, own, 404)):
        path, body = f"/canned-replies/{reply['id']}", {"shortcut": "x", "texts": HOURS, "version": 1}
        await seat.post(path, body, method="PUT", status=status)
        await seat.post(path, method="DELETE", status=status)
    await ben.post(f"/canned-replies/{own['id']}", method="DELETE")
    assert await _shortcuts(ben) == ["hours"]


async def test_the_customers_variant_is_filled_in_and_what_is_missing_is_named(gateway: Gateway) -> None:
    sue, ben = await gateway.seat("sue"), await gateway.seat("ben")
    hours = (await _keep(sue, "hours", HOURS, shared=True))["reply"]
    order = {"en": "Hello {customer.name}, your order {order.number} is {order.status}. {case.number}, {agent.name}"}
    order_id = (await _keep(ben, "order", order))["reply"]["id"]
    page = await waiting(gateway, locale="zh-HK")
    conversation = await ben.claim_only()
    path = f"/conversations/{conversation}"
    said = await ben.get(f"{path}/canned-replies/{hours['id']}")
    assert (said["text"], said["language"], said["missing"]) == (HOURS["zh-HK"], "zh-HK", ["customer.name"])
    said = await ben.get(f"{path}/canned-replies/{order_id}")
    assert said["language"] == "en", "the only text there is, and the page can say so"
    assert said["missing"] == ["customer.name", "order.number", "order.status"]
    assert said["text"].endswith("C-1001, Ben")
    for text in (said["text"], "your parcel ｛ parcel.number ｝", "see {/hours}"):
        refused = await ben.post(f"{path}/messages", {"text": text}, status=422)
        assert refused["error"]["code"] == "blank_left", text
    assert refused["error"]["details"] == {"variables": ["/hours"]}
    await ben.post(f"{path}/messages", {"text": "{customer.name} is how it is written", "note": True})
    await ben.post(f"{path}/messages", {"text": "a {brace} is no variable"})
    await page.message("agent", "{brace}")
    assert "customer.name" not in str(page.frames)
    assert (await ben.get(f"{path}/canned-replies/999", status=404))["error"]["code"] == "unknown_canned_reply"
    await ben.get(f"/conversations/none/canned-replies/{order_id}", status=404)


async def test_names_and_the_only_order_come_from_the_shop_and_several_orders_are_not_guessed(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    reply = (await _keep(ben, "order", {"en": "{customer.name}: {order.number} {order.status}"}))["reply"]
    await waiting(gateway, identity=gateway.identity())
    conversation = await ben.claim_only()
    orders = (await ben.get(f"/conversations/{conversation}"))["customer"]["orders"]
    said = await ben.get(f"/conversations/{conversation}/canned-replies/{reply['id']}")
    assert len(orders) > 1 and said["text"].endswith(": {order.number} {order.status}")
    assert said["missing"] == ["order.number", "order.status"] and "{customer" not in said["text"]


async def test_a_reply_calls_customers_by_the_name_that_was_written_down(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    reply = (await _keep(ben, "hi", {"en": "Hello {customer.name}"}))["reply"]
    await waiting(gateway, identity=gateway.identity())
    conversation = await ben.claim_only()
    path = f"/conversations/{conversation}"
    by_shop = (await ben.get(f"{path}/canned-replies/{reply['id']}"))["text"]
    record = (await ben.post(f"{path}/customer", {"version": 0, "values": {"name": "Auntie Mei"}}, method="PUT"))[
        "customer"
    ]["record"]
    assert (await ben.get(f"{path}/canned-replies/{reply['id']}"))["text"] == "Hello Auntie Mei"
    values = {"version": record["version"], "values": {"name": None}}
    await ben.post(f"{path}/customer", values, method="PUT")
    assert (await ben.get(f"{path}/canned-replies/{reply['id']}"))["text"] == by_shop


async def test_a_shortcut_that_recurs_is_refused_with_the_way(gateway: Gateway) -> None:
    sue, ben = await gateway.seat("sue"), await gateway.seat("ben")
    shared = {"shared": True}
    hours = (await _keep(sue, "hours", {"en": "Nine to six."}, **shared))["reply"]
    bye = (await _keep(sue, "bye", {"en": "Goodbye. {/hours}", "zh-HK": "拜拜"}, **shared))["reply"]
    end = (await _keep(sue, "end", {"en": "All done? {/bye}"}, **shared))["reply"]
    again = await _keep(sue, "Hours", {"en": "x"}, status=409, **shared)
    assert again["error"] == {
        "code": "shortcut_taken",
        "message": "There is a shared canned reply /Hours already.",
        "details": {"shortcut": "Hours"},
    }
    path = f"/canned-replies/{hours['id']}"
    refused = await sue.post(
        path, {"shortcut": "hours", "texts": {"zh-HK": "{/end}"}, "version": 1}, method="PUT", status=400
    )
    assert refused["error"]["code"] == "shortcut_recurs"
    assert refused["error"]["message"] == "/hours would come back to itself: /hours → /end → /bye → /hours."
    refused = await _keep(sue, "loop", {"en": "{/loop}"}, status=400, **shared)
    assert refused["error"]["message"] == "/loop would come back to itself: /loop → /loop."
    assert await _shortcuts(sue) == ["bye", "end", "hours"], "what was refused left nothing behind"
    refused = await sue.post(path, method="DELETE", status=409)
    assert refused["error"]["message"] == "/hours is taken in by /bye; change that first."
    await waiting(gateway)
    conversation = await ben.claim_only()
    said = await ben.get(f"/conversations/{conversation}/canned-replies/{end['id']}")
    assert said == {"text": "All done? Goodbye. Nine to six.", "language": "en", "missing": []}
    own = (await _keep(ben, "hours", {"en": "Ask Ben, {/bye}"}))["reply"]
    said = await ben.get(f"/conversations/{conversation}/canned-replies/{own['id']}")
    assert said["text"] == "Ask Ben, Goodbye. Nine to six.", "what is shared says the same for everybody"
    assert bye["version"] == 1


async def test_replies_that_take_each_other_in_without_end_are_refused_by_their_length(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    await _keep(ben, "a0", {"en": "x" * 100})
    for number in range(1, 3):
        await _keep(ben, f"a{number}", {"en": f"{{/a{number - 1}}}" * 9})
    refused = await _keep(ben, "a3", {"en": "{/a2}" * 9}, status=413)
    assert refused["error"]["details"] == {"field": "texts.en", "limit": 10_000}


async def test_bad_replies_are_refused_by_field_and_script_stays_text(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    evil = '"><script>window.pwned=1</script>'
    for shortcut, said, status, field in (
        ("", HOURS, 400, "shortcut"),
        ("two words", HOURS, 400, "shortcut"),
        (evil, HOURS, 413, "shortcut"),
        ("<b>", HOURS, 400, "shortcut"),
        (["x"], HOURS, 400, "shortcut"),
        ("x" * 33, HOURS, 413, "shortcut"),
        ("x", None, 400, "texts"),
        ("x", {}, 400, "texts"),
        ("x", {"fr": "Bonjour"}, 400, "texts"),
        ("x", {"en": " \x00 "}, 400, "texts"),
        ("x", {"en": 5}, 400, "texts.en"),
        ("x", {"zh-TW": "長" * 4001}, 413, "texts.zh-TW"),
        ("x", {"en": "Hi {customer.nmae}"}, 400, "texts.en"),
        ("x", {"en": "Hi {name}"}, 400, "texts.en"),
        ("x", {"en": "See {/nothing}"}, 400, "texts.en"),
    ):
        answer = await _keep(ben, shortcut, said, status=status)
        assert answer["error"]["details"]["field"] == field, (shortcut, said, answer)
    assert "{customer.name}" in (await _keep(ben, "x", {"en": "{customer.nmae}"}, status=400))["error"]["message"]
    kept = (await _keep(ben, "退貨", {"zh-HK": f"{evil}｛Order.Number｝"}))["reply"]
    assert kept["texts"] == {"zh-HK": f"{evil}{{order.number}}"}
    assert (await _keep(ben, "/退货", HOURS, status=409))["error"]["code"] == "shortcut_taken"


async def test_of_two_who_change_the_same_reply_the_second_hears_of_it(gateway: Gateway) -> None:
    sue = await gateway.seat("sue")
    reply = (await _keep(sue, "hours", HOURS, shared=True))["reply"]
    path = f"/canned-replies/{reply['id']}"

    async def change(text: str) -> int:
        body = {"shortcut": "hours", "texts": {"en": text}, "version": 1}
        headers = {"X-CSRF-Token": sue.csrf}
        async with sue.http.put(f"{gateway.base}/desk/api{path}", json=body, headers=headers) as answer:
            return answer.status

    assert sorted(await asyncio.gather(change("one"), change("two"))) == [200, 409]
    body: dict[str, Any] = {"shortcut": "hours", "texts": {"en": "three"}, "version": 2}
    assert (await sue.post(path, body, method="PUT"))["reply"]["version"] == 3
    assert (await sue.post(path, body, method="PUT", status=409))["error"]["code"] == "canned_reply_changed"
    await sue.post(path, {**body, "version": "3"}, method="PUT", status=400)


def test_blanks_are_found_however_their_braces_are_written() -> None:
    assert blanks.left_in("｛order.number｝ { Customer.Name } {x} {order.number}") == ["order.number", "customer.name"]
    assert blanks.fill("{customer.name} {order.number}", {"customer.name": "{order.number}"}) == (
        "{order.number} {order.number}"
    ), "a value is never looked into"
    for text in ("{" * 5000, "{ " * 5000, "{a" * 5000, "}{" * 5000):
        assert blanks.left_in(text) == []
