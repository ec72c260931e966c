"""Telegram's Bot API: https://core.telegram.org/bots/api"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from rasa.shared.exceptions import InvalidConfigException
from sanic.request import Request

from connectors.events import Event, Incoming, Unused
from connectors.media import MediaPlace
from connectors.output import DeliveryFailed, Envelope, Limits, Output, Part, SentFile
from connectors.proof import same, shown
from connectors.provider import Answer, Provider, failure, key_refused
from connectors.splitting import utf16_units
from connectors.webhook import Webhook, needed
from switchboard.records import Attachment

API = "https://api.telegram.org"
# https://core.telegram.org/bots/api#sending-files
FILE_BYTES, PHOTO_BYTES = 50_000_000, 10_000_000
# https://core.telegram.org/bots/api#sendphoto: of a photo, width and height together, and one over the other.
PHOTO_SIDES, PHOTO_RATIO = 10_000, 20
# What it says of a photo that it does not show, and would keep as a document.
_NO_PHOTO = ("photo_invalid_dimensions", "photo_save_file_invalid", "image_process_failed")
# What we ask Telegram to send; the rest never arrives.
UPDATES = ["message", "callback_query"]
_MEDIA = {
    "photo": "image",
    "video": "video",
    "animation": "video",
    "video_note": "video",
    "voice": "audio",
    "audio": "audio",
    "document": "file",
    "sticker": "sticker",
}
# https://core.telegram.org/bots/api#making-requests gives a sentence and no code; these beginnings are Telegram's own.
_REFUSALS = (
    ("bot was blocked", "blocked"),
    ("user is deactivated", "blocked"),
    ("bot was kicked", "blocked"),
    ("chat not found", "unknown_recipient"),
    ("bot can't initiate conversation", "unknown_recipient"),
    ("message is too long", "too_large"),
    ("caption is too long", "too_large"),
    ("text is empty", "content"),
    ("image_process_failed", "content"),
    ("photo_invalid", "content"),
    ("file is too big", "too_large"),
)


class TelegramOutput(Output):
    """Sends as the bot."""

    limits = Limits(
        text=4096, size=utf16_units, buttons=12, button_title=60, payload=64, images=True, files={"*": FILE_BYTES}
    )

    # https://core.telegram.org/bots/api#sendchataction
    typing_seconds = 5.0

    def __init__(self, token: str, api_url: str = API) -> None:
        self._provider = Provider(f"{api_url.rstrip('/')}/bot{token}")

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "telegram"

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """The id of the message in its chat."""
        if part.files:
            answer = await self._send_file(part.files[0], envelope)
        elif part.image:
            answer = await self.ask("sendPhoto", {"chat_id": envelope.recipient, "photo": part.image})
        else:
            body: dict[str, Any] = {"chat_id": envelope.recipient, "text": part.text}
            if part.buttons:
                rows = [[{"text": one.title, "callback_data": one.payload}] for one in part.buttons]
                body["reply_markup"] = {"inline_keyboard": rows}
            answer = await self.ask("sendMessage", body)
        return f"{envelope.recipient}:{answer.get('result', 'message_id')}"

    async def typing(self, envelope: Envelope) -> None:
        """Five seconds of "typing"; and the tapped button stops turning."""
        tap = envelope.reach.get("tap")
        if tap:
            with contextlib.suppress(DeliveryFailed):  # it is too old to be answered
                await self.ask("answerCallbackQuery", {"callback_query_id": tap})
        await self.ask("sendChatAction", {"chat_id": envelope.recipient, "action": "typing"})

    async def _send_file(self, file: SentFile, envelope: Envelope) -> Answer:
        """A photograph is shown, everything else is saved."""
        form = {"chat_id": envelope.recipient}
        if _is_photo(file):
            answer = await self._provider.call("POST", "/sendPhoto", form=form, file=("photo", file))
            if not any(words in str(answer.get("description")).lower() for words in _NO_PHOTO):
                return _good(answer)
        return _good(await self._provider.call("POST", "/sendDocument", form=form, file=("document", file)))

    async def ask(self, method: str, body: Mapping[str, Any]) -> Answer:
        """Telegram's answer. Raises DeliveryFailed."""
        return _good(await self._provider.call("POST", f"/{method}", body=body))

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()


