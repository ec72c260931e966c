"""When an article last changed, as its page says it: by the history of publications, else by its file."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from faq_kb.articles import Article
from faq_kb.search import SHOP_TIME

log = logging.getLogger(__name__)

# What was changed on disk is recorded a moment after it is served.
READ_AGAIN_AFTER = timedelta(minutes=1)


class Changes:
    """The dates of one folder. ``recorded`` reads the last publication of each article that has one."""

    def __init__(
        self, folder: Path, recorded: Callable[[], Awaitable[Mapping[str, datetime]]], clock: Callable[[], datetime]
    ) -> None:
        self._folder = folder
        self._recorded = recorded
        self._clock = clock
        self._at: Mapping[str, datetime] = {}
        self._version = ""
        self._read_at: datetime | None = None

    async def follow(self, version: str) -> None:
        """Know what led to this version of the articles."""
        now = self._clock()
        if version == self._version and self._read_at and now - self._read_at < READ_AGAIN_AFTER:
            return
        self._version, self._read_at = version, now
        try:
            self._at = await self._recorded()
        except SQLAlchemyError:
            # A page with an older date serves its reader better than none.
            log.exception("The history of the articles cannot be read", extra={"event": "history_unread"})

    def changed_on(self, article: Article) -> date | None:
        at = self._at.get(article.id) or self._written_at(article)
        return at.astimezone(SHOP_TIME).date() if at else None

    def _written_at(self, article: Article) -> datetime | None:
        try:
            return datetime.fromtimestamp((self._folder / f"{article.category}.yml").stat().st_mtime, SHOP_TIME)
        except OSError:
            return None  # gone a moment ago
