"""Who may import whom, held by reading every module; and that only the bot process loads TensorFlow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("nlu", "actions", "faq_kb", "shop", "handoff", "connectors", "switchboard")
MAY_USE: dict[str, set[str]] = {
    "faq_kb": set(),
    "shop": set(),
    "handoff": {"shop", "faq_kb"},
    "actions": {"shop", "faq_kb"},
    "nlu": {"shop", "faq_kb"},
    "connectors": {"switchboard"},
    "switchboard": set(ROOMS),
}
# Of switchboard, a connector sees records only.
CONNECTORS_SEE = {"switchboard.records"}
# Modules that run inside the bot process; nobody else may import Rasa's core, engine or nlu.
BOT_PROCESS = {
    "switchboard/bot_graph.py",
    "switchboard/bot_memory.py",
    "switchboard/bot_rules.py",
    "switchboard/bot_training.py",
    "switchboard/bot_validation.py",
    "switchboard/bot_voice.py",
}
RASA_FOR_ALL = ("rasa.core.channels", "rasa.shared.utils", "rasa.shared.exceptions")


def _modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    for name in _imports(path):
        other = name.split(".")[0]
        if other in ROOMS and other != room:
            assert other in MAY_USE[room], f"{room} may not use {name}"
        if room == "connectors" and name.startswith("switchboard."):
            assert any(name == seen or name.startswith(f"{seen}.") for seen in CONNECTORS_SEE), name
        if name.startswith("rasa.") and room != "nlu" and str(path.relative_to(ROOT)) not in BOT_PROCESS:
            assert name.startswith(RASA_FOR_ALL), f"{name} belongs to the bot process"


@pytest.mark.parametrize(
    "module", ["switchboard.app", "switchboard.cli", "switchboard.runner", "actions", "handoff", "shop"]
)
def test_only_the_bot_process_loads_tensorflow(module: str) -> None:
    code = f"import sys, {module}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120).returncode == 0


def test_importing_does_nothing() -> None:
    code = (
        "import sys, pathlib; before = set(pathlib.Path('.').iterdir()); "
        "import switchboard.app, switchboard.runner; "
        "sys.exit(before != {p for p in pathlib.Path('.').iterdir() if p.name != '__pycache__'} )"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT / "docs", timeout=120).returncode == 0
