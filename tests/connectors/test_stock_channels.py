"""Rasa's stock channels on the gateway, each in its own wire format: who may call, the answer, a person, once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import aiohttp
import pytest
import requests
import sample_files
import yarl
from gateway_parts import Gateway, Start
from kit import as_json
from multidict import CIMultiDict
from providers.server import PICTURE, eventually
from providers.stock import APP_ID, PROJECT, WEBEX_ME, StockProviders, bot_framework_token, google_token
from rasa.core.channels.twilio_voice import TwilioVoiceInput
from twilio.request_validator import RequestValidator

from connectors.stock import table
from connectors.stock.messaging import TWILIO_VOICE, _telegram_secret

SECRET = "s" * 32
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Call:
    """One request of a provider."""

    body: bytes
    headers: dict[str, str]
    proof: tuple[str, ...] = ()  # the headers that carry it; else it stands in the body
    unsigned: bytes | None = None


@dataclass(frozen=True)
class Stock:
    """One stock channel: its entry, how its provider asks, and where the answer shows."""

    entry: Callable[[StockProviders], dict[str, Any]]
    call: Callable[[str, int, Gateway, StockProviders], Call]
    to: str = ""  # whom the answer is for; empty: it stands in the response
    text_of: Callable[[str], str] = field(default=lambda body: body)
    later: bool = True
    repeats: bool = True


def _hmac(secret: str, body: bytes, kind: Any) -> Any:
    return hmac.new(secret.encode(), body, kind)


def _slack(text: str, number: int, _gateway: Gateway, _providers: StockProviders) -> Call:
    event = {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": text, "ts": f"1.{number}"}
    body = as_json({"type": "event_callback", "event_id": f"Ev{number}", "event": event, "authed_users": ["UB"]})
    stamp = str(int(time.time()))
    digest = _hmac(SECRET, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    signed = {"X-Slack-Signature": f"v0={digest}", "X-Slack-Request-Timestamp": stamp}
    return Call(body, {**JSON, **signed}, ("X-Slack-Signature",))


def _telegram(text: str, number: int, _gateway: Gateway, _providers: StockProviders) -> Call:
    who = {"id": 42, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": number, "from": who, "chat": {"id": 42, "type": "private"}, "date": 1, "text": text}
    secret = hashlib.sha256(f"webhook {'1:' + 'a' * 35}".encode()).hexdigest()
    headers = {**JSON, "X-Telegram-Bot-Api-Secret-Token": secret}
    return Call(as_json({"update_id": number, "message": message}), headers, ("X-Telegram-Bot-Api-Secret-Token",))


def _facebook(text: str, number: int, _gateway: Gateway, _providers: StockProviders) -> Call:
    event = {"sender": {"id": "42"}, "recipient": {"id": "7"}, "message": {"mid": f"m{number}", "text": text}}
    body = as_json({"object": "page", "entry": [{"id": "7", "messaging": [event]}]})
    signature = "sha256=" + _hmac(SECRET, body, hashlib.sha256).hexdigest()
    return Call(body, {**JSON, "X-Hub-Signature-256": signature}, ("X-Hub-Signature-256",))


def _twilio_call(form: dict[str, str], channel: str, gateway: Gateway) -> Call:
    url = f"{gateway.base}/webhooks/{channel}/webhook"
    signature = RequestValidator("0" * 32).compute_signature(url, form)
    return Call(urlencode(form).encode(), {**FORM, "X-Twilio-Signature": signature}, ("X-Twilio-Signature",))


def _twilio(text: str, number: int, gateway: Gateway, _providers: StockProviders) -> Call:
    form = {"From": "+85291234567", "To": "+85230001234", "Body": text, "MessageSid": f"SM{number}", "NumMedia": "0"}
    return _twilio_call(form, "twilio", gateway)


def _voice(text: str, number: int, gateway: Gateway, _providers: StockProviders) -> Call:
    form = {"From": "+85291234567", "CallSid": "CA1", "CallStatus": "in-progress", "SpeechResult": text}
    call = _twilio_call(form, "twilio_voice", gateway)
    return Call(call.body, {**call.headers, "I-Twilio-Idempotency-Token": f"t{number}"}, call.proof)


def _mattermost(text: str, number: int, _gateway: Gateway, _providers: StockProviders) -> Call:
    body = {"token": "w", "trigger_word": "bot", "text": f"bot {text}", "user_id": "u1", "channel_id": "c1"}
    whole = {**body, "post_id": f"p{number}", "user_name": "ana"}
    return Call(as_json(whole), JSON, unsigned=as_json({**whole, "token": "x"}))


def _rocketchat(text: str, number: int, _gateway: Gateway, _providers: StockProviders) -> Call:
    messages = [{"_id": f"m{number}", "msg": text, "username": "ana"}]
    body = as_json({"_id": "room1", "visitor": {"name": "Ana"}, "messages": messages})
    return Call(body, {**JSON, "X-RocketChat-Livechat-Token": "w"}, ("X-RocketChat-Livechat-Token",))


def _webex(text: str, number: int, _gateway: Gateway, providers: StockProviders) -> Call:
    key = f"msg{number}"
    providers.webex[key] = {"id": key, "roomId": "room1", "personId": "ana", "text": text}
    body = as_json({"id": "h", "resource": "messages", "event": "created", "data": {"id": key}})
    signature = _hmac("w", body, hashlib.sha1).hexdigest()
    return Call(body, {**JSON, "X-Spark-Signature": signature}, ("X-Spark-Signature",))


def _hangouts(text: str, number: int, _gateway: Gateway, _providers: StockProviders) -> Call:
    sender = {"name": "users/1", "displayName": "Ana"}
    message = {"name": f"spaces/1/messages/{number}", "text": text, "sender": sender}
    space = {"name": "spaces/1", "type": "DM"}
    body = {"type": "MESSAGE", "eventTime": "t", "message": message, "user": sender, "space": space}
    return Call(as_json(body), {**JSON, "Authorization": f"Bearer {google_token()}"}, ("Authorization",))


def _bot_framework(text: str, number: int, _gateway: Gateway, providers: StockProviders) -> Call:
    service = providers.address
    body = {
        "type": "message",
        "id": f"a{number}",
        "text": text,
        "serviceUrl": service,
        "from": {"id": "29:ana", "name": "Ana"},
        "recipient": {"id": "28:bot"},
        "conversation": {"id": "c1"},
    }
    return Call(as_json(body), {**JSON, "Authorization": f"Bearer {bot_framework_token(service)}"}, ("Authorization",))


def _callback(text: str, number: int, _gateway: Gateway, _providers: StockProviders) -> Call:
    body = as_json({"sender": "ana", "message": text, "metadata": {"message_id": str(number)}})
    return Call(body, {**JSON, "Authorization": "Bearer token-of-the-app"}, ("Authorization",))


STOCK: dict[str, Stock] = {
    "slack": Stock(
        lambda _p: {"slack_token": "xoxb-1", "slack_channel": "C1", "slack_signing_secret": SECRET}, _slack, "D1"
    ),
    "telegram": Stock(
        lambda _p: {"access_token": "1:" + "a" * 35, "verify": "shop_bot", "webhook_url": "https://x.example/hook"},
        _telegram,
        "42",
    ),
    "facebook": Stock(lambda _p: {"verify": "v", "secret": SECRET, "page-access-token": "t"}, _facebook, "42"),
    "twilio": Stock(
        lambda _p: {"account_sid": "AC" + "0" * 32, "auth_token": "0" * 32, "twilio_number": "+85230001234"},
        _twilio,
        "+85291234567",
    ),
    "mattermost": Stock(
        lambda p: {"url": f"{p.address}/api/v4", "token": "t", "webhook_url": "http://x/hook", "webhook_token": "w"},
        _mattermost,
        "c1",
    ),
    "rocketchat": Stock(
        lambda p: {"user": "bot", "password": "p", "server_url": p.address, "webhook_token": "w"}, _rocketchat, "room1"
    ),
    "webexteams": Stock(lambda _p: {"access_token": "t", "webhook_secret": "w"}, _webex, "room1"),
    "botframework": Stock(
        lambda p: {"app_id": APP_ID, "app_password": "p", "service_url": p.address}, _bot_framework, "29:ana"
    ),
    "callback": Stock(lambda p: {"url": f"{p.address}/callback"}, _callback, "ana", repeats=False),
    "hangouts": Stock(lambda _p: {"project_id": PROJECT}, _hangouts, later=False),
    "twilio_voice": Stock(
        lambda _p: {"auth_token": "0" * 32, "language": "zh-HK", "assistant_voice": "alice"}, _voice, later=False
    ),
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


@pytest.fixture
async def begun(start: Start, root: Path, providers: StockProviders) -> Gateway:
    """All of them on one gateway, as an operator might have it."""
    entries = {"rest": None, **{name: one.entry(providers) for name, one in STOCK.items()}}
    (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")
    tokens = "app:token-of-the-app"
    return await start(default_language="en", api_tokens=tokens, demo="false", messages_burst=1000, ask_rating="false")


async def _post(gateway: Gateway, name: str, call: Call) -> tuple[int, str]:
    url = f"{gateway.base}/webhooks/{name}/webhook"
    async with gateway.http.post(url, data=call.body, headers=call.headers) as response:
        return response.status, await response.text()


async def test_every_stock_channel_answers_hands_over_and_takes_a_person_later(
    begun: Gateway, providers: StockProviders
) -> None:
    async with begun.http.get(f"{begun.base}/readyz") as response:
        assert (await response.json())["channels_left_out"] == []
    begun.bot.hands_over("a person please")
    seat = await begun.seat("sue")
    for name, stock in STOCK.items():
        await _answers(begun, providers, name, stock)
        providers.sent.clear()
        status, body = await _post(begun, name, stock.call("a person please", 3, begun, providers))
        assert status < 300, name
        if name == "twilio_voice":
            continue  # see below
        row = await _waiting(seat, name)
        assert row["channel"] == name
        await seat.post(f"/tickets/{row['number']}/claim")
        conversation = row["conversation"]
        begun.clock.forward(hours=1)
        seat = await begun.seat("sue")
        await seat.post(f"/conversations/{conversation}/messages", {"text": f"A person on {name}."})
        window = (await seat.get(f"/conversations/{conversation}"))["window"]
        if stock.later:
            assert window is None, name
            await eventually(
                lambda name=name: [one for one in providers.sent if one.text == f"A person on {name}."],
                lambda name=name: (name, providers.sent, providers.asked[-3:]),
            )
            assert providers.sent[-1].to == stock.to
        else:
            # An honest "can't be answered later", and it goes with the customer's next message.
            assert window == {"open": False, "until": None, "left": None, "after": "next_message"}
            _, body = await _post(begun, name, stock.call("still there?", 4, begun, providers))
            assert f"A person on {name}." in body
        before = len(providers.sent)
        await seat.post(f"/conversations/{conversation}/close")
        if stock.later:
            await eventually(lambda before=before: len(providers.sent) > before)


async def _waiting(seat: Any, name: str) -> Any:
    """The one ticket of the queue, once it is there."""
    for _ in range(500):
        queue = (await seat.get("/inbox"))["queue"]
        if queue:
            (row,) = queue
            return row
        await asyncio.sleep(0.02)
    raise AssertionError(f"nobody waits: {name}")


async def _answers(gateway: Gateway, providers: StockProviders, name: str, stock: Stock) -> None:
    """A forged call is refused; a real one is answered, once."""
    gateway.bot.asked.clear()
    providers.sent.clear()
    call = stock.call("hello", 1, gateway, providers)
    forged = {header: value for header, value in call.headers.items() if header not in call.proof}
    wrong = {**call.headers, **dict.fromkeys(call.proof, "x")}
    twice = [CIMultiDict([*call.headers.items(), (header, "x")]) for header in call.proof]
    for headers in (forged, wrong, *twice, *(CIMultiDict(reversed(list(one.items()))) for one in twice)):
        status, _ = await _post(gateway, name, Call(call.unsigned or call.body, headers))
        assert status in (401, 403), (name, status)
    assert gateway.bot.asked == [], name
    status, body = await _post(gateway, name, call)
    assert status < 300, (name, status, body)
    if stock.to:
        await eventually(lambda: providers.sent, lambda: (name, providers.asked[-3:]))
        assert [(one.to, one.text) for one in providers.sent] == [(stock.to, "bot: hello")], name
    else:
        assert "bot: hello" in body, name
    if stock.repeats:
        for _ in range(3):
            assert (await _post(gateway, name, call))[0] < 300, name
        await _post(gateway, name, stock.call("next", 2, gateway, providers))
        await eventually(lambda: len(gateway.bot.asked) >= 2, lambda: name)
        assert [asked["message"] for asked in gateway.bot.asked] == ["hello", "next"], name


async def test_a_call_becomes_a_call_back_and_a_silent_caller_hears_it_again(
    begun: Gateway, providers: StockProviders
) -> None:
    begun.bot.hands_over("a person please", summary="wants to change the address")
    silent = {"From": "+85291234567", "CallSid": "CA1", "CallStatus": "in-progress"}
    status, body = await _post(begun, "twilio_voice", _twilio_call(silent, "twilio_voice", begun))
    assert status == 200 and "rephrase" in body, "nothing was said yet"
    await _post(begun, "twilio_voice", _voice("where is my parcel", 1, begun, providers))
    status, body = await _post(begun, "twilio_voice", _voice("a person please", 2, begun, providers))
    assert status == 200 and "call you back" in body
    status, again = await _post(begun, "twilio_voice", _twilio_call(silent, "twilio_voice", begun))
    assert "call you back" in again
    seat = await begun.seat("ben")
    (row,) = (await seat.get("/inbox"))["queue"]
    assert (row["kind"], row["channel"], row["summary"]) == ("message", "twilio_voice", "wants to change the address")
    ticket = (await seat.get(f"/conversations/{row['conversation']}"))["ticket"]
    assert ticket["contact"] == {"phone": "+85291234567"}
    lines = (await seat.get(f"/conversations/{row['conversation']}"))["messages"]
    assert [line["text"] for line in lines][:2] == ["where is my parcel", "bot: where is my parcel"]


async def test_what_stock_channels_drop_is_kept(begun: Gateway, providers: StockProviders) -> None:
    seat = await begun.seat("ben")
    # facebook reads the first event of a batch, and takes a picture's address for text
    events = [
        {"sender": {"id": "42"}, "message": {"mid": "m1", "text": "first"}},
        {"sender": {"id": "42"}, "standby": []},
        {"sender": {"id": "42"}, "message": {"mid": "m2", "text": "second"}},
        {
            "sender": {"id": "43"},
            "message": {"mid": "m3", "attachments": [{"type": "image", "payload": {"url": "https://x.fbcdn.net/1"}}]},
        },
    ]
    body = as_json({"object": "page", "entry": [{"messaging": events[:2]}, {"messaging": events[2:]}]})
    signature = "sha256=" + _hmac(SECRET, body, hashlib.sha256).hexdigest()
    assert (await _post(begun, "facebook", Call(body, {**JSON, "X-Hub-Signature-256": signature})))[0] == 200
    await eventually(lambda: len(begun.bot.asked) == 2)
    assert [asked["message"] for asked in begun.bot.asked] == ["first", "second"]
    # twilio breaks on a picture without text
    form = {
        "From": "+85291234567",
        "Body": "",
        "MessageSid": "MM1",
        "NumMedia": "1",
        "MediaUrl0": "https://api.twilio.com/m",
        "MediaContentType0": "image/jpeg",
    }
    assert (await _post(begun, "twilio", _twilio_call(form, "twilio", begun)))[0] == 204
    # telegram drops pictures, and breaks on what is no message
    photo = {"message_id": 1, "chat": {"id": 42, "type": "private"}, "from": {"id": 42}, "photo": [{"file_id": "f"}]}
    secret = _telegram("", 1, begun, providers).headers
    for update in (
        {"update_id": 1, "message": photo},
        {"update_id": 2, "edited_message": {}},
        {"update_id": 3, "my_chat_member": {}},
        {"update_id": 4},
        {"update_id": 5, "message": {"chat": {"id": 1, "type": "supergroup"}}},
    ):
        assert (await _post(begun, "telegram", Call(as_json(update), secret)))[0] == 200, update
    # rocketchat reads one message of many
    messages = [{"_id": f"r{number}", "msg": f"line {number}", "username": "ana"} for number in range(3)]
    body = as_json({"_id": "room1", "visitor": {}, "messages": messages})
    await _post(begun, "rocketchat", Call(body, {**JSON, "X-RocketChat-Livechat-Token": "w"}))
    await eventually(lambda: len(begun.bot.asked) == 5)
    # webex tells of the bot's own messages
    providers.webex["own"] = {"id": "own", "roomId": "room1", "personId": WEBEX_ME, "text": "mine"}
    body = as_json({"resource": "messages", "event": "created", "data": {"id": "own"}})
    signed = {**JSON, "X-Spark-Signature": _hmac("w", body, hashlib.sha1).hexdigest()}
    assert (await _post(begun, "webexteams", Call(body, signed)))[0] == 200
    rows = (await seat.get("/conversations?view=all"))["conversations"]
    pictures = []
    for row in rows:
        lines = (await seat.get(f"/conversations/{row['id']}"))["messages"]
        pictures += [row["channel"] for line in lines if line["text"] in ("[Picture]",)]
    assert sorted(pictures) == ["facebook", "telegram", "twilio"]


def _signed(name: str, body: bytes) -> Call:
    """With the proof of this channel's provider."""
    if name == "slack":
        stamp = str(int(time.time()))
        digest = _hmac(SECRET, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return Call(body, {**JSON, "X-Slack-Signature": f"v0={digest}", "X-Slack-Request-Timestamp": stamp})
    if name == "facebook":
        return Call(body, {**JSON, "X-Hub-Signature-256": "sha256=" + _hmac(SECRET, body, hashlib.sha256).hexdigest()})
    return Call(body, {**JSON, "X-Spark-Signature": _hmac("w", body, hashlib.sha1).hexdigest()})


def _shared(gateway: Gateway, providers: StockProviders) -> dict[str, Call]:
    """A customer's picture or document on each channel, in its provider's wire format."""
    original = f"{providers.address}/v3/attachments/a1/views/original"
    account, key = "AC" + "0" * 32, "0" * 32
    picture = ("image/png", PICTURE, "")
    basic = "Basic " + base64.b64encode(f"{account}:{key}".encode()).decode()
    media = f"/2010-04-01/Accounts/{account}/Messages/MM1/Media/ME1"
    providers.files = {
        "files.slack.com/files-pri/T1-F1/cup.png": ("Bearer xoxb-1", *picture),
        f"api.telegram.org/file/bot{'1:' + 'a' * 35}/photos/large": (None, *picture),
        "scontent.xx.fbcdn.net/v/1": (None, *picture),
        f"api.twilio.com{media}": (basic, *picture),
        "/api/v4/files/f1": ("Bearer t", "application/pdf", sample_files.PDF, "invoice.pdf"),
        "webexapis.com/v1/contents/c1": ("Bearer t", "application/pdf", sample_files.PDF, "invoice.pdf"),
        "/v3/attachments/a1/views/original": ("Bearer bot-token", *picture),
    }
    providers.webex["file1"] = {
        "id": "file1",
        "roomId": "room1",
        "personId": "ana",
        "files": ["https://webexapis.com/v1/contents/c1"],
    }
    slack = {
        "type": "message",
        "subtype": "file_share",
        "channel_type": "im",
        "channel": "D1",
        "user": "U1",
        "text": "",
        "ts": "1.90",
        "files": [
            {
                "id": "F1",
                "name": "cup.png",
                "mimetype": "image/png",
                "size": len(PICTURE),
                "url_private": "https://files.slack.com/files-pri/T1-F1/cup.png",
            },
        ],
    }
    photo = {
        "message_id": 90,
        "from": {"id": 42},
        "chat": {"id": 42, "type": "private"},
        "photo": [{"file_id": "small"}, {"file_id": "large"}],
    }
    attached = {"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/v/1?oh=1"}}
    facebook = {"sender": {"id": "42"}, "message": {"mid": "m90", "attachments": [attached]}}
    form = {
        "From": "+85291234567",
        "Body": "",
        "MessageSid": "MM1",
        "NumMedia": "1",
        "MediaUrl0": f"https://api.twilio.com{media}",
        "MediaContentType0": "image/png",
    }
    activity = json.loads(_bot_framework("", 90, gateway, providers).body)
    activity["attachments"] = [
        {"contentType": "text/html", "content": "<div><img></div>"},
        {
            "contentType": "image/png",
            "contentUrl": original,
            "name": "cup.png",
        },
    ]
    mattermost = {**json.loads(_mattermost("", 90, gateway, providers).body), "text": "bot", "file_ids": "f1"}
    rocket = {"_id": "m90", "msg": "", "username": "ana", "file": {"_id": "r1", "name": "cup.png", "type": "image/png"}}
    hangouts = json.loads(_hangouts("", 90, gateway, providers).body)
    del hangouts["message"]["text"]
    hangouts["message"]["attachment"] = [{"contentName": "cup.png", "contentType": "image/png"}]
    return {
        "slack": _signed("slack", as_json({"type": "event_callback", "event": slack, "authed_users": ["UB"]})),
        "telegram": Call(as_json({"update_id": 90, "message": photo}), _telegram("", 90, gateway, providers).headers),
        "facebook": _signed("facebook", as_json({"object": "page", "entry": [{"messaging": [facebook]}]})),
        "twilio": _twilio_call(form, "twilio", gateway),
        "mattermost": Call(as_json(mattermost), JSON),
        "webexteams": _signed(
            "webexteams", as_json({"resource": "messages", "event": "created", "data": {"id": "file1"}})
        ),
        "botframework": Call(as_json(activity), _bot_framework("", 90, gateway, providers).headers),
        "rocketchat": Call(
            as_json({"_id": "room1", "visitor": {}, "messages": [rocket]}), {**JSON, "X-RocketChat-Livechat-Token": "w"}
        ),
        "hangouts": Call(as_json(hangouts), _hangouts("", 90, gateway, providers).headers),
    }


