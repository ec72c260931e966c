"""Mails, forms, JSON and XML as they never should come."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

_PIECES = (b"utf-8", b"base64", b"b1", b"<", b"\r\n", b"multipart/mixed", b"8bit")
_INSTEAD = (b"", b"utf-16", b"x" * 50, b"\0", b"\n", b"message/rfc822", b"uuencode", b"hz")


def mutated(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(raw) or 1)
        kind = chance.randrange(7)
        if kind == 0:
            raw = raw[:at]
        elif kind == 1:
            raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        elif kind == 2:
            raw = raw[:at] + other[chance.randrange(len(other)) :][:300] + raw[at:]
        elif kind == 3:
            raw = raw[:at] + raw[at + chance.randrange(1, 60) :]
        elif kind == 4:
            raw = raw.replace(chance.choice(_PIECES), chance.choice(_INSTEAD))
        elif kind == 5:
            raw = raw + raw[:2000]
        else:
            raw = raw[:at] + chance.choice([b"\r\n\r\n", b"=?utf-8?B?", b"\xff\xfe", b"--b1--", b"\x1f"]) + raw[at:]
    return raw


_VALUES = ("", "0", "-1", "99999999999999999999", "٣", "\0", "é" * 300, "%", "javascript:alert(1)", "{}", "/restart")


def mutated_form(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """A form as its provider never would send it."""
    fields = parse_qsl(raw.decode(), keep_blank_values=True)
    others = parse_qsl(other.decode(), keep_blank_values=True)
    for _ in range(chance.randrange(1, 4)):
        at, kind = chance.randrange(len(fields) or 1), chance.randrange(5)
        if kind == 0 and fields:
            del fields[at]
        elif kind == 1 and fields:
            fields[at] = (fields[at][0], chance.choice(_VALUES))
        elif kind == 2:
            fields.append(chance.choice(others))
        elif kind == 3:
            fields.append((chance.choice(_VALUES), chance.choice(_VALUES)))
        else:
            fields += fields[:3] * chance.randrange(1, 30)
    written = urlencode(fields).encode()
    return written if chance.random() < 0.7 else mutated(chance, written, other)


def mutated_json(chance: random.Random, body: Any) -> Any:
    """A body with something else in some of its places."""
    for _ in range(chance.randrange(1, 4)):
        places = list(_places(body))
        if places:
            holder, key = chance.choice(places)
            holder[key] = copy.deepcopy(chance.choice(_THINGS))
    return body


_THINGS: tuple[Any, ...] = (
    *(None, 0, -1, True, 1e300, 1e400, 2**70, [], {}, [[]], {"a": {}}),
    *("", " ", "x" * 5000, "\0", "\u202e", "\ud800", "/restart", "／restart"),
)


def _places(body: Any) -> Iterator[tuple[Any, Any]]:
    for key in range(len(body)) if isinstance(body, list) else list(body) if isinstance(body, dict) else ():
        yield body, key
        yield from _places(body[key])


def mutated_webhook(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """A body as its provider never would send it: with a value of another kind, a field too few, a piece of another
    event, bytes that are no text."""
    try:
        body = json.loads(raw)
    except ValueError:
        return mutated_markup(chance, raw, other)
    if chance.random() < 0.2:
        return mutated(chance, raw, other)
    body = mutated_json(chance, body)
    places = list(_places(body))
    if places and chance.random() < 0.3:
        holder, key = chance.choice(places)
        del holder[key]
    return json.dumps(body).encode()


def mutated_markup(chance: random.Random, raw: bytes, other: bytes) -> bytes:
    """XML with an element gone, doubled, of another event, or with an odd text in it."""
    lines = raw.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    kind = chance.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, chance.choice(other.splitlines(keepends=True)))
    elif kind == 2:
        odd = str(chance.choice(_THINGS)).encode("utf-8", "replace")
        lines[at] = lines[at].replace(b"[CDATA[", b"[CDATA[" + odd)
    elif kind == 3:
        lines[at] = lines[at].replace(b"<![CDATA[", b"<x><y>&amp;</y>").replace(b"]]>", b"</x>")
    else:
        return mutated(chance, raw, other)
    return b"".join(lines)
