"""The desk as agents use it: finding, passing on, tags, naming colleagues, putting aside, reading, hostile text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from desk_office import Office
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

LINES = [
    ("customer", "請問運費幾多？"),
    ("assistant", "運費三十蚊，滿三百免運。"),
    ("customer", "我想退貨，件衫太細"),
    ("assistant", "你可以喺七日內退貨。"),
    ("agent", "你好，我係 Ben。"),
    ("note", "熟客，小心處理"),
]
EVIL = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'


def _open(page: Page, office: Office, talk: str) -> None:
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("brief")).to_be_visible()


def test_a_word_is_found_in_the_other_script_and_opens_at_its_line(office: Office) -> None:
    old = office.talk(
        [("customer", "舊日嘅換貨問題"), *[("customer", f"第{n}句") for n in range(260)]], "ben", "王小姐"
    )
    office.talk(LINES, "ben", "陳大文")
    office.indexed()
    ben = office.agent("ben")
    ben.keyboard.press("/")
    ben.keyboard.type("换货")
    hit = ben.get_by_test_id("hit")
    expect(hit).to_have_count(1)
    expect(hit.locator("mark")).to_have_text("換貨")
    hit.locator("button").click()
    line = ben.locator('[data-testid="desk-message"].found')
    expect(line).to_contain_text("舊日嘅換貨問題")
    expect(line).to_be_in_viewport()
    assert re.search(rf"#/inbox/{old}/m\d+$", ben.url)
    ben.reload()
    expect(ben.locator('[data-testid="desk-message"].found')).to_be_in_viewport()

    ben.get_by_test_id("search").fill("换货")
    ben.get_by_test_id("filters-toggle").click()
    ben.get_by_test_id("filter-state").select_option("closed")
    expect(hit).to_have_count(0)
    ben.get_by_test_id("filter-state").select_option("agent")
    expect(hit).to_have_count(1)
    ben.get_by_test_id("views").click()
    ben.get_by_test_id("view-name").fill("換貨中")
    ben.get_by_test_id("view-save").click()
    expect(ben.get_by_test_id("views")).to_have_text("換貨中")
    cleo = office.agent("cleo")
    cleo.get_by_test_id("views").click()
    expect(cleo.get_by_test_id("views-menu")).not_to_contain_text("換貨中")
    ben.reload()
    expect(ben.get_by_test_id("views")).to_have_text("換貨中")
    expect(hit).to_have_count(1)


def test_tags_notes_invitation_transfer_and_snooze_with_two_agents(office: Office) -> None:
    talk = office.talk(LINES, "ben", "李先生")
    ben, cleo = office.agent("ben"), office.agent("cleo", "zh-TW")
    _open(ben, office, talk)
    expect(ben.locator(".tried")).to_have_count(2)

    ben.keyboard.press("l")
    ben.get_by_test_id("tag-name").fill("退貨")
    ben.get_by_label("Orange").click()
    ben.get_by_test_id("tag-add").click()
    worn = ben.locator(".worn [data-testid=tag]")
    expect(worn).to_have_text(["退貨"])
    expect(worn).to_have_attribute("data-colour", "orange")
    ben.get_by_test_id("tag-name").fill("x" * 41)
    ben.get_by_test_id("tag-add").click()
    expect(ben.get_by_test_id("tag-problem")).to_have_text("A tag has at most 40 characters.")
    ben.keyboard.press("Escape")
    expect(ben.get_by_test_id("tags-menu")).to_be_hidden()
    expect(ben.get_by_test_id("brief")).to_be_visible()

    ben.keyboard.press("n")
    ben.get_by_test_id("desk-composer").press_sequentially("請 @cl")
    expect(ben.get_by_test_id("mention-option")).to_have_count(1)
    ben.keyboard.press("Enter")
    expect(ben.get_by_test_id("desk-composer")).to_have_value("請 @cleo ")
    ben.keyboard.press("Enter")
    expect(cleo.get_by_test_id("notice")).to_contain_text("Ben 在備註中提到您")
    expect(cleo.locator("#rail-mentions")).to_have_text("1")
    expect(cleo).to_have_title(re.compile("^(•|\\(\\d)"))
    cleo.get_by_test_id("view-mentions").click()
    cleo.get_by_test_id("conversation-row").first.locator("button").click()
    expect(cleo.locator(".message.found")).to_contain_text("請 @cleo")
    expect(cleo.locator("#rail-mentions")).to_be_hidden()

    ben.get_by_test_id("desk-composer").press("Escape")
    ben.keyboard.press("i")
    ben.get_by_test_id("person").filter(has_text="Cleo").click()
    ben.get_by_test_id("colleagues-send").click()
    expect(ben.locator(".guest")).to_have_text("Cleo")
    # The push may show the guest before the dialog has its answer and closes; until then no key opens a menu.
    expect(ben.locator("#colleagues-dialog")).to_be_hidden()
    expect(cleo.get_by_test_id("desk-composer")).to_be_visible()
    cleo.get_by_test_id("desk-composer").fill("我是 Cleo")
    cleo.get_by_test_id("desk-composer").press("Enter")
    expect(ben.locator('[data-author="agent"]').last).to_contain_text("我是 Cleo")

    ben.keyboard.press("z")
    ben.get_by_test_id("snooze-menu").get_by_role("button", name="In an hour").click()
    expect(ben.get_by_test_id("wake")).to_be_visible()
    expect(ben.locator(f'[data-testid="mine-row"][data-conversation="{talk}"]')).to_have_count(0)
    ben.get_by_test_id("wake").click()
    expect(ben.locator(f'[data-testid="mine-row"][data-conversation="{talk}"]')).to_have_count(1)

    ben.keyboard.press("t")
    ben.get_by_test_id("person").filter(has_text="Returns").click()
    ben.get_by_test_id("transfer-note").fill("想退貨，單號 HG10023847")
    ben.get_by_test_id("colleagues-send").click()
    row = cleo.locator(f'[data-testid="queue-row"][data-conversation="{talk}"]')
    cleo.get_by_test_id("view-inbox").click()
    expect(row).to_be_visible()
    expect(ben.locator(".guest")).to_have_count(0)
    expect(ben.locator('[data-author="note"]').last).to_contain_text("想退貨")


def test_at_the_close_the_tags_of_a_conversation_are_shown_and_others_join_them(office: Office) -> None:
    ben = office.agent("ben")
    talk = office.talk(LINES, "ben", "馮小姐")
    office.call(ben, "POST", f"/conversations/{talk}/tags", {"name": "退貨", "colour": "orange"})
    _open(ben, office, talk)
    head = ben.locator("desk-conversation")
    expect(head).to_contain_text("退貨")
    ben.get_by_test_id("desk-composer").blur()
    ben.keyboard.press("e")
    expect(ben.get_by_test_id("wrap-up-worn")).to_have_text("退貨")
    offered = ben.locator("#wrap-up-tags option").evaluate_all("all => all.map((one) => one.value)")
    assert "packaging" in offered and "退貨" not in offered
    ben.get_by_test_id("wrap-up-tags").fill("late, 退货")
    for scheme in ("light", "dark"):
        ben.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        office.shot(ben, f"wrap-up-{scheme}")
    ben.get_by_test_id("wrap-up-close").click()
    expect(ben.get_by_test_id("wrap-up")).to_be_hidden()
    worn = office.call(ben, "GET", f"/conversations/{talk}")["conversation"]["tags"]
    assert [one["name"] for one in worn] == ["退貨", "late"]
    ben.context.close()


def _agent_with_customer(office: Office) -> tuple[Page, Page]:
    """An agent who has taken a customer, and the customer's page with the chat open."""
    ben = office.agent("ben")
    customer = office.customer("en")
    customer.get_by_test_id("person-button").click()
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    case = customer.evaluate("document.querySelector('switchboard-chat').conversation.state.case")
    ben.locator(f'[data-testid="queue-row"][data-ticket="{case}"]').get_by_test_id("claim").click()
    return ben, customer


