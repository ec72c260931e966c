"""How customers write order numbers and phones, and the one form in which we compare them."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

import phonenumbers

# Longer than any order number, customer id or phone; what is longer is not worth folding.
MAX_REFERENCE_LENGTH = 64

# Only for numbers without a country code, where it decides little: extensions and prefixes are cut alike.
HOME_REGION = "HK"

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—_.#]+")
_ORDER_NUMBER = re.compile(r"[A-Z0-9]{3,40}")
_CUSTOMER_ID = re.compile(r"(?!\.+$)[A-Za-z0-9@._+:|=-]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Printable ASCII, as addresses are; other letters come percent-encoded.
_ADDRESS = re.compile(r"(?:https?:/)?/[!-\[\]-~]{1,2000}")
_NOT_A_DIGIT = re.compile(r"[^0-9]")


def order_number(written: str) -> str | None:
    """`hg 1002-3847`, `#ＨＧ10023847` -> `HG10023847`; None when it cannot be an order number."""
    if len(written) > MAX_REFERENCE_LENGTH:
        return None
    folded = _SEPARATORS.sub("", unicodedata.normalize("NFKC", written)).upper()
    return folded if _ORDER_NUMBER.fullmatch(folded) else None


def customer_id(given: str) -> str | None:
    """The id unchanged when it can be one. It goes into addresses, so `..`, `/` and control characters cannot."""
    return given if _CUSTOMER_ID.fullmatch(given) else None


def product_id(given: str) -> str | None:
    """The id unchanged when it can be one; the same characters as a customer's."""
    return customer_id(given)


def currency(given: str) -> str | None:
    """A code of ISO 4217, by its shape."""
    return given if _CURRENCY.fullmatch(given) else None


def web_address(given: str) -> str | None:
    """An http(s) address without a login, or a path on our own site; None for anything a browser should not follow."""
    if not _ADDRESS.fullmatch(given):
        return None
    try:
        parts = urlsplit(given)
        is_path = not parts.scheme and not parts.netloc
        return given if is_path or (parts.scheme and parts.hostname and "@" not in parts.netloc) else None
    except ValueError:
        return None


def last_four(written: str) -> str | None:
    """The last four digits of a phone number written in any format, or of the digits somebody typed."""
    if len(written) > MAX_REFERENCE_LENGTH:
        return None
    folded = unicodedata.normalize("NFKC", written)
    digits = _NOT_A_DIGIT.sub("", folded)
    if len(digits) > 4:
        digits = _national_number(folded) or digits
    return digits[-4:] if len(digits) >= 4 else None


def _national_number(written: str) -> str | None:
    """Without country code and extension, so that `9123 4567 ext. 12` ends in 4567."""
    try:
        return phonenumbers.national_significant_number(phonenumbers.parse(written, HOME_REGION))
    except phonenumbers.NumberParseException:
        return None
