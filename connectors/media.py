"""Where the bytes of an attachment are. A channel says the place; fetching it, bounded, is the gateway's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from switchboard.records import Attachment


@dataclass(frozen=True)
class MediaPlace:
    """An address at the provider, what it wants to see, and the only hosts it may lead to; names below them as well.

    `is_own`: a server of the operator's, which may be in a private network.
    """

    url: str
    hosts: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    mime_type: str | None = None
    size_bytes: int | None = None
    is_own: bool = False


class GivesFiles(Protocol):
    """A channel whose customers' files are at a provider."""

    def name(self) -> str:
        """Its name."""

    async def open_media(self, attachment: Attachment) -> MediaPlace:
        """Where the bytes of an attachment are now. Raises DeliveryFailed when the provider does not say."""

    async def is_gone(self, said: bytes) -> bool:
        """Whether the file will never come, from what the provider said in its place."""

    def elsewhere(self, said: bytes) -> MediaPlace | None:
        """Where the file is, when what the provider said in its place is an address."""


def kind_of(mime_type: str | None) -> str:
    """How a file of this type is shown."""
    kind = (mime_type or "").partition("/")[0]
    return kind if kind in ("image", "video", "audio") else "file"
