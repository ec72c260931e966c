"""E-mail, against the contract: a real IMAP server (dovecot) and a real SMTP server, no webhook."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import Contract, _eventually_standing, _lines, _tries_again
from gateway_parts import Start
from kit import Customer, Hook, Kit
from mutations import mutated
from providers.certificates import self_signed
from providers.dovecot import PASSWORD, Dovecot
from providers.mail import SHOP, MailProvider
from providers.server import Fault, Provider
from rounds import rounds
from waiting import eventually

from handoff import conversations
from handoff.models import Author
from handoff.models import deliveries as table
from handoff.records import Conversation

CUSTOMERS = ("ana@example.com", "ben@example.com")
VOUCHED = "Authentication-Results: mx.shop.example; dkim=pass header.d=example.com; dmarc=pass header.from=example.com"


def mail(text: str, number: int, sender: int, *more: str, subject: str = "Re: my order", vouched: bool = True) -> bytes:
    headers = [
        *([VOUCHED] if vouched else []),
        f"From: Ana <{CUSTOMERS[sender]}>",
        f"To: {SHOP}",
        f"Subject: {subject}",
        f"Message-ID: <m{sender}.{number}@example.com>",
        "Date: Mon, 02 Mar 2026 12:00:00 +0800",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        *more,
    ]
    return "\r\n".join([*headers, "", *text.split("\n"), ""]).encode()


def _credentials(address: str) -> dict[str, Any]:
    smtp_port, imap_port, user = address.split()
    return {
        "address": SHOP,
        "name": "示範商店",
        "imap_host": "127.0.0.1",
        "imap_port": int(imap_port),
        "imap_security": "none",
        "imap_user": user,
        "imap_password": PASSWORD,
        "smtp_host": "127.0.0.1",
        "smtp_port": int(smtp_port),
        "smtp_security": "none",
        "authserv_id": "mx.shop.example",
        "max_mail_megabytes": 1,
    }


KIT = Kit(
    channel="email",
    class_path="connectors.mail.EmailInput",
    provider=MailProvider,
    credentials=_credentials,
    message=mail,
    tap=mail,
    sign=lambda body: Hook(body),
    customers=CUSTOMERS,
    picture="attachment.eml",
    sends={"image/png": "attachment", "application/pdf": "attachment"},
    max_text=20_000,
    max_buttons=2,
    blocked="unknown_recipient",
    lacks={
        "typing": "mail has none",
        "documents": "they come as pictures do, in the mail",
        "fetching": "files come in the mail",
        "choices": "a mail has none: they are numbers",
        "key": "RFC 5321 has none",
    },
    payloads={
        "plain.eml": ("我個包裹去咗邊？\n\n訂單 HG10023847，上星期落嘅。",),
        "html-only.eml": (
            "Where is order 7 (https://shop.example/orders/7)?\n\n- not at the door\n- not at the neighbour's",
        ),
        "alternative.eml": ("Can I change the size?",),
        "quoted-en.eml": ("It never came.",),
        "quoted-zh-hant.eml": ("還是沒有收到，請幫我查。",),
        "quoted-zh-hans.eml": ("还没收到，麻烦查一下",),
        "quoted-outlook.eml": ("請取消訂單",),
        "signature.eml": ("When do I get my money back?",),
        "signature-phone.eml": ("幾時退錢？",),
        "attachment.eml": ("media:image",),
        "big5.eml": ("請問我的訂單什麼時候會送到？謝謝您",),
        "big5-hkscs.eml": ("佢喺邊度？我個包裹冇收到喎",),
        "gb18030.eml": ("请问我的订单什么时候发货？朱镕基路一号，€20",),
        "mislabelled-utf8.eml": ("請問幾時送到？",),
        "mislabelled-gbk.eml": ("请问什么时候能收到货",),
        "no-charset-big5.eml": ("請問這件商品可以退貨嗎？我想要換一個大一點的",),
        "raw-header.eml": ("請問有沒有貨",),
        "giant.eml": ("media:file",),
        "malformed-parts.eml": ("Where is it?",),
        "header-injection.eml": ("What does delivery cost?",),
        "auto-reply.eml": (),
        "auto-reply-qq.eml": (),
        "newsletter.eml": (),
        "bounce.eml": (),
        "loop.eml": (),
        "own-mail.eml": (),
        "malformed.eml": (),
        "two-froms.eml": (),
    },
)


class Correspondent(Customer):
    """Customers who write mails: 200 when a mail has left the inbox."""

    provider: MailProvider

    async def posts(self, body: bytes) -> int:
        await self.brings(body)
        return await self.until_taken()

    async def posts_each(self, bodies: list[bytes]) -> list[int]:
        """All in the inbox together: the mail server says half a second late that something has come."""
        for body in bodies:
            await self.brings(body)
        return [await self.until_taken()] * len(bodies)

    async def brings(self, body: bytes) -> None:
        await asyncio.to_thread(self.provider.postman.bring, body)

    async def until_taken(self) -> int:
        deadline = asyncio.get_running_loop().time() + 20
        while await self.count("INBOX"):
            if asyncio.get_running_loop().time() > deadline:
                return 503
            await asyncio.sleep(0.02)
        return 200

    async def count(self, folder: str) -> int:
        return await asyncio.to_thread(self.provider.postman.count, folder)

    async def ready(self) -> dict[str, Any]:
        async with self.gateway.http.get(f"{self.gateway.base}/readyz") as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def troubles(self) -> list[str]:
        return [one["why"] for one in (await self.ready())["channels_left_out"]]

    @property
    def unused(self) -> dict[str, int]:
        return self.gateway.app.ctx.channels.exchanges["email"].counted  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    try:
        server.start()
        MailProvider.imap = server
        yield server
    finally:
        server.remove()


@pytest.fixture
async def provider(dovecot: Dovecot) -> AsyncIterator[Provider]:
    async with MailProvider().running() as running:
        yield running


@pytest.fixture
async def customer(start: Start, root: Path, provider: MailProvider) -> Correspondent:
    (root / "credentials.yml").write_text(
        json.dumps({KIT.class_path: _credentials(provider.address)}), encoding="utf-8"
    )
    return Correspondent(await start(default_language="en"), KIT, provider)


async def _bodies(customer: Customer) -> list[dict[str, Any]]:
    return [line.body for line in await _lines(customer.gateway) if line.author is Author.CUSTOMER]


class TestEmail(Contract):
    kit = KIT
    at_once = 20

    # -- what the contract asks of a webhook ---------------------------------------------------------------------

    async def test_attack_11_a_forged_caller_is_refused_and_nothing_is_stored(self, customer: Correspondent) -> None:
        """There is nothing to call."""
        status, _ = await customer.sends(Hook(mail("hello", 1, 0)))
        assert status == 404
        assert await _lines(customer.gateway) == []

    async def test_attack_15_bodies_that_are_nothing_are_refused_or_acknowledged_and_never_an_error(
        self, customer: Correspondent
    ) -> None:
        nothing = [
            b"\r\n",
            b"{",
            b"\xff\xfe",
            b"From:",
            b"From: \r\n\r\n",
            b"a" * 100_000,
            b"From: a@b\r\n\r\n",
            b"[" * 9000,
        ]
        for body in nothing:
            await customer.brings(body)
        assert await customer.says("hello") == 200
        await customer.provider.has_sent(1)
        assert await customer.count("Switchboard aside") == len(nothing)
        assert customer.gateway.bot.asked[0]["message"] == "hello"

    async def test_a_long_answer_is_cut_at_the_ends_of_sentences(self, customer: Correspondent) -> None:
        """A mail takes all of it."""
        text = "很長的一句話，一直說一直說，說到這裡才完。" * 1000
        customer.gateway.bot.says("long", {"text": text})
        await customer.says("long")
        await customer.provider.has_sent(1)
        assert customer.provider.texts == [text]

    # -- threads -------------------------------------------------------------------------------------------------

    async def test_an_answer_stands_in_the_customers_thread_and_says_who_speaks(self, customer: Correspondent) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.posts(mail("a person please", 1, 0, subject="回覆：我的訂單"))
        await provider.has_sent(1)
        conversation = await seat.claim_only()
        await provider.has_sent(2)
        await seat.post(f"/conversations/{conversation}/messages", {"text": "你好，我係 Ben。"})
        await provider.has_sent(3)
        bots, agents = provider.mails[0], provider.mails[2]
        assert bots["Subject"] == agents["Subject"] == "Re: 我的訂單"
        assert bots["In-Reply-To"] == agents["In-Reply-To"] == "<m0.1@example.com>"
        assert agents["References"] == "<m0.1@example.com>"
        assert str(agents["From"]) == f"示範商店 <{SHOP}>" and str(agents["To"]) == CUSTOMERS[0]
        assert (bots["Auto-Submitted"], bots["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
        assert agents["Auto-Submitted"] is None and agents["X-Auto-Response-Suppress"] is None
        assert agents.get_content().strip() == "你好，我係 Ben。"
        shown = (await seat.get(f"/conversations/{conversation}"))["messages"][0]
        assert shown["name"] == "Ana <ana@example.com>" and shown["text"] == "a person please"

    async def test_attack_28_nobody_gets_into_a_conversation_by_writing_its_address_as_from(
        self, customer: Correspondent
    ) -> None:
        """A thread goes on by our own Message-ID, made for that address; anything else stands alone."""
        await customer.posts(mail("where is it", 1, 0, vouched=False))
        await customer.provider.has_sent(1)
        ours = str(customer.provider.mails[0]["Message-ID"])
        await customer.posts(mail("a forged one", 2, 0, vouched=False))
        await customer.posts(mail("from a copy", 3, 1, f"In-Reply-To: {ours}", vouched=False))
        await customer.posts(
            mail("guessed", 4, 0, f"In-Reply-To: <0.{'0' * 32}.{'0' * 24}@shop.example>", vouched=False)
        )
        forged = "Authentication-Results: mx.evil.example; dmarc=pass header.from=example.com"
        await customer.posts(mail("vouched by nobody", 5, 0, forged, vouched=False))
        await customer.posts(mail("it is mine", 6, 0, f"In-Reply-To: {ours}", vouched=False))
        lines = {
            one.text: one.conversation_id for one in await _lines(customer.gateway) if one.author is Author.CUSTOMER
        }
        assert lines["where is it"] == lines["it is mine"]
        assert len(set(lines.values())) == 5
        sent = await customer.provider.has_sent(6)
        assert {one.to for one in sent if one.text == "bot: from a copy"} == {CUSTOMERS[1]}

    async def test_a_vouched_address_is_one_customer(self, customer: Correspondent) -> None:
        await customer.posts(mail("one", 1, 0))
        await customer.posts(mail("two", 2, 0))
        assert len({one.conversation_id for one in await _lines(customer.gateway)}) == 1

    # -- one mail a turn -----------------------------------------------------------------------------------------

    async def test_all_that_answers_one_mail_is_one_mail_and_its_numbers_run_on(self, customer: Correspondent) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.says(
            "two things, my card is •••• 1111",
            {"text": "Your parcel is on its way.", "buttons": _choices("track", "complain")},
            {"text": "This is the box:", "image": "https://shop.example/box.png"},
            {"text": "Points are kept a year.", "buttons": _choices("points")},
        )
        gateway.bot.says('/choose{"it": "track"}', {"text": "At the depot."})
        gateway.bot.says('/choose{"it": "points"}', {"text": "You have 12."})
        assert await customer.posts(mail("two things, my card is 4111 1111 1111 1111", 1, 0)) == 200
        await provider.has_sent(1)
        (answer,) = provider.mails
        notice, *paragraphs = provider.texts[0].split("\n\n")
        assert "card or identity number in your message is hidden" in notice, "said before the bot was asked"
        assert paragraphs == [
            "Your parcel is on its way.",
            "1. track\n2. complain",
            "This is the box:",
            "https://shop.example/box.png",
            "Points are kept a year.",
            "3. points",
            "Reply with a number to choose.",
        ]
        assert answer["In-Reply-To"] == "<m0.1@example.com>"
        await eventually(lambda: set(_states(customer)) == {("sent", str(answer["Message-ID"]).strip(" <>"))})
        assert len(_states(customer)) == 4, "each line has its own"
        for number, (typed, said) in enumerate((("3", "You have 12."), ("one", "bot: one"), ("POINTS", "bot: POINTS"))):
            await customer.posts(mail(typed, 2 + number, 0))
            await provider.has_sent(2 + number)
            assert provider.texts[-1] == said, "what was offered is over once the customer wrote"

    async def test_an_agent_answers_in_a_mail_of_its_own(self, customer: Correspondent) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await provider.has_sent(1)
        conversation = await seat.claim_only()
        await provider.has_sent(2)
        for text in ("Good day.", "How can I help?"):
            await seat.post(f"/conversations/{conversation}/messages", {"text": text})
        await provider.has_sent(4)
        assert provider.texts[2:] == ["Good day.", "How can I help?"]

    async def test_a_mail_that_is_refused_is_tried_again_and_sent_again_as_a_whole(
        self, customer: Correspondent
    ) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.says("hello", {"text": "one"}, {"text": "two"}, {"text": "three"})
        provider.faults.extend([Fault(503), Fault(503)])
        await customer.says("hello")
        await _tries_again(gateway, lambda: provider.sent)
        await eventually(lambda: {state for state, _ in _states(customer)} == {"sent"})
        assert provider.texts == ["one\n\ntwo\n\nthree"]
        provider.faults.append(Fault(refuses="blocked"))
        await customer.says("hello")
        await eventually(lambda: [state for state, _ in _states(customer)][3:] == ["failed"] * 3)
        failed = [one.id for one in await _lines(gateway) if one.text == "two"][-1]
        seat = await gateway.seat("ben")
        await seat.post(f"/messages/{failed}/send-again", {})
        await provider.has_sent(2)
        assert provider.texts[1:] == ["one\n\ntwo\n\nthree"]
        await eventually(lambda: {state for state, _ in _states(customer)} == {"sent"})
        bounce = KIT.payload("bounce.eml").replace(
            b"<0.00000000000000000000000000000000.000000000000000000000000@shop.example>",
            provider.sent[1].id.strip().encode(),
        )
        assert await customer.posts(bounce) == 200
        await eventually(lambda: [state for state, _ in _states(customer)] == ["sent"] * 3 + ["failed"] * 3)

    async def test_an_answer_of_several_lines_that_got_lost_is_unknown_as_a_whole(
        self, customer: Correspondent
    ) -> None:
        customer.gateway.bot.says("hello", {"text": "one"}, {"text": "two"})
        customer.provider.faults.append(Fault(takes_it=True))
        await customer.says("hello")
        await eventually(lambda: [state for state, _ in _states(customer)] == ["unknown"] * 2)
        await customer.says("again")
        await customer.provider.has_sent(2)
        assert customer.provider.texts == ["one\n\ntwo", "bot: again"]

    async def test_an_agents_file_goes_with_the_mail(self, customer: Correspondent) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await provider.has_sent(1)
        conversation = await seat.claim_only()
        assert (await seat.get(f"/conversations/{conversation}"))["takes_files"]
        content = "發票：HK$128\n".encode()
        url = f"{gateway.base}/desk/api/conversations/{conversation}/attachments?name=發票.txt"
        async with seat.http.post(url, data=content, headers={"X-CSRF-Token": seat.csrf}) as response:
            invoice = (await response.json())["attachment"]
        body = {"text": "Here it is.", "attachments": [invoice["id"]]}
        await seat.post(f"/conversations/{conversation}/messages", body)
        await eventually(lambda: "Here it is." in provider.texts, lambda: provider.texts)
        (file,) = provider.mails[-1].iter_attachments()
        assert (file.get_filename(), file.get_content_type()) == ("發票.txt", "text/plain")
        assert file.get_payload(decode=True) == content and provider.texts[-1] == "Here it is."

    # -- machines ------------------------------------------------------------------------------------------------

    async def test_machines_are_never_answered(self, customer: Correspondent) -> None:
        for number, header in enumerate(
            (
                "Auto-Submitted: auto-generated",
                "Precedence: bulk",
                "X-Auto-Response-Suppress: OOF, AutoReply",
                "List-Id: <x.example.com>",
                "Return-Path: <>",
                "X-Autoreply: yes",
            )
        ):
            assert await customer.posts(mail("I am away", number, 0, header)) == 200
        assert await customer.posts(mail("done", 99, 1, "Auto-Submitted: no")) == 200
        await customer.provider.has_sent(1)
        assert customer.provider.texts == ["bot: done"]
        assert await customer.count("Switchboard") == 7, "nothing is deleted"
        assert sum(customer.unused.values()) == 6

    async def test_a_bounce_is_told_to_the_agent_and_opens_nothing(self, customer: Correspondent) -> None:
        await customer.says("hello")
        await customer.provider.has_sent(1)
        ours = str(customer.provider.mails[0]["Message-ID"]).encode()
        placed = b"<0.00000000000000000000000000000000.000000000000000000000000@shop.example>"
        assert await customer.posts(KIT.payload("bounce.eml").replace(placed, ours)) == 200
        await _eventually_standing(customer.gateway, "bot: hello", "failed", reason="unknown_recipient")
        assert len(await _bodies(customer)) == 1

    async def test_two_machines_that_write_to_each_other_are_stopped(
        self, start: Start, root: Path, provider: MailProvider
    ) -> None:
        entry = {**_credentials(provider.address), "mails_an_hour": 3}
        (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
        customer = Correspondent(await start(default_language="en"), KIT, provider)
        for number in range(6):
            await customer.says(f"thank you for your mail {number}")
        await customer.says("and I", sender=1)
        await provider.has_sent(4)
        assert len(provider.sent) == 4
        assert await customer.count("Switchboard aside") == 3
        assert any("3 mails were put aside" in why for why in await customer.troubles())

    # -- what is in a mail ---------------------------------------------------------------------------------------

    async def test_files_are_in_the_store_and_what_is_not_taken_is_named(self, customer: Correspondent) -> None:
        await customer.posts(KIT.payload("attachment.eml"))
        (body,) = await _bodies(customer)
        picture, program = body["attachments"]
        assert (picture["kind"], picture["name"], picture["type"]) == ("image", "破咗.png", "image/png")
        assert "id" not in program and program["source"] == {"refused": "kind"}
        seat = await customer.gateway.seat("ben")
        async with seat.http.get(f"{customer.gateway.base}/desk/api/attachments/{picture['id']}") as response:
            assert response.status == 200 and (await response.read()).startswith(b"\x89PNG")

    async def test_a_giant_is_taken_as_far_as_its_text_and_the_mail_stays(self, customer: Correspondent) -> None:
        giant = KIT.payload("giant.eml").replace(b"\r\n--b1--", b"\r\nQUJD" * 400_000 + b"\r\n--b1--")
        await customer.posts(giant)
        (body,) = await _bodies(customer)
        assert body["attachments"] == [
            {
                "kind": "file",
                "name": "pictures.zip",
                "mime_type": "application/zip",
                "source": {"refused": "mail_too_large"},
            }
        ]
        assert [one.text for one in await customer.provider.has_sent(1)] == ["bot: Here are all my pictures."]
        assert await customer.count("Switchboard") == 1

    async def test_a_long_mail_is_one_message_and_a_file(self, customer: Correspondent) -> None:
        text = "\n".join(f"{number}. my card is 4111 1111 1111 1111, so it went." for number in range(200))
        await customer.posts(mail(text, 1, 0))
        (line,) = [one for one in await _lines(customer.gateway) if one.author is Author.CUSTOMER]
        assert line.text.startswith("0. my card is •••• 1111") and line.text.endswith("…")
        (whole,) = line.body["attachments"]
        seat = await customer.gateway.seat("ben")
        async with seat.http.get(f"{customer.gateway.base}/desk/api/attachments/{whole['id']}") as response:
            read = await response.text()
        assert "199. my card is •••• 1111, so it went." in read and "4111 1111" not in read

    async def test_attack_29_nothing_in_a_mail_becomes_a_header_of_ours(self, customer: Correspondent) -> None:
        await customer.posts(KIT.payload("header-injection.eml"))
        await customer.provider.has_sent(1)
        (answer,) = customer.provider.mails
        assert answer["Bcc"] is None and str(answer["To"]) == CUSTOMERS[0]
        assert answer["Subject"] == "Re: Hello Bcc: victim@example.org Body"
        assert answer["References"] == "<a@x.example> <b@x.example> <inj@mail.example.com>"
        assert answer.get_content().strip().startswith("bot:")

    # -- the servers ---------------------------------------------------------------------------------------------

    async def test_two_gateways_and_a_mail_over_two_addresses_are_one_message(
        self, start: Start, customer: Correspondent
    ) -> None:
        await start(
            bot=customer.gateway.bot, clock=customer.gateway.clock, database_url=customer.gateway.settings.database
        )
        for number in range(10):
            await customer.brings(mail(f"line {number}", number, number % 2))
        await customer.brings(mail("line 9", 9, 1, "Received: by another way"))
        await customer.until_taken()
        await customer.provider.has_sent(10)
        said = [one.text for one in await _lines(customer.gateway) if one.author is Author.CUSTOMER]
        assert sorted(said) == sorted(f"line {number}" for number in range(10))

    async def test_a_mail_that_is_brought_again_is_the_same_and_one_with_a_used_id_is_another(
        self, customer: Correspondent
    ) -> None:
        """As after a crash before it was moved, or when the folder was made anew and every UID is another."""
        for number in range(5):
            await customer.brings(mail(f"line {number}", number, 0))
        await customer.until_taken()
        await asyncio.to_thread(customer.provider.postman.move, "Switchboard", "INBOX")
        assert await customer.until_taken() == 200
        assert await customer.posts(mail("something else", 4, 0)) == 200
        await customer.provider.has_sent(6)
        said = [one.text for one in await _lines(customer.gateway) if one.author is Author.CUSTOMER]
        assert said == [*(f"line {number}" for number in range(5)), "something else"]

    async def test_attack_14_of_mutated_mails_none_is_lost_and_none_holds_up_the_others(
        self, start: Start, root: Path, provider: MailProvider, database_url: str
    ) -> None:
        entry = {**_credentials(provider.address), "mails_an_hour": 1000}
        (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
        customer = Correspondent(await start(default_language="en", database_url=database_url), KIT, provider)
        chance, files = random.Random(7), [KIT.payload(name) for name in sorted(KIT.payloads)]
        for number in range(rounds(60)):
            await customer.brings(mutated(chance, files[number % len(files)], files[-number % len(files)]))
        assert await customer.says("and the last") == 200
        await eventually(lambda: "bot: and the last" in provider.texts, lambda: provider.texts[-3:])
        assert await customer.count("Switchboard") + await customer.count("Switchboard aside") == rounds(60) + 1
        assert not any("not be stored" in why for why in await customer.troubles())

    async def test_a_second_mailbox_is_an_account_of_its_own(
        self, start: Start, root: Path, provider: MailProvider
    ) -> None:
        async with MailProvider().running() as other:
            other.shop = "service@shop.tw"  # type: ignore[attr-defined]
            entries = {
                KIT.class_path: _credentials(provider.address),
                f"{KIT.class_path}:tw": {**_credentials(other.address), "address": "service@shop.tw"},
            }
            (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")
            customer = Correspondent(await start(default_language="en"), KIT, other)
            await customer.says("hello")
            await other.has_sent(1)
            assert str(other.mails[0]["From"]).endswith("<service@shop.tw>") and not provider.sent
            (line, *_) = await _lines(customer.gateway)
            conversation = await _conversation(customer, line.conversation_id)
            assert (conversation.channel, conversation.sender) == ("email:tw", CUSTOMERS[0])

    async def test_a_server_that_can_do_little_is_enough(self, start: Start, root: Path) -> None:
        """Neither MOVE nor IDLE: RFC 3501 and nothing else."""
        server = Dovecot(can="IMAP4rev1")
        try:
            await asyncio.to_thread(server.start)
            provider = MailProvider(server)
            async with provider.running():
                (root / "credentials.yml").write_text(
                    json.dumps({KIT.class_path: _credentials(provider.address)}), encoding="utf-8"
                )
                await asyncio.to_thread(provider.postman.bring, mail("hello", 1, 0))
                await asyncio.to_thread(provider.postman.bring, mail("hello too", 1, 1))
                customer = Correspondent(await start(default_language="en"), KIT, provider)
                await provider.has_sent(2)
                assert await customer.until_taken() == 200
                assert await customer.count("Switchboard") == 2
        finally:
            await asyncio.to_thread(server.remove)

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    async def test_connections_are_secret_and_a_certificate_of_nobody_is_refused(
        self, start: Start, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
    ) -> None:
        certificate = self_signed(tmp_path, "localhost")
        server = Dovecot(certificate)
        try:
            await asyncio.to_thread(server.start)
            provider = MailProvider(server, certificate, security)
            async with provider.running():
                entry = {
                    **_credentials(provider.address),
                    "imap_host": "localhost",
                    "smtp_host": "localhost",
                    "imap_port": server.tls_port if security == "tls" else server.port,
                    "imap_security": security,
                    "smtp_security": security,
                }
                (root / "credentials.yml").write_text(json.dumps({KIT.class_path: entry}), encoding="utf-8")
                first = await start(default_language="en")
                refused = Correspondent(first, KIT, provider)
                await _until(refused, lambda whys: any("no secure connection" in why for why in whys))
                await _until(refused, lambda whys: any("SMTP server cannot be reached" in why for why in whys))
                await first.stop()  # type: ignore[attr-defined]
                monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
                customer = Correspondent(await start(default_language="en", clock=first.clock), KIT, provider)
                assert await customer.says("hello") == 200
                await provider.has_sent(1)
                assert await customer.troubles() == []
        finally:
            await asyncio.to_thread(server.remove)

    async def test_what_a_mail_server_says_no_to_is_told_in_its_kind(self, customer: Correspondent) -> None:
        for refusal, reason in (("too_large", "too_large"), ("spam", "content")):
            customer.provider.faults.append(Fault(refuses=refusal))
            await customer.says(refusal)
            await _eventually_standing(customer.gateway, f"bot: {refusal}", "failed", reason=reason)
        customer.provider.nobody.add(CUSTOMERS[1])  # type: ignore[attr-defined]
        await customer.says("who?", sender=1)
        await _eventually_standing(customer.gateway, "bot: who?", "failed", reason="unknown_recipient")
        customer.provider.shop = "somebody.else@shop.example"  # type: ignore[attr-defined]
        await customer.says("as whom?")
        await _eventually_standing(customer.gateway, "bot: as whom?", "pending", reason="account")
        customer.provider.shop = SHOP  # type: ignore[attr-defined]
        customer.gateway.clock.forward(minutes=6)
        customer.gateway.app.ctx.outbox.nudge()
        await eventually(lambda: "bot: as whom?" in customer.provider.texts)
        customer.provider.faults.append(Fault(refuses="greylisted"))
        await customer.says("patience")
        await _eventually_standing(customer.gateway, "bot: patience", "pending", reason="busy")

    async def test_an_answer_that_got_lost_is_said_to_be_unknown_and_not_sent_twice(
        self, customer: Correspondent
    ) -> None:
        customer.provider.faults.append(Fault(takes_it=True))
        await customer.says("hello")
        await customer.provider.has_sent(1)
        await _eventually_standing(customer.gateway, "bot: hello", "unknown", reason="no_answer")
        await customer.says("again")
        await customer.provider.has_sent(2)
        assert customer.provider.texts == ["bot: hello", "bot: again"]

    async def test_a_server_that_is_away_is_reported_and_nothing_is_lost(
        self, dovecot: Dovecot, customer: Correspondent
    ) -> None:
        assert await customer.says("before") == 200
        await asyncio.to_thread(customer.provider.postman.leave)
        await asyncio.to_thread(dovecot.stop)
        try:
            await _until(customer, lambda whys: any("IMAP server" in why for why in whys))
            assert (await customer.ready())["status"] == "ready", "the other channels run"
        finally:
            await asyncio.to_thread(dovecot.start)
        assert await customer.says("after") == 200
        await _until(customer, lambda whys: whys == [])
        await customer.provider.has_sent(2)

    async def test_a_transcript_is_mailed_to_an_address_of_the_customer_and_to_no_other(
        self, customer: Correspondent
    ) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.hands_over("a person please")
        page = await gateway.page()
        await page.say("a person please")
        form = (await page.message("system"))["contact_form"]  # nobody is at the desk

        url = f"{gateway.base}/widget/transcript"

        def headers(session: dict[str, Any]) -> dict[str, str]:
            return {"Authorization": f"Bearer {session['token']}"}

        async def addresses(session: dict[str, Any]) -> dict[str, str]:
            async with gateway.http.get(f"{url}/addresses", headers=headers(session)) as response:
                return {one["shown"]: one["id"] for one in (await response.json())["addresses"]}

        async def asks(session: dict[str, Any], to: Any) -> int:
            async with gateway.http.post(f"{url}?locale=zh-TW", json={"to": to}, headers=headers(session)) as response:
                return response.status

        assert await addresses(page.session) == {}, "none was left with us"
        await page.send({"type": "contact", "client_id": "c", "ticket": form["ticket"], "email": "Ana@example.com"})
        await page.message("system", "is saved")
        own = (await addresses(page.session))["A•••@example.com"]
        for other in ("victim@example.org", "Ana@example.com", own[:-1], "", None, [own]):
            assert await asks(page.session, other) == 400
        assert await asks(page.session, own) == 200
        (mailed,) = provider.mails
        assert str(mailed["To"]) == "Ana@example.com" and mailed["Auto-Submitted"] == "auto-generated"
        assert "的對話" in str(mailed["Subject"]) and mailed["In-Reply-To"] is None
        (file,) = mailed.iter_attachments()
        assert (file.get_filename(), file.get_content_type()) == ("chat-2026-03-02.html", "text/html")
        assert "a person please" in file.get_payload(decode=True).decode()
        assert "附件是您要求的對話紀錄" in mailed.get_body(("plain",)).get_content()
        provider.faults.append(Fault(refuses="blocked"))
        assert await asks(page.session, own) == 503
        assert [await asks(page.session, own) for _ in range(2)] == [200, 429]
        stranger = await gateway.session(identity=gateway.identity("c-0002"))
        assert await asks(stranger, own) == 400, "an id is of its visitor alone"

    async def test_a_code_is_mailed_to_who_wrote_before_and_comes_back_in_the_widget(
        self, customer: Correspondent
    ) -> None:
        gateway, provider = customer.gateway, customer.provider
        assert await customer.posts(mail("where is my order", 1, 0)) == 200
        page = await gateway.page()
        await page.say("it is me")
        await page.message("assistant", "it is me")
        await page.send({"type": "prove", "client_id": "p1", "contact": CUSTOMERS[0]})
        assert (await page.until(lambda one: one["type"] == "proof"))["status"] == "sent"

        def codes() -> list[Any]:
            return [one for one in provider.mails if one["Auto-Submitted"] == "auto-generated"]

        await eventually(codes)
        (mailed,) = codes()
        assert str(mailed["To"]) == CUSTOMERS[0] and mailed["In-Reply-To"] is None
        code = re.findall(r"\d{6}", mailed.get_content())[0]
        assert code in str(mailed["Subject"])
        assert mailed["Date"].datetime == gateway.clock(), "by the gateway's clock"
        await page.send({"type": "prove_code", "client_id": "p2", "code": code})
        assert (await page.until(lambda one: one.get("client_id") == "p2"))["status"] == "proved"

    async def test_a_transcript_is_mailed_to_the_address_that_the_shop_knows_while_the_customer_is_signed_in(
        self, customer: Correspondent
    ) -> None:
        gateway, provider = customer.gateway, customer.provider
        page = await gateway.page(identity=gateway.identity("c-0001", minutes=60))
        await page.say("good day")
        await page.message("customer", "good day")
        headers = {"Authorization": f"Bearer {page.session['token']}"}
        url = f"{gateway.base}/widget/transcript"

        async def addresses() -> list[dict[str, str]]:
            async with gateway.http.get(f"{url}/addresses", headers=headers) as response:
                found: list[dict[str, str]] = (await response.json())["addresses"]
                return found

        async def asks(to: str) -> int:
            async with gateway.http.post(url, json={"to": to}, headers=headers) as response:
                return response.status

        (known,) = await addresses()
        assert known["shown"] == "c•••@example.com"
        assert await asks(known["id"]) == 200
        (mailed,) = provider.mails
        assert str(mailed["To"]) == "chan.meiling@example.com"
        gateway.clock.forward(minutes=61)
        assert await addresses() == [] and await asks(known["id"]) == 400

    @pytest.mark.parametrize("side", ["imap", "smtp"])
    async def test_a_wrong_password_is_reported_without_the_password(
        self, start: Start, root: Path, provider: MailProvider, side: str
    ) -> None:
        entry = {**_credentials(provider.address), f"{side}_password": "not-the-password"}
        (root / "credentials.yml").write_text(
            json.dumps({KIT.class_path: {"smtp_password": PASSWORD, **entry}, "rest": {}}), encoding="utf-8"
        )
        customer = Correspondent(await start(default_language="en"), KIT, provider)
        await _until(customer, lambda whys: any(f"the {side.upper()} server does not accept" in why for why in whys))
        assert "password" not in "".join(await customer.troubles()).replace("user and password", "")


def _choices(*titles: str) -> list[dict[str, str]]:
    return [{"title": title, "payload": f'/choose{{"it": "{title}"}}'} for title in titles]


def _states(customer: Customer) -> list[tuple[str, str | None]]:
    """Where each line of ours stands, and in which mail."""
    rows = customer.gateway.app.ctx.database.read_now(lambda c: c.execute(table.select().order_by(table.c.id)).all())
    return [(row.state, row.provider_id) for row in rows]


async def _conversation(customer: Customer, wanted: str) -> Conversation:
    found: Conversation = await customer.gateway.app.ctx.database.read(lambda c: conversations.find(c, wanted))
    return found


async def _until(customer: Correspondent, holds: Any) -> None:
    deadline = asyncio.get_running_loop().time() + 20
    while not holds(whys := await customer.troubles()):
        assert asyncio.get_running_loop().time() < deadline, whys
        await asyncio.sleep(0.05)
