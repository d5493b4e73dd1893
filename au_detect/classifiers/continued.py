"""Classifiers that begin from networks which others have trained, for those who have few people.

Four ways are fitted, and whoever knows better chooses between them by `alternative`:

``"as they are"``
    The mean logit of the given networks: nothing is learnt but, by whoever asks, thresholds.
``"head"``
    One linear layer on their logits, held to the identity by squared weights: it corrects what
    is systematically different, and says of an AU what the others tell about it.
``"layers"``
    The last layer of every given network, fitted to the data and held to what it was.
``"ensemble"``
    The mean logit of the head and of a network that learnt from the data alone.

The given networks are calibrated, the head is fitted as a logistic regression, and the own network
is calibrated on people of its own: few people would only make it worse to calibrate once more.

AUs that the data hardly show are left as the given networks have them, in all four.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from au_detect.classifiers.base import AUClassifier, Samples
from au_detect.classifiers.dense_network import Combination, DenseNetwork
from au_detect.classifiers.fine_tuning import fine_tuned, fit_layer
from au_detect.classifiers.mlp import MLPClassifier, convert_network, import_tensorflow
from au_detect.classifiers.mlp_network import build_combined
from au_detect.errors import check_option

AS_GIVEN = "as they are"
ALTERNATIVES = (AS_GIVEN, "head", "layers", "ensemble")
MOST_ROWS = 20_000
"""Heads and layers are fitted to so many rows at most, evenly spread over all."""
Floats = NDArray[np.float64]


class ContinuedClassifier(AUClassifier):
    """Given networks, corrected and joined by one that learns from the data alone.

    Parameters
    ----------
    given : sequence of DenseNetwork
        All with the same inputs and outputs; their logits are averaged.
    places : sequence of int
        Which output of the given networks each AU is; -1 for an AU that they do not know.
    learnt : sequence of bool
        Whether the data show enough of each AU to learn it.
    own : callable
        Returns an unfitted `MLPClassifier`.
    penalty, layer_penalty : float
        Of the squared distance of the head from the identity, and of the last layers from what
        they were, in rows.
    random_state : int
        Not used: `own` has its own.

    Attributes
    ----------
    own_ : MLPClassifier
    tuned_ : list of DenseNetwork
        The given networks with other last layers.
    combinations_ : dict of str to Combination
        By the names of `ALTERNATIVES`.
    """

    def __init__(
        self,
        given: Sequence[DenseNetwork],
        places: Sequence[int],
        learnt: Sequence[bool],
        own: Callable[[], MLPClassifier],
        penalty: float = 30.0,
        layer_penalty: float = 100.0,
        random_state: int = 0,
    ) -> None:
        self.given = given
        self.places = places
        self.learnt = learnt
        self.own = own
        self.penalty = penalty
        self.layer_penalty = layer_penalty
        self.random_state = random_state
        self.chosen = "ensemble"

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the four ways."""
        return ALTERNATIVES

    def alternative(self, name: str) -> Self:
        """Return the fitted classifier that answers in one of the four ways."""
        check_option("name", name, ALTERNATIVES)
        other = copy.copy(self)
        other.chosen = name
        return other

    @property
    def history_(self) -> list[dict[str, list[float]]]:
        """Training curves of the own network."""
        return self.own_.history_

    def _fit_calibrated(self, training: Samples, held_out: Samples) -> None:
        spread = slice(None, None, -(-len(training[0]) // MOST_ROWS))
        X, y, weights = (values[spread] for values in training)
        given = self._given_logits(self.given, X)
        learnt = np.asarray(self.learnt)
        identity = self._identity(given.shape[1])
        matrix, offset = identity.copy(), np.zeros(y.shape[1])
        if learnt.any():
            matrix[:, learnt], offset[learnt] = fit_layer(
                given, y[:, learnt], weights, identity[:, learnt], offset[learnt], self.penalty
            )
        places = np.where(learnt, self.places, -1)
        self.tuned_ = [
            fine_tuned(network, (X, y, weights), places, self.layer_penalty)
            for network in self.given
        ]
        self.own_ = self.own().fit_on(training, held_out)
        nothing, half = np.zeros(y.shape[1]), np.where(learnt, 0.5, 0.0)
        as_it_is = Combination(identity, nothing, nothing)
        ways = (
            as_it_is,
            Combination(matrix, nothing, offset),
            as_it_is,
            Combination(matrix * (1 - half), half, offset * (1 - half)),
        )
        self.combinations_ = dict(zip(ALTERNATIVES, ways, strict=True))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return probabilities (n_samples, n_aus); NaN for a row with a NaN feature."""
        features = self._check_features(X)
        finite = np.isfinite(features).all(axis=1)
        probabilities = np.full((len(features), self.n_aus_), np.nan, dtype=np.float32)
        probabilities[finite] = expit(self._logits(features[finite]))
        return probabilities

    def export_litert(self) -> list[bytes]:
        """Return the whole as the content of one ``.tflite`` file for `LiteRTNetwork`."""
        way = self.combinations_[self.chosen]
        own = self.own_.networks_ if way.share.any() else []
        keras = import_tensorflow().keras
        return [convert_network(build_combined(keras, self._answering, own, way))]

    @property
    def _answering(self) -> Sequence[DenseNetwork]:
        return self.tuned_ if self.chosen == "layers" else self.given

    def _logits(self, features: NDArray[np.float32]) -> Floats:
        way = self.combinations_[self.chosen]
        logits = self._given_logits(self._answering, features) @ way.matrix + way.offset
        if way.share.any():
            logits = logits + self.own_.predict_logits(features) * way.share
        return np.asarray(logits, dtype=float)

    def _given_logits(
        self, networks: Sequence[DenseNetwork], features: NDArray[np.float32]
    ) -> Floats:
        return np.mean([network.logits(features) for network in networks], axis=0, dtype=float)

    def _identity(self, n_given: int) -> Floats:
        matrix = np.zeros((n_given, len(self.places)))
        for column, place in enumerate(self.places):
            if place >= 0:
                matrix[place, column] = 1.0
        return matrix
