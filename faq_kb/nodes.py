"""The part of YAML that articles need: mappings, lists and text, each with the line where it begins.

Tags, anchors and aliases are refused, which leaves nothing to execute and nothing to expand; a name stands once in
a mapping; text stays text, so that ``no`` is not a boolean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Union

import yaml

from faq_kb.quick_yaml import LOADER

MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 8


@dataclass(frozen=True)
class Text:
    value: str
    line: int


@dataclass(frozen=True)
class List:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Map:
    items: Mapping[str, Node]
    lines: Mapping[str, int]
    line: int


Node = Union[Text, List, Map]


class Refused(Exception):
    """The file holds something that articles may not."""

    def __init__(self, line: int, field: str, message: str, code: str) -> None:
        super().__init__(message)
        self.line, self.field, self.message, self.code = line, field, message, code

    def within(self, name: str) -> Refused:
        """The same, of what stands under this name."""
        return Refused(self.line, f"{name}.{self.field}" if self.field else name, self.message, self.code)


def decode(content: bytes) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise Refused(0, "", f"expected at most {MAX_FILE_BYTES:,} bytes", "file_too_big")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise Refused(line, "", "expected UTF-8 text", "bad_encoding") from exc
    for number, line_text in enumerate(text.split("\n"), start=1):
        if "\t" in line_text[: len(line_text) - len(line_text.lstrip())]:
            raise Refused(number, "", "expected spaces at the beginning of the line, found a tab", "tab")
    return text


def parse(text: str) -> Node:
    events = _events(text)
    root: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise Refused(_line(event), "", "expected one document, found `---`", "many_documents")
            root = _node(next(events), events, 0)
    if root is None:
        raise Refused(1, "", "expected `category:` and `articles:`, the file is empty", "empty")
    return root


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=LOADER)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = mark.line + 1 if mark else 0
        raise Refused(line, "", f"not readable as YAML: {exc.problem or exc.context}", "bad_yaml") from exc
    except yaml.YAMLError as exc:
        raise Refused(0, "", f"not readable as YAML: {str(exc).splitlines()[0]}", "bad_yaml") from exc


def _node(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent):
        raise Refused(line, "", f"expected the text itself, found the alias *{event.anchor}", "alias")
    anchor = getattr(event, "anchor", None)
    if anchor:
        raise Refused(line, "", f"expected no anchors, found &{anchor}", "anchor")
    tag = getattr(event, "tag", None)
    if tag:
        raise Refused(line, "", f"expected no tags, found {tag}", "tag")
    if depth > MAX_DEPTH:
        raise Refused(line, "", f"expected at most {MAX_DEPTH} levels of nesting", "too_deep")
    if isinstance(event, yaml.ScalarEvent):
        empty = event.implicit[0] and event.value in ("~", "null", "Null", "NULL")
        return Text("" if empty else event.value, line)
    if isinstance(event, yaml.SequenceStartEvent):
        return List(tuple(_items(events, depth)), line)
    return _map(events, depth, line)


def _items(events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            return
        yield _node(event, events, depth + 1)


def _map(events: Iterator[yaml.Event], depth: int, line: int) -> Map:
    items: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _node(event, events, depth + 1)
        if not isinstance(key, Text):
            raise Refused(key.line, "", "expected a name before the colon", "bad_key")
        if key.value in items:
            first = lines[key.value]
            raise Refused(key.line, key.value, f"expected once, stands at line {first} already", "repeated_key")
        lines[key.value] = key.line
        try:
            items[key.value] = _node(next(events), events, depth + 1)
        except Refused as refused:
            raise refused.within(key.value) from refused.__cause__
    return Map(items, lines, line)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
