"""What customers send to an Official Account, or through the customer service of a mini-program.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from connectors.events import Event, Incoming, Unused
from connectors.media import MediaPlace
from connectors.own import BadSetting, Window
from connectors.webhook import finite, needed
from connectors.wechat.api import said_in_json
from connectors.wechat.callbacks import Callbacks
from connectors.wechat.crypto import Envelope
from connectors.wechat.output import (
    API,
    MESSAGES_IN_WINDOW,
    WINDOW,
    CustomerMessages,
    MiniProgramOutput,
    WeChatOutput,
)
from switchboard.records import Attachment

# Where WeChat says that a film is, which it gives at no address of its own interface.
FILM_HOSTS = ("qq.com", "wechat.com")
_MEDIA = {"image": "image", "voice": "audio", "video": "video", "shortvideo": "video"}
# A tap on the account's own menu opens a smaller window than a message does.
CLICK_WINDOW, MESSAGES_AFTER_CLICK = timedelta(minutes=1), 3


class _CustomerService(Callbacks):
    """One AppID."""

    _output_class: type[CustomerMessages]

    def __init__(self, word: str, app_id: str, secret: str, aes_key: str | None, api_url: str) -> None:
        self.word = word
        self.envelope = Envelope(aes_key, app_id) if aes_key else None
        self.sender_is_sure = self.envelope is not None
        self._api_url = api_url
        self._output = self._output_class(
            app_id, secret, api_url, lambda why: self.exchange.trouble("access_token", why)
        )

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> Any:
        """`app_id`, `app_secret`, `token` and `aes_key` of the console's page for developers."""
        given = credentials or {}
        app_id, secret, word = needed(credentials, cls.name(), "app_id", "app_secret", "token")
        is_plain = given.get("plain_mode") is True
        aes_key = None if is_plain else needed(credentials, cls.name(), "aes_key")[0]
        try:
            return cls(word, app_id, secret, aes_key, str(given.get("api_url") or API))
        except ValueError as exc:
            raise BadSetting(f"{cls.name()}: `aes_key` is not the console's EncodingAESKey of 43 characters.") from exc

    async def start(self) -> None:
        """Whether WeChat gives us a token."""
        await self._output.api.token()

    def events_in(self, body: Any) -> Iterable[Any]:
        """One a request."""
        return [body]

    def read(self, event: Any) -> Event | None:
        """Messages, and taps on the account's menu."""
        kind, sender = event["MsgType"], _said(event["FromUserName"])
        if kind == "event":
            return _menu_click(event, sender)
        # A number in JSON, a text in XML.
        key = str(event.get("MsgId") or f"{sender}.{event['CreateTime']}.{kind}")
        fields = _read(kind, event)
        if fields is None:
            return Unused(f"message {kind}")
        return Incoming(sender, key, reach={"by": "message"}, **fields)

    def get_output_channel(self) -> CustomerMessages:
        """One for the account."""
        return self._output

    def window(self, wrote_at: datetime | None, sent_since: int, now: datetime, reach: Mapping[str, Any]) -> Window:
        """Five messages in 48 hours; three in a minute after a tap on the menu."""
        span, messages = (
            (CLICK_WINDOW, MESSAGES_AFTER_CLICK) if reach.get("by") == "click" else (WINDOW, MESSAGES_IN_WINDOW)
        )
        return Window(until=wrote_at + span if wrote_at else now, left=max(0, messages - sent_since))

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/Get_temporary_materials.html"""
        query = f"access_token={await self._output.api.token()}&media_id={attachment.source['id']}"
        return MediaPlace(f"{self._api_url}/cgi-bin/media/get?{query}", (self._api_url.partition("://")[2],))

    async def is_gone(self, said: bytes) -> bool:
        """An error in JSON comes with the status of a file."""
        return await self._output.api.is_gone(said)

    def elsewhere(self, said: bytes) -> MediaPlace | None:
        """A film comes as an address, of Tencent's or of a bare number: `{"video_url": "http://…"}`."""
        url = said_in_json(said, "video_url")
        try:
            place = urlsplit(url if isinstance(url, str) else "")
        except ValueError:
            return None
        if not place.hostname:
            return None
        is_ours_to_ask = _is_public(place.hostname) or place.netloc == urlsplit(self._api_url).netloc
        return MediaPlace(place.geturl(), (place.netloc,) if is_ours_to_ask else FILM_HOSTS)


class WeChatInput(_CustomerService):
    """A WeChat Official Account."""

    _output_class = WeChatOutput

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "wechat"


class MiniProgramInput(_CustomerService):
    """The customer service of a WeChat mini-program."""

    _output_class = MiniProgramOutput

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "wechat_mini"


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return False


def _read(kind: str, event: Any) -> dict[str, Any] | None:
    if kind == "text":
        # A tap on a menu message of ours says its words, with our key beside them.
        return {"text": _said(event["Content"]), "payload": _said(event.get("bizmsgmenuid") or "") or None}
    if kind in _MEDIA:
        attachment = Attachment(_MEDIA[kind], {"id": _said(event["MediaId"])})
        return {"text": _said(event.get("Recognition") or ""), "attachments": (attachment,)}
    if kind == "location":
        place = {
            "latitude": finite(event["Location_X"]),
            "longitude": finite(event["Location_Y"]),
            "address": _said(event.get("Label") or ""),
        }
        return {"text": place["address"], "attachments": (Attachment("location", place),)}
    if kind == "link":
        return {"text": _lines(event, "Title", "Url")}
    if kind == "miniprogrampage":
        return {"text": _lines(event, "Title", "PagePath")}
    if kind == "file":  # no interface gives its bytes
        return {"attachments": (Attachment("file", {"refused": "not_given"}, _said(event["Title"])),)}
    return None


def _menu_click(event: Any, sender: str) -> Event:
    """The shop writes into its menu what a tap says: an order number's question, "a person please"."""
    kind, key = _said(event["Event"]), _said(event.get("EventKey") or "").strip()
    if kind != "CLICK" or not key:
        return Unused(f"event {kind}")
    # Events have no id of their own.
    return Incoming(sender, f"{sender}.{event['CreateTime']}.{kind}", text=key, reach={"by": "click"})


def _lines(event: Any, *names: str) -> str:
    return "\n".join(filter(None, (_said(event.get(name) or "") for name in names)))


def _said(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
