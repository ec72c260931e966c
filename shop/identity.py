"""Who a customer is, as signed by the shop's own page: a short-lived JWT. Nothing else proves it.

One that carries a `nonce` answers an account link and nothing else: it was signed for the conversation with that link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from shop import references
from shop.errors import BadShopSettings, IdentityRefused

ALGORITHM = "HS256"  # the only one: a token never chooses how it is checked
MAX_AGE = timedelta(hours=24)
# The clocks of the shop's server and of ours are never quite the same.
LEEWAY_SECONDS = 30
MAX_TOKEN_LENGTH = 4096
LATEST_SECONDS = 10**11
# RFC 7518, 3.2: the key of HS256 is at least as long as its hash.
MIN_SECRET_BYTES = 32

_THREE_PARTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

# We check the times ourselves, against the clock we were given and more strictly than the library.
_SIGNATURE_ONLY: dict[str, bool] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


@dataclass(frozen=True)
class Identity:
    """A customer whom the shop vouches for until `expires_at`."""

    customer_id: str
    expires_at: datetime


@dataclass(frozen=True)
class LinkedIdentity:
    """A customer who followed the link with this token."""

    identity: Identity
    nonce: str


def check_identity_secret(secret: str) -> None:
    """Raise `BadShopSettings` for a secret that is too short to sign with; for a start-up check."""
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise BadShopSettings(f"identity secret: expected at least {MIN_SECRET_BYTES} bytes")


def sign_identity(customer_id: str, secret: str, now: datetime, minutes: float = 60, **more: str) -> str:
    """What the shop's own server does for a signed-in customer; `nonce` and `aud` go into an account link. Used by the
    demo storefront and tests."""
    check_identity_secret(secret)
    issued_at = int(now.timestamp())
    claims = {"sub": customer_id, "iat": issued_at, "exp": issued_at + int(minutes * 60), **more}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def verify_identity(token: str, secret: str, now: datetime) -> Identity:
    """Raises `IdentityRefused`; its code is one of `not_configured`, `malformed`, `wrong_algorithm`, `bad_signature`,
    `missing_claim`, `bad_claim`, `bad_subject`, `not_yet_valid`, `expired`, `too_long_lived`, `too_old`,
    `for_a_link`."""
    claims = _signed_claims(token, secret)
    if "nonce" in claims:
        raise IdentityRefused("for_a_link")
    return _identity(claims, now)


def verify_link(token: str, secret: str, now: datetime, audience: str) -> LinkedIdentity:
    """The same of what the shop signed for an account link. It must name the link's token as `nonce`, and whoever it
    is for, if it says so (`aud`), must be `audience`: else `wrong_audience`. Raises `IdentityRefused`."""
    claims = _signed_claims(token, secret)
    nonce, meant = claims.get("nonce"), claims.get("aud", audience)
    if nonce is None:
        raise IdentityRefused("missing_claim")
    if not isinstance(nonce, str):
        raise IdentityRefused("bad_claim")
    if audience not in (meant if isinstance(meant, list) else [meant]):
        raise IdentityRefused("wrong_audience")
    return LinkedIdentity(_identity(claims, now), nonce)


def _identity(claims: Mapping[str, Any], now: datetime) -> Identity:
    subject = claims.get("sub")
    if subject is None:
        raise IdentityRefused("missing_claim")
    if not isinstance(subject, str) or references.customer_id(subject) is None:
        raise IdentityRefused("bad_subject")
    return Identity(subject, _expiry(claims, now))


def _signed_claims(token: str, secret: str) -> Mapping[str, Any]:
    # The page may hand over anything that JSON can say, whatever the annotation promises.
    if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH or not _THREE_PARTS.fullmatch(token):
        raise IdentityRefused("malformed")
    try:
        check_identity_secret(secret)
    except BadShopSettings as exc:
        # An empty secret would accept what anybody signs with an empty secret.
        raise IdentityRefused("not_configured") from exc
    try:
        return jwt.decode(token, secret, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)  # type: ignore[arg-type]
    except jwt.InvalidAlgorithmError as exc:
        raise IdentityRefused("wrong_algorithm") from exc
    except jwt.InvalidSignatureError as exc:
        raise IdentityRefused("bad_signature") from exc
    except (jwt.InvalidTokenError, ValueError, RecursionError) as exc:
        raise IdentityRefused("malformed") from exc


def _expiry(claims: Mapping[str, Any], now: datetime) -> datetime:
    at = now.timestamp()
    expires, issued, not_before = (_seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None:
        raise IdentityRefused("missing_claim")
    if at >= expires + LEEWAY_SECONDS:
        raise IdentityRefused("expired")
    if any(start is not None and at < start - LEEWAY_SECONDS for start in (issued, not_before)):
        raise IdentityRefused("not_yet_valid")
    if issued is not None and at - issued > MAX_AGE.total_seconds() + LEEWAY_SECONDS:
        raise IdentityRefused("too_old")
    # Also for a token that does not say when it was issued: none outlives the longest age.
    if expires - at > MAX_AGE.total_seconds() + LEEWAY_SECONDS:
        raise IdentityRefused("too_long_lived")
    return datetime.fromtimestamp(expires, now.tzinfo)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    # Written so that NaN and integers too large for a float are refused as well.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < LATEST_SECONDS:
        raise IdentityRefused("bad_claim")
    return float(value)
