"""WhatsApp Business Cloud API: https://developers.facebook.com/docs/whatsapp/cloud-api"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.events import Event, Incoming, Receipt, Unused, moment
from connectors.media import MediaPlace
from connectors.meta import GRAPH, VERSION, MetaWebhook, failure_of_code, graph_failure
from connectors.output import Button, DeliveryFailed, Envelope, Limits, Output, Part, SentFile, Template
from connectors.own import Window
from connectors.provider import Provider
from connectors.webhook import needed
from switchboard.records import Attachment, Cart, CartItem

# https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#customer-service-windows
WINDOW = timedelta(hours=24)
MAX_REPLY_BUTTONS = 3
MAX_LIST_ROWS = 10
_MEDIA = {"image": "image", "video": "video", "audio": "audio", "document": "file", "sticker": "sticker"}
_PRICE, _CURRENCY, MOST_OF_ONE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?"), re.compile(r"[A-Z]{3}"), 1_000_000
_STATES = {"sent", "delivered", "read", "failed"}
# https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types
_OFFICE = "application/vnd.openxmlformats-officedocument"
_DOCUMENTS = (
    "application/pdf",
    "text/plain",
    "application/msword",
    "application/vnd.ms-excel",
    f"{_OFFICE}.wordprocessingml.document",
    f"{_OFFICE}.spreadsheetml.sheet",
)
_FILES = {
    **dict.fromkeys(("image/png", "image/jpeg"), 5_000_000),
    **dict.fromkeys(("video/mp4", "video/3gpp"), 16_000_000),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16_000_000),
    **dict.fromkeys(_DOCUMENTS, 100_000_000),
}
_MEDIA_HOSTS = ("lookaside.fbsbx.com", "scontent.whatsapp.net", "mmg.whatsapp.net")


class WhatsAppOutput(Output):
    """Sends from one phone number of the business."""

    # Up to three choices are buttons (20 characters), up to ten a list (24).
    limits = Limits(
        text=4096,
        buttons=MAX_LIST_ROWS,
        button_title=20,
        text_with_buttons=1024,
        payload=200,
        images=True,
        files=_FILES,
        templates=True,
    )
    # https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components (`wa_id`): the number of the phone.
    sure_kind = "phone"
    # https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators
    typing_seconds = 25.0

    def __init__(self, phone_number_id: str, access_token: str, api_url: str) -> None:
        self._provider = Provider(api_url)
        self._headers = {"Authorization": f"Bearer {access_token}"}
        self._number = phone_number_id
        self._path = f"/{VERSION}/{phone_number_id}/messages"
        self._upload_path = f"/{VERSION}/{phone_number_id}/media"

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "whatsapp"

    def known_as(self, contact: str) -> str:
        """A number as WhatsApp writes it."""
        return contact.lstrip("+")

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """WhatsApp's id of the message (`wamid…`)."""
        if part.template is None:
            envelope.must_be_within(WINDOW)
        body = await self._file(part.files[0], envelope) if part.files else _body(part, envelope)
        answer = await self._provider.call("POST", self._path, body=body, headers=self._headers)
        if not answer.is_good:
            raise graph_failure(answer)
        sent = answer.get("messages")
        return str(sent[0]["id"]) if isinstance(sent, list) and sent else None

    def costs(self, part: Part, envelope: Envelope) -> bool:
        """Templates alone (https://developers.facebook.com/docs/whatsapp/pricing)."""
        return part.template is not None

    async def typing(self, envelope: Envelope) -> None:
        """Read, and typing for 25 seconds or until the answer."""
        message = envelope.reach.get("last_message")
        if message:
            body = {
                "messaging_product": "whatsapp",
                "status": "read",
                "message_id": message,
                "typing_indicator": {"type": "text"},
            }
            await self._provider.call("POST", self._path, body=body, headers=self._headers)

    async def _file(self, file: SentFile, envelope: Envelope) -> dict[str, Any]:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#upload-media"""
        form = {"messaging_product": "whatsapp", "type": file.media_type}
        try:
            answer = await self._provider.call(
                "POST", self._upload_path, form=form, file=("file", file), headers=self._headers
            )
        except DeliveryFailed as failed:
            failed.maybe_sent = False  # the message itself has not left
            raise
        if not answer.is_good:
            raise graph_failure(answer)
        kind = file.kind if file.kind in ("image", "video", "audio") else "document"
        shown = {"id": str(answer.get("id")), **({"filename": file.name} if kind == "document" else {})}
        return {**_to(envelope), "type": kind, kind: shown}

    async def _object(self, key: str) -> Any:
        answer = await self._provider.call("GET", f"/{VERSION}/{key}", headers=self._headers)
        if not answer.is_good:
            raise graph_failure(answer)
        return answer

    async def media_url(self, media_id: str) -> Any:
        """Where a media is, for five minutes."""
        return await self._object(media_id)

    async def greet(self) -> None:
        """Raises DeliveryFailed:
        https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account-to-number-current-status"""
        try:
            await self._object(self._number)
        except DeliveryFailed as failed:
            if not failed.permanent:
                raise
            # A token that may only send (`whatsapp_business_messaging`) is none the worse for it.

    async def close(self) -> None:
        """Close the pool."""
        await self._provider.close()


