"""YAML read by libyaml: ten times as fast as PyYAML's own parser, which understands the same and takes its place
where PyYAML was built without it."""

from __future__ import annotations

from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str) -> Any:
    """What the text says; nothing in it is executed. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=LOADER)  # noqa: S506  (it is a safe loader)
