"""Care for the stock channels of messaging services: telegram, facebook, twilio, twilio_voice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4
from xml.etree import ElementTree

import aiohttp
import requests
from fbmessenger import MessengerClient  # type: ignore[import-untyped]
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.channels.facebook import MessengerBot
from rasa.core.channels.telegram import TelegramOutput
from sanic.request import Request, RequestParameters
from sanic.response import HTTPResponse, text
from twilio.request_validator import RequestValidator

from connectors.media import MediaPlace, kind_of
from connectors.meta import MEDIA_HOSTS
from connectors.output import Limits
from connectors.proof import asked_with, hex_sha256, same, shown
from connectors.sms.twilio import MEDIA_HOSTS as TWILIO_MEDIA_HOSTS
from connectors.splitting import utf16_units
from connectors.stock import greetings
from connectors.stock.care import UNREADABLE, Care, Hands, Kept, Known, NoOutput, Reach
from switchboard.records import Attachment

# -- telegram: https://core.telegram.org/bots/api#setwebhook --------------------------------------------------------

_MEDIA = {
    "photo": "image",
    "video": "video",
    "voice": "audio",
    "audio": "audio",
    "document": "file",
    "sticker": "sticker",
    "animation": "video",
    "video_note": "video",
    "contact": "contact",
}


def _telegram_secret(kept: Kept) -> str:
    """Ours to choose: the same on every gateway, and not to be guessed without the bot's token."""
    return kept.setting("secret_token") or hashlib.sha256(f"webhook {kept.channel.access_token}".encode()).hexdigest()


class _QuietTelegram(NoOutput):
    """What the stock handler asks for: who the bot is. The secret in the header has proved it already."""

    def __init__(self, username: str) -> None:
        self._username = username

    async def get_me(self) -> Any:
        """Without asking Telegram for every message."""
        return SimpleNamespace(username=self._username)


def _telegram_prepare(kept: Kept) -> None:
    quiet = _QuietTelegram(kept.channel.verify)
    kept.channel.get_output_channel = lambda: quiet


def _telegram_is_genuine(kept: Kept, request: Request) -> bool:
    return same(shown(request, "x-telegram-bot-api-secret-token"), _telegram_secret(kept))


async def _telegram_take(kept: Kept, request: Request, hands: Hands) -> HTTPResponse | None:
    """What the channel drops or breaks on; the rest is its own."""
    if request.path.endswith("/set_webhook"):
        return text("the gateway sets the webhook itself", status=403)
    update = request.json
    if "callback_query" in update and update["callback_query"].get("message"):
        return None
    message = update.get("message")
    where = (message.get("chat") or {}).get("type") if isinstance(message, dict) else None
    if where == "private" and message.get("text") is not None:
        return None
    attachment = _telegram_attachment(message) if where == "private" else None
    if attachment is None:
        hands.unused(str(where) if where not in (None, "private") else next(iter({*update} - {"update_id"}), "nothing"))
        return text("success")
    known = replace(_telegram_read(kept, request), text=message.get("caption") or "", attachments=(attachment,))
    await hands.over(UserMessage("", NoOutput(), message["chat"]["id"], input_channel="telegram"), known)
    return text("success")


def _telegram_attachment(message: Mapping[str, Any]) -> Attachment | None:
    if message.get("location"):
        return Attachment("location", {name: message["location"].get(name) for name in ("latitude", "longitude")})
    kind = next((name for name in _MEDIA if message.get(name)), None)
    if kind is None:
        return None
    found = message[kind][-1] if kind == "photo" else message[kind]
    return Attachment(
        _MEDIA[kind],
        {"file_id": found.get("file_id")},
        found.get("file_name"),
        found.get("mime_type"),
        found.get("file_size"),
    )


def _telegram_read(_kept: Kept, request: Request) -> Known:
    update = request.json
    asked = update.get("message") or update.get("callback_query") or {}
    who, tap = asked.get("from") or {}, (update.get("callback_query") or {}).get("id")
    # Else the button goes on showing that it waits. https://core.telegram.org/bots/api#making-requests-when-getting-updates
    reply = {"method": "answerCallbackQuery", "callback_query_id": tap} if tap else None
    metadata = {"language": who.get("language_code")}
    return Known(str(update["update_id"]), name=who.get("first_name"), metadata=metadata, reply=reply)


def _telegram_output(kept: Kept, _reach: Reach) -> OutputChannel:
    known = getattr(kept.channel, "own_output", None)
    if known is None:
        known = kept.channel.own_output = TelegramOutput(kept.channel.access_token)
    return known


async def _telegram_close(kept: Kept) -> None:
    known = getattr(kept.channel, "own_output", None)
    if known is not None:
        await (await known.get_session()).close()


async def _telegram_open(kept: Kept, attachment: Attachment) -> MediaPlace:
    output: Any = _telegram_output(kept, {})
    found = await output.get_file(attachment.source["file_id"])
    url = f"https://api.telegram.org/file/bot{kept.channel.access_token}/{found.file_path}"
    return MediaPlace(url, ("api.telegram.org",))


