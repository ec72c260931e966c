"""Every key of the list pressed once, and axe on the dialogs that keys and buttons open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from desk_office import Office
from playwright.sync_api import Page, expect
from test_desk_looks import _look

pytestmark = pytest.mark.browser

LINES = [("customer", "where is it?"), ("agent", "I will look.")]
# The pace of a quick hand. Of keys that follow each other within milliseconds the browser closes two dialogs at one
# Escape: it counts them as one act of the user, and no event tells when the next one begins.
PACE_MS = 120


@pytest.fixture(scope="module", autouse=True)
def _people(office: Office) -> Any:
    """Somebody else at the desk."""
    return office.agent("cleo")


def _open(page: Page, office: Office, talk: str) -> None:
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("desk-composer")).to_be_visible()


def test_each_listed_key_does_what_the_list_says(office: Office) -> None:
    sue = office.agent("sue")
    first, second = (office.talk(LINES, "sue", name) for name in ("Ana", "Bo"))
    sue.reload()
    _open(sue, office, first)
    sue.keyboard.press("?")
    listed = sue.locator("#shortcut-list kbd").all_inner_texts()
    sue.keyboard.press("Escape")
    pressed: set[str] = set()

    def press(key: str) -> None:
        if key == "Escape":
            sue.wait_for_timeout(PACE_MS)
        sue.keyboard.press(key)
        pressed.add(key.upper() if len(key) == 1 else key)

    def shows(key: str, testid: str) -> None:
        press(key)
        expect(sue.get_by_test_id(testid)).to_be_visible()
        press("Escape")
        expect(sue.get_by_test_id(testid)).to_be_hidden()

    def types(key: str, testid: str) -> None:
        press(key)
        expect(sue.get_by_test_id(testid)).to_be_focused()
        sue.keyboard.press("Escape")
        sue.evaluate("document.activeElement.blur()")

    for key, testid in (
        ("?", "shortcuts"),
        ("e", "wrap-up"),
        ("p", "canned-dialog"),
        ("b", "confirm"),
        ("q", "confirm"),
        ("t", "colleagues"),
        ("i", "colleagues"),
        ("z", "snooze-menu"),
        ("l", "tags-menu"),
        ("v", "views-menu"),
        ("w", "visitors"),
    ):
        shows(key, testid)
    for key, testid in (
        ("f", "faq-search"),
        ("g", "product-search"),
        ("r", "desk-composer"),
        ("/", "search"),
        ("u", "edit-name"),
    ):
        types(key, testid)
    sue.reload()
    _open(sue, office, first)
    press("n")
    expect(sue.get_by_test_id("note-toggle")).to_have_attribute("aria-pressed", "true")
    sue.keyboard.press("Escape")
    sue.evaluate("document.activeElement.blur()")
    press("x")
    expect(sue.get_by_test_id("filters")).to_be_visible()
    sue.evaluate("document.activeElement.blur()")
    press("x")
    expect(sue.get_by_test_id("filters")).to_be_hidden()
    press("m")
    expect(sue.get_by_test_id("mute")).to_have_attribute("aria-pressed", "true")
    press("m")
    expect(sue.get_by_test_id("mute")).to_have_attribute("aria-pressed", "false")
    press("d")
    expect(sue.locator("#desk")).to_have_attribute("data-pane", "side")
    press("Escape")
    expect(sue.locator("#desk")).not_to_have_attribute("data-pane", "side")

    # From row to row, and open.
    sue.evaluate("document.activeElement.blur()")
    rows = sue.get_by_test_id("mine-row").locator(".row-main")
    expect(rows).to_have_count(2)
    chosen = [row.get_attribute("aria-current") for row in rows.all()].index("true")
    forward = "j" if chosen == 0 else "k"
    press(forward)
    expect(rows.nth(1 - chosen)).to_be_focused()
    press("Enter")
    expect(sue).to_have_url(re.compile(f"#/inbox/{second}"))
    sue.evaluate("document.activeElement.blur()")
    press("k" if forward == "j" else "j")
    expect(rows.nth(chosen)).to_be_focused()

    # Somebody waits: quiet, taken by the next, and taken over from a colleague.
    waiting = office.talk([("customer", "hello")], None, "Cy")
    sue.reload()
    row = sue.get_by_test_id("queue-row")
    expect(row).to_have_count(1)
    expect(sue.get_by_test_id("silence")).to_be_visible()
    press("s")
    expect(sue.get_by_test_id("silence")).to_be_hidden()
    press("c")
    expect(sue).to_have_url(re.compile(f"#/inbox/{waiting}"))
    other = office.talk(LINES, "cleo", "Di")
    sue.goto(f"{office.base}/desk#/inbox/{other}")
    expect(sue.get_by_test_id("takeover")).to_be_visible()
    sue.evaluate("document.activeElement.blur()")
    press("o")
    if sue.get_by_test_id("confirm").is_visible():
        sue.get_by_test_id("confirm-yes").click()
    expect(sue.get_by_test_id("desk-composer")).to_be_focused()

    # Views by number, the first and the last.
    sue.evaluate("document.activeElement.blur()")
    for key, view in (("9", "With the assistant"), ("0", "Closed"), ("1", "Inbox")):
        press(key)
        expect(sue.get_by_test_id("views")).to_have_text(view)

    # Taking a reply back (Ctrl+Z) and canned replies are tried in test_desk_writing.py.
    pressed |= {"Ctrl"}
    labels = {one.upper() if len(one) == 1 else one for one in listed}
    assert labels - pressed - {"…", "Esc"} == set()


def test_axe_finds_nothing_serious_in_the_dialogs(office: Office) -> None:
    ben = office.agent("ben")
    talk = office.talk(LINES, "ben", "Eva")
    ben.reload()
    _open(ben, office, talk)
    found: list[str] = []

    def looks(step: str, opens: Callable[[], None], testid: str) -> None:
        opens()
        expect(ben.get_by_test_id(testid)).to_be_visible()
        found.extend(_look(office, ben, step))
        ben.keyboard.press("Escape")
        expect(ben.get_by_test_id(testid)).to_be_hidden()

    looks("dialog-shortcuts", lambda: ben.keyboard.press("?"), "shortcuts")
    looks("dialog-wrap-up", lambda: ben.keyboard.press("e"), "wrap-up")
    looks("dialog-canned", lambda: ben.keyboard.press("p"), "canned-dialog")
    looks("dialog-promises", lambda: ben.get_by_test_id("open-promises").click(), "promises-dialog")

    def new_canned() -> None:
        ben.keyboard.press("p")
        ben.get_by_test_id("canned-new").click()

    looks("dialog-canned-new", new_canned, "canned-dialog")
    assert found == []
