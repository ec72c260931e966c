"""Meta's Graph API for WhatsApp, Messenger and Instagram: https://developers.facebook.com/docs/whatsapp/cloud-api and
https://developers.facebook.com/docs/messenger-platform."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from providers.server import A_DOCUMENT, A_PICTURE, Provider, Sent

TOKEN = "EAAG-meta-access-token"
PHONE_NUMBER_ID = "106540352242922"


class GraphProvider(Provider):
    """What the two have in common."""

    blocked: tuple[int, int, str] = (0, 0, "")

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return _error(429, 4, "Application request limit reached", headers={"Retry-After": "7"})
        if kind == "account":
            return _error(401, 190, "Error validating access token")
        if kind == "window":
            return _error(400, 131047, "Re-engagement message")
        return _error(*self.blocked)

    async def checked(self, request: web.Request) -> Any:
        """The body, or the refusal of somebody without our token."""
        self.asked.append(request)
        if not self.knows(request):
            return self.refusal("account")
        return await request.json() if request.can_read_body else {}

    def knows(self, request: web.Request) -> bool:
        return self.key_holds and request.headers.get("Authorization") == f"Bearer {TOKEN}"

    def object(self, request: web.Request, key: str) -> web.Response:
        """What stands under an id, for whoever has our token."""
        return web.json_response({"id": key}) if self.knows(request) else self.refusal("account")


# Name and code of the language: how many places.
APPROVED = {("order_news", "zh_HK"): 3, ("order_news", "en"): 3, ("we_are_back", "en"): 0}


class WhatsAppProvider(GraphProvider):
    """One phone number, its approved templates, and the customers who have not written for 24 hours."""

    blocked = (400, 131026, "Message undeliverable")

    def __init__(self) -> None:
        super().__init__()
        self.files = {"1003383421387256": A_PICTURE, "4": A_DOCUMENT}
        self.addresses: dict[str, str] = {}  # each for five minutes; by it the id of the media
        self.approved = dict(APPROVED)
        self.silent: set[str] = set()
        self.templates: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/{version}/" + PHONE_NUMBER_ID + "/messages", self._messages),
            web.post("/{version}/" + PHONE_NUMBER_ID + "/media", self._upload),
            web.get("/whatsapp_business/attachments/", self._content),
            web.get("/{version}/" + PHONE_NUMBER_ID, self._number),
            web.get("/{version}/{media}", self._media),
        ]

    async def _messages(self, request: web.Request) -> web.Response:
        body = await self.checked(request)
        if isinstance(body, web.Response):
            return body
        if body.get("messaging_product") != "whatsapp":
            return _error(400, 100, "(#100) The parameter messaging_product is required.")
        if body.get("status") == "read":
            if body.get("typing_indicator"):
                self.typing.append(body["message_id"])
            return web.json_response({"success": True})
        return await self.take(lambda: self._take_one(body))

    def _take_one(self, body: dict[str, Any]) -> web.Response:
        kind, text, buttons, image, file = body["type"], "", [], None, None
        if kind == "template":
            refused = self._wrong_template(body["template"])
            if refused is not None:
                return refused
            text = body["template"]["name"]
            self.templates.append(body["template"])
        elif body["to"] in self.silent:
            return self.refusal("window")
        elif kind == "text":
            text = body["text"]["body"]
            if not 1 <= len(text) <= 4096:
                return _error(400, 100, "(#100) Param text['body'] must be at most 4096 characters long.")
        elif kind in ("image", "document", "video", "audio") and "id" in body[kind]:
            file = self.uploads.get(body[kind]["id"])
            if file is None:
                return _error(400, 131009, "Parameter value is not valid")
            if kind == "document":
                file = (body[kind]["filename"], file[1])
        elif kind == "image":
            image = body["image"]["link"]
        else:
            interactive = body["interactive"]
            text = interactive["body"]["text"]
            if not 1 <= len(text) <= 1024:
                return _error(400, 131009, "Parameter value is not valid")
            if interactive["type"] == "button":
                replies = [one["reply"] for one in interactive["action"]["buttons"]]
                if not 1 <= len(replies) <= 3 or any(len(one["title"]) > 20 for one in replies):
                    return _error(400, 131009, "Parameter value is not valid")
            else:
                replies = [row for section in interactive["action"]["sections"] for row in section["rows"]]
                opener = interactive["action"]["button"]
                if not 1 <= len(replies) <= 10 or any(len(one["title"]) > 24 for one in replies) or len(opener) > 20:
                    return _error(400, 131009, "Parameter value is not valid")
            if len({one["title"] for one in replies}) != len(replies):
                return _error(400, 131009, "Duplicated title")
            buttons = [(one["title"], one["id"]) for one in replies]
        key = body.get("biz_opaque_callback_data", "")
        if len(key) > 512:
            return _error(400, 100, "(#100) Param biz_opaque_callback_data must be at most 512 characters long.")
        self.sent.append(Sent(body["to"], text, self.next_id(), buttons, image, kind, file, key))
        return web.json_response(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": body["to"], "wa_id": body["to"]}],
                "messages": [{"id": self.sent[-1].id}],
            }
        )

    def status(self, sent: Sent, state: str) -> dict[str, Any]:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components#statuses-object"""
        named = {"biz_opaque_callback_data": sent.key} if sent.key else {}
        return {"id": sent.id, "status": state, "timestamp": "1", "recipient_id": sent.to, **named}

    def _wrong_template(self, template: dict[str, Any]) -> web.Response | None:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes"""
        places = self.approved.get((template["name"], template["language"]["code"]))
        if places is None:
            return _error(404, 132001, "Template name does not exist in the translation")
        parts = {one["type"]: one["parameters"] for one in template.get("components", [])}
        given = parts.get("body", [])
        if set(parts) - {"body"} or len(given) != places:
            return _error(400, 132000, "Number of parameters does not match the expected number of params")
        if any(one["type"] != "text" or not one["text"] or set(one["text"]) & set("\n\t") for one in given):
            return _error(400, 132012, "Parameter format does not match format in the created template")
        return None

    async def _media(self, request: web.Request) -> web.Response:
        body = await self.checked(request)
        if isinstance(body, web.Response):
            return body
        media = request.match_info["media"]
        if self.is_locked:
            return self.refusal("account")
        if media not in self.files:
            said = f"Unsupported get request. Object with ID '{media}' does not exist"
            return _error(400, 100, said)
        content, kind = self.files[media]
        signed = f"{len(self.addresses)}"
        self.addresses[signed] = media
        url = f"{self.address}/whatsapp_business/attachments/?mid={media}&hash={signed}"
        where = {"url": url, "mime_type": kind, "file_size": len(content), "id": media}
        return web.json_response({**where, "messaging_product": "whatsapp"})

    async def _number(self, request: web.Request) -> web.Response:
        return self.object(request, PHONE_NUMBER_ID)

    async def _upload(self, request: web.Request) -> web.Response:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types"""
        if not self.knows(request):
            return self.refusal("account")
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        if form.get("messaging_product") != "whatsapp" or form.get("type") != file.content_type:
            return _error(400, 100, "(#100) The parameter messaging_product is required.")
        key = self.upload(file, ("image/png", "image/jpeg", "application/pdf"), 5_000_000)
        if key is None:
            return _error(400, 100, "(#100) Param file must be a file with one of the following types")
        return web.json_response({"id": key})

    async def _content(self, request: web.Request) -> web.Response:
        """The bytes, for the same key; an address is good for itself alone."""
        body = await self.checked(request)
        if isinstance(body, web.Response):
            return body
        media = self.addresses.pop(request.query["hash"], "")
        return self.file(media if media == request.query["mid"] else "", web.Response(status=404))


