"""The desk for everybody: axe-core on each page, in light and dark, and what fits a phone in four languages."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from desk_office import LOCALES, PHONE, Office
from playwright.sync_api import Page, expect
from rounds import some, themes

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

# After what moves has come to rest; what moves for ever cannot be brought to its end.
COMPLAINTS = """async (options) => {
  for (const one of document.getAnimations()) if (one.effect.getComputedTiming().endTime !== Infinity) one.finish();
  return (await axe.run(options)).violations;
}"""
# What the other theme changes of a page: its colours.
BOTH = ("light", "dark")
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
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate(COMPLAINTS, {**rules, "resultTypes": ["violations"]})
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def _look(office: Office, page: Page, step: str, schemes: tuple[str, ...] = ()) -> list[str]:
    assert page.viewport_size is not None
    found = []
    for scheme, rules in zip(schemes or themes(page.viewport_size["width"]), (RULES, COLOURS)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        office.shot(page, f"{step}-{scheme}")
        found += [f"{step} {scheme} {one}" for one in _complaints(page, rules)]
    return found


def test_axe_finds_nothing_serious_by_day_and_by_night(office: Office, talk: str) -> None:
    stranger = office.page("en")
    stranger.goto(f"{office.base}/desk")
    expect(stranger.get_by_test_id("login-submit")).to_be_visible()
    found = _look(office, stranger, "sign-in", BOTH)
    page = office.agent("ben", "en")
    found += _look(office, page, "inbox", BOTH)
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("brief")).to_be_visible()
    found += _look(office, page, "conversation", BOTH)
    for button, panel in (("views", "views-menu"), ("open-tags", "tags-menu"), ("open-snooze", "snooze-menu")):
        page.get_by_test_id(button).click()
        expect(page.get_by_test_id(panel)).to_be_visible()
        found += _look(office, page, panel, BOTH)
        page.keyboard.press("Escape")
    page.get_by_test_id("open-transfer").click()
    expect(page.get_by_test_id("person").first).to_be_visible()
    found += _look(office, page, "transfer", BOTH)
    page.keyboard.press("Escape")
    page.get_by_test_id("note-toggle").click()
    page.get_by_test_id("desk-composer").press_sequentially("@")
    expect(page.get_by_test_id("mention-option").first).to_be_visible()
    found += _look(office, page, "mention", BOTH)
    page.get_by_test_id("search").fill("運費")
    expect(page.get_by_test_id("hit").first).to_be_visible()
    page.get_by_test_id("filters-toggle").click()
    found += _look(office, page, "search", BOTH)
    page.get_by_test_id("open-settings").click()
    found += _look(office, page, "settings", BOTH)
    page.keyboard.press("Escape")
    team = office.agent("sue", "en")
    team.goto(f"{office.base}/desk/team")
    expect(team.get_by_role("heading").first).to_be_visible()
    expect(team.get_by_text("Cleo").first).to_be_visible()
    found += _look(office, team, "team", BOTH)
    customer = office.customer("en")
    found += _look(office, customer, "widget", BOTH)
    assert found == []


# English has the longest words, and each Chinese the same number of signs.
@pytest.mark.parametrize("locale", some(LOCALES, "zh-TW", "en"))
def test_it_fits_a_phone_in_every_language(office: Office, talk: str, locale: str) -> None:
    page = office.agent("cleo", locale, **PHONE)
    wide = """() => [document.documentElement, ...document.querySelectorAll(`.inbox-head, .inbox-lists, .transcript,
      .conversation-head, .worn-line, .brief, .dialog[open]`)].filter((one) => one.scrollWidth > one.clientWidth + 1)
      .map((one) => one.className || one.tagName)"""
    found: list[Any] = []

    def look(step: str) -> None:
        for scheme in themes(PHONE["viewport"]["width"]):
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
