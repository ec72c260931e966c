"""A customer whom the shop has signed in, and what is left when they sign out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .browser_parts import Room

pytestmark = [pytest.mark.browser, pytest.mark.bot]


def test_signed_in_customer_needs_no_proof_and_leaves_nothing_behind(room: Room) -> None:
    ben = room.agent("ben", "zh-HK")
    customer = room.customer("zh-HK")
    expect(customer.part("my-orders")).to_be_hidden()
    customer.sign_in("c-0001")

    customer.part("my-orders").click()
    orders = customer.part("sheet").get_by_test_id("order-card")
    expect(orders.filter(has_text="HG10023847")).to_be_visible()
    expect(orders.filter(has_text="HG10019932")).to_be_visible()
    room.shot(customer.page, "zh-HK-my-orders-desktop")
    customer.part("sheet-back").click()

    customer.say("HG10023847 去到邊")
    expect(customer.part("log").locator('[data-number="HG10023847"]').first).to_be_visible()

    customer.part("person-button").click()
    customer.wait_in_line()
    case = customer.case()
    expect(ben.row(case)).to_contain_text("陳美玲")
    ben.take(case)
    expect(ben.part("tier")).to_have_attribute("data-tier", "identity")
    expect(ben.part("profile")).to_contain_text("chan.meiling@example.com")
    cards = ben.page.locator("desk-customer").get_by_test_id("order-card")
    expect(cards.filter(has_text="HG10019932")).to_be_visible()
    room.shot(ben.page, "zh-HK-desk-signed-in-desktop")
    ben.close_conversation()

    customer.sign_out()
    expect(customer.lines()).to_have_count(0)
    expect(customer.part("my-orders")).to_be_hidden()
    customer.page.reload()
    expect(customer.part("panel")).to_be_visible()
    expect(customer.part("status")).to_be_visible()
    customer.ask("運費點計㗎")
    assert customer.lines("customer").count() == 1
    expect(customer.part("log")).not_to_contain_text("HG10023847")


def test_next_customer_at_the_same_browser_sees_nothing_of_the_one_before(room: Room) -> None:
    customer = room.customer("zh-HK")
    customer.sign_in("c-0001")
    customer.part("my-orders").wait_for()
    customer.ask("運費點計㗎")
    customer.sign_in("c-0004")
    expect(customer.lines()).to_have_count(0)
    customer.part("my-orders").click()
    orders = customer.part("sheet").get_by_test_id("order-card")
    expect(orders.filter(has_text="HG10024222")).to_be_visible()
    expect(orders.filter(has_text="HG10023847")).to_have_count(0)
