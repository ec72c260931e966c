"""Cards that an agent sends: an article with its page, an order of the customer, a product; what may not be sent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import Gateway, Page, Seat, Start

import shop

MEMBERS = """
category: {en: Members}
articles:
  - id: member-points
    question: {en: How many points do I have?}
    answer: {en: Many.}
    audience: [signed_in]
  - id: not-yet
    question: {en: What comes in spring?}
    answer: {en: Flowers.}
    valid_from: 2030-01-01
  - id: long
    question: {en: What is long?}
    answer: {en: "LONG"}
""".replace("LONG", "**word** " * 60)


def _order_of(gateway: Gateway, customer_id: str) -> shop.Order:
    return shop.open_shop(gateway.settings.shop_mapping).orders_of(customer_id)[0]


async def _held(gateway: Gateway, seat: Seat, page: Page) -> str:
    """The conversation of a page, in this agent's hands."""
    await page.say("good day")
    line = await page.message("customer", "good day")
    await seat.post(f"/conversations/{line['conversation']}/takeover")
    return str(line["conversation"])


async def _proves(gateway: Gateway, page: Page, number: str) -> None:
    gateway.bot.says("my order", {"text": "Here", "custom": {"order": {"number": number, "status": "shipped"}}})
    await page.say("my order")
    await page.message("assistant", "Here")


async def _send(seat: Seat, talk: str, card: Any, status: int = 200, **more: Any) -> Any:
    answer = await seat.post(f"/conversations/{talk}/messages", {"card": card, **more}, status=status)
    return answer["message"] if status == 200 else answer["error"]


@pytest.mark.parametrize(
    "locale, title, said", [("zh-TW", "多久會送到？", "三天。"), ("en", "How long does delivery take?", "Three days.")]
)
async def test_an_article_is_a_card_in_the_customers_variant_with_a_text_for_other_channels(
    gateway: Gateway, locale: str, title: str, said: str
) -> None:
    ben, page = await gateway.seat("ben"), await gateway.page(locale=locale)
    talk = await _held(gateway, ben, page)
    await page.send({"type": "language", "language": locale})
    found = (await ben.get(f"/faq?q=delivery&locale={locale}"))["articles"]
    assert found[0]["page"] == f"{gateway.settings.help_address}/{locale}/{found[0]['id']}"
    sent = await _send(ben, talk, {"article": "delivery-time"}, client_id="one")
    url = f"{gateway.settings.help_address}/{locale}/delivery-time"
    assert sent["card"] == {"kind": "article", "id": "delivery-time", "title": title, "text": said, "url": url}
    assert sent["text"] == f"{title}\n{said}\n{url}" and sent["wordless"] and sent["author"] == "agent"
    shown = await page.message("agent", title)
    assert shown["card"] == sent["card"] and shown["article"] is None and not shown["can_rate"]
    again = await _send(ben, talk, {"article": "delivery-time"}, client_id="one")
    assert again["id"] == sent["id"], "a repeat is the same line"
    path = url.removeprefix(gateway.settings.base_url)
    async with gateway.http.get(f"{gateway.base}{path}") as there:
        assert there.status == 200 and title in await there.text()


async def test_an_order_is_sent_in_full_to_its_signed_in_customer_only_while_that_holds(gateway: Gateway) -> None:
    ben, page = await gateway.seat("ben"), await gateway.page(identity=gateway.identity(minutes=60))
    talk = await _held(gateway, ben, page)
    own, other = _order_of(gateway, "c-0001"), _order_of(gateway, "c-0002")
    sent = await _send(ben, talk, {"order": own.number})
    assert sent["order"]["number"] == own.number and sent["order"]["total"] == str(own.total)
    first, *rest = sent["text"].split("\n")
    assert first.startswith(f"{own.number} · {own.status.label('en')} · {own.currency} {own.total} · updated ")
    assert len(rest) == len(sent["order"]["items"]) + len(sent["order"]["parcels"])
    assert (await page.message("agent", own.number))["order"] == sent["order"]
    for number in (other.number, "HG00000000", "' OR 1=1 --"):
        assert (await _send(ben, talk, {"order": number}, status=404))["code"] == "order_not_proved"
    gateway.clock.forward(minutes=61)
    assert (await _send(ben, talk, {"order": own.number}, status=404))["code"] == "order_not_proved"
    lines = (await ben.get(f"/conversations/{talk}"))["messages"]
    assert [one["text"].split(" ")[0] for one in lines if one["author"] == "agent"] == [own.number]


