"""The customer panel in a browser: editing with history, two who edit at once, uniting with proof and parting again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from desk_office import PHONE, Office
from playwright.sync_api import Page, expect
from rounds import some
from test_desk_looks import _look

from handoff import conversations

pytestmark = pytest.mark.browser

ASKED = [("customer", "我張單去咗邊？"), ("agent", "你好，我係 Ben。")]


def _signed_in(office: Office, account: str = "c-0001") -> str:
    """A conversation with Ben of somebody who signed in at the shop."""
    talk = office.talk(ASKED, "ben", "陳美玲")
    until = datetime.now(timezone.utc) + timedelta(minutes=30)
    office.write(lambda c: conversations.set_identity(c, talk, account, "陳美玲", until))
    return talk


def _open(page: Page, office: Office, talk: str) -> None:
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("customer-record")).to_be_visible()


def test_a_customer_is_edited_with_history_beside_a_colleague_united_and_parted(office: Office) -> None:
    talk, other = _signed_in(office), _signed_in(office)
    office.talk(ASKED, "cleo", "別人")
    ben, sue = office.agent("ben", "en"), office.agent("sue", "zh-HK")
    for page in (ben, sue):
        _open(page, office, talk)
    expect(ben.get_by_test_id("proof")).to_contain_text("Signed in at the shop as c-0001")

    ben.keyboard.press("u")
    expect(ben.get_by_test_id("edit-name")).to_be_focused()
    ben.get_by_test_id("edit-name").fill("陳小姐")
    ben.get_by_test_id("edit-phone").fill("call me")
    ben.get_by_test_id("edit-birthday").fill("1990-02-28")
    ben.get_by_test_id("edit-gift-wrap").select_option("no")
    ben.get_by_test_id("edit-class").select_option("careful")
    ben.get_by_test_id("customer-tag").fill("愛貓")
    ben.get_by_test_id("customer-form").get_by_role("button", name="Teal").click()
    ben.keyboard.press("Escape")
    expect(ben.get_by_test_id("customer-cancel")).to_be_focused(), "what was typed is not lost by the way"
    ben.get_by_test_id("customer-tag").press("Enter")
    ben.get_by_test_id("customer-save").click()
    expect(ben.get_by_test_id("customer-problem")).to_contain_text("Phone: ")
    expect(ben.get_by_test_id("edit-phone")).to_be_focused()
    ben.get_by_test_id("edit-phone").fill("+852 9123 4567")
    ben.get_by_test_id("customer-save").click()
    expect(ben.get_by_test_id("customer-edit")).to_be_focused()
    record = ben.get_by_test_id("customer-record")
    for words in ("陳小姐", "+852 9123 4567", "Feb 28, 1990", "愛貓"):
        expect(record).to_contain_text(words)
    expect(record.get_by_test_id("tag")).to_have_attribute("data-colour", "teal")
    expect(ben.get_by_test_id("customer-class")).to_have_text("Handle with care")
    expect(ben.locator(f'[data-testid="mine-row"][data-conversation="{talk}"]')).to_contain_text("陳小姐")
    expect(sue.get_by_test_id("customer-record")).to_contain_text("陳小姐"), "told at once"

    # Two at once: the later one is told, loses nothing, and takes over what only the other changed.
    sue.get_by_test_id("customer-edit").click()
    sue.get_by_test_id("edit-name").fill("陳美玲小姐")
    ben.get_by_test_id("customer-edit").click()
    ben.get_by_test_id("edit-name").fill("Miss Chan")
    ben.get_by_test_id("edit-email").fill("chan@example.hk")
    ben.get_by_test_id("customer-save").click()
    expect(record).to_contain_text("Miss Chan")
    sue.get_by_test_id("customer-save").click()
    conflict = sue.get_by_test_id("customer-conflict")
    expect(conflict).to_contain_text("Ben 啱啱改過")
    expect(conflict).to_contain_text("名：Miss Chan")
    expect(sue.get_by_test_id("edit-name")).to_have_value("陳美玲小姐")
    expect(sue.get_by_test_id("edit-email")).to_have_value("chan@example.hk")
    found = _look(office, sue, "customer-conflict")
    sue.get_by_test_id("customer-save").click()
    expect(record).to_contain_text("陳美玲小姐")
    expect(record).to_contain_text("chan@example.hk")

    ben.get_by_test_id("customer-history").locator("summary").click()
    change = ben.get_by_test_id("change").first
    expect(change).to_contain_text("Name: Miss Chan → 陳美玲小姐")
    expect(change).to_contain_text("Sue")
    change.get_by_test_id("change-undo").click()
    expect(ben.get_by_test_id("change").first).to_contain_text("(undone)")
    expect(record.locator("dl").first).to_contain_text("Miss Chan")
    found += _look(office, ben, "customer-history")

    # Uniting, with the proof of one signed account; supervisors only.
    expect(ben.get_by_test_id("proposal")).to_contain_text("c-0001")
    expect(ben.get_by_test_id("unite")).to_be_hidden()
    office.call(ben, "PUT", f"/conversations/{other}/customer", {"version": 0, "values": {"tags": [{"name": "VIP"}]}})
    sue.reload()
    sue.get_by_test_id("unite").click()
    expect(sue.get_by_test_id("unite-dialog")).to_contain_text("VIP")
    found += _look(office, sue, "customer-unite")
    sue.get_by_test_id("unite-send").click()
    expect(sue.get_by_test_id("unite-dialog")).to_be_hidden()
    expect(sue.get_by_test_id("customer-record")).to_contain_text("VIP")
    expect(sue.get_by_test_id("proposal")).to_have_count(0)
    expect(record).to_contain_text("VIP")
    sue.get_by_test_id("customer-history").locator("summary").click()
    sue.get_by_test_id("merge-undo").click()
    expect(sue.get_by_test_id("proposal")).to_be_visible()
    expect(sue.get_by_test_id("merge")).to_have_count(0)
    expect(sue.get_by_test_id("customer-record").locator(".tags").first).not_to_contain_text("VIP")

    # Past conversations: a click opens one.
    past = ben.get_by_test_id("past-row").first
    expect(past).to_contain_text("我張單去咗邊？")
    past.locator("button").click()
    expect(ben).to_have_url(f"{office.base}/desk#/inbox/{other}")
    assert found == []


def test_the_panel_on_a_phone_goes_no_wider_than_the_screen(office: Office) -> None:
    talk = _signed_in(office)
    _signed_in(office)
    values = {
        "name": "Wolfeschlegelsteinhausenbergerdorff" * 3,
        "tags": [{"name": "很長的標籤" * 6}, {"name": "VIP", "colour": "purple"}],
        "class": "vip",
        "field.best-time": "evening",
    }
    for locale in some(("en", "zh-TW"), "en"):
        page = office.agent("sue", locale, **PHONE)
        version = office.call(page, "GET", f"/conversations/{talk}/customer")["customer"]["record"]["version"]
        office.call(page, "PUT", f"/conversations/{talk}/customer", {"version": version, "values": values})
        page.goto(f"{office.base}/desk#/inbox/{talk}")
        page.get_by_test_id("show-customer").click()
        expect(page.get_by_test_id("customer-record")).to_be_visible()
        found = _look(office, page, f"customer-phone-{locale}")
        page.get_by_test_id("customer-edit").click()
        expect(page.get_by_test_id("customer-form")).to_be_visible()
        found += _look(office, page, f"customer-form-phone-{locale}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        wide = """[...document.querySelectorAll('desk-customer *')]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML)"""
        assert page.evaluate(wide) == []
        assert found == []
