"""Serving files as they stand: typed, tagged, compressed once, and never from outside their folder."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sanic.request import Request
from sanic.response import HTTPResponse, empty, raw

# Long enough that a visit costs one request, short enough that a fix reaches every shop within minutes.
CACHE = "public, max-age=300, stale-while-revalidate=3600"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True)
class _Content:
    plain: bytes
    compressed: bytes
    tag: str
    kind: str


def file_below(folder: Path, path: str) -> Path | None:
    """The file with this path in the folder; None for anything else, whatever the path says."""
    if "\x00" in path or "\\" in path:
        return None
    try:
        wanted = (folder / path).resolve()
        return wanted if wanted.is_relative_to(folder.resolve()) and wanted.is_file() else None
    except (OSError, ValueError):  # a name too long for the file system, or one it cannot spell
        return None


def serve(request: Request, path: Path, cache: str = CACHE, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    """The file, or 304 when the browser has it already."""
    stamp = path.stat()
    content = _read(path, stamp.st_mtime_ns, stamp.st_size)
    sent = {
        "ETag": content.tag,
        "Cache-Control": cache,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        **(headers or {}),
    }
    if request.headers.get("if-none-match") == content.tag:
        return empty(304, headers=sent)
    body = content.plain
    if "gzip" in request.headers.get("accept-encoding", "") and len(content.compressed) < len(body):
        sent["Content-Encoding"] = "gzip"
        body = content.compressed
    return raw(body, content_type=content.kind, headers=sent)


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int, _size: int) -> _Content:
    plain = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith("json"):
        kind += "; charset=utf-8"
    tag = f'W/"{hashlib.sha256(plain).hexdigest()[:24]}"'
    return _Content(plain, gzip.compress(plain, 9, mtime=0), tag, kind)
