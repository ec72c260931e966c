"""Files of customers on Rasa's stock channels: fetched with the key of the entry, from the provider's hosts alone."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any

import pytest
import sample_files
from gateway_parts import Gateway, Seat
from providers.server import PICTURE
from providers.stock import StockProviders
from stock_wire import STOCK, TELEGRAM_TOKEN, begun, post, providers

__all__ = ["begun", "providers"]
SHARED = {
    **dict.fromkeys(("slack", "telegram", "facebook", "botframework", "rocketchat", "hangouts"), "picture.json"),
    "twilio": "picture.form",
    **dict.fromkeys(("mattermost", "webexteams"), "document.json"),
}


@pytest.fixture
def kept(providers: StockProviders) -> StockProviders:
    """Each provider has the file, for who shows the key of the entry."""
    picture = ("image/png", PICTURE, "")
    basic = "Basic " + base64.b64encode(f"{'AC' + '0' * 32}:{'0' * 32}".encode()).decode()
    document = ("application/pdf", sample_files.PDF, "invoice.pdf")
    providers.files = {
        "files.slack.com/files-pri/T061EG9R6-F0S43PZDF/download/broken.png": ("Bearer xoxb-1", *picture),
        f"api.telegram.org/file/bot{TELEGRAM_TOKEN}/photos/large": (None, *picture),
        "scontent.xx.fbcdn.net/v/t1.15752-9/1.png": (None, *picture),
        "api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM2/Media/ME1": (basic, *picture),
        "/api/v4/files/f1": ("Bearer t", *document),
        "webexapis.com/v1/contents/c1": ("Bearer t", *document),
        "/v3/attachments/a1/views/original": ("Bearer bot-token", *picture),
    }
    return providers


async def _share(
    gateway: Gateway, providers: StockProviders, name: str, before: bytes = b"", after: bytes = b""
) -> None:
    body = STOCK[name].payloads()[SHARED[name]].replace(before, after)
    assert (await post(gateway, name, STOCK[name].signed(body, gateway, providers)))[0] < 300, name


async def _files(seat: Seat) -> dict[str, dict[str, Any]]:
    """The first file of each channel, as the desk shows it."""
    rows = (await seat.get("/conversations?view=all"))["conversations"]
    lines = [(one["channel"], (await seat.get(f"/conversations/{one['id']}"))["messages"][0]) for one in rows]
    return {channel: {"text": line["text"], **line["attachments"][0]} for channel, line in lines}


async def test_files_on_stock_channels_are_fetched_with_the_key_of_the_entry_or_named(
    begun: Gateway, kept: StockProviders
) -> None:
    seat = await begun.seat("ben")
    for name in SHARED:
        await _share(begun, kept, name)
    await begun.app.ctx.watches["media"].look()
    deadline = time.monotonic() + 20
    shown = await _files(seat)
    while not all(one["id"] or one.get("refused") for one in shown.values()):
        assert time.monotonic() < deadline, shown
        await asyncio.sleep(0.05)
        shown = await _files(seat)
    seen = {channel: (one["type"], one.get("refused")) for channel, one in shown.items()}
    assert seen == {
        **dict.fromkeys(("slack", "telegram", "facebook", "twilio", "botframework"), ("image/png", None)),
        **dict.fromkeys(("mattermost", "webexteams"), ("application/pdf", None)),
        **dict.fromkeys(("rocketchat", "hangouts"), (None, "not_given")),
    }
    assert {shown[one]["name"] for one in ("mattermost", "webexteams")} == {"invoice.pdf"}
    assert {channel: one["text"] for channel, one in shown.items()} == {
        **dict.fromkeys(seen, "[Picture]"),
        **dict.fromkeys(("mattermost", "webexteams"), "[File]"),
        "telegram": "broken",
        "botframework": "［相片］",  # in the language of the customer's Teams
    }
    assert [one["message"] for one in begun.bot.asked] == ["broken"], "the bot cannot look at files"


async def test_attack_16_files_that_a_stock_channel_says_are_elsewhere_are_not_asked_for(
    begun: Gateway, kept: StockProviders
) -> None:
    seat = await begun.seat("ben")
    for host in ("files.slack.com", "scontent.xx.fbcdn.net", "api.twilio.com", "webexapis.com"):
        kept.files = {one.replace(host, "evil.example"): found for one, found in kept.files.items()}
    await _share(begun, kept, "slack", b"files.slack.com")
    await _share(begun, kept, "facebook", b"scontent.xx.fbcdn.net")
    await _share(begun, kept, "twilio", b"api.twilio.com")
    kept.webex["wx-file"]["files"] = ["https://evil.example/v1/contents/c1"]
    await _share(begun, kept, "webexteams")
    await begun.app.ctx.watches["media"].look()
    shown = await _files(seat)
    assert {name: (file["id"], file["refused"]) for name, file in shown.items()} == dict.fromkeys(
        ("slack", "facebook", "twilio", "webexteams"), (None, "not_given")
    )
    assert not any("evil" in one for one in kept.asked)
