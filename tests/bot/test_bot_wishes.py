"""A delivery in a way of its own, and anger, are told from what is near them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from actions import anger, special_delivery
from actions.anger import sounds_angry
from actions.special_delivery import wants_special_delivery

WISHES = Path(__file__).with_name("wishes")
# Measured of the special deliveries 0.90 and 0.73, with 0 and 1 of 40 of the others; of the angry ones 0.98 and 0.68,
# with 1 and 1.
TOLD = [
    ("special_delivery", "development", wants_special_delivery, 0.85),
    ("special_delivery", "test", wants_special_delivery, 0.70),
    ("anger", "development", sounds_angry, 0.92),
    ("anger", "test", sounds_angry, 0.65),
]
MOST_MISTAKEN = 2


@pytest.mark.parametrize(("name", "part", "is_told", "heard"), TOLD)
def test_who_means_it_is_heard_and_who_is_near_it_is_not_taken_for_it(
    name: str, part: str, is_told: Callable[[str], bool], heard: float
) -> None:
    rows = [json.loads(line) for line in (WISHES / f"{name}_{part}.jsonl").read_text("utf-8").splitlines()]
    meant = [row for row in rows if row.get("special") or row.get("angry")]
    others = [row for row in rows if row not in meant]
    assert (len(meant), len(others)) == (40, 40)
    assert sum(is_told(row["text"]) for row in meant) >= heard * len(meant)
    mistaken = [row["text"] for row in others if is_told(row["text"])]
    assert len(mistaken) <= MOST_MISTAKEN, mistaken


@pytest.mark.parametrize("is_told", [wants_special_delivery, sounds_angry])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "送" * 5000,
        "please " * 5000 + "deliver",
        "星期" * 3000,
        "\u0000\U0001f69a",
        "放" + " " * 4000 + "門口",
        "no," * 3000,
        "A. " * 3000,
        "AB " * 3000 + "x",
        "which bot " * 500,
    ],
)
def test_odd_text_takes_no_time(is_told: Callable[[str], bool], text: str) -> None:
    is_told("what was never asked is prepared once")
    began = time.process_time()
    is_told(text)
    assert time.process_time() - began < 0.05


def test_of_a_letter_the_beginning_is_read() -> None:
    assert not wants_special_delivery(" " * special_delivery.MOST_CHARACTERS + "leave it with the guard please")
    assert not sounds_angry(" " * anger.MOST_CHARACTERS + "this is ridiculous")
