"""The line: what happens to a customer's message, from top to bottom.

0. hide card and identity numbers; 1. take the conversation's turn; 2. append to the transcript (a repeat of a settled
message gets the first result), and with it the lines behind it that are one question with it; 3. tell the desk; 4. ask
once who has the word; 5. let the bot answer, or leave it to the person; 6. settle, in the transaction that stores the
answers, so that a crash half-way is taken up again and never becomes silence.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from handoff import attachments, contact_proofs, conversations, pending_media, texts, tickets, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import EmptyMessage, HandoffError, RateLimited, StaleEpoch, TextTooLong
from handoff.floor import Floor, Handoff, contact_in, customer_topic
from handoff.handing import LEAVE_MESSAGE
from handoff.models import Author, Status, Tier
from handoff.records import Conversation, Draft, Message, Wish
from handoff.reopening import Reopening
from switchboard import language, text
from switchboard.account_talk import AccountTalk
from switchboard.bot_client import Bot, BotFailed
from switchboard.bursts import (
    MOST_WINDOWS,
    Bursts,
    Taken,
    Waiting,
    announces_more,
    may_be_joined,
    was_plain_text,
)
from switchboard.feedback import Feedback, OwnWork
from switchboard.floods import MOST_BY_THEMSELVES, Floods, Pace, note_not_kept, question_of
from switchboard.rates import Rates
from switchboard.records import BotLine, Inbound, Receipt
from switchboard.wishes import plainly_asks_for_person, promise_from, wish_from

log = logging.getLogger(__name__)

ASK_PERSON = "/ask_person"
LEAVE_QUEUE = "/leave_queue"
# Meta brings for seven days what was not acknowledged. A time before that is none.
OLDEST_BROUGHT = timedelta(days=8)
# One customer's lines waiting for their turn; more is a flood, and is told so.
MAX_WAITING_FOR_TURN = 50
# A choice under a message of ours as a channel sends it back, and as a customer types it from a numbered list.
_BUTTON_KEY = re.compile(r"b(\d{1,18})\.(\d{1,3})")
_NUMBER = re.compile(r"\W*(\d{1,2})\W*")

# What the bot tells us about a line, kept with it.
_KEPT_MARKS = ("faq", "order", "miss", "near", "denied")


class Turns(Protocol):
    """One message at a time per conversation."""

    def of(self, key: str) -> AbstractAsyncContextManager[None]:
        """Hold the turn of this conversation."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one message and of one turn."""

    max_chars: int
    bot_timeout_seconds: float
    person_timeout_seconds: float
    default_language: str
    burst_window_seconds: float


@dataclass(frozen=True)
class _Answered:
    """What one turn stored."""

    conversation: Conversation
    lines: list[Message]
    handoff: Handoff | None = None
    queue_changed: bool = False