async def test_files_on_stock_channels_are_fetched_with_the_key_of_the_entry_or_named(
    begun: Gateway, providers: StockProviders
) -> None:
    seat = await begun.seat("ben")
    for name, call in _shared(begun, providers).items():
        assert (await _post(begun, name, call))[0] < 300, name

    async def files() -> dict[str, dict[str, Any]]:
        rows = (await seat.get("/conversations?view=all"))["conversations"]
        lines = [(one["channel"], (await seat.get(f"/conversations/{one['id']}"))["messages"][0]) for one in rows]
        return {channel: {"text": line["text"], **line["attachments"][0]} for channel, line in lines}

    await begun.app.ctx.watches["media"].look()
    deadline = time.monotonic() + 20
    shown = await files()
    while not all(one["id"] or one.get("refused") for one in shown.values()):
        assert time.monotonic() < deadline, shown
        await asyncio.sleep(0.05)
        shown = await files()
    seen = {channel: (one["type"], one.get("refused")) for channel, one in shown.items()}
    assert seen == {
        "slack": ("image/png", None),
        "telegram": ("image/png", None),
        "facebook": ("image/png", None),
        "twilio": ("image/png", None),
        "botframework": ("image/png", None),
        "mattermost": ("application/pdf", None),
        "webexteams": ("application/pdf", None),
        "rocketchat": (None, "not_given"),
        "hangouts": (None, "not_given"),
    }
    assert {shown[one]["name"] for one in ("mattermost", "webexteams")} == {"invoice.pdf"}
    assert {channel: one["text"] for channel, one in shown.items()} == {
        **dict.fromkeys(seen, "[Picture]"),
        **dict.fromkeys(("mattermost", "webexteams"), "[File]"),
    }
    assert begun.bot.asked == [], "the bot cannot look at files"


