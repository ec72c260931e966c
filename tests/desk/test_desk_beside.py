"""What stands beside a conversation: the knowledge, the brief with the order, parcels as the shop knows them now, lists
that hold what they say; and on the customer's side, how long the wait is."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from desk_office import Office
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, update
from sqlalchemy.engine import Connection

from handoff import agents, conversations, tickets
from handoff.models import Status, TicketKind, TicketStatus
from handoff.records import Wish
from shop import ParcelStatus, sql
from shop.cards import order_card

pytestmark = pytest.mark.browser

LINES = [("customer", "包裹去咗邊？"), ("agent", "你好，我係 Ben。")]


def _open(page: Page, office: Office, talk: str) -> None:
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("desk-composer")).to_be_visible()


@pytest.mark.parametrize(
    ("spoken", "answer"), [("zh-HK", "三日。"), ("zh-TW", "三天。"), ("en", "Three days.")], ids=["hk", "tw", "en"]
)
def test_one_click_inserts_the_answer_as_the_customer_reads_it(office: Office, spoken: str, answer: str) -> None:
    """The agent's own language is another one."""
    talk = office.talk(LINES, "ben", "Ana", language=spoken)
    ben = office.agent("ben", "zh-CN" if spoken == "en" else "en")
    _open(ben, office, talk)
    ben.get_by_test_id("tab-faq").click()
    ben.get_by_test_id("faq-search").fill("when will it arrive")
    found = ben.locator('[data-testid="faq-result"][data-article="delivery-time"]')
    expect(found).to_have_attribute("lang", spoken)
    found.get_by_test_id("faq-insert").click()
    expect(ben.get_by_test_id("desk-composer")).to_have_value(answer)
    ben.get_by_test_id("desk-composer").press("Enter")
    expect(ben.locator('[data-testid="desk-message"][data-author="agent"]').last).to_contain_text(answer)
    ben.context.close()


def test_the_parcels_are_as_the_shop_knows_them_now(office: Office) -> None:
    talk = office.talk(LINES, "ben", "陳美玲")
    until = datetime.now(timezone.utc) + timedelta(minutes=30)
    office.write(lambda c: conversations.set_identity(c, talk, "c-0001", "陳美玲", until))
    ben = office.agent("ben", "en")
    _open(ben, office, talk)
    order = ben.locator('.order-card, [data-testid="order-card"]').filter(has_text="HG10023847").first
    parcel = order.locator(".parcel").first
    expect(parcel.locator(".age")).to_have_text(re.compile(r"^Updated \d+ \w+ ago$"))
    expect(parcel.locator(".order-status")).not_to_have_text("Delivered")
    tracking = parcel.locator("code").inner_text()
    engine = create_engine(office.shop_url, future=True)
    with engine.begin() as connection:
        now = {"status": ParcelStatus.DELIVERED.value, "updated_at": datetime.now(timezone.utc)}
        connection.execute(update(sql.parcels).where(sql.parcels.c.tracking_number == tracking).values(**now))
    engine.dispose()
    ben.get_by_test_id("customer-refresh").click()
    expect(parcel.locator(".order-status")).to_have_text("Delivered")
    expect(parcel.locator(".age")).to_have_text(re.compile("now|second|1 minute"))
    ben.context.close()


def test_the_brief_shows_the_order_with_the_age_of_what_is_known(office: Office) -> None:
    order = next(one for one in office.shop.orders_of("c-0001") if one.number == "HG10023847")
    parcels = office.shop.parcels_of(order.number)
    facts = order_card(order, parcels, "en", datetime.now(timezone.utc))
    office.bot.hands_over("my order is late", team="delivery", order=facts, summary="late")
    ben, ana = office.agent("ben", "en"), office.customer("en")
    ana.get_by_test_id("composer").fill("my order is late")
    ana.get_by_test_id("composer").press("Enter")
    expect(ana.get_by_test_id("waiting-banner")).to_be_visible()
    ben.get_by_test_id("claim").last.click()
    brief = ben.get_by_test_id("brief")
    age = r"Updated (just now|yesterday|\d+ \w+ ago)"
    expect(brief).to_contain_text(re.compile(f"HG10023847 · .+ · {age}"))
    for parcel in facts["parcels"]:
        expect(brief).to_contain_text(re.compile(f"{re.escape(parcel['carrier'])} · .+ · {age}"))
    ben.context.close()
    ana.context.close()


