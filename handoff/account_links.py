"""Links with which a customer of a messaging app says at the shop who they are. The only module that writes the table
account_links.

A link's token is made from its row with this installation's key, whenever it is sent or shown: nothing that is stored,
not even the transcript, holds it. It belongs to the conversation that asked, works once and for ten minutes, and only a
sender's newest one counts.

Where the provider has a step of its own (LINE), the link is used when the customer goes there, and a nonce brings them
back; of that only a hash is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, Row

from handoff.contact_codes import Codes
from handoff.models import account_links
from handoff.records import Conversation

HOLDS_FOR = timedelta(minutes=10)
# A provider's own step holds as long, and its call to us may be late.
PROVIDER_HOLDS_FOR = timedelta(minutes=30)
KEPT_FOR = timedelta(days=1)
_LOCATOR_BYTES, _SECRET_BYTES = 16, 24
_TOKEN_CHARS = 54


@dataclass(frozen=True)
class Signed:
    """Whom the shop signed for."""

    customer_id: str
    name: str | None
    until: datetime


@dataclass(frozen=True)
class Link:
    """A link of ours; `is_over` when it was used, or its time is."""

    id: int
    channel: str
    sender: str
    conversation_id: str
    is_over: bool


class AccountLinks:
    """Makes and takes back links with this installation's key."""

    def __init__(self, key: str, codes: Codes) -> None:
        self._key = key.encode()
        self._codes = codes

    def begin(self, connection: Connection, conversation: Conversation, now: datetime) -> str:
        """A new link, which ends this sender's earlier ones; by what its token is made. Raises RateLimited."""
        self._codes.count(connection, "\n".join(("link", conversation.channel, conversation.sender)), now)
        connection.execute(delete(account_links).where(account_links.c.expires_at <= now - KEPT_FOR))
        connection.execute(
            update(account_links)
            .where(
                account_links.c.channel == conversation.channel,
                account_links.c.sender == conversation.sender,
                account_links.c.used_at.is_(None),
            )
            .values(used_at=now)
        )
        locator = secrets.token_bytes(_LOCATOR_BYTES)
        connection.execute(
            insert(account_links).values(
                locator=locator.hex(),
                channel=conversation.channel,
                sender=conversation.sender,
                conversation_id=conversation.id,
                expires_at=now + HOLDS_FOR,
            )
        )
        return locator.hex()

    def token(self, locator: str) -> str:
        """The same at every call."""
        packed = bytes.fromhex(locator)
        return base64.urlsafe_b64encode(packed + self._secret(packed)).rstrip(b"=").decode()

    def find(self, connection: Connection, token: str, now: datetime) -> Link | None:
        """The link of this token; None where there is none, or it is over for long."""
        locator = self._locator(token)
        if locator is None:
            return None
        row = connection.execute(select(account_links).where(account_links.c.locator == locator)).first()
        return _link(row, now) if row is not None else None

    def use(self, connection: Connection, link: Link, now: datetime) -> bool:
        """The link is used, once; False when it was."""
        done = connection.execute(
            update(account_links)
            .where(account_links.c.id == link.id, account_links.c.used_at.is_(None), account_links.c.expires_at > now)
            .values(used_at=now)
        )
        return bool(done.rowcount == 1)

    def hand_to_provider(self, connection: Connection, link: Link, signed: Signed, nonce: str, now: datetime) -> bool:
        """The link is used, and the provider asks its customer now; False when it was used."""
        if not self.use(connection, link, now):
            return False
        connection.execute(
            update(account_links)
            .where(account_links.c.id == link.id)
            .values(
                customer_id=signed.customer_id,
                customer_name=signed.name,
                identity_until=signed.until,
                provider_nonce_hash=_hash(nonce),
                provider_until=now + PROVIDER_HOLDS_FOR,
            )
        )
        return True

    def back_from_provider(
        self, connection: Connection, channel: str, sender: str, nonce: str, now: datetime
    ) -> tuple[Link, Signed] | None:
        """What the provider's customer came back with, once; None for a nonce that is not this sender's, or over."""
        mine = (
            account_links.c.provider_nonce_hash == _hash(nonce),
            account_links.c.channel == channel,
            account_links.c.sender == sender,
            account_links.c.provider_until > now,
        )
        row = connection.execute(select(account_links).where(*mine)).first()
        if row is None:
            return None
        done = connection.execute(update(account_links).where(*mine).values(provider_until=None))
        if done.rowcount != 1:
            return None
        return _link(row, now), Signed(row.customer_id, row.customer_name, row.identity_until)

    def _locator(self, token: str) -> str | None:
        if len(token) != _TOKEN_CHARS or not token.isascii():
            return None
        try:
            packed = base64.b64decode(token + "==", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        locator, secret = packed[:_LOCATOR_BYTES], packed[_LOCATOR_BYTES:]
        return locator.hex() if hmac.compare_digest(secret, self._secret(locator)) else None

    def _secret(self, locator: bytes) -> bytes:
        return hmac.new(self._key, locator, hashlib.sha256).digest()[:_SECRET_BYTES]


def _hash(nonce: str) -> str:
    return hashlib.sha256(nonce.encode("utf-8", "replace")).hexdigest()


def _link(row: Row, now: datetime) -> Link:
    is_over = row.used_at is not None or row.expires_at <= now
    return Link(row.id, row.channel, row.sender, row.conversation_id, is_over)
