"""Weibo's fans service, against the contract."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode

import pytest
from contract import GivesFiles, SignsTheTime, WebhookContract, _eventually_standing, _lines, _tries_again
from kit import Customer, Hook, Kit, as_json
from providers import tencent
from providers.server import Fault
from providers.weibo import APP_SECRET, FANS, TOKEN, UID, WeiboProvider

from connectors.weibo import WeiboInput
from switchboard.records import Attachment


def _sign(body: bytes, secret: str = APP_SECRET) -> Hook:
    return Hook(body, {}, tencent.query(secret, None))


def _message(text: str, number: int, sender: int) -> bytes:
    return as_json(
        {
            "type": "text",
            "receiver_id": int(UID),
            "sender_id": int(FANS[sender]),
            "created_at": f"Mon Mar 02 12:{number // 60:02d}:{number % 60:02d} +0800 2026",
            "text": text,
            "data": {},
        }
    )


def _forgeries(body: bytes) -> list[Hook]:
    given = {name: values[0] for name, values in parse_qs(_sign(body).query[1:]).items()}
    changed = [{**given, name: value} for name in given for value in ("", "1", "é", given[name] + "0")]
    lacking = [{name: value for name, value in given.items() if name != one} for one in given]
    queries = ["?" + urlencode(one) for one in (*changed, *lacking)]
    return [_sign(body, "another"), *(Hook(body, {}, query) for query in queries)]


KIT = Kit(
    channel="weibo",
    class_path="connectors.weibo.WeiboInput",
    answers_within=5,
    provider=WeiboProvider,
    credentials=lambda url: {
        "app_secret": APP_SECRET,
        "uid": UID,
        "access_token": TOKEN,
        "api_url": url,
        "media_url": url,
    },
    message=_message,
    tap=_message,  # choices are numbers
    sign=_sign,
    customers=FANS,
    forgeries=_forgeries,
    picture="message-image.json",
    links_files=True,
    max_text=299,
    max_buttons=10,
    lacks={
        "typing": "Weibo has none",
        "key": "Weibo has none",
        "documents": "fans send pictures, voice and places",
        "choices": "Weibo has none: they are numbers",
    },
    payloads={
        "message-text.json": ("我的包裹到哪里了？",),
        "message-image.json": ("media:image",),
        "message-voice.json": ("media:audio",),
        "message-position.json": ("media:location",),
        "message-position-in-text.json": ("media:location",),
        "event-click.json": ("转人工客服",),
        "message-unknown-kind.json": (),
        "message-to-another-account.json": (),
        "mention.json": (),
        "event-follow.json": (),
        "event-unfollow.json": (),
        "event-subscribe.json": (),
        "event-scan.json": (),
        "event-view.json": (),
        "event-unknown-kind.json": (),
        "event-unsubscribe.json": (),
        "event-scan-and-follow.json": (),
        "mention-comment.json": (),
    },
)


class TestWeibo(GivesFiles, SignsTheTime, WebhookContract):
    kit = KIT

    async def test_attack_17_the_echo_goes_back_only_to_who_knows_the_secret(self, customer: Customer) -> None:
        url = f"{customer.gateway.base}/webhooks/weibo/webhook"
        for secret, status in ((APP_SECRET, 200), ("another", 403)):
            async with customer.gateway.http.get(url + tencent.query(secret, None, echostr="<b>1")) as response:
                assert (response.status, response.content_type) == (status, "text/plain")
                assert await response.text() == ("<b>1" if status == 200 else "")

    async def test_an_empty_answer_ends_weibos_repeats(self, customer: Customer) -> None:
        assert await customer.sends(_sign(_message("hello", 1, 0))) == (200, "")

    async def test_two_messages_of_one_second_are_two_and_a_repeat_is_none(self, customer: Customer) -> None:
        for text in ("one", "two", "one", "two"):
            assert await customer.says(text, number=7) == 200
        await customer.provider.has_sent(2)
        assert [line.text for line in await _lines(customer.gateway) if line.author.value == "customer"] == [
            "one",
            "two",
        ]

    async def test_kinds_that_nobody_knows_are_counted_for_the_operator_and_are_never_a_persons_words(
        self, customer: Customer
    ) -> None:
        for name in ("message-unknown-kind.json", "event-unknown-kind.json", "message-to-another-account.json"):
            assert await customer.posts(KIT.payload(name)) == 200
        unknown = json.loads(KIT.payload("message-unknown-kind.json"))
        many = [f"new_{one:c}{other:c}" for one in range(97, 103) for other in range(97, 107)]
        for kind in ("陳大文", "9234 5678", "ana@example.com", "x" * 61, *many):
            assert await customer.posts(as_json({**unknown, "type": kind})) == 200
        async with customer.gateway.http.get(f"{customer.gateway.base}/readyz") as response:
            counted = (await response.json())["events_unused"]["weibo"]
        known = {"message hologram": 1, "event something_new": 1, "another account": 1}
        named = {f"message {kind}": 1 for kind in many[: 50 - len(known) - 1]}
        assert counted == {**known, **named, "other": 4 + len(many) - len(named)}

    @pytest.mark.parametrize(
        "kind, state, reason",
        [("system", "pending", "unreachable"), ("content", "failed", "content"), ("account", "pending", "account")],
    )
    async def test_weibos_refusals_are_told_in_words_the_desk_has(
        self, customer: Customer, kind: str, state: str, reason: str
    ) -> None:
        customer.provider.faults.append(Fault(refuses=kind))
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", state, reason=reason)
        if state == "pending":
            await _tries_again(customer.gateway, lambda: customer.provider.sent)

    async def test_the_window_is_48_hours(self, customer: Customer) -> None:
        gateway = customer.gateway
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await customer.provider.has_sent(1)
        conversation = await seat.claim_only()
        window = (await seat.get(f"/conversations/{conversation}"))["window"]
        assert window == {"open": True, "until": "2026-03-04T04:00:00+00:00", "left": None, "after": "nothing"}
        gateway.clock.forward(hours=48)
        seat = await gateway.seat("ben")
        await seat.post(f"/conversations/{conversation}/messages", {"text": "Too late."})
        await _eventually_standing(gateway, "Too late.", "failed", reason="window_closed")

    async def test_the_place_of_a_picture_is_weibos_own_host(self, customer: Customer) -> None:
        channel = WeiboInput.from_credentials(KIT.credentials(customer.provider.address))
        place = await channel.open_media(Attachment("image", {"id": "821804469"}))
        async with customer.gateway.http.get(place.url) as response:
            assert response.content_type == "image/png" and place.hosts == (response.url.authority,)
        await channel.get_output_channel().close()
