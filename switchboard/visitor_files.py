"""Files of the widget's visitors: what they send, and what was sent to them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sanic.request import Request
from sanic.response import BaseHTTPResponse
from sqlalchemy.engine import Connection

from handoff import attachments, conversations
from handoff.attachment_http import body_of, response_of
from handoff.attachment_store import AttachmentStore
from handoff.attachments import Attachment
from handoff.database import Database
from handoff.errors import RateLimited
from handoff.visitors import Visitor
from switchboard import records
from switchboard.post import WIDGET
from switchboard.rates import Rates

# Files that one visitor, and one address, may send up at the same time.
MAX_UNDER_WAY = attachments.MAX_A_MESSAGE
MAX_OF_ADDRESS = 50
# So many visitors of one address may be at their limit at the same time.
VISITORS_AN_ADDRESS = 5


class VisitorFiles:
    """Takes files of visitors and gives them theirs, within limits for each visitor and each address."""

    def __init__(self, database: Database, store: AttachmentStore, visitor_rates: Rates, address_rates: Rates) -> None:
        self._database = database
        self._store = store
        self._visitor_rates = visitor_rates
        self._address_rates = address_rates
        self._under_way: Counter[str] = Counter()

    @property
    def max_bytes(self) -> int:
        """Largest file that is taken."""
        return self._store.max_bytes

    async def receive(self, visitor: Visitor, request: Request, address: str) -> dict[str, object]:
        """Keep a file for a message to come. Raises RateLimited, AttachmentTooLarge, AttachmentRefused."""
        wait = self._visitor_rates.wait_for(visitor.id) or self._address_rates.wait_for(address)
        if wait:
            raise RateLimited(retry_after=math.ceil(wait))
        pieces = body_of(request, self._store.max_bytes)
        owner = attachments.customer(WIDGET, visitor.id)
        with self._counted(visitor.id, address):
            taken = await self._store.receive(pieces, request.args.get("name") or "", owner)
        return {"attachment": taken.shape()}

    @contextmanager
    def _counted(self, visitor_id: str, address: str) -> Iterator[None]:
        keys = (f"visitor:{visitor_id}", f"address:{address}")
        if self._under_way[keys[0]] >= MAX_UNDER_WAY or self._under_way[keys[1]] >= MAX_OF_ADDRESS:
            raise RateLimited(retry_after=5)
        self._under_way.update(keys)
        try:
            yield
        finally:
            self._under_way.subtract(keys)
            for key in keys:
                if not self._under_way[key]:
                    del self._under_way[key]

    async def send(self, visitor: Visitor, request: Request, attachment_id: str) -> BaseHTTPResponse:
        """A file of the visitor's own conversations. Raises UnknownAttachment for any other."""

        def work(connection: Connection) -> Attachment:
            own = conversations.ids_of_sender(connection, WIDGET, visitor.id)
            return attachments.for_customer(connection, attachments.customer(WIDGET, visitor.id), own, attachment_id)

        found = await self._database.read(work)
        return response_of(request, found, self._store.path_of(found.id))

    async def named(self, visitor: Visitor, given: object) -> tuple[records.Attachment, ...]:
        """The files that a message names. Raises BadInput, UnknownAttachment."""
        ids = attachments.checked_ids(given)
        if not ids:
            return ()
        owner = attachments.customer(WIDGET, visitor.id)
        found = await self._database.read(lambda c: attachments.owned(c, owner, ids))
        return tuple(
            records.Attachment(one.kind.value, name=one.name, mime_type=one.media_type, stored=one.shape())
            for one in found
        )
