"""The desk in a browser, over a gateway of this process whose bot is scripted: what is tried here is the page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import installed
import pytest
from playwright.sync_api import Browser, sync_playwright

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "connectors"), str(TESTS / "gateway")]

from desk_office import Office  # noqa: E402

# A microphone that beeps, where a page may use one.
CHROMIUM_ARGUMENTS = [*installed.CHROMIUM_ARGUMENTS, "--use-fake-device-for-media-stream"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = installed.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One gateway for the tests of a file. Nobody's console may have shown an error when it closes."""
    office = Office(chromium, tmp_path_factory.mktemp("office"))
    yield office
    office.close()
    assert office.problems == []


@pytest.fixture(autouse=True)
def _goes_home(request: pytest.FixtureRequest) -> Iterator[None]:
    """Who came for one test goes home after it: a page that stays open listens and looks on beside all that follow."""
    office: Office | None = request.getfixturevalue("office") if "office" in request.fixturenames else None
    there = office.people() if office else 0
    yield
    if office:
        office.send_home(there)
