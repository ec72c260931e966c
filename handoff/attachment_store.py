"""The bytes of attachments: received with a limit, looked into, kept under their id outside of what is served."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError

from faq_kb import pictures
from faq_kb.masking import Masking
from handoff import attachments, file_kinds
from handoff.attachments import Attachment
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import AttachmentRefused, AttachmentTooLarge, StorageFull, UnknownAttachment
from handoff.file_kinds import FileKind, Kind
from handoff.file_names import safe_name

log = logging.getLogger(__name__)

# A photograph of the largest phones has 50 million pixels; unpacked these are 150 MB.
PICTURE = pictures.Bounds(max_side=4096, max_pixels=52_000_000, shrinks=True)
# So many files are looked into at the same time.
LOOKS_AT_ONCE = 2
UNSENT_KEPT = timedelta(days=1)
_PART = ".part"
# The disk, the quota or the largest file that this process may write.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
T = TypeVar("T")


class AttachmentStore:
    """Takes files in, finds them, deletes them. Several gateways share one folder."""

    def __init__(self, folder: Path, database: Database, masking: Masking, max_bytes: int, clock: Clock) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._database = database
        self._masking = masking
        self._clock = clock
        self._looking = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def receive(
        self,
        chunks: AsyncIterator[bytes],
        name: str,
        owner: str,
        agent_id: int | None = None,
        conversation_id: str | None = None,
    ) -> Attachment:
        """Take one file, from whoever sends it. Raises AttachmentTooLarge, AttachmentRefused, StorageFull; nothing of
        it is kept then."""
        identity = secrets.token_hex(16)
        part = self.folder / f"{identity}{_PART}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            await self._write(part, chunks)
            shown = self._masking.hide(safe_name(name))
            async with self._looking:
                found, size = await _in_thread(self._look_into, part, shown)
            digest = await _in_thread(_digest, part)
            new = Attachment(
                id=identity,
                owner=owner,
                agent_id=agent_id,
                conversation_id=conversation_id,
                message_id=None,
                kind=found.kind,
                media_type=found.media_type,
                name=file_kinds.named(shown or found.kind.value, found),
                size_bytes=part.stat().st_size,
                sha256=digest,
                width=size[0] if size else None,
                height=size[1] if size else None,
                created_at=self._clock(),
            )
            await self._keep(new, part)
        except (OSError, OperationalError) as exc:
            raise _no_room(exc) from exc
        finally:
            part.unlink(missing_ok=True)
        log.info(
            "A file was taken", extra={"event": "attachment_taken", "kind": new.kind.value, "bytes": new.size_bytes}
        )
        return new

    async def copy(self, known: Attachment, owner: str, agent_id: int) -> Attachment:
        """The same file once more, of this owner and not sent yet. Raises StorageFull, UnknownAttachment."""
        new = replace(
            known,
            id=secrets.token_hex(16),
            owner=owner,
            agent_id=agent_id,
            conversation_id=None,
            message_id=None,
            created_at=self._clock(),
        )
        part = self.folder / f"{new.id}{_PART}"
        try:
            await _in_thread(shutil.copyfile, self.path_of(known.id), part)
            await self._keep(new, part)
        except FileNotFoundError as exc:
            raise UnknownAttachment() from exc
        except (OSError, OperationalError) as exc:
            raise _no_room(exc) from exc
        finally:
            part.unlink(missing_ok=True)
        return new

    async def _keep(self, new: Attachment, part: Path) -> None:
        # Known before it is there, as it is forgotten after it is gone: no crash leaves bytes nobody knows of.
        await self._database.write(lambda c: attachments.add(c, new))
        try:
            await _in_thread(_settle, part, self.path_of(new.id))
        except OSError:
            await self._database.write(lambda c: attachments.drop_unsent(c, [new.id]))
            raise

    def path_of(self, identity: str) -> Path:
        """Where the bytes of an attachment are."""
        return self.folder / identity[:2] / identity

    async def forget(self, conversation_ids: Sequence[str], owner: str | None = None) -> int:
        """Forget and delete the files of these conversations, and all of this owner. How many there were."""
        return await self._database.write(lambda c: self._delete_bytes(attachments.forget(c, conversation_ids, owner)))

    async def look(self) -> int:
        """Delete what was never sent, and what a crash left half-way; how many files that was."""
        before = self._clock() - UNSENT_KEPT
        stale = await self._database.read(lambda c: attachments.unsent(c, before))
        gone = 0
        if stale:
            gone = await self._database.write(lambda c: self._delete_bytes(attachments.drop_unsent(c, stale)))
        return gone + await _in_thread(self._sweep_parts, before)

    def _delete_bytes(self, ids: Sequence[str]) -> int:
        """Delete the bytes of what is being forgotten, before the commit: what cannot be deleted stays known. How many
        files these are."""
        for identity in ids:
            self.path_of(identity).unlink(missing_ok=True)
        return len(ids)

    async def _write(self, part: Path, chunks: AsyncIterator[bytes]) -> None:
        size, trouble = 0, None
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            os.utime(part, (self._clock().timestamp(),) * 2)
            async for chunk in chunks:
                size += len(chunk)
                if size > self.max_bytes:
                    raise AttachmentTooLarge(limit=self.max_bytes)
                try:
                    if trouble is None:
                        file.write(chunk)
                        file.flush()
                except OSError as exc:
                    # A browser reads no answer before it has sent everything.
                    trouble = exc
            if trouble is not None:
                raise trouble

    def _look_into(self, part: Path, name: str) -> tuple[FileKind, tuple[int, int] | None]:
        found = file_kinds.kind_of(part, name)
        if found.kind is not Kind.IMAGE:
            return found, None
        try:
            with part.open("rb") as stream:
                picture = pictures.rewritten(stream, PICTURE)
        except pictures.PictureTooLarge as exc:
            raise AttachmentRefused("This picture has too many pixels.", reason="pixels", name=name) from exc
        except pictures.NotAPicture as exc:
            raise AttachmentRefused("This picture cannot be read.", reason="broken", name=name) from exc
        part.write_bytes(picture.content)
        return found, (picture.width, picture.height)

    def _sweep_parts(self, before: datetime) -> int:
        gone = 0
        for part in self.folder.glob(f"*{_PART}"):
            with contextlib.suppress(FileNotFoundError):
                if datetime.fromtimestamp(part.stat().st_mtime, timezone.utc) < before:
                    part.unlink()
                    gone += 1
        return gone


def _no_room(exc: OSError | OperationalError) -> Exception:
    """What to raise for it: StorageFull, or itself."""
    if not _says_no_room(exc):
        return exc
    log.error("There is no room for a file", extra={"event": "storage_full", "error": type(exc).__name__})
    return StorageFull()


def _says_no_room(exc: OSError | OperationalError) -> bool:
    """Of the files' disk, or of the database's: SQLite says it in words, PostgreSQL by its code."""
    if isinstance(exc, OSError):
        return exc.errno in _NO_ROOM
    return getattr(exc.orig, "pgcode", None) == "53100" or "disk is full" in str(exc.orig)


def _settle(part: Path, place: Path) -> None:
    """Under its name a file is there as a whole, or not at all."""
    place.parent.mkdir(exist_ok=True, mode=0o700)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.chmod(part, 0o600)
    part.replace(place)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


async def _in_thread(work: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)
