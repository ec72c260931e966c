"""The desk's HTTP API. Every route asks who is signed in first; every change asks for the page's CSRF token as well."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

import shop
from faq_kb import KnowledgeFollower
from handoff.attachment_store import AttachmentStore
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.answers import AnswersApi
from handoff.desk.briefs import Briefs
from handoff.desk.canned_api import CannedApi
from handoff.desk.cards import Cards
from handoff.desk.choices_api import ChoicesApi
from handoff.desk.conversation import ConversationApi
from handoff.desk.customer_api import CustomerApi
from handoff.desk.customer_panel import CustomerPanel
from handoff.desk.customers import Customers
from handoff.desk.inbox import InboxApi
from handoff.desk.passing_api import PassingApi
from handoff.desk.products import Products
from handoff.desk.sessions import Sessions
from handoff.desk.signing_in import SigningIn
from handoff.desk.suggestions_api import SuggestionsApi
from handoff.desk.tags_api import TagsApi
from handoff.desk.templates_api import TemplatesApi
from handoff.desk.wire import Handler, Part
from handoff.floor import Floor, Live
from handoff.learning import Learning
from handoff.message_templates import TemplatesFile
from handoff.moving import Moving
from handoff.passing import Passing
from handoff.records import Agent


class Desk:
    """What agents may ask for and do, one part for each noun."""

    def __init__(
        self,
        database: Database,
        floor: Floor,
        live: Live,
        sessions: Sessions,
        knowledge: KnowledgeFollower,
        orders: shop.Shop,
        learning: Learning,
        templates: TemplatesFile,
        store: AttachmentStore,
        clock: Clock,
        site: str = "",
        help_address: str = "/help",
        origins: Collection[str] = (),
        provable: Collection[str] = (),
    ) -> None:
        self._sessions = sessions
        self._floor = floor
        self._signing_in = SigningIn(database, live, sessions)
        self.passing = Passing(floor)
        customers = Customers(orders, clock)
        panel = CustomerPanel(floor, provable, clock)
        customer = CustomerApi(database, customers, panel, floor.masking, live, clock, Moving(floor, store), floor)
        products = Products(orders, site)
        cards = Cards(knowledge, customers, products, floor, clock, site, help_address, origins, provable)
        approved = TemplatesApi(database, floor, customers, templates)
        self.parts: list[Part] = [
            InboxApi(database, floor, self._teams_of, clock),
            ConversationApi(database, floor, customer, Briefs(knowledge, clock), cards, approved, clock),
            customer,
            approved,
            products,
            PassingApi(database, self.passing, self._teams),
            TagsApi(database, live, clock),
            ChoicesApi(database, clock),
            CannedApi(database, customers, live, clock),
            SuggestionsApi(database, knowledge, customers, site),
            AnswersApi(database, knowledge, learning, cards, clock, site),
        ]

    def blueprint(self, more: Sequence[Part] = ()) -> Blueprint:
        """The API under /desk/api, with the parts that others bring."""
        routes = Blueprint("desk_api", url_prefix="/desk/api")
        self._signing_in.add_to(routes)
        for part in (*self.parts, *more):
            for path, method, handler in part.routes():
                name = f"{type(part).__name__}_{handler.__name__.strip('_')}_{method.lower()}"
                routes.add_route(self._for_agents(handler), path, methods=[method], name=name)
        return routes

    def _for_agents(self, handler: Handler) -> Handler:
        async def handle(request: Request, **arguments: str | int) -> HTTPResponse:
            agent = await self._sessions.agent_of(request)
            return json(await handler(agent, request, **arguments), ensure_ascii=False)

        return handle

    def _teams(self) -> list[str]:
        return list(self._floor.teams.current.by_id)

    def _teams_of(self, agent: Agent) -> list[str]:
        """Whose tickets are this agent's business; who is in no team is in all of them."""
        return list(agent.teams) or self._teams()
