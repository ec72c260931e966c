"""Writing at the desk: canned replies, blanks, spelling, drafts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from desk_office import Office
from playwright.sync_api import Page, Route, expect

from handoff import transcript
from handoff.models import Author

pytestmark = pytest.mark.browser

EVIL = '"><img src=x onerror="window.pwned=1">'
RETURNS = {
    "zh-HK": "{customer.name}你好，訂單 {order.number} 可以喺七日內退。",
    "zh-TW": "{customer.name}您好，訂單 {order.number} 七天內可以退貨。",
    "zh-CN": "{customer.name}您好，订单 {order.number} 七天内可以退货。",
    "en": "Hello {customer.name}, order {order.number} can be returned within seven days.",
}


def _open(page: Page, office: Office, talk: str) -> None:
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("desk-composer")).to_be_visible()


def test_a_canned_reply_is_kept_chosen_filled_in_and_never_sent_with_a_blank(office: Office) -> None:
    sue = office.agent("sue", "zh-HK")
    sue.keyboard.press("p")
    sue.get_by_test_id("canned-new").click()
    sue.get_by_test_id("canned-shortcut").fill("退貨")
    for language, text in RETURNS.items():
        sue.get_by_test_id(f"canned-text-{language}").fill(text)
    sue.get_by_test_id("canned-text-en").fill("Hello {nobody}")
    sue.get_by_test_id("canned-save").click()
    expect(sue.get_by_test_id("canned-problem")).to_have_text("English：冇「nobody」呢個變數。")
    sue.get_by_test_id("canned-text-en").fill(RETURNS["en"])
    sue.get_by_test_id("canned-save").click()
    expect(sue.get_by_test_id("canned-entry")).to_contain_text("/退貨")
    sue.get_by_test_id("canned-entry").click()
    sue.get_by_test_id("canned-text-zh-HK").fill("{/退貨}")
    sue.get_by_test_id("canned-save").click()
    expect(sue.get_by_test_id("canned-problem")).to_have_text("呢個罐頭回覆會繞返自己：/退貨 → /退貨")

    ben = office.agent("ben")
    talk = office.talk([("customer", "退货怎么办？")], "ben", "王小明", language="zh-CN")
    office.call(ben, "POST", "/canned-replies", {"shortcut": "evil", "texts": {"en": EVIL}})
    _open(ben, office, talk)
    composer = ben.get_by_test_id("desk-composer")
    expect(composer).to_have_attribute("lang", "zh-CN")
    composer.press_sequentially("/退")
    expect(ben.get_by_test_id("canned-option")).to_have_count(1)
    composer.press("Enter")
    expect(composer).to_have_value("王小明您好，订单 {order.number} 七天内可以退货。")
    expect(ben.get_by_test_id("blank")).to_have_text("Order number")
    ben.reload()
    expect(composer).to_have_value("王小明您好，订单 {order.number} 七天内可以退货。")
    composer.press("Control+Enter")
    expect(composer).to_have_value("王小明您好，订单 {order.number} 七天内可以退货。")
    assert (
        composer.evaluate("(field) => field.value.slice(field.selectionStart, field.selectionEnd)") == "{order.number}"
    )
    ben.keyboard.type("HG10023847")
    expect(ben.get_by_test_id("blanks")).to_be_hidden()
    composer.press("Control+Enter")
    expect(ben.locator('[data-author="agent"]').last).to_contain_text("王小明您好，订单 HG10023847 七天内可以退货。")

    ben.get_by_test_id("open-canned").click()
    expect(ben.get_by_test_id("canned-option")).to_have_count(2)
    ben.keyboard.type("evil")
    ben.keyboard.press("Tab")
    expect(composer).to_have_value(EVIL)
    expect(ben.get_by_test_id("notice")).to_contain_text("English")
    assert not ben.evaluate("'pwned' in window")
    ben.get_by_test_id("note-toggle").click()
    expect(composer).to_have_attribute("lang", "en")
    ben.get_by_test_id("note-toggle").click()

    composer.fill("好")
    ben.get_by_test_id("open-emoji").click()
    ben.keyboard.type("包裹")
    expect(ben.get_by_test_id("emoji")).to_have_count(1)
    ben.keyboard.press("Enter")
    expect(composer).to_have_value("好📦")
    expect(composer).to_be_focused()
    ben.get_by_test_id("open-emoji").click()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "Enter"):
        ben.keyboard.press(key)
    expect(composer).to_have_value("好📦📦")


def test_a_reply_is_held_for_five_seconds_and_what_is_taken_back_never_leaves(office: Office) -> None:
    ben = office.agent("ben")
    talk = office.talk([("customer", "運費幾多？")], "ben", "李先生")
    _open(ben, office, talk)
    suggestion = ben.get_by_test_id("suggestion").first
    expect(suggestion).to_contain_text("三十蚊。")
    office.shot(ben, "suggestions-zh-HK")
    suggestion.click()
    expect(ben.get_by_test_id("desk-composer")).to_have_value("三十蚊。")
    expect(ben.get_by_test_id("suggestions")).to_be_hidden()
    ben.get_by_test_id("desk-composer").fill("")
    expect(suggestion).to_be_visible()
    ben.get_by_test_id("open-settings").click()
    ben.get_by_test_id("setting-undo-send").check()
    ben.keyboard.press("Escape")
    composer, held = ben.get_by_test_id("desk-composer"), ben.get_by_test_id("undo-send")
    # By the pages' clock, which stands: however slow this machine is, the five seconds are not over.
    now = datetime.now(timezone.utc)
    ben.context.clock.set_fixed_time(now)

    def stored() -> list[str]:
        lines = office.database.read_now(lambda c: transcript.of_conversation(c, talk))
        return [line.text for line in lines if line.author is Author.AGENT]

    composer.fill("三十蚊")
    composer.press("Enter")
    held.click()
    expect(composer).to_have_value("三十蚊")
    composer.press("Control+Enter")
    expect(composer).to_have_value("")
    composer.press("Control+z")
    expect(composer).to_have_value("三十蚊")

    composer.fill("錯嘅價錢")
    composer.press("Enter")
    ben.reload()
    expect(held).to_be_visible()
    other = ben.context.new_page()
    _open(other, office, talk)
    expect(other.get_by_test_id("undo-send")).to_be_visible()
    held.click()
    expect(composer).to_have_value("錯嘅價錢")
    expect(other.get_by_test_id("undo-send")).to_have_count(0)
    assert stored() == []

    composer.fill("運費三十蚊")
    composer.press("Enter")
    expect(ben.get_by_test_id("undo-send")).to_be_visible()
    ben.close()
    other.context.clock.set_fixed_time(now + timedelta(seconds=6))
    expect(other.locator('[data-author="agent"][data-id]').last).to_contain_text("運費三十蚊")
    other.get_by_test_id("desk-composer").fill("再見")
    other.get_by_test_id("desk-composer").press("Enter")
    other.get_by_test_id("handback").click()
    expect(other.locator('[data-author="agent"][data-id]').last).to_contain_text("再見")
    expect(other.locator(".status")).not_to_have_text("With you")
    assert stored() == ["運費三十蚊", "再見"], "giving it on sends what is held first"
    office.call(other, "PUT", "/preferences", {"undoSend": False})


def test_a_reply_that_is_still_looked_at_leaves_before_its_conversation_is_handed_back(office: Office) -> None:
    ben = office.agent("ben")
    talk = office.talk([("customer", "運費幾多？")], "ben", "何小姐")
    _open(ben, office, talk)
    looked_at: list[Route] = []
    ben.route("**/desk/api/moment", lambda route: looked_at.append(route))
    ben.get_by_test_id("desk-composer").fill("再見")
    with ben.expect_request("**/desk/api/moment"):
        ben.get_by_test_id("desk-composer").press("Enter")
    # Nobody answers what it promises; the line waits a moment for that, and the conversation for the line.
    with ben.expect_response("**/handback"):
        ben.get_by_test_id("handback").click()
    expect(ben.locator('[data-author="agent"][data-id]').last).to_contain_text("再見")
    expect(ben.locator(".status")).not_to_have_text("With you")
    for route in looked_at:
        route.continue_()


def test_a_vague_promise_is_warned_of_once_and_becomes_a_dated_one(office: Office) -> None:
    ben = office.agent("ben", "zh-HK")
    talk = office.talk([("customer", "where is my parcel?")], "ben", "Mary", language="en")
    _open(ben, office, talk)
    composer, warning = ben.get_by_test_id("desk-composer"), ben.get_by_test_id("vague")
    composer.fill("We will get back to you soon")
    composer.press("Enter")
    expect(warning).to_contain_text("「get back to you」冇講幾時")
    expect(composer).to_have_value("We will get back to you soon")
    office.shot(ben, "vague-zh-HK")
    ben.get_by_test_id("vague-promise").click()
    expect(warning).to_be_hidden()
    expect(ben.get_by_test_id("promise-due")).to_be_visible()
    composer.press("Enter")
    expect(ben.get_by_test_id("promise")).to_contain_text("We will get back to you soon")
    composer.fill("It will definitely arrive")
    composer.press("Enter")
    expect(warning).to_contain_text("確認咗未")
    composer.press("Enter")
    expect(ben.locator('[data-author="agent"]').last).to_contain_text("definitely arrive")
