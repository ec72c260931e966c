"""What conversations teach the knowledge base: which answers helped, and which questions had none.

Reads the transcript and hands it on to `faq_kb`, inside the transaction that stores what happened, so that nothing
is counted that did not happen. A message that teaches nothing costs nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from faq_kb import misses, usefulness
from faq_kb.misses import PersonsAnswer
from faq_kb.redaction import redact, without_placeholders
from faq_kb.search import SUGGEST_SCORE
from faq_kb.tables import Missed
from faq_kb.usefulness import Count, Rating
from handoff import transcript
from handoff.models import Author
from handoff.records import Conversation, Message, is_own_words, is_typed

# How far back a question is looked for.
LOOK_BACK = 24
A_FEW = 4
# A wish for a person this many lines of the customer after an answer says that the answer did not do.
SOON = 2
# Marks of the bot under a line, see actions/fallback.py: what came nearest to a question that no article answers; and
# that the customer had asked something else than was answered.
NEAR, DENIED = "near", "denied"


@dataclass(frozen=True)
class _Asked:
    """What a customer asked and, if an article answered, that answer."""

    question: Message
    before: str = ""
    answer: Message | None = None


@dataclass(frozen=True)
class Reported:
    """An answer that an agent called wrong."""

    miss_id: int
    question: str  # without what names a person


class Learning:
    """Turns stored lines into counts and misses. `secret` makes the hash by which customers are told apart."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def from_answers(
        self, connection: Connection, conversation: Conversation, entry: Message, lines: Sequence[Message]
    ) -> None:
        """Count what the assistant answered to `entry`; keep the question when it had no answer."""
        counts: list[Count] = []
        for line in lines:
            if line.author is not Author.ASSISTANT:
                continue
            if faq_of(line):
                counts += _counts_of_answer(line)
            elif NEAR in line.body:
                counts += self._unanswered(connection, conversation, entry, line)
            elif line.body.get(DENIED):
                self._denied(connection, conversation, entry)
        if counts:
            usefulness.add(connection, entry.at, counts)

    def person_wanted(self, connection: Connection, conversation: Conversation, entry: Message) -> None:
        """A person was asked for: soon after an answer, it is the answer that led there."""
        past = transcript.before(connection, entry, LOOK_BACK)
        answer = _latest_answer(past)
        if answer is None:
            return
        since = sum(line.author is Author.CUSTOMER and line.id > answer.id for line in past)
        if since < SOON:
            asked = _asked(past, answer)
            if asked and self._note(connection, conversation, Missed.LED_TO_PERSON, asked, entry.at):
                count = Count(str(faq_of(answer)["id"]), answer.language, led_to_person=1)
                usefulness.add(connection, answer.at, [count])

    def rate(
        self, connection: Connection, conversation: Conversation, answer: Message, helpful: bool, now: datetime
    ) -> bool:
        """The customer says whether an article's answer helps. False when they had said so before."""
        faq = faq_of(answer)
        rating = Rating(answer.id, str(faq["id"]), conversation.id, answer.language, helpful, answer.at)
        if not usefulness.rate(connection, rating):
            return False
        asked = self._asked_for(connection, conversation, answer)
        if asked is not None and helpful:
            misses.take_back(connection, asked.question.id, Missed.THUMBS_DOWN)
        elif asked is not None:
            self._note(connection, conversation, Missed.THUMBS_DOWN, asked, now)
        return True

    def wrong(
        self, connection: Connection, conversation: Conversation, answer: Message, right_id: str | None, now: datetime
    ) -> Reported | None:
        """An agent says that an answer was wrong, and which article would be right. None when it answers nothing."""
        asked = self._asked_for(connection, conversation, answer)
        if asked is None:
            return None
        near = candidates(answer.body.get(NEAR))
        question = replace(self._question(conversation, asked, near), right_id=right_id)
        words = " ".join(without_placeholders(redact(asked.question.text)).split())
        return Reported(misses.report(connection, question, now), words)

    def _unanswered(
        self, connection: Connection, conversation: Conversation, entry: Message, line: Message
    ) -> list[Count]:
        past = transcript.before(connection, entry, A_FEW)
        near = candidates(line.body.get(NEAR))
        self._note(connection, conversation, Missed.UNANSWERED, _Asked(entry, _before(past)), entry.at, near)
        found = near and near[0]["score"] >= SUGGEST_SCORE
        return [Count(str(near[0]["id"]), line.language, asked=1)] if found else []

    def _denied(self, connection: Connection, conversation: Conversation, entry: Message) -> None:
        """ "That is not what I asked": the answer before it does not help, which is a rating as well."""
        past = transcript.before(connection, entry, LOOK_BACK)
        answer = _latest_answer(past)
        asked = _asked(past, answer) if answer else None
        if answer is None or asked is None:
            return
        self._note(connection, conversation, Missed.DENIED, asked, entry.at)
        faq = faq_of(answer)
        usefulness.rate(
            connection, Rating(answer.id, str(faq["id"]), conversation.id, answer.language, False, answer.at)
        )

    def _asked_for(self, connection: Connection, conversation: Conversation, answer: Message) -> _Asked | None:
        past = transcript.before(connection, answer, LOOK_BACK)
        return _asked(past, answer)

    def _note(
        self,
        connection: Connection,
        conversation: Conversation,
        kind: Missed,
        asked: _Asked,
        at: datetime,
        near: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        return misses.note(connection, kind, self._question(conversation, asked, near), at)

    def _question(
        self, conversation: Conversation, asked: _Asked, near: Sequence[Mapping[str, Any]] = ()
    ) -> misses.Question:
        faq = faq_of(asked.answer) if asked.answer else {}
        return misses.Question(
            text=asked.question.text,
            before=asked.before,
            language=asked.question.language,
            channel=conversation.channel,
            conversation_id=conversation.id,
            message_id=asked.question.id,
            customer=self._hash_of(conversation),
            answer_id=asked.answer.id if asked.answer else None,
            article_id=faq.get("id"),
            score=faq.get("score"),
            runners_up=candidates(faq.get("runners_up")) or near,
        )

    def _hash_of(self, conversation: Conversation) -> str:
        """Tells customers apart and says of none who they are."""
        who = conversation.customer_id or f"{conversation.channel}\x1f{conversation.sender}"
        return hmac.new(self._secret, f"misses\x1f{who}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def answers_of_people(connection: Connection, conversation_ids: Sequence[str]) -> list[PersonsAnswer]:
    """What agents answered in these conversations in their own words, in order, without what names a person."""
    return [
        PersonsAnswer(line.conversation_id, line.id, redact(line.text), line.name or "", line.at)
        for line in transcript.said_by_agents(connection, conversation_ids)
        if is_own_words(line.body)
    ]


def faq_of(message: Message) -> Mapping[str, Any]:
    """Where an answer came from; empty when it came from no article."""
    faq = message.body.get("faq")
    return faq if isinstance(faq, dict) and faq.get("id") and message.author is Author.ASSISTANT else {}


def _counts_of_answer(line: Message) -> list[Count]:
    """The article that was given; and the best one found, when another one was given."""
    faq = faq_of(line)
    counts = [Count(str(faq["id"]), line.language, asked=1, answered=1)]
    better = [one for one in candidates(faq.get("runners_up")) if one["score"] > (faq.get("score") or 1)]
    return counts + [Count(str(one["id"]), line.language, asked=1) for one in better[:1]]


def candidates(found: Any) -> list[Mapping[str, Any]]:
    """What the bot found, as far as it has the shape we know."""
    return [
        {"id": one["id"], "score": float(one["score"])}
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("score"), (int, float))
    ]


def _latest_answer(past: Sequence[Message]) -> Message | None:
    return next((line for line in reversed(past) if faq_of(line)), None)


def _before(past: Sequence[Message]) -> str:
    """What the customer wrote last, before a question."""
    return next((line.text for line in reversed(past) if _is_typed(line)), "")


def _asked(past: Sequence[Message], answer: Message) -> _Asked | None:
    """The question behind an answer: in the customer's own words also when a suggested button led to it."""
    by_id = {line.id: line for line in past}
    question = by_id.get(answer.reply_to or 0)
    while question is not None and (question.payload or "").startswith("/faq"):
        offer = _offer_of(past, question)
        earlier = by_id.get(offer.reply_to or 0) if offer else None
        if earlier is None:
            break
        question = earlier
    if question is None:
        return None
    return _Asked(question, _before([line for line in past if line.id < question.id]), answer)


def _offer_of(past: Sequence[Message], pressed: Message) -> Message | None:
    """The line with the button, when it was meant as an answer to a question."""
    offers = (
        line
        for line in reversed(past)
        if line.id < pressed.id and (faq_of(line) or NEAR in line.body or line.body.get(DENIED))
    )
    return next(
        (line for line in offers if any(button.get("payload") == pressed.payload for button in line.buttons)), None
    )


def _is_typed(line: Message) -> bool:
    return line.author is Author.CUSTOMER and is_typed(line.payload, line.body)
