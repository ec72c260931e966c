"""A gateway in a thread of this process, and the people who meet there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

from gateway_parts import ARTICLES, IDENTITY_SECRET, PASSWORD, FakeBot, add_missing_agents, free_port
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from rounds import TAKES_PICTURES
from serving import serve
from sqlalchemy.engine import Connection

import shop.demo
from handoff import agents, conversations, transcript
from handoff.clock import Clock, utc_now
from handoff.database import Database
from handoff.models import Author, Status, TicketKind
from handoff.records import Draft, Wish
from switchboard.app import create_app
from switchboard.settings import load

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent.parent
ARTEFACTS = ROOT / "tests" / "artefacts" / "desk"
LOCALES = ("zh-HK", "zh-TW", "zh-CN", "en")
DESKTOP = {"width": 1280, "height": 800}
ONE_DOT: Any = {"x": 0, "y": 0, "width": 1, "height": 1}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
# A browser writes each refused request on the console; these refusals are part of what is tried.
EXPECTED_REFUSALS = {
    ("/desk/api/me", 401),
    ("/tags", 413),
    ("/canned-replies", 400),
    ("/canned-replies/1", 400),
    ("/customer", 400),
    ("/customer", 409),
    ("/desk/api/products?q=&locale=en", 503),
}
EXPECTED_REFUSALS |= {("/attachments?name=large.txt", 507)}
EXPECTED_REFUSALS |= {(f"/attachments?name={name}", 422) for name in ("table.png", "a.png", "page.html")}
# The machine is loaded by others; what must be quick is measured and not waited for.
SHOWN_WITHIN_MS = 20_000
expect.set_options(timeout=SHOWN_WITHIN_MS)

# What a browser does not show on the console by itself.
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation",
  (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`))"""


# Only the tests of taking back wait until a reply goes out.
SEND_AT_ONCE = """if (location.protocol.startsWith("http")) localStorage.getItem("switchboard.desk.preferences") ??
  localStorage.setItem("switchboard.desk.preferences", JSON.stringify({ undoSend: false }))"""


