"""Messages of one Facebook page: https://developers.facebook.com/docs/messenger-platform. Instagram: `instagram.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from connectors.events import Event, Incoming, Receipt, Unused, moment
from connectors.media import MediaPlace
from connectors.meta import GRAPH, MEDIA_HOSTS, VERSION, MetaWebhook, graph_failure
from connectors.output import Envelope, Limits, Output, Part, SentFile
from connectors.own import Window
from connectors.provider import Answer, Provider
from connectors.webhook import needed
from switchboard.records import Attachment

WINDOW = timedelta(hours=24)
# A person may still answer, with Meta's permission for it:
# https://developers.facebook.com/docs/messenger-platform/send-messages/message-tags
PERSON_WINDOW = timedelta(days=7)
_MEDIA = {"image": "image", "video": "video", "audio": "audio", "file": "file"}
# What comes with a place on the web that says what it is, and of these what is a picture or a film itself.
_POINTED_AT = frozenset({"share", "ig_reel", "reel", "post", "ig_post"})
_STORIES = frozenset({"story_mention", "ig_story"})
# What we call our messages; another app of the page may call its own as it likes.
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets
FILE_BYTES = 25_000_000


class MessengerOutput(Output):
    """Sends as the page."""

    # https://developers.facebook.com/docs/messenger-platform/reference/send-api (`metadata`, up to 1,000 characters)
    echoes_names = True
    # https://developers.facebook.com/docs/messenger-platform/send-messages/sender-actions
    typing_seconds = 20.0
    limits = Limits(text=2000, buttons=13, button_title=20, payload=1000, images=True, files={"*": FILE_BYTES})

    def __init__(self, access_token: str, human_agent: bool, api_url: str) -> None:
        self._provider = Provider(api_url)
        self._headers = {"Authorization": f"Bearer {access_token}"}
        self._human_agent = human_agent

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "messenger"

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """Meta's id of the message (`mid`)."""
        message: dict[str, Any] = {"text": part.text}
        if part.image:
            message = {"attachment": {"type": "image", "payload": {"url": part.image}}}
        elif part.buttons:
            message["quick_replies"] = [
                {"content_type": "text", "title": one.title, "payload": one.payload} for one in part.buttons
            ]
        if part.files:
            kind = part.files[0].kind
            kind = kind if kind in _MEDIA else "file"
            message = {"attachment": {"type": kind, "payload": {"is_reusable": False}}}
        if self.echoes_names:
            message["metadata"] = envelope.key
        body = {"recipient": {"id": envelope.recipient}, "message": message, **self._kind(envelope)}
        answer = await (self._upload(body, part.files[0]) if part.files else self._call(body))
        if not answer.is_good:
            raise graph_failure(answer)
        return str(answer.get("message_id") or "") or None

    async def typing(self, envelope: Envelope) -> None:
        """Until the answer, at most 20 seconds."""
        await self._call({"recipient": {"id": envelope.recipient}, "sender_action": "typing_on"})

    async def greet(self) -> None:
        """Raises DeliveryFailed: https://developers.facebook.com/docs/graph-api/overview#me"""
        answer = await self._provider.call("GET", f"/{VERSION}/me", params={"fields": "id"}, headers=self._headers)
        if not answer.is_good:
            raise graph_failure(answer)

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()

    def _kind(self, envelope: Envelope) -> dict[str, str]:
        """How Meta wants this message called, by how long ago the customer wrote."""
        is_tagged = self._human_agent and envelope.is_person and not envelope.wrote_within(WINDOW)
        envelope.must_be_within(PERSON_WINDOW if is_tagged else WINDOW)
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if is_tagged else {"messaging_type": "RESPONSE"}

    async def _upload(self, body: Mapping[str, Any], file: SentFile) -> Answer:
        """The fields of a message as a form, and the file beside them."""
        form = {name: it if isinstance(it, str) else json.dumps(it) for name, it in body.items()}
        path = f"/{VERSION}/me/messages"
        return await self._provider.call("POST", path, form=form, file=("filedata", file), headers=self._headers)

    async def _call(self, body: Any) -> Answer:
        return await self._provider.call("POST", f"/{VERSION}/me/messages", body=body, headers=self._headers)


