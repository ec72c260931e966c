"""Cards from the panels beside the conversation, in a browser: one click each, and what the customer sees."""

from __future__ import annotations

import pytest
from desk_office import PHONE, Office
from playwright.sync_api import expect
from rounds import some
from sqlalchemy import create_engine, text
from test_desk_looks import _look

import shop.demo
from handoff import conversations

pytestmark = pytest.mark.browser

# By day the panels are opened on a phone twice, and once at a desk.
PHONES, DESKTOPS = (some(("desktop", "phone"), kind) for kind in ("phone", "desktop"))

SHOWN = """(({ state, messages }) => [state.case, [...messages.values()].at(-1).conversation])(
  document.querySelector("switchboard-chat").conversation)"""


@pytest.mark.parametrize("kind", PHONES)
def test_an_article_and_an_order_are_sent_from_the_panels_with_one_click(office: Office, kind: str) -> None:
    options = PHONE if kind == "phone" else {}
    ben, customer = office.agent("ben", **options), office.customer("zh-TW", **options)
    customer.get_by_test_id("person-button").click()
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    case, talk = customer.evaluate(SHOWN)
    number = office.shop.orders_of("c-0001")[0].number
    office.write(lambda c: conversations.prove_order(c, conversations.find(c, talk), number))
    ben.locator(f'[data-testid="queue-row"][data-ticket="{case}"]').get_by_test_id("claim").click()
    ours = ben.locator('[data-testid="desk-message"][data-author="agent"][data-id]')

    def panel(name: str) -> None:
        if kind == "phone":
            ben.get_by_test_id("show-customer").click()
        ben.get_by_test_id(f"tab-{name}").click()

    panel("customer")
    ben.get_by_test_id("order-send").click()
    expect(ours.last.get_by_test_id("order-card")).to_contain_text(number)
    expect(customer.get_by_test_id("order-card")).to_contain_text(number)

    panel("faq")
    ben.get_by_test_id("faq-search").fill("多久送到")
    ben.get_by_test_id("faq-result").first.get_by_test_id("faq-card").click()
    expect(ours.last.get_by_test_id("article-card")).to_contain_text("多久會送到？")
    shown = customer.get_by_test_id("article-card")
    expect(shown).to_contain_text("三天。")
    expect(shown).to_have_attribute("rel", "noopener noreferrer")
    assert (shown.get_attribute("href") or "").endswith("/help/zh-TW/delivery-time")
    found = _look(office, ben, f"cards-desk-{kind}") + _look(office, customer, f"cards-customer-{kind}")

    # Taken back within its five seconds, it never leaves.
    office.call(ben, "PUT", "/preferences", {"undoSend": True})
    ben.reload()
    expect(ours).to_have_count(2)
    panel("faq")
    ben.get_by_test_id("faq-search").fill("運費多少")
    ben.get_by_test_id("faq-result").first.get_by_test_id("faq-card").click()
    ben.get_by_test_id("undo-send").click()
    expect(ben.get_by_test_id("undo-send")).to_have_count(0)
    expect(ben.get_by_test_id("desk-composer")).to_have_value("")
    expect(customer.get_by_test_id("article-card")).to_have_count(1)
    office.call(ben, "PUT", "/preferences", {"undoSend": False})
    assert found == []
    ben.context.close()
    customer.context.close()


