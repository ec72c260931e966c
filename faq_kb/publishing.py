"""Putting several article files on disk as one: whoever looks sees all of them or none, whatever dies half-way.

The new files are written beside the folder's own first, then a journal that names them: the moment it is there, they
are published. A reader that meets an unfinished journal reads through it, so nobody has to wait for anybody, and the
next one who may write moves the files to their places. Publishers take turns by a lock on a file. What a person changed
by hand meanwhile is never written over.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faq_kb.loading import article_paths
from faq_kb.nodes import MAX_FILE_BYTES

log = logging.getLogger(__name__)

# Beside the articles, so that moving a file from there is one step of the file system. No article file is hidden.
WORK_FOLDER = ".publish"
# In it, the files that `last_good` keeps. They are no publication's.
LAST_GOOD = "last-good"
LOCK_WAIT_SECONDS = 10.0
_LOCK_LOOK_SECONDS = 0.01


class FilesChanged(Exception):
    """The files on disk are not those that were edited; read them again and edit those."""


class PublisherBusy(Exception):
    """Another publisher has not let go of the folder in time."""


@dataclass(frozen=True)
class Move:
    """What becomes of one file: the digest of what it held and of what it will hold; None where there is no file."""

    name: str
    was: str | None
    becomes: str | None


@dataclass(frozen=True)
class Journal:
    """The last publication of a folder, and whether its files are at their places."""

    id: str
    done: bool
    moves: tuple[Move, ...]
    raw: bytes = b""

    def staged(self, folder: Path, name: str) -> Path:
        return folder / WORK_FOLDER / self.id / name


def publish(folder: Path, expected: Mapping[str, str | None], files: Mapping[str, bytes | None]) -> None:
    """Write files by name, None to delete; all at once.

    ``expected`` says what each of them, and any other file the change relies on, held when it was edited. Raises
    ``FilesChanged`` when one does not, and ``PublisherBusy``.
    """
    if any("/" in name or name.startswith(".") for name in files):
        raise ValueError("a file of the folder itself")
    with taking_turns(folder):
        finish(folder)
        for name, was in expected.items():
            if digest_of(folder / name) != was:
                raise FilesChanged(name)
        moves = tuple(
            Move(name, expected[name], None if content is None else digest_of_bytes(content))
            for name, content in files.items()
        )
        journal = Journal(secrets.token_hex(8), False, moves)
        _stage(folder, journal, files)
        _write_journal(folder, journal)
        finish(folder)


def finish_abandoned(folder: Path) -> None:
    """Finish what a publisher that died left half-way; at once nothing when there is none, or when it still works."""
    journal = last_journal(folder)
    if journal is None or journal.done:
        return
    with contextlib.suppress(OSError, PublisherBusy), taking_turns(folder, wait_seconds=0):
        finish(folder)
        log.info("Finished a publication that was left half-way", extra={"event": "publication_finished"})


def finish(folder: Path) -> None:
    """Move the files of an unfinished journal to their places. For the one whose turn it is."""
    journal = last_journal(folder)
    if journal is not None and not journal.done:
        for move in journal.moves:
            _carry_out(folder, journal, move)
        _settle(folder)
        _write_journal(folder, Journal(journal.id, True, journal.moves))
    for left in (folder / WORK_FOLDER).iterdir():
        if left.is_dir() and left.name != LAST_GOOD:
            shutil.rmtree(left)


def last_journal(folder: Path) -> Journal | None:
    try:
        raw = (folder / WORK_FOLDER / "journal.json").read_bytes()
    except OSError:
        return None
    try:
        written = json.loads(raw)
        moves = tuple(Move(move["name"], move["was"], move["becomes"]) for move in written["moves"])
        return Journal(written["id"], written["done"], moves, raw)
    except (ValueError, KeyError, TypeError):
        log.error("The journal of publications is damaged and not used", extra={"event": "publication_journal_damaged"})
        return None


def places(folder: Path, journal: Journal | None) -> dict[Path, Path]:
    """Where the content of each published article file is to be read at this moment."""
    found = {path: path for path in article_paths(folder)}
    if journal is None or journal.done:
        return found
    for move in journal.moves:
        # At its place already, or changed by hand since, or still to be moved there.
        path, place = folder / move.name, place_of(folder, journal, move.name)
        if place is None:
            found.pop(path, None)
        elif path.suffix == ".yml":
            found[path] = place
    return dict(sorted(found.items()))


def place_of(folder: Path, journal: Journal | None, name: str) -> Path | None:
    """Where the content of one file, of articles or not, is to be read at this moment; None when there is none."""
    path = folder / name
    for move in journal.moves if journal and not journal.done else ():
        if move.name == name and digest_of(path) == move.was:
            staged = journal.staged(folder, name) if journal else path
            return None if move.becomes is None else staged if staged.exists() else path
    return path if path.is_file() else None


def published_files(folder: Path) -> dict[str, bytes]:
    """The article files by category as they stand now, none of them half of a publication.

    A file that cannot be read is an empty one: broken, and told as such.
    """
    while True:
        journal = last_journal(folder)
        try:
            files = {path.stem: _read(place) for path, place in places(folder, journal).items()}
        except FileNotFoundError:
            continue  # moved to its place just now
        if _raw(last_journal(folder)) == _raw(journal):
            return files


def digest_of(path: Path) -> str | None:
    try:
        return digest_of_bytes(path.read_bytes())
    except FileNotFoundError:
        return None


def digest_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _raw(journal: Journal | None) -> bytes:
    return journal.raw if journal else b""


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_FILE_BYTES + 1)


@contextlib.contextmanager
def taking_turns(folder: Path, wait_seconds: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """One publisher at a time, over threads and processes; the kernel lets go for one that dies."""
    work = folder / WORK_FOLDER
    work.mkdir(exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with (work / "lock").open("ab") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() >= deadline:
                    raise PublisherBusy from exc
                time.sleep(_LOCK_LOOK_SECONDS)
        if not (work / ".gitignore").exists():
            write_whole(work / ".gitignore", b"*\n")  # the shop's own repository is not to track it either
        yield


def _stage(folder: Path, journal: Journal, files: Mapping[str, bytes | None]) -> None:
    stage = folder / WORK_FOLDER / journal.id
    stage.mkdir()
    for name, content in files.items():
        if content is not None:
            _write(stage / name, content)
            if (folder / name).exists():
                (stage / name).chmod((folder / name).stat().st_mode)
    _settle(stage)
    _settle(stage.parent)


def _carry_out(folder: Path, journal: Journal, move: Move) -> None:
    path, staged = folder / move.name, journal.staged(folder, move.name)
    now = digest_of(path)
    if now == move.becomes:
        return
    if now != move.was:
        log.warning("A file was changed by hand and is kept", extra={"event": "publication_kept", "file": move.name})
    elif move.becomes is None:
        path.unlink()
    elif staged.exists():
        staged.replace(path)


def _write_journal(folder: Path, journal: Journal) -> None:
    written: dict[str, Any] = {"id": journal.id, "done": journal.done, "moves": [vars(move) for move in journal.moves]}
    write_whole(folder / WORK_FOLDER / "journal.json", json.dumps(written).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Whoever reads finds all of it or what was there before. For the one whose turn it is."""
    beside = path.with_name(f".{path.name}.tmp")
    _write(beside, content)
    beside.replace(path)
    _settle(path.parent)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _settle(folder: Path) -> None:
    """Names survive a power cut once their folder is on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
