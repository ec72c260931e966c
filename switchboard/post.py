"""Sending: how a stored line of ours reaches the customer through the channel they came by."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel

from faq_kb.markup import plain
from handoff import transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.models import Author
from handoff.records import Conversation, Message

log = logging.getLogger(__name__)

WIDGET = "widget"


class ChannelPost:
    """Knows every mounted channel and sends through it."""

    def __init__(self, database: Database, clock: Clock, site: str = "") -> None:
        self._database = database
        self._clock = clock
        self._site = site  # goes before the paths in articles
        self._channels: dict[str, InputChannel] = {}
        self._only_in_response: set[str] = set()

    def register(self, name: str, channel: InputChannel) -> None:
        """Remember how to reach customers of this channel later."""
        self._channels[name] = channel
        if type(channel).get_output_channel is InputChannel.get_output_channel:
            self._only_in_response.add(name)

    def pulled_by_customer(self, channel: str) -> bool:
        """The widget fetches its lines itself, by cursor."""
        return channel == WIDGET

    def answered_in_response(self, channel: str) -> bool:
        """A channel without an output of its own, such as `rest`: what is said meanwhile goes with the next answer."""
        return channel in self._only_in_response

    async def deliver(self, conversation: Conversation, lines: Sequence[Message]) -> None:
        """Send lines in order. What a channel does not take stays undelivered, and is logged."""
        if self.pulled_by_customer(conversation.channel) or self.answered_in_response(conversation.channel):
            return
        try:
            output = self.output_for(conversation.channel)
        except Exception as exc:  # a stock channel may build its client here, and call its provider
            log.error(
                "A channel cannot be written to",
                extra={"event": "delivery_failed", "channel": conversation.channel, "error": type(exc).__name__},
            )
            return
        if output is not None:
            await self.send(output, conversation, lines)

    def output_for(self, channel: str) -> OutputChannel | None:
        """The way to write to customers of this channel without being asked; None when there is none."""
        known = self._channels.get(channel)
        return known.get_output_channel() if known is not None else None

    async def send(self, output: OutputChannel, conversation: Conversation, lines: Sequence[Message]) -> None:
        """Send through this output, and remember what it took. A failure keeps the rest, in order, for later."""
        taken = await self._send_in_order(output, conversation, lines)
        if taken:
            now = self._clock()
            await self._database.write(lambda c: transcript.mark_delivered(c, taken, now))

    async def respond(self, output: OutputChannel, conversation: Conversation, lines: Sequence[Message]) -> None:
        """Send within the response to the customer's request; the line has marked these as delivered already."""
        await self._send_in_order(output, conversation, lines)

    async def _send_in_order(
        self, output: OutputChannel, conversation: Conversation, lines: Sequence[Message]
    ) -> list[int]:
        taken: list[int] = []
        for line in lines:
            try:
                await self._send_one(output, recipient_of(conversation), line)
            except Exception as exc:  # a provider's client may raise anything
                log.error(
                    "A channel did not take a message",
                    extra={
                        "event": "delivery_failed",
                        "channel": conversation.channel,
                        "message_id": line.id,
                        "error": type(exc).__name__,
                    },
                )
                break
            taken.append(line.id)
        return taken

    async def _send_one(self, output: OutputChannel, recipient: str, line: Message) -> None:
        # Articles are written with markup, which no channel but the widget shows.
        message: dict[str, Any] = {"text": plain(line.text, self._site) if line.body.get("faq") else line.text}
        if line.buttons:
            message["buttons"] = [dict(button) for button in line.buttons]
        if line.body.get("image"):
            message["image"] = line.body["image"]
        custom = _custom(line)
        if custom and output.name() == "collector":
            message["custom"] = custom
        await output.send_response(recipient, message)


def recipient_of(conversation: Conversation) -> str:
    """The provider's own id of the customer."""
    return conversation.sender.rpartition("\x1f")[2]


def _custom(line: Message) -> Mapping[str, Any]:
    """What a program behind the rest channel may want to know beside the text: who speaks, and the order as data."""
    custom: dict[str, Any] = {}
    if line.author is Author.AGENT:
        custom["author"] = {"kind": "agent", "name": line.name}
    if line.body.get("order"):
        custom["order"] = line.body["order"]
    return custom
