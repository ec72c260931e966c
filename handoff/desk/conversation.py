"""One conversation at the desk: reading it, speaking in it, and giving it on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff import attachments, conversations, guests, shapes, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk import rows
from handoff.desk.briefs import Briefs
from handoff.desk.cards import Cards
from handoff.desk.customer_api import CustomerApi
from handoff.desk.promises import promised_until
from handoff.desk.rows import conversation_row, ticket_of
from handoff.desk.templates_api import TemplatesApi
from handoff.desk.wire import Route, asker_locale, body_of, is_client_id, number_of
from handoff.errors import BadInput
from handoff.floor import Floor, customer_topic
from handoff.models import Status
from handoff.records import Agent, Card, Conversation, Message


class ConversationApi:
    """What an agent sees of a conversation and does with it."""

    def __init__(
        self,
        database: Database,
        floor: Floor,
        customer: CustomerApi,
        briefs: Briefs,
        cards: Cards,
        templates: TemplatesApi,
        clock: Clock,
    ) -> None:
        self._database = database
        self._floor = floor
        self._customer = customer
        self._briefs = briefs
        self._cards = cards
        self._templates = templates
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        one = "/conversations/<conversation_id:str>"
        yield one, "GET", self._conversation
        yield f"{one}/window", "GET", self._window
        yield f"{one}/messages", "GET", self._messages
        yield f"{one}/messages", "POST", self._say
        yield f"{one}/close", "POST", self._close
        yield f"{one}/release", "POST", self._release
        yield f"{one}/handback", "POST", self._hand_back
        yield f"{one}/takeover", "POST", self._take_over
        yield f"{one}/typing", "POST", self._typing
        yield "/messages/<message_id:int>/send-again", "POST", self._send_again
        yield "/tickets/next/claim", "POST", self._claim_next
        yield "/tickets/<number:str>/claim", "POST", self._claim

    # -- reading -----------------------------------------------------------------------------------------------

    async def _conversation(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        now, locale = self._clock(), asker_locale(agent, request)

        def work(connection: Connection) -> tuple[Conversation, dict[str, Any]]:
            conversation = conversations.find(connection, conversation_id)
            lines = transcript.latest_of_conversation(connection, conversation_id)
            return conversation, {
                "conversation": conversation_row(connection, conversation),
                "ticket": ticket_of(connection, conversation, now),
                "messages": rows.lines(connection, lines),
                "cursor": lines[-1].id if lines else 0,
                "more_before": bool(lines) and lines[0].seq > 1,
                "brief": self._briefs.of(connection, conversation, lines, locale),
            }

        conversation, answer = await self._database.read(work)
        answer["window"] = await self._floor.post.window(conversation_id)
        limits = self._floor.file_limits(conversation)
        answer["takes_files"] = limits is None or bool(limits)
        answer["file_limits"] = limits
        answer["file_link_days"] = self._floor.post.file_link_days(conversation.channel)
        answer.update(await self._customer.of(conversation, agent, locale))
        return answer

    async def _window(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        """It moves with every message of the customer, and of ours where they are counted."""
        return {"window": await self._floor.post.window(conversation_id)}

    async def _messages(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        after, before = number_of(request.args.get("after")), number_of(request.args.get("before"))

        def work(connection: Connection) -> tuple[list[Message], list[dict[str, Any]]]:
            conversations.find(connection, conversation_id)
            if before:
                lines = transcript.earlier_of_conversation(connection, conversation_id, before)
            else:
                lines = transcript.of_conversation(connection, conversation_id, after)
            return lines, rows.lines(connection, lines)

        lines, shown = await self._database.read(work)
        return {
            "messages": shown,
            "cursor": lines[-1].id if lines else after,
            "more_before": bool(lines) and lines[0].seq > 1,
        }

    # -- doing -------------------------------------------------------------------------------------------------

    async def _claim(self, agent: Agent, request: Request, number: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.claim(agent, number))

    async def _claim_next(self, agent: Agent, request: Request) -> dict[str, Any]:
        taken = await self._floor.claim_next(agent)
        return await self._row_of(taken) if taken else {"conversation": None}

    async def _say(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        body = body_of(request)
        wish, template, client_id = body.get("card"), body.get("template"), body.get("client_id")
        stands_alone = wish is not None or template is not None
        text = body.get("text", "" if stands_alone else None)
        if not isinstance(text, str):
            raise BadInput("text must be text.", field="text")
        if client_id is not None and not is_client_id(client_id):
            raise BadInput("client_id must be a short text.", field="client_id")
        due, note = promised_until(body.get("promise")), body.get("note") is True
        files = attachments.checked_ids(body.get("attachments"))
        shown = None
        if stands_alone:
            if note or text or files or None not in (wish, template):
                raise BadInput("A card or a template stands alone: no text, note or attachments beside it.")
            card = await self._card(agent, conversation_id, wish, template)
            text, shown = card.text, card.body
        said = await self._floor.say(
            agent, conversation_id, text, client_id, note=note, promise_due=due, files=files, shown=shown
        )
        return {"message": shapes.for_desk(said)}

    async def _card(self, agent: Agent, conversation_id: str, wish: object, template: object) -> Card:
        conversation = await self._database.read(lambda c: conversations.find(c, conversation_id))
        if template is not None:
            return self._templates.made(conversation, template)
        return await self._cards.made(agent, conversation, wish)

    async def _send_again(self, agent: Agent, request: Request, message_id: int) -> dict[str, Any]:
        said, standing = await self._floor.send_again(agent, message_id)
        return {"message": shapes.for_desk(said, standing)}

    async def _close(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.close(agent, conversation_id, body_of(request).get("wrap_up")))

    async def _release(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.release(agent, conversation_id))

    async def _hand_back(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.hand_back(agent, conversation_id))

    async def _take_over(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        return await self._row_of(await self._floor.take_over(agent, conversation_id))

    async def _typing(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        def look(connection: Connection) -> tuple[Conversation, bool]:
            found = conversations.find(connection, conversation_id)
            return found, guests.is_guest(connection, found, agent.id)

        conversation, is_guest = await self._database.read(look)
        if conversation.status is Status.AGENT and (conversation.agent_id == agent.id or is_guest):
            is_typing = body_of(request).get("typing") is True
            event = {"kind": "typing", "author": "agent", "name": agent.name, "typing": is_typing}
            if is_typing:
                self._floor.post.typing(conversation, is_person=True)
            self._floor.live.publish(customer_topic(conversation.channel, conversation.sender), event)
        return {}

    async def _row_of(self, conversation: Conversation) -> dict[str, Any]:
        return {"conversation": await self._database.read(lambda c: conversation_row(c, conversation))}
