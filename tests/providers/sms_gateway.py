"""A gateway as they are sold in the mainland: the shop's registered name first, in its brackets, answers with a code,
reports by the operators' states."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from providers.server import Provider, Sent, each, parsed

TOKEN = "gateway-token"
SIGNATURE = "【茗茶小铺】"
PHONES = ("13800138000", "13900139000")


class SmsGatewayProvider(Provider):
    """Takes JSON; one `uid` sends once."""

    def __init__(self) -> None:
        super().__init__()
        self.phones = set(PHONES)
        self.blocked: set[str] = set()  # who answered TD
        self.by_uid: dict[str, str] = {}
        self.bodies: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v2/sms/single_send.json", self._send)]

    def posts(self, body: bytes) -> None:
        for reply in each(parsed(body), "sms_reply"):
            if str(reply.get("text")).strip().upper() in ("T", "TD", "退订"):
                self.blocked.add(str(reply.get("mobile")))

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return _answer(22, "1小时内同一手机号发送次数超过限制", status=429, headers={"Retry-After": "7"})
        if kind == "account":
            return _answer(-1, "非法的apikey", status=400)
        return _answer(4, "黑名单过滤", status=400)

    async def _send(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        body = await request.json()
        self.bodies.append(body)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}" or body.get("apikey") != "k":
            return self.refusal("account")
        return await self.take(lambda: self._take(body))

    def _take(self, body: dict[str, Any]) -> web.Response:
        text, uid, mobile = body["text"], body["uid"], body["mobile"]
        if not text.startswith(SIGNATURE) or text.count(SIGNATURE) != 1:
            return _answer(9, "签名不存在", status=400)
        if mobile not in self.phones:
            return _answer(2, "手机号格式不正确", status=400)
        if mobile in self.blocked:
            return self.refusal("blocked")
        if len(text) > 670:
            return _answer(20, "短信内容过长", status=400)
        if uid not in self.by_uid:
            self.by_uid[uid] = self.next_id()
            self.sent.append(Sent(mobile, text.removeprefix(SIGNATURE), self.by_uid[uid], [], None, "SMS"))
        return _answer(0, "发送成功", sid=self.by_uid[uid])


def _answer(code: int, message: str, status: int = 200, headers: Any = None, **more: Any) -> web.Response:
    return web.json_response({"code": code, "msg": message, **more}, status=status, headers=headers)
