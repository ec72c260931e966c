"""The shop's articles by category, and what to offer for a wish that has no dialogue.

The answer itself is a response, `utter_answer_faq`: the bot says it without asking the action server
(switchboard/bot_voice.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import article_button, payload_button
from actions.conversation import Event, Turn
from actions.services import knowledge
from actions.texts import text
from faq_kb import Article, Category
from faq_kb.search import SUGGEST_SCORE

# Beside the offer of a person.
SUGGESTED = 2

# "Is it thick?" says nothing without the product it is about.
ABOUT_GOODS = frozenset({"product_question", "stock_question"})
WHICH_PRODUCT = "utter_which_product"
SHORT = 16
LONGEST_WORDS = 80

# What a customer who names a place may want to know; those that the shop has.
ABOUT_PLACES = ("delivery-time", "delivery-fee", "delivery-regions")


class AnswerTopic(Action):
    """A wish the assistant has no dialogue for, and no article answered it: a person can."""

    def name(self) -> str:
        return "action_answer_topic"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        buttons = [article_button(one, turn.locale) for one in nearest(turn, SUGGESTED, SUGGEST_SCORE)]
        if turn.intent in ABOUT_GOODS and (product := turn.product_in_words):
            response = "utter_product_question_offer_person"
            marks = unanswered(turn)
            dispatcher.utter_message(
                response=response, buttons=buttons, json_message=marks, product=product[:LONGEST_WORDS]
            )
        elif turn.intent in ABOUT_GOODS and len(turn.words) <= SHORT:
            dispatcher.utter_message(response=WHICH_PRODUCT, buttons=buttons)
        else:
            marks = unanswered(turn)
            dispatcher.utter_message(response="utter_topic_offer_person", buttons=buttons, json_message=marks)
        return []


class AskBack(Action):
    """A link, a quantity, a place alone: what about it? With what came before, where something did."""

    def name(self) -> str:
        return "action_ask_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        product, words = turn.product_in_words, turn.words.strip()[:LONGEST_WORDS]
        if turn.intent == "product_named":
            asked_before = WHICH_PRODUCT in turn.last_said
            response = "utter_product_question_offer_person" if asked_before else "utter_ask_back_product"
            dispatcher.utter_message(response=response, product=product[:LONGEST_WORDS])
        elif turn.intent == "quantity_named":
            response = "utter_ask_back_quantity_of_product" if product else "utter_ask_back_quantity"
            dispatcher.utter_message(response=response, words=words, product=product[:LONGEST_WORDS])
        else:
            articles = [knowledge().articles[id] for id in ABOUT_PLACES if id in knowledge().articles]
            buttons = [article_button(one, turn.locale) for one in articles]
            dispatcher.utter_message(response="utter_ask_back_place", words=words, buttons=buttons)
        return []


class BrowseFaq(Action):
    """Categories as buttons, then what is in one: the categories below it and its questions."""

    def name(self) -> str:
        return "action_browse_faq"

    def __init__(self) -> None:
        # Made once, when the action server starts: the first customer does not wait for the articles to be read.
        knowledge()

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        top = knowledge().categories(turn.locale, reader=turn.reader)
        chosen = _find(top, turn.entity("category"))
        if chosen is None:
            dispatcher.utter_message(response="utter_faq_categories", buttons=[category_button(one) for one in top])
            return []
        buttons = [category_button(one) for one in chosen.children]
        buttons += [article_button(article, turn.locale) for article in chosen.articles]
        buttons.append({"title": text("utter_label_other_categories", turn.locale), "payload": "/browse_faq"})
        dispatcher.utter_message(response="utter_faq_questions", buttons=buttons, category=chosen.name)
        return []


def _find(categories: Sequence[Category], wanted: str | None) -> Category | None:
    for category in categories:
        found = category if category.id == wanted else _find(category.children, wanted)
        if found:
            return found
    return None


def category_button(category: Category) -> dict[str, str]:
    return payload_button(category.name, "browse_faq", category=category.id)


def unanswered(turn: Turn) -> dict[str, Any]:
    """The mark of a question that no article answers, with what came nearest: the platform keeps it for editors."""
    return {"near": list(turn.found.get("candidates") or ())}


def nearest(turn: Turn, most: int, at_least: float = 0.0) -> list[Article]:
    """The articles nearest to the message, best first."""
    articles = knowledge().articles
    found = (one for one in turn.found.get("candidates") or () if one["score"] >= at_least)
    return [articles[one["id"]] for one in found if one["id"] in articles][:most]
