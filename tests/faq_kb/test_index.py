"""The numbers behind the search: a question by itself is weighed and compared as all phrasings together are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import sparse

from faq_kb import Article, KnowledgeBase
from faq_kb.fitting import gram
from faq_kb.index import Entry, entry_of
from faq_kb.phrasings import Phrasings
from faq_kb.postings import Postings
from faq_kb.search import shipped_synonyms
from faq_kb.vectors import Floats, Space, Vector, joined, pack
from faq_kb.words import features_of

ENTRIES = (
    ("when will my parcel come", "快递什么时候到", "delivery delivery delivery time", "parcel"),
    ("how much is postage",),
    ("can i return it", "我想退货", "退货退货退货"),
)
QUESTIONS = ("when when when can i return my parcel", "快递多少钱", "postage postage", "退货 and delivery time, 退货")


@pytest.fixture(params=[1 << 14, 32], ids=["a column a feature", "many features in a column"])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faq_kb.vectors.FEWEST_COLUMNS", request.param)
    monkeypatch.setattr("faq_kb.vectors.MOST_COLUMNS", request.param)


@pytest.mark.parametrize("at_once", [100_000, 10])
@pytest.mark.usefixtures("columns")
@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_meets_every_phrasing_as_its_vector_says(
    monkeypatch: pytest.MonkeyPatch, text: str, at_once: int
) -> None:
    monkeypatch.setattr("faq_kb.phrasings._AT_ONCE", at_once)
    entries = [entry_of(str(number), texts, (), shipped_synonyms()) for number, texts in enumerate(ENTRIES)]
    sentences = joined([entry.sentences for entry in entries])
    space = Space(np.concatenate([np.unique(entry.sentences.hashes) for entry in entries]), len(entries), pack(()))
    vectors = space.vectors(sentences)
    firsts = np.array([0, 4, 5, 8])
    phrasings = Phrasings(space, [entry.sentences for entry in entries], [entry.order for entry in entries])

    question = features_of(text, shipped_synonyms())
    alone = _dense(space.vector(question), space.columns)
    np.testing.assert_allclose(alone, space.vectors(pack([question])).toarray()[0], atol=1e-6)

    each = vectors.toarray() @ alone
    likeness = phrasings.likeness(np.array([2, 0]), space.vector(question))
    np.testing.assert_allclose(likeness, np.concatenate([each[5:8], each[0:4]]), atol=1e-6)
    np.testing.assert_allclose(Postings(vectors).likeness(space.vector(question)), each, atol=1e-6)

    weights = np.array([0.4, 0.3, 0.2, 0.1, 1, 0.5, 0.25, 0.25], np.float32)
    means, lengths = phrasings.means(weights, space.columns)
    wanted = np.add.reduceat(vectors.toarray() * weights[:, None], firsts[:-1])
    np.testing.assert_allclose(lengths, np.linalg.norm(wanted, axis=1), atol=1e-6)
    np.testing.assert_allclose(means.toarray() * lengths[:, None], wanted, atol=1e-6)


def test_classes_that_stay_and_others_are_put_together_as_if_built_at_once() -> None:
    entries = [entry_of(str(number), texts, (), shipped_synonyms()) for number, texts in enumerate(ENTRIES * 2)]
    space = Space(np.concatenate([np.unique(entry.sentences.hashes) for entry in entries]), len(entries), pack(()))

    def built(*numbers: int) -> tuple[Phrasings, sparse.csr_matrix]:
        some = [entries[number] for number in numbers]
        phrasings = Phrasings(space, [entry.sentences for entry in some], [entry.order for entry in some])
        return phrasings, phrasings.means(_shares(some), space.columns)[0]

    (before, means), (fresh, fresh_means), (anew, all_means) = built(0, 1, 2, 3), built(4, 5), built(4, 1, 2, 5, 0)
    came_from = np.array([-1, 1, 2, -1, 0])
    again = before.changed(fresh, came_from)
    postings = Postings(means).changed(fresh_means, came_from)
    for text in QUESTIONS:
        question = space.vector(features_of(text, shipped_synonyms()))
        for classes in (np.arange(5), np.array([3, 0]), np.array([4])):
            np.testing.assert_array_equal(again.likeness(classes, question), anew.likeness(classes, question))
        np.testing.assert_array_equal(postings.likeness(question), Postings(all_means).likeness(question))
    weights = _shares([entries[number] for number in (4, 1, 2, 5, 0)])
    assert (again.means(weights, space.columns)[0] != all_means).nnz == 0


def _shares(entries: Sequence[Entry]) -> Floats:
    return np.concatenate([entry.weights / entry.weights.sum() for entry in entries])


@pytest.mark.parametrize("rows", [3, 120])
def test_rows_meet_each_other_whether_what_they_hold_is_common_or_rare(rows: int) -> None:
    draw = np.random.default_rng(1)
    held = draw.random((rows, 300), np.float32) * (draw.random((rows, 300)) < np.linspace(0, 0.3, 300) ** 2)
    wanted = held @ held.T
    np.testing.assert_allclose(gram(sparse.csr_matrix(held)), wanted, atol=1e-4)


def _dense(vector: Vector, columns: int) -> Floats:
    row: Floats = np.zeros(columns, np.float32)
    row[vector.columns] = vector.values
    return row


@pytest.mark.parametrize("most", [3_000, 1], ids=["fitted", "by likeness"])
def test_of_many_articles_the_best_are_all_found(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("faq_kb.prototypes.MOST_PHRASINGS", most)
    colours, things = ("red", "blue", "green", "grey"), [f"thing{n}" for n in range(100)]
    knowledge = KnowledgeBase(
        Article(f"{colour}-{thing}", "c", {}, {}, asked_as=(f"the {colour} {thing}",))
        for colour in colours
        for thing in things
    )
    for thing in things[::9]:
        hits = knowledge.search(f"is there a {thing} in blue", limit=4)
        assert hits[0].article_id == f"blue-{thing}"
        assert {hit.article_id for hit in hits} == {f"{colour}-{thing}" for colour in colours}
