"""What requests to the desk's API carry, checked; and how a part of the API names its routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timezone
from typing import Any, Protocol

from sanic.request import Request

from handoff.errors import BadInput
from handoff.plain import is_plain, plain
from handoff.records import Agent

MAX_CLIENT_ID = 80
MAX_QUERY = 100
MAX_ID = 10**15

# Called with the agent who asks, the request, and the parts of the path; what it returns is sent as JSON.
Handler = Callable[..., Awaitable[Any]]
Route = tuple[str, str, Handler]


class Part(Protocol):
    """One noun of the desk's API."""

    def routes(self) -> Iterable[Route]:
        """Path under /desk/api, method, handler."""


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises BadInput."""
    body = request.json if request.body else {}
    if not isinstance(body, dict):
        raise BadInput("Expected a JSON object.")
    return body


def asker_locale(agent: Agent, request: Request) -> str:
    """The language the page wants its answer in."""
    return request.args.get("locale") or agent.language


def words_of(request: Request) -> str:
    """What is searched for, in plain characters and of sane length."""
    return plain(request.args.get("q") or "")[:MAX_QUERY].strip()


def is_client_id(value: object) -> bool:
    """Whether a page may call its message so."""
    return isinstance(value, str) and 0 < len(value) <= MAX_CLIENT_ID and is_plain(value)


def number_of(value: str | None) -> int:
    """A whole number from an address; 0 for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else 0


def moment_of(value: str | None, field: str = "before") -> datetime | None:
    """A time from an address. Raises BadInput."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00").replace(" ", "+"))
        # The first and the last hours of the calendar have no UTC.
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError) as exc:
        raise BadInput(f"{field} must be a time such as 2026-01-31T09:00:00+00:00.", field=field) from exc
