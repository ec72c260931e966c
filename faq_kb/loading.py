"""Reading article files: YAML in, records and problems out. Nothing in a file is trusted.

What is wrong becomes a problem that names file, line, field and expectation; ``nodes`` reads the YAML itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from faq_kb.addresses import is_address
from faq_kb.articles import AUDIENCES, LOCALES, PIN_KINDS, Article, Heading, Link, Pin
from faq_kb.categories import misplaced
from faq_kb.nodes import MAX_FILE_BYTES, List, Map, Node, Refused, Text, decode, parse
from faq_kb.pins import BadPin, matcher
from faq_kb.problems import ArticleError, Problem

MAX_QUESTION_CHARACTERS = 300
MAX_ANSWER_CHARACTERS = 10_000
MAX_SHORT_ANSWER_CHARACTERS = 300
MAX_PHRASINGS = 500
MAX_PINS = 50
ID_PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ID_CHARACTERS = 80
CHANNEL_PATTERN = re.compile(r"[A-Za-z0-9_.-]{1,80}")

_FILE_FIELDS = ("category", "parent", "articles")
_ARTICLE_FIELDS = (
    "id",
    "question",
    "asked_as",
    "not_asked_as",
    "answer",
    "short_answer",
    "keywords",
    "pins",
    "related",
    "links",
    "image",
    "valid_from",
    "valid_until",
    "channels",
    "audience",
)
_LINK_FIELDS = ("label", "url")


@dataclass(frozen=True)
class ArticleFile:
    """One file as it was read: what is in it, or what is wrong with it."""

    name: str
    digest: str
    articles: tuple[Article, ...]
    problems: tuple[Problem, ...]
    heading: Heading | None = None

    @property
    def category(self) -> str:
        return Path(self.name).stem


def load_articles(folder: Path) -> list[Article]:
    """All articles of a folder; raises ``ArticleError`` with every problem when any file is broken."""
    return [article for file in load_files(folder) for article in file.articles]


def load_files(folder: Path) -> list[ArticleFile]:
    """All files of a folder; raises ``ArticleError`` with every problem when any of them is broken."""
    files = [read_file(path) for path in article_paths(folder)]
    problems = [problem for file in files for problem in file.problems]
    problems += problems_between(files)
    if not files:
        problems.append(Problem(str(folder), 0, "", "expected at least one .yml file with articles", "no_files"))
    if problems:
        raise ArticleError(problems)
    return files


def article_paths(folder: Path) -> list[Path]:
    """The article files of a folder; what editors leave beside them (hidden files, backups) is not ours."""
    return sorted(path for path in folder.glob("*.yml") if not path.name.startswith((".", "#", "~")) and path.is_file())


def read_file(path: Path, place: Path | None = None) -> ArticleFile:
    """Read one file; whatever is wrong with it is in ``problems``, never raised. ``place``: where its content lies."""
    name = source_of(path)
    try:
        with (place or path).open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        return ArticleFile(name, "", (), (Problem(name, 0, "", f"cannot be read: {exc.strerror}", "unreadable"),))
    return parse_file(content, name)


def source_of(path: Path) -> str:
    """The file's name as people of the project say it: ``faq_kb/articles/delivery.yml``."""
    return "/".join(path.absolute().parts[-3:])


def parse_file(content: bytes, name: str) -> ArticleFile:
    digest = hashlib.sha256(content).hexdigest()
    reader = _Reader(name)
    articles = reader.articles(content)
    if reader.problems:
        return ArticleFile(name, digest, (), tuple(reader.problems))
    return ArticleFile(name, digest, tuple(articles), (), reader.heading)


def article_of_nodes(node: Node, category: str, category_name: Mapping[str, str], source: str) -> Article:
    """One article outside its file; raises ``ArticleError`` with every problem."""
    reader = _Reader(source)
    reader.category = category
    article = reader.article(node, category_name)
    if article is None or not is_id(category):
        if not is_id(category):
            reader.problem(0, "category", "expected small letters, digits and single hyphens", "bad_id")
        raise ArticleError(reader.problems)
    return article


