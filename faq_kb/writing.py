"""Writing articles into their files, as a careful person would: only the lines that change are touched.

An ``Edit`` is a working copy of the folder. Each of its changes finds the lines of an article, lets ``yaml_text`` write
the fields that differ and leaves every other character alone. ``finish`` reads the result again as customers would get
it and refuses it when it is not exactly what was asked for. Nothing here touches the disk; ``publishing`` does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from faq_kb.articles import LOCALES, Article
from faq_kb.content import FIELDS, Content, content_of, empty
from faq_kb.loading import ArticleFile, is_id, parse_file, problems_between
from faq_kb.problems import ArticleError, Problem
from faq_kb.quick_yaml import LOADER
from faq_kb.yaml_text import fresh_article, rewritten

# Text editors complete the names of fields from it.
_SCHEMA_LINE = "# yaml-language-server: $schema=../articles.schema.json"
_FILE_ORDER = ("category", "parent", "articles")


class NotFound(Exception):
    """There is no such article or category in the files."""


class NoSuchCategory(NotFound):
    """There is no file of this name."""


class IdTaken(Exception):
    """There is already an article or a category of this name."""


@dataclass(frozen=True)
class Change:
    """What becomes of one article: no ``before`` when it is new, no ``after`` when it goes."""

    article_id: str
    category: str
    before: Content | None
    after: Content | None


class Edit:
    """Changes to a folder of articles, made together.

    ``files`` maps each category to its file's bytes; ``known`` are files that were read before, so that ten thousand
    articles are not read again for the sake of one.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        folder_name: str = "faq_kb/articles",
        known: Mapping[str, ArticleFile] | None = None,
    ) -> None:
        self._known_files = known or {}
        self._before = dict(files)
        self._folder_name = folder_name
        self._files: dict[str, _File] = {}
        self._wanted: dict[str, tuple[str, Content]] = {}
        self._broken: list[Problem] = []
        for category, content in sorted(files.items()):
            read = self._read(category, content)
            self._broken += read.problems
            if not read.problems:
                self._files[category] = _File(content)
                self._wanted.update({article.id: (category, content_of(article)) for article in read.articles})
        self._found = dict(self._wanted)

    @property
    def before(self) -> Mapping[str, bytes]:
        """The files as they were taken, by category."""
        return self._before

    @property
    def broken(self) -> list[Problem]:
        """What keeps some of the files from being read; their articles are not known."""
        return list(self._broken)

    @property
    def changes(self) -> list[Change]:
        """Each article whose content or place is another one now, in the order of ids."""
        ids = sorted(self._wanted.keys() | self._found.keys())
        pairs = [(id, self._found.get(id), self._wanted.get(id)) for id in ids]
        return [
            Change(id, (after or before or ("",))[0], before and before[1], after and after[1])
            for id, before, after in pairs
            if before != after
        ]

    def category_of(self, article_id: str) -> str | None:
        return self._wanted[article_id][0] if article_id in self._wanted else None

    def content(self, article_id: str) -> Content | None:
        return self._wanted[article_id][1] if article_id in self._wanted else None

    def put(self, article_id: str, category: str, content: Content) -> None:
        """Write an article: a new one, a changed one, or one that moves from another category."""
        target = self._file(category)
        if article_id not in self._wanted:
            target.add(fresh_article(article_id, _values(content), target.dash_offset))
        else:
            old_category, old = self._wanted[article_id]
            if old_category != category:
                target.add(self._file(old_category).take(article_id))
            target.change(
                article_id, {name: value for name, value in content.items() if value != old.get(name)}, content
            )
        self._wanted[article_id] = (category, content)

    def delete(self, article_id: str) -> None:
        """Take an article out, and its id out of the others' related ones."""
        category, _ = self._known(article_id)
        self._file(category).take(article_id)
        del self._wanted[article_id]
        self._relate(article_id, None)

    def rename(self, article_id: str, to: str) -> None:
        """Give an article another id, also where others relate to it."""
        category, content = self._known(article_id)
        if to in self._wanted:
            raise IdTaken(to)
        self._file(category).rename(article_id, to)
        # The order of the articles of a file is kept.
        self._wanted = {to if id == article_id else id: known for id, known in self._wanted.items()}
        self._wanted[to] = (category, content)
        self._relate(article_id, to)

    def add_category(self, category: str, name: Mapping[str, str], parent: str | None = None) -> None:
        """Begin a file."""
        if category in self._before or category in self._files:
            raise IdTaken(category)
        if not is_id(category):
            message = "expected small letters, digits and single hyphens"
            raise ArticleError([Problem(self._folder_name, 0, "id", message, "bad_id")])
        values = {"category": dict(name), **({"parent": parent} if parent else {})}
        lines = [rewritten(field, value, None) for field, value in values.items()]
        self._files[category] = _File(("\n".join([_SCHEMA_LINE, *lines, "", "articles: []"]) + "\n").encode())

    def change_category(self, category: str, name: Mapping[str, str], parent: str | None = None) -> None:
        """Name a category anew or hang it below another one."""
        self._file(category).change_top({"category": dict(name), "parent": parent})

    def finish(self) -> dict[str, bytes | None]:
        """The files that changed, by category; None for one that goes.

        Raises ``ArticleError`` when the set would be broken, or would hold anything but what was asked for.
        """
        changed = {category: file.content for category, file in self._files.items()}
        changed = {category: content for category, content in changed.items() if content != self._before.get(category)}
        read = [self._read(category, file.content) for category, file in sorted(self._files.items())]
        problems = [problem for file in read for problem in file.problems]
        problems = problems or problems_between(read, [*self._files, *self._before])
        if not problems:
            problems = list(self._mistakes(article for file in read for article in file.articles))
        if problems:
            raise ArticleError(problems)
        return dict(changed)

    def _mistakes(self, articles: Iterable[Article]) -> Iterator[Problem]:
        """Where the files do not say what they were meant to say."""
        found = {article.id: article for article in articles}
        for article_id in sorted(found.keys() | self._wanted.keys()):
            article, wanted = found.get(article_id), self._wanted.get(article_id)
            if article is None or wanted is None:
                yield Problem(
                    self._folder_name, 0, "id", f"expected {article_id} to be written as asked", "not_as_asked"
                )
            elif (article.category, content_of(article)) != wanted:
                written = content_of(article)
                field = next((name for name in FIELDS if written[name] != wanted[1].get(name)), "category")
                message = f"expected {article_id} to be written as asked"
                yield Problem(article.source, article.line, field, message, "not_as_asked")

    def _relate(self, article_id: str, to: str | None) -> None:
        for other, (category, content) in list(self._wanted.items()):
            if article_id in content["related"]:
                related = [to if one == article_id else one for one in content["related"]]
                self.put(other, category, {**content, "related": [one for one in related if one and one != other]})

    def _known(self, article_id: str) -> tuple[str, Content]:
        if article_id not in self._wanted:
            raise NotFound(article_id)
        return self._wanted[article_id]

    def _file(self, category: str) -> _File:
        if category not in self._files:
            broken = [problem for problem in self._broken if problem.file == self._name_of(category)]
            if broken:
                raise ArticleError(broken)
            raise NoSuchCategory(category)
        return self._files[category]

    def _read(self, category: str, content: bytes) -> ArticleFile:
        known = self._known_files.get(category)
        if known is not None and known.digest == hashlib.sha256(content).hexdigest():
            return known
        return parse_file(content, self._name_of(category))

    def _name_of(self, category: str) -> str:
        return f"{self._folder_name}/{category}.yml"


