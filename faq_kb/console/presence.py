"""Who has which article open, at this gateway and at the others. Kept in memory: it is true for some seconds only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from faq_kb.console.editing import Editor

# How long an editor who opened an article counts as looking at it; the page asks more often.
LOOKING_FOR = timedelta(seconds=15)
TOPIC = "console"


class Ear(Protocol):
    """Hears events in their order."""

    async def next(self) -> Mapping[str, Any] | None: ...


class Exchange(Protocol):
    """Carries events between gateways."""

    def publish(self, topic: str, event: Mapping[str, Any]) -> None: ...

    def listen(self, *topics: str) -> Ear: ...


class Presence:
    """Who looks at what. ``follow`` runs as long as the gateway does."""

    def __init__(self, exchange: Exchange, clock: Callable[[], datetime]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._looking: dict[str, dict[str, tuple[str, datetime]]] = {}

    def look(self, editor: Editor, article_id: str) -> None:
        """An editor has an article open at this moment."""
        self._keep(article_id, editor.login, editor.name)
        event = {"kind": "looking", "article": article_id, "login": editor.login, "name": editor.name}
        self._exchange.publish(TOPIC, event)

    async def follow(self) -> None:
        """Hear who looks at what elsewhere."""
        ear = self._exchange.listen(TOPIC)
        while True:
            event = await ear.next()
            if event is not None and event.get("kind") == "looking":
                self._keep(event["article"], event["login"], event["name"])

    def of(self, article_id: str, but: Editor | None = None) -> list[str]:
        """The names of those who look at an article."""
        return [name for login, name in self._now(article_id).items() if but is None or login != but.login]

    def all(self) -> list[dict[str, str]]:
        """Everybody, each with the article they look at."""
        return [{"id": id, "by": name} for id in list(self._looking) for name in self._now(id).values()]

    def _now(self, article_id: str) -> dict[str, str]:
        since = self._clock() - LOOKING_FOR
        return {login: name for login, (name, at) in self._looking.get(article_id, {}).items() if at >= since}

    def _keep(self, article_id: str, login: str, name: str) -> None:
        # By this gateway's clock, whatever time it is at the other.
        self._looking.setdefault(article_id, {})[login] = (name, self._clock())
        for id in [id for id in self._looking if not self._now(id)]:
            del self._looking[id]
