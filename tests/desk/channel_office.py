"""An office whose customers write from their providers' apps: the providers run beside the gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from desk_office import Office
from kit import Kit
from playwright.sync_api import Browser, Page, expect
from ports import free_port
from providers import tencent
from providers.server import Provider
from sqlalchemy.engine import Connection
from waiting import eventually, wait_until

from handoff import conversations, tickets
from handoff.clock import utc_now
from handoff.models import Status
from handoff.records import Conversation, Ticket


class Later:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.by


class Phones:
    """The customers of some channels, and what they see."""

    def __init__(self, office: Office, kits: list[Kit], providers: dict[str, Provider], clock: Later) -> None:
        self.office = office
        self.clock = clock
        self.providers = providers
        self._kits = {kit.channel: kit for kit in kits}
        self._numbers = 0

    def writes(self, channel: str, text: str, sender: int = 0) -> None:
        """A customer's message, until it is answered."""
        kit, self._numbers = self._kits[channel], self._numbers + 1
        self.posts(channel, kit.message(text, self._numbers, sender))

    def posts(self, channel: str, body: bytes) -> None:
        """What the provider posts."""
        self.office.run(self._post(self._kits[channel], body))

    def is_taken_by(self, ben: Page, channel: str, sender: int = 0) -> None:
        """Ben has the conversation of this customer open: from the queue, or given to him at once."""
        office, customer = self.office, self._kits[channel].customers[sender]

        def wanted(connection: Connection) -> tuple[Conversation, Ticket] | None:
            found = conversations.last_of_sender(connection, channel, customer)
            ticket = tickets.open_of(connection, found.id) if found else None
            return (found, ticket) if found and ticket else None

        case = wait_until(lambda: office.database.read_now(wanted), what="a person is wanted")
        assert case is not None
        talk, ticket = case
        if talk.status is not Status.AGENT:
            office.call(ben, "POST", f"/tickets/{ticket.number}/claim")
        ben.goto(f"{office.base}/desk#/inbox/{talk.id}")
        expect(ben.get_by_test_id("desk-composer")).to_be_visible()

    def sees(self, channel: str, text: str) -> list[str]:
        """What the customers of the channel were sent, once this is among it."""
        provider = self.providers[channel]
        self.office.run(eventually(lambda: text in provider.texts, lambda: provider.texts))
        return provider.texts

    async def _post(self, kit: Kit, body: bytes) -> None:
        provider = self.providers[kit.channel]
        provider.posts(body)
        hook = kit.sign(body)
        url = f"{self.office.base}/webhooks/{kit.channel}/webhook{hook.query}"
        headers = {"Content-Type": "application/json", **hook.headers}
        async with aiohttp.ClientSession() as http, http.post(url, data=hook.body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


@contextmanager
def phones(chromium: Browser, place: Path, kits: list[Kit], **settings: Any) -> Iterator[Phones]:
    """Nobody's console may have shown an error when it closes."""
    providers: dict[str, Provider] = {}
    entries: dict[str, Any] = {}
    clock = tencent.clock = Later()
    for kit in kits:
        provider = providers[kit.channel] = kit.provider()
        provider._port, provider.clock = free_port(), clock
        entries[kit.class_path] = kit.credentials(f"http://127.0.0.1:{provider._port}")
    settings = {
        "idle_close_minutes": 10**6,
        "burst_window_milliseconds": 0,
        "default_language": "en",
        "reopen_minutes": 0,
        **settings,
    }
    office = Office(chromium, place, clock, json.dumps(entries), **settings)
    office.bot.hands_over("a person please")
    for provider in providers.values():
        office.run(provider.start())
    try:
        yield Phones(office, kits, providers, clock)
    finally:
        for provider in providers.values():
            office.run(provider.stop())
        office.close()
    assert office.problems == []
