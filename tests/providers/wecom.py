"""WeChat Customer Service at WeCom, after https://developer.work.weixin.qq.com/document/path/94670, /94677 and, for its
codes, /90313."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from providers.server import A_DOCUMENT, A_PICTURE, Provider, Sent

CORP_ID, SECRET, ACCOUNT = "ww12345678910", "wecom-kf-secret", "wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q"
CUSTOMERS = ("wmAJ2GCAAAme1XQRC-NI-q0_ZM9ukoAw", "wmAJ2GCAAAzLTI123ghsdfoGZNqqAlw")
MESSAGES_IN_WINDOW = 5
WINDOW = timedelta(hours=48)
_MOST_BYTES = {"image": 10_485_760, "voice": 2_097_152, "video": 10_485_760, "file": 20_971_520}


class WeComProvider(Provider):
    """Keeps what customers wrote until it is fetched; takes five answers after each of their messages."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox: list[dict[str, Any]] = []
        self.cursors: list[str | None] = []  # that were asked with
        self.bells: set[str] = set()
        self.pages: list[web.Response] = []  # what is answered instead of pages
        self.token = ""
        self.left = dict.fromkeys(CUSTOMERS, 0)
        self.page = 2  # a page may have fewer than were asked for
        self.turns_the_page: Callable[[], Awaitable[object]] | None = None  # before each page but the first
        self.upload_kinds: dict[str, str] = {}
        self.with_person: set[str] = set()  # whose session is with somebody in WeCom's own app
        media = "2iSLeVyqzk4eX0IB5kTi9Ljfa2rt9dwfq5WKRQ4Nvvg"
        self.files = {f"{media}w": A_PICTURE, f"{media}z": A_DOCUMENT}

    def ring(self, *items: dict[str, Any]) -> dict[str, str]:
        """Somebody wrote: what the callback says."""
        for item in items:
            self.inbox.append(item)
            # What customers send has the origin 3; events and the words of servicers open no window.
            if item.get("external_userid") in self.left and item.get("origin") == 3:
                self.left[item["external_userid"]] = MESSAGES_IN_WINDOW
                self.wrote[item["external_userid"]] = self.clock()
        token = f"ENC{len(self.inbox)}"
        self.bells.add(token)
        return {"Event": "kf_msg_or_event", "Token": token, "OpenKfId": ACCOUNT}

    @property
    def end(self) -> str:
        return f"cursor-{len(self.inbox)}"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/cgi-bin/gettoken", self._gettoken),
            web.post("/cgi-bin/kf/sync_msg", self._sync),
            web.post("/cgi-bin/kf/send_msg", self._send),
            web.get("/cgi-bin/media/get", self._media),
            web.post("/cgi-bin/media/upload", self._upload),
        ]

    def refusal(self, kind: str) -> web.Response:
        return {
            "busy": _error(45033, "too many concurrent requests"),
            "account": _error(48002, "API forbidden"),
            "window": _error(95002, "send msg time limit"),
            "session": _error(95018, "send msg session status invalid"),
            "ended": _error(95013, "conversation end"),
            "closed_api": _error(95017, "api forbidden"),
            "quota": _error(95001, "send msg count limit"),
            "system": _error(-1, "system busy"),
            "blocked": _error(40096, "invalid external userid"),
        }[kind]

    async def _gettoken(self, request: web.Request) -> web.Response:
        if request.query["corpid"] != CORP_ID:
            return _error(40013, "invalid corpid")
        if request.query["corpsecret"] != SECRET:
            return _error(40001, "invalid credential")
        self.token = self.token or "token-1"
        return web.json_response({"errcode": 0, "errmsg": "ok", "access_token": self.token, "expires_in": 7200})

    async def _sync(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        if isinstance(body, web.Response):
            return body
        if self.pages:
            return self.pages.pop(0)
        if body.get("token") and body["token"] not in self.bells:
            return _error(95007, "invalid msg token")
        if not 1 <= body["limit"] <= 1000:
            return _error(40058, "invalid limit")
        self.cursors.append(body.get("cursor"))
        begin = int(body["cursor"].partition("-")[2]) if body.get("cursor") else 0
        if begin and self.turns_the_page is not None:
            await self.turns_the_page()
        end = min(begin + min(self.page, body["limit"]), len(self.inbox))
        return web.json_response(
            {
                "errcode": 0,
                "errmsg": "ok",
                "next_cursor": f"cursor-{end}",
                "has_more": int(end < len(self.inbox)),
                "msg_list": self.inbox[begin:end],
            }
        )

    async def _send(self, request: web.Request) -> web.Response:
        body = await self._checked(request)
        return body if isinstance(body, web.Response) else await self.take(lambda: self._take_one(body))

    def _take_one(self, body: dict[str, Any]) -> web.Response:
        if body["open_kfid"] != ACCOUNT:
            return _error(95000, "invalid open_kfid")
        if body["touser"] not in self.left:
            return self.refusal("blocked")
        if not re.fullmatch(r"[0-9a-zA-Z_-]{1,32}", body["msgid"]) or any(s.id == body["msgid"] for s in self.sent):
            return _error(40058, "invalid msgid")
        if body["touser"] in self.with_person:
            return self.refusal("session")
        if not self.wrote_within(body["touser"], WINDOW):
            return self.refusal("window")
        if not self.left[body["touser"]]:
            return self.refusal("quota")
        buttons, file = [], None
        if body["msgtype"] == "msgmenu":
            text = body["msgmenu"]["head_content"]
            clicks = [one["click"] for one in body["msgmenu"]["list"] if one["type"] == "click"]
            if len(text.encode()) > 1024 or not 1 <= len(clicks) <= 10:
                return _error(40058, "invalid msgmenu")
            if any(not 1 <= len(one["id"]) <= 64 or not 1 <= len(one["content"].encode()) <= 128 for one in clicks):
                return _error(40058, "invalid click")
            buttons = [(one["content"], one["id"]) for one in clicks]
        elif body["msgtype"] in _MOST_BYTES:
            key = body[body["msgtype"]]["media_id"]
            text, file = "", self.uploads.get(key)
            if file is None or self.upload_kinds[key] != body["msgtype"]:
                return _error(40007, "invalid media_id")
        else:
            text = body["text"]["content"]
            if not 1 <= len(text.encode()) <= 2048:
                return _error(45002, "content size out of limit")
        self.left[body["touser"]] -= 1
        self.sent.append(Sent(body["touser"], text, body["msgid"], buttons, None, body["msgtype"], file))
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": body["msgid"]})

    async def _media(self, request: web.Request) -> web.Response:
        if self.is_locked or request.query.get("access_token") != self.token:
            self.files_asked += 1
            return _error(40014, "invalid access_token")
        return self.file(request.query["media_id"], _error(40007, "invalid media_id"))

    async def _upload(self, request: web.Request) -> web.Response:
        """https://developer.work.weixin.qq.com/document/path/90253"""
        if not self.token or request.query.get("access_token") != self.token:
            return _error(40014, "invalid access_token")
        kind = request.query.get("type", "")
        if kind not in _MOST_BYTES:
            return _error(40004, "invalid media type")
        media = (await request.post())["media"]
        assert isinstance(media, web.FileField)
        types = {"image": ("image/png", "image/jpeg"), "voice": ("audio/amr",), "video": ("video/mp4",)}
        key = self.upload(media, types.get(kind, (media.content_type,)), _MOST_BYTES[kind])
        if key is None:
            return _error(40006, "invalid media size")
        self.upload_kinds[key] = kind
        return web.json_response({"errcode": 0, "errmsg": "ok", "type": kind, "media_id": key, "created_at": "1"})

    async def _checked(self, request: web.Request) -> Any:
        self.asked.append(request)
        if not self.token or request.query.get("access_token") != self.token:
            return _error(40014, "invalid access_token")
        return json.loads(await request.read())


def _error(code: int, message: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message})
