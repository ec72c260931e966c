"""Pages that an agent offers to open for the customer: which may be, and what the customer said to it.

The offer is a card in the agent's line. The answer is one line of the platform's own that replies to it, which the
database stores once, so whatever was said first stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import Connection

from handoff import conversations, texts, transcript
from handoff.errors import PageOfferOver, PageRefused, PagesNotShown, UnknownMessage
from handoff.floor import Floor
from handoff.models import Status
from handoff.records import Card, Conversation, Message

MAX_ADDRESS_CHARS = 500
# Whoever looks away for longer is not looking at the same thing any more.
STANDS_FOR = timedelta(minutes=10)
# What an address is written in; a backslash is a slash to browsers and none to us.
_ADDRESS = re.compile(r"[!-\[\]-~]+")
_UP = re.compile(r"(^|/)(\.|%2e){1,2}(/|$)", re.IGNORECASE)


class Pages:
    """The pages that may be offered: https on the hosts of the shop, and the help pages where they stand."""

    def __init__(self, origins: Iterable[str], help_address: str) -> None:
        self._hosts = {urlsplit(one).netloc.lower() for one in origins if one.startswith("https://")}
        self._help = f"{help_address.rstrip('/')}/"

    def checked(self, address: str) -> str:
        """The address, when it may be offered. Raises PageRefused."""
        if len(address) > MAX_ADDRESS_CHARS or not _ADDRESS.fullmatch(address):
            raise PageRefused()
        try:
            parts = urlsplit(address)
        except ValueError as exc:
            raise PageRefused() from exc
        # The whole of what stands between the slashes: a name, a password or a port makes it another place.
        is_shop = parts.scheme == "https" and parts.netloc.lower() in self._hosts
        if _UP.search(parts.path) or not (is_shop or address.startswith(self._help)):
            raise PageRefused()
        return address


def offer(address: str, title: str, name: str, locale: str, now: datetime) -> Card:
    """The card that asks the customer whether to open this page."""
    shown = {"kind": "page", "title": title, "url": address, "until": (now + STANDS_FOR).isoformat()}
    return Card(texts.say("page_offer", locale, name=name, page=title or address, url=address), {"card": shown})


def must_show(floor: Floor, conversation: Conversation) -> None:
    """Only the widget's page can open one. Raises PagesNotShown."""
    if not floor.post.pulled_by_customer(conversation.channel):
        raise PagesNotShown()


def answer(
    connection: Connection, floor: Floor, ids: Sequence[str], message_id: int, accepted: bool, now: datetime
) -> tuple[Conversation, Message, bool]:
    """What the customer of these conversations says to an offer: the line, and whether it is new.

    The first answer stands. Raises UnknownMessage, PageOfferOver."""
    offered = transcript.find(connection, ids, message_id)
    card = offered.body.get("card") if offered else None
    if offered is None or not isinstance(card, Mapping) or card.get("kind") != "page":
        raise UnknownMessage()
    conversation = conversations.find(connection, offered.conversation_id)
    said = _answer_to(connection, message_id)
    if said is not None:
        return conversation, said, False
    if conversation.status is Status.CLOSED or now >= datetime.fromisoformat(str(card["until"])):
        raise PageOfferOver()
    body: dict[str, Any] = {"card": {"kind": "page_answer", "offer": message_id, "accepted": accepted}}
    key = "page_opened" if accepted else "page_declined"
    line = floor.system_line(
        connection, conversation, key, now, reply_to=message_id, part=0, body=body, page=card["title"] or card["url"]
    )
    return conversation, line, True


def _answer_to(connection: Connection, message_id: int) -> Message | None:
    replies = transcript.replies_to(connection, message_id)
    return next((one for one in replies if (one.body.get("card") or {}).get("kind") == "page_answer"), None)
