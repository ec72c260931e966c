"""While a customer waits, and when nobody is there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .browser_parts import Room

pytestmark = [pytest.mark.browser, pytest.mark.bot]


def test_waiting_customer_keeps_the_place_may_ask_and_may_leave(room: Room) -> None:
    ben = room.agent("ben", "en")
    first, second = room.customer("zh-TW"), room.customer("en")
    for customer in (first, second):
        customer.part("person-button").click()
        customer.wait_in_line()
    place = second.position()
    assert place == first.position() + 1

    answer = second.ask("how much is shipping")
    expect(answer).to_have_attribute("data-waiting", "true")
    expect(answer).to_contain_text("while you wait")
    assert second.position() == place
    expect(second.part("typing")).to_be_hidden()
    case = second.case()
    expect(ben.row(case)).to_be_visible()
    room.shot(second.page, "en-faq-while-waiting-desktop")

    gone = first.case()
    first.part("leave-queue").click()
    expect(first.part("waiting-banner")).to_be_hidden()
    expect(ben.row(gone)).to_be_hidden()
    expect(second.part("waiting-banner")).to_have_attribute("data-position", str(place - 1))
    first.ask("運費多少")
    assert gone not in ben.waiting()

    second.part("leave-queue").click()
    expect(second.part("waiting-banner")).to_be_hidden()
    expect(ben.row(case)).to_be_hidden()


def test_place_is_kept_over_a_reload_and_a_closed_tab(room: Room) -> None:
    room.agent("ben", "zh-HK")
    customer = room.customer("zh-HK")
    customer.part("person-button").click()
    customer.wait_in_line()
    case = customer.case()
    customer.page.reload()
    customer.wait_in_line()
    assert customer.case() == case
    tab = customer.page.context.new_page()
    customer.page.close()
    customer.page = tab
    customer.open()
    customer.wait_in_line()
    assert customer.case() == case
    assert customer.lines("customer").count() == 1
    customer.part("leave-queue").click()
    expect(customer.part("waiting-banner")).to_be_hidden()


def test_nobody_there_takes_a_contact_and_keeps_the_assistant(room: Room) -> None:
    customer = room.customer("zh-HK")
    customer.part("person-button").click()
    form = customer.part("contact-form")
    expect(form).to_be_visible()
    expect(customer.part("waiting-banner")).to_be_hidden()
    case = str(form.get_attribute("data-ticket"))
    expect(customer.part("log")).to_contain_text(case)

    customer.part("contact-send").click()
    expect(form.get_by_role("alert")).to_be_visible()
    form.locator('[name="name"]').fill("陳美玲")
    expect(form.get_by_role("alert")).to_be_hidden()
    form.locator('[name="phone"]').fill("+852 9123 4567")
    form.locator('[name="note"]').fill("想改送貨地址")
    room.shot(customer.page, "zh-HK-contact-desktop")
    customer.part("contact-send").click()
    expect(customer.part("contact-thanks")).to_contain_text(case)
    customer.ask("運費點計㗎")

    ben = room.agent("ben", "zh-HK")
    ben.row(case).get_by_test_id("claim").click()
    expect(ben.part("brief")).to_contain_text("+852 9123 4567")
    expect(ben.part("brief")).to_contain_text("想改送貨地址")
    room.shot(ben.page, "zh-HK-contact-desk-desktop")
    ben.close_conversation()


def test_language_of_the_customer_is_the_language_of_the_chat(room: Room) -> None:
    customer = room.customer("zh-HK")
    customer.ask("How much is shipping to Taiwan, and how long does it take?")
    expect(customer.part("language-select")).to_have_value("en")
    expect(customer.part("status")).to_have_text("Replies right away")
    customer.part("language-select").select_option("zh-CN")
    answer = customer.ask("邮费怎么算")
    expect(answer).to_contain_text("运费")
    expect(customer.part("language-select")).to_have_value("zh-CN")
    customer.page.reload()
    expect(customer.part("language-select")).to_have_value("zh-CN")
