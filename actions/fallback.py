"""What the assistant says when it does not know. Two misses in a row reach the offer of a person."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import article_button, person_button
from actions.conversation import Event, Turn
from actions.faq import nearest

NEAREST = 3


class Miss(Action):
    """First miss: the nearest articles and a button for a person. From the second in a row: the person."""

    def name(self) -> str:
        return "action_miss"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.misses > 1:
            return offer_person(dispatcher, turn)
        if turn.form:
            dispatcher.utter_message(response="utter_form_miss", json_message={"miss": 1})
        else:
            suggest(dispatcher, turn)
        return []


def suggest(dispatcher: CollectingDispatcher, turn: Turn) -> None:
    """Did you mean ...? The nearest articles, however far, and the person."""
    near = nearest(turn, NEAREST)
    if not near:
        dispatcher.utter_message(response="utter_miss_no_idea", json_message={"miss": 1})
        return
    response = "utter_out_of_scope" if turn.intent == "out_of_scope" else "utter_miss_suggest"
    buttons = [article_button(article, turn.locale) for article in near] + [person_button(turn.locale)]
    dispatcher.utter_message(response=response, buttons=buttons, json_message={"suggestions": True, "miss": 1})


def offer_person(dispatcher: CollectingDispatcher, turn: Turn) -> list[Event]:
    """The person, in other words than last time."""
    said_before = "utter_miss_offer_person" in turn.last_said
    response = "utter_miss_still_offer_person" if said_before else "utter_miss_offer_person"
    dispatcher.utter_message(response=response, json_message={"miss": 2})
    return turn.leaving_form()
