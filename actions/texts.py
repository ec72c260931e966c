"""The texts of `domain.yml`, for what an action puts together itself: titles of buttons, lines of a longer answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from faq_kb import in_locale, quick_yaml

DOMAIN = Path(__file__).parent.parent / "domain.yml"


def text(name: str, locale: str, **values: object) -> str:
    """The first variant of a response in a locale, with its `{places}` filled in."""
    written = in_locale(_texts()[name], locale)
    for place, value in values.items():
        # Not str.format: a customer's words may hold braces.
        written = written.replace("{" + place + "}", str(value))
    return written


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Mapping[str, str]]:
    domain = quick_yaml.read(DOMAIN.read_text(encoding="utf-8"))
    return {name: _by_locale(variations) for name, variations in domain["responses"].items()}


def _by_locale(variations: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for variation in variations:
        for condition in variation.get("condition", ()):
            if condition["name"] == "language" and "text" in variation:
                found.setdefault(condition["value"], variation["text"])
    return found
