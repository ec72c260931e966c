"""The line, the floor and the router over a real database, without HTTP: for tests that need thousands of steps.

Fake are only the far sides: the bot on the wire, the provider behind a channel, and the clock.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from faq_kb import KnowledgeFollower
from faq_kb.masking import Masking
from handoff import agents, customer_form, wrap_ups
from handoff.account_links import AccountLinks
from handoff.contact_codes import Codes
from handoff.customer_form import CustomerFormFile
from handoff.database import Database
from handoff.floor import Floor
from handoff.hours import OpeningHours
from handoff.idle import Idle, IdleTerms
from handoff.learning import Learning
from handoff.ledger import Ledger, PromiseTerms
from handoff.models import Role
from handoff.passing import Passing
from handoff.records import Agent, Conversation, Message
from handoff.reopening import Reopening
from handoff.router import Router
from handoff.survey import Survey
from handoff.sweeper import Sweeper
from handoff.teams import TeamsFile
from nlu.order_numbers import order_numbers
from switchboard.account_talk import AccountTalk
from switchboard.bot_client import BotFailed
from switchboard.feedback import Feedback
from switchboard.floods import Floods
from switchboard.line import Limits, Line
from switchboard.live import LocalLive
from switchboard.rates import Rates
from switchboard.records import BotLine, Inbound, Receipt
from switchboard.turns import LocalTurns

ROOT = Path(__file__).resolve().parent.parent.parent
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)  # a Monday in Hong Kong
ALWAYS = OpeningHours.parse("mon-sun 00:00-24:00", "Asia/Hong_Kong")
CHANNEL = "messenger"
_ARTICLE = """
category: {zh-HK: 送貨, zh-TW: 配送, zh-CN: 配送, en: Delivery}
articles:
  - id: fee
    question: {zh-HK: "運費幾多？", zh-TW: "運費多少？", zh-CN: "运费多少？", en: "What does shipping cost?"}
    answer: {zh-HK: "三十蚊。", zh-TW: "一百元。", zh-CN: "十二元。", en: "HK$30."}
"""


@lru_cache(maxsize=1)
def masking() -> Masking:
    """Reading the patterns takes longer than a hundred steps."""
    with tempfile.TemporaryDirectory() as folder:
        return Masking(order_numbers(ROOT / "nlu" / "entity_patterns.yml", Path(folder) / "last.yml"))


class Clock:
    """Moves when told."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **spans: float) -> None:
        self.now += timedelta(**spans)


class WireBot:
    """The bot's side of the wire. Says back what it is asked; `person …` hands over; can be held and can fail."""

    def __init__(self) -> None:
        self.hold: asyncio.Event | None = None
        self.fails = False
        self.asked: list[str] = []
        self.is_asked = asyncio.Event()
        self.marker: Mapping[str, Any] = {}

    async def ask(
        self, conversation_id: str, text: str, metadata: Mapping[str, Any], timeout_seconds: float
    ) -> list[BotLine]:
        self.asked.append(text)
        self.is_asked.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.fails:
            raise BotFailed("the wire broke")
        if text.startswith(("person", "/ask_person")):
            # Rasa may say more after its marker; the sentence of the handoff stays the last one.
            return [BotLine(text="one moment"), BotLine(marks={"handoff": dict(self.marker)}), BotLine(text="and more")]
        return [BotLine(text=f"bot: {text}")]

    async def ready(self) -> bool:
        return True

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass


