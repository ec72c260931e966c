"""Values of a YAML file that know their place, so that a complaint names file, line and field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import yaml

from handoff.edited_file import FileRefused
from handoff.texts import LOCALES


class Place:
    """A value in the file that knows its place."""

    def __init__(
        self, file: str, name: str, node: yaml.Node, refusal: type[FileRefused], line: int | None = None
    ) -> None:
        self.file = file
        self.name = name
        self.node = node
        self.line = line or node.start_mark.line + 1
        self._refusal = refusal

    def refuse(self, why: str) -> FileRefused:
        """The complaint about this value, to be raised."""
        field = f", {self.name}" if self.name else ""
        return self._refusal(f"{self.file}, line {self.line}{field}: {why}")

    @property
    def is_mapping(self) -> bool:
        """Whether fields stand here rather than one value."""
        return isinstance(self.node, yaml.MappingNode)

    def below(self, known: tuple[str, ...] | None = None) -> dict[str, Place]:
        """The fields of a mapping. With `known`, others are refused."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse("expected a mapping of fields to values.")
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            name = str(key.value)
            line = key.start_mark.line + 1
            place = Place(self.file, f"{self.name}.{name}".lstrip("."), value, self._refusal, line)
            if known is not None and name not in known:
                raise place.refuse(f"unknown field; known are {', '.join(known)}.")
            if name in found:
                raise place.refuse("stands twice.")
            found[name] = place
        return found

    def items(self) -> Iterator[Place]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.refuse("expected a list.")
        for number, node in enumerate(self.node.value):
            yield Place(self.file, f"{self.name}[{number}]", node, self._refusal)

    def value(self) -> Any:
        """One plain value."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.refuse("expected one value, not a list or a mapping.")
        try:
            return yaml.constructor.SafeConstructor().construct_object(self.node)
        except (yaml.YAMLError, ValueError) as exc:
            raise self.refuse(f"cannot be read ({exc}).") from exc

    def text(self) -> str:
        """A text that is not empty."""
        value = self.value()
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(f"is {value!r}; expected text.")
        return value.strip()

    def one_of(self, known: Sequence[str]) -> str:
        """One of a few words."""
        value = self.value()
        if value not in known:
            raise self.refuse(f"is {value!r}; expected one of {', '.join(known)}.")
        return str(value)

    def whole_number(self, least: int, most: int) -> int:
        """A whole number between two."""
        value = self.value()
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.refuse(f"is {value!r}; expected a whole number from {least} to {most}.")
        return value

    def day(self) -> date:
        """A date."""
        value = self.value()
        if type(value) is not date:
            raise self.refuse(f"is {value!r}; expected a date such as 2026-02-17.")
        return value

    def names(self, max_chars: int) -> dict[str, str]:
        """A name in every locale."""
        names = {locale: field.text() for locale, field in self.below(LOCALES).items()}
        missing = [locale for locale in LOCALES if locale not in names]
        if missing:
            raise self.refuse(f"the name in {', '.join(missing)} is missing.")
        for locale, name in names.items():
            if len(name) > max_chars:
                raise self.refuse(f"the name in {locale} is longer than {max_chars} characters.")
        return names
