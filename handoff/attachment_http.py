"""Attachments over HTTP: a file's body as it arrives, and a file on its way out, whole or in parts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sanic.exceptions import PayloadTooLarge, RequestTimeout
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse, ResponseStream, empty

from handoff.attachments import SHOWN_IN_PAGE, Attachment
from handoff.errors import AttachmentTooLarge, UnknownAttachment
from handoff.file_names import disposition

# For all of a body; one that comes more slowly than this, after as long as any request may take, is given up before.
WHOLE_SECONDS = 600
SLOWEST_BYTES_A_SECOND = 4000
CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
# Whoever opens the address itself gets a page that may do nothing.
_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


async def body_of(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body, piece by piece. Raises AttachmentTooLarge, at once when the request says so itself; then the rest is
    read and dropped, as far as it is not endless, for a browser reads no answer before it has sent everything."""
    stream: Any = request.stream
    stream.request_max_size = 2 * most + CHUNK_BYTES
    loop, patience = asyncio.get_running_loop(), float(request.app.config.REQUEST_TIMEOUT)
    began_at = loop.time()
    is_too_large = int(request.headers.get("content-length") or 0) > most
    taken = 0
    while True:
        deadline = began_at + min(WHOLE_SECONDS, patience + taken / SLOWEST_BYTES_A_SECOND)
        try:
            piece = await asyncio.wait_for(stream.read(), max(0.0, min(patience, deadline - loop.time())))
        except asyncio.TimeoutError as exc:
            stream.keep_alive = False
            stream.request_body = None  # nobody waits for the rest
            raise RequestTimeout("The file took too long to arrive.") from exc
        except PayloadTooLarge as exc:
            raise AttachmentTooLarge(limit=most) from exc
        if piece is None:
            break
        taken += len(piece)
        is_too_large = is_too_large or taken > most
        if not is_too_large:
            yield piece
    if is_too_large:
        raise AttachmentTooLarge(limit=most)


def response_of(request: Request, attachment: Attachment, path: Path) -> BaseHTTPResponse:
    """The file as an answer. Raises UnknownAttachment when its bytes are gone."""
    if not path.is_file():
        raise UnknownAttachment()
    total = path.stat().st_size
    headers = {
        "Content-Disposition": disposition(attachment.name, inline=attachment.kind in SHOWN_IN_PAGE),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        # Asked for again each time, for the right to it may end; sent again only when it has to be.
        "Cache-Control": "private, no-cache",
        "ETag": f'"{attachment.sha256}"',
        "Accept-Ranges": "bytes",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return empty(304, headers=headers)
    status, begin, end = 200, 0, total
    if (span := request.headers.get("range")) is not None and _may_be_part(request, headers["ETag"]):
        found = _span_of(span, total)
        if found is None:
            return HTTPResponse(b"", 416, {**headers, "Content-Range": f"bytes */{total}"})
        begin, end = found
        if found != (0, total):
            status = 206
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{total}"
    headers["Content-Length"] = str(end - begin)

    async def send(response: Any) -> None:
        with path.open("rb") as file:
            file.seek(begin)
            left = end - begin
            while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
                left -= len(chunk)
                await response.write(chunk)

    return ResponseStream(send, status, headers, attachment.media_type)


def _may_be_part(request: Request, tag: str) -> bool:
    return request.headers.get("if-range", tag) == tag


def _span_of(written: str, total: int) -> tuple[int, int] | None:
    """First byte and the one after the last, of one range (RFC 9110, 14.1.2); None when there is no such part. Several
    ranges, or something else than bytes, are answered with the whole."""
    found = _RANGE.fullmatch(written.strip())
    if found is None or not (found[1] or found[2]):
        return 0, total
    if not found[1]:
        begin, end = max(0, total - int(found[2])), total
    else:
        begin, end = int(found[1]), min(total, int(found[2]) + 1) if found[2] else total
    return (begin, end) if begin < end else None