class TelegramInput(Webhook):
    """A bot that customers write to in private chats."""

    sender_is_sure = True

    def __init__(self, token: str, webhook_url: str, secret: str, api_url: str) -> None:
        self._token = token
        self._webhook_url = webhook_url
        self._secret = secret
        self._api_url = api_url.rstrip("/")
        self._output = TelegramOutput(token, api_url)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "telegram"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TelegramInput:
        """`access_token` from @BotFather and `webhook_url`; a `secret_token` of your own is optional."""
        token, url = needed(credentials, "telegram", "access_token", "webhook_url")
        given = credentials or {}
        # The same on every gateway, and not to be guessed without the bot's token.
        secret = str(given.get("secret_token") or hashlib.sha256(f"webhook {token}".encode()).hexdigest())
        if not secret.replace("-", "").replace("_", "").isalnum() or not secret.isascii() or len(secret) > 256:
            raise InvalidConfigException("telegram: `secret_token` may have A-Z, a-z, 0-9, _ and -.")
        return cls(token, url, secret, str(given.get("api_url") or API))

    async def start(self) -> None:
        """Tell Telegram where we are, and the secret to show: https://core.telegram.org/bots/api#setwebhook"""
        body = {"url": self._webhook_url, "secret_token": self._secret, "allowed_updates": UPDATES}
        await self._output.ask("setWebhook", body)

    def is_genuine(self, request: Request) -> bool:
        """The secret that we gave Telegram."""
        return same(shown(request, "x-telegram-bot-api-secret-token"), self._secret)

    def events_in(self, body: Any) -> Iterable[Any]:
        """One update a request."""
        return [body]

    def read(self, event: Any) -> Event | None:
        """Messages and taps in private chats."""
        number = str(event["update_id"]) if "update_id" in event else ""
        tap = event.get("callback_query")
        if tap is not None:
            if not tap.get("data") or tap["message"]["chat"]["type"] != "private":
                return Unused("callback_query without our data")
            sender = tap["message"]["chat"]["id"]
            return Incoming(
                str(sender), number, payload=str(tap["data"]), reach={"tap": tap["id"]}, **_person(tap["from"])
            )
        message = event.get("message")
        if message is None or not number:
            return Unused(next((name for name in event if name != "update_id"), "update"))
        if message["chat"]["type"] != "private":
            return Unused(f"message in a {message['chat']['type']}")
        return self._read_message(message, number)

    def get_output_channel(self) -> TelegramOutput:
        """One for the bot."""
        return self._output

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """https://core.telegram.org/bots/api#getfile; the address holds for an hour."""
        answer = await self._output.ask("getFile", {"file_id": attachment.source["file_id"]})
        url = f"{self._api_url}/file/bot{self._token}/{answer.get('result', 'file_path')}"
        host = self._api_url.partition("://")[2].partition("/")[0]
        return MediaPlace(url, (host,), mime_type=attachment.mime_type, size_bytes=answer.get("result", "file_size"))

    def _read_message(self, message: Any, number: str) -> Event:
        fields: dict[str, Any] = _person(message["from"])
        words = message.get("text") or message.get("caption") or ""
        # Telegram's own first line, typed by a tap on Start.
        if words.startswith("/start"):
            return Unused("start")
        if message.get("location"):
            place = {name: message["location"].get(name) for name in ("latitude", "longitude")}
            fields["attachments"] = (Attachment("location", place),)
        elif message.get("contact"):
            contact = {name: message["contact"].get(name) for name in ("phone_number", "first_name", "last_name")}
            fields["attachments"] = (Attachment("contact", contact),)
        else:
            kind = next((name for name in _MEDIA if message.get(name)), None)
            if kind is None and not words:
                return Unused("message without text")
            if kind is not None:
                fields["attachments"] = (_attachment(kind, message[kind]),)
        return Incoming(str(message["chat"]["id"]), number, text=words, **fields)


def _is_photo(file: SentFile) -> bool:
    if file.media_type not in ("image/png", "image/jpeg") or file.size_bytes > PHOTO_BYTES:
        return False
    short, long = sorted(file.pixels or (1, 1))
    return short + long <= PHOTO_SIDES and long <= PHOTO_RATIO * short


def _attachment(kind: str, found: Any) -> Attachment:
    one = found[-1] if kind == "photo" else found  # the largest stands last
    return Attachment(
        _MEDIA[kind], {"file_id": one["file_id"]}, one.get("file_name"), one.get("mime_type"), one.get("file_size")
    )


def _person(who: Any) -> dict[str, Any]:
    name = " ".join(filter(None, (who.get("first_name"), who.get("last_name"))))
    return {"name": name or None, "language": who.get("language_code")}


def _good(answer: Answer) -> Answer:
    if answer.is_good and answer.get("ok") is True:
        return answer
    raise _failure(answer)


def _failure(answer: Answer) -> DeliveryFailed:
    said = str(answer.get("description") or "")
    wait = answer.get("parameters", "retry_after")
    if answer.status == 429:
        # A second a message holds for one chat; what Telegram asks us to wait for holds for the bot.
        return DeliveryFailed("busy", said, retry_after=float(wait or 1), whole_account=True)
    if answer.status == 404:  # what it says to a token that was never one
        return key_refused(said)
    reason = next((reason for words, reason in _REFUSALS if words in said.lower()), None)
    if reason is not None:
        return DeliveryFailed(reason, said, permanent=True)
    return failure(answer, said)
