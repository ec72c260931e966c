"""Fitting the small model behind the search: multinomial logistic regression on a kernel of phrasings.

There are far more features than phrasings, so the weights are sought as sums of phrasings: one column of
coefficients an article. L-BFGS in the metric of the features takes one matrix product a step. What costs next to
nothing is done first: the same for the mean phrasing of each article, whose coefficients its phrasings begin with.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import blas

from faq_kb.vectors import Floats, Whole, run_of_each

# Past these the ranking no longer changes: from nothing, and from the model of the means.
MAX_STEPS = 12
STEPS_FROM_MEANS = 7
SMALL_GAIN = 3e-4
MEMORY = 6

# A feature is common when this share of the rows has it.
_COMMON = 0.03


def fit(kernel: Floats, owners: Whole, classes: int, penalty: float, weights: Floats) -> Floats:
    """Coefficients (phrasings x classes), so that ``kernel @ coefficients`` are the logits of each class. The last
    class is what no article answers; its sentences have nothing in common."""
    weights = weights.astype(np.float32)
    means = _means(owners, classes, weights)
    if 2 * means.shape[0] > len(owners):
        nothing = np.zeros((len(owners), classes), np.float32)
        return _descended(kernel, owners, penalty, weights, nothing, nothing, MAX_STEPS)
    nothing = np.zeros((means.shape[0], classes), np.float32)
    met: Floats = means @ kernel
    owner_of_mean = np.minimum(np.arange(means.shape[0]), classes - 1)
    weight_of_mean = means.astype(bool) @ weights
    found = _descended(
        np.ascontiguousarray(means @ met.T), owner_of_mean, penalty, weight_of_mean, nothing, nothing, MAX_STEPS
    )
    return _descended(kernel, owners, penalty, weights, means.T @ found, met.T @ found, STEPS_FROM_MEANS)


def _means(owners: Whole, classes: int, weights: Floats) -> sparse.csr_matrix:
    """What to multiply phrasings with to get the mean of each class; those of the last stay by themselves."""
    groups = owners.copy()
    alone = np.flatnonzero(owners == classes - 1)
    groups[alone] = classes - 1 + np.arange(len(alone))
    count = classes - 1 + len(alone)
    totals = np.bincount(groups, weights, minlength=count).astype(np.float32)
    return sparse.csr_matrix((weights / totals[groups], (groups, np.arange(len(owners)))), shape=(count, len(owners)))


def _descended(
    kernel: Floats, owners: Whole, penalty: float, weights: Floats, point: Floats, logits: Floats, most_steps: int
) -> Floats:
    """So many steps down from this point, where the logits are these."""
    rows = np.arange(len(owners))
    weight = weights[:, None]
    history: list[tuple[Floats, Floats, Floats, Floats, float]] = []

    def loss_at(point: Floats, logits: Floats) -> tuple[float, Floats]:
        lowered = logits - logits.max(axis=1, keepdims=True)
        shares = np.exp(lowered)
        totals = shares.sum(axis=1, keepdims=True)
        logs = lowered[rows, owners] - np.log(totals[:, 0])
        loss = -float((weight[:, 0] * logs).sum()) + penalty / 2 * float(np.vdot(point, logits))
        shares *= weight / totals
        shares[rows, owners] -= weight[:, 0]
        return loss, _add(shares, penalty, point)

    loss, slope = loss_at(point, logits)
    k_slope = kernel @ slope
    for step_number in range(1, most_steps + 1):
        step, k_step = _direction(slope, k_slope, history)
        fall = float(np.vdot(k_slope, step))
        size = 1.0 if history else fall / max(1e-9, _bend(logits, weight, k_step) + penalty * fall)
        for _ in range(12):
            new_point, new_logits = _plus(point, -size, step), _plus(logits, -size, k_step)
            new_loss, new_slope = loss_at(new_point, new_logits)
            if new_loss <= loss - 1e-4 * size * fall:
                break
            size /= 2
        else:
            break
        gain = (loss - new_loss) / max(1e-9, abs(loss))
        if gain < SMALL_GAIN or step_number == most_steps:
            return new_point  # what the next step would need costs as much as this one
        k_new_slope = kernel @ new_slope
        step *= -size
        k_step *= -size
        turned, k_turned = _plus(new_slope, -1, slope), _plus(k_new_slope, -1, k_slope)
        curvature = float(np.vdot(step, k_turned))
        if curvature > 1e-12:
            history = [*history, (step, k_step, turned, k_turned, 1 / curvature)][-MEMORY:]
        point, logits, loss, slope, k_slope = new_point, new_logits, new_loss, new_slope, k_new_slope
    return point


def gram(rows: sparse.csr_matrix) -> Floats:
    """The products of all rows with each other. What many rows hold is multiplied as a full matrix, several times as
    fast as scipy multiplies it."""
    count = rows.shape[0]
    frequency = np.bincount(rows.indices, minlength=rows.shape[1])
    owners = run_of_each(np.diff(rows.indptr))
    held_by = frequency[rows.indices]
    is_common = held_by > _COMMON * count
    is_lone = (held_by == 1) & ~is_common
    numbers = (frequency > _COMMON * count).cumsum() - 1
    common = np.zeros((count, int(numbers[-1]) + 1), np.float32)
    common[owners[is_common], numbers[rows.indices[is_common]]] = rows.data[is_common]
    products: Floats = common @ common.T
    is_rare = ~(is_common | is_lone)
    ends = np.bincount(owners[is_rare], minlength=count).cumsum()
    rare = sparse.csr_matrix((rows.data[is_rare], rows.indices[is_rare], np.concatenate(([0], ends))), shape=rows.shape)
    products += (rare @ rare.T).toarray()
    # What one row alone holds meets nothing but itself.
    products.ravel()[:: count + 1] += np.bincount(owners[is_lone], np.square(rows.data[is_lone]), minlength=count)
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
        share = scale * float(np.vdot(k_moved, step))
        shares.append(share)
        _add(step, -share, turned)
        _add(k_step, -share, k_turned)
    if history:
        moved, _, turned, k_turned, _ = history[-1]
        ratio = np.float32(float(np.vdot(moved, k_turned)) / float(np.vdot(turned, k_turned)))
        step *= ratio
        k_step *= ratio
    for (moved, k_moved, _, k_turned, scale), share in zip(history, reversed(shares), strict=True):
        back = scale * float(np.vdot(k_turned, step))
        _add(step, share - back, moved)
        _add(k_step, share - back, k_moved)
    return step, k_step


def _bend(logits: Floats, weight: Floats, k_step: Floats) -> float:
    """How strongly the loss bends along the first step."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares *= weight / shares.sum(axis=1, keepdims=True)
    means = np.einsum("ij,ij->i", shares, k_step)
    return float(np.einsum("ij,ij,ij->", shares, k_step, k_step) - (means / weight[:, 0]) @ means)


def _plus(values: Floats, times: float, others: Floats) -> Floats:
    return _add(values.copy(), times, others)


def _add(values: Floats, times: float, others: Floats) -> Floats:
    """Add so many times the others, in place and in one pass; these passes cost as much as the products."""
    blas.saxpy(others.ravel(), values.ravel(), a=times)
    return values
