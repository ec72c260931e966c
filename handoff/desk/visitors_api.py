"""Who is on the shop's pages now, and inviting them, over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sanic.request import Request
from sqlalchemy.engine import Connection

from handoff import agents, conversations, customers, invitations, shapes, tags, visitors
from handoff.clock import Clock
from handoff.database import Database
from handoff.desk.wire import Route, body_of
from handoff.errors import NotAllowed
from handoff.invitations import Invitation
from handoff.inviting import Inviting, is_lively
from handoff.models import Status
from handoff.records import Agent, Conversation
from handoff.visits import Visit

# More than anybody reads; the page says how many there are.
MAX_LISTED = 300


class VisitorsApi:
    """What agents see of visitors and do about them."""

    def __init__(self, database: Database, inviting: Inviting, channel: str, clock: Clock) -> None:
        self._database = database
        self._inviting = inviting
        self._channel = channel
        self._clock = clock

    def routes(self) -> Iterable[Route]:
        yield "/visitors", "GET", self._list
        yield "/visitors/<visit_id:str>/invitation", "POST", self._invite

    async def _list(self, agent: Agent, request: Request) -> dict[str, Any]:
        if not agent.answers_customers:
            raise NotAllowed()
        now = self._clock()
        here = self._inviting.board.present(now)
        shown = here[:MAX_LISTED]

        def work(connection: Connection) -> tuple[list[dict[str, Any]], str | None]:
            asked = invitations.latest_of(connection, [one.id for one in shown], now)
            senders = [one.sender for one in shown if one.sender]
            known = visitors.by_ids(connection, senders)
            chats = conversations.latest_of_senders(connection, self._channel, senders)
            worn = tags.of_each(connection, [one.id for one in chats.values()])
            names = customers.names_of(connection, list(chats.values()))
            people = agents.by_ids(connection, [one.agent_id for one in chats.values() if one.agent_id])
            rows = []
            for visit in shown:
                chat, visitor = chats.get(visit.sender or ""), known.get(visit.sender or "")
                row = self._row(visit, asked.get(visit.id, []))
                signed = visitor.customer_name if visitor and visitor.signed_in(now) else None
                row["name"] = (names.get(chat.id) if chat else None) or signed
                row["tags"] = tags.shapes(worn.get(chat.id, [])) if chat else []
                row["chat"] = self._chat(chat, people) if chat and chat.status is not Status.CLOSED else None
                rows.append(row)
            return rows, self._inviting.away(connection, agent, now)

        rows, away = await self._database.read(work)
        return {
            "visitors": rows,
            "total": len(here),
            "enabled": self._inviting.enabled,
            "you": away,
            "rules_problem": self._inviting.rules.problem if agent.may_take_over else None,
        }

    async def _invite(self, agent: Agent, request: Request, visit_id: str) -> dict[str, Any]:
        invitation = await self._inviting.invite(agent, visit_id, body_of(request).get("text"))
        return {"invitation": self._invitation(invitation)}

    def _row(self, visit: Visit, asked: Sequence[Invitation]) -> dict[str, Any]:
        now, limits = self._clock(), self._inviting.rules.current.limits
        return {
            "id": visit.id,
            "page": visit.page,
            "title": visit.title,
            "language": visit.locale,
            "country": visit.country,
            "returning": visit.is_returning,
            "cart": {"value": visit.cart.value, "currency": visit.cart.currency} if visit.cart else None,
            "since": visit.since.isoformat(),
            "page_since": visit.page_since.isoformat(),
            "chat_open": visit.is_chat_open,
            "invitation": self._invitation(asked[0]) if asked else None,
            "refusal": invitations.refusal(asked, limits, visit.since, now),
        }

    def _chat(self, chat: Conversation, people: Mapping[int, Agent]) -> dict[str, Any]:
        holder = people.get(chat.agent_id) if chat.agent_id else None
        return {
            "id": chat.id,
            "status": chat.status.value,
            "agent": holder.name if holder is not None else None,
            "lively": is_lively(chat, self._clock()),
        }

    def _invitation(self, one: Invitation) -> dict[str, Any]:
        has_lapsed = one.settled_at is None and not one.stands(self._clock())
        return {
            "id": one.id,
            "state": "lapsed" if has_lapsed else one.state.value,
            "by": one.name,
            "rule": one.rule,
            "text": one.text,
            "sent_at": one.sent_at.isoformat(),
            "settled_at": shapes.iso(one.settled_at),
            "conversation": one.conversation_id,
        }
