"""A mailbox over IMAP, for use in a thread of its own: what is new, its bytes, and where it goes when it is taken.

What stands in the folder is not taken yet. A mail that was taken is moved away, so that no mark of a reader's program
can hide one from us, every server can do it (RFC 3501, RFC 6851), and people see how far we are.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError

from connectors.mail.settings import MailSettings, Security, Server

TIMEOUT_SECONDS = 30
# Servers may hang up after half an hour of IDLE, and networks forget quiet connections sooner; whatever was missed is
# found by then.
IDLE_SECONDS = 120
POLL_SECONDS = 20
# Of a mail that is too large, so much is read: headers and text stand first.
HEAD_BYTES = 400_000
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxTrouble(Exception):
    """The mailbox cannot be used now. The text is for the operator, and holds no secret."""


class NotAccepted(MailboxTrouble):
    """The server does not know us: a wrong password, or a token that is over."""


class Mailbox:
    """One connection. Only `stop` may be called from another thread."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._box: Any = None
        self._stopped = threading.Event()
        self._taken = self._aside = ""

    def open(self, token: str | None = None) -> None:
        """Sign in, by the password or with a token, and have the folders. Raises MailboxTrouble."""
        self.close()
        with self._translated():
            server = self._settings.imap
            self._box = _connect(self._settings)
            if self._stopped.is_set():
                raise MailboxTrouble("stopped")
            self._sign_in(server, token)
            self._box.folder.set(self._settings.folder)
            self._learn_capabilities()
            self._taken = self._have_folder(self._settings.taken_folder)
            self._aside = self._have_folder(self._settings.aside_folder)

    def new(self) -> list[str]:
        """The mails that wait, in the order they came: UIDs (of this connection's UIDVALIDITY)."""
        with self._translated():
            return sorted(self._box.uids("UNDELETED"), key=int)

    def fetch(self, uid: str) -> tuple[bytes, bool] | None:
        """The mail, and whether that is all of it; None when another gateway has taken it meanwhile."""
        with self._translated():
            size = self._size_of(uid)
            if size is None:
                return None
            whole = size <= self._settings.max_mail_bytes
            raw = self._fetch(uid, "BODY.PEEK[]" if whole else f"BODY.PEEK[]<0.{HEAD_BYTES}>")
            return None if raw is None else (raw, whole)

    def take(self, uid: str) -> None:
        """It was taken, or needs nothing."""
        with self._translated():
            self._box.move(uid, self._taken)

    def put_aside(self, uid: str) -> None:
        """A person has to look at it."""
        with self._translated():
            self._box.move(uid, self._aside)

    def count_aside(self) -> int:
        """How many wait for a person."""
        with self._translated():
            return int(self._box.folder.status(self._aside, ["MESSAGES"])["MESSAGES"])

    def wait(self, at_most: float = IDLE_SECONDS) -> None:
        """Until something may be new."""
        with self._translated():
            if "IDLE" in self._box.client.capabilities:
                with self._box.idle as idle:
                    if not self._has_read_ahead():
                        idle.poll(timeout=at_most)
            else:
                self._stopped.wait(min(at_most, POLL_SECONDS))
                self._box.client.noop()

    def close(self) -> None:
        """Sign out, as far as that is possible."""
        box, self._box = self._box, None
        if box is not None:
            with contextlib.suppress(Exception):
                box.logout()

    def stop(self) -> None:
        """Wake whatever waits for the server; for good."""
        self._stopped.set()
        box = self._box
        if box is not None:
            with contextlib.suppress(OSError, AttributeError):
                box.client.sock.shutdown(socket.SHUT_RDWR)

    def _sign_in(self, server: Server, token: str | None) -> None:
        if server.password is not None:
            self._box.login(server.user, server.password, initial_folder=None)
            return
        try:
            self._box.xoauth2(server.user, token or "", initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as exc:
            # RFC 5530: the server could not ask whoever knows tokens.
            if "[UNAVAILABLE]" in str(exc):
                raise
            raise NotAccepted("the IMAP server does not accept the access token") from exc

    def _learn_capabilities(self) -> None:
        """Servers say all that they can only after signing in (MOVE, above all); imaplib asks before."""
        client = self._box.client
        _, told = client.capability()
        client.capabilities = tuple(told[-1].decode("ascii", "replace").upper().split())

    def _has_read_ahead(self) -> bool:
        """Whether news came in one piece with the answer to IDLE: then it is read already, and the socket is still."""
        client = self._box.client
        before = client.sock.gettimeout()
        client.sock.settimeout(0)
        try:
            return bool(client.file.peek(1))
        except OSError:  # nothing there, as TLS says it
            return False
        finally:
            client.sock.settimeout(before)

    def _size_of(self, uid: str) -> int | None:
        _, told = self._box.client.uid("FETCH", uid, "(RFC822.SIZE)")
        for one in told:
            found = _SIZE.search(one) if isinstance(one, bytes) else None
            if found is not None:
                return int(found[1])
        return None

    def _fetch(self, uid: str, what: str) -> bytes | None:
        _, told = self._box.client.uid("FETCH", uid, f"({what})")
        return next((bytes(one[1]) for one in told if isinstance(one, tuple) and len(one) > 1), None)

    def _have_folder(self, name: str) -> str:
        """Its name on this server, which may keep all folders below the inbox."""
        below = f"INBOX{self._delimiter()}{name}"
        for known in (name, below):
            if self._box.folder.exists(known):
                return known
        try:
            self._box.folder.create(name)
        except ImapToolsError:
            self._box.folder.create(below)
            return below
        return name

    def _delimiter(self) -> str:
        return next((one.delim for one in self._box.folder.list("", "INBOX") if one.delim), "/")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except MailboxLoginError as exc:
            raise NotAccepted("the IMAP server does not accept user and password") from exc
        except ssl.SSLError as exc:
            raise MailboxTrouble(f"no secure connection to the IMAP server: {exc.reason or 'TLS failed'}") from exc
        except (ImapToolsError, imaplib.IMAP4.error) as exc:
            raise MailboxTrouble(f"the IMAP server refuses: {type(exc).__name__}") from exc
        except (OSError, EOFError, AttributeError, TypeError, ValueError) as exc:
            # A connection that ended leaves imaplib with nothing where it expects an answer.
            raise MailboxTrouble(f"the IMAP server cannot be reached: {type(exc).__name__}") from exc


def _connect(settings: MailSettings) -> Any:
    server = settings.imap
    if server.security is Security.NONE:
        return MailBoxUnencrypted(server.host, server.port, timeout=TIMEOUT_SECONDS)
    context = ssl.create_default_context()
    if server.security is Security.STARTTLS:
        return MailBoxStartTls(server.host, server.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
    return MailBox(server.host, server.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
