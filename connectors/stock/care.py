"""What a stock channel needs around it: one `Care` a channel, and the channel with its settings as `Kept`.

The channel's own code stays as it is. Its requests pass a middleware first, which asks whether the provider sent them
and reads what the channel does not hand on; its output channel is asked for only where it may call its provider.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.media import MediaPlace
from connectors.output import Button, Limits
from switchboard.records import Attachment

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]
Reach = Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A stock channel, its entry in credentials.yml, and the address customers' providers see."""

    name: str
    channel: InputChannel
    settings: Mapping[str, Any]
    url: str  # of its webhook, as the provider calls it

    def setting(self, name: str) -> str:
        """A setting of ours in the channel's entry."""
        return str(self.settings.get(name) or "")


@dataclass(frozen=True)
class Known:
    """What a request says that the channel does not hand on. None: as the channel says.

    `unused` names an event that nobody needs: it is acknowledged and goes no further. `is_again`: no message, but who
    was asked for a moment and comes for the answer to that one. `reply` is what the provider wants to read once the
    message is kept.
    """

    message_id: str | None = None
    reach: Reach = field(default_factory=dict)
    sender: str | None = None
    text: str | None = None
    name: str | None = None
    attachments: tuple[Attachment, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)  # beside what the channel hands on
    unused: str | None = None
    is_again: bool = False
    reply: Mapping[str, Any] | None = None


# What reading a body that is not as its provider documents raises.
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Hands:
    """Where what a request brings goes: a message with what is known of it to the line, and an event that nobody needs
    to those that are counted by kind."""

    over: Callable[[UserMessage, Known], Awaitable[None]]
    unused: Callable[[str], None]


OpenMedia = Callable[[Kept, Attachment], Awaitable[MediaPlace]]
Proof = Callable[[Kept, Request], bool]
Reading = Callable[[Kept, Request], Known]
# Instead of the channel's own handler, where that would lose something.
Taking = Callable[[Kept, Request, Hands], Awaitable[Optional[HTTPResponse]]]


def _nothing_known(_kept: Kept, _request: Request) -> Known:
    return Known()


def _own_output(kept: Kept, _reach: Reach) -> OutputChannel | None:
    return type(kept.channel).get_output_channel(kept.channel)


def _as_rasa_writes_it(button: Button) -> dict[str, str]:
    return {"title": button.title, "payload": button.payload}


def says_its_title(button: Button) -> dict[str, str]:
    """Where a tap is a line that everybody reads: its words, which are known again, and no key of ours."""
    return {"title": button.title, "payload": button.title}


def _from_credentials(kind: type[InputChannel], settings: Mapping[str, Any]) -> InputChannel:
    return kind.from_credentials(dict(settings))


_LIMITS = Limits(text=2000, buttons=3, button_title=80, images=True)


@dataclass(frozen=True)
class Care:
    """The care for one kind of channel.

    `needs`: settings without which it does not run, beside Rasa's own. `in_thread`: its client is synchronous.
    `writes_later`: whether customers can be written to unasked. `make` makes the channel, `prepare` runs before its
    blueprint is built, `start` when the gateway runs, `close` when it stops. `open_media` says where a customer's file
    is, with what the entry knows. `renews`: a refused request may be genuine by keys that the provider has changed
    meanwhile; they are fetched, and it is looked at again. `finish` puts right what the channel answers; it is told the
    id of a message whose answer took longer than `answers_within_seconds`: the caller was asked for a moment, and
    brings the id again. `is_paid`: each message costs money. `button`: a choice as the channel's output wants it.
    `whole_titles`: a tap says the title, so a title that is too long makes a numbered list. `is_known`: it is one of
    Rasa's, or made of one, and needs no output channel of its own to take a message.
    """

    is_genuine: Proof | None = None
    needs: tuple[str, ...] = ()
    read: Reading = _nothing_known
    take: Taking | None = None
    output: Callable[[Kept, Reach], OutputChannel | None] = _own_output
    writes_later: bool = True
    in_thread: bool = False
    limits: Limits = _LIMITS
    is_paid: bool = False
    button: Callable[[Button], dict[str, str]] = _as_rasa_writes_it
    whole_titles: bool = False
    is_known: bool = True
    make: Callable[[type[InputChannel], Mapping[str, Any]], InputChannel] = _from_credentials
    prepare: Callable[[Kept], None] = lambda _kept: None
    start: Callable[[Kept], Awaitable[None]] | None = None
    close: Callable[[Kept], Awaitable[None]] | None = None
    open_media: OpenMedia | None = None
    renews: Callable[[Kept, Request], Awaitable[bool]] | None = None
    finish: Callable[[Kept, HTTPResponse, str | None], HTTPResponse] | None = None
    answers_within_seconds: float | None = None


def not_given(kind: str, name: str | None = None) -> Attachment:
    """A file that only its name is known of."""
    return Attachment(kind, {"refused": "not_given"}, name)


class NoOutput(OutputChannel):
    """Stands in a `UserMessage` where the outbox writes to the customer: making the real one may call the provider."""

    @classmethod
    def name(cls) -> str:
        """A name, as Rasa wants one."""
        return "outbox"
