"""What an action may know about the turn it is in. Reads the tracker, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, SlotSet

from actions.asking_for_person import says_more
from faq_kb import LOCALES, Reader
from shop import Identity

# What a customer says that the assistant could not use.
MISSES = ("nlu_fallback", "out_of_scope")

# What says nothing about the matter, for the one who takes over.
TELLS_NOTHING = frozenset(
    {
        "affirm",
        "ask_person",
        "deny",
        "goodbye",
        "greet",
        "language_switch",
        "leave_message",
        "promise_question",
        "queue_place",
        "not_what_i_asked",
        "repeat",
        "thanks",
    }
)

# From so many messages in a row on that speak of something else, a form no longer asks again.
MOST_DIGRESSIONS = 3

OFFER = "_offer_person"

Event = dict[str, Any]
T = TypeVar("T")


class Turn:
    """One message of a customer, and what came before it."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._events = _of_this_session(tracker.events)
        self.conversation_id = str(tracker.sender_id)
        message: Mapping[str, Any] = tracker.latest_message or {}
        self._message = message
        self._wording: Mapping[str, Any] = message.get("wording") or {}
        self.intent = str((message.get("intent") or {}).get("name") or "")
        self.confidence = float((message.get("intent") or {}).get("confidence") or 0.0)
        self.words = str(message.get("text") or "")
        self.found: Mapping[str, Any] = message.get("faq") or {}
        self.metadata = self._metadata()

    @property
    def locale(self) -> str:
        language = self._tracker.get_slot("language")
        return language if language in LOCALES else "zh-HK"

    @property
    def is_waiting(self) -> bool:
        """The customer waits for a person already, so none is offered."""
        return self.metadata.get("waiting") is True

    @property
    def identity(self) -> Identity | None:
        """Who the customer is, when the gateway has verified it; only the gateway writes a message's metadata."""
        given = self.metadata.get("identity") or {}
        if given.get("tier") != "identity" or not given.get("customer_id"):
            return None
        return Identity(str(given["customer_id"]), datetime.max.replace(tzinfo=timezone.utc))

    @property
    def reader(self) -> Reader:
        """Who is answered, as far as it decides which articles they may see."""
        return Reader(self.metadata.get("channel"), signed_in=self.identity is not None)

    @property
    def form(self) -> str | None:
        return (self._tracker.active_loop or {}).get("name")

    @property
    def question(self) -> str | None:
        """What the open form asked for last; None for a form that this message opened."""
        asked = None if self._since_message("active_loop") else self._tracker.get_slot("requested_slot")
        return str(asked) if asked else None

    @property
    def is_back_in_form(self) -> bool:
        """The form gave way in this turn, somebody else has answered, and the form goes on."""
        return self.question is not None and self._since_message("action_execution_rejected")

    @property
    def has_turned_away(self) -> bool:
        """A form gave way in this turn, and it would be tiresome to go on with it: the customer has spoken of something
        else three times in a row, or takes leave. A number, or the wish said again, opens it anew."""
        gave_way = self._since_message("action_execution_rejected")
        return gave_way and (self.intent == "goodbye" or self._digressions() >= MOST_DIGRESSIONS)

    @property
    def order_number(self) -> str | None:
        return self.slot("order_number")

    @property
    def phone_last4(self) -> str | None:
        return self.slot("phone_last4")

    @property
    def offers_now(self) -> bool:
        """Whether a person has been offered in this turn already: a yes will be meant for that."""
        said = (str((event.get("metadata") or {}).get("utter_action") or "") for event in self._this_turn())
        return any(name.endswith(OFFER) for name in said)

    @property
    def order_numbers(self) -> list[str]:
        """All the orders that this message names; of two that are told apart by a "not", the right one comes last."""
        named = list(dict.fromkeys(str(value) for value in self._tracker.get_latest_entity_values("order_number")))
        return named[-1:] if self.negates else named

    @property
    def orders_in_hand(self) -> list[str]:
        """The order in hand, and before it those that the same message named, in its order; a "not that one, this one"
        leaves the right one alone."""
        number = self.order_number
        for event in reversed(self._events):
            if event["event"] != "user":
                continue
            parsed = event.get("parse_data") or {}
            entities = parsed.get("entities") or ()
            named = [str(one["value"]) for one in entities if one.get("entity") == "order_number" and one.get("value")]
            if named:
                several = list(dict.fromkeys(named))
                is_both = several[-1] == number and not (parsed.get("wording") or {}).get("negates")
                return several if is_both else [number] if number else []
        return [number] if number else []

    @property
    def order_named_last(self) -> str | None:
        """The order that the customer named last, whether or not it is still in hand."""
        for event in reversed(self._events):
            if event["event"] == "user":
                for entity in reversed((event.get("parse_data") or {}).get("entities") or ()):
                    if entity.get("entity") == "order_number" and entity.get("value"):
                        return str(entity["value"])
        return None

    @property
    def product_in_words(self) -> str:
        """The goods that the conversation is about, in the words in which the customer named them."""
        product = self.slot("product") or ""
        for event in reversed(self._events):
            if event["event"] == "user" and product:
                for entity in (event.get("parse_data") or {}).get("entities") or ():
                    if entity.get("entity") == "product" and entity.get("value") == product:
                        return str(event.get("text") or "")[entity["start"] : entity["end"]] or product
        return product

    @property
    def wishes(self) -> list[tuple[str, int]]:
        """The jobs that the parts of a message ask for, when there are several, and where each part begins."""
        return [(str(wish["name"]), int(wish["start"])) for wish in self._message.get("wishes") or ()]

    @property
    def places_of_orders(self) -> dict[str, int]:
        """Where the message names its orders first."""
        named: dict[str, int] = {}
        for entity in self._message.get("entities") or ():
            if entity.get("entity") == "order_number":
                named.setdefault(str(entity["value"]), int(entity.get("start") or 0))
        return named

    @property
    def guess(self) -> str:
        """What the classifier made of the message, before an article was found that explains it."""
        return str((self.found.get("guess") or {}).get("name") or "")

    @property
    def is_question(self) -> bool:
        """Whether the message asks something, by its wording."""
        return self._wording.get("asks") is True

    @property
    def negates(self) -> bool:
        return self._wording.get("negates") is True

    @property
    def withholds(self) -> bool:
        """Whether the message is no plain yes, whatever it is taken for: a no somewhere, a condition, time to think."""
        return self._wording.get("withholds") is True

    @property
    def means_another_order(self) -> bool:
        """Whether the message turns from the order in hand to another one, by its wording."""
        return self._wording.get("other") == "order"

    @property
    def means_another(self) -> bool:
        """The same, or to another one of whatever was spoken of."""
        return bool(self._wording.get("other"))

    @property
    def place_in_list(self) -> int:
        """The second, the last: 2, -1; 0 where none is named."""
        return int(self._wording.get("ordinal") or 0)

    @property
    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    @property
    def seconds_of_silence(self) -> float:
        """How long the customer took to answer."""
        times = [float(event["timestamp"]) for event in self._events if event["event"] in ("user", "bot")]
        before = [float(event["timestamp"]) for event in self.last_answer]
        return max(0.0, times[-1] - before[-1]) if times and before else 0.0

    @property
    def last_said(self) -> list[str]:
        """Names of the responses in the assistant's answer before this message."""
        return [str((event.get("metadata") or {}).get("utter_action") or "") for event in self.last_answer]

    @property
    def offer(self) -> str | None:
        """The response that offered a person in the answer before this message, if one did."""
        return next((name for name in self.last_said if name.endswith(OFFER)), None)

    @property
    def last_answer(self) -> list[Event]:
        """What the assistant said before this message, oldest first."""
        said: list[Event] = []
        for event in self._before_this_message():
            if event["event"] == "user":
                break
            if event["event"] == "bot":
                said.append(event)
        return said[::-1]

    @property
    def answered_with(self) -> Mapping[str, Any]:
        """Where the assistant's answer before this message came from, when an article gave it."""
        for event in reversed(self.last_answer):
            custom = (event.get("data") or {}).get("custom")
            if isinstance(custom, dict) and isinstance(custom.get("faq"), dict):
                return dict(custom["faq"])
        return {}

    @property
    def was_asked_which(self) -> bool:
        """The assistant's answer before this message asked which of several articles was meant."""
        customs = ((event.get("data") or {}).get("custom") for event in self.last_answer)
        return any(isinstance(custom, dict) and custom.get("suggestions") is True for custom in customs)

    @property
    def misses(self) -> int:
        """How many messages in a row, this one included, the assistant could not use."""
        count = 0
        for event in reversed(self._events):
            if event["event"] == "user":
                if _intent_of(event) not in MISSES:
                    break
                count += 1
        return count

    def _digressions(self) -> int:
        """In how many messages in a row, this one included, a form gave way."""
        count, gave_way = 0, False
        for event in reversed(self._events):
            gave_way = gave_way or event["event"] == "action_execution_rejected"
            if event["event"] == "user":
                if not gave_way:
                    break
                count, gave_way = count + 1, False
        return count

    def chosen_by_place(self, choice: Sequence[T]) -> T | None:
        """The one of a list that the message names by its place."""
        place = self.place_in_list
        in_range = 0 < place <= len(choice) or (place == -1 and choice)
        return choice[place - 1 if place > 0 else -1] if in_range else None

    def did(self, action: str) -> bool:
        """Whether an action has run in this turn already."""
        return any(event["event"] == "action" and event.get("name") == action for event in self._this_turn())

    def last_words(self) -> str:
        """The last thing the customer typed that says what it is about; "yes" and "a person please" do not."""
        typed = self._typed()
        telling = [
            words
            for words, intent in typed
            if intent not in TELLS_NOTHING or (intent == "ask_person" and says_more(words))
        ]
        return (telling or [words for words, _ in typed] or [""])[-1]

    def typed(self) -> list[str]:
        """All that the customer typed, oldest first; what they tapped is not in it."""
        return [words for words, _ in self._typed()]

    def _typed(self) -> list[tuple[str, str]]:
        return [
            (str(event["text"]), _intent_of(event))
            for event in self._events
            if event["event"] == "user" and not str(event.get("text") or "/").startswith("/")
        ]

    def recent_intents(self) -> Iterator[str]:
        """What the customer wanted, newest first."""
        for event in reversed(self._events):
            if event["event"] == "user":
                yield _intent_of(event)

    def slot_before(self, name: str) -> Any:
        """What a slot held before this message filled it."""
        events = (event for event in self._before_this_message() if event["event"] == "slot")
        return next((event["value"] for event in events if event["name"] == name), None)

    def entity(self, name: str) -> str | None:
        """The first value of an entity in this message."""
        return next((str(value) for value in self._tracker.get_latest_entity_values(name)), None)

    def leaving_form(self) -> list[Event]:
        """Events that end the form the conversation is in."""
        return [ActiveLoop(None), SlotSet("requested_slot", None)] if self.form else []

    def _metadata(self) -> Mapping[str, Any]:
        for event in reversed(self._events):
            if event["event"] == "user":
                return event.get("metadata") or {}
        return {}

    def mapping(self, slot: str) -> dict[str, str]:
        value = self._tracker.get_slot(slot)
        return {str(name): str(words) for name, words in value.items()} if isinstance(value, dict) else {}

    def words_of(self, slot: str) -> tuple[str, ...]:
        value = self._tracker.get_slot(slot)
        return tuple(str(word) for word in value) if isinstance(value, list) else ()

    def slot(self, name: str) -> str | None:
        value = self._tracker.get_slot(name)
        # Two numbers in one message: "not that one, the other" names the right one last.
        if isinstance(value, list):
            value = value[-1] if value else None
        return str(value) if value else None

    def _since_message(self, kind: str) -> bool:
        return any(event["event"] == kind and event.get("name") for event in self._this_turn())

    def _this_turn(self) -> Iterator[Event]:
        for event in reversed(self._events):
            if event["event"] == "user":
                return
            yield event

    def _before_this_message(self) -> Iterator[Event]:
        events = iter(reversed(self._events))
        for event in events:
            if event["event"] == "user":
                break
        yield from events


def _of_this_session(events: Sequence[Event]) -> list[Event]:
    """What came after a pause as long as a session (domain.yml) knows nothing of what came before it."""
    for index in range(len(events) - 1, -1, -1):
        if events[index]["event"] == "session_started":
            return list(events[index:])
    return list(events)


def _intent_of(event: Event) -> str:
    return str(((event.get("parse_data") or {}).get("intent") or {}).get("name") or "")
