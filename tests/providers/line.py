"""LINE's Messaging API: https://developers.line.biz/en/reference/messaging-api/."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web

from providers.server import A_DOCUMENT, A_PICTURE, Provider, Sent

TOKEN = "line-access-token"


class LineProvider(Provider):
    """Takes replies and pushes; a reply token works once, a retry key sends once."""

    def __init__(self) -> None:
        super().__init__()
        self.reply_tokens: dict[str, str] = {}  # token: user
        self.by_key: dict[str, list[str]] = {}  # retry key: message ids
        self.users = {"U" + "a" * 32, "U" + "b" * 32}
        self.files = {"354718705033693859": A_PICTURE, "325710": A_DOCUMENT}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v2/bot/message/reply", self._reply),
            web.post("/v2/bot/message/push", self._push),
            web.post("/v2/bot/chat/loading/start", self._loading),
            web.get("/v2/bot/message/{id}/content", self._content),
            web.get("/v2/bot/info", self._info),
        ]

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return web.json_response(
                {"message": "The API rate limit has been exceeded."}, status=429, headers={"Retry-After": "7"}
            )
        if kind == "account":
            return _error(401, "Authentication failed due to the following reason: invalid token.")
        if kind == "quota":
            return _error(429, "You have reached your monthly limit.")
        return _error(400, "The property, 'to', in the request body is invalid (line: -, column: -)")

    async def _reply(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        if isinstance(body, web.Response):
            return body
        if self.faults and self.faults[0].refuses in ("blocked", "quota"):
            return _error(400, "Invalid reply token")  # a reply names nobody and counts against no plan
        if "X-Line-Retry-Key" in request.headers:
            return _error(400, "The retry key cannot be used with this endpoint.")

        def take() -> web.Response:
            user = self.reply_tokens.pop(body["replyToken"], None)
            if user is None:
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
        if body["to"] not in self.users:
            return self.refusal("unknown")

        def take() -> web.Response:
            if key in self.by_key:
                known = [{"id": one} for one in self.by_key[key]]
                said = {"sentMessages": known, "message": "The retry key is already accepted"}
                return web.json_response(said, status=409)
            first = len(self.sent)
            answer = self._take_all(body["to"], body["messages"], "push")
            if answer.status == 200:
                self.by_key[key] = [one.id for one in self.sent[first:]]
            return answer

        return await self.take(take)

    def _take_all(self, user: str, messages: list[dict[str, Any]], how: str) -> web.Response:
        if not 1 <= len(messages) <= 5:
            return _error(400, "Size must be between 1 and 5")
        for message in messages:
            wrong = _wrong(message)
            if wrong:
                return _error(400, wrong)
        first = len(self.sent)
        for message in messages:
            # Customers see those of the last message alone.
            items = message.get("quickReply", {}).get("items", []) if message is messages[-1] else []
            buttons = [(item["action"]["label"], item["action"]["data"]) for item in items]
            image = message.get("originalContentUrl")
            self.sent.append(Sent(user, message.get("text", ""), self.next_id(), buttons, image, how))
        return web.json_response({"sentMessages": [{"id": one.id} for one in self.sent[first:]]})

    async def _loading(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        if isinstance(body, web.Response):
            return body
        if body["loadingSeconds"] not in range(5, 61, 5):
            return _error(400, "loadingSeconds is invalid")
        self.typing.append(body["chatId"])
        return web.json_response({}, status=202)

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
        return "Length must be between 0 and 5000"
    if message["type"] == "image" and not message["originalContentUrl"].startswith("https://"):
        return "uri must be https"
    items = message.get("quickReply", {}).get("items", [])
    if len(items) > 13:
        return "Size must be between 0 and 13"
    for item in items:
        if len(item["action"]["label"]) > 20 or len(item["action"]["data"]) > 300:
            return "Length must be between 0 and 20"
    return ""


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
