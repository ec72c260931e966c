"""LINE's Messaging API: https://developers.line.biz/en/reference/messaging-api/, and for whom a message does not reach
https://developers.line.biz/en/faq/tags/message/."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from providers.server import A_DOCUMENT, A_PICTURE, Provider, Sent, each, parsed

TOKEN = "line-access-token"
REPLY_TOKEN_HOLDS = timedelta(minutes=1)
LINK_TOKEN_HOLDS = timedelta(minutes=10)


class LineProvider(Provider):
    """Takes replies and pushes; a reply token works once and for a minute, a retry key sends once."""

    def __init__(self) -> None:
        super().__init__()
        self.reply_tokens: dict[str, tuple[str, datetime]] = {}  # token: user, and when it was given
        self.used_tokens: set[str] = set()
        self.blocked: set[str] = set()  # who blocked the account, or deleted their own
        self.by_key: dict[str, list[str]] = {}  # retry key: message ids
        self.link_tokens: dict[str, tuple[str, datetime]] = {}  # token: user, and when it was issued
        self.at_browser = "U" + "a" * 32  # whose LINE the browser is signed in to
        self.users = {"U" + "a" * 32, "U" + "b" * 32}
        self.files = {"354718705033693859": A_PICTURE, "325710": A_DOCUMENT}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v2/bot/message/reply", self._reply),
            web.post("/v2/bot/message/push", self._push),
            web.post("/v2/bot/chat/loading/start", self._loading),
            web.get("/v2/bot/message/{id}/content", self._content),
            web.get("/v2/bot/info", self._info),
            web.post("/v2/bot/user/{user}/linkToken", self._link_token),
            web.get("/dialog/bot/accountLink", self._account_link),
        ]

    def posts(self, body: bytes) -> None:
        super().posts(body)
        for event in each(parsed(body), "events"):
            user, token = (event.get("source") or {}).get("userId"), event.get("replyToken")
            if not isinstance(user, str):
                continue
            self.users.add(user)
            if event.get("type") in ("follow", "unfollow"):
                (self.blocked.add if event["type"] == "unfollow" else self.blocked.discard)(user)
            if isinstance(token, str) and token not in self.used_tokens:
                self.reply_tokens.setdefault(token, (user, self.clock()))

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return web.json_response(
                {"message": "The API rate limit has been exceeded."}, status=429, headers={"Retry-After": "7"}
            )
        if kind == "account":
            return _error(401, "Authentication failed due to the following reason: invalid token.")
        if kind == "quota":
            return _error(429, "You have reached your monthly limit.")
        if kind == "malformed":
            return _error(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
        return _error(400, "Failed to send messages")  # nobody has this id

    async def _reply(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        if isinstance(body, web.Response):
            return body
        if self.faults and self.faults[0].refuses in ("blocked", "quota"):
            return _error(400, "Invalid reply token")  # a reply names nobody and counts against no plan
        if "X-Line-Retry-Key" in request.headers:
            return _error(400, "The retry key cannot be used with this endpoint.")

        def take() -> web.Response:
            user, given_at = self.reply_tokens.pop(body["replyToken"], ("", self.clock()))
            self.used_tokens.add(body["replyToken"])
            if not user or self.clock() - given_at > REPLY_TOKEN_HOLDS:
                return _error(400, "Invalid reply token")
            return self._take_all(user, body["messages"], "reply")

        return await self.take(take)

    async def _push(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        if isinstance(body, web.Response):
            return body
        key = request.headers.get("X-Line-Retry-Key", "")
        try:
            uuid.UUID(key)
        except ValueError:
            return _error(400, "Invalid retry key")
        if not re.fullmatch("U[0-9a-f]{32}", body["to"]):
            return self.refusal("malformed")
        if body["to"] not in self.users:
            return self.refusal("unknown")

        def take() -> web.Response:
            if key in self.by_key:
                known = [{"id": one} for one in self.by_key[key]]
                said = {"sentMessages": known, "message": "The retry key is already accepted"}
                return web.json_response(said, status=409)
            answer = self._take_all(body["to"], body["messages"], "push")
            if answer.status == 200:
                self.by_key[key] = [one["id"] for one in parsed(answer.body)["sentMessages"]]  # type: ignore[arg-type]
            return answer

        return await self.take(take)

    def _take_all(self, user: str, messages: list[dict[str, Any]], how: str) -> web.Response:
        if not 1 <= len(messages) <= 5:
            return _error(400, "Size must be between 1 and 5")
        for message in messages:
            wrong = _wrong(message)
            if wrong:
                details = [{"message": wrong, "property": "messages[0]"}]
                return web.json_response({"message": "The request body has 1 error(s)", "details": details}, status=400)
        taken: list[Sent] = []
        for message in messages:
            # Customers see those of the last message alone.
            items = message.get("quickReply", {}).get("items", []) if message is messages[-1] else []
            buttons = [(item["action"]["label"], item["action"]["data"]) for item in items]
            image = message.get("originalContentUrl")
            taken.append(Sent(user, message.get("text", ""), self.next_id(), buttons, image, how))
        if user not in self.blocked:  # LINE takes what is for them as well, and says nothing
            self.sent += taken
        return web.json_response({"sentMessages": [{"id": one.id} for one in taken]})

    async def _loading(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        if isinstance(body, web.Response):
            return body
        if body["loadingSeconds"] not in range(5, 61, 5):
            return _error(400, "loadingSeconds is invalid")
        self.typing.append(body["chatId"])
        return web.json_response({}, status=202)

    async def _link_token(self, request: web.Request) -> web.Response:
        """https://developers.line.biz/en/reference/messaging-api/#issue-link-token"""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.refusal("account")
        user = request.match_info["user"]
        if self.faults:
            return web.json_response({"message": "fault"}, status=self.faults.popleft().status)
        if user not in self.users:
            return _error(404, "Not found")
        token = secrets.token_urlsafe(24)
        self.link_tokens[token] = (user, self.clock())
        return web.json_response({"linkToken": token})

    async def _account_link(self, request: web.Request) -> web.Response:
        """What a browser opens: https://developers.line.biz/en/docs/messaging-api/linking-accounts/"""
        nonce = request.query.get("nonce", "")
        user, issued_at = self.link_tokens.pop(request.query.get("linkToken", ""), ("", self.clock()))  # once
        if not user or self.clock() - issued_at >= LINK_TOKEN_HOLDS or not 10 <= len(nonce) <= 255:
            return web.Response(text="LINE: 400 Bad Request", status=400)
        is_owner = self.at_browser == user
        event = {
            "type": "accountLink",
            "mode": "active",
            "timestamp": 1772424600000,
            "source": {"type": "user", "userId": user},
            "webhookEventId": f"01HXL{secrets.token_hex(10)}",
            "deliveryContext": {"isRedelivery": False},
            "link": {"result": "ok" if is_owner else "failed", "nonce": nonce},
        }
        if is_owner:  # there is none when it failed
            event["replyToken"] = secrets.token_hex(16)
        self.calls.append(json.dumps({"destination": "U" + "0" * 32, "events": [event]}).encode())
        return web.Response(text="LINE: linked" if is_owner else "LINE: not linked")

    async def _content(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.refusal("account")
        return self.file(request.match_info["id"], _error(404, "Not found"))

    async def _info(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return self.refusal("account")
        names = {"userId": "U" + "0" * 32, "basicId": "@216ru", "displayName": "Shop"}
        return web.json_response({**names, "chatMode": "bot", "markAsReadMode": "auto"})

    async def _checked(self, request: web.Request) -> Any:
        self.asked.append(request)
        return await request.json() if self._knows(request) else self.refusal("account")

    def _knows(self, request: web.Request) -> bool:
        return self.key_holds and request.headers.get("Authorization") == f"Bearer {TOKEN}"


def _wrong(message: dict[str, Any]) -> str:
    if message["type"] == "text" and not 1 <= len(message["text"].encode("utf-16-le")) // 2 <= 5000:
        return "Length must be between 1 and 5000"
    if message["type"] == "image":
        for url in (message["originalContentUrl"], message["previewImageUrl"]):
            if not url.startswith("https://") or len(url) > 2000:
                return "uri must be https"
    items = message.get("quickReply", {}).get("items", [])
    if len(items) > 13:
        return "Size must be between 0 and 13"
    for item in items:
        action = item["action"]
        if len(action["label"]) > 20 or len(action["data"]) > 300 or len(action.get("displayText", "")) > 300:
            return "Length must be between 0 and 20"
    return ""


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
