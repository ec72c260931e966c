"""LINE Messaging API.

Webhooks: https://developers.line.biz/en/reference/messaging-api/#webhooks
Sending: https://developers.line.biz/en/reference/messaging-api/#send-reply-message and #send-push-message
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from sanic.request import Request

from connectors.events import Event, Incoming, Linked, Unused, moment
from connectors.media import MediaPlace
from connectors.output import DeliveryFailed, Envelope, Limits, NotFree, Output, Part
from connectors.proof import base64_sha256, same, shown
from connectors.provider import Answer, Provider, failure
from connectors.splitting import utf16_units
from connectors.webhook import Webhook, needed
from switchboard.records import Attachment

API = "https://api.line.me"
CONTENT_API = "https://api-data.line.me"
ACCESS = "https://access.line.me"
# A reply token holds for a minute; what comes later is pushed, which counts against the plan.
REPLY_TOKEN_HOLDS = timedelta(seconds=50)
# Multiples of five, from 5 to 60.
LOADING_SECONDS, LOADING_SECONDS_OF_PERSON = 20, 5
MESSAGES_A_CALL = 5
_MEDIA = {"image": "image", "video": "video", "audio": "audio", "file": "file"}


class LineOutput(Output):
    """Replies while the reply token holds (free), pushes afterwards; a turn in as few calls as LINE takes."""

    # Files of ours LINE takes by address alone, and only pictures, films and sounds.
    limits = Limits(text=5000, size=utf16_units, buttons=13, button_title=20, payload=300, images=True, file_links=True)
    # https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
    repeats_safely = True
    joins_turns = True
    typing_seconds = LOADING_SECONDS

    def __init__(self, access_token: str, api_url: str = API) -> None:
        self._provider = Provider(api_url)
        self._headers = {"Authorization": f"Bearer {access_token}"}
        self._used_tokens: dict[str, None] = {}

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "line"

    def leaving(self, parts: Sequence[Part]) -> int:
        """As many messages as a call takes."""
        return min(MESSAGES_A_CALL, len(parts))

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """The id that LINE gives the message."""
        return (await self.post_together([part], envelope))[0]

    async def post_together(self, parts: Sequence[Part], envelope: Envelope) -> list[str | None]:
        """The ids that LINE gives the messages of one call. Raises NotFree for a reply whose token is refused."""
        messages = _messages(parts)
        token = self._reply_token(envelope)
        if token:
            try:
                answer = await self._call("/v2/bot/message/reply", {"replyToken": token, "messages": messages})
            except DeliveryFailed as exc:
                # A reply has no repeat key: pushed as well, the customer might read it twice.
                exc.cannot_repeat = True
                raise
            if answer.is_good:
                return _ids(answer, len(parts))
            if answer.status != 400:
                raise _failure(answer)
            # The token was used or is too old: LINE took nothing. Asked again, it is pushed.
            raise NotFree("refused", str(answer.get("message") or ""))
        answer = await self._call(
            "/v2/bot/message/push",
            {"to": envelope.recipient, "messages": messages},
            {"X-Line-Retry-Key": envelope.key},
        )
        # 409: it was taken the first time we asked.
        if answer.is_good or answer.status == 409:
            return _ids(answer, len(parts))
        raise _failure(answer)

    def costs(self, part: Part, envelope: Envelope) -> bool:
        """A push (https://developers.line.biz/en/docs/messaging-api/pricing/)."""
        return not _may_reply(envelope) or str(envelope.reach.get("reply_token")) in self._used_tokens

    def may_repeat(self, envelope: Envelope) -> bool:
        """A push, under its key; what may have been a reply has none."""
        return not _may_reply(envelope)

    async def typing(self, envelope: Envelope) -> None:
        """The loading sign; it ends with the next message, and of a person who stops writing, soon."""
        seconds = LOADING_SECONDS_OF_PERSON if envelope.is_person else LOADING_SECONDS
        await self._call("/v2/bot/chat/loading/start", {"chatId": envelope.recipient, "loadingSeconds": seconds})

    async def greet(self) -> None:
        """Raises DeliveryFailed: https://developers.line.biz/en/reference/messaging-api/#get-bot-info"""
        answer = await self._provider.call("GET", "/v2/bot/info", headers=self._headers)
        if not answer.is_good:
            raise _failure(answer)

    async def link_token(self, user: str) -> str:
        """Good for ten minutes and once: https://developers.line.biz/en/reference/messaging-api/#issue-link-token"""
        answer = await self._call(f"/v2/bot/user/{quote(user, safe='')}/linkToken")
        if not answer.is_good:
            raise _failure(answer)
        return str(answer.get("linkToken"))

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()

    def _reply_token(self, envelope: Envelope) -> str | None:
        """The token of the customer's last message, once, as long as it holds."""
        token = str(envelope.reach.get("reply_token"))
        if not _may_reply(envelope) or token in self._used_tokens:
            return None
        self._used_tokens[token] = None
        if len(self._used_tokens) > 5000:
            del self._used_tokens[next(iter(self._used_tokens))]
        return token

    async def _call(
        self, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return await self._provider.call("POST", path, body=body, headers={**self._headers, **(headers or {})})


class LineInput(Webhook):
    """A LINE Official Account."""

    sender_is_sure = True
    holds_from_arrival = True  # its reply token

    def __init__(self, secret: str, access_token: str, api_url: str, content_url: str, access_url: str) -> None:
        self.account_site = access_url
        self._secret = secret
        self._token = access_token
        self._content_url = content_url
        self._output = LineOutput(access_token, api_url)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "line"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> LineInput:
        """`channel_secret` and `channel_access_token` from the LINE Developers console."""
        secret, token = needed(credentials, "line", "channel_secret", "channel_access_token")
        given = credentials or {}
        hosts = {"api_url": API, "content_url": CONTENT_API, "access_url": ACCESS}
        return cls(secret, token, *(str(given.get(name) or usual) for name, usual in hosts.items()))

    async def start(self) -> None:
        """Whether LINE takes our token."""
        await self._output.greet()

    def is_genuine(self, request: Request) -> bool:
        """https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/"""
        return same(shown(request, "x-line-signature"), base64_sha256(self._secret, request.body))

    def events_in(self, body: Any) -> Iterable[Any]:
        """None at all when the console checks the address."""
        events: list[Any] = body["events"]
        return events

    def read(self, event: Any) -> Event | None:
        """Messages and taps of one person; groups are no customer service."""
        kind = event["type"]
        source = event.get("source") or {}
        if event.get("mode") == "standby" or source.get("type") != "user":
            return Unused(f"{kind} of {event.get('mode') or source.get('type')}")
        if kind == "message":
            return self._read_message(event, event["message"], source["userId"])
        if kind == "postback":
            return _incoming(event, source["userId"], payload=str(event["postback"]["data"]))
        if kind == "accountLink":
            return _linked(event, source["userId"])
        return Unused(kind)

    def get_output_channel(self) -> LineOutput:
        """One for the account."""
        return self._output

    async def account_step(self, sender: str, nonce: str) -> str:
        """LINE checks that who is at the browser is the user whom the token was issued for, and asks them:
        https://developers.line.biz/en/docs/messaging-api/linking-accounts/"""
        token = await self._output.link_token(sender)
        return f"{self.account_site}/dialog/bot/accountLink?{urlencode({'linkToken': token, 'nonce': nonce})}"

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """https://developers.line.biz/en/reference/messaging-api/#get-content"""
        url = f"{self._content_url}/v2/bot/message/{attachment.source['id']}/content"
        return MediaPlace(url, (_host(self._content_url),), {"Authorization": f"Bearer {self._token}"})

    def _read_message(self, event: Any, message: Any, sender: str) -> Event:
        kind = message["type"]
        if kind == "text":
            return _incoming(event, sender, text=message["text"])
        if kind in _MEDIA:
            if (message.get("contentProvider") or {}).get("type") == "external":
                return Unused("external content")
            attachment = Attachment(
                _MEDIA[kind], {"id": str(message["id"])}, message.get("fileName"), size_bytes=message.get("fileSize")
            )
            return _incoming(event, sender, attachments=(attachment,))
        if kind == "location":
            place = {name: message.get(name) for name in ("title", "address", "latitude", "longitude")}
            words = " ".join(str(place[name]) for name in ("title", "address") if place[name])
            return _incoming(event, sender, text=words, attachments=(Attachment("location", place),))
        if kind == "sticker":
            return _incoming(event, sender, attachments=(Attachment("sticker", {"keywords": message.get("keywords")}),))
        return Unused(f"message {kind}")


def _incoming(event: Any, sender: str, **fields: Any) -> Incoming:
    token = event.get("replyToken")
    reach = {"reply_token": token} if token else {}
    return Incoming(
        sender, event["webhookEventId"], reach=reach, sent_at=moment(event.get("timestamp"), a_second=1000), **fields
    )


def _linked(event: Any, sender: str) -> Linked:
    """https://developers.line.biz/en/reference/messaging-api/#account-link-event"""
    link, token = event["link"], event.get("replyToken")
    return Linked(sender, str(link["nonce"]), link["result"] == "ok", {"reply_token": token} if token else {})


def _may_reply(envelope: Envelope) -> bool:
    """Whether the customer's last message brought a token that holds at the envelope's `now`."""
    if not isinstance(envelope.reach.get("reply_token"), str) or envelope.wrote_at is None or envelope.now is None:
        return False
    return envelope.now - envelope.wrote_at <= REPLY_TOKEN_HOLDS


def _messages(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Of messages that come at once, LINE shows the quick replies of the last:
    https://developers.line.biz/en/docs/messaging-api/using-quick-reply/"""
    messages = [_message(part) for part in parts]
    actions = [
        {"type": "postback", "label": one.title, "data": one.payload, "displayText": one.title}
        for part in parts
        for one in part.buttons
    ]
    if actions:
        messages[-1]["quickReply"] = {"items": [{"type": "action", "action": action} for action in actions]}
    return messages


def _message(part: Part) -> dict[str, Any]:
    if part.image and part.image.startswith("https://"):
        return {"type": "image", "originalContentUrl": part.image, "previewImageUrl": part.image}
    return {"type": "text", "text": part.text or part.image}


def _ids(answer: Answer, count: int) -> list[str | None]:
    sent = answer.get("sentMessages")
    found = [str(one["id"]) for one in sent if isinstance(one, dict)] if isinstance(sent, list) else []
    return list(found) if len(found) == count else [None] * count


def _failure(answer: Answer) -> DeliveryFailed:
    """https://developers.line.biz/en/reference/messaging-api/#error-responses"""
    said, details = str(answer.get("message") or ""), answer.get("details")
    if answer.status == 400 and isinstance(details, list) and details:
        # LINE says there what is wrong with which of the messages.
        told = "; ".join(str(one.get("message")) for one in details if isinstance(one, dict))
        return DeliveryFailed("content", f"{said}: {told}"[:200], permanent=True)
    if answer.status == 429 and "monthly limit" in said:
        return DeliveryFailed("quota", said, permanent=True)
    # https://developers.line.biz/en/faq/tags/message/: nobody has this id; and it is none.
    if answer.status == 400 and (said == "Failed to send messages" or said.startswith("The property, 'to',")):
        return DeliveryFailed("unknown_recipient", said, permanent=True)
    return failure(answer, said)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
