"""What calls an agent who looks elsewhere: sound, number, notification, again and again; each muted by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from desk_office import Office
from playwright.sync_api import Browser, Locator, Page, expect
from test_desk_looks import _look
from waiting import wait_until

from handoff.clock import utc_now

pytestmark = pytest.mark.browser

# The first note of each sound.
BELL, TAP = 659.3, 587.3
# A loudspeaker and a system that write down what they are given, and a window that can lie behind another.
SENSES = """
  window.heard = [];
  window.noted = [];
  window.isAway = false;
  const carrier = () => ({ connect: (next) => next });
  window.AudioContext = class {
    state = "running";
    currentTime = 0;
    destination = carrier();
    resume = async () => {};
    createOscillator = () => ({
      ...carrier(), frequency: { value: 0 }, start() { heard.push(this.frequency.value); }, stop() {},
    });
    createGain = () => ({
      ...carrier(),
      gain: { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} },
    });
  };
  window.Notification = class {
    static permission = "granted";
    constructor(title, { body, tag }) { noted.push({ title, body, tag, press: () => this.onclick() }); }
    close() {}
  };
  document.hasFocus = () => !isAway;
  Object.defineProperty(document, "hidden", { get: () => isAway });
"""
TEAMS = (Path(__file__).resolve().parent.parent.parent / "handoff" / "teams.yml").read_text(encoding="utf-8")
GIVES_OUT = TEAMS.replace("policy: agents-pick ", "policy: least-busy ")


class Ahead:
    """The real time, and so much more as the test says."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.by


