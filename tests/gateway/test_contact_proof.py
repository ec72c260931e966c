"""A code to an address or a number: what ties it to a customer, what unites two records, and what never does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from gateway_parts import Gateway, Page, Seat
from sample_files import PDF
from sqlalchemy import select
from test_attachments import attach, opened

from connectors.output import DeliveryFailed, Envelope, Output, Part
from handoff import contact_proofs, conversations, customers
from handoff.contact_proofs import EMAIL, Token
from handoff.learning import answers_of_people
from handoff.models import Status, Tier, contact_codes
from handoff.records import Message
from switchboard.contact_proving import Carrier

ANA = "ana@example.com"


class Letterbox(Output):
    """The far side: what was sent to whom."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str]] = []
        self.arrived = asyncio.Condition()
        self.refuses = False

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        async with self.arrived:
            self.letters.append((envelope.recipient, part.text))
            self.arrived.notify_all()
        if self.refuses:
            raise DeliveryFailed("unknown_recipient", permanent=True)
        return None

    async def code(self, number: int) -> str:
        """The code in the letter of this number, from 1."""
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: len(self.letters) >= number), 10)
        (found,) = re.findall(r"\b\d{6}\b", self.letters[number - 1][1])
        return str(found)


class Mute:
    """The far side of a channel that takes everything."""

    repeats_safely = True
    file_limits: Mapping[str, int] = {}
    links_files = False
    joins_turns = False
    most_at_once = 1
    typing_seconds = None

    def turn(self, lines: Sequence[Message]) -> list[list[Part]]:
        return [[Part(line.text)] for line in lines]

    def leaving(self, parts: Sequence[Part]) -> int:
        return 1

    refuses = False

    async def send(self, parts: Sequence[Part], envelope: Envelope) -> list[str | None]:
        if self.refuses:
            raise DeliveryFailed("blocked", permanent=True)
        return [None] * len(parts)

    def numbers(self, buttons: Sequence[Mapping[str, str]]) -> bool:
        return False

    async def typing(self, envelope: Envelope) -> None:
        return None

    async def close(self) -> None:
        return None


class Talk:
    """A customer's page with an open conversation."""

    def __init__(self, gateway: Gateway, page: Page, conversation: str) -> None:
        self.gateway, self.page, self.id = gateway, page, conversation
        self._sent = 0

    async def asks(self, contact: object) -> dict[str, Any]:
        return await self._send({"type": "prove", "contact": contact})

    async def types(self, code: object) -> dict[str, Any]:
        return await self._send({"type": "prove_code", "code": code})

    async def _send(self, frame: dict[str, Any]) -> dict[str, Any]:
        self._sent += 1
        client_id = f"{self.id[:8]}-{self._sent}"
        await self.page.send({**frame, "client_id": client_id})
        return await self.page.until(
            lambda one: one.get("client_id") == client_id and one["type"] in ("proof", "error")
        )

    def record(self) -> conversations.Conversation:
        return self.gateway.app.ctx.database.read_now(lambda c: conversations.find(c, self.id))


@pytest.fixture
def letters(gateway: Gateway) -> Letterbox:
    """A channel for mails, and for messages to phones."""
    box = Letterbox()
    for kind, channel in (("email", "email"), ("phone", "sms")):
        gateway.app.ctx.channels.carriers[kind] = Carrier(channel, box)
    return box


async def _talk(gateway: Gateway, words: str, **wish: Any) -> Talk:
    page = await gateway.page(**wish)
    await page.say(words)
    return Talk(gateway, page, (await page.message("assistant", words))["conversation"])


def _wrote(gateway: Gateway, address: str, channel: str = "email") -> str:
    """Somebody wrote from this address before."""
    work = gateway.app.ctx.database.write_now
    return str(work(lambda c: conversations.open_or_begin(c, channel, address, gateway.clock(), "en")).id)


async def _panel(seat: Seat, talk: Talk | str) -> Any:
    one = talk if isinstance(talk, str) else talk.id
    return await seat.get(f"/conversations/{one}/customer?locale=en")


async def _note(seat: Seat, talk: Talk, **values: Any) -> None:
    version = (await _panel(seat, talk))["customer"]["record"]["version"]
    await seat.post(f"/conversations/{talk.id}/customer", {"version": version, "values": values}, method="PUT")


