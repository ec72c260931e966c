"""Asking customers how it was: once about each stretch in which somebody answered them, when it is over.

In the widget five faces stand under the question; elsewhere it has buttons and takes a number, with or without words.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from handoff import agents, conversations, ratings, stretches, texts, transcript
from handoff.models import Author, Status
from handoff.records import Conversation, Draft, Message, Rating
from handoff.stretches import Stretch

# More questions than this at once are answered by nobody.
MOST_AT_ONCE = 3
# After this a lone "5" is no answer to the question any more.
ANSWER_WITHIN = timedelta(hours=24)
# From here on down we say sorry.
LOW = 2
FACES = {5: "😀", 4: "🙂", 3: "😐", 2: "🙁", 1: "😞"}
_OTHER_FACES = {"😃": 5, "😄": 5, "😊": 5, "❤": 5, "☹": 2, "😕": 2, "😢": 1, "😡": 1, "😠": 1}
_PAYLOAD = re.compile(r'/csat\{"id": (\d{1,15}), "score": ([1-5])\}')
# "5", "5分", "4 stars", "5, thank you"; and nothing like "2 件未收到" or "3/4".
_SCORE = re.compile(r"([1-5])\s*(?:分|星|/5|stars?)?\s*(?:[,，:：。!！;；\n]\s*(.*))?", re.IGNORECASE | re.DOTALL)


class Survey:
    """Asks, and understands what is answered."""

    def __init__(self, is_on: bool) -> None:
        self.is_on = is_on

    def after(self, connection: Connection, conversation: Conversation, pulled: bool, now: datetime) -> Message | None:
        """The question about what has just ended, stored; None when there is nothing to ask. `pulled`: the customer's
        page fetches its lines, and so shows faces."""
        if not self.is_on:
            return None
        asked = ratings.asked_about(connection, conversation.id)
        ended = [one for one in self._answered(connection, conversation) if one.epoch not in asked]
        # The person first; with the assistant speaking again, its own stretch is not over.
        ended = [one for one in ended if one.owner is Status.AGENT or conversation.status is Status.CLOSED]
        ended.sort(key=lambda one: (one.owner is not Status.AGENT, -one.epoch))
        questions = [
            rating for one in ended[: MOST_AT_ONCE if pulled else 1] if (rating := ratings.ask(connection, one, now))
        ]
        if not questions:
            return None
        line = transcript.append(
            connection, conversation, self._draft(connection, conversation, questions, pulled), now
        )
        ratings.asked_in(connection, [one.id for one in questions], line.id)
        return line

    def answered_by(
        self, connection: Connection, conversation: Conversation, text: str, payload: str | None, now: datetime
    ) -> tuple[int, int, str | None] | None:
        """Rating, score and words in a customer's message, when it answers the question that was asked last."""
        if payload is not None:
            pressed = _PAYLOAD.fullmatch(payload)
            return (int(pressed[1]), int(pressed[2]), None) if pressed else None
        read = _score_in(text)
        last = transcript.last_from_us(connection, conversation.id) if read else None
        if read is None or last is None or last.body.get("key") != "csat" or now - last.at > ANSWER_WITHIN:
            return None
        return int(last.body["csat"][0]["id"]), *read

    def take(
        self, connection: Connection, conversation: Conversation, entry: Message, pulled: bool, now: datetime
    ) -> tuple[Conversation, Message] | None:
        """Keep the answer that a customer's message is, and thank for it; None when it is no answer."""
        found = self.answered_by(connection, conversation, entry.text, entry.payload, now)
        if found is None:
            return None
        rating_id, score, comment = found
        ratings.answer(connection, [conversation.id], rating_id, score, comment, now)
        key = "csat_sorry" if score <= LOW else "csat_thanks"
        draft = Draft(
            author=Author.SYSTEM,
            text=texts.say(key, conversation.language),
            body={"key": key},
            reply_to=entry.id,
            part=0,
            delivered=pulled,
        )
        return conversation, transcript.append(connection, conversation, draft, now)

    def may_be_answer(self, text: str, payload: str | None) -> bool:
        """Whether a message looks like an answer; cheap, so that others cost nothing."""
        return _PAYLOAD.fullmatch(payload) is not None if payload else _score_in(text) is not None

    def closed_question(
        self, connection: Connection, channel: str, sender: str, text: str, payload: str | None, now: datetime
    ) -> Conversation | None:
        """The closed conversation whose question this message answers: it opens no new one."""
        asked = payload or (text if text.startswith("/csat{") else None)
        if not self.may_be_answer(text, asked):
            return None
        for conversation_id in conversations.ids_of_sender(connection, channel, sender, limit=1):
            conversation = conversations.find(connection, conversation_id)
            is_closed = conversation.status is Status.CLOSED
            if is_closed and self.answered_by(connection, conversation, text, asked, now) is not None:
                return conversation
        return None

    def _answered(self, connection: Connection, conversation: Conversation) -> list[Stretch]:
        """The stretches that ended and in which the customer was answered: a person's line, an article or an order."""
        over = [one for one in stretches.of_conversations(connection, [conversation.id]) if one.ended_at and one.lines]
        if not any(one.owner is Status.BOT for one in over):
            return over
        useful = {
            line.epoch
            for line in transcript.whole(connection, conversation.id)
            if line.author is Author.ASSISTANT and (line.body.get("faq") or line.body.get("order"))
        }
        return [one for one in over if one.owner is Status.AGENT or one.epoch in useful]

    def _draft(
        self, connection: Connection, conversation: Conversation, questions: list[Rating], pulled: bool
    ) -> Draft:
        spoken = conversation.language
        names = [self._name(connection, one, spoken) for one in questions]
        body: dict[str, Any] = {
            "key": "csat",
            "csat": [
                {"id": one.id, "owner": one.owner.value, "name": name}
                for one, name in zip(questions, names, strict=True)
            ],
        }
        if not pulled:
            body["buttons"] = [
                {"title": f"{score} {face}", "payload": f'/csat{{"id": {questions[0].id}, "score": {score}}}'}
                for score, face in FACES.items()
            ]
        text = texts.say("csat_ask" if pulled else "csat_ask_number", spoken, name=names[0])
        return Draft(author=Author.SYSTEM, text=text, body=body, delivered=pulled)

    def _name(self, connection: Connection, rating: Rating, spoken: str) -> str:
        agent = agents.by_id(connection, rating.agent_id)
        if rating.owner is Status.AGENT:
            return agent.name if agent else texts.say("promise_team", spoken)
        return texts.say("csat_assistant", spoken)


def _score_in(text: str) -> tuple[int, str | None] | None:
    written = text.strip().removesuffix("\ufe0f")
    for score, face in FACES.items():
        if written == face:
            return score, None
    if written in _OTHER_FACES:
        return _OTHER_FACES[written], None
    match = _SCORE.fullmatch(written)
    return (int(match[1]), (match[2] or "").strip() or None) if match else None
