"""A gateway that dies and a network that lets no socket through."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from running_switchboard import Running

from .browser_parts import AgentPage, CustomerPage, Room, ids_of, texts_of

pytestmark = [pytest.mark.browser, pytest.mark.bot]

NO_SOCKETS = """window.WebSocket = class {
  constructor() { throw new DOMException("blocked", "SecurityError"); }
  static OPEN = 1;
};"""


def meet(room: Room, customer: CustomerPage, login: str) -> AgentPage:
    """A customer who talks with a person."""
    agent = room.agent(login)
    customer.part("person-button").click()
    customer.wait_in_line()
    agent.take(customer.case())
    expect(customer.part("speaker")).to_have_text(agent.name)
    return agent


def test_killed_gateway_loses_and_doubles_no_line(room: Room, running: Running) -> None:
    customer = room.customer("zh-HK")
    ben = meet(room, customer, "ben")
    customer.say("第一句")
    ben.type("第二句")
    expect(customer.lines("agent")).to_have_count(1)

    room.is_line_cut = True
    died = running.kill("gateway")
    customer.type("第三句")
    expect(customer.lines("customer").last).to_have_attribute("data-state", "pending")
    ben.type("第四句")
    expect(customer.part("connection-notice")).to_be_visible()
    room.shot(customer.page, "zh-HK-lost-desktop")
    running.wait_for_another("gateway", died)

    expect(customer.lines("agent")).to_have_count(2)
    expect(customer.lines("customer").last).to_have_attribute("data-state", "sent")
    expect(customer.part("connection-notice")).to_be_hidden()
    ben.hears("第三句")
    expect(ben.part("connection")).to_be_hidden()
    customer.say("第五句")
    ben.hears("第五句")

    for place in (customer, ben):
        said = [text for text in texts_of(place.lines()) if text.startswith("第")]
        assert sorted(said) == sorted(["第一句", "第二句", "第三句", "第四句", "第五句"])
        assert said[:2] == ["第一句", "第二句"] and said[-1] == "第五句"
        assert ids_of(place.lines()) == sorted(ids_of(place.lines()))
    shown = [text for text in texts_of(ben.lines()) if text.startswith("第")]
    assert [text for text in texts_of(customer.lines()) if text.startswith("第")] == shown
    ben.close_conversation()


def test_waiting_ticket_outlives_the_gateway(room: Room, running: Running) -> None:
    ben = room.agent("ben")
    customer = room.customer("zh-HK")
    customer.part("person-button").click()
    customer.wait_in_line()
    case = customer.case()
    room.is_line_cut = True
    running.wait_for_another("gateway", running.kill("gateway"))
    ben.take(case)
    expect(customer.part("speaker")).to_have_text(ben.name)
    assert customer.lines("customer").count() == 1
    ben.close_conversation()


def test_without_sockets_the_chat_asks_for_what_is_new(room: Room) -> None:
    customer = room.customer("en", init=NO_SOCKETS)
    customer.ask("how much is shipping")
    ben = meet(room, customer, "ben")
    customer.say("Is the green one in stock?")
    ben.hears("Is the green one in stock?")
    ben.type("It is.")
    expect(customer.lines("agent").filter(has_text="It is.")).to_be_visible()
    ben.close_conversation()
    expect(customer.part("person-button")).to_be_visible()
    assert customer.lines("customer").filter(has_text="green").count() == 1
    assert customer.lines("agent").count() == 1