def _close(gateway: Gateway, talk: str) -> None:
    gateway.app.ctx.database.write_now(
        lambda c: conversations.move(c, conversations.find(c, talk), Status.CLOSED, gateway.clock(), "test", "closed")
    )


async def test_a_code_ties_the_address_and_unites_who_proved_it_before(gateway: Gateway, letters: Letterbox) -> None:
    sue = await gateway.seat("sue")
    mailed = _wrote(gateway, ANA)
    laptop, phone = await _talk(gateway, "from the laptop"), await _talk(gateway, "from the phone")
    await _note(sue, laptop, name="陳小姐")
    asked = await laptop.asks(f"  {ANA.title()} ")
    assert (asked["status"], asked["shown"], asked["expires_in"]) == ("sent", "a•••@example.com", 600)
    code = await letters.code(1)
    assert letters.letters[0][0] == ANA
    stored = gateway.app.ctx.database.read_now(lambda c: str(c.execute(select(contact_codes)).all()))
    assert code not in stored, "kept as a hash alone"
    assert (await laptop.types(f" {code[:3]} {code[3:]}"))["status"] == "proved"
    assert "a•••@example.com" in (await laptop.page.message("system", "Confirmed"))["text"]
    assert laptop.record().tier is Tier.CONTACT and phone.record().tier is Tier.ANONYMOUS
    shown = await _panel(sue, laptop)
    assert shown["customer"]["record"]["senders"] == 2 and mailed in [one["id"] for one in shown["past"]]
    assert not shown["customer"]["record"]["locked"] and (await _panel(sue, mailed))["customer"]["record"]["locked"]

    await phone.asks(ANA)
    assert (await phone.types(await letters.code(2)))["status"] == "proved"
    seen = await _panel(sue, phone)
    assert seen["customer"]["record"]["values"]["name"] == "陳小姐"
    assert {laptop.id, mailed} <= {one["id"] for one in seen["past"]}, "one history over all channels"
    told = await sue.get(f"/conversations/{phone.id}/customer/history?locale=en")
    assert [one["account"] for one in told["merges"]] == [ANA, ANA]
    assert {one["by"] for one in told["merges"]} == {"a•••@example.com"}
    await sue.post(f"/conversations/{phone.id}/customer/merges/{told['merges'][0]['id']}/undo")
    parted = await _panel(sue, phone)
    assert parted["customer"]["record"]["values"]["name"] is None and laptop.id not in [
        one["id"] for one in parted["past"]
    ]


async def test_who_asks_hears_the_same_whether_the_address_is_known_or_not(
    gateway: Gateway, letters: Letterbox
) -> None:
    ben = await gateway.seat("ben")
    _wrote(gateway, ANA)
    _wrote(gateway, "+85291234567", "sms")
    noted, talk = await _talk(gateway, "noted"), await _talk(gateway, "hello")
    await _note(ben, noted, email="Noted@example.com", phone="9876 5432")
    unknown = await talk.asks("nobody@example.com")
    assert (unknown["status"], unknown["shown"]) == ("sent", "n•••@example.com")
    assert (await talk.types("123456"))["code"] == "code_refused"
    for typed in ("noted@example.com", "9876 5432"):
        assert (await talk.asks(typed))["status"] == "sent"
    other = await _talk(gateway, "again")
    assert (await other.asks("+852 9123 4567"))["status"] == "sent"
    await letters.code(3)
    assert sorted(one[0] for one in letters.letters) == ["+85291234567", "+85298765432", "noted@example.com"]
    for wrong in ("", "ana", "ana@", "a@b", "12", "+1", ["x"], None, "a@example.com\nBcc: b@example.com", "1" * 300):
        assert (await other.asks(wrong))["code"] == "bad_input", wrong
    for wrong in ("", "12345", "abcdef", None, 123456):
        assert (await other.types(wrong))["code"] == "bad_input"
    gateway.app.ctx.channels.carriers.clear()
    assert (await other.asks(ANA))["code"] == "proof_unavailable"


