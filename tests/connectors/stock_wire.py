"""How the providers of Rasa's stock channels call us: one `Stock` a channel, and a gateway that has them all."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
import requests
import yarl
from gateway_parts import Gateway, Start
from kit import PAYLOADS, as_json
from multidict import CIMultiDict
from providers.stock import (
    APP_ID,
    PROJECT,
    SLACK_TOKEN,
    TELEGRAM_TOKEN,
    TWILIO_ACCOUNT,
    TWILIO_TOKEN,
    StockProviders,
    bot_framework_token,
    google_token,
)
from sanic.request import RequestParameters
from twilio.request_validator import RequestValidator

SECRET = "s" * 32
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CALLERS = "app:token-of-the-app"


@dataclass(frozen=True)
class Call:
    """One request of a provider."""

    body: bytes
    headers: Mapping[str, str]
    proof: tuple[str, ...] = ()  # the headers that carry it; else it stands in the body
    query: str = ""

    @property
    def unproved(self) -> list[Call]:
        """The same without its proof, with one that is none, and with both: the right one first, and last."""
        if not self.proof:
            return [Call(json.dumps({**json.loads(self.body), "token": "x"}).encode(), self.headers)]
        others = [(name, value) for name, value in self.headers.items() if name not in self.proof]
        right = [(name, self.headers[name]) for name in self.proof]
        wrong = [(name, "x" * len(value)) for name, value in right]
        forged = [others, [*others, *wrong], [*others, *right, *wrong], [*others, *wrong, *right]]
        return [Call(self.body, CIMultiDict(one)) for one in forged]


def _hmac(secret: str, body: bytes, kind: Any) -> str:
    return hmac.new(secret.encode(), body, kind).hexdigest()


def _url(base: str, channel: str, query: str = "") -> str:
    return f"{base}/webhooks/{channel}/webhook{query}"


# -- the proof of each, over any body ------------------------------------------------------------------------------


def sign_slack(body: bytes, at: int | None = None, secret: str = SECRET) -> Call:
    kind = FORM if body.startswith(b"payload=") else JSON
    stamp = str(int(time.time()) if at is None else at)
    signature = "v0=" + _hmac(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256)
    headers = {**kind, "X-Slack-Signature": signature, "X-Slack-Request-Timestamp": stamp}
    return Call(body, headers, ("X-Slack-Signature", "X-Slack-Request-Timestamp"))


def sign_telegram(body: bytes) -> Call:
    secret = hashlib.sha256(f"webhook {TELEGRAM_TOKEN}".encode()).hexdigest()
    name = "X-Telegram-Bot-Api-Secret-Token"
    return Call(body, {**JSON, name: secret}, (name,))


def sign_facebook(body: bytes) -> Call:
    name = "X-Hub-Signature-256"
    return Call(body, {**JSON, name: "sha256=" + _hmac(SECRET, body, hashlib.sha256)}, (name,))


def sign_twilio(body: bytes, gateway: Gateway, channel: str = "twilio", query: str = "") -> Call:
    fields = RequestParameters(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True))
    known_as = _url(gateway.settings.public_url or gateway.base, channel, query)
    signature = RequestValidator("0" * 32).compute_signature(known_as, fields)
    name = "X-Twilio-Signature"
    return Call(body, {**FORM, name: signature}, (name,), query)


def call_by_phone(gateway: Gateway, query: str = "", **form: str) -> Call:
    """What Twilio tells of a call."""
    whole = {"From": "+85291234567", "CallSid": "CA1", "CallStatus": "in-progress", **form}
    return sign_twilio(urlencode(whole).encode(), gateway, "twilio_voice", query)


def sign_rocketchat(body: bytes) -> Call:
    return Call(body, {**JSON, "X-RocketChat-Livechat-Token": "w"}, ("X-RocketChat-Livechat-Token",))


def sign_webex(body: bytes) -> Call:
    return Call(body, {**JSON, "X-Spark-Signature": _hmac("w", body, hashlib.sha1)}, ("X-Spark-Signature",))


def sign_hangouts(body: bytes) -> Call:
    return Call(body, {**JSON, "Authorization": f"Bearer {google_token()}"}, ("Authorization",))


def sign_bot_framework(body: bytes, service: str) -> Call:
    token = bot_framework_token(service)
    return Call(body, {**JSON, "Authorization": f"Bearer {token}"}, ("Authorization",))


def sign_caller(body: bytes) -> Call:
    return Call(body, {**JSON, "Authorization": "Bearer token-of-the-app"}, ("Authorization",))


# -- a message, and a tap of a choice ------------------------------------------------------------------------------


def _slack(text: str, number: int) -> bytes:
    event = {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": text, "ts": f"1.{number}"}
    return as_json({"type": "event_callback", "event_id": f"Ev{number}", "event": event, "authed_users": ["UB"]})


def _slack_tap(value: str, number: int) -> bytes:
    """https://api.slack.com/reference/interaction-payloads/block-actions"""
    payload = {
        "type": "block_actions",
        "user": {"id": "U1"},
        "channel": {"id": "D1"},
        "message": {"ts": "1.1"},
        "actions": [{"type": "button", "value": value, "action_ts": f"2.{number}"}],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


_TELEGRAM_CHAT = {"id": 42, "type": "private"}


def _telegram(text: str, number: int) -> bytes:
    who = {"id": 42, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": number, "from": who, "chat": _TELEGRAM_CHAT, "date": 1, "text": text}
    return as_json({"update_id": number, "message": message})


def _telegram_tap(data: str, number: int) -> bytes:
    """https://core.telegram.org/bots/api#callbackquery"""
    message = {"message_id": 1, "chat": _TELEGRAM_CHAT, "date": 1, "text": "Which?"}
    who = {"id": 42, "is_bot": False, "first_name": "Ana"}
    query = {"id": f"q{number}", "from": who, "message": message, "data": data, "chat_instance": "1"}
    return as_json({"update_id": number, "callback_query": query})


def _facebook(text: str, number: int) -> bytes:
    return _facebook_event({"message": {"mid": f"m{number}", "text": text}})


def _facebook_tap(payload: str, number: int) -> bytes:
    """https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_postbacks"""
    return _facebook_event({"postback": {"mid": f"m{number}", "title": "Choice", "payload": payload}})


def _facebook_event(event: dict[str, Any]) -> bytes:
    whole = {"sender": {"id": "42"}, "recipient": {"id": "7"}, **event}
    return as_json({"object": "page", "entry": [{"id": "7", "messaging": [whole]}]})


def _twilio(text: str, number: int) -> bytes:
    form = {"From": "+85291234567", "To": "+85230001234", "Body": text, "MessageSid": f"SM{number}", "NumMedia": "0"}
    return urlencode(form).encode()


def _mattermost(text: str, number: int) -> bytes:
    body = {"token": "w", "trigger_word": "bot", "text": f"bot {text}", "user_id": "u1", "channel_id": "c1"}
    return as_json({**body, "post_id": f"p{number}", "user_name": "ana"})


def _mattermost_tap(action: str, number: int) -> bytes:
    """https://developers.mattermost.com/integrate/plugins/interactive-messages/"""
    context = {"action": action}
    return as_json({"user_id": "u1", "channel_id": "c1", "trigger_id": f"t{number}", "context": context})


def _rocketchat(text: str, number: int) -> bytes:
    messages = [{"_id": f"m{number}", "msg": text, "username": "ana"}]
    return as_json({"_id": "room1", "type": "Message", "visitor": {"name": "Ana"}, "messages": messages})


def _webex(text: str, number: int) -> bytes:
    """The notice carries no words: they are fetched by its id, and so the tests put them into it."""
    return as_json(
        {"id": "h", "resource": "messages", "event": "created", "data": {"id": f"msg{number}.{text.encode().hex()}"}}
    )


_GOOGLE_USER = {"name": "users/1", "displayName": "Ana"}
_GOOGLE_SPACE = {"name": "spaces/1", "type": "DM"}


def _hangouts(text: str, number: int) -> bytes:
    message = {"name": f"spaces/1/messages/{number}", "text": text, "sender": _GOOGLE_USER}
    body = {"type": "MESSAGE", "eventTime": "t", "message": message, "user": _GOOGLE_USER, "space": _GOOGLE_SPACE}
    return as_json(body)


def _hangouts_tap(name: str, number: int) -> bytes:
    """https://developers.google.com/workspace/chat/api/reference/rest/v1/Event"""
    body = {"type": "CARD_CLICKED", "eventTime": f"t{number}", "user": _GOOGLE_USER, "space": _GOOGLE_SPACE}
    return as_json({**body, "message": {"name": "spaces/1/messages/0"}, "action": {"actionMethodName": name}})


def _bot_framework(text: str, number: int) -> bytes:
    body = {
        "type": "message",
        "id": f"a{number}",
        "text": text,
        "serviceUrl": "SERVICE",  # the provider of the tests takes its place
        "from": {"id": "29:ana", "name": "Ana"},
        "recipient": {"id": "28:bot"},
        "conversation": {"id": "c1"},
    }
    return as_json(body)


def _caller(text: str, number: int) -> bytes:
    return as_json({"sender": "ana", "message": text, "metadata": {"message_id": str(number)}})


# -- the channels ----------------------------------------------------------------------------------------------------

Entry = Callable[[StockProviders], dict[str, Any]]


@dataclass(frozen=True)
class Stock:
    """One stock channel: its entry, how its provider asks, and where the answer shows."""

    name: str
    entry: Entry
    body: Callable[[str, int], bytes]
    sign: Callable[[bytes, Gateway, StockProviders], Call]
    tap: Callable[[str, int], bytes] | None = None  # else a choice is answered in words
    to: str = ""  # whom the answer is for; empty: it stands in the response
    later: bool = True
    most_buttons: int = 0

    def call(self, text: str, number: int, gateway: Gateway, providers: StockProviders) -> Call:
        """A message."""
        return self.signed(self.body(text, number), gateway, providers)

    def signed(self, body: bytes, gateway: Gateway, providers: StockProviders) -> Call:
        """Any body, with the provider's proof."""
        return self.sign(body.replace(b"SERVICE", providers.address.encode()), gateway, providers)

    def payloads(self) -> dict[str, bytes]:
        """The events that its provider documents."""
        folder = PAYLOADS / "stock" / self.name
        return {path.name: path.read_bytes().rstrip(b"\n") for path in sorted(folder.iterdir())}


def _phone(body: bytes, gateway: Gateway, _providers: StockProviders) -> Call:
    call = sign_twilio(body, gateway, "twilio_voice")
    token = hashlib.sha256(body).hexdigest()  # the same when a request comes again
    return Call(call.body, {**call.headers, "I-Twilio-Idempotency-Token": token}, call.proof)


def _voice(text: str, number: int) -> bytes:
    form = {"From": "+85291234567", "CallSid": "CA1", "CallStatus": "in-progress", "SpeechResult": text}
    return urlencode({**form, "SequenceNumber": str(number)}).encode()


STOCK: dict[str, Stock] = {
    one.name: one
    for one in (
        Stock(
            "slack",
            lambda _p: {"slack_token": SLACK_TOKEN, "slack_channel": "C1", "slack_signing_secret": SECRET},
            _slack,
            lambda body, _g, _p: sign_slack(body),
            _slack_tap,
            "D1",
            most_buttons=5,
        ),
        Stock(
            "telegram",
            lambda _p: {
                "access_token": TELEGRAM_TOKEN,
                "verify": "shop_bot",
                "webhook_url": "https://x.example/hook",
            },
            _telegram,
            lambda body, _g, _p: sign_telegram(body),
            _telegram_tap,
            "42",
            most_buttons=8,
        ),
        Stock(
            "facebook",
            lambda _p: {"verify": "v", "secret": SECRET, "page-access-token": "t"},
            _facebook,
            lambda body, _g, _p: sign_facebook(body),
            _facebook_tap,
            "42",
            most_buttons=3,
        ),
        Stock(
            "twilio",
            lambda _p: {"account_sid": TWILIO_ACCOUNT, "auth_token": TWILIO_TOKEN, "twilio_number": "+85230001234"},
            _twilio,
            lambda body, gateway, _p: sign_twilio(body, gateway),
            to="+85291234567",
        ),
        Stock(
            "mattermost",
            lambda p: {
                "url": f"{p.address}/api/v4",
                "token": "t",
                "webhook_url": "http://x/hook",
                "webhook_token": "w",
            },
            _mattermost,
            lambda body, _g, _p: Call(body, JSON),
            _mattermost_tap,
            "c1",
            most_buttons=5,
        ),
        Stock(
            "rocketchat",
            lambda p: {"user": "bot", "password": "p", "server_url": p.address, "webhook_token": "w"},
            _rocketchat,
            lambda body, _g, _p: sign_rocketchat(body),
            _rocketchat,
            "room1",
            most_buttons=5,
        ),
        Stock(
            "webexteams",
            lambda _p: {"access_token": "t", "webhook_secret": "w"},
            _webex,
            lambda body, _g, _p: sign_webex(body),
            to="room1",
        ),
        Stock(
            "botframework",
            lambda p: {"app_id": APP_ID, "app_password": "p", "service_url": p.address},
            _bot_framework,
            lambda body, _g, p: sign_bot_framework(body, p.address),
            _bot_framework,
            "29:ana",
            most_buttons=6,
        ),
        Stock(
            "callback",
            lambda p: {"url": f"{p.address}/callback"},
            _caller,
            lambda body, _g, _p: sign_caller(body),
            _caller,
            "ana",
            most_buttons=50,
        ),
        Stock("rest", lambda _p: {}, _caller, lambda body, _g, _p: sign_caller(body), _caller, later=False),
        Stock(
            "hangouts",
            lambda _p: {"project_id": PROJECT},
            _hangouts,
            lambda body, _g, _p: sign_hangouts(body),
            _hangouts_tap,
            later=False,
        ),
        Stock(
            "twilio_voice",
            lambda _p: {"auth_token": "0" * 32, "language": "zh-HK", "assistant_voice": "alice"},
            _voice,
            _phone,
            later=False,
        ),
    )
}


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> Iterator[StockProviders]:
    """The vendors' own clients, with their wire led to the loopback address."""
    with StockProviders().running() as running:
        send, ask = requests.Session.send, aiohttp.ClientSession._request

        def led(self: Any, request: Any, **kwargs: Any) -> Any:
            parts = urlsplit(request.url)
            if parts.hostname != "127.0.0.1":
                request.headers["x-real-host"] = parts.hostname
                request.url = request.url.replace(f"{parts.scheme}://{parts.netloc}", running.address, 1)
            return send(self, request, **{**kwargs, "proxies": {}})

        async def led_too(self: Any, method: str, url: Any, **kwargs: Any) -> Any:
            whole = yarl.URL(url)
            if whole.host not in ("127.0.0.1", None):
                headers = {**dict(kwargs.get("headers") or {}), "x-real-host": str(whole.host)}
                local = yarl.URL(running.address)
                whole = whole.with_scheme("http").with_host("127.0.0.1").with_port(local.port)
                kwargs = {**kwargs, "headers": headers, "ssl": None, "proxy": None}
            return await ask(self, method, whole, **kwargs)

        monkeypatch.setattr(requests.Session, "send", led)
        monkeypatch.setattr(aiohttp.ClientSession, "_request", led_too)
        yield running


def name_in_credentials(root: Path, entries: Mapping[str, Any]) -> None:
    """What the operator has written there."""
    (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")


async def begin(start: Start, root: Path, providers: StockProviders, **settings: Any) -> Gateway:
    """All of them on one gateway, as an operator might have it."""
    name_in_credentials(root, {name: one.entry(providers) for name, one in STOCK.items()})
    usual = {"default_language": "en", "api_tokens": CALLERS, "demo": "false", "ask_rating": "false"}
    return await start(**usual, messages_burst=1000, **settings)


@pytest.fixture
async def begun(start: Start, root: Path, providers: StockProviders) -> Gateway:
    """The same, as a fixture."""
    return await begin(start, root, providers)


async def post(gateway: Gateway, name: str, call: Call) -> tuple[int, str]:
    """The status and the body of our answer."""
    url = _url(gateway.base, name, call.query)
    async with gateway.http.post(url, data=call.body, headers=call.headers) as response:
        return response.status, await response.text()


__all__ = ["STOCK", "Call", "Stock", "begun", "name_in_credentials", "post", "providers"]
