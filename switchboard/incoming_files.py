"""Files that a channel's message itself carries, as a mail does, and texts too long for a message: put into our store
before the message is kept."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

from connectors.splitting import shorten
from faq_kb.masking import Masking
from handoff.attachment_store import AttachmentStore
from handoff.attachments import MAX_A_MESSAGE, customer
from handoff.errors import AttachmentRefused, AttachmentTooLarge, StorageFull
from switchboard.records import Attachment, Inbound

log = logging.getLogger(__name__)

# A text that is longer than what we take stands in the message as far as it goes, and whole in this file.
WHOLE_TEXT = "message.txt"


class IncomingFiles:
    """Takes the bytes out of messages."""

    def __init__(self, store: AttachmentStore, masking: Masking, max_chars: int) -> None:
        self._store = store
        self.path_of = store.path_of
        self._masking = masking
        self._max_chars = max_chars

    def has_any(self, inbound: Inbound) -> bool:
        """Whether taking this message stores a file."""
        return len(inbound.text) > self._max_chars or any(one.content is not None for one in inbound.attachments)

    async def received(self, inbound: Inbound) -> Inbound:
        """The message with its files in the store. One that is not taken is named, so that people know of it."""
        files, words = [*inbound.attachments], inbound.text
        if len(words) > self._max_chars:
            whole = self._masking.hide(words).encode("utf-8", "replace")
            files = [Attachment("file", name=WHOLE_TEXT, size_bytes=len(whole), content=whole), *files]
            words = shorten(words, self._max_chars)
        owner, room, kept = customer(inbound.channel, inbound.sender), MAX_A_MESSAGE, []
        for file in files:
            if file.content is not None:
                file = await self._received_one(file, owner) if room > 0 else _refused(file, "too_many")
                room -= file.stored is not None
            kept.append(file)
        return replace(inbound, text=words, attachments=tuple(kept))

    async def _received_one(self, file: Attachment, owner: str) -> Attachment:
        try:
            taken = await self._store.receive(_pieces(file.content or b""), file.name or "file", owner)
        except AttachmentTooLarge:
            return _refused(file, "too_large")
        except StorageFull as exc:
            return _refused(file, exc.code)
        except AttachmentRefused as exc:
            return _refused(file, str(exc.details.get("reason") or "kind"))
        return Attachment(taken.kind.value, name=taken.name, stored=taken.shape())


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _refused(file: Attachment, why: str) -> Attachment:
    """What is said of a file that was not taken: it is still where it came from."""
    log.info("A file was not taken", extra={"event": "attachment_refused", "reason": why, "bytes": file.size_bytes})
    return replace(file, content=None, source={**file.source, "refused": why})