async def test_attack_16_files_that_a_stock_channel_says_are_elsewhere_are_not_asked_for(
    begun: Gateway, providers: StockProviders
) -> None:
    seat = await begun.seat("ben")
    calls = _shared(begun, providers)
    for host in ("files.slack.com", "scontent.xx.fbcdn.net", "api.twilio.com", "webexapis.com"):
        providers.files = {one.replace(host, "evil.example"): found for one, found in providers.files.items()}
    for name in ("slack", "facebook"):
        for host in (b"files.slack.com", b"scontent.xx.fbcdn.net"):
            calls[name] = _signed(name, calls[name].body.replace(host, b"evil.example"))
        assert (await _post(begun, name, calls[name]))[0] < 300, name
    providers.webex["file1"]["files"] = ["https://evil.example/v1/contents/c1"]
    assert (await _post(begun, "webexteams", calls["webexteams"]))[0] < 300
    await begun.app.ctx.watches["media"].look()
    rows = (await seat.get("/conversations?view=all"))["conversations"]
    assert len(rows) == 3
    for row in rows:
        (file,) = (await seat.get(f"/conversations/{row['id']}"))["messages"][0]["attachments"]
        assert (file["id"], file["refused"]) == (None, "not_given"), row["channel"]
    assert not any("evil" in one for one in providers.asked)


