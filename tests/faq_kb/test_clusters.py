"""Questions that ask for the same stand together, the most wanted first."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from faq_kb import load_articles
from faq_kb.clusters import Asked, Cluster, clusters_of
from faq_kb.synonym_file import synonyms_of

NOW = datetime(2026, 3, 4, tzinfo=timezone.utc)
ARTICLES = Path(__file__).parent.parent.parent / "faq_kb" / "articles"


def asked(*texts: str, by: str = "", days_ago: float = 0, first: int = 1) -> list[Asked]:
    at = NOW - timedelta(days=days_ago)
    return [Asked(number, text, by or f"customer {number}", at) for number, text in enumerate(texts, first)]


def together(clusters: list[Cluster]) -> list[list[str]]:
    return [[one.text for one in cluster.members] for cluster in clusters]


def test_the_same_question_in_other_words_and_scripts_is_one_cluster() -> None:
    questions = asked(
        "可唔可以喺支筆度刻字",
        "do you engrave names on pens",
        "可不可以在笔上刻字",
        "can you engrave a name on the pen?",
        "支筆可以刻字嗎",
        "is there parking at the store",
    )
    assert together(clusters_of(questions, NOW)) == [
        ["可唔可以喺支筆度刻字", "可不可以在笔上刻字", "支筆可以刻字嗎"],
        ["do you engrave names on pens", "can you engrave a name on the pen?"],
        ["is there parking at the store"],
    ]


def test_many_customers_come_before_one_who_repeats_and_new_before_old() -> None:
    one_who_repeats = asked(*["where can I park my car"] * 9, by="ana")
    two_long_ago = asked(*["do you engrave pens"] * 2, days_ago=60, first=20)
    two_now = asked(*["is there a gift wrapping service"] * 2, first=30)
    found = clusters_of([*one_who_repeats, *two_long_ago, *two_now], NOW)
    assert [(cluster.size, len(cluster.members)) for cluster in found] == [(2, 2), (1, 9), (2, 2)]
    assert found[0].members[0].text == "is there a gift wrapping service"


def test_what_comes_later_keeps_the_ids_of_what_was_there() -> None:
    before = asked("do you engrave pens", "where can I park", "engrave a pen please")
    later = asked("can I park my car", "what about gift cards", "pens engraved?", first=4)
    ids = {cluster.id for cluster in clusters_of(before, NOW)}
    after = {cluster.id: cluster for cluster in clusters_of([*later, *before], NOW)}
    assert ids == {"q1", "q2"} and ids < set(after)
    assert {one.id for one in after["q1"].members} >= {1, 3}


def test_nothing_and_empty_texts_are_no_trouble() -> None:
    assert clusters_of([], NOW) == []
    assert sum(cluster.size for cluster in clusters_of(asked("?", "", "！"), NOW)) == 3


@pytest.mark.alone
def test_ten_thousand_questions_take_less_than_two_seconds() -> None:
    phrasings = [text for article in load_articles(ARTICLES) for text in article.phrasings]
    chance = random.Random(7)
    texts = [f"{chance.choice(phrasings)} {chance.choice(phrasings)}" for _ in range(3_000)]
    questions = asked(*(chance.choice(texts) for _ in range(10_000)))
    begun = time.process_time()
    found = clusters_of(questions, NOW)
    assert time.process_time() - begun < 2
    assert sum(len(cluster.members) for cluster in found) == 10_000


def test_words_that_an_editor_tied_put_questions_together() -> None:
    questions = asked("my zorbel fell off", "the glimmet came loose")
    assert len(clusters_of(questions, NOW)) == 2
    tied = synonyms_of(b"zorbel = glimmet\nfell off = came loose")
    assert len(clusters_of(questions, NOW, tied)) == 1
