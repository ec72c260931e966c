"""What is kept of questions without an answer, and what is counted of answers; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

from faq_kb import misses, usefulness
from faq_kb.misses import Question
from faq_kb.tables import Missed, MissState, metadata
from faq_kb.usefulness import Count, Rating

NOON = datetime(2026, 3, 4, 4, tzinfo=timezone.utc)  # a Wednesday
MONDAY = date(2026, 3, 2)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, future=True)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def question(message_id: int = 1, **more: Any) -> Question:
    given = {
        "text": "do you engrave pens?",
        "before": "hi",
        "language": "en",
        "channel": "widget",
        "conversation_id": "c1",
        "message_id": message_id,
        "customer": "ana",
        **more,
    }
    return Question(**given)


def rating(helpful: bool, **more: Any) -> Rating:
    given = {"message_id": 7, "article_id": "fee", "conversation_id": "c1", "language": "en", "answered_at": NOON}
    return Rating(helpful=helpful, **{**given, **more})


def totals(engine: Engine) -> dict[tuple[date, str, str], Count]:
    with engine.begin() as connection:
        found = usefulness.weeks_since(connection, date(2026, 1, 1))
    return {(one.week, one.count.article_id, one.count.language): one.count for one in found}


def test_a_question_is_kept_once_in_each_way_and_without_what_names_a_person(engine: Engine) -> None:
    asked = question(text="engrave ana@example.com 4111 1111 1111 1111 for +852 9123 4567, order HG10023847?")
    with engine.begin() as connection:
        assert misses.note(connection, Missed.UNANSWERED, asked, NOON)
        assert not misses.note(connection, Missed.UNANSWERED, asked, NOON)
        assert misses.note(connection, Missed.LED_TO_PERSON, asked, NOON)
    with engine.begin() as connection:
        kept = misses.listing(connection, MissState.OPEN)
    assert [one.kind for one in kept] == [Missed.UNANSWERED, Missed.LED_TO_PERSON]
    assert all(secret not in kept[0].question.text for secret in ("ana@", "4111", "9123", "10023847"))
    assert kept[0].question.text.startswith("engrave ")


def test_a_question_moves_from_open_to_drafted_to_answered_and_back_when_the_draft_is_dropped(engine: Engine) -> None:
    with engine.begin() as connection:
        misses.note(connection, Missed.UNANSWERED, question(1), NOON)
        misses.note(connection, Missed.UNANSWERED, question(2), NOON)
        first, second = (one.id for one in misses.listing(connection, MissState.OPEN))
        assert misses.begin_draft(connection, [first, second], draft_id=5) == 2
        assert misses.begin_draft(connection, [first], draft_id=6) == 0
        misses.draft_dropped(connection, 5)
        assert misses.dismiss(connection, [second]) == 1
        assert misses.begin_draft(connection, [first, second], draft_id=7) == 1
        misses.draft_published(connection, 7, "engraving")
        states = [one.state for one in misses.find(connection, [first, second])]
    assert states == [MissState.ANSWERED, MissState.DISMISSED]


def test_who_agreed_is_told_once_and_only_when_there_is_an_answer(engine: Engine) -> None:
    with engine.begin() as connection:
        assert not misses.agree(connection, "c1", 1, {}, "en", NOON)
        misses.note(connection, Missed.UNANSWERED, question(), NOON)
        for _ in range(2):
            assert misses.agree(connection, "c1", 1, {"email": "ana@example.com"}, "en", NOON)
        assert misses.to_be_told(connection) == []
        (miss,) = misses.listing(connection, MissState.OPEN)
        misses.begin_draft(connection, [miss.id], 5)
        misses.draft_published(connection, 5, "engraving")
        (asker,) = misses.to_be_told(connection)
        assert (asker.article_id, asker.question) == ("engraving", "do you engrave pens?")
        assert misses.told(connection, asker.id, NOON) and not misses.told(connection, asker.id, NOON)
        assert misses.to_be_told(connection) == []


def test_who_takes_the_agreement_back_is_not_told(engine: Engine) -> None:
    with engine.begin() as connection:
        misses.note(connection, Missed.UNANSWERED, question(), NOON)
        misses.agree(connection, "c1", 1, {}, "en", NOON)
        misses.disagree(connection, "c1")
        (miss,) = misses.listing(connection, MissState.OPEN)
        misses.begin_draft(connection, [miss.id], 5)
        misses.draft_published(connection, 5, "engraving")
        assert misses.to_be_told(connection) == []


def test_counts_add_up_by_week_and_variant(engine: Engine) -> None:
    for days, language in ((0, "en"), (1, "en"), (5, "en"), (0, "zh-HK")):
        with engine.begin() as connection:
            counts = [Count("fee", language, asked=1, answered=1), Count("time", language, asked=1)]
            usefulness.add(connection, NOON + timedelta(days=days), counts)
    found = totals(engine)
    assert found[(MONDAY, "fee", "en")] == Count("fee", "en", asked=2, answered=2)
    assert found[(MONDAY, "fee", "zh-HK")].answered == 1
    assert found[(MONDAY + timedelta(7), "time", "en")] == Count("time", "en", asked=1)


def test_a_week_begins_on_monday_where_the_shop_is() -> None:
    assert usefulness.monday_of(datetime(2026, 3, 1, 17, tzinfo=timezone.utc)) == MONDAY
    assert usefulness.monday_of(datetime(2026, 3, 1, 15, tzinfo=timezone.utc)) == MONDAY - timedelta(7)


def test_a_rating_counts_once_and_may_be_changed(engine: Engine) -> None:
    seen = []
    for helpful in (False, False, True, False, True):
        with engine.begin() as connection:
            usefulness.rate(connection, rating(helpful))
            seen.append(usefulness.ratings_of(connection, [7, 8]))
    assert seen[1] == {7: False} and seen[-1] == {7: True}
    assert totals(engine) == {(MONDAY, "fee", "en"): Count("fee", "en", helpful=1)}
