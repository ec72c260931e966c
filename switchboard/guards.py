"""What every request passes first: no smuggling, no odd hosts, safe headers on the way out, and whose address it is.

Sanic 21.12 serves a request with Content-Length and Transfer-Encoding, with two Content-Lengths or with two Hosts, and
fails on lengths and codings it cannot read; a proxy in front may read such a request differently. It is refused here,
while Sanic reads its head, and the connection is closed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from sanic import Sanic
from sanic.exceptions import InvalidUsage, RequestTimeout
from sanic.request import Request
from sanic.response import HTTPResponse

# RFC 9110, 5.6.2 and 5.5: no space before the colon, no folded lines, no lone CR, LF or NUL.
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_LENGTH = re.compile(rb"[0-9]{1,12}")
# Pages that a shop may not frame, and that load nothing from elsewhere. Pages set a policy of their own where needed.
DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'"


class TimedRequest(Request):
    """A request whose whole body arrives within REQUEST_TIMEOUT; Sanic begins to count anew at every byte."""

    async def receive_body(self) -> None:
        """Read the body, or give up and close the connection."""
        if not self.stream.request_body:
            return
        try:
            await asyncio.wait_for(super().receive_body(), self.app.config.REQUEST_TIMEOUT)
        except asyncio.TimeoutError as exc:
            self.stream.keep_alive = False
            self.stream.request_body = None  # nobody waits for the rest
            raise RequestTimeout("The request took too long to arrive.") from exc


def install(app: Sanic) -> None:
    """Put the guards onto the app."""

    @app.signal("http.lifecycle.read_head")
    async def refuse_smuggling(head: bytes) -> None:
        if not is_unambiguous(head):
            raise InvalidUsage("The request's framing headers contradict each other.")

    @app.middleware("response")
    async def safe_headers(_request: Request, response: HTTPResponse) -> None:
        if response is None:
            return
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        headers.setdefault("Content-Security-Policy", DEFAULT_POLICY)
        headers.setdefault("Cache-Control", "no-store")


def is_unambiguous(head: bytes) -> bool:
    """Whether every HTTP/1.1 program reads the same request out of this head."""
    framing: dict[bytes, list[bytes]] = {b"content-length": [], b"transfer-encoding": [], b"host": []}
    for line in head.split(b"\r\n")[1:]:
        header = _HEADER.fullmatch(line)
        if header is None:
            return False
        name = header[1].lower()
        if name in framing:
            framing[name].append(header[2])
    lengths, codings, hosts = framing.values()
    if len(hosts) != 1 or len(lengths) + len(codings) > 1:
        return False
    # Sanic knows this one coding, in this spelling.
    return all(map(_LENGTH.fullmatch, lengths)) and all(coding == b"chunked" for coding in codings)


def address_reader(trusted_proxies: int) -> Callable[[Request], str]:
    """Whose address a request comes from. X-Forwarded-For is read from the right, one entry per trusted proxy, and not
    at all without one: whatever stands further left was written by the customer."""

    def address_of(request: Request) -> str:
        if trusted_proxies:
            # Some proxies add to the header, others add a header of their own below it; together they are one list.
            written = ",".join(request.headers.getall("x-forwarded-for", []))
            forwarded = [part.strip() for part in written.split(",") if part.strip()]
            if len(forwarded) >= trusted_proxies:
                return forwarded[-trusted_proxies][:64]
        return str(request.ip)

    return address_of
