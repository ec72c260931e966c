"""The bot's memory: the last turns and the slots of each conversation, one small row written once a message.

A tracker store for Rasa, named by its class path in `endpoints.yml`. Stock stores keep every event and replay them
all for each message, so that a turn costs more the longer a conversation lasts. The platform's transcript is the
record; the bot needs no more than what its policies can see. What is cut off is replaced by the events that rebuild
the state it left: slots, an open form, a pause.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import ujson
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy import (
    Column,
    Float,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    create_engine,
    delete,
    event,
    select,
    text,
)
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from nlu.article_search import TRIALS
from switchboard import bot_graph, bot_validation

log = logging.getLogger(__name__)

KEEP_EVENTS = 40
# Of a turn that is over, what policies, actions and the reading of follow-ups look at again.
_KEPT_OF_PARSING = ("intent", "entities", "text", "message_id", "wording")
_KEPT_OF_ANSWER = ("utter_action",)

metadata = MetaData()

memories = Table(
    "bot_memories",
    metadata,
    Column("conversation_id", String(255), primary_key=True),
    Column("events", Text, nullable=False),
    Column("remembered_at", Float, nullable=False),
)


# What every message runs is built once: making a statement anew costs more than running it.
_READ = select(memories.c.events).where(memories.c.conversation_id == bindparam("conversation"))


# SQLite and PostgreSQL say it in the same words. As text, since SQLAlchemy 1.4 compiles an upsert of its own each time.
_UPSERT = text(
    "INSERT INTO bot_memories (conversation_id, events, remembered_at) VALUES (:conversation, :events, :at) "
    "ON CONFLICT (conversation_id) DO UPDATE SET events = excluded.events, remembered_at = excluded.remembered_at"
)


class BoundedTrackerStore(TrackerStore, SerializedTrackerAsText):
    """Keeps `keep_events` events of a conversation, cut between two turns, and the state before them.

    Of the turns before the last it keeps what was said, meant and done, and not how it was found out: rankings,
    candidates, metadata. That is three quarters of what Rasa would write.

    A form is kept from the message that opened it. A lost or unreadable database costs the bot its memory of
    open conversations, never an answer.
    """

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        keep_events: int = KEEP_EVENTS,
        **kwargs: Any,
    ) -> None:
        """`host` is what Rasa makes of `url` in `endpoints.yml`: any SQLAlchemy URL; by default SQLite in the data
        folder."""
        super().__init__(domain, event_broker, **kwargs)
        bot_validation.install()
        bot_graph.install()
        self._keep_events = int(keep_events)
        self._database = _Database(host or _default_url())

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Remember the tail of the conversation: one row, one commit."""
        if not tracker.events or tracker.sender_id.startswith(TRIALS):
            return  # Rasa saves a tracker that it has just made; nothing has happened in it yet.
        await self.stream_events(tracker)
        events = self.bounded(list(tracker.events))
        last = max((index for index, one in enumerate(events) if isinstance(one, UserUttered)), default=0)
        told = [_told(one) if index < last else one.as_dict() for index, one in enumerate(events)]
        written = ujson.dumps(told, ensure_ascii=False)
        self._database.write(tracker.sender_id, written)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation as far as it is remembered."""
        written = self._database.read(sender_id)
        if written is None:
            return None
        try:
            events = [_event(fields) for fields in json.loads(written)]
        except (ValueError, KeyError, TypeError) as error:
            # A row of another version of Rasa, or a damaged one: better to begin again than to be silent.
            log.error("A memory cannot be read (%s)", type(error).__name__, extra={"event": "bot_memory_unreadable"})
            return None
        tracker = self.init_tracker(sender_id)
        for one in events:
            tracker.update(one)
        return tracker

    async def keys(self) -> Iterable[str]:
        """The conversations remembered."""
        return self._database.keys()

    async def delete(self, sender_id: str) -> None:
        """Forget a conversation."""
        self._database.delete(sender_id)

    def bounded(self, events: Sequence[Event]) -> list[Event]:
        """The last events, from the beginning of a turn, after those that rebuild the state before it."""
        events = events[_latest_session(events) :]
        if len(events) <= self._keep_events:
            return list(events)
        cut = self._cut(events)
        if cut == 0:
            return list(events)
        return [*self._state_after(events[:cut]), *events[cut:]]

    def _cut(self, events: Sequence[Event]) -> int:
        """Where to cut: the newest beginning of a turn that leaves enough and lies in no form.

        What Rasa makes of the turns of a form depends on the turn that opened it, also after it has ended.
        """
        enough = [turn for turn in _beginnings_of_turns(events) if len(events) - turn >= self._keep_events]
        outside = [turn for turn in enough if not _form_is_open(events[:turn])]
        cut = max(outside, default=0)
        # A form that stays open for hundreds of turns is cut as well, or the bound would be none.
        return cut if len(events) - cut <= 4 * self._keep_events else max(enough, default=0)

    def _state_after(self, events: Sequence[Event]) -> Iterator[Event]:
        """The fewest events that leave a fresh tracker in the state that these leave it in."""
        past = self.init_tracker("")
        fresh = {name: slot.value for name, slot in past.slots.items()}
        for one in events:
            past.update(one)
        at = events[-1].timestamp
        for name, slot in past.slots.items():
            if slot.value != fresh[name]:
                yield SlotSet(name, slot.value, timestamp=at)
        if past.active_loop_name:
            yield ActiveLoop(past.active_loop_name, timestamp=at)
        if past.is_paused():
            yield ConversationPaused(timestamp=at)


def _default_url() -> str:
    return f"sqlite:///{Path(os.environ.get('SWITCHBOARD_DATA_DIR') or 'var') / 'bot_memory.db'}"


def _beginnings_of_turns(events: Sequence[Event]) -> list[int]:
    """Where the bot listened and a customer spoke: between two turns."""
    return [
        index
        for index, (one, following) in enumerate(pairwise(events))
        if isinstance(one, ActionExecuted)
        and one.action_name == ACTION_LISTEN_NAME
        and isinstance(following, UserUttered)
    ]


def _form_is_open(events: Sequence[Event]) -> bool:
    loops = [one for one in events if isinstance(one, ActiveLoop)]
    return bool(loops and loops[-1].name)


def _latest_session(events: Sequence[Event]) -> int:
    """Stock stores give the latest session alone; what came before is over."""
    for index in range(len(events) - 1, -1, -1):
        one = events[index]
        if isinstance(one, ActionExecuted) and one.action_name == ACTION_SESSION_START_NAME:
            return index
    return 0


def _told(event: Event) -> dict[str, Any]:
    """An event of an earlier turn, without what nobody looks at again."""
    fields: dict[str, Any] = event.as_dict()
    if isinstance(event, UserUttered):
        parsed = fields["parse_data"] or {}
        fields["parse_data"] = {name: parsed[name] for name in _KEPT_OF_PARSING if name in parsed}
        fields.pop("metadata", None)
    elif isinstance(event, BotUttered):
        fields["data"] = {name: value for name, value in (fields["data"] or {}).items() if value is not None}
        given = fields.get("metadata") or {}
        fields["metadata"] = {name: given[name] for name in _KEPT_OF_ANSWER if name in given}
    else:
        fields.pop("metadata", None)
    return fields


_EVENT_CLASSES: dict[str, type[Event]] = {}


def _event(fields: dict[str, Any]) -> Event:
    """Like `Event.from_parameters`, without walking all subclasses of Event for each event."""
    name = fields["event"]
    if name not in _EVENT_CLASSES:
        _EVENT_CLASSES.update({kind.type_name: kind for kind in all_subclasses(Event)})
    made = _EVENT_CLASSES[name]._from_parameters(fields)
    if not isinstance(made, Event):
        raise ValueError("not an event")
    return made


class _Database:
    """The rows. Every call is one statement and one commit; a lost file is made anew."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._lock = threading.Lock()
        name = self._url.database or ""
        is_file = self._url.get_backend_name() == "sqlite" and name not in ("", ":memory:")
        self._file = Path(name) if is_file else None
        self._inode: int | None = None
        self._engine = self._open()

    def read(self, conversation_id: str) -> str | None:
        known = {"conversation": conversation_id}
        written = self._run(lambda connection: connection.execute(_READ, known).scalar_one_or_none())
        return None if written is None else str(written)

    def write(self, conversation_id: str, events: str) -> None:
        values = {"conversation": conversation_id, "events": events, "at": time.time()}
        self._run(lambda connection: connection.execute(_UPSERT, values))

    def keys(self) -> list[str]:
        return list(
            self._run(lambda connection: connection.execute(select(memories.c.conversation_id)).scalars().all())
        )

    def delete(self, conversation_id: str) -> None:
        self._run(
            lambda connection: connection.execute(delete(memories).where(memories.c.conversation_id == conversation_id))
        )

    def _run(self, step: Any) -> Any:
        if self._was_lost():
            self._begin_again("lost")
        try:
            return self._committed(step)
        except DatabaseError as error:
            if not self._is_damaged(error):
                raise
            self._begin_again("damaged")
            return self._committed(step)

    def _committed(self, step: Any) -> Any:
        with self._engine.begin() as connection:
            return step(connection)

    def _open(self) -> Engine:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        engine = self._engine_for_file() if self._file else self._new_engine(pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _configure_sqlite)
        try:
            metadata.create_all(engine)
        except DatabaseError as error:
            if self._file is None or not self._is_damaged(error):
                raise
            engine.dispose()
            self._set_aside()
            metadata.create_all(engine)
        if self._file is not None:
            self._inode = self._file.stat().st_ino
        return engine

    def _engine_for_file(self) -> Engine:
        # SQLAlchemy opens a SQLite file anew for each transaction, and closing the last connection of one in WAL mode
        # folds its log back: three times the cost of the turn itself.
        return self._new_engine(poolclass=QueuePool, connect_args={"check_same_thread": False})

    def _new_engine(self, **more: Any) -> Engine:
        # An error's text reaches the log; what customers wrote must not.
        return create_engine(self._url, future=True, hide_parameters=True, **more)

    def _was_lost(self) -> bool:
        """Whether the file we write to is no longer the one in its place."""
        if self._file is None:
            return False
        try:
            return self._file.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def _is_damaged(self, error: SQLAlchemyError) -> bool:
        cause = str(getattr(error, "orig", error))
        return self._file is not None and any(
            sign in cause
            for sign in ("no such table", "malformed", "not a database", "disk image", "readonly database")
        )

    def _begin_again(self, how: str) -> None:
        with self._lock:
            log.error("The bot's memory was %s and begins again", how, extra={"event": "bot_memory_lost"})
            self._engine.dispose()
            if how == "damaged":
                self._set_aside()
            self._engine = self._open()

    def _set_aside(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            part = Path(f"{self._file}{suffix}")
            if part.exists():
                part.replace(f"{self._file}.damaged{suffix}")


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # NORMAL in WAL mode: a committed turn survives the death of any process; only a power cut could take the last.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
