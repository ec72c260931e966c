"""The bounded memory: what policies see is what a stock store would show them, at a cost that does not grow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from bot_parts import ROOT
from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.article_search import TRIALS
from switchboard.bot_memory import BoundedTrackerStore

KEEP = 40
# The longest rule of the bot is four states; forms leave fewest states in what is kept, and still more than these.
SEEN_STATES = 6


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


@pytest.fixture
def memory(domain: Domain, tmp_path: Path) -> BoundedTrackerStore:
    return BoundedTrackerStore(domain, host=f"sqlite:///{tmp_path / 'memory.db'}")


def user(intent: str, **entities: str) -> UserUttered:
    named = [{"entity": name, "value": value, "start": 0, "end": 1} for name, value in entities.items()]
    return UserUttered(f"/{intent}", {"name": intent, "confidence": 0.9}, named, metadata={"language": "en"})


def listen() -> ActionExecuted:
    return ActionExecuted("action_listen")


def session() -> list[Event]:
    return [
        SlotSet("session_started_metadata", {"language": "en"}),
        ActionExecuted("action_session_start"),
        SessionStarted(),
        listen(),
    ]


def chat(number: int) -> list[Event]:
    said = ActionExecuted("utter_greet")
    return [user("greet"), SlotSet("language", ("en", "zh-HK")[number % 2]), said, BotUttered(f"hi {number}"), listen()]


def form_begins() -> list[Event]:
    return [
        user("order_status"),
        ActionExecuted("order_form"),
        ActiveLoop("order_form"),
        SlotSet("requested_slot", "order_number"),
        BotUttered("which?"),
        listen(),
    ]


def form_interrupted(number: int) -> list[Event]:
    return [
        user("faq"),
        ActionExecutionRejected("order_form"),
        ActionExecuted("utter_answer_faq"),
        BotUttered(f"answer {number}"),
        ActionExecuted("order_form"),
        SlotSet("requested_slot", "order_number"),
        BotUttered("which?"),
        listen(),
    ]


def form_goes_on() -> list[Event]:
    return [
        user("inform_order", order_number="HG10023847"),
        SlotSet("order_number", "HG10023847"),
        ActionExecuted("order_form"),
        SlotSet("requested_slot", "phone_last4"),
        BotUttered("phone?"),
        listen(),
    ]


def form_ends() -> list[Event]:
    return [
        user("inform_order", phone_last4="4567"),
        SlotSet("phone_last4", "4567"),
        ActionExecuted("order_form"),
        ActiveLoop(None),
        SlotSet("requested_slot", None),
        ActionExecuted("action_tell_order"),
        BotUttered("shipped"),
        listen(),
    ]


CONVERSATIONS: dict[str, list[list[Event]]] = {
    "small talk": [session(), *(chat(n) for n in range(60))],
    "a form early, then talk": [session(), form_begins(), form_goes_on(), form_ends(), *(chat(n) for n in range(40))],
    "a form late": [session(), *(chat(n) for n in range(30)), form_begins(), form_goes_on(), form_ends()],
    "a form interrupted often": [
        session(),
        *(chat(n) for n in range(20)),
        form_begins(),
        *(form_interrupted(n) for n in range(12)),
        form_goes_on(),
        form_ends(),
        *(chat(n) for n in range(9)),
    ],
    "forms again and again": [
        session(),
        *(turn for n in range(12) for turn in (form_begins(), form_goes_on(), form_ends())),
    ],
    "paused": [session(), [user("greet"), ConversationPaused(), listen()], *(chat(n) for n in range(20))],
}


def what_policies_see(tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    return {
        "slots": tracker.current_slot_values(),
        "loop": tracker.active_loop_name,
        "rejected": tracker.is_active_loop_rejected,
        "interrupted": tracker.is_active_loop_interrupted,
        "paused": tracker.is_paused(),
        "action": tracker.latest_action,
        "message": timeless(tracker.latest_message),
        "bot": timeless(tracker.latest_bot_utterance),
        "followup": tracker.followup_action,
        "states": tracker.past_states(domain)[-SEEN_STATES:],
    }


def timeless(event: Event | None) -> dict[str, Any]:
    return {name: value for name, value in event.as_dict().items() if name != "timestamp"} if event else {}


async def lived(store: TrackerStore, turns: Sequence[Sequence[Event]], domain: Domain) -> list[dict[str, Any]]:
    """Live a conversation as the bot does, loading and saving for each message; what each prediction sees."""
    seen = []
    for turn in turns:
        tracker = await store.get_or_create_tracker("customer", append_action_listen=False)
        for event in turn:
            tracker.update(event, domain)
            if isinstance(event, (UserUttered, ActionExecuted)):
                seen.append(what_policies_see(tracker, domain))
        await store.save(tracker)
    return seen


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_policies_see_what_stock_stores_show_them(
    name: str, memory: BoundedTrackerStore, domain: Domain, tmp_path: Path
) -> None:
    turns = CONVERSATIONS[name]
    ours = await lived(memory, turns, domain)
    assert ours == await lived(InMemoryTrackerStore(domain), turns, domain)
    assert ours == await lived(SQLTrackerStore(domain, db=str(tmp_path / "stock.db")), turns, domain)


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_what_is_kept_is_bounded(name: str, memory: BoundedTrackerStore, domain: Domain) -> None:
    for turn in CONVERSATIONS[name]:
        tracker = await memory.get_or_create_tracker("customer", append_action_listen=False)
        for event in turn:
            tracker.update(event, domain)
        await memory.save(tracker)
    kept = await memory.retrieve("customer")
    assert kept is not None
    assert len(kept.events) <= 4 * KEEP + 20


async def test_of_earlier_turns_it_keeps_what_is_read_again(memory: BoundedTrackerStore, domain: Domain) -> None:
    def said(text: str) -> UserUttered:
        one = user("order_status", order_number="HG10023847")
        found = {"text": text, "wording": {"negates": True}, "faq": {"candidates": [{"id": "x"}]}, "intent_ranking": []}
        one.parse_data.update(found)
        return one

    tracker = await memory.get_or_create_tracker("customer", append_action_listen=False)
    answer = BotUttered("No.", {"custom": {"order": {"number": "HG10023847"}}}, {"utter_action": "utter_no", "x": 1})
    for event in [*session(), said("not that one"), answer, listen(), said("this one"), BotUttered("Yes."), listen()]:
        tracker.update(event, domain)
    await memory.save(tracker)
    kept = await memory.retrieve("customer")
    assert kept is not None
    earlier, last = (one for one in kept.events if isinstance(one, UserUttered))
    assert not {"faq", "intent_ranking"} & set(earlier.parse_data)
    assert earlier.parse_data["wording"] == {"negates": True} and earlier.entities == last.entities
    assert last.parse_data["faq"] == {"candidates": [{"id": "x"}]}
    told = next(one for one in kept.events if isinstance(one, BotUttered))
    assert (told.data, told.metadata) == ({"custom": {"order": {"number": "HG10023847"}}}, {"utter_action": "utter_no"})


async def test_turn_200_and_turn_2000_carry_as_much_as_turn_20(memory: BoundedTrackerStore, domain: Domain) -> None:
    sizes = {}
    for number in range(2000):
        tracker = await memory.get_or_create_tracker("customer", append_action_listen=False)
        for event in [*(session() if number == 0 else ()), *chat(number)]:
            tracker.update(event, domain)
        await memory.save(tracker)
        sizes[number + 1] = len(tracker.events)
    assert sizes[200] <= sizes[20] + 5
    assert sizes[2000] <= sizes[20] + 5


async def test_an_open_form_that_never_ends_is_bounded_too(memory: BoundedTrackerStore, domain: Domain) -> None:
    turns = [session(), form_begins(), *(form_interrupted(n) for n in range(100))]
    for turn in turns:
        tracker = await memory.get_or_create_tracker("customer", append_action_listen=False)
        for event in turn:
            tracker.update(event, domain)
        await memory.save(tracker)
    kept = await memory.retrieve("customer")
    assert kept is not None and kept.active_loop_name == "order_form"
    assert len(kept.events) <= 4 * KEEP + 20


async def test_a_new_session_forgets_the_one_before(memory: BoundedTrackerStore, domain: Domain) -> None:
    turns = [session(), *(chat(n) for n in range(3)), session(), chat(9)]
    assert await lived(memory, turns, domain) == await lived(InMemoryTrackerStore(domain), turns, domain)


async def test_conversations_do_not_mix(memory: BoundedTrackerStore, domain: Domain) -> None:
    for name, language in (("a", "en"), ("b", "zh-TW")):
        tracker = await memory.get_or_create_tracker(name)
        tracker.update(SlotSet("language", language), domain)
        await memory.save(tracker)
    assert [(await memory.get_or_create_tracker(name)).get_slot("language") for name in "ab"] == ["en", "zh-TW"]
    assert sorted(await memory.keys()) == ["a", "b"]
    await memory.delete("a")
    assert await memory.retrieve("a") is None


async def test_a_tracker_in_which_nothing_happened_is_not_written(memory: BoundedTrackerStore) -> None:
    await memory.get_or_create_tracker("customer", append_action_listen=False)
    assert list(await memory.keys()) == []


async def test_what_an_editor_tries_is_not_remembered(memory: BoundedTrackerStore, domain: Domain) -> None:
    tracker = await memory.get_or_create_tracker(f"{TRIALS}1")
    tracker.update(SlotSet("language", "en"), domain)
    await memory.save(tracker)
    assert list(await memory.keys()) == []


KILLED = """
import asyncio, os, signal, sys
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet
from switchboard.bot_memory import BoundedTrackerStore
domain = Domain.load("domain.yml")
async def main():
    store = BoundedTrackerStore(domain, host=sys.argv[1])
    tracker = await store.get_or_create_tracker("customer")
    tracker.update(SlotSet("order_number", "HG10023847"), domain)
    await store.save(tracker)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_what_was_saved_survives_kill_9(domain: Domain, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-500:]
    kept = await BoundedTrackerStore(domain, host=url).retrieve("customer")
    assert kept is not None and kept.get_slot("order_number") == "HG10023847"


