"""The contract of every action-unit classifier, with its hold-out and its thresholds.

Training only: detection needs neither this module nor scikit-learn.

How a classifier is fitted, in three steps that use two sets of groups (subjects):

1. weights are learnt from the training groups (features are scaled by these alone);
2. on the held-out groups the scores are calibrated with Platt's method, so that probabilities
   are right *for the mixture of faces that the classifier was trained on*, whatever weights
   the loss gave to rare AUs;
3. on the same held-out groups a threshold per AU is chosen for a stated false-positive rate.

Labels are 1 (present), 0 (absent) or NaN (not known: no influence anywhere).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from au_detect.errors import InputError, check_shape

SMALLEST_THRESHOLD = 1e-6


class NotFittedInputError(InputError, NotFittedError):
    """A classifier was asked before it was fitted."""


class AUClassifier(BaseEstimator, ABC):
    """One classifier for several AUs, in the manner of scikit-learn.

    ``__init__`` only stores its arguments, among them `validation_fraction`, `max_fpr` and
    `random_state`. After `fit`:

    Attributes
    ----------
    thresholds_ : ndarray, float64, shape (n_aus,)
        An AU is present where its probability is at least this; in (0, 1).
    n_features_in_, n_aus_ : int
    held_out_ : ndarray of bool, shape (n_samples,)
        The training rows that were kept for calibration and thresholds.
    """

    validation_fraction: float
    max_fpr: float
    random_state: int
    thresholds_: NDArray[np.float64]
    n_features_in_: int
    n_aus_: int
    held_out_: NDArray[np.bool_]

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        held_out: ArrayLike | None = None,
    ) -> Self:
        """Learn weights, calibration and thresholds.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Finite features.
        y : array_like, shape (n_samples, n_aus)
            1 present, 0 absent, NaN not known.
        groups : array_like, shape (n_samples,), optional
            Subject of each row: subjects are held out whole. Without it every row is its own.
        sample_weight : array_like, shape (n_samples,), optional
            Weight of each row in the loss, at least 0.
        held_out : array_like of bool, shape (n_samples,), optional
            Rows to keep for calibration and thresholds; by default `validation_fraction` of
            the groups, drawn at random.

        Raises
        ------
        InputError
            If shapes or values do not fit, or there are fewer than two groups.
        """
        features, labels = _check_samples(X, y)
        n_rows = len(features)
        weights = _check_weights(sample_weight, n_rows)
        subjects = np.arange(n_rows) if groups is None else np.asarray(groups)
        check_shape("groups", subjects, (n_rows,))
        if held_out is None:
            held_out = held_out_rows(subjects, self.validation_fraction, self.random_state)
        held_out = np.asarray(held_out, dtype=bool)
        check_shape("held_out", held_out, (n_rows,))
        self.n_features_in_, self.n_aus_ = features.shape[1], labels.shape[1]
        self.held_out_ = held_out
        self._fit_calibrated(
            (features[~held_out], labels[~held_out], weights[~held_out]),
            (features[held_out], labels[held_out], weights[held_out]),
        )
        probabilities = self.predict_proba(features[held_out])
        self.thresholds_ = choose_thresholds(labels[held_out], probabilities, self.max_fpr)
        return self

    @abstractmethod
    def _fit_calibrated(self, training: Samples, held_out: Samples) -> None:
        """Learn weights from `training`, calibrate on `held_out`: each (X, y, sample weight)."""

    @abstractmethod
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return probabilities (n_samples, n_aus) in [0, 1]; NaN for a row with a NaN feature."""

    def predict(self, X: ArrayLike) -> NDArray[np.int8]:
        """Return decisions (n_samples, n_aus): 1 where the probability reaches the threshold."""
        return (self.predict_proba(X) >= self.thresholds_).astype(np.int8)

    def _check_features(self, X: ArrayLike) -> NDArray[np.float32]:
        if not hasattr(self, "n_features_in_"):
            raise NotFittedInputError(f"{type(self).__name__} must be fitted before it predicts")
        features = _as_floats("X", X)
        check_shape("X", features, ("n_samples", self.n_features_in_))
        return features


