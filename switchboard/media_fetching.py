"""Bringing the files of customers from their providers into our own store, so that the desk can show them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from connectors.media import GivesFiles, MediaPlace
from connectors.output import DeliveryFailed
from handoff import attachments, conversations, pending_media, shapes, transcript
from handoff.attachment_store import AttachmentStore
from handoff.attachments import Attachment as Stored
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import AttachmentRefused, AttachmentTooLarge
from handoff.floor import DESK_TOPIC, Live
from handoff.pending_media import Pending
from handoff.records import Message
from switchboard.media_download import Download, NotFetched
from switchboard.records import Attachment

log = logging.getLogger(__name__)

AT_ONCE = 8
LEASE = timedelta(minutes=10)
# A file is at its provider for some days at most; after an hour and a half nobody waits for it any more.
MOST_ATTEMPTS = 9
FIRST_PAUSE_SECONDS = 10
# Where nobody says how it is called: a text in the place of a picture is not what it says.
_CALLED = {"image": "image.jpg", "audio": "audio.mp3", "video": "video.mp4", "file": "file"}


class MediaFetching:
    """Fetches what is due, beside the conversation: nobody waits for it."""

    def __init__(
        self,
        database: Database,
        store: AttachmentStore,
        channel_of: Callable[[str], GivesFiles | None],
        live: Live,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._channel_of = channel_of
        self._live = live
        self._clock = clock

    async def look(self) -> int:
        """Fetch what is due; how many messages that were."""
        now = self._clock()
        due = await self._database.read(lambda c: pending_media.due(c, now, AT_ONCE))
        await asyncio.gather(*map(self._fetch, due))
        return len(due)

    async def _fetch(self, pending: Pending) -> None:
        """The files of one message. What cannot be had now is left as it is, and tried again."""
        until = self._clock() + LEASE
        if not await self._database.write(lambda c: pending_media.claim(c, pending, until)):
            return
        message = await self._database.read(lambda c: transcript.one(c, pending.message_id))
        channel = self._channel_of(pending.channel)
        if message is None or channel is None:
            await self._database.write(lambda c: pending_media.done(c, pending.message_id))
            return
        conversation = await self._database.read(lambda c: conversations.find(c, message.conversation_id))
        owner = attachments.customer(conversation.channel, conversation.sender)
        is_last = pending.attempts + 1 >= MOST_ATTEMPTS
        kept = [
            await self._one(channel, one, owner, is_last) if attachments.is_awaited(one) else one
            for one in message.body.get("attachments") or ()
        ]
        await self._settle(pending, message, owner, kept)

    async def _one(self, channel: GivesFiles, kept: Mapping[str, Any], owner: str, is_last: bool) -> Mapping[str, Any]:
        """How this file stands in its message from now on."""
        file = Attachment(
            kept["kind"], kept["source"], kept.get("name"), kept.get("mime_type"), size_bytes=kept.get("bytes")
        )
        try:
            taken = await self._taken(await channel.open_media(file), channel, file, owner)
        except StopAsyncIteration:
            return _refused(kept, "empty")
        except AttachmentTooLarge:
            return _refused(kept, "too_large")
        except AttachmentRefused as exc:
            return _refused(kept, str(exc.details.get("reason") or "kind"))
        except NotFetched as exc:
            why, for_good = exc.why, exc.for_good or await _is_gone(channel, exc.said)
        except DeliveryFailed as exc:
            # What the provider has against our account, the operator can put right.
            why, for_good = exc.reason, exc.permanent and exc.reason != "account"
        except Exception as exc:  # a channel's own code may raise anything
            log.exception("A file could not be fetched", extra={"event": "media_failed", "channel": channel.name()})
            why, for_good = type(exc).__name__, False
        else:
            return taken.shape()
        log.warning(
            "A provider did not give a file",
            extra={"event": "media_not_given", "channel": channel.name(), "reason": why, "for_good": for_good},
        )
        return _refused(kept, "not_given") if for_good or is_last else kept

    async def _taken(
        self, place: MediaPlace, channel: GivesFiles, file: Attachment, owner: str, may_lead: bool = True
    ) -> Stored:
        download = Download(place, self._store.max_bytes)
        pieces = download.pieces()
        try:
            first = await pieces.__anext__()  # its name is known now
        except NotFetched as exc:
            elsewhere = channel.elsewhere(exc.said) if may_lead else None
            if elsewhere is None:
                raise
            return await self._taken(elsewhere, channel, file, owner, may_lead=False)

        async def whole() -> Any:
            yield first
            async for piece in pieces:
                yield piece

        return await self._store.receive(whole(), file.name or download.name or _CALLED[file.kind], owner)

    async def _settle(self, pending: Pending, message: Message, owner: str, kept: list[Mapping[str, Any]]) -> None:
        before = message.body.get("attachments") or []
        new = [str(now["id"]) for now, was in zip(kept, before) if now.get("id") and not was.get("id")]
        pause = timedelta(seconds=FIRST_PAUSE_SECONDS * 2**pending.attempts)

        def work(connection: Connection) -> Message | None:
            if any(map(attachments.is_awaited, kept)):
                pending_media.try_again(connection, pending.message_id, self._clock() + pause)
            elif not pending_media.done(connection, pending.message_id):
                return None
            attachments.put_into(connection, owner, new, message.conversation_id, message.id)
            transcript.set_attachments(connection, message.id, kept)
            return transcript.one(connection, message.id)

        if kept == before:
            await self._database.write(lambda c: pending_media.try_again(c, pending.message_id, self._clock() + pause))
            return
        stored = await self._database.write(work)
        if stored is not None:
            self._live.publish(
                DESK_TOPIC,
                {"kind": "message", "conversation": stored.conversation_id, "message": shapes.for_desk(stored)},
            )


async def _is_gone(channel: GivesFiles, said: bytes) -> bool:
    try:
        return await channel.is_gone(said)
    except DeliveryFailed:  # it had to ask its provider
        return False


def _refused(kept: Mapping[str, Any], why: str) -> dict[str, Any]:
    return {**kept, "source": {**kept["source"], "refused": why}}
