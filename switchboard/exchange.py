"""What channels tell beside messages: receipts, which are written down, and events that are only counted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from connectors.events import Linked, Receipt
from handoff import channel_cursors, deliveries
from handoff.clock import Clock
from handoff.database import Database
from handoff.deliveries import Moved
from handoff.floor import Live
from handoff.models import DeliveryState
from switchboard.outbox import key_of, tell_desk

log = logging.getLogger(__name__)

# A receipt may be faster than the answer that carries the id it names.
_LOOK_AGAIN_AFTER_SECONDS = (0.3, 2.0, 10.0)
# For how long a provider may tell of a message whose answer never came: WhatsApp brings a status again for a week.
_KNOWN_BY_KEY_FOR = timedelta(days=8)
# A kind is a provider's name for an event. What else stands in its place, an id or a customer's words, is not repeated.
_KIND = re.compile(r"(?:[A-Za-z][A-Za-z_.:-]*[0-9]{0,2}|[0-9]{1,3})(?: (?:[A-Za-z_.:-]+[0-9]{0,2}|[0-9]{1,3}))*")
MOST_KIND_CHARACTERS = 60
MOST_KINDS = 50
OTHER = "other"


class ChannelExchange:
    """The exchange of one account."""

    def __init__(
        self,
        channel: str,
        database: Database,
        live: Live,
        clock: Clock,
        begin: Callable[[Coroutine[Any, Any, None]], None],
        report: Callable[[str, str, str | None], None],
        on_linked: Callable[[str, Linked], Awaitable[bool]],
    ) -> None:
        self.counted: Counter[str] = Counter()
        self._channel = channel
        self._database = database
        self._live = live
        self._clock = clock
        self._begin = begin
        self._report = report
        self._on_linked = on_linked

    async def cursor(self) -> str | None:
        """As it was stored."""
        return await self._database.read(lambda c: channel_cursors.find(c, self._channel))

    async def move_cursor(self, before: str | None, after: str) -> None:
        """Store it, unless another gateway has moved it: at worst, what is known is fetched once more."""
        with contextlib.suppress(IntegrityError):
            await self._database.write(
                lambda c: channel_cursors.move(c, self._channel, before, after[:200], self._clock())
            )

    async def receipt(self, receipt: Receipt) -> None:
        """Write it down; one for a message that nobody knows yet is looked at again."""
        if not await self._write(receipt) and receipt.message_id:
            self._begin(self._again(receipt))

    async def linked(self, linked: Linked) -> None:
        """Tie the account, if the nonce is of a link of this sender's."""
        if not await self._on_linked(self._channel, linked):
            self.unused("account_link")

    def now(self) -> datetime:
        """By the gateway's clock."""
        return self._clock()

    def unused(self, kind: str) -> None:
        """Count it, for /readyz and the log."""
        is_name = len(kind) <= MOST_KIND_CHARACTERS and _KIND.fullmatch(kind) is not None
        if not is_name or (kind not in self.counted and len(self.counted) >= MOST_KINDS):
            kind = OTHER
        self.counted[kind] += 1
        log.info("An event was not used", extra={"event": "event_unused", "channel": self._channel, "kind": kind})

    def trouble(self, about: str, why: str | None) -> None:
        """Say it in /readyz and the desk, or take it back."""
        self._report(self._channel, about, why)

    async def _again(self, receipt: Receipt) -> None:
        for pause in _LOOK_AGAIN_AFTER_SECONDS:
            await asyncio.sleep(pause)
            if await self._write(receipt):
                return
        self.unused("receipt_of_unknown_message")

    async def _write(self, receipt: Receipt) -> bool:
        state = DeliveryState(receipt.state)

        def work(connection: Connection) -> list[Moved]:
            now = self._clock()
            if receipt.until is not None and receipt.recipient:
                return deliveries.receipts_until(
                    connection, self._channel, receipt.recipient, receipt.until, state, now
                )
            about = (receipt.message_id or "", state, now, receipt.reason, receipt.detail)
            moved = deliveries.receipt(connection, self._channel, *about)
            if not moved and self._know(connection, receipt, state):
                moved = deliveries.receipt(connection, self._channel, *about)
            return moved

        found = await self._database.write(work)
        for moved in found:
            tell_desk(self._live, moved.conversation_id, [moved.message_id])
        return bool(found)

    def _know(self, connection: Connection, receipt: Receipt, state: DeliveryState) -> bool:
        """Find out which of our messages has this id, where the answer that should have said so never came."""
        key, provider_id, now = receipt.key, receipt.message_id, self._clock()
        if not key or not provider_id or deliveries.is_known(connection, self._channel, provider_id):
            return False
        waiting = deliveries.without_id(connection, self._channel, now - _KNOWN_BY_KEY_FOR)
        found = next((one for one in waiting if key_of(one) == key), None)
        if found is not None:
            deliveries.has_id(connection, found, provider_id, state is not DeliveryState.FAILED, now)
        return found is not None