async def _telegram_start(kept: Kept) -> None:
    output: Any = _telegram_output(kept, {})
    await output.set_webhook(
        url=kept.channel.webhook_url or kept.url,
        secret_token=_telegram_secret(kept),
        allowed_updates=["message", "callback_query"],
    )


TELEGRAM = Care(
    is_genuine=_telegram_is_genuine,
    needs=("access_token", "verify"),
    read=_telegram_read,
    take=_telegram_take,
    output=_telegram_output,
    limits=Limits(text=4096, size=utf16_units, buttons=8, button_title=60, payload=64, images=True),
    prepare=_telegram_prepare,
    start=_telegram_start,
    close=_telegram_close,
    open_media=_telegram_open,
)


# -- facebook: https://developers.facebook.com/docs/messenger-platform/webhooks --------------------------------------

_KINDS = {"image": "image", "video": "video", "audio": "audio", "file": "file"}


def _facebook_is_genuine(kept: Kept, request: Request) -> bool:
    if request.method == "GET":
        return same(asked_with(request, "hub.verify_token"), kept.channel.fb_verify)
    expected = "sha256=" + hex_sha256(kept.channel.fb_secret, request.body)
    return same(shown(request, "x-hub-signature-256"), expected)


async def _facebook_take(kept: Kept, request: Request, hands: Hands) -> HTTPResponse:
    """Every event of the batch. The channel reads the first alone, and tells Meta "seen" before it hands that on."""
    if request.method == "GET":
        return text(request.args.get("hub.challenge") or "")
    for entry in request.json.get("entry") or ():
        for event in entry.get("messaging") or ({name: True for name in entry if name not in ("id", "time")},):
            await _facebook_event(kept, event, hands)
    return text("success")


async def _facebook_event(kept: Kept, event: Mapping[str, Any], hands: Hands) -> None:
    try:
        said = _facebook_said(event)
        if said is None:
            about = (one for one in event if one not in ("sender", "recipient", "timestamp"))
            hands.unused("echo" if (event.get("message") or {}).get("is_echo") else next(about, "nothing"))
            return
        message, known = UserMessage(said[0], NoOutput(), event["sender"]["id"], input_channel=kept.name), said[1]
    except UNREADABLE:  # the others of the batch are read all the same
        hands.unused("unreadable")
        return
    await hands.over(message, known)


def _facebook_said(event: Mapping[str, Any]) -> tuple[str, Known] | None:
    message, postback = event.get("message"), event.get("postback")
    if isinstance(postback, dict) and postback.get("payload"):
        key = postback.get("mid") or f"{event['sender']['id']}:{event.get('timestamp')}"
        return postback["payload"], Known(str(key))
    if not isinstance(message, dict) or message.get("is_echo"):
        return None
    attachments = tuple(
        Attachment(_KINDS[one["type"]], {"url": one["payload"]["url"]})
        for one in message.get("attachments") or ()
        if one.get("type") in _KINDS
    )
    words = (message.get("quick_reply") or {}).get("payload") or message.get("text") or ""
    if not words and not attachments:
        return None
    return words, Known(str(message["mid"]), attachments=attachments)


def _facebook_output(kept: Kept, _reach: Reach) -> OutputChannel:
    session = requests.Session()
    session.hooks["response"].append(lambda response, *_, **__: response.raise_for_status())
    client = MessengerClient(kept.channel.fb_access_token, session=session)
    # The version that the library was written for is gone.
    client.graph_url = kept.setting("graph_url") or greetings.GRAPH_URL
    return MessengerBot(client)


async def _facebook_open(_kept: Kept, attachment: Attachment) -> MediaPlace:
    return MediaPlace(str(attachment.source["url"]), MEDIA_HOSTS)


FACEBOOK = Care(
    is_genuine=_facebook_is_genuine,
    needs=("verify", "secret", "page-access-token"),
    start=greetings.facebook,
    take=_facebook_take,
    output=_facebook_output,
    in_thread=True,
    limits=Limits(text=2000, buttons=3, button_title=20, text_with_buttons=640, images=True),
    open_media=_facebook_open,
)


# -- twilio: https://www.twilio.com/docs/usage/security#validating-requests -----------------------------------------


def _twilio_is_genuine(kept: Kept, request: Request) -> bool:
    token = str(getattr(kept.channel, "auth_token", "") or kept.setting("auth_token"))
    query = f"?{request.query_string}" if request.query_string else ""
    given = shown(request, "x-twilio-signature")
    # The address as the provider knows it comes from our settings, never from the request's headers.
    # Empty values are signed as well, and Sanic's form leaves them out.
    form = RequestParameters(parse_qs(request.body.decode(), keep_blank_values=True))
    return bool(given) and bool(RequestValidator(token).validate(kept.url + query, form, given))


