"""Checks what the action server answers as Rasa does, without checking Rasa's own schema again for every action.

Rasa 3.6.21 hands each answer and its schema to `jsonschema.validate`, which first checks the schema against the
meta-schema of JSON Schema: most of what an action call costs in the bot (see docs/performance.md). Rasa has no seam for
this, so its one private method is replaced here, and nowhere else; `tests/bot/test_bot_validation.py` fails when Rasa
changes it.
"""

from __future__ import annotations

from typing import Any

from jsonschema import ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.constants import DOCS_BASE_URL

_SCHEMA = RemoteAction.action_response_format_spec()
_CLASS = validator_for(_SCHEMA)
_CLASS.check_schema(_SCHEMA)
_VALIDATOR = _CLASS(_SCHEMA)


def validate_action_result(_action: RemoteAction, result: Any) -> bool:
    """True, or raises ValidationError with Rasa's own words."""
    error: ValidationError | None = best_match(_VALIDATOR.iter_errors(result))
    if error is None:
        return True
    error.message += (
        f". Failed to validate Action server response from API, "
        f"make sure your response from the Action endpoint is valid. "
        f"For more information about the format visit "
        f"{DOCS_BASE_URL}/custom-actions"
    )
    raise error


def install() -> None:
    """Put it in place; called once, by the tracker store that every bot process builds."""
    RemoteAction._validate_action_result = validate_action_result
