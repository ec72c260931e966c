"""Templates: texts that a provider approved beforehand, for writing to a customer when the time to answer is over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from handoff import blanks
from handoff.edited_file import EditedFile, FileRefused, composed
from handoff.texts import FALLBACKS, LOCALES
from handoff.yaml_places import Place

SHIPPED = Path(__file__).parent / "message_templates.yml"
MAX_FILE_BYTES = 500_000
MAX_TITLE_CHARS = 60
# https://developers.facebook.com/docs/whatsapp/message-templates/guidelines
MAX_TEXT_CHARS = 1024
MAX_VARIABLES = 20
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_CODE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,4})?")
_CHANNEL = re.compile(r"[a-z_]{1,40}(:[a-z0-9_-]{1,30})?")
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class TemplatesError(FileRefused):
    """The templates cannot be used; the message names file, line and field."""


@dataclass(frozen=True)
class Variable:
    """What goes into one place of a template: one of `blanks.NAMES`, or what the agent knows, under these names."""

    blank: str | None
    names: Mapping[str, str]


@dataclass(frozen=True)
class Variant:
    """The template in one language: the provider's code of it, and the body as approved."""

    code: str
    text: str


@dataclass(frozen=True)
class Template:
    """One approved template, under the name that it has at the provider."""

    name: str
    titles: Mapping[str, str]
    channels: tuple[str, ...]
    variables: tuple[Variable, ...]
    variants: Mapping[str, Variant]

    def is_for(self, channel: str) -> bool:
        """Whether this channel's account has it."""
        return not self.channels or channel in self.channels or channel.partition(":")[0] in self.channels

    def language_for(self, language: str) -> str:
        """The variant that a customer of this language reads."""
        return next(one for one in FALLBACKS.get(language, LOCALES) if one in self.variants)

    def filled(self, language: str, values: Sequence[str]) -> str:
        """The body as the customer reads it."""
        return _PLACE.sub(lambda found: values[int(found[1]) - 1], self.variants[language].text)


@dataclass(frozen=True)
class Templates:
    """A good file."""

    by_name: Mapping[str, Template]

    def of_channel(self, channel: str) -> list[Template]:
        """What this channel's account has."""
        return [one for one in self.by_name.values() if one.is_for(channel)]


class TemplatesFile(EditedFile[Templates]):
    """Follows the file. The first reading raises TemplatesError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, read, "templates")


def read(path: Path) -> Templates:
    """Raises TemplatesError with the first thing that is wrong."""
    root = composed(path, TemplatesError, MAX_FILE_BYTES)
    if root is None:
        return Templates({})
    whole = Place(path.name, "", root, TemplatesError).below(("templates",))
    entries = whole["templates"].below() if "templates" in whole else {}
    return Templates({name: _template(name, place) for name, place in entries.items()})


def _template(name: str, place: Place) -> Template:
    if not _NAME.fullmatch(name):
        raise place.refuse("a template's name has lower-case letters, digits and _ only, as at the provider.")
    fields = place.below(("title", "channels", "variables", "texts"))
    for needed in ("title", "texts"):
        if needed not in fields:
            raise place.refuse(f"the field {needed} is missing.")
    variables = tuple(_variable(one) for one in fields["variables"].items()) if "variables" in fields else ()
    if len(variables) > MAX_VARIABLES:
        raise fields["variables"].refuse(f"more than {MAX_VARIABLES}.")
    texts = fields["texts"].below(LOCALES)
    if not texts:
        raise fields["texts"].refuse(f"expected at least one of {', '.join(LOCALES)}.")
    return Template(
        name=name,
        titles=fields["title"].names(MAX_TITLE_CHARS),
        channels=tuple(_channel(one) for one in fields["channels"].items()) if "channels" in fields else (),
        variables=variables,
        variants={locale: _variant(one, len(variables)) for locale, one in texts.items()},
    )


def _channel(place: Place) -> str:
    channel = place.text()
    if not _CHANNEL.fullmatch(channel):
        raise place.refuse(f"is {channel!r}; expected a channel such as whatsapp or whatsapp:tw.")
    return channel


def _variable(place: Place) -> Variable:
    if place.is_mapping:
        return Variable(None, place.names(MAX_TITLE_CHARS))
    return Variable(place.one_of(blanks.NAMES), {})


def _variant(place: Place, count: int) -> Variant:
    fields = place.below(("code", "text"))
    for needed in ("code", "text"):
        if needed not in fields:
            raise place.refuse(f"the field {needed} is missing.")
    code, text = fields["code"].text(), fields["text"].text()
    if not _CODE.fullmatch(code):
        raise fields["code"].refuse(f"is {code!r}; expected the provider's code of the language, such as zh_HK or en.")
    if len(text) > MAX_TEXT_CHARS:
        raise fields["text"].refuse(f"is longer than {MAX_TEXT_CHARS} characters.")
    expected, found = {str(number + 1) for number in range(count)}, set(_PLACE.findall(text))
    if found != expected:
        wanted = ", ".join(f"{{{{{number + 1}}}}}" for number in range(count)) or "no place to fill in"
        raise fields["text"].refuse(f"expected {wanted}, one for each variable.")
    return Variant(code, text)
