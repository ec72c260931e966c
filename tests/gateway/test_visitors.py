"""Visitors of the shop's pages: who is listed with what, inviting them, accepting, and what is never done."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from desk_parts import on_screen
from gateway_parts import Gateway, Page, Seat, Start
from sqlalchemy import event

from handoff import visits

RULES = """
limits: {per_visit: 2, per_day: 3, hours_after_no: 24}
rules:
  - id: cart
    pages: ["/cart*"]
    after_seconds: 30
    cart_at_least: {HKD: 500}
    answered_by: person
    team: sales
    text: {zh-HK: 要唔要幫手？, zh-TW: 需要協助嗎？, zh-CN: 需要帮忙吗？, en: "Need a hand?"}
  - id: help
    pages: ["/goods/*"]
    after_seconds: 60
    visitors: returning
    text: {zh-HK: 搵緊咩？, zh-TW: 在找什麼？, zh-CN: 在找什么？, en: "Looking for something?"}
"""


class Browser:
    """One browser on the shop's pages, before and beside the chat."""

    def __init__(self, gateway: Gateway, language: str = "en") -> None:
        self.gateway = gateway
        self.key = uuid.uuid4().hex
        self.language = language
        self.token = ""

    async def beat(self, path: str = "/", status: int = 200, **more: Any) -> Any:
        headers = {"Origin": self.gateway.base, **more.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        page = {"url": f"{self.gateway.base}{path}", "title": more.pop("title", "A page")}
        body = {"visit": self.key, "page": page, "language": self.language, "locale": "en-GB", **more}
        async with self.gateway.http.post(f"{self.gateway.base}/widget/visit", json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer

    async def invited(self, path: str = "/", **more: Any) -> Any:
        return (await self.beat(path, **more))["invitation"]

    async def accept(self, invitation: int, **wish: Any) -> Page:
        """Open the chat, as the page does, and say yes there."""
        page = await self.gateway.page(locale=self.language, **wish)
        self.token = page.session["token"]
        await page.send({"type": "invitation", "client_id": "yes", "visit": self.key, "invitation": invitation})
        return page


@pytest.fixture
async def ruled(start: Start, root: Path, database_url: str) -> Gateway:
    """A gateway with the rules above."""
    (root / "invitations.yml").write_text(RULES, encoding="utf-8")
    return await start(database_url=database_url, invitations_file=root / "invitations.yml")


async def _listed(seat: Seat) -> list[dict[str, Any]]:
    return list((await seat.get("/visitors"))["visitors"])


async def _only(seat: Seat) -> dict[str, Any]:
    (row,) = await _listed(seat)
    return row


async def _invite(seat: Seat, visitor: str, text: str = "Can I help?", status: int = 200) -> Any:
    answer = await seat.post(f"/visitors/{visitor}/invitation", {"text": text}, status=status)
    return answer["invitation"] if status == 200 else answer["error"]


async def test_an_agent_sees_who_is_here_with_no_query_no_secret_and_no_address(gateway: Gateway) -> None:
    ben, ana = await gateway.seat("ben"), Browser(gateway, "zh-HK")
    secret = "/reset/9f8e7d6c5b4a39281706f5e4d3c2b1a0/ana@example.com?token=abc#part"
    await ana.beat(secret, title="  <b>Card</b> 4111 1111 1111 1111\n", locale="zh-Hant-HK", returning=True)
    row = await _only(ben)
    assert row["page"] == f"{gateway.base}/reset/…/…"
    assert row["title"] == "<b>Card</b> •••• 1111"
    assert (row["language"], row["country"], row["returning"], row["cart"]) == ("zh-HK", "HK", True, None)
    assert ana.key not in str(row) and "127.0.0.1" not in str({**row, "page": ""})
    gateway.clock.forward(seconds=30)
    await ana.beat(secret)
    await ana.beat("/cart", cart={"value": 628.504, "currency": "HKD"})
    row = await _only(ben)
    assert row["page"].endswith("/cart") and row["cart"] == {"value": 628.5, "currency": "HKD"}
    assert row["since"] < row["page_since"] == gateway.clock().isoformat()


@pytest.mark.parametrize(
    "address, shown",
    [
        ("https://shop.example.com/goods?id=5&colour=red#top", "https://shop.example.com/goods?id=5&colour=red"),
        ("https://shop.example.com/reset?token=abc&id=5", "https://shop.example.com/reset?token=…&id=5"),
        ("https://s.example/r/9f8e7d6c5b4a39281706f5e4d3c2b1a0?x=ana@example.com", "https://s.example/r/…?x=…"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
async def test_the_page_beside_a_conversation_shows_no_secret_of_its_query(
    gateway: Gateway, address: str, shown: str
) -> None:
    page = await gateway.page(page={"url": address, "title": "A page"})
    await page.say("hello")
    line = await page.message("assistant", "bot: hello")
    ben = await gateway.seat("ben")
    whole = await ben.get(f"/conversations/{line['conversation']}")
    assert whole["conversation"]["page"]["url"] == shown


async def test_presence_is_heartbeats_and_a_short_absence_is_the_same_visit(gateway: Gateway) -> None:
    ben, ana = await gateway.seat("ben"), Browser(gateway)
    await ana.beat()
    began = (await _only(ben))["since"]
    gateway.clock.forward(seconds=44)
    assert await _listed(ben)
    gateway.clock.forward(seconds=1)
    assert await _listed(ben) == []
    gateway.clock.forward(minutes=20)
    await ana.beat()
    assert (await _only(ben))["since"] == began
    gateway.clock.forward(minutes=31)
    await ana.beat()
    assert (await _only(ben))["since"] == gateway.clock().isoformat()


async def test_whoever_is_invited_and_accepts_talks_with_that_agent(gateway: Gateway) -> None:
    ben, ana = await gateway.seat("ben"), Browser(gateway, "zh-TW")
    async with on_screen(ben) as screen:
        await screen.until("ready")
        await ana.beat("/goods/1")
        await screen.until("visitors")
        sent = await _invite(ben, (await _only(ben))["id"], "您好，我是 {agent.name}，需要介紹嗎？")
        assert sent["state"] == "sent" and sent["by"] == "Ben"
        shown = await ana.invited("/goods/1")
        assert (shown["text"], shown["name"], shown["answered_by"]) == (sent["text"], "Ben", "person")
        assert "{agent.name}" not in shown["text"]
        await ana.beat("/goods/1", shown=shown["id"])
        assert (await _only(ben))["invitation"]["state"] == "shown"

        page = await ana.accept(shown["id"])
        said = await page.message("agent", sent["text"])
        assert said["name"] == "Ben"
        await page.state("agent")
        frame = await screen.until("came")
        assert frame["conversation"] == said["conversation"]

    (mine,) = (await ben.get("/inbox"))["mine"]
    assert mine["id"] == said["conversation"] and mine["language"] == "zh-TW"
    await page.say("好啊")
    await page.message("customer", "好啊")
    await ben.post(f"/conversations/{mine['id']}/messages", {"text": "請說", "client_id": "b"})
    await page.message("agent", "請說")
    assert gateway.bot.asked == [], "the assistant has no part in it"
    # Accepted twice, as a page does whose answer was lost, is one conversation and one line.
    await page.send({"type": "invitation", "client_id": "again", "visit": ana.key, "invitation": shown["id"]})
    await page.until(lambda frame: frame.get("client_id") == "again" and frame["type"] == "accepted")
    whole = await ben.get(f"/conversations/{mine['id']}")
    assert [line["text"] for line in whole["messages"]].count(sent["text"]) == 1
    await ana.beat("/goods/1")
    row = await _only(ben)
    assert row["invitation"]["state"] == "accepted" and row["invitation"]["conversation"] == mine["id"]
    assert row["chat"]["agent"] == "Ben" and row["chat"]["lively"]
    assert (await _invite(ben, row["id"], status=409))["details"]["reason"] == "chatting"


async def test_a_visitor_who_chats_wears_the_tags_of_the_conversation(gateway: Gateway) -> None:
    ben, ana = await gateway.seat("ben"), Browser(gateway)
    page = await gateway.page()
    ana.token = page.session["token"]
    await ana.beat()
    assert (await _only(ben))["tags"] == []
    await page.say("good day")
    talk = (await page.message("customer", "good day"))["conversation"]
    await ben.post(f"/conversations/{talk}/tags", {"name": "VIP", "colour": "purple"})
    await ben.post(f"/conversations/{talk}/tags", {"name": "退貨", "colour": "orange"})
    await ana.beat()
    row = await _only(ben)
    assert {(one["name"], one["colour"]) for one in row["tags"]} == {("VIP", "purple"), ("退貨", "orange")}
    assert row["chat"]["id"] == talk


async def test_an_agent_who_has_left_is_not_promised_any_more(gateway: Gateway) -> None:
    ben, cleo, ana = await gateway.seat("ben"), await gateway.seat("cleo"), Browser(gateway)
    async with on_screen(ben) as screen, on_screen(cleo) as other:
        await screen.until("ready")
        await other.until("ready")
        await ana.beat()
        await _invite(ben, (await _only(ben))["id"], "Ben can help.")
        shown = await ana.invited()
        assert shown is not None
        await ben.post("/team/presence", {"presence": "away"}, method="PUT")
        assert await ana.invited() is None, "what cannot be kept is not shown"
        # The page had it on screen already: accepted then, the customer is told the truth and waits for somebody else.
        page = await ana.accept(shown["id"])
        assert (await page.message("agent", "Ben can help."))["name"] == "Ben"
        assert (await page.state("waiting"))["agent"] is None


async def test_only_who_is_there_can_invite_and_only_in_own_words_that_are_whole(gateway: Gateway) -> None:
    ben, ana = await gateway.seat("ben"), Browser(gateway)
    await ben.post("/team/presence", {"presence": "away"}, method="PUT")
    await ana.beat()
    visitor = (await _only(ben))["id"]
    assert (await _invite(ben, visitor, status=409))["details"]["reason"] == "away"
    assert (await ben.get("/visitors"))["you"] == "away"
    await ben.post("/team/presence", {"presence": "online"}, method="PUT")
    async with on_screen(ben) as screen:
        await screen.until("ready")
        assert (await _invite(ben, visitor, "  ", status=400))["code"] == "empty_message"
        assert (await _invite(ben, visitor, "x" * 281, status=413))["code"] == "text_too_long"
        assert (await _invite(ben, visitor, "Dear {customer.name}", status=422))["code"] == "blank_left"
        assert (await _invite(ben, "0" * 32, status=409))["details"]["reason"] == "left"
        await _invite(ben, visitor)
        assert (await _invite(ben, visitor, status=409))["details"]["reason"] == "invited"
    eddy = await gateway.seat("eddy")
    await eddy.get("/visitors", status=403)
    await eddy.post(f"/visitors/{visitor}/invitation", {"text": "Hi"}, status=403)


async def test_two_agents_who_invite_at_once_are_one_invitation(gateway: Gateway) -> None:
    ben, cleo, ana = await gateway.seat("ben"), await gateway.seat("cleo"), Browser(gateway)
    async with on_screen(ben) as screen, on_screen(cleo) as other:
        await screen.until("ready")
        await other.until("ready")
        await ana.beat()
        visitor = (await _only(ben))["id"]
        path = f"{gateway.base}/desk/api/visitors/{visitor}/invitation"

        async def ask(seat: Seat) -> int:
            async with seat.http.post(path, json={"text": "Hello"}, headers={"X-CSRF-Token": seat.csrf}) as answer:
                return answer.status

        assert sorted(await asyncio.gather(ask(ben), ask(cleo))) == [200, 409]


async def test_who_is_invited_between_another_ones_look_and_word_is_asked_once(gateway: Gateway) -> None:
    ben, cleo, ana = await gateway.seat("ben"), await gateway.seat("cleo"), Browser(gateway)
    async with on_screen(ben) as screen, on_screen(cleo) as other:
        await screen.until("ready")
        await other.until("ready")
        await ana.beat()
        visitor = (await _only(ben))["id"]
        path = f"{gateway.base}/desk/api/visitors/{visitor}/invitation"

        async def ask(seat: Seat, text: str) -> tuple[str, int]:
            async with seat.http.post(path, json={"text": text}, headers={"X-CSRF-Token": seat.csrf}) as answer:
                return text, answer.status

        database, loop, bens = gateway.app.ctx.database, asyncio.get_running_loop(), []

        def between(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            """Cleo has looked, nobody had asked Ana, and her first writing is next."""
            if not bens and statement.startswith("UPDATE invitations"):
                bens.append(asyncio.run_coroutine_threadsafe(ask(ben, "Ben here"), loop))
                if not database.is_sqlite:  # there the one writer is Cleo, and Ben comes next
                    bens[0].result(timeout=30)

        event.listen(database.engine, "before_cursor_execute", between)
        try:
            cleos = await ask(cleo, "Cleo here")
        finally:
            event.remove(database.engine, "before_cursor_execute", between)
        answers = dict([cleos, await asyncio.wrap_future(bens[0])])
        assert sorted(answers.values()) == [200, 409]
        (said,) = [text for text, status in answers.items() if status == 200]
        assert (await ana.invited())["text"] == said


async def test_a_no_counts_for_a_day_and_a_final_no_keeps_nothing(ruled: Gateway) -> None:
    ben, ana = await ruled.seat("ben"), Browser(ruled)
    async with on_screen(ben) as screen:
        await screen.until("ready")
        await ana.beat()
        visitor = (await _only(ben))["id"]
        await _invite(ben, visitor)
        shown = await ana.invited()
        assert await ana.invited(dismissed=shown["id"]) is None
        row = await _only(ben)
        assert (row["invitation"]["state"], row["refusal"]) == ("dismissed", "said_no")
        assert (await _invite(ben, visitor, status=409))["details"]["reason"] == "said_no"
        page = await ana.accept(shown["id"])
        refused = await page.until(lambda frame: frame["type"] == "error")
        assert refused["code"] == "invitation_over"
        ruled.clock.forward(hours=24, minutes=1)
    ben = await ruled.seat("ben")
    async with on_screen(ben) as screen:
        await screen.until("ready")
        bea = Browser(ruled)
        await bea.beat()
        assert (await bea.beat(invitations=False))["next_seconds"] is None
        assert await _listed(ben) == []
        await ana.beat()
        await _invite(ben, visitor)


async def test_a_browser_that_asks_not_to_be_tracked_is_nowhere(gateway: Gateway) -> None:
    ben = await gateway.seat("ben")
    for header in ("DNT", "Sec-GPC"):
        answer = await Browser(gateway).beat(headers={header: "1"})
        assert answer == {"next_seconds": None, "invitation": None}
    assert await _listed(ben) == []


async def test_a_rule_invites_after_its_time_and_with_its_cart_while_somebody_is_there(ruled: Gateway) -> None:
    ana, cart = Browser(ruled, "zh-CN"), {"value": 500, "currency": "HKD"}
    await ana.beat("/cart", cart=cart)
    ruled.clock.forward(seconds=30)
    assert await ana.invited("/cart", cart=cart) is None, "nobody is at the desk, and the rule promises a person"
    ben = await ruled.seat("ben")
    async with on_screen(ben) as screen:
        await screen.until("ready")
        assert await ana.invited("/cart", cart={"value": 499.99, "currency": "HKD"}) is None
        assert await ana.invited("/cart", cart={"value": 900, "currency": "TWD"}) is None
        assert await ana.invited("/goods/1", cart=cart) is None
        assert await ana.invited("/cart", cart=cart) is None, "the time on the page begins anew"
        ruled.clock.forward(seconds=30)
        shown = await ana.invited("/cart", cart=cart)
        assert (shown["text"], shown["name"], shown["answered_by"]) == ("需要帮忙吗？", None, "person")
        page = await ana.accept(shown["id"])
        await page.message("assistant", "需要帮忙吗？")
        await page.state("waiting")
        (row,) = (await ben.get("/inbox"))["queue"]
        assert (row["reason"], row["team"]) == ("invited", "sales")


async def test_a_rule_of_the_assistant_opens_the_chat_with_it_once_a_day_and_only_in_opening_hours(
    ruled: Gateway,
) -> None:
    ana, new = Browser(ruled), Browser(ruled)
    for one, returning in ((ana, True), (new, False)):
        await one.beat("/goods/tea", returning=returning)
    ruled.clock.forward(seconds=44)
    await ana.beat("/goods/tea", returning=True)
    ruled.clock.forward(seconds=16)
    assert await new.invited("/goods/tea") is None, "the rule means who was here before"
    sue = await ruled.seat("sue")
    await sue.post("/team/mode", {"mode": "offline"}, method="PUT")
    assert await ana.invited("/goods/tea", returning=True) is None
    await sue.post("/team/mode", {"mode": "online"}, method="PUT")
    shown = await ana.invited("/goods/tea", returning=True)
    assert shown["answered_by"] == "assistant"
    page = await ana.accept(shown["id"])
    assert (await page.message("assistant", "Looking for something?"))["name"] is None
    await page.say("tea")
    await page.message("assistant", "bot: tea")
    ruled.clock.forward(hours=2)
    await ana.beat("/goods/tea", returning=True)
    ruled.clock.forward(seconds=44)
    await ana.beat("/goods/tea", returning=True)
    ruled.clock.forward(seconds=20)
    assert await ana.invited("/goods/tea", returning=True) is None, "each rule once a day"


async def test_nobody_is_invited_by_rule_while_they_chat(ruled: Gateway) -> None:
    ana = Browser(ruled)
    page = await ruled.page()
    ana.token = page.session["token"]
    await page.say("hello")
    await page.message("assistant", "bot: hello")
    await ana.beat("/goods/tea", returning=True)
    ruled.clock.forward(seconds=44)
    await ana.beat("/goods/tea", returning=True)
    ruled.clock.forward(seconds=44)
    assert await ana.invited("/goods/tea", returning=True) is None
    other = Browser(ruled)
    await other.beat("/goods/tea", returning=True, chat_open=True)
    ruled.clock.forward(seconds=44)
    await other.beat("/goods/tea", returning=True, chat_open=True)
    ruled.clock.forward(seconds=44)
    assert await other.invited("/goods/tea", returning=True, chat_open=True) is None
    assert await other.invited("/goods/tea", returning=True) is not None
    page = await ruled.page()
    other.token = page.session["token"]
    await page.say("hello")
    await page.message("assistant", "bot: hello")
    assert await other.invited("/goods/tea", returning=True) is None, "they did not wait for it"


async def test_limits_of_a_visit_and_a_day_hold_for_agents_and_unanswered_ones_lapse(ruled: Gateway) -> None:
    ben, ana = await ruled.seat("ben"), Browser(ruled)
    for asked in range(2):
        async with on_screen(ben) as screen:
            await screen.until("ready")
            await ana.beat()
            visitor = (await _only(ben))["id"]
            await _invite(ben, visitor, f"Question {asked}")
        ruled.clock.forward(minutes=11)
    assert await ruled.app.ctx.watches["invitations"].look() == 1
    assert await ruled.app.ctx.watches["invitations"].look() == 0
    async with on_screen(ben) as screen:
        await screen.until("ready")
        await ana.beat()
        assert (await _only(ben))["invitation"]["state"] == "lapsed"
        assert (await _invite(ben, visitor, status=409))["details"]["reason"] == "often"
        ruled.clock.forward(minutes=31)  # another visit of the same day
    async with on_screen(ben) as screen:
        await screen.until("ready")
        await ana.beat()
        await _invite(ben, visitor)
        ruled.clock.forward(minutes=31)
    async with on_screen(ben) as screen:
        await screen.until("ready")
        await ana.beat()
        assert (await _invite(ben, visitor, status=409))["details"]["reason"] == "often"


async def test_pages_of_other_places_and_what_is_no_page_are_refused_by_name(gateway: Gateway) -> None:
    ana = Browser(gateway)
    for url in (
        "javascript:alert(1)",
        "https://evil.example/",
        f"{gateway.base}@evil.example/",
        "\\\\evil",
        "",
        7,
    ):
        answer = await ana.beat(page={"url": url, "title": "x"}, status=400)
        assert answer["error"]["details"]["field"] == "page.url", url
        ana = Browser(gateway)
    bad: list[tuple[str, Any]] = [
        ("visit", "x"),
        ("page", []),
        ("cart", {"value": "9", "currency": "HKD"}),
        ("cart", {"value": -1, "currency": "HKD"}),
        ("cart", {"value": 1, "currency": "dollars"}),
        ("shown", "1"),
    ]
    for field, value in bad:
        answer = await Browser(gateway).beat(status=400, **{field: value})
        assert answer["error"]["details"]["field"] == field
    began = time.process_time()
    for long in ("a1-" * 100_000, "x@" * 150_000, "a" * 1_900 + "@"):
        await Browser(gateway).beat(f"/{long}", title=long, status=200 if len(long) < 2_000 else 400)
    assert time.process_time() - began < 2
    gateway.clock.forward(minutes=1)
    headers = {"Origin": "https://evil.example"}
    assert (await ana.beat(status=403, headers=headers))["error"]["code"] == "origin_refused"
    assert await _listed(await gateway.seat("ben")) == []


async def test_a_flood_of_made_up_visitors_is_bounded_and_pushes_nobody_out(
    start: Start, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await start(database_url=database_url, sessions_per_minute=5)
    ana = Browser(gateway)
    await ana.beat()
    statuses = [await _status(gateway, Browser(gateway)) for _ in range(12)]
    assert statuses.count(200) == 4 and set(statuses) == {200, 429}
    assert await _status(gateway, ana) == 200, "who is here already is not stopped by it"
    hammered = [await _status(gateway, ana) for _ in range(20)]
    assert 429 in hammered
    monkeypatch.setattr(visits, "MAX_VISITS", 5)
    many = await start(bot=gateway.bot, clock=gateway.clock, database_url=database_url)
    crowd = [Browser(many) for _ in range(8)]
    for one in crowd:
        await one.beat()
    rows = await _listed(await many.seat("ben"))
    assert len(rows) == 5
    many.clock.forward(seconds=50)
    await crowd[7].beat()
    assert len(await _listed(await many.seat("ben"))) == 1, "those who left make room"


async def _status(gateway: Gateway, browser: Browser) -> int:
    body = {"visit": browser.key, "page": {"url": f"{gateway.base}/", "title": ""}}
    headers = {"Origin": gateway.base}
    async with gateway.http.post(f"{gateway.base}/widget/visit", json=body, headers=headers) as response:
        return response.status


async def test_the_list_can_be_switched_off(start: Start) -> None:
    gateway = await start(visitor_list=False)
    answer = await Browser(gateway).beat()
    assert answer["next_seconds"] is None
    listed = await (await gateway.seat("ben")).get("/visitors")
    assert (listed["visitors"], listed["enabled"]) == ([], False)


@pytest.mark.redis
@pytest.mark.postgres
async def test_an_agent_of_another_gateway_sees_and_invites_who_is_here(
    start: Start, postgres_url: str, redis_url: str
) -> None:
    secret = "one-secret-for-the-visitors-of-both-gateways"
    first = await start(database_url=postgres_url, redis_url=redis_url, visitor_secret=secret)
    second = await start(bot=first.bot, database_url=postgres_url, redis_url=redis_url, visitor_secret=secret)
    ben, ana = await second.seat("ben"), Browser(first)
    async with on_screen(ben) as screen:
        await screen.until("ready")
        await ana.beat()
        await screen.until("visitors")
        await _invite(ben, (await _only(ben))["id"], "From the other gateway")
        shown = await ana.invited()
        assert shown["text"] == "From the other gateway"
        page = await ana.accept(shown["id"])
        await page.message("agent", "From the other gateway")
        await ana.beat(invitations=False)
        await screen.until("visitors")
        assert await _listed(ben) == []
