"""Support vector machines, AdaBoost and logistic regression under the contract of `base`.

Each is one scikit-learn classifier per AU on features scaled by the training rows, its scores
calibrated with Platt's method on the held-out rows like those of the networks.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from au_detect.classifiers.base import AUClassifier, Samples
from au_detect.classifiers.calibration import active_au_weights, fit_platt_scaling, positive_weights
from au_detect.errors import check_option

WEIGHTINGS = ("per_au", "per_sample", "none")


class OneForEachAU(AUClassifier):
    """A binary scikit-learn classifier for each AU; subclasses say which.

    Parameters
    ----------
    positive_weighting : {"per_au", "per_sample", "none"}
        ``"per_au"`` weights the positives of each AU by negatives / positives, ``"per_sample"``
        rows by their number of active AUs.
    positive_weight_cap : float
        The weight of positives stays within [1 / cap, cap].
    random_state : int

    Attributes
    ----------
    scaler_ : StandardScaler
    estimators_ : list
        One classifier per AU; None where the training rows show the AU always or never.
    slopes_, offsets_ : ndarray, float64, shape (n_aus,)
        Probability = sigmoid(slope · score + offset).
    """

    def __init__(
        self,
        positive_weighting: str = "per_au",
        positive_weight_cap: float = 10.0,
        random_state: int = 0,
    ) -> None:
        self.positive_weighting = positive_weighting
        self.positive_weight_cap = positive_weight_cap
        self.random_state = random_state

    @abstractmethod
    def _make_estimator(self) -> Any:
        """Return a new binary scikit-learn classifier with ``fit`` and ``decision_function``."""

    def _fit_calibrated(self, training: Samples, held_out: Samples) -> None:
        check_option("positive_weighting", self.positive_weighting, WEIGHTINGS)
        X, y, weights = training
        if self.positive_weighting == "per_sample":
            weights = weights * active_au_weights(y)
        per_au = np.ones(y.shape[1])
        if self.positive_weighting == "per_au":
            per_au = positive_weights(y, self.positive_weight_cap)
        self.scaler_ = StandardScaler().fit(X)
        scaled = self.scaler_.transform(X)
        self.estimators_: list[Any] = []
        fallback = np.zeros(y.shape[1])
        for column, positive_weight in enumerate(per_au):
            known = np.isfinite(y[:, column]) & (weights > 0)
            present = y[known, column] == 1
            fallback[column] = logit((present.sum() + 1) / (len(present) + 2))
            if present.all() or not present.any():
                self.estimators_.append(None)
                continue
            cell_weights = weights[known] * np.where(present, positive_weight, 1.0)
            estimator = self._make_estimator()
            estimator.fit(scaled[known], present.astype(int), sample_weight=cell_weights)
            self.estimators_.append(estimator)
            fallback[column] = -np.log(positive_weight)
        scores = self._scores(held_out[0])
        self.slopes_, self.offsets_ = fit_platt_scaling(held_out[1], scores, fallback)

    def _scores(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        scores = np.zeros((len(features), len(self.estimators_)))
        if len(features):
            scaled = self.scaler_.transform(features)
            for column, estimator in enumerate(self.estimators_):
                if estimator is not None:
                    scores[:, column] = estimator.decision_function(scaled)
        return scores

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return calibrated probabilities (n_samples, n_aus); NaN for a row with a NaN feature."""
        features = self._check_features(X)
        finite = np.isfinite(features).all(axis=1)
        probabilities = np.full((len(features), self.n_aus_), np.nan, dtype=np.float32)
        scores = self._scores(features[finite])
        probabilities[finite] = expit(self.slopes_ * scores + self.offsets_)
        return probabilities


class LinearSVMClassifier(OneForEachAU):
    """Linear support vector machines, squared hinge loss."""

    def _make_estimator(self) -> Any:
        return LinearSVC(C=0.002, dual=False, random_state=self.random_state)


class RBFSVMClassifier(OneForEachAU):
    """Support vector machines with a Gaussian kernel."""

    def _make_estimator(self) -> Any:
        return SVC(C=3.0, gamma="scale", cache_size=100, random_state=self.random_state)


class LogisticRegressionClassifier(OneForEachAU):
    """Logistic regression with squared weights penalised."""

    def _make_estimator(self) -> Any:
        return LogisticRegression(C=0.01, max_iter=500, random_state=self.random_state)


class AdaBoostAUClassifier(OneForEachAU):
    """AdaBoost (SAMME) over trees of two levels; every split sees a tenth of the features."""

    def _make_estimator(self) -> Any:
        tree = DecisionTreeClassifier(max_depth=2, max_features=0.1)
        return AdaBoostClassifier(tree, n_estimators=40, random_state=self.random_state)
