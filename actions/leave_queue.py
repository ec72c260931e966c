"""Leaving the queue. The platform owns the queue; the action only passes the wish on."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Event, Turn


class LeaveQueue(Action):
    """Passes the wish on when the customer waits, and says so when there is no queue to leave."""

    def name(self) -> str:
        return "action_leave_queue"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        if Turn(tracker).is_waiting:
            dispatcher.utter_message(json_message={"leave_queue": True})
        else:
            dispatcher.utter_message(response="utter_not_in_queue")
        return []
