"""The protocol is documented well enough for somebody else's app: its client meets the real gateway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import app_client
import sample_files as files
from app_client import AppClient
from gateway_parts import Gateway, Seat
from waiting import eventually


class MobileNetwork:
    """A way to the gateway that breaks, with what is on it."""

    def __init__(self, base: str) -> None:
        host, _, port = base.partition("://")[2].partition(":")
        self._host, self._to = host, int(port)
        self._writers: set[asyncio.StreamWriter] = set()
        self.is_up = True
        self.address = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[MobileNetwork]:
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self.breaks()
            server.close()
            await server.wait_closed()

    def breaks(self) -> None:
        self.is_up = False
        for writer in list(self._writers):
            writer.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_up:
            writer.close()
            return
        back_reader, back = await asyncio.open_connection(self._host, self._to)
        self._writers |= {writer, back}
        await asyncio.gather(self._pass(reader, back), self._pass(back_reader, writer))
        self._writers -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await reader.read(65_536):
                writer.write(some)
                await writer.drain()
        writer.close()


def _line(app: AppClient, text: str) -> dict[str, Any] | None:
    return next((one for one in app.messages.values() if text in one["text"]), None)


async def _reads(app: AppClient, text: str) -> dict[str, Any]:
    await eventually(lambda: _line(app, text), lambda: list(app.messages.values()))
    line = _line(app, text)
    assert line is not None
    return line


async def _stands(app: AppClient, holds: Callable[[dict[str, Any]], Any]) -> None:
    await eventually(lambda: holds(app.state), lambda: app.state)


async def _agent_says(seat: Seat, conversation: str, text: str, *attachments: str) -> None:
    body = {"text": text, "client_id": text, "attachments": list(attachments)}
    await seat.post(f"/conversations/{conversation}/messages", body)


async def test_an_app_speaks_from_the_first_word_to_the_last(gateway: Gateway) -> None:
    gateway.bot.says("menu", {"text": "Which?", "buttons": [{"title": "Tea", "payload": "/tea"}]})
    gateway.bot.says("/tea", {"text": "Green or black?"})
    gateway.bot.hands_over("/ask_person")
    ben = await gateway.seat("ben")
    kept: dict[str, Any] = {}
    async with MobileNetwork(gateway.base).running() as network:
        app = AppClient(network.address, kept, identity=gateway.identity())
        await app.open()
        await app.say("menu")
        await app.press(await _reads(app, "Which?"), 0)
        await _reads(app, "Green or black?")
        await app.press(await _reads(app, "Which?"), 7)
        assert list(app.refused.values()) == ["bad_input"]

        # the network breaks while a message is on its way, and comes back
        gateway.bot.hold = asyncio.Event()
        saying = asyncio.create_task(app.say("is my parcel on the way?"))
        await eventually(lambda: gateway.bot.asked[-1]["message"] == "is my parcel on the way?")
        network.breaks()
        gateway.bot.hold.set()
        network.is_up = True
        await saying
        await _reads(app, "bot: is my parcel on the way?")
        assert [one["message"] for one in gateway.bot.asked].count("is my parcel on the way?") == 1

        # a person: the place in the queue, their answer, a file each way, what was read
        await app.ask_person()
        await _stands(app, lambda state: (state["status"], state["position"]) == ("waiting", 1))
        conversation = await ben.claim_only()
        await _stands(app, lambda state: state["agent"] == {"name": "Ben"})
        await app.say("it came broken", (await app.send_up("cup.png", files.picture("PNG")),))
        photo = (await ben.get(f"/conversations/{conversation}"))["messages"][-1]["attachments"][0]
        assert await app.fetch(photo)
        await _agent_says(ben, conversation, "So sorry!")
        await app.shown(await _reads(app, "So sorry!"))
        shown = await ben.get(f"/conversations/{conversation}")
        assert shown["conversation"]["read_seq"] == shown["messages"][-1]["seq"]

        # the app is closed, an answer comes meanwhile, and it is opened again with what it kept
        await app.close()
        await _agent_says(ben, conversation, "A new cup is on its way.")
        app = AppClient(network.address, kept, identity=gateway.identity())
        await app.open()
        await _reads(app, "A new cup is on its way.")
        assert _line(app, "it came broken") and app.state["status"] == "agent"

        # the end, and how it was
        await ben.post(f"/conversations/{conversation}/close", {"wrap_up": {"resolution": "solved"}})
        await _stands(app, lambda state: state["status"] == "none")
        await eventually(lambda: any(one["csat"] for one in app.messages.values()))
        question = next(one["csat"][0] for one in app.messages.values() if one["csat"])
        await app.rate(question, 5)
        outcome = await ben.get(f"/conversations/{conversation}/outcome")
        assert [one["score"] for one in outcome["ratings"]] == [5]
        await app.say("one more thing")
        await _reads(app, "bot: one more thing")
        assert len({one["conversation"] for one in app.messages.values()}) == 2
        assert list(app.messages) == sorted(app.messages)
        await app.close()


async def test_an_app_whose_token_is_no_more_begins_again_by_itself(gateway: Gateway) -> None:
    kept: dict[str, Any] = {}
    app = AppClient(gateway.base, kept)
    await app.open()
    await app.say("hello")
    await _reads(app, "bot: hello")
    before = kept["token"]
    async with gateway.http.post(
        f"{gateway.base}/widget/frames", json={"type": "logout"}, headers={"Authorization": f"Bearer {before}"}
    ) as response:
        assert response.status == 200
    await app.say("again")
    await _reads(app, "bot: again")
    assert kept["token"] != before
    await app.close()


def test_the_client_is_as_short_as_the_protocol_is_simple() -> None:
    assert len(Path(app_client.__file__).read_text(encoding="utf-8").splitlines()) < 100
