"""What every request passes first: no smuggling, no odd hosts, safe headers on the way out, and whose address it is.

Sanic 21.12 serves a request with Content-Length and Transfer-Encoding, with two Content-Lengths or with two Hosts; a
proxy in front may read such a request differently, so it is refused here and the connection is closed.
"""

from __future__ import annotations

from collections.abc import Callable

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from switchboard.http_errors import error_response

# Pages that a shop may not frame, and that load nothing from elsewhere. Pages set a policy of their own where needed.
DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'"


def install(app: Sanic) -> None:
    """Put the guards onto the app."""

    @app.middleware("request")
    async def refuse_smuggling(request: Request) -> HTTPResponse | None:
        lengths = request.headers.getall("content-length", [])
        codings = request.headers.getall("transfer-encoding", [])
        hosts = request.headers.getall("host", [])
        if len(lengths) > 1 or len(codings) > 1 or (lengths and codings) or len(hosts) != 1:
            response = error_response(400, "bad_request", "The request's framing headers contradict each other.")
            response.headers["Connection"] = "close"
            return response
        return None

    @app.middleware("response")
    async def safe_headers(_request: Request, response: HTTPResponse) -> None:
        if response is None:
            return
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        headers.setdefault("Content-Security-Policy", DEFAULT_POLICY)
        headers.setdefault("Cache-Control", "no-store")


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
