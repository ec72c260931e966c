"""Visitors of the shop's pages in a browser: seen at the desk, invited, and talking with who invited them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from desk_office import LOCALES, PHONE, Office, note_figure
from playwright.sync_api import Browser, Locator, Page, Response, expect
from rounds import some
from test_desk_looks import _look

from handoff.clock import utc_now

pytestmark = pytest.mark.browser

# What is loaded seconds after the chat, and what only the invited load.
VISIT_BYTES = 2_500
INVITATION_BYTES = 2_500
RULES = """
rules:
  - id: orders
    pages: ["*/orders*"]
    after_seconds: 40
    text:
      zh-HK: 想知張單去到邊？話我知訂單編號，我即刻幫你查。
      zh-TW: 想知道訂單到哪了嗎？告訴我訂單編號，馬上幫您查。
      zh-CN: 想知道订单到哪儿了吗？把订单号告诉我，马上帮您查。
      en: Looking for your order? Tell me its number and I'll check where it is.
"""


class Ahead:
    """The real time, and so much more as the test says."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.by


@pytest.fixture(scope="module")
def ahead() -> Ahead:
    return Ahead()


@pytest.fixture(scope="module")
def office(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, ahead: Ahead) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("office")
    (place / "invitations.yml").write_text(RULES, encoding="utf-8")
    office = Office(chromium, place, ahead, invitations_file=place / "invitations.yml")
    yield office
    office.close()
    assert office.problems == []


