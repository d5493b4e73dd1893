"""Rates that stand on the order of the scores, for samples in which rows count differently often.

*PR-AUC* is the average precision: precision at every positive, each time recall grows. The
*matched* true-positive rate is the highest one at a false-positive rate that is not above a stated
one, over all rows together: so classifiers are compared at one price.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from au_detect.errors import check_shape

Floats = NDArray[np.float64]
CELLS_AT_ONCE = 4_000_000
MOST_CELLS = 8_000_000
"""Curves of so many samples times steps are exact; of more, steps are joined."""


def curve_rates(
    labels: ArrayLike,
    scores: ArrayLike,
    weights: ArrayLike,
    matched_fpr: float,
    group: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Return PR-AUC and matched true-positive rate of one AU in every sample.

    Parameters
    ----------
    labels, scores : array_like, shape (n,)
        Rows in which either is NaN are left out.
    weights : array_like, shape (n_samples, n_groups)
        How often each group of rows is in each sample.
    matched_fpr : float
    group : array_like of int, shape (n,), optional
        Which group each row belongs to; by default each is one of its own.

    Returns
    -------
    pr_auc, matched_tpr : ndarray, float64, shape (n_samples,)
        NaN in samples without positives or without negatives.
    """
    counts = np.asarray(weights, dtype=float)
    found = np.full((2, len(counts)), np.nan)
    for block, tp, fp in _counted_down(labels, scores, counts, group):
        n_positive, n_negative = tp[:, -1:], fp[:, -1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, precision = tp / n_positive, np.where(tp > 0, tp / (tp + fp), 0.0)
            pr_auc = (np.diff(recall, axis=1, prepend=0.0) * precision).sum(axis=1)
            allowed = fp <= matched_fpr * n_negative + 1e-9
            matched = np.where(allowed, recall, 0.0).max(axis=1)
        undefined = (n_positive[:, 0] == 0) | (n_negative[:, 0] == 0)
        found[:, block] = np.where(undefined, np.nan, [pr_auc, matched])
    return found[0], found[1]


def sampled_auc(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike, group: ArrayLike, fold: ArrayLike
) -> Floats:
    """Return the area under the ROC curve of one AU in every sample, as `roc_auc` counts it.

    Parameters
    ----------
    labels, scores, weights, group : see `curve_rates`
    fold : array_like of int, shape (n,)
        Only rows of one fold are compared with each other.

    Returns
    -------
    ndarray, float64, shape (n_samples,)
        NaN in samples without a pair to compare.
    """
    y, values, counts = (np.asarray(v, dtype=float) for v in (labels, scores, weights))
    groups, folds = np.asarray(group), np.asarray(fold)
    won, n_pairs = np.zeros((2, len(counts)))
    for number in np.unique(folds):
        rows = np.flatnonzero(folds == number)
        for block, tp, fp in _counted_down(y[rows], values[rows], counts, groups[rows]):
            found, beaten = (np.diff(part, axis=1, prepend=0.0) for part in (tp, fp))
            won[block] += (beaten * (tp - found / 2)).sum(axis=1)
            n_pairs[block] += tp[:, -1] * fp[:, -1]
    return np.divide(won, n_pairs, out=np.full(len(won), np.nan), where=n_pairs > 0)


def _counted_down(
    labels: ArrayLike, scores: ArrayLike, counts: Floats, group: ArrayLike | None
) -> Iterator[tuple[slice, Floats, Floats]]:
    """Yield, for blocks of samples, how many positives and negatives reach each step of the scores.

    Both are (n_samples_of_block, n_steps), from the highest score to the lowest. So memory stays
    bounded, however many rows and samples there are.
    """
    y, values = np.asarray(labels, dtype=float), np.asarray(scores, dtype=float)
    known = np.flatnonzero(np.isfinite(y) & np.isfinite(values))
    if len(known) == 0:
        return
    order = known[np.argsort(-values[known], kind="stable")]
    groups = order if group is None else np.asarray(group)[order]
    present = y[order] == 1
    ends = _steps(values[order], present, MOST_CELLS // max(len(counts), 1))
    step = np.searchsorted(ends, np.arange(len(order)))
    shape = (counts.shape[1], len(ends))
    tables = [
        csr_array((np.ones(chosen.sum()), (groups[chosen], step[chosen])), shape=shape)
        for chosen in (present, ~present)
    ]
    n_at_once = max(CELLS_AT_ONCE // len(ends), 1)
    for start in range(0, len(counts), n_at_once):
        block = slice(start, start + n_at_once)
        tp, fp = (np.cumsum(counts[block] @ table, axis=1) for table in tables)
        yield block, tp, fp


def _steps(scores: Floats, present: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """Return at which of the rows, from the highest score to the lowest, each step ends.

    Every different score is a step. Where there are more than `most`, those from one positive to
    the next are one: rates change at positives, so that nothing is lost. Of still more, evenly
    chosen ones stay: a rate is then off by no more than what lies between two of them.
    """
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    if len(ends) <= most:
        return ends
    shown = np.diff(np.cumsum(present)[ends], prepend=0) > 0
    ends = ends[shown | np.append(shown[1:], True)]
    if len(ends) <= most:
        return ends
    return ends[np.linspace(0, len(ends) - 1, max(most, 2)).round().astype(int)]


def roc_auc(y: ArrayLike, scores: ArrayLike, fold: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve of one AU; ties count half, NaN where undefined.

    Parameters
    ----------
    y, scores : array_like, shape (n_samples,)
        Rows in which either is NaN are left out.
    fold : array_like of int, shape (n_samples,), optional
        Only rows of one fold are compared with each other.

    Raises
    ------
    InputError
        If `fold` has another shape.
    """
    labels, values = np.asarray(y, dtype=float), np.asarray(scores, dtype=float)
    folds = np.zeros(len(labels), dtype=int) if fold is None else np.asarray(fold)
    check_shape("fold", folds, labels.shape)
    won, n_pairs = 0.0, 0
    for number in np.unique(folds):
        known = ~np.isnan(values) & (folds == number)
        positives, negatives = values[known & (labels == 1)], values[known & (labels == 0)]
        negatives = np.sort(negatives)
        below = np.searchsorted(negatives, positives, side="left").sum()
        not_above = np.searchsorted(negatives, positives, side="right").sum()
        won += (below + not_above) / 2
        n_pairs += len(positives) * len(negatives)
    return float(won / n_pairs) if n_pairs else float("nan")
