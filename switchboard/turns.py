"""Turns: one message at a time per conversation, never waiting for another conversation.

With one gateway a lock in memory is enough. With several, a lease in Redis keeps the turn across them; it is renewed
while the turn lasts, and the database's own guards (unique keys, epochs, the settle step) hold should a lease be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio as redis_client

LEASE_SECONDS = 20
RENEW_SECONDS = 5
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.25
# Give the lease back, or lengthen it, only while it is still ours: compare and act in one step on the server.
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
_RENEW = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"
)


class LocalTurns:
    """Turns within one gateway process; first come, first served."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Hold the turn of this conversation."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]

    async def stop(self) -> None:
        """Nothing to leave."""


class RedisTurns(LocalTurns):
    """Turns over several gateways."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._redis = redis_client.from_url(url)

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Hold the turn: first among the messages of this gateway, then among the gateways."""
        async with super().of(key):
            name, token = f"switchboard:turn:{key}", secrets.token_hex(16)
            await self._take(name, token)
            renewal = asyncio.create_task(self._renew(name, token))
            try:
                yield
            finally:
                renewal.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await renewal
                await self._redis.eval(_RELEASE, 1, name, token)

    async def _take(self, name: str, token: str) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not await self._redis.set(name, token, nx=True, px=LEASE_SECONDS * 1000):
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _renew(self, name: str, token: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._redis.eval(_RENEW, 1, name, token, LEASE_SECONDS * 1000)

    async def stop(self) -> None:
        """Leave."""
        await self._redis.aclose()
