"""What a channel may spend: each paid message is counted before it leaves, and what goes over a cap is refused."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from connectors.output import DeliveryFailed
from handoff import paid_messages
from handoff.clock import Clock
from handoff.database import Database
from handoff.paid_messages import Cap, Caps

log = logging.getLogger(__name__)


class Purse:
    """The purse of one channel. `trouble` tells operators that the channel's own caps are reached, or no more."""

    def __init__(
        self, channel: str, database: Database, caps: Caps, clock: Clock, trouble: Callable[[str | None], None]
    ) -> None:
        self._channel = channel
        self._database = database
        self._caps = caps
        self._clock = clock
        self._trouble = trouble

    @asynccontextmanager
    async def pays(self, recipient: str) -> AsyncIterator[None]:
        """Around the sending of one message. Raises DeliveryFailed where a cap is reached: it is not sent, nor later
        by itself, so that a flood does not spend the money of the next day as well."""
        taken = await self._database.write(
            lambda c: paid_messages.take(c, self._channel, recipient, self._caps, self._clock())
        )
        if isinstance(taken, Cap):
            raise self._refusal(taken)
        self._trouble(None)
        try:
            yield
        except DeliveryFailed as failed:
            if not failed.maybe_sent:
                await self._database.write(lambda c: paid_messages.give_back(c, taken))
            raise

    def _refusal(self, cap: Cap) -> DeliveryFailed:
        said = f"{cap.setting} is {cap.most}"
        log.warning(
            "A paid message was not sent",
            extra={"event": "paid_cap_reached", "channel": self._channel, "setting": cap.setting, "most": cap.most},
        )
        if cap.is_of_customer:
            return DeliveryFailed("cap_customer", said, permanent=True)
        self._trouble(f"paid messages are refused: {said}")
        return DeliveryFailed("cap_channel", said, permanent=True)
