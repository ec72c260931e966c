"""Answers from the shop's articles: to a question, to a button, by category, or to a wish without a dialogue."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Event, Turn
from actions.services import knowledge
from actions.texts import text
from faq_kb import Article, KnowledgeBase
from faq_kb.search import CLOSE_SHARE, SUGGEST_SCORE

# Beside an answer; more would push the answer out of sight.
MOST_RELATED = 2
# Beside the offer of a person.
SUGGESTED = 2


class AnswerFaq(Action):
    """The article the customer asked for, by words or by button."""

    def name(self) -> str:
        return "action_answer_faq"

    def __init__(self) -> None:
        # Made once, when the action server starts: the first customer does not wait for the articles to be read.
        knowledge()

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        base = knowledge()
        chosen = turn.entity("article") or best_candidate(turn)
        if chosen in base.articles:
            say_article(dispatcher, turn, base, base.articles[chosen])
        else:
            dispatcher.utter_message(response="utter_faq_gone")
        return []


class AnswerTopic(Action):
    """A wish the assistant has no dialogue for, and no article answered it: a person can."""

    def name(self) -> str:
        return "action_answer_topic"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        dispatcher.utter_message(
            response="utter_topic_offer_person",
            buttons=[article_button(one, turn.locale) for one in nearest(turn, SUGGESTED, SUGGEST_SCORE)],
        )
        return []


class BrowseFaq(Action):
    """Categories as buttons, then the questions of one."""

    def name(self) -> str:
        return "action_browse_faq"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(tracker)
        categories = {category.id: category for category in knowledge().categories(turn.locale)}
        chosen = categories.get(turn.entity("category") or "")
        if chosen is None:
            buttons = [payload_button(one.name, "browse_faq", category=one.id) for one in categories.values()]
            dispatcher.utter_message(response="utter_faq_categories", buttons=buttons)
            return []
        buttons = [article_button(article, turn.locale) for article in chosen.articles]
        buttons.append({"title": text("utter_label_other_categories", turn.locale), "payload": "/browse_faq"})
        dispatcher.utter_message(response="utter_faq_questions", buttons=buttons, category=chosen.name)
        return []


def say_article(dispatcher: CollectingDispatcher, turn: Turn, base: KnowledgeBase, article: Article) -> None:
    """An article's answer with where it comes from, so that a wrong one can be traced to its line."""
    lines = [article.answer_in(turn.locale)]
    lines += [f"{link.label_in(turn.locale)}: {link.url}" for link in article.links]
    buttons = [article_button(base.articles[id], turn.locale) for id in _beside(turn, base, article)]
    if not turn.is_waiting:
        buttons.append(person_button(turn.locale))
    dispatcher.utter_message(
        text="\n".join(lines),
        image=article.image,
        buttons=buttons,
        json_message={"faq": provenance(turn, base, article)},
    )


def _beside(turn: Turn, base: KnowledgeBase, article: Article) -> list[str]:
    """What may have been meant as well: close runners-up first, then what the article itself points to."""
    scores = {one["id"]: one["score"] for one in turn.found.get("candidates") or ()}
    enough = CLOSE_SHARE * scores.get(article.id, float("inf"))
    close = [id for id, score in scores.items() if score >= enough]
    wanted = dict.fromkeys([*close, *article.related])
    return [id for id in wanted if id in base.articles and id != article.id][:MOST_RELATED]


def provenance(turn: Turn, base: KnowledgeBase, article: Article) -> dict[str, Any]:
    candidates = list(turn.found.get("candidates") or ())
    score = next((one["score"] for one in candidates if one["id"] == article.id), None)
    return {
        "id": article.id,
        "file": article.source,
        "line": article.line,
        "version": base.version,
        "score": score,
        "runners_up": [one for one in candidates if one["id"] != article.id],
        "rule": turn.found.get("rule") or "button",
    }


def nearest(turn: Turn, most: int, at_least: float = 0.0) -> list[Article]:
    """The articles nearest to the message, best first."""
    articles = knowledge().articles
    found = (one for one in turn.found.get("candidates") or () if one["score"] >= at_least)
    return [articles[one["id"]] for one in found if one["id"] in articles][:most]


def best_candidate(turn: Turn) -> str:
    candidates = turn.found.get("candidates") or []
    return str(candidates[0]["id"]) if candidates else ""


def article_button(article: Article, locale: str) -> dict[str, str]:
    return payload_button(article.question_in(locale), "faq", article=article.id)


def person_button(locale: str) -> dict[str, str]:
    return {"title": text("utter_label_person", locale), "payload": "/ask_person"}


def payload_button(title: str, intent: str, **entities: str) -> dict[str, str]:
    """A button that says an intent with entities, as Rasa writes it."""
    named = ", ".join(f'"{name}": "{value}"' for name, value in entities.items())
    return {"title": title, "payload": f"/{intent}{{{named}}}"}
