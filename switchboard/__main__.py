"""`python -m switchboard` is the CLI."""

from __future__ import annotations

from switchboard.cli import app

app()