class MessengerProvider(GraphProvider):
    """One page."""

    longest = 2000
    longest_metadata = 1000
    kinds = ("image", "video", "audio", "file")

    blocked = (400, 551, "(#551) This person isn't available right now.")

    def __init__(self) -> None:
        super().__init__()
        self.files = {"image": A_PICTURE, "file": A_DOCUMENT}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/{version}/me/messages", self._messages),
            web.get("/{version}/me", self._me),
            web.get("/cdn/{file}", self._cdn),
        ]

    async def _me(self, request: web.Request) -> web.Response:
        return self.object(request, "103156992345678")

    async def _cdn(self, request: web.Request) -> web.Response:
        """The address is signed; what is wrong or too old is an error of the CDN."""
        key = request.match_info["file"] if request.query.get("x") == "1" else ""
        if self.is_locked:
            self.files_asked += 1
            return web.Response(text="URL signature mismatch", status=403)
        return self.file(key, web.Response(text="URL signature expired", status=403))

    async def _messages(self, request: web.Request) -> web.Response:
        is_form = request.content_type == "multipart/form-data"
        body = await (self._form(request) if is_form else self.checked(request))
        if isinstance(body, web.Response):
            return body
        if "sender_action" in body:
            if "message" in body:
                return _error(400, 100, "(#100) sender_action must be sent alone")
            self.typing.append(body["recipient"]["id"])
            return web.json_response({"recipient_id": body["recipient"]["id"]})
        return await self.take(lambda: self._take_one(body))

    async def _form(self, request: web.Request) -> Any:
        """A message and the file beside it: the fields are JSON where they are objects."""
        self.asked.append(request)
        if not self.knows(request):
            return self.refusal("account")
        form = dict(await request.post())
        file = form.pop("filedata")
        assert isinstance(file, web.FileField)
        key = self.upload(file, (file.content_type,), 25_000_000)
        fields = {name: str(value) for name, value in form.items()}
        read = {name: json.loads(it) if it.startswith("{") else it for name, it in fields.items()}
        kind = file.content_type.partition("/")[0]
        right = kind if kind in ("image", "video", "audio") else "file"
        if key is None or right not in self.kinds or read["message"]["attachment"]["type"] != right:
            return _error(400, 100, "(#100) Upload attachment failure.")
        return {**read, "file": self.uploads[key]}

    def echo(self, sent: Sent) -> dict[str, Any]:
        """https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/message-echoes"""
        named = {"metadata": sent.key} if sent.key else {}
        return {"is_echo": True, "app_id": 1517776481860111, "mid": sent.id, "text": sent.text, **named}

    def size(self, text: str) -> int:
        return len(text)

    def _take_one(self, body: dict[str, Any]) -> web.Response:
        if body.get("messaging_type") not in ("RESPONSE", "UPDATE", "MESSAGE_TAG"):
            return _error(400, 100, "(#100) Param messaging_type must be one of RESPONSE, UPDATE, MESSAGE_TAG")
        message = body["message"]
        text, replies = message.get("text", ""), message.get("quick_replies", [])
        if "attachment" not in message and not 1 <= self.size(text) <= self.longest:
            said = f"(#100) Length of param message[text] must be less than or equal to {self.longest}"
            return _error(400, 100, said)
        if len(replies) > 13 or any(len(one["title"]) > 20 for one in replies):
            return _error(400, 100, "(#100) Too many or too long quick replies")
        image = message.get("attachment", {}).get("payload", {}).get("url")
        buttons = [(one["title"], one["payload"]) for one in replies]
        how = body["messaging_type"] + (f" {body['tag']}" if "tag" in body else "")
        file = body.get("file")
        if file:
            how = message["attachment"]["type"]
        key = message.get("metadata", "")
        if len(key) > self.longest_metadata:
            return _error(400, 100, "(#100) Param message[metadata] is too long")
        self.sent.append(Sent(body["recipient"]["id"], text, self.next_id(), buttons, image, how, file, key))
        return web.json_response({"recipient_id": body["recipient"]["id"], "message_id": self.sent[-1].id})


class InstagramProvider(MessengerProvider):
    """One professional account: a thousand bytes a text, and no documents."""

    longest = 1000
    longest_metadata = 0
    kinds = ("image", "video", "audio")

    def size(self, text: str) -> int:
        return len(text.encode())


def _error(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return web.json_response({"error": error}, status=status, headers=headers)
