"""Customers who talk to a rest channel: ours or Rasa's own, with the same words and the same client."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bench.figures import Round
from bench.processes import BenchFailed
from handoff import texts

SENTENCES = Path(__file__).resolve().parent / "sentences.yml"
ANSWER_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Script:
    """One conversation, in order."""

    locale: str
    says: tuple[str, ...]

    def shortened(self, to: int) -> Script:
        """Its beginning."""
        return Script(self.locale, self.says[:to])

    def prolonged(self, to: int) -> Script:
        """Said again and again."""
        return Script(self.locale, tuple(itertools.islice(itertools.cycle(self.says), to)))


@dataclass(frozen=True)
class Sentences:
    """Everything that is said in the bench."""

    scripts: tuple[Script, ...]
    long_conversation: Script
    to_a_person: str


def sentences() -> Sentences:
    """Read from the file beside this one."""
    loaded: dict[str, Any] = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    return Sentences(
        tuple(_script(one) for one in loaded["scripts"]), _script(loaded["long_conversation"]), loaded["to_a_person"]
    )


def _script(written: dict[str, Any]) -> Script:
    return Script(str(written["locale"]), tuple(str(one) for one in written["says"]))


def talk(webhook: str, scripts: Sequence[Script], at_a_time: int, conversations_each: int) -> Round:
    """`at_a_time` customers, each with so many conversations one after the other, every one a new sender.

    A customer sends, waits for the answer, and sends the next line at once. Raises BenchFailed when one message is
    not answered, for a figure made of failures would look fast.
    """
    return asyncio.run(_talk(webhook, scripts, at_a_time, conversations_each))


async def _talk(webhook: str, scripts: Sequence[Script], at_a_time: int, conversations_each: int) -> Round:
    excuses = _excuses()
    async with _session() as session:

        async def customer(number: int) -> list[float]:
            times: list[float] = []
            for turn in range(conversations_each):
                script = scripts[(number + turn) % len(scripts)]
                times += await _converse(session, webhook, script, excuses)
            return times

        began = time.perf_counter()
        spoken = await asyncio.gather(*(customer(number) for number in range(at_a_time)))
        seconds = time.perf_counter() - began
    return Round(seconds, tuple(itertools.chain.from_iterable(spoken)))


async def _converse(
    session: aiohttp.ClientSession, webhook: str, script: Script, excuses: frozenset[str]
) -> list[float]:
    sender = uuid.uuid4().hex
    times = []
    for text in script.says:
        began = time.perf_counter()
        body = {"sender": sender, "message": text, "metadata": metadata(script.locale)}
        async with session.post(webhook, json=body) as response:
            answer = await response.json() if response.status == 200 else []
        times.append((time.perf_counter() - began) * 1000)
        said = [str(line.get("text") or "") for line in answer]
        if not any(said) or excuses.intersection(said):
            raise BenchFailed(f"No answer to {text!r} (status {response.status}, said {said}).")
    return times


def metadata(locale: str) -> dict[str, Any]:
    """What comes with every message: what the gateway would tell its bot, so that the bot can be asked alone as well.

    The gateway takes the language from it and makes the rest itself; plain Rasa stores it.
    """
    identity = {"tier": "anonymous", "customer_id": None, "name": None}
    return {"language": locale, "waiting": False, "channel": "rest", "identity": identity}


def _excuses() -> frozenset[str]:
    """What the gateway says when its bot has failed."""
    return frozenset(itertools.chain.from_iterable(texts.variants("bot_failed", locale) for locale in texts.LOCALES))


def _session() -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_SECONDS)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout)
