"""`python -m bench.classifiers`: intent classifiers on the same words, the same examples and the same questions.

Each is trained and asked in a process of its own, within Rasa, on `nlu/*.yml` as cut by our tokenizer. Prints figures
as JSON and writes them (`--out`). DIET alone takes minutes; `--only ours,svm` leaves it out.

`--temperature` prints what the scores of ours have to be multiplied with, so that its confidence is about how often it
is right: measured on thirds of the examples that took no part in the learning (Guo et al., ICML 2017).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = {
    "test": ROOT / "tests" / "bot" / "understanding" / "test.jsonl",
    "sentences": ROOT / "tests" / "bot" / "sentences.yml",
}
# Words and pairs of words; pieces of words with the blank around them. Those of nlu/intent_classifier.py.
COUNTED: list[dict[str, Any]] = [
    {"name": "CountVectorsFeaturizer", "min_ngram": 1, "max_ngram": 2},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 2, "max_ngram": 4},
]
CLASSIFIERS: dict[str, list[dict[str, Any]]] = {
    "ours": [{"name": "nlu.intent_classifier.ShopIntentClassifier"}],
    "svm": [{"name": "bench.support_vectors.SupportVectors"}],
    "rasas_regression": [*COUNTED, {"name": "LogisticRegressionClassifier"}],
    "diet": [*COUNTED, {"name": "DIETClassifier", "epochs": 100, "entity_recognition": False, "random_seed": 1}],
}
# One message after another, after as many that are not counted.
WARM_UP = 50


def main() -> None:
    """Measure what was asked for, one after the other; never two at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(CLASSIFIERS), help=f"of {', '.join(CLASSIFIERS)}")
    parser.add_argument("--out", type=Path, help="where to write the figures as JSON")
    parser.add_argument("--temperature", action="store_true", help="fit the temperature of ours instead")
    parser.add_argument("--one", choices=CLASSIFIERS, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.temperature:
        print(round(fitted_temperature(), 2))
        return
    if wish.one:
        print(json.dumps(measured(wish.one)))
        return
    figures = {}
    for name in wish.only.split(","):
        done = subprocess.run(
            [sys.executable, "-m", "bench.classifiers", "--one", name], cwd=ROOT, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{name}: {done.stderr.strip()[-2000:]}")
        figures[name] = json.loads(done.stdout.splitlines()[-1])
        print(name, json.dumps(figures[name]), flush=True)
        if wish.out:
            wish.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def measured(name: str) -> dict[str, Any]:
    """Train one, ask it everything, and say how well and how dear."""
    questions = {title: _questions(path) for title, path in QUESTIONS.items()}
    with tempfile.TemporaryDirectory() as made:
        began, cpu = time.monotonic(), time.process_time()
        model = _train(Path(made), name)
        figures: dict[str, Any] = {
            "training_seconds": round(time.monotonic() - began, 1),
            "training_cpu_seconds": round(time.process_time() - cpu, 1),
            "model_mb": round(Path(model).stat().st_size / 1e6, 1),
        }
        # Of the training and all before it: TensorFlow and Rasa are loaded by each of them.
        figures["training_peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
        figures.update(_asked(model, questions))
    return figures


def fitted_temperature(folds: int = 3) -> float:
    """The multiplier of the scores under which the examples that were left out are least surprising."""
    import numpy as np
    from rasa.shared.importers.utils import training_data_from_paths
    from rasa.shared.nlu.training_data.message import Message
    from scipy.optimize import minimize_scalar

    from nlu.intent_classifier import IntentModel, ShopIntentClassifier
    from nlu.tokenizer import ShopTokenizer

    cut = ShopTokenizer(ShopTokenizer.get_default_config())
    files = [str(path) for path in sorted((ROOT / "nlu").glob("*.yml")) if path.name != "entity_patterns.yml"]
    examples = training_data_from_paths(files, "zh").intent_examples
    words = [[token.lemma for token in cut.tokenize(Message({"text": one.get("text")}), "text")] for one in examples]
    intents = [str(one.get("intent")) for one in examples]
    places = np.random.RandomState(0).permutation(len(words)) % folds
    logs: list[tuple[list[float], int]] = []
    for fold in range(folds):
        learnt = [place for place in range(len(words)) if places[place] != fold]
        machine = ShopIntentClassifier(ShopIntentClassifier.get_default_config(), None, None)._machine()  # type: ignore
        model = IntentModel.fitted([words[at] for at in learnt], [intents[at] for at in learnt], machine)
        for at in (place for place in range(len(words)) if places[place] == fold):
            told = model.ranking(words[at])
            names = [name for name, _ in told]
            if intents[at] in names:
                logs.append(([float(np.log(max(sure, 1e-12))) for _, sure in told], names.index(intents[at])))
    table = np.array([scores for scores, _ in logs])
    right = np.array([place for _, place in logs])

    def surprise(logarithm: float) -> float:
        powers = table * np.exp(logarithm)
        powers -= powers.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(powers).sum(axis=1)) - powers[np.arange(len(right)), right]))

    return float(np.exp(minimize_scalar(surprise, bounds=(-2.0, 4.0), method="bounded").x))


