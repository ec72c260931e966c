"""What a call costs that no provider made: nothing is written, and it takes clearly less than a real one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Start
from kit import Customer, Hook, Kit
from providers.server import Provider
from sqlalchemy import event, func, select
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

from handoff.models import messages

KITS = [LINE, WHATSAPP, MESSENGER, INSTAGRAM, TELEGRAM, WECHAT, MINI, WECOM, WEIBO, TWILIO, SMS_HTTP]
# Fewer together than a conversation may have unanswered.
CALLS, TIMES = 10, 4
# A fifth to a tenth as measured; what the asking itself costs is in both.
AT_MOST = 0.5


@pytest.fixture
async def customer(start: Start, root: Path, kit: Kit, provider: Provider) -> AsyncIterator[Customer]:
    entry = {kit.class_path: kit.credentials(provider.address)}
    (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
    gateway = await start(default_language="en", messages_burst=10_000)
    yield (Ringing if kit.channel == "wecom" else Customer)(gateway, kit, provider)


@pytest.fixture
def kit(request: pytest.FixtureRequest) -> Kit:
    found: Kit = request.param
    return found


each_channel = pytest.mark.parametrize(
    "kit", KITS, indirect=True, ids=lambda one: f"{one.channel}-{one.class_path.rpartition('.')[2]}"
)


def _forged(kit: Kit, body: bytes) -> list[Hook]:
    """Without any proof, and with every proof that comes near."""
    return [Hook(body), *kit.forgeries(body)]


@each_channel
async def test_attack_11_a_forged_call_writes_nothing_and_asks_nobody(customer: Customer) -> None:
    engine = customer.gateway.app.ctx.database.engine
    said: list[str] = []

    def hears(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    await customer.says("hello")
    await customer.provider.has_sent(1)
    before = await _stored(customer)
    asked = len(customer.gateway.bot.asked)
    event.listen(engine, "before_cursor_execute", hears)
    try:
        for hook in _forged(customer.kit, customer.kit.message("forged", 77, 0)):
            assert (await customer.sends(hook))[0] == 403
    finally:
        event.remove(engine, "before_cursor_execute", hears)
    assert [one for one in said if one.startswith("INSERT") or "UPDATE conversations" in one] == []
    assert (await _stored(customer), len(customer.gateway.bot.asked)) == (before, asked)


@pytest.mark.alone
@each_channel
async def test_a_forged_call_costs_clearly_less_than_a_real_one(
    customer: Customer, record_property: Callable[[str, object], None]
) -> None:
    """Processor time. The bot holds its answer, so that of a real call no more is counted than taking it."""
    kit, numbers = customer.kit, iter(range(1000, 10_000))
    customer.gateway.bot.hold = asyncio.Event()
    await customer.says("the first", number=1)

    async def real() -> None:
        assert await customer.says("how long does delivery take?", number=next(numbers)) == 200

    async def forged() -> None:
        body = kit.message("how long does delivery take?", next(numbers), 0)
        assert (await customer.sends((kit.forgeries(body) or [Hook(body)])[0]))[0] == 403

    costs = [(await _cost_of(forged), await _cost_of(real)) for _ in range(TIMES)]
    cheap, dear = (min(one[place] for one in costs) for place in (0, 1))
    record_property("milliseconds", {"forged": round(cheap * 1000, 2), "real": round(dear * 1000, 2)})
    print(f"{kit.channel}: forged {cheap * 1000:.2f} ms, real {dear * 1000:.2f} ms, {cheap / dear:.2f}")
    assert await _stored(customer) == 1 + CALLS * TIMES, "each real call was taken, and no forged one"
    assert cheap < AT_MOST * dear


async def _cost_of(call: Callable[[], Awaitable[None]]) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - began) / CALLS


async def _stored(customer: Customer) -> int:
    count = select(func.count()).select_from(messages)
    return int(await customer.gateway.app.ctx.database.read(lambda c: c.execute(count).scalar_one()))
