"""A real gateway in the test's own event loop: real routes, real database. Fake is the far side: the bot, the clock."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gateway_parts import ARTICLES, IDENTITY_SECRET, FakeBot, FakeClock, Gateway, Start, add_missing_agents, free_port
from serving import serve
from sqlalchemy.engine import make_url
from tests_databases import SqliteTemplate

import shop.demo
from switchboard.app import create_app
from switchboard.settings import load


@pytest.fixture(scope="session")
def shop_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}"
    shop.demo.fill(url)
    return url


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project root with two articles and the rest channel."""
    folder = tmp_path / "project"
    (folder / "faq_kb" / "articles").mkdir(parents=True)
    (folder / "faq_kb" / "articles" / "delivery.yml").write_text(ARTICLES, encoding="utf-8")
    (folder / "credentials.yml").write_text("rest:\n", encoding="utf-8")
    return folder


@pytest.fixture
async def start(root: Path, tmp_path: Path, shop_url: str, sqlite_template: SqliteTemplate) -> AsyncIterator[Start]:
    """Start a gateway; keyword arguments are settings."""
    async with contextlib.AsyncExitStack() as stack:

        async def begin(bot: FakeBot | None = None, clock: FakeClock | None = None, **settings: Any) -> Gateway:
            bot = bot or await stack.enter_async_context(FakeBot().running())
            clock = clock or FakeClock()
            port = free_port()
            given = {
                "data_dir": tmp_path / "var",
                "port": port,
                "shop_url": shop_url,
                "identity_secret": IDENTITY_SECRET,
                "bot_urls": bot.address,
                "messages_burst": 100,
                "sessions_per_minute": 1000,
                "logins_per_minute": 1000,
                "burst_window_milliseconds": 0,  # each line is a question of its own; bursts have tests of their own
                "reopen_minutes": 0,  # a new conversation begins with the assistant, unless the test is about that
                **settings,
            }
            environment = {f"SWITCHBOARD_{name.upper()}": str(value) for name, value in given.items()}
            table = load(root / "endpoints.yml", environment)
            own = make_url(table.database)
            if own.get_backend_name() == "sqlite" and not Path(own.database or "").exists():
                sqlite_template.copy_to(Path(own.database or ""))
            app = create_app(table, clock=clock, root=root)  # under one name, or Sanic keeps them all
            end = await serve(app, port)
            await app.ctx.database.write(add_missing_agents)
            gateway = Gateway(f"http://127.0.0.1:{port}", bot, clock, table, app)

            async def stop() -> None:
                await gateway.close()
                await end()

            stack.push_async_callback(stop)
            gateway.stop = stop  # type: ignore[attr-defined]
            return gateway

        yield begin


@pytest.fixture
async def gateway(start: Start, database_url: str) -> Gateway:
    """A gateway on each database."""
    return await start(database_url=database_url)