async def test_a_code_is_over_after_ten_minutes_when_used_and_when_there_is_a_newer_one(
    gateway: Gateway, letters: Letterbox
) -> None:
    _wrote(gateway, ANA)
    talk, other = await _talk(gateway, "hello"), await _talk(gateway, "somebody else")
    assert (await talk.types("123456"))["code"] == "code_spent", "none was asked for"
    await talk.asks(ANA)
    first = await letters.code(1)
    gateway.clock.forward(minutes=10)
    assert (await talk.types(first))["code"] == "code_spent"
    await talk.asks(ANA)
    second = await letters.code(2)
    await talk.asks(ANA)
    third = await letters.code(3)
    assert (await other.types(third))["code"] == "code_spent", "a code is of who asked for it"
    if second != third:
        assert (await talk.types(second))["code"] == "code_refused"
    assert (await talk.types(third))["status"] == "proved"
    assert (await talk.types(third))["code"] == "code_spent"


async def test_of_tries_at_once_five_count_and_of_sessions_that_guess_three_get_a_code(
    gateway: Gateway, letters: Letterbox
) -> None:
    _wrote(gateway, ANA)
    talk = await _talk(gateway, "hello")
    await talk.asks(ANA)
    code = await letters.code(1)
    wrong = "000000" if code != "000000" else "111111"
    told = await asyncio.gather(*(talk.types(wrong) for _ in range(9)))
    assert sorted(one["code"] for one in told) == ["code_refused"] * 5 + ["code_spent"] * 4
    assert (await talk.types(code))["code"] == "code_spent", "not even the right one, then"

    guessing = [await _talk(gateway, f"guess {number}") for number in range(4)]
    asked = await asyncio.gather(*(one.asks(ANA) for one in guessing))
    assert sorted(one["type"] for one in asked) == ["error", "error", "proof", "proof"]
    assert {one["code"] for one in asked if one["type"] == "error"} == {"rate_limited"}
    assert all(0 < one["retry_after"] <= 3600 for one in asked if one["type"] == "error")
    fresh = await _talk(gateway, "many addresses")
    told = [await fresh.asks(f"a{number}@example.com") for number in range(4)]
    assert [one["type"] for one in told] == ["proof"] * 3 + ["error"], "of one customer, to whomever"
    gateway.clock.forward(minutes=61)
    assert (await talk.asks(ANA))["status"] == "sent"


async def test_a_right_code_that_is_sent_twice_at_once_is_used_once(gateway: Gateway, letters: Letterbox) -> None:
    _wrote(gateway, ANA)
    talk = await _talk(gateway, "hello")
    await talk.asks(ANA)
    code = await letters.code(1)
    told = await asyncio.gather(*(talk.types(code) for _ in range(4)))
    assert sorted(one.get("code", "proved") for one in told) == ["code_spent"] * 3 + ["proved"]


async def test_nothing_that_somebody_only_said_unites_anybody(gateway: Gateway, letters: Letterbox) -> None:
    sue = await gateway.seat("sue")
    mailed = _wrote(gateway, ANA)
    ana, liar = await _talk(gateway, "I am Ana"), await _talk(gateway, f"I am {ANA}")
    await ana.asks(ANA)
    await ana.types(await letters.code(1))
    await _note(sue, liar, name="Ana", email=ANA)
    await liar.asks(ANA)
    await letters.code(2)
    assert liar.record().tier is Tier.ANONYMOUS, "asking proves nothing"
    shown = await _panel(sue, liar)
    assert (shown["past"], shown["customer"]["proposed"]) == ([], []) and shown["customer"]["record"]["senders"] == 1
    read = (await _panel(sue, ana))["customer"]["record"]["version"]
    body = {"with": liar.id, "version": read, "other_version": shown["customer"]["record"]["version"]}
    refused = await sue.post(f"/conversations/{ana.id}/customer/merge", body, status=409)
    assert refused["error"]["code"] == "customers_not_proved"
    # Who writes mails in her name is shown nothing that she said here: nobody proved anything in that conversation.
    panel = await _panel(sue, mailed)
    assert ana.id not in [one["id"] for one in panel["past"]] and panel["customer"]["record"]["locked"]


