"""Weights against imbalance, calibration of scores, and thresholds. Training only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from au_detect.classifiers.intensity import LEVELS, log_odds
from au_detect.errors import InputError, check_shape

MIN_CALIBRATION_CELLS = 5
"""Platt's method is used where there are as many positives and as many negatives."""

MIN_STRATUM_NEGATIVES = 300
ALWAYS = 4.0
"""Log-odds of a level that nearly all reach who reach the one below; less them: that none do."""

SMALLEST_THRESHOLD = 1e-6


def positive_weights(y: ArrayLike, cap: float) -> NDArray[np.float64]:
    """Return, per AU, negatives / positives, kept within [1 / cap, cap].

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN (ignored).
    cap : float
        At least 1.
    """
    labels = np.asarray(y)
    n_positive, n_negative = (labels == 1).sum(axis=0), (labels == 0).sum(axis=0)
    ratio = np.maximum(n_negative, 1) / np.maximum(n_positive, 1)
    return np.clip(ratio, 1 / cap, cap)


def active_au_weights(y: ArrayLike) -> NDArray[np.float32]:
    """Return a weight for every row, in proportion to its number of active AUs, at least one.

    So the 2018 study balanced its classes: rows that show much count more. The mean is 1.

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN.
    """
    active = np.maximum((np.asarray(y) == 1).sum(axis=1), 1).astype(np.float32)
    weights: NDArray[np.float32] = active / active.mean()
    return weights


def choose_thresholds(
    y: ArrayLike, probabilities: ArrayLike, max_fpr: float
) -> NDArray[np.float64]:
    """Choose, per AU, the smallest threshold whose false-positive rate is at most `max_fpr`.

    With n negatives, floor(`max_fpr` · n) false alarms are allowed. The negative with the
    next highest probability must stay below the threshold, and with it everything that has
    the same probability (ties are all counted, none is split). All thresholds from there to
    the next higher probability decide alike; the middle of that gap is returned, so that
    rounding cannot turn a decision. Without negatives the threshold is 0.5.

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN (ignored), of faces that the weights were not learnt from.
    probabilities : array_like, shape (n_samples, n_aus)
        In [0, 1].
    max_fpr : float
        In [0, 1).

    Returns
    -------
    ndarray, float64, shape (n_aus,)
        In (0, 1).

    Raises
    ------
    InputError
        If the shapes differ or `max_fpr` is outside [0, 1).
    """
    labels, scores = np.asarray(y, dtype=float), np.asarray(probabilities, dtype=float)
    check_shape("y", labels, ("n_samples", "n_aus"))
    check_shape("probabilities", scores, labels.shape)
    if not 0 <= max_fpr < 1:
        raise InputError(f"max_fpr must be in [0, 1), got {max_fpr}")
    thresholds = [
        _choose_threshold(column, score, max_fpr)
        for column, score in zip(labels.T, scores.T, strict=True)
    ]
    return np.array(thresholds, dtype=float)


def thresholds_in_strata(
    y: ArrayLike, probabilities: ArrayLike, strata: Sequence[ArrayLike], max_fpr: float
) -> NDArray[np.float64]:
    """Return the thresholds that keep the false-positive rate of every stratum in bounds.

    Parameters
    ----------
    y, probabilities, max_fpr
        As in `choose_thresholds`.
    strata : sequence of array_like, shape (n_samples,)
        Ways to divide the samples, such as by what the face does, or how the head is held. A
        part counts for an AU where it has `MIN_STRATUM_NEGATIVES` negatives of it.

    Returns
    -------
    ndarray, float64, shape (n_aus,)
        The highest that any part asks for; 0 where none counts.
    """
    labels, scores = np.asarray(y, dtype=float), np.asarray(probabilities, dtype=float)
    highest = np.zeros(labels.shape[1])
    for names in strata:
        values = np.asarray(names)
        check_shape("strata", values, (len(labels),))
        for value in np.unique(values):
            part = values == value
            enough = (labels[part] == 0).sum(axis=0) >= MIN_STRATUM_NEGATIVES
            of_others = (labels == 0) & ~part[:, None]
            found = choose_thresholds(np.where(of_others, 0.5, labels), scores, max_fpr)
            highest = np.where(enough, np.maximum(highest, found), highest)
    return highest


def thresholds_of_evidence(y: ArrayLike, least_ratio: float) -> NDArray[np.float64]:
    """Return the thresholds from which a face speaks clearly enough for an AU, whatever its rate.

    Odds are the prior odds times the likelihood ratio of what is seen (Bayes). Where an AU is easy
    to tell, a stated false-positive rate lets in faces that speak against it; this keeps them out.

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN (ignored): prior odds are positives / negatives.
    least_ratio : float
        Likelihood ratio that is asked for, at least 0.

    Returns
    -------
    ndarray, float64, shape (n_aus,)
        For probabilities that are calibrated on such samples; 0 where an AU has no positives or no
        negatives.
    """
    labels = np.asarray(y, dtype=float)
    check_shape("y", labels, ("n_samples", "n_aus"))
    n_positive, n_negative = (labels == 1).sum(axis=0), (labels == 0).sum(axis=0)
    odds = np.where(n_negative > 0, least_ratio * n_positive / np.maximum(n_negative, 1), 0.0)
    return odds / (1 + odds)


