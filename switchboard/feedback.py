"""What customers say about answers: whether one helped, and whether they want to hear when there is one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Optional

from sqlalchemy.engine import Connection

from faq_kb import KnowledgeFollower, misses, usefulness
from handoff import conversations, texts, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import BadInput
from handoff.floor import Floor
from handoff.learning import DENIED, NEAR, Learning, candidates, faq_of
from handoff.models import Author, Status
from handoff.records import Conversation, Draft, Message
from switchboard.records import BotLine

log = logging.getLogger(__name__)

# Buttons that the platform answers itself.
TELL_ME = "/tell_me"
TELL_ME_NOT = "/tell_me_not"
ASK_PERSON = "/ask_person"
# Written right after an answer, in channels that have no thumbs under it.
THUMBS = {"👍": True, "👎": False}
_SKIN_AND_STYLE = dict.fromkeys((0xFE0F, *range(0x1F3FB, 0x1F400)))
MOST_OTHERS = 3

# Something the platform does with a message inside a transaction, or None when it is the bot's after all.
OwnWork = Callable[[Connection], Optional[tuple[Conversation, Message]]]


class Feedback:
    """Takes customers' opinions and wishes, and says what follows from them."""

    def __init__(
        self, database: Database, floor: Floor, learning: Learning, knowledge: KnowledgeFollower, clock: Clock
    ) -> None:
        self.database = database
        self.floor = floor
        self.learning = learning
        self.knowledge = knowledge
        self.clock = clock

    async def rate(self, channel: str, sender: str, message_id: int, helpful: bool) -> Message:
        """Thumbs under an answer of the customer's own; may be changed. Raises BadInput for any other message."""

        def work(connection: Connection) -> tuple[Message, Conversation, Message | None]:
            ids = conversations.ids_of_sender(connection, channel, sender)
            answer = transcript.find(connection, ids, message_id)
            if answer is None or not faq_of(answer):
                raise BadInput("message_id must be an answer to be rated.", field="message_id")
            conversation = conversations.find(connection, answer.conversation_id)
            is_news = self.learning.rate(connection, conversation, answer, helpful, self.clock())
            said = None
            if is_news and not helpful and _is_last_word(connection, conversation, answer):
                said = self._say_others(connection, conversation, answer)
            return answer, conversation, said

        answer, conversation, said = await self.database.write(work)
        log.info("An answer was rated", extra={"event": "rated", "message_id": answer.id, "helpful": helpful})
        if said is not None:
            await self.floor.tell_and_deliver(conversation, [said])
        return answer

    def ratings_of(self, connection: Connection, lines: Sequence[Message]) -> dict[int, bool]:
        """Which of these lines were rated, and how."""
        return usefulness.ratings_of(connection, [line.id for line in lines if faq_of(line)])

    def own_work(self, entry: Message, conversation: Conversation) -> OwnWork | None:
        """What the platform does with a message that is an opinion about an answer, or a wish to hear of one."""
        if entry.payload == TELL_ME:
            return lambda c: self._agreed(c, conversation, entry)
        if entry.payload == TELL_ME_NOT:
            return lambda c: self._disagreed(c, conversation, entry)
        helpful = THUMBS.get(entry.text.translate(_SKIN_AND_STYLE).strip()) if entry.payload is None else None
        return None if helpful is None else lambda c: self._thumb(c, conversation, entry, bool(helpful))

    def offers_beside(self, line: BotLine, conversation: Conversation) -> list[dict[str, str]]:
        """The button under an answer that has none to give: to be told, where we can write to the customer later."""
        is_unanswered = NEAR in line.marks or line.marks.get(DENIED)
        if not is_unanswered or conversation.status is not Status.BOT:
            return []
        if self.floor.post.answered_in_response(conversation.channel):
            return []
        return [{"title": texts.say("button_tell_me", conversation.language), "payload": TELL_ME}]

    # -- the parts ---------------------------------------------------------------------------------------------

    def _thumb(
        self, connection: Connection, conversation: Conversation, entry: Message, helpful: bool
    ) -> tuple[Conversation, Message] | None:
        answer = transcript.last_from_us(connection, conversation.id)
        if answer is None or not faq_of(answer):
            return None
        self.learning.rate(connection, conversation, answer, helpful, self.clock())
        if helpful:
            return conversation, self._say(connection, conversation, "rated_helpful", [], entry)
        return conversation, self._say_others(connection, conversation, answer, entry)

    def _agreed(
        self, connection: Connection, conversation: Conversation, entry: Message
    ) -> tuple[Conversation, Message] | None:
        """The customer pressed "tell me": that is the agreement, and it can be taken back."""
        offer = transcript.newest_offer(connection, conversation.id, TELL_ME)
        missed = offer.reply_to if offer else None
        ticket = tickets.open_of(connection, conversation.id)
        contact = dict(ticket.contact or {}) if ticket else {}
        if missed is None or not misses.agree(
            connection, conversation.id, missed, contact, conversation.language, self.clock()
        ):
            return None
        title = texts.say("button_tell_me_not", conversation.language)
        buttons = [{"title": title, "payload": TELL_ME_NOT}]
        return conversation, self._say(connection, conversation, "will_tell", buttons, entry)

    def _disagreed(
        self, connection: Connection, conversation: Conversation, entry: Message
    ) -> tuple[Conversation, Message]:
        misses.disagree(connection, conversation.id)
        return conversation, self._say(connection, conversation, "will_not_tell", [], entry)

    def _say_others(
        self, connection: Connection, conversation: Conversation, answer: Message, entry: Message | None = None
    ) -> Message:
        """Thanks, what else the question may have meant, and the person."""
        spoken, articles = conversation.language, self.knowledge.current.articles
        found = [articles[one["id"]] for one in candidates(faq_of(answer).get("runners_up")) if one["id"] in articles]
        buttons = [
            {"title": article.question_in(spoken), "payload": f'/faq{{"article": "{article.id}"}}'}
            for article in found[:MOST_OTHERS]
        ]
        key = "rated_unhelpful" if buttons else "rated_unhelpful_alone"
        if conversation.status is Status.BOT:
            buttons.append({"title": texts.say("button_person", spoken), "payload": ASK_PERSON})
        return self._say(connection, conversation, key, buttons, entry)

    def _say(
        self,
        connection: Connection,
        conversation: Conversation,
        key: str,
        buttons: Sequence[dict[str, str]],
        entry: Message | None = None,
    ) -> Message:
        last = transcript.last_from_us(connection, conversation.id)
        body: dict[str, Any] = {"key": key}
        if buttons:
            body["buttons"] = list(buttons)
        draft = Draft(
            author=Author.ASSISTANT,
            text=texts.say(key, conversation.language, unlike=last.text if last else None),
            body=body,
            reply_to=entry.id if entry else None,
            part=0 if entry else None,
            while_waiting=conversation.status is Status.WAITING,
            delivered=self.floor.post.pulled_by_customer(conversation.channel),
        )
        return transcript.append(connection, conversation, draft, self.clock())


def _is_last_word(connection: Connection, conversation: Conversation, answer: Message) -> bool:
    """Whether the conversation still stands at this answer, with the assistant."""
    after = transcript.of_conversation(connection, conversation.id, answer.id, with_notes=False, limit=1)
    return not after and conversation.status in (Status.BOT, Status.WAITING)