class Office:
    """The gateway, its database, and browsers for whoever comes."""

    def __init__(
        self, browser: Browser, place: Path, clock: Clock = utc_now, credentials: str = "rest:\n", **settings: Any
    ) -> None:
        self.browser = browser
        self.problems: list[str] = []
        self._contexts: list[BrowserContext] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stack = contextlib.AsyncExitStack()
        self.app: Any = None
        self.base, url = self.run(self._begin(place, clock, credentials, settings))
        self.database = Database(url)

    async def _begin(self, place: Path, clock: Clock, credentials: str, settings: dict[str, Any]) -> tuple[str, str]:
        root = place / "project"
        (root / "faq_kb" / "articles").mkdir(parents=True)
        (root / "faq_kb" / "articles" / "delivery.yml").write_text(ARTICLES, encoding="utf-8")
        (root / "credentials.yml").write_text(credentials, encoding="utf-8")
        shop_url = f"sqlite:///{place / 'shop.db'}"
        shop.demo.fill(shop_url)
        self.shop_url = shop_url
        self.shop = shop.open_shop({"adapter": "sql", "url": shop_url})
        self.bot = await self._stack.enter_async_context(FakeBot().running())
        self.bot.hands_over("/ask_person", summary="想問運費同退貨", team="delivery")
        port = free_port()
        given = {
            "data_dir": place / "var",
            "port": port,
            "shop_url": shop_url,
            "identity_secret": IDENTITY_SECRET,
            "bot_urls": self.bot.address,
            "messages_burst": 10_000,
            "sessions_per_minute": 10_000,
            "logins_per_minute": 10_000,
            "demo": "true",
            **settings,
        }
        table = load(
            root / "endpoints.yml", {f"SWITCHBOARD_{name.upper()}": str(value) for name, value in given.items()}
        )
        app = self.app = create_app(table, clock=clock, root=root)
        self._stack.push_async_callback(await serve(app, port))
        await app.ctx.database.write(add_missing_agents)
        return f"http://127.0.0.1:{port}", table.database

    def run(self, work: Any) -> Any:
        """Wait for a coroutine on the gateway's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.database.write_now(work)

    def close(self) -> None:
        self.send_home(0)
        self.database.close()
        self.run(self._stack.aclose())
        self.run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # -- people ------------------------------------------------------------------------------------------------

    def page(self, locale: str = "zh-HK", **options: Any) -> Page:
        options = {"viewport": DESKTOP, "locale": locale, "timezone_id": "Asia/Hong_Kong", **options}
        context = self.browser.new_context(**options)
        context.add_init_script(TELL_VIOLATIONS)
        context.add_init_script(SEND_AT_ONCE)
        self._contexts.append(context)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"{error.page.url}: {error.error}"))
        return context.new_page()

    def agent(self, login: str, locale: str = "en", address: str = "", **options: Any) -> Page:
        """Somebody at the desk, signed in, in their language."""
        page = self.page(locale, **options)
        self.sign_in(page, login, locale)
        if address:
            page.goto(f"{self.base}/desk{address}")
        return page

    def sign_in(self, page: Page, login: str, locale: str = "en") -> None:
        """Let somebody in on a page that was made ready for them; the form is tried where signing in is."""
        self.write(lambda c: agents.set_language(c, self.agent_id(login), locale))
        answer = page.request.post(f"{self.base}/desk/api/login", data={"login": login, "password": PASSWORD})
        assert answer.ok, answer.text()
        page.goto(f"{self.base}/desk")
        expect(page.get_by_test_id("views")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", locale)

    def customer(self, locale: str = "zh-HK", **options: Any) -> Page:
        """Somebody on the shop's page with the chat open."""
        page = self.page(locale, **options)
        page.goto(f"{self.base}/")
        page.get_by_test_id("bubble").click()
        expect(page.get_by_test_id("panel")).to_be_visible()
        return page

    def people(self) -> int:
        return len(self._contexts)

    def send_home(self, but: int) -> None:
        """All who came after so many."""
        for context in self._contexts[but:]:
            context.close()
        del self._contexts[but:]

    def _console(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        refused = any(
            f"status of {status}" in message.text and url.endswith(path) for path, status in EXPECTED_REFUSALS
        )
        if message.type == "error" and not refused:
            self.problems.append(f"{url}: {message.text}")

    # -- conversations ready made ------------------------------------------------------------------------------

    def agent_id(self, login: str) -> int:
        found = self.database.read_now(lambda c: agents.by_login(c, login))
        assert found is not None
        return found.id

    def talk(
        self,
        lines: list[tuple[str, str]],
        holder: str | None = None,
        name: str | None = None,
        minutes: int = 30,
        **more: Any,
    ) -> str:
        """A conversation with these lines, (author, text), waiting or held by an agent."""
        return self.write(lambda c: self.talk_in(c, lines, holder and self.agent_id(holder), name, minutes, **more))

    def talk_in(
        self,
        connection: Connection,
        lines: list[tuple[str, str]],
        holder: int | None,
        name: str | None,
        minutes: int,
        language: str = "zh-HK",
        team: str = "delivery",
        page: Any = None,
        summary: str = "想問運費同退貨",
    ) -> str:
        from handoff import tickets

        # Who has waited long is given to somebody at once.
        now = datetime.now(timezone.utc) - timedelta(minutes=minutes if holder else 0)
        sender = secrets.token_hex(8)
        talk = conversations.open_or_begin(connection, "widget", sender, now, language, page)
        if name:
            conversations.set_identity(connection, talk.id, f"x-{sender[:6]}", name, now + timedelta(days=1))
        wish = Wish(reason="asked_for_person", team=team, summary=summary)
        tickets.open_one(connection, talk.id, wish, TicketKind.LIVE, now)
        talk = conversations.move(connection, talk, Status.WAITING, now, "customer", "handoff")
        if holder:
            ticket = tickets.open_of(connection, talk.id)
            assert ticket is not None
            tickets.hand_to(connection, ticket, holder, now)
            talk = conversations.move(connection, talk, Status.AGENT, now, "agent", "claimed", agent_id=holder)
        question = None
        for number, (author, text) in enumerate(lines):
            at = now + timedelta(seconds=20 * number)
            writer = holder if author in ("agent", "note") else None
            reply = question if author == "assistant" else None
            draft = Draft(
                author=Author(author),
                text=text,
                agent_id=writer,
                name="Ben" if writer else None,
                delivered=True,
                reply_to=reply,
                part=number if reply else None,
            )
            line = transcript.append(connection, talk, draft, at)
            if author == "customer":
                transcript.settle(connection, line.id, at)
                question = line.id
        return talk.id

    def call(self, page: Page, method: str, path: str, body: Any = None) -> Any:
        """Ask the desk's API as the one who is signed in on this page."""
        requests = page.context.request
        csrf = requests.get(f"{self.base}/desk/api/me").json()["csrf"]
        answer = requests.fetch(
            f"{self.base}/desk/api{path}",
            method=method,
            data=json.dumps(body or {}),
            headers={"X-CSRF-Token": csrf, "Content-Type": "application/json"},
        )
        assert answer.ok, answer.text()
        return answer.json()

    def indexed(self) -> None:
        """Until the index of the transcript has everything."""
        from handoff import search

        while lines := self.database.read_now(search.waiting):
            with contextlib.suppress(Exception):  # the gateway's own follower was faster
                self.write(lambda c, lines=lines: search.add(c, lines, datetime.now(timezone.utc)))

    def shot(self, page: Page, name: str) -> None:
        """What moves comes to rest; a picture of it for the artefacts, where pictures are asked for."""
        if TAKES_PICTURES:
            ARTEFACTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(ARTEFACTS / f"{name}.png"), animations="disabled")
        else:
            page.screenshot(clip=ONE_DOT, animations="disabled")


async def _end_all() -> None:
    """What Sanic does for a server that it runs by itself: nobody who was connected is left in the middle."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    _, stuck = await asyncio.wait(left, timeout=10) if left else (set(), set())
    assert not stuck


def note_figure(name: str, value: float) -> None:
    """Keep a measured figure beside the pictures."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    place = ARTEFACTS / "figures.json"
    figures = json.loads(place.read_text()) if place.exists() else {}
    figures[name] = value
    place.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
