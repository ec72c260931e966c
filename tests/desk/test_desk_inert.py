"""Script in what customers, colleagues and the shop write stays text wherever an agent reads it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from desk_office import Office
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, update

from handoff import conversations, tickets
from shop import sql

pytestmark = pytest.mark.browser

EVIL = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
LINES = [("customer", "hello"), ("agent", "Good morning.")]


def _open(page: Page, office: Office, talk: str) -> None:
    page.goto(f"{office.base}/desk#/inbox/{talk}")
    expect(page.get_by_test_id("brief")).to_be_visible()


def _is_inert(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    assert page.locator("body img[src=x], main script, dialog script, iframe").count() == 0


def test_contact_record_history_promise_file_and_shop_are_shown_as_text(office: Office) -> None:
    talk = office.talk(LINES, "ben", EVIL)
    engine = create_engine(office.shop_url, future=True)
    with engine.begin() as connection:
        connection.execute(update(sql.customers).where(sql.customers.c.id == "c-0001").values(name=EVIL))
        connection.execute(update(sql.items).values(name=dict.fromkeys(("zh-HK", "zh-TW", "zh-CN", "en"), EVIL)))
        connection.execute(update(sql.parcels).values(carrier=EVIL[:40]))
    engine.dispose()
    until = datetime.now(timezone.utc) + timedelta(minutes=30)
    office.write(lambda c: conversations.set_identity(c, talk, "c-0001", EVIL, until))
    contact = {"name": EVIL, "email": "ana@example.com", "note": EVIL}
    office.write(lambda c: tickets.set_contact(c, tickets.open_of(c, talk), contact))  # type: ignore[arg-type]
    ben = office.agent("ben", "en")
    known = office.call(ben, "GET", f"/conversations/{talk}/customer?locale=en")["customer"]["record"]
    path = f"/conversations/{talk}/customer"
    office.call(
        ben,
        "PUT",
        path,
        {"version": known["version"], "values": {"name": EVIL, "tags": [{"name": EVIL[:40], "colour": "red"}]}},
    )
    due = (datetime.now(timezone.utc) + timedelta(hours=2)).isoformat()
    said = {"text": f"{EVIL} by then", "client_id": "p", "promise": {"due_at": due}}
    office.call(ben, "POST", f"/conversations/{talk}/messages", said)
    _open(ben, office, talk)
    file = {"name": f"{EVIL}.txt".replace("/", ""), "mimeType": "text/plain", "buffer": b"plain"}
    ben.get_by_test_id("attach-files").set_input_files(file)  # type: ignore[arg-type]
    expect(ben.get_by_test_id("tray")).to_contain_text("onerror")
    ben.get_by_test_id("desk-send").click()
    expect(ben.locator('[data-testid="desk-message"][data-author="agent"]').last).to_contain_text("onerror")
    expect(ben.get_by_test_id("brief")).to_contain_text("onerror")
    expect(ben.get_by_test_id("promises").get_by_test_id("promise")).to_contain_text("onerror")
    expect(ben.get_by_test_id("customer-record")).to_contain_text("onerror")
    orders = ben.get_by_test_id("order-card").first
    expect(orders).to_contain_text("onerror")
    ben.get_by_test_id("customer-history").locator("summary").click()
    expect(ben.get_by_test_id("change").first).to_contain_text("onerror")
    _is_inert(ben)
    ben.get_by_test_id("open-promises").click()
    expect(ben.get_by_test_id("promises-dialog")).to_contain_text("onerror")
    _is_inert(ben)


def test_what_a_customer_says_of_a_chat_is_shown_as_text(office: Office) -> None:
    ben, ana = office.agent("ben", "en"), office.customer("en")
    ana.get_by_test_id("person-button").click()
    expect(ana.get_by_test_id("waiting-banner")).to_be_visible()
    ben.get_by_test_id("claim").last.click()
    ben.get_by_test_id("desk-composer").fill("Good morning.")
    ben.get_by_test_id("desk-composer").press("Enter")
    expect(ana.locator('[data-testid="message"][data-author="agent"]')).to_be_visible()
    ben.get_by_test_id("close-conversation").click()
    ben.get_by_test_id("wrap-up-close").click()
    ana.get_by_test_id("face-2").click()
    ana.get_by_test_id("csat-words").fill(EVIL)
    ana.get_by_test_id("csat-send").click()
    expect(ben.get_by_test_id("outcome-rating")).to_contain_text("onerror")
    _is_inert(ben)
    sue = office.agent("sue", "en")
    sue.get_by_test_id("open-figures").click()
    expect(sue.get_by_test_id("figures")).to_contain_text("onerror")
    _is_inert(sue)
