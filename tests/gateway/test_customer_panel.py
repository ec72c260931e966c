"""The customer panel: what is shown at which proof, edited at a version, kept with its history, and undone."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from desk_parts import on_screen, waiting
from gateway_parts import Gateway, Page, Seat, Start

FORM = """
classes:
  - {id: vip, colour: purple, shop_tags: [vip], name: {zh-HK: 貴賓, zh-TW: 貴賓, zh-CN: 贵宾, en: VIP}}
fields:
  - id: birthday
    type: date
    earliest: 1900-01-01
    name: {zh-HK: 生日, zh-TW: 生日, zh-CN: 生日, en: Birthday}
"""


async def _customer(seat: Seat, conversation: str, locale: str = "en") -> Any:
    return (await seat.get(f"/conversations/{conversation}/customer?locale={locale}"))["customer"]


async def _edit(seat: Seat, conversation: str, version: int, status: int = 200, **values: Any) -> Any:
    body = {"version": version, "values": {name.replace("__", "."): value for name, value in values.items()}}
    answer = await seat.post(f"/conversations/{conversation}/customer", body, method="PUT", status=status)
    return answer["customer"]["record"] if status == 200 else answer["error"]


async def _undo(seat: Seat, conversation: str, change: int, version: int, status: int = 200) -> Any:
    path = f"/conversations/{conversation}/customer/history/{change}/undo"
    answer = await seat.post(path, {"version": version}, status=status)
    return answer["customer"]["record"] if status == 200 else answer["error"]


async def _history(seat: Seat, conversation: str) -> Any:
    return (await seat.get(f"/conversations/{conversation}/customer/history?locale=en"))["changes"]


def _value(record: Any, field: str) -> Any:
    return next(one["value"] for one in record["fields"] if one["id"] == field)


async def test_what_agents_write_down_is_kept_with_who_changed_what_from_what_to_what(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    await waiting(gateway)
    talk = await ben.claim_only()
    before = (await _customer(ben, talk))["record"]
    assert (before["version"], before["values"]["name"], before["values"]["tags"]) == (0, None, [])
    async with on_screen(cleo) as shown:
        await shown.until("ready")
        first = await _edit(
            ben,
            talk,
            0,
            name=" 陳  大文\x00",
            phone="+852 9123 4567",
            tags=[{"name": "愛貓", "colour": "teal"}, {"name": "VIP"}],
            field__birthday="1990-02-28",
            **{"field__best-time": "evening", "field__gift-wrap": False, "field__shoe-size": 42.5},
        )
        told = await shown.until("customer")
    assert told["conversation"] == talk and told["record"] == first["id"]
    assert first["values"]["name"] == "陳 大文"
    assert [(one["name"], one["colour"]) for one in first["values"]["tags"]] == [("愛貓", "teal"), ("VIP", "grey")]
    assert [_value(first, one) for one in ("birthday", "best-time", "gift-wrap", "shoe-size")] == [
        "1990-02-28",
        "evening",
        False,
        42.5,
    ]
    gateway.clock.forward(minutes=5)
    second = await _edit(cleo, talk, first["version"], **{"class": "vip"}, name="陳大文", field__birthday=None)
    assert (await _edit(cleo, talk, second["version"], name="陳大文"))["version"] == second["version"], (
        "nothing changed"
    )
    changes = await _history(ben, talk)
    assert [(one["by"], one["field"], one["before"], one["after"]) for one in changes[:3]] == [
        ("Cleo", "field.birthday", "1990-02-28", None),
        ("Cleo", "name", "陳 大文", "陳大文"),
        ("Cleo", "class", None, "VIP"),
    ]
    assert changes[0]["name"] == "Birthday" and changes[0]["at"] > changes[-1]["at"]
    named = {one["field"]: one["after"] for one in changes if one["by"] == "Ben"}
    assert named["tags"] == ["愛貓", "VIP"] and named["field.best-time"] == "Evening"

    undone = await _undo(ben, talk, changes[0]["id"], second["version"])
    assert _value(undone, "birthday") == "1990-02-28"
    changes = await _history(ben, talk)
    assert (changes[0]["undoes"], changes[0]["by"], changes[0]["after"]) == (changes[1]["id"], "Ben", "1990-02-28")
    superseded = next(one for one in changes if one["field"] == "name" and one["by"] == "Ben")
    assert superseded["may_undo"] is False
    refused = await _undo(ben, talk, superseded["id"], undone["version"], status=409)
    assert refused["code"] == "change_superseded"
    # Of tags only what that change did is undone: what somebody put on since stays.
    tagged = await _edit(ben, talk, undone["version"], tags=[{"name": "愛貓"}, {"name": "退貨"}])
    put_on = next(one for one in changes if one["field"] == "tags")
    kept = await _undo(cleo, talk, put_on["id"], tagged["version"])
    assert [one["name"] for one in kept["values"]["tags"]] == ["退貨"]
    assert (await _undo(ben, talk, 10**6, kept["version"], status=404))["code"] == "unknown_change"


async def test_of_two_who_edit_at_once_one_is_told_by_whom_and_what_and_nothing_is_lost(gateway: Gateway) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    await waiting(gateway)
    talk = await ben.claim_only()
    path = f"/desk/api/conversations/{talk}/customer"

    async def write(seat: Seat, version: int, name: str) -> tuple[int, Any]:
        body, headers = {"version": version, "values": {"name": name}}, {"X-CSRF-Token": seat.csrf}
        async with seat.http.put(f"{gateway.base}{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    for version in (0, 2):
        answers = await asyncio.gather(
            write(ben, version, f"Ben's {version}"), write(cleo, version, f"Cleo's {version}")
        )
        assert sorted(status for status, _ in answers) == [200, 409]
        won = next(body["customer"]["record"] for status, body in answers if status == 200)
        lost = next(body["error"] for status, body in answers if status == 409)
        assert lost["code"] == "customer_changed"
        record = (await _customer(ben, talk))["record"]
        assert record["values"]["name"] == won["values"]["name"] and record["version"] == won["version"]
    assert (lost["details"]["fields"], lost["details"]["version"]) == (["name"], 3)
    assert lost["details"]["by"] in won["values"]["name"]
    assert len(await _history(ben, talk)) == 2


async def test_values_that_do_not_fit_are_refused_by_field_and_change_nothing(gateway: Gateway) -> None:
    ben, eddy = await gateway.seat("ben"), await gateway.seat("eddy")
    await waiting(gateway)
    talk = await ben.claim_only()
    for field, value, status in (
        ("name", "長" * 121, 413),
        ("name", 5, 400),
        ("phone", "call me", 400),
        ("phone", "4111 1111 1111 1111 1111 1111 1111", 413),
        ("email", "<b>@x", 400),
        ("class", "king", 400),
        ("class", {}, 400),
        ("tags", "vip", 400),
        ("tags", [{"name": ""}], 400),
        ("tags", [{"name": str(one)} for one in range(21)], 400),
        ("field.birthday", "1990-02-30", 400),
        ("field.birthday", "1880-01-01", 400),
        ("field.birthday", "19900228", 400),
        ("field.best-time", "noon", 400),
        ("field.gift-wrap", "yes", 400),
        ("field.shoe-size", 14, 400),
        ("field.shoe-size", 42.55, 400),
        ("field.shoe-size", True, 400),
        ("field.call-as", "x" * 61, 413),
        ("field.nothing", "x", 400),
        ("merged", "x", 400),
    ):
        refused = await _edit(
            ben, talk, 0, status=status, **{field: value, "name" if field != "name" else "email": "a@b.hk"}
        )
        assert refused["details"]["field"] in (field, field.removeprefix("field."), "name"), (field, refused)
    for version in (None, "0", True, -1):
        assert (await _edit(ben, talk, version, status=400, name="x"))["details"]["field"] == "version"  # type: ignore
    assert (await _customer(ben, talk))["record"]["version"] == 0 and await _history(ben, talk) == []
    assert "king" not in str(await ben.get("/tags"))
    await eddy.get(f"/conversations/{talk}/customer", status=403)
    await ben.get("/conversations/none/customer", status=404)
    evil = '"><script>window.pwned=1</script>'
    kept = await _edit(ben, talk, 0, name=evil, **{"field__call-as": "card 4111 1111 1111 1111"})
    assert kept["values"]["name"] == evil, "text stays text"
    assert _value(kept, "call-as") == "card •••• 1111", "numbers that are never kept are not kept here"


async def test_the_form_is_followed_and_a_broken_one_names_file_and_line_and_changes_nothing(
    start: Start, tmp_path: Path
) -> None:
    place = tmp_path / "form.yml"
    place.write_text(FORM, encoding="utf-8")
    gateway = await start(customer_form_file=str(place))
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    await waiting(gateway)
    talk = await ben.claim_only()
    record = await _edit(ben, talk, 0, field__birthday="1990-01-01")
    assert [one["name"] for one in (await _customer(ben, talk, "zh-TW"))["record"]["fields"]] == ["生日"]

    async def rewritten(text: str, shown: Any) -> Any:
        place.write_text(text, encoding="utf-8")
        os.utime(place, ns=(place.stat().st_mtime_ns, place.stat().st_mtime_ns + 1))
        for _ in range(100):
            found = (await _customer(sue, talk))["record"]
            if shown(found):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(found)

    broken = FORM.replace("type: date", "type: day")
    seen = await rewritten(broken, lambda one: one["form_problem"])
    assert seen["form_problem"].startswith("form.yml, line 6, fields[0].type: is 'day'; expected one of text")
    assert _value(seen, "birthday") == "1990-01-01", "the last good one stays"
    assert (await _customer(ben, talk))["record"]["form_problem"] is None, "for those who can mend it"
    more = FORM + "  - {id: size, type: number, name: {zh-HK: 碼, zh-TW: 碼, zh-CN: 码, en: Size}}\n"
    seen = await rewritten(more, lambda one: len(one["fields"]) == 2)
    assert seen["form_problem"] is None
    without = FORM.replace("id: birthday", "id: other")
    await rewritten(without, lambda one: one["fields"][0]["id"] == "other")
    (change,) = await _history(ben, talk)
    assert (change["field"], change["name"], change["may_undo"]) == ("field.birthday", None, False)
    seen = await rewritten(FORM, lambda one: one["fields"][0]["id"] == "birthday")
    assert _value(seen, "birthday") == "1990-01-01", "hidden, never lost"
    assert record["version"] == seen["version"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("fields: [", "line 1: not valid YAML"),
        ("fields: {}", "line 1, fields: expected a list"),
        ("fields:\n  - {type: text}", "line 2, fields[0]: the field id is missing"),
        ("fields:\n  - {id: A, type: text}", "line 2, fields[0].id: an id is made of"),
        ("fields:\n  - {id: a}", "line 2, fields[0]: the field type is missing"),
        ("fields:\n  - {id: a, type: text}", "line 2, fields[0]: the field name is missing"),
        ("fields:\n  - {id: a, type: text, name: {en: A}}", "name: the name in zh-HK, zh-TW, zh-CN is missing"),
        ("fields:\n  - {id: a, type: yes_no, least: 1}", "fields[0].least: unknown field"),
        (
            "fields:\n  - id: a\n    type: number\n    least: 5\n    most: 4",
            "line 5, fields[0].most: 4 is below least, 5",
        ),
        ("fields:\n  - {id: a, type: choice, name: NAMES}", "fields[0]: the field choices is missing"),
        ("fields:\n  - {id: a, type: choice, name: NAMES, choices: []}", "expected one choice at least"),
        ("classes:\n  - {id: a, name: NAMES, colour: gold}", "line 2, classes[0].colour: is 'gold'; expected one of"),
        ("classes:\n  - {id: a, name: NAMES}\n  - {id: a, name: NAMES}", "line 3, classes[1].id: a stands twice"),
        ("colours: []", "line 1, colours: unknown field; known are classes, fields"),
    ],
)
def test_a_form_with_a_mistake_is_refused_at_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    from handoff.customer_form import CustomerFormError, read

    place = tmp_path / "form.yml"
    place.write_text(text.replace("NAMES", "{zh-HK: 一, zh-TW: 一, zh-CN: 一, en: A}"), encoding="utf-8")
    with pytest.raises(CustomerFormError) as refused:
        read(place)
    assert complaint in str(refused.value) and str(refused.value).startswith("form.yml")


def _orders_of_the_shop(gateway: Gateway, customer_id: str) -> Any:
    import shop

    return shop.open_shop(gateway.settings.shop_mapping).orders_of(customer_id)


async def _proves_order(gateway: Gateway, number: str) -> Page:
    """A customer whom the bot believed an order's number and ending."""
    card = {"number": number, "status": "shipped"}
    gateway.bot.says("my order", {"text": "Here", "custom": {"order": card}})
    page = await gateway.page()
    await page.say("my order")
    await page.message("assistant", "Here")
    return page


