"""Asking the bot: stock Rasa's `rest` channel over HTTP, on one worker or several."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp

from switchboard.records import BotLine

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 1_000_000
# A worker that answered this recently and cannot be reached now is being started again, which takes about 15 s; one
# that has been away for longer is down, and customers hear so at once.
RESTART_SECONDS = 45
PAUSE_SECONDS = 0.3


class BotFailed(Exception):
    """The bot was silent, late or broken. Each is a failure: the customer must hear something."""


class _Unreachable(Exception):
    """No worker took the question."""


class Bot(Protocol):
    """Whoever answers customers before a person does."""

    async def ask(
        self, conversation_id: str, text: str, metadata: Mapping[str, Any], timeout_seconds: float
    ) -> list[BotLine]:
        """What the bot says to this. Raises BotFailed."""

    async def ready(self) -> bool:
        """Whether the bot can answer."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Leave."""


class RestBot:
    """Rasa workers behind their `rest` channel; a conversation keeps to one worker as long as that one works."""

    def __init__(self, addresses: Sequence[str]) -> None:
        if not addresses:
            raise ValueError("no bot address")
        self._addresses = tuple(address.rstrip("/") for address in addresses)
        self._session: aiohttp.ClientSession | None = None
        self._answered_at = float("-inf")

    async def start(self) -> None:
        """Open the connection pool."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def stop(self) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()

    async def ask(
        self, conversation_id: str, text: str, metadata: Mapping[str, Any], timeout_seconds: float
    ) -> list[BotLine]:
        """Ask this conversation's worker; only when it cannot be reached at all, the next one."""
        body = json.dumps({"sender": conversation_id, "message": text, "metadata": metadata}).encode()
        try:
            return await asyncio.wait_for(self._ask_until_back(conversation_id, body), timeout_seconds)
        except asyncio.TimeoutError as exc:
            raise BotFailed(f"no answer within {timeout_seconds} s") from exc

    async def _ask_until_back(self, conversation_id: str, body: bytes) -> list[BotLine]:
        """Ask; while the workers are only being started again, ask once more."""
        while True:
            try:
                lines = await self._ask_in_turn(conversation_id, body)
            except _Unreachable as exc:
                if time.monotonic() - self._answered_at > RESTART_SECONDS:
                    raise BotFailed("no worker can be reached") from exc
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self._answered_at = time.monotonic()
            return lines

    async def _ask_in_turn(self, conversation_id: str, body: bytes) -> list[BotLine]:
        for address in self._workers_for(conversation_id):
            try:
                return await self._post(address, body)
            except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, ConnectionResetError):
                # Refused, or died while it thought: its memory has nothing of this turn, so asking again is safe.
                log.warning("A bot worker cannot be reached", extra={"event": "bot_unreachable", "worker": address})
            except (aiohttp.ClientError, ValueError, OSError) as exc:
                raise BotFailed(type(exc).__name__) from exc
        raise _Unreachable()

    async def _post(self, address: str, body: bytes) -> list[BotLine]:
        async with self._connected().post(
            f"{address}/webhooks/rest/webhook", data=body, headers={"Content-Type": "application/json"}
        ) as response:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            answer = await response.content.read(MAX_ANSWER_BYTES + 1)
            # read() may return early on a chunked body; whatever follows belongs to the answer as well.
            while len(answer) <= MAX_ANSWER_BYTES and not response.content.at_eof():
                answer += await response.content.readany()
        if len(answer) > MAX_ANSWER_BYTES:
            raise ValueError("answer too large")
        lines = parse(json.loads(answer))
        if not lines:
            # Stock Rasa answers 200 with [] when an action raised.
            raise ValueError("empty answer")
        return lines

    async def ready(self) -> bool:
        """Whether at least one worker says that it lives."""
        for address in self._addresses:
            try:
                async with self._connected().get(
                    f"{address}/webhooks/rest/", timeout=aiohttp.ClientTimeout(total=2)
                ) as response:
                    if response.status == 200:
                        return True
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                continue
        return False

    def _workers_for(self, conversation_id: str) -> tuple[str, ...]:
        first = int(hashlib.sha256(conversation_id.encode()).hexdigest(), 16) % len(self._addresses)
        return self._addresses[first:] + self._addresses[:first]

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise BotFailed("not started")
        return self._session


def parse(answer: Any) -> list[BotLine]:
    """Rasa's list of messages as lines; a `custom` entry is a mark on the text before it. Raises ValueError."""
    if not isinstance(answer, list):
        raise ValueError("the bot's answer is no list")
    lines: list[BotLine] = []
    for entry in answer:
        if not isinstance(entry, dict):
            raise ValueError("the bot's answer has an entry that is no object")
        custom = entry.get("custom")
        marks = custom if isinstance(custom, dict) else {}
        if marks and lines and not entry.get("text") and not entry.get("image"):
            last = lines[-1]
            lines[-1] = BotLine(last.text, last.buttons, last.image, {**last.marks, **marks})
        elif marks or entry.get("text") or entry.get("image"):
            lines.append(BotLine(str(entry.get("text") or ""), _buttons(entry), _image(entry), marks))
    return lines


def _buttons(entry: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    buttons = entry.get("buttons") or ()
    return tuple(
        {"title": str(button["title"]), "payload": str(button.get("payload") or button["title"])}
        for button in buttons
        if isinstance(button, dict) and button.get("title")
    )


def _image(entry: Mapping[str, Any]) -> str | None:
    image = entry.get("image")
    return image if isinstance(image, str) and image.startswith(("https://", "/")) else None
