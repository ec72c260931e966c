"""Links to an agent's file, for channels whose provider takes no files: signed, of one file, good for some days.

The customer has nothing to sign in with: who has the link has the file. What is no link of ours, or is over, is a page
that says so.
"""

from __future__ import annotations

import base64
import html
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from itsdangerous import BadSignature, Signer
from sanic import Blueprint
from sanic.request import Request
from sanic.response import BaseHTTPResponse
from sqlalchemy.engine import Connection

from faq_kb.help.languages import wanted
from handoff import attachments, conversations, texts
from handoff.attachment_http import response_of
from handoff.attachment_store import AttachmentStore
from handoff.attachments import Attachment
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import UnknownAttachment
from switchboard.small_page import small_page

LINK_DAYS = 7
_MAX_TOKEN_CHARS = 80
# The file's id, and the second in which the link ends.
_SIGNED = struct.Struct(">16sL")
_CONTENT = """      <p>{words}</p>
      <p><a href="{help}">{help_label}</a></p>"""


@dataclass(frozen=True)
class _Linked:
    """What a link of ours leads to, and until when."""

    attachment_id: str
    ends_at: datetime


class FileLinks:
    """Makes links, and gives the files that they lead to."""

    def __init__(
        self,
        database: Database,
        store: AttachmentStore,
        secret: str,
        site: str,
        help_address: str,
        default_language: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._signer = Signer(secret, salt="switchboard.file_link")
        self._site = site
        self._help_address = help_address
        self._default_language = default_language
        self._clock = clock

    def url_of(self, attachment_id: str, sent_at: datetime) -> str:
        """The link to a file that was sent then; the same at every call."""
        ends_at = int((sent_at + timedelta(days=LINK_DAYS)).timestamp())
        packed = _SIGNED.pack(bytes.fromhex(attachment_id), ends_at)
        written = base64.urlsafe_b64encode(packed).rstrip(b"=")
        return f"{self._site}/f/{self._signer.sign(written).decode()}"

    def blueprint(self) -> Blueprint:
        """/f/<token>."""
        routes = Blueprint("file_links")

        @routes.get("/f/<token:str>", name="linked_file")
        async def linked_file(request: Request, token: str) -> BaseHTTPResponse:
            return await self._open(request, token)

        return routes

    async def _open(self, request: Request, token: str) -> BaseHTTPResponse:
        linked = self._read(token)
        found = await self._database.read(lambda c: _found(c, linked.attachment_id)) if linked else None
        if linked is None or found is None:
            return self._unknown(request)
        attachment, language = found
        if self._clock() >= linked.ends_at:
            return self._page(403, "over", language)
        try:
            return response_of(request, attachment, self._store.path_of(attachment.id))
        except UnknownAttachment:
            return self._unknown(request)

    def _read(self, token: str) -> _Linked | None:
        """None for anything that this installation did not sign."""
        if len(token) > _MAX_TOKEN_CHARS or not token.isascii():
            return None
        try:
            written = self._signer.unsign(token)
            packed, seconds = _SIGNED.unpack(base64.urlsafe_b64decode(written + b"=" * (-len(written) % 4)))
        except (BadSignature, ValueError, struct.error):
            return None
        return _Linked(packed.hex(), datetime.fromtimestamp(seconds, timezone.utc))

    def _unknown(self, request: Request) -> BaseHTTPResponse:
        """Whose it was is not known: in the language of the browser."""
        return self._page(404, "unknown", wanted(request.headers.get("accept-language", ""), self._default_language))

    def _page(self, status: int, why: str, locale: str) -> BaseHTTPResponse:
        values = {
            "words": texts.say(f"file_link_{why}", locale, days=LINK_DAYS),
            "help": f"{self._help_address}/{locale}",
            "help_label": texts.say("file_link_help", locale),
        }
        content = _CONTENT.format(**{name: html.escape(value) for name, value in values.items()})
        title = texts.say(f"file_link_{why}_title", locale)
        return small_page(locale, title, content, status, headers={"Vary": "Accept-Language"})


def _found(connection: Connection, attachment_id: str) -> tuple[Attachment, str] | None:
    """The file, and the language of who it was sent to."""
    attachment = attachments.for_link(connection, attachment_id)
    if attachment is None or attachment.conversation_id is None:
        return None
    return attachment, conversations.find(connection, attachment.conversation_id).language
