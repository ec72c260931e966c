"""Servers that tests may use, and the rule that CI skips nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

POSTGRES = os.environ.get("SWITCHBOARD_TEST_POSTGRES_URL", "")
REDIS = os.environ.get("SWITCHBOARD_TEST_REDIS_URL", "")


def missing(what: str) -> None:
    """At home a missing server skips a test with its reason; in CI it is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI skips nothing")
    pytest.skip(f"{what} is missing")


def postgres_database() -> Iterator[str]:
    """A database of our own on the PostgreSQL server of SWITCHBOARD_TEST_POSTGRES_URL."""
    if not POSTGRES:
        missing("PostgreSQL (SWITCHBOARD_TEST_POSTGRES_URL)")
    name = f"switchboard_{secrets.token_hex(6)}"
    server = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", future=True)
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        missing("PostgreSQL (cannot connect)")
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()
