"""The check digits of card and identity numbers, where python-stdnum has them and where it has none.

Each takes a number in lower case, of the right length, without spaces, dashes and brackets.
"""

from __future__ import annotations

from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2

# The letters of Taiwan's counties count from ten, in the order in which the counties got theirs.
_TAIWAN_LETTERS = dict(zip("abcdefghjklmnpqrstuvxywzio", range(10, 36), strict=True))
_TAIWAN_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)


def is_card(digits: str) -> bool:
    return bool(luhn.is_valid(digits))


_YEARS_OF_BIRTH = range(1900, 2100)


def is_mainland_identity(number: str) -> bool:
    """Eighteen signs. Counties that no longer exist stand on living people's cards: only birthday and sum are asked."""
    try:
        born = ric.get_birth_date(number.upper())
    except ValidationError:
        return False
    # A card number and the month after it look like somebody born in another millennium.
    return born.year in _YEARS_OF_BIRTH and bool(mod_11_2.is_valid(number.upper()))


def is_taiwan_identity(number: str) -> bool:
    """A letter and nine digits; an old residence permit has a second letter, which counts with its last digit."""
    first = _TAIWAN_LETTERS[number[0]]
    second = _TAIWAN_LETTERS[number[1]] % 10 if number[1].isalpha() else int(number[1])
    digits = (first // 10, first % 10, second, *map(int, number[2:]))
    return sum(digit * weight for digit, weight in zip(digits, _TAIWAN_WEIGHTS, strict=True)) % 10 == 0


def is_hong_kong_identity(number: str) -> bool:
    """One or two letters, six digits, and a check digit of which A is ten. A missing first letter counts as 36."""
    letters, digits, check = number[:-7], number[-7:-1], number[-1]
    values = [36] * (2 - len(letters)) + [ord(letter) - ord("a") + 10 for letter in letters] + list(map(int, digits))
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (total + (10 if check == "a" else int(check))) % 11 == 0
