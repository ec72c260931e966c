"""Until when, and how often, each channel lets us write, as the desk is told: open, closed, and open again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract import _eventually_standing, rows_of
from gateway_parts import FakeClock, Seat, Start
from kit import Customer, Kit
from providers.server import Provider
from test_instagram_channel import KIT as INSTAGRAM
from test_line_channel import KIT as LINE
from test_messenger_channel import KIT as MESSENGER
from test_sms_http import KIT as SMS_HTTP
from test_sms_twilio import KIT as TWILIO
from test_telegram_channel import KIT as TELEGRAM
from test_wechat_channel import KIT as WECHAT
from test_wechat_channel import MINI_KIT as MINI
from test_wecom_channel import KIT as WECOM
from test_wecom_channel import Ringing
from test_weibo_channel import KIT as WEIBO
from test_whatsapp_channel import KIT as WHATSAPP
from waiting import eventually

from handoff import contact_proofs, customer_merges, customers
from handoff.contact_proofs import PHONE, Token
from switchboard.contact_proving import ByProof

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """What a provider allows."""

    kit: Kit
    span: timedelta
    messages: int | None = None
    after: str = "nothing"
    name: str = ""
    said: str = "window_closed"  # of what the provider refuses by its own clock


def _permitted(kit: Kit, human_agent: bool) -> Kit:
    return replace(kit, credentials=lambda url: {**kit.credentials(url), "human_agent": human_agent})


RULES = [
    Rule(WHATSAPP, DAY, after="template", name="whatsapp"),
    Rule(_permitted(MESSENGER, False), DAY, name="messenger"),
    Rule(_permitted(MESSENGER, True), 7 * DAY, name="messenger-human-agent"),
    Rule(_permitted(INSTAGRAM, False), DAY, name="instagram"),
    Rule(_permitted(INSTAGRAM, True), 7 * DAY, name="instagram-human-agent"),
    Rule(WECHAT, 2 * DAY, 5, name="wechat"),
    Rule(MINI, 2 * DAY, 5, name="wechat-mini-program"),
    Rule(WECOM, 2 * DAY, 5, name="wecom"),
    Rule(WEIBO, 2 * DAY, name="weibo", said="blocked"),  # Weibo names no code for it
]
ALWAYS = [LINE, TELEGRAM, SMS_HTTP, TWILIO]


@pytest.fixture
async def customer(start: Start, root: Path, kit: Kit, provider: Provider) -> AsyncIterator[Customer]:
    entry = {kit.class_path: kit.credentials(provider.address)}
    (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
    gateway = await start(default_language="en", idle_close_minutes=10**6)
    yield (Ringing if kit.channel == "wecom" else Customer)(gateway, kit, provider)


@pytest.fixture
def kit(request: pytest.FixtureRequest) -> Kit:
    found: Kit | Rule = request.param
    return found.kit if isinstance(found, Rule) else found


async def _talk(customer: Customer) -> tuple[Seat, str]:
    gateway = customer.gateway
    gateway.bot.hands_over("a person please")
    seat = await gateway.seat("ben")
    await customer.says("a person please")
    await customer.provider.has_sent(1)
    conversation = await seat.claim_only()
    await customer.provider.has_sent(2)
    return seat, conversation


async def _window(seat: Seat, conversation: str) -> Any:
    found = (await seat.get(f"/conversations/{conversation}"))["window"]
    assert (await seat.get(f"/conversations/{conversation}/window"))["window"] == found
    return found


@pytest.mark.parametrize(("kit", "rule"), [(one, one) for one in RULES], indirect=["kit"], ids=lambda one: one.name)
async def test_the_window_is_known_before_anything_is_written(customer: Customer, rule: Rule) -> None:
    gateway, clock = customer.gateway, customer.gateway.clock
    began = clock()
    ben, talk = await _talk(customer)

    def shape(wrote: datetime, sent: int, is_open: bool = True) -> dict[str, Any]:
        left = None if rule.messages is None else rule.messages - sent
        return {"open": is_open, "until": (wrote + rule.span).isoformat(), "left": left, "after": rule.after}

    sent = len(customer.provider.sent)
    await eventually(lambda: {state for state, _ in rows_of(customer)} == {"sent"}, lambda: rows_of(customer))
    assert await _window(ben, talk) == shape(began, sent)
    await ben.post(f"/conversations/{talk}/messages", {"text": "I look."})
    await _eventually_standing(gateway, "I look.", "sent")
    assert await _window(ben, talk) == shape(began, sent + 1)
    said = len(customer.provider.sent)
    clock.now = began + rule.span - timedelta(seconds=1)
    ben = await gateway.seat("ben")
    assert (await _window(ben, talk))["open"]
    customer.provider.clock = lambda: began + rule.span
    await ben.post(f"/conversations/{talk}/messages", {"text": "Late by their clock."})
    await _eventually_standing(gateway, "Late by their clock.", "failed", reason=rule.said)
    customer.provider.clock = clock
    clock.now = began + rule.span
    ben = await gateway.seat("ben")
    closed = await _window(ben, talk)
    assert (closed["open"], closed["after"]) == (False, rule.after)
    await ben.post(f"/conversations/{talk}/messages", {"text": "Too late."})
    await _eventually_standing(gateway, "Too late.", "failed", reason="window_closed")
    assert customer.provider.texts[said:] == []
    a_second = 1000 if rule.name.startswith(("messenger", "instagram")) else 1
    await customer.says("I am back", number=int((clock() - began).total_seconds()) * a_second)
    await eventually(lambda: gateway.app.ctx.database.read_now(lambda c: _wrote_at(c, talk)) == clock())
    again = await _window(ben, talk)
    assert (again["open"], again["until"], again["left"]) == (True, (clock() + rule.span).isoformat(), rule.messages)


@pytest.mark.parametrize("kit", [WECHAT, WECOM], indirect=True, ids=["wechat", "wecom"])
async def test_when_the_messages_are_used_up_the_window_is_closed_before_its_time(customer: Customer) -> None:
    ben, talk = await _talk(customer)
    left = (await _window(ben, talk))["left"]
    for number in range(left):
        await ben.post(f"/conversations/{talk}/messages", {"text": f"line {number}"})
        await _eventually_standing(customer.gateway, f"line {number}", "sent")
    window = await _window(ben, talk)
    assert (window["open"], window["left"]) == (False, 0)


@pytest.mark.parametrize("kit", ALWAYS, indirect=True, ids=lambda one: one.class_path.rpartition(".")[2])
async def test_a_channel_that_may_always_be_written_to_has_no_window(customer: Customer) -> None:
    ben, talk = await _talk(customer)
    assert await _window(ben, talk) is None
    customer.gateway.clock.forward(days=8)
    ben = await customer.gateway.seat("ben")
    assert await _window(ben, talk) is None
    await ben.post(f"/conversations/{talk}/messages", {"text": "A week later."})
    await eventually(lambda: "A week later." in customer.provider.texts)


@pytest.mark.parametrize("kit", [WHATSAPP], indirect=True, ids=["whatsapp"])
async def test_the_window_runs_from_when_the_customer_wrote_and_not_from_when_we_heard(customer: Customer) -> None:
    ben, now = await customer.gateway.seat("ben"), customer.gateway.clock()

    async def until() -> Any:
        rows = (await ben.get("/conversations?view=all"))["conversations"]
        found = [(await ben.get(f"/conversations/{row['id']}"))["window"]["until"] for row in rows]
        return [datetime.fromisoformat(one) - now for one in found]

    await customer.says("23 hours ago, and Meta tries again", number=-23 * 3600)
    assert await until() == [timedelta(hours=1)]
    await customer.says("overtaken by the one before", number=-23 * 3600 - 60)
    assert await until() == [timedelta(hours=1)]
    await customer.says("by a clock that is ahead", number=3600)
    assert await until() == [DAY]
    await customer.says("by a clock that was never set", sender=1, number=-int(now.timestamp()))
    assert await until() == [DAY, DAY]


async def test_the_other_places_of_a_customer_show_their_windows(start: Start, root: Path) -> None:
    async with WHATSAPP.provider().running() as whatsapp, TELEGRAM.provider().running() as telegram:
        entries = {
            WHATSAPP.class_path: WHATSAPP.credentials(whatsapp.address),
            TELEGRAM.class_path: TELEGRAM.credentials(telegram.address),
        }
        (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")
        clock = FakeClock()
        gateway = await start(default_language="en", clock=clock, idle_close_minutes=10**6)
        began = clock()
        await Customer(gateway, WHATSAPP, whatsapp).says("hello")
        await whatsapp.has_sent(1)
        ben, talk = await _talk(Customer(gateway, TELEGRAM, telegram))
        await gateway.app.ctx.database.write(lambda c: unite(c, clock(), WHATSAPP, TELEGRAM))

        async def place(seat: Seat) -> dict[str, Any]:
            (found,) = (await seat.get(f"/conversations/{talk}"))["customer"]["places"]
            return dict(found)

        shown = await place(ben)
        assert (shown["channel"], shown["shown"]) == ("whatsapp", "•••• 4567")
        until = (began + DAY).isoformat()
        assert shown["window"] == {"open": True, "until": until, "left": None, "after": "template"}
        clock.forward(hours=25)
        assert (await place(await gateway.seat("ben")))["window"]["open"] is False


def unite(connection: Any, now: datetime, *kits: Kit) -> None:
    """As when the customer proved one number on each of these channels."""
    number = Token(PHONE, "+85291234567")
    senders = [(kit.channel, kit.customers[0]) for kit in kits]
    for sender in senders:
        contact_proofs.add(connection, sender, number, "", now)
    for sender in senders[1:]:
        first, other = customers.of(connection, senders[0]), customers.of(connection, sender)
        if sender not in first.senders:
            customer_merges.unite(connection, first, other, ByProof("•••• 4567"), now)


def _wrote_at(connection: Any, conversation: str) -> datetime | None:
    from handoff import conversations

    return conversations.find(connection, conversation).wrote_at
