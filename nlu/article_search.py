"""What the search of the knowledge base says of a message, as the decision weighs it.

The bot asks for what is served; the console for what would be, with an editor's draft in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from faq_kb import Hit, KnowledgeBase, fold
from nlu.decision import Search

# The name under which a trial travels: in the metadata of a message there, and in the bot's answer back.
TRIAL = "trial"
# How the ids of the conversations begin in which a sentence is tried; the bot's memory keeps nothing of them.
TRIALS = "trial-"


def weighed(knowledge: KnowledgeBase, hits: Sequence[Hit], text: str) -> Search:
    """How good the best article is, and whether it was asked for in its own words."""
    if not hits:
        return Search()
    best = knowledge.articles[hits[0].article_id]
    asked = _bare(text)
    return Search(
        hits[0].score,
        knowledge.answerable(hits),
        exact=any(_bare(phrasing) == asked for phrasing in best.phrasings),
        pinned=hits[0].rule == "pinned",
    )


def trial_of(search: Search) -> dict[str, Any]:
    """The metadata of a sentence that an editor tries (nlu/trial.py)."""
    return {TRIAL: asdict(search)}


@lru_cache(maxsize=10_000)
def _bare(text: str) -> str:
    """What is left when nothing but letters and digits counts: a question mark changes no question."""
    return "".join(character for character in fold(text) if character.isalnum())
