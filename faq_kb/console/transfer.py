"""Articles as a table and back: CSV and XLSX, for those who work in a spreadsheet. What comes in becomes drafts.

A cell that a spreadsheet would run as a formula goes out with an apostrophe before it, and comes back without.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import openpyxl
from openpyxl.cell import Cell

from faq_kb.articles import LOCALES, PIN_KINDS
from faq_kb.console.errors import EditError
from faq_kb.content import FIELDS, Content, ContentRefused, normal
from faq_kb.loading import is_id

MAX_TABLE_BYTES = 5_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 60
# What Excel takes in one cell; more would be cut off without a word.
MAX_CELL_CHARACTERS = 32_767
# Unpacked: a small archive can hold very much.
MAX_UNPACKED_BYTES = 60_000_000
MAX_PARTS = 200

COLUMNS = (
    "id",
    "category",
    *(f"{name}.{locale}" for name in ("question", "answer", "short_answer") for locale in LOCALES),
    *(name for name, kind in FIELDS.items() if kind != "texts"),
)
# Full-width signs too: some programs take them for the others.
_FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")


class TableRefused(EditError):
    """Expected a table as CSV or XLSX, with a column `id`."""

    code = "import_refused"
    status = 422


class TableTooLong(EditError):
    """An article has more text than a cell of XLSX takes; take CSV."""

    code = "export_refused"
    status = 422


@dataclass(frozen=True)
class Row:
    """One line of a table: the fields it has, and what is wrong with it."""

    number: int
    article_id: str
    category: str
    fields: Mapping[str, Any]
    problems: tuple[Mapping[str, Any], ...] = field(default=())

    def onto(self, content: Content) -> Content:
        """The article's content with the fields of this line; texts of locales without a column stay."""
        changed = {**content}
        for name, value in self.fields.items():
            changed[name] = {**content[name], **value} if FIELDS[name] == "texts" else value
        return normal(changed)


# -- out -------------------------------------------------------------------------------------------------------


def as_csv(articles: Iterable[tuple[str, str, Content]]) -> bytes:
    """With a byte order mark, by which a spreadsheet knows that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for article in articles:
        writer.writerow([_harmless(cell) for cell in _cells(*article)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(articles: Iterable[tuple[str, str, Content]]) -> bytes:
    """Raises TableTooLong rather than cut anything off."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "articles"
    sheet.append(COLUMNS)
    for number, article in enumerate(articles, start=2):
        for column, text in enumerate(map(_harmless, _cells(*article)), start=1):
            if len(text) > MAX_CELL_CHARACTERS:
                raise TableTooLong(article=article[0])
            cell: Cell = sheet.cell(number, column)
            cell.value = text
            cell.data_type = "s"  # never a formula
    sheet.freeze_panes = "C2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cells(article_id: str, category: str, content: Content) -> Iterator[str]:
    yield article_id
    yield category
    for column in COLUMNS[2:]:
        name, _, locale = column.partition(".")
        yield _cell(FIELDS[name], content[name].get(locale, "") if locale else content[name])


def _cell(kind: str, value: Any) -> str:
    if kind == "list":
        return "\n".join(value)
    if kind == "pins":
        return "\n".join(f"{kind}: {text}" for pin in value for kind, text in pin.items())
    if kind == "links":
        return "\n".join(json.dumps(link, ensure_ascii=False) for link in value)
    return value or ""


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


# -- in --------------------------------------------------------------------------------------------------------


def read_table(content: bytes) -> list[Row]:
    """The lines of a CSV or XLSX file. Raises TableRefused for what is no such table."""
    if len(content) > MAX_TABLE_BYTES:
        raise TableRefused(f"Expected at most {MAX_TABLE_BYTES:,} bytes.")
    lines = _xlsx(content) if content.startswith(b"PK") else _csv(content)
    try:
        header = [str(name or "").strip().lower() for name in next(lines)]
        columns = {name.lower(): name for name in COLUMNS}
        known = {place: columns[name] for place, name in enumerate(header) if name in columns}
        unknown = [name for name in header if name and name not in columns]
        if "id" not in known.values() or unknown or len(set(known.values())) != len(known):
            raise TableRefused(columns=list(COLUMNS), unknown=unknown[:10])
        rows = []
        for number, cells in enumerate(lines, start=2):
            if number > MAX_ROWS + 1:
                raise TableRefused(f"Expected at most {MAX_ROWS:,} rows.")
            line = {name: _plain(cells[place]) for place, name in known.items() if place < len(cells)}
            if any(line.values()):
                rows.append(_row(number, line))
        return rows
    except StopIteration as exc:
        raise TableRefused() from exc
    except TableRefused:
        raise
    except Exception as exc:
        # Whatever a broken or hostile file does to its reader, it is no table.
        raise TableRefused() from exc


def _row(number: int, line: Mapping[str, str]) -> Row:
    article_id, problems = line.get("id", "").strip(), []
    if not is_id(article_id):
        problems.append(_problem(number, "id", "expected small letters, digits and single hyphens", "bad_id"))
    fields: dict[str, Any] = {}
    for column, text in line.items():
        name, _, locale = column.partition(".")
        if name in ("id", "category"):
            continue
        try:
            value = _value(FIELDS[name], text)
            if locale:
                normal({name: {locale: value}})
                fields.setdefault(name, {})[locale] = value
            else:
                normal({name: value})
                fields[name] = value
        except (ContentRefused, ValueError) as exc:
            message = exc.problems[0].message if isinstance(exc, ContentRefused) else str(exc)
            problems.append(_problem(number, column, message, "bad_shape"))
    return Row(number, article_id, line.get("category", "").strip(), fields, tuple(problems))


def _value(kind: str, text: str) -> Any:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "list":
        return lines
    if kind == "pins":
        pins = [line.partition(":") for line in lines]
        if any(name.strip() not in PIN_KINDS for name, _, _ in pins):
            raise ValueError(f"expected lines such as `exact: ...`, one of {', '.join(PIN_KINDS)}")
        return [{name.strip(): value.strip()} for name, _, value in pins]
    if kind == "links":
        try:
            return [json.loads(line) for line in lines]
        except ValueError as exc:
            raise ValueError('expected lines such as {"label": {"en": "..."}, "url": "..."}') from exc
    return text if kind == "texts" else text.strip() or None


def _plain(cell: Any) -> str:
    """A cell as text; a spreadsheet makes dates and numbers of what looks like one."""
    if cell is None:
        return ""
    text = cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
    text = re.sub(r"^(\d{4}-\d\d-\d\d)T00:00:00$", r"\1", text)
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _csv(content: bytes) -> Iterator[list[str]]:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as exc:
        raise TableRefused("Expected a CSV file in UTF-8.") from exc
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(MAX_TABLE_BYTES)
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _xlsx(content: bytes) -> Iterator[list[Any]]:
    _check_archive(content)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        for cells in book.worksheets[0].iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS, values_only=True):
            yield list(cells)
    finally:
        book.close()


def _check_archive(content: bytes) -> None:
    """Refuse what unpacks to more than a table does, and XML that defines things of its own."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise TableRefused("Expected a smaller table.")
            for part in parts:
                # Never read further than the archive says; what says too little is cut off, and is then no XML.
                written = archive.read(part)
                if b"<!DOCTYPE" in written or b"<!ENTITY" in written or written[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    raise TableRefused()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError) as exc:
        raise TableRefused() from exc


def _problem(row: int, name: str, message: str, code: str) -> Mapping[str, Any]:
    return {"row": row, "field": name, "message": message, "code": code}
