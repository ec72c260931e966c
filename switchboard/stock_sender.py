"""Sending through a stock channel of Rasa, or one that somebody wrote for Rasa: as Rasa calls it, and with an answer.

Rasa's channels return nothing and many swallow what went wrong into their log, so the log is listened to while one
sends. Those that call their provider synchronously do it in threads of their own, a few for each account: one that
hangs holds no other.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from rasa.core.channels.channel import OutputChannel

from connectors.output import Button, DeliveryFailed, Envelope, Limits, Output, Part
from connectors.provider import LONGEST_WAIT_SECONDS, key_refused
from connectors.stock.care import Care, Reach
from handoff.records import Message
from switchboard.purse import Purse
from switchboard.senders import OwnSender, button_key, outgoing

log = logging.getLogger(__name__)

THREADS = 16
_STATUS = re.compile(r"(?:\[|[Ss]tatus:? ?(?:code)?:? ?)([1-5]\d\d)\b")
_complaints: ContextVar[list[DeliveryFailed] | None] = ContextVar("complaints", default=None)


class _Cutting(Output):
    """Cuts lines for a stock channel; never posts."""

    def __init__(self, limits: Limits, whole_titles: bool) -> None:
        self.limits = limits
        self._whole_titles = whole_titles

    def _fitting(self, buttons: Sequence[Button]) -> tuple[Button, ...]:
        fitting = super()._fitting(buttons)
        is_cut = [one.title for one in fitting] != [one.title for one in buttons]
        return () if self._whole_titles and is_cut else fitting


class StockSender:
    """Sends through the output channel that `output_for` gives for what was remembered of the customer."""

    repeats_safely = False
    joins_turns = False
    takes_templates = False
    typing_seconds: float | None = None

    def __init__(
        self,
        output_for: Callable[[Reach], OutputChannel | None],
        care: Care,
        site: str,
        purse: Purse,
        close: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._output_for = output_for
        self._close = close
        self.file_limits: Mapping[str, int] = {}
        self.links_files = False
        self._care = care
        self._site = site
        self._purse = purse if care.is_paid else None
        self.most_at_once = THREADS if care.in_thread else OwnSender.most_at_once
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="channel") if care.in_thread else None
        _listen_to_log()

    def turn(self, lines: Sequence[Message]) -> list[list[Part]]:
        """Cut to what the provider takes; stock channels send what they are given."""
        return self._cutting.turn([outgoing(line, self._site) for line in lines])

    def leaving(self, parts: Sequence[Part]) -> int:
        """One after the other."""
        return 1

    def numbers(self, buttons: Sequence[Mapping[str, str]]) -> bool:
        """Whether the stock channel has no buttons for these."""
        return self._cutting.numbers([Button(str(one["title"]), button_key(2**62, 99)) for one in buttons])

    async def send(self, parts: Sequence[Part], envelope: Envelope) -> list[str | None]:
        """Send one part, as Rasa would. Stock channels do not tell the provider's id."""
        (part,) = parts
        async with self._purse.pays(envelope.recipient) if self._purse else nullcontext():
            if self._threads is None:
                await self._send(part, envelope)
                return [None]
            context = copy_context()
            run = partial(context.run, asyncio.run, self._send(part, envelope))
            await asyncio.get_running_loop().run_in_executor(self._threads, run)
            return [None]

    def may_repeat(self, envelope: Envelope) -> bool:
        """Nobody gives them a repeat key."""
        return False

    async def typing(self, envelope: Envelope) -> None:
        """Rasa's channels have no such thing."""

    async def close(self) -> None:
        """Leave the threads to end by themselves: a hanging call cannot be stopped."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        if self._close is not None:
            await self._close()

    @cached_property
    def _cutting(self) -> _Cutting:
        has_buttons = self._care.is_known or self._writes_buttons()
        limits = self._care.limits if has_buttons else replace(self._care.limits, buttons=0)
        return _Cutting(limits, self._care.whole_titles)

    def _writes_buttons(self) -> bool:
        """Rasa writes the keys of choices behind their titles where a channel has no way of its own to show them."""
        try:
            output = self._output_for({})
        except Exception:  # it may ask its provider, and will be asked again to send
            return True
        own = OutputChannel.send_text_with_buttons
        return output is None or type(output).send_text_with_buttons is not own

    async def _send(self, part: Part, envelope: Envelope) -> None:
        complaints: list[DeliveryFailed] = []
        token = _complaints.set(complaints)
        try:
            output = self._output_for(envelope.reach)
            if output is None:
                raise DeliveryFailed("cannot_write", permanent=True)
            await output.send_response(envelope.recipient, self._message(part))
        except DeliveryFailed:
            raise
        except Exception as exc:  # a provider's client may raise anything
            raise failure_of(exc) from exc
        finally:
            _complaints.reset(token)
        if complaints:
            raise complaints[0]

    def _message(self, part: Part) -> dict[str, Any]:
        # Rasa's channels cut a text at its empty lines. Each piece would be paid for, and all of them sent again when
        # one is not taken.
        message: dict[str, Any] = {"text": re.sub(r"\n(?=\n)", "\n ", part.text)} if part.text else {}
        if part.buttons:
            message["buttons"] = [self._care.button(one) for one in part.buttons]
        if part.image:
            message["image"] = part.image
        return message


def failure_of(exc: BaseException) -> DeliveryFailed:
    """What an exception of a provider's client means, from what such exceptions carry."""
    name = type(exc).__name__
    response = getattr(exc, "response", None)
    headers = getattr(response, "headers", None) or {}
    status = next(
        (
            int(value)
            for value in (
                getattr(exc, "status", None),
                getattr(exc, "status_code", None),
                getattr(response, "status_code", None),
            )
            if isinstance(value, int)
        ),
        0,
    )
    asked = getattr(exc, "retry_after", None) or getattr(exc, "timeout", None) or headers.get("Retry-After")
    wait = float(str(asked)) if str(asked or "").replace(".", "", 1).isdigit() else None
    if status == 429 or name in ("RetryAfter", "RateLimitError"):
        return DeliveryFailed("busy", name, retry_after=min(wait or 30.0, LONGEST_WAIT_SECONDS), whole_account=True)
    if name in ("BotBlocked", "UserDeactivated", "BotKicked"):
        return DeliveryFailed("blocked", name, permanent=True)
    if name in ("ChatNotFound", "CantInitiateConversation"):
        return DeliveryFailed("unknown_recipient", name, permanent=True)
    if "Authentication" in name:
        return DeliveryFailed("account", name, permanent=True)
    # aiogram says which kind of refusal it was, and of an error of Telegram's own nothing.
    if any(one.__name__ == "BadRequest" for one in type(exc).__mro__):
        status = 400
    if name in ("TelegramAPIError", "RestartingTelegram"):
        found = _STATUS.search(str(exc))
        status = int(found[1]) if found else 503
    if status:
        return _of_status(status, name)
    if isinstance(exc, (ConnectionError, OSError)) or _is_of_the_line(name):
        late = "Timeout" in name and "Connect" not in name
        return DeliveryFailed("no_answer" if late else "unreachable", name, maybe_sent=late)
    if isinstance(exc, asyncio.TimeoutError) or "Timeout" in name:
        return DeliveryFailed("no_answer", name, maybe_sent=True)
    return _of_status(status, name)


