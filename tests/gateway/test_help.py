"""The public help pages, as readers, search engines and attackers meet them."""

from __future__ import annotations

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from gateway_parts import Gateway, Start

LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")
HOSTILE = """
category: {en: "<script>alert('category')</script>"}
articles:
  - id: hostile
    question: {en: "</script><script>alert('question')</script>\\" onfocus=alert(1) x=\\""}
    answer: {en: "<img src=x onerror=alert(1)> [press](javascript:alert(1)) <b>bold</b>\\u2028 --> ]]>"}
    links: [{label: "<i>label</i>", url: "https://example.com/?a=1&b=%22%3E"}]
"""
ONLY_IN_HONG_KONG = """
category: {zh-HK: 門市}
articles:
  - id: store-hours
    question: {zh-HK: "門市幾點開門？"}
    answer: {zh-HK: "朝早十一點開門。"}
"""
ISLANDS = """
category: {zh-HK: 離島, en: Islands}
parent: delivery
articles: []
"""
LANTAU = """
category: {zh-HK: 大嶼山, en: Lantau}
parent: islands
articles:
  - id: lantau-days
    question: {zh-HK: "大嶼山幾多日送到？", en: "When do parcels reach Lantau?"}
    answer:
      en: |
        Twice a week:

        - **Tuesdays**
        - *Fridays*, see [the ferries](https://ferry.example.com/?a=1&b=2) or [press](javascript:alert(1))
      zh-HK: 逢星期二、五。
"""
LIMITED = """
category: {en: Members}
articles:
  - id: members-only
    question: {en: "What do members get in secret?"}
    answer: {en: "A lantern."}
    audience: [signed_in]
  - id: telegram-only
    question: {en: "How do I mute this Telegram bot?"}
    answer: {en: "Press and hold."}
    channels: [telegram]
"""
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000049454e44ae426082")


