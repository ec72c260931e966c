"""The help pages and the widget's help topics in a real browser: without script, on paper, by keyboard.

A gateway of its own serves articles several levels deep; at the bot's place stands one that gives an article.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from rounds import some
from running_switchboard import environment, free_port
from waiting import answers, wait_until

from .browser_parts import ARTEFACTS, LOCALES, PHONE, Room, is_wider_than_its_screen, note_figure

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent.parent
MARKUP_CASES = json.loads((ROOT / "tests" / "faq_kb" / "markup_cases.json").read_text(encoding="utf-8"))
WIDGET_BYTES = 30_000
PICTURE = "00112233aabbccdd.png"
ISLANDS = f"""
category: {{zh-HK: 離島, zh-TW: 離島, zh-CN: 离岛, en: Islands}}
parent: delivery
articles:
  - id: island-ferries
    question:
      zh-HK: "離島點樣送？"
      zh-TW: "離島怎麼送？"
      zh-CN: "离岛怎么送？"
      en: "How do parcels get to the islands?"
    answer:
      zh-HK: "由渡輪運送。**大嶼山**每日一班。"
      zh-TW: "由渡輪運送。**大嶼山**每天一班。"
      zh-CN: "由渡轮运送。**大屿山**每天一班。"
      en: |
        Parcels for the islands go by ferry:

        1. **Lantau**: every day
        2. *Lamma*: Tuesdays

        See [the timetable](https://ferry.example.com/?season=winter) or <b>this</b> [press](javascript:alert(1)).
    image: /help/images/{PICTURE}
    related: [delivery-time, delivery-fee]
"""
LANTAU = """
category: {zh-HK: 大嶼山, zh-TW: 大嶼山, zh-CN: 大屿山, en: Lantau}
parent: islands
articles:
  - id: lantau-days
    question: {zh-HK: "大嶼山幾多日送到？", en: "When do parcels reach Lantau?"}
    answer: {zh-HK: "逢星期二、五。", en: "Tuesdays and Fridays."}
"""
ASKED = {"zh-HK": "運費幾多", "zh-TW": "運費多少", "zh-CN": "运费多少", "en": "shipping fee"}
SERVE = """
import pathlib, sys
from switchboard.app import create_app
from switchboard.settings import load
settings = load(pathlib.Path("endpoints.yml"))
create_app(settings, root=pathlib.Path(sys.argv[1])).run("127.0.0.1", settings.port, access_log=False)
"""


class Bot(BaseHTTPRequestHandler):
    """Answers everything with one article."""

    def do_GET(self) -> None:
        self._say({"status": "ok"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        text = (
            "By **ferry**:\n\n- daily\n- see [fees](/help/en/delivery-fee) or [press](javascript:alert(1)) <i>now</i>"
        )
        self._say([{"text": text, "custom": {"faq": {"id": "island-ferries"}}}])

    def _say(self, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gateway with the shipped articles and two levels more."""
    root = tmp_path_factory.mktemp("help")
    articles = root / "faq_kb" / "articles"
    shutil.copytree(ROOT / "faq_kb" / "articles", articles)
    shutil.copy(ROOT / "credentials.yml", root)
    (articles / "islands.yml").write_text(ISLANDS, encoding="utf-8")
    (articles / "lantau.yml").write_text(LANTAU, encoding="utf-8")
    (articles / "images").mkdir(exist_ok=True)
    (articles / "images" / PICTURE).write_bytes(_picture(600, 300))
    with ThreadingHTTPServer(("127.0.0.1", 0), Bot) as bot:
        threading.Thread(target=bot.serve_forever, daemon=True).start()
        port = free_port()
        urls = {"SWITCHBOARD_BOT_URLS": f"http://127.0.0.1:{bot.server_port}"}
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(root)], cwd=ROOT, env=environment(root / "var", port, **urls)
        )
        try:
            wait_until(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/healthz"), 60)
            assert process.poll() is None
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()
            bot.shutdown()


@pytest.fixture
def room(chromium: Browser, base: str, request: pytest.FixtureRequest) -> Iterator[Room]:
    """Where readers meet. Nobody's console may show an error when they leave."""
    room = Room(chromium, base, request.node.name)
    yield room
    room.leave()
    assert not room.problems


@pytest.mark.parametrize("locale", some(LOCALES, "zh-HK", "en"))
def test_a_reader_without_script_finds_reads_and_prints_an_answer(room: Room, locale: str) -> None:
    page = room.page(locale, java_script_enabled=False)
    page.goto(f"{room.base}/help")
    expect(page).to_have_url(f"{room.base}/help/{locale}/")
    _look(room, page, f"{locale}-help-1-start")
    page.get_by_role("searchbox").fill(ASKED[locale])
    page.get_by_role("searchbox").press("Enter")
    best = page.locator("article.best")
    expect(best.locator("h2 a")).to_have_attribute("href", f"/help/{locale}/delivery-fee")
    _look(room, page, f"{locale}-help-2-search")
    best.locator("h2 a").click()
    expect(page.locator("article h1")).to_be_visible()
    page.locator(".crumbs a").last.click()
    page.locator(f'a[href="/help/{locale}/islands/"]').click()
    _look(room, page, f"{locale}-help-3-topic")
    page.locator(f'a[href="/help/{locale}/island-ferries"]').click()
    expect(page.locator(".answer strong")).to_be_visible()
    assert page.locator(".answer img").evaluate("image => image.naturalWidth") == 600
    _look(room, page, f"{locale}-help-4-article")
    assert page.get_by_role("button", name=re.compile("Print|列印|打印")).count() == 0, "it would do nothing"
    assert page.locator("[data-ask]:visible").count() == 0 and page.locator(".no-script").is_visible()
    paper = page.pdf(format="A4")
    (ARTEFACTS / f"{locale}-help-article.pdf").write_bytes(paper)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    other = "en" if locale != "en" else "zh-TW"
    page.locator(".languages summary").click()
    page.locator(f'.languages a[hreflang="{other}"]').click()
    expect(page).to_have_url(f"{room.base}/help/{other}/island-ferries")


def _look(room: Room, page: Page, name: str) -> None:
    """Pictures by day and by night, on a desk and in a hand; nothing to scroll sideways anywhere."""
    desktop = page.viewport_size
    for size, screen in (("desktop", desktop), ("phone", PHONE)):
        page.set_viewport_size(screen)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            room.shot(page, f"{name}-{size}-{scheme}")
        box = page.locator("html").bounding_box()
        assert box is not None and screen is not None and box["width"] <= screen["width"], (name, size)
    page.set_viewport_size(desktop)  # type: ignore[arg-type]


def test_paper_shows_the_answer_and_where_its_links_lead(room: Room) -> None:
    page = room.page("en")
    page.goto(f"{room.base}/help/en/island-ferries")
    page.get_by_test_id("bubble").wait_for()
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".search", ".languages", ".crumbs", ".ask", ".related", "[data-print]", "switchboard-chat"):
        assert page.locator(gone).first.is_hidden(), gone
    after = "link => getComputedStyle(link, '::after').content"
    assert "https://ferry.example.com/?season=winter" in page.locator(".answer a").first.evaluate(after)
    assert page.locator(".printed-from").inner_text().endswith("/help/en/island-ferries")
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"
    room.shot(page, "en-help-5-paper")


