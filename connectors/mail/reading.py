"""A mail as it came, read: who wrote what, beside which files. Bytes in, a record out; nothing is fetched or run."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from email.utils import getaddresses

from connectors.mail.charsets import decoded, header_text
from connectors.mail.html_text import text_of
from connectors.mail.quotes import own_words
from connectors.mail.robots import Fate, fate_of, robot
from connectors.mail.threads import ids_in
from switchboard.records import Attachment

MAX_TEXT_BYTES = 1_000_000
MAX_TEXT_CHARS = 200_000
MAX_PARTS = 200
MAX_DEPTH = 20
MAX_ADDRESS_CHARS = 150
# Logos of signatures and pixels that count readers: pictures of the text itself, and too small to show anything.
DECORATION_BYTES = 8_000
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_ANSWER = re.compile(
    r"\A\s*((re|aw|sv|antw|回覆|回复|回復|答复|答覆|fw|fwd|轉寄|转发|轉發)(\s?\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
_KINDS = {"image": "image", "audio": "audio", "video": "video"}


class Unreadable(Exception):
    """This mail cannot be taken as somebody's message. The text says why, and nothing of the mail."""


@dataclass(frozen=True)
class Letter:
    """One mail."""

    message_id: str
    earlier: tuple[str, ...]  # the ids of what it answers, the oldest first
    address: str
    is_proven: bool  # our own mail server vouches for the address
    name: str
    subject: str
    text: str
    files: tuple[Attachment, ...]
    robot: str | None
    fate: Fate | None
    key: str  # the same whenever this mail is seen again

    @property
    def words(self) -> str:
        """What the customer says: the first mail of a thread says it in its subject as well."""
        topic = _ANSWER.sub("", self.subject).strip()
        is_answer = bool(self.earlier) or bool(_ANSWER.match(self.subject))
        if not topic or topic in self.text or (is_answer and self.text.strip()):
            return self.text.strip()
        return f"{topic}\n\n{self.text}".strip()


@dataclass
class _Found:
    texts: list[tuple[str, str]] = field(default_factory=list)  # plain or html, and the words
    files: list[Attachment] = field(default_factory=list)
    parts: int = 0

    def text(self) -> str:
        """All of it, in its order."""
        return "\n".join(text_of(words) if kind == "html" else words for kind, words in self.texts)[:MAX_TEXT_CHARS]

    def one_of(self) -> str:
        """Where the same is written twice: the plain text, unless there is nothing in it."""
        plain = [words for kind, words in self.texts if kind == "plain" and words.strip()]
        return "\n".join(plain)[:MAX_TEXT_CHARS] if plain else self.text()


def read(raw: bytes, own: Iterable[str], authserv_id: str = "", is_whole: bool = True) -> Letter:
    """The mail. `own` are our addresses. Of one that is not whole, no file is taken. Raises Unreadable."""
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        headers = _headers(mail)
        address, name, is_writer = _writer(headers, {one.lower() for one in own})
        found = _Found()
        _collect(mail, found, 0)
        subject = header_text(headers.get("subject", [""])[0])[:500]
        message_id = next(iter(ids_in(headers.get("message-id", [""])[0])), "")
        text = own_words(found.text())
        files = found.files if is_whole else [_left_there(one) for one in found.files]
        return Letter(
            message_id=message_id,
            earlier=tuple(_earlier(headers)),
            address=address,
            is_proven=is_writer and _vouched(headers, address, authserv_id),
            name=name,
            subject=subject,
            text=text,
            files=tuple(files),
            robot=robot(mail, headers, address, subject),
            fate=fate_of(mail),
            key=_key(raw, message_id, text, files),
        )
    except Unreadable:
        raise
    except Exception as exc:  # Python's own parser fails in many ways over what strangers send
        raise Unreadable(type(exc).__name__) from exc


def answer_subject(subject: str) -> str:
    """The subject of an answer: as it was, behind one `Re:`."""
    return f"Re: {_ANSWER.sub('', subject, count=1).strip()}"


# -- the parts ----------------------------------------------------------------------------------------------------


def _headers(mail: Message) -> dict[str, list[str]]:
    """Every header as it came, by its name in small letters."""
    headers: dict[str, list[str]] = {}
    for name, value in mail.raw_items():
        headers.setdefault(name.lower(), []).append(str(value).replace("\r", "").replace("\n", ""))
    return headers


def _earlier(headers: dict[str, list[str]]) -> list[str]:
    references = ids_in(*headers.get("references", []))
    return [*references, *(one for one in ids_in(*headers.get("in-reply-to", [])) if one not in references)]


