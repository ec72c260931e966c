"""A mail that is HTML, as text: nothing of it is run, shown or fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import islice

import nh3

MAX_CHARS = 200_000
# Reading grows with the square of the depth; the end of a mail with more tags is what it quotes.
MAX_TAGS = 8_000
MAX_LEVELS = 20
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|mso-hide\s*:\s*all")
_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "ul", "ol", "li", "pre", "blockquote", "hr"}
_TAGS = _BLOCKS | {"a", "br", "img", "td", "th", "span", "b", "i", "strong", "em", "tbody", "thead", "font", "u"}
_DROPPED_WHOLE = {"script", "style", "head", "title", "template", "noscript", "object", "svg", "math", "select"}
_VOID = {"br", "img", "hr"}


def text_of(html: str) -> str:
    """The words, with paragraphs, lists, the addresses of links, and `> ` before what is cited."""
    # The cleaning parser reads as browsers do, in linear time; what it writes is well-formed.
    cleaned = nh3.clean(
        _bounded(html[:MAX_CHARS]),
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes={"*": {"style"}, "a": {"href"}, "img": {"alt"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    reader = _Reader()
    reader.feed(cleaned)
    reader.close()
    return reader.text()


def _bounded(html: str) -> str:
    beyond = next(islice(re.finditer("<", html), MAX_TAGS, None), None)
    return html if beyond is None else html[: beyond.start()]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._levels: list[list[str]] = [[]]  # one for each blockquote that is open
        self._hidden_since: list[str] = []
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if self._hidden_since:
            if tag not in _VOID:
                self._hidden_since.append(tag)
            return
        if _HIDDEN.search(given.get("style", "").lower()) and tag not in _VOID:
            self._hidden_since.append(tag)
        elif tag == "blockquote" and len(self._levels) <= MAX_LEVELS:
            self._levels.append([])
        elif tag == "a":
            self._link = (given.get("href", ""), len(self._words))
        elif tag == "img":
            self._words.append(given.get("alt", "").strip())
        elif tag == "li":
            self._words.append("\r- ")
        elif tag in ("td", "th"):
            self._words.append(" ")
        elif tag == "br" or tag in _BLOCKS:
            self._words.append("\n" if tag == "br" else "\r")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden_since:
            self._hidden_since.pop()
        elif tag == "blockquote" and len(self._levels) > 1:
            cited = _lines(self._levels.pop())
            self._words.append("\r" + "\n".join(f"> {line}".rstrip() for line in cited.split("\n")) + "\r")
        elif tag == "a" and self._link is not None:
            address, since = self._link
            shown = "".join(self._words[since:]).strip()
            bare = address.removeprefix("mailto:").removeprefix("tel:")
            if bare and bare.rstrip("/") != shown.rstrip("/") and not address.startswith(("mailto:", "tel:")):
                self._words.append(f" ({address})" if shown else address)
            self._link = None
        elif tag in _BLOCKS:
            self._words.append("\r\n" if tag == "p" else "\r")

    def handle_data(self, data: str) -> None:
        if not self._hidden_since:
            self._words.append(re.sub(r"[ \t\r\n\f]+", " ", data))

    @property
    def _words(self) -> list[str]:
        return self._levels[-1]

    def text(self) -> str:
        while len(self._levels) > 1:
            self.handle_endtag("blockquote")
        return _lines(self._words)


def _lines(words: list[str]) -> str:
    r"""`\r` begins a line unless one has begun; `\n` always does."""
    lines = [""]
    for piece in re.split(r"([\r\n])", "".join(words)):
        if piece == "\n" or (piece == "\r" and lines[-1].strip()):
            lines.append("")
        elif piece == "\r":
            lines[-1] = ""
        else:
            lines[-1] += piece
    text = "\n".join(line.strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
