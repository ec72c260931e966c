"""The trained model: made when it is missing or when what it was made from has changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import yaml

KEPT_MODELS = 3
# Read by the running bot whenever it changes; a mistake in it neither stops a start nor calls for a training.
FOLLOWED = frozenset({"entity_patterns.yml"})
# Rasa's own, known to every domain.
INTENTS_OF_RASA = frozenset({"restart", "back", "out_of_scope", "session_start", "nlu_fallback"})
RASA_VERSION = "3.6.21"


class TrainingFailed(Exception):
    """The model could not be trained."""


class BrokenFile(Exception):
    """A file that the bot is made from cannot be read."""


def sources(root: Path) -> list[Path]:
    """Everything the model is made from: Rasa's files, the training data, and the components that read them."""
    found = [root / "config.yml", root / "domain.yml"]
    for folder, endings in (("nlu", ("*.yml", "*.py", "*.txt")), ("stories", ("*.yml",))):
        for ending in endings:
            found += [path for path in sorted((root / folder).rglob(ending)) if path.name not in FOLLOWED]
    found += [root / "faq_kb" / "folding.py"]
    return [path for path in found if path.exists()]


def fingerprint(root: Path) -> str:
    """Changes whenever a new training would give another model."""
    digest = hashlib.sha256(RASA_VERSION.encode())
    for path in sources(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def check_yaml(paths: Iterable[Path], root: Path) -> None:
    """Raise BrokenFile naming file and line for the first file that is not YAML."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in paths:
        if path.suffix != ".yml":
            continue
        name = path.relative_to(root) if path.is_relative_to(root) else path
        try:
            # Only the syntax: what the files mean is checked by those who use them.
            for _ in yaml.parse(path.read_text(encoding="utf-8"), Loader=loader):
                pass
        except UnicodeDecodeError as exc:
            raise BrokenFile(f"{name}: not UTF-8 (at byte {exc.start}); save it as UTF-8.") from exc
        except yaml.YAMLError as exc:
            mark = getattr(exc, "problem_mark", None)
            where = f", line {mark.line + 1}" if mark else ""
            raise BrokenFile(f"{name}{where}: not valid YAML: {getattr(exc, 'problem', None) or exc}.") from exc


def check_intents(root: Path) -> None:
    """Raise BrokenFile naming file and line for the first intent in examples, rules or stories that the domain lacks:
    Rasa only warns, and the bot would take sentences for something that nothing answers."""
    known = INTENTS_OF_RASA | {name for name, _ in _named_in(root / "domain.yml", "intents")}
    for folder in ("nlu", "stories"):
        for path in sorted((root / folder).rglob("*.yml")):
            if path.name in FOLLOWED:
                continue
            for name, line in _named_in(path, "intent"):
                if name.partition("/")[0] not in known:
                    shown = path.relative_to(root)
                    raise BrokenFile(f"{shown}, line {line}: the intent {name} is not in domain.yml; add it there.")


def _named_in(path: Path, key: str) -> Iterator[tuple[str, int]]:
    """What stands in a file under this key, at any depth, with its line: one name, or a list of names and mappings."""
    check_yaml([path], path.parent.parent if path.name != "domain.yml" else path.parent)
    waiting = [yaml.compose(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == key:
                    yield from _names(value)
                else:
                    waiting.append(value)


def _names(node: yaml.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.ScalarNode):
        yield str(node.value), node.start_mark.line + 1
    for one in node.value if isinstance(node, yaml.SequenceNode) else ():
        # An intent of the domain may carry settings of its own: `- greet: {use_entities: []}`.
        yield from _names(one.value[0][0] if isinstance(one, yaml.MappingNode) else one)


def model_for(root: Path, models: Path, logs: Path, tell: Callable[[str], None]) -> Path:
    """The model of the current sources, trained now if there is none. Raises TrainingFailed with the log's reason."""
    path = models / f"{fingerprint(root)}.tar.gz"
    if path.exists():
        return path
    try:
        check_intents(root)
    except BrokenFile as exc:
        raise TrainingFailed(f"Training failed: {exc}") from exc
    models.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    log = logs / "training.log"
    with log.open("wb") as output:
        training = subprocess.Popen(
            [
                *(sys.executable, "-m", "rasa", "train", "--config", "config.yml", "--domain", "domain.yml"),
                *("--data", "nlu", "stories", "--out", str(models.resolve())),
                *("--fixed-model-name", path.name.removesuffix(".tar.gz")),
                # A third of the time, for warnings into a log. What matters of it stops the training above, with file
                # and line, or in the policy; the tests run the whole of it over what is shipped.
                "--skip-validation",
            ],
            cwd=root,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=quiet_environment(root),
        )
        try:
            while training.poll() is None:
                tell(f"Training the bot: {time.monotonic() - began:.0f} s (about half a minute)")
                try:
                    training.wait(1)
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            training.kill()
            training.wait()
            raise
    if training.returncode != 0 or not path.exists():
        raise TrainingFailed(f"Training failed: {_reason(log)} (the whole log: {log})")
    tell(f"Trained the bot in {time.monotonic() - began:.0f} s.")
    _forget_old(models, path)
    return path


def quiet_environment(root: Path) -> dict[str, str]:
    """The environment of Rasa's processes: no telemetry, no TensorFlow chatter, our packages importable."""
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(root),
        "PYTHONUNBUFFERED": "1",
        # A message's sums are small: threads would wait for each other longer than they calculate, on all cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "Error" in line or "Exception" in line or "error" in line]
    return (telling or lines or ["rasa train said nothing"])[-1][:300]


def _forget_old(models: Path, current: Path) -> None:
    others = sorted(
        (path for path in models.glob("*.tar.gz") if path != current), key=lambda path: path.stat().st_mtime
    )
    for path in others[: max(0, len(others) - KEPT_MODELS + 1)]:
        path.unlink()
