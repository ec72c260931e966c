"""One field of a YAML file, written: its old lines and its new value in, its new lines out.

ruamel.yaml keeps what a person did there by hand: comments, the order of locales, the kind of quotes, one line or
many. A value that did not change keeps its very characters.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    LiteralScalarString,
    ScalarString,
    SingleQuotedScalarString,
)

# Plain text that no reader of YAML takes for anything else.
_PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|\d{4}-\d\d-\d\d|https?://[\w./-]+|/[\w./-]*", re.ASCII)
_NULLS = ("~", "null")
# Fields whose values read well without quotes, and lists that read well on one line.
_UNQUOTED = ("id", "related", "image", "url", "valid_from", "valid_until", "channels", "audience", "parent")
_ON_ONE_LINE = ("related", "keywords", "channels", "audience", "category", "label")


class _TextResolver(VersionedResolver):
    """Everything is text, as our own reader has it: `no` is no boolean and 1.10 keeps its zero."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode:
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)


class _Emitter(Emitter):
    """Writes the characters past U+FFFF as they are: Cantonese is written with some, customers with others."""

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        self.write_indicator('"' + _escaped(text) + '"', True)


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return "".join(c if c.isprintable() or c == "\u3000" else _code(c) for c in text)


def _code(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def rewritten(field: str, value: Any, old: str | None, dash_offset: int = 2) -> str:
    """The lines `field: value`, beginning in column 0, without the last line end.

    ``old`` are its lines as they stood. ``dash_offset`` is how far the dashes of a list stand to the right of its name.
    """
    yaml = _yaml(dash_offset)
    if old is None:
        mapping = CommentedMap({field: styled(field, value)})
    else:
        mapping = yaml.load(old)
        mapping[field] = _merged(field, mapping[field], value)
    return _dumped(yaml, mapping)


def fresh_article(article_id: str, values: Mapping[str, Any], dash_offset: int = 2) -> str:
    """A whole article, beginning with `- id:` in column 0, without the last line end."""
    mapping = CommentedMap({"id": article_id})
    for field, value in values.items():
        mapping[field] = styled(field, value)
    lines = _dumped(_yaml(dash_offset), mapping).split("\n")
    return "\n".join([f"- {lines[0]}", *(f"  {line}" if line else line for line in lines[1:])])


def styled(field: str, value: Any) -> Any:
    """A value as this project writes it when nobody has written it before."""
    if isinstance(value, str):
        return _quoted(field, value)
    if isinstance(value, Mapping):
        mapping = CommentedMap({name: styled(name, text) for name, text in value.items()})
        if field in _ON_ONE_LINE:
            mapping.fa.set_flow_style()
        return mapping
    sequence = CommentedSeq([styled(field, item) for item in value])
    if field in _ON_ONE_LINE:
        sequence.fa.set_flow_style()
    return sequence


def _quoted(field: str, text: str) -> Any:
    if "\n" in text and text.replace("\n", "").isprintable() and not re.search(r"[^\S\n]\n|\n[^\S\n]", text):
        return LiteralScalarString(text)
    if field in _UNQUOTED and _PLAIN.fullmatch(text) and text not in _NULLS:
        return text
    return DoubleQuotedScalarString(text)


def _merged(field: str, old: Any, new: Any) -> Any:
    if isinstance(old, CommentedMap) and isinstance(new, Mapping):
        return _merged_map(old, new)
    if isinstance(old, CommentedSeq) and isinstance(new, list):
        return _merged_list(field, old, new)
    if isinstance(old, str) and isinstance(new, str):
        return _merged_text(field, old, new)
    return styled(field, new)


def _merged_map(old: CommentedMap, new: Mapping[str, Any]) -> CommentedMap:
    for name in [name for name in old if name not in new]:
        del old[name]
    sibling = next(iter(old.values()), "")
    names = list(new)
    for position, name in enumerate(names):
        if name in old:
            old[name] = _merged(name, old[name], new[name])
        else:
            following = next((list(old).index(later) for later in names[position:] if later in old), len(old))
            old.insert(following, name, _like(name, sibling, new[name]))
    return old


def _merged_list(field: str, old: CommentedSeq, new: list[Any]) -> CommentedSeq:
    sibling = next(iter(old), "")
    before, after = [_plain(item) for item in old], new
    hashable = [repr(item) for item in before], [repr(item) for item in after]
    for kind, start, end, new_start, new_end in reversed(
        SequenceMatcher(None, *hashable, autojunk=False).get_opcodes()
    ):
        if kind == "equal":
            continue
        kept = min(end - start, new_end - new_start) if kind == "replace" else 0
        for offset in range(kept):
            old[start + offset] = _merged(field, old[start + offset], new[new_start + offset])
        for position in range(end - 1, start + kept - 1, -1):
            del old[position]
        for offset, value in enumerate(new[new_start + kept : new_end]):
            old.insert(start + kept + offset, _like(field, sibling, value))
    return old


def _merged_text(field: str, old: str, new: str) -> Any:
    return old if _plain(old) == new else _like(field, old, new)


def _like(field: str, sibling: Any, value: Any) -> Any:
    """A new text in the quotes of the one beside it."""
    if not isinstance(value, str) or not isinstance(sibling, str) or "\n" in value:
        return styled(field, value)
    if not value.isprintable():
        return DoubleQuotedScalarString(value)
    if isinstance(sibling, SingleQuotedScalarString):
        return SingleQuotedScalarString(value)
    if sibling and not isinstance(sibling, ScalarString) and value.lower() not in _NULLS:
        return value  # plain; ruamel adds quotes where YAML needs them
    return _quoted(field, value)


def _plain(node: Any) -> Any:
    """What our own reader makes of a node."""
    if isinstance(node, Mapping):
        return {name: _plain(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return str(node).strip()


def _yaml(dash_offset: int) -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.Resolver = _TextResolver
    yaml.Emitter = _Emitter
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    yaml.width = 1_000_000  # a text is one line, however long
    yaml.indent(mapping=2, sequence=2 + dash_offset, offset=dash_offset)
    return yaml


def _dumped(yaml: YAML, mapping: CommentedMap) -> str:
    stream = io.StringIO()
    yaml.dump(mapping, stream)
    return stream.getvalue().rstrip("\n")
