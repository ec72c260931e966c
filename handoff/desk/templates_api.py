"""Approved templates at the desk: what can still be sent when the time to answer is over, filled in as far as known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff import conversations, message_templates, texts, tickets, transcript
from handoff.database import Database
from handoff.desk.canned_api import called_as_noted, values_of
from handoff.desk.customers import Customers
from handoff.desk.wire import Route, asker_locale
from handoff.errors import BadInput, TemplatesNotTaken, TextTooLong, UnknownTemplate
from handoff.floor import Floor
from handoff.message_templates import MAX_TEXT_CHARS, Template, TemplatesFile, Variable
from handoff.models import Author
from handoff.plain import plain
from handoff.records import Agent, Card, Conversation, Ticket


class TemplatesApi:
    """Lists the templates of a customer's channel and makes lines of them."""

    def __init__(self, database: Database, floor: Floor, customers: Customers, file: TemplatesFile) -> None:
        self._database = database
        self._floor = floor
        self._customers = customers
        self._file = file

    def routes(self) -> Iterable[Route]:
        yield "/conversations/<conversation_id:str>/templates", "GET", self._list

    async def _list(self, agent: Agent, request: Request, conversation_id: str) -> dict[str, Any]:
        locale = asker_locale(agent, request)

        def work(connection: Connection) -> tuple[Conversation, Ticket | None, str]:
            found = conversations.find(connection, conversation_id)
            lines = transcript.latest_of_conversation(connection, conversation_id)
            called = next((one.name for one in reversed(lines) if one.author is Author.CUSTOMER and one.name), "")
            return called_as_noted(connection, found), tickets.last_of(connection, conversation_id), called

        conversation, ticket, called = await self._database.read(work)
        if not self._floor.post.takes_templates(conversation.channel):
            return {"templates": [], "problem": None}
        customer = await self._customers.of(conversation, conversation.language)
        known = values_of(conversation, ticket, agent, customer)
        # As they call themselves on their channel, where nobody knows better: the agent sees it before it goes.
        known.setdefault("customer.name", called)
        found = self._file.current.of_channel(conversation.channel)
        shown = [_shape(one, conversation.language, locale, known) for one in found]
        return {"templates": shown, "problem": self._file.problem}

    def made(self, conversation: Conversation, wish: object) -> Card:
        """The line of `{"name": template, "values": [text, ...]}`. Raises BadInput, TemplatesNotTaken, UnknownTemplate,
        TextTooLong."""
        name, given = _read(wish)
        if not self._floor.post.takes_templates(conversation.channel):
            raise TemplatesNotTaken()
        template = self._file.current.by_name.get(name)
        if template is None or not template.is_for(conversation.channel):
            raise UnknownTemplate()
        # Providers take no line breaks in what is filled in.
        values = [self._floor.masking.hide(" ".join(plain(one).split())) for one in given]
        if len(values) != len(template.variables) or not all(values):
            raise BadInput(f"values must be {len(template.variables)} texts, none of them empty.", field="values")
        language = template.language_for(conversation.language)
        text = template.filled(language, values)
        if len(text) > MAX_TEXT_CHARS:
            raise TextTooLong(limit=MAX_TEXT_CHARS)
        sent = {"name": template.name, "code": template.variants[language].code, "values": values}
        return Card(text, {"template": sent, "wordless": False})


def _read(wish: object) -> tuple[str, list[str]]:
    if not isinstance(wish, Mapping) or not set(wish) <= {"name", "values"} or not isinstance(wish.get("name"), str):
        raise BadInput("template must have a name and values.", field="template")
    values = wish.get("values", [])
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise BadInput("values must be a list of texts.", field="values")
    if len(values) > message_templates.MAX_VARIABLES:
        raise BadInput(f"values must be at most {message_templates.MAX_VARIABLES} texts.", field="values")
    return str(wish["name"]), values


def _shape(template: Template, language: str, locale: str, known: Mapping[str, str]) -> dict[str, Any]:
    spoken = template.language_for(language)
    own = locale if locale in texts.LOCALES else "en"
    return {
        "name": template.name,
        "title": template.titles[own],
        "language": spoken,
        "text": template.variants[spoken].text,
        "variables": [_variable(one, own, known) for one in template.variables],
    }


def _variable(variable: Variable, locale: str, known: Mapping[str, str]) -> dict[str, Any]:
    """`blank` is named by the page; what has no value yet is empty."""
    return {
        "blank": variable.blank,
        "name": variable.names.get(locale),
        "value": known.get(variable.blank, "") if variable.blank else "",
    }
