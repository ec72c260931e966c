"""Words that mean the same, as an editor writes them: a group a line, `運費 = 郵費 = shipping fee`.

What follows a `#` is a comment. The file lies beside the articles and is published like them; until there is one, the
shipped groups are in force.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from faq_kb.loading import source_of
from faq_kb.problems import ArticleError, Problem
from faq_kb.search import EVERYDAY, shipped_synonyms, shipped_text
from faq_kb.words import Synonyms, groups_in

NAME = "synonyms.txt"
MAX_BYTES = 400_000
MAX_GROUPS = 5_000
MAX_WORDS = 100
MAX_WORD_CHARACTERS = 80


def synonyms_in(folder: Path) -> Synonyms:
    """The words of a folder of articles; the shipped ones until it has a file of them. Raises ``ArticleError``."""
    path = folder / NAME
    return read_synonyms(path, path) if path.is_file() else shipped_synonyms()


def read_synonyms(path: Path, place: Path) -> Synonyms:
    """Raises ``ArticleError`` naming each line that is none."""
    try:
        with place.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        return synonyms_of(content, source_of(path))
    except OSError as exc:
        raise ArticleError([Problem(source_of(path), 0, "", f"cannot be read: {exc.strerror}", "unreadable")]) from exc


def synonyms_of(content: bytes, name: str = NAME) -> Synonyms:
    """The groups of a file. Raises ``ArticleError``."""
    if len(content) > MAX_BYTES:
        raise ArticleError([Problem(name, 0, "", f"expected at most {MAX_BYTES:,} bytes", "file_too_big")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ArticleError([Problem(name, 0, "", "expected UTF-8 text", "bad_encoding")]) from exc
    groups, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        words = _words(line)
        if not words:
            continue
        if wrong := _wrong(words):
            problems.append(Problem(name, number, "", *wrong))
        groups.append(words)
    if len(groups) > MAX_GROUPS:
        problems.append(Problem(name, 0, "", f"expected at most {MAX_GROUPS} groups", "too_many"))
    if problems:
        raise ArticleError(problems)
    return Synonyms([*groups, *groups_in(shipped_text(EVERYDAY))], hashlib.sha256(content).hexdigest())


def content_of(lines: Iterable[str]) -> bytes:
    """The file that holds these lines."""
    return "\n".join(line.rstrip() for line in lines).encode("utf-8", "replace")


def shipped_lines() -> list[str]:
    """The shipped groups, as an editor would have written them."""
    lines = []
    for line in shipped_text("synonyms.yml").splitlines():
        group = yaml.safe_load(line) if line.startswith("- ") else None
        lines.append(" = ".join(map(str, group[0])) if group else line)
    return lines


def _words(line: str) -> list[str]:
    text = line.partition("#")[0].strip()
    return [word.strip() for word in re.split("[=＝]", text)] if text else []


def _wrong(words: Iterable[str]) -> tuple[str, str] | None:
    words = list(words)
    if len(words) < 2 or not all(words):
        return "expected two words or more, like 運費 = 郵費", "bad_group"
    if len(words) > MAX_WORDS:
        return f"expected at most {MAX_WORDS} words", "too_many"
    if any(len(word) > MAX_WORD_CHARACTERS or not word.isprintable() for word in words):
        return f"expected words of at most {MAX_WORD_CHARACTERS} characters", "too_long"
    return None
