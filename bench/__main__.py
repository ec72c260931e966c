"""`python -m bench`: measure both sides in one run, taking turns, and write what came out."""

from __future__ import annotations

import argparse
import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import aiohttp

from bench import faq, machine, ours, parts, plain, queue, report
from bench.customers import sentences
from bench.figures import Result
from bench.parts import FULL, QUICK, Amounts, Bench
from bench.processes import BenchFailed, alone
from switchboard import settings

# In this order: memory is weighed after the load, and the slow look inside the bots comes last.
PARTS: dict[str, Callable[[Bench], Result]] = {
    "bot_path": parts.bot_path,
    "turn_cost": parts.turns,
    "memory": parts.memory,
    "relay": parts.relay,
    "stages": parts.stages,
}
KEYS = {"memory": "memory_mb"}
# Need neither side running.
FAQ, QUEUE = "faq", "queue"
TELL_EVERY_SECONDS = 15


def main() -> int:
    """Measure, print, write. Only a whole run writes the published figures."""
    wish = _arguments()
    signal.signal(signal.SIGTERM, _leave)
    telling = _Telling()
    results: Result = {"machine": machine.described()}
    data = faq.data_folder(wish.faq_data)
    try:
        amounts = QUICK if wish.quick else FULL
        measure(results, amounts, _wanted(wish), data, telling.tell, train_diet=not wish.diet_as_kept)
    except BenchFailed as exc:
        telling.end()
        report.show(results)  # what was measured before is not lost with it
        print(f"make bench: {exc}", file=sys.stderr)
        return 1
    except (aiohttp.ClientError, asyncio.TimeoutError, subprocess.TimeoutExpired) as exc:
        telling.end()
        print(f"make bench: one of the processes does not answer ({type(exc).__name__}: {exc})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        telling.end()
        print("make bench: stopped by a signal; nothing was written", file=sys.stderr)
        return 130
    telling.end()
    report.show(results)
    if wish.out:
        report.write_json(results, wish.out)
    elif not wish.quick and not wish.only:
        report.write_json(results, report.RESULTS)
        report.write_page(results)
        print("Written: bench/results.json, docs/performance.md")
    return 0


def measure(
    results: Result,
    amounts: Amounts,
    wanted: list[str],
    faq_data: Path | None,
    tell: Callable[[str], None],
    train_diet: bool = True,
) -> None:
    """Start both sides, measure the wanted parts into `results`, stop both sides."""
    data = settings.load(ours.ROOT / "endpoints.yml").data_path
    with ExitStack() as stack:
        stack.enter_context(alone(data / "bench"))
        if FAQ in wanted:
            models = data / "bench" / "models"
            results[FAQ] = faq.faq(faq_data, models, tell, quick=amounts is QUICK, train_diet=train_diet)
        if QUEUE in wanted:
            results[QUEUE] = queue.queue(tell, quick=amounts is QUICK)
        if set(wanted) <= {FAQ, QUEUE}:
            return
        # Plain Rasa first: its training may take all cores for minutes, and is over when we start.
        other = stack.enter_context(plain.running(data, tell))
        own = stack.enter_context(ours.running(data, tell))
        other.wait_until_ready(tell)
        bench = Bench(own, other, sentences(), amounts, tell)
        tell("Warming up")
        bench.warm_up()
        began = time.monotonic()
        for name, part in PARTS.items():
            if name in wanted:
                results[KEYS.get(name, name)] = part(bench)
        results["seconds"] = round(time.monotonic() - began)


class _Telling:
    """Progress: a line that is written over on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._last, self._at = "", 0.0

    def tell(self, sentence: str) -> None:
        """Say what is going on."""
        if self._is_terminal:
            print(f"\r\x1b[K{sentence}", end="", file=sys.stderr, flush=True)
            return
        topic = sentence.partition(":")[0]
        if topic != self._last or time.monotonic() - self._at > TELL_EVERY_SECONDS:
            self._last, self._at = topic, time.monotonic()
            print(sentence, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute to see that it works; writes no figures")
    parser.add_argument(
        "--only", action="append", choices=[*PARTS, FAQ, QUEUE], help="this part alone; writes no figures"
    )
    parser.add_argument("--faq-data", type=Path, help=f"folder of the public FAQ sets; or {faq.DATA_VARIABLE}")
    parser.add_argument(
        "--diet-as-kept", action="store_true", help="DIET only where its model is kept: training takes hours"
    )
    parser.add_argument("--out", type=Path, help="write the results to this file instead")
    return parser.parse_args()


def _wanted(wish: argparse.Namespace) -> list[str]:
    # The look inside the bots loads both models once more, which alone takes half of the minute.
    return wish.only or [name for name in (*PARTS, FAQ, QUEUE) if not (wish.quick and name == "stages")]


def _leave(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
