"""What the ranking model promises about its parts, each beside the plain way of computing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import logsumexp

from faq_kb import Article, KnowledgeBase, load_articles
from faq_kb.fitting import fit
from faq_kb.metric import ENTRIES, FORGIVENESS, PHRASINGS, Forgiving, forgiveness_of

OWNERS = np.array([0, 0, 0, 1, 1, 2, 2, 2], np.int64)  # 2 is what no entry answers
WEIGHTS = np.array([1, 1, 0.5, 1, 0.5, 1, 1, 1], np.float32)
SHOP = Path(__file__).parents[2] / "faq_kb" / "articles"
QUESTIONS = (
    "how much is shipping",
    "運費幾多",
    "退貨要幾耐",
    "货到了吗",
    "can i pay by card",
    "do you have a shop i can visit",
)


@pytest.fixture
def rows() -> sparse.csr_matrix:
    draw = np.random.default_rng(5)
    values = draw.random((len(OWNERS), 30)) * (draw.random((len(OWNERS), 30)) < 0.4)
    return sparse.csr_matrix((values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32))


def test_coefficients_fitted_on_the_forgiving_kernel_say_the_same_of_any_sentence(rows: sparse.csr_matrix) -> None:
    plain = rows @ rows.T
    kernel = Forgiving(plain.toarray(), OWNERS, WEIGHTS, FORGIVENESS)
    fitted = np.random.default_rng(6).random((len(OWNERS), 3)).astype(np.float32)
    assert plain @ kernel.coefficients(fitted) == pytest.approx(kernel.products @ fitted, abs=1e-4)


def test_a_way_in_which_one_entry_s_phrasings_differ_counts_less_and_one_between_entries_as_before() -> None:
    # Two entries, told apart by the first feature; the second only varies within each.
    rows = np.array([[1, 0.7], [1, -0.7], [-1, 0.7], [-1, -0.7], [0, 0]], np.float32)
    owners = np.array([0, 0, 1, 1, 2], np.int64)
    kernel = Forgiving(rows @ rows.T, owners, np.ones(5, np.float32), FORGIVENESS)
    grows = np.array([1, 1, -1, -1, 0]) @ kernel.products @ np.array([1, 1, -1, -1, 0]) / 16
    differs = np.array([1, -1, 1, -1, 0]) @ kernel.products @ np.array([1, -1, 1, -1, 0]) / 16
    assert differs / grows < 0.49 / (1 + FORGIVENESS * 0.49)
    assert np.trace(kernel.products) == pytest.approx(5, rel=1e-4)


def test_a_handful_of_articles_is_ranked_and_answered_as_if_nothing_were_forgiven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = _shop(ENTRIES[0])
    found = _found(few)
    monkeypatch.setattr("faq_kb.metric.FORGIVENESS", 0.0)
    assert found == _found(few)


def test_one_article_more_forgives_little_more(monkeypatch: pytest.MonkeyPatch) -> None:
    some, many = _shop(ENTRIES[0] + 1), _shop(ENTRIES[1])
    found, found_among_many = _found(some), _found(many)
    monkeypatch.setattr("faq_kb.metric.FORGIVENESS", 0.0)
    plain = _found(some)
    assert found != plain and found_among_many != _found(many)
    assert [hits[0][0] for hits in found] == [hits[0][0] for hits in plain]
    assert [hits[0][1] for hits in found] == pytest.approx([hits[0][1] for hits in plain], abs=0.02)


@pytest.mark.parametrize("an_entry", [1, 4, 8])
def test_nothing_an_editor_adds_makes_forgiveness_jump(an_entry: int) -> None:
    given = []
    for entries in range(10, 320):
        owners = np.repeat(np.arange(entries + 1), [an_entry] * entries + [300])
        given.append(forgiveness_of(owners, np.ones(len(owners), np.float32)))
    assert np.abs(np.diff(given)).max() <= FORGIVENESS / (ENTRIES[1] - ENTRIES[0]) + 1e-9
    assert max(given) == (0 if an_entry < 3 else FORGIVENESS if an_entry > 4 else FORGIVENESS / 2)
    assert given[0] == 0 and (given[-1] == 0 or an_entry * 319 + 300 < PHRASINGS[1])


def _shop(count: int) -> list[Article]:
    return [replace(article, asked_as=article.asked_as[:6]) for article in load_articles(SHOP)[:count]]


def _found(articles: Sequence[Article]) -> list[list[tuple[str, float]]]:
    knowledge = KnowledgeBase(articles)
    return [[(hit.article_id, hit.score) for hit in knowledge.search(text)] for text in QUESTIONS]


@pytest.mark.parametrize("an_entry", [1, 6], ids=["one phrasing an entry", "six, which begin with their mean"])
def test_the_fit_comes_close_to_the_best_there_is(an_entry: int) -> None:
    owners = np.repeat(np.arange(21), [an_entry] * 20 + [30])
    draw = np.random.default_rng(7)
    about = draw.random((21, 60)) * (draw.random((21, 60)) < 0.1)
    rows = np.abs(about[owners] + draw.random((len(owners), 60)) * (draw.random((len(owners), 60)) < 0.1)) + 1e-3
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    weights = draw.choice(np.array([0.5, 1], np.float32), len(owners))
    kernel = 2 * rows @ rows.T

    def loss(logits: NDArray[np.floating[Any]], length: float) -> float:
        logs = logits[np.arange(len(owners)), owners] - logsumexp(logits, axis=1)
        return float(0.05 * length - weights @ logs)

    def plain(flat: NDArray[np.float64]) -> float:
        return loss(rows @ flat.reshape(60, 21) * 2**0.5, float(flat @ flat))

    def slope(flat: NDArray[np.float64]) -> NDArray[np.float64]:
        logits = rows @ flat.reshape(60, 21) * 2**0.5
        away = np.exp(logits - logsumexp(logits, axis=1)[:, None])
        away[np.arange(len(owners)), owners] -= 1
        found: NDArray[np.float64] = (2**0.5 * rows.T @ (away * weights[:, None])).ravel() + 0.1 * flat
        return found

    best = minimize(plain, np.zeros(60 * 21), jac=slope, method="L-BFGS-B").fun
    coefficients = fit(kernel, owners, 21, 0.1, weights)
    logits = kernel @ coefficients
    assert best <= loss(logits, float(np.vdot(coefficients, logits))) + 1e-3 < 1.01 * best