async def remember(store: BoundedTrackerStore, domain: Domain, number: str) -> None:
    tracker = await store.get_or_create_tracker("customer")
    tracker.update(SlotSet("order_number", number), domain)
    await store.save(tracker)


async def test_a_lost_file_costs_the_memory_and_nothing_else(domain: Domain, tmp_path: Path) -> None:
    store = BoundedTrackerStore(domain, host=f"sqlite:///{tmp_path / 'memory.db'}")
    await remember(store, domain, "HG10000001")
    for part in tmp_path.glob("memory.db*"):
        part.unlink()
    assert await store.retrieve("customer") is None
    await remember(store, domain, "HG10000002")
    kept = await BoundedTrackerStore(domain, host=f"sqlite:///{tmp_path / 'memory.db'}").retrieve("customer")
    assert kept is not None and kept.get_slot("order_number") == "HG10000002"


@pytest.fixture(params=["at start", "while running"])
def damage(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


async def test_a_damaged_file_is_set_aside(domain: Domain, tmp_path: Path, damage: str) -> None:
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    store = BoundedTrackerStore(domain, host=url)
    await remember(store, domain, "HG10000001")
    store._database._engine.dispose()
    for part in tmp_path.glob("memory.db-*"):
        part.unlink()
    with (tmp_path / "memory.db").open("r+b") as file:
        file.write(b"this is not a database" * 50)
    if damage == "at start":
        store = BoundedTrackerStore(domain, host=url)
    await remember(store, domain, "HG10000002")
    assert (await store.get_or_create_tracker("customer")).get_slot("order_number") == "HG10000002"
    assert (tmp_path / "memory.db.damaged").exists()


@pytest.mark.parametrize("written", ["", "{", "[1]", '[{"event": "nosuchevent"}]', '[{"event": "action"}, 1]', "null"])
async def test_an_unreadable_row_is_a_new_beginning(memory: BoundedTrackerStore, written: str) -> None:
    memory._database.write("customer", written)
    assert await memory.retrieve("customer") is None


async def test_a_conversation_goes_to_the_event_broker_once(domain: Domain, tmp_path: Path) -> None:
    class Broker:
        def __init__(self) -> None:
            self.published: list[str] = []

        def publish(self, event: dict[str, Any]) -> None:
            self.published.append(json.dumps(event.get("text")))

    broker = Broker()
    store = BoundedTrackerStore(domain, event_broker=broker, host=f"sqlite:///{tmp_path / 'memory.db'}")  # type: ignore[arg-type]
    await lived(store, CONVERSATIONS["small talk"], domain)
    bots = [text for text in broker.published if text.startswith('"hi ')]
    assert bots == [json.dumps(f"hi {number}") for number in range(60)]


def test_the_default_place_is_the_data_folder(domain: Domain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHBOARD_DATA_DIR", str(tmp_path / "data"))
    BoundedTrackerStore(domain)
    assert (tmp_path / "data" / "bot_memory.db").exists()
