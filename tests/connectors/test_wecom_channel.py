"""WeChat Customer Service, against the contract: a bell, and messages that are fetched."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from contract import GivesFiles, SignsTheTime, WebhookContract, _eventually_standing, _lines, _tries_again, rows_of
from gateway_parts import Start
from kit import Customer, Hook, Kit, as_json
from mutations import mutated_webhook
from providers import tencent
from providers.server import Fault
from providers.wecom import ACCOUNT, CORP_ID, CUSTOMERS, SECRET, WeComProvider
from waiting import eventually

from connectors.wecom import WeComInput
from handoff import channel_cursors
from handoff.models import Author

WORD = "hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo"
AT = 1772424000


def _sign(body: bytes, word: str = WORD, receiver: str = CORP_ID) -> Hook:
    sealed = tencent.seal(body, receiver)
    return Hook(tencent.envelope(sealed, receiver), {"Content-Type": "text/xml"}, tencent.query(word, sealed))


def _message(text: str, number: int, sender: int, **more: Any) -> bytes:
    return as_json(
        {
            "msgid": f"from_msgid_{sender}{number:018d}",
            "open_kfid": ACCOUNT,
            "external_userid": CUSTOMERS[sender],
            "send_time": AT + number,
            "origin": 3,
            "msgtype": "text",
            "text": {"content": text, **more},
        }
    )


def _tap(payload: str, number: int, sender: int) -> bytes:
    return _message("Choice", number, sender, menu_id=payload)


def _bell(fields: dict[str, str], at: int = AT) -> bytes:
    said = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><CreateTime>{at}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType>{said}</xml>"
    ).encode()


def _forgeries(body: bytes) -> list[Hook]:
    right = _sign(body)
    plain = tencent.query(WORD, None)  # only the signature over the query
    return [
        Hook(right.body),
        Hook(right.body, right.headers, plain),
        Hook(body, right.headers, right.query),
        Hook(_sign(body).body, right.headers, right.query),
        _sign(body, word="another"),
        _sign(body, receiver="ww0000000000"),
    ]


def _credentials(url: str) -> dict[str, str]:
    return {"corp_id": CORP_ID, "secret": SECRET, "token": WORD, "aes_key": tencent.AES_KEY, "api_url": url}


KIT = Kit(
    channel="wecom",
    class_path="connectors.wecom.WeComInput",
    answers_within=5,
    provider=WeComProvider,
    credentials=_credentials,
    message=_message,
    tap=_tap,
    sign=_sign,
    customers=CUSTOMERS,
    forgeries=_forgeries,
    picture="message-image.json",
    document="message-file.json",
    sends={"image/png": "image", "application/pdf": "file"},
    max_text=682,
    max_buttons=10,
    blocked="unknown_recipient",
    lacks={
        "typing": "WeCom has none",
        "key": "WeCom refuses an id that comes again, with a code that means other mistakes as well",
    },
    payloads={
        "message-text.json": ("我的包裹到哪里了？",),
        "message-menu-tap.json": (),  # a choice that we never gave this customer
        "message-image.json": ("media:image",),
        "message-voice.json": ("media:audio",),
        "message-video.json": ("media:video",),
        "message-file.json": ("media:file",),
        "message-location.json": ("media:location",),
        "message-link.json": ("蓝色连衣裙\nhttps://shop.example/p/1",),
        "message-miniprogram.json": ("红色外套\npages/product?id=2",),
        "message-shop-product.json": ("白色衬衫\nPRODUCT_ID",),
        "message-shop-order.json": ("ORDER_ID\n白色衬衫",),
        "message-business-card.json": (),
        "message-merged.json": (),
        "message-unknown-kind.json": (),
        "message-of-colleague.json": (),
        "event-enter-session.json": (),
        "event-send-fail-unknown.json": (),
        "event-recall.json": (),
        "event-session-status.json": (),
        "event-unknown-kind.json": (),
        "message-channels.json": (),
        "message-meeting.json": (),
        "message-schedule.json": (),
        "message-note.json": (),
        "event-servicer-status.json": (),
        "event-servicer-recall.json": (),
        "event-refuses-messages.json": (),
    },
)


def bell_of(provider: WeComProvider, *items: dict[str, Any]) -> Hook:
    """The bell that rings for what customers have written."""
    return _sign(_bell(provider.ring(*items)))


class Ringing(Customer):
    """Customers whose provider rings, and is asked then. 200 when what it kept is fetched and stored."""

    provider: WeComProvider

    async def posts(self, body: bytes) -> int:
        status, _ = await self.sends(bell_of(self.provider, json.loads(body)))
        await self.fetched()
        return status

    async def fetched(self) -> None:
        await eventually(lambda: self.cursor() == self.provider.end, lambda: (self.cursor(), self.provider.end))

    def cursor(self) -> str | None:
        found: str | None = self.gateway.app.ctx.database.read_now(lambda c: channel_cursors.find(c, "wecom"))
        return found

    @property
    def exchange(self) -> Any:
        return self.gateway.app.ctx.channels.exchanges["wecom"]


@pytest.fixture
async def customer(start: Start, root: Path, provider: WeComProvider) -> Ringing:
    (root / "credentials.yml").write_text(
        json.dumps({KIT.class_path: _credentials(provider.address)}), encoding="utf-8"
    )
    return Ringing(await start(default_language="en"), KIT, provider)


async def _told(customer: Customer) -> list[str]:
    return [line.text for line in await _lines(customer.gateway) if line.author is Author.CUSTOMER]


class TestWeCom(GivesFiles, SignsTheTime, WebhookContract):
    kit = KIT
    at_once = 20

    async def test_attack_17_the_echo_goes_back_opened_and_only_to_who_knows_our_word(self, customer: Ringing) -> None:
        url = f"{customer.gateway.base}/webhooks/wecom/webhook"
        sealed = tencent.seal(b"1288432023552776189", CORP_ID)
        for query, status in (
            (tencent.query(WORD, sealed, echostr=sealed), 200),
            (tencent.query("another", sealed, echostr=sealed), 403),
            (tencent.query(WORD, sealed, echostr=tencent.seal(b"1", CORP_ID)), 403),
            (tencent.query(WORD, "x", echostr="x"), 403),
            ("", 403),
        ):
            async with customer.gateway.http.get(url + query) as response:
                assert response.status == status
                assert await response.text() == ("1288432023552776189" if status == 200 else "")

    async def test_a_provider_that_is_away_gets_it_when_it_is_back_also_after_a_restart(
        self, start: Start, customer: Ringing
    ) -> None:
        """It goes away after it was asked, for what customers write is with it."""
        bot, provider, clock = customer.gateway.bot, customer.provider, customer.gateway.clock
        bot.hold = asyncio.Event()
        await customer.says("hello")
        await provider.stop()
        bot.hold.set()
        await _eventually_standing(customer.gateway, "bot: hello", "pending", reason="unreachable")
        await customer.gateway.stop()  # type: ignore[attr-defined]
        await provider.start()
        clock.forward(minutes=15)
        await start(bot=bot, clock=clock)
        (sent,) = await provider.has_sent(1)
        assert sent.text == "bot: hello"

    async def test_what_was_written_while_the_gateway_was_away_is_fetched_at_its_start(
        self, start: Start, customer: Ringing
    ) -> None:
        assert await customer.says("first") == 200
        await customer.provider.has_sent(1)
        await customer.gateway.stop()  # type: ignore[attr-defined]
        for number in range(10, 15):
            customer.provider.ring(json.loads(_message(f"line {number}", number, number % 2)))
        asked = len(customer.provider.cursors)
        second = Ringing(await start(bot=customer.gateway.bot, clock=customer.gateway.clock), KIT, customer.provider)
        await second.fetched()
        assert await _told(second) == ["first", *(f"line {number}" for number in range(10, 15))]
        assert customer.provider.cursors[asked:] == ["cursor-1", "cursor-3", "cursor-5"], "from where it stood"

    async def test_a_page_that_was_stored_before_a_crash_is_fetched_again_and_not_doubled(
        self, customer: Ringing
    ) -> None:
        for number in range(4):
            assert await customer.says(f"line {number}", number=number) == 200

        def back(connection: Any) -> None:
            assert channel_cursors.move(
                connection, "wecom", customer.provider.end, "cursor-1", customer.gateway.clock()
            )

        await customer.gateway.app.ctx.database.write(back)
        assert await customer.says("line 4", number=4) == 200
        assert await _told(customer) == [f"line {number}" for number in range(5)]

    async def test_a_page_that_cannot_be_had_or_stored_is_asked_for_again(self, customer: Ringing) -> None:
        customer.provider.pages = [
            web.json_response({"errcode": -1, "errmsg": "system busy"}),
            web.Response(status=502),
            web.Response(text="no JSON"),
        ]
        assert await customer.says("hello") == 200
        assert await _told(customer) == ["hello"]
        assert customer.gateway.app.ctx.channels.problems == []

    async def test_a_bells_token_that_is_too_old_is_left_out(self, customer: Ringing) -> None:
        bell = customer.provider.ring(json.loads(_message("hello", 1, 0)))
        customer.provider.bells.clear()
        assert (await customer.sends(_sign(_bell(bell))))[0] == 200
        await customer.fetched()
        assert await _told(customer) == ["hello"]

    async def test_what_was_said_long_before_the_first_bell_is_not_answered(self, customer: Ringing) -> None:
        customer.provider.page = 100
        for number in range(250):  # more than a page; and a second bell rings before the last one was fetched
            customer.provider.ring(json.loads(_message(f"old {number}", number - 200_000, 0)))
        customer.provider.ring(json.loads(_message("five minutes ago", -300, 0)))
        customer.provider.turns_the_page = lambda: customer.sends(_sign(_bell(customer.provider.ring(), at=AT + 900)))
        assert await customer.says("hello") == 200
        assert await _told(customer) == ["five minutes ago", "hello"]

    async def test_an_old_page_that_was_fetched_before_a_crash_is_still_not_answered(
        self, start: Start, customer: Ringing
    ) -> None:
        for number in range(3):
            customer.provider.ring(json.loads(_message(f"old {number}", number - 200_000, 0)))
        crash = asyncio.Event()

        async def stops() -> None:
            crash.set()
            await asyncio.Event().wait()

        customer.provider.turns_the_page = stops
        assert (await customer.sends(bell_of(customer.provider)))[0] == 200
        await crash.wait()
        await customer.gateway.stop()  # type: ignore[attr-defined]
        second = Ringing(await start(bot=customer.gateway.bot, clock=customer.gateway.clock), KIT, customer.provider)
        customer.provider.turns_the_page = None
        assert await second.says("hello") == 200
        assert await _told(second) == ["hello"]

    async def test_a_failure_told_later_is_told_to_the_agent(self, customer: Ringing) -> None:
        await customer.says("hello")
        (sent,) = await customer.provider.has_sent(1)
        event = {"event_type": "msg_send_fail", "fail_msgid": sent.id, "fail_type": 10}
        item = {"msgid": "failed-1", "send_time": AT, "origin": 4, "msgtype": "event", "event": event}
        assert await customer.posts(as_json(item)) == 200
        await _eventually_standing(customer.gateway, "bot: hello", "failed", reason="blocked")

    async def test_the_sixth_message_is_refused_and_told(self, customer: Ringing) -> None:
        bot = customer.gateway.bot
        # No two of these are one message of 2,048 bytes; shorter lines of a turn would be.
        bot.says("many", *({"text": f"{number}" + "字" * 400} for number in range(6)), {"text": "the end"})
        await customer.says("many")
        await customer.provider.has_sent(5)
        await _eventually_standing(customer.gateway, "the end", "failed", reason="quota")
        states = [state for state, _ in rows_of(customer)]
        assert states == ["sent"] * 5 + ["failed"] * 2, "the sixth was the last line and the one before it"

    async def test_kinds_that_nobody_knows_are_counted(self, customer: Ringing) -> None:
        for name in ("message-unknown-kind.json", "event-unknown-kind.json", "message-of-colleague.json"):
            assert await customer.posts(KIT.payload(name)) == 200
        assert (await customer.sends(_sign(_bell({"Event": "change_contact"}))))[0] == 200
        assert customer.exchange.counted == {
            "message hologram": 1,
            "event something_new": 1,
            "text of origin 5": 1,
            "callback change_contact": 1,
        }

    @pytest.mark.parametrize(
        "kind, state, reason",
        [("system", "pending", "unreachable"), ("window", "failed", "window_closed"), ("quota", "failed", "quota")],
    )
    async def test_refusals_are_told_in_words_the_desk_has(
        self, customer: Ringing, kind: str, state: str, reason: str
    ) -> None:
        customer.provider.faults.append(Fault(refuses=kind))
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", state, reason=reason)
        if state == "pending":
            await _tries_again(customer.gateway, lambda: customer.provider.sent)

    async def test_mutated_pages_hold_up_nothing(self, customer: Ringing) -> None:
        """Mutated bells are the contract's; these are fetched."""
        chance = random.Random(7)
        files = [KIT.payload(name) for name in sorted(KIT.payloads)]
        for raw in files * 5:
            try:
                customer.provider.inbox.append(json.loads(mutated_webhook(chance, raw, chance.choice(files))))
            except ValueError:
                continue
        customer.provider.page = 50
        assert await customer.says("and all is well", sender=1) == 200
        await eventually(lambda: "bot: and all is well" in customer.provider.texts, lambda: customer.provider.texts)


def test_a_key_that_is_none_is_told() -> None:
    with pytest.raises(Exception, match="43 characters"):
        WeComInput.from_credentials({**_credentials("http://127.0.0.1"), "aes_key": "short"})