@pytest.mark.parametrize("locale", some(LOCALES, "zh-CN", "en"))
def test_every_colour_and_size_can_be_read(room: Room, locale: str) -> None:
    """WCAG AA: text stands out 4.5 to 1 from what is behind it, and what is pressed is large enough."""
    page = room.page(locale)
    for path in ("", "delivery/", "island-ferries", f"search?q={ASKED[locale]}", "search?q=qqqq+zzzz"):
        page.goto(f"{room.base}/help/{locale}/{path}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert page.evaluate(PALE) == [], (path, scheme)
        assert page.evaluate("document.querySelectorAll('h1').length") == 1
        assert page.evaluate("[...document.querySelectorAll('img')].every((image) => image.alt)")
        assert page.evaluate("document.querySelectorAll('input:not([id])').length") == 0
        assert page.evaluate(SMALL) == [], path


# Texts whose colour is too near to the one behind them.
PALE = """() => {
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] !== 0) return found;
    }
    return [255, 255, 255];
  };
  const words = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility()
    && !element.closest("switchboard-chat, noscript, .unseen, .skip")
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return words.map((element) => {
    const [one, other] = [light(colour(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    return [(one + 0.05) / (other + 0.05), element.className, element.textContent.slice(0, 30)];
  }).filter(([contrast]) => contrast < 4.5);
}"""
# Buttons and links outside of sentences that are smaller than 24 by 24 (WCAG 2.2, 2.5.8).
SMALL = """() => [...document.querySelectorAll("a, button, summary, input")]
  .filter((element) => element.checkVisibility() && !element.closest("p, .answer, switchboard-chat, h2, h3, .skip"))
  .map((element) => [element.getBoundingClientRect(), element.textContent.trim().slice(0, 30)])
  .filter(([box]) => box.width < 24 || box.height < 24).map(([box, text]) => [box.width, box.height, text])"""


def test_a_reader_asks_on_in_the_chat(room: Room) -> None:
    page = room.page("en")
    page.goto(f"{room.base}/help/en/search?q=the+weather+on+saturday")
    page.locator("[data-ask]").first.click()
    expect(page.get_by_test_id("composer")).to_have_value("the weather on saturday")
    page.get_by_test_id("send").click()
    answer = page.locator('switchboard-chat [data-author="assistant"] .words')
    expect(answer.locator("strong")).to_have_text("ferry")
    expect(answer.locator("li")).to_have_text(["daily", re.compile("see fees")])
    expect(answer.locator("a")).to_have_attribute("href", f"{room.base}/help/en/delivery-fee")
    assert "noopener" in (answer.locator("a").get_attribute("rel") or "")
    assert "[press](javascript:alert(1)) <i>now</i>" in answer.inner_text() and answer.locator("i").count() == 0
    room.shot(page, "en-help-6-chat")


def test_topics_in_the_widget_go_several_levels_deep_by_keyboard(room: Room) -> None:
    page = room.page("en")
    page.goto(f"{room.base}/help/en/")
    page.get_by_test_id("bubble").click()
    page.get_by_test_id("browse-faq").focus()
    page.keyboard.press("Enter")
    search = page.get_by_test_id("faq-search")
    search.wait_for()
    search.focus()
    page.keyboard.press("ArrowDown")
    first = page.get_by_test_id("faq-category").first
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(search).to_be_focused()
    for topic in ("delivery", "islands"):
        page.locator(f'[data-testid="faq-category"][data-id="{topic}"]').press("Enter")
        expect(page.get_by_test_id("faq-article").first).to_be_visible()
    assert page.get_by_test_id("sheet-path").locator("button").all_inner_texts() == ["Help topics", "Delivery"]
    page.locator('[data-testid="faq-article"][data-id="island-ferries"]').press("Enter")
    answer = page.get_by_test_id("faq-answer")
    expect(answer.locator("ol li strong")).to_have_text("Lantau")
    assert "<b>this</b> [press](javascript:alert(1))" in answer.inner_text()
    expect(page.get_by_test_id("open-page").locator("a")).to_have_attribute(
        "href", f"{room.base}/help/en/island-ferries"
    )
    picture = page.locator("switchboard-chat .sheet .picture")
    expect(picture).to_have_attribute("alt", "How do parcels get to the islands?")
    expect(picture).to_have_js_property("complete", True)
    room.shot(page, "en-help-7-widget-article")
    page.keyboard.press("Escape")
    expect(page.locator('[data-testid="faq-article"][data-id="island-ferries"]')).to_be_focused()
    room.shot(page, "en-help-8-widget-topic")
    page.get_by_test_id("sheet-path").get_by_role("button", name="Delivery").click()
    expect(page.locator('[data-testid="faq-category"][data-id="islands"]')).to_be_focused()
    page.get_by_test_id("sheet-back").click()
    expect(page.locator('[data-testid="faq-category"][data-id="delivery"]')).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("sheet")).to_be_hidden()
    expect(page.get_by_test_id("browse-faq")).to_be_focused()
    assert not is_wider_than_its_screen(page, ".panel")


