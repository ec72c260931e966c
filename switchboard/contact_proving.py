"""Proving an address or a number by a code: the customer types where to, we send six digits, they come back.

A code goes only where both hold: the customer typed the contact, and it is known here (somebody wrote from it, proved
it, was noted down under it, or the shop has it for the customer who is signed in). Whoever asks hears the same either
way, at the same speed.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import phonenumbers
from sqlalchemy.engine import Connection

import shop
from connectors.output import DeliveryFailed, Envelope, Output, Part
from handoff import contact_proofs, conversations, customers, texts
from handoff.clock import Clock
from handoff.contact_codes import HOLDS_FOR, Codes
from handoff.contact_proofs import EMAIL, PHONE, Token
from handoff.database import Database
from handoff.desk.customers import masked_email, masked_phone
from handoff.errors import (
    BadInput,
    ConversationClosed,
    NotSignedInCustomer,
    ProofUnavailable,
)
from handoff.floor import Floor
from handoff.models import Tier
from handoff.records import Conversation, Message
from handoff.telling import Place
from handoff.tying import ByProof, Itself, Ties, tie
from handoff.visitors import Visitor
from switchboard.post import WIDGET
from switchboard.purse import Purse

log = logging.getLogger(__name__)

SEND_SECONDS = 30
_EMAIL = re.compile(r"[^@\s,;<>\"\\]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,}")
_CODE = re.compile(r"[0-9]{6}")
_REGIONS = {"zh-TW": ("TW", "HK"), "zh-CN": ("CN", "HK")}


@dataclass(frozen=True)
class Carrier:
    """What takes codes to one kind of contact: the channel's name, and its output."""

    channel: str
    output: Output
    purse: Purse | None = None

    async def notify(self, contact: str, subject: str, words: str) -> None:
        """A word to this contact. Raises DeliveryFailed."""
        to = self.output.known_as(contact)
        purse = self.purse if self.output.costs(Part(words), Envelope(to)) else None
        async with purse.pays(to) if purse else nullcontext():
            await self.output.notify(to, subject, words)