def test_the_agent_sees_when_the_customer_has_read(office: Office) -> None:
    ben, customer = _agent_with_customer(office)
    ben.get_by_test_id("desk-composer").fill("Good day")
    customer.get_by_test_id("close").click()
    ben.get_by_test_id("desk-composer").press("Enter")
    said = ben.locator('[data-testid="desk-message"][data-author="agent"]').last
    expect(said).to_have_attribute("data-receipt", "sent")
    customer.get_by_test_id("bubble").click()
    expect(said).to_have_attribute("data-receipt", "read")
    expect(said).to_contain_text("Read")


def test_what_is_read_while_the_line_is_lost_is_told_when_it_is_back(office: Office) -> None:
    ben, customer = _agent_with_customer(office)
    customer.get_by_test_id("close").click()
    ben.get_by_test_id("desk-composer").fill("Good day")
    ben.get_by_test_id("desk-composer").press("Enter")
    expect(customer.get_by_test_id("message").filter(has_text="Good day")).to_have_count(1)
    # Opened, it shows the line before it is connected again.
    customer.evaluate("document.querySelector('switchboard-chat').connection.stop()")
    customer.get_by_test_id("bubble").click()
    said = ben.locator('[data-testid="desk-message"][data-author="agent"]').last
    expect(said).to_have_attribute("data-receipt", "read")


