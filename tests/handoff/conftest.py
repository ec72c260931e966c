"""A house on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import House, follow_one_article

from faq_kb import KnowledgeFollower
from handoff import migrations
from handoff.database import Database

NAME = "{zh-HK: 隊, zh-TW: 隊, zh-CN: 队, en: Team}"


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeFollower:
    return follow_one_article(tmp_path_factory.mktemp("knowledge"))


@pytest.fixture
def build(database_url: str, tmp_path: Path, knowledge: KnowledgeFollower) -> Iterator[Callable[..., House]]:
    """Build a house with these teams: id and lines of the file."""
    built: list[House] = []

    def make(desk: str = "policy: least-busy", **teams: str) -> House:
        path = tmp_path / "teams.yml"
        entries = {"support": "{}", **teams}
        lines = [f"  {team}: {{name: {NAME}, {more.strip('{}')}}}" for team, more in entries.items()]
        path.write_text(f"desk: {{{desk}}}\ngeneral: support\nteams:\n" + "\n".join(lines) + "\n", encoding="utf-8")
        database = Database(database_url)
        migrations.upgrade(database)
        database.close()
        built.append(House(database_url, path, knowledge))
        return built[-1]

    yield make
    for house in built:
        house.database.close()
