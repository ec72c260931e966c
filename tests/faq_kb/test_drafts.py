"""Drafts and history on both databases: nobody's words are lost, and everything published is remembered once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import pytest
from sqlalchemy import update
from sqlalchemy.engine import Connection

from faq_kb import drafts, history, tables
from faq_kb.content import Content, normal
from faq_kb.drafts import DraftGone, EditConflict, Saving
from faq_kb.history import Published, Standing
from faq_kb.tables import DraftState
from handoff import migrations
from handoff.database import Database

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
PUBLISHED = normal({"question": {"en": "Q?", "zh-HK": "問?"}, "answer": {"en": "A."}, "asked_as": ["one", "two"]})
T = TypeVar("T")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    migrations.upgrade(database)
    yield database
    database.close()


def content(**fields: Any) -> Content:
    return normal({**PUBLISHED, **fields})


def save(
    database: Database, given: Content | None, version: int = 0, by: str = "eddy", seen: Content | None = None
) -> drafts.Draft:
    saving = Saving("delivery-fee", "delivery", given, version, PUBLISHED, seen)
    return database.write_now(lambda c: drafts.save(c, saving, by, NOW))


def test_a_draft_is_kept_with_its_editor_and_grows_with_each_save(database: Database) -> None:
    first = save(database, content(answer={"en": "B."}))
    assert (first.version, first.state, first.created_by, first.base) == (1, DraftState.DRAFT, "eddy", PUBLISHED)
    second = save(database, content(answer={"en": "C."}), version=1, by="sue")
    assert (second.version, second.created_by, second.updated_by) == (2, "eddy", "sue")
    assert second.content == content(answer={"en": "C."})


def test_two_editors_of_different_fields_are_merged(database: Database) -> None:
    save(database, content(answer={"en": "B."}, asked_as=["one", "two", "three"]), by="sue")
    mine = content(question={"en": "Q?", "zh-HK": "幾多?"}, asked_as=["two", "four"], keywords=["fee"])
    merged = save(database, mine)
    assert merged.content == content(
        question={"en": "Q?", "zh-HK": "幾多?"},
        answer={"en": "B."},
        asked_as=["two", "four", "three"],
        keywords=["fee"],
    )


def test_the_same_field_in_two_ways_is_refused_and_both_are_there(database: Database) -> None:
    theirs = content(answer={"en": "Theirs."}, keywords=["k"])
    save(database, theirs, by="sue")
    with pytest.raises(EditConflict) as refused:
        save(database, content(answer={"en": "Mine."}))
    conflict = refused.value
    assert (conflict.fields, conflict.theirs, conflict.theirs_by, conflict.version) == (["answer.en"], theirs, "sue", 1)
    kept = database.read_now(lambda c: drafts.of_article(c, "delivery-fee"))
    assert kept is not None and kept.content == theirs
    chosen = save(database, content(answer={"en": "Mine."}, keywords=["k"]), version=conflict.version)
    assert chosen.version == 2


def test_a_change_taken_back_is_taken_back_when_the_page_says_what_it_showed(database: Database) -> None:
    first = content(answer={"en": "B."})
    save(database, first)
    save(database, content(answer={"en": "B."}, keywords=["k"]), version=1, by="sue")
    merged = save(database, PUBLISHED, version=1, seen=first)
    assert merged.content == content(keywords=["k"])


def test_a_deletion_and_an_edit_meet_as_a_conflict(database: Database) -> None:
    save(database, None, by="sue")
    with pytest.raises(EditConflict) as refused:
        save(database, content(answer={"en": "B."}))
    assert (refused.value.fields, refused.value.theirs) == (["deletes"], None)
    assert not save(database, content(answer={"en": "B."}), version=1).deletes


def test_many_at_once_lose_nothing(database: Database) -> None:
    failures: list[BaseException] = []

    def add(word: str) -> None:
        try:
            saving = Saving("delivery-fee", "delivery", content(asked_as=["one", "two", word]), 0, PUBLISHED)
            database.write_now(lambda c: drafts.save(c, saving, word, NOW))
        except BaseException as exc:
            failures.append(exc)

    words = [f"w{number}" for number in range(12)]
    in_threads(words, add)
    assert failures == []
    draft = database.read_now(lambda c: drafts.of_article(c, "delivery-fee"))
    assert draft is not None and draft.content is not None
    assert set(draft.content["asked_as"]) == {"one", "two", *words} and draft.version == len(words)


def test_one_of_two_takes_a_draft(database: Database) -> None:
    save(database, content(answer={"en": "B."}))
    taken, refused = [], []

    def take(_word: str) -> None:
        try:
            taken.append(database.write_now(lambda c: drafts.take(c, "delivery-fee", 1)))
        except DraftGone as exc:
            refused.append(exc)

    in_threads(["a", "b", "c"], take)
    assert (len(taken), len(refused)) == (1, 2)


def test_review_schedule_and_what_follows(database: Database) -> None:
    def run(work: Callable[[Connection], T]) -> T:
        return database.write_now(work)

    save(database, content(answer={"en": "B."}))
    assert run(lambda c: drafts.send_to_review(c, "delivery-fee", "please look", "eddy", NOW)).note == "please look"
    at = NOW + timedelta(hours=1)
    scheduled = run(lambda c: drafts.schedule(c, "delivery-fee", at, "eddy", NOW))
    assert (scheduled.state, scheduled.publish_at) == (DraftState.SCHEDULED, at)
    assert run(lambda c: drafts.due(c, at - timedelta(seconds=1))) == []
    (due,) = run(lambda c: drafts.due(c, at))
    failure = drafts.Failure(
        "article_refused", ["answer"], [{"code": "yaml", "told": {"en": "broken", "zh-HK": "壞咗"}}]
    )
    run(lambda c: drafts.fail(c, "delivery-fee", due.version, failure))
    failed = run(lambda c: drafts.of_article(c, "delivery-fee"))
    assert failed is not None and (failed.state, failed.failure) == (DraftState.DRAFT, failure)
    run(lambda c: c.execute(update(tables.drafts).values(problem="answer: broken")))
    failed = run(lambda c: drafts.of_article(c, "delivery-fee"))
    assert failed is not None and failed.failure == drafts.Failure("edit_error"), "as an earlier version wrote it"
    run(lambda c: drafts.schedule(c, "delivery-fee", at, "eddy", NOW))
    edited = save(database, content(answer={"en": "C."}), version=4)
    assert (edited.state, edited.publish_at, edited.failure) == (DraftState.DRAFT, None, None)
    with pytest.raises(DraftGone):
        run(lambda c: drafts.unschedule(c, "nobody", "eddy", NOW))


def test_what_was_published_is_remembered_newest_first(database: Database) -> None:
    for number in range(3):
        after = content(answer={"en": f"{number}"})
        one = Published("delivery-fee", "delivery", PUBLISHED, after, "publish")
        database.write_now(lambda c, one=one: history.record(c, [one], "eddy", "why", "v1", NOW))
    found = database.read_now(lambda c: history.of_article(c, "delivery-fee", limit=2))
    assert [revision.after and revision.after["answer"]["en"] for revision in found] == ["2", "1"]
    assert (found[0].actor, found[0].note, found[0].version, found[0].at) == ("eddy", "why", "v1", NOW)
    assert database.read_now(lambda c: history.find(c, found[0].id)) == found[0]
    assert database.read_now(lambda c: history.find(c, 10_000)) is None
    assert [one.id for one in database.read_now(lambda c: history.latest(c, before=found[0].id))] == [
        found[1].id,
        found[1].id - 1,
    ]


def test_an_edit_on_disk_is_recorded_once_by_all_gateways(database: Database) -> None:
    before = {"delivery-fee": Standing("delivery", PUBLISHED), "gone": Standing("delivery", PUBLISHED)}
    after = {"delivery-fee": Standing("delivery", content(answer={"en": "By hand."})), "new": before["gone"]}

    def look(_gateway: str) -> None:
        def work(connection: Connection) -> None:
            history.write_alone(connection)
            history.record_files(connection, after, before, frozenset(), "v2", NOW)

        database.write_now(work)

    in_threads(["a", "b", "c", "d"], look)
    found = database.read_now(lambda c: history.latest(c))
    assert {(one.article_id, one.action, one.actor) for one in found} == {
        ("delivery-fee", "file", "file"),
        ("gone", "file", "file"),
        ("new", "file", "file"),
    }
    assert len(found) == 3


def test_what_was_published_or_is_only_broken_is_no_edit_on_disk(database: Database) -> None:
    published = Published("delivery-fee", "delivery", None, PUBLISHED, "publish")
    database.write_now(lambda c: history.record(c, [published], "eddy", "", "v1", NOW))
    served = {"delivery-fee": Standing("delivery", PUBLISHED), "other": Standing("delivery", PUBLISHED)}
    record = history.record_files
    assert database.write_now(lambda c: record(c, served, None, frozenset(), "v1", NOW)) == []
    assert database.write_now(lambda c: record(c, {}, served, frozenset({"delivery"}), "v1", NOW)) == []
    changed = {"delivery-fee": Standing("returns", PUBLISHED)}
    (moved,) = database.write_now(lambda c: record(c, changed, None, frozenset(), "v2", NOW))
    assert (moved.category, moved.before, moved.after) == ("returns", PUBLISHED, PUBLISHED)


def in_threads(words: list[str], work: Callable[[str], None]) -> None:
    threads = [threading.Thread(target=work, args=(word,)) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
