"""Customers whom the shop signed for, with the name that the shop has for them."""

from __future__ import annotations

import asyncio
import logging

import shop
from handoff.clock import Clock
from handoff.errors import IdentityRefused
from switchboard.records import Identity

log = logging.getLogger(__name__)


class Identities:
    """Checks what the shop signed."""

    def __init__(self, secret: str, orders: shop.Shop, audience: str, clock: Clock) -> None:
        self._secret = secret
        self._orders = orders
        self._audience = audience
        self._clock = clock

    async def verified(self, identity: object) -> Identity:
        """The customer whom the shop signed for. Raises IdentityRefused; nothing unsigned ever counts."""
        try:
            signed = shop.verify_identity(identity, self._secret, self._clock())  # type: ignore[arg-type]
        except shop.IdentityRefused as exc:
            raise IdentityRefused(reason=exc.code) from exc
        return await self._named(signed)

    async def verified_link(self, identity: object) -> tuple[Identity, str]:
        """The customer who followed an account link, and its token. Raises IdentityRefused."""
        try:
            signed = shop.verify_link(identity, self._secret, self._clock(), self._audience)  # type: ignore[arg-type]
        except shop.IdentityRefused as exc:
            raise IdentityRefused(reason=exc.code) from exc
        return await self._named(signed.identity), signed.nonce

    async def _named(self, signed: shop.Identity) -> Identity:
        customer = None
        try:
            customer = await asyncio.get_running_loop().run_in_executor(None, self._orders.customer, signed.customer_id)
        except shop.ShopUnavailable:
            log.warning("The shop did not name a customer", extra={"event": "shop_unavailable"})
        return Identity(signed.customer_id, signed.expires_at, customer.name if customer else None)
