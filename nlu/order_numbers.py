"""What the shop's order numbers look like, for those who do not read messages. Loads neither Rasa nor spaCy."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import yaml

PATTERNS = Path(__file__).with_name("entity_patterns.yml")

log = logging.getLogger(__name__)


def order_numbers(path: Path = PATTERNS) -> tuple[str, ...]:
    """The list `order_numbers` of a pattern file, or of the project's own when there is none; empty when the file is
    broken, which the bot, whose file it is, tells with its line."""
    try:
        loaded = yaml.safe_load((path if path.exists() else PATTERNS).read_text(encoding="utf-8"))
        shapes = tuple(str(shape) for shape in loaded["order_numbers"])
        for shape in shapes:
            re.compile(shape)
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, re.error) as error:
        log.error("Order numbers not read", extra={"event": "patterns_refused", "file": path.name, "why": str(error)})
        return ()
    return shapes
