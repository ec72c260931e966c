"""Writing to a customer: the base of our output channels.

A channel says what its provider takes (`limits`) and how one message is posted (`post`). Cutting long text, turning too
many buttons into a numbered list, and Rasa's own `send_*` methods are here.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from rasa.core.channels.channel import OutputChannel

from connectors.splitting import characters, shorten, split


class DeliveryFailed(Exception):
    """The provider did not take a message.

    `reason` is one of REASONS and is shown to the agent in words. `permanent`: asking again is no use. `retry_after`:
    seconds the provider asks for. `whole_account`: it wants to hear nothing from this account until then, rather than
    nothing for this customer. `maybe_sent`: the request left and no answer came. `cannot_repeat`: this way of sending
    has no repeat key, although the channel has one. `is_told`: the channel has told operators of it itself, and takes
    it back itself.
    """

    is_told = False

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        whole_account: bool = False,
        maybe_sent: bool = False,
        cannot_repeat: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason if reason in REASONS else "refused"
        self.detail = detail
        self.permanent = permanent
        self.retry_after = retry_after
        self.whole_account = whole_account
        self.maybe_sent = maybe_sent
        self.cannot_repeat = cannot_repeat


class NotFree(DeliveryFailed):
    """The provider did not take for nothing what would have cost nothing: posted again, it costs."""


# Why a message did not arrive. The desk has a sentence for each, in every language.
REASONS = frozenset(
    {
        "blocked",  # the customer has blocked us, or left
        "unknown_recipient",  # there is nobody under this id or number
        "window_closed",  # the time in which the provider lets us write is over
        "quota",  # this month's messages, or this window's, are used up
        "content",  # the provider does not take this text or file
        "too_large",
        "account",  # our own account, key or permission was refused: the operator has to act
        "busy",  # asked too fast
        "unreachable",  # the provider cannot be reached, or is broken
        "no_answer",  # the request left and nothing came back
        "template",  # the provider has no such template, or not like this: the operator has to act
        "cap_customer",  # the shop's own limit of what one customer may cost
        "cap_channel",  # and of what this channel may
        "cannot_write",  # the channel has no way to write unasked
        "refused",  # anything else; the detail says what
    }
)


# A line of a megabit a second: what carries less never finishes with a file.
SLOWEST_BYTES_PER_SECOND = 125_000


@dataclass(frozen=True)
class Button:
    """A choice under a message."""

    title: str
    payload: str


@dataclass(frozen=True)
class SentFile:
    """A file that an agent attached: where its bytes are, and what is known of them."""

    name: str
    media_type: str
    path: Path
    size_bytes: int
    pixels: tuple[int, int] | None = None  # of a picture, width and height

    @property
    def kind(self) -> str:
        """What it is in general: `image`, `audio`, `video`, `application`, `text`."""
        return self.media_type.partition("/")[0]

    async def content(self) -> bytes:
        """The bytes. Raises DeliveryFailed when they are gone."""
        with await self.opened() as stream:
            return await asyncio.to_thread(stream.read)

    async def opened(self) -> BinaryIO:
        """The bytes, to be read as they are sent. Raises DeliveryFailed when they are gone."""
        try:
            return await asyncio.to_thread(self.path.open, "rb")
        except OSError as exc:
            raise DeliveryFailed("content", "the file is gone", permanent=True) from exc


@dataclass(frozen=True)
class Template:
    """What a provider approved beforehand: its name and the code of its language there, and what goes into its places,
    in order."""

    name: str
    language: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """A line of ours: text, choices, a picture, files. `hint` asks to answer with a number, in the customer's
    language. `template`: the text stands for it."""

    text: str
    buttons: tuple[Button, ...] = ()
    image: str | None = None
    hint: str = ""
    files: tuple[SentFile, ...] = ()
    template: Template | None = None


@dataclass(frozen=True)
class Part:
    """One message at the provider."""

    text: str = ""
    buttons: tuple[Button, ...] = ()
    image: str | None = None
    files: tuple[SentFile, ...] = ()
    template: Template | None = None


@dataclass(frozen=True)
class Envelope:
    """For whom a part is, and what is known around it."""

    recipient: str
    # The same at every try of the same part, for providers with a repeat key.
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    reach: Mapping[str, Any] = field(default_factory=dict)  # what the channel remembered
    wrote_at: datetime | None = None  # when the customer last wrote
    now: datetime | None = None
    is_person: bool = False  # written by a person rather than the bot

    def wrote_within(self, span: timedelta) -> bool:
        """Whether the customer wrote in this time; where nobody knows, the provider will say."""
        return self.wrote_at is None or self.now is None or self.now - self.wrote_at < span

    def must_be_within(self, span: timedelta) -> None:
        """Raises DeliveryFailed where the provider lets us answer for so long and no longer."""
        if not self.wrote_within(span):
            hours = span // timedelta(hours=1)
            raise DeliveryFailed("window_closed", f"{hours} hours since the customer wrote", permanent=True)


@dataclass(frozen=True)
class Limits:
    """What the provider takes. `size` is how it counts."""

    text: int = 4000
    size: Callable[[str], int] = characters
    buttons: int = 0
    button_title: int = 20
    button_size: Callable[[str], int] | None = None  # where titles are counted otherwise than texts
    text_with_buttons: int | None = None
    payload: int | None = None
    images: bool = False
    # What agents attach: the largest file in bytes by its media type, by `image/*`, or by `*` for all others. The desk
    # tells them what the provider does not take.
    files: Mapping[str, int] = field(default_factory=dict)
    file_links: bool = False  # it carries no files: the text leads to them
    templates: bool = False  # what was approved beforehand, and may go when the time to answer is over


class Output(OutputChannel):
    """An output channel of Rasa that says what became of a message.

    A channel sets `limits` and writes `post`. `repeats_safely`: posting twice under the same `Envelope.key` sends once.
    `joins_turns`: all that answers one message of the customer leaves together, in as few requests as the provider
    takes: as one message where `joined` makes one of several, or as `post_together` sends them.
    """

    limits = Limits()
    repeats_safely = False
    joins_turns = False
    # For how long the provider shows that somebody writes, where it may be told again.
    typing_seconds: float | None = None
    # What customers of this channel are known by, where anybody can be written to unasked: `email`, `phone`.
    contact_kind: str | None = None
    # What customers of this channel are known by, where the provider itself made sure of it: `phone`.
    sure_kind: str | None = None

    def known_as(self, contact: str) -> str:
        """An address, or a number as +85291234567, as customers of this channel are known by it."""
        return contact

    async def notify(self, address: str, subject: str, text: str) -> None:
        """A word of the platform's own to somebody who may never have written. Raises DeliveryFailed."""
        await self.post(Part(text), Envelope(address))

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """Post one message; the provider's id for it. Raises DeliveryFailed."""
        raise NotImplementedError

    async def post_together(self, parts: Sequence[Part], envelope: Envelope) -> list[str | None]:
        """Post what `leaving` counted, in one request; the provider's id for each. Raises DeliveryFailed."""
        one = self.joined(parts) or parts[0]
        return [await self.post(one, envelope)] * len(parts)

    def costs(self, part: Part, envelope: Envelope) -> bool:
        """Whether the provider charges for this message, or takes it from a number that was paid for."""
        return False

    def may_repeat(self, envelope: Envelope) -> bool:
        """Whether what was begun at the envelope's `now`, and whose end nobody knows, may be posted once more."""
        return self.repeats_safely

    async def typing(self, envelope: Envelope) -> None:
        """Show the customer that somebody writes. Nothing where the provider has no such thing."""

    async def close(self) -> None:
        """Let go of connections."""

    def parts(self, line: Outgoing) -> list[Part]:
        """The messages that a line becomes: the same for the same line, always, for a failed one is taken up later."""
        limits = self.limits
        if line.template is not None and limits.templates:
            return [Part(text=line.text, template=line.template)]
        text, buttons = line.text.strip(), self._fitting(line.buttons)
        if line.buttons and not buttons:
            text = numbered(text, line.buttons, line.hint)
        pieces = split(text, limits.text, limits.size)
        if buttons:
            pieces = self._with_room(pieces, limits.text_with_buttons or limits.text)
        parts = [Part(text=piece) for piece in pieces]
        if buttons:
            parts = [*parts[:-1], replace(parts[-1] if parts else Part(text="…"), buttons=buttons)]
        if line.image:
            parts.append(Part(image=line.image) if limits.images else Part(text=line.image))
        return [*parts, *(Part(files=(file,)) for file in line.files)]

    def turn(self, lines: Sequence[Outgoing]) -> list[list[Part]]:
        """What each line of a turn becomes. Where turns are joined their choices are one list: buttons under the last
        line, or numbers that run on."""
        return [self.parts(line) for line in (self._with_one_choice(lines) if self.joins_turns else lines)]

    def leaving(self, parts: Sequence[Part]) -> int:
        """How many of these parts of a turn, from the first, leave in one request."""
        count = 1
        while self.joins_turns and count < len(parts) and self.joined(parts[: count + 1]):
            count += 1
        return count

    def joined(self, parts: Sequence[Part]) -> Part | None:
        """These as one message, a paragraph each; None when the provider would not take it."""
        *before, last = parts
        if not before:
            return last
        if any(part.buttons for part in before) or any(part.image or part.files or part.template for part in parts):
            return None
        limits = self.limits
        words = "\n\n".join(part.text for part in parts)
        most = limits.text_with_buttons or limits.text if last.buttons else limits.text
        return replace(last, text=words) if limits.size(words) <= most else None

    def numbers(self, buttons: Sequence[Button]) -> bool:
        """Whether these choices are shown as a numbered list, to be answered with a number."""
        return bool(buttons) and not self._fitting(buttons)

    def _with_one_choice(self, lines: Sequence[Outgoing]) -> list[Outgoing]:
        offers = [line for line in lines if line.buttons]
        if len(lines) < 2 or not offers:
            return list(lines)
        end = max(at for at, line in enumerate(lines) if line.buttons or line.text.strip())
        choices = tuple(button for line in offers for button in line.buttons)
        if self._fitting(choices):
            return [replace(line, buttons=choices if at == end else ()) for at, line in enumerate(lines)]
        made, first = [], 1
        for at, line in enumerate(lines):
            text = numbered(line.text.strip(), line.buttons, first=first) if line.buttons else line.text.strip()
            hint = offers[-1].hint if at == end else ""
            made.append(replace(line, text="\n\n".join(one for one in (text, hint) if one), buttons=()))
            first += len(line.buttons)
        return made

    def _fitting(self, buttons: Sequence[Button]) -> tuple[Button, ...]:
        """The buttons as the provider takes them; none when it does not take them all, or not told apart."""
        limits = self.limits
        if not buttons or len(buttons) > limits.buttons:
            return ()
        if limits.payload is not None and any(len(one.payload.encode()) > limits.payload for one in buttons):
            return ()
        size = limits.button_size or limits.size
        fitting = tuple(replace(one, title=shorten(one.title, limits.button_title, size)) for one in buttons)
        return fitting if len({one.title for one in fitting}) == len(fitting) else ()

    def _with_room(self, pieces: list[str], limit: int) -> list[str]:
        """The last piece short enough to carry the buttons."""
        return [*pieces[:-1], *split(pieces[-1], limit, self.limits.size)] if pieces else []

    # -- what plain Rasa calls -----------------------------------------------------------------------------------

    async def send_line(self, recipient_id: str, line: Outgoing) -> None:
        """Post every part of a line."""
        for part in self.parts(line):
            await self.post(part, Envelope(recipient_id))

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """A text."""
        await self.send_line(recipient_id, Outgoing(text))

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        """A text with choices."""
        made = tuple(Button(str(one["title"]), str(one.get("payload") or one["title"])) for one in buttons)
        await self.send_line(recipient_id, Outgoing(text, made))

    async def send_image_url(self, recipient_id: str, image: str, **kwargs: Any) -> None:
        """A picture."""
        await self.send_line(recipient_id, Outgoing("", image=image))


@runtime_checkable
class Mailer(Protocol):
    """An output channel that can send a file to an address that never wrote to it."""

    async def mail_file(self, address: str, subject: str, text: str, file: tuple[str, str, str]) -> None:
        """`file` is its name, its type and its text. Raises DeliveryFailed."""


def numbered(text: str, buttons: Sequence[Button], hint: str = "", first: int = 1) -> str:
    """The choices as a numbered list under the text."""
    lines = [f"{number}. {button.title}" for number, button in enumerate(buttons, first)]
    return "\n".join([*([text, ""] if text else []), *lines, *(["", hint] if hint else [])])
