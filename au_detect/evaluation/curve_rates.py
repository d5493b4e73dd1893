"""Rates that stand on the order of the scores, for samples in which rows count differently often.

*PR-AUC* is the average precision: precision at every positive, each time recall grows. The
*matched* true-positive rate is the highest one at a false-positive rate that is not above a stated
one, over all rows together: so classifiers are compared at one price.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import check_shape

Floats = NDArray[np.float64]
CELLS_AT_ONCE = 4_000_000


def curve_rates(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike, matched_fpr: float
) -> tuple[Floats, Floats]:
    """Return PR-AUC and matched true-positive rate of one AU in every sample.

    Parameters
    ----------
    labels, scores : array_like, shape (n,)
        Rows in which either is NaN are left out.
    weights : array_like, shape (n_samples, n)
        How often each row is in each sample.
    matched_fpr : float

    Returns
    -------
    pr_auc, matched_tpr : ndarray, float64, shape (n_samples,)
        NaN in samples without positives or without negatives.
    """
    y, values = np.asarray(labels, dtype=float), np.asarray(scores, dtype=float)
    counts = np.asarray(weights, dtype=float)
    known = np.flatnonzero(np.isfinite(y) & np.isfinite(values))
    n_samples = len(counts)
    found = np.full((2, n_samples), np.nan)
    if len(known) == 0:
        return found[0], found[1]
    order = known[np.argsort(-values[known], kind="stable")]
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    present = y[order] == 1
    step = max(CELLS_AT_ONCE // len(order), 1)
    for start in range(0, n_samples, step):
        block = slice(start, start + step)
        drawn = counts[block][:, order]
        tp = np.cumsum(drawn * present, axis=1)[:, ends]
        fp = np.cumsum(drawn * ~present, axis=1)[:, ends]
        n_positive, n_negative = tp[:, -1:], fp[:, -1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, precision = tp / n_positive, np.where(tp > 0, tp / (tp + fp), 0.0)
            pr_auc = (np.diff(recall, axis=1, prepend=0.0) * precision).sum(axis=1)
            allowed = fp <= matched_fpr * n_negative + 1e-9
            matched = np.where(allowed, recall, 0.0).max(axis=1)
        undefined = (n_positive[:, 0] == 0) | (n_negative[:, 0] == 0)
        found[0, block] = np.where(undefined, np.nan, pr_auc)
        found[1, block] = np.where(undefined, np.nan, matched)
    return found[0], found[1]


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
