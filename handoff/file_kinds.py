"""What a file is, by what is in it. Its name can only make us refuse it: when it says something else.

Nothing is unpacked here. Of an archive the first bytes are looked at, of one that may be a document of an office the
list of its parts as well, within bounds; so whatever is packed into it stays packed.
"""

from __future__ import annotations

import codecs
import re
import struct
import zipfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

import filetype

from handoff.errors import AttachmentRefused

HEAD_BYTES = 8192
MOST_PARTS = 5_000
MOST_LISTING_BYTES = 1_000_000
PIECE_BYTES = 1 << 20
# Some scanners write a line of their own before it; readers look so far.
_PDF, _PDF_WITHIN = b"%PDF-", 1024
# What ends the file and tells where its list of parts is; at most a comment of 64 kB stands behind it.
_ZIP_END = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP_END_SPAN = 65_557
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
# What a name says when it says none of ours: `report.final`, `2026.03`. Longer words are no endings.
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,8})$")


class Kind(str, Enum):
    """How an attachment is shown."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"


@dataclass(frozen=True)
class FileKind:
    """One kind of file that we take."""

    kind: Kind
    media_type: str
    ending: str
    also: tuple[str, ...] = ()  # other endings that mean the same
    taken_for: tuple[str, ...] = ()  # endings that people give it, although they mean something else of its sort

    def can_be_called(self, ending: str) -> bool:
        """Whether a file with this ending may turn out to be one of these."""
        return ending in (self.ending, *self.also, *self.taken_for)


_PICTURES = ("png", "jpg", "jpeg", "jfif", "gif", "webp")
_SOUNDS_AND_FILMS = (
    "mp3",
    "m4a",
    "aac",
    "ogg",
    "oga",
    "opus",
    "wav",
    "amr",
    "webm",
    "weba",
    "mp4",
    "m4v",
    "mov",
    "3gp",
)
_OFFICE = ("doc", "docx", "xls", "xlsx")


def _picture(media_type: str, ending: str, *also: str) -> FileKind:
    return FileKind(Kind.IMAGE, media_type, ending, also, _PICTURES)


def _sound(media_type: str, ending: str, *also: str) -> FileKind:
    return FileKind(Kind.AUDIO, media_type, ending, also, _SOUNDS_AND_FILMS)


def _film(media_type: str, ending: str, *also: str) -> FileKind:
    return FileKind(Kind.VIDEO, media_type, ending, also, _SOUNDS_AND_FILMS)


def _document(media_type: str, ending: str, *taken_for: str) -> FileKind:
    return FileKind(Kind.FILE, media_type, ending, (), taken_for)


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
TXT = _document("text/plain", "txt", "csv", "log")
CSV = _document("text/csv", "csv")
PDF = _document("application/pdf", "pdf")
ZIP = _document("application/zip", "zip")
DOC = _document("application/msword", "doc", *_OFFICE)
XLS = _document("application/vnd.ms-excel", "xls", *_OFFICE)
DOCX = _document(f"{_OPEN_XML}.wordprocessingml.document", "docx", *_OFFICE)
XLSX = _document(f"{_OPEN_XML}.spreadsheetml.sheet", "xlsx", *_OFFICE)
WEBM_SOUND, WEBM_FILM = _sound("audio/webm", "weba", "webm"), _film("video/webm", "webm")
MP4_SOUND, MP4_FILM = _sound("audio/mp4", "m4a"), _film("video/mp4", "mp4", "m4v")

# By what the library filetype calls the first bytes. MP4 and WebM hold sound or a film: that is looked up, as is what
# office a document is of.
_BY_HEAD = {
    "image/png": _picture("image/png", "png"),
    "image/apng": _picture("image/png", "png"),
    "image/jpeg": _picture("image/jpeg", "jpg", "jpeg", "jfif"),
    "image/gif": _picture("image/gif", "gif"),
    "image/webp": _picture("image/webp", "webp"),
    "audio/mpeg": _sound("audio/mpeg", "mp3"),
    "audio/aac": _sound("audio/aac", "aac"),
    "audio/ogg": _sound("audio/ogg", "ogg", "oga", "opus"),
    "audio/x-wav": _sound("audio/wav", "wav"),
    "audio/amr": _sound("audio/amr", "amr"),
    "video/3gpp": _film("video/3gpp", "3gp"),
    "video/quicktime": _film("video/quicktime", "mov"),
    "application/pdf": PDF,
    "application/x-rar-compressed": _document("application/vnd.rar", "rar"),
    "application/x-tar": _document("application/x-tar", "tar"),
}
_MP4 = {"video/mp4", "video/x-m4v", "audio/mp4"}
_ZIPPED = ("application/zip", _OPEN_XML, "application/vnd.oasis", "application/epub")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ALL = (*_BY_HEAD.values(), TXT, CSV, ZIP, DOC, XLS, DOCX, XLSX, WEBM_SOUND, WEBM_FILM, MP4_SOUND, MP4_FILM)
ENDINGS = tuple(sorted({ending for one in _ALL for ending in (one.ending, *one.also)}))


def kind_of(path: Path, name: str) -> FileKind:
    """What the file at `path` is. Raises AttachmentRefused when it is nothing we take, or not what `name` says."""
    size = path.stat().st_size
    if size == 0:
        raise AttachmentRefused("This file is empty.", reason="empty", name=name)
    said = ending_of(name)
    with path.open("rb") as file:
        found = _found(file, size, said)
    if found is None and said not in ENDINGS:
        raise AttachmentRefused(f"Files of this kind are not taken: {name}.", reason="kind", name=name, taken=ENDINGS)
    if found is None or (said in ENDINGS and not found.can_be_called(said)):
        raise AttachmentRefused(
            f"{name} is not what its name says: there is no .{said} file in it.", reason="not_what_it_says", name=name
        )
    if found is TXT and said and said not in ("txt", "csv", "log"):
        # A page or a script is text as well, and its name would make a program of it.
        raise AttachmentRefused(f"Files of this kind are not taken: {name}.", reason="kind", name=name, taken=ENDINGS)
    return CSV if found is TXT and said == "csv" else found


def named(name: str, kind: FileKind) -> str:
    """The name with an ending that says what the file is."""
    said = ending_of(name)
    if said in (kind.ending, *kind.also) or (kind is TXT and said == "log"):
        return name
    return f"{name[: -len(said) - 1] if said in kind.taken_for else name}.{kind.ending}"


def ending_of(name: str) -> str:
    """What a name says its file is; empty when it says nothing."""
    found = _ENDING.search(name)
    return found[1].lower() if found else ""


def _found(file: IO[bytes], size: int, said: str) -> FileKind | None:
    head = file.read(HEAD_BYTES)
    if head.startswith(_OLE):
        return _old_office(file, said)
    guess = filetype.guess_mime(head)
    if guess in _BY_HEAD:
        return _BY_HEAD[guess]
    if guess in _MP4:
        return MP4_FILM if _has_film_track(file) else MP4_SOUND
    if guess == "video/webm":
        return WEBM_FILM if any(codec in head for codec in (b"V_VP", b"V_AV", b"V_MP")) else WEBM_SOUND
    if guess is not None and guess.startswith(_ZIPPED):
        return _zipped(file, size, said)
    if guess is None and _PDF in head[:_PDF_WITHIN]:
        return PDF
    # What looks like something else to the library may still be text: its marks are short.
    return TXT if _is_text(file) else None


def _has_film_track(file: IO[bytes]) -> bool:
    """Whether a track of an MP4 is a film: its handler is called `vide`. The file is no larger than we take."""
    file.seek(0)
    return re.search(rb"hdlr.{8}vide", file.read(), re.DOTALL) is not None


def _old_office(file: IO[bytes], said: str) -> FileKind | None:
    """A document of the old offices: the names of its streams tell which; one may hold the other."""
    file.seek(0)
    content = file.read()
    is_doc, is_xls = "WordDocument".encode("utf-16-le") in content, "Workbook".encode("utf-16-le") in content
    if is_doc and is_xls:
        return XLS if said in ("xls", "xlsx") else DOC
    return DOC if is_doc else XLS if is_xls else None


def _zipped(file: IO[bytes], size: int, said: str) -> FileKind:
    names = _parts(file, size)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise AttachmentRefused("Documents with macros are not taken.", reason="macros")
    if "[Content_Types].xml" not in names or said == "zip":
        return ZIP
    if "word/document.xml" in names:
        return DOCX
    return XLSX if "xl/workbook.xml" in names else ZIP


def _parts(file: IO[bytes], size: int) -> frozenset[str]:
    """The names of the parts of a zip; none when its list is longer than that of any document."""
    file.seek(max(0, size - _ZIP_END_SPAN))
    tail = file.read()
    at = tail.rfind(_ZIP_END)
    if at < 0 or len(tail) < at + 22 or _ZIP64_LOCATOR in tail:
        return frozenset()
    count, listing = struct.unpack("<HL", tail[at + 10 : at + 16])
    if count > MOST_PARTS or listing > MOST_LISTING_BYTES:
        return frozenset()
    try:
        with zipfile.ZipFile(file) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error):
        return frozenset()


def _is_text(file: IO[bytes]) -> bool:
    file.seek(0)
    if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _reads_as(file, "utf-16")
    # Tables from Taiwan and the mainland are still written in their own codes.
    return any(_reads_as(file, code) for code in ("utf-8-sig", "gb18030", "big5hkscs"))


def _reads_as(file: IO[bytes], code: str) -> bool:
    """Whether all of it is text in this code, read piece by piece."""
    file.seek(0)
    pieces = iter(lambda: file.read(PIECE_BYTES), b"")
    try:
        return not any(_NOT_TEXT.search(piece) for piece in codecs.iterdecode(pieces, code))
    except UnicodeDecodeError:
        return False