class Line:
    """Takes messages from customers; the bot answers them or a person will."""

    def __init__(
        self,
        database: Database,
        floor: Floor,
        bot: Bot,
        turns: Turns,
        rates: Rates,
        floods: Floods,
        limits: Limits,
        feedback: Feedback,
        account_talk: AccountTalk,
        reopening: Reopening,
        clock: Clock,
    ) -> None:
        self.database = database
        self.floor = floor
        self.feedback = feedback
        self.account_talk = account_talk
        self.reopening = reopening
        self.bot = bot
        self.turns = turns
        self.rates = rates
        self.floods = floods
        self.limits = limits
        self.clock = clock
        self.bursts = Bursts(limits.burst_window_seconds)
        self._tasks: set[asyncio.Task[None]] = set()

    async def keep(self, inbound: Inbound, limited: bool = True) -> Receipt:
        """Store one message and return: nobody waits for the bot. It is finished in the background, and should that
        break off, like every unfinished message. One of many at once is finished together with the others.

        Raises EmptyMessage or TextTooLong before anything is stored, and RateLimited where a flood goes on without end.
        A repeat is known first and costs nothing.
        """
        inbound = self._masked(self._cleaned(inbound))
        key = f"{inbound.channel}:{inbound.sender}"
        pace, wait = self.floods.pace(key, limited, self.bursts.present(key) >= MAX_WAITING_FOR_TURN)
        if pace is Pace.WITHOUT_END:
            return await self._turn_away(inbound, wait)
        try:
            taken = await self.database.write(lambda c: self._accept(c, inbound))
        except IntegrityError:
            # The same message at the same moment: the unique key let one in, and it is known now.
            taken = await self.database.write(lambda c: self._accept(c, inbound))
        if taken.known:
            self.floods.was_known(key, pace)
            return Receipt(taken.entry, taken.conversation, repeated=True)
        self.floor.tell(taken.conversation, [taken.entry])
        await self.floor.tell_and_deliver(taken.conversation, taken.notice)
        is_waited_for = taken.entry.settled_at is None and taken.conversation.status is not Status.AGENT
        if is_waited_for and pace is Pace.USUAL:
            self._begin(self._finish_kept(taken.entry, key))
        elif is_waited_for and self.floods.begin(key):
            self._begin(self._finish_flood(taken.entry, key, wait))
        return Receipt(taken.entry, taken.conversation, too_fast=is_waited_for and pace is Pace.TOO_FAST)

    async def knows(self, inbound: Inbound) -> bool:
        """Whether this message is stored already."""
        key = _key_of(inbound)
        return key is not None and await self.database.read(lambda c: transcript.by_key(c, key)) is not None

    async def _turn_away(self, inbound: Inbound, wait: float) -> Receipt:
        """A line of a flood without end. Raises RateLimited, once the desk can read that one more is missing."""
        key = _key_of(inbound)

        def work(connection: Connection) -> tuple[Message, Conversation, bool] | None:
            known = transcript.by_key(connection, key) if key else None
            if known is not None:
                return known, conversations.find(connection, known.conversation_id), True
            conversation = conversations.open_one(connection, inbound.channel, inbound.sender)
            if conversation is None:
                return None
            return note_not_kept(connection, conversation, self.clock()), conversation, False

        found = await self.database.write(work)
        if found is not None and found[2]:
            return Receipt(found[0], found[1], repeated=True)
        if found is not None:
            self.floor.tell(found[1], [found[0]])
        raise RateLimited(retry_after=math.ceil(wait))

    async def stop(self) -> None:
        """Leave what is under way; it is taken up at the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish_kept(self, entry: Message, key: str) -> None:
        with self.bursts.under_way(key):
            try:
                await self._take_up(entry, key)
            except Exception:
                log.exception("A message was left half-way", extra={"event": "left_half_way", "message_id": entry.id})

    async def _finish_flood(self, entry: Message, key: str, wait: float) -> None:
        """A moment later, what has come until then; at the pace at which single lines would be taken."""
        with self.bursts.under_way(key):
            await asyncio.sleep(wait)
            try:
                async with self.turns.of(key):
                    await self._finish_together(key, entry.conversation_id)
            except Exception:
                self.floods.end(key)
                log.exception("A flood was left half-way", extra={"event": "left_half_way", "message_id": entry.id})

    async def _finish_together(self, key: str, conversation_id: str) -> None:
        """In its turn: all that is unfinished in this conversation, as one question."""
        self.floods.end(key)

        def work(connection: Connection) -> tuple[Conversation, list[Message]]:
            conversation = conversations.find(connection, conversation_id)
            lines = transcript.unsettled_after(connection, conversation_id, 0)
            asked = question_of(lines, self.limits.max_chars) if lines else []
            if conversation.status is Status.AGENT:
                asked = []
            self._settle_all(connection, [line for line in lines if line not in asked])
            return conversation, asked

        conversation, asked = await self.database.write(work)
        if asked:
            await self._finish(asked[-1], conversation, asked[:-1])

    async def receive(self, inbound: Inbound, limited: bool = True) -> Receipt:
        """Take one message. Raises EmptyMessage, TextTooLong or RateLimited before anything is stored."""
        inbound = self._checked(inbound, limited)
        key = f"{inbound.channel}:{inbound.sender}"
        if inbound.asks_person and self.bursts.present(key):
            # The bot is thinking about an earlier line. Who wants a person does not wait for it; its answer, composed
            # under an older epoch, will be refused.
            self.bursts.hurry(key)
            return await self._hand_over_at_once(inbound)
        with self.bursts.arrived(key, inbound) as mine:
            async with self.turns.of(key):
                self.bursts.begin(key, mine)
                return mine.receipt or await self._take_turn(key, mine)

    async def _hand_over_at_once(self, inbound: Inbound) -> Receipt:
        def work(connection: Connection) -> tuple[Message, Conversation, Handoff | None]:
            taken = self._accept(connection, inbound)
            entry, conversation = taken.entry, taken.conversation
            if taken.known or entry.settled_at or conversation.status is Status.AGENT:
                return entry, conversation, None
            transcript.settle(connection, entry.id, self.clock())
            wish = Wish(reason="asked_for_person", summary=conversation.last_text or "")
            handoff = self.floor.hand_over(connection, conversation, wish, entry.id, 0)
            if handoff.is_new:
                self.feedback.learning.person_wanted(connection, conversation, entry)
            return entry, handoff.conversation, handoff

        entry, conversation, handoff = await self.database.write(work)
        if handoff is None:
            return Receipt(entry, conversation)
        self.floor.tell(conversation, [entry])
        self.floor.tell_handoff(handoff)
        if handoff.line.delivered_at is None:
            await self.floor.post.deliver(conversation, [handoff.line])
        return Receipt(entry, conversation, (handoff.line,))

    async def leave_queue(self, channel: str, sender: str) -> None:
        """The customer does not want to wait any more. Nothing to do when they do not wait."""

        def work(connection: Connection) -> tuple[Conversation, Message] | None:
            conversation = conversations.open_one(connection, channel, sender)
            if conversation is None or conversation.status is not Status.WAITING:
                return None
            return self.floor.leave_queue(connection, conversation.id)

        self.bursts.hurry(f"{channel}:{sender}")
        async with self.turns.of(f"{channel}:{sender}"):
            left = await self.database.write(work)
            if left is not None:
                await self.floor.tell_and_deliver(left[0], [left[1]], queue=True)

    async def offer_message(self, channel: str, sender: str) -> None:
        """The customer would rather leave a message than wait. Nothing to do when they do not wait."""

        def work(connection: Connection) -> tuple[Conversation, Message] | None:
            conversation = conversations.open_one(connection, channel, sender)
            line = self.floor.offer_message(connection, conversation, None, None) if conversation else None
            return (conversation, line) if conversation and line else None

        async with self.turns.of(f"{channel}:{sender}"):
            offered = await self.database.write(work)
            if offered is not None:
                await self.floor.tell_and_deliver(offered[0], [offered[1]])

    async def take_up_unsettled(self, older_than_seconds: float = 0) -> int:
        """Finish what a crash left half-way. Returns how many messages there were."""
        bound = self.clock() - timedelta(seconds=older_than_seconds)
        left = await self.database.read(lambda c: transcript.unsettled(c, bound))
        lines = Counter(entry.conversation_id for entry in left)
        for entry in left:
            if lines[entry.conversation_id] > MOST_BY_THEMSELVES:
                await self._take_up_flood(entry)
            else:
                await self._take_up(entry)
        if left:
            log.info("Took up unfinished messages", extra={"event": "taken_up", "count": len(left)})
        return len(left)

    # -- the steps ---------------------------------------------------------------------------------------------

    def _checked(self, inbound: Inbound, limited: bool) -> Inbound:
        inbound = self._cleaned(inbound)
        key = f"{inbound.channel}:{inbound.sender}"
        wait = self.rates.wait_for(key) if limited else 0.0
        if wait or self.bursts.present(key) >= MAX_WAITING_FOR_TURN:
            raise RateLimited(retry_after=math.ceil(wait) or 1)
        return self._masked(inbound)

    def _cleaned(self, inbound: Inbound) -> Inbound:
        cleaned = text.clean(inbound.text)
        if inbound.attachments and text.is_blank(cleaned):
            cleaned = ""
        if len(cleaned) > self.limits.max_chars:
            raise TextTooLong(limit=self.limits.max_chars)
        if text.is_blank(cleaned) and not inbound.attachments:
            raise EmptyMessage()
        return replace(inbound, text=cleaned)

    def _masked(self, inbound: Inbound) -> Inbound:
        hidden = self.floor.masking.hide(inbound.text)
        return replace(inbound, text=hidden, masked=hidden != inbound.text)

    async def _take_turn(self, key: str, mine: Waiting) -> Receipt:
        """Take this message, and in the same turn those behind it that belong to it."""
        taken = await self._store_and_tell(mine)
        if taken.known and taken.entry.settled_at:
            answers = await self.database.read(lambda c: transcript.replies_to(c, taken.entry.id))
            return Receipt(taken.entry, taken.conversation, tuple(answers), repeated=True)
        burst = [mine] if taken.known else await self._gather(key, mine)
        receipts = await self._finish_in_order([line.taken for line in burst if line.taken is not None])
        for line, receipt in zip(burst, receipts, strict=True):
            line.receipt = receipt
        return receipts[0]

    async def _store_and_tell(self, line: Waiting) -> Taken:
        """Store it, once: a turn before this one may have done so, and then have been broken off."""
        if line.taken is None:
            line.taken = await self.database.write(lambda c: self._accept(c, line.inbound))
            if not line.taken.known:
                self.floor.tell(line.taken.conversation, [line.taken.entry])
                await self.floor.tell_and_deliver(
                    line.taken.conversation, line.taken.notice, queue=bool(line.taken.notice)
                )
            return line.taken
        before = line.taken

        def look_again(connection: Connection) -> Taken:
            entry = transcript.find(connection, [before.conversation.id], before.entry.id) or before.entry
            earlier = transcript.unsettled_before(connection, before.conversation.id, entry.id)
            conversation = conversations.find(connection, before.conversation.id)
            return replace(before, entry=entry, conversation=conversation, earlier=earlier, known=True)

        line.taken = await self.database.read(look_again)
        return line.taken

    async def _gather(self, key: str, mine: Waiting) -> list[Waiting]:
        """This line and those that wait behind it, as far as they are one question; one that announces another is
        given a moment for it, where the customer can send it before this one is answered."""
        burst, window = [mine], self.bursts.window_seconds
        if not window or not may_be_joined(mine.inbound):
            return burst
        can_wait = not self.floor.post.answered_in_response(mine.inbound.channel)
        latest = asyncio.get_running_loop().time() + MOST_WINDOWS * window
        while True:
            following = self.bursts.first(key)
            if following is None:
                left = min(window, latest - asyncio.get_running_loop().time())
                if not can_wait or left <= 0 or not self._is_bots_and_unfinished(burst[-1]):
                    return burst
                if not await self.bursts.another(key, left):
                    return burst
                continue
            size = sum(len(line.inbound.text) + 1 for line in (*burst, following))
            if not may_be_joined(following.inbound) or size > self.limits.max_chars:
                return burst
            self.bursts.leave_queue(key, following)
            taken = await self._store_and_tell(following)
            if taken.known:
                following.taken = None  # a repeat: it gets the first result, at its own turn
            elif mine.taken is not None and taken.conversation.id != mine.taken.conversation.id:
                return burst
            else:
                burst.append(following)

    async def _gather_stored(self, key: str, entry: Message, conversation: Conversation) -> list[Message]:
        """The same of messages that were stored as they came, for whose answer no request waits."""
        burst, window = [entry], self.bursts.window_seconds
        if not window or not was_plain_text(entry):
            return burst
        self.bursts.begin(key)
        latest = asyncio.get_running_loop().time() + MOST_WINDOWS * window
        while True:
            self.bursts.listen(key)
            for following in await self.database.read(
                lambda c: transcript.unsettled_after(c, conversation.id, burst[-1].id)
            ):
                size = sum(len(line.text) + 1 for line in (*burst, following))
                if not was_plain_text(following) or size > self.limits.max_chars:
                    return burst
                burst.append(following)
            left = min(window, latest - asyncio.get_running_loop().time())
            if conversation.status is not Status.BOT or left <= 0 or not announces_more(burst[-1].text):
                return burst
            if not await self.bursts.heard(key, left):
                return burst

    def _is_bots_and_unfinished(self, line: Waiting) -> bool:
        is_bots = line.taken is not None and line.taken.conversation.status is Status.BOT
        return is_bots and announces_more(line.inbound.text)

    def _accept(self, connection: Connection, inbound: Inbound) -> Taken:
        """Store the message, once."""
        now = self.clock()
        key = _key_of(inbound)
        if key is not None:
            known = transcript.by_key(connection, key)
            if known is not None:
                return Taken(known, conversations.find(connection, known.conversation_id), known=True)
        rated = self.floor.survey.closed_question(
            connection, inbound.channel, inbound.sender, inbound.text, inbound.payload, now
        )
        conversation = rated or conversations.open_or_begin(
            connection,
            inbound.channel,
            inbound.sender,
            now,
            inbound.language or self.limits.default_language,
            inbound.page,
        )
        if conversation.last_seq == 0 and self.floor.post.is_sender_sure(inbound.channel):
            conversation = _with_lasting_proof(connection, conversation)
        conversation = self._with_what_is_known(connection, conversation, inbound)
        payload, shown = self._payload_of(connection, conversation, inbound)
        if inbound.reach is not None:
            conversations.set_reach(
                connection, conversation.id, dict(inbound.reach), _wrote_at(inbound, conversation.wrote_at, now)
            )
            conversation = conversations.find(connection, conversation.id)
        entry = transcript.append(
            connection,
            conversation,
            Draft(
                author=Author.CUSTOMER,
                text=shown or attachments.stands_for([one.kind for one in inbound.attachments], conversation.language),
                body=_attached(inbound),
                payload=payload,
                name=conversation.customer_name or inbound.name,
                client_id=inbound.client_id,
                dedup_key=key,
            ),
            now,
        )
        stored = [str(one.stored["id"]) for one in inbound.attachments if one.stored is not None]
        if stored:
            owner = attachments.customer(inbound.channel, inbound.sender)
            attachments.put_into(connection, owner, stored, conversation.id, entry.id)
        if self.floor.post.gives_files(inbound.channel) and any(
            attachments.is_awaited(one) for one in entry.body.get("attachments") or ()
        ):
            pending_media.add(connection, entry.id, inbound.channel, now)
        back = None
        if entry.seq == 1:
            conversation, back = self.reopening.take_up(connection, conversation, shown, now)
        taken = Taken(entry, conversation, notice=[back] if back else [])
        if inbound.masked:
            notice = self.floor.number_hidden(connection, conversation, entry.id)
            taken.notice.extend([notice] if notice else [])
        if conversation.status is Status.AGENT:
            transcript.settle(connection, entry.id, now)
        else:
            taken.earlier.extend(transcript.unsettled_before(connection, conversation.id, entry.id))
        if self.floor.post.answered_in_response(inbound.channel):
            taken.pending.extend(transcript.undelivered(connection, inbound.channel, inbound.sender, now))
            transcript.mark_delivered(connection, [line.id for line in taken.pending], now)
        return taken

    def _with_what_is_known(self, connection: Connection, conversation: Conversation, inbound: Inbound) -> Conversation:
        """The conversation with the message's language, and with the identity the shop signed for it."""
        chosen = conversation.language
        if inbound.payload is None:
            chosen = language.choose(
                conversation.language,
                conversation.language_fixed,
                inbound.text,
                inbound.language,
                first=conversation.last_seq == 0,
            )
        if chosen != conversation.language:
            conversations.set_language(connection, conversation.id, chosen, fixed=False)
            tickets.set_language(connection, conversation.id, chosen)
        who = inbound.identity
        signed = who is not None and (conversation.customer_id, conversation.identity_until) != (
            who.customer_id,
            who.until,
        )
        if signed and who is not None:
            conversations.set_identity(connection, conversation.id, who.customer_id, who.name, who.until)
        if signed or chosen != conversation.language:
            return conversations.find(connection, conversation.id)
        return conversation

    def _payload_of(
        self, connection: Connection, conversation: Conversation, inbound: Inbound
    ) -> tuple[str | None, str]:
        """What the bot is asked instead of the text: only a payload that we offered in this conversation."""
        if inbound.asks_person:
            return ASK_PERSON, texts.say("asks_person", conversation.language)
        if inbound.picked_article is not None:
            return f'/faq{{"article": "{inbound.picked_article}"}}', inbound.text
        wanted = inbound.payload or inbound.text
        if self.floor.post.is_written_to(inbound.channel):
            chosen = self._choice_of(connection, conversation, wanted)
            if chosen is not None:
                return chosen
            if _BUTTON_KEY.fullmatch(wanted):
                raise EmptyMessage()  # a choice that we never gave this customer
        if not wanted.startswith("/"):
            return None, inbound.text
        offer = transcript.newest_offer(connection, conversation.id, wanted)
        if offer is None:
            return None, inbound.text
        title = next(button["title"] for button in offer.buttons if button.get("payload") == wanted)
        return wanted, title

    def _choice_of(
        self, connection: Connection, conversation: Conversation, wanted: str
    ) -> tuple[str | None, str] | None:
        """The payload and the title of the choice that was tapped, or typed as its number or its words."""
        key = _BUTTON_KEY.fullmatch(wanted)
        if key is not None:
            own = conversations.ids_of_sender(connection, conversation.channel, conversation.sender)
            message = transcript.find(connection, own, int(key[1]))
            buttons = message.buttons if message is not None else []
            if message is None or int(key[2]) >= len(buttons):
                return None
            button = buttons[int(key[2])]
            # What was offered in an earlier conversation is over: it is what the customer says now, and no command.
            here = message.conversation_id == conversation.id
            return (button["payload"] if here else None), button["title"]
        offer = transcript.standing_offer(connection, conversation.id)
        typed = unicodedata.normalize("NFKC", wanted).strip()
        if offer is None or len(typed) > 100:
            return None
        number = _NUMBER.fullmatch(typed)
        buttons = offer.buttons
        if self.floor.post.joins_turns(conversation.channel):
            buttons = [button for line in transcript.turn_of(connection, offer) for button in line.buttons]
        if number is not None and self.floor.post.shows_numbers(conversation.channel, buttons):
            place = int(number[1])
            if 1 <= place <= len(buttons):
                return buttons[place - 1]["payload"], buttons[place - 1]["title"]
        for button in buttons:
            if unicodedata.normalize("NFKC", button["title"]).strip().casefold() == typed.casefold():
                return button["payload"], button["title"]
        return None

    async def _finish_in_order(self, taken: Sequence[Taken]) -> list[Receipt]:
        """Finish what came before and was left half-way, then these messages: together, unless one of them is a choice
        or something that the platform answers itself. The answer hangs on the last; the others have none."""
        conversation = taken[-1].conversation
        for left in taken[0].earlier:
            conversation = (await self._finish(left, conversation)).conversation
        if len(taken) > 1 and any(one.entry.payload or self._platforms_own(one.entry, conversation) for one in taken):
            receipts = []
            for one in taken:
                receipts.append(await self._finish(one.entry, conversation))
                conversation = receipts[-1].conversation
        else:
            last = await self._finish(taken[-1].entry, conversation, [one.entry for one in taken[:-1]])
            receipts = [*(Receipt(one.entry, last.conversation) for one in taken[:-1]), last]
        return [replace(receipt, pending=tuple(one.pending)) for receipt, one in zip(receipts, taken, strict=True)]

    async def _finish(self, entry: Message, conversation: Conversation, before: Sequence[Message] = ()) -> Receipt:
        """Have one question answered; `before` are the lines that begin it, each stored and settled by itself."""
        if conversation.status in (Status.AGENT, Status.CLOSED):
            if conversation.status is Status.CLOSED and not before:
                done = await self.database.write(
                    lambda c: self._do_own(c, entry, conversation, self._rating(entry, conversation))
                )
                if done is not None:
                    await self.floor.tell_and_deliver(done[0], [done[1]])
                    return Receipt(entry, done[0], (done[1],))
            if conversation.status is Status.CLOSED or before:
                await self.database.write(lambda c: self._settle_all(c, [*before, entry]))
            return Receipt(entry, conversation)
        own = None if before else self._platforms_own(entry, conversation)
        if own is not None:
            done = await self.database.write(lambda c: self._do_own(c, entry, conversation, own))
            if done is not None:
                await self.floor.tell_and_deliver(done[0], [done[1]], queue=True)
                return Receipt(entry, done[0], (done[1],))
        question = replace(entry, text="\n".join(line.text for line in (*before, entry)))
        answered = await self._let_bot_answer(question, conversation, before)
        if answered.handoff is not None:
            self.floor.tell(answered.conversation, answered.lines[:-1])
            self.floor.tell_handoff(answered.handoff)
        else:
            self.floor.tell(answered.conversation, answered.lines, queue=answered.queue_changed)
        waiting_to_go = [line for line in answered.lines if line.delivered_at is None]
        if waiting_to_go:
            await self.floor.post.deliver(answered.conversation, waiting_to_go)
        return Receipt(entry, answered.conversation, tuple(answered.lines))

    def _platforms_own(self, entry: Message, conversation: Conversation) -> OwnWork | None:
        """What the platform does itself with this message, if anything: leave the queue, keep a contact, and what
        the customer says about an answer."""
        if entry.payload == LEAVE_QUEUE and conversation.status is Status.WAITING:
            return lambda c: self.floor.leave_queue(c, conversation.id, entry.id)
        if entry.payload == LEAVE_MESSAGE and conversation.status is Status.WAITING:

            def offer(connection: Connection) -> tuple[Conversation, Message] | None:
                line = self.floor.offer_message(connection, conversation, entry.id, 0)
                return (conversation, line) if line else None

            return offer
        said = self.feedback.own_work(entry, conversation) or self.account_talk.own_work(entry, conversation)
        if said is not None:
            return said
        if entry.body.get("wordless"):
            return lambda c: (conversation, self.floor.attachment_kept(c, conversation, entry.id))
        if self.floor.survey.may_be_answer(entry.text, entry.payload):
            return self._rating(entry, conversation)
        if (conversation.reach or {}).get("call_back") == "":
            # A caller who withholds their number may just have been asked for one.
            return lambda c: self.floor.take_number(c, conversation, entry.text, entry.id)
        contact = contact_in(entry.text) if entry.payload is None else None
        if contact is None or conversation.status not in (Status.BOT, Status.WAITING):
            return None

        def keep(connection: Connection) -> tuple[Conversation, Message] | None:
            # A number or an address written right after we asked for one is the contact; not every channel has a form.
            last = transcript.last_from_us(connection, conversation.id)
            form = last.body.get("contact_form") if last is not None else None
            if not form:
                return None
            return self.floor.keep_contact(connection, [conversation.id], form["ticket"], contact, entry.id)

        return keep

    def _rating(self, entry: Message, conversation: Conversation) -> OwnWork:
        """Keep how the customer rates what they were asked about, when this is the answer to it."""
        pulled = self.floor.post.pulled_by_customer(conversation.channel)
        return lambda c: self.floor.survey.take(c, conversation, entry, pulled, self.clock())

    def _do_own(
        self, connection: Connection, entry: Message, conversation: Conversation, own: OwnWork
    ) -> tuple[Conversation, Message] | None:
        """In one transaction with settling; None (and nothing settled) when it turns out to be the bot's after all."""
        done = own(connection)
        if done is not None:
            transcript.settle(connection, entry.id, self.clock())
            if self._goes_at_once(conversation.channel):
                transcript.mark_delivered(connection, [done[1].id], self.clock())
        return done

    async def _let_bot_answer(self, entry: Message, conversation: Conversation, before: Sequence[Message]) -> _Answered:
        """Ask the bot and store what it says, unless somebody else has taken the word meanwhile."""
        self._tell_typing(conversation, True)
        with self.floor.post.typing_while(conversation):
            said = await self._ask(entry, conversation)
        try:
            return await self.database.write(lambda c: self._store(c, entry, conversation, said, before))
        except StaleEpoch:
            log.info(
                "An answer came too late: somebody else has the word",
                extra={"event": "stale_answer_refused", "conversation": conversation.id, "epoch": conversation.epoch},
            )
            return await self.database.write(lambda c: self._settle_silently(c, [*before, entry], conversation))
        finally:
            # The assistant may have nothing to say: a line was only noted, or somebody else has the word.
            self._tell_typing(conversation, False)

    def _tell_typing(self, conversation: Conversation, typing: bool) -> None:
        topic = customer_topic(conversation.channel, conversation.sender)
        self.floor.live.publish(topic, {"kind": "typing", "author": "assistant", "typing": typing})

    async def _ask(self, entry: Message, conversation: Conversation) -> Sequence[BotLine] | None:
        """What the bot says; None when it failed."""
        wants_person = entry.payload == ASK_PERSON
        seconds = self.limits.person_timeout_seconds if wants_person else self.limits.bot_timeout_seconds
        try:
            return await self.bot.ask(
                conversation.id,
                entry.payload or text.harmless(entry.text),
                await self._metadata_of(entry, conversation),
                seconds,
            )
        except BotFailed as exc:
            log.error(
                "The bot failed",
                extra={"event": "bot_failed", "conversation": conversation.id, "why": str(exc)},
            )
            return None

    async def _metadata_of(self, entry: Message, conversation: Conversation) -> dict[str, Any]:
        metadata = _metadata(entry, conversation, self.clock())
        if self.account_talk.is_offered(conversation):
            metadata["may_link"] = True
        if entry.seq == 1:
            earlier = await self.database.read(lambda c: self.reopening.context_of(c, conversation))
            if earlier:
                metadata["earlier"] = dict(earlier)
        return metadata

    def _store(
        self,
        connection: Connection,
        entry: Message,
        conversation: Conversation,
        said: Sequence[BotLine] | None,
        before: Sequence[Message],
    ) -> _Answered:
        if not transcript.settle(connection, entry.id, self.clock()):
            # Another gateway finished this message; its answers stand.
            return _Answered(conversations.find(connection, conversation.id), [])
        self._settle_all(connection, before)
        answered = self._store_answers(connection, entry, conversation, said)
        waiting = [line.id for line in answered.lines if line.delivered_at is None]
        if waiting and self._goes_at_once(conversation.channel):
            transcript.mark_delivered(connection, waiting, self.clock())
        learning = self.feedback.learning
        learning.from_answers(connection, conversation, entry, answered.lines)
        if answered.handoff is not None and answered.handoff.is_new:
            learning.person_wanted(connection, conversation, entry)
        return answered

    def _store_answers(
        self, connection: Connection, entry: Message, conversation: Conversation, said: Sequence[BotLine] | None
    ) -> _Answered:
        if said is None:
            return self._store_failure(connection, entry, conversation)
        stored: list[Message] = []
        said = self._offering_link(said, conversation)
        for line in said:
            conversation = self._obey_marks(connection, conversation, line)
            if "handoff" in line.marks:
                if line.text:
                    log.warning("The bot spoke beside its handoff", extra={"event": "text_beside_handoff"})
                handoff = self.floor.hand_over(
                    connection, conversation, wish_from(line.marks["handoff"]), entry.id, len(stored)
                )
                return _Answered(handoff.conversation, [*stored, handoff.line], handoff)
            if line.marks.get("leave_queue") and conversation.status is Status.WAITING:
                moved, told = self.floor.leave_queue(connection, conversation.id, entry.id)
                return _Answered(moved, [*stored, told], queue_changed=True)
            own = self._about_waiting(connection, entry, conversation, line, len(stored))
            if own is not None:
                stored.append(own)
            elif line.marks.get("account_link") in ("link", "unlink"):
                is_wanted = line.marks["account_link"] == "link"
                conversation, told = self.account_talk.answer(
                    connection, conversation, is_wanted, entry.id, len(stored)
                )
                stored.append(told)
            elif line.marks.get("promises"):
                stored.append(
                    self._store_line(
                        connection, entry, conversation, self._promised(connection, conversation), len(stored)
                    )
                )
            elif line.marks.get("noted"):
                noted = self.floor.noted(connection, conversation, entry.id, len(stored))
                stored += [noted] if noted else []
            elif line.text or line.image:
                stored.append(self._store_line(connection, entry, conversation, line, len(stored)))
        return _Answered(conversation, stored)

    def _offering_link(self, said: Sequence[BotLine], conversation: Conversation) -> Sequence[BotLine]:
        """Beside the question for an order that is theirs: the way to say who they are, and be asked no more."""
        asks = any(line.marks.get("asks_who") for line in said)
        if not (asks and said[-1].text and self.account_talk.is_offered(conversation)):
            return said
        buttons = (*said[-1].buttons, self.account_talk.button(conversation))
        return [*said[:-1], replace(said[-1], buttons=buttons)]

    def _store_line(
        self, connection: Connection, entry: Message, conversation: Conversation, line: BotLine, part: int
    ) -> Message:
        body: dict[str, Any] = {name: line.marks[name] for name in _KEPT_MARKS if name in line.marks}
        buttons = [*map(dict, line.buttons), *self.feedback.offers_beside(line, conversation)]
        if buttons:
            body["buttons"] = buttons
        if line.image:
            body["image"] = line.image
        stored = transcript.append(
            connection,
            conversation,
            Draft(
                author=Author.ASSISTANT,
                text=line.text,
                body=body,
                reply_to=entry.id,
                part=part,
                while_waiting=conversation.status is Status.WAITING,
                delivered=self._goes_at_once(conversation.channel),
            ),
            self.clock(),
            guarded=True,
        )
        promised = promise_from(line.marks.get("promise"))
        if promised is not None:
            self.floor.ledger.by_assistant(connection, conversation, stored, *promised)
        return stored

    def _about_waiting(
        self, connection: Connection, entry: Message, conversation: Conversation, line: BotLine, part: int
    ) -> Message | None:
        """What a waiting customer asked the assistant and the platform knows: the place, a message instead."""
        if line.marks.get("queue_place"):
            return self.floor.place(connection, conversation, entry.id, part)
        if line.marks.get("leave_message"):
            return self.floor.offer_message(connection, conversation, entry.id, part)
        return None

    def _promised(self, connection: Connection, conversation: Conversation) -> BotLine:
        """What we have promised to this customer, by the ledger; with the way to a person."""
        spoken = self.floor.ledger.answer(connection, conversation, self.clock())
        button = {"title": texts.say("button_person", conversation.language), "payload": ASK_PERSON}
        return BotLine(spoken, (button,) if conversation.status is Status.BOT else ())

    def _goes_at_once(self, channel: str) -> bool:
        """Whether an answer stored now needs no sending: the page fetches it, or the response carries it."""
        return self.floor.post.pulled_by_customer(channel) or self.floor.post.answered_in_response(channel)

    def _store_failure(self, connection: Connection, entry: Message, conversation: Conversation) -> _Answered:
        """The bot is silent: say so and offer a person, or get the person who was asked for."""
        if entry.payload == ASK_PERSON or plainly_asks_for_person(entry.text):
            wish = Wish(reason="asked_for_person", summary=entry.text[:200])
            handoff = self.floor.hand_over(connection, conversation, wish, entry.id, 0)
            return _Answered(handoff.conversation, [handoff.line], handoff)
        last = transcript.last_from_us(connection, conversation.id)
        spoken = texts.say("bot_failed", conversation.language, unlike=last.text if last else None)
        button = {"title": texts.say("button_person", conversation.language), "payload": ASK_PERSON}
        line = transcript.append(
            connection,
            conversation,
            Draft(
                author=Author.SYSTEM,
                text=spoken,
                body={"key": "bot_failed", "buttons": [button]},
                reply_to=entry.id,
                part=0,
                delivered=self._goes_at_once(conversation.channel),
            ),
            self.clock(),
            guarded=True,
        )
        return _Answered(conversation, [line])

    def _obey_marks(self, connection: Connection, conversation: Conversation, line: BotLine) -> Conversation:
        wanted = line.marks.get("language")
        if wanted in language.LOCALES and wanted != conversation.language:
            conversations.set_language(connection, conversation.id, str(wanted), fixed=True)
            tickets.set_language(connection, conversation.id, str(wanted))
            conversation = conversations.find(connection, conversation.id)
        order = line.marks.get("order")
        if isinstance(order, dict) and isinstance(order.get("number"), str):
            conversation = conversations.prove_order(connection, conversation, order["number"])
        return conversation

    def _settle_all(self, connection: Connection, entries: Sequence[Message]) -> None:
        for entry in entries:
            transcript.settle(connection, entry.id, self.clock())

    def _settle_silently(
        self, connection: Connection, entries: Sequence[Message], conversation: Conversation
    ) -> _Answered:
        self._settle_all(connection, entries)
        return _Answered(conversations.find(connection, conversation.id), [])

    async def _take_up(self, entry: Message, burst_key: str | None = None) -> None:
        """Finish a stored message; with the key of its turns together with those after it that belong to it."""
        key = burst_key
        if key is None:
            key = await self.database.read(lambda c: _turn_of(conversations.find(c, entry.conversation_id)))
        async with self.turns.of(key):
            now = await self.database.read(lambda c: self._as_it_stands(c, entry))
            if now is None:
                return
            if now.conversation.status is Status.AGENT:
                await self.database.write(lambda c: transcript.settle(c, entry.id, self.clock()))
                return
            try:
                if self.floods.wait(key):
                    await self._finish_together(key, now.conversation.id)
                    return
                burst = [now.entry]
                if burst_key:
                    burst = await self._gather_stored(burst_key, now.entry, now.conversation)
                await self._finish_in_order([replace(now, entry=one) for one in burst])
            except HandoffError as exc:
                log.error("Could not finish a message", extra={"event": "take_up_failed", "code": exc.code})

    async def _take_up_flood(self, entry: Message) -> None:
        """Finish what somebody left unfinished of a flood, unless that is done by now."""
        key = await self.database.read(lambda c: _turn_of(conversations.find(c, entry.conversation_id)))
        async with self.turns.of(key):
            if await self.database.read(lambda c: self._as_it_stands(c, entry)) is not None:
                await self._finish_together(key, entry.conversation_id)

    def _as_it_stands(self, connection: Connection, entry: Message) -> Taken | None:
        """A stored message with what is unfinished before it; None when it is finished by now."""
        stands = transcript.find(connection, [entry.conversation_id], entry.id)
        if stands is None or stands.settled_at:
            return None
        earlier = transcript.unsettled_before(connection, entry.conversation_id, entry.id)
        return Taken(stands, conversations.find(connection, entry.conversation_id), earlier=earlier)


