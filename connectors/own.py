"""What all our own channels are, however their messages come: by calls of the provider (`Webhook`), or fetched by us
(`Polled`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import InvalidConfigException

from connectors.events import Exchange, NobodyListens
from connectors.media import MediaPlace
from connectors.output import DeliveryFailed, Output
from switchboard.records import Attachment

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]


class BadSetting(InvalidConfigException):
    """An entry of credentials.yml is not usable. The message is for the operator, and holds no secret."""


class NotTaken(Exception):
    """This message will never be taken, however often it is brought. The text is a code that says why."""


@dataclass(frozen=True)
class Window:
    """How long, and how often, the provider lets us write to a customer.

    `until` None: always. `left` None: as often as we like. `after` names what can still be sent once it is closed, in a
    word that the desk has a sentence for: nothing, template, next_message.
    """

    until: datetime | None = None
    left: int | None = None
    after: str = "nothing"

    def is_open(self, now: datetime) -> bool:
        """Whether a message may go now."""
        return (self.until is None or now < self.until) and (self.left is None or self.left > 0)


class OwnChannel(InputChannel):
    """An input channel of Rasa that the gateway can write through at any time."""

    exchange: Exchange = NobodyListens()
    # A message that is not taken stays where it is and is brought again: the customer is told nothing aside.
    brings_again = False
    # The provider makes sure who writes, and nobody can be written to who has not written first. Not so where a sender
    # can be forged, as in mails and SMS.
    sender_is_sure = False
    # The origin at which `account_step` begins.
    account_site: str | None = None
    # What the provider gives us to answer with holds from when it came to us, however long ago the customer wrote.
    holds_from_arrival = False

    def get_output_channel(self) -> Output:
        """How to write to customers of this channel at any time."""
        raise NotImplementedError

    def window(self, wrote_at: datetime | None, sent_since: int, now: datetime, reach: Mapping[str, Any]) -> Window:
        """When we may write, from when and how the customer last wrote and how much was sent since."""
        return Window()

    async def account_step(self, sender: str, nonce: str) -> str | None:
        """Where the browser of somebody who says to be this sender goes, so that the provider makes sure of it and
        brings the nonce back as `Linked`; None where the provider has nothing of the kind. Raises DeliveryFailed."""
        return None

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """Where the bytes of an attachment are now. Raises DeliveryFailed when the provider does not say."""
        raise DeliveryFailed("refused", "this channel gives no files", permanent=True)

    async def is_gone(self, said: bytes) -> bool:
        """Whether the file will never come, from what the provider said in its place."""
        return False

    def elsewhere(self, said: bytes) -> MediaPlace | None:
        """Where the file is, when what the provider said in its place is an address."""
        return None

    async def start(self) -> None:
        """What has to be told to the provider at the start, or asked of it, to know that it is there and takes our key.
        Raises DeliveryFailed: the channel runs all the same, and the provider is asked again until it is well."""
