"""Networks of pixels and of time under the contract of `au_detect.classifiers.base`.

A row of features is a grid (see `au_detect.appearance.grids`), folded to `shape`. Several networks
may answer together: one for each action unit, or one for the frame and one for its movement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from au_detect.appearance.au_networks import (
    build_convolutional_lstm,
    build_flow_network,
    build_picture_network,
    build_recurrent_network,
)
from au_detect.appearance.copies import changed_pictures, changed_sequences
from au_detect.appearance.emotion_network import begin_from
from au_detect.appearance.flow import N_CHANNELS
from au_detect.appearance.keras_session import load_tensorflow
from au_detect.appearance.learning import Copies, fit_network
from au_detect.appearance.networks import FEATURES
from au_detect.appearance.options import AppearanceOptions
from au_detect.classifiers.base import AUClassifier, Samples
from au_detect.classifiers.baselines import RBFSVMClassifier
from au_detect.classifiers.calibration import fit_platt_scaling, positive_weights
from au_detect.classifiers.mlp_session import seeded
from au_detect.errors import InputError

ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Part:
    """A network, which AUs it answers, and which channels of the grid it reads."""

    network: Any
    columns: tuple[int, ...]
    channels: slice


class GridClassifier(AUClassifier):
    """Networks that read grids; subclasses say which.

    Parameters
    ----------
    shape : tuple of int
        How a row of features is folded.
    options : AppearanceOptions, optional
    positive_weight_cap : float
        The weight of positives stays within [1 / cap, cap].
    augment : bool
        Learn from changed copies, other ones every epoch.
    random_state : int

    Attributes
    ----------
    parts_ : list of Part
        Their logits are averaged, AU by AU.
    history_ : list of dict
        Of every network, the training and held-out loss of every epoch.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        options: AppearanceOptions | None = None,
        positive_weight_cap: float = 10.0,
        augment: bool = True,
        random_state: int = 0,
    ) -> None:
        self.shape = shape
        self.options = options
        self.positive_weight_cap = positive_weight_cap
        self.augment = augment
        self.random_state = random_state

    def _fit_calibrated(self, training: Samples, held_out: Samples) -> None:
        if int(np.prod(self.shape)) != self.n_features_in_:
            raise InputError(f"X must have rows that fold to {self.shape}, got {training[0].shape}")
        weights = positive_weights(training[1], self.positive_weight_cap)
        self.parts_: list[Part] = []
        self.history_: list[dict[str, list[float]]] = []
        for number, (columns, channels) in enumerate(self._plan()):
            part, history = self._fit_part(training, held_out, weights, number, columns, channels)
            self.parts_.append(part)
            self.history_.append(history)
        fallback = -np.log(weights)
        self.slopes_, self.offsets_ = fit_platt_scaling(
            held_out[1], self._scores(held_out[0]), fallback
        )

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return calibrated probabilities (n_samples, n_aus); NaN for a row with a NaN feature."""
        features = self._check_features(X)
        finite = np.isfinite(features).all(axis=1)
        probabilities = np.full((len(features), self.n_aus_), np.nan, dtype=np.float32)
        if finite.any():
            scores = self._scores(features[finite])
            probabilities[finite] = expit(self.slopes_ * scores + self.offsets_)
        return probabilities

    def folded(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows of features as grids."""
        return rows.reshape(len(rows), *self.shape)

    @property
    def _chosen(self) -> AppearanceOptions:
        return self.options or AppearanceOptions()

    def _plan(self) -> Sequence[tuple[tuple[int, ...], slice]]:
        """Return the AUs and the channels of each network to fit."""
        return [(tuple(range(self.n_aus_)), slice(None))]

    def _build(
        self, keras: Any, shape: tuple[int, ...], n_aus: int, rows: NDArray[np.float32]
    ) -> Any:
        raise NotImplementedError

    def _copies(self, channels: slice) -> Copies | None:
        return None

    def _fit_part(
        self,
        training: Samples,
        held_out: Samples,
        weights: NDArray[np.float64],
        number: int,
        columns: tuple[int, ...],
        channels: slice,
    ) -> tuple[Part, dict[str, list[float]]]:
        tf = load_tensorflow()
        chosen = list(columns)

        def of_part(samples: Samples) -> Samples:
            grid = self.folded(samples[0])[..., channels]
            return grid, samples[1][:, chosen], samples[2]

        own, kept_out = of_part(training), of_part(held_out)
        with seeded(tf, self.random_state + number):
            network = self._build(tf.keras, own[0].shape[1:], len(columns), own[0])
            self._take_start(tf.keras, network)
            history = fit_network(
                tf, network, own, kept_out, self._chosen, weights[chosen],
                self._copies(channels) if self.augment else None, self.random_state + number,
            )  # fmt: skip
        return Part(network, columns, channels), history

    def _take_start(self, keras: Any, network: Any) -> None:
        options = self._chosen
        for layer in network.layers:
            if layer.name == "trunk" and options.start is not None:
                begin_from(keras, layer, options.start, options.kept_blocks)

    def _scores(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        total = np.zeros((len(features), self.n_aus_))
        n_answers = np.zeros(self.n_aus_)
        grid = self.folded(features)
        for part in self.parts_:
            found = run_network(part.network, grid[..., part.channels])
            total[:, list(part.columns)] += found
            n_answers[list(part.columns)] += 1
        return total / n_answers


class PictureClassifier(GridClassifier):
    """A network that looks at a face, and at its neutral face where there is a second channel."""

    def _build(
        self, keras: Any, shape: tuple[int, ...], n_aus: int, rows: NDArray[np.float32]
    ) -> Any:
        return build_picture_network(keras, shape, n_aus, self._chosen)

    def _copies(self, channels: slice) -> Copies | None:
        n_grey = self.shape[-1]
        return lambda rows, rng: changed_pictures(rows, n_grey, rng)


class OneVsAllPictureClassifier(PictureClassifier):
    """A network of its own for every AU."""

    def _plan(self) -> Sequence[tuple[tuple[int, ...], slice]]:
        return [((column,), slice(None)) for column in range(self.n_aus_)]


class TwoStreamClassifier(GridClassifier):
    """One network for the frame and one for the movement about it; their logits are averaged."""

    def _plan(self) -> Sequence[tuple[tuple[int, ...], slice]]:
        aus, n_grey = tuple(range(self.n_aus_)), self.shape[-1] - N_CHANNELS
        return [(aus, slice(0, n_grey)), (aus, slice(n_grey, None))]

    def _build(
        self, keras: Any, shape: tuple[int, ...], n_aus: int, rows: NDArray[np.float32]
    ) -> Any:
        build = build_flow_network if shape[-1] == N_CHANNELS else build_picture_network
        return build(keras, shape, n_aus, self._chosen)

    def _copies(self, channels: slice) -> Copies | None:
        n_grey = self.shape[-1] - N_CHANNELS if channels.start == 0 else 0
        return lambda rows, rng: changed_pictures(rows, n_grey, rng)


class RecurrentClassifier(GridClassifier):
    """An LSTM or GRU over the features of the frames up to the labelled one."""

    def _build(
        self, keras: Any, shape: tuple[int, ...], n_aus: int, rows: NDArray[np.float32]
    ) -> Any:
        mean, variance = rows.mean(axis=(0, 1)), rows.var(axis=(0, 1))
        variance[variance < 1e-10] = 1.0
        return build_recurrent_network(keras, shape, n_aus, self._chosen, (mean, variance))


class ConvolutionalLSTMClassifier(GridClassifier):
    """A ConvLSTM over crops of the frames up to the labelled one."""

    def _build(
        self, keras: Any, shape: tuple[int, ...], n_aus: int, rows: NDArray[np.float32]
    ) -> Any:
        return build_convolutional_lstm(keras, shape, n_aus, self._chosen)

    def _copies(self, channels: slice) -> Copies | None:
        return changed_sequences


class PictureSVMClassifier(PictureClassifier):
    """Support vector machines on what a picture network makes of a face before it answers."""

    def _fit_calibrated(self, training: Samples, held_out: Samples) -> None:
        super()._fit_calibrated(training, held_out)
        self.machines_ = RBFSVMClassifier(random_state=self.random_state).fit_on(
            (self.features(training[0]), *training[1:]), (self.features(held_out[0]), *held_out[1:])
        )

    def features(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the network's last layer but one says of rows, shape (n, n_units)."""
        network = self.parts_[0].network
        keras = load_tensorflow().keras
        trunk = keras.Model(network.input, network.get_layer(f"au_{FEATURES}").output)
        return run_network(trunk, self.folded(rows))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return calibrated probabilities (n_samples, n_aus); NaN for a row with a NaN feature."""
        features = self._check_features(X)
        finite = np.isfinite(features).all(axis=1)
        probabilities = np.full((len(features), self.n_aus_), np.nan, dtype=np.float32)
        if finite.any():
            probabilities[finite] = self.machines_.predict_proba(self.features(features[finite]))
        return probabilities


def run_network(network: Any, grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a Keras network says of grids, in blocks."""
    starts = range(0, len(grid), ROWS_AT_ONCE)
    parts = [np.asarray(network(grid[s : s + ROWS_AT_ONCE], training=False)) for s in starts]
    if not parts:
        return np.empty((0, network.output.shape[-1]), dtype=np.float32)
    return np.concatenate(parts)
