"""Whether the gateway lives, and whether it can answer a customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy import select

from faq_kb import KnowledgeFollower
from handoff.database import Database
from switchboard.bot_client import Bot
from switchboard.channels import Problem


def blueprint(
    database: Database,
    bot: Bot,
    knowledge: KnowledgeFollower,
    channel_problems: Sequence[Problem],
    events_unused: Callable[[], Mapping[str, Mapping[str, int]]],
) -> Blueprint:
    """/healthz and /readyz."""
    routes = Blueprint("health")

    @routes.head("/healthz", name="healthz_head")
    @routes.get("/healthz", name="healthz")
    async def healthz(_request: Request) -> HTTPResponse:
        return json({"status": "ok"})

    @routes.head("/readyz", name="readyz_head")
    @routes.get("/readyz", name="readyz")
    async def readyz(_request: Request) -> HTTPResponse:
        parts = {
            "database": await _database_answers(database),
            "bot": await bot.ready(),
            "knowledge": bool(knowledge.current.articles),
        }
        ready = all(parts.values())
        return json(
            {
                "status": "ready" if ready else "not_ready",
                "parts": parts,
                "channels_left_out": [{"channel": one.channel, "why": one.why} for one in channel_problems],
                "events_unused": events_unused(),
                "article_problems": len(knowledge.problems),
            },
            status=200 if ready else 503,
        )

    return routes


async def _database_answers(database: Database) -> bool:
    try:
        await database.read(lambda connection: connection.execute(select(1)).scalar_one())
    except Exception:
        return False
    return True
