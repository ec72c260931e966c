"""A customer's conversation by mail, to an address that is known to be theirs or that they left with us, and no other:
else whoever opens the chat could send mail in the shop's name to anybody."""

from __future__ import annotations

import asyncio
import hashlib
import logging

from sqlalchemy.engine import Connection

import shop
from connectors.output import DeliveryFailed, Mailer
from handoff import conversations, texts, tickets
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.customers import masked_email
from handoff.errors import BadInput, MailUnavailable, RateLimited
from handoff.transcript_file import TranscriptFile
from handoff.visitors import Visitor
from switchboard.post import WIDGET
from switchboard.rates import Rates

log = logging.getLogger(__name__)

SEND_SECONDS = 30
# To one address, and of one customer.
MAILS_A_DAY = 3


class TranscriptPost:
    """Sends them through the first channel that can mail."""

    def __init__(
        self, database: Database, orders: shop.Shop, mailer: Mailer | None, rates: Rates, clock: Clock
    ) -> None:
        self._database = database
        self._orders = orders
        self._mailer = mailer
        self._rates = rates
        self._clock = clock

    async def addresses(self, visitor: Visitor) -> list[dict[str, str]]:
        """Where it could be sent, as `id` and a form that tells the owner which it is; none where nothing can be."""
        if self._mailer is None:
            return []
        known = await self._addresses_of(visitor)
        return [{"id": key, "shown": masked_email(address)} for key, address in known.items()]

    async def address(self, visitor: Visitor, wanted: object) -> str:
        """The address of this id. Raises MailUnavailable where nothing can be sent, BadInput for one that is not of
        `addresses`, RateLimited."""
        if self._mailer is None:
            raise MailUnavailable()
        address = (await self._addresses_of(visitor)).get(wanted) if isinstance(wanted, str) else None
        if address is None:
            raise BadInput("to must be the id of one of your addresses.", field="to")
        for key in (f"visitor:{visitor.id}", f"address:{address.casefold()}"):
            wait = self._rates.wait_for(key)
            if wait:
                raise RateLimited(retry_after=int(wait) + 1)
        return address

    async def send(self, address: str, file: TranscriptFile, language: str) -> None:
        """After the check. Raises MailUnavailable."""
        if self._mailer is None:
            raise MailUnavailable()
        words = texts.say("transcript_mail", language)
        parts = (file.name, file.content_type, file.content)
        try:
            await asyncio.wait_for(self._mailer.mail_file(address, file.title, words, parts), SEND_SECONDS)
        except (DeliveryFailed, asyncio.TimeoutError) as exc:
            log.warning("A transcript was not mailed", extra={"event": "transcript_not_mailed"})
            raise MailUnavailable() from exc

    async def _addresses_of(self, visitor: Visitor) -> dict[str, str]:
        """By an id that says nothing to anybody else; the newest first."""

        def left(connection: Connection) -> list[str]:
            own = conversations.ids_of_sender(connection, WIDGET, visitor.id)
            return [str(contact.get("email") or "") for contact in tickets.contacts_of(connection, own)]

        known = await self._database.read(left)
        if visitor.signed_in(self._clock()) and visitor.customer_id is not None:
            try:
                customer = await asyncio.get_running_loop().run_in_executor(
                    None, self._orders.customer, visitor.customer_id
                )
                known.append(customer.email if customer else "")
            except shop.ShopUnavailable:
                log.warning("The shop did not name a customer", extra={"event": "shop_unavailable"})
        once = {one.casefold(): one for one in known if one}
        return {_id_of(visitor, folded): address for folded, address in reversed(once.items())}


def _id_of(visitor: Visitor, folded: str) -> str:
    return hashlib.sha256(f"{visitor.id}\n{folded}".encode()).hexdigest()[:16]
