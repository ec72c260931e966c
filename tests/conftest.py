"""What every test may use: a database of each kind, and Redis."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import work_units
from installed import missing
from rounds import set_up_hypothesis
from tests_databases import REDIS, PostgresDatabases, SqliteTemplate

from switchboard import steady

EACH_DATABASE = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]

set_up_hypothesis()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: work_units.rank(item.nodeid.split("::", 1)[0]))


def pytest_collection_finish() -> None:
    """As the gateway does when all is loaded: garbage is looked for among what tests make alone."""
    steady.settle()


class _TellsAtOnce:
    """Names a failure when it happens: a run that is stopped has no summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            why = report.longreprtext.strip().splitlines()[-1:]
            terminal.write_line(f"\nFAILED {report.nodeid} ({report.when}) {' '.join(why)}")


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_TellsAtOnce(config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    return work_units.Units(config, log)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases()
    yield databases
    databases.drop_all()


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """A migrated database on PostgreSQL."""
    with postgres_databases.migrated() as url:
        yield url


@pytest.fixture(params=EACH_DATABASE)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the tables of now and nothing in them: SQLite in a file, and PostgreSQL."""
    if request.param == "sqlite":
        template: SqliteTemplate = request.getfixturevalue("sqlite_template")
        return template.copy_to(tmp_path_factory.mktemp("db") / "switchboard.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=EACH_DATABASE)
def empty_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'switchboard.db'}"
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with databases.empty() as url:
        yield url


@pytest.fixture
def redis_url() -> str:
    """A Redis server, empty or not: our keys carry random names."""
    if not REDIS:
        missing("Redis (SWITCHBOARD_TEST_REDIS_URL)")
    return REDIS
