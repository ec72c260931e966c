"""What is logged of customers of channels: ids of our own, never a name, a text, an address or a number of theirs."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from contract import _tries_again
from gateway_parts import Gateway, Start
from kit import Customer, Hook, Kit
from mutations import mutated_form, mutated_webhook
from providers.server import Fault
from sqlalchemy import text
from stock_wire import STOCK, call_by_phone, post
from test_email_channel import KIT as MAIL
from test_email_channel import Correspondent, dovecot
from test_instagram_channel import KIT as INSTAGRAM
from test_line_channel import KIT as LINE
from test_logs import log
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

__all__ = ["dovecot", "log"]

KITS = [
    LINE,
    WHATSAPP,
    MESSENGER,
    INSTAGRAM,
    TELEGRAM,
    WECHAT,
    MINI,
    WECOM,
    WEIBO,
    TWILIO,
    replace(SMS_HTTP, channel="sms/hk"),
    MAIL,
]
WORDS, NAME, CHAT = "myprivatesentence 我條街叫綠寶里", "Zuleika", "777000777111"
VOICE = "twilio_voice"
PHONE = "85290001234"


def _of_a_person(kit: Kit) -> list[str]:
    """What must not stand in the log, however it is written there."""
    ids = [one.lstrip("+") for one in kit.customers if len(one) >= 8]
    return [*ids, "myprivatesentence", "綠寶里", quote("綠寶里"), repr("綠寶里".encode())[2:-1], NAME, CHAT, PHONE]


@dataclass
class Story:
    """One channel of the gateway, and all that goes well and wrong with a customer of it."""

    customer: Customer

    @property
    def kit(self) -> Kit:
        return self.customer.kit

    def body(self, words: str, number: int) -> bytes:
        """A message with a name and, where an id is too short to be told, another id."""
        body = self.kit.message(words, number, 0).replace(b"Ana", NAME.encode())
        return body.replace(b"1111", CHAT.encode()) if self.kit.channel == "telegram" else body

    async def comes(self) -> None:
        """A good message, mutated ones, forged ones, one that is too long, a file that is not there any more."""
        assert await self.customer.posts(self.body(WORDS, 1)) == 200
        assert await self.customer.posts(self.body(f"{WORDS} " * 150, 2)) == 200
        if self.kit.picture:
            picture = self.kit.located(self.kit.payload(self.kit.picture), self.customer.provider.address)
            await self.customer.posts(picture.replace(b"Ana", NAME.encode()))
        if self.kit is MAIL:
            return
        chance = random.Random(20260302)
        mutate = mutated_form if self.kit is TWILIO else mutated_webhook
        for number in range(3, 9):
            body = mutate(chance, self.body(WORDS, number), self.body(WORDS, 1))
            assert (await self.customer.sends(self.kit.sign(body)))[0] in (200, 400, 413)
        for hook in (Hook(self.body(WORDS, 9)), *self.kit.forgeries(self.body(WORDS, 9))):
            assert (await self.customer.sends(hook))[0] == 403

    async def is_refused(self) -> None:
        """The provider says no, in words that name the customer; and what is no answer at all."""
        provider = self.customer.provider
        said = {"message": f"{NAME} {self.kit.customers[0]}: {WORDS}"}
        provider.faults.extend([Fault(refuses="blocked"), Fault(400, body=said), Fault(200, body=[str(said)])])
        for number in range(10, 13):
            await self.customer.posts(self.body(WORDS, number))
        await _tries_again(self.customer.gateway, lambda: not provider.faults)

    async def cannot_be_stored(self) -> None:
        """Where the provider waits for it, it hears so."""
        if self.kit not in (MAIL, WECOM):
            assert await self.customer.posts(self.body(WORDS, 20)) == 503


@pytest.fixture
async def stories(start: Start, root: Path, dovecot: Any) -> AsyncIterator[list[Story]]:
    """Every channel of ours, and the phone, on one gateway."""
    async with contextlib.AsyncExitStack() as stack:
        providers = [await stack.enter_async_context(kit.provider().running()) for kit in KITS]
        entries: dict[str, Any] = {VOICE: STOCK[VOICE].entry(None)}  # type: ignore[arg-type]
        for kit, provider in zip(KITS, providers):
            account = ":hk" if kit.channel == "sms/hk" else ""
            entries[kit.class_path + account] = kit.credentials(provider.address)
        (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")
        gateway = await start(default_language="en", max_message_chars=2000, log_level="DEBUG")
        kinds = {"wecom": Ringing, "email": Correspondent}
        yield [
            Story(kinds.get(kit.channel, Customer)(gateway, kit, provider)) for kit, provider in zip(KITS, providers)
        ]


async def test_attack_26_nothing_that_a_channel_logs_names_a_person(
    log: io.StringIO, stories: list[Story], capfd: pytest.CaptureFixture[str]
) -> None:
    gateway = stories[0].customer.gateway
    for story in stories:
        await story.comes()
        await story.is_refused()
    await _calls(gateway)
    await _with_a_broken_table(gateway, stories)
    await _with_providers_away(gateway, [story for story in stories if story.kit not in (MAIL, WECOM)], log)
    written = log.getvalue() + "".join(capfd.readouterr())
    for event in ("event_unused", "event_unreadable", "event_not_stored", "delivery_failed"):
        assert f"event={event}" in written, "it does log"
    for story in stories:
        for mark in _of_a_person(story.kit):
            assert mark not in written, f"{story.kit.channel}: {written[max(0, written.find(mark) - 400) :][:500]}"


async def _with_providers_away(gateway: Gateway, stories: list[Story], log: io.StringIO) -> None:
    begins = len(log.getvalue())
    for story in stories:
        await story.customer.provider.stop()
        await story.customer.posts(story.body(WORDS, 30))
    names = {story.kit.channel.replace("/", ":") for story in stories}

    def told() -> bool:
        return names <= set(re.findall(r"channel=(\S+) event=delivery_failed", log.getvalue()[begins:]))

    await _tries_again(gateway, told)


async def _calls(gateway: Gateway) -> None:
    """By phone: a good call, one without proof, and one with fields that no call has."""
    for form in (
        {"From": f"+{PHONE}", "SpeechResult": WORDS, "CallerName": NAME},
        {"From": f"+{PHONE}", WORDS: NAME},
    ):
        call = call_by_phone(gateway, **form)
        assert (await post(gateway, VOICE, call))[0] in (200, 400)
        assert (await post(gateway, VOICE, replace(call, headers={"X-Twilio-Signature": "x"})))[0] in (401, 403)


async def _with_a_broken_table(gateway: Gateway, stories: list[Story]) -> None:
    write = gateway.app.ctx.database.write
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no'); END"
    await write(lambda c: c.execute(text(refuse)))
    for story in stories:
        await story.cannot_be_stored()
    await write(lambda c: c.execute(text("DROP TRIGGER refuse")))
