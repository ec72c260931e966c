"""Stock channels of Rasa on the gateway: each request passes its care first, and its answer waits until all is stored.

One wrapper for all of them; what differs is `connectors.stock`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.twilio_voice import BotUttered
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, text
from sanic.response import json as as_json
from sqlalchemy.engine import Connection

from connectors.media import MediaPlace
from connectors.stock.care import UNREADABLE, Care, Hands, Kept, Known, NoOutput, OpenMedia
from handoff import conversations, transcript
from handoff.database import Database
from switchboard.exchange import ChannelExchange
from switchboard.http_errors import error_response
from switchboard.records import Attachment
from switchboard.stock_sender import failure_of

log = logging.getLogger(__name__)

# Slack wants its answer within three seconds.
STORED_WITHIN_SECONDS = 2.5


@dataclass
class Call:
    """One request of a provider: what is known of it, and what became of its messages."""

    channel: str
    known: Known = field(default_factory=Known)
    open: list[asyncio.Future[None]] = field(default_factory=list)
    not_stored: bool = False
    late: str | None = None  # the id of the message whose answer is not there yet
    is_channels: bool = False  # the channel's own handler has it


_call: ContextVar[Call | None] = ContextVar("call", default=None)
Receive = Callable[[UserMessage, Known], Awaitable[None]]


def begin_call(channel: str) -> Call:
    """A request begins. Requests of one connection share a context, so each one has to say so."""
    call = Call(channel)
    _call.set(call)
    return call


def is_late(message_id: str) -> None:
    """The answer to this message is not there yet, and the request is answered without it."""
    call = _call.get()
    if call is not None:
        call.late = message_id


def missing(care: Care, settings: Any) -> str | None:
    """The first setting without which the channel must not run."""
    return next((name for name in care.needs if not str((settings or {}).get(name) or "").strip()), None)


def on_new_message(channel: str, receive: Receive) -> Callable[[UserMessage], Awaitable[None]]:
    """What the channel calls: with what its request is known to say. A socket is opened by a request that no care has
    seen, and on the connection of any other."""

    async def take(message: UserMessage) -> None:
        call = _call.get()
        if call is None or call.channel != channel:
            await receive(message, Known())
            return
        await _one_of(call, message, call.known, receive)

    return take


async def _one_of(call: Call, message: UserMessage, known: Known, receive: Receive) -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    call.open.append(done)
    try:
        await receive(message, known)
    except Exception:  # a stock channel would log what the customer wrote
        call.not_stored = True
        log.exception("A message could not be stored", extra={"event": "receive_failed", "channel": call.channel})
    finally:
        done.set_result(None)


def guard(blueprint: Blueprint, kept: Kept, care: Care, exchange: ChannelExchange, receive: Receive) -> None:
    """Put the care around the channel's routes."""

    async def hand_over(message: UserMessage, known: Known) -> None:
        call = _call.get()
        await _one_of(call if call is not None else begin_call(kept.name), message, known, receive)

    hands = Hands(hand_over, exchange.unused)

    @blueprint.middleware("request")
    async def before(request: Request) -> HTTPResponse | None:
        if request.method in ("GET", "HEAD") and request.path.rstrip("/").endswith(f"/{_last(kept.url)}"):
            _call.set(None)
            return None  # the channel's own sign of life
        call = begin_call(kept.name)
        if not _genuine(care, kept, request) and not await _genuine_by_new_keys(care, kept, request):
            exchange.unused("forged")
            return error_response(403, "not_genuine", "This request does not carry the provider's proof.")
        try:
            answer = await _prepared(call, kept, care, request, hands)
        except SanicException as exc:
            exchange.unused("forged" if exc.status_code in (401, 403) else "unreadable")
            return error_response(exc.status_code or 400, "bad_input", "The body cannot be read.")
        except UNREADABLE:
            exchange.unused("unreadable")
            return text("")
        except Exception as exc:  # what had to be asked of the provider meanwhile
            if not _may_come_again(exc):
                raise
            log.warning(
                "A provider gave nothing to read a message with",
                extra={"event": "event_not_fetched", "channel": kept.name, "error": type(exc).__name__},
            )
            return _not_stored()
        if call.known.unused:
            exchange.unused(call.known.unused)
            return text("")
        call.is_channels = answer is None
        return _not_stored() if call.not_stored else answer

    @blueprint.middleware("response")
    async def after(_request: Request, answer: HTTPResponse) -> HTTPResponse | None:
        call = _call.get()
        if call is None:
            return None
        for _ in range(3):  # a channel that begins a task of its own has only just done so
            await asyncio.sleep(0)
        waits = (await asyncio.wait(call.open, timeout=STORED_WITHIN_SECONDS))[1] if call.open else ()
        # What is stored after all is known by its id when the provider brings it again.
        if call.not_stored or waits:
            return _not_stored()
        if call.is_channels and care.writes_later and not call.open and answer.status != 503:
            exchange.unused("nothing_said")
            # A channel answers 500 to what it does not know, and it would be brought again for hours.
            answer = text("") if answer.status >= 500 else answer
        if call.known.reply is not None and answer.status == 200:
            return as_json(call.known.reply)
        return care.finish(kept, answer, call.late) if care.finish else answer

    @blueprint.exception(Exception)
    async def broke(_request: Request, exc: Exception) -> HTTPResponse:
        if isinstance(exc, SanicException) and (exc.status_code or 500) < 500:
            return error_response(exc.status_code, "bad_input", "The request was not accepted.")
        if _may_come_again(exc):
            return _not_stored()
        call = _call.get()
        if call is not None:
            call.is_channels = False
        # A 500 would make the provider bring the same again for hours.
        log.warning(
            "A channel broke on an event",
            extra={"event": "event_unreadable", "channel": kept.name, "error": type(exc).__name__},
        )
        exchange.unused("unreadable")
        return text("")


