"""SMS and MMS by Twilio Programmable Messaging.

Coming in: https://www.twilio.com/docs/messaging/guides/webhook-request
Going out: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
States: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from sanic import response
from sanic.request import Request, RequestParameters
from sanic.response import HTTPResponse
from twilio.request_validator import RequestValidator

from connectors.events import Event, Incoming, Receipt, Unused
from connectors.media import MediaPlace
from connectors.output import DeliveryFailed, Envelope, Limits, Output, Part
from connectors.own import BadSetting
from connectors.proof import asked_with, shown
from connectors.provider import Answer, Provider, failure, key_refused
from connectors.sms.segments import MOST_CHARACTERS, MOST_SEGMENTS, segments, size_in
from connectors.webhook import Webhook, needed
from switchboard.records import Attachment

log = logging.getLogger(__name__)

API = "https://api.twilio.com"
# Twilio posts some thirty fields; a body of thousands is none of its.
MAX_FIELDS = 200
# Where https://www.twilio.com/docs/messaging/api/media-resource#fetch-a-media-resource leads to.
MEDIA_HOSTS = ("mms.twiliocdn.com", "media.twiliocdn.com", "s3-external-1.amazonaws.com")
# Answered by Twilio itself: https://help.twilio.com/articles/223134027. Of its other words, CANCEL, END, QUIT, YES and
# INFO are what customers of a shop say as well, and mean something by.
_TWILIOS_WORDS = frozenset({"stop", "stopall", "unsubscribe", "start", "unstop", "help"})
# https://www.twilio.com/docs/api/errors; what is not here keeps the meaning of its status.
_REASONS = {
    21610: "blocked",  # the customer sent STOP
    30004: "blocked",
    21211: "unknown_recipient",
    21214: "unknown_recipient",
    21217: "unknown_recipient",
    21612: "unknown_recipient",
    21614: "unknown_recipient",
    30003: "unknown_recipient",  # switched off, or out of reach for as long as the operator tried
    30005: "unknown_recipient",
    30006: "unknown_recipient",
    30007: "content",  # the operator's filter
    21602: "content",
    21620: "content",
    21617: "too_large",
    30019: "too_large",
    21408: "account",  # the country is not switched on
    21606: "account",
    21603: "account",
    21659: "account",
    21660: "account",
    21703: "account",
    30002: "account",
    30034: "account",
    63038: "quota",
}
# Of the address that a state comes to, which is signed with it.
_KEY = "key of ours"
_SENT = {"sent": "sent", "delivered": "delivered", "read": "read", "undelivered": "failed", "failed": "failed"}


class TwilioSmsOutput(Output):
    """Sends from one number, or by a messaging service."""

    contact_kind = "phone"
    limits = Limits(text=MOST_CHARACTERS, size=size_in(MOST_SEGMENTS), file_links=True)

    def __init__(self, account_sid: str, auth_token: str, sender: dict[str, str], callback: str, api_url: str) -> None:
        self._provider = Provider(api_url)
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
        self._account_path = f"/2010-04-01/Accounts/{account_sid}.json"
        self._path = f"/2010-04-01/Accounts/{account_sid}/Messages.json"
        # Typographic quotes become plain ones, where that keeps a text in the cheaper alphabet.
        self._fixed = {**sender, "SmartEncoded": "true"}
        self._callback = callback

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "sms"

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """Twilio's SID of the message."""
        form = {"To": envelope.recipient, **self._fixed, "StatusCallback": f"{self._callback}?key={envelope.key}"}
        # Twilio fetches a picture itself, from a public address.
        fetched = part.image and part.image.startswith("https://")
        form.update({"MediaUrl": part.image or ""} if fetched else {"Body": part.text or part.image or ""})
        answer = await self._provider.call("POST", self._path, form=form, headers=self._headers)
        if not answer.is_good:
            raise _failure(answer)
        cost = segments(part.text)
        log.info(
            "SMS sent",
            extra={"event": "sms_sent", "channel": "sms", "segments": cost.count, "encoding": cost.encoding},
        )
        return str(answer.get("sid") or "") or None

    def costs(self, part: Part, envelope: Envelope) -> bool:
        """Every SMS."""
        return True

    async def greet(self) -> None:
        """Raises DeliveryFailed: https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource"""
        answer = await self._provider.call("GET", self._account_path, headers=self._headers)
        if not answer.is_good:
            raise _failure(answer)
        if answer.get("status") != "active":
            raise key_refused(f"the account is {answer.get('status')}")

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()


