"""WhatsApp's window at the desk, and a template when it is closed: chosen, filled in, seen, sent, received."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from channel_office import Phones, phones
from desk_office import LOCALES, PHONE
from playwright.sync_api import Browser, expect
from rounds import sampled
from templates import TEMPLATES
from test_desk_looks import _look
from test_whatsapp_channel import KIT, _status

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    place = tmp_path_factory.mktemp("office")
    (place / "templates.yml").write_text(TEMPLATES, encoding="utf-8")
    with phones(chromium, place, [KIT], templates_file=place / "templates.yml") as running:
        yield running


def test_after_24_hours_an_approved_template_is_filled_in_and_arrives(shop: Phones) -> None:
    office, whatsapp = shop.office, shop.providers["whatsapp"]
    shop.writes("whatsapp", "a person please")
    office.run(whatsapp.has_sent(1))
    shop.clock.by += timedelta(hours=25)
    ben = office.agent("ben", "en")
    shop.is_taken_by(ben, "whatsapp")
    window = ben.get_by_test_id("reply-window")
    expect(window).to_have_attribute("data-state", "closed")
    expect(window).to_contain_text("24 hours are over: only an approved template can be sent")
    ben.get_by_test_id("open-template").click()
    expect(ben.get_by_test_id("template-choose").locator("option")).to_have_text(["News of an order", "We are back"])
    expect(ben.get_by_test_id("template-value-1")).to_have_value("Ana")
    preview = ben.get_by_test_id("template-preview")
    expect(preview).to_contain_text("Hello Ana, about your order Order number: The news. Just reply")
    ben.get_by_test_id("template-value-2").fill("HG10023847")
    ben.get_by_test_id("template-send").click()
    expect(ben.get_by_test_id("template-dialog")).to_be_visible(), "what has no value is not sent"
    expect(ben.get_by_test_id("template-value-3")).to_be_focused()
    ben.get_by_test_id("template-value-3").fill("it leaves today")
    words = "Hello Ana, about your order HG10023847: it leaves today. Just reply if you have a question."
    expect(preview).to_have_text(words)
    ben.get_by_test_id("template-value-3").press("Enter")
    line = ben.locator('[data-testid="desk-message"][data-author="agent"]')
    expect(line).to_contain_text(words)
    expect(line).to_contain_text("Approved template")
    shop.sees("whatsapp", "order_news")
    sent = whatsapp.templates[-1]["components"][0]["parameters"]  # type: ignore[attr-defined]
    assert [one["text"] for one in sent] == ["Ana", "HG10023847", "it leaves today"]
    shop.posts("whatsapp", _status(whatsapp.sent[-1].id, "read"))
    expect(line).to_have_attribute("data-delivery", "read")

    ben.get_by_test_id("desk-composer").fill("a text of my own")
    ben.get_by_test_id("desk-composer").press("Enter")
    refused = ben.locator('[data-author="agent"][data-delivery="failed"]')
    expect(refused).to_contain_text("the customer has to write first")
    whatsapp.approved.clear()  # type: ignore[attr-defined]
    ben.get_by_test_id("open-template").click()
    ben.get_by_test_id("template-choose").select_option(label="We are back")
    expect(ben.get_by_test_id("template-value-1")).to_have_count(0)
    ben.get_by_test_id("template-send").click()
    expect(refused.last).to_contain_text("does not know this template")
    ben.context.close()


def test_the_choice_of_a_template_in_four_languages_by_day_and_by_night(shop: Phones) -> None:
    found: list[str] = []
    shop.writes("whatsapp", "a person please", sender=1)
    shop.clock.by += timedelta(hours=25)
    first = shop.office.agent("ben", "en")
    shop.is_taken_by(first, "whatsapp", sender=1)
    address = first.url.rpartition("/desk")[2]
    first.context.close()
    for locale, kind in sampled(("zh-TW", "desktop"), ("zh-HK", "phone"), of=[LOCALES, ("desktop", "phone")]):
        ben = shop.office.agent("ben", locale, address, **(PHONE if kind == "phone" else {}))
        expect(ben.get_by_test_id("open-template")).to_be_visible()
        found += _look(shop.office, ben, f"window-closed-{locale}-{kind}")
        ben.get_by_test_id("open-template").click()
        expect(ben.get_by_test_id("template-value-3")).to_be_visible()
        found += _look(shop.office, ben, f"template-{locale}-{kind}")
        ben.context.close()
    assert found == []
