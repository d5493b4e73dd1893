"""Multi-layer perceptrons in Keras. TensorFlow is imported inside functions.

The network is features → scaling → (dense, dropout) × hidden layers → one logit per AU. The
loss is binary cross-entropy per AU, positives weighted where AUs are rare, cells without a
label left out. Scaling is the first layer and calibration is folded into the last, so that
the exported file needs nothing beside it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.classifiers.base import AUClassifier, NotFittedInputError, Samples
from au_detect.classifiers.calibration import active_au_weights, fit_platt_scaling, positive_weights
from au_detect.classifiers.mlp_logs import Monitor, tensorboard_callback
from au_detect.classifiers.mlp_losses import focal_loss, weighted_cross_entropy
from au_detect.classifiers.mlp_network import build_network, with_probabilities, without_sigmoid
from au_detect.classifiers.mlp_session import (
    batches_of,
    compile_network,
    let_go,
    seeded,
    silent_stderr,
)
from au_detect.errors import AUDetectError, InputError, check_option

WEIGHTINGS = ("per_au", "per_sample", "focal", "none")
_STEPS_PER_EPOCH = 20  # at least, in a table of 20 rows or more
_ROWS_AT_ONCE = 8192
MOST_GIVEN_WHOLE = 250_000
"""Keras copies up to so many rows, twice; of more it sees a batch at a time, a little slower."""
_NO_TENSORFLOW = (
    "networks are trained with TensorFlow: pip install 'au-detect[train]' with Python 3.11 to 3.13 "
    "(TensorFlow has no wheels for newer ones yet); detection does without it"
)


class MLPClassifier(AUClassifier):
    """One multi-label network for one half of the face, or several whose answers are averaged.

    Parameters
    ----------
    hidden_layers, units : int
        Number of hidden layers, and units in each.
    activation : str
        Keras name of their activation.
    dropout : float
        Fraction of each hidden layer that is left out at each training step, in [0, 1).
    l2 : float
        Weight of the squared weights in the loss.
    input_noise : float
        Standard deviation of Gaussian noise on the scaled features in training: 0.1 is a tenth
        of each feature's own spread.
    learning_rate : float
        Of the Adam optimizer.
    batch_size : int
        Rows per step, at most: a small table has smaller batches, so that an epoch has about
        20 steps.
    max_epochs : int
        Passes over the training rows, at most.
    patience : int
        Training stops when the loss on the held-out rows has not improved for so many
        epochs; the best epoch's weights are kept.
    positive_weighting : {"per_au", "per_sample", "focal", "none"}
        What is done about rare AUs. ``"per_au"`` weights the positives of each AU by negatives /
        positives, ``"per_sample"`` weights rows by their number of active AUs (the 2018
        study's), ``"focal"`` turns to the focal loss. Calibration takes the resulting shift out
        of the probabilities.
    positive_weight_cap : float
        The weight of positives stays within [1 / cap, cap].
    focal_gamma : float
        Exponent of the focal loss.
    one_vs_all : bool
        Give every AU hidden layers of its own: one network per AU, fitted side by side.
    members : int
        Number of networks, which differ in their random start only; their calibrated
        probabilities are averaged.
    random_state : int
        A fixed seed gives the same network on the same machine. `fit` switches TensorFlow to
        deterministic operations, for the whole program.
    on_epoch : callable, optional
        Called as ``on_epoch(n_done, n_at_most)`` after every epoch, counted over all members.
    logdir : str, optional
        Folder for TensorBoard: losses, histograms of weights and biases, and what `monitor` says.
    monitor : callable, optional
        ``monitor(labels, probabilities)`` of the held-out rows after every epoch, before
        calibration; returns numbers and pictures by name. See `mlp_logs.Monitor`.

    Attributes
    ----------
    networks_ : list of keras.Model
        Features → probabilities, one per member.
    history_ : list of dict
        Per member, the training and held-out loss of every epoch.
    """

    def __init__(
        self,
        hidden_layers: int = 2,
        units: int = 256,
        activation: str = "relu",
        dropout: float = 0.2,
        l2: float = 1e-5,
        input_noise: float = 0.1,
        learning_rate: float = 1e-3,
        batch_size: int = 512,
        max_epochs: int = 60,
        patience: int = 8,
        positive_weighting: str = "per_au",
        positive_weight_cap: float = 10.0,
        members: int = 1,
        random_state: int = 0,
        on_epoch: Callable[[int, int], None] | None = None,
        focal_gamma: float = 2.0,
        one_vs_all: bool = False,
        logdir: str | None = None,
        monitor: Monitor | None = None,
    ) -> None:
        self.hidden_layers = hidden_layers
        self.units = units
        self.activation = activation
        self.dropout = dropout
        self.l2 = l2
        self.input_noise = input_noise
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.positive_weighting = positive_weighting
        self.positive_weight_cap = positive_weight_cap
        self.members = members
        self.random_state = random_state
        self.on_epoch = on_epoch
        self.focal_gamma = focal_gamma
        self.one_vs_all = one_vs_all
        self.logdir = logdir
        self.monitor = monitor

    def _fit_calibrated(self, training: Samples, held_out: Samples) -> None:
        check_option("positive_weighting", self.positive_weighting, WEIGHTINGS)
        for name in ("hidden_layers", "units", "batch_size", "max_epochs", "members"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")
        X, y, rows = training
        weights = np.ones(y.shape[1])
        if self.positive_weighting == "per_au":
            weights = positive_weights(y, self.positive_weight_cap)
        elif self.positive_weighting == "per_sample":
            rows = rows * active_au_weights(y)
        training = (X, y, rows)
        self.networks_: list[Any] = []
        self.history_: list[dict[str, list[float]]] = []
        for member in range(self.members):
            network, history = self._fit_network(training, held_out, weights, member)
            self.networks_.append(_calibrated(network, held_out, -np.log(weights)))
            self.history_.append(history)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return calibrated probabilities, shape (n_samples, n_aus), the mean over the members."""
        features = self._check_features(X)
        members = np.stack([_run(network, features) for network in self.networks_])
        probabilities: NDArray[np.float32] = members.mean(axis=0, dtype=np.float32)
        probabilities[~np.isfinite(features).all(axis=1)] = np.nan
        return probabilities

    def predict_logits(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return calibrated logits, shape (n_samples, n_aus), the mean over the members."""
        features = self._check_features(X)
        keras = import_tensorflow().keras
        ends = [without_sigmoid(keras, network) for network in self.networks_]
        return np.mean([_run(end, features) for end in ends], axis=0, dtype=np.float32)

    def export_litert(self) -> list[bytes]:
        """Return every member as the content of a ``.tflite`` file for `LiteRTNetwork`."""
        if not hasattr(self, "networks_"):
            raise NotFittedInputError("MLPClassifier must be fitted before it is exported")
        return [convert_network(network) for network in self.networks_]

    def _fit_network(
        self,
        training: Samples,
        held_out: Samples,
        weights: NDArray[np.float64],
        member: int,
    ) -> tuple[Any, dict[str, list[float]]]:
        tf = import_tensorflow()
        with seeded(tf, self.random_state + member):
            network = self._build(tf.keras, training[0])
            optimizer = tf.keras.optimizers.Adam(self.learning_rate)
            compile_network(network, optimizer, self._loss(tf, weights))
            given = self._given(tf.keras, training, held_out, self.random_state + member)
            history = network.fit(
                **given,
                epochs=self.max_epochs,
                callbacks=self._callbacks(tf, member, held_out),
                verbose=0,
            )
            let_go(given)
        return network, {name: list(map(float, v)) for name, v in history.history.items()}

    def _given(self, keras: Any, training: Samples, held_out: Samples, seed: int) -> dict[str, Any]:
        """Return what Keras is given to learn from and to stop by."""
        size = min(self.batch_size, max(len(training[0]) // _STEPS_PER_EPOCH, 1))
        if len(training[0]) > MOST_GIVEN_WHOLE:
            stopping = batches_of(keras, held_out, _ROWS_AT_ONCE)
            return {"x": batches_of(keras, training, size, seed), "validation_data": stopping}
        names = ("x", "y", "sample_weight")
        return dict(zip(names, training, strict=True)) | {
            "validation_data": held_out, "batch_size": size, "validation_batch_size": _ROWS_AT_ONCE,
        }  # fmt: skip

    def _build(self, keras: Any, features: NDArray[np.float32]) -> Any:
        return build_network(
            keras,
            features,
            self.n_aus_,
            one_vs_all=self.one_vs_all,
            hidden_layers=self.hidden_layers,
            units=self.units,
            activation=self.activation,
            dropout=self.dropout,
            l2=self.l2,
            input_noise=self.input_noise,
        )

    def _loss(self, tf: Any, weights: NDArray[np.float64]) -> Callable[[Any, Any], Any]:
        if self.positive_weighting == "focal":
            return focal_loss(tf, self.focal_gamma)
        return weighted_cross_entropy(tf, weights)

    def _callbacks(self, tf: Any, member: int, held_out: Samples) -> list[Any]:
        callbacks = [
            tf.keras.callbacks.EarlyStopping(patience=self.patience, restore_best_weights=True)
        ]
        if self.on_epoch is not None:
            report, before = self.on_epoch, member * self.max_epochs
            total = self._n_epochs_at_most()
            counter = tf.keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: report(before + epoch + 1, total)
            )
            callbacks.append(counter)
        if self.logdir is not None:
            folder = os.path.join(self.logdir, str(member)) if self.members > 1 else self.logdir
            callbacks.append(tensorboard_callback(tf, folder, held_out, self.monitor))
        return callbacks

    def _n_epochs_at_most(self) -> int:
        return self.members * self.max_epochs


def import_tensorflow() -> Any:
    """Import TensorFlow without its start-up messages (unless the user asked for them).

    Raises
    ------
    AUDetectError
        If it is not installed.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise AUDetectError(_NO_TENSORFLOW)
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ or "tensorflow" in sys.modules:
        import tensorflow

        return tensorflow
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with silent_stderr():
        import tensorflow
    return tensorflow


def _calibrated(network: Any, held_out: Samples, fallback: NDArray[np.float64]) -> Any:
    slopes, offsets = fit_platt_scaling(held_out[1], _run(network, held_out[0]), fallback)
    return with_probabilities(import_tensorflow().keras, network, slopes, offsets)


def _run(network: Any, features: NDArray[np.float32]) -> NDArray[np.float32]:
    starts = range(0, max(len(features), 1), _ROWS_AT_ONCE)
    parts = [network(features[s : s + _ROWS_AT_ONCE], training=False).numpy() for s in starts]
    return np.concatenate(parts)


def convert_network(network: Any) -> bytes:
    """Return a Keras network as the content of a ``.tflite`` file."""
    tf = import_tensorflow()
    # Keras prints where it exported to, and TensorFlow how long reading it took.
    with contextlib.redirect_stdout(io.StringIO()), silent_stderr():
        content: bytes = tf.lite.TFLiteConverter.from_keras_model(network).convert()
    return content