def test_the_view_of_a_team_leaves_out_other_teams_and_the_queue_shows_who_waits(office: Office) -> None:
    cleo = office.agent_id("cleo")

    def works_in(*teams: str) -> None:
        office.write(lambda c: agents.set_work(c, cleo, teams, (), (), None))

    works_in("returns")
    ours, theirs = (office.talk(LINES, "ben", name, team=team) for name, team in (("Rae", "returns"), ("Sal", "sales")))
    waiting = office.talk(LINES[:1], None, "Wu", team="returns")
    page = office.agent("cleo", "en")
    page.goto(f"{office.base}/desk#/team")
    row = "[data-testid=conversation-row][data-conversation='{}']"
    expect(page.locator(row.format(ours))).to_be_visible()
    expect(page.locator(row.format(theirs))).to_have_count(0)
    page.goto(f"{office.base}/desk#/queue")
    expect(page.get_by_test_id("views")).to_have_text("Waiting")
    expect(page.locator(f'[data-testid="queue-row"][data-conversation="{waiting}"]')).to_be_visible()
    for others in ("mine-row", "others-row"):
        expect(page.get_by_test_id(others).first).to_be_hidden()
    works_in()
    page.context.close()


def test_the_band_of_the_wait_comes_from_real_waits_and_changes_with_the_place(office: Office) -> None:
    now = datetime.now(timezone.utc)

    def picked_up_after_four_minutes_and_answered_in_six(connection: Connection, number: int) -> None:
        began = now - timedelta(minutes=60 + number)
        talk = conversations.open_or_begin(connection, "widget", f"earlier-{number}", began, "en")
        ticket = tickets.open_one(connection, talk.id, Wish("asked_for_person"), TicketKind.LIVE, began)
        talk = conversations.move(connection, talk, Status.WAITING, began, "customer", "handoff")
        tickets.claim(connection, ticket, office.agent_id("ben"), began + timedelta(minutes=4))
        tickets.end(connection, talk.id, TicketStatus.CLOSED, began + timedelta(minutes=10))
        conversations.move(connection, talk, Status.CLOSED, began + timedelta(minutes=10), "agent:ben", "closed")

    for number in range(8):
        office.write(lambda c, number=number: picked_up_after_four_minutes_and_answered_in_six(c, number))
    office.bot.hands_over("/ask_person", team="support", summary="a person")
    free: Any = {"teams": (), "skills": (), "languages": ()}
    office.write(lambda c: agents.set_work(c, office.agent_id("sue"), **free, capacity=1))
    elsewhere = {**free, "teams": ("returns",), "capacity": None}
    for login in ("ben", "cleo"):
        office.write(lambda c, login=login: agents.set_work(c, office.agent_id(login), **elsewhere))
    sue = office.agent("sue", "en")
    ana, bo = office.customer("en"), office.customer("en")
    for customer in (ana, bo):
        customer.get_by_test_id("person-button").click()
        expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    expect(ana.get_by_test_id("waiting-wait")).to_have_text("About 2 to 5 minutes")
    expect(bo.get_by_test_id("waiting-wait")).to_have_text("About 5 to 10 minutes")
    ana.get_by_test_id("leave-queue").click()
    expect(bo.get_by_test_id("waiting-banner")).to_have_attribute("data-position", "1")
    expect(bo.get_by_test_id("waiting-wait")).to_have_text("About 2 to 5 minutes")
    for page in (sue, ana, bo):
        page.context.close()
