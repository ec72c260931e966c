"""What a shop keeps of its customers: classes and fields of its own, from a YAML file that is followed.

The file decides what can be written; what was written is kept by `customers.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from handoff.edited_file import EditedFile, FileRefused, composed
from handoff.errors import BadInput, TextTooLong
from handoff.plain import plain
from handoff.tags import COLOURS
from handoff.yaml_places import Place

SHIPPED = Path(__file__).parent / "customer_form.yml"
MAX_FILE_BYTES = 200_000
MAX_CLASSES = 20
MAX_FIELDS = 40
MAX_CHOICES = 60
MAX_NAME_CHARS = 40
MAX_TEXT_CHARS = 1000
USUAL_TEXT_CHARS = 200
MAX_DECIMALS = 4
BIGGEST = 10**12
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")


class CustomerFormError(FileRefused):
    """The classes and fields cannot be used; the message names file, line and field."""


class FieldType(str, Enum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"


# What may be said of a field of each type, beside id, type and name.
_LIMITS: Mapping[FieldType, tuple[str, ...]] = {
    FieldType.TEXT: ("max_chars",),
    FieldType.NUMBER: ("least", "most", "decimals"),
    FieldType.DATE: ("earliest", "latest"),
    FieldType.CHOICE: ("choices",),
    FieldType.YES_NO: (),
}


@dataclass(frozen=True)
class CustomerClass:
    """A kind of customer."""

    id: str
    names: Mapping[str, str]
    colour: str
    shop_tags: tuple[str, ...]


@dataclass(frozen=True)
class CustomField:
    """A field of the shop's own, and what may stand in it."""

    id: str
    type: FieldType
    names: Mapping[str, str]
    max_chars: int = USUAL_TEXT_CHARS
    least: float | None = None
    most: float | None = None
    decimals: int = 0
    earliest: date | None = None
    latest: date | None = None
    choices: tuple[tuple[str, Mapping[str, str]], ...] = ()

    def checked(self, value: object) -> Any:
        """The value as it is kept. Raises BadInput or TextTooLong that name the field and what was expected."""
        return _CHECKS[self.type](self, value)

    def refuse(self, expected: str) -> BadInput:
        """What is said of a value that does not fit."""
        return BadInput(f"{self.id} must be {expected}.", field=self.id)


@dataclass(frozen=True)
class CustomerForm:
    """A good file."""

    classes: tuple[CustomerClass, ...] = ()
    fields: tuple[CustomField, ...] = ()

    def field(self, field_id: str) -> CustomField | None:
        """The field with this id."""
        return next((one for one in self.fields if one.id == field_id), None)

    def class_of(self, class_id: str | None) -> CustomerClass | None:
        """The class with this id."""
        return next((one for one in self.classes if one.id == class_id), None)

    def class_by_shop(self, shop_tags: Collection[str]) -> CustomerClass | None:
        """The class that the shop's own tags of a customer mean; the first in the file wins."""
        worn = {tag.casefold() for tag in shop_tags}
        return next((one for one in self.classes if worn & {tag.casefold() for tag in one.shop_tags}), None)


