"""Live updates: who looks at a page hears that something changed.

A hint only. Every event carries the id of what was stored, and a listener that lost events asks the database for what
came after its last id. A listener that does not keep up is told so (`LAGGED`) instead of filling the memory.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import redis.asyncio as redis_client
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

QUEUE_LENGTH = 500
LAGGED: Mapping[str, Any] = {"kind": "lagged"}
_CHANNEL = "switchboard:live"


class Listener:
    """One page's ear: the events of its topics, in order."""

    def __init__(self, live: LocalLive, topics: Iterable[str]) -> None:
        self._live = live
        self.topics = set(topics)
        self._events: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(maxsize=QUEUE_LENGTH)
        self._lagged = False

    def put(self, event: Mapping[str, Any]) -> None:
        """Called by the exchange; never waits."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            if event.get("kind") != "typing":
                self._lagged = True

    async def next(self, timeout: float | None = None) -> Mapping[str, Any] | None:
        """The next event, or None when none came in time."""
        if self._lagged and self._events.empty():
            self._lagged = False
            return LAGGED
        try:
            return await asyncio.wait_for(self._events.get(), timeout)
        except asyncio.TimeoutError:
            return None

    def close(self) -> None:
        """Hear nothing more."""
        self._live.forget(self)


class LocalLive:
    """The exchange within one gateway process."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = defaultdict(set)

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to leave."""

    def listen(self, *topics: str) -> Listener:
        """Hear these topics from now on; subscribe before reading the state, so that nothing falls between."""
        listener = Listener(self, topics)
        for topic in topics:
            self._listeners[topic].add(listener)
        return listener

    def forget(self, listener: Listener) -> None:
        """Stop telling this listener."""
        for topic in listener.topics:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

    def publish(self, topic: str, event: Mapping[str, Any]) -> None:
        """Tell everybody who follows the topic. Called on the event loop, after the commit."""
        for listener in tuple(self._listeners.get(topic, ())):
            listener.put(event)

    def count(self, prefix: str = "") -> int:
        """How many listeners there are on topics that begin so."""
        return sum(len(listeners) for topic, listeners in self._listeners.items() if topic.startswith(prefix))


class RedisLive(LocalLive):
    """The exchange over several gateways: Redis publish/subscribe, with the local one behind it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._redis = redis_client.from_url(url)
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(maxsize=10_000)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect; raises RedisError when there is no Redis at the address."""
        await self._redis.ping()
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]

    async def stop(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    def publish(self, topic: str, event: Mapping[str, Any]) -> None:
        """Tell the other gateways, and through Redis this one too, so that all hear in one order."""
        try:
            self._outgoing.put_nowait(json.dumps([topic, event], ensure_ascii=False))
        except asyncio.QueueFull:
            super().publish(topic, event)

    async def _send(self) -> None:
        while True:
            line = await self._outgoing.get()
            try:
                await self._redis.publish(_CHANNEL, line)
            except RedisError as exc:
                log.warning(
                    "Redis is away; only this gateway hears of it",
                    extra={"event": "redis_away", "error": type(exc).__name__},
                )
                topic, event = json.loads(line)
                super().publish(topic, event)

    async def _receive(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(_CHANNEL)
                    self._all_lagged()
                    async for message in subscription.listen():
                        if message["type"] == "message":
                            topic, event = json.loads(message["data"])
                            super().publish(topic, event)
            except (RedisError, OSError) as exc:
                log.warning("Lost Redis; trying again", extra={"event": "redis_lost", "error": type(exc).__name__})
                await asyncio.sleep(1)

    def _all_lagged(self) -> None:
        """After a gap nobody knows what was missed: everybody reads the truth again."""
        for listeners in tuple(self._listeners.values()):
            for listener in tuple(listeners):
                listener.put(LAGGED)
