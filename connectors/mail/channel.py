"""E-mail as a channel: docs/channels/email.md

A mail is taken out of the inbox when it is stored, and not before. One that cannot be read, or comes from somebody who
writes too often to be a person, is put aside where people find it, and holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from connectors.events import CustomerMessage, Incoming, Receipt
from connectors.mail.mailbox import IDLE_SECONDS, Mailbox, MailboxTrouble, NotAccepted
from connectors.mail.output import EmailOutput
from connectors.mail.reading import Letter, Unreadable, read
from connectors.mail.settings import MailSettings, settings_from
from connectors.mail.threads import Threads
from connectors.mail.tokens import NoToken, Tokens
from connectors.media import MediaPlace
from connectors.output import DeliveryFailed
from connectors.own import NotTaken, OnNewMessage
from connectors.polled import Polled
from switchboard.records import Attachment

log = logging.getLogger(__name__)
T = TypeVar("T")

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
# A mail that could not be stored is brought again after this.
AGAIN_SECONDS = 5.0
HOUR_SECONDS = 3600.0
_MOST_SENDERS_COUNTED = 20_000


class EmailInput(Polled):
    """One mailbox that customers write to."""

    def __init__(self, settings: MailSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._threads = Threads(settings.thread_secret, settings.domain)
        self.tokens = None
        if settings.oauth is not None:
            self.tokens = Tokens(settings.oauth, lambda why: self.exchange.trouble("access_token", why), clock)
        self._output = EmailOutput(
            settings,
            self._threads,
            lambda why: self.exchange.trouble("smtp", why),
            self.tokens,
            lambda: self.exchange.now(),
        )
        self._often = Often(settings.mails_an_hour, clock)

    @classmethod
    def name(cls) -> str:
        """As in the URL."""
        return "email"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> EmailInput:
        """`address`, `imap_host`, `imap_password`, `smtp_host`; the rest has defaults."""
        return cls(settings_from(credentials))

    def get_output_channel(self) -> EmailOutput:
        """One for the mailbox."""
        return self._output

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """Files of mails are in our own store; one that was not taken is in the mailbox, for people."""
        raise DeliveryFailed("refused", "the file is in the mailbox", permanent=True)

    async def start(self) -> None:
        """Whether we can send, so that a wrong password is known before the first answer."""
        await self._output.greet()

    # -- fetching ------------------------------------------------------------------------------------------------

    async def poll(self, on_new_message: OnNewMessage) -> None:
        """Take mails until cancelled; the blocking half runs in a thread."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            intake = _Intake(self, on_new_message)
            try:
                await intake.open()
                pause = FIRST_PAUSE_SECONDS
                await intake.run()
            except MailboxTrouble as exc:
                self.exchange.trouble("imap", str(exc))
            except NoToken:  # which is told by those who ask for it
                self.exchange.trouble("imap", None)
            except Exception:  # of our own: the other mails are not to wait for it for ever
                log.exception("The mailbox was left", extra={"event": "mailbox_left", "channel": self.name()})
            finally:
                intake.stop()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def letter(self, raw: bytes, is_whole: bool) -> Letter:
        """The mail, read. Raises Unreadable."""
        return read(raw, self.settings.own, self.settings.authserv_id, is_whole)

    def unused(self, letter: Letter) -> str | None:
        """Why nobody is to see this mail, nor have an answer to it; None for a customer's."""
        if self._threads.is_ours(letter.message_id) or letter.address in self.settings.own:
            return "own_mail"
        if letter.robot is not None:
            return letter.robot
        return None if letter.words or letter.files else "empty"

    def is_too_often(self, letter: Letter) -> bool:
        """Whether this address writes more than people do: two machines in a loop, whatever their headers say."""
        return self._often.is_too_often(letter.address, letter.key)

    def incoming(self, letter: Letter) -> Incoming:
        """The mail as the gateway takes it."""
        beginning = letter.message_id or letter.key
        sender, thread = self._threads.sender_of(letter.address, beginning, letter.earlier, letter.is_proven)
        return Incoming(
            sender,
            letter.key,
            text=letter.words,
            attachments=letter.files,
            reach={
                "thread": thread,
                "subject": letter.subject,
                "message_id": letter.message_id,
                "references": list(letter.earlier[:1] + letter.earlier[1:][-15:]),
            },
            # What somebody calls themselves is theirs to choose; the address beside it is where the answer goes.
            name=f"{letter.name} <{letter.address}>" if letter.name else letter.address,
        )


