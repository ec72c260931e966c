"""A promise with two clicks while writing, told true to the customer, and five faces at the end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .browser_parts import Room

pytestmark = [pytest.mark.browser, pytest.mark.bot]


def test_a_promise_takes_two_clicks_and_the_customer_may_ask_for_it(room: Room) -> None:
    ben, customer = room.agent("ben", "zh-HK"), room.customer("zh-HK")
    customer.part("person-button").click()
    customer.wait_in_line()
    ben.take(customer.case())

    ben.part("desk-composer").fill("好，聽日下晝三點前覆你")
    expect(ben.part("promise-make")).to_contain_text("15:00")
    ben.part("promise-make").click()
    ben.part("desk-send").click()
    strip = ben.part("promises").get_by_test_id("promise")
    expect(strip).to_contain_text("15:00")
    expect(strip).to_contain_text("好，聽日下晝三點前覆你")
    room.shot(ben.page, "zh-HK-promise-desktop")

    ben.close_conversation()
    card = customer.page.locator('switchboard-chat [data-testid="csat"][data-owner="agent"]')
    expect(card).to_be_visible()
    card.get_by_test_id("face-5").click()
    expect(card.get_by_test_id("csat-thanks")).to_be_visible()
    expect(card.get_by_test_id("csat-send")).to_be_hidden()
    card.get_by_test_id("csat-words").fill("好快覆")
    card.get_by_test_id("csat-send").click()
    expect(card.get_by_test_id("csat-words")).to_be_hidden()
    expect(card.get_by_test_id("face-5")).to_be_focused()
    room.shot(customer.page, "zh-HK-csat-desktop")
    rating = ben.part("outcome").get_by_test_id("outcome-rating")
    expect(rating).to_contain_text("5/5")
    expect(rating).to_contain_text("好快覆")

    answer = customer.ask("你哋話幾時覆我")
    expect(answer).to_contain_text("15:00")
    expect(answer).to_contain_text(ben.name)
    # Done by phone, so that nothing is left for the next test.
    strip.get_by_test_id("promise-kept").click()
    expect(strip).to_have_count(0)
    expect(customer.ask("幾時先有人覆我")).to_contain_text("冇記錄")


def test_faces_are_chosen_by_keyboard_and_kept_over_a_reload(room: Room) -> None:
    cleo, customer = room.agent("cleo", "en"), room.customer("en")
    customer.part("person-button").click()
    customer.wait_in_line()
    cleo.take(customer.case())
    cleo.type("How can I help?")
    expect(customer.lines("agent")).to_be_visible()
    cleo.page.keyboard.press("Escape")
    cleo.page.keyboard.press("e")
    cleo.page.keyboard.press("3")
    cleo.page.keyboard.press("Enter")
    expect(cleo.part("close-conversation")).to_be_hidden()
    expect(cleo.part("outcome")).to_contain_text("Not solved")
    customer.part("face-3").press("ArrowLeft")
    customer.part("face-2").press("Enter")
    expect(customer.part("face-2")).to_have_attribute("aria-checked", "true")
    customer.page.reload()
    expect(customer.part("face-2")).to_have_attribute("aria-checked", "true")
    with customer.page.expect_download() as saved:
        customer.part("more").click()
        customer.part("save-download").click()
    assert saved.value.suggested_filename.endswith(".html")
