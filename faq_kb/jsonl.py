"""JSON lines from others: knowledge bases and questions to measure with. What is wrong is named by file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faq_kb.articles import Article
from faq_kb.problems import ArticleError, Problem


def articles_in(path: Path) -> Iterator[Article]:
    """Lines of ``{"id", "questions", "answer"?}``; raises ``ArticleError``."""
    seen: set[str] = set()
    for line, row in rows(path):
        id, questions, answer = row.get("id"), row.get("questions"), row.get("answer", "")
        if not isinstance(id, str) or not id or id in seen:
            raise refused(path, line, "id", "expected a text that no other line has")
        if not isinstance(questions, list) or not all(isinstance(text, str) for text in questions):
            raise refused(path, line, "questions", "expected a list of texts")
        if not isinstance(answer, str):
            raise refused(path, line, "answer", "expected a text")
        seen.add(id)
        yield Article(
            id=id, category="", question={}, asked_as=tuple(questions), answer={"en": answer} if answer else {}
        )


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line that is not empty, with its number; raises ``ArticleError``."""
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as exc:
                raise refused(path, number, "", "expected a JSON object") from exc
            if not isinstance(row, dict):
                raise refused(path, number, "", "expected a JSON object")
            yield number, row


def refused(path: Path, line: int, field: str, message: str) -> ArticleError:
    return ArticleError([Problem(path.name, line, field, message)])