class WhatsAppInput(MetaWebhook):
    """One phone number of a WhatsApp Business account."""

    def __init__(self, app_secret: str, verify_token: str, phone_number_id: str, token: str, api_url: str) -> None:
        self.app_secret = app_secret
        self.verify_token = verify_token
        self._phone_number_id = phone_number_id
        self._token = token
        self._api_url = api_url
        self._output = WhatsAppOutput(phone_number_id, token, api_url)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "whatsapp"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WhatsAppInput:
        """`app_secret`, a `verify_token` of your own, `phone_number_id` and `access_token` of a system user."""
        values = needed(credentials, "whatsapp", "app_secret", "verify_token", "phone_number_id", "access_token")
        secret, word, number, token = values
        return cls(secret, word, number, token, str((credentials or {}).get("api_url") or GRAPH))

    async def start(self) -> None:
        """Whether Meta takes our token, for this number."""
        await self._output.greet()

    def events_in(self, body: Any) -> Iterable[Any]:
        """Messages and statuses, each with the number it is about and the names of who wrote."""
        for entry in self.entries(body):
            for change in entry.get("changes") or ():
                value = change.get("value") or {}
                if change.get("field") != "messages":
                    yield {"unused": change.get("field")}
                    continue
                number = (value.get("metadata") or {}).get("phone_number_id")
                contacts = {one.get("wa_id"): one for one in value.get("contacts") or ()}
                for message in value.get("messages") or ():
                    yield {"number": number, "message": message, "contact": contacts.get(message.get("from"))}
                for status in value.get("statuses") or ():
                    yield {"number": number, "status": status}

    def read(self, event: Any) -> Event | None:
        """One message or status of our number."""
        if "unused" in event:
            return Unused(str(event["unused"]))
        if event["number"] != self._phone_number_id:
            return Unused("another number")
        if "status" in event:
            return _receipt(event["status"])
        return _message(event["message"], event.get("contact") or {})

    def get_output_channel(self) -> WhatsAppOutput:
        """One for the number."""
        return self._output

    def window(self, wrote_at: datetime | None, sent_since: int, now: datetime, reach: Mapping[str, Any]) -> Window:
        """24 hours; afterwards a template that Meta approved."""
        return Window(until=wrote_at + WINDOW if wrote_at else now, after="template")

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#get-media-url"""
        answer = await self._output.media_url(str(attachment.source["id"]))
        hosts = (*_MEDIA_HOSTS, self._api_url.partition("://")[2])
        headers = {"Authorization": f"Bearer {self._token}"}
        return MediaPlace(str(answer.get("url")), hosts, headers, answer.get("mime_type"), answer.get("file_size"))