class Visitor:
    """Somebody who looks at a page of the shop; their page's clock moves as the test says."""

    def __init__(self, office: Office, locale: str, path: str = "/", script: str = "", **options: Any) -> None:
        self.page = office.page(locale, **options)
        self.page.clock.install()
        if script:
            self.page.add_init_script(script)
        self.told: list[dict[str, Any]] = []
        self.page.on("request", self._note)
        self.page.goto(f"{office.base}{path}")
        expect(self.page.get_by_test_id("bubble")).to_be_visible()

    def beat(self, seconds: int = 15) -> dict[str, Any]:
        """The next heartbeat and its answer."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/widget/visit")) as answered:
            self.page.clock.fast_forward(seconds * 1000)
        return dict(answered.value.json())

    def part(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def _note(self, request: Any) -> None:
        if request.url.endswith("/widget/visit") and request.method == "POST":
            self.told.append(json.loads(request.post_data or "{}"))


def _row(desk: Page, words: str) -> Locator:
    return desk.get_by_test_id("visitor").filter(has_text=words)


@pytest.mark.parametrize(
    "kind, locale, visited",
    some([("desktop", "en", "zh-HK"), ("phone", "zh-TW", "en")], ("phone", "zh-TW", "en")),
)
def test_a_visitor_is_listed_invited_accepts_and_talks_with_that_agent(
    office: Office, kind: str, locale: str, visited: str
) -> None:
    options = PHONE if kind == "phone" else {}
    ben = office.agent("ben", locale, **options)
    ben.get_by_test_id("open-visitors").click()
    ana = Visitor(office, visited, f"/?coupon=secret-{kind}#top", **options)
    # Whoever came in the round before is still listed.
    value = {"desktop": 1280, "phone": 2560}[kind]
    ana.page.evaluate(f"Switchboard.setCart({value}, 'HKD')")
    ana.beat(5)
    assert "secret" not in json.dumps(ana.told) and ana.told[0]["cart"] == {"value": value, "currency": "HKD"}
    row = _row(ben, f"{value:,}")
    expect(row.get_by_test_id("visitor-cart")).to_contain_text("HK")
    expect(row.get_by_test_id("visitor-page").locator("a")).to_have_attribute("href", f"{office.base}/")
    found = _look(office, ben, f"visitors-{kind}")

    # From the list to the form and back by keyboard alone.
    row.focus()
    row.press("Enter")
    expect(row.get_by_test_id("visitor-text")).to_be_focused()
    row.get_by_test_id("visitor-text").press("Escape")
    expect(row.get_by_test_id("visitor-text")).to_be_hidden()
    expect(ben.get_by_test_id("visitors")).to_be_visible()
    expect(row).to_be_focused()
    row.get_by_test_id("visitor-invite").click()
    words = {"zh-HK": "你好，個袋有三隻色，要唔要我影多幾張相？", "en": "Hi! Shall I show you the bag in green?"}[
        visited
    ]
    row.get_by_test_id("visitor-text").fill(words)
    found += _look(office, ben, f"visitors-form-{kind}")
    row.get_by_test_id("visitor-text").press("Control+Enter")
    expect(row.get_by_test_id("visitor-state")).to_have_attribute("data-state", "sent")
    expect(row.get_by_test_id("visitor-invite")).to_be_disabled()

    ana.beat()
    expect(ana.part("invitation-text")).to_have_text(words)
    expect(ana.part("invitation-name")).to_have_text("Ben")
    expect(row.get_by_test_id("visitor-state")).to_have_attribute("data-state", "shown")
    found += _look(office, ana.page, f"invitation-{kind}")
    ana.part("invitation-accept").click()
    expect(ana.part("panel")).to_be_visible()
    expect(ana.part("invitation")).to_have_count(0)
    ours = ana.page.locator('[data-testid="message"][data-author="agent"]')
    expect(ours.first).to_contain_text(words)
    expect(ana.part("speaker")).to_have_text("Ben")
    ana.part("composer").fill("好呀 yes")
    ana.part("composer").press("Enter")

    expect(row.get_by_test_id("visitor-state")).to_contain_text("Ben")
    found += _look(office, ben, f"visitors-chatting-{kind}")
    row.get_by_test_id("visitor-invite").click()
    expect(ben.get_by_test_id("visitors")).to_be_hidden()
    expect(ben.locator('[data-testid="desk-message"][data-author="customer"]').last).to_contain_text("好呀 yes")
    ben.get_by_test_id("desk-composer").fill("Here you are")
    ben.get_by_test_id("desk-composer").press("Control+Enter")
    expect(ours.last).to_contain_text("Here you are")
    found += _look(office, ana.page, f"invited-chat-{kind}")
    assert office.bot.asked == [], "the assistant has no part in it"
    assert found == []
    ana.page.close()


@pytest.mark.parametrize("locale, kind", some([("zh-HK", "desktop"), ("zh-CN", "phone")], ("zh-HK", "desktop")))
def test_visitors_are_filtered_by_state_and_language_and_wear_their_tags(
    office: Office, locale: str, kind: str
) -> None:
    cleo = office.agent("cleo", locale, **(PHONE if kind == "phone" else {}))
    here = [Visitor(office, "zh-TW", f"/?{kind}"), Visitor(office, "en", f"/shop/orders.html?{kind}")]
    shopper, talker = here
    title = f"filters {kind}"
    for one in here:
        one.page.evaluate("(title) => { document.title = title; }", title)
    shopper.page.evaluate("Switchboard.setCart(88, 'TWD')")
    talker.part("bubble").click()
    talker.part("composer").fill("good day")
    talker.part("composer").press("Enter")
    expect(talker.page.locator('[data-testid="message"][data-author="assistant"]')).to_be_visible()
    talk = talker.page.evaluate(
        """[...document.querySelector("switchboard-chat").conversation.messages.values()].at(-1).conversation"""
    )
    for name, colour in (("VIP", "purple"), ("退貨", "orange")):
        office.call(cleo, "POST", f"/conversations/{talk}/tags", {"name": name, "colour": colour})
    for one in here:
        one.beat(5)
    cleo.get_by_test_id("open-visitors").click()
    cleo.get_by_test_id("visitors-find").fill(title)
    rows = cleo.get_by_test_id("visitor")
    expect(rows).to_have_count(2)
    worn = rows.filter(has_text="VIP")
    expect(worn).to_contain_text("退貨")
    found = _look(office, cleo, f"visitors-tags-{locale}-{kind}")
    for show, language, count in (
        ("chatting", "", 1),
        ("cart", "", 1),
        ("invitable", "", 1),
        ("returning", "", 0),
        ("all", "zh-TW", 1),
        ("all", "en", 1),
        ("all", "zh-CN", 0),
        ("cart", "en", 0),
        ("all", "", 2),
    ):
        cleo.get_by_test_id("visitors-show").select_option(show)
        cleo.get_by_test_id("visitors-language").select_option(language)
        expect(rows).to_have_count(count)
        expect(cleo.get_by_test_id("visitors-empty")).to_be_visible(visible=count == 0)
        if (show, language) == ("chatting", ""):
            expect(worn).to_have_count(1)
    assert found == []
    for one in (*here, cleo):
        (one.page if isinstance(one, Visitor) else one).context.close()


@pytest.mark.parametrize("locale", some(LOCALES, "zh-HK", "zh-CN"))
def test_a_rule_invites_and_opens_the_chat_with_the_assistant(office: Office, ahead: Ahead, locale: str) -> None:
    ana = Visitor(office, locale, "/shop/orders.html", **(PHONE if locale == "zh-CN" else {}))
    assert ana.beat(5)["invitation"] is None
    ahead.by += timedelta(seconds=41)
    offered = ana.beat()["invitation"]
    assert offered["answered_by"] == "assistant" and offered["lang"] == locale and offered["text"] in RULES
    expect(ana.part("invitation-text")).to_have_text(offered["text"])
    assert _look(office, ana.page, f"invitation-rule-{locale}") == []
    ana.part("invitation-accept").click()
    said = ana.page.locator('[data-testid="message"][data-author="assistant"]')
    expect(said.first).to_contain_text(offered["text"])
    ana.part("composer").fill("HG10023847")
    ana.part("composer").press("Enter")
    expect(said.last).to_contain_text("bot: HG10023847")
    ana.page.close()


def test_not_now_and_never_are_one_tap_each_and_hold(office: Office, ahead: Ahead) -> None:
    def invited() -> Visitor:
        somebody = Visitor(office, "en", "/shop/orders.html")
        somebody.beat(5)
        ahead.by += timedelta(seconds=41)
        somebody.beat()
        expect(somebody.part("invitation")).to_be_visible()
        return somebody

    ana = invited()
    ana.part("invitation-dismiss").click()
    expect(ana.part("invitation")).to_have_count(0)
    expect(ana.part("panel")).to_be_hidden()
    expect(ana.part("bubble")).to_be_focused()
    assert ana.beat()["invitation"] is None
    ana.page.reload()
    assert ana.beat(5)["invitation"] is None

    bea = invited()
    bea.part("invitation-never").click()
    expect(bea.part("invitation-text")).to_contain_text("won't be invited again")
    _look(office, bea.page, "invitation-never")
    said = len(bea.told)
    assert bea.told[-1]["invitations"] is False
    bea.page.reload()
    expect(bea.part("bubble")).to_be_visible()
    bea.page.clock.fast_forward(60_000)
    bea.page.wait_for_load_state("networkidle")
    assert len(bea.told) == said, "nothing is told any more"
    bea.page.evaluate("Switchboard.setInvitations(true)")
    assert len(bea.told) == said + 1 and "invitations" not in bea.told[-1]
    ana.page.close()
    bea.page.close()


PRIVATE: dict[str, str] = {
    "do-not-track": "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })",
    "global-privacy-control": "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })",
}


@pytest.mark.parametrize("script", PRIVATE.values(), ids=PRIVATE.keys())
def test_a_browser_that_asks_for_privacy_tells_nothing(office: Office, script: str) -> None:
    ana = Visitor(office, "en", script=script)
    with ana.page.expect_response(re.compile(r"/chat/visit\.js")):
        ana.page.clock.fast_forward(5000)
    ana.page.clock.fast_forward(60_000)
    ana.page.wait_for_load_state("networkidle")
    assert ana.told == []
    ana.page.close()


def test_a_gateway_that_is_gone_when_the_visit_would_be_loaded_breaks_nothing(office: Office) -> None:
    ana = Visitor(office, "en")
    broken: list[str] = []
    ana.page.on("pageerror", lambda error: broken.append(str(error)))
    ana.page.route("**/chat/visit.js", lambda route: route.fulfill(status=200, body="gone", content_type="text/plain"))
    with ana.page.expect_response(re.compile(r"/chat/visit\.js")):
        ana.page.clock.fast_forward(5000)
    ana.part("bubble").click()
    expect(ana.part("panel")).to_be_visible()
    assert broken == []
    office.problems = [one for one in office.problems if "MIME type" not in one]
    ana.page.close()


def test_what_pages_call_themselves_is_text_and_what_agents_type_too(office: Office) -> None:
    hostile = '<img src=x onerror="window.pwned=1"><b>x</b> javascript:alert(1)'
    cleo = office.agent("cleo")
    for shortcut, text in (("ask", "{agent.name} here: ask away"), ("order", "Order {order.number} is on its way")):
        office.call(cleo, "POST", "/canned-replies", {"shortcut": shortcut, "texts": {"en": text}})
    cleo.keyboard.press("w")
    ana = Visitor(office, "en")
    ana.page.evaluate("(title) => { document.title = title; }", hostile)
    ana.beat(5)
    row = _row(cleo, "onerror").first
    assert hostile in row.get_by_test_id("visitor-title").inner_text()
    assert row.get_by_test_id("visitor-title").locator("*").count() == 0
    row.get_by_test_id("visitor-invite").click()
    expect(row.get_by_test_id("visitor-canned").locator("option")).to_have_count(2)
    expect(row.get_by_test_id("visitor-text")).to_have_value("Hello, I'm Cleo. Can I help you with anything?")
    row.get_by_test_id("visitor-canned").select_option(index=1)
    expect(row.get_by_test_id("visitor-text")).to_have_value("Cleo here: ask away")
    row.get_by_test_id("visitor-text").fill(hostile)
    row.get_by_test_id("visitor-send").click()
    expect(row.get_by_test_id("visitor-state")).to_have_attribute("data-state", "sent")
    ana.beat()
    expect(ana.part("invitation-text")).to_have_text(hostile)
    assert ana.part("invitation-text").locator("*").count() == 0
    for page in (ana.page, cleo):
        assert page.evaluate("window.pwned") is None
    cleo.get_by_test_id("visitors-find").fill("nothing like it")
    expect(cleo.get_by_test_id("visitor")).to_have_count(0)
    expect(cleo.get_by_test_id("visitors-empty")).to_be_visible()
    ana.page.close()


def test_the_visit_weighs_little_and_comes_after_the_chat(office: Office, ahead: Ahead) -> None:
    loaded: dict[str, Response] = {}
    ana = Visitor(office, "zh-HK", "/shop/orders.html")
    ana.page.on("response", lambda response: loaded.setdefault(response.url, response))
    ana.beat(5)
    ahead.by += timedelta(seconds=41)
    ana.beat()
    expect(ana.part("invitation-text")).not_to_be_empty()

    def size(pattern: str) -> int:
        return sum(len(gzip.compress(one.body(), 6)) for url, one in loaded.items() if re.search(pattern, url))

    visit, invitation = size(r"/chat/visit\.js"), size(r"/invitation[./]")
    note_figure("visit, bytes with gzip -6", visit)
    note_figure("invitation, bytes with gzip -6", invitation)
    assert 0 < visit < VISIT_BYTES and 0 < invitation < INVITATION_BYTES
    ana.page.close()
