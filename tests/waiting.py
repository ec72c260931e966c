"""Waiting for what has to happen: the one place where tests sleep between two looks."""

from __future__ import annotations

import asyncio
import inspect
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, Union

T = TypeVar("T")
# Servers, threads and other processes make it happen, and none of them can tell a test when: so it looks again. The
# pause decides nothing but how soon a test goes on, and how much of the machine its looking costs.
BETWEEN_TWO_LOOKS_SECONDS = 0.02


def wait_until(holds: Callable[[], T], seconds: float = 30, what: str = "it") -> T:
    """The first true answer of `holds`; fails, naming `what`, when there is none in this time."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"within {seconds} s it did not come to that: {what}"
        time.sleep(BETWEEN_TWO_LOOKS_SECONDS)
    return found


async def eventually(
    holds: Callable[[], Union[T, Awaitable[T]]], shown: Callable[[], Any] = lambda: "", seconds: float = 15
) -> T:
    """The same in an event loop, where `holds` may be async as well; fails with what `shown` says then."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        found = await answer if inspect.isawaitable(answer) else answer
        if found:
            return found
        assert time.monotonic() < deadline, f"it never came to that: {shown()}"
        await asyncio.sleep(BETWEEN_TWO_LOOKS_SECONDS)


def answers(url: str) -> bool:
    """Whether somebody listens there and says that all is well."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
