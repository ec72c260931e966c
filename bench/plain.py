"""The other side: plain Rasa. A project with the files that `rasa init` writes, and training data equivalent to ours.

Equivalent: the same intents with examples of ours (`nlu/*.yml`), the articles' questions as one intent a category, a
rule from each intent to a fixed text, and a few stories so that the policies which learn from stories have something to
learn. It answers with fixed texts where ours searches articles and looks up orders, it marks no entities, it knows
fewer examples, and it calls no action server: where the two differ, plain Rasa has less to do.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.ours import ROOT
from bench.processes import Process, free_port, quiet_environment
from faq_kb import LOCALES
from switchboard.training import RASA_VERSION

# Spread over ours, so that every kind of language keeps its part. With all of them, DIET takes five times as long to
# train (twenty minutes on two cores), and a message becomes no cheaper for plain Rasa.
MOST_EXAMPLES = 40
TRAIN_WITHIN_SECONDS = 3600
START_WITHIN_SECONDS = 180
# What `rasa init` writes, out of the installed package: the pipeline and the policies are the ones Rasa suggests.
TEMPLATE_FILES = ("config.yml", "credentials.yml")
# [english]{"entity": "language_wish"} or [english](language_wish): what is said, without what it means.
_MARKED = re.compile(r"\[([^\]]+)\](?:\{[^}]*\}|\([^)]*\))")
_BAR = re.compile(r"(\d+/\d+) \[")
ENDPOINTS = "tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: tracker.db\n"


@dataclass(frozen=True)
class Plain:
    """Plain Rasa as it runs."""

    url: str
    process: Process
    model: Path
    folder: Path

    @property
    def webhook(self) -> str:
        """Where its rest channel takes messages."""
        return f"{self.url}/webhooks/rest/webhook"

    def wait_until_ready(self, tell: Callable[[str], None]) -> None:
        """Return when it answers. Raises BenchFailed."""
        self.process.wait_until(f"{self.url}/webhooks/rest/", START_WITHIN_SECONDS, tell)


@contextmanager
def running(data: Path, tell: Callable[[str], None]) -> Iterator[Plain]:
    """Plain Rasa, starting; trained before when there is no model of these very files yet, which takes minutes."""
    bench = data / "bench"
    bench.mkdir(parents=True, exist_ok=True)
    for left in bench.glob("plain-*"):
        if left.is_dir():
            shutil.rmtree(left)  # of a run that was killed
    # Beside our data, so that both databases lie on the same disk.
    with tempfile.TemporaryDirectory(prefix="plain-", dir=bench) as made:
        folder = Path(made).resolve()
        write_project(folder)
        model = _model_for(folder, bench / "models", tell)
        url = f"http://127.0.0.1:{free_port()}"
        command = [
            *(sys.executable, "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", url.rpartition(":")[2]),
            *("--model", str(model), "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"),
        ]
        with Process("plain Rasa", command, folder, quiet_environment(), bench / "plain.log") as rasa:
            yield Plain(url, rasa, model, folder)


def write_project(folder: Path) -> None:
    """The project's files. The same sources give the same files."""
    for name in TEMPLATE_FILES:
        shutil.copyfile(_template() / name, folder / name)
    (folder / "endpoints.yml").write_text(ENDPOINTS, encoding="utf-8")
    examples = _chosen({**_examples_of_intents(), **_examples_of_articles()})
    (folder / "data").mkdir()
    _write(folder / "data" / "nlu.yml", {"nlu": [_as_block(name, said) for name, said in examples.items()]})
    _write(folder / "data" / "rules.yml", {"rules": [*map(_rule, examples), _rule("nlu_fallback")]})
    _write(folder / "data" / "stories.yml", {"stories": list(_stories(examples))})
    responses = {f"utter_{name}": [{"text": _answer(name)}] for name in (*examples, "nlu_fallback", "default")}
    _write(folder / "domain.yml", {"intents": list(examples), "responses": responses})


def _template() -> Path:
    # Found without importing Rasa, which takes seconds.
    found = importlib.util.find_spec("rasa")
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "cli" / "initial_project"


