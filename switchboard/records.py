"""What travels along the line: a customer's message coming in, what the bot says, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from handoff.records import Conversation, Message


@dataclass(frozen=True)
class Identity:
    """A customer whose identity the shop signed."""

    customer_id: str
    until: datetime
    name: str | None = None


@dataclass(frozen=True)
class Attachment:
    """Something a customer sent beside text: what it is, and how its channel finds it. Never its address alone: that
    may expire, cost a token to open, or belong to somebody else."""

    kind: str  # image, audio, video, file, sticker, location, contact
    source: Mapping[str, Any] = field(default_factory=dict)  # for the channel's `open_media`; kept with the message
    name: str | None = None
    mime_type: str | None = None
    size_bytes: int | None = None
    content: bytes | None = None  # where the message itself carries it, as a mail does; not kept with the message
    # A file that our own store has already, as the widget's: how it stands in its message. `source` says nothing then.
    stored: Mapping[str, Any] | None = None

    def kept(self) -> dict[str, Any]:
        """What is stored with the message."""
        if self.stored is not None:
            return dict(self.stored)
        shape = {"kind": self.kind, "name": self.name, "mime_type": self.mime_type, "bytes": self.size_bytes}
        return {name: value for name, value in shape.items() if value is not None} | {"source": dict(self.source)}


@dataclass(frozen=True)
class CartItem:
    """So many of one product, by the shop's own id for it."""

    product: str
    quantity: int
    price: Decimal | None = None  # of one
    currency: str | None = None


@dataclass(frozen=True)
class Cart:
    """What a customer wants to buy, put together from a catalogue at the provider."""

    items: tuple[CartItem, ...]
    note: str = ""


@dataclass(frozen=True)
class Inbound:
    """One message from a customer, as a channel hands it over: who, what, and the sender's own id for it."""

    channel: str
    sender: str
    text: str
    external_id: str | None = None
    client_id: str | None = None
    payload: str | None = None
    identity: Identity | None = None
    language: str | None = None  # a hint of the page; the conversation's own language wins
    page: Mapping[str, Any] | None = None
    asks_person: bool = False
    picked_article: str | None = None  # chosen in the page's list of articles rather than asked for
    masked: bool = False  # a card or identity number in the text was hidden
    attachments: tuple[Attachment, ...] = ()
    # What the channel needs to write back later; None for a channel that is never written to unasked.
    reach: Mapping[str, Any] | None = None
    wrote_at: datetime | None = None  # by the provider's clock, where its window runs from then
    name: str | None = None  # what the provider calls the customer; proves nothing


@dataclass(frozen=True)
class BotLine:
    """One thing the bot said: text, buttons, an image, and marks for the platform."""

    text: str = ""
    buttons: tuple[Mapping[str, str], ...] = ()
    image: str | None = None
    marks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What came of a message: where it is stored, and the lines that answered it."""

    message: Message
    conversation: Conversation
    answers: tuple[Message, ...] = ()
    pending: tuple[Message, ...] = ()  # said earlier, and only now on their way, in a channel that cannot be written to
    repeated: bool = False
    too_fast: bool = False  # it is kept, and answered together with others


@dataclass(frozen=True)
class SessionWish:
    """What a page asks for when it begins: its inbox, its language, and who it says it is (signed, or nothing)."""

    inbox: str
    language: str | None = None
    token: str | None = None
    identity: object = None
    page: Mapping[str, str] | None = None
