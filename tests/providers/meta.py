"""Meta's Graph API for WhatsApp, Messenger and Instagram: https://developers.facebook.com/docs/whatsapp/cloud-api and
https://developers.facebook.com/docs/messenger-platform; what is refused and with which code:
https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes and
https://developers.facebook.com/docs/messenger-platform/error-codes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from aiohttp import web

from providers.server import A_DOCUMENT, A_PICTURE, Provider, Sent, each, parsed

TOKEN = "EAAG-meta-access-token"
PHONE_NUMBER_ID = "106540352242922"
PAGE_ID = "7777"
STANDARD_WINDOW, HUMAN_AGENT_WINDOW = timedelta(hours=24), timedelta(days=7)


class GraphProvider(Provider):
    """What the two have in common."""

    # Kind: status, code, subcode, message.
    refusals: dict[str, tuple[int, int, int, str]] = {}

    def refusal(self, kind: str) -> web.Response:
        if kind == "busy":
            return _error(429, 4, "Application request limit reached", headers={"Retry-After": "7"})
        if kind == "account":
            return _error(401, 190, "Error validating access token")
        status, code, subcode, said = self.refusals[kind]
        return _error(status, code, said, subcode=subcode)

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


# https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types
_OFFICE = "application/vnd.openxmlformats-officedocument"
_LARGEST = {
    **dict.fromkeys(("image/jpeg", "image/png"), ("image", 5_000_000)),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), ("audio", 16_000_000)),
    **dict.fromkeys(("video/mp4", "video/3gpp"), ("video", 16_000_000)),
    **dict.fromkeys(
        (
            *("text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel"),
            *("application/vnd.ms-powerpoint", f"{_OFFICE}.wordprocessingml.document"),
            *(f"{_OFFICE}.spreadsheetml.sheet", f"{_OFFICE}.presentationml.presentation"),
        ),
        ("document", 100_000_000),
    ),
}
# Name and code of the language: how many places.
APPROVED = {("order_news", "zh_HK"): 3, ("order_news", "en"): 3, ("we_are_back", "en"): 0}


class WhatsAppProvider(GraphProvider):
    """One phone number, its approved templates, and those who wrote to it, who may be answered for 24 hours."""

    refusals = {
        "window": (400, 131047, 0, "Re-engagement message"),
        "blocked": (400, 131026, 0, "Message undeliverable"),
        "not_allowed": (400, 131030, 0, "Recipient phone number not in allowed list"),
        "country": (403, 130497, 0, "Business account is restricted from messaging users in this country."),
        "name": (400, 131037, 0, "The display name of the number has to be approved before messages can be sent."),
        "ecosystem": (400, 131049, 0, "This message was not delivered to maintain healthy ecosystem engagement."),
    }

    def __init__(self) -> None:
        super().__init__()
        self.files = {"1003383421387256": A_PICTURE, "4": A_DOCUMENT}
        self.may_manage = True  # False: the token may only send (`whatsapp_business_messaging`)
        self.uploads_begun, self.uploads_break_off = 0, False
        self.addresses: dict[str, str] = {}  # each for five minutes; by it the id of the media
        self.approved = dict(APPROVED)
        self.templates: list[dict[str, Any]] = []
        self.messages: set[str] = set()  # the ids of what customers wrote
        self.kinds: dict[str, str] = {}  # by the ids of what was sent up
        self.elsewhere: set[str] = set()  # other numbers that WhatsApp knows
        # While a number is WhatsApp's own for tests: for whom alone it is.
        self.allowed: set[str] | None = None

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
            if body.get("message_id") not in self.messages:
                return _error(400, 131009, "Parameter value is not valid")
            if body.get("typing_indicator"):
                self.typing.append(body["message_id"])
            return web.json_response({"success": True})
        return await self.take(lambda: self._take_one(body))

    def posts(self, body: bytes) -> None:
        super().posts(body)
        self.messages.update(str(one.get("id")) for one in self._messages_in(parsed(body)))

    def writers(self, body: Any) -> Iterable[str]:
        return [str(one.get("from")) for one in self._messages_in(body)]

    def _messages_in(self, body: Any) -> Iterable[dict[str, Any]]:
        """Those for our number."""
        values = [one["value"] for one in each(body, "entry", "changes") if isinstance(one.get("value"), dict)]
        ours = [one for one in values if (one.get("metadata") or {}).get("phone_number_id") == PHONE_NUMBER_ID]
        return [message for one in ours for message in each(one, "messages")]

    def _take_one(self, body: dict[str, Any]) -> web.Response:
        kind, text, buttons, image, file = body["type"], "", [], None, None
        if self.allowed is not None and body["to"] not in self.allowed:
            return self.refusal("not_allowed")
        if body["to"] not in self.wrote and body["to"] not in self.elsewhere:
            return self.refusal("blocked")
        if kind == "template":
            refused = self._wrong_template(body["template"])
            if refused is not None:
                return refused
            text = body["template"]["name"]
            self.templates.append(body["template"])
        elif not self.wrote_within(body["to"], STANDARD_WINDOW):
            return self.refusal("window")
        elif kind == "text":
            text = body["text"]["body"]
            if not 1 <= len(text) <= 4096:
                return _error(400, 100, "(#100) Param text['body'] must be at most 4096 characters long.")
        elif kind in ("image", "document", "video", "audio") and "id" in body[kind]:
            file = self.uploads.get(body[kind]["id"])
            if file is None or self.kinds[body[kind]["id"]] != kind or len(body[kind].get("caption", "")) > 1024:
                return _error(400, 131009, "Parameter value is not valid")
            if kind == "document":
                file = (body[kind]["filename"], file[1])
        elif kind == "image":
            image = body["image"]["link"]
            if not image.startswith(("https://", "http://")):
                return _error(400, 131009, "Parameter value is not valid")
        else:
            interactive = body["interactive"]
            text = interactive["body"]["text"]
            if not 1 <= len(text) <= 1024:
                return _error(400, 131009, "Parameter value is not valid")
            if interactive["type"] == "button":
                replies = [one["reply"] for one in interactive["action"]["buttons"]]
                if not 1 <= len(replies) <= 3 or any(_too_long(one, title=20, id=256) for one in replies):
                    return _error(400, 131009, "Parameter value is not valid")
            else:
                replies = [row for section in interactive["action"]["sections"] for row in section["rows"]]
                opener = interactive["action"]["button"]
                if not 1 <= len(replies) <= 10 or any(_too_long(one, title=24, id=200) for one in replies):
                    return _error(400, 131009, "Parameter value is not valid")
                if not 1 <= len(opener) <= 20:
                    return _error(400, 131009, "Parameter value is not valid")
            if any(len({one[name] for one in replies}) != len(replies) for name in ("title", "id")):
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
        if self.knows(request) and not self.may_manage:
            return _error(400, 10, "(#10) Application does not have permission for this action")
        return self.object(request, PHONE_NUMBER_ID)

    async def _upload(self, request: web.Request) -> web.Response:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types"""
        if not self.knows(request):
            return self.refusal("account")
        form = await request.post()
        self.uploads_begun += 1
        if self.uploads_break_off and request.transport is not None:
            request.transport.close()
        file = form["file"]
        assert isinstance(file, web.FileField)
        if form.get("messaging_product") != "whatsapp" or form.get("type") != file.content_type:
            return _error(400, 100, "(#100) The parameter messaging_product is required.")
        kind, most = _LARGEST.get(file.content_type, ("", 0))
        key = self.upload(file, _LARGEST, most)
        if key is None:
            return _error(400, 100, "(#100) Param file must be a file with one of the following types")
        self.kinds[key] = kind
        return web.json_response({"id": key})

    async def _content(self, request: web.Request) -> web.Response:
        """The bytes, for the same key; an address is good for itself alone."""
        body = await self.checked(request)
        if isinstance(body, web.Response):
            return body
        media = self.addresses.pop(request.query["hash"], "")
        return self.file(media if media == request.query["mid"] else "", web.Response(status=404))


