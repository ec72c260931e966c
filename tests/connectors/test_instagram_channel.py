"""Instagram, against the contract."""

from __future__ import annotations

from contract import GivesFiles, WebhookContract
from kit import Customer, Kit
from providers.meta import TOKEN, InstagramProvider
from test_messenger_channel import PEOPLE, messenger_message, messenger_tap
from test_whatsapp_channel import SECRET, meta_forgeries, meta_sign


def _of_instagram(body: bytes) -> bytes:
    return body.replace(b'"object": "page"', b'"object": "instagram"').replace(
        b'"object":"page"', b'"object":"instagram"'
    )


KIT = Kit(
    channel="instagram",
    class_path="connectors.instagram.InstagramInput",
    answers_within=2,
    provider=InstagramProvider,
    credentials=lambda url: {
        "app_secret": SECRET,
        "verify_token": "our-word",
        "page_access_token": TOKEN,
        "page_id": "7777",
        "api_url": url,
    },
    message=lambda text, number, sender: _of_instagram(messenger_message(text, number, sender)),
    tap=lambda payload, number, sender: _of_instagram(messenger_tap(payload, number, sender)),
    sign=meta_sign,
    customers=PEOPLE,
    forgeries=meta_forgeries,
    picture="message-image.json",
    located=lambda body, url: body.replace(b"https://scontent.xx.fbcdn.net", f"{url}/cdn".encode()),
    sends={"image/png": "image"},
    max_text=333,
    max_buttons=13,
    lacks={
        "key": "Meta has none",
        "documents": "Instagram carries pictures, films and sound",
    },
    payloads={
        "message-text.json": ("from Instagram",),
        "message-image.json": ("media:image",),
        "message-quick-reply.json": (),
        "message-echo.json": (),
        "message-deleted.json": (),
        "postback.json": (),
        "reaction.json": (),
        "read.json": (),
        "story-mention.json": ("media:image",),
        "story-reply.json": ("how much is it",),
        "share.json": ("https://www.instagram.com/p/Cexample/",),
        "reel.json": ("this one?\nhttps://www.instagram.com/reel/Cexample/",),
        "message-video.json": ("media:video",),
        "message-audio.json": ("media:audio",),
        "message-unsupported.json": (),
        "message-reply.json": ("this one",),
        "message-about-a-product.json": ("is it in stock?",),
        "message-from-an-advertisement.json": ("tell me more",),
        "message-edit.json": (),
        "referral.json": (),
        "opt-in.json": (),
        "handover-pass.json": (),
        "comment.json": (),
        "mention.json": (),
        "standby.json": (),
    },
)


class TestInstagram(GivesFiles, WebhookContract):
    kit = KIT

    async def test_a_long_chinese_answer_goes_out_in_pieces_of_a_thousand_bytes(self, customer: Customer) -> None:
        customer.gateway.bot.says("how do returns work", {"text": "退貨要在收到後十四天內申請。" * 60})
        await customer.says("how do returns work")
        sent = await customer.provider.has_sent(3)
        assert "".join(one.text for one in sent) == "退貨要在收到後十四天內申請。" * 60
        assert all(len(one.text.encode()) <= 1000 and one.text.endswith("。") for one in sent)
