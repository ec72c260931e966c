"""Mounting Rasa channels: every stock channel, and every class written for Rasa, walks our line without a change.

`credentials.yml` is read as Rasa reads it. A channel that cannot be built is reported and left out; the others run.
"""

from __future__ import annotations

import asyncio
import contextvars
import hmac
import ipaddress
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rasa.core.channels import BUILTIN_CHANNELS
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from rasa.core.channels.socketio import SocketIOInput
from rasa.core.channels.twilio_voice import TwilioVoiceInput
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.utils.common import class_from_module_path
from rasa.shared.utils.io import read_config_file
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.engine import Connection

from connectors.events import Linked
from connectors.media import GivesFiles
from connectors.output import DeliveryFailed, Mailer
from connectors.own import BadSetting, NotTaken, OwnChannel
from connectors.proof import shown
from connectors.stock.care import Kept, Known
from connectors.stock.table import care_for
from handoff import conversations, texts
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import HandoffError, RateLimited
from handoff.floor import Live
from handoff.paid_messages import Caps
from handoff.plain import is_plain, plain
from switchboard import carts, language, stock
from switchboard.contact_proving import Carrier
from switchboard.exchange import ChannelExchange
from switchboard.file_links import FileLinks
from switchboard.http_errors import error_response
from switchboard.incoming_files import IncomingFiles
from switchboard.line import Line
from switchboard.post import ChannelPost
from switchboard.purse import Purse
from switchboard.records import Inbound, Receipt
from switchboard.senders import AccountPageOf, OwnSender, Sender
from switchboard.stock_sender import StockSender

log = logging.getLogger(__name__)

# The console of `rasa shell`, and the link to a product that no longer exists: neither is a way customers reach us.
NOT_CHANNELS = {"cmdline", "rasa"}
SOCKETIO_WARNING = (
    "socketio lets a stranger who knows a session id read along; use the widget, or write "
    "`allow_insecure: true` under it to mount it all the same"
)
# What a provider has to be told at the start: how long that may take, and when it is told again.
TELL_WITHIN_SECONDS = 30.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 300.0
_START = "start"
_NOT_ACCEPTED = "its settings in credentials.yml were not accepted"
# A second account of a channel is written `line:tw`.
_ACCOUNT = re.compile(r"[a-z0-9_-]{1,30}")
# What a proxy adds; and what a browser adds, which any page can make send requests to the loopback address.
_NOT_DIRECT = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via", "x-real-ip", "origin")
_caller: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="")


@dataclass(frozen=True)
class Problem:
    """A channel that was left out or is in trouble, and why."""

    channel: str
    why: str
    about: str = ""  # what of a running channel is in trouble


@dataclass(frozen=True)
class ApiAccess:
    """Who may use the rest channel: tokens by caller, and the loopback address in the demo."""

    callers: Mapping[str, str]
    loopback_is_free: bool

    def caller_of(self, request: Request) -> str | None:
        """The caller's name, or None when this request may not speak."""
        scheme, _, given = (shown(request, "authorization") or "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else (shown(request, "x-api-token") or "")
        for known, name in self.callers.items():
            if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
                return name
        # Behind a proxy everybody comes from the loopback address; a forwarded request never gets in this way.
        if self.loopback_is_free and not token and _is_direct_loopback(request):
            return "local"
        return None


def read_credentials(path: Path) -> dict[str, dict[str, Any]]:
    """The channels named in credentials.yml, with their settings. Raises ValueError naming file and line."""
    if not path.exists():
        return {}
    try:
        loaded = read_config_file(path, reader_type="safe")
    except Exception as exc:
        mark = getattr(getattr(exc, "underlying_yaml_exception", exc), "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{path.name}{where}: not valid YAML, or a ${{VARIABLE}} that is not set.") from exc
    if not isinstance(loaded, dict):
        raise ValueError(f"{path.name}: expected a mapping of channel to its settings.")
    return {str(name): settings or {} for name, settings in loaded.items()}


@dataclass(frozen=True)
class Built:
    """A channel with its entry in credentials.yml."""

    channel: InputChannel
    settings: Mapping[str, Any]


def build(credentials: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Built], list[Problem]]:
    """Every channel that can be built, by name, and the problems of the others."""
    built: dict[str, Built] = {}
    problems: list[Problem] = []
    for name, settings in credentials.items():
        if name in NOT_CHANNELS:
            continue
        kind, _, account = name.partition(":")
        if account and not _ACCOUNT.fullmatch(account):
            problems.append(Problem(name, "the account after the colon may have a-z, 0-9, _ and -"))
            continue
        try:
            found = _class_of(kind)
            if issubclass(found, SocketIOInput) and str(settings.get("allow_insecure")).lower() != "true":
                problems.append(Problem(name, SOCKETIO_WARNING))
                continue
            channel = care_for(found).make(found, settings)
        except BadSetting as exc:
            problems.append(Problem(name, str(exc)))
            continue
        except InvalidConfigException as exc:  # written by a channel for the operator, and names no secret
            problems.append(Problem(name, str(exc) if "is missing in credentials.yml" in str(exc) else _NOT_ACCEPTED))
            continue
        except Exception as exc:  # a channel's own code may raise anything
            problems.append(Problem(name, f"{type(exc).__name__}: {_NOT_ACCEPTED}"))
            continue
        full_name = f"{channel.name()}:{account}" if account else channel.name()
        if full_name in built:
            problems.append(Problem(name, f"another entry is called {full_name} already; give it an account"))
            continue
        lacks = stock.missing(care_for(type(channel)), settings)
        if lacks is not None:
            problems.append(Problem(name, f"`{lacks}` is missing in credentials.yml; see docs/channels/stock.md"))
            continue
        built[full_name] = Built(channel, settings)
    return built, problems


