"""Telegram's Bot API: https://core.telegram.org/bots/api."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from PIL import Image

from providers.server import A_DOCUMENT, A_PICTURE, Provider, Sent, parsed

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


class TelegramProvider(Provider):
    """Takes what a bot sends; knows two people who have started it, and whoever writes."""

    def __init__(self) -> None:
        super().__init__()
        self.chats = {"1111", "2222"}
        self.blocked: set[str] = set()
        self.gone: set[str] = set()  # whose accounts are deleted
        self.strangers: set[str] = set()  # people who never started the bot
        self.taps: set[str] = set()
        self.webhook: dict[str, Any] = {}
        self.answered_taps: list[str] = []
        self.files = {"large": A_PICTURE, "d": A_DOCUMENT}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/bot{token}/{method}", self._method), web.get("/file/bot{token}/{path:.*}", self._file)]

    def posts(self, body: bytes) -> None:
        super().posts(body)
        self.chats.update(self.wrote)
        update = parsed(body)
        if isinstance(update, dict):
            self.taps.add(str((update.get("callback_query") or {}).get("id")))
            change = update.get("my_chat_member") or {}
            is_blocked = (change.get("new_chat_member") or {}).get("status") == "kicked"
            (self.blocked.add if is_blocked else self.blocked.discard)(str((change.get("chat") or {}).get("id")))

    def writers(self, body: Any) -> Iterable[str]:
        """Who wrote or tapped, in a private chat."""
        update = body if isinstance(body, dict) else {}
        message = update.get("message") or (update.get("callback_query") or {}).get("message") or {}
        chat = message.get("chat") or {}
        return (str(chat["id"]),) if chat.get("type") == "private" else ()

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return _error(429, "Too Many Requests: retry after 7", {"retry_after": 7})
        if kind == "account":
            return _error(401, "Unauthorized")
        if kind == "gone":
            return _error(403, "Forbidden: user is deactivated")
        if kind == "stranger":
            return _error(403, "Forbidden: bot can't initiate conversation with a user")
        return _error(403, "Forbidden: bot was blocked by the user")

    async def _method(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if request.match_info["token"] != TOKEN or not self.key_holds:
            return _error(401, "Unauthorized")
        body: dict[str, Any] = dict(await request.post()) if "form" in request.content_type else await request.json()
        method = request.match_info["method"]
        if method in ("sendMessage", "sendPhoto", "sendDocument"):
            return await self.take(lambda: self._send(method, body))
        if method == "setWebhook":
            url, secret = urlsplit(str(body["url"])), str(body.get("secret_token") or "x")
            if url.scheme != "https" or (url.port or 443) not in (443, 80, 88, 8443):
                return _error(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
            if not re.fullmatch("[A-Za-z0-9_-]{1,256}", secret):
                return _error(400, "Bad Request: secret token contains unallowed characters")
            self.webhook = dict(body)
            return _ok(True)
        if method == "sendChatAction":
            self.typing.append(str(body["chat_id"]))
            return _ok(True)
        if method == "answerCallbackQuery":
            if str(body["callback_query_id"]) not in self.taps:
                return _error(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
            self.answered_taps.append(str(body["callback_query_id"]))
            return _ok(True)
        if method == "getFile":
            if self.is_locked:
                return self.refusal("account")
            key = body["file_id"]
            if key not in self.files:
                return _error(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
            return _ok({"file_id": key, "file_size": len(self.files[key][0]), "file_path": f"photos/{key}"})
        return _error(404, "Not Found")

    def _send(self, method: str, body: dict[str, Any]) -> web.Response:
        chat = str(body["chat_id"])
        for kind, those in (("blocked", self.blocked), ("gone", self.gone), ("stranger", self.strangers)):
            if chat in those:
                return self.refusal(kind)
        if chat not in self.chats:
            return _error(400, "Bad Request: chat not found")
        text = str(body.get("text") or "")
        if method == "sendMessage" and not text.strip():
            return _error(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return _error(400, "Bad Request: message is too long")
        if len(str(body.get("caption") or "").encode("utf-16-le")) // 2 > 1024:
            return _error(400, "Bad Request: message caption is too long")
        markup = body.get("reply_markup") or {}
        markup = json.loads(markup) if isinstance(markup, str) else markup
        buttons = [(one["text"], one["callback_data"]) for row in markup.get("inline_keyboard", []) for one in row]
        if any(not 1 <= len(data.encode()) <= 64 for _, data in buttons):
            return _error(400, "Bad Request: BUTTON_DATA_INVALID")
        if any(not title.strip() for title, _ in buttons) or len(buttons) > 100:
            return _error(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        given = body.get("photo") or body.get("document")
        if isinstance(given, web.FileField):
            types = ("image/png", "image/jpeg") if method == "sendPhoto" else (given.content_type,)
            key = self.upload(given, types, 10_000_000 if method == "sendPhoto" else 50_000_000)
            if key is None or (method == "sendPhoto" and not _is_shown(self.uploads[key][1])):
                return _error(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
            self.sent.append(Sent(chat, "", self.next_id(), [], None, method, self.uploads[key]))
        elif given is not None and not str(given).startswith(("https://", "http://")):
            return _error(400, "Bad Request: wrong remote file identifier specified")
        else:
            self.sent.append(Sent(chat, text, self.next_id(), buttons, given, method))
        return _ok({"message_id": len(self.sent), "date": 1772424000, "chat": {"id": int(chat), "type": "private"}})

    async def _file(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        return self.file(request.match_info["path"].removeprefix("photos/"), _error(404, "Not Found"))


def _is_shown(photo: bytes) -> bool:
    """https://core.telegram.org/bots/api#sendphoto"""
    short, long = sorted(Image.open(io.BytesIO(photo)).size)
    return short + long <= 10_000 and long <= 20 * short


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(status: int, description: str, parameters: dict[str, Any] | None = None) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return web.json_response({**body, **({"parameters": parameters} if parameters else {})}, status=status)
