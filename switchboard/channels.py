"""Mounting Rasa channels: every stock channel, and every class written for Rasa, walks our line without a change.

`credentials.yml` is read as Rasa reads it. A channel that cannot be built is reported and left out; the others run.
"""

from __future__ import annotations

import contextvars
import hmac
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.core.channels import BUILTIN_CHANNELS
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.utils.common import class_from_module_path
from rasa.shared.utils.io import read_config_file
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from handoff import texts
from handoff.database import Database
from handoff.errors import HandoffError
from handoff.plain import is_plain
from switchboard import language
from switchboard.http_errors import error_response
from switchboard.line import Line
from switchboard.post import ChannelPost
from switchboard.records import Inbound

log = logging.getLogger(__name__)

# The console of `rasa shell`, and the link to a product that no longer exists: neither is a way customers reach us.
NOT_CHANNELS = {"cmdline", "rasa"}
SOCKETIO_WARNING = (
    "socketio lets a stranger who knows a session id read along; use the widget, or write "
    "`allow_insecure: true` under it to mount it all the same"
)
# What a proxy adds; and what a browser adds, which any page can make send requests to the loopback address.
_NOT_DIRECT = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via", "x-real-ip", "origin")
_caller: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="")


@dataclass(frozen=True)
class Problem:
    """A channel that was left out, and why."""

    channel: str
    why: str


@dataclass(frozen=True)
class ApiAccess:
    """Who may use the rest channel: tokens by caller, and the loopback address in the demo."""

    callers: Mapping[str, str]
    loopback_is_free: bool

    def caller_of(self, request: Request) -> str | None:
        """The caller's name, or None when this request may not speak."""
        scheme, _, given = (request.headers.get("authorization") or "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-token", "")
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


def build(credentials: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, InputChannel], list[Problem]]:
    """Every channel that can be built, by name, and the problems of the others."""
    built: dict[str, InputChannel] = {}
    problems: list[Problem] = []
    for name, settings in credentials.items():
        if name in NOT_CHANNELS:
            continue
        if name == "socketio" and not settings.get("allow_insecure"):
            problems.append(Problem(name, SOCKETIO_WARNING))
            continue
        try:
            channel = _class_of(name).from_credentials(dict(settings))
        except Exception as exc:  # a channel's own code may raise anything
            problems.append(Problem(name, f"{type(exc).__name__}: its settings in credentials.yml were not accepted"))
            continue
        built[channel.name()] = channel
    return built, problems


class Mount:
    """Puts channels onto the gateway, each with our `on_new_message`."""

    def __init__(self, database: Database, line: Line, post: ChannelPost, access: ApiAccess, default_language: str):
        self._database = database
        self._line = line
        self._post = post
        self._access = access
        self._default_language = default_language

    def mount(self, app: Sanic, channels: Mapping[str, InputChannel]) -> list[Problem]:
        """Mount each; one that fails while its blueprint is built is reported and left out."""
        problems = []
        for name, channel in channels.items():
            try:
                blueprint = channel.blueprint(self._on_new_message(name))
                if name == "rest":
                    self._guard_rest(blueprint)
                app.blueprint(blueprint, url_prefix=f"/webhooks/{channel.url_prefix()}")
            except Exception as exc:  # telegram, for one, calls its provider here
                log.error(
                    "A channel could not be mounted",
                    extra={"event": "channel_left_out", "channel": name, "error": type(exc).__name__},
                )
                problems.append(Problem(name, f"{type(exc).__name__} while it was mounted"))
                continue
            self._post.register(name, channel)
            log.info("Channel mounted", extra={"event": "channel_mounted", "channel": name})
        return problems

    def _on_new_message(self, channel: str) -> Callable[[UserMessage], Awaitable[Any]]:
        async def on_new_message(message: UserMessage) -> None:
            await self._receive(channel, message)

        return on_new_message

    async def _receive(self, channel: str, message: UserMessage) -> None:
        """One message of a stock channel: never raises, since stock channels log texts when we do."""
        output: OutputChannel = message.output_channel
        metadata = message.metadata if isinstance(message.metadata, dict) else {}
        caller = _caller.get() if channel == "rest" else ""
        sender = f"{caller}\x1f{message.sender_id}" if caller else message.sender_id
        hint = metadata.get("language")
        try:
            receipt = await self._line.receive(
                Inbound(
                    channel=channel,
                    sender=sender[:200],
                    text=message.text if isinstance(message.text, str) else "",
                    external_id=_external_id(metadata),
                    language=language.nearest(hint, self._default_language) if isinstance(hint, str) else None,
                ),
                limited=not caller,
            )
        except HandoffError as exc:
            await output.send_text_message(message.sender_id, _sentence_for(exc, hint, self._default_language))
            return
        except Exception:
            log.exception("A message could not be taken", extra={"event": "receive_failed", "channel": channel})
            sentence = texts.say("bot_failed", language.nearest(None, self._default_language))
            await output.send_text_message(message.sender_id, sentence)
            return
        if self._post.answered_in_response(channel):
            # With everything said since the customer last asked.
            await self._post.respond(output, receipt.conversation, (*receipt.pending, *receipt.answers))

    def _guard_rest(self, blueprint: Blueprint) -> None:
        @blueprint.middleware("request")
        async def check(request: Request) -> HTTPResponse | None:
            return self._check_rest(request)

    def _check_rest(self, request: Request) -> HTTPResponse | None:
        if request.method != "POST":
            return None
        caller = self._access.caller_of(request)
        if caller is None:
            return error_response(
                401, "token_required", "The rest channel asks for an API token (Authorization: Bearer)."
            )
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


def _external_id(metadata: Mapping[str, Any]) -> str | None:
    given = metadata.get("message_id")
    return str(given)[:200] if isinstance(given, (str, int)) and str(given).strip() else None


def _sentence_for(error: HandoffError, hint: Any, default_language: str) -> str:
    spoken = language.nearest(hint if isinstance(hint, str) else None, default_language)
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
