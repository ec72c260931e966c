"""Weibo's fans service, after https://open.weibo.com/wiki/Send_Customer_Service_Message and /wiki/Error_code."""

from __future__ import annotations

import json

from aiohttp import web

from providers.server import A_PICTURE, Provider, Sent

APP_SECRET, TOKEN, UID = "weibo-app-secret", "2.00weibo-access-token", "1902538057"
FANS = ("2489518277", "2489518278")


class WeiboProvider(Provider):
    """Takes answers to fans, as a form."""

    def __init__(self) -> None:
        super().__init__()
        self.files = {"821804469": A_PICTURE}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/2/messages/reply.json", self._reply), web.get("/2/mss/msget", self._media)]

    def refusal(self, kind: str) -> web.Response:
        return {
            "busy": _error(10023, "User requests out of rate limit"),
            "account": _error(21327, "expired_token"),
            "system": _error(10001, "System error"),
            "content": _error(20021, "Content is illegal!"),
            "blocked": _error(20301, "Can't send direct message to user who is not your follower"),
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
        if to not in FANS:
            return self.refusal("blocked")

        def take() -> web.Response:
            self.sent.append(Sent(to, text, self.next_id(), how="text"))
            return web.json_response({"result": True, "receiver_id": int(to), "sender_id": int(UID), "type": "text"})

        return await self.take(take)

    async def _media(self, request: web.Request) -> web.Response:
        if request.query.get("access_token") != TOKEN:
            return _error(21332, "invalid_access_token")
        return self.file(request.query.get("fid", ""), _error(20003, "target file does not exist"))


def _error(code: int, message: str) -> web.Response:
    body = {"error": message, "error_code": code, "request": "/2/messages/reply.json"}
    return web.json_response(body, status=400)