class _Intake:
    """One connection to the mailbox, and the mails it brings."""

    def __init__(self, channel: EmailInput, on_new_message: OnNewMessage) -> None:
        self._channel = channel
        self._on_new_message = on_new_message
        self._mailbox = Mailbox(channel.settings)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imap")

    async def open(self) -> None:
        tokens = self._channel.tokens
        token = await tokens.get() if tokens is not None else None
        try:
            await self._do(self._mailbox.open, token)
        except NotAccepted:
            if tokens is None or token is None:
                raise
            await self._do(self._mailbox.open, await tokens.get_instead_of(token))
        self._channel.exchange.trouble("imap", None)

    async def run(self) -> None:
        """Take what there is, wait for more, again and again."""
        while True:
            left = await self._take_all()
            self._channel.exchange.trouble("store", "mails could not be stored; they are tried again" if left else None)
            aside = await self._do(self._mailbox.count_aside)
            self._channel.exchange.trouble("aside", _said_of(aside, self._channel.settings.aside_folder))
            if left or not await self._do(self._mailbox.new):
                await self._do(self._mailbox.wait, AGAIN_SECONDS if left else IDLE_SECONDS)

    def stop(self) -> None:
        self._mailbox.stop()
        self._thread.submit(self._mailbox.close)
        self._thread.shutdown(wait=False)

    async def _take_all(self) -> bool:
        """Each mail in its turn; whether one could not be stored and is still there."""
        waiting: set[str] = set()
        for uid in await self._do(self._mailbox.new):
            fetched = await self._do(self._mailbox.fetch, uid)
            if fetched is None:
                continue
            try:
                letter = await self._do(self._channel.letter, *fetched)
            except Unreadable as exc:
                await self._put_aside(uid, "unreadable", str(exc))
                continue
            # Of one customer nothing overtakes what could not be stored.
            if letter.address in waiting or not await self._take(uid, letter):
                waiting.add(letter.address)
        return bool(waiting)

    async def _take(self, uid: str, letter: Letter) -> bool:
        """Take one mail. False when it could not be stored."""
        exchange, fate = self._channel.exchange, letter.fate
        why = self._channel.unused(letter)
        try:
            if fate is not None:
                await exchange.receipt(
                    Receipt(fate.state, fate.message_id.strip("<>"), reason=fate.reason or None, detail=fate.detail)
                )
            elif why is None and self._channel.is_too_often(letter):
                await self._put_aside(uid, "too_often", "one address writes too often")
                return True
            elif why is None:
                message = CustomerMessage(
                    self._channel.incoming(letter), self._channel.get_output_channel(), self._channel.name()
                )
                await self._on_new_message(message)
        except NotTaken as exc:
            await self._put_aside(uid, "not_taken", str(exc))
            return True
        except Exception as exc:
            log.warning(
                "A mail could not be stored; it stays where it is",
                extra={"event": "mail_not_stored", "channel": self._channel.name(), "error": type(exc).__name__},
            )
            return False
        if why is not None:
            exchange.unused(why)
        await self._do(self._mailbox.take, uid)
        return True

    async def _put_aside(self, uid: str, kind: str, why: str) -> None:
        self._channel.exchange.unused(kind)
        log.error(
            "A mail was put aside",
            extra={"event": "mail_put_aside", "channel": self._channel.name(), "uid": uid, "error": why},
        )
        await self._do(self._mailbox.put_aside, uid)

    async def _do(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


class Often:
    """How often an address wrote in the last hour, as this gateway saw it."""

    def __init__(self, an_hour: int, clock: Callable[[], float]) -> None:
        self._an_hour = an_hour
        self._clock = clock
        self._seen: dict[str, deque[tuple[float, str]]] = {}

    def is_too_often(self, address: str, key: str) -> bool:
        """Count one more; the same mail brought again is the same."""
        now = self._clock()
        seen = self._seen.pop(address, deque())
        self._seen[address] = seen  # the longest unheard stand first
        if len(self._seen) > _MOST_SENDERS_COUNTED:
            del self._seen[next(iter(self._seen))]
        while seen and now - seen[0][0] > HOUR_SECONDS:
            seen.popleft()
        if any(key == known for _, known in seen):
            return False
        if len(seen) >= self._an_hour:
            return True
        seen.append((now, key))
        return False


def _said_of(aside: int, folder: str) -> str | None:
    return f"{aside} mails were put aside for a person to look at, in the folder {folder}" if aside else None
