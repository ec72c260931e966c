"""The editors' console: an answer is changed, checked, tried and published; two editors meet; nothing typed is lost."""

from __future__ import annotations

import base64
import re
import time

import pytest
from playwright.sync_api import Route, expect
from rounds import crossed, some

from .browser_parts import LOCALES, EditorPage, Room, is_wider_than_its_screen, note_figure, words
from .test_pages import HOSTILE, ON_A_PHONE, compose

pytestmark = [pytest.mark.browser, pytest.mark.bot]

# The smallest picture there is.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SAVING = "**/faq/api/articles/*/draft"


def phrases(editor: EditorPage) -> list[str]:
    return [one.input_value() for one in editor.part("field-asked_as").locator(".line-row input").all()]


def test_an_edit_is_checked_tried_and_published_and_the_next_question_gets_it(room: Room) -> None:
    eddy = room.editor("eddy")
    customer = room.customer("zh-HK")
    question = "可唔可以做禮物包裝？"
    before = words(customer.ask(question).inner_text())
    eddy.open("order-gift")
    old = eddy.part("answer.zh-HK").input_value()
    assert words(old) in before

    # A phrasing that the assistant takes for something else leads nowhere, and the editor is told so.
    expect(eddy.ask("我想搵真人包裝份禮物")).to_have_text("不會用文章回答。")
    result = eddy.page.locator("#side-ask")
    expect(result.get_by_test_id("ask-taken")).to_contain_text("想找真人")
    expect(result.get_by_test_id("ask-answer")).to_be_hidden()
    room.shot(eddy.page, "console-0-elsewhere")

    clash = "運費幾多？買滿幾多免運費？"
    eddy.part("asked_as-add").fill(clash)
    eddy.part("asked_as-add").press("Enter")
    eddy.beside("check")
    warning = eddy.part("findings").get_by_test_id("collision").filter(has_text=clash)
    expect(warning).to_be_visible()
    expect(warning.locator("a")).to_have_attribute("href", "#/articles/delivery-fee")
    marked = eddy.page.locator(".line-row.marked")
    expect(marked.locator("input")).to_have_value(clash)
    room.shot(eddy.page, "console-1-collision")
    marked.get_by_role("button").click()
    expect(marked).to_have_count(0)

    eddy.write("answer.zh-HK", f"{old}\n\n**聖誕節**期間包裝費全免。")
    expect(eddy.ask("聖誕禮物包裝收唔收錢")).not_to_be_empty()
    expect(eddy.page.locator("#side-ask").get_by_test_id("ask-answer")).to_contain_text("聖誕節期間包裝費全免。")
    assert words(customer.ask("有冇禮物包裝").inner_text()) == before or "聖誕" not in before

    eddy.part("publish").click()
    expect(eddy.part("publish-next")).to_be_enabled()
    room.shot(eddy.page, "console-2-check")
    eddy.part("publish-next").click()
    expect(eddy.part("publish-next")).to_be_enabled()
    expect(eddy.part("replay-summary")).not_to_be_empty()
    room.shot(eddy.page, "console-3-replay")
    eddy.part("publish-next").click()
    with eddy.page.expect_response("**/publish") as published:
        eddy.part("publish-go").click()
    assert published.value.json()["live"] is True
    live_at = time.time()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "published")

    room.ask_until("聖誕", question, "zh-HK")
    note_figure("console: publish to a customer's answer, ms", round((time.time() - live_at) * 1000))

    eddy.beside("history")
    expect(eddy.part("revision").first).to_contain_text("聖誕節")
    room.shot(eddy.page, "console-4-history")
    eddy.part("revert").first.click()
    eddy.part("confirm-yes").click()
    expect(eddy.part("answer.zh-HK")).to_have_value(old)


