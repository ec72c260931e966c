"""Mails as they never should come."""

from __future__ import annotations

import random

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