def problems_between(files: Sequence[ArticleFile], beside: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with files that are each in order. ``beside`` are categories that are there and not among them."""
    headings = [file.heading for file in files if file.heading]
    return repeated_ids(files) + misplaced(headings, {*beside, *(file.category for file in files)})


def repeated_ids(files: Iterable[ArticleFile]) -> list[Problem]:
    """An id belongs to one article in the whole folder."""
    first: dict[str, Article] = {}
    problems = []
    for article in (article for file in files for article in file.articles):
        known = first.setdefault(article.id, article)
        if known is not article and known.source != article.source:
            problems.append(_repeated_id(article.source, article.line, article.id, f"{known.source}:{known.line}"))
    return problems


def _repeated_id(file: str, line: int, article_id: str, first: str) -> Problem:
    message = f"expected an id of its own, {article_id!r} is used at {first}"
    return Problem(file, line, "id", message, "repeated_id", params={"found": article_id, "where": first})


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.category = Path(name).stem
        self.problems: list[Problem] = []
        self.heading: Heading | None = None

    def problem(self, line: int, field: str, message: str, code: str = "invalid", **params: str | int) -> None:
        self.problems.append(Problem(self.name, line, field, message, code, params=params))

    def articles(self, content: bytes) -> list[Article]:
        try:
            root = parse(decode(content))
        except Refused as refused:
            # The fields of an article are named without the list that it stands in.
            self.problem(refused.line, refused.field.removeprefix("articles."), refused.message, refused.code)
            return []
        if not is_id(self.category):
            self.problem(0, "", "expected a file name of small letters, digits and single hyphens", "bad_file_name")
        if not isinstance(root, Map):
            self.problem(root.line, "", "expected `category:` and `articles:`", "bad_shape")
            return []
        self.known_fields(root, _FILE_FIELDS, "")
        name = self.texts(root, "category", MAX_QUESTION_CHARACTERS)
        self.heading = Heading(self.category, name, self.parent(root), self.name, root.lines.get("parent", 1))
        return list(self.each_article(root, name))

    def parent(self, root: Map) -> str | None:
        found = root.items.get("parent")
        if found is None:
            return None
        if not isinstance(found, Text) or not is_id(found.value):
            self.problem(found.line, "parent", "expected the name of another file, without .yml", "bad_id")
            return None
        return found.value

    def each_article(self, root: Map, category_name: Mapping[str, str]) -> Iterator[Article]:
        listed = root.items.get("articles")
        if not isinstance(listed, List):
            line = listed.line if listed else root.line
            self.problem(line, "articles", "expected a list of articles", "missing")
            return
        lines: dict[str, int] = {}
        for node in listed.items:
            article = self.article(node, category_name)
            if article is None:
                continue
            if article.id in lines:
                self.problems.append(
                    _repeated_id(self.name, article.line, article.id, f"{self.name}:{lines[article.id]}")
                )
            lines.setdefault(article.id, article.line)
            yield article

    def article(self, node: Node, category_name: Mapping[str, str]) -> Article | None:
        if not isinstance(node, Map):
            self.problem(node.line, "articles", "expected an article with `id:`, `question:`, `answer:`", "bad_shape")
            return None
        before = len(self.problems)
        self.known_fields(node, _ARTICLE_FIELDS, "")
        valid_from, valid_until = self.day(node, "valid_from"), self.day(node, "valid_until")
        if valid_from and valid_until and valid_until < valid_from:
            self.problem(node.lines["valid_until"], "valid_until", "expected a day after valid_from", "bad_dates")
        article = Article(
            id=self.id(node),
            category=self.category,
            category_name=category_name,
            question=self.texts(node, "question", MAX_QUESTION_CHARACTERS),
            asked_as=self.phrases(node, "asked_as"),
            not_asked_as=self.phrases(node, "not_asked_as"),
            answer=self.texts(node, "answer", MAX_ANSWER_CHARACTERS),
            short_answer=self.optional_texts(node, "short_answer", MAX_SHORT_ANSWER_CHARACTERS),
            keywords=self.phrases(node, "keywords"),
            related=self.ids(node, "related"),
            links=tuple(self.links(node)),
            image=self.address(node, "image"),
            valid_from=valid_from,
            valid_until=valid_until,
            pins=tuple(self.pins(node)),
            channels=self.names(
                node, "channels", CHANNEL_PATTERN, "expected names of channels, like widget", "bad_channel"
            ),
            audience=self.names(
                node, "audience", re.compile("|".join(AUDIENCES)), f"expected {' or '.join(AUDIENCES)}", "bad_audience"
            ),
            source=self.name,
            line=node.line,
        )
        return article if len(self.problems) == before else None

    def known_fields(self, node: Map, allowed: Sequence[str], field: str) -> None:
        for key in node.items:
            if key not in allowed:
                where = f"{field}.{key}" if field else key
                self.problem(
                    node.lines[key],
                    where,
                    f"expected one of {', '.join(allowed)}",
                    "unknown_field",
                    allowed=", ".join(allowed),
                )

    def id(self, node: Map) -> str:
        found = node.items.get("id")
        if found is None:
            self.problem(node.line, "id", "expected an id, like delivery-time", "missing")
            return ""
        if not isinstance(found, Text) or not is_id(found.value):
            self.problem(found.line, "id", "expected small letters, digits and single hyphens", "bad_id")
            return ""
        return found.value

    def ids(self, node: Map, field: str) -> tuple[str, ...]:
        found = self.phrases(node, field)
        for value in found:
            if not is_id(value):
                self.problem(node.lines[field], field, f"expected ids of articles, found {value!r}", "bad_id")
        return found

    def texts(self, node: Map, field: str, limit: int) -> Mapping[str, str]:
        """A text for each locale somebody has written; at least one."""
        found = node.items.get(field)
        if found is None:
            self.problem(node.line, field, "expected a text in at least one locale", "missing")
            return {}
        if not isinstance(found, Map) or not found.items:
            self.problem(found.line, field, "expected texts by locale, like {zh-HK: ..., en: ...}", "bad_texts")
            return {}
        self.known_fields(found, LOCALES, field)
        written = {}
        for locale in LOCALES:
            if locale in found.items:
                written[locale] = self.text(found.items[locale], f"{field}.{locale}", limit)
        return written

    def optional_texts(self, node: Map, field: str, limit: int) -> Mapping[str, str]:
        return self.texts(node, field, limit) if field in node.items else {}

    def text(self, node: Node, field: str, limit: int) -> str:
        if not isinstance(node, Text) or not node.value.strip():
            self.problem(node.line, field, "expected a text", "bad_text")
            return ""
        if len(node.value) > limit:
            self.problem(node.line, field, f"expected at most {limit} characters", "too_long", limit=limit)
        return node.value.strip()

    def phrases(self, node: Map, field: str) -> tuple[str, ...]:
        found = node.items.get(field)
        if found is None:
            return ()
        if not isinstance(found, List):
            self.problem(found.line, field, "expected a list of texts", "bad_list")
            return ()
        if len(found.items) > MAX_PHRASINGS:
            self.problem(
                found.line, field, f"expected at most {MAX_PHRASINGS} entries", "too_many", limit=MAX_PHRASINGS
            )
            return ()
        return tuple(dict.fromkeys(self.text(item, field, MAX_QUESTION_CHARACTERS) for item in found.items))

    def names(self, node: Map, field: str, allowed: re.Pattern[str], message: str, code: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(self.phrases(node, field)))
        for name in names:
            if name and not allowed.fullmatch(name):
                self.problem(node.lines[field], field, message, code, found=name)
        return names

    def pins(self, node: Map) -> Iterator[Pin]:
        found = node.items.get("pins")
        if found is None:
            return
        if not isinstance(found, List):
            self.problem(found.line, "pins", "expected a list, like `- exact: ...`", "bad_list")
            return
        if len(found.items) > MAX_PINS:
            self.problem(found.line, "pins", f"expected at most {MAX_PINS} entries", "too_many", limit=MAX_PINS)
            return
        for item in found.items:
            if not isinstance(item, Map) or len(item.items) != 1 or next(iter(item.items)) not in PIN_KINDS:
                self.problem(
                    item.line, "pins", f"expected one of {', '.join(PIN_KINDS)}, like `- exact: ...`", "bad_pin"
                )
                continue
            ((kind, value),) = item.items.items()
            pin = Pin(kind, self.text(value, f"pins.{kind}", MAX_QUESTION_CHARACTERS))
            try:
                if pin.text:
                    matcher(pin)
            except BadPin as bad:
                self.problem(value.line, f"pins.{kind}", str(bad), bad.code, **bad.params)
            yield pin

    def day(self, node: Map, field: str) -> date | None:
        found = node.items.get(field)
        if found is None:
            return None
        try:
            return date.fromisoformat(found.value if isinstance(found, Text) else "")
        except ValueError:
            self.problem(found.line, field, "expected a day, like 2025-12-31", "bad_date")
            return None

    def links(self, node: Map) -> Iterator[Link]:
        found = node.items.get("links")
        if found is None:
            return
        if not isinstance(found, List):
            self.problem(found.line, "links", "expected a list of {label, url}", "bad_list")
            return
        for item in found.items:
            if not isinstance(item, Map):
                self.problem(item.line, "links", "expected {label: ..., url: ...}", "bad_link")
                continue
            self.known_fields(item, _LINK_FIELDS, "links")
            if "url" not in item.items:
                self.problem(item.line, "links.url", "expected an address", "missing")
            yield Link(self.label(item), self.address(item, "url") or "")

    def label(self, link: Map) -> Mapping[str, str]:
        """Texts by locale, or one text when it reads the same everywhere."""
        found = link.items.get("label")
        if isinstance(found, Text):
            text = self.text(found, "links.label", MAX_QUESTION_CHARACTERS)
            return dict.fromkeys(LOCALES, text)
        return self.texts(link, "label", MAX_QUESTION_CHARACTERS)

    def address(self, node: Map, field: str) -> str | None:
        found = node.items.get(field)
        if found is None:
            return None
        value = found.value.strip() if isinstance(found, Text) else ""
        if not is_address(value):
            self.problem(found.line, field, "expected https://..., mailto:..., tel:... or a /path", "bad_address")
        return value


def is_id(value: str) -> bool:
    """Whether an article or a category may be called so; never a path."""
    return len(value) <= MAX_ID_CHARACTERS and ID_PATTERN.fullmatch(value) is not None