def test_two_editors_are_told_and_nothing_of_either_is_lost(room: Room) -> None:
    eddy, sue = room.editor("eddy", "zh-HK"), room.editor("sue", "zh-TW")
    for editor in (eddy, sue):
        editor.open("contact-jobs")
    expect(eddy.part("editors")).to_contain_text("Sue")
    # By name, and not by login.
    expect(sue.part("editors")).to_contain_text(eddy.name)

    english = eddy.part("answer.en").input_value()
    eddy.write("answer.en", f"{english} Write to jobs@example.com.")
    expect(sue.part("answer.en")).to_have_value(re.compile("jobs@example.com"))
    taiwan = sue.part("answer.zh-TW").input_value()
    sue.part("answer.zh-TW").fill(f"{taiwan}歡迎來信。")
    expect(eddy.part("answer.zh-TW")).to_have_value(re.compile("歡迎來信"))

    # Both write into the same field while neither hears of the other.
    held = []
    eddy.page.route(SAVING, lambda route: held.append(route))
    eddy.part("answer.zh-CN").fill("陈本写的答案。")
    sue.write("answer.zh-CN", "苏写的答案。")
    expect(sue.part("saving")).to_contain_text("Sue")
    for route in held:
        route.continue_()
    eddy.page.unroute(SAVING)
    expect(eddy.part("conflict")).to_be_visible()
    expect(eddy.part("answer.zh-CN")).to_have_value("陈本写的答案。")
    eddy.part("settle").click()
    dialog = eddy.part("conflict-dialog")
    expect(dialog).to_contain_text("陈本写的答案。")
    expect(dialog).to_contain_text("苏写的答案。")
    room.shot(eddy.page, "console-5-conflict")
    expect(eddy.part("conflict-settle")).to_be_disabled()
    eddy.part("choose-mine").check()
    eddy.part("conflict-settle").click()
    eddy.is_saved()
    expect(sue.part("answer.zh-CN")).to_have_value("陈本写的答案。")
    expect(sue.part("answer.en")).to_have_value(re.compile("jobs@example.com"))

    sue.part("discard").click()
    sue.part("confirm-yes").click()
    expect(sue.part("article-state")).to_have_attribute("data-state", "published")
    expect(eddy.part("answer.en")).to_have_value(english)


def test_what_is_typed_survives_a_lost_line_and_a_reload(room: Room) -> None:
    eddy = room.editor("eddy", "en")
    eddy.open("contact-shop")
    old = eddy.part("answer.en").input_value()
    room.is_line_cut = True
    eddy.page.route(SAVING, lambda route: route.abort())
    eddy.part("answer.en").fill("Our shop in Sham Shui Po opens at ten.")
    expect(eddy.part("saving")).to_have_attribute("data-saving", "offline")
    eddy.page.reload()
    expect(eddy.part("answer.en")).to_have_value("Our shop in Sham Shui Po opens at ten.")
    expect(eddy.part("saving")).to_have_attribute("data-saving", "offline")
    expect(eddy.page.locator("[data-article=contact-shop] .unsaved")).to_be_visible()
    eddy.page.unroute(SAVING)
    eddy.is_saved()
    room.is_line_cut = False
    eddy.page.reload()
    expect(eddy.part("answer.en")).to_have_value("Our shop in Sham Shui Po opens at ten.")
    expect(eddy.part("article-state")).to_have_attribute("data-state", "draft")
    eddy.part("discard").click()
    eddy.part("confirm-yes").click()
    expect(eddy.part("answer.en")).to_have_value(old)


