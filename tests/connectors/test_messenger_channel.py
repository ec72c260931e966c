"""Messenger, against the contract."""

from __future__ import annotations

from typing import Any

from contract import GivesFiles, WebhookContract, _eventually_standing, _look, _shared
from kit import Customer, Kit, as_json
from providers.meta import TOKEN, MessengerProvider
from providers.server import A_PICTURE
from test_whatsapp_channel import SECRET, meta_forgeries, meta_sign

PEOPLE = ("1000000001", "1000000002")


def _event(number: int, sender: int, **fields: Any) -> bytes:
    event = {
        "sender": {"id": PEOPLE[sender]},
        "recipient": {"id": "7777"},
        "timestamp": 1772424000000 + number,
        **fields,
    }
    return as_json({"object": "page", "entry": [{"id": "7777", "time": 1772424000000, "messaging": [event]}]})


def messenger_message(text: str, number: int, sender: int) -> bytes:
    return _event(number, sender, message={"mid": f"m_{sender}_{number}", "text": text})


def messenger_tap(payload: str, number: int, sender: int) -> bytes:
    message = {"mid": f"m_{sender}_{number}", "text": "Choice", "quick_reply": {"payload": payload}}
    return _event(number, sender, message=message)


KIT = Kit(
    channel="messenger",
    class_path="connectors.messenger.MessengerInput",
    answers_within=2,
    provider=MessengerProvider,
    credentials=lambda url: {
        "app_secret": SECRET,
        "verify_token": "our-word",
        "page_access_token": TOKEN,
        "page_id": "7777",
        "human_agent": True,
        "api_url": url,
    },
    message=messenger_message,
    tap=messenger_tap,
    sign=meta_sign,
    customers=PEOPLE,
    forgeries=meta_forgeries,
    picture="message-image.json",
    document="message-file.json",
    located=lambda body, url: body.replace(b"https://scontent.xx.fbcdn.net", f"{url}/cdn".encode()),
    sends={"image/png": "image", "application/pdf": "file"},
    max_text=2000,
    max_buttons=13,
    lacks={
        "key": "Meta has none; a key of ours in the echo settles what had no answer",
    },
    payloads={
        "message-text.json": ("我個包裹去咗邊？",),
        "message-image.json": ("media:image",),
        "message-image-with-text.json": ("media:image",),
        "message-video.json": ("media:video",),
        "message-audio.json": ("media:audio",),
        "message-file.json": ("media:file",),
        "message-quick-reply.json": (),
        "message-echo.json": (),
        "message-sticker-only.json": ("media:image",),
        "postback.json": (),
        "delivery.json": (),
        "read.json": (),
        "reaction.json": (),
        "standby.json": (),
        "changes.json": (),
        "for-another-object.json": (),
        "for-another-page.json": (),
        "batch-with-one-bad.json": ("first", "third"),
        "message-two-images.json": ("media:image",),
        "message-reply.json": ("就係呢件",),
        "message-link.json": ("https://shop.example/p/1",),
        "message-about-a-product.json": ("仲有冇貨？",),
        "message-from-an-advertisement.json": ("我想知多啲",),
        "message-edit.json": (),
        "postback-with-referral.json": ("Get Started",),
        "referral.json": (),
        "opt-in.json": (),
        "account-linking.json": (),
        "feedback.json": (),
        "policy-enforcement.json": (),
        "handover-pass.json": (),
        "handover-take.json": (),
        "handover-request.json": (),
        "app-roles.json": (),
        "unreaction.json": (),
    },
)


class TestMessenger(GivesFiles, WebhookContract):
    kit = KIT

    async def test_a_sticker_is_seen_as_the_picture_it_is_and_fetched_once(self, customer: Customer) -> None:
        customer.provider.files["thumb.png"] = A_PICTURE
        assert await customer.shares("message-sticker-only.json") == 200
        (file,) = await _shared(customer, 1)
        customer.gateway.clock.forward(minutes=11)
        await _look(customer)
        assert (file["kind"], file["type"], customer.provider.files_asked) == ("image", "image/png", 1) and file["id"]

    async def test_read_until_a_moment_is_read(self, customer: Customer) -> None:
        await customer.says("hello")
        await customer.provider.has_sent(1)
        await _eventually_standing(customer.gateway, "bot: hello", "sent")
        moment = int(customer.gateway.clock().timestamp() * 1000)
        await customer.posts(_event(5, 0, read={"watermark": moment - 60_000}))
        await _eventually_standing(customer.gateway, "bot: hello", "sent")
        await customer.posts(_event(6, 0, read={"watermark": moment + 1}))
        await _eventually_standing(customer.gateway, "bot: hello", "read")

    async def test_an_echo_settles_what_meta_never_answered(self, customer: Customer) -> None:
        customer.provider.hangs_up()
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", "unknown")
        (sent,) = customer.provider.sent
        assert await customer.posts(_event(5, 0, message=customer.provider.echo(sent))) == 200
        await _eventually_standing(customer.gateway, "bot: hello", "sent")

    async def test_a_person_has_seven_days_and_the_bot_one(self, customer: Customer) -> None:
        gateway = customer.gateway
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await customer.provider.has_sent(1)
        conversation = await seat.claim_only()
        await customer.provider.has_sent(2)
        gateway.clock.forward(days=3)
        seat = await gateway.seat("ben")
        await seat.post(f"/conversations/{conversation}/messages", {"text": "Still here."})
        assert (await customer.provider.has_sent(3))[-1].how == "MESSAGE_TAG HUMAN_AGENT"
        gateway.clock.forward(days=5)
        seat = await gateway.seat("ben")
        await seat.post(f"/conversations/{conversation}/messages", {"text": "Too late."})
        await _eventually_standing(gateway, "Too late.", "failed", reason="window_closed")