class MessengerInput(MetaWebhook):
    """One page. What comes for another one, or for an account of another kind, is counted only: our token could not
    answer it."""

    tells_of = "page"
    output = MessengerOutput

    def __init__(
        self, app_secret: str, verify_token: str, token: str, human_agent: bool, api_url: str, page_id: str = ""
    ) -> None:
        self.app_secret = app_secret
        self.verify_token = verify_token
        self._page_id = page_id
        self._human_agent = human_agent
        self._media_hosts = (*MEDIA_HOSTS, urlsplit(api_url).netloc)
        self._output = self.output(token, human_agent, api_url)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "messenger"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> MessengerInput:
        """`app_secret`, a `verify_token` of your own, `page_access_token`; `page_id` where the app serves several;
        `human_agent: true` if Meta permits it."""
        secret, word, token = needed(credentials, cls.name(), "app_secret", "verify_token", "page_access_token")
        given = credentials or {}
        is_permitted, api_url = given.get("human_agent") is True, str(given.get("api_url") or GRAPH)
        return cls(secret, word, token, is_permitted, api_url, str(given.get("page_id") or ""))

    async def start(self) -> None:
        """Whether Meta takes our token."""
        await self._output.greet()

    def events_in(self, body: Any) -> Iterable[Any]:
        """Every event of every entry; what another app handles (`standby`) is only counted."""
        for entry in self.entries(body):
            if body["object"] != self.tells_of or (self._page_id and str(entry["id"]) != self._page_id):
                yield {"for_another": True}
                continue
            yield from entry.get("messaging") or ()
            yield from ({"standby": True} for _ in entry.get("standby") or ())
            yield from ({"change": one.get("field")} for one in entry.get("changes") or ())

    def read(self, event: Any) -> Event | None:
        """Messages, taps, receipts."""
        if "message" in event:
            return _message(event, event["message"])
        if "postback" in event:
            postback = event["postback"]
            key = postback.get("mid") or f"{event['sender']['id']}:{event['timestamp']}"
            return _incoming(event, key, text=postback.get("title") or "", payload=postback["payload"])
        if "read" in event or "delivery" in event:
            return _receipt(event)
        return Unused(next((name for name in event if name not in ("sender", "recipient", "timestamp")), "event"))

    def get_output_channel(self) -> MessengerOutput:
        """One for the page."""
        return self._output

    def window(self, wrote_at: datetime | None, sent_since: int, now: datetime, reach: Mapping[str, Any]) -> Window:
        """24 hours; a person has seven days where Meta permits it."""
        span = PERSON_WINDOW if self._human_agent else WINDOW
        return Window(until=wrote_at + span if wrote_at else now, after="nothing")

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """The address came with the event and holds for a while; only Meta's own hosts are asked."""
        return MediaPlace(str(attachment.source["url"]), self._media_hosts)


def _message(event: Any, message: Any) -> Event:
    if message.get("is_echo") and _KEY.fullmatch(str(message.get("metadata"))):
        return Receipt("sent", str(message["mid"]), key=message["metadata"])
    if message.get("is_echo") or message.get("is_deleted"):
        return Unused("echo" if message.get("is_echo") else "deleted")
    key = message["mid"]
    quick_reply = message.get("quick_reply")
    if quick_reply:
        return _incoming(event, key, text=message.get("text") or "", payload=quick_reply["payload"])
    located = [
        (one.get("type"), one["payload"]["url"])
        for one in message.get("attachments") or ()
        if (one.get("payload") or {}).get("url")
    ]
    attachments = tuple(
        Attachment(_MEDIA.get(kind, "image"), {"url": url}) for kind, url in located if kind in {*_MEDIA, *_STORIES}
    )
    words = [message.get("text") or "", *(url for kind, url in located if kind in _POINTED_AT)]
    text = "\n".join(filter(None, words))
    if not text and not attachments:
        return Unused("message without text")
    return _incoming(event, key, text=text, attachments=attachments)


def _incoming(event: Any, key: object, **fields: Any) -> Incoming:
    at = moment(event.get("timestamp"), a_second=1000)
    return Incoming(str(event["sender"]["id"]), str(key), sent_at=at, **fields)


def _receipt(event: Any) -> Event:
    """Meta names the moment until which all was delivered or read; Instagram the message."""
    kind = "read" if "read" in event else "delivery"
    state = "read" if kind == "read" else "delivered"
    told = event[kind]
    if told.get("mid"):
        return Receipt(state, str(told["mid"]))
    until = datetime.fromtimestamp(int(told["watermark"]) / 1000, timezone.utc)
    return Receipt(state, recipient=str(event["sender"]["id"]), until=until)
