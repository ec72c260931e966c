"""What the widget's transport needs from the platform. It decides nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from switchboard.records import SessionWish


class Ear(Protocol):
    """The live updates of one visitor."""

    async def next(self, timeout: float | None = None) -> Mapping[str, Any] | None:
        """The next event, or None when none came in time."""

    def close(self) -> None:
        """Hear nothing more."""


class Reception(Protocol):
    """Knows visitors by their tokens; takes their frames; tells them the truth from the database."""

    async def begin(self, wish: SessionWish, address: str) -> dict[str, Any]:
        """A session: token, state, messages."""

    async def visitor_of(self, token: object) -> Any:
        """Whose token this is. Raises TokenRefused."""

    async def still_valid(self, visitor: Any) -> bool:
        """Whether the visitor's tokens still hold."""

    async def catch_up(self, visitor: Any, after: int | None) -> dict[str, Any]:
        """State and messages after an id."""

    def listen(self, visitor: Any) -> Ear:
        """Hear what changes for this visitor."""

    async def take(self, visitor: Any, frame: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One frame of the page; the frames to answer with."""

    def faq_tree(self, wanted: str | None, visitor: Any = None) -> dict[str, Any]:
        """Categories and questions, as far as this visitor may see them."""

    def faq_article(self, article_id: str, wanted: str | None, visitor: Any = None) -> dict[str, Any]:
        """One article."""

    async def transcript(self, visitor: Any, locale: str | None, as_text: bool) -> Any:
        """The newest conversation as a file: name, content_type, content."""

    async def transcript_addresses(self, visitor: Any) -> dict[str, Any]:
        """Where it can be mailed, each by its id."""

    async def provable(self, visitor: Any) -> dict[str, Any]:
        """The kinds of contact that this visitor can prove by a code."""

    async def mail_transcript(self, visitor: Any, locale: str | None, wanted: object) -> None:
        """The same by mail, to the address of this id."""

    async def orders_of(self, visitor: Any, wanted: str | None) -> dict[str, Any]:
        """The orders of a signed-in customer."""
