"""After the conversation: wrapping up, the transcript as a file, figures computed from the log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Page, Seat, Start

from handoff.wrap_ups import SHIPPED, WrapUpFileError, load
from switchboard.settings import SettingsError

ANSWER = {"text": "Three days.", "custom": {"faq": {"id": "delivery-time", "file": "delivery.yml", "line": 1}}}


async def _with_agent(gateway: Gateway, seat: Seat, **marker: Any) -> tuple[Page, str]:
    gateway.bot.hands_over("a person please", **marker)
    page = await gateway.page()
    await page.say("a person please")
    await page.state("waiting")
    return page, await seat.claim_only()


async def _say(seat: Seat, conversation: str, text: str, **more: Any) -> None:
    await seat.post(f"/conversations/{conversation}/messages", {"text": text, "client_id": text[:40], **more})


async def test_a_team_may_ask_for_a_wrap_up_and_spam_is_not_asked_how_it_was(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    choices = await seat.get("/wrap-up?team=billing")
    assert choices["required"] == ["resolution", "reason"]
    assert all(set(one["label"]) == {"zh-HK", "zh-TW", "zh-CN", "en"} for one in choices["reasons"])
    page, conversation = await _with_agent(gateway, seat, team="billing")
    await _say(seat, conversation, "Hello")
    refused = await seat.post(f"/conversations/{conversation}/close", status=422)
    assert refused["error"]["details"]["fields"] == ["resolution", "reason"]
    for bad in ({"resolution": "nonsense"}, {"tags": ["x" * 41]}, {"tags": "x"}, {"tags": ["x"] * 11}):
        wrap_up = {"resolution": "spam", "reason": "other", **bad}
        await seat.post(f"/conversations/{conversation}/close", {"wrap_up": wrap_up}, status=400)
    assert (await seat.get(f"/conversations/{conversation}"))["conversation"]["status"] == "agent"
    wrap_up = {"resolution": "spam", "reason": "other", "tags": [" bot ", "bot", "<b>"]}
    await seat.post(f"/conversations/{conversation}/close", {"wrap_up": wrap_up})
    outcome = await seat.get(f"/conversations/{conversation}/outcome")
    assert outcome == {"wrap_up": {"resolution": "spam", "reason": "other"}, "ratings": []}
    await page.state("none")
    assert not [frame for frame in page.frames if "How was" in str(frame)]


async def test_tags_said_at_the_close_are_tags_of_the_conversation_and_a_tag_it_has_is_said_already(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "wrap_up.yml").write_text(
        SHIPPED.read_text(encoding="utf-8").replace("default: []", "default: [tags]"), encoding="utf-8"
    )
    gateway = await start(wrap_up_file=tmp_path / "wrap_up.yml")
    seat = await gateway.seat("ben")
    assert (await seat.get("/wrap-up?team=sales"))["required"] == ["tags"]
    _, first = await _with_agent(gateway, seat)
    refused = await seat.post(f"/conversations/{first}/close", {"wrap_up": {"resolution": "solved"}}, status=422)
    assert refused["error"]["details"]["fields"] == ["tags"]
    await seat.post(f"/conversations/{first}/tags", {"name": "退貨", "colour": "orange"})
    wrap_up = {"resolution": "solved", "tags": [" vip ", "退货", "late"]}
    await seat.post(f"/conversations/{first}/close", {"wrap_up": wrap_up})
    worn = (await seat.get(f"/conversations/{first}"))["conversation"]["tags"]
    assert sorted((one["name"], one["colour"]) for one in worn) == [
        ("late", "grey"),
        ("vip", "grey"),
        ("退貨", "orange"),
    ]
    assert set((await seat.get("/wrap-up?team=sales"))["tags"]) >= {"packaging", "late", "退貨"}
    found = await seat.get(f"/conversations?view=closed&tag={next(one['id'] for one in worn if one['name'] == 'late')}")
    assert [row["id"] for row in found["conversations"]] == [first]
    _, second = await _with_agent(gateway, seat)
    await seat.post(f"/conversations/{second}/tags", {"name": "vip"})
    await seat.post(f"/conversations/{second}/close", {"wrap_up": {"resolution": "solved"}})
    _, third = await _with_agent(gateway, seat)
    for number in range(20):
        await seat.post(f"/conversations/{third}/tags", {"name": f"tag {number}"})
    await seat.post(f"/conversations/{third}/close", {"wrap_up": {"tags": ["one more"]}}, status=400)
    assert (await seat.get(f"/conversations/{third}"))["conversation"]["status"] == "agent", "all of it or nothing"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("[]", "expected a mapping"),
        ("resolutions: [{id: x}]", "x: expected a label"),
        ("resolutions: [{label: {}}]", "entry 1: expected an id"),
        ("surprise: 1", "unknown key 'surprise'"),
        ("required: {billing: [colour]}", "required.billing"),
        ("tags: [1]", "tags"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_file_with_a_mistake_stops_the_start_and_names_the_place(tmp_path: Path, written: str, why: str) -> None:
    path = tmp_path / "wrap_up.yml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(WrapUpFileError, match=why):
        load(path)


async def test_the_settings_name_the_file(start: Start, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="wrap_up_file"):
        await start(wrap_up_file=tmp_path / "missing.yml")


async def test_the_transcript_is_a_file_in_the_customers_language_without_notes(gateway: Gateway) -> None:
    seat = await gateway.seat("ben")
    page, conversation = await _with_agent(gateway, seat)
    await page.say("<script>alert(1)</script> 4111 1111 1111 1111")
    await page.message("system", "hidden")
    await _say(seat, conversation, "She is rude", note=True)
    await _say(seat, conversation, "Here & there")
    token = {"Authorization": f"Bearer {page.session['token']}"}
    address = f"{gateway.base}/widget/transcript"
    async with gateway.http.get(f"{address}?locale=zh-TW", headers=token) as response:
        body = await response.text()
        assert response.headers["Content-Disposition"] == 'attachment; filename="chat-2026-03-02.html"'
        assert response.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in str(response.headers)
    assert '<html lang="zh-TW">' in body and "與 Harbour Goods 的對話" in body and "12:00" in body
    assert "<script>" not in body and "&lt;script&gt;" in body and "Here &amp; there" in body
    assert "rude" not in body and "4111" not in body and "•••• 1111" in body
    async with gateway.http.get(f"{address}?format=txt", headers=token) as response:
        assert response.content_type == "text/plain"
        assert "Ben\nHere & there" in (text := await response.text()) and "rude" not in text
    stranger = await gateway.session()
    token = {"Authorization": f"Bearer {stranger['token']}"}
    async with gateway.http.get(address, headers=token) as response:
        assert response.status == 404
    async with gateway.http.get(address) as response:
        assert response.status == 401


async def test_by_mail_there_is_an_honest_no_until_there_is_a_connector(gateway: Gateway) -> None:
    page = await gateway.page()
    token = {"Authorization": f"Bearer {page.session['token']}"}
    async with gateway.http.get(f"{gateway.base}/widget/transcript/addresses", headers=token) as response:
        assert await response.json() == {"addresses": []}
    for to in ("0123456789abcdef", None):
        async with gateway.http.post(f"{gateway.base}/widget/transcript", json={"to": to}, headers=token) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (503, "mail_unavailable")


async def test_each_owner_has_a_clock_of_their_own(gateway: Gateway) -> None:
    ben, cleo, sue = [await gateway.seat(login) for login in ("ben", "cleo", "sue")]
    gateway.bot.says("how long is delivery", ANSWER)
    gateway.bot.hands_over("a person please")
    page = await gateway.page()
    await page.say("how long is delivery")
    await page.message("assistant")
    gateway.clock.forward(hours=9)  # a night with the assistant counts for no person
    await ben.get("/me")
    for seat in (ben, cleo, sue):
        await seat.http.close()
    ben, cleo, sue = [await gateway.seat(login) for login in ("ben", "cleo", "sue")]
    await page.say("a person please")
    await page.state("waiting")
    gateway.clock.forward(seconds=30)
    conversation = await ben.claim_only()
    gateway.clock.forward(seconds=10)
    await _say(ben, conversation, "Hello")
    gateway.clock.forward(seconds=20)
    await ben.post(f"/conversations/{conversation}/release")
    gateway.clock.forward(seconds=50)
    await cleo.claim_only()
    gateway.clock.forward(seconds=5)
    await _say(cleo, conversation, "Here I am")
    gateway.clock.forward(seconds=95)
    await cleo.post(f"/conversations/{conversation}/close", {"wrap_up": {"resolution": "solved"}})
    questions = (await page.message("system", "How was"))["csat"]
    frame = {"type": "csat", "client_id": "r", "rating": questions[0]["id"], "score": 2, "comment": "Slow"}
    await page.send(frame)
    await page.until(lambda f: f["type"] == "accepted" and f["client_id"] == "r")
    await ben.get("/figures", status=403)
    await sue.get("/figures?days=0", status=400)
    gateway.clock.forward(seconds=1)
    figures = await sue.get("/figures?days=1")
    assert figures["queue"] == {
        "stretches": 2,
        "waiting": {"count": 2, "median": 40.0, "most": 48.0},
        "still_waiting": 0,
    }
    people = {one["name"]: one for one in figures["people"]}
    assert people["Ben"]["first_response"] == {"count": 1, "median": 40.0, "most": 40.0}  # 30 waiting and 10 more
    assert people["Ben"]["handling"] == {"count": 1, "median": 30.0, "most": 30.0}
    assert people["Cleo"]["first_response"]["median"] == 55.0 and people["Cleo"]["handling"]["median"] == 100.0
    assert (people["Cleo"]["score"], people["Cleo"]["asked"], people["Ben"]["asked"]) == (2.0, 1, 1)
    assert figures["assistant"]["stretches"] == 1 and figures["assistant"]["score"] is None
    assert figures["resolutions"] == {"solved": 1}
    assert [(one["score"], one["comment"], one["who"]) for one in figures["comments"]] == [(2, "Slow", "Cleo")]


async def test_promises_kept_and_broken_are_counted_for_who_made_them(gateway: Gateway) -> None:
    ben, sue = await gateway.seat("ben"), await gateway.seat("sue")
    _, talk = await _with_agent(gateway, ben)

    async def promise(text: str, **span: float) -> None:
        due = gateway.clock() + timedelta(**span)
        await _say(ben, talk, text, promise={"due_at": due.isoformat()})

    await promise("within the hour", hours=1)
    gateway.clock.forward(minutes=40)
    await _say(ben, talk, "Here it is")
    await promise("in an hour again", hours=1)
    gateway.clock.forward(hours=2)
    await gateway.app.ctx.watches["promises"].look()
    sue = await gateway.seat("sue")
    assert (await sue.get("/figures?days=1"))["promises"] == {"open": 1, "kept": 1, "broken": 1, "withdrawn": 0}
    ben = await gateway.seat("ben")
    await _say(ben, talk, "Sorry, here it is at last")
    await promise("tomorrow", hours=20)
    figures = await sue.get("/figures?days=1")
    assert figures["promises"] == {"open": 1, "kept": 1, "broken": 1, "withdrawn": 0}
    (person,) = figures["people"]
    assert (person["name"], person["promises"]["kept"], person["promises"]["broken"]) == ("Ben", 1, 1)
