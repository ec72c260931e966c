"""WhatsApp Cloud API, against the contract."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from dataclasses import replace
from typing import Any

from contract import GivesFiles, WebhookContract, _eventually_standing, rows_of
from kit import Customer, Hook, Kit, as_json
from providers.meta import PHONE_NUMBER_ID, TOKEN, WhatsAppProvider
from providers.server import Fault
from waiting import eventually

from connectors.output import Envelope, Output, Part
from handoff import conversations
from handoff.models import Status, Tier
from switchboard.contact_proving import Carrier

SECRET = "meta-app-secret"
NUMBERS = ("85291234567", "886912345678")


def meta_sign(body: bytes, secret: str = SECRET) -> Hook:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Hook(body, {"X-Hub-Signature-256": f"sha256={digest}"})


def meta_forgeries(body: bytes) -> list[Hook]:
    right = meta_sign(body).headers["X-Hub-Signature-256"]
    sha1 = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    return [
        meta_sign(body, "the secret of another app"),
        Hook(body, {"X-Hub-Signature": f"sha1={sha1}"}),
        Hook(body, {"X-Hub-Signature-256": f"sha1={sha1}"}),
        Hook(body, {"X-Hub-Signature-256": right.upper()}),
        Hook(body, {"X-Hub-Signature-256": right.removeprefix("sha256=")}),
        Hook(body, {"X-Hub-Signature-256": "md5=" + "0" * 32}),
        Hook(body + b" ", {"X-Hub-Signature-256": right}),
    ]


def _body(**value: Any) -> bytes:
    metadata = {"display_phone_number": "85230001234", "phone_number_id": PHONE_NUMBER_ID}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return as_json({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})


def _event(number: int, sender: int, **fields: Any) -> bytes:
    at = f"{1772424000 + number}"
    message = {"from": NUMBERS[sender], "id": f"wamid.{sender}.{number}", "timestamp": at, **fields}
    return _body(contacts=[{"profile": {"name": "Ana"}, "wa_id": NUMBERS[sender]}], messages=[message])


def _message(text: str, number: int, sender: int) -> bytes:
    return _event(number, sender, type="text", text={"body": text})


def _tap(payload: str, number: int, sender: int) -> bytes:
    reply = {"type": "button_reply", "button_reply": {"id": payload, "title": "Choice"}}
    return _event(number, sender, type="interactive", interactive=reply)


def _status(message_id: str, status: str, **fields: Any) -> bytes:
    return _body(statuses=[{"id": message_id, "status": status, "timestamp": "1", "recipient_id": "1", **fields}])


A_CART = "我想買：\ndi9ozbzfi4 × 2（每件 HK$30.00）\nnqryix03ez × 1（每件 HK$25.50）\n合共 HK$85.50\n想今個星期收到"
KIT = Kit(
    channel="whatsapp",
    class_path="connectors.whatsapp.WhatsAppInput",
    answers_within=2,
    provider=WhatsAppProvider,
    credentials=lambda url: {
        "app_secret": SECRET,
        "verify_token": "our-word",
        "phone_number_id": PHONE_NUMBER_ID,
        "access_token": TOKEN,
        "api_url": url,
    },
    message=_message,
    tap=_tap,
    sign=meta_sign,
    customers=NUMBERS,
    forgeries=meta_forgeries,
    picture="message-image.json",
    document="message-document.json",
    sends={"image/png": "image", "application/pdf": "document"},
    max_text=4096,
    max_buttons=10,
    blocked="unknown_recipient",
    lacks={
        "key": "Meta has none; a key of ours in the receipt settles what had no answer",
    },
    payloads={
        "message-text.json": ("我個包裹去咗邊？",),
        "message-image.json": ("media:image",),
        "message-image-with-caption.json": ("media:image",),
        "message-video.json": ("media:video",),
        "message-audio.json": ("media:audio",),
        "message-document.json": ("media:file",),
        "message-sticker.json": ("media:sticker",),
        "message-location.json": ("media:location",),
        "message-contacts.json": ("media:contact",),
        "message-button-reply.json": (),
        "message-list-reply.json": (),
        "message-template-button.json": ("好",),
        "message-reaction.json": (),
        "message-unsupported.json": (),
        "message-order.json": (),
        "message-order-of-products.json": (A_CART,),
        "message-system.json": (),
        "status-sent.json": (),
        "status-delivered.json": (),
        "status-read.json": (),
        "status-failed.json": (),
        "another-number.json": (),
        "template-status.json": (),
        "batch-with-one-bad.json": ("first", "third"),
        "message-reply.json": ("就係呢件",),
        "message-about-a-product.json": ("仲有冇貨？",),
        "message-from-an-advertisement.json": ("我想知多啲",),
        "message-forwarded.json": ("收據喺度",),
        "message-voice.json": ("media:audio",),
        "message-flow-reply.json": (),
        "message-request-welcome.json": (),
        "message-unreacted.json": (),
        "message-unknown-kind.json": (),
        "status-deleted.json": (),
        "status-played.json": (),
        "status-priced.json": (),
        "errors.json": (),
        "account-update.json": (),
        "phone-quality.json": (),
        "echo-of-the-phone.json": (),
        "user-preferences.json": (),
    },
)


class Codes(Output):
    """The far side of an SMS account: the last code."""

    def __init__(self) -> None:
        self.code = ""
        self.arrived = asyncio.Event()

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        (self.code,) = re.findall(r"[0-9]{6}", part.text)
        self.arrived.set()
        return None


class TestWhatsApp(GivesFiles, WebhookContract):
    kit = KIT

    async def test_what_is_put_together_from_the_catalogue_is_read_in_the_customers_language(
        self, customer: Customer
    ) -> None:
        cart = KIT.payload("message-order-of-products.json")
        for body in (cart, cart.replace(b"25.5", b'"ask us"').replace(b"0079", b"0080")):
            assert await customer.posts(body) == 200
        await customer.provider.has_sent(2)
        priced, unpriced = [text.removeprefix("bot: ") for text in customer.provider.texts]
        assert priced == (
            "I'd like to buy:\ndi9ozbzfi4 × 2 (HK$30.00 each)\nnqryix03ez × 1 (HK$25.50 each)\n"
            "Total: HK$85.50\n想今個星期收到"
        )
        assert unpriced.split("\n")[-3:] == ["di9ozbzfi4 × 2（每件 HK$30.00）", "nqryix03ez × 1", "想今個星期收到"]

    async def test_a_number_proved_by_a_code_is_the_one_that_writes_here_and_one_only_typed_is_not(
        self, customer: Customer
    ) -> None:
        gateway, codes = customer.gateway, Codes()
        gateway.app.ctx.channels.carriers["phone"] = Carrier("sms", codes)
        await customer.says("my parcel from WhatsApp")
        await customer.provider.has_sent(1)
        seat, ours = await gateway.seat("sue"), ("whatsapp", NUMBERS[0])
        read = gateway.app.ctx.database.read_now

        async def panel(talk: str) -> Any:
            return await seat.get(f"/conversations/{talk}/customer?locale=en")

        there = read(lambda c: conversations.last_of_sender(c, *ours)).id
        page = await gateway.page()
        await page.say("+852 9123 4567 is my number")
        talk = (await page.message("assistant", "9123"))["conversation"]
        version = (await panel(talk))["customer"]["record"]["version"]
        noted = {"version": version, "values": {"phone": "+852 9123 4567"}}
        await seat.post(f"/conversations/{talk}/customer", noted, method="PUT")
        await page.send({"type": "prove", "client_id": "p1", "contact": "+852 9123 4567"})
        await codes.arrived.wait()
        typed = await panel(talk)
        assert (typed["customer"]["record"]["senders"], typed["past"]) == (1, []), "typed, noted, asked for: no proof"

        await page.send({"type": "prove_code", "client_id": "p2", "code": codes.code})
        assert (await page.until(lambda one: one.get("client_id") == "p2"))["status"] == "proved"
        for one, other in ((talk, there), (there, talk)):
            shown = await panel(one)
            assert not shown["customer"]["record"]["locked"] and other in [past["id"] for past in shown["past"]]
            assert shown["customer"]["record"]["values"]["phone"] == "+852 9123 4567"

        # It lasts: the next conversation there is theirs as well. Another number's is not.
        gateway.app.ctx.database.write_now(
            lambda c: conversations.move(
                c, conversations.find(c, there), Status.CLOSED, gateway.clock(), "test", "closed"
            )
        )
        await customer.says("again")
        await customer.says("somebody else", sender=1)
        await customer.provider.has_sent(3)
        again = read(lambda c: conversations.open_one(c, *ours))
        other = read(lambda c: conversations.open_one(c, "whatsapp", NUMBERS[1]))
        assert (again.tier, other.tier) == (Tier.CONTACT, Tier.ANONYMOUS)
        assert {talk, there} <= {past["id"] for past in (await panel(again.id))["past"]}

    async def test_attack_17_the_challenge_goes_back_only_to_who_knows_our_word(self, customer: Customer) -> None:
        url = f"{customer.gateway.base}/webhooks/whatsapp/webhook"
        right = {"hub.mode": "subscribe", "hub.verify_token": "our-word", "hub.challenge": "<script>1158201444"}
        async with customer.gateway.http.get(url, params=right) as response:
            assert (response.status, await response.text()) == (200, "<script>1158201444")
            assert response.content_type == "text/plain"
        two: Any = {"hub.verify_token": ["our-word", "other"]}
        for change in ({"hub.verify_token": "other"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}, two):
            async with customer.gateway.http.get(url, params={**right, **change}) as response:
                assert response.status == 403, change

    async def test_receipts_come_back_and_never_go_backwards(self, customer: Customer) -> None:
        await customer.says("hello")
        (sent,) = await customer.provider.has_sent(1)
        for status, state in (
            ("sent", "sent"),
            ("delivered", "delivered"),
            ("sent", "delivered"),
            ("read", "read"),
            ("delivered", "read"),
        ):
            assert await customer.posts(_status(sent.id, status)) == 200
            await _eventually_standing(customer.gateway, "bot: hello", state)

    async def test_a_status_settles_what_meta_never_answered_so_that_nobody_sends_it_twice(
        self, customer: Customer
    ) -> None:
        provider = customer.provider
        customer.gateway.bot.says("long", {"text": "文" * 4097})
        seat = await customer.gateway.seat("ben")
        provider.hangs_up()
        await customer.says("long")
        await eventually(lambda: [state for state, _ in rows_of(customer)] == ["unknown", "failed"])
        (sent,), provider.pause = provider.sent, None
        stranger = replace(sent, id="wamid.theirs", key="what another program of the shop called its own")
        assert await customer.posts(_body(statuses=[provider.status(stranger, "sent")])) == 200
        assert [state for state, _ in rows_of(customer)] == ["unknown", "failed"]
        for state in ("sent", "delivered"):
            assert await customer.posts(_body(statuses=[provider.status(sent, state)])) == 200
            assert rows_of(customer) == [(state, sent.id), ("failed", None)]
        (talk,) = (await seat.get("/conversations?view=all"))["conversations"]
        line = (await seat.get(f"/conversations/{talk['id']}"))["messages"][-1]["id"]
        await seat.post(f"/messages/{line}/send-again")
        await provider.has_sent(2)
        assert [len(text) for text in provider.texts] == [4096, 1], "only the rest"

    async def test_a_status_is_known_before_the_answer_that_is_late(self, customer: Customer) -> None:
        provider = customer.provider
        provider.hold, provider.holds = asyncio.Event(), NUMBERS[0]
        await customer.says("hello")
        (sent,) = await provider.has_sent(1)
        assert await customer.posts(_body(statuses=[provider.status(sent, "delivered")])) == 200
        assert rows_of(customer) == [("delivered", sent.id)]

    async def test_a_status_that_says_no_is_told_with_its_reason(self, customer: Customer) -> None:
        await customer.says("hello")
        (sent,) = await customer.provider.has_sent(1)
        error = {"code": 131047, "title": "Re-engagement message"}
        await customer.posts(_status(sent.id, "failed", errors=[error]))
        await _eventually_standing(customer.gateway, "bot: hello", "failed", reason="window_closed")

    async def test_the_window_is_shown_and_closes(self, customer: Customer) -> None:
        gateway = customer.gateway
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await customer.provider.has_sent(1)
        conversation = await seat.claim_only()
        await customer.provider.has_sent(2)
        window = (await seat.get(f"/conversations/{conversation}"))["window"]
        assert window == {"open": True, "until": "2026-03-03T04:00:00+00:00", "left": None, "after": "template"}
        gateway.clock.forward(hours=24)
        seat = await gateway.seat("ben")
        assert (await seat.get(f"/conversations/{conversation}"))["window"]["open"] is False
        await seat.post(f"/conversations/{conversation}/messages", {"text": "Too late."})
        await _eventually_standing(gateway, "Too late.", "failed", reason="window_closed")
        lines = (await seat.get(f"/conversations/{conversation}"))["messages"]
        assert lines[-1]["delivery"]["reason"] == "window_closed"
        await customer.says("here again")
        await eventually(lambda: True)
        await seat.post(f"/messages/{lines[-1]['id']}/send-again")
        assert (await customer.provider.has_sent(3))[-1].text == "Too late."
        await seat.post(f"/messages/{lines[-1]['id']}/send-again", status=409)
        await seat.post("/messages/999999/send-again", status=404)

    async def test_too_many_to_one_customer_holds_only_them(self, customer: Customer) -> None:
        body = {"error": {"message": "pair rate limit", "code": 131056}}
        customer.provider.faults.append(Fault(400, body=body))
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", "pending", reason="busy")
        await customer.says("me too", sender=1)
        await customer.provider.has_sent(1)
        assert customer.provider.texts == ["bot: me too"]
