"""The outbox: sends what is due, in order within a conversation, and no conversation or account waits for another's.

What stands in the table `deliveries` is the truth; a nudge only makes it quick. A gateway that dies leaves rows that
the next one takes up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from connectors.output import SLOWEST_BYTES_PER_SECOND, DeliveryFailed, Envelope, Part
from handoff import conversations, deliveries, transcript
from handoff.clock import Clock
from handoff.database import Database
from handoff.deliveries import Delivery
from handoff.floor import DESK_TOPIC, Live
from handoff.models import Author, DeliveryState
from handoff.records import Conversation
from switchboard.senders import Sender

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
# Requests to one account at the same time; not counted are those that the provider leaves unanswered for so long, which
# hold nobody else, up to what the sender can have open at once.
AT_ONCE = 8
HANGS_AFTER_SECONDS = 1.0
SEND_TIMEOUT_SECONDS = 30.0
# A file is given so much longer as the slowest line takes, in a mail by a third more.
SLOWEST_FILE_BYTES_PER_SECOND = SLOWEST_BYTES_PER_SECOND * 2 / 3
# Longer than any send without a file: whoever holds a delivery for longer has died.
LEASE = timedelta(seconds=120)
# A file that so many times was not taken to its end holds what was said after it no longer.
TRIES_OF_A_FILE = 3
# A gateway that is stopped lets providers take so long what it has begun to send; whoever stops it waits for more.
FINISH_WITHIN_SECONDS = 3.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 600.0
# A message that could not be sent for a day helps nobody any more; the agent is told.
GIVE_UP_AFTER = timedelta(hours=24)
# An account that says "too fast" without saying how long.
ACCOUNT_PAUSE_SECONDS = 30.0
# What one line alone may be at fault for, among those that left with it.
_MAY_BE_ONE_LINE = frozenset({"content", "too_large", "refused"})
_NAMESPACE = uuid.UUID("7d0c4a39-0d0e-4f2f-9d55-6c1ed6f0a1b7")


@dataclass
class Account:
    """One mounted channel: how it sends, what it is sending, and until when it rests."""

    name: str
    sender: Sender
    trouble: Callable[[str | None], None]  # tells operators why nothing can be sent, until it can
    busy: set[str] = field(default_factory=set)  # the conversations with something under way
    hanging: set[str] = field(default_factory=set)  # those of them whose provider does not answer
    rests_until: datetime | None = None

    def has_room(self) -> bool:
        """Whether one more conversation may begin."""
        return len(self.busy - self.hanging) < AT_ONCE and len(self.busy) < self.sender.most_at_once

    def rest(self, until: datetime) -> datetime:
        """Send nothing until then, or for longer where it was told so before: what was under way meanwhile may be told
        less. The moment that holds."""
        self.rests_until = until if self.rests_until is None else max(until, self.rests_until)
        return self.rests_until


@dataclass(frozen=True)
class _Job:
    """What leaves together: one delivery, or several of a turn, each with what it is at the provider."""

    taken: tuple[Delivery, ...]
    parts: tuple[Part | None, ...]  # None: there is nothing to send
    conversation: Conversation
    author: Author

    @property
    def head(self) -> Delivery:
        """What was said first; the others have its fate."""
        return self.taken[0]

    @property
    def alone(self) -> _Job:
        """The head without the others."""
        return replace(self, taken=self.taken[:1], parts=self.parts[:1])


class Outbox:
    """Sends what the table `deliveries` says, through the accounts it knows."""

    def __init__(
        self,
        database: Database,
        live: Live,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        hangs_after_seconds: float = HANGS_AFTER_SECONDS,
        send_timeout_seconds: float = SEND_TIMEOUT_SECONDS,
    ) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._jitter = jitter
        self._hangs_after_seconds = hangs_after_seconds
        self._send_timeout_seconds = send_timeout_seconds
        self._accounts: dict[str, Account] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._nudged = asyncio.Event()
        self._is_stopping = False

    def add(self, name: str, sender: Sender, trouble: Callable[[str | None], None] = lambda _: None) -> None:
        """Send for this channel from now on."""
        self._accounts[name] = Account(name, sender, trouble)

    def nudge(self) -> None:
        """There may be something to send."""
        self._nudged.set()

    async def run(self) -> None:
        """Send what is due until cancelled; then finish what is being sent."""
        try:
            while True:
                self._nudged.clear()
                try:
                    await self._begin_what_is_due()
                except Exception:  # the database may be away; it is asked again
                    log.exception("Nothing could be sent", extra={"event": "outbox_failed"})
                # Not wait_for: in Python 3.10 it can swallow the cancellation of who waits.
                waiting = asyncio.ensure_future(self._nudged.wait())
                try:
                    await asyncio.wait({waiting}, timeout=LOOK_EVERY_SECONDS)
                finally:
                    waiting.cancel()
        finally:
            await self._finish_sending()
            for account in self._accounts.values():
                await account.sender.close()

    async def _finish_sending(self) -> None:
        # Cut off in between, nobody would know whether it left, and what was said after it would wait for the lease.
        self._is_stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_WITHIN_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin_what_is_due(self) -> None:
        now = self._clock()
        accounts = [one for one in self._accounts.values() if one.has_room() and not _rests(one, now)]
        if not accounts:
            return

        def find(connection: Connection) -> list[tuple[Account, list[Delivery]]]:
            # Conversations that are being sent stand first: they are the longest due.
            return [
                (one, deliveries.due(connection, one.name, now, AT_ONCE + len(one.busy), one.sender.joins_turns))
                for one in accounts
            ]

        for account, found in await self._database.read(find):
            for delivery in found:
                if delivery.conversation_id in account.busy or not account.has_room():
                    continue
                account.busy.add(delivery.conversation_id)
                task = asyncio.create_task(self._send_all_of(account, delivery))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _send_all_of(self, account: Account, delivery: Delivery | None) -> None:
        """One conversation's deliveries, one after the other, as long as they go well."""
        conversation_id = delivery.conversation_id if delivery else ""

        def next_one(connection: Connection) -> Delivery | None:
            return deliveries.next_of(connection, conversation_id, self._clock(), account.sender.joins_turns)

        try:
            while delivery is not None and not self._is_stopping and not _rests(account, self._clock()):
                if not await self._send(account, delivery):
                    break
                delivery = await self._database.read(next_one)
        except Exception:  # of our own; the lease ends and it is taken up again
            log.exception("A delivery broke off", extra={"event": "delivery_broke", "channel": account.name})
        finally:
            account.busy.discard(conversation_id)
            self._nudged.set()

    async def _send(self, account: Account, delivery: Delivery) -> bool:
        """Send one part. False when the rest of the conversation has to wait."""
        if delivery.state is DeliveryState.SENDING and not await self._may_repeat(account, delivery):
            # Whoever sent it died in between, and nobody knows whether it left.
            await self._finish([delivery], _lost)
            return True
        job = await self._claim(account, delivery)
        return job is not None and await self._send_taken(account, job)

    async def _send_taken(self, account: Account, job: _Job) -> bool:
        try:
            ids = await self._post(account, job)
        except DeliveryFailed as failed:
            if failed.permanent and failed.reason in _MAY_BE_ONE_LINE and len(job.taken) > 1:
                await self._finish(job.taken[1:], _put_back)
                return await self._send_taken(account, job.alone)
            return await self._failed(account, job, failed)
        account.trouble(None)
        await self._finish(job.taken, lambda c, one, now: _sent(c, one, ids[one.id], now))
        return True

    async def _may_repeat(self, account: Account, delivery: Delivery) -> bool:
        def work(connection: Connection) -> _Job | None:
            message = transcript.one(connection, delivery.message_id)
            if message is None:
                return None
            return _Job((delivery,), (), conversations.find(connection, delivery.conversation_id), message.author)

        job = await self._database.read(work)
        # It was begun when it was taken, and nothing has touched the row since.
        return job is not None and account.sender.may_repeat(_envelope(job, delivery.updated_at))

    async def _claim(self, account: Account, delivery: Delivery) -> _Job | None:
        def work(connection: Connection) -> _Job | None:
            now = self._clock()
            if not deliveries.claim(connection, delivery, now, now + LEASE):
                return None
            message = transcript.one(connection, delivery.message_id)
            if message is None:
                return None
            sender, taken = account.sender, [delivery]
            lines = transcript.turn_of(connection, message) if sender.joins_turns else [message]
            made = {line.id: parts for line, parts in zip(lines, sender.turn(lines))}
            if sender.joins_turns:
                taken += deliveries.behind(connection, delivery, list(made))
            for one in taken:
                if one.part == 0 and len(made[one.message_id]) > 1:
                    deliveries.expand(connection, one, len(made[one.message_id]), now)
            if sender.joins_turns:
                taken = [delivery, *deliveries.behind(connection, delivery, list(made))]
            parts = [_part(made[one.message_id], one.part) for one in taken]
            count = _leaving(sender, parts)
            deliveries.take_along(connection, taken[1:count], now, now + LEASE)
            if any(part.files for part in parts[:count] if part):
                until = now + LEASE + timedelta(seconds=_seconds_of_files(parts[:count]))
                deliveries.hold(connection, taken[:count], until)
            conversation = conversations.find(connection, delivery.conversation_id)
            return _Job(tuple(map(_claimed, taken[:count])), tuple(parts[:count]), conversation, message.author)

        return await self._database.write(work)

    async def _post(self, account: Account, job: _Job) -> dict[int, str | None]:
        """The provider's id for each delivery. Raises DeliveryFailed, whatever went wrong."""
        leaving = [(one.id, part) for one, part in zip(job.taken, job.parts) if part is not None]
        ids: list[str | None] = []
        if leaving:
            envelope = _envelope(job, self._clock())
            with self._hanging_aside(account, job.head.conversation_id):
                ids = await self._bounded(account.sender, [part for _, part in leaving], envelope)
        return {**{one.id: None for one in job.taken}, **{key: found for (key, _), found in zip(leaving, ids)}}

    @contextlib.contextmanager
    def _hanging_aside(self, account: Account, conversation_id: str) -> Iterator[None]:
        """Give the place to others while the provider does not answer."""

        def give_place() -> None:
            account.hanging.add(conversation_id)
            self._nudged.set()

        giving = asyncio.get_running_loop().call_later(self._hangs_after_seconds, give_place)
        try:
            yield
        finally:
            giving.cancel()
            account.hanging.discard(conversation_id)

    async def _bounded(self, sender: Sender, parts: Sequence[Part], envelope: Envelope) -> list[str | None]:
        try:
            most = self._send_timeout_seconds + _seconds_of_files(parts)
            return await asyncio.wait_for(sender.send(parts, envelope), most)
        except asyncio.TimeoutError as exc:
            raise DeliveryFailed("no_answer", "no answer in time", maybe_sent=True) from exc
        except DeliveryFailed:
            raise
        except Exception as exc:
            log.exception("A channel's code failed", extra={"event": "sender_failed", "error": type(exc).__name__})
            raise DeliveryFailed("refused", type(exc).__name__) from exc

    async def _failed(self, account: Account, job: _Job, failed: DeliveryFailed) -> bool:
        now, delivery = self._clock(), job.head
        log.warning(
            "A channel did not take a message",
            extra={
                "event": "delivery_failed",
                "channel": account.name,
                "message_id": delivery.message_id,
                "reason": failed.reason,
                "attempts": delivery.attempts,
            },
        )
        if failed.whole_account and failed.reason == "account" and not failed.is_told:
            account.trouble(f"our key is refused, and what is written to customers waits: {failed.detail}")
        if failed.maybe_sent and (failed.cannot_repeat or not account.sender.repeats_safely):
            state = DeliveryState.UNKNOWN
        elif failed.permanent or now - delivery.created_at > GIVE_UP_AFTER or _never_ends(job, failed):
            state = DeliveryState.FAILED
        else:
            at = now + self._pause(delivery, failed)
            if failed.whole_account:
                at = max(at, account.rest(now + timedelta(seconds=failed.retry_after or ACCOUNT_PAUSE_SECONDS)))
            await self._finish(
                job.taken, lambda c, one, now: deliveries.try_again(c, one, at, now, failed.reason, failed.detail)
            )
            return False
        await self._finish(
            job.taken, lambda c, one, now: deliveries.give_up(c, one, state, now, failed.reason, failed.detail)
        )
        return True

    def _pause(self, delivery: Delivery, failed: DeliveryFailed) -> timedelta:
        """Twice as long each time, and never all at the same moment; at least what the provider asks for."""
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(delivery.attempts - 1, 20))
        pause *= 0.75 + self._jitter() / 2
        return timedelta(seconds=max(pause, failed.retry_after or 0.0))

    async def _finish(
        self, taken: Sequence[Delivery], finish: Callable[[Connection, Delivery, datetime], None]
    ) -> None:
        now = self._clock()

        def work(connection: Connection) -> None:
            for one in taken:
                finish(connection, one, now)

        await self._database.write(work)
        tell_desk(self._live, taken[0].conversation_id, [one.message_id for one in taken])


