"""The customer panel: who this is and how surely we know it, what was written down about them, when they were here.

The shop's own part is `customers.py` of this folder. A record that several channels share opens only where the customer
has proved who they are: an agent must not tell the next person at the same browser what another wrote elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from handoff import contact_proofs, conversations, customer_merges, customers, shapes, tags, transcript, wrap_ups
from handoff.clock import Clock
from handoff.contact_proofs import ACCOUNT, Token
from handoff.customer_form import CustomerForm, CustomField, FieldType
from handoff.customers import ABOUT_RECORD, Change, Customer, Sender
from handoff.desk.rows import conversation_rows
from handoff.floor import Floor
from handoff.models import SURE, Status, Tier
from handoff.records import Agent, Conversation
from handoff.texts import FALLBACKS, LOCALES

TOPIC_CHARS = 120


class CustomerPanel:
    """Reads the panel's own part, as JSON."""

    def __init__(self, floor: Floor, provable: Collection[str], clock: Clock) -> None:
        self.form = floor.form
        self._wraps = floor.wrap_ups
        self._post = floor.post
        self._provable = provable  # the kinds of contact that codes can be sent to
        self._clock = clock

    def record_of(self, connection: Connection, conversation: Conversation) -> Customer:
        """What is written down about whoever writes here."""
        return customers.of(connection, (conversation.channel, conversation.sender))

    def of(self, connection: Connection, conversation: Conversation, agent: Agent, locale: str) -> dict[str, Any]:
        """The record, the proof, what can be united with it, and earlier conversations."""
        record = self.record_of(connection, conversation)
        locked = customers.is_shut(len(record.senders), conversation)
        # Whoever signed in here before is not always who writes now, and a proposal tells what the other record says.
        may_propose = not locked and conversation.tier is Tier.IDENTITY
        proposed = customer_merges.proposed(connection, record) if may_propose else []
        all_past = conversations.past_of(connection, conversation, () if locked else record.senders)
        # What a customer said after proving who they are is theirs alone, not of whoever sits at the same browser now.
        past = [one for one in all_past if conversation.tier in SURE or one.tier not in SURE]
        return {
            "proof": self._proof(connection, conversation),
            "record": self._record(connection, record, locked, agent, locale),
            "proposed": [self._proposal(connection, one, locale) for one in proposed],
            "past": self._past(connection, past, locale),
            "past_hidden": len(all_past) - len(past),
        }

    def history(
        self, connection: Connection, conversation: Conversation, before: int | None, agent: Agent, locale: str
    ) -> dict[str, Any]:
        """Who changed what, the latest first, and which records were united."""
        record = self.record_of(connection, conversation)
        if record.id is None or customers.is_shut(len(record.senders), conversation):
            return {"changes": [], "merges": []}
        ids = customers.united_in(connection, record)
        found = customers.history(connection, ids, before)
        names = _tag_names(connection, [value for one in found for value in (one.before, one.after)])
        return {
            "changes": [self._change(one, record, names, locale) for one in found],
            "merges": [
                {
                    "id": one.id,
                    "at": one.at.isoformat(),
                    "by": one.by,
                    "account": one.account,
                    "channels": sorted({str(sender[0]) for sender in one.senders}),
                    "may_undo": agent.may_take_over,
                }
                for one in customer_merges.standing(connection, ids)
            ],
        }

    def class_shown(self, record: Mapping[str, Any], shop_tags: Sequence[str], locale: str) -> dict[str, Any] | None:
        """The class that people gave, else the one that the shop's tags mean."""
        form = self.form.current
        given = form.class_of(record["values"].get("class")) if not record["locked"] else None
        found = given or form.class_by_shop(shop_tags)
        if found is None:
            return None
        source = "team" if given else "shop"
        return {"id": found.id, "name": in_locale(found.names, locale), "colour": found.colour, "source": source}

    # -- parts -------------------------------------------------------------------------------------------------

    def _proof(self, connection: Connection, conversation: Conversation) -> dict[str, Any]:
        """What was proved, with what, and whether the shop's signature still holds."""
        is_open, until = conversation.status is not Status.CLOSED, conversation.identity_until
        signed = conversation.tier is Tier.IDENTITY
        return {
            "tier": conversation.tier.value,
            "account": conversation.customer_id if signed else None,
            "until": shapes.iso(until) if signed else None,
            "is_over": bool(signed and is_open and until is not None and until <= self._clock()),
            "orders": list(conversation.proved_orders),
            "contacts": [
                {"kind": one.kind, "value": one.value}
                for one in self._contacts(connection, conversation)
                if one.kind != ACCOUNT
            ],
            "links": [
                {"id": link_id(sender, account), "account": account, "channel": sender[0]}
                for sender, account in self.links(connection, conversation)
            ],
            "may_ask": self._may_ask(conversation),
        }

    def links(self, connection: Connection, conversation: Conversation) -> list[tuple[Sender, str]]:
        """What account links tied of this customer: a sender, and an account at the shop."""
        own = (conversation.channel, conversation.sender)
        senders = self.record_of(connection, conversation).senders if conversation.tier in SURE else [own]
        return contact_proofs.accounts_linked(connection, senders)

    def _contacts(self, connection: Connection, conversation: Conversation) -> list[Token]:
        """What was proved by codes: here, and where the customer is known for sure in the places of their record."""
        own = (conversation.channel, conversation.sender)
        if conversation.tier not in SURE:
            return []
        proved = contact_proofs.of(connection, self.record_of(connection, conversation).senders or [own])
        return list(dict.fromkeys(token for _, token in proved))

    def _may_ask(self, conversation: Conversation) -> bool:
        """Whether the customer can be asked for a code: it is typed into the widget."""
        is_here = self._post.pulled_by_customer(conversation.channel) and conversation.status is not Status.CLOSED
        return is_here and bool(self._provable) and conversation.tier not in SURE

    def _record(
        self, connection: Connection, record: Customer, locked: bool, agent: Agent, locale: str
    ) -> dict[str, Any]:
        form = self.form.current
        facts = {} if locked else record.facts
        worn = tags.by_ids(connection, facts.get("tags", []))
        values = {name: facts.get(name) for name in ("name", "phone", "email", "class")}
        return {
            "id": record.id,
            "version": record.version,
            "locked": locked,
            "senders": len(record.senders),
            "values": {**values, "tags": tags.shapes([worn[one] for one in facts.get("tags", []) if one in worn])},
            "fields": [_field(one, facts.get(f"field.{one.id}"), locale) for one in form.fields],
            "classes": [
                {"id": one.id, "name": in_locale(one.names, locale), "colour": one.colour} for one in form.classes
            ],
            "changed_at": shapes.iso(record.changed_at),
            "changed_by": record.changed_by,
            "may_merge": agent.may_take_over,
            # What is wrong with the file concerns who can mend it.
            "form_problem": self.form.problem if agent.may_take_over else None,
        }

    def _proposal(self, connection: Connection, record: Customer, locale: str) -> dict[str, Any]:
        latest = max(
            filter(None, (conversations.last_of_sender(connection, *one) for one in record.senders)),
            key=lambda one: one.opened_at,
        )
        form = self.form.current
        names = _tag_names(connection, list(record.facts.values()))
        said = {name: _shown(form, name, value, names, locale) for name, value in record.facts.items()}
        return {
            "conversation": latest.id,
            "channels": sorted({channel for channel, _ in record.senders}),
            "last_at": shapes.iso(latest.last_at or latest.opened_at),
            "version": record.version,
            "said": [
                {"field": name, "name": _label(form, name, locale), "value": value}
                for name, value in said.items()
                if _label(form, name, locale) is not None or name in _OWN
            ],
        }

    def _past(self, connection: Connection, past: Sequence[Conversation], locale: str) -> list[dict[str, Any]]:
        ids = [one.id for one in past]
        words, reasons = transcript.first_words(connection, ids), wrap_ups.reasons_of(connection, ids)
        labels = {one.id: in_locale(one.label, locale) for one in self._wraps.reasons}
        return [
            {
                **row,
                "topic": words.get(row["id"], "")[:TOPIC_CHARS],
                "about": labels.get(reasons.get(row["id"], "")),
            }
            for row in conversation_rows(connection, past)
        ]

    def _change(self, change: Change, record: Customer, names: Mapping[int, str], locale: str) -> dict[str, Any]:
        form = self.form.current
        about_record = change.field in ABOUT_RECORD
        known = about_record or change.field in _OWN or _label(form, change.field, locale) is not None
        return {
            "id": change.id,
            "at": change.at.isoformat(),
            "by": change.by,
            "field": change.field,
            "name": _label(form, change.field, locale),
            "before": _shown(form, change.field, change.before, names, locale),
            "after": change.after if about_record else _shown(form, change.field, change.after, names, locale),
            "undoes": change.undoes,
            "merge": change.merge_id,
            "may_undo": not about_record and known and change.customer_id == record.id and _stands(change, record),
        }


