"""Customers on their phones who say nothing more: what ends silently, what is told, and what never ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gateway_parts import Gateway, Start
from kit import Customer
from test_telegram_channel import KIT
from waiting import eventually

from handoff import conversations


@pytest.fixture
async def ana(start: Start, root: Path) -> AsyncIterator[Customer]:
    async with KIT.provider().running() as provider:
        (root / "credentials.yml").write_text(json.dumps({KIT.class_path: KIT.credentials(provider.address)}), "utf-8")
        yield Customer(await start(default_language="en"), KIT, provider)


async def _look(gateway: Gateway) -> int:
    return int(await gateway.app.ctx.watches["idle"].look())


def _is_open(gateway: Gateway) -> bool:
    sender = KIT.customers[0]
    return gateway.app.ctx.database.read_now(lambda c: conversations.open_one(c, KIT.channel, sender)) is not None


async def _sees(ana: Customer, words: str) -> None:
    await eventually(lambda: any(words in text for text in ana.provider.texts), lambda: ana.provider.texts)


async def test_a_chat_with_the_assistant_ends_without_a_push_to_the_phone(ana: Customer) -> None:
    await ana.says("hello")
    await _sees(ana, "bot: hello")
    ana.gateway.clock.forward(hours=25)
    assert await _look(ana.gateway) == 1
    assert not _is_open(ana.gateway)
    # To one customer all leaves in the order in which it was said: a line of the close would stand between.
    await ana.says("here again")
    await _sees(ana, "bot: here again")
    assert ana.provider.texts == ["bot: hello", "bot: here again"]


async def test_a_chat_whose_customer_waits_for_us_does_not_end(ana: Customer) -> None:
    ana.gateway.bot.hands_over("a person please")
    await ana.says("a person please")  # nobody is at the desk: they may leave a message
    await eventually(lambda: len(ana.provider.texts) > 0)
    ana.gateway.clock.forward(hours=25)
    assert await _look(ana.gateway) == 0
    assert _is_open(ana.gateway)


async def test_the_reminder_and_the_close_of_a_chat_with_a_person_reach_the_phone(ana: Customer) -> None:
    ben = await ana.gateway.seat("ben")
    ana.gateway.bot.hands_over("a person please")
    await ana.says("a person please")
    await eventually(lambda: len(ana.provider.texts) > 0)
    talk = await ben.claim_only()
    await ben.post(f"/conversations/{talk}/messages", {"text": "Which colour?", "client_id": "1"})
    ana.gateway.clock.forward(minutes=11)
    assert await _look(ana.gateway) == 1
    await _sees(ana, "Are you still there?")
    ana.gateway.clock.forward(minutes=11)
    assert await _look(ana.gateway) == 1
    await _sees(ana, "this chat is closed")
