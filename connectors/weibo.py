"""Weibo's fans service (粉丝服务平台): private messages to a verified account.

Receiving: https://open.weibo.com/wiki/Receive_General_Message and https://open.weibo.com/wiki/接收事件推送
Sending: https://open.weibo.com/wiki/Send_Customer_Service_Message
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.events import Event, Incoming, Unused
from connectors.media import MediaPlace
from connectors.output import DeliveryFailed, Envelope, Limits, Output, Part
from connectors.own import Window
from connectors.proof import asked_with, is_fresh, same
from connectors.provider import Answer, Provider, failure
from connectors.webhook import Webhook, finite, needed
from connectors.wechat.crypto import signature
from switchboard.records import Attachment

API = "https://m.api.weibo.com"
MEDIA_API = "https://upload.api.weibo.com"
WINDOW = timedelta(hours=48)
_MEDIA = {"image": "image", "voice": "audio"}
# https://open.weibo.com/wiki/Error_code
_LATER = {10001, 10002, 10003, 10009, 10010, 10011}
_BUSY = {10022, 10023, 10024}
_TOKEN = {10006, 10014, 21314, 21315, 21316, 21317, 21319, 21325, 21327, 21332}
_MEANS = {
    "blocked": {20301, 20508},
    "unknown_recipient": {10013, 20003},
    "content": {20012, 20013, 20018, 20020, 20021, 20302, 20306},
    "account": {10004, 10005},
}
# Weibo counts by the hour: it is asked again now and then.
BUSY_SECONDS, TOKEN_SECONDS = 300.0, 300.0


class WeiboOutput(Output):
    """Answers as the account whose token it is. There are no choices: they are numbered."""

    limits = Limits(text=299, file_links=True)  # "less than 300 Chinese characters"

    def __init__(self, access_token: str, api_url: str) -> None:
        self._provider = Provider(api_url)
        self._token = access_token

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "weibo"

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """Weibo gives no id."""
        envelope.must_be_within(WINDOW)
        form = {
            "access_token": self._token,
            "type": "text",
            "data": json.dumps({"text": part.text}, ensure_ascii=False),
            "receiver_id": envelope.recipient,
        }
        answer = await self._provider.call("POST", "/2/messages/reply.json", form=form)
        if answer.is_good and answer.get("error_code") is None:
            return None
        raise _failure(answer)

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()


class WeiboInput(Webhook):
    """One verified account. The signature is over the query alone: who has seen one request can send others."""

    def __init__(self, app_secret: str, uid: str, access_token: str, api_url: str, media_url: str) -> None:
        self._app_secret = app_secret
        self._uid = uid
        self._token = access_token
        self._media_url = media_url
        self._output = WeiboOutput(access_token, api_url)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "weibo"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WeiboInput:
        """`app_secret` of the app, `uid` of the account, and its `access_token`, which holds a year."""
        secret, uid, token = needed(credentials, "weibo", "app_secret", "uid", "access_token")
        given = credentials or {}
        return cls(secret, uid, token, str(given.get("api_url") or API), str(given.get("media_url") or MEDIA_API))

    def is_genuine(self, request: Request) -> bool:
        """SHA-1 over the app's secret, the time and the nonce; the time is about now."""
        given, timestamp, nonce = (asked_with(request, name) for name in ("signature", "timestamp", "nonce"))
        expected = signature(self._app_secret, timestamp, nonce)
        return bool(timestamp and nonce) and same(given, expected) and is_fresh(timestamp, self.exchange.now())

    def handshake(self, request: Request) -> HTTPResponse:
        """Give the echo back, as plain text, to who knows the secret."""
        if not self.is_genuine(request):
            return response.text("", status=403)
        return response.text(asked_with(request, "echostr"))

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """An empty answer ends Weibo's repeats."""
        return response.text("")

    def events_in(self, body: Any) -> Iterable[Any]:
        """One a request."""
        return [body]

    def read(self, event: Any) -> Event | None:
        """Messages, and taps on the account's menu."""
        kind, sender = event["type"], str(event["sender_id"])
        if str(event["receiver_id"]) != self._uid:
            return Unused("another account")
        found = event.get("data") or {}
        # Older accounts get it as JSON in a text.
        found = json.loads(found) if isinstance(found, str) else found
        fields = _fields(kind, event, found)
        if fields is None:
            subtype = found.get("subtype")
            return Unused(f"{kind} {subtype}" if subtype else f"message {kind}")
        return Incoming(sender, _key(event), **fields)

    def get_output_channel(self) -> WeiboOutput:
        """One for the account."""
        return self._output

    def window(self, wrote_at: datetime | None, sent_since: int, now: datetime, reach: Mapping[str, Any]) -> Window:
        """48 hours, as many as we like."""
        return Window(until=wrote_at + WINDOW if wrote_at else now)

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """As https://open.weibo.com/wiki/Receive_General_Message says of pictures and voice."""
        url = f"{self._media_url}/2/mss/msget?access_token={self._token}&fid={attachment.source['id']}"
        return MediaPlace(url, (self._media_url.partition("://")[2],))


def _fields(kind: str, event: Any, found: Any) -> dict[str, Any] | None:
    if kind == "text":
        return {"text": event["text"]}
    if kind in _MEDIA:  # its text only says that it is one
        return {"attachments": (Attachment(_MEDIA[kind], {"id": str(int(found["tovfid"]))}),)}
    if kind == "position":
        place = {name: finite(found[name]) for name in ("latitude", "longitude")}
        return {"text": event.get("text") or "", "attachments": (Attachment("location", place),)}
    if kind == "event" and found.get("subtype") == "click" and found.get("key"):
        return {"text": found["key"]}
    return None


def _key(event: Any) -> str:
    """Weibo numbers no messages, and two may come in one second: what is said belongs to the key."""
    said = json.dumps([event["created_at"], event["type"], event.get("text"), event.get("data")], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:40]


def _failure(answer: Answer) -> DeliveryFailed:
    """https://open.weibo.com/wiki/Error_code"""
    given = answer.get("error_code")
    code = int(given) if str(given).isdigit() else None
    detail = f"{code}: {answer.get('error') or ''}"[:200]
    if code in _BUSY:
        return DeliveryFailed("busy", detail, retry_after=BUSY_SECONDS, whole_account=True)
    if code in _LATER:
        return DeliveryFailed("unreachable", detail)
    if code in _TOKEN:
        return DeliveryFailed("account", detail, retry_after=TOKEN_SECONDS, whole_account=True)
    reason = next((name for name, codes in _MEANS.items() if code in codes), None)
    if reason is not None:
        return DeliveryFailed(reason, detail, permanent=True)
    return failure(answer, detail if code is not None else "")