@pytest.mark.parametrize("kind", DESKTOPS)
def test_a_product_is_searched_and_sent_and_shown_with_its_picture_price_and_page(office: Office, kind: str) -> None:
    options = PHONE if kind == "phone" else {}
    ben, customer = office.agent("ben", **options), office.customer("zh-TW", **options)
    customer.get_by_test_id("person-button").click()
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    case, _ = customer.evaluate(SHOWN)
    ben.locator(f'[data-testid="queue-row"][data-ticket="{case}"]').get_by_test_id("claim").click()
    if kind == "phone":
        ben.get_by_test_id("show-customer").click()
        ben.get_by_test_id("tab-products").click()
    else:
        expect(ben.get_by_test_id("desk-composer")).to_be_focused()
        ben.get_by_test_id("desk-composer").blur()
        ben.keyboard.press("g")
    expect(ben.get_by_test_id("product-result")).to_have_count(12)
    expect(ben.get_by_test_id("product-result").first).to_contain_text("帆布托特包")
    found = _look(office, ben, f"products-{kind}")
    ben.get_by_test_id("product-search").fill("耳機")
    expect(ben.get_by_test_id("product-result")).to_have_count(1)
    ben.get_by_test_id("product-send").click()
    shown = customer.get_by_test_id("product-card")
    expect(shown).to_contain_text("無線藍牙耳機")
    expect(shown).to_contain_text("$1,790")
    expect(shown).to_contain_text("可預購")
    assert shown.locator("img").evaluate("async (image) => (await image.decode(), image.naturalWidth > 0)")
    expect(ben.get_by_test_id("product-card")).to_contain_text("無線藍牙耳機")
    found += _look(office, ben, f"product-desk-{kind}") + _look(office, customer, f"product-customer-{kind}")
    shown.get_by_test_id("product-open").click()
    expect(customer.locator("#earbuds.is-meant")).to_be_in_viewport()
    assert customer.url == f"{office.base}/#earbuds" and found == []
    customer.reload()
    expect(customer.locator("#earbuds.is-meant")).to_be_in_viewport()
    ben.context.close()
    customer.context.close()


def test_a_shop_that_does_not_answer_is_said_in_the_panel_and_asked_again_at_the_next_look(office: Office) -> None:
    ben = office.agent("ben")
    engine = create_engine(office.shop_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE shop_products"))
    ben.get_by_test_id("tab-products").click()
    about = ben.get_by_test_id("products-about")
    expect(about).to_have_text("The shop’s system does not answer at the moment.")
    expect(ben.get_by_test_id("product-result")).to_have_count(0)
    shop.demo.fill(office.shop_url)
    engine.dispose()
    ben.get_by_test_id("tab-faq").click()
    ben.get_by_test_id("tab-products").click()
    expect(ben.get_by_test_id("product-result")).to_have_count(12)
    expect(about).to_have_text("Shown first in the shop · English")
    ben.context.close()


@pytest.mark.parametrize("kind", PHONES)
def test_a_page_opens_in_the_customers_tab_only_after_they_accept(office: Office, kind: str) -> None:
    options = PHONE if kind == "phone" else {}
    ben, customer = office.agent("ben", **options), office.customer("zh-TW", **options)
    customer.get_by_test_id("person-button").click()
    expect(customer.get_by_test_id("waiting-banner")).to_be_visible()
    case, _ = customer.evaluate(SHOWN)
    ben.locator(f'[data-testid="queue-row"][data-ticket="{case}"]').get_by_test_id("claim").click()
    before, target = customer.url, f"{office.base}/help/zh-TW/delivery-time"

    def ask(address: str) -> None:
        if kind == "phone":
            ben.get_by_test_id("show-customer").click()
        ben.get_by_test_id("tab-faq").click()
        ben.get_by_test_id("page-address").fill(address)
        ben.get_by_test_id("page-ask").click()

    offer = customer.get_by_test_id("page-offer")
    ask(f"{office.base}/help/zh-TW/delivery-fee")
    offer.get_by_test_id("page-decline").click()
    expect(offer).to_have_attribute("data-state", "declined")
    expect(ben.get_by_text("The customer did not open the page.")).to_be_visible()

    ask(target)
    expect(offer).to_have_count(2)
    expect(offer.last).to_contain_text("多久會送到？")
    assert customer.url == before, "nothing opens by itself"
    found = _look(office, ben, f"page-desk-{kind}") + _look(office, customer, f"page-customer-{kind}")
    offer.last.get_by_test_id("page-open").click()
    customer.wait_for_url(target)
    expect(ben.get_by_text("The customer opened the page.")).to_be_visible()
    assert found == []
    ben.context.close()
    customer.context.close()
