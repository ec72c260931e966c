"""How often a test that tries things at random tries them: enough in every run, and ten times as much at night."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

IS_NIGHT = os.environ.get("SWITCHBOARD_NIGHTLY") == "true"


def rounds(usual: int) -> int:
    return usual * 10 if IS_NIGHT else usual


def set_up_hypothesis() -> None:
    """A deadline by the wall's clock would measure what else runs here; what must be quick has tests of its own."""
    settings.register_profile(
        "suite", deadline=None, max_examples=rounds(100), suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("suite")
