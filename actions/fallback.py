"""What the assistant says when it does not know. Two misses in a row reach the offer of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import article_button, person_button
from actions.conversation import Event, Turn
from actions.faq import nearest, unanswered
from actions.services import knowledge

NEAREST = 3

_MISS_IN_FORM = {"order_form": "utter_form_miss", "service_form": "utter_service_miss"}


class Miss(Action):
    """First miss: the nearest articles and a button for a person. From the second in a row: the person."""

    def name(self) -> str:
        return "action_miss"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        if turn.misses > 1:
            # In a form it was no question but an answer to ours.
            return offer_person(dispatcher, turn, {} if turn.form else unanswered(turn))
        if turn.form:
            dispatcher.utter_message(response=_MISS_IN_FORM[turn.form], json_message={"miss": 1})
        else:
            suggest(dispatcher, turn)
        return []


class NotWhatIAsked(Action):
    """The customer had asked something else: the runners-up of that answer, and the person."""

    def name(self) -> str:
        return "action_not_what_i_asked"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        given = turn.answered_with
        articles = knowledge().articles
        others = [articles[one["id"]] for one in given.get("runners_up") or () if one["id"] in articles][:NEAREST]
        denied = {"denied": True} if given else {}
        if not others:
            return _without_others(dispatcher, turn, denied)
        buttons = [article_button(article, turn.locale) for article in others]
        if not turn.is_waiting:
            buttons.append(person_button(turn.locale))
        dispatcher.utter_message(response="utter_not_what_i_asked", buttons=buttons, json_message=denied)
        return turn.leaving_form()


def _without_others(dispatcher: CollectingDispatcher, turn: Turn, marks: dict[str, Any]) -> list[Event]:
    if turn.is_waiting:
        dispatcher.utter_message(response="utter_noted")
        return []
    return offer_person(dispatcher, turn, marks)


def suggest(dispatcher: CollectingDispatcher, turn: Turn) -> None:
    """Did you mean ...? The nearest articles, however far, and the person."""
    near = nearest(turn, NEAREST)
    marks = {"miss": 1, **unanswered(turn)}
    if not near:
        dispatcher.utter_message(response="utter_miss_no_idea", json_message=marks)
        return
    response = "utter_out_of_scope" if turn.intent == "out_of_scope" else "utter_miss_suggest"
    buttons = [article_button(article, turn.locale) for article in near] + [person_button(turn.locale)]
    dispatcher.utter_message(response=response, buttons=buttons, json_message={"suggestions": True, **marks})


def offer_person(dispatcher: CollectingDispatcher, turn: Turn, marks: Mapping[str, Any] | None = None) -> list[Event]:
    """The person, in other words than last time."""
    said_before = "utter_miss_offer_person" in turn.last_said
    response = "utter_miss_still_offer_person" if said_before else "utter_miss_offer_person"
    dispatcher.utter_message(response=response, json_message={"miss": 2, **(marks or {})})
    return turn.leaving_form()