async def test_attack_11_downgrades_and_replays_against_stock_channels(
    begun: Gateway, providers: StockProviders
) -> None:
    body = _facebook("hello", 1, begun, providers).body
    sha1 = "sha1=" + _hmac(SECRET, body, hashlib.sha1).hexdigest()
    for headers in ({"X-Hub-Signature": sha1}, {"X-Hub-Signature-256": sha1}, {"X-Hub-Signature": "nonsense=1"}):
        assert (await _post(begun, "facebook", Call(body, {**JSON, **headers})))[0] == 403, headers
    old = str(int(time.time()) - 301)
    slack = _slack("hello", 1, begun, providers).body
    digest = _hmac(SECRET, f"v0:{old}:".encode() + slack, hashlib.sha256).hexdigest()
    headers = {**JSON, "X-Slack-Signature": f"v0={digest}", "X-Slack-Request-Timestamp": old}
    assert (await _post(begun, "slack", Call(slack, headers)))[0] == 403
    activity = json.loads(_bot_framework("hello", 1, begun, providers).body)
    plain = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k1"}').rstrip(b"=").decode()
    for token, service in (
        (bot_framework_token(providers.address, aud="another-app"), providers.address),
        (bot_framework_token(providers.address, iss="https://evil.example"), providers.address),
        (bot_framework_token(providers.address, exp=1), providers.address),
        (bot_framework_token("https://evil.example"), "https://evil.example"),
        (bot_framework_token(providers.address), "https://smba.trafficmanager.net"),
        (f"{plain}.e30.", providers.address),
    ):
        changed = as_json({**activity, "serviceUrl": service})
        call = Call(changed, {**JSON, "Authorization": f"Bearer {token}"})
        assert (await _post(begun, "botframework", call))[0] == 403
    async with begun.http.get(f"{begun.base}/webhooks/telegram/set_webhook") as response:
        assert response.status == 403
    assert begun.bot.asked == []


