"""The desk's HTTP API. Every route asks who is signed in first; every change asks for the page's CSRF token as well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from typing import Any, TypeGuard
from urllib.parse import quote, urlencode

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sqlalchemy.engine import Connection

import shop
from faq_kb import KnowledgeFollower, markup
from handoff import agents, conversations, deliveries, shapes, texts, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.promises import promised_until
from handoff.desk.sessions import COOKIE, Sessions
from handoff.errors import BadInput
from handoff.floor import DESK_TOPIC, Floor, Live, customer_topic
from handoff.learning import Learning, faq_of
from handoff.models import Status
from handoff.plain import is_plain, plain
from handoff.records import Agent, Conversation, Message, Ticket

log = logging.getLogger(__name__)

MAX_CLIENT_ID = 80
MAX_QUERY = 100
MAX_ARTICLE_ID = 80
Handler = Callable[..., Awaitable[Any]]


class Desk:
    """What agents may ask for and do."""

    def __init__(
        self,
        database: Database,
        floor: Floor,
        live: Live,
        sessions: Sessions,
        knowledge: KnowledgeFollower,
        orders: shop.Shop,
        learning: Learning,
        clock: Clock,
        site: str = "",
    ) -> None:
        self._database = database
        self._floor = floor
        self._live = live
        self._sessions = sessions
        self._knowledge = knowledge
        self._orders = orders
        self._learning = learning
        self._clock = clock
        self._site = site  # goes before the paths in articles

    def blueprint(self) -> Blueprint:
        """The API under /desk/api."""
        routes = Blueprint("desk_api", url_prefix="/desk/api")
        for path, method, opening in (
            ("/login", "POST", self._log_in),
            ("/me", "GET", self._me),
            ("/logout", "POST", self._log_out),
        ):
            routes.add_route(_plain(opening), path, methods=[method], name=path.strip("/"))
        routes.add_route(_plain(self._language), "/language", methods=["PUT"], name="language_put")
        for path, method, handler in (
            ("/inbox", "GET", self._inbox),
            ("/conversations", "GET", self._conversations),
            ("/conversations/<conversation_id:str>", "GET", self._conversation),
            ("/conversations/<conversation_id:str>/messages", "GET", self._messages),
            ("/conversations/<conversation_id:str>/messages", "POST", self._say),
            ("/conversations/<conversation_id:str>/close", "POST", self._close),
            ("/conversations/<conversation_id:str>/release", "POST", self._release),
            ("/conversations/<conversation_id:str>/handback", "POST", self._hand_back),
            ("/conversations/<conversation_id:str>/takeover", "POST", self._take_over),
            ("/conversations/<conversation_id:str>/typing", "POST", self._typing),
            ("/tickets/next/claim", "POST", self._claim_next),
            ("/tickets/<number:str>/claim", "POST", self._claim),
            ("/messages/<message_id:int>/wrong-answer", "POST", self._wrong_answer),
            ("/messages/<message_id:int>/send-again", "POST", self._send_again),
            ("/faq", "GET", self._faq),
        ):
            name = f"{handler.__name__.strip('_')}_{method.lower()}"
            routes.add_route(self._for_agents(handler), path, methods=[method], name=name)
        return routes

    def _for_agents(self, handler: Handler) -> Handler:
        async def handle(request: Request, **arguments: str | int) -> HTTPResponse:
            agent = await self._sessions.agent_of(request)
            return json(await handler(agent, request, **arguments), ensure_ascii=False)

        return handle

    # -- signing in --------------------------------------------------------------------------------------------

    async def _log_in(self, request: Request) -> HTTPResponse:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            # A form on another site can send any other kind, and would sign our agent in as somebody else.
            raise BadInput("Expected a body of type application/json.")
        body = _body(request)
        login, password = body.get("login"), body.get("password")
        if not _is_credential(login) or not _is_credential(password) or len(login) > 80:
            raise BadInput("login and password must be text.")
        agent, token, csrf = await self._sessions.sign_in(request, login, password)
        log.info("Agent signed in", extra={"event": "agent_signed_in", "agent_id": agent.id})
        self._live.publish(DESK_TOPIC, {"kind": "inbox"})
        response = json({"agent": shapes.agent(agent), "csrf": csrf}, ensure_ascii=False)
        return self._sessions.put_cookie(response, token)

    async def _me(self, request: Request) -> HTTPResponse:
        agent, csrf = await self._sessions.session_of(request)
        return json({"agent": shapes.agent(agent), "csrf": csrf}, ensure_ascii=False)

    async def _log_out(self, request: Request) -> HTTPResponse:
        await self._sessions.sign_out(request)
        self._live.publish(DESK_TOPIC, {"kind": "signed_out"})
        response = json({})
        response.cookies[COOKIE] = ""
        response.cookies[COOKIE]["max-age"] = 0
        response.cookies[COOKIE]["path"] = "/"
        return response

    async def _language(self, request: Request) -> HTTPResponse:
        agent = await self._sessions.member_of(request)
        wanted = _body(request).get("language")
        if wanted not in texts.LOCALES:
            raise BadInput(f"language must be one of {', '.join(texts.LOCALES)}.", field="language")
        await self._database.write(lambda c: agents.set_language(c, agent.id, str(wanted)))
        return json({})

    # -- reading -----------------------------------------------------------------------------------------------

    async def _inbox(self, agent: Agent, request: Request) -> dict[str, Any]:
        now = self._clock()
        problems = self._floor.post.problems() if agent.may_take_over else []

        def work(connection: Connection) -> dict[str, Any]:
            waiting = tickets.queue(connection)
            mine = conversations.of_agent(connection, agent.id)
            return {
                "queue": _queue_rows(connection, waiting, now),
                "mine": [_row(connection, one) for one in mine],
                "others": [_row(connection, one) for one in conversations.of_other_agents(connection, agent.id)],
                "counts": {"waiting": tickets.count_waiting(connection), "mine": len(mine)},
                "channels_left_out": problems,
            }

        return await self._database.read(work)

    async def _conversations(self, agent: Agent, request: Request) -> dict[str, Any]:
        view = request.args.get("view") or "all"
        if view not in ("closed", "all", "bot"):
            raise BadInput("view must be closed, bot or all.", field="view")
        before, words = _moment(request.args.get("before")), _words(request)

        def work(connection: Connection) -> list[dict[str, Any]]:
            return [_row(connection, one) for one in conversations.listing(connection, view, before, words)]

        return {"conversations": await self._database.read(work)}

    async def _conversation(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        now = self._clock()

        def work(connection: Connection) -> tuple[Conversation, dict[str, Any]]:
            conversation = conversations.find(connection, conversation_id)
            lines = transcript.latest_of_conversation(connection, conversation_id)
            past = conversations.past_of(connection, conversation)
            return conversation, {
                "conversation": _row(connection, conversation),
                "ticket": _ticket(connection, conversation, now),
                "messages": _lines(connection, lines),
                "cursor": lines[-1].id if lines else 0,
                "more_before": bool(lines) and lines[0].seq > 1,
                "past": [_row(connection, one) for one in past],
            }

        conversation, answer = await self._database.read(work)
        answer["window"] = await self._floor.post.window(conversation_id)
        answer["customer"] = await self._customer(conversation, request.args.get("locale") or agent.language)
        return answer

    async def _messages(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        after, before = _number(request.args.get("after")), _number(request.args.get("before"))

        def work(connection: Connection) -> tuple[list[Message], list[dict[str, Any]]]:
            conversations.find(connection, conversation_id)
            if before:
                lines = transcript.earlier_of_conversation(connection, conversation_id, before)
            else:
                lines = transcript.of_conversation(connection, conversation_id, after)
            return lines, _lines(connection, lines)

        lines, shown = await self._database.read(work)
        return {
            "messages": shown,
            "cursor": lines[-1].id if lines else after,
            "more_before": bool(lines) and lines[0].seq > 1,
        }

    async def _faq(self, agent: Agent, request: Request) -> dict[str, Any]:
        words = _words(request)
        locale = request.args.get("locale") or agent.language
        if locale not in texts.LOCALES:
            raise BadInput(f"locale must be one of {', '.join(texts.LOCALES)}.", field="locale")
        base = self._knowledge.current
        hits = base.search(words, limit=8) if words else []
        found = [(base.articles[hit.article_id], hit.score) for hit in hits if hit.article_id in base.articles]
        return {
            "articles": [
                {
                    "id": article.id,
                    "question": article.question_in(locale),
                    "answer": article.answer_in(locale),
                    # What an agent sends is a message like any other, and nobody shows its markup.
                    "plain": markup.plain(article.answer_in(locale), self._site),
                    "score": round(score, 3),
                }
                for article, score in found
            ]
        }

    # -- doing -------------------------------------------------------------------------------------------------

    async def _claim(self, agent: Agent, request: Request, number: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.claim(agent, number))

    async def _claim_next(self, agent: Agent, request: Request) -> dict[str, Any]:
        taken = await self._floor.claim_next(agent)
        return await self._row_of(taken) if taken else {"conversation": None}

    async def _say(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        body = _body(request)
        text, client_id = body.get("text"), body.get("client_id")
        if not isinstance(text, str):
            raise BadInput("text must be text.", field="text")
        if client_id is not None and not _is_client_id(client_id):
            raise BadInput("client_id must be a short text.", field="client_id")
        due = promised_until(body.get("promise"))
        note = body.get("note") is True
        said = await self._floor.say(agent, conversation_id, text, client_id, note=note, promise_due=due)
        return {"message": shapes.for_desk(said)}

    async def _send_again(self, agent: Agent, request: Request, message_id: int) -> dict[str, Any]:
        said, standing = await self._floor.send_again(agent, message_id)
        return {"message": shapes.for_desk(said, standing)}

    async def _close(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.close(agent, conversation_id, _body(request).get("wrap_up")))

    async def _release(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.release(agent, conversation_id))

    async def _hand_back(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.hand_back(agent, conversation_id))

    async def _take_over(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.take_over(agent, conversation_id))

    async def _typing(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        conversation = await self._database.read(lambda c: conversations.find(c, conversation_id))
        if conversation.status is Status.AGENT and conversation.agent_id == agent.id:
            event = {
                "kind": "typing",
                "author": "agent",
                "name": agent.name,
                "typing": _body(request).get("typing") is True,
            }
            self._live.publish(customer_topic(conversation.channel, conversation.sender), event)
        return {}

    async def _wrong_answer(self, agent: Agent, request: Request, message_id: int) -> dict[str, Any]:
        """Keep the question that got a wrong answer; who may edit articles is shown the way to this one."""
        body = _body(request)
        kind, article = body.get("as"), body.get("article")
        if kind not in ("asked_as", "not_asked_as"):
            raise BadInput("as must be asked_as or not_asked_as.", field="as")
        if article is not None and not (isinstance(article, str) and 0 < len(article) <= MAX_ARTICLE_ID):
            raise BadInput("article must be the id of an article.", field="article")

        def work(connection: Connection) -> tuple[str, str]:
            answer = transcript.one(connection, message_id)
            if answer is None or not faq_of(answer):
                raise BadInput("Only an answer from an article can be wrong.")
            conversation = conversations.find(connection, answer.conversation_id)
            question = self._learning.wrong(connection, conversation, answer, self._clock())
            return question or "", str(faq_of(answer)["id"])

        question, given = await self._database.write(work)
        log.info("An answer was called wrong", extra={"event": "wrong_answer", "message_id": message_id})
        link = f"/faq#/articles/{quote(article or given, safe='')}?{urlencode({'ask': question, 'as': kind})}"
        return {"question": question, "link": link if agent.edits_articles else None}

    # -- the parts ---------------------------------------------------------------------------------------------

    async def _row_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"conversation": await self._database.read(lambda c: _row(c, conversation))}

    async def _customer(self, conversation: Conversation, locale: str) -> dict[str, Any]:
        """What the shop knows of this customer: by signed identity, or by the orders they proved."""
        locale = locale if locale in texts.LOCALES else "en"
        try:
            profile, orders = await asyncio.get_running_loop().run_in_executor(
                None, self._look_up, conversation, locale
            )
            problem = None
        except shop.ShopUnavailable:
            profile, orders, problem = None, [], "shop_unavailable"
        return {"tier": conversation.tier.value, "profile": profile, "orders": orders, "problem": problem}

    def _look_up(self, conversation: Conversation, locale: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        now = self._clock()
        customer_id = conversation.customer_id
        if customer_id is None and conversation.proved_orders:
            proved = self._orders.order(conversation.proved_orders[-1])
            customer_id = proved.customer_id if proved else None
        customer = self._orders.customer(customer_id) if customer_id else None
        if customer is None:
            return None, []
        orders = self._orders.orders_of(customer.id, 5)
        cards = [shop.order_card(one, self._orders.parcels_of(one.number), locale, now) for one in orders]
        return {
            "name": customer.name,
            "phone": customer.phone,
            "email": customer.email,
            "locale": customer.locale,
            "region": customer.region,
            "tags": list(customer.tags),
            "since": customer.since.isoformat(),
            "points": customer.points,
        }, cards


def _plain(handler: Handler) -> Handler:
    """A function for Sanic, which cannot mark a bound method as its own."""

    async def handle(request: Request) -> HTTPResponse:
        answer: HTTPResponse = await handler(request)
        return answer

    return handle


def _queue_rows(connection: Connection, waiting: list[Ticket], now: datetime) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for ticket in waiting:
        live = ticket.kind.value == "live"
        places[ticket.team] = places.get(ticket.team, 0) + live
        conversation = conversations.find(connection, ticket.conversation_id)
        rows.append(shapes.ticket_row(ticket, conversation, places[ticket.team] if live else None, now))
    return rows


def _row(connection: Connection, conversation: Conversation) -> dict[str, Any]:
    return shapes.conversation_row(
        conversation,
        agents.by_id(connection, conversation.agent_id),
        tickets.last_of(connection, conversation.id),
    )


def _lines(connection: Connection, lines: list[Message]) -> list[dict[str, Any]]:
    standing = deliveries.standing_of(connection, [line.id for line in lines])
    return [shapes.for_desk(line, standing.get(line.id)) for line in lines]


def _ticket(connection: Connection, conversation: Conversation, now: datetime) -> dict[str, Any] | None:
    ticket = tickets.last_of(connection, conversation.id)
    if ticket is None:
        return None
    holder = agents.by_id(connection, ticket.claimed_by)
    position = tickets.position(connection, ticket)
    return shapes.ticket_whole(ticket, conversation, position, now, holder.name if holder else None)


def _body(request: Request) -> dict[str, Any]:
    body = request.json if request.body else {}
    if not isinstance(body, dict):
        raise BadInput("Expected a JSON object.")
    return body


def _words(request: Request) -> str:
    return plain(request.args.get("q") or "")[:MAX_QUERY].strip()


def _is_client_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_CLIENT_ID and is_plain(value)


def _is_credential(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_plain(value)


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else 0


def _moment(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00").replace(" ", "+"))
        # The first and the last hours of the calendar have no UTC.
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError) as exc:
        raise BadInput("before must be a time such as 2026-01-31T09:00:00+00:00.", field="before") from exc
