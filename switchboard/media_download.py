"""Fetching a file from a provider: from the hosts that its channel names alone, bounded in time and size.

A host that a name leads to must not be in a private network, unless the operator wrote its address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from connectors.media import MediaPlace

WHOLE_SECONDS = 60
MOST_REDIRECTS = 3
CHUNK_BYTES = 64 * 1024
_FILENAME = re.compile(r"""filename="?([^";\r\n]{1,200})""", re.IGNORECASE)
# What providers say instead of a file; a customer's own JSON comes with a name.
_ANSWERS = {"application/json", "text/plain", "text/html", "text/xml", "application/xml"}


class NotFetched(Exception):
    """The provider did not give the file. `for_good`: asking again is no use. `said`: its own words for it."""

    def __init__(self, why: str, for_good: bool = False, said: bytes = b"") -> None:
        super().__init__(why)
        self.why = why
        self.for_good = for_good
        self.said = said


class Download:
    """One file on its way: its name is known when it has begun."""

    def __init__(self, place: MediaPlace, most: int) -> None:
        self._place = place
        self._most = most
        self.name: str | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes. Raises NotFetched."""
        try:
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=None if self._place.is_own else _PublicResolver()),
                timeout=aiohttp.ClientTimeout(total=WHOLE_SECONDS, connect=10),
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session:
                response = await self._answer(session)
                async with response:
                    await self._check(response)
                    async for piece in response.content.iter_chunked(CHUNK_BYTES):
                        yield piece
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as exc:
            raise NotFetched(type(exc).__name__) from exc

    async def _answer(self, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
        url, headers = self._place.url, dict(self._place.headers)
        for _ in range(MOST_REDIRECTS + 1):
            if not may_ask(url, self._place):
                raise NotFetched("another_host", for_good=True)
            response = await session.get(url, headers=headers, allow_redirects=False)
            if response.status not in (301, 302, 303, 307, 308):
                return response
            leads_to = urljoin(url, response.headers.get("location", ""))
            response.release()
            if urlsplit(leads_to).netloc != urlsplit(url).netloc:
                headers = {}  # our key goes to nobody else
            url = leads_to
        raise NotFetched("redirects", for_good=True)

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        if response.status in (401, 403, 404, 410):
            raise NotFetched("gone", for_good=response.status in (404, 410))
        if response.status != 200:
            raise NotFetched(f"status {response.status}")
        named = _FILENAME.search(response.headers.get("content-disposition", ""))
        if named is None and response.content_type in _ANSWERS:
            raise NotFetched("no file", said=await response.content.read(CHUNK_BYTES))
        self.name = named[1] if named else None


def may_ask(url: str, place: MediaPlace) -> bool:
    """Whether this address is at one of the hosts that the channel names, or below one."""
    wanted = urlsplit(url)
    host = wanted.hostname or ""
    is_named = wanted.netloc in place.hosts or (
        wanted.netloc == host and any(host.endswith(f".{one}") for one in place.hosts)
    )
    return is_named and wanted.scheme in ("https", urlsplit(place.url).scheme)


class _PublicResolver(AbstractResolver):
    """Names lead to public addresses only. aiohttp asks nobody for an address that is one already."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        if not all(ipaddress.ip_address(one[4][0]).is_global for one in found):
            raise OSError("a private address")
        return [
            {
                "hostname": host,
                "host": one[4][0],
                "port": port,
                "family": one[0],
                "proto": one[2],
                "flags": socket.AI_NUMERICHOST,
            }
            for one in found
        ]

    async def close(self) -> None:
        """Nothing is kept."""