def _choose_threshold(y: NDArray[Any], scores: NDArray[Any], max_fpr: float) -> float:
    negatives = np.sort(scores[y == 0])[::-1]
    if len(negatives) == 0:
        return 0.5
    # The rounding makes 0.02 * 50 one allowed false alarm whatever its last bit is.
    below = negatives[int(np.floor(round(max_fpr * len(negatives), 9)))]
    coded = scores[np.isfinite(y)]
    above = np.min(coded[coded > below], initial=1.0)
    return float(np.clip((below + above) / 2, SMALLEST_THRESHOLD, 1 - SMALLEST_THRESHOLD))


def fit_intensity_scale(
    intensity: ArrayLike, probabilities: ArrayLike
) -> NDArray[np.float64] | None:
    """Fit, per AU and level, how likely the level is reached where the one below is.

    Every step is Platt's scaling of the log-odds among the faces that reach the level below. An AU
    of which a level is too rare has there the step of all AUs together.

    Parameters
    ----------
    intensity : array_like, shape (n_samples, n_aus)
        0 to 5, NaN (ignored) where it was not coded.
    probabilities : array_like, shape (n_samples, n_aus)
        What is said of these faces by classifiers that did not learn from them.

    Returns
    -------
    ndarray, float64, shape (n_aus, 5, 2), or None
        For `intensity.intensity_of`; None if no strength was coded.
    """
    coded, scores = np.asarray(intensity, dtype=float), log_odds(probabilities)
    check_shape("probabilities", scores, coded.shape)
    if (coded > 0).sum() < MIN_CALIBRATION_CELLS:
        return None
    scale = np.empty((coded.shape[1], len(LEVELS), 2))
    for place, level in enumerate(LEVELS):
        below = coded >= LEVELS[place - 1] if place else np.isfinite(coded)
        reached = np.where(below, coded >= level, np.nan)
        scale[:, place] = _steps(reached.reshape(-1, 1), scores.reshape(-1, 1))[0]
        often = (reached == 1).sum(axis=0) >= MIN_CALIBRATION_CELLS
        scale[often, place] = _steps(reached, scores)[often]
    return scale


def _steps(reached: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return slope and offset of each column; constant where nearly all reach a level, or none."""
    steps = np.stack(fit_platt_scaling(reached, scores), axis=-1)
    for value, constant in ((0, ALWAYS), (1, -ALWAYS)):
        steps[(reached == value).sum(axis=0) < MIN_CALIBRATION_CELLS] = [0.0, constant]
    return steps


def fit_platt_scaling(
    y: ArrayLike, logits: ArrayLike, fallback_offsets: ArrayLike | float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit, per AU, slope and offset so that sigmoid(slope · logit + offset) is calibrated.

    Platt (1999), "Probabilistic outputs for support vector machines", with his smoothed
    targets (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2), which keep the fit finite where the classes
    do not overlap. The slope stays positive, so the order of the faces never changes.

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN (ignored).
    logits : array_like, shape (n_samples, n_aus)
        Scores of faces that the weights were not learnt from.
    fallback_offsets : array_like, shape (n_aus,), or float
        Offsets, beside a slope of 1, where fewer than `MIN_CALIBRATION_CELLS` positives or
        negatives are there to fit.

    Returns
    -------
    slopes, offsets : ndarray, float64, shape (n_aus,)
    """
    labels, scores = np.asarray(y, dtype=float), np.asarray(logits, dtype=float)
    check_shape("logits", scores, labels.shape)
    slopes = np.ones(labels.shape[1])
    offsets = np.broadcast_to(np.asarray(fallback_offsets, dtype=float), slopes.shape).copy()
    for column in range(labels.shape[1]):
        coded = np.isfinite(labels[:, column])
        present = labels[coded, column] == 1
        if min(present.sum(), (~present).sum()) >= MIN_CALIBRATION_CELLS:
            fitted = _fit_slope_and_offset(present, scores[coded, column])
            slopes[column], offsets[column] = fitted
    return slopes, offsets


def _fit_slope_and_offset(present: NDArray[np.bool_], scores: NDArray[Any]) -> tuple[float, float]:
    n_positive, n_negative = present.sum(), (~present).sum()
    targets = np.where(present, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = parameters[0] * scores + parameters[1]
        error = 1 / (1 + np.exp(-np.clip(logits, -500, 500))) - targets
        value = np.mean(np.logaddexp(0, logits) - targets * logits)
        return value, np.array([np.mean(error * scores), np.mean(error)])

    start = np.array([1.0, 0.0])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(1e-3, None), (None, None)])
    return float(found.x[0]), float(found.x[1])
