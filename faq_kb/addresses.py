"""Which addresses an article may send a browser to."""

from __future__ import annotations

import re


def is_address(value: str) -> bool:
    """Whether a browser may be sent there: no javascript:, no data:, no way out of the site's folders."""
    if not value or any(c.isspace() or not c.isprintable() or c in "\\<>\"'`" for c in value) or ".." in value:
        return False
    if value.startswith(("https://", "http://")):
        return re.match(r"https?://[\w.-]+(:\d+)?(/|\?|#|$)", value) is not None
    return value.startswith(("mailto:", "tel:")) or (value.startswith("/") and not value.startswith("//"))
