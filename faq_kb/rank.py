"""Ranking a file of questions against a file of entries, both JSON lines: how others measure the search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faq_kb.articles import Article
from faq_kb.problems import ArticleError, Problem
from faq_kb.search import KnowledgeBase

MAX_RANKED = 10


def rank_file(kb_path: Path, queries_path: Path, out_path: Path) -> None:
    """Answer every query: ``{"qid", "ranking": [ids], "score", "answered"}``, a line each, in their order.

    Raises ``ArticleError`` naming file, line and field when a line is not what it should be.
    """
    knowledge = KnowledgeBase(_articles(kb_path))
    with out_path.open("w", encoding="utf-8") as out:
        for qid, text in _queries(queries_path):
            hits = knowledge.search(text, limit=MAX_RANKED)
            answer = {
                "qid": qid,
                "ranking": [hit.article_id for hit in hits],
                "score": round(hits[0].score, 6) if hits else 0.0,
                "answered": knowledge.answerable(hits),
            }
            out.write(json.dumps(answer, ensure_ascii=False) + "\n")


def _articles(path: Path) -> Iterator[Article]:
    seen: set[str] = set()
    for line, row in _rows(path):
        id, questions, answer = row.get("id"), row.get("questions"), row.get("answer", "")
        if not isinstance(id, str) or not id or id in seen:
            raise _refused(path, line, "id", "expected a text that no other line has")
        if not isinstance(questions, list) or not all(isinstance(text, str) for text in questions):
            raise _refused(path, line, "questions", "expected a list of texts")
        if not isinstance(answer, str):
            raise _refused(path, line, "answer", "expected a text")
        seen.add(id)
        yield Article(
            id=id, category="", question={}, asked_as=tuple(questions), answer={"en": answer} if answer else {}
        )


def _queries(path: Path) -> Iterator[tuple[Any, str]]:
    for line, row in _rows(path):
        text = row.get("text")
        if not isinstance(text, str):
            raise _refused(path, line, "text", "expected a text")
        yield row.get("qid"), text


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as exc:
                raise _refused(path, number, "", "expected a JSON object") from exc
            if not isinstance(row, dict):
                raise _refused(path, number, "", "expected a JSON object")
            yield number, row


def _refused(path: Path, line: int, field: str, message: str) -> ArticleError:
    return ArticleError([Problem(path.name, line, field, message)])
