"""What the shop learns: a question nobody had written down becomes an article, and who asked hears of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from waiting import wait_until

from .browser_parts import LOCALES, Room, words

pytestmark = [pytest.mark.browser, pytest.mark.bot]

QUESTION = "你哋有冇香薰蠟燭製作班呀"
ANSWER = "有呀，逢星期六下晝喺荔枝角門市開香薰蠟燭班。"
TELL_ME = "有答案就話我知"


def test_a_question_in_vain_becomes_an_article_and_the_customer_hears_of_it(room: Room) -> None:
    customer, other = room.customer("zh-HK"), room.customer("zh-HK")
    for one in (customer, other):
        one.ask(QUESTION)
        expect(one.part("message-button").filter(has_text=TELL_ME)).to_be_visible()
    room.shot(customer.page, "learning-1-miss")
    customer.part("message-button").filter(has_text=TELL_ME).click()
    expect(customer.lines("assistant").filter(has_text="一有答案")).to_be_visible()

    sue = room.editor("sue", "en")
    editor = sue.page
    sue.part("page-misses").click()
    card = editor.get_by_test_id("miss").filter(has_text=QUESTION)
    expect(card).to_contain_text("2")
    room.shot(editor, "learning-2-misses")
    card.get_by_test_id("miss-new").click()
    editor.get_by_test_id("miss-category").select_option("products")
    editor.get_by_test_id("miss-new-submit").click()
    expect(sue.part("article-state")).to_have_attribute("data-state", "new")
    expect(sue.part("question.zh-HK")).to_have_value(QUESTION)
    room.shot(editor, "learning-3-draft")
    for locale in LOCALES:
        sue.part(f"question.{locale}").fill(QUESTION)
        sue.part(f"answer.{locale}").fill(ANSWER)
    sue.is_saved()
    # The check, then what becomes of past questions: the customers' own are among them.
    sue.part("publish").click()
    sue.part("publish-next").click()
    expect(sue.part("publish-next")).to_be_enabled()
    expect(sue.part("replay-summary")).not_to_be_empty()
    expect(sue.part("publish-dialog").filter(has_text=QUESTION)).to_be_visible()
    room.shot(editor, "learning-4-replay")
    sue.part("publish-next").click()
    with editor.expect_response("**/publish") as published:
        sue.part("publish-go").click()
    assert published.value.json()["live"] is True
    expect(sue.part("article-state")).to_have_attribute("data-state", "published")
    article = sue.part("article-id").inner_text()

    expect(customer.lines("assistant").filter(has_text=ANSWER)).to_be_visible()
    expect(other.lines("assistant").filter(has_text=ANSWER)).to_have_count(0)
    room.shot(customer.page, "learning-5-told")
    answer = other.ask(QUESTION)
    assert words(ANSWER) in words(answer.inner_text())
    answer.get_by_test_id("helpful").click()
    expect(answer.get_by_test_id("helpful")).to_have_attribute("aria-pressed", "true")
    # The thumb stands as soon as it is pressed; that it is stored comes after.
    stats = f"{room.base}/faq/api/stats?article={article}"
    wait_until(
        lambda: (
            [(one["answered"][-1], one["helpful"][-1]) for one in editor.request.get(stats).json()["articles"]]
            == [(1, 1)]
        ),
        what="the answer and the thumb are counted",
    )


def test_thumbs_are_pressed_with_keys_and_an_agent_calls_an_answer_wrong(room: Room) -> None:
    sue = room.agent("sue", "en")
    customer = room.customer("en")
    answer = customer.ask("how much is shipping")
    thumbs = answer.get_by_role("group", name="Does this answer help?")
    expect(thumbs.get_by_role("button")).to_have_count(2)
    thumbs.get_by_role("button", name="Not helpful").focus()
    customer.page.keyboard.press("Enter")
    expect(thumbs.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    expect(thumbs.get_by_role("button", name="Not helpful")).to_be_focused()
    expect(customer.lines("assistant").nth(1)).to_contain_text("Thank you for telling us")
    customer.page.reload()
    customer.part("panel").wait_for()
    expect(customer.part("unhelpful").first).to_have_attribute("aria-pressed", "true")

    customer.part("person-button").click()
    customer.wait_in_line()
    sue.take(customer.case())
    line = sue.lines("assistant").filter(has_text="HK$").first
    line.get_by_test_id("provenance").locator("summary").click()
    room.shot(sue.page, "learning-6-wrong-answer")
    line.get_by_test_id("wrong-answer").click()
    expect(line.get_by_test_id("wrong-kept")).to_contain_text("Kept for the editors")
    link = line.get_by_test_id("open-article").get_attribute("href") or ""
    assert link.startswith("/faq#/articles/delivery-fee?ask=how+much+is+shipping")
    sue.close_conversation()
