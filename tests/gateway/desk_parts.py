"""What tests of the desk share: its page on the socket, and a customer who waits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from gateway_parts import Gateway, Page, Seat


class Screen:
    """The desk's page on its socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def until(self, kind: str, words: str = "", seconds: float = 5) -> dict[str, Any]:
        while True:
            frame = await self.socket.receive_json(timeout=seconds)
            self.frames.append(frame)
            if frame["type"] == kind and words in json.dumps(frame):
                return frame

    async def closed(self, seconds: float = 5) -> int | None:
        while True:
            message = await self.socket.receive(seconds)
            if message.type is aiohttp.WSMsgType.TEXT:
                self.frames.append(json.loads(message.data))
            else:
                return message.data if message.type is aiohttp.WSMsgType.CLOSE else self.socket.close_code


@asynccontextmanager
async def on_screen(seat: Seat, csrf: Any = None, origin: str | None = "own") -> AsyncIterator[Screen]:
    """The desk's page, greeted."""
    headers = {"Origin": seat.gateway.base if origin == "own" else origin} if origin else {}
    async with seat.http.ws_connect(f"{seat.gateway.base}/desk/live", headers=headers) as socket:
        await socket.send_json({"type": "hello", "csrf": seat.csrf if csrf is None else csrf})
        yield Screen(socket)


async def waiting(gateway: Gateway, locale: str = "en", **wish: Any) -> Page:
    """A customer in the queue."""
    gateway.bot.hands_over("/ask_person", summary="wants a person")
    page = await gateway.page(locale=locale, **wish)
    await page.send({"type": "person", "client_id": "p"})
    await page.state("waiting")
    return page