def _turn_of(conversation: Conversation) -> str:
    """The key of its turns."""
    return f"{conversation.channel}:{conversation.sender}"


def _wrote_at(inbound: Inbound, before: datetime | None, now: datetime) -> datetime:
    """When the customer last wrote: by the provider's clock, as far as that can be, and never sooner than we knew."""
    said = inbound.wrote_at
    if said is None or now - said > OLDEST_BROUGHT:
        return now
    wrote = min(said, now)
    return max(wrote, before) if before else wrote


def _key_of(inbound: Inbound) -> str | None:
    """Under which the message is stored once; None where its sender has no id for it."""
    if not inbound.external_id:
        return None
    return transcript.dedup_key(inbound.channel, inbound.sender, inbound.external_id)


def _with_lasting_proof(connection: Connection, conversation: Conversation) -> Conversation:
    """A new conversation of a sender who is, by proof, a contact or a customer we know."""
    if not contact_proofs.is_itself(connection, (conversation.channel, conversation.sender)):
        return conversation
    conversations.prove_contact(connection, conversation.id)
    for _, account in contact_proofs.accounts_linked(connection, [(conversation.channel, conversation.sender)]):
        conversations.know_account(connection, conversation.id, account)
    return conversations.find(connection, conversation.id)


def _attached(inbound: Inbound) -> dict[str, Any]:
    if not inbound.attachments:
        return {}
    body: dict[str, Any] = {"attachments": [one.kept() for one in inbound.attachments]}
    return body if inbound.text else {**body, "wordless": True}


def _metadata(entry: Message, conversation: Conversation, now: datetime) -> dict[str, Any]:
    """What the bot may know of the platform. Built here alone; nothing of it comes from the customer's request."""
    signed = conversation.signed_in(now)
    return {
        "language": conversation.language,
        "waiting": conversation.status is Status.WAITING,
        "channel": conversation.channel.partition(":")[0],
        "identity": {
            "tier": Tier.IDENTITY.value if signed else Tier.ANONYMOUS.value,
            "customer_id": conversation.customer_id if signed else None,
            "name": conversation.customer_name if signed else None,
        },
        "message_id": entry.id,
    }


async def forever(every_seconds: float, work: Any) -> None:
    """Run `work` again and again; an error is logged and does not end it."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await work()
        except Exception:
            log.exception("A periodic task failed", extra={"event": "periodic_failed"})
