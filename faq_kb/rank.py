"""Ranking a file of questions against a file of entries, both JSON lines: how others measure the search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faq_kb.jsonl import articles_in, refused, rows
from faq_kb.search import KnowledgeBase

MAX_RANKED = 10


def rank_file(kb_path: Path, queries_path: Path, out_path: Path) -> None:
    """Answer every query: ``{"qid", "ranking": [ids], "score", "answered"}``, a line each, in their order.

    Raises ``ArticleError`` naming file, line and field when a line is not what it should be.
    """
    knowledge = KnowledgeBase(articles_in(kb_path))
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


def _queries(path: Path) -> Iterator[tuple[Any, str]]:
    for line, row in rows(path):
        text = row.get("text")
        if not isinstance(text, str):
            raise refused(path, line, "text", "expected a text")
        yield row.get("qid"), text