def _train(folder: Path, name: str) -> str:
    from rasa.model_training import train_nlu

    import nlu.tokenizer  # noqa: F401

    config = {
        "recipe": "default.v1",
        "language": "zh",
        "assistant_id": name,
        "pipeline": [{"name": "nlu.tokenizer.ShopTokenizer"}, *CLASSIFIERS[name]],
    }
    (folder / "config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    model = train_nlu(str(folder / "config.yml"), str(ROOT / "nlu"), str(folder))
    if model is None:
        raise SystemExit("Rasa made no model")
    return str(model)


def _questions(path: Path) -> list[tuple[str, str, str]]:
    """Text, intent, kind of language. Questions for articles are none of a classifier's."""
    text = path.read_text(encoding="utf-8")
    rows = yaml.safe_load(text) if path.suffix == ".yml" else [json.loads(line) for line in text.splitlines()]
    return [
        (row["text"], row["intent"], row.get("variant") or row.get("locale")) for row in rows if row["intent"] != "faq"
    ]


def _asked(model: str, questions: dict[str, list[tuple[str, str, str]]]) -> dict[str, Any]:
    import numpy as np
    from sklearn.metrics import f1_score

    from nlu.evaluation import calibration_error

    texts = [text for rows in questions.values() for text, _, _ in rows]
    answers, milliseconds, grown = asyncio.run(_parse(model, texts))
    figures: dict[str, Any] = {
        "median_ms": round(float(np.median(milliseconds)), 2),
        "p95_ms": round(float(np.percentile(milliseconds, 95)), 2),
        "loaded_mb": grown,
    }
    given = iter(answers)
    for title, rows in questions.items():
        told = [next(given) for _ in rows]
        right = [name == intent for (_, intent, _), (name, _) in zip(rows, told, strict=True)]
        found: dict[str, Any] = {
            "sentences": len(rows),
            "accuracy": round(float(np.mean(right)), 3),
            "macro_f1": round(
                float(
                    f1_score(
                        [intent for _, intent, _ in rows],
                        [name for name, _ in told],
                        labels=sorted({intent for _, intent, _ in rows}),
                        average="macro",
                        zero_division=0,
                    )
                ),
                3,
            ),
            "calibration_error": round(calibration_error([min(sure, 0.9999) for _, sure in told], right), 3),
        }
        for kind in sorted({kind for _, _, kind in rows}):
            found[kind] = round(float(np.mean([ok for ok, row in zip(right, rows, strict=True) if row[2] == kind])), 3)
        figures[title] = found
    return figures


async def _parse(model: str, texts: list[str]) -> tuple[list[tuple[str, float]], list[float], int]:
    import psutil
    from rasa.core.agent import load_agent
    from rasa.core.channels.channel import UserMessage

    before = psutil.Process().memory_info().rss
    agent = await load_agent(model_path=model)
    if agent.processor is None:
        raise SystemExit("the model cannot be loaded")
    answers, milliseconds = [], []
    for text in texts[:WARM_UP]:
        await agent.processor.parse_message(UserMessage(text, sender_id="warm-up"))
    for number, text in enumerate(texts):
        began = time.perf_counter()
        parsed = await agent.processor.parse_message(UserMessage(text, sender_id=f"measured-{number}"))
        milliseconds.append((time.perf_counter() - began) * 1000)
        intent = parsed.get("intent") or {}
        answers.append((str(intent.get("name")), float(intent.get("confidence") or 0.0)))
    return answers, milliseconds, round((psutil.Process().memory_info().rss - before) / 1e6)


if __name__ == "__main__":
    main()
