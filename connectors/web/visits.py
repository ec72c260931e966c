"""The widget's route for visitors: the heartbeat of a page, answered with an invitation where one stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json


class Visits(Protocol):
    """Takes heartbeats."""

    async def beat(self, body: Mapping[str, Any], token: str, address: str, is_private: bool) -> Mapping[str, Any]:
        """What one comes to: when the next is wanted, and the invitation to show."""


def add_to(
    routes: Blueprint,
    visits: Visits,
    bearer: Callable[[Request], str],
    address_of: Callable[[Request], str],
    refuse: Callable[[int, str, str], HTTPResponse],
) -> None:
    """POST /visit."""

    @routes.options("/visit", name="visit_options")
    async def preflight(_request: Request) -> HTTPResponse:
        return empty()

    @routes.post("/visit", name="visit")
    async def visit(request: Request) -> HTTPResponse:
        # Which origins there are is checked for the whole of /widget; who names none is no browser.
        if request.headers.get("origin") is None:
            return refuse(403, "origin_refused", "A page's heartbeat names its origin.")
        body = request.json
        if not isinstance(body, dict):
            return refuse(400, "bad_input", "Expected a JSON object.")
        is_private = "1" in (request.headers.get("dnt"), request.headers.get("sec-gpc"))
        return json(await visits.beat(body, bearer(request), address_of(request), is_private), ensure_ascii=False)
