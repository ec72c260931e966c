"""Bytes of mails as text. What a mail says of its code is often wrong, in Chinese mails above all."""

from __future__ import annotations

import re
from collections import Counter
from email.errors import HeaderParseError
from email.header import decode_header

# Supersets of what is declared: mails that say GB2312 hold GB18030 as a rule, those that say Big5 Hong Kong's signs.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cn-big5": "big5hkscs",
    "x-big5": "big5hkscs",
    "cp950": "cp950",
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "utf8": "utf-8",
    "unknown-8bit": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
}
# Written with escapes or in pairs of bytes: these are never guessed, and never taken for another.
_CERTAIN = re.compile(r"(utf-?7|utf-?16|utf-?32|iso-2022|hz)", re.IGNORECASE)
# No database stores all of these, and no header may have them.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_CANDIDATES = ("gb18030", "big5hkscs", "cp950")
# The signs that nearly every Chinese sentence to a shop has some of.
_FREQUENT = frozenset(
    "的一是了我不人在他有這这個个上們们來来到時时大地為为子中你說说生國国年著着就那和要她出也得里後后自以會会"
    "家可下而過过天去能對对小多然於于心學学麼么之都好看起發发當当沒没成只如事把還还用第樣样道想作種种開开"
    "請请問问單单貨货件訂订送收款退換换謝谢您嗎吗咗嘅係冇唔哋佢喺嚟收到寄包裹郵邮電电話话號号碼码，。？！、"
)
_THREE_BYTES = re.compile("[\u0800-\uffff\U00010000-\U0010ffff]")
# Only so much is looked at to decide; all of it is decoded.
_SAMPLE_BYTES = 20_000


def decoded(content: bytes, declared: str | None) -> str:
    """The text. Nothing is ever refused: what cannot be read becomes U+FFFD."""
    if content.isascii() and not _CERTAIN.match(declared or ""):
        return content.decode("ascii")
    for code in _worth_trying(content, declared):
        try:
            return content.decode(code)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode(_known(declared) or "utf-8", "replace")


def header_text(value: object) -> str:
    """A header as people read it: RFC 2047, and raw bytes as many senders write them; on one line."""
    try:
        pieces = decode_header(str(value))
    except (HeaderParseError, ValueError, IndexError):
        pieces = [(str(value), None)]
    words: list[str] = []
    for piece, code in pieces:
        if isinstance(piece, str):
            piece = piece.encode("ascii", "surrogateescape") if _is_escaped(piece) else piece.encode("utf-8", "replace")
        words.append(decoded(piece, code))
    return " ".join(_UNPRINTABLE.sub(" ", "".join(words)).split())


def _worth_trying(content: bytes, declared: str | None) -> list[str]:
    if declared and _CERTAIN.match(declared):
        return [declared]
    code = _known(declared)
    # What reads as UTF-8 with Chinese signs is UTF-8, whatever is declared: other codes never look so by chance.
    if code == "utf-8" or _reads_as_utf_8(content):
        return ["utf-8", *_by_likeness(content, None), "cp1252"]
    return [*_by_likeness(content, code), "utf-8", "cp1252"]


def _by_likeness(content: bytes, code: str | None) -> list[str]:
    """The codes that the bytes may be in, the likeliest first; what is declared has a head start."""
    likeness: Counter[str] = Counter()
    for one in dict.fromkeys((*([code] if code else []), *_CANDIDATES)):
        sample = content[:_SAMPLE_BYTES].decode(one, "replace")
        wide = [sign for sign in sample if sign > "\u00ff"]
        if wide and "\ufffd" not in sample[:-2]:
            likeness[one] = sum(sign in _FREQUENT for sign in wide) * 1000 // len(wide)
    if code is not None:
        likeness[code] = likeness[code] * 2 + 100 if code in likeness else 1
    return [one for one, _ in likeness.most_common()]


def _reads_as_utf_8(content: bytes) -> bool:
    try:
        return bool(_THREE_BYTES.search(content.decode("utf-8")))
    except UnicodeDecodeError:
        return False


def _known(declared: str | None) -> str | None:
    name = (declared or "").strip().strip("\"'").lower()
    code = _SUPERSETS.get(name, name)
    if not code:
        return None
    try:
        return code if b"".decode(code) == "" else None
    except (LookupError, TypeError, ValueError, UnicodeError):
        return None


def _is_escaped(text: str) -> bool:
    return all(sign < "\x80" or "\udc80" <= sign <= "\udcff" for sign in text)
