"""Bootstrap over subjects: how far rates would move with other people.

Subjects are drawn with replacement, all rows of a drawn subject together (the cluster bootstrap):
rows of one person are not independent. Counts add up over subjects, so that every resample is a
weighted sum and thousands of them cost little.

A percentile interval cannot leave what was seen: where every positive was found, every resample
says 1 too. With few positives read such an interval as too narrow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_shape
from au_detect.evaluation.metrics import (
    AUEvaluation,
    cells_to_count,
    thresholds_of_rows,
    validate,
)

N_RESAMPLES = 1000
COVERAGE = 0.95

Floats = NDArray[np.float64]


def resample_subjects(
    y: ArrayLike,
    probabilities: ArrayLike,
    thresholds: ArrayLike,
    aus: tuple[int, ...],
    subject: ArrayLike,
    *,
    fold: ArrayLike | None = None,
    n_resamples: int = N_RESAMPLES,
    random_state: int = 0,
) -> AUEvaluation:
    """Return the evaluation of every resample; all arrays have shape (n_resamples, n_aus).

    Parameters
    ----------
    y, probabilities, thresholds, aus, fold : see `evaluate_aus`
    subject : array_like, shape (n_samples,)
        Whose row it is.
    n_resamples : int
        At least 1.
    random_state : int
        The same value and subjects give the same resamples: two classifiers that were evaluated
        on the same rows can be compared resample by resample.

    Raises
    ------
    InputError
        If shapes or values do not fit.
    """
    labels, scores = validate(y, probabilities)
    limits = thresholds_of_rows(thresholds, labels.shape)
    subjects = np.asarray(subject)
    check_shape("subject", subjects, (len(labels),))
    folds = np.zeros(len(labels), dtype=int) if fold is None else np.asarray(fold)
    check_shape("fold", folds, (len(labels),))
    if n_resamples < 1:
        raise InputError(f"n_resamples must be at least 1, got {n_resamples}")
    names, index = np.unique(subjects, return_inverse=True)
    weights = _draw_weights(len(names), n_resamples, random_state)
    cells = cells_to_count(labels, scores, limits)
    sums = {name: weights @ _sum_by_subject(values, index) for name, values in cells.items()}
    auc = np.stack(
        [
            _resampled_auc(labels[:, column], scores[:, column], index, folds, weights)
            for column in range(labels.shape[1])
        ],
        axis=1,
    )
    mean_limits = np.broadcast_to(limits.mean(axis=0), auc.shape)
    return AUEvaluation(aus=tuple(aus), thresholds=mean_limits, auc=auc, **sums)  # type: ignore[arg-type]


def percentile_interval(values: ArrayLike, coverage: float = COVERAGE) -> Floats:
    """Return the lower and the upper end, shape (2, ...), of resampled values (n_resamples, ...).

    Resamples in which the value is undefined are left out; NaN where it never is defined.
    """
    resampled = np.asarray(values, dtype=float)
    ends = np.full((2, *resampled.shape[1:]), np.nan)
    defined = np.isfinite(resampled).any(axis=0)
    tails = [(1 - coverage) / 2, (1 + coverage) / 2]
    ends[:, defined] = np.nanquantile(resampled[:, defined], tails, axis=0)
    return ends


def _draw_weights(n_subjects: int, n_resamples: int, random_state: int) -> Floats:
    """Return how often each subject is in each resample, (n_resamples, n_subjects)."""
    rng = np.random.default_rng(random_state)
    draws = rng.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=n_resamples)
    return draws.astype(float)


def _sum_by_subject(values: NDArray, index: NDArray[np.intp]) -> Floats:
    sums = np.zeros((index.max() + 1, values.shape[1]))
    np.add.at(sums, index, values)
    return sums


def _resampled_auc(
    labels: Floats,
    scores: Floats,
    index: NDArray[np.intp],
    folds: NDArray,
    weights: Floats,
) -> Floats:
    """Return the AUC of every resample, from how often subject s beats subject t."""
    known = np.isfinite(scores)
    positives = np.flatnonzero(known & (labels == 1))
    negatives = np.flatnonzero(known & (labels == 0))
    if len(positives) == 0 or len(negatives) == 0:
        return np.full(len(weights), np.nan)
    positives = positives[np.argsort(index[positives], kind="stable")]
    negatives = negatives[np.argsort(index[negatives], kind="stable")]
    rows, row_starts = np.unique(index[positives], return_index=True)
    columns, column_starts = np.unique(index[negatives], return_index=True)

    def by_subjects(pairs: NDArray) -> Floats:
        summed = np.add.reduceat(pairs, row_starts, axis=0, dtype=float)
        return np.asarray(np.add.reduceat(summed, column_starts, axis=1))

    compared = (folds[positives][:, None] == folds[negatives]).astype(np.float32)
    wins = (np.sign(scores[positives][:, None] - scores[negatives]) + 1) / 2 * compared
    won, n_pairs = (
        ((weights[:, rows] @ by_subjects(pairs)) * weights[:, columns]).sum(axis=1)
        for pairs in (wins, compared)
    )
    return np.divide(won, n_pairs, out=np.full(len(weights), np.nan), where=n_pairs > 0)
