"""Asking a customer for a code, in a browser: two clicks at the desk, an address and six digits in the chat."""

from __future__ import annotations

import pytest
from desk_office import LOCALES, PHONE, Office
from playwright.sync_api import expect
from rounds import some
from test_contact_proof import ANA, Letterbox, Mute
from test_desk_looks import _look

from handoff import conversations
from handoff.clock import utc_now
from switchboard.contact_proving import Carrier

pytestmark = pytest.mark.browser

MORE = {"zh-HK": "更多", "zh-TW": "更多", "zh-CN": "更多", "en": "More"}
SHOWN = """(({ state, messages }) => [state.case, [...messages.values()].at(-1).conversation])(
  document.querySelector("switchboard-chat").conversation)"""


# The agent sits at a desk either way.
@pytest.mark.parametrize(("locale", "kind"), some([("zh-HK", "phone"), ("en", "desktop")], ("zh-HK", "phone")))
def test_a_customer_who_is_asked_proves_an_address_and_the_desk_shows_one_history(
    office: Office, locale: str, kind: str
) -> None:
    letters = Letterbox()
    office.app.ctx.channels.carriers["email"] = Carrier("email", letters)
    address = f"{kind}.{ANA}"
    office.write(lambda c: conversations.open_or_begin(c, "email", address, utc_now(), "zh-HK"))
    customer = office.customer(locale, **(PHONE if kind == "phone" else {}))
    ben = office.agent("ben", locale)
    customer.get_by_test_id("person-button").click()
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    case, _ = customer.evaluate(SHOWN)
    ben.locator(f'[data-testid="queue-row"][data-ticket="{case}"]').get_by_test_id("claim").click()
    ben.get_by_test_id("tab-customer").click()
    ben.get_by_test_id("ask-proof").click()
    asked = ben.locator('[data-testid="desk-message"][data-author="agent"][data-id]')
    expect(asked.get_by_test_id("article-card")).to_be_visible()
    form = customer.get_by_test_id("prove-form")
    expect(form).to_contain_text("Ben")
    expect(form).to_be_visible()
    form.get_by_test_id("prove-field").fill("not an address")
    form.get_by_test_id("prove-send").click()
    expect(form.get_by_role("alert")).to_be_visible()
    form.get_by_test_id("prove-field").fill(address)
    found = _look(office, customer, f"prove-contact-{kind}") + _look(office, ben, f"prove-desk-asked-{kind}")
    form.get_by_test_id("prove-send").click()
    expect(form.get_by_test_id("prove-again")).to_be_visible()
    code = office.run(letters.code(1))
    form.get_by_test_id("prove-field").fill("000000" if code != "000000" else "111111")
    form.get_by_test_id("prove-send").click()
    expect(form.get_by_role("alert")).to_be_visible()
    found += _look(office, customer, f"prove-code-{kind}")
    form.get_by_test_id("prove-field").fill(code)
    form.get_by_test_id("prove-send").click()
    expect(customer.get_by_test_id("prove-done")).to_be_visible()
    expect(ben.get_by_test_id("proof")).to_contain_text(address)
    expect(ben.get_by_test_id("ask-proof")).to_be_hidden()
    expect(ben.get_by_test_id("past-row")).to_have_count(1)
    found += _look(office, ben, f"prove-desk-{kind}") + _look(office, customer, f"prove-done-{kind}")

    post = Mute()
    office.app.ctx.channels._post.register("email", post)
    ben.reload()
    place = ben.get_by_test_id("place")
    expect(place).to_contain_text(f"{address[0]}•••@example.com")
    ben.get_by_test_id("place-go").click()
    found += _look(office, ben, f"place-desk-{kind}")
    expect(customer.get_by_test_id("prove-done")).to_be_visible(), "one press moves nothing"
    ben.get_by_test_id("place-go").click()
    expect(asked).to_have_count(0)
    expect(ben.get_by_test_id("past-row")).to_have_count(1)
    post.refuses = True
    ben.get_by_test_id("desk-composer").fill("hello by mail")
    ben.get_by_test_id("desk-composer").press("Enter")
    other = ben.get_by_test_id("send-other")
    office.app.ctx.outbox.nudge()
    expect(other).to_be_visible()
    other.click()
    expect(ben.get_by_test_id("notice")).to_be_visible()
    found += _look(office, ben, f"place-refused-{kind}")
    assert found == []
    ben.context.close()
    customer.context.close()


