"""Canned replies over HTTP: the ones an agent has, keeping them, and one filled in for a customer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff import blanks, canned_replies, conversations, customers, shapes, tickets
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.customers import Customers
from handoff.desk.wire import Route, body_of
from handoff.errors import BadInput
from handoff.floor import DESK_TOPIC, Live
from handoff.records import Agent, Conversation, Ticket


class CannedApi:
    """What agents do with canned replies."""

    def __init__(self, database: Database, shop_customers: Customers, live: Live, clock: Clock) -> None:
        self._database = database
        self._customers = shop_customers
        self._live = live
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        yield "/canned-replies", "GET", self._list
        yield "/canned-replies", "POST", self._add
        yield "/canned-replies/<reply_id:int>", "PUT", self._change
        yield "/canned-replies/<reply_id:int>", "DELETE", self._remove
        yield "/conversations/<conversation_id:str>/canned-replies/<reply_id:int>", "GET", self._filled

    async def _list(self, agent: Agent, request: Request) -> dict[str, Any]:
        shelf = await self._database.read(lambda c: canned_replies.of_agent(c, agent.id))
        return {"replies": [_shape(one, agent) for one in shelf.replies], "variables": blanks.NAMES}

    async def _add(self, agent: Agent, request: Request) -> dict[str, Any]:
        body, now = body_of(request), self._clock()
        is_shared = _is_shared(body.get("shared"))
        stored = await self._database.write(
            lambda c: canned_replies.add(c, agent, body.get("shortcut"), body.get("texts"), is_shared, now)
        )
        return self._told(stored, agent)

    async def _change(self, agent: Agent, request: Request, reply_id: int) -> dict[str, Any]:
        body, now = body_of(request), self._clock()
        stored = await self._database.write(
            lambda c: canned_replies.change(
                c, agent, reply_id, body.get("version"), body.get("shortcut"), body.get("texts"), now
            )
        )
        return self._told(stored, agent)

    async def _remove(self, agent: Agent, request: Request, reply_id: int) -> dict[str, Any]:
        await self._database.write(lambda c: canned_replies.remove(c, agent, reply_id))
        self._live.publish(DESK_TOPIC, {"kind": "canned_replies"})
        return {}

    async def _filled(self, agent: Agent, request: Request, conversation_id: str, reply_id: int) -> dict[str, Any]:
        """The reply in the customer's variant with what is known filled in; `missing` names what is not."""

        def work(connection: Connection) -> tuple[Conversation, Ticket | None, str, str]:
            conversation = conversations.find(connection, conversation_id)
            reply = canned_replies.find(connection, agent.id, reply_id)
            whole = canned_replies.of_agent(connection, agent.id).whole(reply, conversation.language)
            ticket = tickets.last_of(connection, conversation.id)
            return called_as_noted(connection, conversation), ticket, whole, reply.language_for(conversation.language)

        conversation, ticket, whole, language = await self._database.read(work)
        text = await filled(whole, conversation, ticket, agent, self._customers, language)
        return {"text": text, "language": language, "missing": blanks.left_in(text)}

    def _told(self, stored: canned_replies.CannedReply, agent: Agent) -> dict[str, Any]:
        self._live.publish(DESK_TOPIC, {"kind": "canned_replies"})
        return {"reply": _shape(stored, agent)}


def called_as_noted(connection: Connection, conversation: Conversation) -> Conversation:
    """The conversation with the name that people wrote down for its customer, where they did."""
    noted = customers.names_of(connection, [conversation]).get(conversation.id)
    return replace(conversation, customer_name=noted) if noted else conversation


async def filled(
    text: str, conversation: Conversation, ticket: Ticket | None, agent: Agent, shop_customers: Customers, language: str
) -> str:
    """The text with what is known of this conversation's customer in its blanks."""
    if not blanks.left_in(text):
        return text
    customer = await shop_customers.of(conversation, language)
    return blanks.fill(text, values_of(conversation, ticket, agent, customer))


def values_of(
    conversation: Conversation, ticket: Ticket | None, agent: Agent, customer: dict[str, Any]
) -> dict[str, str]:
    """What the blanks mean here. Of several orders it is the one spoken of; else the agent says which."""
    contact = (ticket.contact if ticket else None) or {}
    name = conversation.customer_name or (customer["profile"] or {}).get("name") or contact.get("name")
    values = {"customer.name": name, "agent.name": agent.name, "case.number": ticket.number if ticket else None}
    slots = (ticket.collected.get("slots") if ticket else None) or {}
    spoken_of = slots.get("order_number") or (conversation.proved_orders or [None])[-1]
    orders = customer["orders"]
    order = next((one for one in orders if one["number"] == spoken_of), None)
    if order is None and spoken_of is None and len(orders) == 1:
        order = orders[0]
    values["order.number"] = order["number"] if order else spoken_of
    if order is not None:
        values["order.status"] = order["status_label"]
        if len(order["parcels"]) == 1:
            values["parcel.number"] = order["parcels"][0]["tracking_number"]
            values["parcel.carrier"] = order["parcels"][0]["carrier"]
    return {key: " ".join(str(value).split()) for key, value in values.items() if value}


def _is_shared(value: object) -> bool:
    if value not in (True, False, None):
        raise BadInput("shared must be true or false.", field="shared")
    return value is True


def _shape(reply: canned_replies.CannedReply, agent: Agent) -> dict[str, Any]:
    return {
        "id": reply.id,
        "shortcut": reply.shortcut,
        "texts": dict(reply.texts),
        "shared": reply.owner_id is None,
        "may_change": reply.owner_id is not None or agent.may_take_over,
        "version": reply.version,
        "changed_by": reply.changed_by,
        "changed_at": shapes.iso(reply.changed_at),
    }
