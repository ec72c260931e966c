"""What the history of publications says of an article's page: when it last changed, and where it moved to."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from faq_kb import history
from faq_kb.articles import Article
from faq_kb.search import SHOP_TIME

log = logging.getLogger(__name__)

# What was changed on disk is recorded a moment after it is served.
READ_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Recorded:
    """What was recorded: when each article that was published was so last, and for each id given up the present one."""

    at: Mapping[str, datetime] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)


def recorded(connection: Connection) -> Recorded:
    return Recorded(history.changed_at(connection), history.moved(connection))


class Changes:
    """The history of one folder, as ``recorded`` reads it."""

    def __init__(
        self, folder: Path, recorded: Callable[[], Awaitable[Recorded]], clock: Callable[[], datetime]
    ) -> None:
        self._folder = folder
        self._recorded = recorded
        self._clock = clock
        self._known = Recorded()
        self._version = ""
        self._read_at: datetime | None = None

    async def follow(self, version: str) -> None:
        """Know what led to this version of the articles."""
        now = self._clock()
        if version == self._version and self._read_at and now - self._read_at < READ_AGAIN_AFTER:
            return
        self._version, self._read_at = version, now
        try:
            self._known = await self._recorded()
        except SQLAlchemyError:
            # A page with an older date serves its reader better than none.
            log.exception("The history of the articles cannot be read", extra={"event": "history_unread"})

    def changed_on(self, article: Article) -> date | None:
        at = self._known.at.get(article.id) or self._written_at(article)
        return at.astimezone(SHOP_TIME).date() if at else None

    def moved_to(self, article_id: str) -> str | None:
        """The id that the article of a former one has by now."""
        return self._known.moved.get(article_id)

    def _written_at(self, article: Article) -> datetime | None:
        try:
            return datetime.fromtimestamp((self._folder / f"{article.category}.yml").stat().st_mtime, SHOP_TIME)
        except OSError:
            return None  # gone a moment ago