def tell_desk(live: Live, conversation_id: str, message_ids: list[int]) -> None:
    """The delivery of these messages changed; the desk asks what they are now."""
    live.publish(DESK_TOPIC, {"kind": "delivery", "conversation": conversation_id, "messages": message_ids})


def recipient_of(conversation: Conversation) -> str:
    """The provider's own id of the customer."""
    return conversation.sender.rpartition("\x1f")[2]


def key_of(delivery: Delivery) -> str:
    """What a message is called at its provider, the same at every try."""
    return str(uuid.uuid5(_NAMESPACE, f"{delivery.message_id}.{delivery.part}"))


def _envelope(job: _Job, now: datetime) -> Envelope:
    return Envelope(
        recipient=recipient_of(job.conversation),
        key=key_of(job.head),
        reach=job.conversation.reach or {},
        wrote_at=job.conversation.wrote_at,
        now=now,
        is_person=job.author is Author.AGENT,
    )


def _seconds_of_files(parts: Sequence[Part | None]) -> float:
    return sum(file.size_bytes for part in parts if part for file in part.files) / SLOWEST_FILE_BYTES_PER_SECOND


def _never_ends(job: _Job, failed: DeliveryFailed) -> bool:
    """Whether it is a file for which the line is too slow."""
    has_file = any(part.files for part in job.parts if part)
    return has_file and failed.reason == "no_answer" and job.head.attempts >= TRIES_OF_A_FILE


