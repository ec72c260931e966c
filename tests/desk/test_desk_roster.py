"""The roster on the page Team, as an agent and as a supervisor, and what the page says of a broken file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desk_office import Office
from playwright.sync_api import Browser, Locator, Page, expect
from test_desk_looks import _look
from waiting import wait_until

pytestmark = pytest.mark.browser

TEAMS = Path(__file__).resolve().parent.parent.parent / "handoff" / "teams.yml"
EVIL = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teams") / "teams.yml"
    path.write_text(TEAMS.read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def office(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, teams: Path) -> Iterator[Office]:
    office = Office(chromium, tmp_path_factory.mktemp("office"), teams_file=teams)
    yield office
    office.close()
    # The refused shift of the test is written on the console as every refusal is.
    assert [one for one in office.problems if "status of 409" not in one] == []


def _team(office: Office, login: str) -> Page:
    page = office.agent(login, address="/team")
    expect(page.get_by_test_id("roster").get_by_role("rowheader", name="Cleo")).to_be_visible()
    return page


def _cell(office: Office, page: Page, login: str, day: int = 2) -> Locator:
    return page.locator(f'[data-agent="{office.agent_id(login)}"] [role="cell"]').nth(day)


def _fill(page: Page, begin: str, end: str, note: str = "") -> None:
    for name, value in (("from", begin), ("to", end), ("note", note)):
        page.get_by_test_id(f"shift-{name}").fill(value)
    page.get_by_test_id("shift-save").click()


def test_an_agent_plans_their_own_week_and_only_that(office: Office) -> None:
    ben = _team(office, "ben")
    own, other = _cell(office, ben, "ben"), _cell(office, ben, "cleo")
    expect(other.get_by_test_id("add-shift")).to_have_count(0)
    own.get_by_test_id("add-shift").click()
    dialog = ben.get_by_test_id("shift-dialog")
    found = _look(office, ben, "shift")
    _fill(ben, "09:00", "13:00", EVIL)
    expect(dialog).to_be_hidden()
    expect(own.get_by_test_id("shift")).to_contain_text("09:00–13:00")
    expect(own.get_by_test_id("shift")).to_contain_text("onerror")

    # What overlaps is refused with the other shift's times, and what was typed stays.
    own.get_by_test_id("add-shift").click()
    _fill(ben, "12:00", "18:00", "late")
    expect(ben.get_by_test_id("shift-error")).to_contain_text("09:00")
    expect(ben.get_by_test_id("shift-error")).to_contain_text("13:00")
    expect(ben.get_by_test_id("shift-note")).to_have_value("late")
    found += _look(office, ben, "shift-refused")
    _fill(ben, "13:00", "18:00", "late")
    expect(own.get_by_test_id("shift")).to_have_count(2)

    cleo = _team(office, "cleo")
    expect(_cell(office, cleo, "ben").get_by_test_id("shift")).to_have_count(2)
    expect(_cell(office, cleo, "ben").get_by_role("button")).to_have_count(0)
    own.get_by_test_id("shift").first.click()
    ben.get_by_test_id("shift-remove").click()
    expect(own.get_by_test_id("shift")).to_have_count(1)
    expect(own.get_by_test_id("shift")).to_have_text("13:00–18:00late")
    ben.reload()
    expect(own.get_by_test_id("shift")).to_have_text("13:00–18:00late")
    assert ben.evaluate("window.pwned") is None and ben.locator("img, main script").count() == 0
    assert found == []


def test_a_supervisor_plans_for_everybody_and_says_what_they_answer(office: Office) -> None:
    sue = _team(office, "sue")
    cell = _cell(office, sue, "cleo", 3)
    cell.get_by_test_id("add-shift").click()
    _fill(sue, "22:00", "06:00", "night")
    expect(cell.get_by_test_id("shift")).to_contain_text("22:00–06:00 +1")
    cell.get_by_test_id("shift").click()
    _fill(sue, "20:00", "23:00")
    expect(cell.get_by_test_id("shift")).to_have_text("20:00–23:00")
    cell.get_by_test_id("shift").click()
    sue.get_by_test_id("shift-remove").click()
    expect(cell.get_by_test_id("shift")).to_have_count(0)

    person = sue.get_by_test_id("person").filter(has_text="Cleo")
    person.get_by_test_id("edit-work").click()
    found = _look(office, sue, "work")
    sue.get_by_test_id("work-capacity").fill("3")
    sue.get_by_test_id("work-save").click()
    expect(person).to_contain_text("3")
    assert found == []


def test_a_mistake_in_the_team_file_stands_in_the_banner_with_its_line(office: Office, teams: Path) -> None:
    good = teams.read_text(encoding="utf-8")
    line = good.count("\n") + 1
    ben = office.page("en")
    ben.clock.install()
    office.sign_in(ben, "ben")
    ben.goto(f"{office.base}/desk/team")
    expect(ben.get_by_test_id("team-card").first).to_be_visible()
    expect(ben.get_by_test_id("teams-problem")).to_be_hidden()
    shown = ben.get_by_test_id("team-card").count()
    teams.write_text(f"{good}holidays: [Mars]\n", encoding="utf-8")
    banner = ben.get_by_test_id("teams-problem")
    _reads_until(ben, banner.is_visible)
    expect(banner).to_contain_text(f"teams.yml, line {line}, holidays")
    expect(ben.get_by_test_id("team-card")).to_have_count(shown)
    found = _look(office, ben, "team-problem")
    teams.write_text(good, encoding="utf-8")
    _reads_until(ben, banner.is_hidden)
    assert found == []


def _reads_until(page: Page, holds: Callable[[], bool]) -> None:
    """The page reads again every 15 s, and the gateway looks at the file twice a second."""

    def read() -> bool:
        with page.expect_response("**/desk/api/team?*"):
            page.clock.fast_forward(15_000)
        return holds()

    wait_until(read, what="the page says what the file is")
