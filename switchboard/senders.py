"""How a stored line becomes messages at a provider: through one of our channels, or through a stock channel of Rasa."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from connectors.output import Button, Envelope, NotFree, Outgoing, Output, Part, SentFile, Template
from connectors.own import OwnChannel
from faq_kb.markup import plain
from handoff import texts
from handoff.models import Author
from handoff.records import Message
from switchboard.file_links import LINK_DAYS
from switchboard.purse import Purse

# The address of a file of this id that was sent then.
LinkOf = Callable[[str, datetime], str]
# The address of the shop's page for the account link with this locator, in this language.
AccountPageOf = Callable[[str, str], str]
# Where a file goes as a link, any that we took does.
_ANY_FILE = {"*": 2**31}


class Sender(Protocol):
    """Sends the lines of one account."""

    repeats_safely: bool
    file_limits: Mapping[str, int]  # of what agents attach, as in `Limits.files`
    links_files: bool  # whether what agents attach goes as a link in the text
    joins_turns: bool  # whether all that answers one message of the customer leaves together
    typing_seconds: float | None  # for how long the provider shows that somebody writes; None: it is told once
    most_at_once: int  # how many conversations it can send in, however many of them hang
    takes_templates: bool  # whether the provider approves texts beforehand, for when the time to answer is over

    def turn(self, lines: Sequence[Message]) -> list[list[Part]]:
        """The messages that each line of a turn becomes; always the same for the same lines."""

    def leaving(self, parts: Sequence[Part]) -> int:
        """How many of these, from the first, leave in one request."""

    async def send(self, parts: Sequence[Part], envelope: Envelope) -> list[str | None]:
        """Send so many in one request; the provider's id for each. Raises DeliveryFailed."""

    def numbers(self, buttons: Sequence[Mapping[str, str]]) -> bool:
        """Whether these choices are shown as a numbered list."""

    def may_repeat(self, envelope: Envelope) -> bool:
        """Whether what was begun then, and whose end nobody knows, may be sent once more."""

    async def typing(self, envelope: Envelope) -> None:
        """Show that somebody writes."""

    async def close(self) -> None:
        """Let go of connections."""


def outgoing(
    line: Message,
    site: str,
    path_of: Callable[[str], Path] | None = None,
    link_of: LinkOf | None = None,
    account_page_of: AccountPageOf | None = None,
) -> Outgoing:
    """A line as it leaves: without the markup that only the widget shows, its choices under short keys of ours.

    A key names the message and the place of the choice in it. It fits the smallest limit there is (64 bytes), and what
    it stands for stays with us. Files go by `path_of`, or as addresses in the text by `link_of`. The address of an
    account link stands nowhere but in what leaves.
    """
    text = plain(line.text, site) if line.body.get("faq") else line.text
    buttons = tuple(Button(str(one["title"]), button_key(line.id, at)) for at, one in enumerate(line.buttons))
    image = line.body.get("image")
    if isinstance(image, str) and image.startswith("/"):
        image = f"{site}{image}"
    hint = texts.say("choose_number", line.language) if buttons else ""
    files = _files_of(line, path_of) if path_of else ()
    links = _links_of(line, link_of) if link_of else []
    if (files or links) and line.body.get("wordless"):
        text = ""  # it only stands for them
    locator = line.body.get("account_link")
    if locator and account_page_of:
        links.append(account_page_of(str(locator), line.language))
    text = "\n".join([*filter(None, [text]), *links])
    return Outgoing(text, buttons, image, hint, files, _template_of(line))


def button_key(message_id: int, index: int) -> str:
    """The key of a choice."""
    return f"b{message_id}.{index}"


def _attached_to(line: Message) -> Sequence[Mapping[str, Any]]:
    """What an agent attached. What customers sent is never sent back."""
    return (line.body.get("attachments") or ()) if line.author is Author.AGENT else ()


def _files_of(line: Message, path_of: Callable[[str], Path]) -> tuple[SentFile, ...]:
    return tuple(_file_of(one, path_of(str(one["id"]))) for one in _attached_to(line))


def _file_of(one: Mapping[str, Any], path: Path) -> SentFile:
    width, height = one.get("width"), one.get("height")
    pixels = (int(width), int(height)) if width and height else None
    return SentFile(str(one["name"]), str(one["type"]), path, int(one["bytes"]), pixels)


def _links_of(line: Message, link_of: LinkOf) -> list[str]:
    return [
        texts.say("file_link", line.language, name=one["name"], days=LINK_DAYS, url=link_of(str(one["id"]), line.at))
        for one in _attached_to(line)
    ]


def _template_of(line: Message) -> Template | None:
    found = line.body.get("template")
    return Template(found["name"], found["code"], tuple(found["values"])) if found else None


class OwnSender:
    """Sends through a channel of `connectors`; `path_of` says where the bytes of a file are, `link_of` its address."""

    # Fewer than the connections of a pool (https://docs.aiohttp.org/en/stable/client_reference.html#tcpconnector).
    most_at_once = 80

    def __init__(
        self,
        channel: OwnChannel,
        site: str,
        path_of: Callable[[str], Path],
        link_of: LinkOf,
        purse: Purse,
        account_page_of: AccountPageOf | None = None,
    ) -> None:
        self._output: Output = channel.get_output_channel()
        self._site = site
        self._account_page_of = account_page_of
        self.links_files = self._output.limits.file_links
        self._path_of = None if self.links_files else path_of
        self._purse = purse
        self._link_of = link_of if self.links_files else None
        self.file_limits = _ANY_FILE if self.links_files else self._output.limits.files
        self.takes_templates = self._output.limits.templates
        self.repeats_safely = self._output.repeats_safely
        self.joins_turns = self._output.joins_turns
        self.typing_seconds = self._output.typing_seconds

    def turn(self, lines: Sequence[Message]) -> list[list[Part]]:
        """As the channel cuts them."""
        out = [outgoing(one, self._site, self._path_of, self._link_of, self._account_page_of) for one in lines]
        return self._output.turn(out)

    def leaving(self, parts: Sequence[Part]) -> int:
        """As the channel joins them."""
        return self._output.leaving(parts)

    async def send(self, parts: Sequence[Part], envelope: Envelope) -> list[str | None]:
        """As the channel posts them, and where it costs money, as long as there is some. What leaves in one request
        costs as much as one message."""
        if not self._output.costs(parts[0], envelope):
            with contextlib.suppress(NotFree):
                return await self._output.post_together(parts, envelope)
        async with self._purse.pays(envelope.recipient):
            return await self._output.post_together(parts, envelope)

    def numbers(self, buttons: Sequence[Mapping[str, str]]) -> bool:
        """As the channel shows them."""
        return self._output.numbers([Button(str(one["title"]), button_key(2**62, 99)) for one in buttons])

    def may_repeat(self, envelope: Envelope) -> bool:
        """As the channel knows."""
        return self._output.may_repeat(envelope)

    async def typing(self, envelope: Envelope) -> None:
        """Where the provider has it."""
        await self._output.typing(envelope)

    async def close(self) -> None:
        """The channel's connections."""
        await self._output.close()


def custom_of(line: Message) -> dict[str, Any]:
    """What a program behind the rest channel may want to know beside the text: who speaks, and the order as data."""
    custom: dict[str, Any] = {}
    if line.name and line.author.value == "agent":
        custom["author"] = {"kind": "agent", "name": line.name}
    if line.body.get("order"):
        custom["order"] = line.body["order"]
    return custom