def _is_of_the_line(name: str) -> bool:
    return any(one in name for one in ("Connect", "Network", "Transport"))


def _of_status(status: int, detail: str) -> DeliveryFailed:
    detail = f"status {status}" if status else detail
    if status == 429:
        return DeliveryFailed("busy", detail, whole_account=True)
    if status == 401 or detail == "Unauthorized":
        return key_refused(detail)
    if status == 403:
        return DeliveryFailed("account", detail, permanent=True)
    if 400 <= status < 500 and status != 408:
        return DeliveryFailed("refused", detail, permanent=True)
    return DeliveryFailed("unreachable" if status >= 500 else "refused", detail)


class _Listener(logging.Handler):
    """Turns an error that a stock channel logs while it sends into the failure that it is. It does not stand in the log
    beside that: it may quote the provider, who names the customer. Nor do the words of any other error, which may quote
    a message; what is less than an error goes on to the log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, when a send is under way here."""
        complaints, raised = _complaints.get(), sys.exc_info()[1]
        if record.levelno < logging.ERROR:
            logging.getLogger().handle(record)
            return
        if complaints is None:
            about = {"channel": record.name.rpartition(".")[2], "error": type(raised).__name__}
            log.warning("A channel of Rasa broke off", extra={"event": "channel_broke_off", **about})
            return
        if raised is not None:
            complaints.append(failure_of(raised))
            return
        found = _STATUS.search(record.getMessage())
        status = int(found[1]) if found else 0
        if not 200 <= status < 300:  # the channel of Mattermost takes its 201 for a failure
            complaints.append(_of_status(status, "refused"))


_LISTENER = _Listener()


def _listen_to_log() -> None:
    channels = logging.getLogger("rasa.core.channels")
    if _LISTENER not in channels.handlers:
        channels.addHandler(_LISTENER)
        channels.propagate = False
