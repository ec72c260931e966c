"""An access token that is fetched once, kept in memory, and replaced before its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

# A token is replaced this long before its end. WeChat lets the old and the new one work for five minutes.
EARLY_SECONDS = 300.0
# WeChat gives a new token for the asking twenty times a day, and not more often than every 30 seconds.
FORCED_EVERY_SECONDS = 60.0


class AccessToken:
    """The token of one account. `fetch` brings one and the seconds it holds; told True, a new one."""

    def __init__(
        self, fetch: Callable[[bool], Awaitable[tuple[str, float]]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = self._forced_at = float("-inf")

    async def get(self) -> str:
        """The token; whoever comes while it is fetched waits for the same. Raises DeliveryFailed."""
        async with self._lock:
            if self._clock() >= self._until:
                await self._renew(False)
            return self._token

    async def get_instead_of(self, refused: str) -> str:
        """Another token than the one that was refused, unless somebody brought one meanwhile."""
        async with self._lock:
            if self._token == refused:
                await self._renew(False)
            if self._token == refused and self._clock() - self._forced_at >= FORCED_EVERY_SECONDS:
                self._forced_at = self._clock()
                await self._renew(True)
            return self._token

    async def _renew(self, forced: bool) -> None:
        self._token, seconds = await self._fetch(forced)
        self._until = self._clock() + max(seconds - EARLY_SECONDS, 30.0)
