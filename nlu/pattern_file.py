"""The file of entity patterns that a shop edits: read, checked line by line, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from spacy.matcher import Matcher
from spacy.vocab import Vocab

from faq_kb import fold_keeping_length, quick_yaml
from nlu.numbers import CHECKS

READINGS = frozenset({"order_number", "tracking_number", "phone", "email", "amount", "date"})
_SECTIONS = frozenset({"order_numbers", "values", "macros", "carriers", "words", "patterns"})
_VALUE_KEYS = frozenset({"read", "part", "keep", "prefix", "case", "last"})
_PATTERN_KEYS = frozenset(
    {
        "label",
        "id",
        "pattern",
        "near",
        "beside",
        "not_after",
        "not_before",
        "date",
        "carrier",
        "check",
        "shape",
        "currency",
    }
)
_DATE_KEYS = frozenset({"days", "week", "weekday", "count", "order", "months", "years"})
_ALTERNATIVES = re.compile(r"\^(?:\((?P<words>[^()\[\]\\.*+?{}^$]+)\)|\[(?P<signs>[^\[\]\\^-]+)\])\$")
_HAS_DIGIT = re.compile(r"\\d|[0-9]")
_COUNTS = re.compile(r"\{[^}]*\}")
_DIGITS = frozenset("0123456789")

# What a message is cut into: a hidden number, an e-mail address, a sum with its commas and its decimals, letters,
# digits, Chinese numerals, single signs. Each is bounded or cannot overlap the next, so that no text takes long.
PIECE = re.compile(
    r"•{2,}\s?\w{0,4}"
    r"|(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?![a-z0-9])"
    r"|(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,2})?(?![0-9,])"
    r"|(?<![0-9.])[0-9]{1,9}\.[0-9]{1,2}(?![0-9.])"
    r"|[a-z]+|[0-9]+|[零〇一二两三四五六七八九十百千万]+|\S"
)


class PatternsError(ValueError):
    """The entity patterns cannot be used."""


@dataclass(frozen=True)
class Writing:
    """Which part of a match is the value of an entity, and how that value is read or written."""

    read: str = ""
    part: re.Pattern[str] | None = None
    keep: re.Pattern[str] | None = None
    prefix: str = ""
    upper: bool = False
    last: int = 0

    def of(self, text: str) -> str:
        value = "".join(self.keep.findall(text)) if self.keep else text
        value = value.upper() if self.upper else value
        if self.prefix and not value.startswith(self.prefix):
            value = self.prefix + value
        return value[-self.last :] if self.last else value


@dataclass(frozen=True)
class Rule:
    """One pattern of the file, and what has to hold around a match of it."""

    label: str
    tokens: list[Mapping[str, Any]]
    line: int
    value: str = ""
    near: str = ""
    beside: tuple[str, ...] = ()
    not_after: str = ""
    not_before: str = ""
    date: Mapping[str, Any] = field(default_factory=dict)
    carrier: str = ""
    check: str = ""
    shape: re.Pattern[str] | None = None
    currency: str = ""
    needs: tuple[frozenset[str], ...] = ()
    rarest_need: frozenset[str] = frozenset()

    def may_match(self, present: Collection[str]) -> bool:
        """Whether a text with these needed words has every one without which this pattern cannot match."""
        return not any(words.isdisjoint(present) for words in self.needs)


@dataclass(frozen=True)
class PatternFile:
    """What a good file says."""

    order_numbers: re.Pattern[str]
    writings: Mapping[str, Writing]
    carriers: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]

    @classmethod
    def read(cls, path: Path) -> PatternFile:
        """Raises PatternsError with file and line."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"), path.name)
        except (OSError, UnicodeDecodeError) as error:
            raise PatternsError(f"{path.name}: {error}") from error

    @classmethod
    def parse(cls, text: str, name: str) -> PatternFile:
        try:
            root, content = _yaml(text)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise PatternsError(f"{name}:{line}: not readable as YAML: {error.problem}") from error
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise PatternsError(f"{name}: not readable as YAML: {error}") from error
        if not isinstance(content, dict) or not isinstance(root, yaml.MappingNode):
            raise PatternsError(f"{name}:1: expected sections such as `patterns:`")
        return _File(name, root, content).whole()


