"""Switching the language of the conversation, by the customer's own wish."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Event, Turn
from actions.texts import text
from faq_kb import LOCALES


class SwitchLanguage(Action):
    """Confirms in the new language; asks which one where none, or only "Chinese", was named."""

    def name(self) -> str:
        return "action_switch_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        wish = Turn(tracker).entity("language_wish")
        if wish not in LOCALES:
            dispatcher.utter_message(response="utter_which_language")
            return []
        # The generator still speaks the old language in this turn, hence the text itself.
        dispatcher.utter_message(text=text("utter_language_switched", wish), json_message={"language": wish})
        return [SlotSet("language", wish)]