def _values(content: Content) -> dict[str, Any]:
    """What is written of a content: fields that hold something, and a label that reads the same everywhere once."""
    blank = empty()
    return {name: _short(name, content[name]) for name in FIELDS if content.get(name, blank[name]) != blank[name]}


def _short(field: str, value: Any) -> Any:
    if field != "links":
        return value
    return [{**link, "label": _one_text(link["label"])} for link in value]


def _one_text(label: Mapping[str, str]) -> Any:
    texts = set(label.values())
    return texts.pop() if len(label) == len(LOCALES) and len(texts) == 1 else dict(label)


class _File:
    """The text of one file, cut at the places where its articles and fields stand.

    Places are offsets into the text: line numbers would depend on what counts as a line end.
    """

    def __init__(self, content: bytes) -> None:
        decoded = content.decode("utf-8-sig")
        self._has_mark = content.startswith(b"\xef\xbb\xbf")
        self._line_end = "\r\n" if "\r\n" in decoded else "\n"
        self._text = decoded.replace("\r\n", "\n")
        self._original = content
        self._original_text = self._text

    @property
    def content(self) -> bytes:
        if self._text == self._original_text:
            return self._original
        encoded = self._text.replace("\n", self._line_end).encode()
        return b"\xef\xbb\xbf" + encoded if self._has_mark else encoded

    @property
    def dash_offset(self) -> int:
        """How far the dashes of lists stand in from the name of the list; 2 when nothing tells."""
        articles = self._articles()
        if articles.flow_style or not articles.value:
            return 2
        return self._column_of(self._dash_of(articles.value[0]))

    def change(self, article_id: str, changed: Mapping[str, Any], whole: Content) -> None:
        blank = empty()
        for name in FIELDS:
            if name in changed and not self._set(article_id, name, changed[name], changed[name] == blank[name]):
                # Written in a way that cannot be changed a field at a time: on one line, in braces.
                start, end = self._range(article_id)
                written = fresh_article(article_id, _values(whole))
                self._replace(start, end, _indented(written, self._column_of(start), first=True))
                return

    def change_top(self, values: Mapping[str, Any]) -> None:
        root = self._root()
        for name, value in values.items():
            fields = {key.value: (key, node) for key, node in root.value}
            if name in fields:
                start, end = fields[name][0].start_mark.index, self._end_of_line(_end(fields[name][1], self._text))
                new = rewritten(name, value, self._text[start:end], self.dash_offset) if value else None
                self._replace(start if new else self._line_start(start), end if new else end + 1, new or "")
            elif value:
                before = [fields[one][1] for one in _FILE_ORDER[: _FILE_ORDER.index(name)] if one in fields]
                place = self._end_of_line(_end(before[-1], self._text))
                self._replace(place, place, "\n" + rewritten(name, value, None))
            root = self._root()

    def take(self, article_id: str) -> str:
        """Cut an article out, with the comment right above it; returns its lines as they would begin in column 0."""
        start, end = self._range(article_id)
        column = self._column_of(start)
        start = self._with_comments(self._line_start(start), column)
        taken = _outdented(self._text[start:end], column)
        if len(self._articles().value) == 1:
            key = next(key for key, _ in self._root().value if key.value == "articles")
            self._replace(start, min(end + 1, len(self._text)), "")
            colon = self._text.index(":", key.end_mark.index) + 1
            self._replace(colon, colon, " []")
            return taken
        while start > 0 and self._text[self._line_start(start - 1) : start].strip() == "":
            start = self._line_start(start - 1)
        self._replace(start, min(end + 1, len(self._text)), "")
        return taken

    def add(self, lines: str) -> None:
        """Append an article, given as its lines from column 0."""
        articles = self._articles()
        if not articles.value:
            before = self._text[: articles.start_mark.index].rstrip(" ")
            self._text = before + self._text[articles.end_mark.index :]
            place = self._end_of_line(len(before))
            self._replace(place, place, "\n" + _indented(lines, 2))
            return
        if articles.flow_style:
            self._write_as_block(articles)
            articles = self._articles()
        column = self._column_of(self._dash_of(articles.value[-1]))
        place = self._end_of_line(_end(articles.value[-1], self._text))
        gap = "\n" if len(articles.value) == 1 or self._has_gaps(articles) else ""
        self._replace(place, place, "\n" + gap + _indented(lines, column))

    def rename(self, article_id: str, to: str) -> None:
        value = next(value for key, value in self._node(article_id).value if key.value == "id")
        self._replace(value.start_mark.index, value.end_mark.index, to)

    def _set(self, article_id: str, name: str, value: Any, is_empty: bool) -> bool:
        """Write one field; False when the article is not written a field a line."""
        node = self._node(article_id)
        if node.flow_style:
            return False
        fields = {key.value: (key, value) for key, value in node.value}
        column = self._column_of(node.start_mark.index)
        if name in fields:
            key, old = fields[name]
            start, end = key.start_mark.index, self._end_of_line(_end(old, self._text))
            if is_empty:
                if start == node.start_mark.index:
                    return False
                self._replace(self._line_start(start), min(end + 1, len(self._text)), "")
                return True
            new = rewritten(name, _short(name, value), _outdented(self._text[start:end], column), self._offset_in(node))
            self._replace(start, end, _indented(new, column, first=True))
        elif not is_empty:
            order = ("id", *FIELDS)
            before = [fields[one][1] for one in order[: order.index(name)] if one in fields]
            if not before:
                return False
            place = self._end_of_line(_end(before[-1], self._text))
            new = rewritten(name, _short(name, value), None, self._offset_in(node))
            self._replace(place, place, "\n" + _indented(new, column))
        return True

    def _offset_in(self, node: Any) -> int:
        """How far the dashes of lists stand in from their names, within an article."""
        column = self._column_of(node.start_mark.index)
        for _, value in node.value:
            if isinstance(value, yaml.SequenceNode) and not value.flow_style and value.value:
                return max(0, self._column_of(self._dash_of(value.value[0])) - column)
        return 2

    def _root(self) -> Any:
        return yaml.compose(self._text, Loader=LOADER)

    def _articles(self) -> Any:
        return next(node for key, node in self._root().value if key.value == "articles")

    def _node(self, article_id: str) -> Any:
        for node in self._articles().value:
            if any(key.value == "id" and value.value == article_id for key, value in node.value):
                return node
        raise NotFound(article_id)

    def _range(self, article_id: str) -> tuple[int, int]:
        """From the dash of an article to the end of its last line."""
        articles = self._articles()
        if articles.flow_style:
            self._write_as_block(articles)
        node = self._node(article_id)
        return self._dash_of(node), self._end_of_line(_end(node, self._text))

    def _write_as_block(self, articles: Any) -> None:
        """A list of articles in brackets gets a line for each article."""
        read = parse_file(self._text.encode(), "x/articles/a.yml").articles
        blocks = [_indented(fresh_article(article.id, _values(content_of(article))), 2) for article in read]
        self._replace(articles.start_mark.index, articles.end_mark.index, "\n" + "\n\n".join(blocks))

    def _has_gaps(self, articles: Any) -> bool:
        return all(
            re.search(r"\n\s*\n", self._text[_end(one, self._text) : other.start_mark.index])
            for one, other in zip(articles.value, articles.value[1:])
        )

    def _with_comments(self, start: int, column: int) -> int:
        """The comment that stands right above an article belongs to it."""
        while start > 0:
            above = self._line_start(start - 1)
            line = self._text[above : start - 1]
            if not line.startswith(" " * column + "#"):
                break
            start = above
        return start

    def _dash_of(self, node: Any) -> int:
        return self._text.rindex("-", 0, node.start_mark.index)

    def _column_of(self, place: int) -> int:
        return place - self._line_start(place)

    def _line_start(self, place: int) -> int:
        return self._text.rfind("\n", 0, place) + 1

    def _end_of_line(self, place: int) -> int:
        found = self._text.find("\n", place)
        return len(self._text) if found < 0 else found

    def _replace(self, start: int, end: int, new: str) -> None:
        self._text = self._text[:start] + new + self._text[end:]


def _end(node: Any, text: str) -> int:
    """Where the last character of a node stands; the mark of a block is past the blank lines and comments after it."""
    if isinstance(node, yaml.ScalarNode):
        if node.style in ("|", ">"):
            return len(text[: node.end_mark.index].rstrip())
        return int(node.end_mark.index)
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last, text)


def _indented(lines: str, column: int, first: bool = False) -> str:
    """Lines moved to the right; the first one only when it does not stand there already."""
    margin = " " * column
    moved = [margin + line if line else line for line in lines.split("\n")]
    if first:
        moved[0] = moved[0].removeprefix(margin)
    return "\n".join(moved)


def _outdented(lines: str, column: int) -> str:
    first, *others = lines.split("\n")
    return "\n".join([first.lstrip(" "), *(line[min(column, len(line) - len(line.lstrip(" "))) :] for line in others)])
