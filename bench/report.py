"""The results as tables: on the screen, as JSON, and in `docs/performance.md` between two marks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Result, ratio
from bench.ours import ROOT, SERVICES
from bench.parts import OURS, PLAIN

RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin, written by `make bench` -->", "<!-- bench: end -->"
NEW_PAGE = f"# Performance\n\n{BEGIN}\n{END}\n"

STAGE_NAMES = {
    "gateway": "gateway: line, transcript, its HTTP",
    "http": "the bot's HTTP",
    "read_memory": "read the bot's memory",
    "understand": "understand (NLU pipeline)",
    "fill_slots": "fill slots",
    "decide": "decide (policies)",
    "act": "act in the bot (forms, responses)",
    "action_server": "action server",
    "write_memory": "write the bot's memory",
    "rest": "the rest",
}

Rows = Sequence[Sequence[str]]
Section = tuple[str, Sequence[str], Rows]


def show(results: Result) -> None:
    """Print the tables."""
    console = Console(width=None if Console().is_terminal else 120)
    for title, head, rows in _sections(results):
        table = Table(title=title, title_justify="left", title_style="bold")
        for number, name in enumerate(head):
            table.add_column(name, justify="right" if number else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write_json(results: Result, path: Path) -> None:
    """As a file for programs."""
    path.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_page(results: Result, page: Path = PAGE) -> None:
    """Replace what stands between the marks; what people wrote around them stays."""
    written = page.read_text(encoding="utf-8") if page.exists() else NEW_PAGE
    before, begin, rest = written.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has lost its marks; put back {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{_as_markdown(results)}\n{END}{after}", encoding="utf-8")


def _as_markdown(results: Result) -> str:
    parts = [_measured_on(results)]
    for title, head, rows in _sections(results):
        lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
        parts.append(f"### {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"


def _measured_on(results: Result) -> str:
    machine = results["machine"]
    return (
        f"Measured {machine['when'][:10]} on {machine['cores']} cores ({machine['processor']}, "
        f"{machine['memory_gb']:.0f} GB, {machine['system']}), Python {machine['python']}, "
        f"Rasa {machine['versions']['rasa']}; load of the machine before: {machine['load_before']}."
    )


def _sections(results: Result) -> Iterable[Section]:
    made = {
        "bot_path": _bot_path,
        "turn_cost": _turn_cost,
        "relay": _relay,
        "memory_mb": _memory,
        "stages": _stages,
        "faq": _faq,
        "queue": _queue,
    }
    for name, section in made.items():
        if name in results:
            yield from section(results[name])


def _bot_path(part: Result) -> Iterable[Section]:
    head = ["at a time", "Switchboard", "plain Rasa", "ratio", "p50 ms", "plain p50", "p95 ms", "plain p95"]
    rows = []
    for level, ours in part[OURS].items():
        plain = part[PLAIN][level]
        rate = [_number(ours["mps"]), _number(plain["mps"]), f"{part['ratio'][level]:.2f} ×"]
        times = [_number(side[name]) for name in ("p50_ms", "p95_ms") for side in (ours, plain)]
        rows.append([level, *rate, *times])
    yield "Bot path: messages a second", head, rows
    cpu = part["cpu_ms"]
    head = ["", *SERVICES, "Switchboard", "plain Rasa", "ratio"]
    names = [*SERVICES, OURS, PLAIN]
    yield (
        "Processor time of a message, ms",
        head,
        [["ms", *(_number(cpu[one]) for one in names), f"{cpu['ratio']:.2f} ×"]],
    )


def _turn_cost(part: Result) -> Iterable[Section]:
    at = list(part[OURS])
    rows = [
        [title, *(_number(part[side][turn]) for turn in at), f"{part['growth'][side]:.2f} ×"]
        for title, side in (("Switchboard", OURS), ("plain Rasa", PLAIN))
    ]
    longest = part["longest"]
    rows[0] += [_number(longest["ms"]), f"{longest['growth']:.2f} ×"]
    rows[1] += ["", ""]
    turns = f"{longest['turns']:,}"
    head = ["turn", *at, f"{at[-1]} over {at[0]}", turns, f"{turns} over {at[0]}"]
    yield "Turn cost, ms", head, rows


def _relay(part: Result) -> Iterable[Section]:
    head = ["", "lines/s", "p50 ms", "p99 ms"]
    rows = [
        [title, _number(some["mps"]) if "mps" in some else "", _number(some["p50_ms"]), _number(some["p99_ms"])]
        for title, some in (
            (f"{part['customers']} customers to the desk", part),
            (f"bare echo, {part['customers']} clients", part["echo"]),
            ("one customer who pauses between lines", part["alone"]),
        )
    ]
    yield f"Relay: customer to desk ({part['ratio']:.2f} × the bare echo)", head, rows


def _memory(part: Result) -> Iterable[Section]:
    ours = sum(part[service] for service in SERVICES)
    names = [*SERVICES, "Switchboard", "plain Rasa"]
    values = [*(part[service] for service in SERVICES), ours, part[PLAIN]]
    yield "Memory, MB", ["", *names], [["resident", *(f"{value:.0f}" for value in values)]]


def _stages(part: Result) -> Iterable[Section]:
    ours, plain = part[OURS], part[PLAIN]
    rows = [
        [title, _number(ours["stages_ms"].get(name, 0.0)), _number(plain["stages_ms"].get(name, 0.0))]
        for name, title in STAGE_NAMES.items()
    ]
    rows.append(["the whole message", _number(ours["total_ms"]), _number(plain["total_ms"])])
    rows.append(["ratio", f"{ratio(ours['total_ms'], plain['total_ms']):.2f} ×", ""])
    yield "Where the time of a lone message goes, ms", ["stage", "Switchboard", "plain Rasa"], rows
    names = list(dict.fromkeys([*ours["components_ms"], *plain["components_ms"]]))
    rows = [[name, *(_number(side["components_ms"].get(name, 0.0)) for side in (ours, plain))] for name in names]
    yield "Inside understanding and deciding, by component, ms", ["component", "Switchboard", "plain Rasa"], rows


FAQ_SIDES = {"switchboard": "Switchboard", "bm25": "BM25", "diet": "Rasa DIET"}


def _faq(part: Result) -> Iterable[Section]:
    rows = []
    for title, found in part["sets"].items():
        for side, name in FAQ_SIDES.items():
            if side in found:
                rows.append([f"{title}: {name}", *_faq_figures(found[side])])
        if "hit_1_opaque_ids" in found["switchboard"]:
            bare = found["switchboard"]
            rows.append(
                [
                    f"{title}: Switchboard, ids that say nothing",
                    *_shares(bare, "hit_1_opaque_ids", "hit_3_opaque_ids"),
                    "",
                    "",
                ]
            )
    yield "Finding the article", ["set", "hit@1", "hit@3", "AUROC", "refused at 95 %"], rows
    head = [
        "articles",
        "phrasings",
        "p50 ms",
        "p99 ms",
        "p99 while editing",
        "made again s",
        "edit live s",
        "worst",
        "start s",
        "memory MB",
    ]
    times = ("p50_ms", "p99_ms", "p99_while_editing_ms")
    names = (*times, "again_seconds", "edit_seconds", "edit_worst_seconds", "build_seconds")
    yield (
        "Speed of the search, on one core",
        head,
        [
            [
                str(one["articles"]),
                str(one["phrasings"]),
                *(_number(one[name]) for name in names),
                str(one["memory_mb"]),
            ]
            for one in part["speed"]
        ],
    )


def _queue(part: Result) -> Iterable[Section]:
    names = ("next_p50_ms", "next_p99_ms", "position_p50_ms", "position_p99_ms")
    rows = [[title, *(_number(one[name]) for name in names)] for title, one in part["databases"].items()]
    head = ["", "next p50", "next p99", "place p50", "place p99"]
    yield f"A queue of {part['waiting']:,} tickets: next ticket and place, ms", head, rows


def _faq_figures(found: Result) -> list[str]:
    return _shares(found, "hit_1", "hit_3", "auroc", "refused_at_95")


def _shares(found: Result, *names: str) -> list[str]:
    return [f"{found[name]:.3f}" if name in found else "" for name in names]


def _number(value: float) -> str:
    if not value:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
