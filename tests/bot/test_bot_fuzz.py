"""Random walks: any intent, any entity, any button, any sentence, in any order. Every turn ends in something said, a
miss is never said twice in the same words, and the action server never trips."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from bot_parts import ROOT, Answer, Bot
from rounds import rounds

pytestmark = pytest.mark.bot

TURNS = rounds(300)
TURNS_OF_A_TALK = 25
WALKERS = 4

DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
INTENTS = [one if isinstance(one, str) else next(iter(one)) for one in DOMAIN["intents"]]
UNDERSTANDING = Path(__file__).with_name("understanding")
SENTENCES = [
    json.loads(line)["text"]
    for name in ("development.jsonl", "odd_wishes.jsonl")
    for line in (UNDERSTANDING / name).read_text(encoding="utf-8").splitlines()
]
STRANGE = (
    "",
    " ",
    "?",
    "👍",
    "{}",
    "/",
    "florp wexil",
    "\u202e",
    "4567" * 40,
    '{"a": 1}',
    "是" * 300,
    "HG10024410 HG10023120",
)
ENTITIES = {
    "order_number": ("HG10023847", "HG10024410", "HG10024300", "HG99999999", "nonsense", "", "HG10022410"),
    "phone_last4": ("4567", "2468", "0000", "x"),
    "article": ("delivery-fee", "no-such-article", ""),
    "category": ("delivery", "no-such-category"),
    "detail": ("faulty", "changed_mind", '<b>{x}"', "全部"),
    "product": ("https://shop.example/p/1", "A7721"),
    "language_wish": ("en", "zh-TW", "zh", "fr"),
    "tracking_number": ("SF1234567890123",),
}
PEOPLE: tuple[dict[str, Any], ...] = (
    {},
    {"identity": {"tier": "identity", "customer_id": "c-0005"}},
    {"identity": {"tier": "identity", "customer_id": "c-0008"}},
    {"identity": {"tier": "identity", "customer_id": "c-9999"}},
    {"waiting": True},
)


def test_every_turn_of_a_random_walk_ends_in_something_sensible(bot: Bot) -> None:
    tripped_before = bot.actions_log.read_text(encoding="utf-8", errors="replace").count("Traceback")
    talks = max(1, TURNS // TURNS_OF_A_TALK)
    with ThreadPoolExecutor(WALKERS) as walkers:
        wrong = [what for walk in walkers.map(lambda seed: list(_walk(bot, seed)), range(talks)) for what in walk]
    assert not wrong, "\n".join(wrong[:20])
    log = bot.actions_log.read_text(encoding="utf-8", errors="replace")
    assert log.count("Traceback") == tripped_before, log[-3000:]


def _walk(bot: Bot, seed: int) -> Any:
    random = Random(seed)
    talk = bot.talk(random.choice(("zh-HK", "zh-TW", "zh-CN", "en")), **random.choice(PEOPLE))
    trail: list[str] = []
    last: Answer | None = None
    for _ in range(TURNS_OF_A_TALK):
        said = _something(random, last)
        trail.append(said)
        try:
            answer = talk.say(said)
        except AssertionError as silence:
            yield f"seed {seed}: {silence} (after {trail[-4:]})"
            return
        if complaint := _not_sensible(answer, last, said):
            yield f"seed {seed}: {complaint}: {answer.text!r} {answer.marks} (after {trail[-4:]})"
        last = answer


def _something(random: Random, last: Answer | None) -> str:
    payloads = [button["payload"] for button in last.buttons] if last else []
    kind = random.choices(("button", "intent", "sentence", "strange"), (4 if payloads else 0, 4, 4, 1))[0]
    if kind == "button":
        return random.choice(payloads)
    if kind == "sentence":
        return str(random.choice(SENTENCES))
    if kind == "strange":
        return random.choice(STRANGE)
    named = random.sample(sorted(ENTITIES), random.choice((0, 0, 1, 2)))
    entities = {name: random.choice(ENTITIES[name]) for name in named}
    return f"/{random.choice(INTENTS)}{json.dumps(entities, ensure_ascii=False) if entities else ''}"


def _not_sensible(answer: Answer, last: Answer | None, said: str) -> str | None:
    """What nobody should read. Lines without a text are marks, which the platform puts into words."""
    if not answer.text and not answer.marks:
        return "nothing to read and no mark"
    for hole in ("{number}", "{order}", "{wish}", "{words}", "{product}", "None", "utter_"):
        if hole in answer.text:
            return f"a hole: {hole}"
    if "handoff" in answer.marks and answer.text:
        return "words beside a handoff"
    if any(not button["title"] or not button["payload"].startswith("/") for button in answer.buttons):
        return "a button that leads nowhere"
    is_miss = last is not None and "miss" in answer.marks and "miss" in last.marks
    return "the same miss twice" if is_miss and last and answer.text == last.text else None
