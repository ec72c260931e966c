"""Debian's dovecot as a plain process: a real IMAP server with a mailbox for whoever signs in with the password."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import installed
from ports import free_port
from waiting import wait_until

PASSWORD = "the-mailbox-password"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain login{oauth_mechanism}
# Whoever signs in wrongly is kept waiting, and all of this machine after them ever longer; no test is about that.
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 0
mail_location = maildir:{folder}/mail/%u
mailbox_idle_check_interval = 1 secs
{oauth_passdb}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""


_OAUTH_PASSDB = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {file}
}}
"""
# RFC 7662: the server asks whoever gave the token.
_OAUTH = """
introspection_mode = post
introspection_url = {url}
active_attribute = active
active_value = true
username_attribute = username
"""


class Dovecot:
    """The server; `stop` and `start` keep its mailboxes and its port. `introspection`: where it asks about tokens, for
    signing in by OAuth."""

    def __init__(
        self, certificate: tuple[Path, Path] | None = None, can: str = "", introspection: str | None = None
    ) -> None:
        self._program = installed.dovecot()
        # A short path: sockets stand below it.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        os.chmod(self.folder, 0o755)
        self.port, self.tls_port = free_port(), free_port() if certificate else 0
        # The superuser gives itself up to the users that Debian's package makes; anybody else stays who they are.
        is_root = os.getuid() == 0
        me = pwd.getpwnam("dovecot") if is_root else pwd.getpwuid(os.getuid())
        for name in ("mail", "home"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, me.pw_uid, me.pw_gid)
        lines = "" if certificate is None else f"ssl_cert = <{certificate[0]}\nssl_key = <{certificate[1]}"
        oauth = self.folder / "oauth2.conf"
        oauth.write_text(_OAUTH.format(url=introspection), encoding="utf-8")
        self._config = self.folder / "dovecot.conf"
        self._config.write_text(
            _CONFIG.format(
                folder=self.folder,
                ssl="yes" if certificate else "no",
                certificate=lines + (f"\nimap_capability = {can}" if can else ""),
                user=me.pw_name,
                login="dovenull" if is_root else me.pw_name,
                group=grp.getgrgid(me.pw_gid).gr_name,
                uid=me.pw_uid,
                gid=me.pw_gid,
                password=PASSWORD,
                oauth_mechanism=" xoauth2" if introspection else "",
                oauth_passdb=_OAUTH_PASSDB.format(file=oauth) if introspection else "",
                port=self.port,
                tls_port=self.tls_port,
            ),
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        wait_until(self._is_up, 20, "dovecot starts")

    def _is_up(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            log = self.folder / "log"
            raise AssertionError(f"dovecot did not start: {log.read_text() if log.exists() else ''}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                return bool(probe.recv(4))
        except OSError:
            return False

    def stop(self) -> None:
        """As when its machine goes: asked to leave, it would wait nine seconds for whoever is still connected."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate(timeout=20)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postman:
    """Puts mails into one mailbox, and looks into it, as a mail server and a person with a mail program do."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self._server = server
        self._user = user
        self._lock = threading.Lock()
        self._client: imaplib.IMAP4 | None = None

    def bring(self, raw: bytes, folder: str = "INBOX") -> None:
        with self._lock:
            status, told = self._signed_in().append(folder, "", imaplib.Time2Internaldate(time.time()), raw)
            assert status == "OK", told

    def count(self, folder: str = "INBOX") -> int:
        with self._lock:
            status, told = self._signed_in().status(f'"{folder}"', "(MESSAGES)")
            return int(told[0].split(b"MESSAGES ")[1].rstrip(b")")) if status == "OK" and told[0] else 0

    def subjects(self, folder: str) -> list[bytes]:
        with self._lock:
            client = self._signed_in()
            client.select(f'"{folder}"', readonly=True)
            _, told = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            client.unselect()
            return [one[1].strip() for one in told if isinstance(one, tuple)]

    def move(self, source: str, target: str) -> None:
        """All mails of one folder into another."""
        with self._lock:
            client = self._signed_in()
            client.select(f'"{source}"')
            client.copy("1:*", f'"{target}"')
            client.store("1:*", "+FLAGS", "\\Deleted")
            client.expunge()
            client.unselect()

    def leave(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.logout()
                self._client = None

    def _signed_in(self) -> imaplib.IMAP4:
        if self._client is None:
            self._client = imaplib.IMAP4("127.0.0.1", self._server.port, timeout=20)
            self._client.login(self._user, PASSWORD)
        return self._client
