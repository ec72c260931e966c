"""The customer panel over HTTP: reading it anew, editing with history, uniting two records and parting them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from faq_kb.masking import Masking
from handoff import conversations, customer_merges, customers, moving, routing, tags, tying
from handoff.clock import Clock
from handoff.customer_form import clean_line
from handoff.customers import Customer
from handoff.database import Database
from handoff.desk.customer_panel import CustomerPanel, link_id
from handoff.desk.customers import Customers
from handoff.desk.wire import Route, asker_locale, body_of, number_of
from handoff.errors import (
    BadInput,
    CustomerChanged,
    CustomerLocked,
    CustomersNotProved,
    NotAllowed,
    UnknownMerge,
)
from handoff.floor import DESK_TOPIC, Floor, Live
from handoff.models import Tier
from handoff.moving import Moving
from handoff.records import Agent, Conversation, Message

MAX_TAGS = 20
_LINES = {"name": 120, "phone": 30, "email": 200}
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{3,28}[0-9]")
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,}")

Work = Callable[[Connection, Conversation], None]


class CustomerApi:
    """What agents do with what is known of a customer."""

    def __init__(
        self,
        database: Database,
        customers_: Customers,
        panel: CustomerPanel,
        masking: Masking,
        live: Live,
        clock: Clock,
        moving_: Moving,
        floor: Floor,
    ) -> None:
        self._database = database
        self._customers = customers_
        self._panel = panel
        self._masking = masking
        self._live = live
        self._clock = clock
        self._floor = floor
        self._post = floor.post
        self._moving = moving_

    def routes(self) -> Iterable[Route]:
        one = "/conversations/<conversation_id:str>/customer"
        yield one, "GET", self._read
        yield one, "PUT", self._edit
        yield f"{one}/move", "POST", self._move
        yield f"{one}/history", "GET", self._history
        yield f"{one}/history/<change_id:int>/undo", "POST", self._undo
        yield f"{one}/merge", "POST", self._merge
        yield f"{one}/untie", "POST", self._untie
        yield f"{one}/merges/<merge_id:int>/undo", "POST", self._part

    async def of(self, conversation: Conversation, agent: Agent, locale: str) -> dict[str, Any]:
        """`customer` and `past` of a conversation, with the shop's part asked now."""
        panel = await self._database.read(lambda c: self._panel.of(c, conversation, agent, locale))
        shown = {**await self._customers.of(conversation, locale), **panel}
        shown["places"] = await self._places(conversation)
        worn = (shown["profile"] or {}).get("tags", [])
        shown["class"] = self._panel.class_shown(shown["record"], worn, locale)
        return {"past": shown.pop("past"), "customer": shown}

    async def _places(self, conversation: Conversation) -> list[dict[str, Any]]:
        """The customer's other channels, with the time in which each lets us write."""
        places = await self._database.read(lambda c: self._moving.places(c, conversation))
        return [
            {
                "id": one.id,
                "channel": one.channel,
                "shown": moving.shown(one.channel, one.sender),
                "window": await self._post.window(one.last.id) if one.last else None,
            }
            for one in places
        ]

    async def _move(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        """Go on with the customer at another of their places."""
        body = body_of(request)
        there = await self._moving.move(agent, conversation_id, body.get("to"), body.get("message"))
        return {"conversation": there.id}

    async def _read(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        conversation = await self._database.read(lambda c: conversations.find(c, conversation_id))
        return await self.of(conversation, agent, asker_locale(agent, request))

    async def _history(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        before, locale = number_of(request.args.get("before")) or None, asker_locale(agent, request)

        def work(connection: Connection) -> dict[str, Any]:
            conversation = conversations.find(connection, conversation_id)
            return self._panel.history(connection, conversation, before, agent, locale)

        return await self._database.read(work)

    async def _edit(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        body, now = body_of(request), self._clock()
        version, given = _version(body), body.get("values")
        if not isinstance(given, dict) or not given:
            raise BadInput("values must be an object with what is to be changed.", field="values")

        def work(connection: Connection, conversation: Conversation) -> None:
            record = self._unlocked(connection, conversation)
            # Before a tag is made for a change that is refused.
            wanted = {name: self._checked(name, value) for name, value in given.items() if name != "tags"}
            if "tags" in given:
                made = tags.known_or_made(connection, given["tags"] or [], MAX_TAGS, now)
                wanted["tags"] = [one.id for one in made]
            customers.edit(connection, record, version, wanted, agent, now)

        return await self._changed(agent, request, conversation_id, work)

    async def _undo(self, agent: Agent, request: Request, conversation_id: str, change_id: int) -> dict[str, Any]:
        version, now = _version(body_of(request)), self._clock()

        def work(connection: Connection, conversation: Conversation) -> None:
            record = self._unlocked(connection, conversation)
            field, value = customers.undo(connection, record, change_id)
            customers.edit(connection, record, version, {field: value}, agent, now, undoes=change_id)

        return await self._changed(agent, request, conversation_id, work)

    async def _merge(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        """Unite this customer's record with that of the customer in the conversation `with`, as both were read."""
        if not agent.may_take_over:
            raise NotAllowed("Only supervisors unite the records of customers.")
        body, now = body_of(request), self._clock()
        version, other_version, other = _version(body), _version(body, "other_version"), body.get("with")
        if not isinstance(other, str):
            raise BadInput("with must be the id of a conversation.", field="with")

        def work(connection: Connection, conversation: Conversation) -> None:
            record = self._unlocked(connection, conversation)
            gone = self._panel.record_of(connection, conversations.find(connection, other))
            if conversation.tier is not Tier.IDENTITY:
                raise CustomersNotProved("Nobody has signed in at the shop in this conversation.", reason="unproved")
            for one, read in ((record, version), (gone, other_version)):
                if one.version != read:
                    raise CustomerChanged(by=one.changed_by, version=one.version, fields=[])
            customer_merges.unite(connection, record, gone, agent, now)

        return await self._changed(agent, request, conversation_id, work)

    async def _part(self, agent: Agent, request: Request, conversation_id: str, merge_id: int) -> dict[str, Any]:
        if not agent.may_take_over:
            raise NotAllowed("Only supervisors part the records of customers.")
        now = self._clock()

        def work(connection: Connection, conversation: Conversation) -> None:
            record = self._unlocked(connection, conversation)
            known = customer_merges.standing(connection, customers.united_in(connection, record))
            if merge_id not in [one.id for one in known]:
                raise UnknownMerge()
            customer_merges.part(connection, merge_id, agent, now)

        return await self._changed(agent, request, conversation_id, work)

    async def _untie(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        """End an account link of the customer's; they are told where it was."""
        if not agent.answers_customers:
            raise NotAllowed()
        wanted, now = body_of(request).get("link"), self._clock()
        told: list[tuple[Conversation, Message]] = []

        def work(connection: Connection, conversation: Conversation) -> None:
            self._unlocked(connection, conversation)
            links = self._panel.links(connection, conversation)
            found = next(((sender, account) for sender, account in links if link_id(sender, account) == wanted), None)
            if found is None:
                raise BadInput("link must be the id of one of the customer's account links.", field="link")
            tying.untie(connection, *found, agent, now)
            there = conversations.open_one(connection, *found[0])
            told.clear()
            if there is not None:
                line = self._floor.system_line(connection, there, "account_untied_by", now, name=agent.name)
                told.append((there, line))

        shown = await self._changed(agent, request, conversation_id, work)
        for there, line in told:
            await self._floor.tell_and_deliver(there, [line])
        return shown

    async def _changed(self, agent: Agent, request: Request, conversation_id: str, work: Work) -> dict[str, Any]:
        """Do it in one transaction, tell the desk, and answer with the panel as it is now."""

        def change(connection: Connection) -> tuple[Conversation, Customer, list[str], bool]:
            conversation = conversations.find(connection, conversation_id)
            work(connection, conversation)
            record = self._panel.record_of(connection, conversation)
            found = (conversations.open_one(connection, *sender) for sender in record.senders)
            standing = [one for one in found if one is not None]
            moved = [self._has_place_of_class(connection, one) for one in standing]
            return conversation, record, [one.id for one in standing], any(moved)

        conversation, record, named, has_moved = await self._database.write(change)
        if has_moved:
            self._live.publish(DESK_TOPIC, {"kind": "inbox"})
        # Lists call customers by the name that was written down.
        for one in named:
            self._live.publish(DESK_TOPIC, {"kind": "row", "conversation": one})
        self._live.publish(
            DESK_TOPIC,
            {"kind": "customer", "conversation": conversation_id, "record": record.id, "version": record.version},
        )
        return await self.of(conversation, agent, asker_locale(agent, request))

    def _has_place_of_class(self, connection: Connection, conversation: Conversation) -> bool:
        """Let the customer who waits have the place of the class that people gave them; whether it moves."""
        given = self._panel.form.current.class_of(customers.class_given(connection, conversation))
        return routing.reconsider(connection, conversation.id, given.shop_tags if given else ())

    def _unlocked(self, connection: Connection, conversation: Conversation) -> Customer:
        record = self._panel.record_of(connection, conversation)
        if customers.is_shut(len(record.senders), conversation):
            raise CustomerLocked()
        return record

    def _checked(self, name: object, value: object) -> Any:
        """A value as it is kept; None and an empty text empty the field. Raises BadInput or TextTooLong."""
        name = str(name)
        if name in _LINES:
            return self._line(name, value)
        form = self._panel.form.current
        if name == "class":
            if value in (None, ""):
                return None
            if form.class_of(value if isinstance(value, str) else None) is None:
                raise BadInput(f"class must be one of {', '.join(one.id for one in form.classes)}.", field="class")
            return value
        field = form.field(name.removeprefix("field.")) if name.startswith("field.") else None
        if field is None:
            raise BadInput(f"There is no field {name[:60]!r}.", field=name[:60])
        try:
            kept = None if value is None else field.checked(value)
        except BadInput as exc:
            exc.details["field"] = name
            raise
        return self._masking.hide(kept) if isinstance(kept, str) else kept

    def _line(self, name: str, value: object) -> str | None:
        line = None if value is None else clean_line(value, name, _LINES[name])
        if line is not None and name == "phone" and not _PHONE.fullmatch(line):
            raise BadInput("This does not look like a phone number.", field="phone")
        if line is not None and name == "email" and not _EMAIL.fullmatch(line):
            raise BadInput("This does not look like an e-mail address.", field="email")
        return self._masking.hide(line) if line else None


def _version(body: dict[str, Any], name: str = "version") -> int:
    version = body.get(name)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < 2**31:
        raise BadInput(f"{name} must be the number that came with the customer.", field=name)
    return version