class ContactProving:
    """Sends codes and takes them back."""

    def __init__(
        self,
        database: Database,
        floor: Floor,
        ties: Ties,
        orders: shop.Shop,
        carriers: Mapping[str, Carrier],
        sure: Mapping[str, Sequence[Carrier]],
        codes: Codes,
        begin: Callable[[Coroutine[Any, Any, None]], None],
        clock: Clock,
    ) -> None:
        self._database = database
        self._floor = floor
        self._ties = ties
        self._orders = orders
        self._carriers = carriers
        self._sure = sure
        self._codes = codes
        self._begin = begin
        self._clock = clock

    async def kinds(self, visitor: Visitor) -> list[str]:
        """What this visitor can prove now: `email`, `phone`; nothing where they have no open conversation."""
        try:
            await self._database.read(lambda c: self._talk(c, visitor))
        except (ConversationClosed, NotSignedInCustomer):
            return []
        return sorted(self._carriers)

    def place_of(self, left: Mapping[str, Any], language: str) -> Place | None:
        """Where somebody who left this contact can be written to unasked, the address before the number."""
        for kind in (EMAIL, PHONE):
            carrier = self._carriers.get(kind)
            if carrier is None or not self._floor.post.is_written_to(carrier.channel):
                continue
            try:
                contact = contact_of(left.get(kind), language)
            except BadInput:
                continue
            if contact.kind == kind:
                return Place(kind, carrier.channel, contact.value)
        return None

    async def ask(self, visitor: Visitor, typed: object) -> dict[str, Any]:
        """Send a code to what the customer typed, where it is known; the answer is the same where it is not.

        Raises BadInput, ProofUnavailable, RateLimited, ConversationClosed, NotSignedInCustomer."""
        talk = await self._database.read(lambda c: self._talk(c, visitor))
        contact = contact_of(typed, talk.language)
        carrier = self._carriers.get(contact.kind)
        if carrier is None:
            raise ProofUnavailable()
        code = await self._database.write(lambda c: self._codes.begin(c, (WIDGET, visitor.id), contact, self._clock()))
        self._begin(self._send(carrier, visitor, contact, code, talk.language))
        return {"status": "sent", "shown": masked(contact), "expires_in": int(HOLDS_FOR.total_seconds())}

    async def answer(self, visitor: Visitor, typed: object) -> dict[str, Any]:
        """Take a code back; the contact is then this customer's.

        Raises BadInput, CodeRefused, CodeSpent, ConversationClosed, NotSignedInCustomer, CustomersNotProved."""
        code = re.sub(r"[\s-]", "", typed.translate(_WIDE)) if isinstance(typed, str) else ""
        if not _CODE.fullmatch(code):
            raise BadInput("code must be six digits.", field="code")
        sender, now = (WIDGET, visitor.id), self._clock()
        await self._database.read(lambda c: self._talk(c, visitor))
        # Committed before anything is compared: a try that fails stays counted.
        tried = await self._database.write(lambda c: self._codes.take_try(c, sender, now))
        self._codes.check(tried, code)

        def work(connection: Connection) -> tuple[Conversation, Message]:
            self._codes.use(connection, tried, now)
            talk = self._talk(connection, visitor)
            self._tie(connection, talk, tried.contact)
            line = self._floor.system_line(connection, talk, "contact_proved", now, contact=masked(tried.contact))
            return conversations.find(connection, talk.id), line

        await self._ties.carry_out(work)
        log.info("A contact was proved", extra={"event": "contact_proved", "kind": tried.contact.kind})
        return {"status": "proved", "shown": masked(tried.contact)}

    def _talk(self, connection: Connection, visitor: Visitor) -> Conversation:
        """The open conversation in which this is proved. Where a signature of the shop has run out nobody knows who
        writes, and what they prove would be put together with what was signed."""
        talk = conversations.open_one(connection, WIDGET, visitor.id)
        if talk is None:
            raise ConversationClosed()
        if talk.tier is Tier.IDENTITY and not talk.signed_in(self._clock()):
            raise NotSignedInCustomer()
        return talk

    def _tie(self, connection: Connection, talk: Conversation, contact: Token) -> None:
        """The contact is this customer's, and so is who writes from it."""
        carrier, sure = self._carriers.get(contact.kind), self._sure.get(contact.kind, ())
        itself = [Itself(_sender_at(one, contact), is_sure=True) for one in sure]
        if carrier is not None:
            itself.insert(0, Itself(_sender_at(carrier, contact), is_sure=False))
        tie(connection, talk, contact, itself, ByProof(masked(contact)), self._clock())

    async def _send(self, carrier: Carrier, visitor: Visitor, contact: Token, code: str, language: str) -> None:
        """In the background, so that how long it takes tells nobody whether the contact is known."""
        try:
            if not await self._is_known(carrier, visitor, contact):
                log.info("No code for an unknown contact", extra={"event": "code_not_sent", "kind": contact.kind})
                return
            subject, words = (texts.say(key, language, code=code) for key in ("code_subject", "code_text"))
            await asyncio.wait_for(carrier.notify(contact.value, subject, words), SEND_SECONDS)
        except (DeliveryFailed, asyncio.TimeoutError) as exc:
            reason = exc.reason if isinstance(exc, DeliveryFailed) else "no_answer"
            log.warning("A code was not sent", extra={"event": "code_failed", "kind": contact.kind, "reason": reason})

    async def _is_known(self, carrier: Carrier, visitor: Visitor, contact: Token) -> bool:
        if await self._database.read(lambda c: _is_ours(c, [carrier, *self._sure.get(contact.kind, ())], contact)):
            return True
        if not visitor.signed_in(self._clock()) or visitor.customer_id is None:
            return False
        try:
            account = await asyncio.get_running_loop().run_in_executor(None, self._orders.customer, visitor.customer_id)
        except shop.ShopUnavailable:
            return False
        return account is not None and _is_same(contact, account.email if contact.kind == EMAIL else account.phone)


# What a Chinese keyboard types for digits.
_WIDE = {ord("０") + digit: str(digit) for digit in range(10)}


def contact_of(typed: object, language: str) -> Token:
    """The address or number that was typed. Raises BadInput."""
    written = typed.strip() if isinstance(typed, str) and len(typed) <= 254 else ""
    if "@" in written:
        if not _EMAIL.fullmatch(written):
            raise BadInput("contact does not look like an e-mail address.", field="contact")
        return Token(EMAIL, written.lower())
    number = _number(written, _REGIONS.get(language, ("HK", "TW")))
    if number is None:
        raise BadInput("contact must be an e-mail address or a phone number.", field="contact")
    return Token(PHONE, number)


def masked(contact: Token) -> str:
    """Enough for the owner to know which it is."""
    return masked_email(contact.value) if contact.kind == EMAIL else masked_phone(contact.value)


def _number(written: str, regions: tuple[str, ...] = ("HK", "TW", "CN")) -> str | None:
    for region in regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def _sender_at(carrier: Carrier, contact: Token) -> tuple[str, str]:
    """Who writes from this contact on this channel."""
    return carrier.channel, carrier.output.known_as(contact.value)


def _is_same(contact: Token, written: object) -> bool:
    if not isinstance(written, str):
        return False
    return written.strip().lower() == contact.value if contact.kind == EMAIL else _number(written) == contact.value


def _is_ours(connection: Connection, carriers: Sequence[Carrier], contact: Token) -> bool:
    if contact_proofs.senders_of(connection, contact):
        return True
    if any(conversations.last_of_sender(connection, *_sender_at(one, contact)) for one in carriers):
        return True
    ending = contact.value[-4:] if contact.kind == PHONE else contact.value
    return any(_is_same(contact, one) for one in customers.noted(connection, contact.kind, ending))