class Mount:
    """Puts channels onto the gateway, each with our `on_new_message`."""

    def __init__(
        self,
        database: Database,
        live: Live,
        line: Line,
        post: ChannelPost,
        access: ApiAccess,
        default_language: str,
        clock: Clock,
        files: IncomingFiles,
        file_links: FileLinks,
        caps: Caps,
        account_page_of: AccountPageOf,
    ):
        self._database = database
        self._files = files
        self._file_links = file_links
        self._caps = caps
        self._account_page_of = account_page_of
        # Set once there is somebody who listens.
        self.on_linked: Callable[[str, Linked], Awaitable[bool]] = _nobody_listens
        self._live = live
        self._line = line
        self._post = post
        self._access = access
        self._default_language = default_language
        self._clock = clock
        self._site = post.site
        self._with_callers: set[str] = set()
        self._receiving: set[asyncio.Task[Receipt]] = set()
        self._to_start: dict[str, Callable[[], Awaitable[None]]] = {}
        self.problems: list[Problem] = []
        self.exchanges: dict[str, ChannelExchange] = {}
        self.mailer: Mailer | None = None  # the first channel that can send a file to any address
        self.carriers: dict[str, Carrier] = {}  # the first channel for each kind of contact
        self.sure: dict[str, list[Carrier]] = {}  # channels whose provider made sure of this kind of contact

    def mount(self, app: Sanic, channels: Mapping[str, Built]) -> list[Problem]:
        """Mount each; one that fails while its blueprint is built is reported and left out. More may come to the list
        when the gateway starts."""
        problems = self.problems
        for name, one in channels.items():
            try:
                self._mount_one(app, name, one.channel, one.settings)
            except Exception as exc:  # telegram, for one, calls its provider here
                log.error(
                    "A channel could not be mounted",
                    extra={"event": "channel_left_out", "channel": name, "error": type(exc).__name__},
                )
                problems.append(Problem(name, f"{type(exc).__name__} while it was mounted"))
                continue
            log.info("Channel mounted", extra={"event": "channel_mounted", "channel": name})
        return problems

    async def start(self) -> None:
        """Ask each provider whether it takes our key, and tell it what it has to be told; no channel waits for
        another's provider, and nobody waits for this."""
        await asyncio.gather(*(self._start_one(name, start) for name, start in self._to_start.items()))

    async def _start_one(self, name: str, start: Callable[[], Awaitable[None]]) -> None:
        """Again and again until the provider is well; until then it is reported, and the channel runs: what customers
        write is taken and answered, and the answers wait."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            why: str | None
            # Not wait_for: in Python 3.10 it can swallow the cancellation of who waits.
            telling = asyncio.ensure_future(start())
            try:
                await asyncio.wait({telling}, timeout=TELL_WITHIN_SECONDS)
                if telling.done():
                    telling.result()
                    self._report(name, _START, None)
                    return
                why, asked = "no answer in time", 0.0
            except DeliveryFailed as failed:
                why = None if failed.is_told else failed.detail or failed.reason
                # Who mends the key waits for us to see it.
                asked = 0.0 if failed.reason == "account" else failed.retry_after or 0.0
            except Exception as exc:  # a channel's own code may raise anything
                why, asked = type(exc).__name__, 0.0
            finally:
                telling.cancel()
            said = f"its provider was not reached at the start or refused our key, and is asked again: {why}"
            self._report(name, _START, said if why else None)
            await asyncio.sleep(max(pause, min(asked, LONGEST_PAUSE_SECONDS)))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def events_unused(self) -> dict[str, dict[str, int]]:
        """What came since the start and was acknowledged only, by channel and kind, the most frequent first."""
        return {name: dict(one.counted.most_common()) for name, one in self.exchanges.items() if one.counted}

    def _mount_one(self, app: Sanic, name: str, channel: InputChannel, settings: Mapping[str, Any]) -> None:
        prefix = "/webhooks/" + channel.url_prefix()
        account = name.partition(":")[2]
        files: GivesFiles | None = None
        if isinstance(channel, OwnChannel):
            purse = self._purse(name)
            sender: Sender | None = OwnSender(
                channel,
                self._post.site,
                self._files.path_of,
                self._file_links.url_of,
                purse,
                self._account_page_of,
            )
            blueprint = channel.blueprint(self._kept(name, channel.brings_again, channel.holds_from_arrival))
            channel.exchange = self.exchanges[name] = self._exchange(name)
            self._to_start[name] = channel.start
            output = channel.get_output_channel()
            if self.mailer is None and isinstance(output, Mailer):
                self.mailer = output
            if output.contact_kind is not None:
                self.carriers.setdefault(output.contact_kind, Carrier(name, output, purse))
            if output.sure_kind is not None:
                self.sure.setdefault(output.sure_kind, []).append(Carrier(name, output, purse))
        else:
            kept = Kept(name, channel, settings, f"{self._site}{prefix}{f'/{account}' if account else ''}/webhook")
            sender, blueprint = self._stock(kept, app)
            open_media = care_for(type(channel)).open_media
            files = stock.StockFiles(kept, open_media) if open_media else None
        if account:
            blueprint, prefix = _copied(blueprint, f"{blueprint.name}_{account}"), f"{prefix}/{account}"
        app.blueprint(blueprint, url_prefix=prefix)
        own = channel if isinstance(channel, OwnChannel) else None
        self._post.register(name, sender, own, files, partial(self._report, name, "sending"))

    def _purse(self, name: str) -> Purse:
        return Purse(name, self._database, self._caps, self._clock, partial(self._report, name, "spending"))

    def _exchange(self, name: str) -> ChannelExchange:
        begin, linked = self._post.begin, lambda channel, one: self.on_linked(channel, one)
        return ChannelExchange(name, self._database, self._live, self._clock, begin, self._report, linked)

    def _report(self, name: str, about: str, why: str | None) -> None:
        """What a running channel is in trouble with; None when it is over."""
        known = next((one for one in self.problems if (one.channel, one.about) == (name, about)), None)
        if known is not None and known.why != why:
            self.problems.remove(known)
        if why is not None and (known is None or known.why != why):
            self.problems.append(Problem(name, why, about))
            log.error("A channel is in trouble", extra={"event": "channel_trouble", "channel": name, "error": why})
        elif why is None and known is not None:
            log.info("A channel is well again", extra={"event": "channel_well", "channel": name})

    def _stock(self, kept: Kept, app: Sanic) -> tuple[Sender | None, Blueprint]:
        care = care_for(type(kept.channel))
        stock.quiet(kept, care)
        exchange = self.exchanges[kept.name] = self._exchange(kept.name)

        async def receive(message: UserMessage, known: Known) -> None:
            await self._receive(kept.name, message, known, care.answers_within_seconds)

        blueprint = kept.channel.blueprint(stock.on_new_message(kept.name, receive))
        if asks_for_token(kept.channel):
            self._guard_callers(blueprint, kept.name)
        else:
            stock.guard(blueprint, kept, care, exchange, receive)
        if isinstance(kept.channel, TwilioVoiceInput):
            app.ctx.agent = stock.CallMemory(self._database)
        if care.start is not None:
            self._to_start[kept.name] = partial(care.start, kept)
        if not care.writes_later:
            return None, blueprint
        close = partial(care.close, kept) if care.close else None
        sender = StockSender(partial(care.output, kept), care, self._post.site, self._purse(kept.name), close)
        return sender, blueprint

    def _kept(
        self, channel: str, brings_again: bool, holds_from_arrival: bool
    ) -> Callable[[UserMessage], Awaitable[Any]]:
        """For our own channels: the message is stored when this returns, and the provider may be told so. Raises when
        it could not be stored: it will be brought again."""

        async def on_new_message(message: UserMessage) -> None:
            incoming = message.incoming
            inbound = Inbound(
                channel=channel,
                sender=incoming.sender[:200],
                text=incoming.text or incoming.payload or "",
                payload=incoming.payload,
                external_id=incoming.message_id[:200],
                language=language.nearest(incoming.language, self._default_language) if incoming.language else None,
                attachments=incoming.attachments,
                reach=incoming.reach,
                wrote_at=None if holds_from_arrival else incoming.sent_at,
                name=plain(incoming.name or "")[:120].strip() or None,
            )
            if incoming.cart is not None:
                spoken = await self._database.read(lambda c: self._language_spoken(c, inbound))
                inbound = replace(inbound, text=carts.in_words(incoming.cart, spoken))
            try:
                await self._keep(inbound, limited=not brings_again)
            except HandoffError as exc:
                if brings_again and isinstance(exc, RateLimited):
                    raise
                if brings_again:
                    raise NotTaken(exc.code) from exc
                self._turned_away(inbound, exc)

        return on_new_message

    async def _keep(self, inbound: Inbound, limited: bool) -> None:
        """Store what a provider brought: it is acknowledged then, and never comes again."""
        if self._files.has_any(inbound):
            if await self._line.knows(inbound):
                return
            inbound = await self._files.received(inbound)
        receipt = await self._line.keep(inbound, limited)
        if receipt.too_fast and limited:
            self._say_aside(inbound, texts.say("many_at_once", receipt.conversation.language))

    def _turned_away(self, inbound: Inbound, error: HandoffError) -> None:
        """Nothing of it is kept, so nothing is owed: it is counted, and the customer is told why."""
        self.exchanges[inbound.channel].unused(error.code)
        self._say_aside(inbound, _sentence_for(error, inbound.language, self._default_language))

    def _say_aside(self, inbound: Inbound, sentence: str) -> None:
        self._post.say_aside(inbound.channel, inbound.sender, inbound.reach or {}, sentence)

    async def _receive(
        self, channel: str, message: UserMessage, known: Known, answers_within_seconds: float | None = None
    ) -> None:
        """One message of a stock channel. Raises only when it could not be stored."""
        output: OutputChannel = message.output_channel
        metadata = {**known.metadata, **(message.metadata if isinstance(message.metadata, dict) else {})}
        caller = _caller.get() if channel in self._with_callers else ""
        recipient = known.sender or message.sender_id
        words = known.text if known.text is not None else message.text
        in_response = self._post.answered_in_response(channel)
        inbound = Inbound(
            channel=channel,
            sender=(f"{caller}\x1f{recipient}" if caller else recipient)[:200],
            text=words if isinstance(words, str) else "",
            external_id=_external_id(known, metadata),
            language=self._language_of(metadata),
            attachments=known.attachments,
            reach=known.reach if known.reach or not in_response else None,
            name=plain(known.name if isinstance(known.name, str) else "")[:120].strip() or None,
        )
        if not _can_be_kept(inbound, recipient):
            self.exchanges[channel].unused("unreadable")
            return
        try:
            if not in_response:
                await self._keep(inbound, limited=not caller)
                return
            limited = not caller and not known.is_again
            receipt = await self._received(inbound, limited, answers_within_seconds)
            if receipt is None:
                # Before the caller is sent away: who comes again brings no words, and perhaps comes to another gateway.
                await self._line.keep(inbound, limited=False)
                stock.is_late(str(inbound.external_id))
                spoken = await self._database.read(lambda c: self._language_spoken(c, inbound))
                await output.send_text_message(message.sender_id, texts.say("one_moment", spoken))
                return
        except HandoffError as exc:
            if in_response:
                sentence = _sentence_for(exc, inbound.language, self._default_language)
                await output.send_text_message(message.sender_id, sentence)
            else:
                self._turned_away(inbound, exc)
            return
        except Exception:
            if not in_response:
                raise
            log.exception("A message could not be taken", extra={"event": "receive_failed", "channel": channel})
            await output.send_text_message(message.sender_id, texts.say("bot_failed", self._default_language))
            return
        # With everything said since the customer last asked.
        await self._post.respond(output, receipt.conversation, (*receipt.pending, *receipt.answers))

    async def _received(self, inbound: Inbound, limited: bool, within_seconds: float | None) -> Receipt | None:
        """None when it takes longer than that; it goes on, and who brings the message again gets the result."""
        receiving = asyncio.create_task(self._line.receive(inbound, limited=limited))
        self._receiving.add(receiving)
        receiving.add_done_callback(self._receiving.discard)
        if within_seconds is None or (await asyncio.wait({receiving}, timeout=within_seconds))[0]:
            return await receiving
        receiving.add_done_callback(_log_failed)
        return None

    def _language_spoken(self, connection: Connection, inbound: Inbound) -> str:
        current = conversations.open_one(connection, inbound.channel, inbound.sender)
        return current.language if current else inbound.language or self._default_language

    def _language_of(self, metadata: Mapping[str, Any]) -> str | None:
        hint = metadata.get("language")
        return language.nearest(hint, self._default_language) if isinstance(hint, str) else None

    def _guard_callers(self, blueprint: Blueprint, name: str) -> None:
        self._with_callers.add(name)

        @blueprint.middleware("request")
        async def check(request: Request) -> HTTPResponse | None:
            call = stock.begin_call(name)
            refused = self._check_rest(request)
            if refused is None and request.method == "POST":
                # `callback` hands on none.
                call.known = Known(metadata=request.json.get("metadata") or {})
            return refused

        stock.guard_stored(blueprint)

    def _check_rest(self, request: Request) -> HTTPResponse | None:
        if request.method != "POST":
            return None
        caller = self._access.caller_of(request)
        if caller is None:
            return error_response(401, "token_required", "This channel asks for an API token (Authorization: Bearer).")
        body = request.json
        if not isinstance(body, dict):
            return error_response(400, "bad_input", "Expected a JSON object with sender and message.")
        for field, limit in (("sender", 120), ("message", 200_000)):
            value = body.get(field)
            if not isinstance(value, str) or not value.strip() or len(value) > limit:
                return error_response(400, "bad_input", f"{field} must be text.", field=field)
        if not is_plain(body["sender"]):
            return error_response(400, "bad_input", "sender must be plain text.", field="sender")
        if not isinstance(body.get("metadata") or {}, dict):
            return error_response(400, "bad_input", "metadata must be an object.", field="metadata")
        _caller.set(caller)
        return None


def _class_of(name: str) -> type[InputChannel]:
    if name in BUILTIN_CHANNELS:
        return BUILTIN_CHANNELS[name]
    found = class_from_module_path(name)
    if not issubclass(found, InputChannel):
        raise TypeError(f"{name} is no InputChannel")
    return found


def _copied(blueprint: Blueprint, name: str) -> Blueprint:
    """For a second account. Sanic tells by the names of routes whose middleware and errors are those of a request, and
    a copy keeps the names: each account would ask for the proof of both."""
    copied = blueprint.copy(name)
    routes = copied._future_routes
    copied._future_routes = {one._replace(name=f"{name}.{one.name.rpartition('.')[2]}") for one in routes}
    return copied


def asks_for_token(channel: InputChannel) -> bool:
    """Whether any program may call it (`rest`, `callback`), and so has to show a token of ours."""
    return isinstance(channel, RestInput)


async def _nobody_listens(_channel: str, _linked: Linked) -> bool:
    """What becomes of an account link before the gateway is put together."""
    return False


def _log_failed(receiving: asyncio.Task[Receipt]) -> None:
    if not receiving.cancelled() and receiving.exception() is not None:
        failed = type(receiving.exception()).__name__
        log.error("A message was left half-way", extra={"event": "left_half_way", "error": failed})


def _external_id(known: Known, metadata: Mapping[str, Any]) -> str | None:
    given = known.message_id or metadata.get("message_id")
    return str(given)[:200] if isinstance(given, (str, int)) and str(given).strip() else None


def _can_be_kept(inbound: Inbound, recipient: str) -> bool:
    """Whether no sender or file has what no database takes. It would not be taken either when it comes again."""
    words: list[object] = [recipient, json.dumps(inbound.reach, ensure_ascii=False)]
    for one in inbound.attachments:
        words += [one.kind, one.name or "", one.mime_type or "", *map(str, one.source.values())]
    sizes = [one.size_bytes or 0 for one in inbound.attachments]
    return all(isinstance(one, str) and is_plain(one) for one in words) and all(isinstance(one, int) for one in sizes)


def _sentence_for(error: HandoffError, hint: str | None, default_language: str) -> str:
    spoken = language.nearest(hint, default_language)
    if error.code == "text_too_long":
        return texts.say("too_long", spoken, limit=error.details.get("limit", ""))
    if error.code == "rate_limited":
        return texts.say("too_fast", spoken, seconds=error.details.get("retry_after", 1))
    if error.code == "empty_message":
        return texts.say("empty", spoken)
    return texts.say("bot_failed", spoken)


def _is_direct_loopback(request: Request) -> bool:
    if any(name in request.headers for name in _NOT_DIRECT):
        return False
    try:
        return ipaddress.ip_address(request.ip).is_loopback
    except ValueError:
        return False


__all__ = ["ApiAccess", "Mount", "Problem", "build", "read_credentials"]
