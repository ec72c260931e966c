"""Our key at a provider: it is tried at the start; once it is over the account rests, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import test_instagram_channel
import test_line_channel
import test_messenger_channel
import test_sms_twilio
import test_telegram_channel
import test_whatsapp_channel
from contract import _eventually_standing
from gateway_parts import Start
from kit import Customer, Kit
from rasa.shared.utils.common import class_from_module_path
from waiting import eventually

from connectors.output import DeliveryFailed, Envelope, Part

KITS = [
    one.KIT
    for one in (
        test_line_channel,
        test_whatsapp_channel,
        test_messenger_channel,
        test_instagram_channel,
        test_telegram_channel,
        test_sms_twilio,
    )
]


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.channel)
async def test_every_provider_is_asked_at_the_start_and_a_key_that_is_over_rests_the_account(kit: Kit) -> None:
    async with kit.provider().running() as provider:
        channel: Any = class_from_module_path(kit.class_path).from_credentials(kit.credentials(provider.address))
        output = channel.get_output_channel()
        await channel.start()
        provider.posts(kit.message("hello", 1, 0))
        await output.post(Part("hello"), Envelope(kit.customers[0]))
        provider.key_holds = False
        for asked in (channel.start, lambda: output.post(Part("and now?"), Envelope(kit.customers[0]))):
            with pytest.raises(DeliveryFailed) as failed:
                await asked()
            found = failed.value
            assert (found.reason, found.permanent, found.whole_account) == ("account", False, True)
        assert provider.texts == ["hello"]
        await output.close()


async def test_a_token_of_whatsapp_that_may_only_send_is_in_no_trouble() -> None:
    kit = test_whatsapp_channel.KIT
    async with kit.provider().running() as provider:
        provider.may_manage = False  # type: ignore[attr-defined]
        channel: Any = class_from_module_path(kit.class_path).from_credentials(kit.credentials(provider.address))
        await channel.start()
        provider.key_holds = False
        with pytest.raises(DeliveryFailed):
            await channel.start()
        await channel.get_output_channel().close()


async def test_with_a_key_that_is_over_customers_are_taken_and_their_answers_wait_for_a_day(
    start: Start, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kit = test_line_channel.KIT
    async with kit.provider().running() as provider:
        provider.key_holds = False
        (root / "credentials.yml").write_text(json.dumps({kit.class_path: kit.credentials(provider.address)}))
        customer = Customer(await start(default_language="en"), kit, provider)
        gateway, problems = customer.gateway, customer.gateway.app.ctx.channels.problems
        await eventually(lambda: [one.about for one in problems] == ["start"])
        provider.key_holds = True
        await eventually(lambda: not problems)
        provider.key_holds = False
        assert await customer.says("at night") == 200
        await _eventually_standing(gateway, "bot: at night", "pending", reason="account")
        assert await customer.says("at night as well", sender=1) == 200
        supervisor = await gateway.seat("sue")
        (named,) = (await supervisor.get("/inbox"))["channels_left_out"]
        async with gateway.http.get(f"{gateway.base}/readyz") as response:
            assert (await response.json())["channels_left_out"] == [named]
        assert named["channel"] == "line" and "invalid token" in named["why"]
        logged = [one.error for one in caplog.records if getattr(one, "event", "") == "channel_trouble"]
        assert logged[-1] == named["why"]
        provider.key_holds = True
        gateway.clock.forward(minutes=11)  # what was refused alone waits twice as long each time, ten at most
        gateway.app.ctx.outbox.nudge()
        await provider.has_sent(2)
        assert sorted(provider.texts) == ["bot: at night", "bot: at night as well"]
        await eventually(lambda: not problems)
        provider.key_holds = False
        await customer.says("for good")
        await _eventually_standing(gateway, "bot: for good", "pending", reason="account")
        gateway.clock.forward(hours=24, seconds=1)
        gateway.app.ctx.outbox.nudge()
        await _eventually_standing(gateway, "bot: for good", "failed", reason="account")