async def test_an_order_proved_by_its_number_shows_how_far_it_is_and_nothing_the_browser_says(
    gateway: Gateway,
) -> None:
    ben, page, stranger = await gateway.seat("ben"), await gateway.page(), await gateway.page()
    own = _order_of(gateway, "c-0001")
    await _proves(gateway, page, own.number)
    talk, other_talk = await _held(gateway, ben, page), await _held(gateway, ben, stranger)
    sent = await _send(ben, talk, {"order": own.number})
    assert (sent["order"]["items"], sent["order"]["total"], sent["order"]["status"]) == ([], None, own.status.value)
    assert str(own.total) not in sent["text"]
    assert (await _send(ben, other_talk, {"order": own.number}, status=404))["code"] == "order_not_proved"
    forged: list[Any] = [
        {"order": {"number": own.number, "total": "1.00"}},
        {"order": own.number, "total": "1.00"},
        {"customer": "c-0001"},
        {"article": "x" * 81},
        {},
        own.number,
        [],
    ]
    for card in forged:
        assert (await _send(ben, talk, card, status=400))["details"] == {"field": "card"}
    for beside in ({"text": "Look"}, {"note": True}, {"attachments": ["0" * 32]}):
        assert (await _send(ben, talk, {"order": own.number}, status=400, **beside))["code"] == "bad_input"
    assert (await _send(ben, talk, {"article": "no-such-one"}, status=404))["code"] == "unknown_article"


async def test_who_has_no_word_sends_no_card(gateway: Gateway) -> None:
    ben, cleo, eddy = [await gateway.seat(one) for one in ("ben", "cleo", "eddy")]
    page = await gateway.page(identity=gateway.identity())
    talk = await _held(gateway, ben, page)
    number = _order_of(gateway, "c-0001").number
    for card in ({"order": number}, {"article": "delivery-time"}, {"product": "earbuds"}):
        assert (await _send(cleo, talk, card, status=409))["code"] == "not_your_conversation"
        assert (await _send(eddy, talk, card, status=403))["code"] == "not_allowed"


async def test_an_article_that_not_everybody_may_read_has_no_card(start: Start, root: Path) -> None:
    (root / "faq_kb" / "articles" / "members.yml").write_text(MEMBERS, encoding="utf-8")
    gateway = await start()
    ben, page = await gateway.seat("ben"), await gateway.page()
    talk = await _held(gateway, ben, page)
    found = (await ben.get("/faq?q=how+many+points+do+I+have&locale=en"))["articles"]
    assert {one["id"]: one["page"] for one in found}["member-points"] is None
    for hidden in ("member-points", "not-yet"):
        assert (await _send(ben, talk, {"article": hidden}, status=404))["code"] == "unknown_article"
    sent = await _send(ben, talk, {"article": "long"})
    assert len(sent["card"]["text"]) <= 160 and sent["card"]["text"].endswith("word…")
    headers = {"Authorization": f"Bearer {page.session['token']}"}
    async with gateway.http.get(f"{gateway.base}/widget/transcript?format=txt", headers=headers) as kept:
        assert sent["card"]["url"] in await kept.text()


@pytest.mark.parametrize(
    "locale, title, price, said",
    [
        ("zh-HK", "凍頂烏龍茶 150 克", ("158.00", "HKD"), "HK$158.00 · 少量現貨"),
        ("zh-TW", "凍頂烏龍茶 150 公克", ("620.00", "TWD"), "NT$620 · 庫存不多"),
        ("zh-CN", "冻顶乌龙茶 150 克", ("138.00", "CNY"), "¥138.00 · 库存紧张"),
        ("en", "Dong Ding oolong tea, 150 g", ("158.00", "HKD"), "HK$158.00 · Only a few left"),
    ],
)
async def test_a_product_is_searched_and_sent_in_the_customers_language_and_money(
    gateway: Gateway, locale: str, title: str, price: tuple[str, str], said: str
) -> None:
    ben, page = await gateway.seat("ben"), await gateway.page(locale=locale)
    talk = await _held(gateway, ben, page)
    await page.send({"type": "language", "language": locale})
    (found,) = (await ben.get(f"/products?q=oolong&locale={locale}"))["products"]
    site = gateway.settings.base_url
    assert (found["title"], (found["price"], found["currency"]), found["stock"]) == (title, price, "low")
    assert (found["url"], found["picture"]) == (f"{site}/#oolong-150g", f"{site}/shop/goods/oolong-150g.svg")
    sent = await _send(ben, talk, {"product": found["id"]}, client_id="one")
    assert sent["card"] == found and sent["text"] == f"{title}\n{said}\n{found['url']}" and sent["wordless"]
    assert (await page.message("agent", title))["card"] == found
    assert (await _send(ben, talk, {"product": found["id"]}, client_id="one"))["id"] == sent["id"]
    assert (await _send(ben, talk, {"product": "no-such-one"}, status=404))["code"] == "unknown_product"
    assert (await _send(ben, talk, {"product": "../orders"}, status=404))["code"] == "unknown_product"
    assert len((await ben.get(f"/products?locale={locale}"))["products"]) == 12
    assert (await ben.get("/products?locale=fr", status=400))["error"]["code"] == "bad_input"


