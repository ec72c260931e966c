"""LINE, against the contract and LINE's own library."""

from __future__ import annotations

import base64
import hashlib
import hmac

from contract import GivesFiles, RepeatsSafely, WebhookContract, _eventually_standing, rows_of
from kit import Customer, Hook, Kit, as_json
from linebot.v3.webhook import SignatureValidator
from providers.line import TOKEN, LineProvider
from providers.server import Fault
from waiting import eventually

SECRET = "line-channel-secret"
USERS = ("U" + "a" * 32, "U" + "b" * 32)


def _sign(body: bytes, secret: str = SECRET) -> Hook:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return Hook(body, {"X-Line-Signature": base64.b64encode(digest).decode()})


def _event(kind: str, number: int, sender: int, **fields: object) -> bytes:
    event = {
        "type": kind,
        "mode": "active",
        "timestamp": 1772424000000 + number,
        "source": {"type": "user", "userId": USERS[sender]},
        "webhookEventId": f"01HX{sender}{number:021d}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": f"{sender}{number:031x}",
        **fields,
    }
    return as_json({"destination": "U" + "0" * 32, "events": [event]})


def _message(text: str, number: int, sender: int) -> bytes:
    return _event(
        "message", number, sender, message={"id": f"{number}", "type": "text", "quoteToken": "q", "text": text}
    )


def _tap(payload: str, number: int, sender: int) -> bytes:
    return _event("postback", number, sender, postback={"data": payload})


def _forgeries(body: bytes) -> list[Hook]:
    right = _sign(body).headers["X-Line-Signature"]
    hexadecimal = base64.b64decode(right).hex()
    return [
        _sign(body, "another-account's-secret"),
        Hook(body, {"X-Line-Signature": hexadecimal}),
        Hook(body, {"X-Line-Signature": right.rstrip("=")}),
        Hook(body, {"X-Line-Signature": right.swapcase()}),
        Hook(body + b" ", {"X-Line-Signature": right}),
        Hook(body, {"X-Hub-Signature-256": right}),
    ]


KIT = Kit(
    channel="line",
    class_path="connectors.line.LineInput",
    answers_within=2,
    provider=LineProvider,
    credentials=lambda url: {
        "channel_secret": SECRET,
        "channel_access_token": TOKEN,
        "api_url": url,
        "content_url": url,
        "access_url": url,
    },
    message=_message,
    tap=_tap,
    sign=_sign,
    customers=USERS,
    forgeries=_forgeries,
    picture="message-image.json",
    document="message-file.json",
    links_files=True,
    max_text=5000,
    max_buttons=13,
    repeats_safely=True,
    blocked="unknown_recipient",
    payloads={
        "message-text.json": ("我個包裹去咗邊？",),
        "message-image.json": ("media:image",),
        "message-video.json": ("media:video",),
        "message-audio.json": ("media:audio",),
        "message-file.json": ("media:file",),
        "message-location.json": ("media:location",),
        "message-sticker.json": ("media:sticker",),
        "message-unknown-kind.json": (),
        "message-in-group.json": (),
        "postback.json": (),
        "follow.json": (),
        "unfollow.json": (),
        "unsend.json": (),
        "standby.json": (),
        "verify.json": (),
        "batch-with-one-bad.json": ("first", "third"),
        "redelivered.json": ("once more",),
        "join.json": (),
        "leave.json": (),
        "member-joined.json": (),
        "member-left.json": (),
        "video-play-complete.json": (),
        "beacon.json": (),
        "account-link.json": (),
        "membership.json": (),
        "bot-suspended.json": (),
        "postback-date.json": ("storeId=12345",),  # what the shop wrote into its own menu
        "message-image-elsewhere.json": (),
        "message-image-of-a-set.json": ("media:image",),
        "message-text-with-emoji.json": ("收到 (brown)",),
        "message-text-quoting.json": ("呢件仲有冇貨？",),
    },
)


class TestLine(GivesFiles, RepeatsSafely, WebhookContract):
    kit = KIT

    def test_lines_own_library_agrees_with_our_signature(self) -> None:
        body = _message("hello", 1, 0)
        assert SignatureValidator(SECRET).validate(body.decode(), _sign(body).headers["X-Line-Signature"])

    async def test_five_lines_of_a_turn_are_one_free_reply_and_the_others_one_push(self, customer: Customer) -> None:
        choice = [{"title": "Yes", "payload": "/yes"}]
        lines = [{"text": f"line {number}"} for number in range(7)]
        customer.gateway.bot.says("seven", {**lines[0], "buttons": choice}, *lines[1:])
        await customer.says("seven")
        sent = await customer.provider.has_sent(7)
        assert [(one.text, one.how) for one in sent] == [
            (f"line {number}", "reply" if number < 5 else "push") for number in range(7)
        ]
        calls = [one.path.rpartition("/")[2] for one in customer.provider.asked if "loading" not in one.path]
        assert calls == ["reply", "push"]
        assert [len(one.buttons) for one in sent] == [0] * 6 + [1], "what LINE shows is under the last"
        await eventually(lambda: rows_of(customer) == [("sent", one.id) for one in sent], lambda: rows_of(customer))

    async def test_a_line_that_line_refuses_takes_no_other_with_it(self, customer: Customer) -> None:
        refused = Fault(400, body={"message": "The request body has 1 error(s)"})
        customer.gateway.bot.says("three", *({"text": text} for text in ("one", "two", "three")))
        # The reply and the push of all, then the first alone, and then the push of the two that are left.
        customer.provider.faults.extend([refused, refused, refused])
        await customer.says("three")
        await customer.provider.has_sent(2)
        await eventually(lambda: "sending" not in [state for state, _ in rows_of(customer)])
        assert customer.provider.texts == ["two", "three"]
        assert [state for state, _ in rows_of(customer)] == ["failed", "sent", "sent"]

    async def test_a_reply_token_that_line_refuses_is_followed_by_a_push(self, customer: Customer) -> None:
        body = _message("hello", 1, 0)
        assert (await customer.sends(_sign(body)))[0] == 200  # LINE knows nothing of its token
        (sent,) = await customer.provider.has_sent(1)
        assert sent.how == "push"

    async def test_this_months_messages_are_used_up(self, customer: Customer) -> None:
        body = _message("hello", 1, 0)
        customer.provider.faults.append(Fault(refuses="quota"))
        assert (await customer.sends(_sign(body)))[0] == 200
        await _eventually_standing(customer.gateway, "bot: hello", "failed", reason="quota")
        await eventually(lambda: not customer.provider.faults)
