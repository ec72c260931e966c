"""Who is signed in at the desk: cookie, CSRF token, limits on signing in."""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import Callable
from typing import Protocol

from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.engine import Connection

from handoff import agents
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import CsrfRefused, LoginRefused, NotAllowed, NotSignedIn, TooManyLogins
from handoff.records import Agent

COOKIE = "sb_session"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class LoginRates(Protocol):
    """How often somebody may try to sign in."""

    def wait_for(self, key: str) -> float:
        """0 when they may try now, else the seconds until they may."""


class Sessions:
    """Signs agents in and out, and says whose request one is."""

    def __init__(
        self,
        database: Database,
        rates: LoginRates,
        clock: Clock,
        secure_cookies: bool,
        address_of: Callable[[Request], str],
    ) -> None:
        self._database = database
        self._rates = rates
        self._clock = clock
        self._secure = secure_cookies
        self._address_of = address_of
        # argon2 takes 64 MB and 50 ms a check on purpose; two at a time keep that bounded.
        self._checks = asyncio.Semaphore(2)

    async def sign_in(self, request: Request, login: str, password: str) -> tuple[Agent, str, str]:
        """Returns the agent, the session's token and its CSRF token. Raises LoginRefused or TooManyLogins."""
        for key in (f"login:{login.strip().lower()[:80]}", f"address:{self._address_of(request)}"):
            wait = self._rates.wait_for(key)
            if wait:
                raise TooManyLogins(retry_after=math.ceil(wait))
        stored, agent_id = await self._database.read(lambda c: agents.hash_for(c, login))
        async with self._checks:
            fits = await asyncio.get_running_loop().run_in_executor(None, agents.password_fits, stored, password)
        if not fits or agent_id is None:
            raise LoginRefused()
        now = self._clock()
        old = request.cookies.get(COOKIE)

        def work(connection: Connection) -> tuple[Agent, str, str]:
            if old:
                agents.end_session(connection, old)
            token, csrf = agents.begin_session(connection, agent_id, now)
            agents.seen(connection, agent_id, now)
            agent, _ = agents.of_session(connection, token, now)
            return agent, token, csrf

        return await self._database.write(work)

    async def agent_of(self, request: Request) -> Agent:
        """Who sends this request. Raises NotSignedIn, CsrfRefused, or NotAllowed for an editor."""
        agent = await self.member_of(request)
        if not agent.answers_customers:
            raise NotAllowed()
        await self._mark_seen(agent)
        return agent

    async def editor_of(self, request: Request) -> Agent:
        """Who edits articles. Raises NotSignedIn, CsrfRefused, or NotAllowed for one who only answers customers."""
        agent = await self.member_of(request)
        if not agent.edits_articles:
            raise NotAllowed()
        return agent

    async def member_of(self, request: Request) -> Agent:
        """Who sends this request, whatever their role, with the page's token on every change."""
        agent, csrf = await self.session_of(request)
        if request.method not in _SAFE_METHODS:
            given = request.headers.get("x-csrf-token", "")
            if not hmac.compare_digest(csrf.encode(), given.encode("utf-8", "replace")):
                raise CsrfRefused()
        return agent

    async def session_of(self, request: Request) -> tuple[Agent, str]:
        """Whose session this is, and its CSRF token. Raises NotSignedIn."""
        token = request.cookies.get(COOKIE)
        if not token:
            raise NotSignedIn()
        now = self._clock()
        return await self._database.read(lambda c: agents.of_session(c, token, now))

    async def sign_out(self, request: Request) -> None:
        """End this session; the agent is no longer at the desk."""
        agent = await self.member_of(request)
        token = request.cookies[COOKIE]

        def work(connection: Connection) -> None:
            agents.end_session(connection, token)
            agents.gone(connection, agent.id)

        await self._database.write(work)

    def put_cookie(self, response: HTTPResponse, token: str) -> HTTPResponse:
        """Give the browser its session: out of reach of scripts, never sent from other sites."""
        response.cookies[COOKIE] = token
        cookie = response.cookies[COOKIE]
        cookie["httponly"] = True
        cookie["samesite"] = "Strict"
        cookie["path"] = "/"
        cookie["max-age"] = int(agents.SESSION_LASTS.total_seconds())
        if self._secure:
            cookie["secure"] = True
        return response

    async def _mark_seen(self, agent: Agent) -> None:
        now = self._clock()
        if agent.seen_at is None or now - agent.seen_at > agents.SEEN_EVERY:
            await self._database.write(lambda c: agents.seen(c, agent.id, now))
