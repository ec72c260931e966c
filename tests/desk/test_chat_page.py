"""The chat as a whole page, as apps and H5 pages show it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sample_files as files
from desk_office import DESKTOP, LOCALES, PHONE, Office
from playwright.sync_api import Locator, Page, expect
from rounds import sampled, themes
from test_desk_looks import _complaints

pytestmark = pytest.mark.browser

# A WebView on an iPhone before iOS 16.4.
OLD_SAFARI = """Object.defineProperty(window, "CSSStyleSheet",
  { value: class { constructor() { throw new TypeError("Illegal constructor"); } } })"""

ASKED = {
    "zh-HK": "送貨去台灣要幾耐?",
    "zh-TW": "寄到台灣要多久?",
    "zh-CN": "寄到台湾要多久?",
    "en": "How long does delivery to Taiwan take, and what does it cost for more than two kilograms?",
}


def _open(office: Office, address: str, locale: str = "zh-HK", script: str = "", **options: Any) -> Page:
    page = office.page(locale, **options)
    if script:
        page.add_init_script(script)
    page.goto(f"{office.base}/chat{address}")
    expect(page.get_by_test_id("panel")).to_be_visible()
    expect(page.locator(".before")).to_have_count(0)
    return page


def _say(page: Page, text: str) -> Locator:
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("send").click()
    answer = page.get_by_test_id("message").filter(has_text=f"bot: {text}")
    expect(answer).to_be_visible()
    return answer


def test_the_chat_is_the_page_in_each_language_and_theme(office: Office) -> None:
    for locale, size in sampled(("zh-CN", "phone"), ("zh-TW", "desktop"), of=[LOCALES, ("phone", "desktop")]):
        options = PHONE if size == "phone" else {"viewport": DESKTOP}
        for theme in themes(options["viewport"]["width"]):
            page = _open(office, f"?lang={locale}&theme={theme}", "en", **options)
            expect(page.locator("html")).to_have_attribute("lang", locale)
            expect(page.get_by_test_id("bubble")).to_be_hidden()
            expect(page.get_by_test_id("close")).to_be_hidden()
            _say(page, ASKED[locale])
            box = page.get_by_test_id("panel").bounding_box()
            assert box is not None and box["height"] == page.evaluate("innerHeight")
            assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
            office.shot(page, f"chat-page-{locale}-{size}-{theme}")
            assert _complaints(page) == [], (locale, size, theme)
            page.context.close()


def test_an_identity_comes_behind_the_hash_and_stays_in_no_address(office: Office) -> None:
    asked: list[str] = []
    page = office.page("en")
    page.on("request", lambda request: asked.append(request.url))
    token = page.request.get(f"{office.base}/shop/demo-identity?customer=c-0001").json()["identity"]
    page.goto(f"{office.base}/chat?lang=en#identity={token}&draft=Is%20it%20in%20stock%3F")
    expect(page.get_by_test_id("my-orders")).to_be_visible()
    expect(page.get_by_test_id("composer")).to_have_value("Is it in stock?")
    assert page.url == f"{office.base}/chat?lang=en"
    assert not any(token in url for url in asked)
    page.evaluate("location.hash = '#identity='")
    expect(page.get_by_test_id("my-orders")).to_be_hidden()
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    assert page.context.cookies() == []


def test_back_takes_away_what_lies_over_the_conversation_before_it_leaves(office: Office) -> None:
    page = office.page("en", **PHONE)
    page.goto(f"{office.base}/shop/orders.html")
    page.goto(f"{office.base}/chat?lang=en")
    page.get_by_test_id("browse-faq").click()
    sheet = page.get_by_test_id("sheet")
    expect(sheet).to_be_visible()
    sheet.locator(".list button").first.click()
    page.go_back()
    expect(sheet).to_be_visible()
    page.go_back()
    expect(sheet).to_be_hidden()
    page.get_by_test_id("attach").set_input_files(
        {"name": "cup.png", "mimeType": "image/png", "buffer": files.picture("PNG")}
    )
    page.get_by_test_id("composer").fill("broken")
    expect(page.get_by_test_id("send")).to_be_enabled()
    page.get_by_test_id("send").click()
    page.locator('[data-testid="message"] img').first.click()
    expect(page.get_by_test_id("viewer")).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("viewer")).to_be_hidden()
    # closed by hand: the way back is as short as before
    page.get_by_test_id("browse-faq").click()
    page.get_by_test_id("sheet-back").click()
    expect(sheet).to_be_hidden()
    page.wait_for_function("!history.state?.isCovered")
    page.go_back()
    expect(page).to_have_url(re.compile("orders.html"))


def test_an_old_webview_shows_the_same(office: Office) -> None:
    page = _open(office, "?lang=zh-CN", script=OLD_SAFARI, **PHONE)
    _say(page, "包邮吗")
    box = page.get_by_test_id("panel").bounding_box()
    assert box is not None and (box["x"], box["y"], box["width"]) == (0, 0, 390)
    page.get_by_test_id("language-select").select_option("en")
    expect(page.get_by_test_id("person-button")).to_contain_text("person")
    assert page.locator(".header").evaluate("(one) => getComputedStyle(one).display") == "flex"


def test_the_keyboard_leaves_the_composer_in_sight(office: Office) -> None:
    page = _open(office, "?lang=zh-TW", **PHONE)
    _say(page, "運費")
    page.evaluate(
        """() => { Object.defineProperty(visualViewport, "height", { value: 480 });
          visualViewport.dispatchEvent(new Event("resize")); }"""
    )
    box = page.get_by_test_id("send").bounding_box()
    assert box is not None and box["y"] + box["height"] <= 480
    expect(page.locator("switchboard-chat")).to_have_attribute("data-keyboard", "")
    office.shot(page, "chat-page-keyboard")


def test_the_page_says_little_and_nothing_of_others(office: Office) -> None:
    page = office.page("en")
    answer = page.request.get(
        f"{office.base}/chat?lang=%22%3E%3Cscript%3E", headers={"Accept-Language": "zh-TW,en;q=0.5"}
    )
    assert answer.ok and "<script>" not in answer.text()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-robots-tag"] == "noindex" and "set-cookie" not in answer.headers
    for header, lang in (("zh-TW,en;q=0.5", "zh-TW"), ("zh-Hans", "zh-CN"), ("fr", "zh-HK"), ("en-GB", "en")):
        written = page.request.get(f"{office.base}/chat", headers={"Accept-Language": header}).text()
        assert f'<html lang="{lang}">' in written, header
