"""What the desk shows of a customer's channel, and what goes by another one when the first refuses for good."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sample_files as files
from channel_office import Phones, phones
from desk_office import LOCALES, PHONE
from playwright.sync_api import Browser, Page, expect
from providers.server import Fault
from rounds import sampled
from test_desk_files import choose
from test_desk_looks import _look
from test_reply_windows import unite
from test_sms_http import KIT as SMS
from test_wechat_channel import KIT as WECHAT
from test_whatsapp_channel import KIT as WHATSAPP

from handoff.clock import utc_now

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    with phones(chromium, tmp_path_factory.mktemp("office"), [WHATSAPP, SMS, WECHAT]) as running:
        yield running


def _says(ben: Page, text: str) -> None:
    ben.get_by_test_id("desk-composer").fill(text)
    ben.get_by_test_id("desk-composer").press("Enter")


def _ends(shop: Phones, ben: Page) -> None:
    shop.office.call(ben, "POST", f"/conversations/{ben.url.rpartition('/')[2]}/close", {})
    ben.context.close()


def test_the_messages_that_are_left_are_counted_while_the_agent_writes(shop: Phones) -> None:
    wechat = shop.providers["wechat"]
    shop.writes("wechat", "a person please", sender=1)
    ben = shop.office.agent("ben", "en")
    shop.is_taken_by(ben, "wechat", sender=1)
    shop.office.run(wechat.has_sent(2))
    left = 5 - len(wechat.sent)
    window = ben.get_by_test_id("reply-window")
    for number in range(left):
        expect(window).to_contain_text(f"{left - number} more message")
        _says(ben, f"line {number}")
    expect(window).to_contain_text("All messages that this channel allows are used up")
    expect(window).to_have_attribute("data-state", "closed")
    shop.writes("wechat", "still there?", sender=1)
    expect(window).to_contain_text("5 more messages"), "it opens while the page stays open"
    expect(window).to_have_attribute("data-state", "open")
    _ends(shop, ben)


def test_a_line_that_is_refused_for_good_goes_by_another_channel_of_the_customer(shop: Phones) -> None:
    office, whatsapp, sms = shop.office, shop.providers["whatsapp"], shop.providers["sms"]
    shop.writes("sms", "hello")
    shop.writes("wechat", "hello")
    shop.writes("whatsapp", "a person please")
    office.write(lambda c: unite(c, utc_now(), WHATSAPP, SMS, WECHAT))
    ben = office.agent("ben", "en")
    shop.is_taken_by(ben, "whatsapp")
    office.run(whatsapp.has_sent(2))
    whatsapp.faults.append(Fault(refuses="blocked"))
    text = "Your parcel is at the shop."
    _says(ben, text)
    line = ben.locator('[data-author="agent"][data-delivery="failed"]')
    expect(line).to_contain_text(NOBODY_THERE["en"])
    assert text not in whatsapp.texts
    found = _in_four_languages(shop, ben.url.rpartition("/desk")[2])
    _offers_other(ben, "en")
    go = ben.get_by_test_id("place").filter(has_text="•••• 8000").get_by_test_id("place-go")
    go.click()
    go.click()
    shop.sees("sms", text)
    assert [one.to for one in sms.sent if one.text == text] == [SMS.customers[0]]
    said = ben.locator('[data-author="agent"]').filter(has_text=text)
    expect(said).to_have_attribute("data-delivery", "sent")
    expect(line).to_have_count(0)
    found += _look(office, ben, "refused-moved")
    ben.context.close()
    assert found == []


@pytest.mark.parametrize(
    ("locale", "kind"), sampled(("en", "desktop"), ("zh-TW", "phone"), of=[LOCALES, ("desktop", "phone")])
)
def test_a_file_goes_as_a_link_where_the_channel_carries_none_and_the_agent_reads_so_before(
    shop: Phones, locale: str, kind: str
) -> None:
    shop.writes("sms", "a person please", sender=1)
    ben = shop.office.agent("ben", locale, **(PHONE if kind == "phone" else {}))
    shop.is_taken_by(ben, "sms", sender=1)
    note = ben.get_by_test_id("tray-note")
    expect(note).to_be_hidden()
    choose(ben.get_by_test_id("attach-files"), ("invoice.pdf", files.PDF))
    expect(note).to_contain_text(LINK_OF_SEVEN_DAYS[locale])
    found = _look(shop.office, ben, f"file-link-{locale}-{kind}")
    ben.get_by_test_id("desk-send").click()
    expect(ben.locator('[data-author="agent"]').last).to_have_attribute("data-delivery", "sent")
    expect(note).to_be_hidden()
    assert f"{shop.office.base}/f/" in shop.providers["sms"].texts[-1]
    _ends(shop, ben)
    assert found == []


def _in_four_languages(shop: Phones, address: str) -> list[str]:
    found = []
    for locale, kind in sampled(("zh-CN", "desktop"), ("zh-HK", "phone"), of=[LOCALES, ("desktop", "phone")]):
        page = shop.office.agent("ben", locale, address, **(PHONE if kind == "phone" else {}))
        expect(page.locator('[data-delivery="failed"]')).to_contain_text(NOBODY_THERE[locale])
        found += _look(shop.office, page, f"refused-{locale}-{kind}")
        _offers_other(page, locale)
        found += _look(shop.office, page, f"refused-places-{locale}-{kind}")
        page.context.close()
    return found


def _offers_other(page: Page, locale: str) -> None:
    """The customer's other channels are shown, with the window where there is one."""
    page.locator('[data-author="agent"]').get_by_test_id("send-other").click()
    places = page.get_by_test_id("place")
    expect(places).to_have_count(2)
    expect(places.filter(has_text="•••• 8000")).to_be_visible()
    with_window = places.filter(has=page.locator('[data-part="window"]:not(:empty)'))
    expect(with_window).to_have_count(1)
    expect(with_window).to_contain_text(WECHAT_NAME[locale])


LINK_OF_SEVEN_DAYS = {
    "zh-HK": "客人會喺文字度收到連結，7 日內有效",
    "zh-TW": "顧客會在文字中收到連結，7 天內有效",
    "zh-CN": "顾客会在文字里收到链接，7 天内有效",
    "en": "a link in the text, which works for 7 days",
}
NOBODY_THERE = {
    "zh-HK": "呢個頻道搵唔到呢位客人。",
    "zh-TW": "這個頻道找不到這位顧客。",
    "zh-CN": "这个渠道找不到这位顾客。",
    "en": "There is nobody under this number or id.",
}
WECHAT_NAME = {"zh-HK": "微信", "zh-TW": "微信", "zh-CN": "微信", "en": "WeChat"}
