"""Secrets of this installation: made once, kept in the data folder for the owner alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


class SecretFileError(Exception):
    """A secret's file can be read by others."""


def secret(folder: Path, name: str) -> str:
    """The secret `name`, made at the first call. Raises SecretFileError when others can read its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.secret"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SecretFileError(f"{path} can be read by others; run: chmod 600 {path}") from None
        return _wait_for_content(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        value = secrets.token_urlsafe(48)
        file.write(value)
    return value


def _wait_for_content(path: Path) -> str:
    value = path.read_text(encoding="ascii").strip()
    if not value:
        raise SecretFileError(f"{path} is empty; delete it and start again.")
    return value