def _writer(headers: dict[str, list[str]], own: set[str]) -> tuple[str, str, bool]:
    """Whom to answer: address, name, and whether it is the From itself. Forms of a shop write in their own name and
    put the customer into Reply-To; that nobody vouches for."""
    given = headers.get("from", [])
    senders = _addresses(given)
    if len(given) != 1 or len(senders) != 1:
        if senders or not headers.get("return-path") == ["<>"]:
            raise Unreadable("no single address in From")
        return "mailer-daemon@invalid.invalid", "", False
    address, name = senders[0]
    replies = [one for one in _addresses(headers.get("reply-to", [])) if one[0] not in own]
    if len(replies) == 1 and replies[0][0] != address:
        return replies[0][0], replies[0][1] or name, False
    return address, name, True


def _addresses(values: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for name, address in getaddresses([one[:5000] for one in values]):
        if _ADDRESS.fullmatch(address) and len(address) <= MAX_ADDRESS_CHARS:
            found.append((address.lower(), header_text(name)[:120].strip("\"' ")))
    return list(dict(found).items()) if found else []


def _vouched(headers: dict[str, list[str]], address: str, authserv_id: str) -> bool:
    """Whether our own mail server found DMARC to pass (RFC 8601). Only the uppermost of its headers is its own: others
    may have been there before it came."""
    if not authserv_id:
        return False
    for value in headers.get("authentication-results", []):
        told = re.sub(r"\([^()]*\)", " ", value[:5000])
        server, _, results = told.partition(";")
        if server.split()[:1] != [authserv_id]:
            continue
        found = re.search(r"(?:^|;)\s*dmarc\s*=\s*pass\b([^;]*)", results, re.IGNORECASE)
        domain = re.search(r"header\.from\s*=\s*\"?([A-Za-z0-9.-]+)", found[1], re.IGNORECASE) if found else None
        return domain is not None and domain[1].lower() == address.partition("@")[2]
    return False


def _collect(part: Message, found: _Found, depth: int) -> None:
    found.parts += 1
    if found.parts > MAX_PARTS or depth > MAX_DEPTH:
        return
    kind = part.get_content_type()
    if kind == "message/rfc822":
        found.files.append(_file(part, _bytes_within(part), "message.eml", kind))
    elif kind == "multipart/alternative":
        inner = _Found(parts=found.parts)
        for one in _children(part):
            _collect(one, inner, depth + 1)
        found.texts.append(("plain", inner.one_of()))
        found.files += inner.files
        found.parts = inner.parts
    elif part.is_multipart():
        for one in _children(part):
            _collect(one, found, depth + 1)
    else:
        _collect_leaf(part, kind, found)


def _collect_leaf(part: Message, kind: str, found: _Found) -> None:
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    disposition, name = part.get_content_disposition(), header_text(part.get_filename() or "")
    if kind in ("text/plain", "text/html") and disposition != "attachment" and not name:
        words = decoded(content[:MAX_TEXT_BYTES], part.get_content_charset())
        found.texts.append(("html", words) if kind == "text/html" else ("plain", _unflowed(words, part)))
        return
    if kind in _SIGNATURES or not content:
        return
    is_in_text = part.get("content-id") is not None and disposition != "attachment"
    if kind.startswith("image/") and is_in_text and len(content) < DECORATION_BYTES:
        return
    found.files.append(_file(part, content, name, kind))


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _file(part: Message, content: bytes, name: str, kind: str) -> Attachment:
    name = name or f"file{mimetypes.guess_extension(kind) or ''}"
    return Attachment(
        _KINDS.get(kind.partition("/")[0], "file"),
        {},
        name[:200],
        kind if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,80}", kind) else None,
        len(content),
        content,
    )


def _left_there(file: Attachment) -> Attachment:
    return Attachment(file.kind, {"refused": "mail_too_large"}, file.name, file.mime_type)


def _bytes_within(part: Message) -> bytes:
    try:
        return b"".join(one.as_bytes() for one in _children(part))
    except Exception:  # what cannot be written again is still named
        return b"?"


def _unflowed(words: str, part: Message) -> str:
    """RFC 3676: a line that ends in a space goes on in the next one."""
    if str(part.get_param("format") or "").lower() != "flowed":
        return words
    lines: list[str] = []
    goes_on = False
    for line in words.replace("\r\n", "\n").split("\n"):
        line = line[1:] if line.startswith(" ") else line
        if goes_on and not line.startswith(">"):
            lines[-1] += line
        else:
            lines.append(line)
        goes_on = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "\n".join(lines)


def _key(raw: bytes, message_id: str, text: str, files: Sequence[Attachment]) -> str:
    """By the Message-ID and what it says: a second mail under an id that was used before is not lost, and one that came
    over two addresses is one."""
    if not message_id:
        return hashlib.sha256(raw).hexdigest()
    names = "\x1f".join(file.name or "" for file in files)
    return hashlib.sha256(f"{message_id}\x1f{text}\x1f{names}".encode("utf-8", "replace")).hexdigest()
