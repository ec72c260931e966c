"""What is measured, part by part: rounds that take turns between us and the other side, made into results."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import turn_cost
from bench.customers import Script, Sentences, talk
from bench.figures import Result, Round, ratio, summary, typical_ms
from bench.ours import RELAY_SETTINGS, ROOT, SERVICES, Ours, relay_gateway
from bench.plain import Plain
from bench.processes import BenchFailed, Process, cpu_seconds, free_port, memory_mb, quiet_environment
from bench.relay import CUSTOMERS, echo_round, floor, lone_round, relay_round

OURS, PLAIN = "switchboard", "plain_rasa"
PROBE_WITHIN_SECONDS = 300


@dataclass(frozen=True)
class Amounts:
    """How much is measured."""

    rounds: int
    # At a time -> conversations each customer has in a round.
    conversations: Mapping[int, int]
    lines_of_script: int
    long_conversations: int
    # Ours alone: at this length a turn of plain Rasa takes more than a second.
    longest_turns: int
    relay_rounds: int
    relay_lines: int
    probe_rounds: int


FULL = Amounts(3, {1: 8, 8: 2, 32: 1}, 12, 3, 2_000, 4, 100, 5)
# Enough to see that everything works; the figures are worth nothing.
QUICK = Amounts(1, {1: 1, 8: 1, 32: 1}, 4, 1, 250, 1, 10, 1)


@dataclass(frozen=True)
class Bench:
    """Both sides, running, and what to do with them."""

    ours: Ours
    plain: Plain
    said: Sentences
    amounts: Amounts
    tell: Callable[[str], None]

    @property
    def scripts(self) -> list[Script]:
        """The conversations of the bot path."""
        return [script.shortened(self.amounts.lines_of_script) for script in self.said.scripts]

    def warm_up(self) -> None:
        """Everything that happens once has happened: connections, caches, lazily loaded parts."""
        for webhook in (self.ours.webhook, self.plain.webhook):
            talk(webhook, self.said.scripts, at_a_time=4, conversations_each=1)


def bot_path(bench: Bench) -> Result:
    """Messages a second, time of a message, and processor time of a message, at 1, 8 and 32 at a time."""
    rounds: dict[str, dict[int, list[Round]]] = {OURS: {}, PLAIN: {}}
    used = dict.fromkeys((*SERVICES, PLAIN), 0.0)
    before = bench.ours.count("messages", "author = 'customer'"), bench.ours.count("tickets")
    for number in range(bench.amounts.rounds):
        for at_a_time, conversations in bench.amounts.conversations.items():
            for side, webhook in ((OURS, bench.ours.webhook), (PLAIN, bench.plain.webhook)):
                bench.tell(f"Bot path: round {number + 1} of {bench.amounts.rounds}, {side}, {at_a_time} at a time")
                spent = _processor_time(bench, side)
                done = talk(webhook, bench.scripts, at_a_time, conversations)
                for name, seconds in _processor_time(bench, side).items():
                    used[name] += seconds - spent[name]
                rounds[side].setdefault(at_a_time, []).append(done)
    result: Result = {side: {str(n): summary(some) for n, some in by.items()} for side, by in rounds.items()}
    levels = result[OURS]
    result["ratio"] = {n: ratio(levels[n]["mps"], result[PLAIN][n]["mps"]) for n in levels}
    result["p50_ratio"] = {n: ratio(levels[n]["p50_ms"], result[PLAIN][n]["p50_ms"]) for n in levels}
    sent = sum(len(done.times_ms) for some in rounds[OURS].values() for done in some)
    result["cpu_ms"] = _cpu_of_a_message(used, sent)
    _check_transcript(bench, sent, before)
    return result


def _processor_time(bench: Bench, side: str) -> dict[str, float]:
    if side == PLAIN:
        return {PLAIN: cpu_seconds(bench.plain.process.pid)}
    return {service: cpu_seconds(bench.ours.pid(service)) for service in SERVICES}


def _cpu_of_a_message(used: Mapping[str, float], sent: int) -> Result:
    # Both sides were sent the same number of messages.
    result: Result = {name: round(seconds * 1000 / sent, 2) for name, seconds in used.items()}
    result[OURS] = round(sum(result[service] for service in SERVICES), 2)
    result["ratio"] = ratio(result[OURS], result[PLAIN])
    return result


def _check_transcript(bench: Bench, sent: int, before: tuple[int, int]) -> None:
    """Fast and forgetful would not count: every message stands in the transcript, and the bot answered it."""
    stored = bench.ours.count("messages", "author = 'customer'") - before[0]
    if stored != sent:
        raise BenchFailed(f"{sent} messages were sent, {stored} stand in the transcript.")
    tickets = bench.ours.count("tickets") - before[1]
    if tickets:
        raise BenchFailed(f"{tickets} conversations went to a person; the scripts are for the bot alone.")


def turns(bench: Bench) -> Result:
    """Cost of a turn in a conversation of 200."""
    script = bench.said.long_conversation.prolonged(turn_cost.TURNS)
    rounds: dict[str, list[Round]] = {OURS: [], PLAIN: []}
    for number in range(bench.amounts.long_conversations):
        for side, webhook in ((OURS, bench.ours.webhook), (PLAIN, bench.plain.webhook)):
            bench.tell(f"Turn cost: conversation {number + 1} of {bench.amounts.long_conversations}, {side}")
            rounds[side].append(talk(webhook, [script], at_a_time=1, conversations_each=1))
    result: Result = {side: turn_cost.cost(some) for side, some in rounds.items()}
    result["growth"] = {side: turn_cost.growth(result[side]) for side in (OURS, PLAIN)}
    longest = bench.amounts.longest_turns
    bench.tell(f"Turn cost: a conversation of {longest:,} turns, {OURS}")
    said = bench.said.long_conversation.prolonged(longest)
    last = turn_cost.last_of(talk(bench.ours.webhook, [said], at_a_time=1, conversations_each=1))
    result["longest"] = {"turns": longest, "ms": last, "growth": ratio(last, result[OURS]["1"])}
    return result


def memory(bench: Bench) -> Result:
    """Resident memory of each process, after the load of the parts before."""
    result: Result = {service: memory_mb(bench.ours.pid(service)) for service in SERVICES}
    result[PLAIN] = memory_mb(bench.plain.process.pid)
    return result


def relay(bench: Bench) -> Result:
    """Lines a second from customers to the desk, beside a bare echo."""
    return asyncio.run(_relay(bench))


async def _relay(bench: Bench) -> Result:
    rounds: dict[str, list[Round]] = {"relay": [], "echo": [], "alone": []}
    text, amounts = bench.said.to_a_person, bench.amounts
    echo_url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "bench.echo", echo_url.rpartition(":")[2]]
    log = bench.ours.folder / "echo.log"
    with (
        relay_gateway(bench.ours, bench.tell) as gateway,
        Process("the echo", command, ROOT, quiet_environment(), log) as echo,
    ):
        echo.wait_until(f"{echo_url}/readyz", 30, bench.tell)
        async with floor(gateway) as people:
            await relay_round(people, text, 3)
            await echo_round(echo_url, text, 3)
            for number in range(amounts.relay_rounds):
                bench.tell(f"Relay: round {number + 1} of {amounts.relay_rounds}")
                rounds["relay"].append(await relay_round(people, text, amounts.relay_lines))
                rounds["echo"].append(await echo_round(echo_url, text, amounts.relay_lines * 5))
                rounds["alone"].append(await lone_round(people, text, amounts.relay_lines))
    result = summary(rounds["relay"], tail=0.99)
    bare = summary(rounds["echo"], tail=0.99)
    alone = summary(rounds["alone"], tail=0.99)
    result["echo_mps"] = bare["mps"]
    result["ratio"] = ratio(result["mps"], bare["mps"])
    result["echo"] = bare
    result["alone"] = {name: alone[name] for name in ("p50_ms", "p99_ms", "messages")}
    return {**result, "customers": CUSTOMERS, "settings": dict(RELAY_SETTINGS)}


def stages(bench: Bench) -> Result:
    """Where the time of a lone message goes, on both sides."""
    times: dict[str, list[float]] = {"gateway": [], "bot": [], "plain": []}
    webhooks = {
        "gateway": bench.ours.webhook,
        "bot": f"{bench.ours.bot_url}/webhooks/rest/webhook",
        "plain": bench.plain.webhook,
    }
    scripts = bench.said.scripts
    for number in range(bench.amounts.probe_rounds):
        for name, webhook in webhooks.items():
            bench.tell(f"Stages: round {number + 1} of {bench.amounts.probe_rounds}, {name}")
            times[name] += talk(webhook, scripts, at_a_time=1, conversations_each=len(scripts)).times_ms
    places = sum(len(script.says) for script in scripts)
    mean = {name: typical_ms(some, places) for name, some in times.items()}
    memory_of_probe = bench.ours.folder / "probe"
    memory_of_probe.mkdir(exist_ok=True)
    ours = _probe(
        bench,
        bench.ours.model,
        ROOT,
        SWITCHBOARD_DATA_DIR=str(memory_of_probe.resolve()),
        SWITCHBOARD_ACTIONS_PORT=str(bench.ours.actions_port),
    )
    plain = _probe(bench, bench.plain.model, bench.plain.folder)
    return {
        OURS: _as_stages(ours, mean["gateway"], mean["gateway"] - mean["bot"], mean["bot"] - ours["total_ms"]),
        PLAIN: _as_stages(plain, mean["plain"], 0.0, mean["plain"] - plain["total_ms"]),
    }


def _as_stages(probed: Result, whole_ms: float, gateway_ms: float, http_ms: float) -> Result:
    stages = {"gateway": gateway_ms, "http": http_ms, **probed["stages_ms"]}
    components = sorted(probed["components_ms"].items(), key=lambda one: -float(one[1]))
    return {
        "total_ms": round(whole_ms, 2),
        "stages_ms": {name: round(ms, 2) for name, ms in stages.items()},
        "components_ms": {name: round(ms, 2) for name, ms in components if ms >= 0.01},
    }


def _probe(bench: Bench, model: Path, folder: Path, **environment: str) -> Result:
    """Ask a bot of its own, in the folder it would run in."""
    answer, log = bench.ours.folder / "probe.json", bench.ours.folder / "probe.log"
    command = [sys.executable, "-m", "bench.probe", str(model.resolve()), "endpoints.yml"]
    command += [str(bench.amounts.probe_rounds), str(answer.resolve())]
    with Process("the probe", command, folder, quiet_environment(PYTHONPATH=str(ROOT), **environment), log) as probe:
        probe.wait(PROBE_WITHIN_SECONDS, bench.tell, "Stages: inside the bot")
    found: Result = json.loads(answer.read_text(encoding="utf-8"))
    return found