# A number where there are text messages, and an address where codes go by mail alone.
@pytest.mark.parametrize("locale", some(LOCALES, "zh-TW", "zh-CN"))
def test_a_customer_proves_an_address_or_a_number_from_the_menu(office: Office, locale: str) -> None:
    kind = "phone" if locale in ("zh-HK", "zh-CN") else "desktop"
    letters = Letterbox()
    carriers = office.app.ctx.channels.carriers
    carriers.clear()
    customer = office.customer(locale, **(PHONE if kind == "phone" else {}))
    customer.get_by_test_id("composer").fill(f"menu {locale}")
    customer.get_by_test_id("composer").press("Enter")
    expect(customer.locator('[data-testid="message"][data-author="assistant"]')).to_be_visible()
    customer.get_by_test_id("more").click()
    expect(customer.get_by_test_id("save-download")).to_be_visible()
    expect(customer.get_by_test_id("prove-way")).to_have_count(0), "no channel sends codes"
    customer.get_by_test_id("sheet-back").click()

    carriers["email"] = Carrier("email", letters)
    if locale != "zh-CN":  # codes go by mail alone there
        carriers["phone"] = Carrier("sms", letters)
    wants_phone = locale in ("zh-HK", "zh-TW")
    contact = {"zh-HK": "9123 4567", "zh-TW": "0912 345 678"}.get(locale, f"menu.{locale}@example.com")
    number = {"zh-HK": "+85291234567", "zh-TW": "+886912345678"}.get(locale, contact.lower())
    office.write(lambda c: conversations.open_or_begin(c, "sms" if wants_phone else "email", number, utc_now(), locale))
    customer.get_by_test_id("more").click()
    expect(customer.get_by_test_id("more")).to_have_attribute("title", MORE[locale])
    found = _look(office, customer, f"menu-{kind}-{locale}")
    customer.get_by_test_id("prove-way").click()
    form = customer.get_by_test_id("prove-form")
    expect(form).to_be_visible()
    field = form.get_by_test_id("prove-field")
    expect(field).to_have_attribute("autocomplete", "email")
    field.fill(contact)
    found += _look(office, customer, f"menu-prove-{kind}-{locale}")
    form.get_by_test_id("prove-send").click()
    expect(form.get_by_test_id("prove-again")).to_be_visible()
    field.fill(office.run(letters.code(1)))
    found += _look(office, customer, f"menu-prove-code-{kind}-{locale}")
    form.get_by_test_id("prove-send").click()
    expect(customer.get_by_test_id("prove-done")).to_be_visible()
    found += _look(office, customer, f"menu-prove-done-{kind}-{locale}")
    customer.get_by_test_id("sheet-back").click()
    expect(customer.get_by_test_id("prove-way")).to_be_focused()
    customer.get_by_test_id("sheet-back").click()
    expect(customer.get_by_test_id("more")).to_be_focused()
    expect(customer.locator('[data-testid="message"][data-author="system"]').last).to_be_visible()
    ben = office.agent("ben", locale)
    _, talk = customer.evaluate(SHOWN)
    ben.goto(f"{office.base}/desk#/inbox/{talk}")
    ben.get_by_test_id("tab-customer").click()
    expect(ben.get_by_test_id("past-row")).to_have_count(1), "what they wrote here and there is one history"
    assert found == []
    ben.context.close()
    customer.context.close()
