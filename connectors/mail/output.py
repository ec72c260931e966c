"""Answers by SMTP: in the customer's thread, marked as a machine's where a machine speaks."""

from __future__ import annotations

import asyncio
import re
import ssl
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from connectors.mail.reading import answer_subject
from connectors.mail.settings import MailSettings, Security
from connectors.mail.threads import PROVEN, Threads, answers
from connectors.mail.tokens import REFUSED_SECONDS, NoToken, Tokens
from connectors.output import (
    SLOWEST_BYTES_PER_SECOND,
    DeliveryFailed,
    Envelope,
    Limits,
    Outgoing,
    Output,
    Part,
    SentFile,
    numbered,
)
from connectors.provider import key_refused

CONNECT_SECONDS = 10
# Below the gateway's own limit for a message, so that we know how far it came.
SEND_SECONDS = 25
# Servers that ask for patience (greylisting) mean minutes.
BUSY_SECONDS = 60.0
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class EmailOutput(Output):
    """Sends one mail for a turn, whole."""

    limits = Limits(text=10_000_000, files={"*": 1_000_000_000})  # how large, its own server says
    joins_turns = True
    contact_kind = "email"

    def __init__(
        self,
        settings: MailSettings,
        threads: Threads,
        tell: Callable[[str | None], None],
        tokens: Tokens | None,
        now: Callable[[], datetime],
    ) -> None:
        self._now = now
        self._settings = settings
        self._tokens = tokens
        self._threads = threads
        self._tell = tell  # why nothing can be sent, until it can

    @classmethod
    def name(cls) -> str:
        """As the input's."""
        return "email"

    def parts(self, line: Outgoing) -> list[Part]:
        """One mail, however long: a picture is its address."""
        text = numbered(line.text.strip(), line.buttons, line.hint) if line.buttons else line.text.strip()
        words = "\n\n".join(one for one in (text, line.image) if one)
        return [Part(text=words, files=line.files)] if words or line.files else []

    def joined(self, parts: Sequence[Part]) -> Part:
        """Any number of them, with their files."""
        words = "\n\n".join(part.text for part in parts if part.text)
        return Part(text=words, files=tuple(file for part in parts for file in part.files))

    async def post(self, part: Part, envelope: Envelope) -> str | None:
        """The Message-ID, as a bounce of it will name it."""
        mail = self.written(part.text, envelope)
        for file in part.files:
            await _attach(mail, file)
        client = self._client()
        try:
            await self._send(client, mail, envelope.recipient)
        finally:
            client.close()
        return str(mail["Message-ID"]).strip("<>")

    async def notify(self, address: str, subject: str, text: str) -> None:
        """A mail of its own, that answers none."""
        await self._mail(address, subject, text)

    async def mail_file(self, address: str, subject: str, text: str, file: tuple[str, str, str]) -> None:
        """The same with a file."""
        await self._mail(address, subject, text, file)

    async def _mail(self, address: str, subject: str, text: str, file: tuple[str, str, str] | None = None) -> None:
        mail = self._begun(address, subject, PROVEN, str(uuid.uuid4()), self._now())
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(f"{text}\n", cte="base64")
        if file is not None:
            name, content_type, content = file
            main, _, sub = content_type.partition(";")[0].partition("/")
            encoded = content.encode("utf-8", "replace")
            mail.add_attachment(encoded, maintype=main, subtype=sub, filename=_one_line(name))
        client = self._client()
        try:
            await self._send(client, mail, address)
        finally:
            client.close()

    def written(self, text: str, envelope: Envelope) -> EmailMessage:
        """The mail. Raises DeliveryFailed for an address that is none."""
        reach = envelope.reach
        headers = answers(reach)
        subject = str(reach.get("subject") or self._settings.name or "")
        thread = str(reach.get("thread") or PROVEN)
        at = envelope.now or self._now()
        mail = self._begun(
            envelope.recipient, answer_subject(subject) if headers else subject, thread, envelope.key, at
        )
        for name, value in headers.items():
            mail[name] = value
        if not envelope.is_person:
            # RFC 3834: no other machine answers this one.
            mail["Auto-Submitted"] = "auto-replied" if headers else "auto-generated"
            mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(text.replace("\r", "") + "\n", cte="quoted-printable" if text.isascii() else "base64")
        return mail

    def _begun(self, to: str, subject: str, thread: str, key: str, at: datetime) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = _address(self._settings.address, self._settings.name)
        mail["To"] = _address(to, "")
        mail["Subject"] = _one_line(subject)[:250]
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = self._threads.message_id(thread, key, to)
        return mail

    async def close(self) -> None:
        """The tokens' connections."""
        if self._tokens is not None:
            await self._tokens.close()

    async def greet(self) -> None:
        """Sign in and leave; whether we could send is told. Raises DeliveryFailed."""
        client = self._client()
        try:
            await asyncio.wait_for(self._sign_in(client), SEND_SECONDS)
        finally:
            client.close()

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        tokens = self._tokens if self._settings.smtp.password is None else None
        token = await tokens.get() if tokens is not None else None
        try:
            try:
                await _signed_in(client, token)
            except _TokenRefused:
                if tokens is None or token is None:
                    raise
                await _signed_in(client, await tokens.get_instead_of(token))
        except NoToken:  # which is told by those who ask for it
            raise
        except DeliveryFailed as exc:
            self._tell(exc.detail)
            exc.is_told = True
            raise
        self._tell(None)

    async def _send(self, client: aiosmtplib.SMTP, mail: EmailMessage, recipient: str) -> None:
        has_left = asyncio.Event()

        async def steps() -> None:
            await self._sign_in(client)
            await client.mail(self._settings.address)
            await client.rcpt(recipient)
            has_left.set()
            await client.data(raw, timeout=seconds)

        raw = mail.as_bytes()
        seconds = SEND_SECONDS + len(raw) / SLOWEST_BYTES_PER_SECOND
        try:
            await asyncio.wait_for(steps(), seconds)
        except SMTPSenderRefused as exc:  # we may not write under this address, whoever it is for
            if exc.code < 500:
                raise refusal(exc.code, exc.message, about_recipient=False) from exc
            raise key_refused(_said(exc.code, exc.message)) from exc
        except SMTPResponseException as exc:
            raise refusal(exc.code, exc.message, about_recipient=not has_left.is_set()) from exc
        except (asyncio.TimeoutError, SMTPException, OSError) as exc:
            if has_left.is_set():
                raise DeliveryFailed("no_answer", type(exc).__name__, maybe_sent=True) from exc
            raise DeliveryFailed("unreachable", type(exc).__name__) from exc

    def _client(self) -> aiosmtplib.SMTP:
        server = self._settings.smtp
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=CONNECT_SECONDS,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            username=server.user,
            password=server.password,
            local_hostname=self._settings.domain,
            tls_context=None if server.security is Security.NONE else ssl.create_default_context(),
        )


