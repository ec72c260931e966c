"""What the shop sells, for agents: searching it in the customer's language, and one product as a card."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sanic.request import Request

import shop
from handoff import texts
from handoff.desk.wire import Route, asker_locale, words_of
from handoff.errors import BadInput, ProductsNotOffered, ShopUnavailable, UnknownProduct
from handoff.records import Agent

log = logging.getLogger(__name__)
T = TypeVar("T")

PRODUCTS_SHOWN = 12


class Products:
    """Looks products up in the shop's own system."""

    def __init__(self, sold: shop.Shop, site: str) -> None:
        self._sold = sold
        self._site = site  # goes before the paths of the demo shop

    def routes(self) -> Iterable[Route]:
        yield "/products", "GET", self._found

    async def card(self, product_id: str, locale: str) -> dict[str, Any]:
        """What stands on the card of a product, asked now. Raises UnknownProduct, ProductsNotOffered,
        ShopUnavailable."""
        product = await _asked(lambda: self._sold.product(product_id, locale))
        if product is None:
            raise UnknownProduct()
        return shop.product_card(product, locale, self._site)

    async def _found(self, agent: Agent, request: Request) -> dict[str, Any]:
        words, locale = words_of(request), asker_locale(agent, request)
        if locale not in texts.LOCALES:
            raise BadInput(f"locale must be one of {', '.join(texts.LOCALES)}.", field="locale")
        found = await _asked(lambda: self._sold.products(words, locale, PRODUCTS_SHOWN))
        return {"products": [shop.product_card(one, locale, self._site) for one in found]}


async def _asked(question: Callable[[], T]) -> T:
    try:
        return await asyncio.get_running_loop().run_in_executor(None, question)
    except shop.NotOffered as exc:
        raise ProductsNotOffered() from exc
    except shop.ShopUnavailable as exc:
        log.warning(
            "The shop did not tell its products",
            extra={"event": "shop_unavailable", "reason": exc.reason.value, "detail": exc.detail},
        )
        raise ShopUnavailable() from exc
