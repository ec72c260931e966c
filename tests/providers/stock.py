"""The providers of Rasa's stock channels: one server in a thread of its own, for some of their clients block.

Each answers as its documentation says; what it takes stands in `sent`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from connectors.splitting import utf8_bytes, utf16_units
from providers.server import Sent

_WEBEX_WORDS = re.compile(r"msg\d+\.((?:[0-9a-f]{2})*)")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
APP_ID = "bot-framework-app"
PROJECT = "1234567890"
WEBEX_ME = "person-of-the-bot"
SLACK_TOKEN, TELEGRAM_TOKEN = "xoxb-1", "1:" + "a" * 35
TWILIO_ACCOUNT, TWILIO_TOKEN = "AC" + "0" * 32, "0" * 32


# What a text may have at most: https://api.slack.com/reference/block-kit/blocks#section,
# https://core.telegram.org/bots/api#sendmessage, https://www.twilio.com/docs/messaging/api/message-resource,
# https://developer.webex.com/docs/api/v1/messages/create-a-message
LONGEST: dict[str, tuple[int, Callable[[str], int]]] = {
    "slack.com": (3000, len),
    "api.telegram.org": (4096, utf16_units),
    "graph.facebook.com": (2000, len),
    "api.twilio.com": (1600, len),
    "webexapis.com": (7439, utf8_bytes),
}


def bot_framework_token(service: str, kid: str = "k1", **changes: Any) -> str:
    """A token as the Bot Framework connector sends it, by the key of that name."""
    now = int(time.time())
    claims = {"iss": "https://api.botframework.com", "aud": APP_ID, "exp": now + 600, "nbf": now - 60, **changes}
    return jwt.encode({"serviceurl": service, **claims}, KEY, algorithm="RS256", headers={"kid": kid})


def google_token(**changes: Any) -> str:
    """A token as Google Chat sends it."""
    now = int(time.time())
    claims = {"iss": "chat@system.gserviceaccount.com", "aud": PROJECT, "iat": now - 10, "exp": now + 600, **changes}
    return jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "g1"})


def _certificate() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat@system.gserviceaccount.com")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


class StockProviders:
    """All of them, by the host that their client calls."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.asked: list[str] = []
        # Webex's messages by their ids, which its notices carry instead; so does `msg1.` before words in hexadecimal.
        self.webex: dict[str, dict[str, Any]] = {
            "wx-message": {"id": "wx-message", "roomId": "room1", "personId": "ana", "text": "我個包裹去咗邊？"},
            "wx-own": {"id": "wx-own", "roomId": "room1", "personId": WEBEX_ME, "text": "bot: hello"},
            "wx-file": {
                "id": "wx-file",
                "roomId": "room1",
                "personId": "ana",
                "files": ["https://webexapis.com/v1/contents/c1"],
            },
        }
        self.refuse: list[int] = []  # statuses for the next messages
        # By host and path: what the key has to be, and the file's type, bytes and name.
        self.files: dict[str, tuple[str | None, str, bytes, str]] = {}
        self.away = False  # whoever asks anything hears that it is down
        self.address = ""
        self.key_name = "k1"  # of Microsoft's key, as it is now

    def file(self, host: str, path: str, key: str | None) -> tuple[int, dict[str, str], bytes] | None:
        """A customer's file at `host`, for who shows the key; None where there is none."""
        found = self.files.get(f"{host}{path}")
        if found is None:
            return None
        self.asked.append(f"{host}{path}")
        wanted, kind, content, name = found
        if key != wanted:
            return 401, {"Content-Type": "text/html"}, b"sign in"
        named = {"Content-Disposition": f'attachment; filename="{name}"'} if name else {}
        return 200, {"Content-Type": kind, **named}, content

    def answer(
        self, host: str, path: str, query: dict[str, str], body: dict[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """The answer of `host`."""
        self.asked.append(f"{host}{path}")
        stranger = _stranger(host, path, query, body, headers)
        if stranger is not None:
            return stranger
        tail = path.rpartition("/")[2]
        if tail in ("openidconfiguration",):
            return 200, {"jwks_uri": "https://login.botframework.com/v1/.well-known/keys"}
        if tail == "keys":
            return 200, {"keys": [{**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": self.key_name}]}
        if tail == "token":
            return 200, {"access_token": "bot-token", "expires_in": 3600}
        if "x509" in path:
            return 200, {"g1": _certificate()}
        if path in ("/api/auth.test", f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}.json") or tail == "me":
            return 200, {"ok": True, "id": WEBEX_ME, "sid": TWILIO_ACCOUNT, "status": "active"}
        if tail == "login":
            return 200, {"status": "success", "data": {"authToken": "t", "userId": "u"}}
        if host == "webexapis.com" and tail in self.webex:
            return 200, self.webex[tail]
        if host == "webexapis.com" and _WEBEX_WORDS.fullmatch(tail):
            said = bytes.fromhex(tail.partition(".")[2]).decode()
            return 200, {"id": tail, "roomId": "room1", "personId": "ana", "text": said}
        if host == "webexapis.com" and path != "/v1/messages":
            return 404, {"message": "nothing by this id"}
        if tail == "getFile":
            file = {"file_id": body.get("file_id"), "file_unique_id": "u", "file_path": f"photos/{body.get('file_id')}"}
            return 200, {"ok": True, "result": file}
        if tail in ("setWebhook",):
            return 200, {"ok": True, "result": True}
        return self._take(host, path, query, body)

    def _take(self, host: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        most, size = LONGEST.get(host, (16_000, len))
        said = body.get("message")
        texts = [body.get("text"), body.get("Body"), said.get("text") if isinstance(said, dict) else said]
        if any(isinstance(one, str) and size(one) > most for one in texts) or self.refuse:
            status = self.refuse.pop(0) if self.refuse else 413
            return status, {
                "parameters": {"retry_after": 30} if status == 429 else {},
                "ok": False,
                "error": {"message": "no", "code": status},
                "message": "no",
                "code": 1,
                "status": status,
                "description": "no",
            }
        id = f"stock-{len(self.sent) + 1}"
        if host == "slack.com":
            self._note(body["channel"], body.get("text"), id, _slack_choices(body.get("blocks") or []))
            return 200, {"ok": True, "channel": body["channel"], "ts": id}
        if host == "api.telegram.org":
            rows = json.loads(body.get("reply_markup") or "{}").get("inline_keyboard") or []
            self._note(
                body["chat_id"], body.get("text"), id, [(b["text"], b["callback_data"]) for r in rows for b in r]
            )
            chat = {"id": int(body["chat_id"]), "type": "private"}
            return 200, {"ok": True, "result": {"message_id": len(self.sent), "date": 1, "chat": chat}}
        if host == "graph.facebook.com":
            message = body["message"]
            attached = (message.get("attachment") or {}).get("payload") or {}
            buttons = attached.get("buttons") or []
            assert all(one["type"] == "postback" and len(one["title"]) <= 20 for one in buttons)
            text = message.get("text") or attached.get("text")
            self._note(body["recipient"]["id"], text, id, [(one["title"], one["payload"]) for one in buttons])
            return 200, {"recipient_id": body["recipient"]["id"], "message_id": id}
        if host == "api.twilio.com":
            self._note(body["To"], body.get("Body"), id)
            return 201, {"sid": id, "status": "queued", "to": body["To"], "body": body.get("Body")}
        if host == "webexapis.com":
            self._note(body["roomId"], body.get("text"), id)
            return 200, {"id": id, "roomId": body["roomId"]}
        if path.endswith("/posts"):
            actions = _first(_first(body.get("props"), "attachments"), "actions", whole=True)
            self._note(body["channel_id"], body.get("message"), id, [_mattermost_choice(one) for one in actions])
            return 201, {"id": id}
        if path.endswith("chat.postMessage"):
            actions = _first(_first(body, "attachments"), "actions", whole=True)
            assert all(one["type"] == "button" and one["msg_in_chat_window"] for one in actions)
            room = body.get("roomId") or body.get("room_id")
            self._note(room, body.get("text"), id, [(one["text"], one["msg"]) for one in actions])
            return 200, {"success": True, "message": {"_id": id}}
        if path.endswith("/activities"):
            card = _first(body, "attachments").get("content") or {}
            said = [_card_action(one) for one in card.get("buttons") or ()]
            self._note(body["recipient"]["id"], body.get("text") or card.get("subtitle"), id, said)
            return 200, {"id": id}
        if path.endswith("/callback"):
            buttons = body.get("buttons") or []
            choices = [(one["title"], one["payload"]) for one in buttons]
            self._note(body["recipient_id"], body.get("text"), id, choices)
            return 200, {}
        return 404, {"error": f"nothing at {host}{path}"}

    def _note(self, to: Any, text: Any, id: str, buttons: list[tuple[str, str]] | None = None) -> None:
        self.sent.append(Sent(str(to), str(text or ""), id, buttons or []))

    @contextlib.contextmanager
    def running(self) -> Iterator[StockProviders]:
        providers = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                parts = urlsplit(self.path)
                body = _body(self.headers.get("content-type") or "", self.rfile.read(length))
                host = self.headers.get("x-real-host") or ""
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                file = providers.file(host, parts.path, self.headers.get("authorization"))
                if providers.away:
                    status, headers, raw = 503, {"Content-Type": "text/plain"}, b"down"
                elif file is not None:
                    status, headers, raw = file
                else:
                    status, answer = providers.answer(host, parts.path, query, body, self.headers)
                    headers, raw = {"Content-Type": "application/json"}, json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = _do

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _stranger(
    host: str, path: str, query: dict[str, str], body: dict[str, Any], headers: Mapping[str, str]
) -> tuple[int, Any] | None:
    """What somebody hears who does not show the key of this account, as each of them documents it; None for us."""
    shown, no = headers.get("authorization") or "", {"message": "Invalid or expired session, please login again."}
    if host == "slack.com":
        return None if shown == f"Bearer {SLACK_TOKEN}" else (200, {"ok": False, "error": "invalid_auth"})
    if host == "api.telegram.org":
        said = {"ok": False, "error_code": 401, "description": "Unauthorized"}
        return None if path.startswith(f"/bot{TELEGRAM_TOKEN}/") else (401, said)
    if host == "graph.facebook.com":
        error = {"message": "Invalid OAuth access token.", "type": "OAuthException", "code": 190, "fbtrace_id": "A1"}
        return None if query.get("access_token") == "t" else (400, {"error": error})
    if host == "api.twilio.com":
        wanted = base64.b64encode(f"{TWILIO_ACCOUNT}:{TWILIO_TOKEN}".encode()).decode()
        return None if shown == f"Basic {wanted}" else (401, {"code": 20003, "message": "Authenticate", "status": 401})
    if host == "webexapis.com":
        return None if shown == "Bearer t" else (401, {"message": "The request requires a valid access token."})
    if path.endswith(("/posts", "/users/me")):
        return None if shown == "Bearer t" else (401, {**no, "id": "api.context.session_expired.app_error"})
    if path.endswith("/login"):
        is_known = (body.get("user") or body.get("username"), body.get("password")) == ("bot", "p")
        return None if is_known else (401, {"status": "error", "message": "Unauthorized"})
    if path.endswith("chat.postMessage"):
        is_known = (headers.get("x-auth-token"), headers.get("x-user-id")) == ("t", "u")
        return None if is_known else (401, {"status": "error", "message": "You must be logged in to do this."})
    if path.endswith("/token"):
        is_known = (body.get("client_id"), body.get("client_secret")) == (APP_ID, "p")
        return None if is_known else (401, {"error": "invalid_client"})
    if path.endswith("/activities"):
        error = {"code": "Unauthorized", "message": "Authorization has been denied for this request."}
        return None if shown == "Bearer bot-token" else (401, {"error": error})
    return None


def _first(of: Any, name: str, whole: bool = False) -> Any:
    found = (of or {}).get(name) or []
    return found if whole else found[0] if found else {}


def _slack_choices(blocks: Any) -> list[tuple[str, str]]:
    """https://api.slack.com/reference/block-kit/block-elements#button"""
    blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
    buttons = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    assert all(one["type"] == "button" and len(one["text"]["text"]) <= 75 for one in buttons)
    return [(one["text"]["text"], one["value"]) for one in buttons]


def _mattermost_choice(action: dict[str, Any]) -> tuple[str, str]:
    """What a press brings: to which address, and what. Without a name or an address there is no button."""
    called = action["integration"]
    return action["name"], f"{urlsplit(called['url']).query} {called['context']['action']}"


def _card_action(button: dict[str, str]) -> tuple[str, str]:
    """https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-add-rich-cards: without a
    type and a value nothing happens when it is pressed."""
    return button["title"], button["value"] if button.get("type") == "imBack" else ""


def _body(kind: str, raw: bytes) -> dict[str, Any]:
    if "multipart/form-data" in kind:
        boundary = kind.partition("boundary=")[2].strip('"')
        found: dict[str, Any] = {}
        for part in raw.split(f"--{boundary}".encode()):
            head, _, value = part.partition(b"\r\n\r\n")
            name = head.partition(b'name="')[2].partition(b'"')[0].decode()
            if name:
                found[name] = value.rstrip(b"\r\n").decode()
        return found
    if "form-urlencoded" in kind:
        return {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    try:
        loaded = json.loads(raw or b"{}")
    except ValueError:
        return {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    return loaded if isinstance(loaded, dict) else {}
