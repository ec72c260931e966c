"""Ports for what the tests start."""

from __future__ import annotations

import itertools
import os
import random
import socket

# Below those that the system gives to outgoing connections, which may take a free one between our look and its use;
# each worker of a run has its own, and where it begins differs so that two runs on one machine seldom meet.
_FIRST, _OF_A_WORKER = 10_000, 2_000
# The one among them that browsers open no page at.
_REFUSED_BY_BROWSERS = 10_080
_WORKER = int("".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", ""))) or 0) % 10
_numbers = itertools.count(random.SystemRandom().randrange(_OF_A_WORKER))


def free_port() -> int:
    while True:
        port = _FIRST + _WORKER * _OF_A_WORKER + next(_numbers) % _OF_A_WORKER
        if port == _REFUSED_BY_BROWSERS:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