def test_help_topics_open_again_after_their_script_could_not_be_loaded(room: Room) -> None:
    page = room.page("en")
    page.goto(f"{room.base}/help/en/")
    page.get_by_test_id("bubble").click()
    room.is_line_cut = True
    page.route("**/chat/help.js*", lambda route: route.abort())
    page.get_by_test_id("browse-faq").click()
    expect(page.get_by_test_id("notice")).to_contain_text("could not be loaded")
    page.unroute("**/chat/help.js*")
    page.get_by_test_id("browse-faq").click()
    expect(page.get_by_test_id("faq-category").first).to_be_visible()


@pytest.mark.parametrize("locale", LOCALES)
def test_what_few_need_is_not_in_the_first_load(room: Room, locale: str) -> None:
    page = room.page(locale)
    loaded: dict[str, bytes] = {}
    page.on("response", lambda response: loaded.setdefault(response.url.rsplit("/", 1)[1], response.body()))
    page.goto(f"{room.base}/")
    page.get_by_test_id("bubble").click()
    expect(page.get_by_test_id("panel")).to_be_visible()
    page.wait_for_load_state("networkidle")
    names = {"widget.js", "chat.css", f"{locale}.json"} | {
        f"{name}.js" for name in ("conversation", "dom", "element", "line", "messages", "panel")
    }
    assert names <= set(loaded) and not {"help.js", "cards.js", "markup.js"} & set(loaded)
    # The shop has a texts.js as well, and it is not the widget's.
    texts = (ROOT / "connectors" / "web" / "static" / "chat" / "texts.js").read_bytes()
    packed = sum(len(gzip.compress(body, 6)) for body in (*(loaded[name] for name in names), texts))
    note_figure(f"{locale} widget, first load, bytes with gzip -6", packed)
    assert packed <= WIDGET_BYTES


