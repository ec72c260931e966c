"""Whole conversations as tables (tests/bot/conversations/*.yml), had with the trained bot, many at a time."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from bot_parts import Answer, Bot, Talk

import shop.demo
from shop import SqlShop

FOLDER = Path(__file__).with_name("conversations")
AT_A_TIME = 6

_TURN_KEYS = {
    "say",
    "tap",
    "contains any of",
    "not contains",
    "marks",
    "no marks",
    "buttons",
    "intent",
    "lines",
    "waiting",
    "after minutes",
}
_ORDER = re.compile(r"HG\d{8}")
_CUSTOMER = re.compile(r"c-\d{4}")


@dataclass(frozen=True)
class Conversation:
    name: str
    locale: str
    metadata: Mapping[str, Any]
    turns: Sequence[Mapping[str, Any]]
    is_mixed: bool = False

    @property
    def language(self) -> str:
        """The kind of language that the customer writes."""
        return "mixed" if self.is_mixed else self.locale

    @property
    def changes_something(self) -> bool:
        """Whether the shop is asked to do something with an order."""
        return any(
            "affirm" in repr(turn.get("buttons")) or "service" in (turn.get("marks") or {}) for turn in self.turns
        )

    def orders_and_customers(self) -> set[str]:
        written = repr((self.metadata, self.turns))
        return {*_ORDER.findall(written), *_CUSTOMER.findall(written)}


def conversations() -> list[Conversation]:
    """All of them; a key that nobody reads, or a name that stands twice, is a mistake in the file."""
    found = [one for path in sorted(FOLDER.glob("*.yml")) for one in _read(path)]
    names = [one.name for one in found]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    return found


def _read(path: Path) -> Iterator[Conversation]:
    for row in yaml.safe_load(path.read_text(encoding="utf-8")):
        unknown = set(row) - {"name", "locale", "mixed", "identity", "metadata", "turns"}
        unknown |= {key for turn in row["turns"] for key in turn} - _TURN_KEYS
        assert not unknown, f"{path.name}: {row['name']}: {unknown}"
        metadata = dict(row.get("metadata") or {})
        if "identity" in row:
            metadata["identity"] = {"tier": "identity", "customer_id": row["identity"]}
        yield Conversation(f"{path.stem}: {row['name']}", row["locale"], metadata, row["turns"], bool(row.get("mixed")))


def had(bot: Bot, chosen: Sequence[Conversation]) -> dict[str, list[str]]:
    """What went wrong in each, by name. The shop is as new in each round, so that one conversation never meets what
    another has had done with the same customer's orders."""
    wrong: dict[str, list[str]] = {}
    shop.demo.fill(bot.shop_url, seed=7)
    with ThreadPoolExecutor(AT_A_TIME) as talkers, _Restored(bot) as restored:
        for together in _rounds(bot, chosen):
            restored.now()
            wrong.update(zip((one.name for one in together), talkers.map(lambda one: hold(bot, one), together)))
        restored.now()
    return wrong


class _Restored:
    """A copy of the shop as it was filled, put back in a moment where filling it anew takes a second."""

    def __init__(self, bot: Bot) -> None:
        self._live = bot.shop_url.removeprefix("sqlite:///")
        self._copy = sqlite3.connect(":memory:")

    def __enter__(self) -> _Restored:
        with closing(sqlite3.connect(self._live)) as live:
            live.backup(self._copy)
        return self

    def now(self) -> None:
        with closing(sqlite3.connect(self._live, timeout=30)) as live:
            self._copy.backup(live)

    def __exit__(self, *_: object) -> None:
        self._copy.close()


def _rounds(bot: Bot, chosen: Sequence[Conversation]) -> list[list[Conversation]]:
    """Who changes something has the customer to himself for a round; those who only look share one."""
    known = SqlShop(bot.shop_url)
    rounds: list[tuple[set[str], list[Conversation]]] = [(set(), [])]
    for one in chosen:
        if not one.changes_something:
            rounds[0][1].append(one)
            continue
        named = one.orders_and_customers()
        owners = {order.customer_id for number in named if (order := known.order(number))}
        touched = owners | {name for name in named if name.startswith("c-")}
        place = next((place for place in rounds[1:] if not place[0] & touched), None)
        if place is None:
            place = (set(), [])
            rounds.append(place)
        place[0].update(touched)
        place[1].append(one)
    known.close()
    return [together for _, together in rounds]


