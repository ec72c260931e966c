"""Signing in and out at the desk and the console, and the member's own language."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeGuard

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from handoff import agents, shapes, texts
from handoff.database import Database
from handoff.desk.sessions import COOKIE, Sessions
from handoff.desk.wire import body_of
from handoff.errors import BadInput
from handoff.floor import DESK_TOPIC, Live
from handoff.plain import is_plain

log = logging.getLogger(__name__)

Opening = Callable[[Request], Awaitable[HTTPResponse]]


class SigningIn:
    """The routes that somebody who is not signed in, or only edits articles, may use."""

    def __init__(self, database: Database, live: Live, sessions: Sessions) -> None:
        self._database = database
        self._live = live
        self._sessions = sessions

    def add_to(self, routes: Blueprint) -> None:
        """Put the routes on the blueprint under /desk/api."""
        for path, method, opening, name in (
            ("/login", "POST", self._log_in, "login"),
            ("/me", "GET", self._me, "me"),
            ("/logout", "POST", self._log_out, "logout"),
            ("/language", "PUT", self._language, "language_put"),
        ):
            routes.add_route(_plain(opening), path, methods=[method], name=name)

    async def _log_in(self, request: Request) -> HTTPResponse:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            # A form on another site can send any other kind, and would sign our agent in as somebody else.
            raise BadInput("Expected a body of type application/json.")
        body = body_of(request)
        login, password = body.get("login"), body.get("password")
        if not _is_credential(login) or not _is_credential(password) or len(login) > 80:
            raise BadInput("login and password must be text.")
        agent, token, csrf = await self._sessions.sign_in(request, login, password)
        log.info("Agent signed in", extra={"event": "agent_signed_in", "agent_id": agent.id})
        self._live.publish(DESK_TOPIC, {"kind": "inbox"})
        response = json({"agent": shapes.agent(agent), "csrf": csrf}, ensure_ascii=False)
        return self._sessions.put_cookie(response, token)

    async def _me(self, request: Request) -> HTTPResponse:
        agent, csrf = await self._sessions.session_of(request)
        return json({"agent": shapes.agent(agent), "csrf": csrf}, ensure_ascii=False)

    async def _log_out(self, request: Request) -> HTTPResponse:
        await self._sessions.sign_out(request)
        self._live.publish(DESK_TOPIC, {"kind": "signed_out"})
        response = json({})
        response.cookies[COOKIE] = ""
        response.cookies[COOKIE]["max-age"] = 0
        response.cookies[COOKIE]["path"] = "/"
        return response

    async def _language(self, request: Request) -> HTTPResponse:
        agent = await self._sessions.member_of(request)
        wanted = body_of(request).get("language")
        if wanted not in texts.LOCALES:
            raise BadInput(f"language must be one of {', '.join(texts.LOCALES)}.", field="language")
        await self._database.write(lambda c: agents.set_language(c, agent.id, str(wanted)))
        return json({})


def _plain(handler: Opening) -> Opening:
    """A function for Sanic, which cannot mark a bound method as its own."""

    async def handle(request: Request) -> HTTPResponse:
        return await handler(request)

    return handle


def _is_credential(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_plain(value)
