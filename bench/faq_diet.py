"""Rasa's DIETClassifier as an FAQ search: trained on the phrasings, one intent an entry, then asked everything.

`python -m bench.faq_diet TASK.json ANSWERS.json`, in a process of its own. The task {"entries": {id: [phrasings]},
"texts": [], "models": folder} becomes {"seconds": training, "answers": [[ids, confidence], ...]}. A model is kept in
the folder under a hash of all that it was trained from, with the seconds that it took.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

# The stock pipeline; intents are all that is asked of it.
PIPELINE: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "entity_recognition": False, "random_seed": 1},
]


def main(task_path: str, answers_path: str) -> None:
    """Train, ask, write."""
    task = json.loads(Path(task_path).read_text(encoding="utf-8"))
    ids = list(task["entries"])
    model, seconds = _model_for(task["entries"], Path(task["models"]))
    parsed = asyncio.run(_parse(str(model), task["texts"]))
    answers = [
        ([ids[int(one["name"].removeprefix("e"))] for one in ranking], ranking[0]["confidence"] if ranking else 0.0)
        for ranking in parsed
    ]
    found = {"seconds": seconds, "answers": answers}
    Path(answers_path).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def is_kept(entries: dict[str, list[str]], kept: Path) -> bool:
    """Whether its model need not be trained."""
    model = _path_of(entries, kept)
    return model.exists() and model.with_suffix(".json").exists()


def _path_of(entries: dict[str, list[str]], kept: Path) -> Path:
    made_of = json.dumps([version("rasa"), PIPELINE, list(entries.values())], ensure_ascii=False).encode()
    return kept / f"diet-{hashlib.sha256(made_of).hexdigest()[:16]}.tar.gz"


def _model_for(entries: dict[str, list[str]], kept: Path) -> tuple[Path, float]:
    """The trained model and the seconds that its training took."""
    model = _path_of(entries, kept)
    written = model.with_suffix(".json")
    if is_kept(entries, kept):
        return model, float(json.loads(written.read_text(encoding="ascii"))["seconds"])
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        trained = _train(Path(folder), entries)
        seconds = round(time.monotonic() - began, 1)
        shutil.move(trained, model)
    written.write_text(json.dumps({"seconds": seconds}), encoding="ascii")
    return model, seconds


def _train(folder: Path, entries: dict[str, list[str]]) -> str:
    from rasa.model_training import train_nlu

    intents = [
        {"intent": f"e{number}", "examples": "".join(f"- {' '.join(text.split())}\n" for text in phrasings)}
        for number, phrasings in enumerate(entries.values())
    ]
    for name, content in (
        ("config", {"recipe": "default.v1", "language": "en", "pipeline": PIPELINE}),
        ("nlu", {"nlu": intents}),
    ):
        body = yaml.safe_dump({"version": "3.1", **content}, allow_unicode=True, sort_keys=False, width=10_000)
        (folder / f"{name}.yml").write_text(body, encoding="utf-8")
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
    if model is None:
        raise SystemExit("Rasa made no model")
    return str(model)


async def _parse(model: str, texts: list[str]) -> list[list[dict[str, Any]]]:
    from rasa.core.agent import load_agent

    agent = await load_agent(model_path=model)
    return [(await agent.parse_message(text)).get("intent_ranking") or [] for text in texts]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
