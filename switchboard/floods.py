"""A customer of a channel who writes faster than people do. What a provider brought is kept all the same, for nobody
brings it again: what came too fast is one question together, and what goes on without end is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum

from sqlalchemy.engine import Connection

from handoff import texts, transcript
from handoff.models import Author
from handoff.records import Conversation, Draft, Message
from switchboard.bursts import was_plain_text
from switchboard.rates import Rates
from switchboard.wishes import plainly_asks_for_person

# More lines of one conversation than this that wait for an answer are a flood, whoever left them.
MOST_BY_THEMSELVES = 20
NOT_KEPT = "lines_not_kept"
_HOUR_SECONDS = 3600


class Pace(Enum):
    """How fast a line came after the others."""

    USUAL = "a turn of its own"
    TOO_FAST = "kept, and answered with the others"
    WITHOUT_END = "counted, and not kept"


class Floods:
    """Which customers write too fast just now."""

    def __init__(self, rates: Rates, lines_per_hour: int, monotonic: Callable[[], float]) -> None:
        self._rates = rates
        self._room = Rates(lines_per_hour, lines_per_hour / _HOUR_SECONDS, monotonic)
        self._waiting: set[str] = set()

    def pace(self, key: str, is_limited: bool, is_full: bool) -> tuple[Pace, float]:
        """How fast the next line of this customer comes, and in how many seconds one would come at the usual pace.
        `is_full`: too many wait for their turn already."""
        wait = self._rates.wait_for(key) if is_limited else 0.0
        if not wait and not is_full:
            return Pace.USUAL, 0.0
        wait = wait or 1.0
        room = self._room.wait_for(key)
        return (Pace.WITHOUT_END, room) if room else (Pace.TOO_FAST, wait)

    def was_known(self, key: str, pace: Pace) -> None:
        """It was a repeat, which costs nothing."""
        if pace is not Pace.WITHOUT_END:
            (self._rates if pace is Pace.USUAL else self._room).give_back(key)

    def begin(self, key: str) -> bool:
        """Lines wait to be one question. False when some did already, and this is one more of them."""
        is_first = key not in self._waiting
        self._waiting.add(key)
        return is_first

    def wait(self, key: str) -> bool:
        """Whether lines of this customer wait to be one question."""
        return key in self._waiting

    def end(self, key: str) -> None:
        """Their turn came."""
        self._waiting.discard(key)


def question_of(lines: Sequence[Message], max_chars: int) -> list[Message]:
    """What is answered of a flood: a wish for a person; else the newest lines, as far as they are one question."""
    spoken = [line for line in lines if not line.body.get("wordless")] or lines[-1:]
    for line in reversed(spoken):
        if plainly_asks_for_person(line.text):
            return [line]
    question = [spoken[-1]]
    for line in reversed(spoken[:-1]):
        size = sum(len(one.text) + 1 for one in (line, *question))
        if size > max_chars or not (was_plain_text(question[0]) and was_plain_text(line)):
            break
        question.insert(0, line)
    return question


def note_not_kept(connection: Connection, conversation: Conversation, now: datetime) -> Message:
    """Tell the desk, in one note an hour and conversation, how many lines of this customer are missing."""
    last = transcript.last_note(connection, conversation.id, NOT_KEPT)
    goes_on = last is not None and (now - last.at).total_seconds() < _HOUR_SECONDS
    count = 1 + (int(last.body["count"]) if last is not None and goes_on else 0)
    text = texts.say(NOT_KEPT, conversation.language, count=count)
    body = {"key": NOT_KEPT, "count": count}
    if last is not None and goes_on:
        return transcript.reword(connection, last, text, body)
    draft = Draft(author=Author.NOTE, text=text, body=body, delivered=True)
    return transcript.append(connection, conversation, draft, now)
