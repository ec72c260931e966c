"""`switchboard nlu`: how well a trained model understands sentences. The commands load the model, and TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Optional

import typer
from rich.console import Console
from rich.table import Table

from switchboard.settings import SettingsError, load

if TYPE_CHECKING:
    from nlu.evaluation import Labelled, Understanding
    from nlu.parsing import Parsed

ROOT = Path(__file__).resolve().parent.parent
MOST_CONFUSED = 15

app = typer.Typer(no_args_is_help=True, help="What the bot understands.")

_QUERIES = typer.Option(..., help="JSON lines: text, intent, and if known variant and entities.")
_MODEL = typer.Option(None, help="A trained model (.tar.gz); without it, that of the project as it stands.")


@app.command("eval")
def evaluate(
    queries: Path = _QUERIES,
    model: Optional[Path] = _MODEL,
    as_json: bool = typer.Option(False, "--json", help="For programs."),
    picture: Optional[Path] = typer.Option(None, help="Where to draw what is taken for what (.png or .svg)."),
) -> None:
    """Measure a model on labelled sentences."""
    from nlu import evaluation

    labelled = list(_labelled(queries))
    parsed = _parsed(model, [one.text for one in labelled])
    found = evaluation.evaluate(labelled, parsed)
    if picture:
        _draw(labelled, parsed, picture)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        _show(found)


@app.command("compare")
def compare(
    queries: Path = _QUERIES,
    before: Path = typer.Option(..., help="A trained model."),
    after: Optional[Path] = typer.Option(None, help="Another; without it, that of the project as it stands."),
    as_json: bool = typer.Option(False, "--json", help="For programs."),
) -> None:
    """Measure two models on the same sentences, and show where they differ."""
    from nlu import evaluation

    labelled = list(_labelled(queries))
    texts = [one.text for one in labelled]
    sides = [_parsed(before, texts), _parsed(after, texts)]
    figures = [evaluation.evaluate(labelled, side) for side in sides]
    changed = [
        {"text": one.text, "intent": one.intent, "before": old, "after": new}
        for one, old, new in zip(
            labelled, *([evaluation.reported(parsed).intent for parsed in side] for side in sides), strict=True
        )
        if old != new
    ]
    if as_json:
        both = {"before": figures[0].as_json(), "after": figures[1].as_json(), "changed": changed}
        typer.echo(json.dumps(both, ensure_ascii=False, indent=2))
    else:
        _show_comparison(figures, changed)


@app.command("parse")
def parse(
    queries: Path = typer.Option(..., help="JSON lines: qid, text."),
    out: Path = typer.Option(..., help="Where to write the answers."),
    model: Optional[Path] = _MODEL,
) -> None:
    """Say what each sentence is taken for: intent, confidence, ranking, entities, articles."""
    from nlu import evaluation

    rows = list(_rows(queries))
    texts = [_text(queries, line, row) for line, row in rows]
    with out.open("w", encoding="utf-8") as written:
        for (_, row), text, parsed in zip(rows, texts, _parsed(model, texts), strict=True):
            told = evaluation.reported(parsed)
            answer = {
                "qid": row.get("qid"),
                "intent": told.intent,
                "confidence": round(told.confidence, 6),
                "ranking": [{"intent": name, "confidence": round(sure, 6)} for name, sure in told.ranking],
                "entities": evaluation.entities_of(parsed, text),
                "faq": [{"id": id, "score": score} for id, score in parsed.articles],
            }
            written.write(json.dumps(answer, ensure_ascii=False) + "\n")


def _parsed(model: Path | None, texts: list[str]) -> list[Parsed]:
    from nlu.parsing import parse_all

    try:
        return parse_all(model or _current_model(), texts)
    except OSError as exc:
        _fail(str(exc))


def _current_model() -> Path:
    from switchboard import training

    try:
        data = load(ROOT / "endpoints.yml").data_path
        return training.model_for(ROOT, data / "models", data / "logs", lambda said: typer.echo(said, err=True))
    except (SettingsError, training.TrainingFailed) as exc:
        _fail(str(exc))


def _labelled(path: Path) -> Iterator[Labelled]:
    from nlu.evaluation import Labelled

    for line, row in _rows(path):
        text, intent = _text(path, line, row), row.get("intent")
        if not isinstance(intent, str):
            _fail(f"{path.name}:{line}: intent: expected the name of an intent")
        entities = row.get("entities")
        pairs = None
        if isinstance(entities, list):
            pairs = frozenset((str(one["entity"]), str(one["value"])) for one in entities if isinstance(one, dict))
        yield Labelled(text, intent, str(row.get("variant") or ""), pairs)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        _fail(f"{path}: {exc}")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            _fail(f"{path.name}:{number}: expected a JSON object")
        yield number, row


def _text(path: Path, line: int, row: dict[str, Any]) -> str:
    text = row.get("text")
    if not isinstance(text, str):
        _fail(f"{path.name}:{line}: text: expected a text")
    return text


def _show(found: Understanding) -> None:
    table = Table("intent", "sentences", "precision", "recall", "F1")
    for name, one in found.intents.items():
        table.add_row(name, str(one.sentences), f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}")
    Console(width=100).print(table)
    for line in _lines(found):
        typer.echo(line)
    costs = Table("at least so likely", "answered", "right of those", "out of scope let in")
    for row in found.trade_off:
        shown = ("" if share is None else f"{share:.3f}" for share in (row.answered, row.right, row.let_in))
        costs.add_row(f"{row.threshold:.1f}", *shown)
    Console(width=100).print(costs)
    for meant, taken, count in found.confused[:MOST_CONFUSED]:
        typer.echo(f"  {meant} taken for {taken}: {count}")


def _lines(found: Understanding) -> Iterator[str]:
    yield (
        f"{found.sentences} sentences: accuracy {found.accuracy:.3f}, macro F1 {found.macro_f1:.3f}, "
        f"expected calibration error {found.calibration_error:.3f}"
    )
    if found.out_of_scope_auroc is not None:
        yield f"out of scope: AUROC {found.out_of_scope_auroc:.3f}"
    if found.variants:
        yield "by variant: " + ", ".join(f"{name} {share:.3f}" for name, share in found.variants.items())
    if found.entities:
        yield f"entities: precision {found.entities.precision:.3f}, recall {found.entities.recall:.3f}"


def _show_comparison(figures: list[Understanding], changed: list[dict[str, str]]) -> None:
    table = Table("", "before", "after")
    for title, name in (
        ("accuracy", "accuracy"),
        ("macro F1", "macro_f1"),
        ("calibration error", "calibration_error"),
        ("out of scope AUROC", "out_of_scope_auroc"),
    ):
        shown = [getattr(one, name) for one in figures]
        table.add_row(title, *("" if value is None else f"{value:.3f}" for value in shown))
    Console(width=100).print(table)
    for one in changed:
        mark = "+" if one["after"] == one["intent"] else "-" if one["before"] == one["intent"] else " "
        typer.echo(f"{mark} {one['text']}: {one['intent']}; {one['before']} -> {one['after']}")


def _draw(labelled: list[Labelled], parsed: list[Parsed], picture: Path) -> None:
    """Rows are what was meant, columns what it was taken for; the darker, the larger the share of the row."""
    import matplotlib

    matplotlib.use("Agg")
    import numpy as np
    from matplotlib import pyplot

    from nlu.evaluation import reported

    pairs = [(one.intent, reported(found).intent) for one, found in zip(labelled, parsed, strict=True)]
    names = sorted({name for pair in pairs for name in pair})
    counts = np.zeros((len(names), len(names)))
    for meant, taken in pairs:
        counts[names.index(meant), names.index(taken)] += 1
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = max(4.0, 0.28 * len(names))
    figure, axes = pyplot.subplots(figsize=(size + 2, size + 1))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("taken for")
    axes.set_ylabel("meant")
    figure.savefig(picture, bbox_inches="tight")
    pyplot.close(figure)


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)