async def test_a_refusal_that_a_stock_channel_only_logs_reaches_the_agent(
    begun: Gateway, providers: StockProviders
) -> None:
    from contract import _eventually_standing

    for name, status, reason in (
        ("facebook", 400, "refused"),
        ("twilio", 400, "refused"),
        ("mattermost", 403, "account"),
        ("webexteams", 404, "refused"),
        ("callback", 400, "refused"),
    ):
        providers.refuse.append(status)
        await _post(begun, name, STOCK[name].call(f"to {name}", 50, begun, providers))
        await _eventually_standing(begun, f"bot: to {name}", "failed", reason=reason)
        assert providers.refuse == [], name


def test_the_secret_of_telegram_is_told_by_nobody_and_the_same_everywhere() -> None:
    from types import SimpleNamespace

    from connectors.stock.care import Kept

    channel: Any = SimpleNamespace(access_token="1:a")
    assert _telegram_secret(Kept("telegram", channel, {}, "")) == _telegram_secret(Kept("telegram", channel, {}, ""))
    assert _telegram_secret(Kept("telegram", channel, {"secret_token": "own"}, "")) == "own"


async def test_a_key_that_microsoft_has_changed_is_fetched_and_asked_for_no_more_than_now_and_then(
    begun: Gateway, providers: StockProviders
) -> None:
    def call(number: int, kid: str) -> Call:
        token = bot_framework_token(providers.address, kid)
        body = _bot_framework("hello", number, begun, providers).body
        return Call(body, {**JSON, "Authorization": f"Bearer {token}"})

    providers.key_name = "k2"
    assert (await _post(begun, "botframework", call(1, "k2")))[0] == 200
    await eventually(lambda: begun.bot.asked)
    asked = len(providers.asked)
    for number in range(2, 6):
        assert (await _post(begun, "botframework", call(number, f"made-up-{number}")))[0] == 403
    assert [one for one in providers.asked[asked:] if one.endswith("/keys")] == []
    assert [one["message"] for one in begun.bot.asked] == ["hello"]