def test_a_row_that_comes_late_does_not_take_back_what_the_customer_has_read(office: Office) -> None:
    ben = office.agent("ben")
    read = ben.evaluate(
        """async () => {
          const { Thread } = await import("/desk/static/js/thread.js");
          const thread = new Thread("c");
          const asked = thread.beginReading();
          thread.own({ id: "c", read_seq: 2 });
          thread.readUpTo(5);
          thread.own({ id: "c", read_seq: 2, status: "agent" });
          const pushed = [thread.row.read_seq, thread.row.status];
          const again = thread.beginReading();
          thread.fill({ conversation: { id: "c", read_seq: 2, status: "bot" }, messages: [] }, again);
          thread.fill({ conversation: { id: "c", read_seq: 1, status: "closed" }, messages: [] }, asked);
          return [...pushed, thread.row.read_seq, thread.row.status];
        }"""
    )
    assert read == [5, "agent", 5, "bot"]


def test_an_answer_that_comes_late_does_not_take_back_that_a_message_was_refused(office: Office) -> None:
    ben = office.agent("ben")
    states = ben.evaluate(
        """async () => {
          const { Thread } = await import("/desk/static/js/thread.js");
          const thread = new Thread("c");
          const state = () => thread.messages.map((one) => one.delivery?.state ?? "unknown here");
          const whole = (state) => ({ conversation: { id: "c" }, messages: [{ id: 7, seq: 1, delivery: { state } }] });
          const asked = thread.beginReading();
          const seen = [];
          // Refused before the page was told that it is stored, by whichever way that comes.
          thread.deliver({ 7: { state: "failed" } });
          thread.pushed({ id: 7, seq: 1, delivery: null });
          seen.push(...state());
          thread.caughtUp([{ id: 7, seq: 1, delivery: null }], 7);
          seen.push(...state());
          thread.fill(whole("pending"), asked);
          seen.push(...state());
          thread.fill(whole("sent"), thread.beginReading());
          thread.pushed({ id: 7, seq: 1, delivery: null });
          return [...seen, ...state()];
        }"""
    )
    assert states == ["failed", "failed", "failed", "sent"]


