"""The desk with five hundred open conversations: scrolling, searching and opening without a pause a person notices."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from desk_office import Office, note_figure
from playwright.sync_api import Browser, Page, expect

from handoff import conversations

pytestmark = [pytest.mark.browser, pytest.mark.alone]

OPEN = 500
ROUNDS = 3
# A tenth of a second is where people begin to notice; half of that is what browsers call a long task. Counted is the
# processor's time of the page's own thread, so that whoever else uses the machine changes nothing.
LONG_TASK_MS = 50

SCROLL = """async () => {
  const place = document.querySelector(".inbox-lists");
  let stood = 0;
  while (stood < 100) {
    const before = place.scrollTop;
    place.scrollTop += 400;
    await new Promise(requestAnimationFrame);
    stood = place.scrollTop === before ? stood + 1 : 0;
  }
  return document.querySelectorAll('[data-testid="mine-row"]').length;
}"""


# What a tester's tools do in the page would be counted with it, so the page is driven by the least there is.
SEARCH = """(words) => {
  const field = document.querySelector('[data-testid="search"]');
  field.value = words;
  field.dispatchEvent(new Event("input"));
}"""
# Which rows are written or moved from now on.
WATCH = """() => {
  window.touched = new Set();
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      for (const node of [target, ...addedNodes]) {
        const row = (node.nodeType === 1 ? node : node.parentElement)?.closest('[data-testid="mine-row"]');
        if (row) window.touched.add(row);
      }
    }
  }).observe(document.querySelector(".inbox-lists"),
    { subtree: true, childList: true, characterData: true, attributes: true });
}"""
# Any order after any other; and how many rows are moved when the first becomes the last, and the last the first.
ORDERS = """async () => {
  const { keepRows } = await import("/page/static/js/templates.js");
  const list = document.body.appendChild(document.createElement("ul"));
  const watcher = new MutationObserver(() => {});
  watcher.observe(list, { childList: true });
  const show = (items) => {
    keepRows(list, items, { key: (one) => one, stamp: (one) => one, update: () => {},
      create: (one) => ({ node: Object.assign(document.createElement("li"), { textContent: one }) }) });
    const right = [...list.children].map(({ textContent }) => Number(textContent)).join() === items.join();
    return right ? watcher.takeRecords().filter(({ addedNodes }) => addedNodes.length).length : NaN;
  };
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const all = [...Array(30).keys()];
  let wrong = 0;
  for (let round = 0; round < 500; round += 1) {
    const some = all.filter(() => random() > 0.2).map((one) => [random(), one]);
    some.sort(([a], [b]) => a - b);
    wrong += Number.isNaN(show(some.map(([, one]) => one)));
  }
  show(all);
  const moved = [show([...all.slice(1), 0]), show(all)];
  list.remove();
  return [wrong, ...moved];
}"""
WORN = """(tag) =>
  [...document.querySelectorAll('[data-testid="mine-row"]')].some((row) => row.textContent.includes(tag))"""
SHOWN = "(what) => document.querySelector(what)?.checkVisibility() ?? false"


@pytest.fixture(scope="module")
def office(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Nobody is reminded: five hundred lines of the platform, some time after the start, are not what is counted."""
    office = Office(chromium, tmp_path_factory.mktemp("office"), idle_reminder_minutes=0, idle_close_minutes=0)
    yield office
    office.close()
    assert office.problems == []


def test_five_hundred_open_conversations_scroll_and_search_at_once(office: Office) -> None:
    holder = office.agent_id("ben")
    texts = ("請問我張單幾時到？", "想退貨，件衫太細", "運費幾多", "Where is my parcel HG10023847?")

    def fill(connection: object) -> None:
        for number in range(OPEN):
            # Answered, so that nobody takes them from an agent who is not there yet.
            lines = [("customer", f"{texts[number % 4]} #{number}"), ("agent", "幫緊你睇。")]
            office.talk_in(connection, lines, holder, f"客人 {number}", 600 - number)  # type: ignore[arg-type]

    office.write(fill)
    office.indexed()
    page = office.agent("ben", "zh-HK")
    expect(page.get_by_test_id("mine-row").first).to_be_visible()

    # What else the machine does falls on some rounds only; each of them begins with the page as it is loaded.
    longest: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        if number:
            page.goto("about:blank")
            page.goto(f"{office.base}/desk")
            expect(page.get_by_test_id("mine-row").first).to_be_visible()
        with _measured(office, page, "scroll through 500", longest):
            assert page.evaluate(SCROLL) == OPEN
        with _measured(office, page, "search among 500", longest):
            page.evaluate(SEARCH, "退货")
            page.wait_for_function(SHOWN, arg='[data-testid="hit"]')
        with _measured(office, page, "open a hit", longest):
            page.evaluate("""() => document.querySelector('[data-testid="hit"] button').click()""")
            page.wait_for_function(SHOWN, arg=".message.found")
        with _measured(office, page, "back to the inbox of 500", longest):
            page.evaluate("""() => document.querySelector('[data-testid="view-inbox"]').click()""")
            page.evaluate(SEARCH, "")
            page.wait_for_function(SHOWN, arg='[data-testid="mine-row"]')
        assert page.evaluate(SCROLL) == OPEN
        page.evaluate(WATCH)
        talk = office.database.read_now(lambda c: conversations.of_agent(c, holder))[OPEN // 2]
        with _measured(office, page, "a change of one row among 500", longest):
            office.call(page, "POST", f"/conversations/{talk.id}/tags", {"name": f"tag {number}"})
            page.wait_for_function(WORN, arg=f"tag {number}")
        assert page.evaluate("window.touched.size") == 1, "one row changed, and one row is written"
    assert page.evaluate(ORDERS) == [0, 1, 1]
    for what, taken in longest.items():
        note_figure(f"{what}: longest task, ms of processor", round(min(taken), 1))
        assert min(taken) < LONG_TASK_MS, f"{what}: {taken}"


@contextlib.contextmanager
def _measured(office: Office, page: Page, what: str, longest: dict[str, list[float]]) -> Iterator[None]:
    office.browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    yield
    events = json.loads(office.browser.stop_tracing())["traceEvents"]
    pages = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"].get("name") == "CrRendererMain"
    }
    tasks = [one["tdur"] / 1000 for one in events if (one["pid"], one["tid"]) in pages and "tdur" in one]
    assert tasks, "the browser tells of no task"
    longest.setdefault(what, []).append(max(tasks))
    note_figure(f"{what}: whole, ms of processor", round(sum(tasks), 1))