class Seen(HTMLParser):
    """What a browser makes of a page: its elements, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._is_hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._is_hidden = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._is_hidden = False

    def handle_data(self, data: str) -> None:
        if not self._is_hidden:
            self.words += data

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [had for name, had in self.elements if name == tag and all(had.get(k) == v for k, v in wanted.items())]


async def _get(gateway: Gateway, path: str, **headers: str) -> tuple[int, str, Any]:
    url = f"{gateway.base}{path}"
    async with gateway.http.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text(), answer.headers


async def _seen(gateway: Gateway, path: str) -> Seen:
    status, page, _ = await _get(gateway, path)
    assert status == 200, path
    return Seen(page)


def _graph(page: str) -> list[dict[str, Any]]:
    (written,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    graph: list[dict[str, Any]] = json.loads(written)["@graph"]
    return graph


def _write(root: Path, name: str, text: str) -> None:
    (root / "faq_kb" / "articles" / f"{name}.yml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("en-GB,en;q=0.9", "en"),
        ("de, zh-Hans-CN;q=0.7, en;q=0.2", "zh-CN"),
        ("en;q=0, yue", "zh-HK"),
        ("fr", "zh-HK"),
        ("", "zh-HK"),
        (";;;,q=,=;q=x," * 200, "zh-HK"),
    ],
)
async def test_help_leads_a_reader_to_pages_in_their_language(start: Start, header: str, locale: str) -> None:
    gateway = await start()
    status, _, headers = await _get(gateway, "/help", **{"Accept-Language": header})
    assert (status, headers["Location"], headers["Vary"]) == (302, f"/help/{locale}/", "Accept-Language")
    _, _, headers = await _get(gateway, "/help/delivery-fee", **{"Accept-Language": header})
    assert headers["Location"] == f"/help/{locale}/delivery-fee", "one address suits every reader"


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_reader_walks_from_the_start_to_an_answer(start: Start, locale: str) -> None:
    gateway = await start()
    home = await _seen(gateway, f"/help/{locale}/")
    assert home.all("html", lang=locale)
    assert home.all("a", href=f"/help/{locale}/delivery/")
    category = await _seen(gateway, f"/help/{locale}/delivery/")
    assert category.all("a", href=f"/help/{locale}/delivery-time")
    status, page, headers = await _get(gateway, f"/help/{locale}/delivery-time")
    article = Seen(page)
    answer = {"zh-HK": "三日。", "zh-TW": "三天。", "zh-CN": "三天。", "en": "Three days."}[locale]
    assert status == 200 and answer in article.words
    assert headers["Content-Language"] == locale
    assert article.all("a", href=f"/help/{locale}/delivery/"), "breadcrumbs"
    assert article.all("a", href=f"/help/{locale}/delivery-fee"), "related"
    assert article.all("time")
    for other in LOCALES:
        assert article.all("a", href=f"/help/{other}/delivery-time", hreflang=other), "language switch"


async def test_an_article_tells_search_engines_what_it_is(start: Start) -> None:
    gateway = await start(public_url="https://care.example.com")
    _, page, _ = await _get(gateway, "/help/en/delivery-fee")
    seen = Seen(page)
    (canonical,) = seen.all("link", rel="canonical")
    assert canonical["href"] == "https://care.example.com/help/en/delivery-fee"
    beside = {one["hreflang"]: one["href"] for one in seen.all("link", rel="alternate")}
    assert set(beside) == {*LOCALES, "x-default"}
    assert beside["zh-TW"] == "https://care.example.com/help/zh-TW/delivery-fee"
    assert beside["x-default"] == "https://care.example.com/help/delivery-fee"
    assert seen.all("meta", name="description")[0]["content"] == "HK$30."
    assert seen.all("meta", property="og:title")[0]["content"] == "What does shipping cost?"
    about, crumbs = _graph(page)
    assert about["mainEntity"][0]["acceptedAnswer"]["text"] == "HK$30."
    assert [one["name"] for one in crumbs["itemListElement"]][1:] == ["Delivery", "What does shipping cost?"]


async def test_an_article_that_lacks_a_language_is_shown_in_another_and_says_so(start: Start, root: Path) -> None:
    _write(root, "stores", ONLY_IN_HONG_KONG)
    gateway = await start()
    _, page, _ = await _get(gateway, "/help/en/store-hours")
    seen = Seen(page)
    assert seen.all("html", lang="en") and seen.all("div", lang="zh-HK")[0]["class"] == "answer"
    assert "朝早十一點開門。" in seen.words and "has not been written in English" in seen.words
    assert [one["hreflang"] for one in seen.all("link", rel="alternate")] == ["zh-HK", "x-default"]
    assert seen.all("link", rel="canonical")[0]["href"].endswith("/help/zh-HK/store-hours")
    home = await _seen(gateway, "/help/en/")
    assert home.all("span", lang="zh-HK"), "and on lists its name carries its language"


async def test_topics_lie_several_levels_deep(start: Start, root: Path) -> None:
    _write(root, "islands", ISLANDS)
    _write(root, "lantau", LANTAU)
    gateway = await start()
    home = await _seen(gateway, "/help/en/")
    assert home.all("a", href="/help/en/islands/") and not home.all("a", href="/help/en/lantau/")
    islands = await _seen(gateway, "/help/en/islands/")
    assert islands.all("a", href="/help/en/lantau/")
    assert (await _seen(gateway, "/help/en/lantau/")).all("a", href="/help/en/lantau-days")
    _, page, _ = await _get(gateway, "/help/zh-HK/lantau-days")
    links = [one["href"] for one in Seen(page).all("a")]
    above = ["/help/zh-HK/", "/help/zh-HK/delivery/", "/help/zh-HK/islands/", "/help/zh-HK/lantau/"]
    at = links.index("/help/zh-HK/delivery/")
    assert links[at - 1 : at + 3] == above
    crumbs = [one["name"] for one in _graph(page)[1]["itemListElement"]]
    assert crumbs == ["常見問題", "送貨", "離島", "大嶼山", "大嶼山幾多日送到？"]


async def test_the_markup_of_an_answer_is_shown_and_nothing_more(start: Start, root: Path) -> None:
    _write(root, "lantau", LANTAU.replace("islands", "delivery"))
    gateway = await start()
    _, page, _ = await _get(gateway, "/help/en/lantau-days")
    assert "<li><strong>Tuesdays</strong></li>" in page and "<em>Fridays</em>" in page
    seen = Seen(page)
    (ferry,) = seen.all("a", href="https://ferry.example.com/?a=1&b=2")
    assert ferry["rel"] == "noopener"
    assert "[press](javascript:alert(1))" in seen.words
    about = _graph(page)[0]["mainEntity"][0]["acceptedAnswer"]["text"]
    assert "• Tuesdays" in about and "the ferries (https://ferry.example.com/?a=1&b=2)" in about


async def test_what_is_not_for_everybody_is_on_no_public_page(start: Start, root: Path) -> None:
    _write(root, "members", LIMITED)
    gateway = await start()
    asked = "/help/en/search?q=" + quote("What do members get in secret?")
    for path in ("/help/en/", "/help/sitemap.xml", asked, "/help/en/search?q=mute+this+Telegram+bot"):
        _, page, _ = await _get(gateway, path)
        assert "members-only" not in page and "telegram-only" not in page and "lantern" not in page, path
    for path in ("/help/en/members-only", "/help/en/telegram-only", "/help/members-only", "/help/en/members/"):
        assert (await _get(gateway, path))[0] == 404, path


async def test_the_widget_is_told_where_an_article_has_its_page(start: Start, root: Path) -> None:
    _write(root, "members", LIMITED.replace("channels: [telegram]", "image: /help/images/mute.png"))
    gateway = await start(help_url="https://shop.example.com/help")
    _, text, _ = await _get(gateway, "/widget/faq/telegram-only?locale=zh-TW")
    article = json.loads(text)
    assert article["page"] == "https://shop.example.com/help/zh-TW/telegram-only"
    assert article["image"] == "/help/images/mute.png"
    page = await gateway.page(identity=gateway.identity())
    headers = {"Authorization": f"Bearer {page.session['token']}"}
    _, text, _ = await _get(gateway, "/widget/faq/members-only", **headers)
    assert json.loads(text)["answer"] == "A lantern." and json.loads(text)["page"] is None


async def test_the_best_answer_comes_first_in_a_search(start: Start) -> None:
    gateway = await start()
    seen = await _seen(gateway, "/help/en/search?q=shipping+fee")
    assert "Best answer" in seen.words and "HK$30." in seen.words
    assert seen.all("input", name="q")[0]["value"] == "shipping fee"
    assert seen.all("meta", name="robots")[0]["content"].startswith("noindex")
    assert seen.all("a", href="/help/zh-TW/search?q=shipping%20fee"), "the switch keeps the question"


async def test_a_search_that_finds_nothing_says_so_and_offers_to_ask(start: Start) -> None:
    gateway = await start()
    seen = await _seen(gateway, "/help/en/search?q=the+weather+tomorrow")
    assert "We have not written an answer" in seen.words and "Best answer" not in seen.words
    assert seen.all("button", **{"data-ask": "the weather tomorrow"})
    seen = await _seen(gateway, "/help/en/search")
    assert "We have not written" not in seen.words and seen.all("a", href="/help/en/delivery/")


async def test_the_sitemap_lists_every_page_in_the_languages_it_is_written_in(start: Start, root: Path) -> None:
    _write(root, "stores", ONLY_IN_HONG_KONG)
    gateway = await start(public_url="https://care.example.com")
    status, text, headers = await _get(gateway, "/help/sitemap.xml")
    assert status == 200 and headers["Content-Type"].startswith("application/xml")
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = {one.text for one in ElementTree.fromstring(text).findall("s:url/s:loc", names)}
    base = "https://care.example.com/help"
    assert {f"{base}/{locale}/delivery-time" for locale in LOCALES} < found
    assert f"{base}/zh-HK/store-hours" in found and f"{base}/en/store-hours" not in found
    for address in found:
        status, _, _ = await _get(gateway, address.removeprefix("https://care.example.com"))
        assert status == 200, address


async def test_robots_are_shown_the_pages_and_nothing_else(start: Start) -> None:
    gateway = await start(help_url="https://shop.example.com/help")
    _, text, _ = await _get(gateway, "/robots.txt")
    assert "Sitemap: https://shop.example.com/help/sitemap.xml" in text
    assert {"Disallow: /desk", "Disallow: /faq", "Disallow: /help/*/search"} <= set(text.splitlines())


async def test_an_unchanged_page_is_not_sent_twice_and_a_changed_one_is(start: Start, root: Path) -> None:
    gateway = await start()
    _, _, headers = await _get(gateway, "/help/en/delivery-time")
    tag = headers["ETag"]
    for path in ("/help/en/delivery-time", "/help/zh-TW/", "/help/en/delivery/", "/help/sitemap.xml"):
        status, text, headers = await _get(gateway, path, **{"If-None-Match": f'"x", {tag}'})
        assert (status, text, headers["ETag"]) == (304, "", tag), path
    path = root / "faq_kb" / "articles" / "delivery.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("Three days.", "Five days."), encoding="utf-8")
    for _ in range(100):
        status, text, _ = await _get(gateway, "/help/en/delivery-time", **{"If-None-Match": tag})
        if status == 200:
            break
        await asyncio.sleep(0.05)
    assert "Five days." in text


async def test_an_article_is_public_on_its_days_only(start: Start, root: Path) -> None:
    _write(root, "season", ONLY_IN_HONG_KONG.replace("answer:", 'valid_until: "2026-03-02"\n    answer:'))
    gateway = await start()
    assert (await _get(gateway, "/help/zh-HK/store-hours"))[0] == 200
    gateway.clock.forward(days=1)
    assert (await _get(gateway, "/help/zh-HK/store-hours"))[0] == 404
    assert "store-hours" not in (await _get(gateway, "/help/sitemap.xml"))[1]


async def test_an_article_is_on_no_page_before_its_first_day(start: Start, root: Path) -> None:
    _write(root, "season", ONLY_IN_HONG_KONG.replace("answer:", 'valid_from: "2026-03-03"\n    answer:'))
    gateway = await start()
    pages = ("/help/sitemap.xml", "/help/zh-HK/", f"/help/zh-HK/search?q={quote('門市幾點開門')}")
    assert (await _get(gateway, "/help/zh-HK/store-hours"))[0] == 404
    for path in pages:
        assert "store-hours" not in (await _get(gateway, path))[1], path
    gateway.clock.forward(days=1)
    assert (await _get(gateway, "/help/zh-HK/store-hours"))[0] == 200
    for path in (pages[0], pages[2]):
        assert "store-hours" in (await _get(gateway, path))[1], path


async def test_a_page_that_is_not_there_says_so_in_the_readers_language(start: Start) -> None:
    gateway = await start()
    for path, header, locale in (
        ("/help/zh-TW/nothing", "en", "zh-TW"),
        ("/help/nothing", "zh-CN", "zh-CN"),
        ("/help/fr/delivery-time", "en", "en"),
        ("/help/en/delivery/deeper/still", "zh-HK", "en"),
        ("/help/images/none.png", "en", "en"),
        ("/help/static/none.css", "en", "en"),
    ):
        status, page, headers = await _get(gateway, path, **{"Accept-Language": header})
        seen = Seen(page)
        assert (status, headers["Content-Language"]) == (404, locale), path
        assert seen.all("form", role="search", action=f"/help/{locale}/search")
        assert seen.all("meta", name="robots", content="noindex") and "ETag" not in headers


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/help/en", "/help/en/"),
        ("/help/en/delivery", "/help/en/delivery/"),
        ("/help/zh-tw/delivery-fee", "/help/zh-TW/delivery-fee"),
        ("/help/zh_Hant_HK/", "/help/zh-HK/"),
        ("/help/en-GB/delivery/", "/help/en/delivery/"),
    ],
)
async def test_an_address_spelt_differently_leads_to_the_one_it_means(start: Start, path: str, to: str) -> None:
    gateway = await start()
    status, _, headers = await _get(gateway, path)
    assert (status, headers["Location"]) == (301, to)


async def test_a_shop_shows_the_pages_under_its_own_domain(start: Start) -> None:
    gateway = await start(
        public_url="https://care.example.com", help_url="https://shop.example.com/support/help", help_inbox="shop"
    )
    _, page, headers = await _get(gateway, "/help/en/delivery-time")
    seen = Seen(page)
    assert seen.all("link", rel="canonical")[0]["href"] == "https://shop.example.com/support/help/en/delivery-time"
    assert all(one["href"].startswith(("/support/help/", "#", "/")) for one in seen.all("a"))
    assert seen.all("script", src="https://care.example.com/widget.js")[0]["data-inbox"] == "shop"
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self' https://care.example.com;" in policy and "wss://care.example.com" in policy


# -- attacks -------------------------------------------------------------------------------------------------------


async def test_markup_in_articles_stays_text(start: Start, root: Path) -> None:
    _write(root, "hostile", HOSTILE)
    gateway = await start()
    for path in ("/help/en/hostile", "/help/en/hostile/", "/help/en/", "/help/en/search?q=hostile+press+bold"):
        status, page, _ = await _get(gateway, path)
        seen = Seen(page)
        assert status == 200
        _is_clean(seen)
    _, page, _ = await _get(gateway, "/help/en/hostile")
    (about, _) = _graph(page)
    assert about["headline"].startswith("</script><script>"), "the data says it as written, and closes nothing"
    assert "<img src=x" in Seen(page).words and "<i>label</i>" in Seen(page).words


@pytest.mark.parametrize(
    "asked",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' autofocus onfocus=alert(1) x='",
        "{{ 7 * 7 }}{% for x in ().__class__.__mro__ %}",
        "{0.__class__} {query}",
        "javascript:alert(1)",
        "[press](javascript:alert(1))",
        "\x00\x01\x1b[2J\r\nSet-Cookie: a=b\r\n\r\n<h1>",
        "\u202e\u2066\ufeffrtl",
        "運" * 800,
        "a " * 1000,
        "((((" * 500,
        "%",
        "\ue000\U0001f4a9" * 50,
    ],
    ids=lambda asked: ascii(asked)[:30],
)
async def test_a_hostile_question_is_shown_as_it_was_written(start: Start, asked: str) -> None:
    gateway = await start()
    status, page, headers = await _get(gateway, f"/help/en/search?q={quote(asked)}")
    assert status == 200 and headers["Cache-Control"] == "no-store" and "Set-Cookie" not in headers
    seen = Seen(page)
    _is_clean(seen)
    shown = seen.all("input", name="q")[0]["value"] or ""
    assert len(shown) <= 200 and shown.isprintable()
    assert set(shown) <= set(asked) | {" "}
    assert "49" not in shown
    assert len(page) < 60_000


def _is_clean(seen: Seen) -> None:
    """No element and no attribute that an article or a question could have brought."""
    assert [one.get("src") for one in seen.all("script") if one.get("type") != "application/ld+json"] == [
        "/widget.js",
        "/help/static/help.js",
    ]
    assert not [name for name, _ in seen.elements if name in ("img", "b", "i", "iframe", "object", "h4")][1:]
    for name, had in seen.elements:
        assert not [one for one in had if one.startswith("on") or one == "autofocus"], (name, had)
        for one in ("href", "src", "action"):
            assert (had.get(one) or "/").startswith(("/", "https://", "http://127.0.0.1", "#", "mailto:", "tel:")), had


@pytest.mark.parametrize(
    "path",
    [
        "/help/images/../delivery.yml",
        "/help/images/..%2fdelivery.yml",
        "/help/images/%2e%2e/delivery.yml",
        "/help/images/....//delivery.yml",
        "/help/images/a.png%00.html",
        "/help/images/a.png/",
        "/help/images/link.png",
        "/help/images/page.svg",
        "/help/images/page.html",
        "/help/images/.hidden.png",
        "/help/images/" + "a" * 3000 + ".png",
        "/help/static/../pages.py",
        "/help/static/..%2fpages.py",
        "/help/en/../../etc/passwd",
        "/help/en/%2e%2e/%2e%2e/etc/passwd",
        "/help/en/..%5c..%5cdelivery",
        "/help/en/%00",
        "/help/en/delivery-time%00",
        "/help/en/delivery-time%0d%0aSet-Cookie:%20a=b",
        "/help/%0d%0aLocation:%20https:%2f%2fevil.example/",
        "/help//evil.example/",
        "/help/zh-TW//evil.example",
        "/help/zh-tw//evil.example/",
        "/help/zh-HK%0d%0aX:%20y/delivery-time",
        "/help/" + "a" * 4000,
        "/help/en/" + "a/" * 1000,
        "/help/constructor/__proto__",
        "/help/en/__class__",
    ],
    ids=lambda path: path[:40],
)
async def test_no_path_leads_out_of_the_pages(start: Start, root: Path, path: str) -> None:
    images = root / "faq_kb" / "articles" / "images"
    images.mkdir()
    for name in ("page.svg", "page.html", ".hidden.png", "a.png"):
        (images / name).write_bytes(PNG)
    (images / "link.png").symlink_to(root / "credentials.yml")
    gateway = await start()
    status, body, headers = await _raw(gateway, path)
    assert status in (400, 404), (status, headers)
    assert "set-cookie" not in headers.lower() and "evil.example" not in headers
    assert "articles:" not in body and "root:" not in body and "Blueprint" not in body and "rest:" not in body


async def _raw(gateway: Gateway, path: str) -> tuple[int, str, str]:
    """The answer to a path sent as it is written: clients tidy it up."""
    host, port = gateway.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    received = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode(errors="replace"), head.decode()


async def test_an_image_is_served_as_an_image_and_nothing_else(start: Start, root: Path) -> None:
    images = root / "faq_kb" / "articles" / "images"
    images.mkdir()
    (images / "0123456789abcdef.png").write_bytes(PNG)
    (images / "map.jpg").write_bytes(b"<script>alert(1)</script>")
    gateway = await start()
    async with gateway.http.get(f"{gateway.base}/help/images/0123456789abcdef.png") as answer:
        assert await answer.read() == PNG
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in answer.headers["Cache-Control"]
    status, _, headers = await _get(gateway, "/help/images/map.jpg")
    assert (status, headers["Content-Type"], headers["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert "immutable" not in headers["Cache-Control"]
    status, _, _ = await _get(gateway, "/help/images/map.jpg", **{"If-None-Match": headers["ETag"]})
    assert status == 304


async def test_a_question_longer_than_a_request_may_be_is_refused(start: Start) -> None:
    gateway = await start()
    status, page, _ = await _get(gateway, f"/help/en/search?q={quote('運' * 2000)}")
    assert status in (400, 413) and "運" not in page


async def test_the_policy_of_the_pages_allows_no_inline_script_and_no_frame(start: Start) -> None:
    gateway = await start()
    for path in ("/help/en/", "/help/en/delivery-time", "/help/en/search?q=x", "/help/nothing"):
        _, _, headers = await _get(gateway, path)
        policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert not [part for part in policy.values() if "unsafe" in part or "*" in part]


async def test_a_forged_host_changes_no_address_of_the_pages(start: Start) -> None:
    gateway = await start()
    for path in ("/help", "/help/en", "/help/en/", "/help/en/delivery-time", "/help/sitemap.xml"):
        for header in ("Host", "X-Forwarded-Host", "X-Forwarded-Prefix"):
            _, page, headers = await _get(gateway, path, **{header: "evil.example"})
            assert "evil.example" not in page + str(headers)


async def test_help_answers_head_as_it_answers_get(start: Start) -> None:
    gateway = await start()
    async with gateway.http.head(f"{gateway.base}/help/en/delivery-time") as answer:
        assert answer.status == 200 and answer.headers["ETag"] and await answer.read() == b""


async def test_a_bad_help_url_stops_the_start(start: Start) -> None:
    for given in ("shop.example.com/help", "javascript:alert(1)", "https://a b/help", "https://shop.example.com/?q"):
        with pytest.raises(Exception, match="help_url"):
            await start(help_url=given)
