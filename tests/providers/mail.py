"""A mail provider: an SMTP server that says no as servers do (RFC 5321), and mailboxes over a real IMAP server."""

from __future__ import annotations

import asyncio
import base64
import itertools
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from providers.dovecot import PASSWORD, Dovecot, Postman
from providers.server import Provider, Sent
from providers.tokens import TokenProvider

SHOP = "service@shop.example"
LARGEST = 25_000_000
_REFUSALS = {
    "busy": "421 4.7.0 Too many messages, try again later",
    "account": "530 5.7.0 Authentication required",
    "blocked": "550 5.1.1 <{}>: Recipient address rejected: User unknown",
    "greylisted": "451 4.7.1 Greylisting in action, please come back later",
    "too_large": "552 5.3.4 Message size exceeds fixed limit",
    "spam": "554 5.7.1 Message rejected due to content",
    "not_ours": "553 5.7.1 <{}>: Sender address rejected: not owned by user",
}
_users = itertools.count(1)


class MailProvider(Provider):
    """A mailbox of its own each time, on the one IMAP server of the tests."""

    imap: Dovecot

    def __init__(
        self,
        imap: Dovecot | None = None,
        certificate: tuple[Path, Path] | None = None,
        security: str = "none",
        tokens: TokenProvider | None = None,
    ) -> None:
        super().__init__()
        self._tokens = tokens  # whose tokens are wanted instead of a password
        self.imap = imap or self.imap
        self._tls: ssl.SSLContext | None = None
        self._security = security
        if certificate is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(*certificate)
        self.user = f"shop{next(_users)}"
        self.shop = SHOP  # who may send, and nobody else
        self.mails: list[EmailMessage] = []
        self.nobody: set[str] = set()  # addresses that nobody has
        self.postman = Postman(self.imap, self.user)
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._session, "127.0.0.1", self._port, ssl=self._tls if self._security == "tls" else None
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self.address = f"{self._port} {self.imap.port} {self.user}"

    async def stop(self) -> None:
        if self.hold is not None:
            self.hold.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        await asyncio.to_thread(self.postman.leave)

    def _session(self) -> SMTP:
        return SMTP(
            self,
            hostname="mx.example",
            tls_context=self._tls if self._security == "starttls" else None,
            require_starttls=self._security == "starttls",
            authenticator=self._knows,
            auth_required=True,
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN", "PLAIN"] if self._tokens else ["XOAUTH2"],
            timeout=20,
            data_size_limit=LARGEST,
        )

    def _knows(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        is_right = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
        return AuthResult(success=is_right, handled=False)

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:
        """As https://developers.google.com/gmail/imap/xoauth2-protocol has it; Microsoft does the same."""
        given = base64.b64decode(arguments[1]).decode()
        user, bearer, *rest = given.split("\x01")
        assert rest == ["", ""] and self._tokens is not None
        if self._tokens.knows(user.removeprefix("user="), bearer.removeprefix("auth=Bearer ")):
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}')
        return AuthResult(success=False, handled=False, message="535 5.7.3 Authentication unsuccessful")

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if address != self.shop:
            return _REFUSALS["not_ours"].format(address)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if self.faults and self.faults[0].refuses not in ("too_large", "spam") and not self.faults[0].takes_it:
            fault = self.faults.popleft()
            return _REFUSALS[fault.refuses].format(address) if fault.refuses else "451 4.3.0 Try again later"
        if address in self.nobody:
            return _REFUSALS["blocked"].format(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:
        if self.hold is not None and self.holds in ("", envelope.rcpt_tos[0]):
            await self.hold.wait()
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and fault.refuses:
            return _REFUSALS[fault.refuses]
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        body = mail.get_body(("plain",))
        text = str(body.get_content() if body else "").replace("\r\n", "\n").removesuffix("\n")
        file, how = None, str(mail["Auto-Submitted"] or "")
        for one in mail.iter_attachments():
            file, how = (str(one.get_filename()), bytes(one.get_payload(decode=True))), "attachment"
        self.sent.append(Sent(envelope.rcpt_tos[0], text, str(mail["Message-ID"]), how=how, file=file))
        if fault is not None:  # the mail is taken, and the answer is lost
            server.transport.abort()
        return "250 2.0.0 OK"
