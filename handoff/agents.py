"""Agents, their passwords, sessions and presence. The only module that writes the tables agents and agent_sessions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from handoff.errors import LoginRefused, LoginTaken, NotSignedIn, WeakPassword
from handoff.models import Presence, Role, agent_sessions, agents
from handoff.records import Agent

SESSION_LASTS = timedelta(hours=12)
# The desk's page pings every 15 s; two lost pings are a bad network, three are an empty chair.
PRESENT_WITHIN = timedelta(seconds=45)
# A write a ping is enough; requests in between change nothing.
SEEN_EVERY = timedelta(seconds=10)
MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 200

_hasher = PasswordHasher()
# Verified when the login is unknown, so that an unknown login costs what a wrong password costs.
_DECOY = _hasher.hash(secrets.token_hex(16))


def add(
    connection: Connection, login: str, name: str, role: Role, password: str, now: datetime, language: str = "en"
) -> Agent:
    """Make an agent. Raises LoginTaken or WeakPassword."""
    check_password(password)
    try:
        with connection.begin_nested():
            connection.execute(
                insert(agents).values(
                    login=login.strip().lower(),
                    name=name.strip(),
                    role=role.value,
                    password_hash=_hasher.hash(password),
                    language=language,
                    active=True,
                    created_at=now,
                )
            )
    except IntegrityError as exc:
        raise LoginTaken() from exc
    found = by_login(connection, login)
    if found is None:
        raise LoginRefused()
    return found


def check_password(password: str) -> None:
    """Raise WeakPassword when a password is too short (or absurdly long: hashing costs memory)."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise WeakPassword()


def set_password(connection: Connection, login: str, password: str) -> None:
    """Change a password and end every session that was opened with the old one."""
    check_password(password)
    agent = by_login(connection, login)
    if agent is None:
        raise LoginRefused("There is no agent with this login.")
    connection.execute(update(agents).where(agents.c.id == agent.id).values(password_hash=_hasher.hash(password)))
    connection.execute(delete(agent_sessions).where(agent_sessions.c.agent_id == agent.id))


def set_active(connection: Connection, login: str, active: bool) -> None:
    """Let somebody sign in, or no longer; switching off ends their sessions. Raises LoginRefused."""
    agent = by_login(connection, login)
    if agent is None:
        raise LoginRefused("There is no agent with this login.")
    connection.execute(update(agents).where(agents.c.id == agent.id).values(active=active))
    if not active:
        connection.execute(delete(agent_sessions).where(agent_sessions.c.agent_id == agent.id))


def by_login(connection: Connection, login: str) -> Agent | None:
    """The agent with this login, whatever its case."""
    row = connection.execute(select(agents).where(agents.c.login == login.strip().lower())).first()
    return _record(row) if row is not None else None


def by_id(connection: Connection, agent_id: int | None) -> Agent | None:
    """The agent with this id."""
    if agent_id is None:
        return None
    row = connection.execute(select(agents).where(agents.c.id == agent_id)).first()
    return _record(row) if row is not None else None


def by_ids(connection: Connection, agent_ids: Collection[int]) -> dict[int, Agent]:
    """These agents, by id."""
    if not agent_ids:
        return {}
    rows = connection.execute(select(agents).where(agents.c.id.in_(list(agent_ids))))
    return {row.id: _record(row) for row in rows}


def with_logins(connection: Connection, logins: Collection[str]) -> list[Agent]:
    """The agents behind these logins, as far as there are any."""
    rows = connection.execute(select(agents).where(agents.c.login.in_([one.lower() for one in logins])))
    return [_record(row) for row in rows]


def listing(connection: Connection) -> list[Agent]:
    """Everybody, by login."""
    return [_record(row) for row in connection.execute(select(agents).order_by(agents.c.login))]


def names(connection: Connection) -> dict[str, str]:
    """What everybody is called, by login; those who left, too."""
    return {row.login: row.name for row in connection.execute(select(agents.c.login, agents.c.name))}


def hash_for(connection: Connection, login: str) -> tuple[str, int | None]:
    """The stored hash to verify a password against and the agent it belongs to; a decoy for an unknown login."""
    row = connection.execute(
        select(agents.c.id, agents.c.password_hash).where(
            agents.c.login == login.strip().lower(), agents.c.active.is_(True)
        )
    ).first()
    return (row.password_hash, row.id) if row is not None else (_DECOY, None)


def password_fits(stored: str, password: str) -> bool:
    """Verify with argon2id: slow on purpose, so never inside a transaction."""
    try:
        return bool(_hasher.verify(stored, password[:MAX_PASSWORD_CHARS]))
    except (VerifyMismatchError, InvalidHashError):
        return False


