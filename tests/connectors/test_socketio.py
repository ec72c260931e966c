"""Rasa's channel for pages that speak Socket.IO, on the operator's word alone, with the client that such pages have."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio
from contract import _buttons, _eventually_standing, _tries_again
from gateway_parts import Gateway, Start
from providers.stock import StockProviders
from rasa.core.channels.socketio import SocketIOInput
from stock_wire import STOCK, name_in_credentials, providers
from test_logs import log
from waiting import eventually

__all__ = ["log", "providers"]
WORD = {"allow_insecure": True}


class Page:
    """A page of a customer, and what it was told."""

    def __init__(self, namespace: str) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.namespace = namespace
        self.heard: list[Any] = []
        self.session: str | None = None
        self.client.on("bot_uttered", self._hears, namespace=namespace)
        self.client.on("session_confirm", self._begins, namespace=namespace)

    async def _hears(self, said: Any) -> None:
        self.heard.append(said)

    async def _begins(self, session: str) -> None:
        self.session = session

    @property
    def texts(self) -> list[str]:
        return [one.get("text", "") for one in self.heard]

    async def open(self, gateway: Gateway, session: str | None = None) -> Page:
        await self.client.connect(gateway.base, namespaces=[self.namespace], transports=["websocket"])
        await self.emit("session_request", {"session_id": session} if session else None)
        await eventually(lambda: self.session)
        return self

    async def emit(self, event: str, said: Any) -> None:
        await self.client.emit(event, said, namespace=self.namespace)

    async def say(self, text: str, **more: Any) -> None:
        await self.emit("user_uttered", {"message": text, "session_id": self.session, **more})

    async def is_told(self, text: str) -> None:
        await eventually(lambda: text in self.texts, lambda: self.heard)


Opens = Callable[..., Awaitable[Page]]


@pytest.fixture
async def opens() -> AsyncIterator[Opens]:
    async with AsyncExitStack() as stack:

        async def begin(gateway: Gateway, session: str | None = None, namespace: str = "/") -> Page:
            page = Page(namespace)
            stack.push_async_callback(page.client.disconnect)
            return await page.open(gateway, session)

        yield begin


async def _start(start: Start, root: Path, **entry: Any) -> Gateway:
    name_in_credentials(root, {"socketio": {**WORD, **entry}})
    return await start(default_language="en", ask_rating="false")


@pytest.mark.parametrize("namespace", [None, "/shop"])
async def test_a_page_is_answered_and_a_person_reaches_it_an_hour_later_also_after_it_was_closed(
    start: Start, root: Path, opens: Opens, namespace: str | None
) -> None:
    gateway = await _start(start, root, session_persistence=True, namespace=namespace)
    gateway.bot.says("menu", {"text": "Which?", "buttons": _buttons(2)})
    gateway.bot.hands_over("a person please")
    page = await opens(gateway, namespace=namespace or "/")
    await page.say("menu")
    await page.is_told("Which?")
    await page.say(page.heard[0]["quick_replies"][1]["payload"])
    await page.is_told('bot: /choose{"n": 1}')
    await page.say("a person please", metadata='{"language": "en"}')
    seat = await gateway.seat("ben")
    await eventually(lambda: len(page.heard) == 3)
    conversation = await seat.claim_only()
    await eventually(lambda: len(page.heard) == 4)
    gateway.clock.forward(hours=1)
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Here I am."})
    await page.is_told("Here I am.")

    await page.client.disconnect()
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Are you there?"})
    await _eventually_standing(gateway, "Are you there?", "pending", reason="unreachable")
    back = await opens(gateway, page.session, namespace=namespace or "/")
    await _tries_again(gateway, lambda: "Are you there?" in back.texts)


async def test_without_sessions_the_customer_is_the_connection_and_is_gone_with_it(
    start: Start, root: Path, opens: Opens
) -> None:
    gateway = await _start(start, root)
    gateway.bot.hands_over("a person please")
    page, other = await opens(gateway), await opens(gateway)
    await page.say("a person please")
    await other.say("hello")
    await other.is_told("bot: hello")
    seat = await gateway.seat("ben")
    await eventually(lambda: page.heard)
    conversation = await seat.claim_only()
    await page.client.disconnect()
    await seat.post(f"/conversations/{conversation}/messages", {"text": "Are you there?"})
    await _eventually_standing(gateway, "Are you there?", "failed", reason="unknown_recipient")
    assert other.texts == ["bot: hello"], "it reads nobody else's lines"


async def test_attack_15_what_no_page_sends_is_no_error_and_takes_nobody_elses_place(
    log: io.StringIO, start: Start, root: Path, opens: Opens
) -> None:
    gateway = await _start(start, root, session_persistence=True)
    page, thief = await opens(gateway, "ana"), await opens(gateway)
    sid = page.client.get_sid("/")
    for said in (None, 5, "x", [], [1], {"session_id": 5}, {"session_id": []}, {"session_id": "x" * 500}, {}):
        await thief.emit("user_uttered", said)
        await thief.emit("session_request", said)
    for said in ({"message": 5}, {"message": {}}, {"message": "x", "metadata": "{"}, {"message": "\ud800"}):
        await thief.emit("user_uttered", {"session_id": "nobody", **said})
    await thief.emit("session_request", {"session_id": sid})
    await thief.emit("user_uttered", {"session_id": sid, "message": "say something to ana"})
    await thief.emit("no_such_event", {"a": 1})
    await page.say("private words")
    await page.is_told("bot: private words")
    await thief.say("and I")
    await thief.is_told("bot: and I")
    assert (page.texts, thief.texts) == (["bot: private words"], ["bot: and I"])
    assert " ERROR " not in log.getvalue() and "private words" not in log.getvalue(), log.getvalue()


@pytest.mark.parametrize("word", [None, False, "false", "no"])
async def test_nobody_gets_it_without_the_operators_word_whatever_they_call_it(
    start: Start, root: Path, word: Any
) -> None:
    entry = {} if word is None else {"allow_insecure": word}
    names = ["socketio", "rasa.core.channels.socketio.SocketIOInput", f"{__name__}.OfSomebody"]
    name_in_credentials(root, {"rest": None, **dict.fromkeys(names, entry)})
    gateway = await start()
    async with gateway.http.get(f"{gateway.base}/readyz") as response:
        left_out = (await response.json())["channels_left_out"]
    assert [one["channel"] for one in left_out] == names
    assert all("allow_insecure" in one["why"] for one in left_out)
    async with gateway.http.get(f"{gateway.base}/socket.io/?EIO=4&transport=polling") as response:
        assert response.status == 404


class OfSomebody(SocketIOInput):
    """What somebody made of it."""


async def test_what_another_request_on_the_same_connection_said_is_not_said_of_a_page(
    start: Start, root: Path, providers: StockProviders
) -> None:
    """A proxy keeps connections, and sends over one what different people ask."""
    slack = STOCK["slack"]
    name_in_credentials(root, {"socketio": WORD, "slack": slack.entry(providers)})
    gateway = await start(default_language="en")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as http:

        async def asks(data: str | None = None, sid: str = "") -> str:
            url = f"{gateway.base}/socket.io/?EIO=4&transport=polling&sid={sid}"
            async with http.request("POST" if data else "GET", url, data=data) as response:
                return await response.text()

        call = slack.call("from Slack", 1, gateway, providers)
        url = f"{gateway.base}/webhooks/slack/webhook"
        async with http.post(url, data=call.body, headers=call.headers) as response:
            assert response.status == 200
        sid = json.loads((await asks())[1:])["sid"]
        await asks("40", sid)
        for number in range(2):
            await asks(f'42["user_uttered",{{"message":"line {number}"}}]', sid)
    await eventually(lambda: len(gateway.bot.asked) == 3, lambda: gateway.bot.asked)
    assert sorted(one["message"] for one in gateway.bot.asked) == ["from Slack", "line 0", "line 1"]
