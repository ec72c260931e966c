"""What the assistant says with an article, as text, buttons and a mark. Used by the actions and inside the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.texts import text
from faq_kb import Article, KnowledgeBase, Reader

# Beside an answer; more would push the answer out of sight.
MOST_RELATED = 2
# Of those that may have been meant.
MOST_MEANT = 3
# A runner-up with this share of the best one's score stands beside its answer before what the article points to.
NEAR_SHARE = 0.6

Button = dict[str, str]


@dataclass(frozen=True)
class Asker:
    """Who is answered: their language, what they may see, whether they wait for a person already, and what they have
    just been told."""

    locale: str
    reader: Reader
    is_waiting: bool = False
    told: frozenset[str] = frozenset()


def article_answer(base: KnowledgeBase, article: Article, found: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    """An article's answer as Rasa's responses are written, marked with where it comes from, so that a wrong one can be
    traced to its line. `found` is what the search said of the message."""
    lines = [article.answer_on(asker.reader.channel, asker.locale)]
    if article.id in asker.told and not asker.is_waiting:
        # Who asks the same again was not helped by the answer.
        lines.insert(0, text("utter_label_told_before", asker.locale))
    lines += [f"{link.label_in(asker.locale)}: {link.url}" for link in article.links]
    buttons = [article_button(base.articles[id], asker.locale) for id in _beside(found, base, article, asker.reader)]
    if not asker.is_waiting:
        buttons.append(person_button(asker.locale))
    answer: dict[str, Any] = {
        "text": "\n".join(lines),
        "buttons": buttons,
        "custom": {"faq": provenance(found, base, article)},
    }
    return {**answer, "image": article.image} if article.image else answer


def which_is_meant(base: KnowledgeBase, found: Mapping[str, Any], asker: Asker) -> dict[str, Any] | None:
    """The question which of several articles was meant, when the best one is not clear."""
    close = [base.articles[id] for id in found.get("close") or () if id in base.articles]
    meant = [article for article in close if article.is_for(asker.reader)][:MOST_MEANT]
    if len(meant) < 2:
        return None
    buttons = [article_button(article, asker.locale) for article in meant]
    if not asker.is_waiting:
        buttons.append(person_button(asker.locale))
    return {
        "text": text("utter_label_which_is_meant", asker.locale),
        "buttons": buttons,
        "custom": {"suggestions": True},
    }


def provenance(found: Mapping[str, Any], base: KnowledgeBase, article: Article) -> dict[str, Any]:
    """Where an answer comes from: file and line, version, score, who else was near, and which rule decided."""
    candidates = list(found.get("candidates") or ())
    score = next((one["score"] for one in candidates if one["id"] == article.id), None)
    return {
        "id": article.id,
        "file": article.source,
        "line": article.line,
        "version": base.version,
        "score": score,
        "runners_up": [one for one in candidates if one["id"] != article.id],
        "rule": found.get("rule") or "button",
    }


def best_candidate(found: Mapping[str, Any]) -> str:
    """The id of the article nearest to the message; empty when nothing is near."""
    candidates = found.get("candidates") or []
    return str(candidates[0]["id"]) if candidates else ""


def article_button(article: Article, locale: str) -> Button:
    return payload_button(article.question_in(locale), "faq", article=article.id)


def person_button(locale: str) -> Button:
    return {"title": text("utter_label_person", locale), "payload": "/ask_person"}


def payload_button(title: str, intent: str, **entities: str) -> Button:
    """A button that says an intent with entities, as Rasa writes it."""
    named = ", ".join(f'"{name}": "{value}"' for name, value in entities.items())
    return {"title": title, "payload": f"/{intent}{{{named}}}"}


def _beside(found: Mapping[str, Any], base: KnowledgeBase, article: Article, reader: Reader) -> list[str]:
    """What may have been meant as well: close runners-up first, then what the article itself points to."""
    scores = {one["id"]: one["score"] for one in found.get("candidates") or ()}
    enough = NEAR_SHARE * scores.get(article.id, float("inf"))
    close = [id for id, score in scores.items() if score >= enough]
    wanted = dict.fromkeys([*close, *article.related])
    seen = [id for id in wanted if id in base.articles and base.articles[id].is_for(reader)]
    return [id for id in seen if id != article.id][:MOST_RELATED]