def _yaml(text: str) -> tuple[yaml.Node | None, Any]:
    try:
        return quick_yaml.compose(text), quick_yaml.read(text)
    except yaml.YAMLError:
        # PyYAML's own parser takes ten times as long and names the line better.
        return yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)


class _File:
    """The file while it is read; every complaint has the line of the section or the item it is about."""

    def __init__(self, name: str, root: yaml.MappingNode, content: Mapping[str, Any]) -> None:
        self._name = name
        self._content = content
        self._nodes: dict[str, yaml.Node] = {key.value: value for key, value in root.value}
        self._lines = {key.value: key.start_mark.line + 1 for key, _ in root.value}
        self._vocab = Vocab()

    def whole(self) -> PatternFile:
        for section in self._content:
            if section not in _SECTIONS:
                raise self._wrong(self._lines.get(str(section), 1), f"unknown section `{section}`")
        words = {name: tuple(map(_folded, listed)) for name, listed in self._section("words", list).items()}
        return PatternFile(
            self._order_numbers(),
            {label: self._writing(line, fields or {}) for label, line, fields in self._items("values")},
            {name: tuple(map(_folded, listed)) for name, listed in self._section("carriers", list).items()},
            tuple(self._rules(words)),
        )

    def _wrong(self, line: int, message: str) -> PatternsError:
        return PatternsError(f"{self._name}:{line}: {message}")

    def _section(self, name: str, kind: type) -> Mapping[str, Any]:
        section = self._content.get(name) or {}
        line = self._lines.get(name, 1)
        if not isinstance(section, dict):
            raise self._wrong(line, f"expected names with values in `{name}`")
        for key, line_of_key, value in self._items(name):
            if not isinstance(value, kind):
                raise self._wrong(line_of_key, f"expected a {kind.__name__} for `{key}`")
        return section

    def _items(self, name: str) -> Iterator[tuple[str, int, Any]]:
        section, node = self._content.get(name) or {}, self._nodes.get(name)
        if isinstance(node, yaml.MappingNode) and isinstance(section, dict):
            lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
            for key, value in section.items():
                yield str(key), lines.get(str(key), 1), value

    def _order_numbers(self) -> re.Pattern[str]:
        shapes, line = self._content.get("order_numbers"), self._lines.get("order_numbers", 1)
        if not isinstance(shapes, list) or not shapes or not all(isinstance(shape, str) for shape in shapes):
            raise self._wrong(line, "expected a list of regular expressions in `order_numbers`")
        return self._compiled("|".join(f"(?:{shape})" for shape in shapes), line)

    def _compiled(self, expression: str, line: int) -> re.Pattern[str]:
        try:
            return re.compile(expression)
        except (re.error, TypeError) as error:
            raise self._wrong(line, f"`{expression}` is no regular expression: {error}") from error

    def _writing(self, line: int, fields: Any) -> Writing:
        self._known_keys(fields, _VALUE_KEYS, line)
        if fields.get("read", "email") not in READINGS:
            raise self._wrong(line, f"read: expected one of {', '.join(sorted(READINGS))}")
        return Writing(
            read=fields.get("read", ""),
            part=self._compiled(fields["part"], line) if "part" in fields else None,
            keep=self._compiled(fields["keep"], line) if "keep" in fields else None,
            prefix=str(fields.get("prefix", "")),
            upper=fields.get("case") == "upper",
            last=int(fields.get("last", 0)),
        )

    def _known_keys(self, fields: Any, known: frozenset[str], line: int) -> None:
        if not isinstance(fields, dict):
            raise self._wrong(line, "expected names with values")
        for key in fields:
            if key not in known:
                raise self._wrong(line, f"unknown key `{key}`; expected {', '.join(sorted(known))}")

    def _rules(self, words: Mapping[str, tuple[str, ...]]) -> Iterator[Rule]:
        patterns, node = self._content.get("patterns"), self._nodes.get("patterns")
        if not isinstance(patterns, list) or not isinstance(node, yaml.SequenceNode):
            raise self._wrong(self._lines.get("patterns", 1), "expected a list of patterns in `patterns`")
        for pattern, item in zip(patterns, node.value):
            yield self._rule(pattern, item.start_mark.line + 1, words)

    def _rule(self, pattern: Any, line: int, words: Mapping[str, tuple[str, ...]]) -> Rule:
        self._known_keys(pattern, _PATTERN_KEYS, line)
        if not isinstance(pattern.get("label"), str) or not isinstance(pattern.get("pattern"), list):
            raise self._wrong(line, "expected `label` and `pattern`")
        tokens = [token for written in pattern["pattern"] for token in self._tokens(written, line)]
        try:
            Matcher(self._vocab, validate=True).add("pattern", [tokens])
            for token in tokens:
                re.compile(_regex_of(token))
        except (ValueError, TypeError, re.error) as error:
            raise self._wrong(line, "no pattern: " + " ".join(str(error).split())) from error
        beside = pattern.get("beside", [])
        if not isinstance(beside, list) or not all(name in words for name in beside):
            raise self._wrong(line, f"beside: expected a list of {', '.join(sorted(words)) or 'names in `words`'}")
        if pattern.get("check", "s10") not in CHECKS:
            raise self._wrong(line, f"check: expected one of {', '.join(sorted(CHECKS))}")
        self._known_keys(pattern.get("date", {}), _DATE_KEYS, line)
        needs = tuple(_needs(tokens))
        return Rule(
            label=pattern["label"],
            tokens=tokens,
            line=line,
            value=str(pattern.get("id", "")),
            near=str(pattern.get("near", "")),
            beside=tuple(word for name in beside for word in words[name]),
            not_after=_folded(pattern.get("not_after", "")),
            not_before=_folded(pattern.get("not_before", "")),
            date=pattern.get("date", {}),
            carrier=str(pattern.get("carrier", "")),
            check=str(pattern.get("check", "")),
            shape=self._compiled(pattern["shape"], line) if "shape" in pattern else None,
            currency=str(pattern.get("currency", "")),
            needs=needs,
            # The longest words are the rarest, then the fewest; none when nothing is known to be needed.
            rarest_need=min(needs, key=lambda words: (-min(map(len, words)), len(words)), default=frozenset()),
        )

    def _tokens(self, written: Any, line: int) -> Iterator[Mapping[str, Any]]:
        if isinstance(written, str):
            yield from ({"ORTH": piece} for piece in pieces_of(_folded(written)))
        elif isinstance(written, dict) and "USE" in written:
            macros = self._content.get("macros")
            used = macros.get(written["USE"]) if isinstance(macros, dict) else None
            if not isinstance(used, dict):
                raise self._wrong(line, f"USE: there is no macro `{written['USE']}`")
            yield used
        elif isinstance(written, dict):
            yield written
        else:
            raise self._wrong(line, "expected words, {USE: macro} or a token of spaCy's matcher")


