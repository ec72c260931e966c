"""Our check of the action server's answers is Rasa's, and this fails when Rasa changes its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction

from switchboard.bot_validation import validate_action_result

# The source of RemoteAction._validate_action_result in Rasa 3.6.21.
STOCK = "f8cdb4be6812396167ced74161b2ccd65c5ea676ad86d7d359d8c322d9d8dc42"
ANSWERS: list[Any] = [
    {"events": [], "responses": []},
    {"events": [{"event": "slot", "name": "x", "value": 1}], "responses": [{"text": "hi", "buttons": []}]},
    {"events": [{"name": "no event"}], "responses": []},
    {"events": "none", "responses": []},
    {"responses": [{"text": "hi"}]},
    [],
    "text",
    None,
]


def test_rasa_still_checks_answers_the_way_we_know() -> None:
    code = (
        "import hashlib, inspect; from rasa.core.actions.action import RemoteAction as R; "
        "print(hashlib.sha256(inspect.getsource(R._validate_action_result).encode()).hexdigest())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert found.stdout.split()[-1] == STOCK


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer)[:30])
def test_every_answer_is_judged_as_stock_rasa_judges_it(answer: Any) -> None:
    from jsonschema import validate

    try:
        validate(answer, RemoteAction.action_response_format_spec())
        wanted = None
    except ValidationError as exc:
        wanted = exc.message
    try:
        assert validate_action_result(RemoteAction("action_x", None), answer) is True
        found = None
    except ValidationError as exc:
        found = exc.message.partition(". Failed to validate Action server response")[0]
    assert found == wanted


def test_the_tracker_store_of_the_bot_puts_it_in_place() -> None:
    code = (
        "from switchboard.bot_memory import BoundedTrackerStore; from switchboard.bot_validation import "
        "validate_action_result; from rasa.core.actions.action import RemoteAction; "
        "from rasa.shared.core.domain import Domain; BoundedTrackerStore(Domain.empty(), host='sqlite://'); "
        "assert RemoteAction._validate_action_result is validate_action_result"
    )
    subprocess.run([sys.executable, "-c", code], timeout=120, check=True)
