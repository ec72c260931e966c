"""The demo shop behind both adapters, and desks on a database of attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shop_fakes import API_TOKEN, NOW, FixedClock, ShopApi
from sqlalchemy import create_engine, text
from tests_databases import PostgresDatabases

from shop import HttpShop, OrderDesk, Shop, SqlShop
from shop.demo import fill


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="session")
def shop_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.db"
    fill(url, clock=lambda: NOW)
    return url


@pytest.fixture
def sql_shop(shop_url: str) -> Iterator[SqlShop]:
    shop = SqlShop(shop_url)
    yield shop
    shop.close()


@pytest.fixture
def shop_api(sql_shop: SqlShop) -> Iterator[ShopApi]:
    api = ShopApi(sql_shop)
    yield api
    api.stop()


@pytest.fixture
def http_shop(shop_api: ShopApi) -> Iterator[HttpShop]:
    shop = HttpShop(shop_api.url, API_TOKEN, answer_seconds=0.6)
    yield shop
    shop.close()


@pytest.fixture(params=["sql", "http"])
def shop(request: pytest.FixtureRequest) -> Shop:
    adapter: Shop = request.getfixturevalue(f"{request.param}_shop")
    return adapter


@pytest.fixture(scope="session")
def postgres_attempts_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    with postgres_databases.empty() as url:
        yield url


@pytest.fixture
def attempts_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLite, unless the test asks for each database with `on_both_databases`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/attempts.db"
    url = str(request.getfixturevalue("postgres_attempts_url"))
    engine = create_engine(url, future=True)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS proof_attempts, proof_gate"))
    engine.dispose()
    return url


@pytest.fixture
def open_desk(attempts_url: str, clock: FixedClock) -> Iterator[Callable[[Shop], OrderDesk]]:
    """A desk on the attempts of this test; calling it again is what another process, or the next start, would do."""
    desks: list[OrderDesk] = []

    def open_one(shop: Shop) -> OrderDesk:
        desks.append(OrderDesk(shop, attempts_url, clock))
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[[Shop], OrderDesk], sql_shop: SqlShop) -> OrderDesk:
    return open_desk(sql_shop)
