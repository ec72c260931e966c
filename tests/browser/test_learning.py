"""What the shop learns: a question nobody had written down becomes an article, and who asked hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect
from rounds import crossed, some
from waiting import wait_until

from .browser_parts import LOCALES, AgentPage, EditorPage, Room, is_wider_than_its_screen, words
from .test_pages import ON_A_PHONE

pytestmark = [pytest.mark.browser, pytest.mark.bot]

QUESTION = "你哋有冇香薰蠟燭製作班呀"
ANSWER = "有呀，逢星期六下晝喺荔枝角門市開香薰蠟燭班。"
UNHEARD = "隻招財貓可唔可以幫手開光"
GIFT = "order-gift"
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
    _, answer = room.ask_until(ANSWER, QUESTION, "zh-HK")
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
    line.get_by_test_id("wrong-answer").click()
    dialog = sue.part("wrong-dialog")
    expect(dialog).to_contain_text("how much is shipping")
    expect(sue.part("wrong-counter")).to_be_checked()
    room.shot(sue.page, "learning-6-wrong-answer")
    sue.part("wrong-send").click()
    expect(line.get_by_test_id("wrong-kept")).to_contain_text("Kept for the editors")
    editor = mend(room, sue, line)
    adding = editor.part("not_asked_as-add")
    expect(adding).to_have_value("how much is shipping")
    expect(adding).to_be_focused()
    expect(editor.part("article-id")).to_have_text("delivery-fee")
    expect(editor.part("article-state")).to_have_attribute("data-state", "published")
    room.shot(editor.page, "learning-7-counter-example")
    sue.close_conversation()


def test_the_desk_shows_where_an_answer_comes_from(room: Room) -> None:
    sue, customer = room.agent("sue", "en"), room.customer("en")
    customer.ask("how much is the postage")
    customer.part("person-button").click()
    customer.wait_in_line()
    sue.take(customer.case())
    (row,) = sue.page.request.get(f"{room.base}/desk/api/inbox").json()["mine"]
    read = sue.page.request.get(f"{room.base}/desk/api/conversations/{row['id']}").json()["messages"]
    origin = next(one["provenance"] for one in read if one["provenance"])
    shown = sue.part("provenance").first
    expect(shown.locator("summary")).to_contain_text(origin["id"])
    expect(shown.locator("summary")).to_contain_text(f"{round(origin['score'] * 100)}%")
    shown.locator("summary").click()
    said = shown.locator("dl").inner_text()
    for wanted in (f"{origin['file']}:{origin['line']}", origin["version"], origin["rule"]):
        assert wanted in said, wanted
    assert origin["runners_up"], "there are others near"
    for one in origin["runners_up"]:
        expect(shown.get_by_role("listitem").filter(has_text=one["id"])).to_contain_text(
            f"{round(one['score'] * 100)}%"
        )
    room.shot(sue.page, "learning-10-provenance")
    sue.close_conversation()


def test_the_figures_of_an_article_are_drawn_and_told_by_week_and_by_language(room: Room) -> None:
    sue = room.agent("sue", "en")
    questions = {"en": "Can I collect from a pick-up point?", "zh-HK": "可唔可以去順豐站或者智能櫃自取？"}
    for locale, question in questions.items():
        customer = room.customer(locale)
        answer = customer.ask(question)
        answer.get_by_test_id("helpful").click()
        expect(answer.get_by_test_id("helpful")).to_have_attribute("aria-pressed", "true")
        customer.part("person-button").click()
        customer.wait_in_line()
        sue.take(customer.case())
        sue.close_conversation()
    stats = f"{room.base}/faq/api/stats?weeks=4&article=delivery-pickup-points"

    def told() -> dict[str, Any]:
        return next(iter(sue.page.request.get(stats).json()["articles"]), {})

    wait_until(lambda: sum(told().get("helpful", ())) >= 2, what="the thumbs are counted")
    figures = told()
    assert set(figures["by_variant"]) >= {"en", "zh-HK"}
    # The names of articles may come after the figures.
    held: list[Route] = []
    sue.page.route("**/faq/api/tree*", lambda route: held.append(route))
    sue.page.goto(f"{room.base}/faq#/stats?article=delivery-pickup-points")
    drawn = sue.page.locator("faq-stats svg.chart")
    expect(drawn).to_be_visible()
    for one in held:
        one.continue_()
    sue.page.unroute("**/faq/api/tree*")
    expect(sue.page.locator("faq-stats [data-part=title]")).to_have_text(questions["en"])
    expect(drawn).to_be_visible()
    # The bar of this week is as high as what was asked, the others lie flat.
    heights = [float(one.get_attribute("height") or 0) for one in drawn.locator("rect.bar").all()]
    assert heights[-1] > 0 and set(heights[:-1]) == {0.0}
    assert drawn.locator("polyline.answered").count() == 1
    sue.page.locator("faq-stats details summary").click()
    names = ("asked", "answered", "helpful", "unhelpful", "led_to_person")
    week = sue.page.locator("faq-stats details tbody tr").last.locator("td").all_inner_texts()
    assert week == [str(figures[name][-1]) for name in names]
    rows = sue.page.locator("faq-stats [data-part=variants] tbody tr").all()
    by_variant = [[int(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
    assert by_variant == [[counts[name] for name in names] for counts in figures["by_variant"].values()]
    for locale in questions:
        counts = figures["by_variant"][locale]
        assert all(counts[name] for name in ("asked", "answered", "helpful", "led_to_person")), counts
    room.shot(sue.page, "learning-11-figures")


def test_what_no_article_answered_becomes_a_phrasing_of_the_article_an_agent_names(room: Room) -> None:
    sue, customer = room.agent("sue", "zh-HK"), room.customer("zh-HK")
    customer.ask(UNHEARD)
    customer.part("person-button").click()
    customer.wait_in_line()
    sue.take(customer.case())
    line = sue.lines("assistant").filter(has=sue.part("wrong-answer")).first
    line.get_by_test_id("wrong-answer").click()
    expect(sue.part("wrong-dialog")).to_contain_text(UNHEARD)
    expect(sue.part("wrong-counter")).to_be_hidden()
    expect(sue.part("wrong-send")).to_be_disabled()
    sue.part("find-right-article").fill("禮物包裝")
    sue.page.locator(f'[data-testid="right-article"][data-article="{GIFT}"] input').check()
    room.shot(sue.page, "learning-8-right-article")
    sue.part("wrong-send").click()
    editor = mend(room, sue, line)
    adding = editor.part("asked_as-add")
    expect(adding).to_have_value(UNHEARD)
    expect(adding).to_be_focused()
    expect(editor.part("field-asked_as").get_by_role("status")).to_contain_text("尚未加入")
    room.shot(editor.page, "learning-9-phrasing")
    # It is not kept before the editor says so, whatever else they look at.
    editor.part("keywords-add").focus()
    expect(editor.part("article-state")).to_have_attribute("data-state", "published")
    adding.press("Enter")
    expect(adding).to_have_value("")
    expect(editor.part("field-asked_as").locator(".line-row input").last).to_have_value(UNHEARD)
    editor.is_saved()
    expect(editor.part("article-state")).to_have_attribute("data-state", "draft")
    answer = editor.part("answer.zh-HK").input_value()
    editor.publish()
    sue.close_conversation()
    room.ask_until(words(answer)[:12], UNHEARD, "zh-HK")
    # And the question waits for nobody any more.
    misses = editor.page.request.get(f"{room.base}/faq/api/misses?kind=wrong_answer").json()["clusters"]
    assert UNHEARD not in [example["text"] for one in misses for example in one["examples"]]


def test_an_agent_who_edits_nothing_tells_the_editors(room: Room) -> None:
    ben, sue, customer = room.agent("ben", "en"), room.editor("sue", "en"), room.customer("en")
    customer.ask("who fed the penguin statue yesterday")
    customer.part("person-button").click()
    customer.wait_in_line()
    ben.take(customer.case())
    line = ben.lines("assistant").filter(has=ben.part("wrong-answer")).first
    line.get_by_test_id("wrong-answer").click()
    ben.part("find-right-article").fill("gift wrapping")
    ben.page.locator(f'[data-testid="right-article"][data-article="{GIFT}"] input').check()
    ben.part("wrong-send").click()
    expect(line.get_by_test_id("wrong-kept")).to_have_text("Kept for the editors.")
    ben.close_conversation()
    sue.part("page-misses").click()
    card = sue.part("miss").filter(has_text="penguin statue")
    expect(card.get_by_test_id("miss-right")).to_contain_text("gift")
    card.get_by_test_id("miss-use").first.click()
    expect(sue.part("article-id")).to_have_text(GIFT)
    sue.part("discard").click()
    sue.part("confirm-yes").click()
    expect(sue.part("article-state")).to_have_attribute("data-state", "published")


@pytest.mark.parametrize(("locale", "screen"), crossed(some(LOCALES, "zh-TW", "en"), ("desktop", "phone")))
def test_calling_an_answer_wrong_fits_its_screen_by_day_and_by_night(room: Room, locale: str, screen: str) -> None:
    sue = room.agent("sue", locale, **(ON_A_PHONE if screen == "phone" else {}))
    customer = room.customer(locale)
    customer.ask({"en": "penguin statue repairs"}.get(locale, "企鵝石像幾時餵"))
    customer.part("person-button").click()
    customer.wait_in_line()
    sue.take(customer.case())

    def look(page: EditorPage | AgentPage, step: str, *parts: str) -> None:
        for scheme in ("light", "dark"):
            page.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            room.shot(page.page, f"wrong-{locale}-{step}-{screen}-{scheme}")
        assert not is_wider_than_its_screen(page.page, *parts), step

    line = sue.lines("assistant").filter(has=sue.part("wrong-answer")).first
    line.get_by_test_id("wrong-answer").scroll_into_view_if_needed()
    look(sue, "1-line")
    line.get_by_test_id("wrong-answer").click()
    sue.part("find-right-article").fill("gift wrapping")
    sue.page.locator(f'[data-testid="right-article"][data-article="{GIFT}"] input').check()
    look(sue, "2-dialog", "#wrong-dialog")
    sue.part("wrong-new").check()
    sue.part("wrong-send").click()
    expect(line.get_by_test_id("wrong-kept")).to_be_visible()
    look(sue, "3-kept")
    editor = mend(room, sue, line)
    expect(editor.page.locator(".miss.named")).to_be_visible()
    look(editor, "4-misses")
    editor.page.goto(f"{room.base}/faq#/articles/{GIFT}?ask=penguin&as=asked_as")
    expect(editor.part("asked_as-add")).to_be_focused()
    look(editor, "5-filled", ".article-form")
    editor.page.close()
    sue.close_conversation()


def mend(room: Room, agent: AgentPage, line: Locator) -> EditorPage:
    """Follow the way from a wrong answer to where it is mended."""
    with agent.page.expect_popup() as opened:
        line.get_by_test_id("open-article").click()
    return EditorPage(opened.value, room, agent.login)
