"""Calling Tencent's API: an access token that is fetched once and kept, and what its error codes mean.

https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html
https://developer.work.weixin.qq.com/document/path/90313
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from connectors.access_token import AccessToken
from connectors.output import DeliveryFailed, SentFile
from connectors.provider import Answer, Provider, failure

MINUTE_SECONDS, HOUR_SECONDS = 60.0, 3600.0

# The token is old, or was replaced by somebody else's.
STALE = {40001, 40014, 41001, 42001}
# A media id that is wrong, or older than three days.
_NO_FILE = {40004, 40007}
_BUSY = {45011, 45033}
_DAY_QUOTA = {45009}
_LATER = {-1, 40029, 50003, 61451}
# Our key, our address or our permission: the operator has to act, and what waits is sent then.
_OURS = {40013, 40125, 40164, 41002, 41004, 60020, 61024}
_MEANS = {
    "window_closed": {45015, 95002, 95013, 95018, 95007},
    "quota": {45047, 95001},
    "unknown_recipient": {40003, 40031, 40050, 40096, 84061},
    "blocked": {43004, 43019, 48002},
    "too_large": {40006, 40009, 45001, 45002, 45008, 45105},
    "content": {40004, 40005, 40007, 40008, 40058, 44002, 44004, 47001, 87009, 87014},
    "account": {48001, 48004, 48006, 48008, 50001, 50002, 60011},
}


class Refused(DeliveryFailed):
    """A refusal that still knows its code."""

    code = 0


class TencentApi:
    """One account's API. `ours`: what means our own permission here, and something else at WeChat."""

    def __init__(
        self,
        url: str,
        ask_token: Callable[[Provider, bool], Awaitable[Answer]],
        trouble: Callable[[str | None], None] = lambda _why: None,
        ours: Collection[int] = (),
    ) -> None:
        self._ours = ours
        self._provider = Provider(url)
        self._ask_token = ask_token
        self._trouble = trouble
        self._token = AccessToken(self._fetch)

    async def token(self) -> str:
        """A token that holds. Raises DeliveryFailed."""
        return await self._token.get()

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """What was answered well. Raises Refused for an error code, DeliveryFailed when nothing came."""
        return await self._post(path, {}, body=body)

    async def upload(self, kind: str, file: SentFile) -> str:
        """The media id of a file, which holds three days. Raises as `post`; nothing has reached the customer then."""
        try:
            answer = await self._post("/cgi-bin/media/upload", {"type": kind}, file=("media", file))
        except DeliveryFailed as failed:
            failed.maybe_sent = False
            raise
        return str(answer.get("media_id"))

    async def is_gone(self, said: bytes) -> bool:
        """Whether a file will never come, from what was said in its place. A token that is refused is replaced, for the
        next try."""
        code = said_in_json(said, "errcode")
        if code in STALE:
            await self._token.get_instead_of(await self._token.get())
        return code in _NO_FILE

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()

    async def _post(self, path: str, params: Mapping[str, str], **content: Any) -> Answer:
        token = await self._token.get()
        answer = await self._once(path, {**params, "access_token": token}, content)
        if answer.get("errcode") in STALE:
            token = await self._token.get_instead_of(token)
            answer = await self._once(path, {**params, "access_token": token}, content)
        return good(answer, self._ours)

    async def _once(self, path: str, params: Mapping[str, str], content: Mapping[str, Any]) -> Answer:
        return await self._provider.call("POST", path, params=params, **content)

    async def _fetch(self, forced: bool) -> tuple[str, float]:
        try:
            answer = good(await self._ask_token(self._provider, forced))
            token, seconds = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not token or not isinstance(seconds, (int, float)):
                raise DeliveryFailed("unreachable", "no access token in the answer")
        except DeliveryFailed as failed:
            failed.maybe_sent = False  # the message itself has not left
            failed.whole_account = failed.is_told = True
            self._trouble(f"no access token: {failed.detail}")
            raise
        self._trouble(None)
        return token, float(seconds)


def good(answer: Answer, ours: Collection[int] = ()) -> Answer:
    """The answer, unless it is an error. Raises Refused."""
    if not answer.is_good:
        raise failure(answer)
    code = answer.get("errcode")
    if not isinstance(answer.body, dict) or (code is not None and not isinstance(code, int)):
        raise DeliveryFailed("unreachable", "no answer of the API")
    if not code:
        return answer
    raise refusal(code, str(answer.get("errmsg") or ""), ours)


def said_in_json(said: bytes, name: str) -> object:
    """A field of an answer that came in the place of a file; None where it is not there."""
    try:
        return Answer(200, {}, json.loads(said)).get(name)
    except (ValueError, RecursionError):
        return None


def refusal(code: int, said: str, ours: Collection[int] = ()) -> Refused:
    """What an error code means for the message."""
    # WeChat puts the id of the request behind each sentence.
    detail = f"{code}: {said.partition(' rid:')[0]}"[:200]
    if code in _BUSY:
        failed = Refused("busy", detail, retry_after=MINUTE_SECONDS, whole_account=True)
    elif code in _DAY_QUOTA:
        failed = Refused("quota", detail, retry_after=HOUR_SECONDS, whole_account=True)
    elif code in _LATER:
        failed = Refused("unreachable", detail)
    elif code in STALE or code in _OURS or code in ours:
        failed = Refused("account", detail, retry_after=5 * MINUTE_SECONDS, whole_account=True)
    else:
        reason = next((name for name, codes in _MEANS.items() if code in codes), "refused")
        failed = Refused(reason, detail, permanent=True)
    failed.code = code
    return failed