def test_widget_and_desk_read_markup_as_the_help_pages_do(room: Room) -> None:
    page = room.page("en")
    page.goto(f"{room.base}/help/en/")
    differing = page.evaluate(READ_MARKUP, MARKUP_CASES)
    assert differing == []
    endless = [
        "*" * 20_000,
        "[" * 20_000,
        "**a " * 5_000,
        "[a](" * 5_000,
        "- " * 10_000,
        "[*" * 10_000,
        "](/a)" * 4_000,
    ]
    assert page.evaluate(TIME_MARKUP, endless) < 2_000, "linear, whatever is written"


READ_MARKUP = """async (cases) => {
  const { markup } = await import("/widget/static/chat/markup.js");
  const link = (url, children) => {
    const made = Object.assign(document.createElement("a"), { rel: "noopener" });
    made.setAttribute("href", url);
    made.append(...children);
    return made;
  };
  const tidy = (html) => {
    const body = new DOMParser().parseFromString(html, "text/html").body;
    for (const one of body.querySelectorAll("a")) one.replaceWith(link(one.getAttribute("href"), one.childNodes));
    return body.innerHTML;
  };
  return cases.map(({ text, html }) => {
    const place = document.createElement("div");
    const made = markup(text, { say: (words) => [words], link });
    place.append(...made.flatMap((one, index) => (index ? ["\\n", one] : [one])));
    return [text, place.innerHTML, tidy(html)];
  }).filter(([, ours, wanted]) => ours !== wanted);
}"""
TIME_MARKUP = """async (texts) => {
  const { blocks } = await import("/widget/static/chat/markup.js");
  const began = performance.now();
  for (const text of texts) blocks(text);
  return performance.now() - began;
}"""


def test_the_desk_shows_an_answer_as_the_customer_sees_it(room: Room) -> None:
    page = room.page("en")
    page.goto(f"{room.base}/desk")
    shown = page.evaluate(
        """async (text) => {
          const { showAnswer } = await import("/page/static/js/safe-text.js");
          const place = document.createElement("div");
          showAnswer(place, text);
          return place.innerHTML;
        }""",
        "**a** <img src=x onerror=alert(1)> [b](https://b.example/) [c](javascript:alert(1)) [d](tel:+85212345678)",
    )
    assert shown.startswith('<p><strong>a</strong> &lt;img src=x onerror=alert(1)&gt; <a href="https://b.example/"')
    assert 'rel="noopener noreferrer nofollow"' in shown
    assert "[c](javascript:alert(1)) d (tel:+85212345678)</p>" in shown


def _picture(width: int, height: int) -> bytes:
    """A PNG in one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\x00" + b"\xb9\xd6\xd2" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
