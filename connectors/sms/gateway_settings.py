"""How a gateway speaks, as its entry in credentials.yml says: where it is sent to, how it proves itself, and how it
calls what it posts. Everything is read and checked once, at the start."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sanic.request import Request

from connectors.output import REASONS
from connectors.own import BadSetting
from connectors.proof import asked_with, base64_sha1, base64_sha256, hex_sha1, hex_sha256, same, shown
from connectors.sms.segments import MOST_SEGMENTS
from connectors.webhook import needed

MAX_FIELDS = 1000
MAX_EVENTS = 1000
_SIGNATURES: dict[str, Callable[[str, bytes], str]] = {
    "hmac_sha256_hex": hex_sha256,
    "hmac_sha256_base64": base64_sha256,
    "hmac_sha1_hex": hex_sha1,
    "hmac_sha1_base64": base64_sha1,
}
# The mainland's words for "no more": answered by the operator, who then lets nothing through.
_OPT_OUT = ("T", "TD", "退订", "STOP")


@dataclass(frozen=True)
class Proof:
    """`kind` is one of the signatures, or `header` or `query`: the secret itself, in the header or parameter `name`."""

    kind: str
    name: str
    secret: str

    def holds(self, request: Request) -> bool:
        """Whether the gateway made this request."""
        if self.kind == "query":
            return same(asked_with(request, self.name), self.secret)
        given_header = shown(request, self.name)
        if self.kind == "header":
            return same(given_header, self.secret)
        return same(given_header, _SIGNATURES[self.kind](self.secret, request.body))


@dataclass(frozen=True)
class GatewaySettings:
    """An entry, read. Paths are keys with dots between them."""

    send_url: str
    proof: Proof
    authorization: str
    sends_json: bool
    constants: Mapping[str, str]
    to_field: str
    text_field: str
    key_field: str | None
    code_path: str
    good_codes: frozenset[str]
    id_path: str
    message_path: str
    reasons: Mapping[str, str]
    left_out: str  # of +8613800138000, in both directions
    prefix: str
    templates: tuple[tuple[str, ...], ...]  # what stands still, around what changes
    max_segments: int
    takes_json: bool
    events_path: tuple[str, ...]
    acknowledgement: str
    from_path: str
    received_text: str
    received_id: tuple[str, ...]
    opt_out_words: frozenset[str]
    report_id: str
    report_state: str
    report_detail: str
    delivered: frozenset[str]
    under_way: frozenset[str]

    def is_registered(self, text: str) -> bool:
        """Whether a text fits a template; every text where none is named."""
        return not self.templates or any(_fits(pieces, text) for pieces in self.templates)

    def parse(self, raw: bytes) -> Any:
        """The body. Raises ValueError."""
        text = raw.decode("utf-8")
        if self.takes_json:
            body = json.loads(text)
            if not isinstance(body, (dict, list)):
                raise ValueError("neither object nor list")
            return body
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
        return {
            name: _unpacked(values[0]) if name in self.events_path else values[0] for name, values in fields.items()
        }

    def events_in(self, body: Any) -> Iterable[Any]:
        """The events: the lists under the named fields, or the body itself."""
        found = [body.get(name) for name in self.events_path] if isinstance(body, dict) else []
        inside = [one for one in found if isinstance(one, (list, dict))]
        for one in inside or [body]:
            yield from (one[:MAX_EVENTS] if isinstance(one, list) else [one])


def read(given: Mapping[str, Any]) -> GatewaySettings:
    """The entry, checked. Raises BadSetting, naming what is wrong."""
    (url,) = needed(dict(given), "sms", "send_url")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise BadSetting("sms: `send_url` is a whole address, with https://.")
    part = {name: _mapping(given, name) for name in ("send", "answer", "received", "report", "proof", "reasons")}
    send, answer, received, report = (part[name] for name in ("send", "answer", "received", "report"))
    for name, known in _KNOWN.items():
        unknown = sorted(set(part[name]) - known)
        if unknown:
            raise BadSetting(f"sms: `{name}.{unknown[0]}` is unknown; expected one of {', '.join(sorted(known))}.")
    reasons = {str(code): str(reason) for code, reason in part["reasons"].items()}
    for code, reason in reasons.items():
        if reason not in REASONS:
            raise BadSetting(f"sms: `reasons.{code}` is {reason}; expected one of {', '.join(sorted(REASONS))}.")
    signature = str(given.get("signature") or "").strip().strip("【】")
    return GatewaySettings(
        send_url=url,
        proof=_proof(part["proof"]),
        authorization=str(given.get("authorization") or ""),
        sends_json=_format(given, "send_format"),
        constants={str(name): str(value) for name, value in _mapping(given, "constants").items()},
        to_field=str(send.get("to") or "to"),
        text_field=str(send.get("text") or "text"),
        key_field=str(send["key"]) if send.get("key") else None,
        code_path=str(answer.get("code") or ""),
        good_codes=_words(answer.get("good", ["0"]), "answer.good"),
        id_path=str(answer.get("id") or "id"),
        message_path=str(answer.get("message") or "message"),
        reasons=reasons,
        left_out=_left_out(given.get("leaves_out", "")),
        prefix=f"【{signature}】" if signature else "",
        templates=tuple(tuple(str(one).split("{}")) for one in _list(given.get("templates", []), "templates")),
        max_segments=_max_segments(given.get("max_segments", MOST_SEGMENTS)),
        takes_json=_format(given, "receive_format"),
        events_path=tuple(str(one) for one in _list(given.get("events", []), "events")),
        acknowledgement=str(given.get("acknowledgement", "OK")),
        from_path=str(received.get("from") or "from"),
        received_text=str(received.get("text") or "text"),
        received_id=tuple(str(received.get("id") or "id").replace(" ", "").split(",")),
        opt_out_words=frozenset(
            one.upper() for one in _words(given.get("opt_out_words", list(_OPT_OUT)), "opt_out_words")
        ),
        report_id=str(report.get("id") or "id"),
        report_state=str(report.get("state") or "state"),
        report_detail=str(report.get("detail") or "error"),
        delivered=_words(report.get("delivered", ["DELIVRD"]), "report.delivered"),
        under_way=_words(report.get("under_way", ["ACCEPTD", "ENROUTE"]), "report.under_way"),
    )


def value_at(body: Any, path: str) -> str | None:
    """The text or number at a path, as text; None where there is none."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    if isinstance(body, bool):
        return "true" if body else "false"
    return str(body).strip() if isinstance(body, (str, int)) else None


