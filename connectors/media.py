"""Where the bytes of an attachment are. A channel says the place; fetching it, bounded, is the gateway's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MediaPlace:
    """An address at the provider, what it wants to see, and the only hosts it may lead to; names below them as well."""

    url: str
    hosts: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    mime_type: str | None = None
    size_bytes: int | None = None
