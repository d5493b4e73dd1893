"""The contract of every action-unit classifier, and what they share: hold-out, calibration,
thresholds. Training only: detection needs neither this module nor scikit-learn.

How a classifier is fitted, in two steps that use two sets of people:

1. weights are learnt from the training rows (features are scaled by these alone);
2. on the held-out rows the scores are calibrated with Platt's method, so that probabilities
   are right *for the mixture of faces that is held out*, whatever weights the loss gave to rare
   AUs.

Whoever averages classifiers chooses thresholds for their mean (`calibration.choose_thresholds`).

Labels are 1 (present), 0 (absent) or NaN (not known: no influence anywhere).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from au_detect.errors import InputError, check_option, check_shape

HELD_OUT = 0.2
"""Share of the rows that `AUClassifier.fit` calibrates on where nobody says which."""


class NotFittedInputError(InputError, NotFittedError):
    """A classifier was asked before it was fitted."""


class AUClassifier(BaseEstimator, ABC):
    """One classifier for several AUs, in the manner of scikit-learn.

    ``__init__`` only stores its arguments, among them `random_state`. After `fit`:

    Attributes
    ----------
    n_features_in_, n_aus_ : int
    """

    random_state: int
    n_features_in_: int
    n_aus_: int

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        held_out: ArrayLike | None = None,
    ) -> Self:
        """Learn weights and calibration.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Finite features.
        y : array_like, shape (n_samples, n_aus)
            1 present, 0 absent, NaN not known.
        sample_weight : array_like, shape (n_samples,), optional
            Weight of each row in the loss, at least 0.
        held_out : array_like of bool, shape (n_samples,), optional
            Rows to keep for calibration, best of people who show in no other row; by default a
            fifth of the rows, drawn at random.

        Raises
        ------
        InputError
            If shapes or values do not fit, or there are fewer than two rows.
        """
        features, labels = _check_samples(X, y)
        n_rows = len(features)
        weights = _check_weights(sample_weight, n_rows)
        if held_out is None:
            held_out = held_out_rows(np.arange(n_rows), HELD_OUT, self.random_state)
        held_out = np.asarray(held_out, dtype=bool)
        check_shape("held_out", held_out, (n_rows,))
        parts = [(features[r], labels[r], weights[r]) for r in (~held_out, held_out)]
        return self.fit_on(*parts)

    def fit_on(self, training: Samples, held_out: Samples) -> Self:
        """Learn weights from `training` and calibrate on `held_out`, which are not checked.

        Each is features (n_samples, n_features), labels (n_samples, n_aus) and weights
        (n_samples,), float32: `fit` without a copy.
        """
        self.n_features_in_, self.n_aus_ = training[0].shape[1], training[1].shape[1]
        self._fit_calibrated(training, held_out)
        return self

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the answers between which other people may choose; mostly there is one."""
        return ("",)

    def alternative(self, name: str) -> Self:
        """Return the fitted classifier that gives one of its `alternatives`."""
        check_option("name", name, self.alternatives)
        return self

    @abstractmethod
    def _fit_calibrated(self, training: Samples, held_out: Samples) -> None:
        """Learn weights from `training`, calibrate on `held_out`: each (X, y, sample weight)."""

    @abstractmethod
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return probabilities (n_samples, n_aus) in [0, 1]; NaN for a row with a NaN feature."""

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
    return array.astype(np.float32, copy=False)


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