async def test_a_channel_without_cards_gets_the_product_as_text_with_its_link(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    await gateway.rest("good day")
    talk = (await ben.get("/conversations?view=bot"))["conversations"][0]["id"]
    await ben.post(f"/conversations/{talk}/takeover")
    sent = await _send(ben, talk, {"product": "earbuds"})
    assert sent["text"] == f"Wireless earbuds\nHK$458.00 · Pre-order\n{gateway.settings.base_url}/#earbuds"


async def test_a_shop_in_trouble_is_said_at_the_desk_and_nothing_is_sent(start: Start, tmp_path: Path) -> None:
    gateway = await start(shop_url=f"sqlite:///{tmp_path / 'empty.db'}")
    ben, page = await gateway.seat("ben"), await gateway.page()
    talk = await _held(gateway, ben, page)
    assert (await ben.get("/products?q=tea", status=503))["error"]["code"] == "shop_unavailable"
    assert (await _send(ben, talk, {"product": "earbuds"}, status=503))["code"] == "shop_unavailable"
    assert not [one for one in (await ben.get(f"/conversations/{talk}"))["messages"] if one["author"] == "agent"]


@contextmanager
def shop_system(status: int, answer: dict[str, Any]) -> Iterator[str]:
    """A shop's own system that says the same to everything."""
    content = json.dumps(answer).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


EVIL = {"id": "tea", "name": {"en": "Tea"}, "price": "1.00", "currency": "HKD", "stock": "low", "url": "javascript:x()"}


@pytest.mark.parametrize(
    "status, answer, searched, sent",
    [
        (404, {"error": {"code": "not_found"}}, (409, "products_not_offered"), (404, "unknown_product")),
        (501, {}, (409, "products_not_offered"), (409, "products_not_offered")),
        (404, {}, (503, "shop_unavailable"), (503, "shop_unavailable")),
        (500, {}, (503, "shop_unavailable"), (503, "shop_unavailable")),
        (200, {"products": [EVIL], "product": EVIL}, (503, "shop_unavailable"), (503, "shop_unavailable")),
    ],
)
async def test_what_a_shop_system_cannot_tell_is_said_by_its_name(
    start: Start, status: int, answer: dict[str, Any], searched: tuple[int, str], sent: tuple[int, str]
) -> None:
    with shop_system(status, answer) as address:
        gateway = await start(shop_adapter="http", shop_url=address, shop_token="secret")
        ben, page = await gateway.seat("ben"), await gateway.page()
        talk = await _held(gateway, ben, page)
        found = await ben.get("/products?q=tea", status=searched[0])
        assert found["error"]["code"] == searched[1]
        assert (await _send(ben, talk, {"product": "tea"}, status=sent[0]))["code"] == sent[1]


SHOP = "https://shop.example.com"


async def _answer(page: Page, message_id: int, accepted: Any) -> dict[str, Any]:
    seen = len(page.frames)
    await page.send({"type": "page_answer", "message_id": message_id, "accepted": accepted, "client_id": "a"})
    return await page.until(lambda f: f["type"] in ("accepted", "error") and f in page.frames[seen:])


async def test_a_page_is_offered_and_the_first_answer_of_the_customer_stands(start: Start) -> None:
    gateway = await start(allowed_origins=f"{SHOP}, http://plain.example.com")
    ben, page, stranger = await gateway.seat("ben"), await gateway.page(), await gateway.page()
    talk = await _held(gateway, ben, page)
    offers = []
    for address, title in (
        (f"{SHOP}/mugs?colour=blue#small", ""),
        (f"{gateway.settings.help_address}/en/delivery-fee", "What does shipping cost?"),
        (f"{SHOP}/tea", ""),
    ):
        sent = await _send(ben, talk, {"page": address})
        assert (sent["card"]["kind"], sent["card"]["url"], sent["card"]["title"]) == ("page", address, title)
        assert sent["text"].startswith("Ben would like to show you this page") and address in sent["text"]
        offers.append(sent["id"])
    opened, declined, late = offers
    assert (await _answer(stranger, opened, True))["code"] == "unknown_message", "somebody else's"
    for message, said in ((opened, "yes"), ("1", True), (None, False)):
        assert (await _answer(page, message, said))["code"] == "bad_input"  # type: ignore[arg-type]
    first = await _answer(page, opened, True)
    assert first["message"]["card"] == {"kind": "page_answer", "offer": opened, "accepted": True}
    assert (await _answer(page, opened, False))["message"] == first["message"], "what was said first stands"
    refused = await _answer(page, declined, False)
    assert not refused["message"]["card"]["accepted"]
    gateway.clock.forward(minutes=11)
    assert (await _answer(page, late, True))["code"] == "page_offer_over"
    assert (await _answer(page, declined, True))["message"] == refused["message"]
    lines = (await ben.get(f"/conversations/{talk}"))["messages"]
    said = [one["card"] for one in lines if one["card"] and one["card"]["kind"] == "page_answer"]
    assert [(one["offer"], one["accepted"]) for one in said] == [(opened, True), (declined, False)]
    assert (await _answer(page, lines[0]["id"], True))["code"] == "unknown_message", "not an offer"


async def test_two_tabs_that_answer_at_once_have_one_answer(start: Start) -> None:
    gateway = await start(allowed_origins=SHOP)
    ben, page = await gateway.seat("ben"), await gateway.page()
    talk = await _held(gateway, ben, page)
    sent = await _send(ben, talk, {"page": f"{SHOP}/tea"})
    headers = {"Authorization": f"Bearer {page.session['token']}"}

    async def answer(accepted: bool) -> Any:
        frame = {"type": "page_answer", "message_id": sent["id"], "accepted": accepted}
        async with gateway.http.post(f"{gateway.base}/widget/frames", json=frame, headers=headers) as response:
            return (await response.json())["frames"][0]["message"]

    answers = await asyncio.gather(*(answer(accepted) for accepted in (True, False, True, False)))
    assert all(one == answers[0] for one in answers)


REFUSED = (
    "http://shop.example.com/tea",
    "https://evil.example/tea",
    "https://shop.example.com.evil.example/",
    "https://shop.example.com@evil.example/",
    "https://evil.example@shop.example.com/",
    "https://shop.example.com:8443/",
    "https://shop.example.com\\@evil.example/",
    "https://shop.example.com/a b",
    "https://shop.example.com/\n",
    "https://shop.example.com/a/../../desk",
    "//shop.example.com/tea",
    "/help/en/delivery-fee",
    "javascript:alert(1)//https://shop.example.com/",
    "data:text/html,https://shop.example.com/",
    "https://shoр.example.com/",
    "https://[shop.example.com/",
    "http://plain.example.com/",
    "HELP/../desk",
    "HELP/%2e%2E/desk",
    "BASE/desk",
    "HELPER/en/",
)


async def test_no_other_page_is_ever_offered(start: Start) -> None:
    gateway = await start(allowed_origins=f"{SHOP}, http://plain.example.com")
    ben, page = await gateway.seat("ben"), await gateway.page()
    talk = await _held(gateway, ben, page)
    for one in REFUSED:
        address = one.replace("HELP", gateway.settings.help_address).replace("BASE", gateway.settings.base_url)
        assert (await _send(ben, talk, {"page": address}, status=400))["code"] == "page_refused", one
    assert not [one for one in (await ben.get(f"/conversations/{talk}"))["messages"] if one["author"] == "agent"]


async def test_a_channel_that_opens_no_pages_is_offered_none(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    await gateway.rest("good day")
    talk = (await ben.get("/conversations?view=bot"))["conversations"][0]["id"]
    wish = {"page": f"{gateway.settings.help_address}/en/delivery-fee"}
    assert (await _send(ben, talk, wish, status=409))["code"] == "pages_not_shown"