async def test_the_next_one_at_the_same_browser_is_not_taken_for_the_one_before(
    gateway: Gateway, letters: Letterbox
) -> None:
    sue = await gateway.seat("sue")
    for address in (ANA, "bob@example.com"):
        _wrote(gateway, address)
    ana = await _talk(gateway, "Ana in the library")
    await ana.asks(ANA)
    await ana.types(await letters.code(1))
    await _note(sue, ana, name="Ana Chan")
    _close(gateway, ana.id)
    await ana.page.say("Bob in the library")
    bob = Talk(gateway, ana.page, (await ana.page.message("assistant", "Bob in"))["conversation"])
    panel = await _panel(sue, bob)
    assert panel["customer"]["record"]["locked"] and ana.id not in [one["id"] for one in panel["past"]]
    await bob.asks("bob@example.com")
    assert (await bob.types(await letters.code(2)))["code"] == "customers_not_proved"
    panel = await _panel(sue, bob)
    assert panel["customer"]["record"]["locked"] and "Ana Chan" not in str(panel)
    assert bob.record().tier is Tier.ANONYMOUS
    read = gateway.app.ctx.database.read_now
    assert read(lambda c: contact_proofs.senders_of(c, Token(EMAIL, "bob@example.com"))) == []
    # Who signs in at the shop there is a visitor of their own.
    was = ana.page.session["visitor"]["id"]
    now = await gateway.session(token=ana.page.session["token"], identity=gateway.identity("c-0002"))
    assert now["visitor"]["id"] != was


async def test_of_two_who_prove_one_address_at_once_one_record_comes(gateway: Gateway, letters: Letterbox) -> None:
    _wrote(gateway, ANA)
    both = [await _talk(gateway, f"page {number}") for number in range(2)]
    codes = []
    for number, talk in enumerate(both, 1):
        await talk.asks(ANA)
        codes.append(await letters.code(number))
    told = await asyncio.gather(*(talk.types(code) for talk, code in zip(both, codes, strict=True)))
    assert [one.get("status") for one in told] == ["proved", "proved"]
    read = gateway.app.ctx.database.read_now
    found = [read(lambda c, one=one: customers.of(c, (one.channel, one.sender))) for one in (t.record() for t in both)]
    assert found[0].id == found[1].id and len(found[0].senders) == 3


async def test_where_a_signature_ran_out_nothing_can_be_proved(gateway: Gateway, letters: Letterbox) -> None:
    _wrote(gateway, ANA)
    talk = await _talk(gateway, "signed in", identity=gateway.identity("c-0001", minutes=5))
    assert (await talk.asks("chan.meiling@example.com"))["status"] == "sent"
    code = await letters.code(1)
    assert (await talk.types(code))["status"] == "proved" and talk.record().tier is Tier.IDENTITY
    gateway.clock.forward(minutes=6)
    assert (await talk.asks(ANA))["code"] == "not_signed_in"


async def test_a_letter_that_does_not_arrive_tells_nobody_anything(gateway: Gateway, letters: Letterbox) -> None:
    _wrote(gateway, ANA)
    letters.refuses = True
    talk = await _talk(gateway, "hello")
    assert (await talk.asks(ANA))["status"] == "sent"
    await letters.code(1)
    letters.refuses = False
    assert (await talk.asks(ANA))["status"] == "sent"
    assert (await talk.types(await letters.code(2)))["status"] == "proved"


async def test_an_agent_asks_for_a_code_where_one_can_be_sent_and_typed(gateway: Gateway, letters: Letterbox) -> None:
    ben, wish = await gateway.seat("ben"), {"card": {"prove": "contact"}}
    gateway.bot.hands_over("a person please")
    page = await gateway.page()
    await page.say("a person please")
    await page.state("waiting")
    talk = Talk(gateway, page, await ben.claim_only())
    assert (await _panel(ben, talk))["customer"]["proof"]["may_ask"] is True
    await ben.post(f"/conversations/{talk.id}/messages", {**wish, "client_id": "c1"})
    line = await page.message("agent", "six-digit code")
    assert line["card"] == {"kind": "prove"}
    _wrote(gateway, ANA)
    await talk.asks(ANA)
    await talk.types(await letters.code(1))
    proof = (await _panel(ben, talk))["customer"]["proof"]
    assert (proof["tier"], proof["contacts"], proof["may_ask"]) == (
        "contact",
        [{"kind": "email", "value": ANA}],
        False,
    )
    gateway.app.ctx.channels.carriers.clear()
    refused = await ben.post(f"/conversations/{talk.id}/messages", wish, status=503)
    assert refused["error"]["code"] == "proof_unavailable"


