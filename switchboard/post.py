"""The post: which channels there are, how each is written to, and what goes within the response."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Protocol

from rasa.core.channels.channel import OutputChannel

from connectors.media import GivesFiles
from connectors.output import DeliveryFailed, Envelope, Part
from connectors.own import OwnChannel, Window
from faq_kb.markup import plain
from handoff import conversations, deliveries, texts
from handoff.clock import Clock
from handoff.database import Database
from handoff.records import Conversation, Message
from switchboard.file_links import LINK_DAYS
from switchboard.outbox import Outbox, recipient_of
from switchboard.rates import Rates
from switchboard.senders import Sender, custom_of

log = logging.getLogger(__name__)

WIDGET = "widget"
# The output channel of a phone call.
SPOKEN = "twilio_voice"
# Whatever the bot does for longer, its customer is told otherwise than by a sign.
TYPES_FOR_SECONDS = 60.0


class LeftOut(Protocol):
    """A channel that does not run, and why."""

    @property
    def channel(self) -> str:
        """Its name."""

    @property
    def why(self) -> str:
        """In a sentence for the operator, without a secret."""


class ChannelPost:
    """Knows every mounted channel and sends through it."""

    def __init__(self, database: Database, clock: Clock, outbox: Outbox, site: str = "") -> None:
        self.outbox = outbox
        self.site = site  # goes before the paths in articles
        self._database = database
        self._clock = clock
        self._senders: dict[str, Sender] = {}
        self._windows: dict[str, OwnChannel] = {}
        self._files: dict[str, GivesFiles] = {}
        self._only_in_response: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asides = Rates(1, 1 / 60, time.monotonic)
        # The shortest sign of a provider is five seconds long, and ends with what is said.
        self._person_types = Rates(1, 1 / 4, time.monotonic)
        self.left_out: Sequence[LeftOut] = ()

    def register(
        self,
        name: str,
        sender: Sender | None,
        channel: OwnChannel | None = None,
        files: GivesFiles | None = None,
        trouble: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        """Remember how customers of this channel are written to; None: only within the response to their request. And
        who gives their files, and whom to tell why nothing can be sent."""
        given = files or channel
        if given is not None:
            self._files[name] = given
        if sender is None:
            self._only_in_response.add(name)
            return
        self._senders[name] = sender
        self.outbox.add(name, sender, trouble)
        if channel is not None:
            self._windows[name] = channel

    def pulled_by_customer(self, channel: str) -> bool:
        """The widget fetches its lines itself, by cursor."""
        return channel == WIDGET

    def answered_in_response(self, channel: str) -> bool:
        """A channel without an output of its own, such as `rest`: what is said meanwhile goes with the next answer."""
        return channel in self._only_in_response

    def shows_numbers(self, channel: str, buttons: Sequence[Mapping[str, str]]) -> bool:
        """Whether customers of this channel see these choices as a numbered list."""
        sender = self._senders.get(channel)
        return sender is not None and sender.numbers(buttons)

    def joins_turns(self, channel: str) -> bool:
        """Whether all that answers one message of the customer leaves together, its choices as one list."""
        sender = self._senders.get(channel)
        return sender is not None and sender.joins_turns

    def file_limits(self, channel: str) -> Mapping[str, int]:
        """What an agent may attach: the largest file, by its media type; nothing where none go with a line."""
        sender = self._senders.get(channel)
        return sender.file_limits if sender is not None else {}

    def file_link_days(self, channel: str) -> int | None:
        """For how long an agent's file can be fetched, where it goes as a link in the text; None where it does not."""
        sender = self._senders.get(channel)
        return LINK_DAYS if sender is not None and sender.links_files else None

    def takes_templates(self, channel: str) -> bool:
        """Whether this channel sends what its provider approved beforehand."""
        sender = self._senders.get(channel)
        return sender is not None and sender.takes_templates

    def gives_files(self, channel: str) -> bool:
        """Whether what customers attach can be fetched at a provider."""
        return channel in self._files

    def files_of(self, channel: str) -> GivesFiles | None:
        """Who says where the files of this channel's customers are."""
        return self._files.get(channel)

    def is_written_to(self, channel: str) -> bool:
        """Whether customers of this channel can be written to at any time, by the outbox."""
        return channel in self._senders

    def is_sender_sure(self, channel: str) -> bool:
        """Whether the provider of this channel makes sure who writes, so that what a sender proved lasts."""
        known = self._windows.get(channel)
        return known is not None and known.sender_is_sure

    async def account_step(self, channel: str, sender: str, nonce: str) -> str | None:
        """Where the provider itself makes sure who this sender is; None where it does not. Raises DeliveryFailed."""
        known = self._windows.get(channel)
        return await known.account_step(sender, nonce) if known is not None else None

    def account_site(self, channel: str) -> str | None:
        """The origin of that."""
        known = self._windows.get(channel)
        return known.account_site if known is not None else None

    async def deliver(self, conversation: Conversation, lines: Sequence[Message]) -> None:
        """The lines stand in the outbox since they were stored; only make it quick."""
        if conversation.channel in self._senders:
            self.outbox.nudge()

    def typing(self, conversation: Conversation, is_person: bool = False) -> None:
        """Show the customer that somebody writes, where the channel can. Nobody waits for it. A person types for long
        and is shown every four seconds."""
        sender = self._senders.get(conversation.channel)
        if sender is not None and not (is_person and self._person_types.wait_for(conversation.id)):
            envelope = Envelope(
                recipient_of(conversation),
                reach=conversation.reach or {},
                wrote_at=conversation.wrote_at,
                now=self._clock(),
                is_person=is_person,
            )
            self.begin(_quietly(sender.typing(envelope)))

    @contextlib.contextmanager
    def typing_while(self, conversation: Conversation) -> Iterator[None]:
        """The bot writes: shown anew before the provider lets it end, for a minute at most."""
        self.typing(conversation)
        sender = self._senders.get(conversation.channel)
        seconds = sender.typing_seconds if sender is not None else None
        again = asyncio.create_task(self._typing_again(conversation, seconds * 0.9)) if seconds else None
        try:
            yield
        finally:
            if again is not None:
                again.cancel()

    async def _typing_again(self, conversation: Conversation, every: float) -> None:
        for _ in range(int(TYPES_FOR_SECONDS / every)):
            await asyncio.sleep(every)
            self.typing(conversation)

    def say_aside(self, channel: str, recipient: str, reach: Mapping[str, Any], text: str) -> None:
        """One sentence that is not stored, such as "too fast"; at most one a minute to a customer."""
        sender, key = self._senders.get(channel), f"{channel}:{recipient}"
        if sender is not None and not self._asides.wait_for(key):
            envelope = Envelope(recipient.rpartition("\x1f")[2], reach=reach, now=self._clock(), wrote_at=self._clock())
            self.begin(_quietly(sender.send([Part(text=text)], envelope)))

    def problems(self) -> list[dict[str, str]]:
        """The channels that are left out, and why."""
        return [{"channel": one.channel, "why": one.why} for one in self.left_out]

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that nobody waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Leave what nobody waits for."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def window(self, conversation_id: str) -> dict[str, Any] | None:
        """When this customer can be written to, for the desk; None where that is always."""

        def work(connection: Any) -> tuple[Conversation, int]:
            conversation = conversations.find(connection, conversation_id)
            since = conversation.wrote_at
            return conversation, deliveries.sent_since(connection, conversation_id, since) if since else 0

        conversation, sent = await self._database.read(work)
        if conversation.channel in self._only_in_response:
            return {"open": False, "until": None, "left": None, "after": "next_message"}
        channel = self._windows.get(conversation.channel)
        if channel is None:
            return None
        now = self._clock()
        window = channel.window(conversation.wrote_at, sent, now, conversation.reach or {})
        return _window_shape(window, window.is_open(now)) if window != Window() else None

    async def respond(self, output: OutputChannel, conversation: Conversation, lines: Sequence[Message]) -> None:
        """Send within the response to the customer's request; the line has marked these as delivered already."""
        for line in lines:
            try:
                await self._respond_one(output, recipient_of(conversation), line)
            except Exception as exc:  # a stock channel's collector may raise anything
                log.error(
                    "A response did not take a message",
                    extra={
                        "event": "delivery_failed",
                        "channel": conversation.channel,
                        "message_id": line.id,
                        "error": type(exc).__name__,
                    },
                )
                break

    async def _respond_one(self, output: OutputChannel, recipient: str, line: Message) -> None:
        # Articles are written with markup, which no channel but the widget shows.
        message: dict[str, Any] = {"text": plain(line.text, self.site) if line.body.get("faq") else line.text}
        if line.buttons and output.name() == SPOKEN:
            message["text"] += "\n" + _spoken(line)
        elif line.buttons:
            message["buttons"] = [dict(button) for button in line.buttons]
        if line.body.get("image"):
            message["image"] = line.body["image"]
        custom = custom_of(line)
        if custom and output.name() == "collector":
            message["custom"] = custom
        await output.send_response(recipient, message)


def _spoken(line: Message) -> str:
    """The choices of a line, to who hears and does not see them."""
    titles = [str(one["title"]).strip(" ?？.。") for one in line.buttons]
    return texts.say("choices_spoken", line.language, choices=("; " if line.language == "en" else "；").join(titles))


def _window_shape(window: Window, is_open: bool) -> dict[str, Any]:
    until = window.until.isoformat() if window.until else None
    return {"open": is_open, "until": until, "left": window.left, "after": window.after}


async def _quietly(work: Any) -> None:
    try:
        await asyncio.wait_for(work, 10)
    except (DeliveryFailed, asyncio.TimeoutError) as exc:
        log.debug("No typing was shown", extra={"event": "typing_failed", "error": type(exc).__name__})
    except Exception:
        log.exception("No typing was shown", extra={"event": "typing_failed"})
