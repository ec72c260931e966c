"""The day on which a reader last saw an article change."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from faq_kb.articles import Article
from faq_kb.search import SHOP_TIME


class Changes:
    """Dates by the article's file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def changed_on(self, article: Article) -> date | None:
        try:
            written_at = (self._folder / f"{article.category}.yml").stat().st_mtime
        except OSError:
            return None
        return datetime.fromtimestamp(written_at, SHOP_TIME).date()