async def test_the_panel_shows_what_was_proved_and_how(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    stranger = await gateway.page()
    signed = await gateway.page(identity=gateway.identity())
    order = _orders_of_the_shop(gateway, "c-0001")[0]
    by_order = await _proves_order(gateway, order.number)
    shown = {}
    for name, page in (("stranger", stranger), ("signed", signed), ("by_order", by_order)):
        await page.say(f"I am {name}")
        await page.message("customer", name)
        found = await ben.get("/conversations?view=bot")
        talk = next(one["id"] for one in found["conversations"] if one["last_text"].endswith(f"I am {name}"))
        shown[name] = await _customer(ben, talk)
    assert shown["stranger"]["proof"] == {
        "tier": "anonymous", "account": None, "until": None, "is_over": False, "orders": [],
        "contacts": [], "links": [], "may_ask": False,
    }  # fmt: skip
    assert shown["stranger"]["profile"] is None and shown["stranger"]["orders"] == []
    known = shown["signed"]
    assert (known["proof"]["tier"], known["proof"]["account"], known["proof"]["is_over"]) == (
        "identity",
        "c-0001",
        False,
    )
    assert known["profile"]["is_masked"] is False and len(known["orders"]) > 1 and known["orders"][0]["items"]
    partly = shown["by_order"]
    assert (partly["proof"]["tier"], partly["proof"]["orders"]) == ("order", [order.number])
    assert [one["number"] for one in partly["orders"]] == [order.number], "that order only"
    assert partly["orders"][0]["items"] == [] and partly["orders"][0]["total"] is None
    full, hidden = known["profile"], partly["profile"]
    assert hidden["phone"] == f"•••• {full['phone'].replace(' ', '')[-4:]}" and hidden["phone"] not in full["phone"]
    assert hidden["email"] == f"{full['email'][0]}•••@{full['email'].split('@')[1]}"
    assert (hidden["points"], hidden["tags"]) == (None, [])


async def test_a_class_comes_from_the_shop_until_people_say_otherwise(gateway: Gateway) -> None:
    import shop

    orders = shop.open_shop(gateway.settings.shop_mapping)
    vip = next(f"c-{one:04}" for one in range(1, 400) if "vip" in (orders.customer(f"c-{one:04}") or _Nobody).tags)
    ben = await gateway.seat("ben")
    await waiting(gateway, identity=gateway.identity(vip))
    talk = await ben.claim_only()
    shown = await _customer(ben, talk, "zh-HK")
    assert shown["class"] == {"id": "vip", "name": "VIP 貴賓", "colour": "purple", "source": "shop"}
    record = await _edit(ben, talk, 0, **{"class": "careful"})
    assert (await _customer(ben, talk))["class"]["source"] == "team"
    await _edit(ben, talk, record["version"], **{"class": ""})
    assert (await _customer(ben, talk))["class"]["id"] == "vip"


async def test_a_class_that_is_given_while_the_customer_waits_moves_them_ahead_and_never_back(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    await waiting(gateway)
    gateway.clock.forward(seconds=5)
    await waiting(gateway)
    first, second = (row["conversation"] for row in (await ben.get("/inbox"))["queue"])
    record = await _edit(ben, second, 0, **{"class": "vip"})
    row, other = (await ben.get("/inbox"))["queue"]
    assert (row["conversation"], other["conversation"]) == (second, first)
    assert row["priority"] == other["priority"] + 1
    record = await _edit(ben, second, record["version"], **{"class": ""})
    await _edit(ben, second, record["version"], **{"class": "vip"})
    assert (await ben.get("/inbox"))["queue"][0]["priority"] == row["priority"]


class _Nobody:
    tags = ()


async def test_the_signature_of_an_open_conversation_runs_out_and_a_shop_that_is_silent_is_told(start: Start) -> None:
    gateway = await start(shop_adapter="http", shop_url="http://127.0.0.1:9", shop_token="x" * 32)
    ben = await gateway.seat("ben")
    page = await gateway.page(identity=gateway.identity(minutes=30))
    await page.say("hello")
    await page.message("assistant", "hello")
    (row,) = (await ben.get("/conversations?view=bot"))["conversations"]
    shown = await _customer(ben, row["id"])
    assert (shown["problem"], shown["orders"], shown["proof"]["is_over"]) == ("shop_unavailable", [], False)
    assert (await _edit(ben, row["id"], 0, name="Ana"))["values"]["name"] == "Ana", "what people write needs no shop"
    gateway.clock.forward(minutes=31)
    shown = await _customer(ben, row["id"])
    assert shown["proof"]["is_over"] is True and shown["asked_at"] == gateway.clock().isoformat()


async def test_what_people_call_a_customer_stands_in_lists_and_is_found(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    await waiting(gateway)
    await waiting(gateway)
    first, second = (row["conversation"] for row in (await ben.get("/inbox"))["queue"])
    async with on_screen(ben) as shown:
        await shown.until("ready")
        await _edit(ben, first, 0, name="陳小姐 100%", phone="+852 9123 4567")
        row = (await shown.until("conversation"))["conversation"]
    assert (row["id"], row["customer"]) == (first, "陳小姐 100%")
    called = {row["conversation"]: row["customer"] for row in (await ben.get("/inbox"))["queue"]}
    assert called[first] == "陳小姐 100%" and called[second].startswith("#")
    assert (await ben.get(f"/conversations/{first}"))["conversation"]["customer"] == "陳小姐 100%"
    for words, found in (("陳小姐", [first]), ("0%", [first]), ("9123 4567", [first]), ("0_%", []), ("王", [])):
        answer = await ben.get("/search?" + urlencode({"q": words}))
        assert [one["id"] for one in answer["conversations"]] == found, words


async def test_past_conversations_of_every_channel_come_with_state_time_and_topic(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    first = await waiting(gateway, identity=gateway.identity())
    await first.say("Where is my parcel?")
    talk = await ben.claim_only()
    await first.message("customer", "Where is")
    await ben.post(f"/conversations/{talk}/close", {"wrap_up": {"reason": "delivery"}})
    await first.message("system", "has closed")
    await waiting(gateway, identity=gateway.identity())
    again = await ben.claim_only()
    (past,) = (await ben.get(f"/conversations/{again}?locale=zh-TW"))["past"]
    assert (past["id"], past["status"], past["topic"], past["about"]) == (
        talk, "closed", "Where is my parcel?", "配送問題"
    )  # fmt: skip
    assert past["opened_at"]