def hold(bot: Bot, conversation: Conversation) -> list[str]:
    """Have the conversation; stops at the first turn that goes wrong, since the next would mean something else."""
    talk = bot.talk(conversation.locale, **conversation.metadata)
    before: Answer | None = None
    for number, turn in enumerate(conversation.turns, 1):
        try:
            answer = _said(talk, turn, before)
        except (AssertionError, StopIteration) as silence:
            return [f"turn {number}: {silence or 'no such button'}"]
        what_is_wrong = [*_wrong(bot, turn, answer), *_says_the_same(before, answer)]
        if what_is_wrong:
            wrong = [f"turn {number} ({turn.get('say') or turn.get('tap')}): {what}" for what in what_is_wrong]
            return [*wrong, f"it said: {answer.text!r} {[b['payload'] for b in answer.buttons]} {answer.marks}"]
        if language := answer.marks.get("language"):
            talk.metadata["language"] = language  # as the gateway does from then on
        before = answer
    return []


def _said(talk: Talk, turn: Mapping[str, Any], before: Answer | None) -> Answer:
    waiting = {"waiting": True} if turn.get("waiting") else {}
    if "after minutes" in turn:
        _let_pass(talk, int(turn["after minutes"]))
    if "tap" not in turn:
        return talk.say(str(turn["say"]), **waiting)
    assert before is not None, "nothing to tap yet"
    return talk.say(before.payload(turn["tap"]), **waiting)


def _let_pass(talk: Talk, minutes: int) -> None:
    """Move what the bot remembers of the conversation back in time, since its clock is the machine's."""
    memory = talk.bot.actions_log.with_name("bot_memory.db")
    with closing(sqlite3.connect(memory, timeout=30)) as database, database:
        (written,) = database.execute(
            "SELECT events FROM bot_memories WHERE conversation_id = ?", (talk.id,)
        ).fetchone()
        events = json.loads(written)
        for event in events:
            event["timestamp"] -= minutes * 60
        moved = (json.dumps(events), talk.id)
        database.execute("UPDATE bot_memories SET events = ? WHERE conversation_id = ?", moved)


def _says_the_same(before: Answer | None, answer: Answer) -> Iterator[str]:
    """Nothing is said twice in a row, but for an order that is asked for again."""
    if before is not None and answer.text and answer.text == before.text and "order" not in answer.marks:
        yield "the same words as before"


def _wrong(bot: Bot, turn: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    text, payloads = answer.text, [button["payload"] for button in answer.buttons]
    if (wanted := turn.get("contains any of")) and not any(words in text for words in _listed(wanted)):
        yield f"none of {wanted}"
    for words in _listed(turn.get("not contains")):
        if words in text:
            yield f"says {words!r}"
    if not _holds(answer.marks, turn.get("marks") or {}):
        yield f"marks are not {turn['marks']}"
    for mark in _listed(turn.get("no marks")):
        if mark in answer.marks:
            yield f"has the mark {mark}"
    for beginning in _listed(turn.get("buttons")):
        if not any(payload.startswith(beginning) for payload in payloads):
            yield f"no button {beginning}"
    if "lines" in turn and len(answer.lines) != turn["lines"]:
        yield f"{len(answer.lines)} lines"
    if "intent" in turn and (taken := bot.parse(str(turn["say"]))["intent"]["name"]) not in _listed(turn["intent"]):
        yield f"taken for {taken}"


def _listed(value: Any) -> list[str]:
    return [] if value is None else [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _holds(found: Any, wanted: Any) -> bool:
    """Whether all that is wanted is found; what is found beside it does not matter. `true` is anything at all."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_holds(found.get(name), value) for name, value in wanted.items())
    return bool(found) if wanted is True else bool(found == wanted)
