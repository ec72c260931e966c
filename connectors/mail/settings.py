"""The entry of a mailbox in credentials.yml, checked."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from connectors.own import BadSetting
from connectors.webhook import needed

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)")
_KNOWN = {
    "address", "aliases", "name", "imap_host", "imap_port", "imap_security", "imap_user", "imap_password", "smtp_host",
    "smtp_port", "smtp_security", "smtp_user", "smtp_password", "folder", "taken_folder", "aside_folder", "authserv_id",
    "max_mail_megabytes", "mails_an_hour", "thread_secret", "oauth", "oauth_tenant", "oauth_client_id",
    "oauth_client_secret", "oauth_refresh_token", "oauth_token_url", "oauth_scope",
}  # fmt: skip
_TENANT = re.compile(r"[A-Za-z0-9.-]{1,100}")


class Security(str, Enum):
    """How a connection is kept secret."""

    TLS = "tls"  # from the first byte
    STARTTLS = "starttls"  # after a greeting
    NONE = "none"  # only on this machine


@dataclass(frozen=True)
class Server:
    """Where and as whom we sign in."""

    host: str
    port: int
    security: Security
    user: str
    password: str | None = field(repr=False)  # None where a token is used


@dataclass(frozen=True)
class OAuth:
    """Where access tokens are asked for, and with which form."""

    token_url: str
    form: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class MailSettings:
    """One mailbox."""

    address: str
    domain: str
    own: frozenset[str]
    name: str
    imap: Server
    smtp: Server
    folder: str
    taken_folder: str
    aside_folder: str
    authserv_id: str
    max_mail_bytes: int
    mails_an_hour: int
    thread_secret: str = field(repr=False)
    oauth: OAuth | None = None


def settings_from(credentials: dict[str, Any] | None) -> MailSettings:
    """Raises BadSetting, or InvalidConfigException when something is missing."""
    given = credentials or {}
    address, imap_host, smtp_host = needed(credentials, "email", "address", "imap_host", "smtp_host")
    unknown = sorted(set(map(str, given)) - _KNOWN)
    if unknown:
        raise BadSetting(f"email: `{unknown[0]}` is no setting of this channel; see docs/channels/email.md.")
    oauth = _oauth(given)
    imap_password, secret = None, str(given.get("oauth_client_secret") or "")
    if oauth is None:
        (imap_password,) = needed(credentials, "email", "imap_password")
        secret = imap_password
    elif given.get("imap_password"):
        raise BadSetting("email: `imap_password` and `oauth` are two ways to sign in; give one of them.")
    smtp_password = str(given.get("smtp_password") or "") or imap_password
    address = address.lower()
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise BadSetting("email: `address` must be one e-mail address, such as service@shop.example.")
    imap = _server(given, "imap", imap_host, imap_password, str(given.get("imap_user") or address), (993, 143))
    smtp = _server(given, "smtp", smtp_host, smtp_password, str(given.get("smtp_user") or imap.user), (465, 587))
    taken, aside = (
        str(given.get("taken_folder") or "Switchboard"),
        str(given.get("aside_folder") or "Switchboard aside"),
    )
    folder = str(given.get("folder") or "INBOX")
    if len({folder, taken, aside}) < 3:
        raise BadSetting("email: `folder`, `taken_folder` and `aside_folder` must be three different folders.")
    aliases = given.get("aliases") or []
    if not isinstance(aliases, list) or not all(_ADDRESS.fullmatch(str(one)) for one in aliases):
        raise BadSetting("email: `aliases` must be a list of e-mail addresses.")
    return MailSettings(
        address,
        found[1],
        frozenset({address, *(str(one).lower() for one in aliases)}),
        str(given.get("name") or ""),
        imap,
        smtp,
        folder,
        taken,
        aside,
        str(given.get("authserv_id") or ""),
        _number(given, "max_mail_megabytes", 30) * 1_000_000,
        _number(given, "mails_an_hour", 30),
        # The same on every gateway; with a secret of its own it outlives a change of the password.
        str(given.get("thread_secret") or hashlib.sha256(f"threads {secret}".encode()).hexdigest()),
        oauth,
    )


def _oauth(given: Mapping[str, Any]) -> OAuth | None:
    """How tokens are got: Microsoft gives them to the application itself, Google for a consent that was given once."""
    kind = given.get("oauth")
    if kind is None:
        lost = next((name for name in given if str(name).startswith("oauth_")), None)
        if lost is not None:
            raise BadSetting(f"email: `{lost}` needs `oauth: microsoft` or `oauth: google` beside it.")
        return None
    fields = ["client_id", "client_secret"]
    if kind == "google":
        fields.append("refresh_token")
        url, more = "https://oauth2.googleapis.com/token", {"grant_type": "refresh_token"}
    elif kind == "microsoft":
        tenant = "" if given.get("oauth_token_url") else needed(dict(given), "email", "oauth_tenant")[0]
        if tenant and not _TENANT.fullmatch(tenant):
            raise BadSetting("email: `oauth_tenant` must be the id or a domain of the directory.")
        url = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
        scope = str(given.get("oauth_scope") or "https://outlook.office365.com/.default")
        more = {"grant_type": "client_credentials", "scope": scope}
    else:
        raise BadSetting("email: `oauth` must be microsoft or google.")
    url = str(given.get("oauth_token_url") or url)
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(parts.hostname or "")):
        raise BadSetting("email: `oauth_token_url` must begin with https://; a secret is sent there.")
    secrets = needed(dict(given), "email", *(f"oauth_{name}" for name in fields))
    return OAuth(url, {**more, **dict(zip(fields, secrets))})


def _server(
    given: Mapping[str, Any], kind: str, host: str, password: str | None, user: str, ports: tuple[int, int]
) -> Server:
    name = f"{kind}_security"
    try:
        security = Security(str(given.get(name) or "tls"))
    except ValueError as exc:
        raise BadSetting(f"email: `{name}` must be tls, starttls or none.") from exc
    if security is Security.NONE and not _is_this_machine(host):
        raise BadSetting(f"email: `{name}: none` would send the password in the open; it is for this machine only.")
    port = _number(given, f"{kind}_port", ports[0] if security is Security.TLS else ports[1])
    return Server(host, port, security, user, password)


def _number(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65_536:
        raise BadSetting(f"email: `{name}` must be a whole number from 1 to 65535.")
    return value


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
