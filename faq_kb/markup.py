"""The markup of answers: a small, safe subset of Markdown, read into plain nodes.

Paragraphs, line breaks, **bold**, *italic*, lists with ``-`` or ``1.``, and [links](https://...). Everything else,
HTML above all, is text. Reading takes time linear in the text. The pages read the same subset in JavaScript;
tests/faq_kb/markup_cases.json holds both to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

from faq_kb.addresses import is_address

# {"kind": "paragraph", "children": [...]} or {"kind": "list", "ordered": bool, "start": 1, "items": [[...], ...]};
# within: {"kind": "text", "text": ...}, {"kind": "break"}, {"kind": "strong" | "em", "children": [...]},
# {"kind": "link", "url": ..., "children": [...]}.
Node = dict[str, Any]

_BULLET = re.compile(r"[ ]{0,6}-[ \t]+(?=\S)")
_NUMBER = re.compile(r"[ ]{0,6}([0-9]{1,3})\.[ \t]+(?=\S)")
_INDENT = re.compile(r"[ ]{2,}|\t")
# A bracket begins a link only where the next one that is not escaped ends it: all others are text, however many.
_URL = r"[^\s()\[\]]{1,2000}"
_LINK_FOLLOWS = rf"(?=[^\[\]\\]*(?:\\[\s\S][^\[\]\\]*)*\]\({_URL}\))"
# A backslash before a sign, a run of stars, the beginning and end of a link, a line break.
_SIGN = re.compile(rf"\\([\\*\[\]()\-.#_`<>!])|(\*+)|(\[){_LINK_FOLLOWS}|\]\(({_URL})\)|(\n)")
_STARS = {1: ("em",), 2: ("strong",), 3: ("strong", "em")}
_ASCII_WORD = re.compile(r"[A-Za-z0-9]")


def blocks(text: str) -> list[Node]:
    """The paragraphs and lists of an answer, as nodes that go into JSON."""
    return [
        {
            "kind": "list",
            "ordered": block.kind == "ordered",
            "start": block.start,
            "items": list(map(_inline, block.parts)),
        }
        if block.kind != "paragraph"
        else {"kind": "paragraph", "children": _inline(block.parts[0])}
        for block in _blocks(text)
    ]


def plain(text: str, site: str = "") -> str:
    """The answer for a channel that shows nothing but text; ``site`` goes before addresses that are only a path."""
    return "\n\n".join(_plain_block(block, site) for block in blocks(text))


def html(text: str) -> str:
    """The answer as HTML that may stand in any page."""
    return "\n".join(map(_html_block, blocks(text)))


def refused_links(text: str) -> list[str]:
    """Addresses written as links that are none a browser may be sent to, and so are shown as text."""
    return [found[4] for found in _SIGN.finditer(text) if found[4] and not is_address(found[4])]


# -- blocks ------------------------------------------------------------------------------------------------------


@dataclass
class _Block:
    kind: Literal["paragraph", "bullets", "ordered"]
    parts: list[str]  # the text of the paragraph, or of each entry
    start: int = 1
    is_open: bool = True  # nothing but its own lines came since


def _blocks(text: str) -> list[_Block]:
    found: list[_Block] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        last = found[-1] if found else None
        if not line.strip():
            if last:
                last.is_open = False
            continue
        item = _item(line, last)
        if item:
            if last and last.kind == item.kind:
                last.parts += item.parts
                last.is_open = True
            else:
                found.append(item)
        elif last and last.is_open and (last.kind == "paragraph" or _INDENT.match(line)):
            last.parts[-1] += "\n" + line.strip()
        else:
            found.append(_Block("paragraph", [line.strip()]))
    return found


def _item(line: str, last: _Block | None) -> _Block | None:
    """The line as an entry of a list. Within a paragraph, only a bullet and the number 1 begin one."""
    if bullet := _BULLET.match(line):
        return _Block("bullets", [line[bullet.end() :].strip()])
    number = _NUMBER.match(line)
    if number is None:
        return None
    in_paragraph = last is not None and last.kind == "paragraph" and last.is_open
    if in_paragraph and int(number[1]) != 1:
        return None
    return _Block("ordered", [line[number.end() :].strip()], int(number[1]))


# -- within a block ----------------------------------------------------------------------------------------------


@dataclass
class _Frame:
    """Something that was opened, what it was written with, and what stands in it so far."""

    kind: str
    sign: str
    children: list[Node | str] = field(default_factory=list)


class _Reader:
    """Reads the signs of one block from left to right. Of each kind one at most is open, so that nesting is bounded."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.frames = [_Frame("", "")]

    def nodes(self) -> list[Node]:
        end = 0
        for found in _SIGN.finditer(self.text):
            self.say(self.text[end : found.start()])
            end = found.end()
            if found[1]:
                self.say(found[1])
            elif found[2]:
                self.stars(found[2], found.start(), end)
            elif found[3]:
                self.frames.append(_Frame("link", "["))
            elif found[4]:
                self.end_link(found[0], found[4])
            else:
                self.frames[-1].children.append({"kind": "break"})
        self.say(self.text[end:])
        while len(self.frames) > 1:
            self.give_up()
        return list(_joined(self.frames[0].children))

    def say(self, text: str) -> None:
        if text:
            self.frames[-1].children.append(text)

    def stars(self, run: str, start: int, end: int) -> None:
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        closes, opens = bool(before.strip()), bool(after.strip())
        kinds = _STARS.get(len(run), ())
        if run == "*":
            # 3*4*5 is a sum.
            closes, opens = closes and not _ASCII_WORD.match(after), opens and not _ASCII_WORD.match(before)
        open_kinds = [frame.kind for frame in self.frames]
        if kinds and closes and all(kind in open_kinds for kind in kinds):
            for kind in sorted(kinds, key=open_kinds.index, reverse=True):
                self.close(kind)
        elif kinds and opens and not any(kind in open_kinds for kind in kinds):
            self.frames += [_Frame(kind, "*" if kind == "em" else "**") for kind in kinds]
        else:
            self.say(run)

    def end_link(self, sign: str, url: str) -> None:
        if not any(frame.kind == "link" for frame in self.frames):
            self.say(sign)
        elif is_address(url):
            self.close("link", url=url)
        else:
            self.fall_back("link")
            self.say(sign)

    def close(self, kind: str, **more: str) -> None:
        while self.frames[-1].kind != kind:
            self.give_up()
        frame = self.frames.pop()
        if frame.children:
            self.frames[-1].children.append({"kind": kind, **more, "children": list(_joined(frame.children))})
        else:
            self.say(frame.sign + (f"]({more['url']})" if more else frame.sign))

    def fall_back(self, kind: str) -> None:
        """What was opened as this kind is text after all."""
        if any(frame.kind == kind for frame in self.frames):
            inner: list[_Frame] = []
            while self.frames[-1].kind != kind:
                inner.insert(0, self.frames.pop())
            self.give_up()
            self.frames += inner

    def give_up(self) -> None:
        """The innermost sign that was opened is text after all."""
        frame = self.frames.pop()
        self.say(frame.sign)
        self.frames[-1].children += frame.children


