"""Where tokens for mailboxes come from, as Microsoft and Google document it, and where mail servers ask about them.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/entra/identity-platform/reference-error-codes
https://developers.google.com/identity/protocols/oauth2/web-server · RFC 6749, RFC 7662
"""

from __future__ import annotations

import uuid

from aiohttp import web

from providers.server import Provider

TENANT = "5f1c7a0e-0000-4000-8000-00000000c0de"
CLIENT, SECRET, CONSENT = "11111111-2222-3333-4444-555555555555", "the~client~secret", "1//0g-the-consent"
SCOPE = "https://outlook.office365.com/.default"


class TokenProvider(Provider):
    """Gives tokens for one mailbox at a time, `user`."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self.user = ""
        self.forms: list[dict[str, str]] = []
        self.good: set[str] = set()
        self.given: list[str] = []
        self.seconds = 3599
        self.is_over = False  # the secret has run out, or the consent was taken back
        self.rotates = ""  # a new refresh token beside each access token

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/{tenant}/oauth2/v2.0/token", self._microsoft),
            web.post("/token", self._google),
            web.post("/introspect", self._introspect),
        ]

    def knows(self, user: str, token: str) -> bool:
        return token in self.good and user == self.user

    def revoke(self) -> None:
        """No token that was given works any more."""
        self.good.clear()

    async def _microsoft(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        if request.match_info["tenant"] != TENANT:
            return _aad(400, "invalid_request", 90002, f"Tenant '{request.match_info['tenant']}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _aad(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if form.get("client_id") != CLIENT:
            return _aad(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        if form.get("client_secret") != SECRET:
            return _aad(401, "invalid_client", 7000215, f"Invalid client secret provided: {form['client_secret']}.")
        if self.is_over:
            return _aad(
                401, "invalid_client", 7000222, f"The provided client secret keys for app '{CLIENT}' are expired."
            )
        if form.get("scope") != SCOPE:
            said = f"The provided value for scope {form.get('scope')} is not valid."
            return _aad(400, "invalid_scope", 1002012, said)
        return await self.take(lambda: self._give({"token_type": "Bearer", "ext_expires_in": self.seconds}))

    async def _google(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        if form.get("grant_type") != "refresh_token":
            return _error(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return _error(401, "invalid_client", "The OAuth client was not found.")
        if self.is_over or form.get("refresh_token") != CONSENT:
            return _error(400, "invalid_grant", "Token has been expired or revoked.")
        return await self.take(lambda: self._give({"token_type": "Bearer", "scope": "https://mail.google.com/"}))

    async def _introspect(self, request: web.Request) -> web.Response:
        token = str((await request.post())["token"])
        return web.json_response({"active": token in self.good, "username": self.user})

    async def _form(self, request: web.Request) -> dict[str, str]:
        assert request.content_type == "application/x-www-form-urlencoded"
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        return self.forms[-1]

    def _give(self, more: dict[str, object]) -> web.Response:
        token = f"ya29.{uuid.uuid4().hex}"
        self.good.add(token)
        self.given.append(token)
        if self.rotates:
            more["refresh_token"] = self.rotates
        return web.json_response({"access_token": token, "expires_in": self.seconds, **more})


def _aad(status: int, error: str, number: int, said: str) -> web.Response:
    trace = "Trace ID: 0d1a2b3c Correlation ID: 4e5f6a7b Timestamp: 2026-03-02 04:00:00Z"
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: {said} {trace}",
        "error_codes": [number],
        "timestamp": "2026-03-02 04:00:00Z",
        "trace_id": "0d1a2b3c",
        "correlation_id": "4e5f6a7b",
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return web.json_response(body, status=status)


def _error(status: int, error: str, said: str) -> web.Response:
    return web.json_response({"error": error, "error_description": said}, status=status)