def link_id(sender: Sender, account: str) -> str:
    """What names an account link on the page."""
    return hashlib.sha256("\n".join((*sender, account)).encode("utf-8", "replace")).hexdigest()[:16]


# Fields that every shop has. Their names stand in the page's texts.
_OWN = ("name", "phone", "email", "class", "tags")


def in_locale(names: Mapping[str, str], locale: str) -> str:
    """A name for a reader."""
    return next((names[one] for one in FALLBACKS.get(locale, LOCALES) if names.get(one)), "")


def _field(field: CustomField, value: Any, locale: str) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": field.id,
        "type": field.type.value,
        "name": in_locale(field.names, locale),
        "value": value,
    }
    if field.type is FieldType.TEXT:
        shape["max_chars"] = field.max_chars
    if field.type is FieldType.NUMBER:
        shape.update(least=field.least, most=field.most, decimals=field.decimals)
    if field.type is FieldType.DATE:
        shape.update(
            earliest=field.earliest.isoformat() if field.earliest else None,
            latest=field.latest.isoformat() if field.latest else None,
        )
    if field.type is FieldType.CHOICE:
        shape["choices"] = [{"id": one, "name": in_locale(names, locale)} for one, names in field.choices]
    return shape


def _label(form: CustomerForm, name: str, locale: str) -> str | None:
    field = form.field(name.removeprefix("field.")) if name.startswith("field.") else None
    return in_locale(field.names, locale) if field else None


def _shown(form: CustomerForm, name: str, value: Any, tag_names: Mapping[int, str], locale: str) -> Any:
    """A value in words: names of tags, classes and choices; texts, numbers, days, true and false as they are."""
    if name == "tags":
        return [tag_names.get(one, "?") for one in value or []]
    if name == "class":
        found = form.class_of(value)
        return in_locale(found.names, locale) if found else value
    field = form.field(name.removeprefix("field.")) if name.startswith("field.") else None
    if field is not None and field.type is FieldType.CHOICE:
        return next((in_locale(names, locale) for one, names in field.choices if one == value), value)
    return value


def _tag_names(connection: Connection, values: Sequence[Any]) -> dict[int, str]:
    ids = {one for value in values if isinstance(value, list) for one in value if isinstance(one, int)}
    return {identity: tag.name for identity, tag in tags.by_ids(connection, ids).items()}


def _stands(change: Change, record: Customer) -> bool:
    there = record.facts.get(change.field)
    return isinstance(change.before or change.after, list) or there == change.after
