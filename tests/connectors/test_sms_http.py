"""SMS by a gateway of the mainland, described in credentials.yml, against the contract."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from contract import Contract, RepeatsSafely, SendsCodes, _eventually_standing
from gateway_parts import Start
from kit import Customer, Hook, Kit, as_json
from mutations import mutated_json
from providers.sms_gateway import PHONES, SIGNATURE, TOKEN, SmsGatewayProvider
from rounds import rounds
from waiting import eventually

from connectors.sms import HttpSmsInput

SECRET = "a-secret-of-the-gateway"


def _sign(body: bytes, secret: str = SECRET) -> Hook:
    return Hook(body, {"X-Gateway-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()})


def _message(text: str, number: int, sender: int) -> bytes:
    reply = {"id": f"r{sender}-{number}", "mobile": PHONES[sender], "text": text, "reply_time": "2026-03-02 12:00:00"}
    return as_json({"sms_reply": [reply]})


def _report(message_id: str, state: str, error: str = "") -> bytes:
    return as_json({"sms_status": [{"sid": message_id, "report_status": state, "error_msg": error}]})


def _credentials(url: str) -> dict[str, Any]:
    return {
        "send_url": f"{url}/v2/sms/single_send.json",
        "authorization": f"Bearer {TOKEN}",
        "constants": {"apikey": "k"},
        "send": {"to": "mobile", "text": "text", "key": "uid"},
        "answer": {"code": "code", "good": [0], "id": "sid", "message": "msg"},
        "reasons": {"22": "busy", "4": "blocked", "2": "unknown_recipient", "-1": "account", "DB:0108": "content"},
        "leaves_out": "+86",
        "signature": "茗茶小铺",
        "proof": {"kind": "hmac_sha256_hex", "name": "X-Gateway-Signature", "secret": SECRET},
        "events": ["sms_reply", "sms_status"],
        "received": {"from": "mobile", "text": "text", "id": "id"},
        "report": {"id": "sid", "state": "report_status", "detail": "error_msg", "delivered": ["SUCCESS"]},
        "acknowledgement": "SUCCESS",
    }


KIT = Kit(
    channel="sms",
    folder="sms_http",
    class_path="connectors.sms.HttpSmsInput",
    provider=SmsGatewayProvider,
    credentials=_credentials,
    message=_message,
    tap=_message,
    sign=_sign,
    customers=PHONES,
    forgeries=lambda body: [
        _sign(body, "another-account's-secret"),
        Hook(body, {"X-Gateway-Signature": _sign(body).headers["X-Gateway-Signature"].upper()}),
        Hook(body + b" ", _sign(body).headers),
        Hook(body, {"X-Signature": _sign(body).headers["X-Gateway-Signature"]}),
        Hook(body, query="?X-Gateway-Signature=" + _sign(body).headers["X-Gateway-Signature"]),
    ],
    links_files=True,
    max_text=670,
    max_buttons=0,
    repeats_safely=True,
    blocked="blocked",
    lacks={
        "typing": "phones show none",
        "pictures": "gateways of Hong Kong and the mainland post text alone",
        "documents": "as pictures",
        "fetching": "there are no files",
        "choices": "an SMS has none: they are numbers",
    },
    payloads={
        "reply.json": ("我的包裹到哪儿了？",),
        "replies-with-one-bad.json": ("第一", "第三"),
        "reply-without-id.json": (),
        "reply-td.json": (),
        "reply-empty.json": (),
        "report-delivered.json": (),
        "report-failed.json": (),
        "report-under-way.json": (),
        "reports-and-replies.json": ("一起来的",),
        "unknown-kind.json": (),
    },
)


class TestHttpSms(RepeatsSafely, SendsCodes, Contract):
    kit = KIT
    typed, locale = "138 0013 8000", "zh-CN"

    async def test_each_message_begins_with_the_registered_name_and_reports_come_back(self, customer: Customer) -> None:
        for number, (state, error, seen, reason) in enumerate(
            [
                ("SUCCESS", "", "delivered", None),
                ("FAIL", "DB:0108", "failed", "content"),
                ("FAIL", "", "failed", "refused"),
            ]
        ):
            await customer.says(f"question {number}")
            sent = (await customer.provider.has_sent(number + 1))[number]
            assert customer.provider.bodies[-1]["text"] == f"{SIGNATURE}bot: question {number}"
            status, said = await customer.sends(_sign(_report(sent.id, state, error)))
            assert (status, said) == (200, "SUCCESS")
            await _eventually_standing(customer.gateway, f"bot: question {number}", seen, reason)

    async def test_a_text_that_fits_no_registered_template_is_refused_with_the_reason(
        self, start: Start, root: Path, provider: SmsGatewayProvider
    ) -> None:
        entry = {**_credentials(provider.address), "templates": ["您的包裹{}，预计{}送到。", "bot: hello"]}
        (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
        customer = Customer(await start(default_language="en"), KIT, provider)
        customer.gateway.bot.says("parcel", {"text": "您的包裹正在派送，预计明天上午送到。"})
        for words in ("hello", "parcel", "something else"):
            await customer.says(words)
        await _eventually_standing(customer.gateway, "bot: something else", "failed", "content")
        assert provider.texts == ["bot: hello", "您的包裹正在派送，预计明天上午送到。"]

    async def test_a_gateway_that_posts_forms_and_signs_nothing(
        self, start: Start, root: Path, provider: SmsGatewayProvider
    ) -> None:
        entry = {
            **_credentials(provider.address),
            "proof": {"kind": "query", "name": "key", "secret": SECRET},
            "receive_format": "form",
            "received": {"from": "mobile", "text": "text", "id": "mobile, reply_time, text"},
        }
        (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
        customer = Customer(await start(default_language="en"), KIT, provider)
        form = {"mobile": PHONES[0], "text": "[hello] {you}", "reply_time": "2026-03-02 12:00:00"}
        for query, seen in (
            *(("", 403), ("?key=wrong", 403), (f"?key={SECRET}&key=wrong", 403), (f"?key=wrong&key={SECRET}", 403)),
            *((f"?key={SECRET}&key={SECRET}", 403), (f"?key={SECRET}&key=", 403), (f"?key=&key={SECRET}", 403)),
            *((f"?key={SECRET}", 200), (f"?key={SECRET}", 200)),
        ):
            assert (await customer.sends(Hook(urlencode(form).encode(), query=query)))[0] == seen, query
        replies = json.dumps([{**form, "text": "two"}, {**form, "text": "three"}])
        assert (await customer.sends(Hook(urlencode({"sms_reply": replies}).encode(), query=f"?key={SECRET}")))[
            0
        ] == 200
        await eventually(lambda: len(customer.provider.sent) >= 2, lambda: customer.provider.texts)
        asked = "\n".join(one["message"] for one in customer.gateway.bot.asked)
        assert asked == "[hello] {you}\ntwo\nthree"

    async def test_attack_14_mutated_requests_are_never_an_error(self, customer: Customer) -> None:
        chance, files = random.Random(7), [json.loads(KIT.payload(name)) for name in sorted(KIT.payloads)]
        for number in range(rounds(150)):
            body = as_json(mutated_json(chance, deepcopy(files[number % len(files)])))
            assert (await customer.sends(_sign(body)))[0] in (200, 400), body
            assert (await customer.sends(Hook(body, {"X-Gateway-Signature": "x"})))[0] == 403


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"send_url": ""}, "`send_url` is missing"),
        ({"send_url": "sms.example.com"}, "whole address"),
        ({"proof": {}}, "`proof.kind` is one of hmac_sha256_hex"),
        ({"proof": {"kind": "header", "name": "X"}}, "`proof.secret` is missing"),
        ({"proof": "x"}, "`proof` is a mapping"),
        ({"send": {"mobile": "to"}}, "`send.mobile` is unknown; expected one of key, text, to"),
        ({"reasons": {"5": "broken"}}, "`reasons.5` is broken; expected one of account"),
        ({"answer": {"good": "0"}}, "`answer.good` is a list"),
        ({"templates": "x"}, "`templates` is a list"),
        ({"max_segments": 11}, "from 1 to 10"),
        ({"leaves_out": "86"}, "`leaves_out` is"),
        ({"leaves_out": 86}, "`leaves_out` is"),
        ({"receive_format": "xml"}, "json or form"),
    ],
)
def test_an_entry_that_is_wrong_is_told_what(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(Exception, match=told):
        HttpSmsInput.from_credentials({**_credentials("https://sms.example.com"), **wrong})
