"""WeChat Customer Service: a callback is only a bell, the messages are fetched.

https://developer.work.weixin.qq.com/document/path/94670

The cursor moves when all before it is stored. What is fetched once more, after a crash or beside another gateway, is
known by its id.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.events import Event, Incoming, Receipt, Unused, moment
from connectors.media import MediaPlace
from connectors.output import DeliveryFailed
from connectors.own import BadSetting, OnNewMessage, Window
from connectors.proof import asked_with, same
from connectors.served import while_served
from connectors.webhook import needed
from connectors.wechat.callbacks import Callbacks
from connectors.wechat.crypto import Envelope, NotOurs, signature
from connectors.wecom.output import API, MESSAGES_IN_WINDOW, WINDOW, WeComOutput
from switchboard.records import Attachment

log = logging.getLogger(__name__)

# A page has to fit into what we take of an answer, with the longest texts there are.
MESSAGES_A_PAGE = 100
# Where nothing was ever fetched, WeCom begins three days ago. What was said before somebody rang is not answered now.
OLDEST_AT_FIRST_SECONDS = 600
# How a cursor is kept while that is fetched, page after page: the oldest that is answered, and the cursor.
_BACKLOG = re.compile(r"backlog ([0-9]+) (.+)")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 60.0
_FROM_CUSTOMER = 3
_MEDIA = {"image": "image", "voice": "audio", "video": "video", "file": "file"}
_FAILURES = {
    4: "window_closed",
    5: "window_closed",
    6: "quota",
    8: "account",
    10: "blocked",
    11: "account",
    12: "content",
}
_ACCOUNT_GONE = {1, 2}


class NotStored(Exception):
    """A message could not be stored; its page is fetched again."""


class WeComInput(Callbacks):
    """All customer service accounts that the corporation manages by API."""

    sender_is_sure = True

    def __init__(self, word: str, corp_id: str, secret: str, aes_key: str, api_url: str) -> None:
        self.word = word
        self.envelope: Envelope = Envelope(aes_key, corp_id)
        self._api_url = api_url
        self._output = WeComOutput(corp_id, secret, api_url, lambda why: self.exchange.trouble("access_token", why))
        self._rung = asyncio.Event()
        self._token: str | None = None  # of the newest bell, good for ten minutes
        self._oldest = 0  # that is answered, where nothing was ever fetched: by the first bell
        self._cursor: str | None = None  # for plain Rasa, which keeps none

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "wecom"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WeComInput:
        """`corp_id`, `secret` of the app, `token` and `aes_key` of its page for callbacks."""
        corp_id, secret, word, aes_key = needed(credentials, "wecom", "corp_id", "secret", "token", "aes_key")
        try:
            return cls(word, corp_id, secret, aes_key, str((credentials or {}).get("api_url") or API))
        except ValueError as exc:
            raise BadSetting("wecom: `aes_key` is not the console's EncodingAESKey of 43 characters.") from exc

    async def start(self) -> None:
        """Whether WeCom gives us a token."""
        await self._output.api.token()

    def handshake(self, request: Request) -> HTTPResponse:
        """The echo comes in an envelope here, and goes back as what is inside."""
        timestamp, nonce, echo = (asked_with(request, name) for name in ("timestamp", "nonce", "echostr"))
        if same(asked_with(request, "msg_signature"), signature(self.word, timestamp, nonce, echo)):
            try:
                return response.text(self.envelope.open(echo).decode("utf-8", "replace"))
            except NotOurs:
                pass
        return response.text("", status=403)

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """The routes, and the fetching, which lives as long as the server."""
        routes = super().blueprint(on_new_message)
        while_served(routes, lambda: self._fetch_always(on_new_message))
        return routes

    def events_in(self, body: Any) -> Iterable[Any]:
        """One a callback."""
        return [body]

    def read(self, event: Any) -> Event | None:
        """A bell, or something that was fetched after one."""
        if "msgid" in event:
            return _read(event)
        if event["Event"] != "kf_msg_or_event":
            return Unused(f"callback {event['Event']}")
        token, at = event["Token"], int(event["CreateTime"])
        if not isinstance(token, str):
            raise TypeError("no token")
        self._token, self._oldest = token, self._oldest or at - OLDEST_AT_FIRST_SECONDS
        self._rung.set()
        return None

    def get_output_channel(self) -> WeComOutput:
        """One for the corporation."""
        return self._output

    def window(self, wrote_at: datetime | None, sent_since: int, now: datetime, reach: Mapping[str, Any]) -> Window:
        """Five messages in 48 hours."""
        return Window(until=wrote_at + WINDOW if wrote_at else now, left=max(0, MESSAGES_IN_WINDOW - sent_since))

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """https://developer.work.weixin.qq.com/document/path/90254"""
        query = f"access_token={await self._output.api.token()}&media_id={attachment.source['id']}"
        return MediaPlace(f"{self._api_url}/cgi-bin/media/get?{query}", (self._api_url.partition("://")[2],))

    async def is_gone(self, said: bytes) -> bool:
        """An error in JSON comes with the status of a file."""
        return await self._output.api.is_gone(said)

    # -- fetching ------------------------------------------------------------------------------------------------

    async def _fetch_always(self, on_new_message: OnNewMessage) -> None:
        """Fetch after each bell, and once at the start, for bells that rang while nobody was there."""
        pause, is_start = FIRST_PAUSE_SECONDS, True
        while True:
            if not is_start:
                await self._rung.wait()
            self._rung.clear()
            try:
                await self._fetch_all(on_new_message, is_start)
                self.exchange.trouble("sync_msg", None)
                pause, is_start = FIRST_PAUSE_SECONDS, False
                continue
            except DeliveryFailed as failed:
                why = failed.detail
                # An old bell's token is not asked with again.
                self._token = None
            except NotStored:
                why = "messages could not be stored; they are fetched again"
            except Exception as exc:  # the database may be away
                log.exception("Nothing could be fetched", extra={"event": "fetching_failed", "channel": self.name()})
                why = type(exc).__name__
            self.exchange.trouble("sync_msg", f"messages are not fetched: {why}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            self._rung.set()

    async def _fetch_all(self, on_new_message: OnNewMessage, is_start: bool) -> None:
        """Page after page until there is no more. Raises when a page cannot be had, or not be stored."""
        while True:
            stands = await self.exchange.cursor() or self._cursor
            if stands is None and is_start:
                return
            backlog = _BACKLOG.fullmatch(stands or "")
            cursor = backlog[2] if backlog else stands
            oldest = int(backlog[1]) if backlog else self._oldest if stands is None else 0
            body: dict[str, Any] = {"limit": MESSAGES_A_PAGE, "voice_format": 0}
            body.update({name: it for name, it in (("cursor", cursor), ("token", self._token)) if it})
            page = await self._output.api.post("/cgi-bin/kf/sync_msg", body)
            await self._take_page(page.get("msg_list"), oldest, on_new_message)
            after = page.get("next_cursor")
            if not isinstance(after, str) or not after:
                return
            reached = f"backlog {oldest} {after}" if oldest and page.get("has_more") else after
            if reached == stands:
                return
            await self.exchange.move_cursor(stands, reached)
            self._cursor = reached
            if not page.get("has_more"):
                return

    async def _take_page(self, items: Any, oldest: int, on_new_message: OnNewMessage) -> None:
        """Each message, in its turn, but those sent before `oldest`. Raises NotStored when one could not be stored; the
        others are."""
        found = [one for one in items if not _is_older(one, oldest)] if isinstance(items, list) else []
        if not await self._take_all(found, on_new_message):
            raise NotStored()


def _is_older(item: Any, oldest: int) -> bool:
    sent_at = item.get("send_time") if isinstance(item, dict) else None
    return isinstance(sent_at, int) and sent_at < oldest


def _read(item: Any) -> Event:
    kind = item["msgtype"]
    if kind == "event":
        return _read_event(item["event"])
    if item["origin"] != _FROM_CUSTOMER:
        return Unused(f"{kind} of origin {item['origin']}")
    account, customer = item["open_kfid"], item["external_userid"]
    fields = _fields(kind, item.get(kind, {}))
    if fields is None:
        return Unused(f"message {kind}")
    # One person who writes to two accounts has two conversations; what stands last is whom we write to.
    sender, sent_at = f"{account}\x1f{customer}", moment(item.get("send_time"))
    return Incoming(sender, item["msgid"], reach={"open_kfid": account}, sent_at=sent_at, **fields)


def _fields(kind: str, found: Any) -> dict[str, Any] | None:
    if kind == "text":
        return {"text": found["content"], "payload": found.get("menu_id") or None}
    if kind in _MEDIA:
        return {"attachments": (Attachment(_MEDIA[kind], {"id": found["media_id"]}),)}
    if kind == "location":
        place = {name: found.get(name) for name in ("latitude", "longitude", "name", "address")}
        words = " ".join(str(place[name]) for name in ("name", "address") if place[name])
        return {"text": words, "attachments": (Attachment("location", place),)}
    if kind == "link":
        return {"text": "\n".join(filter(None, (found.get("title"), found.get("url"))))}
    if kind == "miniprogram":
        return {"text": "\n".join(filter(None, (found.get("title"), found.get("pagepath"))))}
    if kind == "channels_shop_product":
        return {"text": "\n".join(filter(None, (found.get("title"), found.get("product_id"))))}
    if kind == "channels_shop_order":
        return {"text": "\n".join(filter(None, (found.get("order_id"), found.get("product_titles"))))}
    return None


def _read_event(event: Any) -> Event:
    kind = event["event_type"]
    if kind != "msg_send_fail":
        return Unused(f"event {kind}")
    code = event.get("fail_type")
    reason = "account" if code in _ACCOUNT_GONE else _FAILURES.get(code, "refused")
    return Receipt("failed", event["fail_msgid"], reason=reason, detail=f"fail_type {code}")
