"""One follower for each folder in a process, however many parts of it ask for the articles."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from faq_kb.follower import KnowledgeFollower

ARTICLES = Path(__file__).parent / "articles"


def served(folder: str | Path | None = None) -> KnowledgeFollower:
    """The running follower of a folder; without one, of `SWITCHBOARD_ARTICLES_DIR` or the project's own articles."""
    return _following(Path(folder or os.environ.get("SWITCHBOARD_ARTICLES_DIR") or ARTICLES).resolve())


@lru_cache(maxsize=8)
def _following(folder: Path) -> KnowledgeFollower:
    follower = KnowledgeFollower(folder)
    follower.start()
    return follower
