"""A conversation as a file for the customer: one HTML page that needs nothing, or plain text; in their language,
without notes, with card and identity numbers hidden."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from faq_kb.markup import plain
from faq_kb.masking import Masking
from handoff import attachments, texts
from handoff.models import Author
from handoff.records import Conversation, Message

_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1d2827}"
    "h1{font-size:1.3rem}ol{list-style:none;padding:0}li{margin:0 0 1rem}b{margin-right:.6rem}"
    "time,footer{color:#5f6b69;font-size:.85rem}p{margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".system{color:#5f6b69;font-size:.9rem}@media print{li{break-inside:avoid}}"
)


@dataclass(frozen=True)
class TranscriptFile:
    """What is downloaded, or sent."""

    title: str
    name: str
    content_type: str
    content: str


def write(
    conversation: Conversation,
    lines: Sequence[Message],
    shop_name: str,
    zone: ZoneInfo,
    masking: Masking,
    now: datetime,
    *,
    as_text: bool = False,
    language: str | None = None,
) -> TranscriptFile:
    """The file of one conversation."""
    spoken = language or conversation.language
    title = texts.say(
        "transcript_title", spoken, shop=shop_name, date=f"{conversation.opened_at.astimezone(zone):%Y-%m-%d}"
    )
    written = [
        (_who(line, spoken), f"{line.at.astimezone(zone):%Y-%m-%d %H:%M}", masking.hide(_said(line)), line)
        for line in lines
        if line.author is not Author.NOTE and line.text
    ]
    foot = texts.say("transcript_foot", spoken, saved=f"{now.astimezone(zone):%Y-%m-%d %H:%M}", zone=zone.key)
    name = f"chat-{conversation.opened_at.astimezone(zone):%Y-%m-%d}"
    if as_text:
        body = "\n\n".join(f"[{at}] {who}\n{text}" for who, at, text, _ in written)
        return TranscriptFile(title, f"{name}.txt", "text/plain; charset=utf-8", f"{title}\n\n{body}\n\n{foot}\n")
    items = "".join(
        f'<li class="{line.author.value}"><b>{html.escape(who)}</b><time>{at}</time>'
        f'<p dir="auto">{html.escape(text)}</p></li>'
        for who, at, text, line in written
    )
    page = (
        f'<!doctype html><html lang="{html.escape(spoken)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1><ol>{items}</ol>"
        f"<footer>{html.escape(foot)}</footer></body></html>\n"
    )
    return TranscriptFile(title, f"{name}.html", "text/html; charset=utf-8", page)


def _said(line: Message) -> str:
    """The words of a line, and the names of the files that were sent with it."""
    return "\n".join((plain(line.text, ""), *(f"📎 {name}" for name in attachments.names_in(line.body))))


def _who(line: Message, spoken: str) -> str:
    if line.author is Author.AGENT:
        return line.name or texts.say("promise_team", spoken)
    return texts.say(f"transcript_{line.author.value}", spoken)
