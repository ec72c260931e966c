"""Whether a request is from the provider: signatures over the raw body, and secrets, compared in constant time.

The algorithm is the connector's choice and never the request's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from sanic.request import Request

# As Slack has it. Tencent repeats a call within seconds, and a clock that is kept is no minute wrong.
FRESH_SECONDS = 300
_LONGEST_TIME = 13  # in milliseconds; in seconds it has 10


def shown(request: Request, header: str) -> str | None:
    """What the request shows in this header. Of two nobody knows which one a proxy has looked at: then it is none."""
    found = request.headers.getall(header, [])
    return str(found[0]) if len(found) == 1 else None


def asked_with(request: Request, name: str) -> str:
    """What the address of the request has under this name; nothing where it stands twice, as in `shown`."""
    found = request.get_args(keep_blank_values=True).getlist(name) or []
    return str(found[0]) if len(found) == 1 else ""


def is_fresh(signed_at: str, now: datetime) -> bool:
    """Whether the time that was signed is about now: what somebody found in a log is good for so long and no longer."""
    if not signed_at.isascii() or not signed_at.isdigit() or len(signed_at) > _LONGEST_TIME:
        return False
    steps = 1000 if len(signed_at) == _LONGEST_TIME else 1
    return abs(int(signed_at) / steps - now.timestamp()) <= FRESH_SECONDS


def same(given: str | None, expected: str) -> bool:
    """Whether a secret or a signature is the expected one. An empty expectation is met by nothing."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode("utf-8", "surrogateescape"))


def hex_sha256(secret: str, body: bytes) -> str:
    """HMAC-SHA256 as lower-case hexadecimal."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def base64_sha256(secret: str, body: bytes) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def base64_sha1(secret: str, body: bytes) -> str:
    """HMAC-SHA1 in base64, for providers that sign so."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def hex_sha1(secret: str, body: bytes) -> str:
    """HMAC-SHA1 as lower-case hexadecimal, for providers that sign so."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
