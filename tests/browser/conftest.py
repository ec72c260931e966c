"""One Switchboard with its trained bot, one Chromium; every test gets an empty room and fresh browser contexts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import installed
import pytest
from playwright.sync_api import Browser, sync_playwright
from running_switchboard import Running, switchboard

from .browser_parts import ARTEFACTS, ROOT, Room

CHROMIUM_ARGUMENTS = [
    *installed.CHROMIUM_ARGUMENTS,
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # Package and not session: while Playwright's loop runs, no test of asyncio can.
    path = installed.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def running(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    # All people of the tests come from one address and write faster than people do.
    limits = {
        "SWITCHBOARD_MESSAGES_BURST": "1000",
        "SWITCHBOARD_SESSIONS_PER_MINUTE": "1000",
        "SWITCHBOARD_LOGINS_PER_MINUTE": "1000",
        # Who comes back meets the assistant.
        "SWITCHBOARD_REOPEN_MINUTES": "0",
    }
    place = tmp_path_factory.mktemp("browser")
    # Editors write into the articles.
    shutil.copytree(ROOT / "faq_kb" / "articles", place / "articles")
    with switchboard(place / "var", SWITCHBOARD_ARTICLES_DIR=str(place / "articles"), **limits) as started:
        yield started


@pytest.fixture
def room(chromium: Browser, running: Running, request: pytest.FixtureRequest) -> Iterator[Room]:
    """Where the people of one test meet. Nobody's console may show an error when they leave."""
    room = Room(chromium, running.base, request.node.name)
    failed_before = request.session.testsfailed
    yield room
    if request.session.testsfailed > failed_before:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        for number, context in enumerate(room.contexts):
            for page in context.pages:
                room.shot(page, f"failed-{room.story}-{number}".replace("/", "-"))
    room.leave()
    assert not room.problems
