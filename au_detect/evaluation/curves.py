"""Curves: rates over all thresholds (ROC), and how far probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_shape

Floats = NDArray[np.float64]


def roc_curve(y: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Return false- and true-positive rates of one AU over all thresholds, both ascending.

    Parameters
    ----------
    y, scores : array_like, shape (n_samples,)
        Rows in which either is NaN are left out.

    Returns
    -------
    fpr, tpr : ndarray, float64
        From (0, 0) to (1, 1), one point for each different score; both empty without positives
        or without negatives.
    """
    labels, values = np.asarray(y, dtype=float), np.asarray(scores, dtype=float)
    known = np.isfinite(labels) & np.isfinite(values)
    labels, values = labels[known], values[known]
    n_positive, n_negative = (labels == 1).sum(), (labels == 0).sum()
    if n_positive == 0 or n_negative == 0:
        return np.empty(0), np.empty(0)
    order = np.argsort(-values, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)
    tp = np.cumsum(labels[order] == 1)[last_of_ties]
    fp = np.cumsum(labels[order] == 0)[last_of_ties]
    return np.append(0.0, fp / n_negative), np.append(0.0, tp / n_positive)


@dataclass(frozen=True)
class ReliabilityCurve:
    """How often AUs are there that were given a certain probability.

    Attributes
    ----------
    predicted : ndarray, float64, shape (n_bins,)
        Mean probability in each bin; NaN in an empty one.
    observed : ndarray, float64, shape (n_bins,)
        Fraction of the cells in it in which the AU is present.
    n : ndarray, int64, shape (n_bins,)
        Cells in it.
    """

    predicted: Floats
    observed: Floats
    n: NDArray[np.int64]

    @property
    def calibration_error(self) -> float:
        """Mean distance between predicted and observed, bins weighted by their cells."""
        if self.n.sum() == 0:
            return float("nan")
        filled = self.n > 0
        gaps = np.abs(self.predicted - self.observed)[filled]
        return float(np.average(gaps, weights=self.n[filled]))


def reliability_curve(y: ArrayLike, probabilities: ArrayLike, n_bins: int = 10) -> ReliabilityCurve:
    """Return the reliability of probabilities in equally wide bins.

    Parameters
    ----------
    y, probabilities : array_like, of one shape
        Cells in which either is NaN are left out.
    n_bins : int
        At least 1. A probability on a border belongs to the upper bin, 1 to the last.
    """
    labels, scores = np.asarray(y, dtype=float), np.asarray(probabilities, dtype=float)
    check_shape("probabilities", scores, labels.shape)
    if n_bins < 1:
        raise InputError(f"n_bins must be at least 1, got {n_bins}")
    known = np.isfinite(labels) & np.isfinite(scores)
    place = np.minimum((scores[known] * n_bins).astype(int), n_bins - 1)
    n = np.bincount(place, minlength=n_bins)
    sums = [np.bincount(place, values[known], minlength=n_bins) for values in (scores, labels)]
    means = [np.divide(s, n, out=np.full(n_bins, np.nan), where=n > 0) for s in sums]
    return ReliabilityCurve(means[0], means[1], n)
