"""What messages that cost money may cost: a flood spends a little and no more, and everybody is told in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import test_line_channel
import test_sms_twilio
import test_whatsapp_channel
from contract import _eventually_standing
from gateway_parts import Start
from kit import Customer
from providers.server import Fault, Provider
from waiting import eventually

from connectors.output import Envelope, Part, Template
from connectors.whatsapp import WhatsAppOutput

PHONE = test_sms_twilio.KIT.customers[0]


async def _begin(start: Start, root: Path, kit: Any, provider: Provider, **caps: int) -> Customer:
    entry = {kit.class_path: kit.credentials(provider.address)}
    (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
    return Customer(await start(default_language="en", **caps), kit, provider)


async def _floods(customer: Customer, count: int, sender: int = 0) -> None:
    """So many messages in a row, all of which the assistant has answered."""
    asked = len(customer.gateway.bot.asked)
    for number in range(asked, asked + count):
        assert await customer.says(f"line {number}", sender) == 200
    await eventually(lambda: len(customer.gateway.bot.asked) == asked + count)


class TestSms:
    kit = test_sms_twilio.KIT

    async def test_attack_33_a_flood_by_one_number_costs_a_few_messages_and_keeps_nobody_else_waiting(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, paid_per_customer_hour=3, paid_per_customer_day=5)
        gateway = customer.gateway
        provider.faults.append(Fault(refuses="blocked"))  # what is not taken is not counted
        await _floods(customer, 9)
        await _eventually_standing(gateway, "bot: line 8", "failed", reason="cap_customer")
        assert provider.texts == ["bot: line 1", "bot: line 2", "bot: line 3"]
        await customer.says("and I?", sender=1)
        await provider.has_sent(4)
        gateway.clock.forward(hours=1)
        await _floods(customer, 3)
        await _eventually_standing(gateway, f"bot: line {len(gateway.bot.asked) - 1}", "failed", reason="cap_customer")
        assert len(provider.sent) == 6, "five a day, and nothing of what was refused goes later"
        assert await _troubles(customer) == [], "one customer's flood is no trouble of the channel"

    async def test_a_cap_of_the_channel_is_told_to_agents_and_operators_until_it_is_over(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, paid_per_channel_hour=2)
        gateway = customer.gateway
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await provider.has_sent(1)
        talk = await seat.claim_only()
        await provider.has_sent(2)
        said = await seat.post(f"/conversations/{talk}/messages", {"text": "Here I am."})
        await _eventually_standing(gateway, "Here I am.", "failed", reason="cap_channel")
        assert await _troubles(customer) == ["paid messages are refused: paid_per_channel_hour is 2"]
        gateway.clock.forward(hours=1)
        await seat.post(f"/messages/{said['message']['id']}/send-again")
        await provider.has_sent(3)
        assert provider.texts[-1] == "Here I am." and await _troubles(customer) == []

    async def test_codes_and_sentences_aside_are_paid_for_as_well(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, paid_per_customer_hour=3)
        await customer.says("hello")
        await provider.has_sent(1)
        await customer.says("\u200b")
        assert "no text" in (await provider.has_sent(2))[1].text
        page = await customer.gateway.page()
        await page.say("it is me")
        await page.message("assistant")
        await page.send({"type": "prove", "client_id": "p", "contact": PHONE})
        await provider.has_sent(3)
        await customer.says("and now?")
        await _eventually_standing(customer.gateway, "bot: and now?", "failed", reason="cap_customer")
        assert {one.to for one in provider.sent} == {PHONE} and len(provider.sent) == 3


class TestLine:
    kit = test_line_channel.KIT

    async def test_free_replies_are_not_counted_and_pushes_are(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, paid_per_customer_hour=1)
        # A reply takes five lines, and the sixth is a push.
        customer.gateway.bot.says("six", *({"text": f"line {number}"} for number in range(6)))
        await customer.says("six")
        await provider.has_sent(6)
        customer.gateway.bot.says("more", *({"text": f"more {number}"} for number in range(6)))
        await customer.says("more")
        await provider.has_sent(11)
        await _eventually_standing(customer.gateway, "more 5", "failed", reason="cap_customer")
        assert [one.how for one in provider.sent] == ["reply"] * 5 + ["push"] + ["reply"] * 5

    async def test_a_push_is_paid_for_as_well_where_the_token_of_a_reply_was_refused(
        self, start: Start, root: Path, provider: Provider
    ) -> None:
        customer = await _begin(start, root, self.kit, provider, paid_per_customer_hour=1)
        for number in (1, 2):  # LINE knows nothing of their tokens
            assert (await customer.sends(self.kit.sign(self.kit.message(f"line {number}", number, 0))))[0] == 200
        await _eventually_standing(customer.gateway, "bot: line 2", "failed", reason="cap_customer")
        assert [(one.text, one.how) for one in provider.sent] == [("bot: line 1", "push")]


def test_of_whatsapp_only_templates_are_paid_for() -> None:
    output = WhatsAppOutput(test_whatsapp_channel.NUMBERS[0], "token", "https://graph.example")
    to = Envelope(test_whatsapp_channel.NUMBERS[0])
    assert not output.costs(Part("hello"), to)
    assert output.costs(Part("hello", template=Template("order_news", "en")), to)


async def _troubles(customer: Customer) -> list[str]:
    async with customer.gateway.http.get(f"{customer.gateway.base}/readyz") as response:
        return [one["why"] for one in (await response.json())["channels_left_out"]]
