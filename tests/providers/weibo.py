"""Weibo's fans service, after https://open.weibo.com/wiki/Send_Customer_Service_Message and /wiki/Error_code.

Who wrote, followed, subscribed or tapped on the menu may be written to for 48 hours; who unfollows may not. Weibo names
no code for either but that of somebody who is no follower.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from aiohttp import web

from providers.server import A_PICTURE, Provider, Sent, parsed

APP_SECRET, TOKEN, UID = "weibo-app-secret", "2.00weibo-access-token", "1902538057"
FANS = ("2489518277", "2489518278")
WINDOW = timedelta(hours=48)
_OPENS = ("follow", "subscribe", "click", "scan", "scan_follow")


class WeiboProvider(Provider):
    """Takes answers to fans, as a form."""

    def __init__(self) -> None:
        super().__init__()
        self.files = {"821804469": A_PICTURE}
        self.users = {*FANS, "1404376560"}  # of Weibo; whoever else is named is nobody

    def posts(self, body: bytes) -> None:
        super().posts(body)
        self.users.update(self.wrote)
        event = parsed(body)
        if isinstance(event, dict) and _subtype(event) == "unfollow":
            self.wrote.pop(str(event.get("sender_id")), None)

    def writers(self, body: Any) -> Iterable[str]:
        if not isinstance(body, dict) or str(body.get("receiver_id")) != UID:
            return ()
        opens = _subtype(body) in _OPENS if body.get("type") == "event" else body.get("type") != "mention"
        return (str(body.get("sender_id")),) if opens else ()

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/2/messages/reply.json", self._reply), web.get("/2/mss/msget", self._media)]

    def refusal(self, kind: str) -> web.Response:
        return {
            "busy": _error(10023, "User requests out of rate limit"),
            "account": _error(21327, "expired_token"),
            "system": _error(10001, "System error"),
            "content": _error(20021, "Content is illegal!"),
            "blocked": _error(20301, "Can't send direct message to user who is not your follower"),
            "unknown": _error(10013, "Invalid weibo user"),
            "ended": _error(21332, "invalid_access_token"),
        }[kind]

    async def _reply(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if request.content_type != "application/x-www-form-urlencoded":
            return _error(10007, "Unsupport mediatype")
        form = await request.post()
        if form["access_token"] != TOKEN:
            return _error(21332, "invalid_access_token")
        if form["type"] != "text":
            return _error(10008, "Param error, see doc for more info")
        text = json.loads(str(form["data"]))["text"]
        if not 1 <= len(text) < 300:
            return _error(20012, "Text too long, please input text less than 300 characters")
        to = str(form["receiver_id"])
        if to not in self.users:
            return self.refusal("unknown")

        def take() -> web.Response:
            if not self.wrote_within(to, WINDOW):
                return self.refusal("blocked")
            self.sent.append(Sent(to, text, self.next_id(), how="text"))
            return web.json_response({"result": True, "receiver_id": int(to), "sender_id": int(UID), "type": "text"})

        return await self.take(take)

    async def _media(self, request: web.Request) -> web.Response:
        if request.query.get("access_token") != TOKEN:
            return _error(21332, "invalid_access_token")
        return self.file(request.query.get("fid", ""), _error(20003, "target file does not exist"))


def _subtype(event: dict[str, Any]) -> Any:
    return event["data"].get("subtype") if isinstance(event.get("data"), dict) else None


def _error(code: int, message: str) -> web.Response:
    body = {"error": message, "error_code": code, "request": "/2/messages/reply.json"}
    return web.json_response(body, status=400)