def _may_come_again(exc: Exception) -> bool:
    """Whether the provider did not play along: nothing is wrong with the message, and it shall be brought again."""
    reasons = {failure_of(one).reason for one in (exc, exc.__cause__) if one is not None}
    return bool(reasons & {"unreachable", "no_answer", "busy", "account"})


async def _genuine_by_new_keys(care: Care, kept: Kept, request: Request) -> bool:
    return care.renews is not None and await care.renews(kept, request) and _genuine(care, kept, request)


def _genuine(care: Care, kept: Kept, request: Request) -> bool:
    try:
        return care.is_genuine is None or care.is_genuine(kept, request)
    except (SanicException, *UNREADABLE):
        return False


async def _prepared(call: Call, kept: Kept, care: Care, request: Request, hands: Hands) -> HTTPResponse | None:
    if care.take is not None:
        answer = await care.take(kept, request, hands)
        if answer is not None:
            return answer
    call.known = care.read(kept, request)
    return None


class StockFiles:
    """The files of a stock channel's customers, as our own channels give theirs."""

    def __init__(self, kept: Kept, open_media: OpenMedia) -> None:
        self._kept = kept
        self._open_media = open_media

    def name(self) -> str:
        """The channel's."""
        return self._kept.name

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """Where it is. Raises DeliveryFailed, whatever the provider's client raises."""
        try:
            return await self._open_media(self._kept, attachment)
        except Exception as exc:
            raise failure_of(exc) from exc

    async def is_gone(self, said: bytes) -> bool:
        """Nothing is known of what such providers say."""
        return False

    def elsewhere(self, said: bytes) -> MediaPlace | None:
        """The same."""
        return None


def quiet(kept: Kept, care: Care) -> None:
    """Let the channel make no output channel while it takes messages: that may call the provider, or log in to it."""
    if care.writes_later and care.is_known:
        kept.channel.get_output_channel = lambda *_args, **_kwargs: NoOutput()
    care.prepare(kept)


class CallMemory:
    """What `twilio_voice` asks of the app it runs in (`app.ctx.agent`): what a silent caller was last told."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tracker_store = self

    async def retrieve(self, sender_id: str) -> Any:
        """As a tracker whose only event is the last line of ours; None when nothing was said yet."""
        call = _call.get()
        channel = call.channel if call else "twilio_voice"

        def work(connection: Connection) -> str | None:
            conversation = conversations.open_one(connection, channel, sender_id)
            last = transcript.last_from_us(connection, conversation.id) if conversation else None
            return last.text if last else None

        said = await self._database.read(work)
        return SimpleNamespace(events=[BotUttered(said)]) if said else None


def guard_stored(blueprint: Blueprint) -> None:
    """Answer no success for what could not be stored, where a channel's callers are asked for a token."""

    @blueprint.middleware("response")
    async def after(_request: Request, _answer: HTTPResponse) -> HTTPResponse | None:
        call = _call.get()
        return _not_stored() if call is not None and call.not_stored else None


def _last(url: str) -> str:
    return url.removesuffix("/webhook").rpartition("/")[2]


def _not_stored() -> HTTPResponse:
    return error_response(503, "not_stored", "Try again.")
