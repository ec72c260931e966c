"""What a provider's webhook brings, once it is read: a customer's message, a receipt, or something we do not use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol, Union

from rasa.core.channels.channel import OutputChannel, UserMessage

from switchboard.records import Attachment, Cart


@dataclass(frozen=True)
class Incoming:
    """One message from a customer.

    `message_id` is the provider's own id for it: the same at every repeat, and another for every other message of this
    customer. `payload` is what a button of ours carried. `reach` is what writing to this customer later takes.
    `sent_at` is when they wrote it by the provider's clock: what one call brings is taken in that order, and the window
    in which we may write runs from it.
    """

    sender: str
    message_id: str
    text: str = ""
    payload: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reach: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    language: str | None = None
    sent_at: datetime | None = None
    cart: Cart | None = None  # of a catalogue; what `text` says of it is said in the customer's language

    def __post_init__(self) -> None:
        """Raises TypeError or ValueError where a provider's body brought something else: the event cannot be read."""
        _texts(self.sender, self.message_id, self.payload or "", self.language or "")
        for words in ("text", "name"):  # half a character in what people write costs them that half
            object.__setattr__(self, words, _storable(getattr(self, words)))
        for one in self.attachments:
            _texts(one.kind, one.name or "", one.mime_type or "", *map(str, one.source.values()))
            if not isinstance(one.size_bytes or 0, int):
                raise TypeError("no number")


@dataclass(frozen=True)
class Receipt:
    """What became of a message of ours: `sent`, `delivered`, `read` or `failed`.

    Of one message by the provider's id, or, with `until`, of all that `recipient` was sent until then. `key`: what we
    called the message, where the provider gives it back: known by it also if its answer never came.
    """

    state: str
    message_id: str | None = None
    recipient: str | None = None
    until: datetime | None = None
    reason: str | None = None
    detail: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        """As of a message."""
        words = (self.message_id, self.recipient, self.reason, self.detail, self.key)
        _texts(self.state, *(one or "" for one in words))


@dataclass(frozen=True)
class Linked:
    """The provider has asked its customer whether an account is theirs. `nonce` is what `account_step` gave away."""

    sender: str
    nonce: str
    is_done: bool
    reach: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """As of a message."""
        _texts(self.sender, self.nonce, *map(str, self.reach.values()))


@dataclass(frozen=True)
class Unused:
    """An event that we do not use: acknowledged, and counted under its kind."""

    kind: str

    def __post_init__(self) -> None:
        """As of a message."""
        _texts(self.kind)


def _texts(*values: object) -> None:
    """Raises TypeError for what is no text, ValueError for a text that no database keeps."""
    for one in values:
        if not isinstance(one, str):
            raise TypeError("no text")
        if one != _storable(one):
            raise ValueError("no whole text")


def _storable(words: str | None) -> str | None:
    """Without NUL, and half a character as a question mark."""
    return words and words.encode("utf-8", "replace").decode().replace("\0", "")


Event = Union[Incoming, Receipt, Linked, Unused]


def moment(given: object, a_second: int = 1) -> datetime | None:
    """A provider's time, counted since 1970 in so many steps a second; None where it is none. A message is worth more
    than its place."""
    if isinstance(given, bool) or not isinstance(given, (int, str)):
        return None
    try:
        return datetime.fromtimestamp(int(given) / a_second, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def in_their_order(events: Sequence[Event | None]) -> list[Event | None]:
    """What came together: messages as they were written, those of one moment as they came, and all else where it
    stood."""
    timed = [(one.sent_at, at) for at, one in enumerate(events) if isinstance(one, Incoming) and one.sent_at]
    ordered = list(events)
    for (_, place), (_, at) in zip(timed, sorted(timed)):
        ordered[place] = events[at]
    return ordered


class CustomerMessage(UserMessage):
    """A `UserMessage` of Rasa that still knows the event it was made from."""

    def __init__(self, incoming: Incoming, output: OutputChannel, channel: str) -> None:
        metadata: dict[str, Any] = {"message_id": incoming.message_id}
        if incoming.attachments:
            metadata["attachments"] = [one.kept() for one in incoming.attachments]
        super().__init__(
            incoming.payload or incoming.text,
            output,
            incoming.sender,
            input_channel=channel,
            message_id=incoming.message_id,
            metadata=metadata,
        )
        self.incoming = incoming


class Exchange(Protocol):
    """Whom a channel tells what is no message. In plain Rasa nobody listens."""

    async def cursor(self) -> str | None:
        """How far what the provider keeps for us was fetched; None when it never was."""

    async def move_cursor(self, before: str | None, after: str) -> None:
        """All until there is stored. What another gateway has moved meanwhile stays."""

    async def receipt(self, receipt: Receipt) -> None:
        """The provider says what became of a message of ours."""

    async def linked(self, linked: Linked) -> None:
        """The provider's own step of an account link is over."""

    def unused(self, kind: str) -> None:
        """An event was acknowledged and not used."""

    def trouble(self, about: str, why: str | None) -> None:
        """Something that the operator has to know of, until it is told that it is over (None)."""

    def now(self) -> datetime:
        """The time, by the clock of whom we are told things."""


class NobodyListens:
    """The exchange of plain Rasa."""

    async def cursor(self) -> str | None:
        """Rasa keeps none."""
        return None

    async def move_cursor(self, before: str | None, after: str) -> None:
        """Rasa keeps none."""

    async def receipt(self, receipt: Receipt) -> None:
        """Rasa keeps no receipts."""

    async def linked(self, linked: Linked) -> None:
        """Rasa links no accounts."""

    def unused(self, kind: str) -> None:
        """Rasa counts nothing."""

    def trouble(self, about: str, why: str | None) -> None:
        """Rasa has nobody to tell."""

    def now(self) -> datetime:
        """Rasa gives its channels no clock."""
        return datetime.now(timezone.utc)