def test_preferences_follow_the_agent_and_keys_are_listed(office: Office) -> None:
    sue = office.agent("sue")
    sue.get_by_test_id("open-settings").click()
    # Not the reading of them, which may still be under way.
    with sue.expect_response(lambda one: one.url.endswith("/desk/api/preferences") and one.request.method == "PUT"):
        sue.locator("#setting-realert").uncheck()
    sue.keyboard.press("Escape")
    again = office.agent("sue")
    again.get_by_test_id("open-settings").click()
    expect(again.locator("#setting-realert")).not_to_be_checked()
    again.keyboard.press("Escape")
    again.keyboard.press("?")
    for words in ("Pass on", "Put aside", "Tags", "Filters", "Bring a colleague in", "Take the next customer"):
        expect(again.get_by_test_id("shortcuts")).to_contain_text(words)
    again.keyboard.press("Escape")
    again.keyboard.press("0")
    expect(again.get_by_test_id("views")).to_have_text("Closed")


def test_what_an_agent_does_before_the_desk_has_read_everything_counts(office: Office) -> None:
    """On a slow line: a number opens the view it always opens, and a choice is not undone by what was kept before."""
    held: list[Any] = []
    ben = office.agent("ben")
    ben.route(
        "**/desk/api/preferences", lambda one: held.append(one) if one.request.method == "GET" else one.continue_()
    )
    ben.route("**/desk/api/inbox*", lambda one: None)
    with ben.expect_request("**/desk/api/preferences"):
        ben.reload()
    expect(ben.get_by_test_id("views")).to_be_visible()
    ben.keyboard.press("0")
    expect(ben.get_by_test_id("views")).to_have_text("Closed")
    ben.get_by_test_id("open-settings").click()
    with ben.expect_response(lambda one: one.request.method == "PUT" and one.url.endswith("/preferences")):
        ben.locator("#setting-title-badge").uncheck()
    with ben.expect_response(lambda one: one.request.method == "GET" and one.url.endswith("/preferences")):
        held[-1].fulfill(json={"preferences": {"titleBadge": True, "messageSound": False}})
    expect(ben.locator("#setting-message-sound")).not_to_be_checked()
    expect(ben.locator("#setting-title-badge")).not_to_be_checked()


def test_the_desk_can_be_installed(office: Office) -> None:
    ben = office.agent("ben")
    devtools = ben.context.new_cdp_session(ben)
    errors = [one["errorId"] for one in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert set(errors) <= {"in-incognito"}, "which is what a context of these tests is"
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == [] and '"start_url": "/desk"' in manifest["data"]


def test_script_in_every_field_an_agent_sees_is_inert(office: Office) -> None:
    page = {"url": f"https://shop.example/?q={EVIL}", "title": EVIL, "referrer": EVIL}
    lines = [("customer", EVIL), ("assistant", EVIL), ("agent", EVIL), ("note", f"@cleo {EVIL}"), ("system", EVIL)]
    talk = office.talk(lines, "ben", EVIL, page=page, summary=EVIL)
    waiting = office.talk([("customer", EVIL)], None, EVIL, summary=EVIL, page=page)
    office.indexed()
    ben = office.agent("ben")
    office.call(ben, "POST", f"/conversations/{talk}/tags", {"name": EVIL[:40]})
    office.call(ben, "POST", "/views", {"name": EVIL[:60], "filters": {"q": "onerror", "channel": EVIL}})
    ben.reload()
    _open(ben, office, talk)
    expect(ben.locator(f'[data-testid="queue-row"][data-conversation="{waiting}"]')).to_be_visible()
    ben.keyboard.press("l")
    expect(ben.get_by_test_id("tags-menu")).to_contain_text("onerror")
    ben.keyboard.press("Escape")
    ben.get_by_test_id("views").click()
    expect(ben.get_by_test_id("views-menu")).to_contain_text("onerror")
    ben.keyboard.press("Escape")
    ben.get_by_test_id("search").fill("onerror")
    expect(ben.get_by_test_id("hit").first).to_be_visible()
    ben.get_by_test_id("filters-toggle").click()
    expect(ben.get_by_test_id("filters")).to_be_visible()
    assert ben.evaluate("window.pwned") is None
    assert ben.locator("body img, body script, iframe").count() == 0


@pytest.fixture(scope="module", autouse=True)
def _people(office: Office) -> Any:
    """Somebody at the desk, so that customers can wait."""
    return office.agent("sue")