def _examples_of_intents() -> dict[str, list[str]]:
    examples: dict[str, list[str]] = {}
    for path in sorted((ROOT / "nlu").rglob("*.yml")):
        for entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu") or []:
            if "intent" in entry:
                lines = _MARKED.sub(r"\1", entry["examples"]).splitlines()
                said = [line.strip().removeprefix("- ") for line in lines if line.strip()]
                examples.setdefault(str(entry["intent"]), []).extend(said)
    return examples


def _examples_of_articles() -> dict[str, list[str]]:
    examples: dict[str, list[str]] = {}
    for path in sorted((ROOT / "faq_kb" / "articles").glob("*.yml")):
        name = f"faq_{path.stem.replace('-', '_')}"
        for article in yaml.safe_load(path.read_text(encoding="utf-8"))["articles"]:
            asked = [article["question"][locale] for locale in LOCALES if locale in article["question"]]
            asked += article.get("asked_as") or []
            examples.setdefault(name, []).extend(str(one).strip() for one in asked)
    return examples


def _chosen(examples: dict[str, list[str]]) -> dict[str, list[str]]:
    """At most MOST_EXAMPLES each, without what an intent before has: a sentence can mean one intent only."""
    known: set[str] = set()
    left: dict[str, list[str]] = {}
    for name, said in examples.items():
        left[name] = _spread([one for one in dict.fromkeys(said) if one not in known])
        known.update(said)
    return left


def _spread(said: list[str]) -> list[str]:
    if len(said) <= MOST_EXAMPLES:
        return said
    return [said[number * len(said) // MOST_EXAMPLES] for number in range(MOST_EXAMPLES)]


def _stories(intents: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """One a wish: greeting, the wish, thanks, goodbye."""
    frame = [one for one in ("greet", "thanks", "goodbye") if one in intents]
    for name in intents:
        if name not in frame:
            said = [*frame[:1], name, *frame[1:]]
            yield {"story": f"about {name}", "steps": list(itertools.chain.from_iterable(map(_exchange, said)))}


def _rule(intent: str) -> dict[str, Any]:
    return {"rule": intent, "steps": _exchange(intent)}


def _exchange(intent: str) -> list[dict[str, str]]:
    return [{"intent": intent}, {"action": f"utter_{intent}"}]


def _answer(name: str) -> str:
    """As long as an answer of the shop is, and in the middle of its languages."""
    return f"（{name}）多謝你嘅查詢。寄出後，香港 1 至 3 個工作天送到，離島多 1 至 2 日；詳情請睇常見問題。"


def _as_block(intent: str, said: list[str]) -> dict[str, Any]:
    return {"intent": intent, "examples": "".join(f"- {one}\n" for one in said)}


def _write(path: Path, content: dict[str, Any]) -> None:
    body = yaml.safe_dump({"version": "3.1", **content}, allow_unicode=True, sort_keys=False, width=1000)
    path.write_text(body, encoding="utf-8")


def _model_for(folder: Path, models: Path, tell: Callable[[str], None]) -> Path:
    digest = hashlib.sha256(RASA_VERSION.encode())
    for path in sorted(folder.rglob("*.yml")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    name = f"plain-{digest.hexdigest()[:16]}"
    model = (models / f"{name}.tar.gz").resolve()
    if model.exists():
        return model
    models.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "rasa", "train", "--out", "trained", "--fixed-model-name", name]
    log = models.parent / "plain-training.log"
    with Process("plain Rasa's training", command, folder, quiet_environment(), log) as training:
        training.wait(TRAIN_WITHIN_SECONDS, lambda said: tell(f"{said}{_epoch(log)}"), "Training plain Rasa (once)")
    for old in models.glob("plain-*.tar.gz"):
        old.unlink()
    shutil.move(folder / "trained" / model.name, model)
    return model


def _epoch(log: Path) -> str:
    """How far the training is, out of its own progress bar."""
    with log.open("rb") as written:
        written.seek(max(0, log.stat().st_size - 2000))
        bars = _BAR.findall(written.read().decode(errors="replace"))
    return f", epoch {bars[-1]}" if bars else ""
