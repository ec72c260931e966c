"""What one call of a provider brings together, on every channel whose calls may bring several; and two accounts of a
channel. All channels stand on one gateway."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Start
from kit import Customer, Hook, Kit, as_json
from providers.wecom import WeComProvider
from sqlalchemy import select
from test_instagram_channel import KIT as INSTAGRAM
from test_line_channel import KIT as LINE
from test_messenger_channel import KIT as MESSENGER
from test_sms_http import KIT as SMS
from test_telegram_channel import KIT as TELEGRAM
from test_wechat_channel import KIT as WECHAT
from test_wechat_channel import MINI_KIT as MINI
from test_wecom_channel import KIT as WECOM
from test_wecom_channel import bell_of
from test_weibo_channel import KIT as WEIBO
from test_whatsapp_channel import KIT as WHATSAPP
from waiting import eventually

from connectors.events import Incoming, Receipt, Unused, in_their_order, moment
from handoff.models import Author, conversations, messages

KITS = [LINE, WHATSAPP, MESSENGER, INSTAGRAM, TELEGRAM, WECHAT, MINI, WECOM, WEIBO, SMS]
# Where the messages of a call stand in its body, and one of them that nobody can read.
TOGETHER: dict[str, tuple[Callable[[Any], list[Any]], dict[str, Any]]] = {
    "line": (lambda body: body["events"], {"type": "message", "source": {"type": "user"}}),
    "whatsapp": (lambda body: body["entry"][0]["changes"][0]["value"]["messages"], {"type": "text", "from": 5}),
    "messenger": (lambda body: body["entry"][0]["messaging"], {"message": {"text": "whose?"}}),
    "instagram": (lambda body: body["entry"][0]["messaging"], {"message": {"text": "whose?"}}),
    "wecom": (lambda body: body, {"msgid": "broken"}),
}
Everywhere = Callable[..., Any]


@pytest.fixture
async def everywhere(start: Start, root: Path) -> AsyncIterator[Everywhere]:
    async with contextlib.AsyncExitStack() as stack:

        async def begin(kits: Sequence[Kit], accounts: Sequence[str]) -> tuple[Gateway, dict[str, Any]]:
            providers = {one.channel: await stack.enter_async_context(one.provider().running()) for one in kits}
            entries = {
                f"{one.class_path}{account}": one.credentials(providers[one.channel].address)
                for one in kits
                for account in accounts
            }
            (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")
            return await start(default_language="en"), providers

        yield begin


async def test_attack_13_of_a_call_that_brings_several_in_the_wrong_order_each_is_taken_as_it_was_written(
    everywhere: Everywhere,
) -> None:
    kits = [one for one in KITS if one.channel in TOGETHER]
    gateway, providers = await everywhere(kits, [""])
    for kit in kits:
        place, broken = TOGETHER[kit.channel]
        bodies = [json.loads(kit.message(text, at, 0)) for text, at in (("third", 3), ("first", 1), ("second", 2))]
        if isinstance(providers[kit.channel], WeComProvider):
            providers[kit.channel].page = 9
            hook = bell_of(providers[kit.channel], bodies[0], broken, *bodies[1:])
        else:
            place(bodies[0]).append(broken)
            for other in bodies[1:]:
                place(bodies[0]).extend(place(other))
            providers[kit.channel].posts(as_json(bodies[0]))
            hook = kit.sign(as_json(bodies[0]))
        assert (await Customer(gateway, kit, providers[kit.channel]).sends(hook))[0] == 200, kit.channel
    for name, provider in providers.items():
        await provider.has_sent(3)
        assert provider.texts == ["bot: first", "bot: second", "bot: third"], name
        assert gateway.app.ctx.channels.exchanges[name].counted == {"unreadable": 1}, name


async def test_attack_8_one_id_at_two_accounts_of_a_channel_is_two_messages(everywhere: Everywhere) -> None:
    gateway, providers = await everywhere(KITS, ["", ":tw"])
    for kit in KITS:
        provider, body = providers[kit.channel], kit.message(f"to {kit.channel}", 7, 0)
        hook = bell_of(provider, json.loads(body)) if isinstance(provider, WeComProvider) else kit.sign(body)
        for path in (kit.channel, f"{kit.channel}/tw") * 2:
            assert await _post(gateway, path, hook) == 200, path
    taken = sorted((name, f"to {kit.channel}") for kit in KITS for name in (kit.channel, f"{kit.channel}:tw"))
    await eventually(lambda: _taken(gateway) == taken, lambda: _taken(gateway))


def test_what_has_no_time_keeps_its_place() -> None:
    def written(name: str, at: int | None) -> Incoming:
        return Incoming("ana", name, sent_at=moment(at))

    came = [written("c", 9), Receipt("read", "m"), written("?", None), written("a", 5), None, written("b", 5)]
    assert in_their_order([*came, Unused("x")]) == [came[3], came[1], came[2], came[5], None, came[0], Unused("x")]
    assert moment("1772424000500", a_second=1000) == datetime(2026, 3, 2, 4, 0, 0, 500_000, timezone.utc)
    assert [moment(one) for one in (None, True, "soon", [], 10**30, -(10**15))] == [None] * 6


async def _post(gateway: Gateway, path: str, hook: Hook) -> int:
    headers = {"Content-Type": "application/json", **hook.headers}
    url = f"{gateway.base}/webhooks/{path}/webhook{hook.query}"
    async with gateway.http.post(url, data=hook.body, headers=headers) as response:
        return response.status


def _taken(gateway: Gateway) -> list[tuple[str, str]]:
    """What customers said, each with its account."""
    query = (
        select(conversations.c.channel, messages.c.text)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .where(messages.c.author == Author.CUSTOMER.value)
    )
    rows = gateway.app.ctx.database.read_now(lambda c: c.execute(query).all())
    return sorted((row.channel, row.text) for row in rows)