def _inline(text: str) -> list[Node]:
    return _Reader(text).nodes()


def _joined(children: Sequence[Node | str]) -> Iterator[Node]:
    """The nodes, with neighbouring texts made one."""
    parts: list[str] = []
    for child in children:
        if isinstance(child, str):
            parts.append(child)
            continue
        if parts:
            yield {"kind": "text", "text": "".join(parts)}
            parts = []
        yield child
    if parts:
        yield {"kind": "text", "text": "".join(parts)}


# -- as text and as HTML -----------------------------------------------------------------------------------------


def _plain_block(block: Node, site: str) -> str:
    if block["kind"] == "paragraph":
        return _plain_inline(block["children"], site)
    lines = []
    for number, item in enumerate(block["items"], start=block["start"]):
        sign = f"{number}. " if block["ordered"] else "• "
        lines.append(sign + _plain_inline(item, site).replace("\n", "\n  "))
    return "\n".join(lines)


def _plain_inline(nodes: Sequence[Node], site: str) -> str:
    return "".join(_plain_node(node, site) for node in nodes)


def _plain_node(node: Node, site: str) -> str:
    if node["kind"] == "text":
        return str(node["text"])
    if node["kind"] == "break":
        return "\n"
    shown = _plain_inline(node["children"], site)
    if node["kind"] != "link":
        return shown
    url = str(node["url"])
    address = site.rstrip("/") + url if url.startswith("/") else url.removeprefix("mailto:").removeprefix("tel:")
    return shown if shown in (address, url) else f"{shown} ({address})"


def _html_block(block: Node) -> str:
    if block["kind"] == "paragraph":
        return f"<p>{_html_inline(block['children'])}</p>"
    items = "".join(f"<li>{_html_inline(item)}</li>" for item in block["items"])
    if not block["ordered"]:
        return f"<ul>{items}</ul>"
    start = f' start="{block["start"]}"' if block["start"] != 1 else ""
    return f"<ol{start}>{items}</ol>"


def _html_inline(nodes: Sequence[Node]) -> str:
    return "".join(map(_html_node, nodes))


def _html_node(node: Node) -> str:
    if node["kind"] == "text":
        return escape(node["text"])
    if node["kind"] == "break":
        return "<br>"
    inner = _html_inline(node["children"])
    if node["kind"] == "link":
        return f'<a href="{escape(node["url"])}" rel="noopener">{inner}</a>'
    return f"<{node['kind']}>{inner}</{node['kind']}>"
