"""Being told of an answer by mail or SMS: once, and by the desk only where neither channel is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import ARTICLES, Gateway, Page, Start
from providers.mail import SHOP, MailProvider
from providers.server import Fault
from providers.sms_gateway import SmsGatewayProvider
from sqlalchemy import select
from test_email_channel import KIT as MAIL
from test_email_channel import dovecot
from test_feedback import ask, press, published, taught
from test_sms_http import KIT as SMS
from waiting import eventually

from handoff import conversations
from handoff.models import deliveries

__all__ = ["dovecot"]

PHONE = "+85251234567"
CARD = """\
    short_answer: {zh-HK: 三日。, en: 3 days.}
    links: [{label: Map, url: "https://shop.example/map"}]
    image: /media/map.png
"""


@dataclass
class Shop:
    """A shop that sends mails and SMS."""

    gateway: Gateway
    mail: MailProvider
    sms: SmsGatewayProvider

    @property
    def page(self) -> str:
        """The help page of the answer."""
        return f"{self.gateway.base}/help/en/delivery-time"

    async def asks(self, question: str = "engraving?", **contact: str) -> Page:
        """Ana asks in vain after hours, leaves a contact and wants to be told."""
        page = await self.gateway.page()
        missed = await ask(page, question, "Did you mean?")
        await self.leaves(page, **contact)
        await press(page, missed, missed["buttons"][-1]["title"])
        return page

    async def leaves(self, page: Page, **contact: str) -> None:
        """A contact, since nobody is at the desk."""
        await page.send({"type": "person", "client_id": "p"})
        ticket = (await page.message("system"))["contact_form"]["ticket"]
        await page.send({"type": "contact", "client_id": "c", "ticket": ticket, **contact})
        await page.until(lambda frame: frame["type"] == "accepted" and frame["client_id"] == "c")

    async def reasons(self) -> list[str]:
        """Why somebody at the desk is asked for."""
        ben = await self.gateway.seat("ben")
        return [row["reason"] for row in (await ben.get("/inbox"))["queue"]]

    def states(self, channel: str) -> list[str]:
        """What became of what was sent to customers of a channel."""
        named = select(deliveries.c.state).where(deliveries.c.channel == channel).order_by(deliveries.c.id)
        return list(self.gateway.app.ctx.database.read_now(lambda c: c.execute(named).scalars().all()))


@pytest.fixture
async def providers(dovecot: Any) -> AsyncIterator[tuple[MailProvider, SmsGatewayProvider]]:
    async with MailProvider().running() as mail, SmsGatewayProvider().running() as sms:
        sms.phones.add(PHONE)
        yield mail, sms


@pytest.fixture
async def shop(start: Start, root: Path, providers: tuple[MailProvider, SmsGatewayProvider]) -> Shop:
    mail, sms = providers
    written = ARTICLES.replace("  - id: delivery-time\n", f"  - id: delivery-time\n{CARD}")
    (root / "faq_kb" / "articles" / "delivery.yml").write_text(written, encoding="utf-8")
    entries = {kit.class_path: kit.credentials(one.address) for kit, one in ((MAIL, mail), (SMS, sms))}
    (root / "credentials.yml").write_text(json.dumps(entries), encoding="utf-8")
    gateway = await start()
    taught(gateway)
    return Shop(gateway, mail, sms)


async def test_who_left_an_address_gets_one_mail_with_the_help_page(shop: Shop) -> None:
    page = await shop.asks(email="Ana@example.com")
    await published(shop.gateway, "delivery-time")
    await eventually(lambda: shop.mail.sent)
    (sent,) = shop.mail.sent
    (mail,) = shop.mail.mails
    assert (sent.to, mail["From"].addresses[0].addr_spec) == ("ana@example.com", SHOP)
    assert mail["Subject"] == "Your question has an answer: How long does delivery take?"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["In-Reply-To"] is None
    for words in ("Three days.", "Map: https://shop.example/map", shop.page, f"{shop.gateway.base}/media/map.png"):
        assert words in sent.text
    assert "engraving" not in sent.text, "nobody sends words of their own to an address that they do not own"
    told = await page.message("assistant", "There is an answer now")
    assert told["image"] == "/media/map.png" and "Map: https://shop.example/map" in told["text"]
    await eventually(lambda: shop.states("email") == ["sent"])
    # Who agrees next is told by a later round, which tells nobody again.
    await shop.asks(email="ben@example.com")
    await published(shop.gateway, "delivery-time")
    await eventually(lambda: len(shop.mail.sent) > 1)
    assert [one.to for one in shop.mail.sent] == ["ana@example.com", "ben@example.com"]
    assert "answer_exists" not in await shop.reasons()


async def test_a_mail_that_is_not_taken_at_once_is_tried_again(shop: Shop) -> None:
    shop.mail.faults.append(Fault(refuses="greylisted"))
    near = {"custom": {"miss": 1, "near": [{"id": "delivery-time", "score": 0.3}]}}
    shop.gateway.bot.says("可唔可以刻字㗎？", {"text": "Did you mean?"}, near)
    await shop.asks("可唔可以刻字㗎？", email="ana@example.com")
    await published(shop.gateway, "delivery-time")
    await eventually(lambda: not shop.mail.faults)
    shop.gateway.clock.now += timedelta(minutes=1)
    await eventually(lambda: shop.mail.mails)
    (mail,) = shop.mail.mails
    assert mail["Subject"] == "你嘅問題有答案喇：幾耐送到？"


async def test_who_left_a_number_gets_the_short_answer_by_sms(shop: Shop) -> None:
    await shop.asks(phone="5123 4567")
    await published(shop.gateway, "delivery-time")
    await eventually(lambda: shop.sms.sent)
    (sent,) = shop.sms.sent
    assert sent.to == PHONE
    assert "3 days." in sent.text and "Three days." not in sent.text
    assert sent.text.endswith(f"\n{shop.page}")
    assert shop.mail.sent == [] and "answer_exists" not in await shop.reasons()


async def test_who_answers_the_mail_goes_on_in_that_conversation(shop: Shop) -> None:
    await shop.asks(email="ana@example.com")
    await published(shop.gateway, "delivery-time")
    await eventually(lambda: shop.mail.mails)

    def there() -> Any:
        read = shop.gateway.app.ctx.database.read_now
        return read(lambda c: conversations.open_one(c, "email", "ana@example.com"))

    told = there()
    assert told.wrote_at is None, "the customer has not written there"
    own = str(shop.mail.mails[0]["Message-ID"])
    answer = MAIL.message("fee?", 1, 0, f"In-Reply-To: {own}", f"References: {own}")
    await asyncio.to_thread(shop.mail.postman.bring, answer)
    await eventually(lambda: len(shop.mail.mails) > 1)
    assert there().id == told.id and there().wrote_at is not None
    assert shop.mail.mails[1]["Subject"].startswith("Re: ")


async def test_a_contact_left_after_the_wish_counts_as_well(shop: Shop) -> None:
    page = await shop.gateway.page()
    missed = await ask(page, "engraving?", "Did you mean?")
    await press(page, missed, missed["buttons"][-1]["title"])
    await page.message("assistant", "as soon as")
    await shop.leaves(page, email="ana@example.com")
    await published(shop.gateway, "delivery-time")
    await eventually(lambda: shop.mail.sent)