async def test_the_agent_goes_on_at_another_channel_of_the_customer_once(gateway: Gateway, letters: Letterbox) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    gateway.app.ctx.channels._post.register("email", Mute())
    _wrote(gateway, ANA)
    gateway.bot.hands_over("a person please")
    page = await gateway.page()
    await page.say("a person please")
    await page.state("waiting")
    talk = Talk(gateway, page, await ben.claim_only())
    assert (await _panel(ben, talk))["customer"]["places"] == []
    await talk.asks(ANA)
    await talk.types(await letters.code(1))
    await ben.post(f"/conversations/{talk.id}/messages", {"text": "your parcel is here", "client_id": "c1"})
    said = await page.message("agent", "your parcel")
    (place,) = (await _panel(ben, talk))["customer"]["places"]
    assert (place["channel"], place["shown"]) == ("email", "a•••@example.com")
    path, wish = f"/conversations/{talk.id}/customer/move", {"to": place["id"], "message": said["id"]}
    assert (await cleo.post(path, wish, status=409))["error"]["code"] == "not_your_conversation"
    for wrong in ({}, {"to": "nowhere"}, {"to": 5}, {**wish, "message": 10**9}):
        assert (await ben.post(path, wrong, status=400))["error"]["code"] == "bad_input"
    assert talk.record().status is Status.AGENT, "nothing was moved half-way"
    there, again = await asyncio.gather(ben.post(path, wish), ben.post(path, wish))
    assert there == again == await ben.post(path, wish)
    other = Talk(gateway, page, there["conversation"])
    assert (talk.record().status, other.record().status) == (Status.CLOSED, Status.AGENT)
    assert (other.record().channel, other.record().sender, other.record().tier) == ("email", ANA, Tier.CONTACT)
    assert "a•••@example.com" in (await page.message("system", "goes on with you at"))["text"]
    shown = await ben.get(f"/conversations/{other.id}")
    texts = [(one["author"], one["text"]) for one in shown["messages"]]
    assert ("agent", "your parcel is here") in texts and len([one for one in texts if one[0] == "agent"]) == 1
    read = gateway.app.ctx.database.read_now
    taught = [one.conversation_id for one in read(lambda c: answers_of_people(c, [talk.id, other.id]))]
    assert taught == [talk.id], "said once more, it answers no other question"
    assert any(author == "note" and "C-1" in text for author, text in texts)
    assert talk.id in [one["id"] for one in shown["past"]], "one history over both"
    assert not shown["customer"]["record"]["locked"]
    (back,) = [one for one in shown["customer"]["places"] if one["channel"] == "widget"] or [None]
    assert back is None, "nobody has proved who sits at the browser now"


async def test_a_line_said_once_more_elsewhere_has_its_files_or_nothing_moves(
    gateway: Gateway, letters: Letterbox
) -> None:
    ben, sender = await gateway.seat("ben"), Mute()
    gateway.app.ctx.channels._post.register("email", sender)
    _wrote(gateway, ANA)
    talk = await _talk(gateway, "hello")
    await ben.post(f"/conversations/{talk.id}/takeover")
    await talk.asks(ANA)
    await talk.types(await letters.code(1))
    invoice = await attach(ben, talk.id, PDF, "invoice.pdf")
    line = {"text": "", "attachments": [invoice["id"]], "client_id": "c1"}
    said = (await ben.post(f"/conversations/{talk.id}/messages", line))["message"]
    (place,) = (await _panel(ben, talk))["customer"]["places"]
    path, wish = f"/conversations/{talk.id}/customer/move", {"to": place["id"], "message": said["id"]}
    refused = await ben.post(path, wish, status=409)
    assert refused["error"]["code"] == "attachments_not_taken" and talk.record().status is Status.AGENT
    sender.file_limits = {"*": 1_000_000}
    there = (await ben.post(path, wish))["conversation"]
    (again,) = [one for one in (await ben.get(f"/conversations/{there}"))["messages"] if one["author"] == "agent"]
    (file,) = again["attachments"]
    assert again["wordless"] and {**file, "id": ""} == {**invoice, "id": ""} and file["id"] != invoice["id"]
    assert (await opened(ben, file["id"]))[2] == (await opened(ben, invoice["id"]))[2] == PDF


