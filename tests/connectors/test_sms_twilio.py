"""SMS by Twilio, against the contract and Twilio's own library."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import pytest
from contract import Contract, GivesFiles, SendsCodes, _eventually_standing
from gateway_parts import Start
from kit import Customer, Hook, Kit
from mutations import mutated_form
from providers.server import Fault
from providers.twilio import ACCOUNT, NUMBER, PHONES, SERVICE, TOKEN, TwilioProvider
from rounds import rounds
from sanic.request import RequestParameters
from twilio.request_validator import RequestValidator

from actions.answers import Asker, article_answer
from connectors.sms import TwilioSmsInput
from faq_kb import Article, KnowledgeBase, Link, Reader
from switchboard.records import Attachment

URL = "https://chat.example.com/webhooks/sms/webhook"


def _sign(body: bytes, token: str = TOKEN, url: str = URL, algorithm: str | None = None) -> Hook:
    """As Twilio does it: over the address in its console and the fields, by the code that it publishes."""
    fields = RequestParameters(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True))
    signature = RequestValidator(token).compute_signature(url, fields, algorithm)
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    return Hook(body, {"X-Twilio-Signature": signature, "Content-Type": kind})


def _fields(text: str, number: int, sender: int, **more: str) -> dict[str, str]:
    sid = f"SM{sender}{number:031x}"
    return {
        "MessageSid": sid,
        "SmsStatus": "received",
        "AccountSid": ACCOUNT,
        "From": PHONES[sender],
        "To": NUMBER,
        "Body": text,
        "NumMedia": "0",
        "FromCity": "",
        **more,
    }


def _message(text: str, number: int, sender: int) -> bytes:
    return urlencode(_fields(text, number, sender)).encode()


def _status(message_id: str, status: str, **more: str) -> bytes:
    fields = {"MessageSid": message_id, "MessageStatus": status, "AccountSid": ACCOUNT, "To": PHONES[0], **more}
    return urlencode(fields).encode()


KIT = Kit(
    channel="sms",
    answers_within=15,
    folder="sms_twilio",
    class_path="connectors.sms.TwilioSmsInput",
    provider=TwilioProvider,
    credentials=lambda url: {
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "from": NUMBER,
        "webhook_url": f"{URL}#rc=3",
        "api_url": url,
    },
    message=_message,
    tap=_message,
    sign=_sign,
    customers=PHONES,
    forgeries=lambda body: [
        _sign(body, token="another-account's-token"),
        _sign(body, url="https://chat.example.com/webhooks/sms/tw/webhook"),
        _sign(body, algorithm="HMAC_SHA256"),
        Hook(
            body,
            {
                **_sign(body, algorithm="HMAC_SHA256").headers,
                "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
            },
        ),
        Hook(body + b"&Body=more", _sign(body).headers),
        Hook(body, _sign(body).headers, query="?a=b"),
    ],
    picture="message-picture.form",
    located=lambda body, url: body.replace(quote("https://api.twilio.com", "").encode(), quote(url, "").encode()),
    links_files=True,
    max_text=1600,
    max_buttons=0,
    blocked="blocked",
    lacks={
        "typing": "phones show none",
        "key": "Twilio has none; the receipt settles what had no answer",
        "documents": "an MMS carries pictures, films and sound",
        "choices": "an SMS has none: they are numbers",
    },
    payloads={
        "message-text.form": ("我個包裹去咗邊？",),
        "message-picture.form": ("media:image",),
        "message-two-media-without-text.form": ("media:video",),
        "message-with-emoji-and-line-breaks.form": ("hello 👋\nwhere is it?",),
        "message-empty.form": (),
        "stop.form": (),
        "stop-advanced-opt-out.form": (),
        "help.form": (),
        "cancel-is-a-wish.form": ("cancel",),
        "another-account.form": (),
        "another-number.form": (),
        "status-queued.form": (),
        "status-sending.form": (),
        "status-sent.form": (),
        "status-delivered.form": (),
        "status-undelivered.form": (),
        "status-failed.form": (),
        "status-of-another-kind.form": (),
        "status-accepted.form": (),
        "status-canceled.form": (),
        "status-scheduled.form": (),
        "status-read.form": (),
        "start.form": (),
        "message-of-several-segments.form": (
            "我想問下呢張單幾時送到，因為我下個禮拜要出門，如果星期五之前到唔到，可唔可以改送去公司？地址同之前一樣，唔該晒。謝謝你哋！我想問下呢張單幾時送到，因為我下個禮拜要出門，如果星期五之前到唔到，可唔可以改送去公司？地址同之前一樣，唔該晒。謝謝你哋！",
        ),
        "message-to-a-service.form": ("到咗未",),
    },
)


class TestTwilioSms(GivesFiles, SendsCodes, Contract):
    kit = KIT
    typed, locale = "9123 4567", "zh-HK"

    async def test_status_callbacks_become_states_of_the_delivery(self, customer: Customer) -> None:
        for number, (status, more, state, reason) in enumerate(
            [
                ("delivered", {}, "delivered", None),
                ("undelivered", {"ErrorCode": "30003"}, "failed", "unknown_recipient"),
                ("undelivered", {"ErrorCode": "30007"}, "failed", "content"),
                ("failed", {}, "failed", "refused"),
            ]
        ):
            await customer.says(f"question {number}")
            sent = (await customer.provider.has_sent(number + 1))[number]
            for one in ("sending", "sent"):
                assert await customer.posts(_status(sent.id, one)) == 200
            assert await customer.posts(_status(sent.id, status, **more)) == 200
            assert await customer.posts(_status(sent.id, "sent")) == 200, "it came late"
            await _eventually_standing(customer.gateway, f"bot: question {number}", state, reason)
        assert {asked["metadata"]["channel"] for asked in customer.gateway.bot.asked} == {"sms"}, (
            "answers are short here"
        )
        assert {form["StatusCallback"].partition("?")[0] for form in customer.provider.forms} == {URL}

    async def test_a_state_that_comes_to_our_own_address_settles_what_twilio_never_answered(
        self, customer: Customer
    ) -> None:
        customer.provider.hangs_up()
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", "unknown")
        (sent,) = customer.provider.sent
        body, query = _status(sent.id, "delivered"), sent.key.removeprefix(URL)
        assert (await customer.sends(replace(_sign(body), query=query)))[0] == 403, "the key is signed as well"
        assert (await customer.sends(replace(_sign(body, url=sent.key), query=query)))[0] == 200
        await _eventually_standing(customer.gateway, "bot: hello", "delivered")

    async def test_an_article_is_answered_in_its_short_words_with_its_picture_and_links(
        self, customer: Customer
    ) -> None:
        locales = ("zh-HK", "zh-TW", "zh-CN", "en")
        fee = Article(
            "fee",
            "delivery",
            {one: f"fee {one}" for one in locales},
            {one: f"The whole table. {one} " * 40 for one in locales},
            short_answer={one: f"HK$30 ({one})" for one in locales},
            links=(Link({"en": "Rates"}, "https://shop.example/rates"),),
            image="https://shop.example/rates.png",
        )

        def answer(asked: dict[str, Any]) -> list[dict[str, Any]]:
            metadata = asked["metadata"]
            asker = Asker(metadata["language"], Reader(metadata["channel"]))
            said = article_answer(KnowledgeBase([fee]), fee, {}, asker)
            # Rasa's `rest` channel sends text with buttons, picture and mark one after the other.
            text = {"text": said["text"], "buttons": said["buttons"]}
            return [text, {"image": said["image"]}, {"custom": said["custom"]}]

        customer.gateway.bot.answers["fee?"] = answer
        await customer.says("fee?")
        await customer.says("thanks")
        while "bot: thanks" not in customer.provider.texts:
            await customer.provider.has_sent(len(customer.provider.sent) + 1)
        said = "\n".join(customer.provider.texts)
        assert "HK$30 (en)" in said and "whole table" not in said
        assert "Rates: https://shop.example/rates\n" in said and "https://shop.example/rates.png" in said

    async def test_who_sent_stop_is_written_to_no_more_and_the_agent_is_told_why(self, customer: Customer) -> None:
        await customer.says("hello")
        await customer.provider.has_sent(1)
        customer.provider.stopped.add(PHONES[0])
        assert await customer.says("Stop") == 200
        await customer.says("and one more thing")
        await _eventually_standing(customer.gateway, "bot: and one more thing", "failed", "blocked")
        assert [asked["message"] for asked in customer.gateway.bot.asked] == ["hello", "and one more thing"]

    async def test_no_message_is_more_than_ten_segments(self, customer: Customer) -> None:
        for text in ("你好。" * 500, "Hello there. " * 300, "€uro. " * 500):
            customer.provider.sent.clear()
            customer.gateway.bot.says("long", {"text": text})
            await customer.says("long")
            await customer.says("short")
            while "bot: short" not in customer.provider.texts:
                await customer.provider.has_sent(len(customer.provider.sent) + 1)
            pieces = customer.provider.texts[:-1]
            assert len(pieces) > 1 and all(_at_most_ten(piece) for piece in pieces), text[:10]
            assert "".join(pieces).replace(" ", "") == text.replace(" ", "")

    async def test_what_twilio_says_of_a_refusal_reaches_the_agent(self, customer: Customer) -> None:
        for number, (code, reason) in enumerate(
            [(21211, "unknown_recipient"), (21408, "account"), (63038, "quota"), (29999, "refused")]
        ):
            body = {"code": code, "message": "no", "more_info": "", "status": 400}
            customer.provider.faults.append(Fault(400, body=body))
            await customer.says(f"question {number}")
            await _eventually_standing(customer.gateway, f"bot: question {number}", "failed", reason)

    async def test_attack_14_mutated_requests_are_never_an_error(self, customer: Customer) -> None:
        chance, files = random.Random(7), [KIT.payload(name) for name in sorted(KIT.payloads)]
        for number in range(rounds(150)):
            body = mutated_form(chance, files[number % len(files)], files[-number % len(files)])
            status, _ = await customer.sends(_sign(body))
            assert status in (200, 400), body
            assert (await customer.sends(Hook(body, {"X-Twilio-Signature": "x"})))[0] == 403

    async def test_a_picture_of_an_article_goes_as_mms_where_the_number_has_it(
        self, start: Start, root: Path, provider: TwilioProvider
    ) -> None:
        picture = "https://www.example.com/cup.jpg"
        for mms, seen in ((True, ("", picture, "MMS")), (False, (picture, None, "SMS"))):
            provider.sent.clear()
            entry = {**KIT.credentials(provider.address), "mms": mms, "messaging_service_sid": SERVICE}
            (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
            customer = Customer(await start(default_language="en"), KIT, provider)
            customer.gateway.bot.says("cup", {"text": "Our cup:", "image": picture})
            await customer.says("cup", number=40 + mms)
            sent = await provider.has_sent(2)
            assert [(one.text, one.image, one.how) for one in sent] == [("Our cup:", None, "SMS"), seen]
            assert "From" not in provider.forms[-1], "the service chooses the number"
            await customer.gateway.stop()  # type: ignore[attr-defined]

    async def test_the_words_reach_the_bot_where_twilio_does_not_answer_them(
        self, start: Start, root: Path, provider: TwilioProvider
    ) -> None:
        entry = {**KIT.credentials(provider.address), "twilio_answers_stop": False}
        (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
        customer = Customer(await start(default_language="en"), KIT, provider)
        await customer.says("help")
        await customer.provider.has_sent(1)
        assert customer.provider.texts == ["bot: help"]


async def test_a_picture_is_fetched_with_our_key_and_from_twilio_alone() -> None:
    channel = TwilioSmsInput.from_credentials(KIT.credentials("https://api.twilio.com"))
    place = await channel.open_media(Attachment("image", {"url": "https://api.twilio.com/m"}, mime_type="image/png"))
    assert place.url == "https://api.twilio.com/m" and place.headers["Authorization"].startswith("Basic ")
    assert place.hosts[0] == "api.twilio.com" and all(host.count(".") >= 2 for host in place.hosts)
    elsewhere = await channel.open_media(Attachment("image", {"url": "https://mms.twiliocdn.com/m"}))
    assert elsewhere.headers == {}, "our key goes to the API alone"


@pytest.mark.parametrize("lacks", ["account_sid", "auth_token", "from", "webhook_url"])
def test_an_entry_that_lacks_something_is_told_what(lacks: str) -> None:
    entry = KIT.credentials("https://api.twilio.com")
    del entry[lacks]
    with pytest.raises(Exception, match=f"`{lacks}` is missing"):
        TwilioSmsInput.from_credentials(entry)


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(Exception, match="whole public address"):
        TwilioSmsInput.from_credentials({**KIT.credentials("https://api.twilio.com"), "webhook_url": "/webhooks/sms"})


def _at_most_ten(text: str) -> bool:
    """Counted by the octets, as an operator would."""
    wide = any(ord(one) > 0x7F and one != "€" for one in text)
    if wide:
        return len(text.encode("utf-16-le")) <= 10 * 134
    return len(text) + text.count("€") <= 10 * 153
