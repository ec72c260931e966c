"""What a customer wants done with an order, and how far the conversation about it has come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rasa_sdk.events import SlotSet

from actions.conversation import Event, Turn
from shop import RequestKind

REFUND_STATUS = "refund_status"

# The wish is named by its intent; what the shop does for it, by the shop.
KINDS: Mapping[str, RequestKind] = {
    "cancel_order": RequestKind.CANCEL,
    "change_address": RequestKind.CHANGE_ADDRESS,
    "return_request": RequestKind.RETURN,
    "exchange_request": RequestKind.EXCHANGE,
}
WISHES = frozenset({*KINDS, REFUND_STATUS})

# What the shop needs to know for each wish, beside the order, in the order of asking.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "cancel_order": (),
    "change_address": ("address",),
    "return_request": ("item", "reason"),
    "exchange_request": ("swap",),
    REFUND_STATUS: (),
}

OF_GOODS = frozenset({"item", "swap"})

REASONS = ("changed_mind", "wrong_size", "faulty", "wrong_item", "other")


@dataclass(frozen=True)
class Service:
    """One wish in hand, and those that wait until it is dealt with."""

    wish: str
    details: Mapping[str, str] = field(default_factory=dict)
    # A wish, or a wish and its order: "cancel_order HG10024420".
    later: tuple[str, ...] = ()

    @classmethod
    def in_hand(cls, turn: Turn) -> Service:
        return cls(turn.slot("service_wish") or "", turn.mapping("service_details"), turn.words_of("service_later"))

    @classmethod
    def begun(cls, turn: Turn) -> tuple[Service, str | None]:
        """The wish that this message opens the dialogue with, its order where the message names one, and the other
        wishes in the same message, in its order."""
        wish = turn.intent if turn.intent in WISHES else (turn.slot("service_wish") or "return_request")
        parts = [(name, start) for name, start in turn.wishes if name in WISHES] or [(wish, 0)]
        if wish not in (name for name, _ in parts):
            parts = [(wish, 0), *parts] if len(parts) == 1 else parts
        first, *later = _one_by_one(turn, parts)
        number = first[1] or (None if any(other for _, other in later) else turn.order_number)
        return cls(first[0], later=tuple(" ".join(filter(None, pair)) for pair in later)), number

    def next(self) -> tuple[Service, str | None]:
        """The wish that waits longest, and its order where one was named."""
        wish, _, number = self.later[0].partition(" ")
        return Service(wish, later=self.later[1:]), number or None

    def of_another_order(self) -> Service:
        """What was told of the goods of one order says nothing of another's."""
        return replace(self, details={name: words for name, words in self.details.items() if name not in OF_GOODS})

    @property
    def kind(self) -> RequestKind | None:
        return KINDS.get(self.wish)

    def told(self, name: str, words: str) -> Service:
        return replace(self, details={**self.details, name: words})

    def turned_to(self, wish: str) -> Service:
        """Another wish instead; what was told for the first is not forgotten where it fits."""
        kept = {name: words for name, words in self.details.items() if name in NEEDS[wish]}
        return replace(self, wish=wish, details=kept)

    def missing(self) -> str | None:
        return next((name for name in NEEDS[self.wish] if name not in self.details), None)

    def events(self) -> list[Event]:
        return [
            SlotSet("service_wish", self.wish),
            SlotSet("service_details", dict(self.details)),
            SlotSet("service_later", list(self.later)),
        ]


def _one_by_one(turn: Turn, parts: Sequence[tuple[str, int]]) -> Iterator[tuple[str, str | None]]:
    """Each wish with each order that its part of the message names; a wish whose part names none stands alone."""
    places = turn.places_of_orders
    named = {number: places.get(number, 0) for number in turn.order_numbers}
    ends = [start for _, start in parts[1:]] + [len(turn.words) + 1]
    begins = [0, *ends[:-1]]
    for (wish, _), begin, end in zip(parts, begins, ends):
        own = [number for number, place in named.items() if begin <= place < end]
        yield from ((wish, number) for number in own)
        if not own:
            yield wish, None


FORGOTTEN: list[Event] = [
    SlotSet("service_wish", None),
    SlotSet("service_details", None),
    SlotSet("service_later", None),
]


def collected(turn: Turn) -> dict[str, Any]:
    """The wish in hand for the person who takes over."""
    service = Service.in_hand(turn)
    return {"wish": service.wish, **service.details} if service.wish else {}
