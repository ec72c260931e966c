"""The images of articles, as editors uploaded them."""

from __future__ import annotations

import re
from pathlib import Path

from sanic.request import Request
from sanic.response import HTTPResponse, empty, file

KINDS = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*\.(png|jpe?g|webp|gif)")
MAX_NAME_CHARACTERS = 90
# A name that is a digest of the content never means other content.
_DIGEST = re.compile(r"[0-9a-f]{16}\.[a-z]+")
_FOREVER = "public, max-age=31536000, immutable"
_FOR_AN_HOUR = "public, max-age=3600"


async def image(request: Request, folder: Path, name: str) -> HTTPResponse | None:
    """The image of this name, or None. The name alone says what a browser takes it for, and it is never a page."""
    found = _NAME.fullmatch(name) if len(name) <= MAX_NAME_CHARACTERS else None
    path = folder / name
    if found is None or path.is_symlink() or not path.is_file():
        return None
    status = path.stat()
    headers = {
        "ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"',
        "Cache-Control": _FOREVER if _DIGEST.fullmatch(name) else _FOR_AN_HOUR,
        "X-Content-Type-Options": "nosniff",
        # The widget shows it on the shop's pages.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return empty(304, headers=headers)
    return await file(path, mime_type=KINDS[found[1]], headers=headers)
