"""Visitors of the shop's pages, and inviting them: takes heartbeats, invites by rule or for an agent, and begins the
conversation of whoever accepts.

A person's words are only shown while that person can take a customer; whoever accepts talks with them, or is told the
truth when they left in between.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from handoff import agents, blanks, conversations, invitations, presence, tickets, transcript
from handoff.clock import Clock
from handoff.errors import BadInput, BlankLeft, CannotInvite, EmptyMessage, InvitationOver, NotAllowed, TextTooLong
from handoff.floor import DESK_TOPIC, Floor, Handoff
from handoff.invitation_rules import MAX_TEXT_CHARS, Answerer, InvitationRules, Rule
from handoff.invitations import Invitation, State, Words
from handoff.models import Author, Status, TicketKind
from handoff.plain import plain
from handoff.records import Agent, Conversation, Draft, Message, Wish
from handoff.visitors import Visitor
from handoff.visits import Board, Visit, from_event

log = logging.getLogger(__name__)

VISITS_TOPIC = "visits"
# Pages of the desk read the list again at most this often.
TELL_EVERY_SECONDS = 1.0
# Whoever wrote this lately is chatting, though the assistant has the word.
_CHATS_MINUTES = 30


class Exchange(Protocol):
    """Where gateways hear of each other."""

    def publish(self, topic: str, event: Mapping[str, Any]) -> None:
        """Tell everybody who follows the topic."""

    def listen(self, *topics: str) -> Any:
        """Hear these topics."""


class Inviting:
    """Knows who is here, and asks them in."""

    def __init__(
        self, floor: Floor, exchange: Exchange, rules: InvitationRules, channel: str, enabled: bool, clock: Clock
    ) -> None:
        self.board = Board()
        self.rules = rules
        self.enabled = enabled
        self._floor = floor
        self._database = floor.database
        self._exchange = exchange
        self._channel = channel
        self._clock = clock
        self._own = secrets.token_hex(8)
        self._is_telling = False

    # -- heartbeats --------------------------------------------------------------------------------------------

    async def beat(self, visit: Visit, shown: int | None = None) -> Invitation | None:
        """A page's heartbeat: who is here, and the invitation to show there, if one stands."""
        put = self.board.put(visit)
        if put is None:
            return None
        visit, has_changed = put
        self._exchange.publish(VISITS_TOPIC, {"kind": "visit", "by": self._own, "visit": visit.as_event()})
        now, rules = self._clock(), self.rules.current
        if shown is not None and await self._database.write(lambda c: invitations.shown(c, visit.id, shown, now)):
            has_changed = True
        known = await self._database.read(lambda c: invitations.of_visit(c, visit.id, now, rules.limits.after_no))
        standing = next((one for one in known if one.stands(now)), None)
        if standing is None:
            rule = self._due(visit, known, now)
            standing = await self._invite_by(rule, visit) if rule is not None else None
            has_changed = has_changed or standing is not None
        elif not await self._database.read(partial(self._still_true, visit, standing)):
            standing = None
        if has_changed:
            self.tell_desk()
        return standing

    async def leave(self, visit_id: str, invitation_id: int | None, for_good: bool) -> None:
        """They said no: to one invitation, or `for_good` to all of them, and then nothing of them is kept here."""
        now = self._clock()
        await self._database.write(lambda c: invitations.dismiss(c, visit_id, invitation_id, now))
        if for_good:
            self.board.leave(visit_id)
            self._exchange.publish(VISITS_TOPIC, {"kind": "left", "by": self._own, "visit": visit_id})
        self.tell_desk()

    async def follow(self) -> None:
        """Hear what other gateways know, until cancelled."""
        ear = self._exchange.listen(VISITS_TOPIC)
        try:
            while True:
                event = await ear.next()
                if event is None or event.get("by") in (None, self._own):
                    continue
                if event["kind"] == "visit":
                    self.board.put(from_event(event["visit"]))
                else:
                    self.board.leave(str(event["visit"]))
        finally:
            ear.close()

    async def look(self) -> int:
        """Let go invitations that nobody answered in time; how many those were."""
        now = self._clock()
        if not await self._database.read(lambda c: invitations.any_untidy(c, now)):
            return 0
        return await self._database.write(lambda c: invitations.tidy(c, now))

    def tell_desk(self) -> None:
        """Let the desk's pages read the list again, soon and once."""
        if not self._is_telling:
            self._is_telling = True
            asyncio.get_running_loop().call_later(TELL_EVERY_SECONDS, self._tell)

    def _tell(self) -> None:
        self._is_telling = False
        self._exchange.publish(DESK_TOPIC, {"kind": "visitors"})

    # -- inviting ----------------------------------------------------------------------------------------------

    async def invite(self, agent: Agent, visit_id: str, text: object) -> Invitation:
        """Ask a visitor with an agent's own words. Raises CannotInvite, BadInput, EmptyMessage, TextTooLong."""
        if not agent.answers_customers:
            raise NotAllowed()
        now, limits = self._clock(), self.rules.current.limits
        words = self._words_of(agent, text)
        visit = self.board.find(visit_id, now)
        if visit is None or not self.enabled:
            raise CannotInvite(reason="left")

        def work(connection: Connection) -> Invitation:
            refused = self.refusal(connection, visit, now) or self.away(connection, agent, now)
            if refused is not None:
                raise CannotInvite(reason=refused)
            said = Words(words, visit.locale, agent.id, agent.name)
            return invitations.send(connection, visit.id, visit.since, said, limits, now)

        sent = await self._database.write(work)
        log.info("A visitor is invited", extra={"event": "visitor_invited", "agent_id": agent.id})
        self.tell_desk()
        return sent

    def refusal(self, connection: Connection, visit: Visit, now: datetime) -> str | None:
        """Why nobody may invite this visitor now, whoever it is: they chat already."""
        return "chatting" if self.chat_of(connection, visit, now) is not None else None

    def away(self, connection: Connection, agent: Agent, now: datetime) -> str | None:
        """Why this agent cannot promise to be there; None when they can."""
        person = presence.can_take(connection, agent.id, self._floor.teams.current, now)
        if person is None:
            return "away"
        if not any(self._floor.is_open(connection, team, now) for team in person.teams):
            return "closed"
        return None if person.is_free else "full"

    def chat_of(self, connection: Connection, visit: Visit, now: datetime) -> Conversation | str | None:
        """The conversation that this visitor is in; a chat that is only open on their page has none yet."""
        current = conversations.open_one(connection, self._channel, visit.sender) if visit.sender else None
        if current is not None and is_lively(current, now):
            return current
        return "open" if visit.is_chat_open else None

    def _words_of(self, agent: Agent, text: object) -> str:
        if not isinstance(text, str):
            raise BadInput("text must be text.", field="text")
        words = self._floor.masking.hide(" ".join(plain(text).replace("{agent.name}", agent.name).split()))
        if not words:
            raise EmptyMessage()
        if len(words) > MAX_TEXT_CHARS:
            raise TextTooLong(limit=MAX_TEXT_CHARS)
        if left := blanks.left_in(words):
            raise BlankLeft(variables=left)
        return words

    def _due(self, visit: Visit, known: list[Invitation], now: datetime) -> Rule | None:
        rules = self.rules.current
        if invitations.refusal(known, rules.limits, visit.since, now) is not None:
            return None
        asked = {one.rule for one in known}
        return next((one for one in rules.rules if one.id not in asked and one.fits(visit, now)), None)

    async def _invite_by(self, rule: Rule, visit: Visit) -> Invitation | None:
        now, limits = self._clock(), self.rules.current.limits

        def work(connection: Connection) -> Invitation | None:
            if self.refusal(connection, visit, now) or not self._is_answered(connection, rule.answered_by, rule.team):
                return None
            text = rule.text_in(visit.locale)
            words = Words(text, visit.locale, None, None, rule.id, rule.answered_by, rule.team)
            return invitations.send(connection, visit.id, visit.since, words, limits, now)

        try:
            return await self._database.write(work)
        except CannotInvite:
            return None  # an agent, or another page of theirs, was faster

    def _still_true(self, visit: Visit, standing: Invitation, connection: Connection) -> bool:
        """Whether what it promises holds: it is shown no more while nobody is there to keep it, nor to who is talking
        with somebody by now."""
        now = self._clock()
        if isinstance(self.chat_of(connection, visit, now), Conversation):
            return False
        if standing.agent_id is not None:
            agent = agents.by_id(connection, standing.agent_id)
            return agent is not None and self.away(connection, agent, now) is None
        return self._is_answered(connection, standing.answered_by, standing.team)

    def _is_answered(self, connection: Connection, answerer: Answerer, team: str) -> bool:
        now, teams = self._clock(), self._floor.teams.current
        if not self._floor.is_open(connection, teams.usable(team), now):
            return False
        if answerer is Answerer.ASSISTANT:
            return True
        free = [one for one in presence.staff(connection, teams, now) if one.is_free]
        return presence.anybody_for(free, teams.usable(team))

    # -- accepting ---------------------------------------------------------------------------------------------

    async def accept(self, visitor: Visitor, visit_id: str, invitation_id: int) -> Conversation:
        """Begin what was offered. Asking again is the same conversation. Raises InvitationOver."""

        def work(connection: Connection) -> tuple[Conversation, Invitation, list[Message], Handoff | None]:
            now = self._clock()
            invitation = invitations.find(connection, visit_id, invitation_id)
            if invitation.state is State.ACCEPTED and invitation.conversation_id is not None:
                begun = conversations.find(connection, invitation.conversation_id)
                if begun.sender != visitor.id:
                    raise InvitationOver()
                return begun, invitation, [], None
            if not invitation.stands(now):
                raise InvitationOver()
            spoken = visitor.language or invitation.language
            talk = conversations.open_or_begin(
                connection, self._channel, visitor.id, now, spoken, dict(visitor.page) if visitor.page else None
            )
            invitations.accept(connection, visit_id, invitation_id, talk.id, now)
            if visitor.signed_in(now) and visitor.customer_id and visitor.identity_until:
                conversations.set_identity(
                    connection, talk.id, visitor.customer_id, visitor.customer_name, visitor.identity_until
                )
                talk = conversations.find(connection, talk.id)
            talk, lines, handoff = self._begin(connection, talk, invitation, now)
            return talk, invitation, lines, handoff

        talk, invitation, lines, handoff = await self._database.write(work)
        if not lines:
            return talk
        log.info("An invitation was accepted", extra={"event": "invitation_accepted", "conversation": talk.id})
        if handoff is not None:
            await self._floor.tell_and_deliver(talk, lines[:1])
            self._floor.tell_handoff(handoff)
        else:
            await self._floor.tell_and_deliver(talk, lines, queue=talk.status is Status.AGENT)
        if invitation.agent_id is not None:
            event = {"kind": "came", "agent": invitation.agent_id, "conversation": talk.id}
            self._exchange.publish(DESK_TOPIC, event)
        self.tell_desk()
        return talk

    def _begin(
        self, connection: Connection, talk: Conversation, invitation: Invitation, now: datetime
    ) -> tuple[Conversation, list[Message], Handoff | None]:
        """The invitation's words become the first line, of whoever said them."""
        agent = agents.by_id(connection, invitation.agent_id) if invitation.agent_id is not None else None
        if talk.status in (Status.WAITING, Status.AGENT):
            # They have a person, or a place, by now; that stands.
            return talk, [self._line(connection, talk, invitation, agent, now)], None
        if agent is not None and self._floor.can_take(connection, agent, now):
            wish = Wish(reason="invited")
            ticket = tickets.open_one(connection, talk.id, wish, TicketKind.LIVE, now, talk.language)
            tickets.claim(connection, ticket, agent.id, now, self._floor.reply_due(ticket, now))
            talk, joined = self._floor.give_word(connection, talk, agent, now, "invited", "agent_joined")
            said = self._line(connection, talk, invitation, agent, now)
            # They have said something; what the customer says next waits for them as any other line does.
            tickets.replied(connection, talk.id)
            return talk, [joined, said], None
        said = self._line(connection, talk, invitation, agent, now)
        if agent is None and invitation.answered_by is Answerer.ASSISTANT:
            return talk, [said], None
        team = invitation.team or self._floor.teams.current.general
        handoff = self._floor.hand_over(connection, talk, Wish(reason="invited", team=team), None, None)
        return handoff.conversation, [said, handoff.line], handoff

    def _line(
        self, connection: Connection, talk: Conversation, invitation: Invitation, agent: Agent | None, now: datetime
    ) -> Message:
        draft = Draft(
            author=Author.AGENT if agent is not None else Author.ASSISTANT,
            text=invitation.text,
            body={"invitation": invitation.id},
            agent_id=agent.id if agent is not None else None,
            name=invitation.name,
            delivered=self._floor.post.pulled_by_customer(talk.channel),
        )
        return transcript.append(connection, talk, draft, now)


def is_lively(talk: Conversation, now: datetime) -> bool:
    """Whether somebody is talking there: a person is concerned, or something was said lately."""
    if talk.status in (Status.WAITING, Status.AGENT):
        return True
    return talk.last_at is not None and (now - talk.last_at).total_seconds() < _CHATS_MINUTES * 60