def test_enter_of_an_input_method_adds_no_row_and_pasted_lines_become_rows(room: Room) -> None:
    eddy = room.editor("eddy", "zh-TW")
    eddy.open("contact-feedback")
    before = phrases(eddy)
    adding = eddy.part("asked_as-add")
    compose(eddy.page, adding, "ㄊㄡˊ ㄙㄨˋ", "投訴")
    expect(adding).to_have_value("投訴")
    assert phrases(eddy) == before
    adding.press("Enter")
    assert phrases(eddy) == [*before, "投訴"]

    adding.evaluate(
        """(field) => {
          const data = new DataTransfer();
          data.setData("text/plain", "- 我要抱怨\\r\\n2. 「怎麼給意見」\\n\\n投訴\\nhow do I complain");
          field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    assert phrases(eddy) == [*before, "投訴", "我要抱怨", "怎麼給意見", "how do I complain"]
    compose(eddy.page, eddy.part("tree-search"), "ㄩㄣˋ ㄈㄟˋ", "運費")
    expect(eddy.page.locator("[data-article=delivery-fee]")).to_be_visible()
    expect(eddy.page.locator("[data-article=account-delete]")).to_be_hidden()
    eddy.is_saved()
    eddy.part("discard").click()
    eddy.part("confirm-yes").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "published")


def test_a_new_article_is_written_put_off_and_deleted(room: Room) -> None:
    eddy = room.editor("eddy", "en")
    eddy.part("new-article").click()
    eddy.part("new-category-select").select_option("ordering")
    eddy.part("new-id").fill("Not An Id")
    eddy.part("new-submit").click()
    expect(eddy.part("new-dialog").get_by_role("alert")).not_to_be_empty()
    eddy.part("new-id").fill("order-engraving")
    eddy.part("new-submit").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "new")
    for locale, question in {"zh-HK": "可唔可以刻字？", "zh-TW": "可以刻字嗎？", "zh-CN": "可以刻字吗？"}.items():
        eddy.part(f"question.{locale}").fill(question)
        eddy.part(f"answer.{locale}").fill("OK")
    eddy.part("question.en").fill("Can you engrave a name?")
    bold = eddy.part("field-answer.en").get_by_test_id("markup-bold")
    eddy.part("answer.en").fill("free")
    eddy.part("answer.en").select_text()
    bold.click()
    expect(eddy.part("answer.en")).to_have_value("**free**")
    eddy.is_saved()

    eddy.go_through_steps()
    eddy.part("publish-later").check()
    eddy.part("publish-at").fill("2099-01-01T09:00")
    eddy.part("publish-go").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "scheduled")
    expect(eddy.part("banner")).to_contain_text("2099")
    eddy.part("unschedule").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "new")
    eddy.go_through_steps()
    eddy.part("publish-review").check()
    eddy.part("publish-note").fill("Is engraving really free?")
    eddy.part("publish-go").click()
    expect(eddy.part("banner")).to_contain_text("Is engraving really free?")
    eddy.publish()

    eddy.part("rename").click()
    eddy.part("rename-id").fill("order-name-engraving")
    eddy.part("rename-submit").click()
    expect(eddy.part("article-id")).to_have_text("order-name-engraving")
    eddy.part("delete").click()
    eddy.part("confirm-yes").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "deletes")
    eddy.go_through_steps()
    eddy.part("publish-go").click()
    expect(eddy.page.locator("[data-article=order-name-engraving]")).to_have_count(0)
    expect(eddy.page).to_have_url(re.compile("#/$"))


def test_markup_in_an_article_is_shown_and_never_run(room: Room) -> None:
    eddy = room.editor("eddy", "en")
    eddy.open("product-manual")
    eddy.write("answer.en", HOSTILE)
    eddy.write("question.en", HOSTILE)
    for side in ("preview", "check", "history"):
        eddy.beside(side)
    eddy.ask("where is the manual").wait_for()
    expect(eddy.part("article-title")).to_contain_text("onerror")
    preview = eddy.page.locator("faq-preview")
    assert preview.locator("script, img").count() == 0
    assert eddy.page.evaluate("window.pwned") is None
    eddy.part("discard").click()
    eddy.part("confirm-yes").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "published")


def test_words_pictures_and_tables_go_in_and_out(room: Room) -> None:
    eddy = room.editor("eddy", "en")
    eddy.part("page-words").click()
    expect(eddy.part("words-text")).to_have_value(re.compile("運費 = "))
    old = eddy.part("words-text").input_value()
    eddy.part("words-text").fill(old + "\nlonely")
    eddy.part("words-save").click()
    expect(eddy.part("words-problems")).to_contain_text(f"Line {old.count(chr(10)) + 2}")
    eddy.part("words-text").fill("zorgle = candle")
    eddy.part("words-save").click()
    expect(eddy.part("words-go")).to_be_enabled(timeout=20_000)
    expect(eddy.part("words-replay")).to_have_text(re.compile("become[s]? unanswered|changes? answer"))
    expect(eddy.page.get_by_test_id("replay-row").first).to_be_visible()
    room.shot(eddy.page, "console-words-replay")
    eddy.page.keyboard.press("Escape")
    eddy.page.reload()
    expect(eddy.part("words-text")).to_have_value("zorgle = candle")
    eddy.part("words-text").fill(old + "\n香薰蠟燭 = aroma candle")
    eddy.part("words-save").click()
    eddy.part("words-go").click(timeout=20_000)
    expect(eddy.part("words-save")).to_be_disabled()
    expect(eddy.part("words-problems")).to_be_hidden()
    eddy.page.reload()
    expect(eddy.part("words-text")).to_have_value(re.compile("aroma candle"))

    eddy.open("product-size")
    eddy.page.locator("details", has=eddy.part("image-file")).locator("summary").click()
    picture = eddy.part("field-image")
    eddy.part("image-file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"GIF?"})
    expect(picture.locator(".entry-problems")).to_contain_text("PNG, JPEG, WebP or GIF")
    eddy.part("image-file").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": DOT})
    expect(picture.locator("img")).to_have_attribute("src", re.compile("^/help/images/[0-9a-f]{16}[.]png$"))
    assert picture.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
    eddy.is_saved()
    eddy.part("discard").click()
    eddy.part("confirm-yes").click()
    expect(picture.locator("img")).to_be_hidden()

    eddy.part("page-import").click()
    with eddy.page.expect_download() as download:
        eddy.part("export-csv").click()
    table = download.value.path().read_text(encoding="utf-8-sig")
    assert "Can I collect from a pick-up point?" in table
    changed = table.replace("Can I collect from a pick-up point?", "May I collect it myself?").encode()
    eddy.part("import-file").set_input_files({"name": "articles.csv", "mimeType": "text/csv", "buffer": changed})
    expect(eddy.part("import-result")).to_contain_text("1 changed")
    room.shot(eddy.page, "console-6-import")
    eddy.part("import-take").click()
    expect(eddy.part("import-result")).to_be_hidden()
    eddy.open("delivery-pickup-points")
    expect(eddy.part("question.en")).to_have_value("May I collect it myself?")
    expect(eddy.part("article-state")).to_have_attribute("data-state", "draft")
    eddy.part("discard").click()
    eddy.part("confirm-yes").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "published")


def test_the_preview_shows_what_the_chat_shows(room: Room) -> None:
    eddy = room.editor("eddy", "en")
    eddy.open("delivery-fee")
    eddy.beside("preview")
    shown = eddy.page.locator("faq-preview").get_by_test_id("message-button")
    expect(shown.first).to_be_visible()
    answer = room.customer("en").ask("How much is shipping, and when is it free?")
    given = [one for one in answer.get_by_test_id("message-button").all_inner_texts() if one != "Talk to a person"]
    # What the search found near stands before what the article points to; there are as many.
    assert len(shown.all_inner_texts()) == len(given) == 2
    room.shot(eddy.page, "console-7-preview")


def test_the_picture_and_the_links_of_an_article_reach_the_chat(room: Room) -> None:
    eddy = room.editor("eddy", "en")
    eddy.open("product-size")
    eddy.page.locator("details", has=eddy.part("image-file")).locator("summary").click()
    eddy.part("image-file").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": DOT})
    expect(eddy.part("field-image").locator("img")).to_be_visible()
    eddy.part("field-links").get_by_role("button").last.click()
    link = eddy.part("field-links").locator(".link-row").last
    link.locator("input").first.fill("https://shop.example/sizes")
    link.locator(".link-labels input").last.fill("All sizes")
    eddy.is_saved()
    eddy.publish()
    customer, answer = room.ask_until("All sizes", eddy.part("question.en").input_value(), "en")
    way = customer.page.locator('switchboard-chat a[href="https://shop.example/sizes"]')
    expect(way).to_be_visible()
    expect(answer).to_contain_text(":")
    picture = customer.page.locator("switchboard-chat img.picture").first
    expect(picture).to_have_attribute("src", re.compile("/help/images/[0-9a-f]{16}[.]png$"))
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
    room.shot(customer.page, "console-8-picture-and-link")
    eddy.beside("history")
    eddy.part("revert").first.click()
    eddy.part("confirm-yes").click()
    expect(link).to_have_count(0)


def test_an_article_is_edited_and_published_on_a_phone(room: Room) -> None:
    eddy = room.editor("eddy", "zh-HK", **ON_A_PHONE)
    eddy.page.locator("[data-article=product-tableware]").scroll_into_view_if_needed()
    eddy.page.locator("[data-article=product-tableware]").click()
    expect(eddy.part("article-id")).to_have_text("product-tableware")
    answer = eddy.part("answer.zh-HK")
    old = answer.input_value()
    eddy.write("answer.zh-HK", f"{old}（電話上改）")
    eddy.beside("preview")
    expect(eddy.page.locator("faq-preview")).to_contain_text("電話上改")
    room.shot(eddy.page, "console-9-phone-preview")
    eddy.part("side-edit").click()
    eddy.part("publish").click()
    expect(eddy.part("publish-next")).to_be_enabled()
    assert not is_wider_than_its_screen(eddy.page, "dialog")
    room.shot(eddy.page, "console-10-phone-publish")
    for _ in range(2):
        expect(eddy.part("publish-next")).to_be_enabled()
        eddy.part("publish-next").click()
    eddy.part("publish-go").click()
    expect(eddy.part("publish-dialog")).to_have_count(0)
    expect(eddy.part("article-state")).to_have_attribute("data-state", "published")
    asked = room.customer("zh-HK", **ON_A_PHONE).ask(eddy.part("question.zh-HK").input_value())
    expect(asked).to_contain_text("電話上改")
    eddy.beside("history")
    eddy.part("revert").first.click()
    eddy.part("confirm-yes").click()
    expect(answer).to_have_value(old)


def test_an_agent_who_only_answers_customers_is_told_so(room: Room) -> None:
    page = room.page("en")
    page.goto(room.base + "/faq")
    page.get_by_test_id("login-name").fill("ben")
    page.get_by_test_id("login-password").fill("demo-ben-1234")
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("login-error")).to_contain_text("editor")


@pytest.mark.parametrize(("locale", "screen"), crossed(some(LOCALES, "zh-HK", "en"), ("desktop", "phone")))
def test_the_console_fits_its_screen_by_day_and_by_night(room: Room, locale: str, screen: str) -> None:
    eddy = room.editor("eddy", locale, **(ON_A_PHONE if screen == "phone" else {}))

    def look(step: str, *parts: str) -> None:
        for scheme in ("light", "dark"):
            eddy.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            room.shot(eddy.page, f"console-{locale}-{step}-{screen}-{scheme}")
        assert not is_wider_than_its_screen(eddy.page, *parts), step

    look("1-tree", ".tree-scroller")
    eddy.part("overview").click()
    look("2-overview", ".page")
    eddy.open("delivery-fee")
    look("3-edit", ".article-form", ".article-head")
    eddy.page.locator(".article-form details").evaluate_all("all => all.forEach((one) => (one.open = true))")
    eddy.part("rename").scroll_into_view_if_needed()
    look("4-more", ".article-form")
    eddy.beside("preview")
    look("5-preview", ".side-panels")
    eddy.ask("運費").wait_for()
    look("6-ask", "#side-ask")
    eddy.ask({"en": "please cancel my order"}.get(locale, "我要取消訂單")).wait_for()
    expect(eddy.page.locator("#side-ask .ask-result")).to_have_attribute("data-decision", "elsewhere")
    look("6-elsewhere", "#side-ask")
    eddy.beside("check")
    look("7-check", "#side-check")
    if screen == "phone":
        eddy.part("back").click()
    for page in ("misses", "stats", "words", "import"):
        eddy.part(f"page-{page}").click()
        eddy.page.wait_for_load_state("networkidle")
        if page == "words":
            expect(eddy.part("words-text")).to_have_value(re.compile("運費"))
        look(f"8-{page}", ".page:not([hidden])")
        if page == "words":
            eddy.part("words-text").fill("zorgle = candle")
            eddy.part("words-save").click()
            expect(eddy.part("words-go")).to_be_enabled(timeout=20_000)
            look("9-words-replay", ".publish-panels")
            eddy.page.keyboard.press("Escape")
            eddy.page.locator("faq-words [data-part=undo]").click()
            eddy.part("confirm-yes").click()


def test_the_console_is_used_with_keys_alone(room: Room) -> None:
    eddy = room.editor("eddy", "en")
    page = eddy.page
    eddy.part("tree-search").focus()
    page.keyboard.type("gift")
    gift = page.locator("[data-article=order-gift] a")
    expect(page.locator("[data-article=account-delete]")).to_be_hidden()
    page.locator("[data-part=fold]").first.focus()
    for _ in range(page.locator("[data-part=fold], [data-part=open]").count()):
        if gift.evaluate("(link) => link === document.activeElement"):
            break
        page.keyboard.press("ArrowDown")
    expect(gift).to_be_focused()
    page.keyboard.press("Enter")
    expect(eddy.part("article-id")).to_have_text("order-gift")
    eddy.part("side-preview-tab").focus()
    page.keyboard.press("ArrowRight")
    expect(eddy.part("side-ask-tab")).to_be_focused()
    expect(eddy.part("side-ask-tab")).to_have_attribute("aria-selected", "true")
    eddy.part("answer.en").focus()
    page.keyboard.press("End")
    page.keyboard.type(" Thanks!")
    page.keyboard.press("Control+s")
    eddy.is_saved()
    eddy.part("publish").focus()
    page.keyboard.press("Enter")
    expect(eddy.part("publish-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(eddy.part("publish")).to_be_focused()
    eddy.part("discard").click()
    eddy.part("confirm-yes").click()
    expect(eddy.part("article-state")).to_have_attribute("data-state", "published")


def test_an_article_whose_schedule_failed_stands_out(room: Room) -> None:
    """In the tree, in the list of what waits, and by the filter; why it failed is told in the article."""

    def failed(route: Route) -> None:
        answer = route.fetch()
        tree = answer.json()
        for category in tree["categories"]:
            for row in category["articles"]:
                if row["id"] == "delivery-fee":
                    row |= {"failed": True, "state": "draft"}
        route.fulfill(response=answer, json=tree)

    eddy = room.editor("eddy", "en")
    eddy.page.route("**/faq/api/tree*", failed)
    eddy.page.reload()
    leaf = eddy.page.locator('[data-article="delivery-fee"]')
    expect(leaf.locator('[data-state="failed"]')).to_have_text("Schedule failed")
    expect(eddy.page.locator('faq-home [data-state="failed"]')).to_have_text("Schedule failed")
    eddy.page.locator("faq-tree [data-part=filter]").select_option("failed")
    expect(eddy.page.locator("[data-article]")).to_have_count(1)
    room.shot(eddy.page, "console-schedule-failed")
