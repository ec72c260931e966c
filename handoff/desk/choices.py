"""What agents keep for themselves: saved views and preferences. The only module that writes desk_views and
desk_preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from faq_kb.columns import INSERTS
from handoff.errors import BadInput, TextTooLong, UnknownView
from handoff.models import desk_preferences, desk_views
from handoff.plain import plain

MAX_VIEWS = 50
MAX_NAME_CHARS = 60

# Each choice with what it may be. What a page asks beside these is refused by name.
PREFERENCES: dict[str, tuple[object, ...]] = {
    "theme": ("auto", "light", "dark"),
    "sendKey": ("enter", "ctrl"),
    "undoSend": (True, False),
    "ticketSound": (True, False),
    "messageSound": (True, False),
    "mentionSound": (True, False),
    "titleBadge": (True, False),
    "notifications": (True, False),
    "realert": (True, False),
    "shortcuts": (True, False),
}


@dataclass(frozen=True)
class SavedView:
    """A list that an agent comes back to: a name and what is looked for."""

    id: int
    name: str
    filters: Mapping[str, str]


def views_of(connection: Connection, agent_id: int) -> list[SavedView]:
    """The agent's views, the oldest first."""
    rows = connection.execute(select(desk_views).where(desk_views.c.agent_id == agent_id).order_by(desk_views.c.id))
    return [SavedView(row.id, row.name, row.filters) for row in rows]


def save_view(
    connection: Connection, agent_id: int, name: object, filters: Mapping[str, str], now: datetime
) -> SavedView:
    """Keep a view. Raises BadInput when the name is taken or there are too many."""
    cleaned = " ".join(plain(name).split()) if isinstance(name, str) else ""
    if not cleaned:
        raise BadInput("A view needs a name.", field="name")
    if len(cleaned) > MAX_NAME_CHARS:
        raise TextTooLong(
            f"The name of a view has at most {MAX_NAME_CHARS} characters.", field="name", limit=MAX_NAME_CHARS
        )
    count = select(func.count()).select_from(desk_views).where(desk_views.c.agent_id == agent_id)
    if connection.execute(count).scalar_one() >= MAX_VIEWS:
        raise BadInput(f"You have {MAX_VIEWS} views already; delete one first.", field="name")
    values = {"agent_id": agent_id, "name": cleaned, "filters": dict(filters), "created_at": now}
    try:
        with connection.begin_nested():
            identity = connection.execute(insert(desk_views).values(**values)).inserted_primary_key[0]
    except IntegrityError as exc:
        raise BadInput(f"You have a view named {cleaned!r} already.", field="name") from exc
    return SavedView(identity, cleaned, filters)


def delete_view(connection: Connection, agent_id: int, view_id: int) -> None:
    """Forget a view of one's own. Raises UnknownView."""
    gone = connection.execute(delete(desk_views).where(desk_views.c.id == view_id, desk_views.c.agent_id == agent_id))
    if gone.rowcount != 1:
        raise UnknownView()


def preferences_of(connection: Connection, agent_id: int) -> dict[str, Any]:
    """What this agent has chosen; what is not in it was never changed."""
    row = connection.execute(select(desk_preferences.c.choices).where(desk_preferences.c.agent_id == agent_id)).first()
    return dict(row.choices) if row else {}


def prefer(connection: Connection, agent_id: int, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Change some choices and leave the others. Raises BadInput that names the wrong one."""
    for name, value in wanted.items():
        known = PREFERENCES.get(name)
        if known is None:
            raise BadInput(f"There is no preference {name[:40]!r}.", field=name[:40])
        if not any(value == one and type(value) is type(one) for one in known):
            raise BadInput(f"{name} must be one of {', '.join(map(str, known))}.", field=name)
    choices = {**preferences_of(connection, agent_id), **wanted}
    statement = INSERTS[connection.dialect.name](desk_preferences).values(agent_id=agent_id, choices=choices)
    connection.execute(statement.on_conflict_do_update(index_elements=["agent_id"], set_={"choices": choices}))
    return choices