async def test_what_cannot_be_stored_in_time_is_brought_again(
    begun: Gateway, providers: StockProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchboard.stock.STORED_WITHIN_SECONDS", 0.2)
    call = _slack("hello", 1, begun, providers)
    with closing(sqlite3.connect(begun.settings.data_path / "switchboard.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await _post(begun, "slack", call))[0] == 503
        other.execute("ROLLBACK")
    await eventually(lambda: begun.bot.asked)
    assert (await _post(begun, "slack", call))[0] == 200
    await eventually(lambda: [one for one in providers.sent if one.text == "bot: hello"])
    assert [one["message"] for one in begun.bot.asked] == ["hello"]


async def test_a_call_is_spoken_and_listened_to_in_the_language_of_the_entry(
    begun: Gateway, providers: StockProviders
) -> None:
    status, body = await _post(begun, "twilio_voice", _voice("我個包裹去咗邊", 1, begun, providers))
    assert status == 200
    gather = ElementTree.fromstring(body).find("Gather")
    assert gather is not None and gather.get("language") == "yue-Hant-HK"
    (said,) = gather.iter("Say")
    assert (said.get("language"), said.get("voice"), said.text) == ("zh-HK", "alice", "bot: 我個包裹去咗邊")


@pytest.mark.parametrize("number", ["anonymous", "+266696687", ""])
async def test_callers_who_withhold_their_number_are_each_their_own(
    begun: Gateway, providers: StockProviders, number: str
) -> None:
    def call(call_id: str, **said: str) -> Call:
        form = {"From": number, "CallSid": call_id, "CallStatus": "in-progress", **said}
        return _twilio_call(form, "twilio_voice", begun)

    assert "bot: my name is Ana" in (await _post(begun, "twilio_voice", call("CA1", SpeechResult="my name is Ana")))[1]
    status, heard = await _post(begun, "twilio_voice", call("CA2"))
    assert status == 200 and "Ana" not in heard
    assert "Ana" in (await _post(begun, "twilio_voice", call("CA1")))[1]
    assert len({asked["sender"] for asked in begun.bot.asked}) == 1


def _withheld(gateway: Gateway, query: str = "", **said: str) -> Call:
    form = {"From": "anonymous", "CallSid": "CA7", "CallStatus": "in-progress", **said}
    url = f"{gateway.base}/webhooks/twilio_voice/webhook{query}"
    signature = RequestValidator("0" * 32).compute_signature(url, form)
    return Call(urlencode(form).encode(), {**FORM, "X-Twilio-Signature": signature})


async def _hears(gateway: Gateway, query: str = "", **said: str) -> ElementTree.Element:
    call = _withheld(gateway, query, **said)
    url = f"{gateway.base}/webhooks/twilio_voice/webhook{query}"
    async with gateway.http.post(url, data=call.body, headers=call.headers) as response:
        body = await response.text()
        assert response.status == 200, body
        return ElementTree.fromstring(body)


def _words(heard: ElementTree.Element) -> str:
    return " ".join(one.text or "" for one in heard.iter("Say"))


async def test_who_withholds_their_number_is_called_back_on_the_one_they_say_or_is_told_that_nobody_can(
    begun: Gateway, providers: StockProviders
) -> None:
    begun.bot.hands_over("a person please", summary="wants to change the address")
    seat = await begun.seat("ben")
    asked = await _hears(begun, SpeechResult="a person please")
    assert "withheld" in _words(asked)
    (gather,) = asked.iter("Gather")
    assert gather.get("input") == "dtmf speech", "said or keyed in"
    assert "can't make a phone number" in _words(await _hears(begun, SpeechResult="it is 12345678"))
    assert "nobody can call" in _words(await _hears(begun, SpeechResult="forget it"))
    assert (await seat.get("/inbox"))["queue"] == [], "no case that nobody can answer"
    assert "bot: where is it" in _words(await _hears(begun, SpeechResult="where is it"))

    for said in ({"Digits": "91234567"}, {"SpeechResult": "九一二三 四五六七"}):
        await _hears(begun, CallSid="CA" + next(iter(said)), SpeechResult="a person please")
        heard = _words(await _hears(begun, CallSid="CA" + next(iter(said)), **said))
        assert "9 1 2 3 4 5 6 7" in heard, said
        again = await _hears(begun, CallSid="CA" + next(iter(said)), SpeechResult="a person please")
        assert "9 1 2 3 4 5 6 7" in _words(again), "the same case"
    rows = (await seat.get("/inbox"))["queue"]
    assert [(row["kind"], row["summary"]) for row in rows] == [("message", "wants to change the address")] * 2
    for row in rows:
        ticket = (await seat.get(f"/conversations/{row['conversation']}"))["ticket"]
        assert ticket["contact"] == {"phone": "91234567"}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are answered within a moment."""
    assert TWILIO_VOICE.answers_within_seconds is not None and TWILIO_VOICE.answers_within_seconds <= 10
    kind = f"{TwilioVoiceInput.__module__}.{TwilioVoiceInput.__qualname__}"
    monkeypatch.setitem(table._TABLE, kind, replace(TWILIO_VOICE, answers_within_seconds=0.05))


async def test_an_answer_that_takes_long_is_fetched_before_twilio_hangs_up(
    hurried: None, begun: Gateway, providers: StockProviders
) -> None:
    begun.bot.hold = asyncio.Event()
    waits = await _hears(begun, SpeechResult="where is my parcel")
    assert "moment" in _words(waits).lower() and waits.find("Gather") is None
    (redirect,) = waits.iter("Redirect")
    where = urlsplit(str(redirect.text))
    assert f"{where.scheme}://{where.netloc}" == begun.base and redirect.get("method") == "POST"
    begun.bot.hold.set()
    heard = await _hears(begun, f"?{where.query}")
    assert _words(heard) == "bot: where is my parcel" and heard.find("Gather") is not None
    assert [one["message"] for one in begun.bot.asked] == ["where is my parcel"], "asked once"
