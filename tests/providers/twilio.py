"""Twilio Programmable Messaging: https://www.twilio.com/docs/messaging/api/message-resource; its codes:
https://www.twilio.com/docs/api/errors."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from providers.server import A_PICTURE, Provider, Sent

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "12345678901234567890123456789012"
NUMBER = "+85230001234"
SERVICE = "MG" + "0" * 31 + "7"
# The phones of two customers of Twilio's own test numbers' kind.
PHONES = ("+85291234567", "+886912345678")


class TwilioProvider(Provider):
    """Takes messages from one number or by one service, for phones that exist and have not sent STOP."""

    def __init__(self) -> None:
        super().__init__()
        self.phones = set(PHONES)
        self.landlines: set[str] = set()
        self.stopped: set[str] = set()
        self.countries = ("+852", "+853", "+886", "+86")  # that are switched on
        self.forms: list[dict[str, str]] = []
        self.files = {"ME" + "b" * 31 + "1": A_PICTURE}

    def routes(self) -> list[web.RouteDef]:
        base = "/2010-04-01/Accounts/{account}"
        return [
            web.get(f"{base}.json", self._account),
            web.post(f"{base}/Messages.json", self._create),
            web.get(f"{base}/Messages/{{message}}/Media/{{media}}", self._media),
            web.get("/cdn/{media}", self._cdn),
        ]

    def posts(self, body: bytes) -> None:
        """Twilio itself sees to its words: https://help.twilio.com/articles/223134027"""
        fields = dict(parse_qsl(body.decode("utf-8", "replace")))
        word, who = fields.get("Body", "").strip().upper(), fields.get("From", "")
        if word in ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT") and "MessageStatus" not in fields:
            self.stopped.add(who)
        elif word in ("START", "UNSTOP", "YES"):
            self.stopped.discard(who)

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return _error(429, 20429, "Too Many Requests", {"Retry-After": "7"})
        if kind == "account":
            return _error(401, 20003, "Authenticate")
        return _error(400, 21610, "Attempt to send to unsubscribed recipient")

    def next_id(self) -> str:
        self._last_id += 1
        return f"SM{self._last_id:032x}"

    async def _account(self, request: web.Request) -> web.Response:
        if not _knows(request) or not self.key_holds:
            return self.refusal("account")
        return web.json_response({"sid": ACCOUNT, "status": "active", "type": "Full"})

    async def _create(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if not _knows(request) or not self.key_holds:
            return self.refusal("account")
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        return await self.take(lambda: self._take(form))

    def _take(self, form: dict[str, str]) -> web.Response:
        to, text, picture = form.get("To", ""), form.get("Body", ""), form.get("MediaUrl")
        if form.get("MessagingServiceSid") != SERVICE and form.get("From") != NUMBER:
            return _error(400, 21606, "The From phone number is not a valid, SMS-capable number for your account.")
        if not re.fullmatch(r"\+[1-9][0-9]{7,14}", to):
            return _error(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not to.startswith(self.countries):
            return _error(400, 21408, f"Permission to send an SMS has not been enabled for the region of {to}")
        if to in self.landlines:
            return _error(400, 21614, f"'To' number {to} is not a valid mobile number")
        if to not in self.phones:
            return _error(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if to in self.stopped:
            return self.refusal("blocked")
        if not text and not picture:
            return _error(400, 21602, "Message body is required.")
        if len(text) > 1600:
            return _error(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if picture and not picture.startswith("https://"):
            return _error(400, 21620, "Invalid media URL(s)")
        if not form.get("StatusCallback", "https://").startswith(("https://", "http://")):
            return _error(400, 21609, "Invalid 'StatusCallback' URL.")
        sid = self.next_id()
        self.sent.append(Sent(to, text, sid, [], picture, "MMS" if picture else "SMS", key=form["StatusCallback"]))
        return web.json_response({"sid": sid, "status": "queued", "to": to, "body": text}, status=201)

    async def _media(self, request: web.Request) -> web.Response:
        if not _knows(request):
            return self.refusal("account")
        media = request.match_info["media"]
        if self.is_locked:
            return self.refusal("account")
        if media not in self.files:
            self.files_asked += 1
            return _error(404, 20404, "The requested resource was not found")
        return web.Response(status=307, headers={"Location": f"/cdn/{media}?Signature=1"})

    async def _cdn(self, request: web.Request) -> web.Response:
        """Where Twilio leads to: the address itself is the key."""
        if request.query.get("Signature") != "1":
            return web.Response(status=403)
        return self.file(request.match_info["media"], web.Response(status=404))


def _knows(request: web.Request) -> bool:
    wanted = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return request.match_info["account"] == ACCOUNT and request.headers.get("Authorization") == f"Basic {wanted}"


def _error(status: int, code: int, message: str, headers: Any = None) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return web.json_response(body, status=status, headers=headers)