def event_key(event: Any, paths: tuple[str, ...]) -> str:
    """The id of a message: the gateway's own, or made of several fields that are the same at every repeat. Raises
    ValueError when one is missing."""
    values = [value_at(event, path) for path in paths]
    if any(not value for value in values):
        raise ValueError("no id")
    if len(values) == 1:
        return str(values[0])
    return hashlib.sha256("\x1f".join(str(value) for value in values).encode("utf-8", "replace")).hexdigest()


_KNOWN = {
    "send": {"to", "text", "key"},
    "answer": {"code", "good", "id", "message"},
    "received": {"from", "text", "id"},
    "report": {"id", "state", "detail", "delivered", "under_way"},
    "proof": {"kind", "name", "secret"},
}


def _proof(given: Mapping[str, Any]) -> Proof:
    kinds = [*_SIGNATURES, "header", "query"]
    if given.get("kind") not in kinds:
        raise BadSetting(f"sms: `proof.kind` is one of {', '.join(kinds)}.")
    for name in ("name", "secret"):
        if not str(given.get(name) or "").strip():
            raise BadSetting(f"sms: `proof.{name}` is missing in credentials.yml.")
    return Proof(str(given["kind"]), str(given["name"]).strip(), str(given["secret"]).strip())


def _mapping(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = given.get(name) or {}
    if not isinstance(value, Mapping):
        raise BadSetting(f"sms: `{name}` is a mapping of names to values.")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadSetting(f"sms: `{name}` is a list.")
    return value


def _words(value: Any, name: str) -> frozenset[str]:
    return frozenset(str(one) for one in _list(value, name))


def _format(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, "json")
    if value not in ("json", "form"):
        raise BadSetting(f"sms: `{name}` is json or form.")
    return bool(value == "json")


def _left_out(value: Any) -> str:
    if value != "" and not (isinstance(value, str) and re.fullmatch(r"\+[0-9]{0,3}", value)):
        raise BadSetting('sms: `leaves_out` is "+", or a plus and the code of a country, such as "+86".')
    return str(value)


def _max_segments(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_SEGMENTS:
        raise BadSetting(f"sms: `max_segments` is a number from 1 to {MOST_SEGMENTS}.")
    return value


def _fits(pieces: tuple[str, ...], text: str) -> bool:
    """Whether a text is these pieces with something between each two."""
    first, *middle = pieces
    if not middle:
        return text == first
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in middle[:-1]:
        found = text.find(piece, at + 1)
        if found < 0:
            return False
        at = found + len(piece)
    return text.endswith(middle[-1]) and len(text) - len(middle[-1]) > at


def _unpacked(value: str) -> Any:
    if value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