def _message(message: Any, contact: Any) -> Event:
    kind, sender, key = message["type"], str(message["from"]), str(message["id"])
    fields: dict[str, Any] = {
        "name": (contact.get("profile") or {}).get("name"),
        "reach": {"last_message": key},
        "sent_at": moment(message.get("timestamp")),
    }
    if kind == "text":
        fields["text"] = message["text"]["body"]
    elif kind == "interactive":
        answer = message["interactive"]
        chosen = answer.get("button_reply") or answer.get("list_reply")
        if chosen is None:
            return Unused(f"interactive {answer.get('type')}")
        fields["payload"] = str(chosen["id"])
    elif kind == "button":  # the quick reply of a template
        fields["text"] = message["button"]["text"]
    elif kind in _MEDIA:
        found = message[kind]
        fields["text"] = found.get("caption") or ""
        fields["attachments"] = (
            Attachment(_MEDIA[kind], {"id": found["id"]}, found.get("filename"), found.get("mime_type")),
        )
    elif kind == "location":
        place = {name: message["location"].get(name) for name in ("latitude", "longitude", "name", "address")}
        fields["attachments"] = (Attachment("location", place),)
    elif kind == "contacts":
        fields["attachments"] = (Attachment("contact", {"contacts": message["contacts"]}),)
    elif kind == "order" and (message["order"].get("product_items") or message["order"].get("text")):
        cart = _cart(message["order"])
        fields["cart"] = cart if cart.items else None
        fields["text"] = "\n".join([*(f"{one.product} × {one.quantity}" for one in cart.items), cart.note]).strip()
    else:
        return Unused(f"message {kind}")
    return Incoming(sender, key, **fields)


def _cart(order: Any) -> Cart:
    """https://developers.facebook.com/docs/whatsapp/cloud-api/guides/sell-products-and-services/receive-responses"""
    return Cart(tuple(map(_item, order.get("product_items") or ())), str(order.get("text") or ""))


def _item(item: Any) -> CartItem:
    """A product whose price cannot be read is wanted all the same."""
    product, quantity = str(item["product_retailer_id"]), int(item["quantity"])
    if not 0 < quantity <= MOST_OF_ONE:
        raise ValueError("no quantity")
    price, currency = str(item.get("item_price")), str(item.get("currency"))
    if not _PRICE.fullmatch(price) or not _CURRENCY.fullmatch(currency):
        return CartItem(product, quantity)
    return CartItem(product, quantity, Decimal(price), currency)


def _receipt(status: Any) -> Event:
    state = status["status"]
    if state not in _STATES:
        return Unused(f"status {state}")
    reason = detail = None
    if state == "failed":
        error = (status.get("errors") or [{}])[0]
        detail = f"{error.get('code')}: {error.get('title') or error.get('message') or ''}"
        known = failure_of_code(error.get("code"), detail)
        reason = known.reason if known else "refused"
    return Receipt(state, str(status["id"]), reason=reason, detail=detail, key=status.get("biz_opaque_callback_data"))


def _body(part: Part, envelope: Envelope) -> dict[str, Any]:
    body = _to(envelope)
    if part.template is not None:
        return {**body, "type": "template", "template": _template(part.template)}
    if part.image:
        return {**body, "type": "image", "image": {"link": part.image}}
    if not part.buttons:
        return {**body, "type": "text", "text": {"body": part.text, "preview_url": False}}
    return {**body, "type": "interactive", "interactive": _interactive(part.text, part.buttons)}


def _template(template: Template) -> dict[str, Any]:
    """https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates"""
    shape: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if template.values:
        parameters = [{"type": "text", "text": value} for value in template.values]
        shape["components"] = [{"type": "body", "parameters": parameters}]
    return shape


def _to(envelope: Envelope) -> dict[str, Any]:
    # What statuses give back, up to 512 characters:
    # https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages#message-object
    named = {"biz_opaque_callback_data": envelope.key}
    return {"messaging_product": "whatsapp", "recipient_type": "individual", "to": envelope.recipient, **named}


def _interactive(text: str, buttons: tuple[Button, ...]) -> dict[str, Any]:
    if len(buttons) <= MAX_REPLY_BUTTONS:
        replies = [{"type": "reply", "reply": {"id": one.payload, "title": one.title}} for one in buttons]
        return {"type": "button", "body": {"text": text}, "action": {"buttons": replies}}
    rows = [{"id": one.payload, "title": one.title} for one in buttons]
    # The opener has no language of its own.
    return {"type": "list", "body": {"text": text}, "action": {"button": "▾", "sections": [{"rows": rows}]}}
