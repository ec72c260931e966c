"""Code asks the clock it was given; nobody else reads the machine's time. Durations (`time.monotonic`) are free."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("nlu", "actions", "faq_kb", "shop", "handoff", "connectors", "switchboard")
READS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}
MAY_READ = {
    "handoff/clock.py": "the clock",
    "shop/clock.py": "the clock of a room that uses no other",
    "connectors/events.py": "plain Rasa gives its channels no clock",
    "switchboard/cli.py": "a command begins with the machine's time",
    "switchboard/runner.py": "a command begins with the machine's time",
    "switchboard/bot_memory.py": "made by Rasa; notes when a row was written, and nothing is decided by it",
    "nlu/entities.py": 'made by Rasa; one function, the day that "today" means',
    "actions/handoff.py": "made by Rasa; one function",
    "actions/conversation.py": "made by Rasa; one function",
    "actions/order_status.py": "made by Rasa; how old is what the shop said",
    "faq_kb/check.py": "a command, unless it is given a day",
    "faq_kb/search.py": "in the bot process, unless it is given a day",
}


def _modules() -> list[str]:
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)
    return sorted(str(path.relative_to(ROOT)) for path in found)


def _readings(module: str) -> list[str]:
    """Each call that asks the machine for the time."""
    found = []
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        asked = ast.unparse(node.func)
        if tuple(asked.split(".")[-2:]) in READS or asked.split(".")[-1] == "utc_now":
            found.append(f"line {node.lineno}: {asked}")
    return found


@pytest.mark.parametrize("module", _modules())
def test_only_clocks_read_the_time(module: str) -> None:
    readings = _readings(module)
    if module in MAY_READ:
        assert readings, f"{module} reads no time any more: take it off the list"
    else:
        assert readings == []