class Workplace:
    """An agent's desk, with ears."""

    def __init__(self, office: Office, login: str, has_workers: bool = False, **options: Any) -> None:
        self.office = office
        found = office.page("en", **options)
        found.context.add_init_script(SENSES)
        if not has_workers:
            found.context.add_init_script("delete window.Worker")
        found.clock.install()
        office.sign_in(found, login)
        # A browser lets no page sound before somebody has touched it.
        found.mouse.click(600, 400)
        self.page = found

    def part(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def away(self, is_away: bool = True) -> None:
        """Look at another window, or come back."""
        self.page.evaluate(
            "(isAway) => { window.isAway = isAway; isAway || dispatchEvent(new Event('focus')); }", is_away
        )

    def heard(self, note: float) -> int:
        return int(self.page.evaluate("(note) => heard.filter((one) => one === note).length", note))

    def hears(self, note: float, times: int = 1) -> None:
        wait_until(lambda: self.heard(note) >= times, what=f"the sound {note} the {times}th time")

    def noted(self) -> list[dict[str, str]]:
        return list(self.page.evaluate("noted.map(({ title, body, tag }) => ({ title, body, tag }))"))

    def is_told(self, words: str, times: int = 1) -> None:
        def found() -> bool:
            return sum(words in f"{one['title']} {one['body']}" for one in self.noted()) >= times

        wait_until(found, what=f"a notification of {words!r}")

    def later(self, seconds: int) -> None:
        """So much later on this page. Its ticker looks at its clock at once; a worker's does within a second."""
        self.page.clock.fast_forward(seconds * 1000)

    def minute_without(self, *notes: float) -> None:
        """A minute passes, and the page has looked at its clock: none of these sounds."""
        before = [self.heard(note) for note in notes]
        with self.page.expect_response("**/desk/api/inbox"):
            self.later(61)
        assert [self.heard(note) for note in notes] == before

    @contextmanager
    def setting(self, name: str, is_on: bool) -> Iterator[None]:
        """A choice in the settings, taken back afterwards."""
        for wanted in (is_on, not is_on):
            self.part("open-settings").click()
            self.page.locator(f"#setting-{name}").set_checked(wanted)
            self.page.keyboard.press("Escape")
            if wanted is is_on:
                yield

    def open(self, talk: str) -> None:
        self.page.locator(f'[data-conversation="{talk}"] button').first.click()
        expect(self.part("desk-composer")).to_be_visible()


@pytest.fixture(scope="module")
def ahead() -> Ahead:
    return Ahead()


@pytest.fixture()
def office(chromium: Browser, tmp_path: Path, ahead: Ahead, request: pytest.FixtureRequest) -> Iterator[Office]:
    """A gateway for each test: nobody else waits or answers there."""
    (tmp_path / "teams.yml").write_text(getattr(request, "param", TEAMS), encoding="utf-8")
    ahead.by = timedelta()
    office = Office(chromium, tmp_path, ahead, teams_file=tmp_path / "teams.yml")
    yield office
    office.close()
    assert office.problems == []


def _asks(office: Office) -> Page:
    """A customer who wants a person."""
    ana = office.customer("en")
    ana.get_by_test_id("person-button").click()
    return ana


def _says(ana: Page, text: str) -> None:
    ana.get_by_test_id("composer").fill(text)
    ana.get_by_test_id("composer").press("Enter")


def test_who_waits_rings_until_taken_and_each_alarm_is_muted_by_itself(office: Office) -> None:
    ben = Workplace(office, "ben")
    ben.away()
    _asks(office)
    row = ben.part("queue-row")
    expect(row).to_be_visible()
    ben.hears(BELL)
    ben.is_told("is waiting")
    expect(ben.page).to_have_title("(1) Switchboard desk")
    expect(ben.page.locator('link[rel="icon"]')).to_have_attribute("data-badge", "1")
    for times in (2, 3):
        ben.later(5)
        ben.hears(BELL, times)

    with ben.setting("realert", False):
        ben.minute_without(BELL)
    ben.later(16)
    ben.hears(BELL, 4)
    with ben.setting("ticket-sound", False):
        told = len(ben.noted())
        ben.minute_without(BELL)
        assert len(ben.noted()) > told, "without a sound the eye is called again"
    with ben.setting("title-badge", False):
        expect(ben.page).to_have_title("Switchboard desk")
    expect(ben.page).to_have_title("(1) Switchboard desk")
    with ben.setting("notify", False):
        told, rang = len(ben.noted()), ben.heard(BELL)
        ben.later(61)
        ben.hears(BELL, rang + 1)
        assert len(ben.noted()) == told

    # The same with keys.
    ben.page.keyboard.press("m")
    expect(ben.page.locator("#notices")).to_contain_text("The bell is muted.")
    ben.minute_without(BELL)
    ben.page.keyboard.press("m")
    rang = ben.heard(BELL)
    ben.later(16)
    ben.hears(BELL, rang + 1)
    ben.page.keyboard.press("s")
    expect(ben.part("silence")).to_be_hidden()
    ben.minute_without(BELL)

    # The next one rings again, until somebody takes them.
    rang = ben.heard(BELL)
    _asks(office)
    expect(row).to_have_count(2)
    ben.hears(BELL, rang + 1)
    ben.away(False)
    ben.page.keyboard.press("c")
    expect(row).to_have_count(1)
    # The first one is open and seen, before the next is taken.
    expect(ben.part("desk-composer")).to_be_visible()
    expect(ben.part("mine-row").locator(".row-main")).to_have_attribute("aria-current", "true")
    row.get_by_test_id("claim").click()
    expect(row).to_have_count(0)
    ben.minute_without(BELL)
    expect(ben.page).to_have_title("Switchboard desk")


@pytest.mark.parametrize("office", [GIVES_OUT], indirect=True, ids=["least-busy"])
def test_a_customer_given_by_the_router_rings_until_the_agent_looks(office: Office) -> None:
    ben = Workplace(office, "ben")
    ben.away()
    ana = _asks(office)
    mine = ben.part("mine-row")
    expect(mine).to_be_visible()
    ben.hears(BELL)
    ben.is_told("waits for your first reply")
    expect(ben.page).to_have_title("(1) Switchboard desk")
    expect(ben.page.locator("#announcer")).to_contain_text("waits for your first reply")
    ben.later(5)
    ben.hears(BELL, 2)
    with ben.setting("ticket-sound", False):
        ben.minute_without(BELL)

    # Another look at the desk, such as after a restart of the browser: they still wait for the first reply.
    ben.page.reload()
    ben.page.mouse.click(600, 400)
    expect(mine).to_be_visible()
    ben.away()
    ben.later(31)
    ben.hears(BELL)
    ben.is_told("waits for your first reply")
    ben.page.evaluate("noted.at(-1).press()")
    expect(ben.part("desk-composer")).to_be_visible()
    ben.away(False)
    ben.minute_without(BELL, TAP)
    expect(ben.page).to_have_title("Switchboard desk")

    # Seen is not answered, but the agent knows; what is answered calls nobody.
    ben.part("desk-composer").fill("Good morning!")
    ben.part("desk-composer").press("Enter")
    expect(ana.locator('[data-testid="message"][data-author="agent"]')).to_contain_text("Good morning!")
    ben.away()
    ben.minute_without(BELL, TAP)


def test_who_takes_a_customer_by_hand_is_not_rung(office: Office) -> None:
    ben = Workplace(office, "ben", has_workers=True)
    _asks(office)
    ben.hears(BELL)
    ben.part("claim").click()
    expect(ben.part("desk-composer")).to_be_visible()
    rang = ben.heard(BELL)
    ben.away()
    with ben.page.expect_response("**/desk/api/inbox"):
        ben.later(61)
    assert ben.heard(BELL) == rang


def test_a_new_line_of_ones_own_customer_taps_until_it_is_seen(office: Office) -> None:
    ben = Workplace(office, "ben")
    ana = _asks(office)
    ben.part("claim").click()
    ben.part("desk-composer").fill("How can I help?")
    ben.part("desk-composer").press("Enter")
    expect(ana.locator('[data-testid="message"][data-author="agent"]')).to_contain_text("How can I help?")
    ben.away()
    _says(ana, "My parcel is late.")
    ben.hears(TAP)
    ben.is_told("My parcel is late.")
    expect(ben.page).to_have_title("• Switchboard desk")
    ben.later(20)
    ben.hears(TAP, 2)
    with ben.setting("message-sound", False):
        _says(ana, "Are you there?")
        ben.is_told("Are you there?")
        ben.minute_without(TAP)
    with ben.setting("realert", False):
        ben.minute_without(TAP)
    with ben.setting("notify", False):
        tapped, told = ben.heard(TAP), len(ben.noted())
        _says(ana, "Hello?")
        ben.hears(TAP, tapped + 1)
        assert len(ben.noted()) == told
    ben.away(False)
    ben.minute_without(TAP)
    expect(ben.page).to_have_title("Switchboard desk")


def test_a_supervisor_hears_of_a_customer_nobody_takes(office: Office, ahead: Ahead) -> None:
    ben, sue = Workplace(office, "ben"), Workplace(office, "sue")
    sue.away()
    _asks(office)
    sue.hears(BELL)
    # Who is free would be given them in the end.
    for one in (sue, ben):
        one.part("open-settings").click()
        with one.page.expect_response("**/desk/api/team/presence"):
            one.part("setting-presence").select_option("away")
        one.page.keyboard.press("Escape")
    sue.page.keyboard.press("s")
    ahead.by = timedelta(minutes=16)
    sue.is_told("has waited too long")
    notice = sue.page.locator("#notices").get_by_test_id("notice").filter(has_text="has waited too long")
    notice.get_by_role("button", name="Open").click()
    expect(sue.part("brief")).to_be_visible()
    for one in (sue, ben):
        expect(one.part("queue-row").get_by_test_id("nobody-took")).to_have_text("Nobody took it")
    assert not any("too long" in note["title"] for note in ben.noted())
    rang = sue.heard(BELL)
    sue.later(16)
    sue.hears(BELL, rang + 1)
    found = _look(office, sue.page, "nobody-took")
    sue.page.set_viewport_size({"width": 390, "height": 844})
    sue.page.goto(f"{office.base}/desk#/inbox")
    expect(sue.part("queue-row")).to_be_visible()
    assert found + _look(office, sue.page, "nobody-took-phone") == []


def test_a_promise_about_to_be_broken_calls_its_owner(office: Office, ahead: Ahead) -> None:
    ben = Workplace(office, "ben")
    _asks(office)
    ben.part("claim").click()
    expect(ben.part("brief")).to_be_visible()
    talk = ben.page.url.rsplit("/", 1)[1]
    due = (datetime.now(timezone.utc) + timedelta(hours=2)).isoformat()
    body = {"text": "I will write by then.", "client_id": "p", "promise": {"due_at": due}}
    office.call(ben.page, "POST", f"/conversations/{talk}/messages", body)
    ben.away()
    ahead.by = timedelta(hours=1, minutes=55)
    ben.is_told("I will write by then.")
    ben.hears(TAP)
    with ben.setting("notify", False), ben.setting("message-sound", False):
        told, tapped = len(ben.noted()), ben.heard(TAP)
        ahead.by = timedelta(hours=2, minutes=5)
        expect(ben.page.locator("#rail-promises")).to_have_text("1")
        assert (len(ben.noted()), ben.heard(TAP)) == (told, tapped)