def begin_session(connection: Connection, agent_id: int, now: datetime) -> tuple[str, str]:
    """Open a session under a new random token (never one the browser brought). Returns the token and its CSRF token."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    connection.execute(delete(agent_sessions).where(agent_sessions.c.expires_at < now))
    connection.execute(
        insert(agent_sessions).values(
            token_hash=_hash(token), agent_id=agent_id, csrf=csrf, created_at=now, expires_at=now + SESSION_LASTS
        )
    )
    return token, csrf


def of_session(connection: Connection, token: str, now: datetime) -> tuple[Agent, str]:
    """Whose session this is, and its CSRF token. Raises NotSignedIn."""
    row = connection.execute(
        select(agents, agent_sessions.c.csrf)
        .join(agent_sessions, agent_sessions.c.agent_id == agents.c.id)
        .where(
            agent_sessions.c.token_hash == _hash(token),
            agent_sessions.c.expires_at > now,
            agents.c.active.is_(True),
        )
    ).first()
    if row is None:
        raise NotSignedIn()
    return _record(row), row.csrf


def end_session(connection: Connection, token: str) -> None:
    """Sign out."""
    connection.execute(delete(agent_sessions).where(agent_sessions.c.token_hash == _hash(token)))


def seen(connection: Connection, agent_id: int, now: datetime) -> None:
    """A heartbeat of the agent's page: presence is nothing but the time of the last one."""
    connection.execute(update(agents).where(agents.c.id == agent_id).values(seen_at=now))


def gone(connection: Connection, agent_id: int) -> None:
    """The agent signed out or closed the last page."""
    connection.execute(update(agents).where(agents.c.id == agent_id).values(seen_at=None))


def set_language(connection: Connection, agent_id: int, language: str) -> None:
    """The language of the agent's own desk."""
    connection.execute(update(agents).where(agents.c.id == agent_id).values(language=language))


def is_present(agent: Agent, now: datetime) -> bool:
    """Whether the agent's page was heard of a moment ago."""
    return agent.seen_at is not None and agent.seen_at > now - PRESENT_WITHIN


def at_desk(connection: Connection, now: datetime) -> list[Agent]:
    """Who answers customers and was heard of a moment ago, whatever they say of themselves."""
    rows = connection.execute(
        select(agents)
        .where(
            agents.c.active.is_(True),
            agents.c.role != Role.EDITOR.value,
            agents.c.seen_at > now - PRESENT_WITHIN,
        )
        .order_by(agents.c.id)
    )
    return [_record(row) for row in rows]


def take_place(connection: Connection, agent: Agent, now: datetime) -> bool:
    """Count one more customer given to this agent. False when somebody else gave them one since `agent` was read."""
    counted = connection.execute(
        update(agents)
        .where(agents.c.id == agent.id, agents.c.assignments == agent.assignments)
        .values(assignments=agents.c.assignments + 1, assigned_at=now)
    )
    return bool(counted.rowcount == 1)


def took(connection: Connection, agent_id: int, now: datetime) -> None:
    """Count one more customer whom this agent took themselves."""
    connection.execute(
        update(agents).where(agents.c.id == agent_id).values(assignments=agents.c.assignments + 1, assigned_at=now)
    )


def hold(connection: Connection, agent_id: int) -> None:
    """Whoever else holds this agent waits until this transaction ends, and then sees what it did. (SQLite has one
    writer at a time anyway.)"""
    connection.execute(update(agents).where(agents.c.id == agent_id).values(active=agents.c.active))


def present(connection: Connection, now: datetime) -> int:
    """How many people who answer customers are at their desk."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(agents)
            .where(
                agents.c.active.is_(True),
                agents.c.role != Role.EDITOR.value,
                agents.c.presence == Presence.ONLINE.value,
                agents.c.seen_at > now - PRESENT_WITHIN,
            )
        ).scalar_one()
    )


def set_work(
    connection: Connection,
    agent_id: int,
    teams: Sequence[str],
    skills: Sequence[str],
    languages: Sequence[str],
    capacity: int | None,
) -> None:
    """What this agent answers, and how many customers at a time. Empty means all; no capacity, what the teams say."""
    connection.execute(
        update(agents)
        .where(agents.c.id == agent_id)
        .values(teams=list(teams), skills=list(skills), languages=list(languages), capacity=capacity)
    )


def set_presence(connection: Connection, agent_id: int, presence: Presence) -> None:
    """What the agent says of themselves; it counts only while their page is there."""
    connection.execute(update(agents).where(agents.c.id == agent_id).values(presence=presence.value))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _record(row: Row) -> Agent:
    return Agent(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        language=row.language,
        active=row.active,
        seen_at=row.seen_at,
        teams=tuple(row.teams or ()),
        skills=tuple(row.skills or ()),
        languages=tuple(row.languages or ()),
        capacity=row.capacity,
        presence=Presence(row.presence),
        assignments=row.assignments,
        assigned_at=row.assigned_at,
    )