class CustomerFormFile(EditedFile[CustomerForm]):
    """The file as it is edited. The first reading raises CustomerFormError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, read, "customer form")


def read(path: Path) -> CustomerForm:
    """The classes and fields of a file. Raises CustomerFormError with the first thing that is wrong."""
    node = composed(path, CustomerFormError, MAX_FILE_BYTES)
    if node is None:
        return CustomerForm()
    sections = Place(path.name, "", node, CustomerFormError).below(("classes", "fields"))
    return CustomerForm(
        tuple(_class(one) for one in _listed(sections, "classes", MAX_CLASSES)),
        tuple(_field(one) for one in _listed(sections, "fields", MAX_FIELDS)),
    )


def _listed(sections: Mapping[str, Place], name: str, most: int) -> Iterator[Place]:
    """The entries of a list, each with an id of its own."""
    if name not in sections:
        return
    known: set[str] = set()
    for number, place in enumerate(sections[name].items()):
        if number == most:
            raise place.refuse(f"there are more than {most}.")
        fields = place.below()
        if "id" not in fields:
            raise place.refuse("the field id is missing.")
        written = fields["id"].text()
        if not _ID.fullmatch(written):
            raise fields["id"].refuse("an id is made of lower-case letters, digits and hyphens, 40 at most.")
        if written in known:
            raise fields["id"].refuse(f"{written} stands twice.")
        known.add(written)
        yield place


def _class(place: Place) -> CustomerClass:
    fields = place.below(("id", "name", "colour", "shop_tags"))
    return CustomerClass(
        fields["id"].text(),
        _names(place, fields),
        fields["colour"].one_of(COLOURS) if "colour" in fields else COLOURS[0],
        tuple(one.text() for one in fields["shop_tags"].items()) if "shop_tags" in fields else (),
    )


def _field(place: Place) -> CustomField:
    written = place.below()
    if "type" not in written:
        raise place.refuse("the field type is missing.")
    kind = FieldType(written["type"].one_of([one.value for one in FieldType]))
    fields = place.below(("id", "type", "name", *_LIMITS[kind]))
    limits: dict[str, Any] = {}
    if "max_chars" in fields:
        limits["max_chars"] = fields["max_chars"].whole_number(1, MAX_TEXT_CHARS)
    if "decimals" in fields:
        limits["decimals"] = fields["decimals"].whole_number(0, MAX_DECIMALS)
    limits.update({name: _number(fields[name]) for name in ("least", "most") if name in fields})
    limits.update({name: fields[name].day() for name in ("earliest", "latest") if name in fields})
    for low, high in (("least", "most"), ("earliest", "latest")):
        if low in limits and high in limits and limits[low] > limits[high]:
            raise fields[high].refuse(f"{limits[high]} is below {low}, {limits[low]}.")
    if kind is FieldType.CHOICE:
        limits["choices"] = tuple(_choices(place, fields))
    return CustomField(fields["id"].text(), kind, _names(place, fields), **limits)


def _names(place: Place, fields: Mapping[str, Place]) -> Mapping[str, str]:
    if "name" not in fields:
        raise place.refuse("the field name is missing.")
    return fields["name"].names(MAX_NAME_CHARS)


def _number(place: Place) -> float:
    value = place.value()
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) <= BIGGEST:
        raise place.refuse(f"is {value!r}; expected a number.")
    return value


def _choices(place: Place, fields: Mapping[str, Place]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if "choices" not in fields:
        raise place.refuse("the field choices is missing.")
    found = list(_listed(fields, "choices", MAX_CHOICES))
    if not found:
        raise fields["choices"].refuse("expected one choice at least.")
    for one in found:
        choice = one.below(("id", "name"))
        yield choice["id"].text(), _names(one, choice)


# -- what is written into a field ------------------------------------------------------------------------------------


def clean_line(value: object, field: str, most: int) -> str | None:
    """One line of text as it is kept; None for an empty one. Raises BadInput or TextTooLong."""
    if not isinstance(value, str):
        raise BadInput(f"{field} must be text.", field=field)
    cleaned = " ".join(plain(value).split())
    if len(cleaned) > most:
        raise TextTooLong(f"{field} has at most {most} characters.", field=field, limit=most)
    return cleaned or None


def _text(field: CustomField, value: object) -> str | None:
    return clean_line(value, field.id, field.max_chars)


def _in_span(field: CustomField, value: Any, least: Any, most: Any, what: str) -> None:
    if (least is not None and value < least) or (most is not None and value > most):
        span = f"from {least} to {most}" if None not in (least, most) else f"{least} or more"
        if least is None:
            span = f"{most} or less"
        raise field.refuse(f"{what} {span}")


def _figure(field: CustomField, value: object) -> float | None:
    if value == "":
        return None
    what = "a number with at most {} decimals" if field.decimals else "a whole number"
    what = what.format(field.decimals)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise field.refuse(what)
    if abs(value) > BIGGEST or round(value, field.decimals) != value:
        raise field.refuse(what)
    _in_span(field, value, field.least, field.most, what)
    return int(value) if value == int(value) else value


def _day(field: CustomField, value: object) -> str | None:
    if value == "":
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise field.refuse("a date such as 2026-02-17")
    _in_span(field, day, field.earliest, field.latest, "a date")
    return day.isoformat()


def _choice(field: CustomField, value: object) -> str | None:
    if value == "":
        return None
    known = [identity for identity, _ in field.choices]
    if value not in known:
        raise field.refuse(f"one of {', '.join(known)}")
    return str(value)


def _yes_or_no(field: CustomField, value: object) -> bool | None:
    if value == "":
        return None
    if not isinstance(value, bool):
        raise field.refuse("true or false")
    return value


_CHECKS: Mapping[FieldType, Any] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _figure,
    FieldType.DATE: _day,
    FieldType.CHOICE: _choice,
    FieldType.YES_NO: _yes_or_no,
}
