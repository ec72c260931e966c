"""What an agent sends as a card: an article with its page, an order of the customer, a product, or a page to open.

The browser names it and no more. What stands on the card is looked up here: the article as a stranger may read it, the
order as far as this customer has proved it, the product as the shop sells it now. The text says the same for channels
without cards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import shop
from faq_kb import KnowledgeFollower, markup
from faq_kb.articles import Article
from faq_kb.help.library import STRANGER
from faq_kb.search import SHOP_TIME
from handoff import page_offers, texts
from handoff.clock import Clock
from handoff.desk.customers import Customers
from handoff.desk.products import Products
from handoff.errors import BadInput, NotAllowed, OrderNotProved, ProofUnavailable, UnknownArticle
from handoff.floor import Floor
from handoff.records import Agent, Card, Conversation

_LONGEST = {"article": 80, "order": 80, "product": 64, "prove": 10, "page": page_offers.MAX_ADDRESS_CHARS}
_EXPECTED = "card must name one article, order, product or page: an id, a number or an address."
EXCERPT_CHARS = 160


class Cards:
    """Makes cards in the customer's language."""

    def __init__(
        self,
        knowledge: KnowledgeFollower,
        customers: Customers,
        products: Products,
        floor: Floor,
        clock: Clock,
        site: str,
        help_address: str,
        origins: Collection[str],
        provable: Collection[str],
    ) -> None:
        self._floor = floor
        self._provable = provable  # the kinds of contact that codes can be sent to
        self._pages = page_offers.Pages(origins, help_address)
        self._knowledge = knowledge
        self._customers = customers
        self._products = products
        self._clock = clock
        self._site = site
        self._help_address = help_address

    async def made(self, agent: Agent, conversation: Conversation, wish: object) -> Card:
        """The card that this wish names: `{"article": id}`, `{"order": number}`, `{"product": id}`, `{"page":
        address}` to be opened, or `{"prove": "contact"}`: the customer is asked to prove an address or number.

        Raises BadInput, NotAllowed, UnknownArticle, OrderNotProved, UnknownProduct, ProductsNotOffered,
        ShopUnavailable, PageRefused, PagesNotShown, ProofUnavailable."""
        if not agent.answers_customers:
            raise NotAllowed()
        kind, name = _read(wish)
        locale = conversation.language if conversation.language in texts.LOCALES else "en"
        if kind == "article":
            return self._article(name, locale)
        if kind == "product":
            sold = await self._products.card(name, locale)
            return Card(shop.product_text(sold), {"card": sold})
        if kind == "page":
            page_offers.must_show(self._floor, conversation)
            address = self._pages.checked(name)
            return page_offers.offer(address, self._title_of(address, locale), agent.name, locale, self._clock())
        if kind == "prove":
            page_offers.must_show(self._floor, conversation)
            if not self._provable:
                raise ProofUnavailable()
            return Card(texts.say("prove_contact", locale, name=agent.name), {"card": {"kind": "prove"}})
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

    def _title_of(self, address: str, locale: str) -> str:
        """The question of the help page at this address; of other pages nothing is known."""
        article = self._knowledge.current.articles.get(address.rpartition("/")[2])
        is_ours = article is not None and address.startswith(f"{self._help_address}/")
        return article.question_in(locale) if article and is_ours and self.page_of(article, locale) else ""

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
        raise BadInput(_EXPECTED, field="card")
    kind, name = next(iter(wish.items()))
    longest = _LONGEST.get(kind)
    if longest is None or not isinstance(name, str) or not 0 < len(name) <= longest:
        raise BadInput(_EXPECTED, field="card")
    return kind, name


def _beginning(text: str) -> str:
    """The first lines, to its last whole word where words are parted by spaces."""
    line = " ".join(text.split())
    if len(line) <= EXCERPT_CHARS:
        return line
    cut = line[: EXCERPT_CHARS - 1]
    word, _, rest = cut.rpartition(" ")
    return f"{word if word and len(rest) < 20 else cut}…"
