"""Processes that are measured: started, waited for, weighed, and stopped without a trace."""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import psutil

STOP_WITHIN_SECONDS = 15
_PR_SET_PDEATHSIG = 1


class BenchFailed(Exception):
    """A measurement cannot be made; the message says what is missing."""


class Process:
    """A process and its children, in a session of its own; a context manager that leaves none of them."""

    def __init__(self, name: str, command: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._popen.pid

    def wait_until(self, url: str, seconds: float, tell: Callable[[str], None]) -> None:
        """Return when `url` answers 200. Raises BenchFailed when the process ends or takes too long."""
        began = time.monotonic()
        while not _answers(url):
            if self._popen.poll() is not None:
                raise BenchFailed(f"{self.name} stopped at start: {last_line(self._log)} ({self._log})")
            if time.monotonic() - began > seconds:
                raise BenchFailed(f"{self.name} was not ready after {seconds:.0f} s ({self._log})")
            tell(f"Starting {self.name}: {time.monotonic() - began:.0f} s")
            time.sleep(0.25)

    def wait(self, seconds: float, tell: Callable[[str], None], doing: str) -> None:
        """Return when it has ended well. Raises BenchFailed otherwise."""
        began = time.monotonic()
        while self._popen.poll() is None:
            if time.monotonic() - began > seconds:
                raise BenchFailed(f"{self.name} was not done after {seconds:.0f} s ({self._log})")
            tell(f"{doing}: {time.monotonic() - began:.0f} s")
            time.sleep(0.5)
        if self._popen.returncode != 0:
            raise BenchFailed(f"{self.name} failed: {last_line(self._log)} ({self._log})")

    def stop(self) -> None:
        """End it and all that it started."""
        family = _family(self._popen.pid)
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(STOP_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        for left in family:
            # Only those of before: a number that somebody else has got meanwhile is another process to psutil.
            if left.is_running():
                left.kill()
        psutil.wait_procs(family, timeout=STOP_WITHIN_SECONDS)


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children."""
    return round(sum(one.memory_info().rss for one in _family(pid)) / 1_000_000, 1)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its children have used so far."""
    return float(sum(sum(one.cpu_times()[:2]) for one in _family(pid)))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else measures in this folder. Raises BenchFailed when somebody does: both would measure each other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise BenchFailed("another bench is running; two at a time would measure each other") from exc
        yield


def free_port() -> int:
    """A loopback port that the kernel does not hand out by itself, so that it stays free until it is used."""
    for _ in range(200):
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise BenchFailed("There is no free port on the loopback address.")


def quiet_environment(**more: str) -> dict[str, str]:
    """What every measured process gets: no telemetry, no chatter, and none of this shell's own settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHBOARD_", "RASA_", "SANIC"))}
    own.pop("PYTHONPATH", None)
    return {
        **own,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def last_line(log: Path) -> str:
    """The last thing it said."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _die_with_parent() -> None:
    """On Linux a child is told to stop when the bench dies, also of a kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