class _TokenRefused(DeliveryFailed):
    """The server does not accept the access token: the operator has to act, and what waits is sent then."""

    def __init__(self) -> None:
        why = "the SMTP server does not accept the access token"
        super().__init__("account", why, retry_after=REFUSED_SECONDS, whole_account=True)


async def _signed_in(client: aiosmtplib.SMTP, token: str | None) -> None:
    async def known() -> str:
        return token or ""

    try:
        await client.connect(oauth_token_generator=None if token is None else known)
    except SMTPAuthenticationError as exc:
        if exc.code >= 500 and token is not None:
            raise _TokenRefused from exc
        if exc.code >= 500:
            raise key_refused("the SMTP server does not accept user and password") from exc
        raise refusal(exc.code, exc.message, about_recipient=False) from exc
    except SMTPResponseException as exc:
        raise DeliveryFailed("unreachable", _said(exc.code, exc.message), whole_account=True) from exc
    except (SMTPConnectError, SMTPTimeoutError, SMTPServerDisconnected, OSError) as exc:
        raise DeliveryFailed("unreachable", f"the SMTP server cannot be reached: {type(exc).__name__}") from exc
    except (SMTPException, ValueError) as exc:  # it offers no TLS, or no way to sign in
        raise DeliveryFailed("account", f"the SMTP server does not do what is asked: {type(exc).__name__}") from exc


def refusal(code: int, message: str, about_recipient: bool) -> DeliveryFailed:
    """What a reply of the server means (RFC 5321, 4.2; RFC 3463)."""
    said = _said(code, message)
    enhanced = _ENHANCED.search(message)
    status = enhanced[1] if enhanced else ""
    if code == 421:
        return DeliveryFailed("busy", said, retry_after=BUSY_SECONDS, whole_account=True)
    if code < 500:
        return DeliveryFailed("busy", said, retry_after=BUSY_SECONDS)
    if code in (530, 535, 538):
        return key_refused(said)
    if code == 552 or status.startswith(("5.2.3", "5.3.4")):
        return DeliveryFailed("too_large", said, permanent=True)
    if status.startswith("5.7."):
        return DeliveryFailed("blocked" if about_recipient else "content", said, permanent=True)
    if about_recipient and (code in (550, 551, 553) or status.startswith("5.1.")):
        return DeliveryFailed("unknown_recipient", said, permanent=True)
    return DeliveryFailed("refused" if about_recipient else "content", said, permanent=True)


async def _attach(mail: EmailMessage, file: SentFile) -> None:
    main, _, sub = file.media_type.partition("/")
    mail.add_attachment(await file.content(), maintype=main, subtype=sub, filename=_one_line(file.name))


def _said(code: int, message: str) -> str:
    return f"{code} {_one_line(message)}"[:200]


def _one_line(text: str) -> str:
    """Without anything that could begin another header, or that Python would decode once more (`=?utf-8?q?=0A…?=`)."""
    return _CONTROL.sub(" ", text).replace("=?", "= ?").encode("utf-8", "replace").decode().strip()


def _address(address: str, name: str) -> Address:
    try:
        return Address(_one_line(name)[:100], addr_spec=address)
    except (ValueError, IndexError, AttributeError) as exc:
        raise DeliveryFailed("unknown_recipient", "not an address", permanent=True) from exc
