"""The two pages as things to write in, to look at and to load: input methods, phones, hostile text, weight."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect
from rounds import some

from .browser_parts import LOCALES, PHONE, Room, is_wider_than_its_screen, note_figure, texts_of

pytestmark = [pytest.mark.browser, pytest.mark.bot]

ON_A_PHONE: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><b>bold</b> javascript:alert(1)'
WIDGET_BYTES = 30_000
WHERE = {"zh-HK": "我張單去到邊", "zh-TW": "我的訂單到哪了", "zh-CN": "我的订单到哪了", "en": "where is my order"}


def compose(page: Page, field: Locator, sounds: str, word: str) -> None:
    """Write a word with an input method: sounds, Enter to take the word, and nothing else."""
    field.focus()
    devtools = page.context.new_cdp_session(page)
    end = {"selectionStart": len(sounds), "selectionEnd": len(sounds)}
    devtools.send("Input.imeSetComposition", {"text": sounds, **end})
    enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    devtools.send("Input.insertText", {"text": word})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter, "key": "Enter", "windowsVirtualKeyCode": 13})
    # Safari ends the composition first; its Enter is told apart by the old code alone.
    field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})
    # Others tell only that they compose.
    field.dispatch_event("keydown", {"key": "Enter", "keyCode": 13, "isComposing": True, "bubbles": True})


def test_enter_of_an_input_method_does_not_send(room: Room) -> None:
    ben = room.agent("ben")
    customer = room.customer("zh-TW")
    compose(customer.page, customer.part("composer"), "ㄓㄣ ㄖㄣˊ", "真人")
    expect(customer.part("composer")).to_have_value("真人")
    expect(customer.lines()).to_have_count(0)
    customer.part("composer").press("Enter")
    customer.wait_in_line()
    assert texts_of(customer.lines("customer")) == ["真人"]

    ben.take(customer.case())
    compose(ben.page, ben.part("desk-composer"), "nei5 hou2", "你好")
    expect(ben.part("desk-composer")).to_have_value("你好")
    expect(ben.lines("agent")).to_have_count(0)
    ben.part("desk-composer").press("Enter")
    expect(customer.lines("agent")).to_have_count(1)
    assert texts_of(customer.lines("agent")) == ["你好"]
    ben.close_conversation()


def test_markup_typed_by_a_customer_stays_text(room: Room) -> None:
    ben = room.agent("ben")
    customer = room.customer("en")
    customer.say(HOSTILE)
    customer.part("person-button").click()
    customer.wait_in_line()
    ben.take(customer.case())
    line = ben.hears("onerror")
    for shown in (customer.lines("customer").first, line.first):
        assert HOSTILE in shown.inner_text()
        assert shown.locator("img, script, b:not([data-part]), a").count() == 0
    ben.type(HOSTILE)
    expect(customer.lines("agent")).to_have_count(1)
    assert texts_of(customer.lines("agent")) == [HOSTILE]
    assert customer.lines("agent").locator("img, script, a").count() == 0
    for page in (customer.page, ben.page):
        assert page.evaluate("window.pwned") is None
    ben.close_conversation()


@pytest.mark.parametrize("locale", some(LOCALES, "zh-CN", "en"))
def test_both_pages_fit_a_phone_by_day_and_by_night(room: Room, locale: str) -> None:
    ben = room.agent("ben", locale, **ON_A_PHONE)
    customer = room.customer(locale, **ON_A_PHONE)

    def look(page: Page, step: str, *parts: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            room.shot(page, f"{locale}-{step}-phone-{scheme}")
        assert not is_wider_than_its_screen(page, *parts), step

    look(customer.page, "1-open", ".panel", ".log")
    customer.part("browse-faq").click()
    customer.part("faq-category").first.click()
    customer.part("faq-article").first.click()
    expect(customer.part("faq-answer")).to_be_visible()
    look(customer.page, "2-help", ".panel", ".sheet-body")
    customer.part("ask-this").click()
    expect(customer.lines("assistant").first).to_be_visible()
    customer.prove("HG10023847", "4567", WHERE[locale])
    look(customer.page, "3-order", ".panel", ".log")
    customer.part("person-button").click()
    customer.wait_in_line()
    expect(customer.part("typing")).to_be_hidden()
    look(customer.page, "4-waiting", ".panel", ".log")

    row = ben.row(customer.case())
    expect(row).to_be_visible()
    look(ben.page, "5-desk-list", ".inbox-lists")
    row.get_by_test_id("claim").click()
    expect(ben.part("desk-composer")).to_be_visible()
    ben.type("OK!")
    expect(customer.lines("agent")).to_have_count(1)
    look(ben.page, "6-desk-conversation", ".transcript", ".conversation-head")
    look(customer.page, "7-person", ".panel", ".log")
    ben.part("show-customer").click()
    expect(ben.part("profile")).to_be_visible()
    look(ben.page, "8-desk-customer", "desk-customer")
    ben.part("side-back").click()
    ben.close_conversation()
    ben.part("back").click()
    expect(ben.part("search")).to_be_visible()

    customer.part("close").click()
    expect(customer.part("panel")).to_be_hidden()
    look(customer.page, "9-shop")


@pytest.mark.parametrize("locale", LOCALES)
def test_widget_weighs_less_than_thirty_kilobytes(room: Room, locale: str) -> None:
    page = room.page(locale)
    loaded: dict[str, Response] = {}
    page.on("response", lambda response: loaded.setdefault(response.url, response))
    page.goto(room.base + "/")
    page.get_by_test_id("bubble").click()
    expect(page.get_by_test_id("panel")).to_be_visible()
    page.wait_for_load_state("networkidle")
    # What tells of the visit is loaded seconds later; tests/browser/test_visitors.py weighs it.
    first = r"/widget\.js|/widget/static/(?!chat/visit\.js)"
    files = [one for url, one in loaded.items() if re.search(first, url)]
    assert len(files) > 5
    packed = sum(len(gzip.compress(one.body(), 6)) for one in files)
    on_the_wire = sum(one.request.sizes()["responseBodySize"] for one in files)
    note_figure(f"{locale} widget, bytes with gzip -6", packed)
    note_figure(f"{locale} widget, bytes on the wire", on_the_wire)
    assert packed < WIDGET_BYTES
    assert on_the_wire < WIDGET_BYTES
