"""Every error over HTTP has one shape: {"error": {"code", "message", "details"}}, and a status that matches."""

from __future__ import annotations

import logging
from typing import Any

from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from faq_kb.console.errors import EditError
from handoff.errors import HandoffError

log = logging.getLogger(__name__)

_CODES = {
    400: "bad_input",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "body_too_large",
    417: "expectation_failed",
    503: "unavailable",
}


def error_response(status: int, code: str, message: str, /, **details: Any) -> HTTPResponse:
    """An error in the one shape."""
    response = json({"error": {"code": code, "message": message, "details": details}}, status=status)
    if "retry_after" in details:
        response.headers["Retry-After"] = str(details["retry_after"])
    return response


def install(app: Sanic) -> None:
    """Answer every exception of this app in the one shape; an unknown one without its text."""

    @app.exception(HandoffError)
    async def refused(_request: Request, error: HandoffError) -> HTTPResponse:
        return error_response(error.status, error.code, str(error), **error.details)

    @app.exception(EditError)
    async def edit_refused(_request: Request, error: EditError) -> HTTPResponse:
        return error_response(error.status, error.code, str(error), **error.details)

    @app.exception(SanicException)
    async def sanic_error(_request: Request, error: SanicException) -> HTTPResponse:
        status = getattr(error, "status_code", 500) or 500
        if status >= 500 and status != 503:
            return error_response(status, "internal_error", "Something went wrong on our side.")
        response = error_response(status, _CODES.get(status, "bad_request"), _MESSAGES.get(status, "Request refused."))
        for name, value in (getattr(error, "headers", None) or {}).items():
            response.headers[name] = str(value)
        return response

    @app.exception(Exception)
    async def unknown(request: Request, error: Exception) -> HTTPResponse:
        log.error(
            "A request failed",
            exc_info=error,
            extra={"event": "request_failed", "path": request.path, "error": type(error).__name__},
        )
        return error_response(500, "internal_error", "Something went wrong on our side.")


_MESSAGES = {
    400: "The request is not understood.",
    401: "Sign in first.",
    403: "This is not allowed.",
    404: "There is nothing here.",
    405: "This address does not take that method.",
    408: "The request took too long to arrive.",
    413: "The request is too large.",
    503: "The service is busy; try again in a moment.",
}