Samples = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def held_out_rows(groups: ArrayLike, fraction: float, random_state: int) -> NDArray[np.bool_]:
    """Choose whole groups at random and return the mask of their rows.

    Parameters
    ----------
    groups : array_like, shape (n_samples,)
        Group (subject) of each row.
    fraction : float
        Fraction of the groups that is held out, in (0, 1); at least one group is, and at
        least one is not.
    random_state : int
        Seed; the choice depends on it and on the set of groups, not on the order of the rows.

    Raises
    ------
    InputError
        If `fraction` is outside (0, 1) or there are fewer than two groups.
    """
    if not 0 < fraction < 1:
        raise InputError(f"the held-out fraction must be in (0, 1), got {fraction}")
    names, inverse = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise InputError(f"groups must name at least 2 different groups, got {len(names)}")
    n_held_out = min(max(round(fraction * len(names)), 1), len(names) - 1)
    chosen = np.random.default_rng(random_state).permutation(len(names))[:n_held_out]
    return np.isin(inverse, chosen)


def calibration_parts(
    groups: ArrayLike, n_parts: int, fraction: float, random_state: int
) -> list[NDArray[np.bool_]]:
    """Return the rows to hold out for calibration and thresholds, once or part by part.

    Parameters
    ----------
    groups : array_like, shape (n_samples,)
        Group (subject) of each row.
    n_parts : int
        1: a `fraction` of the groups is held out, see `held_out_rows`. Otherwise the groups are
        dealt to so many parts, each of which is held out in turn; no more than there are groups.
    fraction : float
        Ignored with several parts.
    random_state : int

    Raises
    ------
    InputError
        If `n_parts` is below 1, or `held_out_rows` refuses the rest.
    """
    if n_parts < 1:
        raise InputError(f"calibration_folds must be at least 1, got {n_parts}")
    if n_parts == 1:
        return [held_out_rows(groups, fraction, random_state)]
    names, inverse = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise InputError(f"groups must name at least 2 different groups, got {len(names)}")
    part = np.empty(len(names), dtype=int)
    order = np.random.default_rng(random_state).permutation(len(names))
    part[order] = np.arange(len(names)) % n_parts
    return [part[inverse] == number for number in range(min(n_parts, len(names)))]


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


def _choose_threshold(y: NDArray[Any], scores: NDArray[Any], max_fpr: float) -> float:
    negatives = np.sort(scores[y == 0])[::-1]
    if len(negatives) == 0:
        return 0.5
    # The rounding makes 0.02 * 50 one allowed false alarm whatever its last bit is.
    below = negatives[int(np.floor(round(max_fpr * len(negatives), 9)))]
    coded = scores[np.isfinite(y)]
    above = np.min(coded[coded > below], initial=1.0)
    return float(np.clip((below + above) / 2, SMALLEST_THRESHOLD, 1 - SMALLEST_THRESHOLD))


def _check_samples(X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    features, labels = _as_floats("X", X), _as_floats("y", y)
    check_shape("X", features, ("n_samples", "n_features"))
    check_shape("y", labels, (len(features), "n_aus"))
    if not np.isfinite(features).all():
        raise InputError("X must be finite, got NaN or infinity")
    others = labels[np.isfinite(labels) & (labels != 0) & (labels != 1)]
    if len(others) or np.isinf(labels).any():
        wrong = others[0] if len(others) else np.inf
        raise InputError(f"y must be 0, 1 or NaN, got {wrong:g}")
    return features, labels


def _as_floats(name: str, values: ArrayLike) -> NDArray[np.float32]:
    if issparse(values):
        raise InputError(f"{name} must be dense: sparse data is not supported")
    array = np.asarray(values)
    if np.iscomplexobj(array):
        raise InputError(f"{name} must be real. Complex data not supported")
    return array.astype(np.float32)


def _check_weights(sample_weight: ArrayLike | None, n_rows: int) -> NDArray[np.float32]:
    if sample_weight is None:
        return np.ones(n_rows, dtype=np.float32)
    weights = np.asarray(sample_weight, dtype=np.float32)
    check_shape("sample_weight", weights, (n_rows,))
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise InputError("sample_weight must be finite and at least 0")
    if not weights.any():
        raise InputError("sample_weight must be above 0 somewhere, got zero everywhere")
    return weights
