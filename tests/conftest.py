"""What every test may use: an empty database of each kind, and Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests_databases import REDIS, missing, postgres_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database: SQLite in a file, and PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'switchboard.db'}"
        return
    yield from postgres_database()


@pytest.fixture
def redis_url() -> str:
    """A Redis server, empty or not: our keys carry random names."""
    if not REDIS:
        missing("Redis (SWITCHBOARD_TEST_REDIS_URL)")
    return REDIS