class TwilioSmsInput(Webhook):
    """One number, or one messaging service."""

    def __init__(self, account_sid: str, auth_token: str, webhook_url: str, settings: dict[str, Any]) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._url = webhook_url
        self._twilio_answers = settings.get("twilio_answers_stop") is not False
        self._api_url = str(settings.get("api_url") or API).rstrip("/")
        self._number = str(settings.get("from") or "").strip()
        service = str(settings.get("messaging_service_sid") or "").strip()
        sender = {"MessagingServiceSid": service} if service else {"From": self._number}
        self._output = TwilioSmsOutput(account_sid, auth_token, sender, webhook_url, self._api_url)
        if settings.get("mms") is True:
            self._output.limits = replace(self._output.limits, images=True)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "sms"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TwilioSmsInput:
        """`account_sid` and `auth_token` from the console; `webhook_url` as it is written there; `from` or
        `messaging_service_sid`."""
        given = credentials or {}
        account, token, url = needed(given, "sms", "account_sid", "auth_token", "webhook_url")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise BadSetting("sms: `webhook_url` is the whole public address of this channel, with https://.")
        if not given.get("messaging_service_sid"):
            needed(given, "sms", "from")
        # What stands after # tells Twilio how often to try and is not part of what it signs.
        return cls(account, token, url.partition("#")[0], given)

    async def start(self) -> None:
        """Whether Twilio takes our token, and the account is open."""
        await self._output.greet()

    def is_genuine(self, request: Request) -> bool:
        """https://www.twilio.com/docs/usage/security#validating-requests, by Twilio's own library. The address is the
        one in our settings and never what the request says of itself; the algorithm is the first, whatever a header
        names."""
        form = _form_of(request)
        given = shown(request, "x-twilio-signature")
        query = f"?{request.query_string}" if request.query_string else ""
        if not given or form is None:
            return False
        return bool(RequestValidator(self._auth_token).validate(self._url + query, form, given))

    def parse(self, request: Request) -> Any:
        """Exactly what was verified."""
        form = _form_of(request)
        if form is None:
            raise ValueError("no form")
        return {**{name: values[0] for name, values in form.items()}, _KEY: asked_with(request, "key")}

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """No answer in the response: answers go out by the outbox."""
        return response.text("<Response></Response>", content_type="text/xml")

    def events_in(self, body: Any) -> Iterable[Any]:
        """One a request."""
        return [body]

    def read(self, event: Any) -> Event | None:
        """A message, or what became of one of ours."""
        if event.get("AccountSid") != self._account_sid:
            return Unused("another account")
        if "MessageStatus" in event:
            return _receipt(event)
        if self._number and event["To"] != self._number:
            return Unused("another number")
        words, attachments = event.get("Body") or "", _media(event)
        if event.get("OptOutType") or (self._twilio_answers and words.strip().lower() in _TWILIOS_WORDS):
            return Unused("opt-out word")
        if not words.strip() and not attachments:
            return Unused("message without text")
        return Incoming(event["From"], event["MessageSid"], text=words, attachments=attachments)

    def get_output_channel(self) -> TwilioSmsOutput:
        """One for the number."""
        return self._output

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """https://www.twilio.com/docs/messaging/api/media-resource"""
        url = str(attachment.source["url"])
        auth = aiohttp.encode_basic_auth(self._account_sid, self._auth_token)
        api = urlsplit(self._api_url).netloc
        headers = {"Authorization": auth} if urlsplit(url).netloc == api else {}
        return MediaPlace(url, (api, *MEDIA_HOSTS), headers, attachment.mime_type)


def _form_of(request: Request) -> RequestParameters | None:
    """The fields, the empty ones as well, for they are signed too; None when it is no form of Twilio's."""
    try:
        fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    return RequestParameters(fields)


def _media(event: Any) -> tuple[Attachment, ...]:
    count = event.get("NumMedia") or "0"
    found = []
    for index in range(min(int(count), 10) if count.isascii() and count.isdigit() else 0):
        url, mime_type = event.get(f"MediaUrl{index}"), event.get(f"MediaContentType{index}") or ""
        kind = mime_type.partition("/")[0]
        if url:
            kind = kind if kind in ("image", "video", "audio") else "file"
            found.append(Attachment(kind, {"url": url}, mime_type=mime_type or None))
    return tuple(found)


def _receipt(event: Any) -> Event:
    state = _SENT.get(event["MessageStatus"])
    if state is None:  # accepted, scheduled, queued, sending: on its way
        return Unused(f"status {event['MessageStatus']}")
    key = event[_KEY] or None
    if state != "failed":
        return Receipt(state, event["MessageSid"], key=key)
    code = event.get("ErrorCode") or ""
    reason = _REASONS.get(int(code), "refused") if code.isascii() and code.isdigit() else "refused"
    return Receipt(state, event["MessageSid"], reason=reason, detail=f"Twilio {code}".strip(), key=key)


def _failure(answer: Answer) -> DeliveryFailed:
    """The code says more than the status: https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions"""
    code = answer.get("code")
    said = f"{code}: {answer.get('message') or ''}" if code else ""
    if isinstance(code, int) and code in _REASONS:
        return DeliveryFailed(_REASONS[code], said, permanent=True)
    return failure(answer, said)
