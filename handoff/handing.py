"""What a wish for a person comes to: exactly one of five, or of two more on the phone, and the customer's sentence made
from that value alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Union

from handoff import texts
from handoff.hours import opening_in_words
from handoff.waits import Wait, in_words

LEAVE_MESSAGE = "/leave_message"
# In the body of a line that asks a caller for a number: what the person is wanted for.
NUMBER_WANTED = "number_wanted"


@dataclass(frozen=True)
class Connected:
    """A person answers from here on; `is_new` when they were found just now."""

    agent: str
    is_new: bool


@dataclass(frozen=True)
class Queued:
    """The customer waits on the line."""

    position: int
    wait: Wait
    number: str
    is_new: bool


@dataclass(frozen=True)
class Closed:
    """Nobody answers at this hour. A case is open; who left a contact is written to, nobody else is told so."""

    opens_at: datetime | None
    number: str
    has_contact: bool


@dataclass(frozen=True)
class Full:
    """People answer at this hour, but nobody can take this customer. A callback is offered."""

    number: str
    has_contact: bool
    is_anybody_there: bool = False  # the queue is full, rather than the chairs empty


@dataclass(frozen=True)
class CallBack:
    """The customer is on the phone: a person calls them back. `phone` where that is not the number they call from."""

    number: str
    phone: str = ""


@dataclass(frozen=True)
class NumberWanted:
    """The customer is on the phone with a withheld number: nobody can call back before they say one. Asked once more
    when what they said was none."""

    wish: Mapping[str, Any]  # kept beside the question
    is_again: bool = False


@dataclass(frozen=True)
class Failed:
    """It could not be done; the assistant goes on."""

    reason: str


Result = Union[Connected, Queued, Closed, Full, CallBack, NumberWanted, Failed]


@dataclass(frozen=True)
class Sentence:
    """What the customer reads: the text's name and words, and the buttons or the form beside it."""

    key: str
    text: str
    body: Mapping[str, Any] = field(default_factory=dict)


def sentence(
    result: Result, language: str, now: datetime, *, is_upset: bool = False, unlike: str | None = None
) -> Sentence:
    """The sentence of a result in the customer's language; in other words than `unlike` where there are others."""
    key, values = _key(result), _values(result, language, now)
    opening = "sorry" if is_upset and not (isinstance(result, Queued) and not result.is_new) else None
    closing = in_words(result.wait, language) if isinstance(result, Queued) else ""
    before = unlike.removesuffix(closing) if unlike and closing else unlike
    text = texts.say_after(opening, key, language, unlike=before, **values) + closing
    return Sentence(key, text, _beside(result, language))


def while_waiting_buttons(language: str) -> list[dict[str, str]]:
    """What a waiting customer may do instead of waiting."""
    return [
        {"title": texts.say("button_leave_message", language), "payload": LEAVE_MESSAGE},
        {"title": texts.say("button_leave_queue", language), "payload": "/leave_queue"},
    ]


def _key(result: Result) -> str:
    if isinstance(result, Connected):
        return "agent_joined" if result.is_new else "with_agent"
    if isinstance(result, Queued):
        return "queued" if result.is_new else "still_queued"
    if isinstance(result, Closed):
        return "closed_with_contact" if result.has_contact else "closed_hours"
    if isinstance(result, Full):
        if result.has_contact:
            return "queue_full_with_contact" if result.is_anybody_there else "case_open"
        return "queue_full" if result.is_anybody_there else "nobody"
    if isinstance(result, CallBack):
        return "call_back_on" if result.phone else "call_back"
    if isinstance(result, NumberWanted):
        return "call_back_unclear" if result.is_again else "call_back_number"
    return "handoff_failed"


def _values(result: Result, language: str, now: datetime) -> dict[str, Any]:
    if isinstance(result, Connected):
        return {"name": result.agent}
    if isinstance(result, Queued):
        return {"position": result.position, "number": result.number}
    if isinstance(result, Closed):
        return {"opens": opening_in_words(result.opens_at, language, now), "number": result.number}
    if isinstance(result, CallBack):
        return {"number": result.number, "phone": " ".join(result.phone)}  # read out digit by digit
    return {"number": result.number} if isinstance(result, Full) else {}


def _beside(result: Result, language: str) -> dict[str, Any]:
    if isinstance(result, Queued):
        return {"buttons": while_waiting_buttons(language), "position": result.position}
    if isinstance(result, (Closed, Full)) and not result.has_contact:
        return {"contact_form": {"ticket": result.number}}
    if isinstance(result, NumberWanted):
        return {NUMBER_WANTED: dict(result.wish)}
    if isinstance(result, Failed):
        return {"buttons": [{"title": texts.say("button_person", language), "payload": "/ask_person"}]}
    return {}
