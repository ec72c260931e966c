"""Telegram, against the contract."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import sample_files
from contract import GivesFiles, WebhookContract
from gateway_parts import Start
from kit import Customer, Hook, Kit, as_json
from providers.telegram import TOKEN, TelegramProvider
from waiting import eventually

from connectors.output import Envelope, Part, SentFile
from connectors.telegram import TelegramInput
from switchboard.records import Attachment

SECRET = "a-secret_of-our-own"
CHATS = (1111, 2222)


def _person(sender: int) -> dict[str, Any]:
    return {"id": CHATS[sender], "is_bot": False, "first_name": "Ana", "language_code": "en"}


def _chat(sender: int) -> dict[str, Any]:
    return {"id": CHATS[sender], "first_name": "Ana", "type": "private"}


def _message(text: str, number: int, sender: int) -> bytes:
    message = {"message_id": number, "from": _person(sender), "chat": _chat(sender), "date": 1772424000, "text": text}
    return as_json({"update_id": 5000 + 1000 * sender + number, "message": message})


def _tap(payload: str, number: int, sender: int) -> bytes:
    message = {"message_id": 1, "chat": _chat(sender), "date": 1772424000, "text": "Which?"}
    query = {"id": f"q{number}", "from": _person(sender), "message": message, "chat_instance": "1", "data": payload}
    return as_json({"update_id": 5000 + 1000 * sender + number, "callback_query": query})


def _sign(body: bytes) -> Hook:
    return Hook(body, {"X-Telegram-Bot-Api-Secret-Token": SECRET})


KIT = Kit(
    channel="telegram",
    class_path="connectors.telegram.TelegramInput",
    provider=TelegramProvider,
    credentials=lambda url: {
        "access_token": TOKEN,
        "webhook_url": "https://chat.example.com/webhooks/telegram/webhook",
        "secret_token": SECRET,
        "api_url": url,
    },
    message=_message,
    tap=_tap,
    sign=_sign,
    customers=("1111", "2222"),
    forgeries=lambda body: [
        Hook(body, {"X-Telegram-Bot-Api-Secret-Token": SECRET.upper()}),
        Hook(body, {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}),
        Hook(body, {"X-Telegram-Bot-Api-Secret-Token": TOKEN}),
    ],
    picture="message-photo.json",
    document="message-document.json",
    sends={"image/png": "sendPhoto", "application/pdf": "sendDocument"},
    max_text=4096,
    max_buttons=12,
    lacks={
        "key": "Telegram has none",
    },
    payloads={
        "message-text.json": ("我個包裹去咗邊？",),
        "message-photo.json": ("media:image",),
        "message-photo-with-caption.json": ("media:image",),
        "message-video.json": ("media:video",),
        "message-voice.json": ("media:audio",),
        "message-document.json": ("media:file",),
        "message-sticker.json": ("media:sticker",),
        "message-location.json": ("media:location",),
        "message-contact.json": ("media:contact",),
        "message-start.json": (),
        "message-dice.json": (),
        "message-in-group.json": (),
        "callback-query.json": (),
        "callback-query-inline.json": (),
        "edited-message.json": (),
        "my-chat-member.json": (),
        "channel-post.json": (),
        "message-reaction.json": (),
        "message-animation.json": ("media:video",),
        "message-audio.json": ("media:audio",),
        "message-video-note.json": ("media:video",),
        "message-venue.json": ("media:location",),
        "message-photo-of-an-album.json": ("media:image",),
        "message-reply.json": ("就係呢件",),
        "message-forwarded.json": ("收據喺度",),
        "message-with-entities.json": ("睇下 shop.example",),
        "message-poll.json": (),
        "message-story.json": (),
        "message-pinned.json": (),
        "message-write-access.json": (),
        "message-timer-changed.json": (),
        "message-paid-media.json": (),
        "inline-query.json": (),
        "poll-answer.json": (),
        "edited-channel-post.json": (),
        "business-message.json": (),
    },
)


class TestTelegram(GivesFiles, WebhookContract):
    kit = KIT

    async def test_telegram_is_told_where_we_are_and_what_to_show(self, customer: Customer) -> None:
        await eventually(lambda: customer.provider.webhook)
        assert customer.provider.webhook == {
            "url": "https://chat.example.com/webhooks/telegram/webhook",
            "secret_token": SECRET,
            "allowed_updates": ["message", "callback_query"],
        }

    async def test_a_picture_is_kept_with_what_finds_it_again(self, customer: Customer) -> None:
        assert await customer.posts(KIT.payload("message-photo.json")) == 200
        (sent,) = await customer.provider.has_sent(1)
        assert "圖片" in sent.text or "相" in sent.text or "picture" in sent.text.lower()
        assert customer.gateway.bot.asked == [], "the bot cannot look at pictures"
        channel = TelegramInput.from_credentials(KIT.credentials(customer.provider.address))
        place = await channel.open_media(Attachment("image", {"file_id": "large"}))
        assert place.url == f"{customer.provider.address}/file/bot{TOKEN}/photos/large"
        assert place.hosts == (customer.provider.address.partition("://")[2],)
        await channel.get_output_channel().close()

    async def test_a_slow_bot_is_shown_to_type_until_it_has_answered(self, customer: Customer) -> None:
        gateway, provider = customer.gateway, customer.provider
        sender = gateway.app.ctx.channels._post._senders["telegram"]
        assert sender.typing_seconds == 5, "what Telegram shows"
        gateway.bot.hold, sender.typing_seconds = asyncio.Event(), 0.02
        await customer.says("hello")
        await eventually(lambda: len(provider.typing) >= 4)
        sender.typing_seconds = 1000
        gateway.bot.hold.set()
        await provider.has_sent(1)
        shown = len(provider.typing)
        await customer.says("and now?", sender=1)
        await provider.has_sent(2)
        await eventually(lambda: provider.typing[-1] == KIT.customers[1])
        assert len(provider.typing) <= shown + 2, "one may have been under way"

    async def test_the_tapped_button_stops_turning(self, customer: Customer) -> None:
        customer.gateway.bot.says("menu", {"text": "Which?", "buttons": [{"title": "One", "payload": "/one"}]})
        await customer.says("menu")
        (sent,) = await customer.provider.has_sent(1)
        await customer.taps(sent.buttons[0][1])
        await eventually(lambda: customer.provider.answered_taps)


async def test_a_provider_that_is_away_at_the_start_is_told_when_it_is_back_and_named_until_then(
    start: Start, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with TelegramProvider().running() as provider:
        entries = {"rest": None, KIT.class_path: KIT.credentials(provider.address)}
        (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")
        await provider.stop()
        gateway = await start(default_language="en")
        supervisor, problems = await gateway.seat("sue"), gateway.app.ctx.channels.problems
        await eventually(lambda: problems)
        async with gateway.http.get(f"{gateway.base}/readyz") as response:
            assert response.status == 200
            (named,) = (await response.json())["channels_left_out"]
        assert named["channel"] == "telegram" and "ClientConnectorError" in named["why"] and TOKEN not in named["why"]
        assert (await supervisor.get("/inbox"))["channels_left_out"] == [named]
        logged = [one for one in caplog.records if getattr(one, "event", "") == "channel_trouble"]
        assert [(one.channel, one.error) for one in logged] == [("telegram", named["why"])]
        assert (await gateway.rest("hello"))[0]["text"] == "bot: hello", "the others run"
        await provider.start()
        await eventually(lambda: provider.webhook and not problems, lambda: (provider.webhook, problems))
        assert await Customer(gateway, KIT, provider).says("hello") == 200
        await provider.has_sent(1)


@pytest.mark.parametrize("secret", ["with space", "ü", "x" * 257])
def test_a_secret_that_telegram_would_refuse_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(Exception, match="secret_token"):
        TelegramInput.from_credentials({"access_token": TOKEN, "webhook_url": "https://x", "secret_token": secret})


async def test_a_picture_that_telegram_does_not_show_goes_as_a_document(tmp_path: Path) -> None:
    async with TelegramProvider().running() as provider:
        output = TelegramInput.from_credentials(KIT.credentials(provider.address)).get_output_channel()

        async def sent(picture: bytes, pixels: tuple[int, int] | None) -> list[str]:
            (tmp_path / "p.png").write_bytes(picture)
            file, before = SentFile("p.png", "image/png", tmp_path / "p.png", len(picture), pixels), len(provider.asked)
            await output.post(Part(files=(file,)), Envelope(KIT.customers[0]))
            return [one.path.rpartition("/")[2] for one in provider.asked[before:]]

        small, long = sample_files.picture(), sample_files.picture(size=(30, 601))
        for pixels in ((64, 40), (6000, 4000), (100, 2000)):
            assert await sent(small, pixels) == ["sendPhoto"]
        for pixels in ((6000, 4001), (100, 2001), (2001, 100)):
            assert await sent(small, pixels) == ["sendDocument"]
        assert await sent(long, None) == ["sendPhoto", "sendDocument"], "as Telegram asks for"
        assert [one.how for one in provider.sent[3:]] == ["sendDocument"] * 4
        await output.close()
