"""A delivery in a way of its own is told from what is near it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from actions.special_delivery import MOST_CHARACTERS, wants_special_delivery

WISHES = Path(__file__).with_name("wishes")
# Measured 0.90 and 0.73 of the wishes, 0 and 1 of 40 of the others.
HEARD = {"development": 0.85, "test": 0.70}
MOST_MISTAKEN = 2


@pytest.mark.parametrize("part", HEARD)
def test_wishes_are_heard_and_what_is_near_them_is_not_taken_for_one(part: str) -> None:
    rows = [json.loads(line) for line in (WISHES / f"special_delivery_{part}.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 80
    heard = [wants_special_delivery(one["text"]) for one in rows if one["special"]]
    mistaken = [one["text"] for one in rows if not one["special"] and wants_special_delivery(one["text"])]
    assert sum(heard) >= HEARD[part] * len(heard)
    assert len(mistaken) <= MOST_MISTAKEN, mistaken


@pytest.mark.parametrize(
    "text",
    ["", "?", "送" * 5000, "please " * 5000 + "deliver", "星期" * 3000, "\u0000\U0001f69a", "放" + " " * 4000 + "門口"],
)
def test_odd_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    wants_special_delivery(text)
    assert time.process_time() - began < 0.05
    assert not wants_special_delivery(" " * MOST_CHARACTERS + "leave it with the guard please"), "a letter's beginning"
