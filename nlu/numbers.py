"""Numbers that a message names, checked: parcels by their check digits, phones by their numbering plan, amounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import phonenumbers

# How numbers are dialled at home; without its leading 0, a number of Taiwan's or the mainland's is any number.
_DIALLED = {
    "HK": re.compile(r"[2-9][0-9]{7}"),
    "TW": re.compile(r"0[0-9]{8,9}"),
    "CN": re.compile(r"1[3-9][0-9]{9}|0[0-9]{9,11}|[48]00[0-9]{7}"),
}
# Country codes as people write them without a plus.
_COUNTRY = re.compile(r"(?:00)?(852|886|86)(?=[0-9]{8,11}$)")
_PHONE_LENGTHS = range(8, 16)

_AMOUNT = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
_NUMERALS = "零一二三四五六七八九"


@lru_cache(maxsize=1024)
def phone(written: str) -> str | None:
    """`+852 9123-4567`, `0912 345 678` -> E.164; None when nobody in Hong Kong, Taiwan or the mainland can have it."""
    digits = re.sub(r"[^0-9]", "", written)
    if len(digits) not in _PHONE_LENGTHS:
        return None
    coded = _COUNTRY.match(digits)
    if coded:
        return _valid("+" + digits[coded.start(1) :], None)
    if "+" in written:
        return None
    regions = (region for region, dialled in _DIALLED.items() if dialled.fullmatch(digits))
    return next((number for region in regions if (number := _valid(digits, region))), None)


def _valid(written: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.region_code_for_number(number) not in _DIALLED or not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def amount(written: str) -> str | None:
    """`hk$1,280.50`, `三百五十蚊` -> the sum in digits."""
    if found := _AMOUNT.search(written):
        return found.group().replace(",", "")
    return _chinese_sum("".join(sign for sign in written if sign in _NUMERALS or sign in _UNITS or sign == "两"))


def _chinese_sum(written: str) -> str | None:
    total, section, digit = 0, 0, 0
    for sign in written.replace("两", "二"):
        if sign in _NUMERALS:
            digit = _NUMERALS.index(sign)
        elif sign == "万":
            total, section, digit = (total + section + digit) * _UNITS[sign], 0, 0
        else:
            section, digit = section + (digit or 1) * _UNITS[sign], 0
    return str(total + section + digit) if written else None


# -- check digits of parcels -----------------------------------------------------------------------------------


def is_s10(number: str) -> bool:
    """The Universal Postal Union's: two letters, eight digits and one for checking, two letters of the country."""
    digits = [int(sign) for sign in number[2:11]]
    weighted = sum(digit * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7)))
    return {10: 0, 11: 5}.get(11 - weighted % 11, 11 - weighted % 11) == digits[8]


def is_ups(number: str) -> bool:
    """`1Z` and sixteen signs, of which letters count two more than their place."""
    values = [int(sign) if sign.isdigit() else (ord(sign) - ord("A") + 2) % 10 for sign in number[2:]]
    total = sum(value * (1 + place % 2) for place, value in enumerate(values[:-1]))
    return -total % 10 == values[-1]


def is_dhl(number: str) -> bool:
    """Ten digits, the last of which is the rest of the others by seven."""
    return int(number[:-1]) % 7 == int(number[-1])


def is_fedex(number: str) -> bool:
    """Twelve digits; the longer ones of FedEx Ground end like an article's bar code."""
    digits = [int(sign) for sign in number]
    if len(digits) == 12:
        return sum(digit * weight for digit, weight in zip(digits[:-1], (3, 1, 7) * 4)) % 11 % 10 == digits[-1]
    return -sum(digit * (3 - 2 * (place % 2)) for place, digit in enumerate(reversed(digits[:-1]))) % 10 == digits[-1]


CHECKS: Mapping[str, Callable[[str], bool]] = {"s10": is_s10, "ups": is_ups, "dhl": is_dhl, "fedex": is_fedex}
