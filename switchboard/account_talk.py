"""Account links in the chat: asked for, offered beside a question, taken back.

Offered where the provider makes sure who writes, for what is tied is the sender, wherever it writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any, Optional
from urllib.parse import urlencode, urlsplit, urlunsplit

from sqlalchemy.engine import Connection

from handoff import contact_proofs, conversations, texts
from handoff.account_links import AccountLinks
from handoff.clock import Clock
from handoff.errors import RateLimited
from handoff.floor import Floor
from handoff.models import Status
from handoff.records import Conversation, Message
from handoff.tying import ByProof, untie
from switchboard.feedback import OwnWork

# Buttons that the platform answers itself; the bot's mark `account_link` says the same with these words.
LINK, UNLINK = "/link_account", "/unlink_account"

# A text of the platform's, what goes with it, and its values.
_Said = tuple[str, Optional[Mapping[str, Any]], Mapping[str, Any]]


class AccountTalk:
    """Says what has to be said about account links, in the caller's transaction."""

    def __init__(self, floor: Floor, links: AccountLinks, page: str, shop_name: str, clock: Clock) -> None:
        self._floor = floor
        self._links = links
        self._page = page
        self._shop_name = shop_name
        self._clock = clock

    def page_of(self, locator: str, language: str) -> str:
        """The shop's page with the token of this link."""
        parts = urlsplit(self._page)
        query = urlencode({"link_token": self._links.token(locator), "lang": language})
        return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, query]))))

    def is_offered(self, conversation: Conversation) -> bool:
        """Whether it would help this customer, here and now."""
        is_known = conversation.signed_in(self._clock())
        return self._is_possible(conversation) and not is_known and conversation.status is Status.BOT

    def button(self, conversation: Conversation) -> dict[str, str]:
        """The way to a link."""
        return {"title": texts.say("button_account_link", conversation.language), "payload": LINK}

    def own_work(self, entry: Message, conversation: Conversation) -> OwnWork | None:
        """What the platform does with a tap on one of its buttons."""
        if entry.payload not in (LINK, UNLINK):
            return None
        return lambda c: self.answer(c, conversation, entry.payload == LINK, entry.id, 0)

    def answer(
        self, connection: Connection, conversation: Conversation, is_wanted: bool, reply_to: int, part: int
    ) -> tuple[Conversation, Message]:
        """A link, or the end of what one tied."""
        key, body, values = (self._linked if is_wanted else self._unlinked)(connection, conversation)
        conversation = conversations.find(connection, conversation.id)
        now = self._clock()
        return conversation, self._floor.system_line(
            connection, conversation, key, now, reply_to, part, body, shop=self._shop_name, **values
        )

    def tied(self, connection: Connection, conversation: Conversation) -> Message:
        """It is done, with the way back."""
        body = self._way_back(conversation)
        return self._floor.system_line(
            connection, conversation, "account_tied", self._clock(), body=body, shop=self._shop_name
        )

    def _linked(self, connection: Connection, conversation: Conversation) -> _Said:
        if self._floor.post.pulled_by_customer(conversation.channel):
            is_known = conversation.signed_in(self._clock())
            return "account_link_known" if is_known else "account_link_page", None, {}
        if not self._is_possible(conversation):
            return "account_link_not_here", None, {}
        sender = (conversation.channel, conversation.sender)
        if conversation.signed_in(self._clock()) and contact_proofs.accounts_linked(connection, [sender]):
            return "account_link_known", self._way_back(conversation), {}
        try:
            locator = self._links.begin(connection, conversation, self._clock())
        except RateLimited as exc:
            return "account_link_wait", None, {"minutes": ceil(exc.details["retry_after"] / 60)}
        return "account_link", {"account_link": locator}, {}

    def _unlinked(self, connection: Connection, conversation: Conversation) -> _Said:
        sender, now = (conversation.channel, conversation.sender), self._clock()
        tied = contact_proofs.accounts_linked(connection, [sender])
        for _, account in tied:
            untie(connection, sender, account, ByProof(account), now)
        return "account_untied" if tied else "account_not_tied", None, {}

    def _is_possible(self, conversation: Conversation) -> bool:
        post = self._floor.post
        return bool(self._page) and post.is_sender_sure(conversation.channel)

    def _way_back(self, conversation: Conversation) -> dict[str, object]:
        return {"buttons": [{"title": texts.say("button_account_unlink", conversation.language), "payload": UNLINK}]}
