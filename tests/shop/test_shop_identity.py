"""Signed identities: only the shop's own, only while they are fresh (attack 2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from shop_fakes import NOW

from shop import (
    BadShopSettings,
    Identity,
    IdentityRefused,
    LinkedIdentity,
    check_identity_secret,
    sign_identity,
    verify_identity,
    verify_link,
)

SECRET = "the shop's secret, 32 bytes at least"
OTHER_SECRET = "another secret of at least 32 bytes.."
AT = int(NOW.timestamp())
GOOD: dict[str, Any] = {"sub": "c-0001", "iat": AT, "exp": AT + 3600}


def signed(claims: Any, header: dict[str, Any] | None = None, secret: str = SECRET) -> str:
    """Signed by hand, so that nothing a library would refuse to make is left out."""
    parts = [header or {"alg": "HS256", "typ": "JWT"}, claims]
    body = ".".join(_base64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts)
    return f"{body}.{_base64(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def changed(**claims: Any) -> str:
    return signed({name: value for name, value in {**GOOD, **claims}.items() if value is not ...})


def test_what_the_shop_signs_is_verified() -> None:
    token = sign_identity("c-0001", SECRET, NOW, minutes=30)
    assert verify_identity(token, SECRET, NOW) == Identity("c-0001", NOW + timedelta(minutes=30))
    assert verify_identity(signed(GOOD), SECRET, NOW).customer_id == "c-0001"


@pytest.mark.parametrize(
    "customer_id", ["c-0001", "42", "ana@example.com", "8f14e45f-ceea-467f-a0e6-1b2c3d4e5f60", "urn:x:1"]
)
def test_customer_ids_of_other_shops_are_accepted(customer_id: str) -> None:
    assert verify_identity(sign_identity(customer_id, SECRET, NOW), SECRET, NOW).customer_id == customer_id


GOOD_TOKEN = signed(GOOD)
NONE = {"alg": "none"}
REFUSED = {
    "null": (None, "malformed"),
    "a number": (42, "malformed"),
    "an array": ([GOOD_TOKEN], "malformed"),
    "an object": ({"token": GOOD_TOKEN}, "malformed"),
    "true": (True, "malformed"),
    "bytes": (GOOD_TOKEN.encode(), "malformed"),
    "empty": ("", "malformed"),
    "no token": ("c-0001", "malformed"),
    "two parts": (GOOD_TOKEN.rsplit(".", 1)[0], "malformed"),
    "four parts": (GOOD_TOKEN + ".x", "malformed"),
    "with a space": (" " + GOOD_TOKEN, "malformed"),
    "with a newline": (GOOD_TOKEN + "\n", "malformed"),
    "too long": ("a" * 5000 + GOOD_TOKEN, "malformed"),
    "surrogate": ("\ud800.\ud800.\ud800", "malformed"),
    "claims are an array": (signed([GOOD]), "malformed"),
    "claims are null": (signed(b"null"), "malformed"),
    "claims are not JSON": (signed(b"{"), "malformed"),
    "claims are deep": (signed(b"[" * 2000), "malformed"),
    "other key": (signed(GOOD, secret=OTHER_SECRET), "bad_signature"),
    "empty key": (signed(GOOD, secret=""), "bad_signature"),
    "no signature": (GOOD_TOKEN.rsplit(".", 1)[0] + ".", "bad_signature"),
    "cut signature": (GOOD_TOKEN[:-4], None),
    "signature of another": (
        changed(sub="c-0002").rsplit(".", 1)[0] + "." + GOOD_TOKEN.rsplit(".", 1)[1],
        "bad_signature",
    ),
    "other case": (GOOD_TOKEN.swapcase(), None),
    "alg none": (signed(GOOD, NONE), "wrong_algorithm"),
    "alg none, unsigned": (signed(GOOD, NONE).rsplit(".", 1)[0] + ".", "wrong_algorithm"),
    "alg None": (signed(GOOD, {"alg": "None"}), "wrong_algorithm"),
    "alg hs256": (signed(GOOD, {"alg": "hs256"}), "wrong_algorithm"),
    "alg HS512": (jwt.encode(GOOD, SECRET * 2, algorithm="HS512"), "wrong_algorithm"),
    "alg RS256": (signed(GOOD, {"alg": "RS256"}), "wrong_algorithm"),
    "alg array": (signed(GOOD, {"alg": ["HS256"]}), None),
    "no alg": (signed(GOOD, {"typ": "JWT"}), None),
    "critical extension": (signed(GOOD, {"alg": "HS256", "crit": ["x"], "x": 1}), "malformed"),
    "no sub": (changed(sub=...), "missing_claim"),
    "null sub": (changed(sub=None), "missing_claim"),
    "empty sub": (changed(sub=""), "bad_subject"),
    "array sub": (changed(sub=["c-0001"]), "bad_subject"),
    "number sub": (changed(sub=1), "bad_subject"),
    "object sub": (changed(sub={"id": "c-0001"}), "bad_subject"),
    "path sub": (changed(sub="../c-0001"), "bad_subject"),
    "NUL sub": (changed(sub="c-0001\x00"), "bad_subject"),
    "newline sub": (changed(sub="c-0001\n"), "bad_subject"),
    "long sub": (changed(sub="c" * 500), "bad_subject"),
    "no exp": (changed(exp=...), "missing_claim"),
    "null exp": (changed(exp=None), "missing_claim"),
    "text exp": (changed(exp=str(AT + 60)), "bad_claim"),
    "true exp": (changed(exp=True), "bad_claim"),
    "array exp": (changed(exp=[AT + 60]), "bad_claim"),
    "NaN exp": (changed(exp=float("nan")), "bad_claim"),
    "infinite exp": (changed(exp=float("inf")), "bad_claim"),
    "enormous exp": (changed(exp=10**400), "bad_claim"),
    "expired": (changed(exp=AT - 3600, iat=AT - 7200), "expired"),
    "expired by more than the leeway": (changed(exp=AT - 30), "expired"),
    "issued in the future": (changed(iat=AT + 31), "not_yet_valid"),
    "not before": (changed(nbf=AT + 31), "not_yet_valid"),
    "too old": (changed(iat=AT - 86_400 - 31), "too_old"),
    "for ever": (changed(exp=AT + 10 * 365 * 86_400), "too_long_lived"),
    "signed for an account link": (changed(nonce="a-token"), "for_a_link"),
    "for ever, without iat": (changed(exp=AT + 86_400 + 31, iat=...), "too_long_lived"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_with_one_constant_message(name: str) -> None:
    token, code = REFUSED[name]
    with pytest.raises(IdentityRefused) as refused:
        verify_identity(token, SECRET, NOW)  # type: ignore[arg-type]
    assert code in (None, refused.value.code)
    assert str(refused.value) == "This sign-in could not be verified."


@pytest.mark.parametrize(
    "token",
    [
        changed(exp=AT - 29),
        changed(iat=AT + 30),
        changed(nbf=AT + 29),
        changed(iat=AT - 86_400, exp=AT + 60),
        changed(iat=..., exp=AT + 86_400),
        changed(exp=AT + 0.5),
    ],
)
def test_clocks_may_differ_by_the_leeway(token: str) -> None:
    assert verify_identity(token, SECRET, NOW).customer_id == "c-0001"


def test_time_is_the_clock_we_were_given() -> None:
    token = sign_identity("c-0001", SECRET, NOW, minutes=60)
    verify_identity(token, SECRET, NOW + timedelta(minutes=60, seconds=29))
    with pytest.raises(IdentityRefused):
        verify_identity(token, SECRET, NOW + timedelta(minutes=60, seconds=30))
    with pytest.raises(IdentityRefused):
        verify_identity(token, SECRET, datetime.fromtimestamp(AT - 31, NOW.tzinfo))


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_missing_or_short_secret_verifies_nothing(secret: str) -> None:
    with pytest.raises(IdentityRefused) as refused:
        verify_identity(signed(GOOD, secret=secret), secret, NOW)
    assert refused.value.code == "not_configured"
    for refuse in (lambda: check_identity_secret(secret), lambda: sign_identity("c-0001", secret, NOW)):
        with pytest.raises(BadShopSettings):
            refuse()


def link(**claims: Any) -> str:
    return changed(**{"nonce": "the-token", **claims})


@pytest.mark.parametrize("audience", [..., "https://chat.example", ["https://other.example", "https://chat.example"]])
def test_what_the_shop_signs_for_an_account_link_names_its_token(audience: Any) -> None:
    found = verify_link(link(aud=audience), SECRET, NOW, "https://chat.example")
    assert found == LinkedIdentity(Identity("c-0001", NOW + timedelta(hours=1)), "the-token")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (GOOD_TOKEN, "missing_claim"),
        (link(nonce=None), "missing_claim"),
        (link(nonce=["the-token"]), "bad_claim"),
        (link(sub=...), "missing_claim"),
        (link(exp=AT - 30), "expired"),
        (link(aud="https://other.example"), "wrong_audience"),
        (link(aud=["https://other.example"]), "wrong_audience"),
        (link(aud=None), "wrong_audience"),
        (link(aud={"https://chat.example": 1}), "wrong_audience"),
        (signed({**GOOD, "nonce": "the-token"}, secret=OTHER_SECRET), "bad_signature"),
        (signed({**GOOD, "nonce": "the-token"}, NONE), "wrong_algorithm"),
    ],
)
def test_anything_else_answers_no_account_link(token: str, code: str) -> None:
    with pytest.raises(IdentityRefused) as refused:
        verify_link(token, SECRET, NOW, "https://chat.example")
    assert refused.value.code == code
