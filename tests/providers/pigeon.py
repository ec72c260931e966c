"""Pigeon Post, which docs/channels/write-your-own.md writes a channel for."""

from __future__ import annotations

from aiohttp import web

from providers.server import Provider, Sent

SECRET, TOKEN = "pigeon-secret", "pigeon-token"
CUSTOMERS = ("P1001", "P1002")


class PigeonProvider(Provider):
    """Takes messages of a thousand characters with three buttons."""

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/messages", self._messages)]

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return web.json_response({"message": "The sky is full."}, status=429, headers={"Retry-After": "7"})
        if kind == "account":
            return web.json_response({"message": "Unknown token."}, status=401)
        return web.json_response({"message": "No such nest."}, status=404)

    async def _messages(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.refusal("account")
        body = await request.json()
        text, buttons = body["text"], [(one["label"], one["data"]) for one in body["buttons"]]
        if body["to"] not in CUSTOMERS:
            return self.refusal("unknown")
        if len(text) > 1000 or len(buttons) > 3 or any(len(label) > 20 for label, _ in buttons):
            return web.json_response({"message": "Too heavy."}, status=400)

        def take() -> web.Response:
            self.sent.append(Sent(body["to"], text or "", self.next_id(), buttons, body.get("image")))
            return web.json_response({"id": self.sent[-1].id})

        return await self.take(take)