def _folded(text: Any) -> str:
    return fold_keeping_length(str(text))


def pieces_of(folded: str) -> list[str]:
    return [piece.group() for piece in PIECE.finditer(folded)]


def _regex_of(token: Mapping[str, Any]) -> str:
    text = token.get("TEXT")
    return str(text.get("REGEX", "")) if isinstance(text, dict) else ""


def _needs(tokens: Sequence[Mapping[str, Any]]) -> Iterator[frozenset[str]]:
    """Of what a text must contain one each, for the pattern to match; unknown for some tokens, and then left out."""
    for token in tokens:
        if token.get("OP", "+") != "+":
            continue
        orth, regex, text = token.get("ORTH"), _regex_of(token), token.get("TEXT")
        if isinstance(orth, str) and not orth.startswith("<"):
            yield frozenset({orth})
        elif isinstance(text, dict) and isinstance(text.get("IN"), list):
            yield frozenset(text["IN"])
        elif found := _ALTERNATIVES.fullmatch(regex):
            yield frozenset(found["words"].split("|") if found["words"] else found["signs"])
        elif r"\d" in regex and all(map(_HAS_DIGIT.search, _COUNTS.sub("", regex).split("|"))):
            yield _DIGITS
        elif token.get("LIKE_EMAIL"):
            yield frozenset("@")
