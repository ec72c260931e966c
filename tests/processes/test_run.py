"""`switchboard run` as a newcomer meets it: start, second start, Ctrl-C, and what goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from ports import free_port
from running_switchboard import ROOT, Running, environment, switchboard

from faq_kb import KnowledgeFollower
from faq_kb.markup import plain

pytestmark = pytest.mark.processes
NOT_SOURCES = shutil.ignore_patterns(
    ".venv", "var", ".git", "tests", "__pycache__", ".*_cache", "models", "docs", ".publish"
)
ARTICLES = ROOT / "faq_kb" / "articles"


@pytest.mark.bot
def test_a_second_start_is_quick_serves_a_broken_file_as_it_last_was_and_ctrl_c_leaves_no_process(
    tmp_path: Path, running: Running
) -> None:
    """`running` has trained and filled everything once; this is a start on the same model."""
    folder = tmp_path / "faq_kb" / "articles"
    shutil.copytree(ARTICLES, folder, ignore=NOT_SOURCES)
    KnowledgeFollower(folder)
    (folder / "delivery.yml").write_text("category: {en: x\n", encoding="utf-8")
    began = time.monotonic()
    with switchboard(tmp_path / "var", SWITCHBOARD_ARTICLES_DIR=str(folder)) as second:
        seconds = time.monotonic() - began
        pids = [second.pid(name) for name in ("gateway", "bot", "actions")]
        children = psutil.Process(second.process.pid).children(recursive=True)
        assert {child.pid for child in children} >= set(pids)
        with urllib.request.urlopen(second.base + "/") as page:
            assert page.status == 200
        assert "Not served as it stands: faq_kb/articles/delivery.yml:" in second.output  # type: ignore[attr-defined]
        assert _call(second, "/readyz")["article_problems"] == 1
        (line,) = _call(second, "/webhooks/rest/webhook", {"sender": "ana", "message": "How much is delivery?"})
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(15) == 0
        _, alive = psutil.wait_procs(children, timeout=5)
        assert alive == []
    articles = KnowledgeFollower(ARTICLES).current.articles
    assert line["text"] == plain(articles["delivery-fee"].answer_in("en"))
    assert "demo-ben-1234" in second.output  # type: ignore[attr-defined]
    assert seconds < 60, "25 s on a quiet machine, as `make bench` prints; twice that under a whole test run"


@pytest.mark.bot
def test_nothing_listens_beyond_loopback_but_the_gateway(running: Running) -> None:
    """Attack 34: bot and actions are not reachable from outside."""
    for name in ("gateway", "bot", "actions"):
        process = psutil.Process(running.pid(name))
        listening = [one.laddr for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN]
        assert listening and all(address.ip == "127.0.0.1" for address in listening), name


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = _refused(ROOT, tmp_path, port)
    assert f"Port {port} " in said and len(said.strip().splitlines()) == 1
    assert "SWITCHBOARD_PORT=" in said


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("nlu/orders.yml", "nlu:\n- intent: [unclosed\n", "nlu/orders.yml, line"),
        ("domain.yml", "intents:\n\t- tab\n", "domain.yml, line 2"),
        ("endpoints.yml", "switchboard:\n  port: 8000\n  colour: blue\n", "unknown setting switchboard.colour"),
        ("endpoints.yml", "switchboard:\n  bot_timeout_seconds: soon\n", "expected a whole number"),
        ("credentials.yml", "rest: {\n", "credentials.yml, line"),
    ],
)
def test_a_broken_file_is_one_sentence_with_its_line(tmp_path: Path, file: str, text: str, words: str) -> None:
    copy = _copy(tmp_path)
    (copy / file).write_text(text, encoding="utf-8")
    said = _refused(copy, tmp_path, free_port())
    assert words in said
    assert len(said.strip().splitlines()) == 1 and "Traceback" not in said


def test_articles_of_which_none_is_good_or_ever_was_are_one_sentence(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    for path in (copy / "faq_kb" / "articles").glob("*.yml"):
        path.write_text("category: {en: x\n", encoding="utf-8")
    said = _refused(copy, tmp_path, free_port())
    assert "faq_kb/articles/account.yml:" in said
    assert len(said.strip().splitlines()) == 1 and "Traceback" not in said


def test_an_intent_that_the_domain_lacks_stops_the_training_with_file_and_line(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    examples = (copy / "nlu" / "orders.yml").read_text(encoding="utf-8")
    line = examples[: examples.index("- intent: cancel_order")].count("\n") + 1
    changed = examples.replace("- intent: cancel_order", "- intent: cancel_odrer")
    (copy / "nlu" / "orders.yml").write_text(changed, encoding="utf-8")
    said = _refused(copy, tmp_path, free_port())
    assert f"nlu/orders.yml, line {line}: the intent cancel_odrer is not in domain.yml" in said
    assert "Traceback" not in said


def test_a_failed_training_is_one_sentence_and_names_the_log(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    config = (copy / "config.yml").read_text(encoding="utf-8")
    (copy / "config.yml").write_text(config.replace("ShopIntentClassifier", "NoSuchClassifier"), encoding="utf-8")
    assert "ShopIntentClassifier" in config
    said = _refused(copy, tmp_path, free_port())
    assert "Training failed" in said and "training.log" in said and "Traceback" not in said


def test_a_missing_python_is_one_sentence(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    made = subprocess.run(
        ["make", "run", "PYTHON=python-that-is-not-there"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert made.returncode != 0
    assert "Switchboard needs Python 3.10" in made.stderr


@pytest.mark.bot
def test_a_runner_that_is_killed_takes_its_processes_along(running: Running) -> None:
    """The last of the folder, so that nobody has to start another Switchboard after it."""
    pids = [running.pid(name) for name in ("gateway", "bot", "actions")]
    children = psutil.Process(running.process.pid).children(recursive=True)
    assert {child.pid for child in children} >= set(pids)
    running.process.kill()
    _, alive = psutil.wait_procs(children, timeout=15)
    assert alive == []


def _copy(tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=NOT_SOURCES)
    return copy


def _call(running: Running, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(running.base + path, None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def _refused(root: Path, tmp_path: Path, port: int) -> str:
    """What `switchboard run` says on standard error when it cannot start."""
    run = subprocess.run(
        [sys.executable, "-m", "switchboard", "run"],
        cwd=root,
        env={**environment(tmp_path / "var", port), "PYTHONPATH": str(root), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert run.returncode != 0
    return run.stderr
