"""Bootstrap over subjects: how far rates would move with other people.

Subjects are drawn with replacement, all rows of a drawn subject together (the cluster bootstrap):
rows of one person are not independent. Counts add up over subjects, so that every resample is a
weighted sum and thousands of them cost little.

A percentile interval cannot leave what was seen: where every positive was found, every resample
says 1 too. Where fewer than `FEW_PEOPLE` people show an AU, its rates have Wilson's interval
instead, for as many independent trials as there are people: it covers what it says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm
from scipy.stats import t as student_t

from au_detect.errors import InputError, check_shape
from au_detect.evaluation.curve_rates import curve_rates, sampled_auc
from au_detect.evaluation.metrics import (
    MATCHED_FPR,
    AUEvaluation,
    cells_to_count,
    thresholds_of_rows,
    validate,
)

N_RESAMPLES = 1000
FEW_PEOPLE = 10
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
    matched_fpr: float = MATCHED_FPR,
) -> AUEvaluation:
    """Return the evaluation of every resample; all arrays have shape (n_resamples, n_aus).

    Parameters
    ----------
    y, probabilities, thresholds, aus, fold, matched_fpr : see `evaluate_aus`
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
    folds = np.zeros(len(labels), dtype=int) if fold is None else np.asarray(fold)
    check_shape("fold", folds, (len(labels),))
    index, weights = subject_weights(subject, len(labels), n_resamples, random_state)
    cells = cells_to_count(labels, scores, limits)
    sums = {name: weights @ sum_by_subject(values, index) for name, values in cells.items()}
    auc = np.stack(
        [
            sampled_auc(labels[:, column], scores[:, column], weights, index, folds)
            for column in range(labels.shape[1])
        ],
        axis=1,
    )
    curves = [
        curve_rates(labels[:, column], scores[:, column], weights, matched_fpr, index)
        for column in range(labels.shape[1])
    ]
    sums |= {
        "pr_auc": np.stack([pr_auc for pr_auc, _ in curves], axis=1),
        "matched_tpr": np.stack([matched for _, matched in curves], axis=1),
    }
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


def with_interval(value: float, resampled: ArrayLike) -> list[float]:
    """Return a number and the ends of its `percentile_interval`."""
    low, high = percentile_interval(resampled)
    return [float(value), float(low), float(high)]


def wilson_interval(rate: float, n: int, coverage: float = COVERAGE) -> Floats:
    """Return the interval, shape (2,), of a rate over `n` independent trials (Wilson 1927).

    NaN where the rate is undefined or there are no trials.
    """
    if n < 1 or not np.isfinite(rate):
        return np.full(2, np.nan)
    z = norm.ppf((1 + coverage) / 2)
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.array([max(middle - half, 0.0), min(middle + half, 1.0)])


def rate_interval(
    rate: float, resampled: ArrayLike, n_people: int | None, coverage: float = COVERAGE
) -> Floats:
    """Return the interval, shape (2,), of a rate in [0, 1] that stands on so many people.

    Wilson's below `FEW_PEOPLE`, else that of resamples. None: always that of resamples.
    """
    if n_people is not None and n_people < FEW_PEOPLE:
        return wilson_interval(rate, n_people, coverage)
    return percentile_interval(resampled, coverage)


def repeated_difference_interval(
    differences: ArrayLike, resampled: ArrayLike, n_people: int, coverage: float = COVERAGE
) -> Floats:
    """Return the interval, shape (2,), of a mean difference over repeated trainings.

    People and trainings both vary, and the interval allows for both. Its variance is that between
    people (of the mean over trainings, from the bootstrap) and that between trainings, less what
    each already holds of the other; its width is Student's with Satterthwaite's degrees of freedom.
    For these, the variance between trainings counts in full: from three of them it is often taken
    for nothing by chance, and an interval that then believed the people alone would be too narrow.

    Parameters
    ----------
    differences : array_like, shape (n_repeats,)
        Over all people, in every training.
    resampled : array_like, shape (n_repeats, n_resamples)
        The same in resamples of the people, which are the same in all trainings.
    n_people : int
    """
    seen, drawn = np.asarray(differences, dtype=float), np.asarray(resampled, dtype=float)
    n = len(seen)
    if n == 1:
        return percentile_interval(drawn[0], coverage)
    of_mean = float(np.nanvar(drawn.mean(axis=0), ddof=1))
    of_one = float(np.nanmean(np.nanvar(drawn, axis=1, ddof=1)))
    shared = max(of_one - of_mean, 0.0) / (n - 1)
    between = float(np.var(seen, ddof=1)) / n
    total = of_mean + max(between - shared, 0.0)
    if total == 0:
        return np.full(2, seen.mean())
    freedom = total**2 / (of_mean**2 / max(n_people - 1, 1) + between**2 / (n - 1))
    half = student_t.ppf((1 + coverage) / 2, max(freedom, 1.0)) * np.sqrt(total)
    return np.array([seen.mean() - half, seen.mean() + half])


def subject_weights(
    subject: ArrayLike, n_rows: int, n_resamples: int, random_state: int
) -> tuple[NDArray[np.intp], Floats]:
    """Return the number of each row's subject, and how often each is in each resample.

    Parameters
    ----------
    subject : array_like, shape (n_rows,)
    n_resamples, random_state : see `resample_subjects`

    Returns
    -------
    ndarray of int, shape (n_rows,); ndarray, shape (n_resamples, n_subjects)

    Raises
    ------
    InputError
        If `subject` has another shape, or `n_resamples` is below 1.
    """
    subjects = np.asarray(subject)
    check_shape("subject", subjects, (n_rows,))
    if n_resamples < 1:
        raise InputError(f"n_resamples must be at least 1, got {n_resamples}")
    names, index = np.unique(subjects, return_inverse=True)
    n = len(names)
    draws = np.random.default_rng(random_state).multinomial(n, np.full(n, 1 / n), size=n_resamples)
    return index, draws.astype(float)


def sum_by_subject(values: NDArray, index: NDArray[np.intp]) -> Floats:
    """Return the sums (n_subjects, n_columns) of values (n_rows, n_columns)."""
    return np.stack([np.bincount(index, weights=column) for column in values.T], axis=1)
