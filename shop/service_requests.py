"""What a customer may ask the shop to do with an order, and what became of it. Whether it is allowed is the shop's
word; the demo shop's rules stand in `shop.demo_rules`."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from hashlib import blake2b

MAX_DETAIL_LENGTH = 500


class RequestKind(Enum):
    CHANGE_ADDRESS = "change_address"
    CANCEL = "cancel_order"
    RETURN = "return_order"
    EXCHANGE = "exchange_order"


class RefusedBecause(Enum):
    """Why the shop does not do it. The value is a stable word; what customers read stands in `domain.yml`."""

    ALREADY_SHIPPED = "already_shipped"
    ALREADY_DELIVERED = "already_delivered"
    ALREADY_CANCELLED = "already_cancelled"
    ALREADY_REQUESTED = "already_requested"
    NOT_SHIPPED_YET = "not_shipped_yet"
    NOT_DELIVERED_YET = "not_delivered_yet"
    RETURN_IN_PROGRESS = "return_in_progress"
    ALREADY_REFUNDED = "already_refunded"
    TOO_LATE = "too_late"
    NOT_OFFERED = "not_offered"  # the shop's system takes no such request, or not from here


@dataclass(frozen=True)
class ServiceRequest:
    """One wish for one order. `details` are the customer's words: `address`, `item`, `reason`, `said`, `swap`."""

    kind: RequestKind
    order_number: str
    details: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        """The same wish has the same key, so that saying it twice, or sending it twice, does it once."""
        told = [self.kind.value, self.order_number]
        for name in sorted(self.details):
            told += [name, " ".join(self.details[name].split())]
        return blake2b("\0".join(told).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    @property
    def reference(self) -> str:
        """A number to quote, for a shop that has none of its own: a letter of the kind and eight of the key."""
        letters = b32encode(bytes.fromhex(self.key)).decode("ascii")[:8]
        return f"{_LETTERS[self.kind]}-{letters[:4]}-{letters[4:]}"


_LETTERS = {
    RequestKind.CHANGE_ADDRESS: "A",
    RequestKind.CANCEL: "C",
    RequestKind.RETURN: "R",
    RequestKind.EXCHANGE: "X",
}


@dataclass(frozen=True)
class Allowed:
    """The shop would do it now; `until` is when it no longer will, where that is known."""

    until: datetime | None = None


@dataclass(frozen=True)
class Accepted:
    reference: str
    at: datetime


@dataclass(frozen=True)
class Refused:
    """With the facts that make the reason plain: how many days there were, until when, what is on file already."""

    because: RefusedBecause
    days: int | None = None
    until: datetime | None = None
    reference: str | None = None


class RefundState(Enum):
    AWAITING_RETURN = "awaiting_return"  # the goods are not back yet
    CHECKING = "checking"  # the goods are here and are looked at
    SENT = "sent"  # the shop has paid; banks take their time
    NONE = "none"  # there is nothing to refund


@dataclass(frozen=True)
class Refund:
    """`expected_by` is when the next step is promised: the check, or the money on the customer's account."""

    state: RefundState
    amount: Decimal | None = None
    currency: str | None = None
    updated_at: datetime | None = None
    expected_by: datetime | None = None


NO_REFUND = Refund(RefundState.NONE)
