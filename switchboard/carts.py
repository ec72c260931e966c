"""What a customer put together from a shop's catalogue at a provider, as a line that people can read."""

from __future__ import annotations

from decimal import Decimal

from handoff import texts
from shop.products import money_text
from switchboard.records import Cart


def in_words(cart: Cart, locale: str) -> str:
    """The products with quantities and prices, what they come to, and what the customer wrote beside them."""
    lines = [texts.say("cart", locale)]
    for item in cart.items:
        each = "" if item.price is None else texts.say("cart_each", locale, price=_money(item.price, item.currency))
        lines.append(f"{item.product} × {item.quantity}{each}")
    if len({item.currency for item in cart.items}) == 1 and all(item.price is not None for item in cart.items):
        total = sum((item.price * item.quantity for item in cart.items if item.price is not None), Decimal())
        lines.append(texts.say("cart_total", locale, total=_money(total, cart.items[0].currency)))
    return "\n".join([*lines, *([cart.note] if cart.note else [])])


def _money(amount: Decimal, currency: str | None) -> str:
    return money_text(amount.quantize(Decimal("0.01")), currency)
