"""Fitting the small model behind the search: multinomial logistic regression on a kernel of phrasings.

There are far more features than phrasings, so the weights are sought as sums of phrasings: one column of
coefficients an article. L-BFGS in the metric of the features needs a dozen steps of one matrix product each,
which is a tenth of a second for 200 articles of eight phrasings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faq_kb.vectors import Floats

# Past these the ranking no longer changes.
MAX_STEPS = 12
SMALL_GAIN = 3e-4
MEMORY = 6

# A feature is common when this share of the rows has it.
_COMMON = 0.02


def fit(kernel: Floats, owners: NDArray[np.int64], classes: int, penalty: float, weights: Floats) -> Floats:
    """Coefficients (phrasings x classes), so that ``kernel @ coefficients`` are the logits of each class."""
    count = len(owners)
    rows = np.arange(count)
    wanted = np.zeros((count, classes), np.float32)
    wanted[rows, owners] = 1
    weight = weights.astype(np.float32)[:, None]
    point = np.zeros((count, classes), np.float32)
    logits = np.zeros((count, classes), np.float32)
    history: list[tuple[Floats, Floats, Floats, Floats, float]] = []

    def loss_at(point: Floats, logits: Floats) -> tuple[float, Floats]:
        logs = log_softmax(logits)
        loss = -float((weight[:, 0] * logs[rows, owners]).sum()) + penalty / 2 * float(np.vdot(point, logits))
        return loss, weight * (np.exp(logs) - wanted) + penalty * point

    loss, slope = loss_at(point, logits)
    k_slope = kernel @ slope
    for _ in range(MAX_STEPS):
        step, k_step = _direction(slope, k_slope, history)
        fall = float(np.vdot(k_slope, step))
        size = 1.0 if history else 3 / max(1e-9, float(np.sqrt(abs(np.vdot(slope, k_slope)))))
        for _ in range(12):
            new_point, new_logits = point - size * step, logits - size * k_step
            new_loss, new_slope = loss_at(new_point, new_logits)
            if new_loss <= loss - 1e-4 * size * fall:
                break
            size /= 2
        else:
            break
        gain = (loss - new_loss) / max(1e-9, abs(loss))
        k_new_slope = kernel @ new_slope
        moved, turned = -size * step, new_slope - slope
        k_turned = k_new_slope - k_slope
        curvature = float(np.vdot(moved, k_turned))
        if curvature > 1e-12:
            history = [*history, (moved, -size * k_step, turned, k_turned, 1 / curvature)][-MEMORY:]
        point, logits, loss, slope, k_slope = new_point, new_logits, new_loss, new_slope, k_new_slope
        if gain < SMALL_GAIN:
            break
    return point


def gram(rows: sparse.csr_matrix) -> Floats:
    """The products of all rows with each other. What many rows hold is multiplied as a full matrix, several times as
    fast as scipy multiplies it."""
    frequency = np.bincount(rows.indices, minlength=rows.shape[1])
    columns = rows.tocsc()
    common = columns[:, np.flatnonzero(frequency > _COMMON * rows.shape[0])].toarray()
    rare = columns[:, np.flatnonzero((frequency > 0) & (frequency <= _COMMON * rows.shape[0]))].tocsr()
    products: Floats = common @ common.T
    products += (rare @ rare.T).toarray()
    return products


def log_softmax(logits: Floats) -> Floats:
    lowered = logits - logits.max(axis=-1, keepdims=True)
    result: Floats = lowered - np.log(np.exp(lowered).sum(axis=-1, keepdims=True))
    return result


def _direction(
    slope: Floats, k_slope: Floats, history: list[tuple[Floats, Floats, Floats, Floats, float]]
) -> tuple[Floats, Floats]:
    """The two-loop recursion of L-BFGS, on coefficients and on their images under the kernel at once."""
    step, k_step = slope.copy(), k_slope.copy()
    shares = []
    for _, k_moved, turned, k_turned, scale in reversed(history):
        share = np.float32(scale * float(np.vdot(k_moved, step)))
        shares.append(share)
        step -= share * turned
        k_step -= share * k_turned
    if history:
        moved, _, turned, k_turned, _ = history[-1]
        ratio = np.float32(float(np.vdot(moved, k_turned)) / float(np.vdot(turned, k_turned)))
        step *= ratio
        k_step *= ratio
    for (moved, k_moved, _, k_turned, scale), share in zip(history, reversed(shares), strict=True):
        back = np.float32(scale * float(np.vdot(k_turned, step)))
        step += (share - back) * moved
        k_step += (share - back) * k_moved
    return step, k_step
