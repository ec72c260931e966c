"""A file that a shop edits while the platform runs: in force whole or not at all, and the last good reading stays."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Generic, TypeVar

import yaml

from faq_kb import quick_yaml

log = logging.getLogger(__name__)

# A look at the file costs little, but not nothing.
LOOK_EVERY_SECONDS = 0.5

T = TypeVar("T")


class FileRefused(ValueError):
    """The file cannot be used; the message names file, line and place."""


class EditedFile(Generic[T]):
    """Follows the file: `current` is the last good reading. The first reading raises FileRefused."""

    def __init__(
        self, path: Path, read: Callable[[Path], T], what: str, beside: Callable[[], Hashable] = lambda: None
    ) -> None:
        """`what` is what the log calls it: "teams". `beside` is what else the reading depends on: when it changes the
        file is read again."""
        self.path = path
        self._read = read
        self._what = what
        self._beside = beside
        self._problem: str | None = None
        self._stamp = self._look()
        self._looked_at = time.monotonic()
        self._looking = threading.Lock()
        self._current = read(path)

    @property
    def current(self) -> T:
        """What is in force now."""
        self._follow()
        return self._current

    @property
    def problem(self) -> str | None:
        """What keeps the file on disk from being in force: file, line, place; None when it is."""
        self._follow()
        return self._problem

    def _follow(self) -> None:
        if time.monotonic() - self._looked_at < LOOK_EVERY_SECONDS or not self._looking.acquire(blocking=False):
            return
        try:
            self._looked_at = time.monotonic()
            stamp = self._look()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            event = self._what.replace(" ", "_")
            try:
                self._current = self._read(self.path)
            except FileRefused as exc:
                self._problem = str(exc)
                log.error("The %s stay as they last were: %s", self._what, exc, extra={"event": f"{event}_refused"})
            else:
                self._problem = None
                log.info("The %s of %s are in force", self._what, self.path.name, extra={"event": f"{event}_served"})
        finally:
            self._looking.release()

    def _look(self) -> Hashable:
        beside = self._beside()
        try:
            status = self.path.stat()
        except OSError:
            return beside, None
        return beside, status.st_mtime_ns, status.st_size, status.st_ino


def composed(path: Path, refusal: type[FileRefused], max_bytes: int = 1_000_000) -> yaml.Node | None:
    """The YAML of the file, with its places; None when it is empty. Raises `refusal` with file and line."""
    try:
        raw = path.read_bytes()
        if len(raw) > max_bytes:
            raise refusal(f"{path.name}: more than {max_bytes} bytes.")
        return _compose(raw.decode("utf-8"))
    except OSError as exc:
        raise refusal(f"{path.name}: cannot be read ({exc.strerror}).") from exc
    except UnicodeDecodeError as exc:
        raise refusal(f"{path.name}: not UTF-8 (byte {exc.start}).") from exc
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise refusal(f"{path.name}, line {line}: not valid YAML ({exc.problem}).") from exc
    except (yaml.YAMLError, RecursionError) as exc:
        raise refusal(f"{path.name}: not valid YAML ({exc}).") from exc


def _compose(text: str) -> yaml.Node | None:
    try:
        return quick_yaml.compose(text)
    except yaml.YAMLError:
        # PyYAML's own parser takes ten times as long and names the line better.
        return yaml.compose(text, Loader=yaml.SafeLoader)
