"""Calling a provider's HTTP API: one pool of connections a channel, bounded in time and size, and every way it can go
wrong said as `DeliveryFailed`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

import aiohttp

from connectors.output import SLOWEST_BYTES_PER_SECOND, DeliveryFailed, SentFile

MAX_ANSWER_BYTES = 1_000_000
# What a provider may ask us to wait; more is taken as this.
LONGEST_WAIT_SECONDS = 6 * 3600.0
# A key that is refused stays so until the operator acts: it is tried again now and then.
KEY_SECONDS = 300.0


@dataclass(frozen=True)
class Answer:
    """What the provider answered."""

    status: int
    headers: Mapping[str, str]
    body: Any  # parsed JSON, or None

    @property
    def is_good(self) -> bool:
        """Whether the provider took it."""
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """The seconds of a Retry-After header, which may also name a moment of the provider's own clock
        (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
        given = self.headers.get("retry-after", "")
        if given.isascii() and given.isdigit():
            return min(float(given), LONGEST_WAIT_SECONDS)
        try:
            until, now = (parsedate_to_datetime(one) for one in (given, self.headers.get("date", "")))
            return min(max(0.0, (until - now).total_seconds()), LONGEST_WAIT_SECONDS)
        except (TypeError, ValueError):
            return None

    def get(self, *path: str) -> Any:
        """A value inside the body, or None where there is none."""
        value = self.body
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value


class Provider:
    """A provider's API at one address. A call may take so long, and the file in it as long as the slowest line that we
    wait for."""

    def __init__(
        self, url: str, timeout_seconds: float = 15, bytes_per_second: float = SLOWEST_BYTES_PER_SECOND
    ) -> None:
        self.url = url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._bytes_per_second = bytes_per_second
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        file: tuple[str, SentFile] | None = None,
    ) -> Answer:
        """The provider's answer, whatever its status. Raises DeliveryFailed when there is none. `file` goes beside the
        form, under a name of the provider's.

        No redirect is followed: a provider's API has no need of them, and our keys go nowhere else.
        """
        content: dict[str, Any] = {"json": body, "data": form}
        request = {"headers": headers, "params": params, "timeout": self._timeout_for(file)}
        if file is None:
            return await self._called(method, path, {**content, **request})
        with await file[1].opened() as stream:
            content = {"data": _with_file(form or {}, *file, stream)}
            return await self._called(method, path, {**content, **request})

    async def _called(self, method: str, path: str, request: Mapping[str, Any]) -> Answer:
        try:
            async with self._open().request(method, f"{self.url}{path}", allow_redirects=False, **request) as response:
                raw = await _bounded(response)
                return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, _parsed(raw))
        except aiohttp.ClientConnectorError as exc:
            raise DeliveryFailed("unreachable", type(exc).__name__) from exc
        except asyncio.TimeoutError as exc:
            raise DeliveryFailed("no_answer", "no answer in time", maybe_sent=True) from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise DeliveryFailed("no_answer", type(exc).__name__, maybe_sent=True) from exc

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(json_serialize=_written)
        return self._session

    def _timeout_for(self, file: tuple[str, SentFile] | None) -> aiohttp.ClientTimeout:
        most = self._timeout_seconds + (file[1].size_bytes / self._bytes_per_second if file else 0.0)
        return aiohttp.ClientTimeout(total=most, connect=min(5.0, self._timeout_seconds))


def failure(answer: Answer, detail: str = "") -> DeliveryFailed:
    """What a status alone means, where the provider's own code says nothing more."""
    detail = detail or f"status {answer.status}"
    if answer.status == 429:
        return DeliveryFailed("busy", detail, retry_after=answer.retry_after, whole_account=True)
    if answer.status >= 500:
        return DeliveryFailed("unreachable", detail, retry_after=answer.retry_after)
    if answer.status == 401:
        return key_refused(detail)
    if answer.status == 403:
        return DeliveryFailed("account", detail, permanent=True)
    if answer.status == 413:
        return DeliveryFailed("too_large", detail, permanent=True)
    return DeliveryFailed("refused", detail, permanent=True)


def key_refused(detail: str) -> DeliveryFailed:
    """Our own key or account, whoever is written to: the whole account rests, and what waits is sent once it is
    right."""
    return DeliveryFailed("account", detail, retry_after=KEY_SECONDS, whole_account=True)


def _with_file(form: Mapping[str, str], name: str, file: SentFile, stream: BinaryIO) -> aiohttp.FormData:
    """As a browser writes it: the name of the file in UTF-8, which customers read as it stands."""
    data = aiohttp.FormData(form, quote_fields=False)
    data.add_field(name, stream, filename=file.name, content_type=file.media_type)
    return data


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for piece in response.content.iter_chunked(65_536):
        raw += piece
        if len(raw) > MAX_ANSWER_BYTES:
            break
    return raw


def _written(body: Any) -> str:
    """JSON in UTF-8: WeChat shows customers \\u4f60 as it stands. Half a character would not be UTF-8."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace").decode()


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
