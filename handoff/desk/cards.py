"""What an agent sends as a card: an article with the way to its page, or an order of the customer.

The browser names it and no more. What stands on the card is looked up here: the article as a stranger may read it, the
order as far as this customer has proved it. The text says the same for channels without cards.
"""

from __future__ import annotations

from collections.abc import Mapping

import shop
from faq_kb import KnowledgeFollower, markup
from faq_kb.articles import Article
from faq_kb.help.library import STRANGER
from faq_kb.search import SHOP_TIME
from handoff import texts
from handoff.clock import Clock
from handoff.desk.customers import Customers
from handoff.errors import BadInput, NotAllowed, OrderNotProved, UnknownArticle
from handoff.records import Agent, Card, Conversation

MAX_NAME = 80
EXCERPT_CHARS = 160


class Cards:
    """Makes cards in the customer's language."""

    def __init__(
        self, knowledge: KnowledgeFollower, customers: Customers, clock: Clock, site: str, help_address: str
    ) -> None:
        self._knowledge = knowledge
        self._customers = customers
        self._clock = clock
        self._site = site
        self._help_address = help_address

    async def made(self, agent: Agent, conversation: Conversation, wish: object) -> Card:
        """The card that this wish names: `{"article": id}` or `{"order": number}`.

        Raises BadInput, NotAllowed, UnknownArticle, OrderNotProved, ShopUnavailable."""
        if not agent.answers_customers:
            raise NotAllowed()
        kind, name = _read(wish)
        locale = conversation.language if conversation.language in texts.LOCALES else "en"
        if kind == "article":
            return self._article(name, locale)
        order = await self._customers.shown_order(conversation, name, locale)
        if order is None:
            raise OrderNotProved()
        return Card(shop.order_text(order), {"order": order})

    def page_of(self, article: Article, locale: str) -> str | None:
        """The public page of an article; None where only some may read it, or not today."""
        day = self._clock().astimezone(SHOP_TIME).date()
        if not article.is_valid_on(day) or not article.is_for(STRANGER):
            return None
        return f"{self._help_address}/{locale}/{article.id}"

    def _article(self, name: str, locale: str) -> Card:
        article = self._knowledge.current.articles.get(name)
        page = self.page_of(article, locale) if article else None
        if article is None or page is None:
            raise UnknownArticle()
        title, said = article.question_in(locale), markup.plain(article.answer_in(locale), self._site)
        excerpt = _beginning(said)
        shown = {"kind": "article", "id": article.id, "title": title, "text": excerpt, "url": page}
        return Card(f"{title}\n{excerpt}\n{page}", {"card": shown})


def _read(wish: object) -> tuple[str, str]:
    if not isinstance(wish, Mapping) or len(wish) != 1:
        raise BadInput("card must be an article's id or an order's number.", field="card")
    kind, name = next(iter(wish.items()))
    if kind not in ("article", "order") or not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        raise BadInput("card must be an article's id or an order's number.", field="card")
    return kind, name


def _beginning(text: str) -> str:
    """The first lines, to its last whole word where words are parted by spaces."""
    line = " ".join(text.split())
    if len(line) <= EXCERPT_CHARS:
        return line
    cut = line[: EXCERPT_CHARS - 1]
    word, _, rest = cut.rpartition(" ")
    return f"{word if word and len(rest) < 20 else cut}…"
