"""What the ranking model promises about its parts, each beside the plain way of computing it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from faq_kb import metric
from faq_kb.metric import FORGIVENESS, Forgiving

OWNERS = np.array([0, 0, 0, 1, 1, 2, 2, 2], np.int64)  # 2 is what no entry answers
WEIGHTS = np.array([1, 1, 0.5, 1, 0.5, 1, 1, 1], np.float32)


@pytest.fixture
def rows() -> sparse.csr_matrix:
    draw = np.random.default_rng(5)
    values = draw.random((len(OWNERS), 30)) * (draw.random((len(OWNERS), 30)) < 0.4)
    return sparse.csr_matrix((values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32))


def test_coefficients_fitted_on_the_forgiving_kernel_say_the_same_of_any_sentence(rows: sparse.csr_matrix) -> None:
    plain = rows @ rows.T
    kernel = Forgiving(plain.toarray(), OWNERS, WEIGHTS)
    fitted = np.random.default_rng(6).random((len(OWNERS), 3)).astype(np.float32)
    assert plain @ kernel.coefficients(fitted) == pytest.approx(kernel.products @ fitted, abs=1e-4)


def test_a_way_in_which_one_entry_s_phrasings_differ_counts_less_and_one_between_entries_as_before() -> None:
    # Two entries, told apart by the first feature; the second only varies within each.
    rows = np.array([[1, 0.7], [1, -0.7], [-1, 0.7], [-1, -0.7], [0, 0]], np.float32)
    owners = np.array([0, 0, 1, 1, 2], np.int64)
    kernel = Forgiving(rows @ rows.T, owners, np.ones(5, np.float32))
    grows = np.array([1, 1, -1, -1, 0]) @ kernel.products @ np.array([1, 1, -1, -1, 0]) / 16
    differs = np.array([1, -1, 1, -1, 0]) @ kernel.products @ np.array([1, -1, 1, -1, 0]) / 16
    assert differs / grows < 0.49 / (1 + FORGIVENESS * 0.49)
    assert np.trace(kernel.products) == pytest.approx(5, rel=1e-4)


def test_a_large_set_is_fitted_on_the_plain_kernel(monkeypatch: pytest.MonkeyPatch, rows: sparse.csr_matrix) -> None:
    monkeypatch.setattr(metric, "MOST_PHRASINGS", 3)
    plain = (rows @ rows.T).toarray()
    kernel = Forgiving(plain, OWNERS, WEIGHTS)
    assert (kernel.products == plain).all()
    assert (kernel.coefficients(plain) == plain).all()