def _twilio_read(_kept: Kept, request: Request) -> Known:
    form = request.form
    count = form.get("NumMedia") or "0"
    attachments = tuple(
        Attachment(
            kind_of(form.get(f"MediaContentType{index}")),
            {"url": form.get(f"MediaUrl{index}")},
            mime_type=form.get(f"MediaContentType{index}"),
        )
        for index in range(min(int(count) if count.isdigit() else 0, 10))
        if form.get(f"MediaUrl{index}")
    )
    words = form.get("Body") or ""
    if form.get("Latitude"):
        # The channel makes words of it that look like a command, and drops what was said beside it.
        place = {name: form.get(name.capitalize()) for name in ("latitude", "longitude")}
        attachments = (*attachments, Attachment("location", place))
    if not words and not attachments:
        return Known(unused=str(form.get("SmsStatus") or "no message"))
    # The channel breaks on a message without text.
    form["Body"] = [words]
    return Known(form.get("MessageSid"), attachments=attachments, text=words if attachments else None)


async def _twilio_open(kept: Kept, attachment: Attachment) -> MediaPlace:
    """https://www.twilio.com/docs/messaging/api/media-resource"""
    url = str(attachment.source["url"])
    auth = aiohttp.encode_basic_auth(kept.setting("account_sid"), kept.setting("auth_token"))
    headers = {"Authorization": auth} if urlsplit(url).netloc == "api.twilio.com" else {}
    return MediaPlace(url, ("api.twilio.com", *TWILIO_MEDIA_HOSTS), headers)


TWILIO = Care(
    is_genuine=_twilio_is_genuine,
    needs=("account_sid", "auth_token", "twilio_number"),
    start=greetings.twilio,
    read=_twilio_read,
    in_thread=True,
    limits=Limits(text=1600, buttons=0, images=True),
    is_paid=True,
    open_media=_twilio_open,
)


# -- twilio_voice: https://www.twilio.com/docs/voice/twiml ----------------------------------------------------------


# What stands for a withheld number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE on the keys of a phone.
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
# By the setting `language` of the entry: what is said in, and what is listened for in.
# https://www.twilio.com/docs/voice/twiml/gather/gather-speech-transcription#languages-with-their-speech-tags
_LANGUAGES = {
    "zh-HK": ("zh-HK", "yue-Hant-HK"),
    "zh-TW": ("zh-TW", "cmn-Hant-TW"),
    "zh-CN": ("zh-CN", "cmn-Hans-CN"),
    "en": ("en-GB", "en-GB"),
}


# Twilio hangs up on who has not answered in 15 seconds:
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
_VOICE_ANSWERS_WITHIN_SECONDS = 8.0
# https://www.twilio.com/docs/voice/api/call-resource#call-status-values
_OVER = ("completed", "busy", "failed", "no-answer", "canceled")
_AGAIN = "again"  # in the address that a caller is sent to while the answer is not there yet: the message it is to


def _voice_read(kept: Kept, request: Request) -> Known:
    form = request.form
    number = str(form.get("From") or "")
    if form.get("CallStatus") in _OVER and not form.get("SpeechResult"):
        return Known(unused=str(form.get("CallStatus")))
    again = request.args.get(_AGAIN)
    key = again or request.headers.get("i-twilio-idempotency-token") or uuid4().hex
    if form.get("Digits") and not form.get("SpeechResult"):
        form["SpeechResult"] = [form.get("Digits")]
    if again:
        form["SpeechResult"] = ["…"]  # known by its id; the words were taken the first time
    if not number.startswith("+") or number in _WITHHELD:
        # The channel knows people by their number: those who withhold it would all be one, and hear each other's lines.
        form["From"] = [f"call:{form.get('CallSid')}"]
        number = ""
    # A caller cannot be written to; whoever wants a person is called back.
    metadata = {"language": kept.setting("language") or None}  # the channel says "hello" for who has only just called
    return Known(str(key), {"call_back": number}, metadata=metadata, is_again=bool(again))


def _voice_finish(kept: Kept, answer: HTTPResponse, late: str | None) -> HTTPResponse:
    """The channel names no language, so Twilio would listen for English and read Chinese out as English; it listens for
    no keys; and it cannot ask for a moment more. https://www.twilio.com/docs/voice/twiml/redirect"""
    if not (answer.content_type or "").startswith("text/xml") or not answer.body:
        return answer
    root = ElementTree.fromstring(answer.body)  # noqa: S314  (the channel has just written it)
    for tag, language in zip(("Say", "Gather"), _LANGUAGES.get(kept.setting("language"), ()), strict=False):
        for one in root.iter(tag):
            one.set("language", language)
    for gather in root.findall("Gather"):
        gather.set("input", "dtmf speech")
        gather.set("action", kept.url)  # the channel's own is that of its first account, at the root of the site
        if late is not None:
            root.remove(gather)
            root.extend(gather.findall("Say"))
    if late is not None:
        ElementTree.SubElement(root, "Redirect", method="POST").text = f"{kept.url}?{urlencode({_AGAIN: late})}"
    return text(ElementTree.tostring(root, "unicode"), content_type="text/xml")


TWILIO_VOICE = Care(
    is_genuine=_twilio_is_genuine,
    needs=("auth_token",),
    read=_voice_read,
    writes_later=False,
    finish=_voice_finish,
    answers_within_seconds=_VOICE_ANSWERS_WITHIN_SECONDS,
)
