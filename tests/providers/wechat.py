"""WeChat's API for one AppID, after https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
and https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import sample_files
from aiohttp import web

from providers.server import A_PICTURE, Provider, Sent

APP_ID, APP_SECRET = "wx2c2769f8efd9abc2", "wechat-app-secret"
MESSAGES_IN_WINDOW, MESSAGES_AFTER_CLICK = 5, 3
WINDOW, CLICK_WINDOW = timedelta(hours=48), timedelta(minutes=1)
# https://developers.weixin.qq.com/doc/service/api/customer/typing/api_typing
TYPING_AFTER, TYPING_LASTS = timedelta(seconds=30), timedelta(seconds=15)
_FROM = re.compile(rb"<FromUserName><!\[CDATA\[([^\]]+)|\"FromUserName\": *\"([^\"]+)")
_EVENT = re.compile(rb"<Event><!\[CDATA\[(\w+)|\"Event\": *\"(\w+)")
_SHORT = (b"CLICK", b"subscribe", b"SCAN")  # the other events open nothing
USERS = ("oyORnuP8q7ou2gfYjqLzSIWZf0rs", "oDF3iY9p0c4Kx1bEw7nZsT2uVqLm")


class WeChatProvider(Provider):
    """An Official Account; `has_menus` False is one that is not verified."""

    kinds = {"text", "image", "msgmenu", "miniprogrampage"}

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[str] = []  # the last one holds
        self.token_asked: list[dict[str, Any]] = []
        self.has_menus = True
        self.left: dict[str, int] = {}  # of those who may be answered, how often
        self.until: dict[str, datetime] = {}  # and for how long
        self.types_since: dict[str, datetime] = {}
        self.files = {"photo": A_PICTURE, "video-1": (sample_files.mp4(), "video/mp4")}
        self.films_at = ""  # where films are said to be; with us if it is empty

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/cgi-bin/stable_token", self._stable_token),
            web.post("/cgi-bin/message/custom/send", self._send),
            web.post("/cgi-bin/message/custom/typing", self._typing),
            web.get("/cgi-bin/media/get", self._media),
            web.post("/cgi-bin/media/upload", self._upload),
            web.get("/film/{key}", self._film),
        ]

    def refusal(self, kind: str) -> web.Response:
        return {
            "busy": _error(45011, "api minute-quota reach limit  mustslower  retry next minute"),
            "account": _error(48001, "api unauthorized"),
            "window": _error(45015, "response out of time limit or subscription is canceled"),
            "quota": _error(45047, "out of response count limit"),
            "system": _error(-1, "system error"),
            "blocked": _error(43004, "require subscribe"),
            "refused_by_them": _error(48002, "user block receive message"),
        }[kind]

    def posts(self, body: bytes) -> None:
        """Somebody wrote, or tapped on the account's menu: so many answers are free now, and so long."""
        found, event = _FROM.search(body), _EVENT.search(body)
        kind = (event[1] or event[2]) if event else b""
        if not found or (kind and kind not in (*_SHORT, b"unsubscribe")):
            return
        who, now = (found[1] or found[2]).decode(), self.clock()
        if kind == b"unsubscribe":
            self.left.pop(who, None)
            return
        self.wrote[who] = now
        span, messages = (CLICK_WINDOW, MESSAGES_AFTER_CLICK) if kind in _SHORT else (WINDOW, MESSAGES_IN_WINDOW)
        self.left[who], self.until[who] = messages, now + span
        self.types_since.pop(who, None)

    def end_token(self) -> None:
        """The token that is known holds no longer, as when somebody else asked for one."""
        self.tokens.append(f"token-{len(self.tokens)}")

    async def _stable_token(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.token_asked.append(body)
        if body["grant_type"] != "client_credential" or body["appid"] != APP_ID:
            return _error(40013, "invalid appid")
        if body["secret"] != APP_SECRET:
            return _error(40125, "invalid appsecret")
        if not self.tokens or body.get("force_refresh"):
            self.end_token()
        return web.json_response({"access_token": self.tokens[-1], "expires_in": 7200})

    async def _send(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        return body if isinstance(body, web.Response) else await self.take(lambda: self._take_one(body))

    def _take_one(self, body: dict[str, Any]) -> web.Response:
        kind, buttons, file = body["msgtype"], [], None
        if body["touser"] not in self.left or self.clock() >= self.until[body["touser"]]:
            return self.refusal("window")
        if not self.left[body["touser"]]:
            return self.refusal("quota")
        if kind not in self.kinds:
            return _error(40008, "invalid message type")
        if kind == "msgmenu":
            if not self.has_menus:
                return _error(40200, "invalid account type rid: 60efa0a7-00100997-6ec6e1f6")
            text = body["msgmenu"]["head_content"]
            buttons = [(one["content"], one["id"]) for one in body["msgmenu"]["list"]]
            if not buttons or not all(title and key for title, key in buttons):
                return _error(40058, "invalid msgmenu")
        elif kind == "image":
            text, file = "", self.uploads.get(body["image"]["media_id"])
            if file is None:
                return _error(40007, "invalid media_id")
        else:
            text = body["text"]["content"]
        if not text and not file:
            return _error(44004, "empty content")
        if len(text.encode()) > 2048:
            return _error(45002, "content size out of limit")
        self.left[body["touser"]] -= 1
        self.types_since.pop(body["touser"], None)
        self.sent.append(Sent(body["touser"], text, self.next_id(), buttons, None, kind, file))
        return _error(0, "ok")

    async def _typing(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        if isinstance(body, web.Response):
            return body
        who, now = body["touser"], self.clock()
        if body["command"] not in ("Typing", "CancelTyping"):
            return _error(45072, "invalid command")
        if who not in self.wrote or now - self.wrote[who] > TYPING_AFTER:
            return _error(45080, "not receive message in 30s")
        if who in self.types_since and now - self.types_since[who] < TYPING_LASTS:
            return _error(45081, "already in typing")
        self.types_since[who] = now
        self.typing.append(who)
        return _error(0, "ok")

    async def _media(self, request: web.Request) -> web.Response:
        if self.is_locked or request.query.get("access_token") != self.tokens[-1]:
            self.files_asked += 1
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        key = request.query["media_id"]
        if self.files.get(key, (b"", ""))[1].startswith("video/"):
            return web.json_response({"video_url": self.films_at or f"{self.address}/film/{key}"})
        return self.file(key, _error(40007, "invalid media_id"))

    async def _film(self, request: web.Request) -> web.Response:
        return self.file(request.match_info["key"], web.Response(status=404))

    async def _upload(self, request: web.Request) -> web.Response:
        """https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/New_temporary_materials.html"""
        if not self.tokens or request.query.get("access_token") != self.tokens[-1]:
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        if request.query.get("type") != "image":
            return _error(40004, "invalid media type")
        media = (await request.post())["media"]
        assert isinstance(media, web.FileField)

        def take() -> web.Response:
            key = self.upload(media, ("image/png", "image/jpeg", "image/gif"), 10_485_760)
            if key is None:
                return _error(40005, "invalid file type")
            return web.json_response({"type": "image", "media_id": key, "created_at": 1772424000})

        return await self.take(take)

    async def _checked(self, request: web.Request) -> Any:
        self.asked.append(request)
        if not self.tokens or request.query.get("access_token") != self.tokens[-1]:
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        raw = await request.read()
        assert b"\\u" not in raw, "customers would read \\u4f60"
        body = json.loads(raw)
        return body if body["touser"] in USERS else _error(40003, "invalid openid")


class MiniProgramProvider(WeChatProvider):
    """A mini-program's customer service."""

    kinds = {"text", "image", "link", "miniprogrampage"}


def _error(code: int, message: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message})
