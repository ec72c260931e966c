"""What the contract suite has to know of a channel: how its provider speaks. One `Kit` a channel."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from gateway_parts import Gateway
from multidict import CIMultiDict
from providers import tencent
from providers.server import Provider

PAYLOADS = Path(__file__).parent / "payloads"


@dataclass(frozen=True)
class Hook:
    """One request of the provider to us."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    @property
    def content(self) -> bytes:
        """The raw body."""
        return self.body


@dataclass(frozen=True)
class Kit:
    """One channel under the contract.

    `message(text, number, sender)` and `tap(button payload, number, sender)` are bodies as the provider posts them,
    unsigned; `sign` adds the proof to a body. `sender` is 0 or 1: two customers.
    """

    channel: str
    class_path: str
    provider: Callable[[], Provider]
    credentials: Callable[[str], dict[str, Any]]  # the entry in credentials.yml, with the provider at this address
    message: Callable[[str, int, int], bytes]
    tap: Callable[[str, int, int], bytes]
    sign: Callable[[bytes], Hook]
    customers: tuple[str, str]  # the provider's ids of the two
    # What reading each payload file gives: the text, `media:<kind>`, or "" for an event that is not used.
    payloads: Mapping[str, tuple[str, ...]]
    # This body with proofs that are none of the provider's, beside the ones that every channel is tried with.
    forgeries: Callable[[bytes], list[Hook]] = lambda _body: []
    max_text: int = 4000  # as the provider counts; what is longer comes in pieces
    max_buttons: int = 10  # more become a numbered list
    repeats_safely: bool = False  # the provider sends once, however often it is asked
    blocked: str = "blocked"  # the reason the agent is told for the provider's refusal `blocked`
    folder: str = ""  # of its payloads, where it is not the name of the channel
    picture: str = ""  # the payload of a picture, and of a document, where customers can send them
    document: str = ""
    # How the provider calls what an agent attaches, by its type; what is not here is refused before it is sent,
    # but where files go as links.
    sends: Mapping[str, str] = field(default_factory=dict)
    links_files: bool = False  # it carries no files: what an agent attaches goes as a link
    gives_files: bool = True  # False: a class without `open_media`
    # What of these the channel has not, each with the reason, and so what no test can show: `typing`, `pictures` and
    # `documents` of customers, `fetching` (their files stay with the provider until they are asked for), `files` of
    # agents, `choices` to tap, a `key` under which the provider sends once.
    lacks: Mapping[str, str] = field(default_factory=dict)
    # Within so many seconds the provider has to have our answer; None where it waits for it, or calls nobody. Of Meta
    # twice what it aims at, a second.
    answers_within: float | None = None
    # A payload with the provider of the tests for the one of the world, where it holds an address.
    located: Callable[[bytes, str], bytes] = lambda body, _address: body

    @property
    def has_typing(self) -> bool:
        """Whether customers see that somebody writes."""
        return "typing" not in self.lacks

    def payload(self, name: str) -> bytes:
        """A payload file, as bytes."""
        return (PAYLOADS / (self.folder or self.channel) / name).read_bytes()


class Customer:
    """The provider, posting what customers of it do."""

    def __init__(self, gateway: Gateway, kit: Kit, provider: Provider) -> None:
        self.gateway = gateway
        self.kit = kit
        self.provider = provider
        provider.clock = tencent.clock = gateway.clock
        self._number = 0
        self._slowest = 0.0

    async def says(self, text: str, sender: int = 0, number: int | None = None) -> int:
        """A message; the status of our answer."""
        return await self.posts(self.kit.message(text, self._next(number), sender))

    async def taps(self, payload: str, sender: int = 0) -> int:
        """A button."""
        return await self.posts(self.kit.tap(payload, self._next(None), sender))

    async def shares(self, payload: str) -> int:
        """The file that this payload brings."""
        return await self.posts(self.kit.located(self.kit.payload(payload), self.provider.address))

    async def posts(self, body: bytes) -> int:
        """A body with the provider's proof."""
        self.provider.posts(body)
        return (await self.sends(self.kit.sign(body)))[0]

    async def posts_each(self, bodies: list[bytes]) -> list[int]:
        """One after the other."""
        return [await self.posts(body) for body in bodies]

    async def sends(self, hook: Hook) -> tuple[int, str]:
        """Exactly this."""
        url = f"{self.gateway.base}/webhooks/{self.kit.channel}/webhook{hook.query}"
        headers = CIMultiDict(hook.headers)
        headers.setdefault("Content-Type", "application/json")
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        async with self.gateway.http.post(url, data=hook.body, headers=headers) as response:
            answer = response.status, await response.text()
        self._slowest = max(self._slowest, loop.time() - asked_at)
        return answer

    def was_answered_in_time(self) -> bool:
        """Whether each request so far was answered in half the time that the provider waits."""
        return self._slowest < (self.kit.answers_within or math.inf) / 2

    def _next(self, number: int | None) -> int:
        self._number += 1
        return self._number if number is None else number


def as_json(body: Any) -> bytes:
    """A body as providers write it."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


__all__ = ["Customer", "Hook", "Kit", "aiohttp", "as_json"]