class Wire:
    """The provider behind the customers' channel: keeps what it was sent."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    async def deliver(self, conversation: Conversation, lines: Sequence[Message]) -> None:
        self.sent += [line.id for line in lines]

    def pulled_by_customer(self, channel: str) -> bool:
        return False

    def answered_in_response(self, channel: str) -> bool:
        return False

    def is_written_to(self, channel: str) -> bool:
        return True

    def is_sender_sure(self, channel: str) -> bool:
        return False

    def shows_numbers(self, channel: str, buttons: Sequence[Mapping[str, str]]) -> bool:
        return False

    def joins_turns(self, channel: str) -> bool:
        return False

    def gives_files(self, channel: str) -> bool:
        return False

    def typing(self, conversation: Conversation) -> None:
        pass

    def typing_while(self, conversation: Conversation) -> AbstractContextManager[None]:
        return nullcontext()

    async def window(self, conversation_id: str) -> dict[str, Any] | None:
        return None

    def problems(self) -> list[dict[str, str]]:
        return []


class House:
    """One gateway's parts over a database; `restart` throws all of them away but the database."""

    def __init__(self, url: str, teams: Path, knowledge: KnowledgeFollower, clock: Clock | None = None) -> None:
        self.url = url
        self.knowledge = knowledge
        self.clock = clock or Clock()
        self.masking = masking()
        self.wire = Wire()
        self.database = Database(url)
        self.teams = TeamsFile(teams, ALWAYS)
        self.form = CustomerFormFile(customer_form.SHIPPED)
        self.start()

    def start(self) -> None:
        terms = PromiseTerms(timedelta(minutes=30), timedelta(minutes=15), timedelta(hours=4))
        self.floor = Floor(
            self.database,
            LocalLive(),
            self.wire,
            self.teams,
            self.masking,
            Ledger(self.teams, terms, ZoneInfo("Asia/Hong_Kong")),
            Survey(is_on=False),
            wrap_ups.load(wrap_ups.SHIPPED),
            self.form,
            self.clock,
        )
        self.router = Router(self.database, self.floor, self.teams, self.clock)
        self.sweeper = Sweeper(self.database, self.floor, self.teams, self.clock)
        self.passing = Passing(self.floor)
        terms_of_idle = IdleTerms(timedelta(minutes=20), timedelta(minutes=10), timedelta(hours=4))
        self.idle = Idle(self.database, self.floor, terms_of_idle, self.clock)
        self.bot = WireBot()
        feedback = Feedback(self.database, self.floor, Learning("a secret of the tests"), self.knowledge, self.clock)
        rates = Rates(10_000, 10_000, lambda: 0.0)
        limits = Limits(2000, 15, 3, "en", burst_window_seconds=0)
        reopening = Reopening(self.floor, timedelta())
        floods = Floods(rates, 10_000, lambda: 0.0)
        links = AccountLinks("a key of the tests", Codes("another"))
        account_talk = AccountTalk(self.floor, links, "", "Harbour Goods", self.clock)
        self.line = Line(
            self.database,
            self.floor,
            self.bot,
            LocalTurns(),
            rates,
            floods,
            limits,
            feedback,
            account_talk,
            reopening,
            self.clock,
        )

    def add_agent(self, login: str, role: Role = Role.AGENT, **work: Any) -> Agent:
        # A hash costs 50 ms on purpose; nobody signs in here.
        def write(connection: Any) -> Agent:
            added = agents.add(connection, login, login.title(), role, "a-long-password", self.clock())
            wanted = {"teams": (), "skills": (), "languages": (), "capacity": None, **work}
            agents.set_work(connection, added.id, **wanted)
            return agents.by_id(connection, added.id) or added

        return self.database.write_now(write)

    def here(self, *people: Agent) -> None:
        """Their pages are heard of."""
        for one in people:
            self.database.write_now(lambda c, one=one: agents.seen(c, one.id, self.clock()))

    async def writes(self, sender: str, text: str, external_id: str | None = None, **more: Any) -> Receipt:
        inbound = Inbound(CHANNEL, sender, text, external_id=external_id, client_id=external_id, language="en", **more)
        return await self.line.receive(inbound, limited=False)

    async def settle(self) -> None:
        """What the router's loop does, once."""
        await self.sweeper.sweep()
        await self.passing.wake()
        await self.idle.look()
        await self.router.drain()


def follow_one_article(folder: Path) -> KnowledgeFollower:
    (folder / "articles").mkdir()
    (folder / "articles" / "delivery.yml").write_text(_ARTICLE, encoding="utf-8")
    return KnowledgeFollower(folder / "articles")