def _part(parts: Sequence[Part], number: int) -> Part | None:
    return parts[number] if number < len(parts) else None  # a line without anything to send


def _leaving(sender: Sender, parts: Sequence[Part | None]) -> int:
    """How many of these go in the next request; what is nothing goes along."""
    real = [part for part in parts if part is not None]
    left = sender.leaving(real) if real else 0
    count = 0
    for part in parts:
        if part is not None and not left:
            break
        left -= part is not None
        count += 1
    return count


def _rests(account: Account, now: datetime) -> bool:
    return account.rests_until is not None and now < account.rests_until


def _put_back(connection: Connection, delivery: Delivery, now: datetime) -> None:
    deliveries.postpone(connection, replace(delivery, attempts=delivery.attempts - 1), now, now)


def _claimed(delivery: Delivery) -> Delivery:
    return Delivery(**{**delivery.__dict__, "state": DeliveryState.SENDING, "attempts": delivery.attempts + 1})


def _sent(connection: Connection, delivery: Delivery, provider_id: str | None, now: datetime) -> None:
    deliveries.sent(connection, delivery, provider_id, now)
    if deliveries.is_done(connection, delivery.message_id):
        transcript.note_delivered(connection, delivery.message_id, now)


def _lost(connection: Connection, delivery: Delivery, now: datetime) -> None:
    deliveries.give_up(connection, delivery, DeliveryState.UNKNOWN, now, "no_answer", "the gateway stopped meanwhile")
