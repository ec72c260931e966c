"""What the shop's order numbers look like, for those who do not read messages. Loads neither Rasa nor spaCy."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from pathlib import Path

import yaml

from faq_kb import quick_yaml

PATTERNS = Path(__file__).with_name("entity_patterns.yml")
# Below the data folder: the pattern file as the bot last found it good.
LAST_GOOD = Path("patterns") / "last-good.yml"

log = logging.getLogger(__name__)


def order_numbers(path: Path = PATTERNS, last_good: Path | None = None) -> tuple[str, ...]:
    """The list `order_numbers` of a pattern file, or of the project's own when there is none. When the file is broken,
    that of its last good copy, or none; the bot, whose file it is, tells the line."""
    paths = [path if path.exists() else PATTERNS] + ([last_good] if last_good and last_good.exists() else [])
    for one in paths:
        try:
            return _listed_in(one.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError, ValueError, KeyError, TypeError, re.error) as error:
            why = " ".join(str(error).split())
            log.error("Order numbers not read", extra={"event": "patterns_refused", "file": one.name, "why": why})
    return ()


@lru_cache(maxsize=4)
def _listed_in(text: str) -> tuple[str, ...]:
    shapes = tuple(str(shape) for shape in quick_yaml.read(text)["order_numbers"])
    for shape in shapes:
        re.compile(shape)
    return shapes