@pytest.mark.parametrize("is_held", [False, True], ids=["new there", "mine there"])
async def test_what_a_team_wants_said_is_asked_once_where_the_case_went_on(
    gateway: Gateway, letters: Letterbox, is_held: bool
) -> None:
    ben, sue, clock = await gateway.seat("ben"), await gateway.seat("sue"), gateway.clock
    gateway.app.ctx.channels._post.register("email", Mute())
    mailed = _wrote(gateway, ANA)
    gateway.bot.hands_over("a person please", team="billing")
    page = await gateway.page()
    await page.say("a person please")
    await page.state("waiting")
    clock.forward(seconds=30)
    talk = Talk(gateway, page, await ben.claim_only())
    if is_held:
        # Taken over without a ticket, so nothing there says what billing wants.
        await ben.post(f"/conversations/{mailed}/takeover")
    await talk.asks(ANA)
    await talk.types(await letters.code(1))
    await ben.post(f"/conversations/{talk.id}/tags", {"name": "退款", "colour": "purple"})
    clock.forward(seconds=60)
    (place,) = (await _panel(ben, talk))["customer"]["places"]
    there = (await ben.post(f"/conversations/{talk.id}/customer/move", {"to": place["id"]}))["conversation"]
    shown = (await ben.get(f"/conversations/{there}"))["conversation"]
    assert [(one["name"], one["colour"]) for one in shown["tags"]] == [("退款", "purple")]
    assert (await ben.get(f"/conversations/{talk.id}/outcome")) == {"wrap_up": None, "ratings": []}
    clock.forward(seconds=10)
    await ben.post(f"/conversations/{there}/messages", {"text": "Here I am.", "client_id": "c1"})
    clock.forward(seconds=20)
    refused = await ben.post(f"/conversations/{there}/close", status=422)
    assert refused["error"]["details"]["fields"] == ["resolution", "reason"]
    wrap_up = {"resolution": "solved", "reason": "refund"}
    await ben.post(f"/conversations/{there}/close", {"wrap_up": wrap_up})
    assert (await ben.get(f"/conversations/{there}/outcome"))["wrap_up"] == wrap_up
    clock.forward(seconds=1)
    figures = await sue.get("/figures?days=1")
    assert (figures["resolutions"], figures["reasons"]) == ({"solved": 1}, {"refund": 1})
    assert figures["conversations"] == 1
    (person,) = figures["people"]
    if is_held:  # they talked with the customer in two places at once, and then in one
        assert person["stretches"] == 2
        return
    assert person["stretches"] == 1, "one case, though in two places"
    assert person["first_response"]["median"] == 30 + 60 + 10, "the customer waited through the move"
    assert person["handling"]["median"] == 60 + 10 + 20


async def test_a_place_that_a_colleague_holds_is_not_taken(gateway: Gateway, letters: Letterbox) -> None:
    ben, cleo = await gateway.seat("ben"), await gateway.seat("cleo")
    gateway.app.ctx.channels._post.register("email", Mute())
    mailed = _wrote(gateway, ANA)
    await cleo.post(f"/conversations/{mailed}/takeover")
    talk = await _talk(gateway, "hello")
    await ben.post(f"/conversations/{talk.id}/takeover")
    await talk.asks(ANA)
    await talk.types(await letters.code(1))
    (place,) = (await _panel(ben, talk))["customer"]["places"]
    refused = await ben.post(f"/conversations/{talk.id}/customer/move", {"to": place["id"]}, status=409)
    assert refused["error"]["code"] == "not_your_conversation" and talk.record().status is Status.AGENT


async def test_the_menu_offers_what_codes_can_be_sent_to_while_the_conversation_is_open(
    gateway: Gateway, letters: Letterbox
) -> None:
    async def kinds(session: dict[str, Any]) -> list[str]:
        headers = {"Authorization": f"Bearer {session['token']}"}
        async with gateway.http.get(f"{gateway.base}/widget/proof", headers=headers) as response:
            found: list[str] = (await response.json())["kinds"]
            return found

    assert await kinds(await gateway.session()) == [], "nothing was said yet"
    talk = await _talk(gateway, "hello")
    assert await kinds(talk.page.session) == ["email", "phone"]
    del gateway.app.ctx.channels.carriers["phone"]
    assert await kinds(talk.page.session) == ["email"]
    _close(gateway, talk.id)
    assert await kinds(talk.page.session) == []
    async with gateway.http.get(f"{gateway.base}/widget/proof") as response:
        assert response.status == 401
