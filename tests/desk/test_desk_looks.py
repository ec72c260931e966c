"""The desk for everybody: axe-core on each page, in light and dark, and what fits a phone in four languages."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from desk_office import LOCALES, PHONE, Office
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

LINES = [
    ("customer", "請問運費幾多？"),
    ("assistant", "運費三十蚊，滿三百免運。"),
    ("agent", "你好，我係 Ben。"),
    ("note", "@cleo 幫手睇下"),
    ("system", "Ben 加入咗對話。"),
    ("customer", "多謝晒"),
]
# WCAG 2.2 AA, and what axe calls good practice left out.
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}

# What the night changes of a page: its colours.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@pytest.fixture(scope="module")
def talk(office: Office) -> str:
    # Whoever is not at the desk is soon relieved of a ticket.
    ben = office.agent("ben")
    talk = office.talk(LINES, "ben", "陳大文")
    office.talk([("customer", "where is it?")], None, None, language="en", summary="Parcel is late")
    for number in range(4):
        office.talk(LINES[:2], "cleo", f"客人{number}")
    for name, colour in zip(
        ("VIP", "退貨", "a", "b", "c", "d", "e", "f", "g"),
        ("purple", "orange", "red", "yellow", "green", "teal", "blue", "pink", "grey"),
    ):
        office.call(ben, "POST", f"/conversations/{talk}/tags", {"name": name, "colour": colour})
    office.call(ben, "POST", f"/conversations/{talk}/guests", {"agent": office.agent_id("cleo")})
    office.indexed()
    return talk


def _complaints(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    found = Axe().run(page, options=rules).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def _look(office: Office, page: Page, step: str) -> list[str]:
    found = []
    for scheme, rules in (("light", RULES), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        office.shot(page, f"{step}-{scheme}")
        found += [f"{step} {scheme} {one}" for one in _complaints(page, rules)]
    return found


def test_axe_finds_nothing_serious_by_day_and_by_night(office: Office, talk: str) -> None:
    stranger = office.page("en")
    stranger.goto(f"{office.base}/desk")
    expect(stranger.get_by_test_id("login-submit")).to_be_visible()
    found = _look(office, stranger, "sign-in")
    page = office.agent("ben", "en")
    found += _look(office, page, "inbox")
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("brief")).to_be_visible()
    found += _look(office, page, "conversation")
    for button, panel in (("views", "views-menu"), ("open-tags", "tags-menu"), ("open-snooze", "snooze-menu")):
        page.get_by_test_id(button).click()
        expect(page.get_by_test_id(panel)).to_be_visible()
        found += _look(office, page, panel)
        page.keyboard.press("Escape")
    page.get_by_test_id("open-transfer").click()
    expect(page.get_by_test_id("person").first).to_be_visible()
    found += _look(office, page, "transfer")
    page.keyboard.press("Escape")
    page.get_by_test_id("note-toggle").click()
    page.get_by_test_id("desk-composer").press_sequentially("@")
    expect(page.get_by_test_id("mention-option").first).to_be_visible()
    found += _look(office, page, "mention")
    page.get_by_test_id("search").fill("運費")
    expect(page.get_by_test_id("hit").first).to_be_visible()
    page.get_by_test_id("filters-toggle").click()
    found += _look(office, page, "search")
    page.get_by_test_id("open-settings").click()
    found += _look(office, page, "settings")
    page.keyboard.press("Escape")
    team = office.agent("sue", "en")
    team.goto(f"{office.base}/desk/team")
    expect(team.get_by_role("heading").first).to_be_visible()
    expect(team.get_by_text("Cleo").first).to_be_visible()
    found += _look(office, team, "team")
    customer = office.customer("en")
    found += _look(office, customer, "widget")
    assert found == []


@pytest.mark.parametrize("locale", LOCALES)
def test_it_fits_a_phone_in_every_language(office: Office, talk: str, locale: str) -> None:
    page = office.agent("cleo", locale, **PHONE)
    wide = """() => [document.documentElement, ...document.querySelectorAll(`.inbox-head, .inbox-lists, .transcript,
      .conversation-head, .worn-line, .brief, .dialog[open]`)].filter((one) => one.scrollWidth > one.clientWidth + 1)
      .map((one) => one.className || one.tagName)"""
    found: list[Any] = []

    def look(step: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            office.shot(page, f"{locale}-{step}-phone-{scheme}")
        found.extend((step, one) for one in page.evaluate(wide))

    look("list")
    page.get_by_test_id("filters-toggle").click()
    page.get_by_test_id("search").fill("运费")
    expect(page.get_by_test_id("hit").first).to_be_visible()
    look("search")
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("brief")).to_be_visible()
    look("conversation")
    page.locator(".brief summary").click()
    look("brief")
    assert found == []