class MessengerProvider(GraphProvider):
    """One page, and those who wrote to it: it may answer for 24 hours, and a person of it for seven days."""

    tells_of = "page"
    longest = 2000
    longest_metadata = 1000
    largest = dict.fromkeys(("image", "video", "audio", "file"), 25_000_000)
    refusals = {
        "window": (400, 10, 2018278, "(#10) This message is sent outside of allowed window."),
        "blocked": (400, 551, 1545041, "(#551) This person isn't available right now."),
        "cannot_receive": (400, 10, 2018108, "(#10) This Person Cannot Receive Messages"),
        "unavailable": (400, 200, 1545041, "(#200) This person isn't available right now."),
        "unknown": (400, 100, 2018001, "(#100) No matching user found"),
        "later": (400, 1200, 0, "(#1200) Temporary send message failure. Please try again later."),
        "permission": (403, 10, 0, "(#10) Application does not have permission for this action"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.files = {"image": A_PICTURE, "file": A_DOCUMENT}
        self.blocked: set[str] = set()
        self.may_tag = True  # Meta's permission for HUMAN_AGENT

    def writers(self, body: Any) -> Iterable[str]:
        """Who wrote, tapped, or reacted: https://developers.facebook.com/docs/messenger-platform/policy/policy-overview"""
        is_ours = isinstance(body, dict) and body.get("object") == self.tells_of
        for entry in each(body, "entry") if is_ours else ():
            for event in each(entry, "messaging") if str(entry.get("id")) == PAGE_ID else ():
                message = event.get("message") or {}
                if {"message", "postback", "reaction"} & set(event) and not message.get("is_echo"):
                    yield str((event.get("sender") or {}).get("id"))

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
        if body["recipient"]["id"] not in self.wrote:
            return self.refusal("unknown")
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
        fields = {name: str(value) for name, value in form.items()}
        read = {name: json.loads(it) if it.startswith("{") else it for name, it in fields.items()}
        kind = file.content_type.partition("/")[0]
        right = kind if kind in ("image", "video", "audio") else "file"
        key = self.upload(file, (file.content_type,), self.largest.get(right, 0))
        if key is None or read["message"]["attachment"]["type"] != right:
            return _error(400, 100, "(#100) Upload attachment failure.", subcode=2018047)
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
        refused = self._not_now(body)
        if refused is not None:
            return refused
        message = body["message"]
        text, replies = message.get("text", ""), message.get("quick_replies", [])
        if "attachment" not in message and not 1 <= self.size(text) <= self.longest:
            said = f"(#100) Length of param message[text] must be less than or equal to {self.longest}"
            return _error(400, 100, said)
        if "attachment" in message and text:
            return _error(400, 100, "(#100) Message cannot have both text and attachment")
        if len(replies) > 13 or any(_too_long(one, title=20, payload=1000) for one in replies):
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

    def _not_now(self, body: dict[str, Any]) -> web.Response | None:
        """https://developers.facebook.com/docs/messenger-platform/send-messages/message-tags"""
        to, is_tagged = body["recipient"]["id"], body["messaging_type"] == "MESSAGE_TAG"
        if is_tagged != ("tag" in body) or body.get("tag", "HUMAN_AGENT") != "HUMAN_AGENT":
            return _error(400, 100, "(#100) Invalid tag")
        if is_tagged and not self.may_tag:
            return self.refusal("permission")
        if to in self.blocked:
            return self.refusal("blocked")
        if not self.wrote_within(to, HUMAN_AGENT_WINDOW if is_tagged else STANDARD_WINDOW):
            return self.refusal("window")
        return None


class InstagramProvider(MessengerProvider):
    """One professional account: a thousand bytes a text, and no documents.
    https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message"""

    tells_of = "instagram"
    longest = 1000
    longest_metadata = 0
    largest = {"image": 8_000_000, "video": 25_000_000, "audio": 25_000_000}
    refusals = {
        **MessengerProvider.refusals,
        "window": (400, 10, 2534022, "(#10) This message is sent outside of allowed window."),
        "unknown": (400, 100, 2534014, "(#100) The requested user cannot be found."),
    }

    def size(self, text: str) -> int:
        return len(text.encode())


def _too_long(given: dict[str, str], **most: int) -> bool:
    return any(not 1 <= len(given[name]) <= size for name, size in most.items())


def _error(
    status: int, code: int, message: str, headers: dict[str, str] | None = None, subcode: int = 0
) -> web.Response:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    if subcode:
        error["error_subcode"] = subcode
    return web.json_response({"error": error}, status=status, headers=headers)
