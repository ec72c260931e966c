"""A busy hour: eight customers, three agents and a supervisor at once, and nobody hears what is not for them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import expect
from running_switchboard import Running, environment

from .browser_parts import (
    LOCALES,
    PASSWORDS,
    PHONE,
    ROOT,
    AgentPage,
    CustomerPage,
    Room,
    all_at_once,
    is_wider_than_its_screen,
    texts_of,
)

pytestmark = [pytest.mark.browser, pytest.mark.bot]

QUESTIONS = {
    "zh-HK": "運費點計㗎",
    "zh-TW": "滿多少免運",
    "zh-CN": "满多少包邮",
    "en": "how much is shipping",
}


@pytest.fixture
def dora(running: Running) -> str:
    """The third agent's login."""
    command = [sys.executable, "-m", "switchboard", "agent", "add", "dora", "--name", "朵拉 Dora", "--password-stdin"]
    port = int(running.base.rpartition(":")[2])
    added = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(running.data, port),
        input=PASSWORDS["dora"].encode(),
        capture_output=True,
        timeout=60,
    )
    assert added.returncode == 0, added.stderr.decode()
    return "dora"


def test_eight_customers_three_agents_and_a_supervisor(room: Room, dora: str) -> None:
    agents = [room.agent("ben", "zh-HK"), room.agent("cleo", "en"), room.agent(dora, "zh-CN")]
    sue = room.agent("sue", "zh-TW")
    waiting_before = sue.waiting()
    customers = [
        room.customer(LOCALES[number % 4], **({"viewport": PHONE} if number >= 4 else {})) for number in range(8)
    ]

    # All ask the assistant, then all want a person in the same millisecond.
    for customer, locale in zip(customers, LOCALES * 2, strict=True):
        customer.type(QUESTIONS[locale])
    for customer in customers:
        expect(customer.lines("assistant").first).to_be_visible()
    all_at_once([customer.part("person-button") for customer in customers])
    for customer in customers:
        customer.wait_in_line()
    cases = {customer.case(): customer for customer in customers}
    assert len(cases) == 8
    for case in cases:
        for agent in (*agents, sue):
            expect(agent.row(case)).to_be_visible()
    talks = {case: str(sue.row(case).get_attribute("data-conversation")) for case in cases}
    positions = sorted(customer.position() for customer in customers)
    assert positions == list(range(positions[0], positions[0] + 8)), "everybody has a place of their own"
    room.shot(agents[0].page, "busy-1-eight-wait-desktop")
    room.shot(customers[4].page, "busy-1-eight-wait-phone")

    # The three agents reach for the same customer, and one gets them; then each takes the next until nobody waits.
    head = min(cases.values(), key=CustomerPage.position).case()
    all_at_once([agent.row(head).get_by_test_id("claim") for agent in agents])
    expect(cases[head].part("waiting-banner")).to_be_hidden()
    held: dict[str, AgentPage] = {head: next(one for one in agents if _speaker(cases[head]) == one.name)}
    for other in agents:
        if other is not held[head]:
            expect(other.part("notice")).to_contain_text(held[head].name)
    for number, case in enumerate(case for case in cases if case != head):
        agent = agents[number % 3]
        agent.take(case)
        held[case] = agent
    for case, customer in cases.items():
        expect(customer.part("waiting-banner")).to_be_hidden()
        expect(customer.part("speaker")).to_have_text(held[case].name)
    assert sue.waiting() == waiting_before
    room.shot(sue.page, "busy-2-all-taken-supervisor-desktop")

    # Everybody writes: all customers in the same moment, while their agents answer.
    for case, customer in cases.items():
        customer.part("composer").fill(f"我的案號係 {case}")
    all_at_once([customer.part("send") for customer in customers])
    for case, agent in held.items():
        _open(agent, talks[case])
        agent.hears(case)
        agent.type(f"{case}: {agent.login}")
    for case, customer in cases.items():
        expect(customer.lines("agent").filter(has_text=f"{case}: {held[case].login}")).to_be_visible()
        assert texts_of(customer.lines("agent")) == [f"{case}: {held[case].login}"], "nobody hears another's agent"
    room.shot(agents[1].page, "busy-3-desk-desktop")
    assert not is_wider_than_its_screen(agents[1].page, ".brief", ".brief-body")

    # The supervisor reads along unseen, and takes over.
    watched = next(case for case, agent in held.items() if agent is agents[0])
    told_before = cases[watched].lines("system").count()
    _open(sue, talks[watched], "others-row")
    expect(sue.lines("agent").filter(has_text=f"{watched}: ben")).to_be_visible()
    cases[watched].say("仲喺度嗎")
    sue.hears("仲喺度嗎")
    assert cases[watched].lines("system").count() == told_before
    room.shot(sue.page, "busy-4-supervisor-reads-desktop")
    sue.part("takeover").click()
    expect(cases[watched].part("speaker")).to_have_text(sue.name)
    expect(sue.part("desk-composer")).to_be_visible()
    sue.type("我是主管 Sue")
    expect(cases[watched].lines("agent").filter(has_text="主管")).to_be_visible()
    held[watched] = sue

    # One is passed on to a colleague with a note that the customer does not see.
    passed = next(case for case, agent in held.items() if agent is agents[1])
    _open(agents[1], talks[passed])
    agents[1].part("open-transfer").click()
    agents[1].part("person").filter(has_text="Dora").click()
    agents[1].part("transfer-note").fill("only for Dora")
    agents[1].part("colleagues-send").click()
    expect(cases[passed].part("speaker")).to_have_text(agents[2].name)
    held[passed] = agents[2]
    _open(agents[2], talks[passed])
    expect(agents[2].lines("note").filter(has_text="only for Dora")).to_be_visible()
    assert cases[passed].page.get_by_text("only for Dora").count() == 0

    # One after the other is closed, and the assistant is back for each; nothing was lost and nothing said twice.
    for case, customer in cases.items():
        _open(held[case], talks[case])
        held[case].close_conversation()
        expect(customer.part("person-button")).to_be_visible()
    heard_before = [customer.lines("assistant").count() for customer in customers]
    for customer, locale in zip(customers, LOCALES * 2, strict=True):
        customer.type(QUESTIONS[locale])
    for customer, before in zip(customers, heard_before, strict=True):
        expect(customer.lines("assistant").nth(before)).to_be_visible()
        assert customer.state()["status"] == "bot"
    for case, customer in cases.items():
        said = [text for text in texts_of(customer.lines("customer")) if case in text]
        assert len(said) == 1
        heard = [text for text in texts_of(customer.lines("agent")) if case in text]
        assert len(heard) == 1
    room.shot(customers[0].page, "busy-5-closed-desktop")
    room.shot(customers[5].page, "busy-5-closed-phone")
    for agent in agents:
        expect(agent.page.get_by_test_id("mine-row")).to_have_count(0)


def _speaker(customer: CustomerPage) -> str:
    expect(customer.part("speaker")).not_to_be_empty()
    return customer.part("speaker").inner_text()


def _open(agent: AgentPage, conversation: str, kind: str = "mine-row") -> None:
    row = agent.page.locator(f'[data-testid="{kind}"][data-conversation="{conversation}"]')
    row.locator("button").first.click()
    expect(row.locator("button").first).to_have_attribute("aria-current", "true")
