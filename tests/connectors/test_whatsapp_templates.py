"""WhatsApp after its 24 hours: the window is known to be closed, and an approved template goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from contract import _eventually_standing
from gateway_parts import Seat, Start
from kit import Customer
from providers.meta import WhatsAppProvider
from templates import TEMPLATES
from test_whatsapp_channel import KIT, NUMBERS, _status
from waiting import eventually

from handoff import conversations, edited_file, transcript
from handoff.learning import answers_of_people

LATER = {"hours": 25}
NEWS = {"name": "order_news", "values": ["Ana", "HG10023847", "it leaves today"]}


@pytest.fixture
def kit() -> Any:
    return KIT


@pytest.fixture
async def customer(start: Start, root: Path, provider: WhatsAppProvider) -> Customer:
    entry = {KIT.class_path: KIT.credentials(provider.address)}
    (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
    (root / "templates.yml").write_text(TEMPLATES, encoding="utf-8")
    gateway = await start(default_language="en", templates_file=root / "templates.yml", idle_close_minutes=10**6)
    return Customer(gateway, KIT, provider)


async def _silent_since_yesterday(customer: Customer) -> tuple[Seat, str]:
    gateway = customer.gateway
    gateway.bot.hands_over("a person please", slots={"order_number": "HG10023847"})
    seat = await gateway.seat("ben")
    await customer.says("a person please")
    await customer.provider.has_sent(1)
    conversation = await seat.claim_only()
    await customer.provider.has_sent(2)
    gateway.clock.forward(**LATER)
    customer.provider.sent.clear()
    return await gateway.seat("ben"), conversation


async def test_after_24_hours_the_agent_sees_what_can_be_sent_filled_in(customer: Customer) -> None:
    ben, talk = await _silent_since_yesterday(customer)
    window = (await ben.get(f"/conversations/{talk}"))["window"]
    assert (window["open"], window["after"]) == (False, "template")
    shown = await ben.get(f"/conversations/{talk}/templates?locale=zh-HK")
    assert [one["name"] for one in shown["templates"]] == ["order_news", "we_are_back"], "not the other account's"
    news = shown["templates"][0]
    assert (news["title"], news["language"]) == ("訂單有消息", "en"), "named for the agent, written for the customer"
    assert news["text"].startswith("Hello {{1}}, about your order {{2}}")
    assert news["variables"] == [
        {"blank": "customer.name", "name": None, "value": "Ana"},
        {"blank": "order.number", "name": None, "value": "HG10023847"},
        {"blank": None, "name": "有咩消息", "value": ""},
    ]


async def test_a_template_goes_as_meta_wants_it_and_its_receipt_comes_back(customer: Customer) -> None:
    ben, talk = await _silent_since_yesterday(customer)
    path, wish = f"/conversations/{talk}/messages", {"template": NEWS, "client_id": "t1"}
    said = (await ben.post(path, wish))["message"]
    words = "Hello Ana, about your order HG10023847: it leaves today. Just reply if you have a question."
    assert (said["text"], said["template"], said["wordless"]) == (words, "order_news", False)
    (sent,) = await customer.provider.has_sent(1)
    assert (sent.to, sent.how) == (NUMBERS[0], "template")
    parameters = [{"type": "text", "text": value} for value in NEWS["values"]]
    assert customer.provider.templates == [  # type: ignore[attr-defined]
        {
            "name": "order_news",
            "language": {"code": "en"},
            "components": [{"type": "body", "parameters": parameters}],
        }
    ]
    assert (await ben.post(path, wish))["message"]["id"] == said["id"], "twice is once"
    for state in ("delivered", "read"):
        await customer.posts(_status(sent.id, state))
        await _eventually_standing(customer.gateway, words, state)
    await ben.post(path, {"template": {"name": "we_are_back"}})
    await customer.provider.has_sent(2)
    assert customer.provider.templates[1] == {"name": "we_are_back", "language": {"code": "en"}}  # type: ignore[attr-defined]


async def test_a_text_is_refused_by_us_and_by_meta_and_a_template_is_not(customer: Customer) -> None:
    ben, talk = await _silent_since_yesterday(customer)
    path = f"/conversations/{talk}/messages"
    await ben.post(path, {"text": "Too late."})
    await _eventually_standing(customer.gateway, "Too late.", "failed", reason="window_closed")
    asked = len(customer.provider.asked)
    theirs = customer.gateway.clock()
    customer.provider.clock = lambda: theirs
    customer.gateway.clock.forward(hours=-2)  # by our clock there is an hour left
    await ben.post(path, {"text": "Late by their clock."})
    await _eventually_standing(customer.gateway, "Late by their clock.", "failed", reason="window_closed")
    assert len(customer.provider.asked) == asked + 1 and customer.provider.sent == []
    await ben.post(path, {"template": NEWS})
    await customer.provider.has_sent(1)


@pytest.mark.parametrize("change", ["gone", "another_language", "more_places"])
async def test_what_meta_does_not_know_like_this_is_told_to_the_agent(customer: Customer, change: str) -> None:
    ben, talk = await _silent_since_yesterday(customer)
    approved = customer.provider.approved  # type: ignore[attr-defined]
    if change == "more_places":
        approved[("order_news", "en")] = 4
    else:
        del approved[("order_news", "en")]
        approved.update({("order_news", "en_US"): 3} if change == "another_language" else {})
    said = (await ben.post(f"/conversations/{talk}/messages", {"template": NEWS}))["message"]
    await _eventually_standing(customer.gateway, said["text"], "failed", reason="template")
    (line,) = [one for one in (await ben.get(f"/conversations/{talk}"))["messages"] if one["id"] == said["id"]]
    assert str(line["delivery"]["detail"]).startswith("132000" if change == "more_places" else "132001")


async def test_what_cannot_be_a_template_is_refused_and_nothing_is_kept(customer: Customer) -> None:
    ben, talk = await _silent_since_yesterday(customer)
    path = f"/conversations/{talk}/messages"
    before = (await ben.get(f"/conversations/{talk}"))["cursor"]
    for wish, status, code in (
        ({"name": "nobody_knows"}, 404, "unknown_template"),
        ({"name": "elsewhere"}, 404, "unknown_template"),
        ({**NEWS, "values": NEWS["values"][:2]}, 400, "bad_input"),
        ({**NEWS, "values": [*NEWS["values"], "more"]}, 400, "bad_input"),
        ({**NEWS, "values": ["Ana", " \n", "x"]}, 400, "bad_input"),
        ({**NEWS, "values": ["Ana", 5, "x"]}, 400, "bad_input"),
        ({**NEWS, "values": "Ana"}, 400, "bad_input"),
        ({**NEWS, "values": ["Ana", "HG1", "x" * 1024]}, 413, "text_too_long"),
        ({**NEWS, "values": ["Ana", "{order.number}", "x"]}, 422, "blank_left"),
        ({"name": 5}, 400, "bad_input"),
        ({**NEWS, "code": "de"}, 400, "bad_input"),
        ([], 400, "bad_input"),
    ):
        assert (await ben.post(path, {"template": wish}, status=status))["error"]["code"] == code, wish
    for beside in ({"text": "hello"}, {"note": True}, {"attachments": ["x"]}, {"card": {"article": "x"}}):
        assert (await ben.post(path, {"template": NEWS, **beside}, status=400))["error"]["code"] == "bad_input"
    assert (await ben.get(f"/conversations/{talk}"))["cursor"] == before and customer.provider.sent == []
    said = (await ben.post(path, {"template": {**NEWS, "values": ["Ana", "HG1", "two\n lines\tand {{2}}"]}}))["message"]
    assert "two lines and {{2}}. Just" in said["text"], "one line, and filled in once"
    await customer.provider.has_sent(1)


async def test_a_template_answers_no_question_and_is_nobodys_draft(customer: Customer) -> None:
    ben, talk = await _silent_since_yesterday(customer)
    await customer.says("The zip of my jacket is broken, can you repair it?")
    await eventually(lambda: "zip" in _last_of(customer, talk).text)
    customer.gateway.clock.forward(**LATER)
    ben = await customer.gateway.seat("ben")
    await ben.post(f"/conversations/{talk}/messages", {"template": NEWS})
    await customer.provider.has_sent(1)
    assert "zip" in (await ben.get(f"/conversations/{talk}/suggestions"))["question"], "it still waits for an answer"
    now = 50 * 3600
    await customer.says("a person please", sender=1, number=now)
    await customer.provider.has_sent(2)
    other = await ben.claim_only()
    await customer.says("My jacket's zip is broken too, can you repair it?", sender=1, number=now + 1)
    await eventually(lambda: "zip" in _last_of(customer, other).text)
    read = customer.gateway.app.ctx.database.read_now

    async def drafts() -> list[str]:
        found = (await ben.get(f"/conversations/{other}/suggestions"))["suggestions"]
        return [one["text"] for one in found if one["source"] == "answer"]

    assert (await drafts(), read(lambda c: answers_of_people(c, [talk]))) == ([], [])
    await customer.says("here I am", number=now)
    await eventually(lambda: _last_of(customer, talk).text == "here I am")
    await ben.post(f"/conversations/{talk}/messages", {"text": "Yes, zips are free of charge."})
    assert await drafts() == ["Yes, zips are free of charge."]
    assert [one.text for one in read(lambda c: answers_of_people(c, [talk]))] == ["Yes, zips are free of charge."]


def _last_of(customer: Customer, conversation: str) -> Any:
    lines = customer.gateway.app.ctx.database.read_now(lambda c: transcript.latest_of_conversation(c, conversation, 1))
    return lines[-1]


async def test_a_channel_without_templates_has_none(start: Start) -> None:
    gateway = await start()
    ben = await gateway.seat("ben")
    gateway.bot.hands_over("a person please")
    await gateway.rest("a person please")
    talk = await ben.claim_only()
    assert (await ben.get(f"/conversations/{talk}/templates"))["templates"] == []
    refused = await ben.post(f"/conversations/{talk}/messages", {"template": NEWS}, status=409)
    assert refused["error"]["code"] == "templates_not_taken"


async def test_the_variant_of_the_customer_is_sent_and_a_saved_file_is_live(
    customer: Customer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edited_file, "LOOK_EVERY_SECONDS", 0)
    ben, talk = await _silent_since_yesterday(customer)
    database = customer.gateway.app.ctx.database
    await database.write(lambda c: conversations.set_language(c, talk, "zh-TW", fixed=True))
    assert (await ben.get(f"/conversations/{talk}/templates"))["templates"][0]["language"] == "zh-HK"
    await ben.post(f"/conversations/{talk}/messages", {"template": NEWS})
    await customer.provider.has_sent(1)
    assert customer.provider.templates[0]["language"] == {"code": "zh_HK"}  # type: ignore[attr-defined]
    (root / "templates.yml").write_text(TEMPLATES.replace("zh_HK", "Cantonese"), encoding="utf-8")
    shown = await ben.get(f"/conversations/{talk}/templates")
    assert len(shown["templates"]) == 2 and "templates.yml, line 10" in shown["problem"], "the last good ones stay"
    (root / "templates.yml").write_text("templates: {}\n", encoding="utf-8")
    assert await ben.get(f"/conversations/{talk}/templates") == {"templates": [], "problem": None}
