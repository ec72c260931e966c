"""What the platform knows better than the assistant: what was promised, the place in the queue, a message instead of
waiting. The actions only pass the question on; the platform says what is true at that moment."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Event, Turn
from actions.handoff import hand_over


class TellPromises(Action):
    """When we said that we would reply."""

    def name(self) -> str:
        return "action_tell_promises"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        dispatcher.utter_message(json_message={"promises": True})
        return []


class TellPlace(Action):
    """The place in the queue; who is in none is told so."""

    def name(self) -> str:
        return "action_tell_place"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        if Turn(tracker).is_waiting:
            dispatcher.utter_message(json_message={"queue_place": True})
        else:
            dispatcher.utter_message(response="utter_not_in_queue")
        return []


class LeaveMessage(Action):
    """A message instead of waiting; who does not wait yet asks for a person with it."""

    def name(self) -> str:
        return "action_leave_message"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.is_waiting:
            dispatcher.utter_message(json_message={"leave_message": True})
            return []
        return await hand_over(dispatcher, turn, "asked_for_person")
