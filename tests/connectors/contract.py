"""The contract of a channel: what any channel class has to do, against its provider's own behaviour.

A test module of a channel gives a `Kit` and inherits the tests:

    class TestLine(Contract):
        kit = KIT
"""

from __future__ import annotations

import asyncio
import random
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from gateway_parts import FakeBot, FakeClock, Gateway, Seat, Start
from kit import Customer, Hook, Kit
from multidict import CIMultiDict
from mutations import mutated_webhook
from providers.server import A_DOCUMENT, A_PICTURE, Fault, Provider
from waiting import eventually

from handoff import attachments, conversations, customers, deliveries, transcript
from handoff.models import Author

# More than the largest file that is taken.
TOO_MUCH = b"\x89PNG\r\n\x1a\n" + b"\0" * 20_100_000


class Contract:
    """Inherit, and name the kit."""

    kit: Kit
    at_once = 50  # so often a message comes at the same moment

    # -- who calls -----------------------------------------------------------------------------------------------

    async def test_attack_11_a_forged_caller_is_refused_and_nothing_is_stored(self, customer: Customer) -> None:
        body = self.kit.message("hello", 1, 0)
        signed = self.kit.sign(body)
        other = self.kit.sign(self.kit.message("something else", 2, 0))
        forged = [
            Hook(body),
            Hook(body, dict.fromkeys(signed.headers, "")),
            Hook(body, {name: "x" * len(value) for name, value in signed.headers.items()}),
            Hook(body, dict.fromkeys(signed.headers, "é")),
            *([Hook(body, other.headers)] if dict(other.headers) != dict(signed.headers) else []),
            *self.kit.forgeries(body),
            *_with_two_proofs(body, signed),
        ]
        for hook in forged:
            assert (await customer.sends(hook))[0] == 403, hook
        assert customer.gateway.bot.asked == []
        assert await _lines(customer.gateway) == []
        assert await customer.posts(body) < 300

    async def test_attack_15_bodies_that_are_nothing_are_refused_or_acknowledged_and_never_an_error(
        self, customer: Customer
    ) -> None:
        for body in (b"", b"{", b"\xff\xfe", b"[]", b"5", b"null", b'"x"', b"\0", b"[" * 100_000, b'{"a":' * 50_000):
            status, _ = await customer.sends(self.kit.sign(body))
            assert status in (200, 400, 413), body[:20]
            assert (await customer.sends(Hook(body)))[0] == 403, body[:20]
        for body in (b"{}", b'{"events": 5}', b'{"entry": [null, 5, "x", {}]}', b'{"message": []}', b'{"x": {"y": 1}}'):
            assert (await customer.sends(self.kit.sign(body)))[0] == 200, body
        assert customer.gateway.bot.asked == []

    # -- reading -------------------------------------------------------------------------------------------------

    async def test_attack_14_each_event_the_provider_documents_is_read_or_acknowledged(
        self, customer: Customer
    ) -> None:
        files = {path.name for path in sorted((_folder(self.kit)).iterdir())}
        assert files == set(self.kit.payloads), "a payload without an expectation, or the other way round"
        names = sorted(files)
        taken = await customer.posts_each([self.kit.payload(name) for name in names])
        assert dict(zip(names, taken)) == dict.fromkeys(names, 200)
        told = [line for name in names for line in self.kit.payloads[name]]
        lines = [line for line in await _lines(customer.gateway) if line.author is Author.CUSTOMER]
        seen = sorted(_seen(line) for line in lines)
        assert seen == sorted(told), f"{seen}\n{sorted(told)}"

    async def test_a_message_is_answered_and_the_answer_has_a_delivery(self, customer: Customer) -> None:
        assert await customer.says("hello") == 200
        (sent,) = await customer.provider.has_sent(1)
        assert (sent.to, sent.text) == (self.kit.customers[0], "bot: hello")
        assert (await _standing(customer.gateway, "bot: hello")).state.value in ("sent", "delivered")
        assert bool(customer.provider.typing) == self.kit.has_typing

    # -- once, and in order --------------------------------------------------------------------------------------

    async def test_attack_12_a_message_that_comes_again_is_one_message(self, start: Start, customer: Customer) -> None:
        again = [customer.says("only once", number=7) for _ in range(self.at_once)]
        assert set(await asyncio.gather(*again)) == {200}
        await customer.provider.has_sent(1)
        await customer.gateway.stop()  # type: ignore[attr-defined]
        second = await start(bot=customer.gateway.bot, clock=customer.gateway.clock)
        after = type(customer)(second, self.kit, customer.provider)
        assert await after.says("only once", number=7) == 200
        assert await after.says("and another", number=8) == 200
        await customer.provider.has_sent(2)
        assert [asked["message"] for asked in second.bot.asked] == ["only once", "and another"]
        assert customer.provider.texts == ["bot: only once", "bot: and another"]

    async def test_the_request_does_not_wait_for_a_slow_bot_and_answers_keep_their_order(
        self, customer: Customer
    ) -> None:
        bot = customer.gateway.bot
        bot.hold = asyncio.Event()
        for number in range(5):
            assert await customer.says(f"line {number}") == 200
        assert customer.provider.sent == [] and customer.was_answered_in_time()
        bot.hold.set()
        await customer.provider.has_sent(5)
        assert customer.provider.texts == [f"bot: line {number}" for number in range(5)]

    async def test_lines_in_one_breath_are_one_question(self, start: Start, customer: Customer) -> None:
        bot = customer.gateway.bot
        await customer.gateway.stop()  # type: ignore[attr-defined]
        # Nobody waits a minute: what is answered has not waited for the end of the window.
        again = await start(bot=bot, clock=customer.gateway.clock, burst_window_milliseconds=60_000)
        customer = type(customer)(again, self.kit, customer.provider)
        bot.hold = asyncio.Event()
        for line in ("hello", "my parcel from last week", "HG10023847", "when will it be here?"):
            assert await customer.says(line) == 200
            await eventually(lambda: bot.asked)
        bot.hold.set()
        await customer.provider.has_sent(2)
        assert await customer.says("i want to ask") == 200
        assert await customer.says("about points,") == 200
        assert await customer.says("do they expire?") == 200
        await customer.provider.has_sent(3)
        together = [
            "my parcel from last week\nHG10023847\nwhen will it be here?",
            "i want to ask\nabout points,\ndo they expire?",
        ]
        assert [asked["message"] for asked in bot.asked] == ["hello", *together]
        lines = [line for line in await _lines(again) if line.author is Author.CUSTOMER]
        assert len(lines) == 7 and all(line.settled_at for line in lines)

    async def test_a_bot_that_is_down_is_a_sentence_and_a_way_to_a_person(self, customer: Customer) -> None:
        await customer.gateway.bot.stop()
        assert await customer.says("hello") == 200
        (sent,) = await customer.provider.has_sent(1)
        assert "person" in sent.text.lower() or sent.buttons

    # -- files ---------------------------------------------------------------------------------------------------

    async def test_a_customers_picture_and_document_stand_in_the_transcript_as_files(self, customer: Customer) -> None:
        shared = [
            (payload, kind, media_type)
            for payload, kind, media_type in (
                (self.kit.picture, "image", "image/png"),
                (self.kit.document, "file", "application/pdf"),
            )
            if payload
        ]
        can_be_shared = any("media:image" in told for told in self.kit.payloads.values())
        assert bool(shared) == can_be_shared, "the kit names the payload of a picture where the channel has one"
        seat = await customer.gateway.seat("ben")
        for number, (payload, kind, media_type) in enumerate(shared, 1):
            assert await customer.shares(payload) == 200
            shown = await _shared(customer, number)
            if not self.kit.gives_files:
                assert [(one["id"], one["refused"]) for one in shown] == [(None, "not_given")]
                continue
            file = [one for one in shown if one["id"]][-1]
            assert (file["kind"], file["type"]) == (kind, media_type) and "source" not in file
            async with seat.http.get(f"{customer.gateway.base}/desk/api/attachments/{file['id']}") as response:
                content = await response.read()
            assert response.status == 200 and content.startswith({"image": b"\x89PNG", "file": b"%PDF"}[kind])

    async def test_an_agents_files_go_the_channels_own_way_or_the_agent_is_told_before(
        self, customer: Customer
    ) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await provider.has_sent(1)
        conversation = await seat.claim_only()
        await provider.has_sent(2)
        shown = await seat.get(f"/conversations/{conversation}")
        assert shown["takes_files"] == bool(self.kit.sends or self.kit.links_files) == bool(shown["file_limits"])
        assert bool(shown["file_link_days"]) == self.kit.links_files
        for (content, media_type), name in ((A_PICTURE, "破咗.png"), (A_DOCUMENT, "發票.pdf")):
            way = self.kit.sends.get(media_type)
            count = len(provider.sent)
            line = {"text": "", "attachments": [await _attached(seat, conversation, content, name)]}
            if self.kit.links_files:
                await seat.post(f"/conversations/{conversation}/messages", line)
                said, link = (await provider.has_sent(count + 1))[-1].text.rsplit("\n", 1)
                assert said.endswith(f"{name} (link works for 7 days):")
                async with gateway.http.get(link) as response:
                    assert (response.status, (await response.read())[:4]) == (200, content[:4])
                continue
            if way is None:
                refused = await seat.post(f"/conversations/{conversation}/messages", line, status=409)
                assert refused["error"]["code"] == "attachments_not_taken"
                assert refused["error"]["details"] == {"name": name, "limit": 0}
                await seat.post(f"/conversations/{conversation}/messages", {**line, "note": True, "text": name})
                continue
            await seat.post(f"/conversations/{conversation}/messages", line)
            sent = (await provider.has_sent(count + 1))[-1]
            assert (sent.to, sent.text.strip(), sent.how) == (self.kit.customers[0], "", way)
            assert sent.file and (sent.file[0], sent.file[1][:4]) == (name, content[:4])
        noted = [text for text in provider.texts if "發票" in text or "[" in text]
        assert self.kit.links_files or noted == [], "a note is for colleagues alone"

    # -- what we say ---------------------------------------------------------------------------------------------

    async def test_an_agent_answers_an_hour_later(self, customer: Customer) -> None:
        gateway = customer.gateway
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await customer.provider.has_sent(1)
        conversation = await seat.claim_only()
        await customer.provider.has_sent(2)
        shown = len(customer.provider.typing)
        for _ in range(2):  # keys are pressed all the time
            await seat.post(f"/conversations/{conversation}/typing", {"typing": True})
        await eventually(lambda: len(customer.provider.typing) == shown + self.kit.has_typing)
        gateway.clock.forward(hours=1)
        await seat.post(f"/conversations/{conversation}/messages", {"text": "Here I am."})
        # After an hour the platform may have something to say as well.
        await eventually(lambda: "Here I am." in customer.provider.texts, lambda: customer.provider.texts)
        assert {one.to for one in customer.provider.sent} == {self.kit.customers[0]}

    async def test_a_long_answer_is_cut_at_the_ends_of_sentences(self, customer: Customer) -> None:
        sentence = "很長的一句話，一直說一直說，說到這裡才完。"
        text = sentence * (self.kit.max_text * 2 // len(sentence) + 1)
        customer.gateway.bot.says("long", {"text": text})
        await customer.says("long")
        await customer.says("short")
        await eventually(lambda: "bot: short" in customer.provider.texts, lambda: customer.provider.texts)
        pieces = customer.provider.texts[:-1]
        assert len(pieces) > 1 and "".join(pieces) == text
        assert all(piece.endswith("。") for piece in pieces)

    async def test_buttons_come_back_as_what_they_stand_for(self, customer: Customer) -> None:
        bot = customer.gateway.bot
        bot.says("menu", {"text": "Which?", "buttons": _buttons(2)})
        bot.says('/choose{"n": 1}', {"text": "the second"})
        await customer.says("menu")
        (sent,) = await customer.provider.has_sent(1)
        assert bool(sent.buttons) == ("choices" not in self.kit.lacks)
        if sent.buttons:
            assert [title for title, _ in sent.buttons] == ["Choice 0", "Choice 1"]
            await customer.taps(sent.buttons[1][1])
        else:
            assert "2. Choice 1" in sent.text
            await customer.says("2")
        await customer.provider.has_sent(2)
        assert customer.provider.texts[-1] == "the second"

    async def test_too_many_buttons_become_a_numbered_list_whose_answers_are_understood(
        self, customer: Customer
    ) -> None:
        bot = customer.gateway.bot
        count = self.kit.max_buttons + 1
        bot.says("menu", {"text": "Which?", "buttons": _buttons(count)})
        for typed in (f"{count}", f" ({count}）", f"Choice {count - 1}"):
            customer.provider.sent.clear()
            bot.asked.clear()
            await customer.says("menu")
            (sent,) = await customer.provider.has_sent(1)
            assert not sent.buttons and f"{count}. Choice {count - 1}" in sent.text
            await customer.says(typed)
            await customer.provider.has_sent(2)
            assert bot.asked[-1]["message"] == f'/choose{{"n": {count - 1}}}', typed

    async def test_attack_20_a_choice_of_somebody_else_or_typed_commands_are_not_obeyed(
        self, customer: Customer
    ) -> None:
        bot = customer.gateway.bot
        bot.says("menu", {"text": "Which?", "buttons": _buttons(2)})
        await customer.says("menu", sender=0)
        await customer.provider.has_sent(1)
        asked = len(bot.asked)
        key = customer.provider.sent[0].buttons[0][1] if customer.provider.sent[0].buttons else "b1.0"
        assert await customer.taps(key, sender=1) == 200
        assert await customer.taps('/choose{"n": 0}', sender=1) == 200
        assert await customer.says("/restart", sender=1) == 200
        await eventually(lambda: any("restart" in one["message"] for one in bot.asked))
        assert not any(one["message"].startswith("/") for one in bot.asked[asked:])

    # -- a provider that does not play along ---------------------------------------------------------------------

    async def test_a_broken_provider_gets_it_later_in_order_and_holds_nobody_else(self, customer: Customer) -> None:
        provider = customer.provider
        provider.faults.extend([Fault(503), Fault(500)])
        await customer.says("first")
        await eventually(lambda: len(provider.faults) == 1)
        await customer.says("second")
        await eventually(lambda: len(customer.gateway.bot.asked) == 2)
        await _tries_again(customer.gateway, lambda: not provider.faults)
        await customer.says("from another customer", sender=1)
        await provider.has_sent(1)
        assert provider.texts == ["bot: from another customer"], "the first conversation waits for its time"
        await _tries_again(customer.gateway, lambda: len(provider.sent) >= 3)
        assert provider.texts[1:] == ["bot: first", "bot: second"]

    async def test_a_provider_that_is_away_gets_it_when_it_is_back_also_after_a_restart(
        self, start: Start, customer: Customer
    ) -> None:
        await customer.provider.stop()
        await customer.says("hello")
        await eventually(lambda: customer.gateway.bot.asked)
        await _eventually_standing(customer.gateway, "bot: hello", "pending", reason="unreachable")
        await customer.gateway.stop()  # type: ignore[attr-defined]
        await customer.provider.start()
        clock = customer.gateway.clock
        clock.forward(minutes=15)
        await start(bot=customer.gateway.bot, clock=clock)
        (sent,) = await customer.provider.has_sent(1)
        assert sent.text == "bot: hello"

    async def test_retry_after_is_obeyed_and_rests_the_account(self, customer: Customer) -> None:
        provider, clock = customer.provider, customer.gateway.clock
        provider.faults.append(Fault(refuses="busy"))
        await customer.says("hello")
        await eventually(lambda: not provider.faults)
        await _eventually_standing(customer.gateway, "bot: hello", "pending", reason="busy")
        clock.forward(seconds=5)
        customer.gateway.app.ctx.outbox.nudge()
        await customer.says("me too", sender=1)
        await eventually(lambda: len(customer.gateway.bot.asked) == 2)
        assert provider.sent == []
        await _tries_again(customer.gateway, lambda: len(provider.sent) == 2)
        assert sorted(provider.texts) == ["bot: hello", "bot: me too"]

    async def test_a_refusal_for_good_is_told_with_its_reason_and_the_next_line_goes(self, customer: Customer) -> None:
        customer.provider.faults.append(Fault(refuses="blocked"))
        await customer.says("hello")
        await _eventually_standing(customer.gateway, "bot: hello", "failed", reason=self.kit.blocked)
        await customer.says("again")
        await customer.provider.has_sent(1)
        assert customer.provider.texts == ["bot: again"]

    async def test_a_slow_provider_holds_neither_the_request_nor_another_customer(self, customer: Customer) -> None:
        provider, (held, _) = customer.provider, self.kit.customers
        provider.hold, provider.holds = asyncio.Event(), held
        for text in ("hello", "are you there?"):
            assert await customer.says(text) == 200
        assert await customer.says("and I", sender=1) == 200
        await eventually(lambda: "bot: and I" in provider.texts, lambda: provider.texts)
        assert "bot: are you there?" not in provider.texts, "it waits for what was said before"
        assert customer.was_answered_in_time()
        provider.hold.set()
        await provider.has_sent(3)
        assert [one.text for one in provider.sent if one.to == held] == ["bot: hello", "bot: are you there?"]

    async def test_attack_8_two_customers_are_two_conversations(self, customer: Customer) -> None:
        await customer.says("one", sender=0)
        await customer.says("two", sender=1)
        sent = await customer.provider.has_sent(2)
        assert {one.to: one.text for one in sent} == dict(zip(self.kit.customers, ["bot: one", "bot: two"]))


class SendsCodes(Contract):
    """Inherit where codes go out by this channel. The first customer's number, as people of a place type it."""

    typed: str
    locale: str

    async def test_a_code_goes_out_comes_back_in_the_widget_and_unites_what_was_written(
        self, customer: Customer
    ) -> None:
        gateway, provider = customer.gateway, customer.provider
        await customer.says("where is my order")
        await provider.has_sent(1)
        page = await gateway.page(locale=self.locale)
        await page.say("it is me")
        talk = (await page.message("assistant", "it is me"))["conversation"]
        await page.send({"type": "prove", "client_id": "p1", "contact": self.typed})
        assert (await page.until(lambda one: one["type"] == "proof"))["status"] == "sent"
        sent = (await provider.has_sent(2))[1]
        assert sent.to == self.kit.customers[0]
        (code,) = re.findall(r"\d{6}", sent.text)
        wrong = "111111" if code == "000000" else "000000"
        await page.send({"type": "prove_code", "client_id": "p2", "code": wrong})
        assert (await page.until(lambda one: one.get("client_id") == "p2"))["code"] == "code_refused"
        await page.send({"type": "prove_code", "client_id": "p3", "code": code})
        assert (await page.until(lambda one: one.get("client_id") == "p3"))["status"] == "proved"
        sender = (await gateway.app.ctx.database.read(lambda c: conversations.find(c, talk))).sender
        record = await gateway.app.ctx.database.read(lambda c: customers.of(c, ("widget", sender)))
        assert set(record.senders) == {("widget", sender), (self.kit.channel, self.kit.customers[0])}
        assert len(provider.sent) == 2


class WebhookContract(Contract):
    """Inherit where the provider posts to us."""

    async def test_attack_15_what_no_provider_documents_is_never_an_error(
        self, customer: Customer, caplog: pytest.LogCaptureFixture
    ) -> None:
        chance = random.Random(20260302)
        files = [path.read_bytes() for path in sorted(_folder(self.kit).iterdir())]
        for raw in files * (1 + 120 // len(files)):
            body = mutated_webhook(chance, raw, chance.choice(files))
            status, _ = await customer.sends(self.kit.sign(body))
            assert status in (200, 400, 413), (status, body)
        assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []
        assert await customer.says("and all is well", sender=1) == 200
        await eventually(lambda: "bot: and all is well" in customer.provider.texts, lambda: customer.provider.texts)


# -- the parts ----------------------------------------------------------------------------------------------------


class RepeatsSafely:
    """Inherit beside `Contract` where a provider has a key for repeats and errors of its own are asked again."""

    kit: Kit

    async def test_an_answer_that_got_lost_is_never_two_messages(self, customer: Customer) -> None:
        gateway, provider = customer.gateway, customer.provider
        gateway.bot.hands_over("a person please")
        seat = await gateway.seat("ben")
        await customer.says("a person please")
        await provider.has_sent(1)
        conversation = await seat.claim_only()
        await provider.has_sent(2)
        gateway.clock.forward(minutes=10)
        provider.faults.append(Fault(504, takes_it=True))
        await seat.post(f"/conversations/{conversation}/messages", {"text": "Here I am."})
        await provider.has_sent(3)
        await _tries_again(gateway, lambda: _standing_now(gateway, "Here I am.") in ("sent", "delivered"))
        assert provider.texts.count("Here I am.") == 1


class SignsTheTime:
    """Inherit beside `Contract` where the proof is over a time."""

    kit: Kit

    async def test_attack_38_a_proof_that_somebody_kept_is_good_for_five_minutes(self, customer: Customer) -> None:
        clock, hook = customer.gateway.clock, self.kit.sign(self.kit.message("hello", 1, 0))
        signed_at = clock()
        for seconds, status in ((-301, 403), (-300, 200), (300, 200), (301, 403), (10**7, 403)):
            clock.now = signed_at + timedelta(seconds=seconds)
            assert (await customer.sends(hook))[0] == status, seconds


class GivesFiles:
    """Inherit beside `Contract` where what customers send stays with the provider until it is fetched."""

    kit: Kit

    async def test_a_file_is_fetched_once_with_our_key(self, customer: Customer) -> None:
        provider = customer.provider
        provider.is_locked = True
        assert await customer.shares(self.kit.picture) == 200
        await _look(customer)
        (file,) = await _files(customer)
        assert (file["id"], file.get("refused")) == (None, None), "until the operator has put our key right"
        provider.is_locked = False
        customer.gateway.clock.forward(minutes=11)
        (file,) = await _shared(customer, 1)
        assert file["kind"] == "image" and file["id"]
        asked = provider.files_asked
        customer.gateway.clock.forward(minutes=11)
        await _look(customer)
        assert provider.files_asked == asked

    @pytest.mark.parametrize(
        "content, why",
        [(TOO_MUCH, "too_large"), (b"MZ\x90" + b"\0" * 200, "not_what_it_says"), (b"", "empty")],
        ids=["too_large", "a_program", "empty"],
    )
    async def test_attack_16_a_file_that_is_too_large_or_not_what_it_says_is_told_and_not_kept(
        self, customer: Customer, content: bytes, why: str
    ) -> None:
        provider = customer.provider
        provider.files = dict.fromkeys(provider.files, (content, "image/png"))
        assert await customer.shares(self.kit.picture) == 200
        (file,) = await _shared(customer, 1)
        assert (file["id"], file["refused"]) == (None, why)
        asked = provider.files_asked
        customer.gateway.clock.forward(minutes=11)
        await _look(customer)
        assert provider.files_asked == asked, "once and for all"

    async def test_a_file_that_is_gone_at_the_provider_is_told(self, customer: Customer) -> None:
        customer.provider.files.clear()
        assert await customer.shares(self.kit.picture) == 200
        for _ in range(10):
            await _look(customer)
            customer.gateway.clock.forward(hours=2)
        (file,) = await _shared(customer, 1)
        assert (file["id"], file["refused"]) == (None, "not_given")


def _with_two_proofs(body: bytes, signed: Hook) -> list[Hook]:
    """The right proof, and beside it one that is none: who looks at the first and who looks at the last disagree."""
    proofs = [(name, value) for name, value in signed.headers.items() if name.lower() != "content-type"]
    others = [item for item in signed.headers.items() if item not in proofs]
    pairs = [[(name, value), (name, "x" * len(value))] for name, value in proofs]
    return [
        *(Hook(body, CIMultiDict([*others, *two])) for pair in pairs for two in (pair, pair[::-1])),
        *_with_two_in_the_query(signed),
    ]


def _with_two_in_the_query(signed: Hook) -> list[Hook]:
    """The same where the proof stands in the address."""
    given = parse_qsl(signed.query[1:])
    # Over the envelope there is a signature of its own, and the other proves nothing.
    of_the_time = "signature" if "msg_signature" not in dict(given) else "msg_signature"
    proofs = [(name, value) for name, value in given if name in (of_the_time, "timestamp", "nonce", "key")]
    twice = [(name, f"{value[:-1]}{'1' if value[-1] == '0' else '0'}") for name, value in proofs]
    queries = [one for extra in twice for one in ([*given, extra], [extra, *given])]
    return [Hook(signed.body, signed.headers, "?" + urlencode(one)) for one in queries]


def _folder(kit: Kit) -> Any:
    from kit import PAYLOADS

    return PAYLOADS / (kit.folder or kit.channel)


def _buttons(count: int) -> list[dict[str, str]]:
    return [{"title": f"Choice {n}", "payload": f'/choose{{"n": {n}}}'} for n in range(count)]


def _seen(line: Any) -> str:
    attached = line.body.get("attachments")
    return f"media:{attached[0]['kind']}" if attached else line.text


async def _lines(gateway: Gateway) -> list[Any]:
    def work(connection: Any) -> list[Any]:
        from sqlalchemy import select

        from handoff.models import messages

        ids = connection.execute(select(messages.c.id).order_by(messages.c.id)).scalars()
        return [transcript.one(connection, one) for one in list(ids)]

    return await gateway.app.ctx.database.read(work)


async def _attached(seat: Seat, conversation: str, content: bytes, name: str) -> str:
    """What an agent has sent up for this conversation; its id."""
    url = f"{seat.gateway.base}/desk/api/conversations/{conversation}/attachments"
    headers = {"X-CSRF-Token": seat.csrf}
    async with seat.http.post(url, params={"name": name}, data=content, headers=headers) as response:
        answer = await response.json()
        assert response.status == 200, answer
        return str(answer["attachment"]["id"])


async def _files(customer: Customer) -> list[dict[str, Any]]:
    """The files that customers have sent, as the desk gets them, in order."""
    seat = await customer.gateway.seat("ben")
    found = []
    for row in (await seat.get("/conversations?view=all"))["conversations"]:
        for line in (await seat.get(f"/conversations/{row['id']}"))["messages"]:
            found += [(line["id"], one) for one in line["attachments"]]
    return [one for _, one in sorted(found, key=lambda at: at[0])]


async def _look(customer: Customer) -> None:
    """It looks by itself as well, every few seconds, and may have been before us."""
    await customer.gateway.app.ctx.watches["media"].look()


async def _shared(customer: Customer, count: int) -> list[dict[str, Any]]:
    """The files that customers have sent, once there are so many and each is fetched or given up."""
    await _look(customer)

    def kept() -> list[Any]:
        return customer.gateway.app.ctx.database.read_now(_kept)  # type: ignore[no-any-return]

    await eventually(lambda: len(kept()) >= count and not any(map(attachments.is_awaited, kept())), kept)
    return await _files(customer)


def _kept(connection: Any) -> list[Any]:
    from sqlalchemy import select

    from handoff.models import messages

    bodies = connection.execute(select(messages.c.body).order_by(messages.c.id)).scalars()
    return [file for body in bodies for file in (body or {}).get("attachments") or ()]


async def _standing(gateway: Gateway, text: str) -> Any:
    await eventually(lambda: _standing_now(gateway, text) not in (None, "sending", "pending"))
    return _standing_of(gateway, text)


def _standing_now(gateway: Gateway, text: str) -> str | None:
    found = _standing_of(gateway, text)
    return found.state.value if found else None


def _standing_of(gateway: Gateway, text: str) -> Any:
    def work(connection: Any) -> Any:
        from sqlalchemy import select

        from handoff.models import messages

        one = connection.execute(select(messages.c.id).where(messages.c.text == text)).scalars().first()
        return deliveries.standing_of(connection, [one]).get(one) if one else None

    return gateway.app.ctx.database.read_now(work)


def rows_of(customer: Customer) -> list[tuple[str, str | None]]:
    """State and provider's id of each delivery, in the order in which they leave."""
    from sqlalchemy import select

    from handoff.models import deliveries as table

    rows = select(table.c.state, table.c.provider_id).order_by(table.c.message_id, table.c.part)
    found = customer.gateway.app.ctx.database.read_now(lambda c: c.execute(rows).all())
    return [(one.state, one.provider_id) for one in found]


async def _eventually_standing(gateway: Gateway, text: str, state: str, reason: str | None = None) -> None:
    def holds() -> bool:
        found = _standing_of(gateway, text)
        return bool(found and found.state.value == state and (reason is None or found.reason == reason))

    await eventually(holds, lambda: _standing_of(gateway, text))


async def _tries_again(gateway: Gateway, holds: Any) -> None:
    """Let time pass until something holds: a quarter of an hour at most."""
    for _ in range(60):
        if holds():
            return
        gateway.clock.forward(seconds=15)
        gateway.app.ctx.outbox.nudge()
        for _ in range(20):
            if holds():
                return
            await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


__all__ = [
    "Contract",
    "FakeBot",
    "FakeClock",
    "GivesFiles",
    "Provider",
    "RepeatsSafely",
    "SendsCodes",
    "SignsTheTime",
    "WebhookContract",
]
